#!/usr/bin/env bash
# Fuzz targets: builds them all with AddressSanitizer and coverage, and gives each its committed corpus.
# With a target named, it fuzzes that one.
#
#   ci/fuzz.sh                        build, replay
#   ci/fuzz.sh TARGET [libFuzzer options, folders...]
#                                     new inputs go to target/fuzz/corpus/TARGET, findings to target/fuzz
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
target=${CARGO_TARGET_DIR:-target}/fuzz
mkdir -p "$target"
target=$(realpath "$target")
# What cargo-fuzz hands to the compiler. Stable compilers have these options, but do not offer them.
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address --cfg fuzzing -Cpasses=sancov-module \
-Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
-Ccodegen-units=1"
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}
cargo build --quiet --release --manifest-path fuzz/Cargo.toml --target "$host" --target-dir "$target" --bins
programs=$target/$host/release

if [ $# -gt 0 ]; then
    name=$1
    shift
    mkdir -p "$target/corpus/$name"
    exec "$programs/$name" -artifact_prefix="$target/$name-" -max_len=4096 "$target/corpus/$name" "fuzz/corpus/$name" "$@"
fi
for corpus in fuzz/corpus/*/; do
    name=$(basename "$corpus")
    # Each input once, no new ones.
    timeout 300 "$programs/$name" -artifact_prefix="$target/$name-" -runs=0 "$corpus" >"$target/$name.log" 2>&1 || {
        tail -n 60 "$target/$name.log"
        echo "fuzz: $name failed"
        exit 1
    }
done
echo "the corpus of $(find fuzz/corpus -type f | wc -l) inputs holds"
