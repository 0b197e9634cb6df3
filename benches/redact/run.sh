#!/bin/sh
# Measures the detectors inside V8, as Envoy runs them (TurboFan only), on clean prose and on dense private values, and what
# redaction adds to a module.
# Usage: benches/redact/run.sh
set -eu
cd "$(dirname "$0")"
# Beside the other builds, where nothing takes generated files for sources.
export CARGO_TARGET_DIR="$PWD/../../target/redact-bench"
cargo build --release --locked --target wasm32-wasip1 -j1
cargo metadata --format-version 1 --locked --filter-platform wasm32-wasip1 > "$CARGO_TARGET_DIR/metadata.json"
exec node --no-warnings --no-liftoff --no-wasm-lazy-compilation run.mjs
