#!/usr/bin/env bash
# The documentation of the Rust code builds without a warning: no dead links, no malformed text. With
# private items: the crate is read by those who work on it; its users read zmq.h and the manual.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" \
    cargo doc --workspace --no-deps --document-private-items --locked
