#!/bin/sh
# Measures what each pair of dialects costs, inside V8 as in Envoy (TurboFan only).
# Usage: benches/dialects/run.sh
set -eu
cd "$(dirname "$0")"
# Beside the other builds, where nothing takes generated files for sources.
export CARGO_TARGET_DIR="$PWD/../../target/dialects-bench"
cargo build --release --locked --target wasm32-wasip1 -j1
exec node --no-warnings --no-liftoff --no-wasm-lazy-compilation run.mjs
