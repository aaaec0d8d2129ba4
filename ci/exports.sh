#!/usr/bin/env bash
# The release library: its exports, its SONAME and its layout. ci/test.sh asks the same of the debug
# one. Where abidiff and a reference library are installed, prints how the two differ, for reading.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --release --locked --package ferrozmq
library=${CARGO_TARGET_DIR:-target}/release/libzmq.so
ZMQ_LIBRARY=$(readlink -f "$library") cargo test --locked --package ferrozmq --test exports

reference=$(ldconfig -p 2>/dev/null | awk '$1 == "libzmq.so.5" && !found++ { print $NF }' || true)
if command -v abidiff >/dev/null && [ -n "$reference" ]; then
    abidiff --no-added-syms "$reference" "$library" || true
fi
