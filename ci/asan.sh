#!/usr/bin/env bash
# Memory errors: unit tests of the layers with unsafe code, and of the patterns on top of them, with
# AddressSanitizer (leaks too), in a build of their own.
#
#   ci/asan.sh [FILTER...]      default: msg:: pipe:: pattern:: sys:: proto::
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ $# -eq 0 ]; then
    set -- msg:: pipe:: pattern:: sys:: proto::
fi
host=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/asan
# The sanitizer is a compiler option that stable compilers have, but do not offer.
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address"
# A test with a forked child ends that child without the sanitizer's leave.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:detect_stack_use_after_return=1}

# Named, so that only the code under test is built this way and not the build scripts of others.
cargo build --locked --target "$host" --package ferrozmq --lib --tests 2>&1 | tail -n 1
program=$(cargo test --locked --target "$host" --package ferrozmq --lib --no-run --message-format json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
nm "$program" | grep -q __asan_init || {
    echo "asan: the build has no sanitizer in it"
    exit 1
}
timeout 900 "$program" "$@"
