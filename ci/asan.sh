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
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:detect_stack_use_after_return=1}

# With a target named, build scripts and macros are built without the flag.
program=$(cargo test --locked --target "$host" --package ferrozmq --lib --no-run --message-format json-render-diagnostics |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
[ "$(nm "$program" | grep -c __asan_init)" -gt 0 ] || {
    echo "asan: the build has no sanitizer in it"
    exit 1
}
timeout 900 "$program" "$@"
