#!/usr/bin/env bash
# The manual pages: well-formed (mandoc), every program in them compiles without a warning and runs to its
# end on the library, and the HTML comes out whole. What they say of functions and options is held against
# the code by `cargo test --test docs`.
#
#   ci/man.sh [LIBDIR]     LIBDIR: a folder with a built libzmq.so (default: build the release library)
#
# Environment: CC. Needs mandoc.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v mandoc >/dev/null; then
    echo "mandoc is not installed"
    exit 1
fi
target=${CARGO_TARGET_DIR:-target}
lib=${1:-}
if [ -z "$lib" ]; then
    cargo build --release --locked --package ferrozmq
    lib=$target/release
fi
library=$(readlink -f "$lib/libzmq.so" || true)
[ -f "$library" ] || { echo "no libzmq.so in $lib"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mapfile -t pages < <(grep -L '^\.so ' man/*.[37])
mandoc -T lint -W warning "${pages[@]}"
echo "well-formed pages: ${#pages[@]}"

# A display that has a main function is a program; roff's \e stands for a backslash in it.
programs=0
for page in "${pages[@]}"; do
    name=$(basename "$page")
    awk -v base="$work/$name" '
        /^\.Bd / { inside = 1; text = ""; next }
        /^\.Ed/ {
            if (inside && text ~ /int main \(void\)/)
                printf "%s", text > (base "." ++n ".c")
            inside = 0
        }
        inside { gsub(/\\e/, "\\"); gsub(/\\-/, "-"); gsub(/\\&/, ""); text = text $0 "\n" }
    ' "$page"
done
ln -s "$library" "$work/libzmq.so"
ln -s "$library" "$work/libzmq.so.5"
for source in "$work"/*.c; do
    name=$(basename "$source" .c)
    "${CC:-cc}" -std=c99 -Wall -Wextra -Werror -Iinclude -o "$work/program" "$source" -L"$work" -lzmq ||
        { echo "the example in $name does not compile"; exit 1; }
    LD_LIBRARY_PATH=$work timeout -k 5 30 "$work/program" >"$work/log" 2>&1 </dev/null ||
        { echo "the example in $name fails:"; cat "$work/log"; exit 1; }
    programs=$((programs + 1))
done
[ "$programs" -ge 20 ] || { echo "only $programs examples were found"; exit 1; }
echo "examples compiled and run: $programs"

docs/html.sh "$work/html"
# What the pages refer to is there, and nothing is empty.
cd "$work/html"
grep -oh 'href="[^"#:]*[#"]' ./*.html | sed 's/^href="//; s/[#"]$//' | sort -u | while read -r file; do
    [ -z "$file" ] || [ -s "$file" ] || { echo "HTML refers to $file"; exit 1; }
done
empty=$(find . -empty)
[ -z "$empty" ] || { echo "empty: $empty"; exit 1; }
