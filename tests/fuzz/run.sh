#!/bin/sh
# Runs every fuzz target, one after the other, for so many seconds each; stops at the first that finds something.
# Usage: tests/fuzz/run.sh [SECONDS [TARGET ...]]
set -eu
cd "$(dirname "$0")"
seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- $(basename -s .rs -a targets/*.rs)
cargo build --release --locked
built=../../target/fuzz/$(rustc -vV | sed -n 's/^host: //p')/release
for target in "$@"; do
    corpus=../../target/fuzz/corpus/$target
    mkdir -p "$corpus"
    log=../../target/fuzz/$target.log
    if ! "$built/$target" -max_len=65536 -max_total_time="$seconds" -print_final_stats=1 \
        -artifact_prefix="../../target/fuzz/$target-" "$corpus" seeds/* > "$log" 2>&1; then
        tail -n 40 "$log"
        exit 1
    fi
    echo "$target: $seconds s, $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
done
