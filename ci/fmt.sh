#!/usr/bin/env bash
# Rust code is formatted as rustfmt's defaults have it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo fmt --all --check
# Of a workspace of its own.
cargo fmt --manifest-path parts-bench/Cargo.toml --check
