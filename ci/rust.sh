#!/usr/bin/env bash
# The `zmq` crate, as published, on this library: examples-rust/zmq-crate, shared and static. Checks that the crate's
# C++ copy was not built. Needs the registry, for the crates that are not there yet.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    echo "rust: $*" >&2
    exit 1
}
work=$(realpath "$(mktemp -d "${TMPDIR:-/tmp}/zmq-rust.XXXXXX")")
trap 'rm -rf "$work"' EXIT
unset LD_LIBRARY_PATH
host=$(rustc -vV | sed -n 's/^host: //p')

cargo build --release --locked --package ferrozmq
./install.sh --no-build PREFIX="$work/tree" >/dev/null
library=$(realpath "$work/tree/lib/libzmq.so")
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/zmq-crate

# try NAME LIBRARY: runs it; it must say that it is on LIBRARY, and have had all replies.
try() {
    local said
    said=$(timeout -k 5 120 "$CARGO_TARGET_DIR/release/zmq-crate-example") || fail "$1: it failed: $said"
    printf '%s:\n%s\n' "$1" "$said"
    grep -qE "^libzmq [0-9.]+, $2\$" <<<"$said" || fail "$1: not on $2"
    [ "$(grep -c ' 1000 replies$' <<<"$said")" -eq 2 ] || fail "$1: replies are missing"
}

echo "== the project as it is; where the library is comes on top"
cd examples-rust/zmq-crate
cargo fmt --check
search="target.$host.zmq.rustc-link-search=[\"native=$work/tree/lib\"]"
cargo clippy --release --locked --config "$search" -- -D warnings
cargo build --release --locked --config "$search"
LD_LIBRARY_PATH=$work/tree/lib try shared "$library"

echo "== the same with other lines in .cargo/config.toml"
cp -r Cargo.toml Cargo.lock src "$work"
mkdir "$work/.cargo"
cd "$work"
cat >.cargo/config.toml <<TEXT
[target.$host.zmq]
rustc-link-lib = ["static=zmq"]
rustc-link-search = ["native=$work/tree/lib"]
TEXT
cargo build --release --locked
try static static

# Had the crate's build script run, the C++ compiler would have left these.
! find "$CARGO_TARGET_DIR" -name 'zeromq-src*' -o -name 'libzmq.a' | grep -q . || fail "the crate's own copy was built"
