// Runs the bench's module in this process's V8.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WASI } from "node:wasi";

const module = await WebAssembly.compile(
  readFileSync(join(process.env.CARGO_TARGET_DIR, "wasm32-wasip1/release/dialects-bench.wasm")),
);
const wasi = new WASI({ version: "preview1", returnOnExit: true });
// The library's module imports Envoy's functions; translating calls none of them.
const host = {};
for (const { module: space, name } of WebAssembly.Module.imports(module)) (host[space] ??= {})[name] = () => 0;
const instance = await WebAssembly.instantiate(module, { ...host, wasi_snapshot_preview1: wasi.wasiImport });
// The library's own start function is for Envoy.
const { memory, _start } = instance.exports;
wasi.start({ exports: { memory, _start } });
