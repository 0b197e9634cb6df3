// Prints what redaction adds to a module, then prepares the texts and runs the bench's module in this process's V8. Prose is the documentation of the locked
// dependencies; the dense text is every row with a value of the corpus in tests/redact.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { WASI } from "node:wasi";

const TARGET = process.env.CARGO_TARGET_DIR;
const CORPUS = join(TARGET, "corpus");
// Numbers of sections in a module (WebAssembly Core Specification, 5.5.2).
const CODE = 10;
const DATA = 11;
mkdirSync(CORPUS, { recursive: true });
writeFileSync(join(CORPUS, "prose.txt"), prose());
writeFileSync(join(CORPUS, "dense.txt"), dense());

const built = (name) => readFileSync(join(TARGET, `wasm32-wasip1/release/${name}.wasm`));
const [some, all] = [built("without"), built("with")].map(sections);
const added = (section) => `${Math.round((all[section] - some[section]) / 1024)} KiB`;
console.log(`redaction adds ${added(CODE)} of code and ${added(DATA)} of data`);

const wasi = new WASI({ version: "preview1", preopens: { "/corpus": CORPUS }, returnOnExit: true });
const module = await WebAssembly.compile(built("redact-bench"));
// The library's module imports Envoy's functions; detecting calls none of them.
const host = {};
for (const { module: space, name } of WebAssembly.Module.imports(module)) (host[space] ??= {})[name] = () => 0;
const instance = await WebAssembly.instantiate(module, { ...host, wasi_snapshot_preview1: wasi.wasiImport });
// The library's own start function is for Envoy.
const { memory, _start } = instance.exports;
wasi.start({ exports: { memory, _start } });

// The bytes of each section of a module, by its number. Behind the magic number and the version, every section has its
// number, its length in LEB128, and its contents.
function sections(module) {
  const sizes = [];
  for (let at = 8; at < module.length; ) {
    const section = module[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++];
      size |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    sizes[section] = (sizes[section] ?? 0) + size;
    at += size;
  }
  return sizes;
}

function prose() {
  const { packages } = JSON.parse(readFileSync(join(TARGET, "metadata.json"), "utf8"));
  const files = packages
    .filter((entry) => entry.source !== null)
    .flatMap((entry) => readdirSync(dirname(entry.manifest_path)).map((name) => join(dirname(entry.manifest_path), name)))
    .filter((file) => extname(file) === ".md");
  const paragraphs = (file) => readFileSync(file, "utf8").replace(/```[^]*?```/g, "").split(/\n\s*\n/);
  return files.flatMap(paragraphs).filter((part) => /^[A-Z][^|]{80,}$/.test(part)).join("\n\n").slice(0, 1_000_000);
}

function dense() {
  const rows = readFileSync("../../tests/redact/corpus.jsonl", "utf8").trim().split("\n").map((line) => JSON.parse(line));
  return rows.filter((row) => row.spans.length > 0).map((row) => row.text).join("\n");
}
