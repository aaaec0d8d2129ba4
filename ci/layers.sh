#!/usr/bin/env bash
# What the layers may not: `unsafe` outside of four folders, protocol and patterns that know of I/O,
# system calls outside of sys, files that nobody reads to their end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bad=0
# forbid WHAT PATTERN PATH...: no line of the files matches, comments and the tests at a file's end aside.
forbid() {
    local what=$1 pattern=$2 found
    shift 2
    found=$(find "$@" -name '*.rs' ! -name '*tests.rs' ! -path '*/tests/*' -exec awk '
        FNR == 1 { tests = 0 }
        /^#\[cfg\(test\)\]/ { tests = 1 }
        !tests && !/^[[:space:]]*\/\// { print FILENAME ":" FNR ": " $0 }' {} + | grep -E "[0-9]: .*($pattern)" || true)
    if [ -n "$found" ]; then
        printf '%s:\n%s\n\n' "$what" "$found"
        bad=1
    fi
}

mapfile -t safe < <(find src -name '*.rs' ! -path 'src/sys/*' ! -path 'src/pipe/*' ! -path 'src/msg/*' \
    ! -path 'src/capi/*')
mapfile -t below < <(find src -name '*.rs' ! -path 'src/capi/*')
forbid "unsafe outside of sys, pipe, msg and capi" '\bunsafe (\{|fn|impl|extern)' "${safe[@]}"

forbid "protocol or patterns that know of I/O, the C layer or the runtime" \
    '\b(crate::(io|capi|runtime|transport)\b|mio::|std::net::|std::os::fd)' src/proto src/pattern
forbid "protocol that reads a clock" 'Instant::now|SystemTime' src/proto
forbid "leaves that know of something above them" \
    '\bcrate::(io|capi|runtime|transport|pattern|proto)\b' src/pipe src/msg src/sys src/option src/crypto
forbid "I/O that knows of the runtime or the C layer" '\bcrate::(runtime|capi)\b' src/io src/transport
forbid "runtime that knows of the C layer" '\bcrate::capi\b' src/runtime
forbid "traces from below the runtime and I/O" '\bcrate::trace\b' src/pipe src/msg src/sys src/option src/crypto \
    src/proto src/pattern src/transport src/capi
forbid "traces that know of those who trace" '\bcrate::(io|capi|runtime|transport|pattern|proto|option)\b' src/trace
# What is left are reports of contained panics.
mapfile -t silent < <(find src -name '*.rs' ! -path src/io/contain.rs ! -path 'src/trace/*')
forbid "output to the program's stdout or stderr" '\b(e?println!|e?print!|dbg!|std(err|out)\(\))' "${silent[@]}"
forbid "errno written outside of the C layer" '__errno_location' "${below[@]}"
forbid "symbols exported outside of the C layer" 'no_mangle|export_name' "${below[@]}"

for folder in proto pattern option; do
    grep -q 'forbid(unsafe_code)' "src/$folder/mod.rs" || {
        echo "src/$folder/mod.rs does not forbid unsafe code"
        bad=1
    }
done

# Tests and generated files may be longer.
while read -r lines file; do
    if [ "$lines" -gt 600 ]; then
        echo "$file has $lines lines; split it before 600"
        bad=1
    fi
done < <(find src capi-bench/src parts-bench capi-tests/tests examples-c -name '*.rs' ! -name 'tests.rs' ! -path '*/tests/*' \
    -exec wc -l {} + | grep -v ' total$')

while read -r file; do
    head -n 1 "$file" | grep -q '^//!' || {
        echo "$file does not begin by saying what lives there"
        bad=1
    }
done < <(find src -name '*.rs')

[ "$bad" -eq 0 ] && echo "the layers hold"
