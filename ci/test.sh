#!/usr/bin/env bash
# The tests, by the command that README names; it covers the header (tests/header), the exports
# (tests/exports.rs), the documented tables (tests/docs.rs) and the C programs of capi-tests too.
# Where cargo-nextest is installed it runs them, with the same tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked --no-fail-fast
    # nextest leaves these out.
    cargo test --workspace --doc --locked
else
    cargo test --workspace --locked --no-fail-fast
fi
