#!/usr/bin/env bash
# The benchmarks of the parts: they compile without warnings, and each runs once. With arguments it measures.
#
#   ci/bench.sh                                 do they work?
#   ci/bench.sh pipe|codec|subscriptions [divan options, names of benchmarks...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

where=(--locked --manifest-path parts-bench/Cargo.toml --target-dir "${CARGO_TARGET_DIR:-target}/parts-bench")
if [ $# -gt 0 ]; then
    name=$1
    shift
    exec cargo bench "${where[@]}" --bench "$name" -- "$@"
fi
cargo clippy "${where[@]}" --all-targets -- -D warnings
cargo test --quiet "${where[@]}" --benches -- --test
