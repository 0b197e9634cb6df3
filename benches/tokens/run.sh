#!/bin/sh
# Compares the filter's token counter with tiktoken-rs and bpe-openai inside V8, as Envoy runs it (TurboFan only).
# Usage: benches/tokens/run.sh      Prints ratios, load time, linear memory and module size.
set -eu
cd "$(dirname "$0")"
cargo build --release --locked --target wasm32-wasip1 -j1
cargo metadata --format-version 1 --locked --filter-platform wasm32-wasip1 > target/metadata.json
exec node --no-warnings --no-liftoff --no-wasm-lazy-compilation run.mjs
