#!/usr/bin/env bash
# No warning from the compiler or clippy, in code, tests, benchmarks and tools.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo clippy --workspace --all-targets --locked -- -D warnings
# Without what may be left out.
cargo clippy --package ferrozmq --no-default-features --locked -- -D warnings
