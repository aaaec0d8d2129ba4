#!/usr/bin/env bash
# What a user takes in with the library: its size, the crates in it, and the libraries that it needs at run time.
# Fails where a number has outgrown what README says: then either the change or README is to be mended, on purpose.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# In percent of README's sizes: compilers differ.
tolerance=10
needed_allowed='^(libc\.so\.6|libgcc_s\.so\.1|libm\.so\.6|ld-linux.*)$'

# promised TEXT: the number in the row of README's table that begins with it.
promised() {
    local number
    number=$(sed -n "/^## Size/,/^## /s/^| $1.*| \([0-9]*\)\( KiB\)* |\$/\1/p" README.md)
    [ -n "$number" ] || {
        echo "size: README's table has no row '$1'" >&2
        exit 1
    }
    echo "$number"
}

begun=$SECONDS
cargo build --release --locked --package ferrozmq
took=$((SECONDS - begun))
built=${CARGO_TARGET_DIR:-target}/release
stripped=$(mktemp -d)
trap 'rm -rf "$stripped"' EXIT
strip --strip-unneeded -o "$stripped/libzmq.so" "$built/libzmq.so"
strip --strip-debug -o "$stripped/libzmq.a" "$built/libzmq.a"

bad=0
# compare NAME UNIT NOW PROMISED LIMIT
compare() {
    printf '%-12s %6d%s, README says %d%s\n' "$1" "$3" "$2" "$4" "$2"
    if [ "$3" -gt "$5" ]; then
        echo "    it has grown past $5$2"
        bad=1
    fi
}
for file in libzmq.so libzmq.a; do
    said=$(promised "\`$file\`")
    compare "$file" " KiB" $(($(stat -c %s "$stripped/$file") / 1024)) "$said" $((said + said * tolerance / 100))
done
said=$(promised "crates in it")
compare crates "" "$(cargo tree --locked --package ferrozmq --edges normal --prefix none --no-dedupe | sort -u | wc -l)" \
    "$said" "$said"

needed=$(readelf -d -W "$built/libzmq.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
echo "needed at run time: ${needed//$'\n'/ }"
echo "release build: $took s (0 where it was built before)"
if grep -vE "$needed_allowed" <<<"$needed"; then
    echo "    the libraries above are not allowed"
    bad=1
fi
exit "$bad"
