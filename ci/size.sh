#!/usr/bin/env bash
# What a user takes in with the library: its size, the crates in it, and the libraries that it needs at
# run time. Fails where that has grown past the limits below; raise them on purpose only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Bytes of code and data, without debug information (`size`, column dec).
size_limit=$((2 * 1024 * 1024))
# Crates that the library is made of, itself and procedural macros included.
crates_limit=40
needed_allowed='^(libc\.so\.6|libgcc_s\.so\.1|libm\.so\.6|ld-linux.*)$'

begun=$SECONDS
cargo build --release --locked --package ferrozmq
took=$((SECONDS - begun))
library=${CARGO_TARGET_DIR:-target}/release/libzmq.so
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip -o "$stripped" "$library"

bytes=$(stat -c %s "$stripped")
crates=$(cargo tree --locked --package ferrozmq --edges normal --prefix none --no-dedupe | sort -u | wc -l)
needed=$(readelf -d -W "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')

echo "size, stripped:   $((bytes / 1024)) KiB ($(stat -c %s "$library" | numfmt --to=iec) with debug information)"
echo "crates:           $crates"
echo "needs at run time: ${needed//$'\n'/ }"
echo "release build:    $took s (0 where it was built before)"

bad=0
[ "$bytes" -le "$size_limit" ] || { echo "larger than $size_limit bytes"; bad=1; }
[ "$crates" -le "$crates_limit" ] || { echo "more than $crates_limit crates"; bad=1; }
if grep -vE "$needed_allowed" <<<"$needed"; then
    echo "the libraries above are not allowed"
    bad=1
fi
[ "$bad" -eq 0 ]
