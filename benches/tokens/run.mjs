// Prepares the texts, runs each counter's module in this process's V8, and prints the comparison.
// The texts are the documentation and the sources of the locked dependencies, shuffled lines of cjk.txt, and one
// letter or dash a million times.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { WASI } from "node:wasi";

const TEXT_BYTES = 1_000_000;
const MODULES = ["ours", "tiktoken", "bpe_openai"];
const CORPUS = "target/corpus";
// The counters take turns, and each measurement is the best of its rounds: other load on the machine hits all.
const ROUNDS = 2;

const [module] = process.argv.slice(2);
if (module === undefined) {
  mkdirSync(CORPUS, { recursive: true });
  for (const [name, text] of Object.entries(texts())) writeFileSync(join(CORPUS, `${name}.txt`), text);
  const rounds = Array.from({ length: ROUNDS }, () => MODULES.map(inOwnProcess));
  report(MODULES.map((_, at) => rounds.map((round) => round[at]).reduce(best)));
} else {
  await run(module);
}

// A process each: one counter's garbage and caches do not weigh on the next.
function inOwnProcess(name) {
  const options = { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] };
  const output = spawnSync(process.execPath, [...process.execArgv, process.argv[1], name], options).stdout;
  // The last line counts, not the exit status: V8 can crash while it frees the largest of the modules.
  if (!/^end\t/m.test(output)) throw new Error(`${name} did not finish`);
  const result = { name, speed: new Map() };
  for (const line of output.trim().split("\n")) {
    const [kind, ...fields] = line.split("\t");
    if (kind === "speed") result.speed.set(fields.slice(0, 3).join("\t"), { speed: +fields[3], tokens: +fields[4] });
    else result[kind] = +fields[0];
  }
  return result;
}

function best(one, other) {
  for (const [key, value] of other.speed) if (value.speed > one.speed.get(key).speed) one.speed.set(key, value);
  for (const key of ["compile", "instantiate", "load"]) one[key] = Math.min(one[key], other[key]);
  return one;
}

async function run(name) {
  const bytes = readFileSync(`target/wasm32-wasip1/release/${name}.wasm`);
  const wasi = new WASI({ version: "preview1", preopens: { "/corpus": CORPUS }, returnOnExit: true });
  const start = performance.now();
  const module = await WebAssembly.compile(bytes);
  console.log(`size\t${bytes.length}\ncompile\t${performance.now() - start}`);
  // The product's module imports Envoy's functions; counting calls none of them.
  const host = {};
  for (const { module: space, name } of WebAssembly.Module.imports(module)) (host[space] ??= {})[name] = () => 0;
  const compiled = performance.now();
  const instance = await WebAssembly.instantiate(module, { ...host, wasi_snapshot_preview1: wasi.wasiImport });
  console.log(`instantiate\t${performance.now() - compiled}`);
  // The product's library brings Envoy's entry point along; to WASI this is a command, which has none.
  const { _initialize, ...exports } = instance.exports;
  wasi.start({ exports });
}

function texts() {
  const files = dependencyFiles();
  const prose = cut(files.filter((file) => extname(file) === ".md").map(paragraphs).join("\n\n"));
  const code = cut(files.filter((file) => extname(file) === ".rs").map((file) => readFileSync(file, "utf8")).join("\n"));
  const cjk = shuffledLines(readFileSync("cjk.txt", "utf8").trim().split("\n"));
  return { prose, code, cjk, mixed: interleave([prose, code, cjk]), letters: cut("a"), dashes: cut("-") };
}

function dependencyFiles() {
  const { packages } = JSON.parse(readFileSync("target/metadata.json", "utf8"));
  const external = packages.filter((entry) => entry.source !== null);
  const below = (directory) =>
    readdirSync(directory, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  // Generated tables of Unicode properties are not what programmers paste into prompts.
  return external.flatMap((entry) => below(dirname(entry.manifest_path))).filter((file) => !/unicode|tables/.test(file)).sort();
}

function paragraphs(file) {
  const text = readFileSync(file, "utf8").replace(/```[^]*?```/g, "");
  return text.split(/\n\s*\n/).filter((part) => /^[A-Z][^|]{80,}$/.test(part)).join("\n\n");
}

function cut(text) {
  const out = text.repeat(Math.ceil(TEXT_BYTES / Buffer.byteLength(text)));
  return Buffer.from(out).subarray(0, TEXT_BYTES).toString("utf8").replace(/\uFFFD+$/, "");
}

function shuffledLines(lines) {
  const clauses = lines.flatMap((line) => line.match(/[^，、。,.]+[，、。,.]*/g));
  let seed = 1;
  const next = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) / 2 ** 32;
  let out = "";
  while (out.length < TEXT_BYTES / 2.6) out += clauses[Math.floor(next() * clauses.length)] + (next() < 0.05 ? "\n" : "");
  return cut(out);
}

function interleave(parts) {
  let out = "";
  for (let at = 0; out.length < TEXT_BYTES; at += 400) for (const part of parts) out += part.slice(at, at + 400);
  return cut(out);
}

function report(results) {
  const [ours, ...others] = results;
  console.log("module        size MB  compile ms  instantiate ms  load ms  memory MB");
  for (const { name, size, compile, instantiate, load, memory } of results) {
    const cells = [(size / 1e6).toFixed(1).padStart(8), compile.toFixed(0).padStart(11), instantiate.toFixed(1).padStart(15)];
    console.log(name.padEnd(12), ...cells, load.toFixed(2).padStart(8), (memory / 1e6).toFixed(1).padStart(10));
  }
  console.log("\nvocabulary text      bytes   ours MB/s", ...others.map(({ name }) => `${name} MB/s (ratio)`.padStart(24)));
  let worst = Infinity;
  for (const [key, { speed, tokens }] of ours.speed) {
    const [vocabulary, text, size] = key.split("\t");
    const cells = others.map((other) => {
      const theirs = other.speed.get(key);
      if (theirs.tokens !== tokens) console.log(`DIFFERENT COUNT: ${key}: ${tokens}, ${other.name} ${theirs.tokens}`);
      if (other.name === "tiktoken") worst = Math.min(worst, speed / theirs.speed);
      return `${(theirs.speed / 1e6).toFixed(1)} (${(speed / theirs.speed).toFixed(1)}x)`.padStart(24);
    });
    console.log(vocabulary.padEnd(10), text.padEnd(6), size.padStart(8), (speed / 1e6).toFixed(1).padStart(11), ...cells);
  }
  console.log(`\nleast ratio to tiktoken-rs: ${worst.toFixed(1)}x`);
}
