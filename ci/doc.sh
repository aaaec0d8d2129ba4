#!/usr/bin/env bash
# The documentation of the Rust code builds without a warning: no dead links, no malformed text.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
