#!/usr/bin/env bash
# install.sh installs what a user of libzmq needs, and takes all of it away again. Builds one C program
# against a temporary installation by pkg-config and by CMake, shared and static, and runs it. With
# cargo-c installed, `cargo cinstall` must install the same. Needs pkg-config and cmake.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    echo "install: $*" >&2
    exit 1
}
for tool in pkg-config cmake; do
    command -v "$tool" >/dev/null || fail "there is no $tool here"
done

work=$(realpath "$(mktemp -d "${TMPDIR:-/tmp}/zmq-install.XXXXXX")")
trap 'rm -rf "$work"' EXIT
unset LD_LIBRARY_PATH PKG_CONFIG_PATH PREFIX LIBDIR INCLUDEDIR MANDIR DESTDIR BUILT STRIP

./install.sh --build-only
version=$(awk '/define ZMQ_VERSION_(MAJOR|MINOR|PATCH)/ { v = v (v ? "." : "") $3 } END { print v }' include/zmq.h)
file=libzmq.so.$(sed -n '/^\[package.metadata.capi.library\]/,/^\[package.metadata.capi.pkg/s/^version = "\(.*\)"/\1/p' Cargo.toml)

# files FOLDER: all that is in there, but for what only install.sh has.
files() {
    (cd "$1" && find . ! -type d ! -path '*/share/ferrozmq/installed' | sort)
}

# --- what is installed, and that it goes away ------------------------------------------------------

echo "== as packages do it: DESTDIR, a LIBDIR of its own, then away again"
destdir=(DESTDIR="$work/destdir" PREFIX=/usr LIBDIR=/usr/lib/some-triplet)
mkdir -p "$work/destdir/usr/share" # was there before, has to stay
./install.sh --no-build "${destdir[@]}"
for path in "lib/some-triplet/"{libzmq.so,libzmq.so.5,"$file",libzmq.a,pkgconfig/libzmq.pc} \
    lib/some-triplet/cmake/ZeroMQ/ZeroMQConfig{,Version}.cmake include/zmq.h include/zmq_utils.h; do
    [ -s "$work/destdir/usr/$path" ] || fail "$path is not there"
done
[ "$(find man -name '*.[37]' 2>/dev/null | wc -l)" -eq "$(find "$work/destdir" -path '*/share/man/*' -name 'zmq*' | wc -l)" ] ||
    fail "not all manual pages are there"
grep -qrF "$work" "$work/destdir" --include='*.pc' --include='*.cmake' && fail "a file knows of the build"

# A file of an older version goes when the new one has none of that name; one of somebody else's stays.
touch "$work/destdir/usr/lib/some-triplet/"{libzmq.so.5.0.0,other}
echo /usr/lib/some-triplet/libzmq.so.5.0.0 >>"$work/destdir/usr/share/ferrozmq/installed"
./install.sh --no-build "${destdir[@]}"
[ ! -e "$work/destdir/usr/lib/some-triplet/libzmq.so.5.0.0" ] || fail "an older version's file is still there"
rm "$work/destdir/usr/lib/some-triplet/other"
./install.sh --uninstall "${destdir[@]}"
[ "$(cd "$work/destdir" && find . | sort | tr '\n' ' ')" = ". ./usr ./usr/share " ] ||
    fail "left behind: $(find "$work/destdir")"

echo "== another libzmq is not overwritten"
mkdir -p "$work/other/lib"
echo precious >"$work/other/lib/libzmq.so.5"
! ./install.sh --no-build PREFIX="$work/other" 2>"$work/refusal" || fail "it was overwritten"
grep -qF "$work/other/lib/libzmq.so.5" "$work/refusal" || fail "the refusal does not say why: $(cat "$work/refusal")"
[ "$(find "$work/other" -type f -exec cat {} +)" = precious ] || fail "it refused, but left something"

echo "== root without Rust installs what another user built"
env -i PATH=/usr/bin:/bin ./install.sh --no-build BUILT="$(realpath "${CARGO_TARGET_DIR:-target}/release")" PREFIX="$work/plain"
[ -s "$work/plain/lib/pkgconfig/libzmq.pc" ] || fail "nothing was installed"

# --- programs --------------------------------------------------------------------------------------

echo "== programs, after the installed tree was moved"
./install.sh --no-build PREFIX="$work/first"
mv "$work/first" "$work/moved"
lib=$work/moved/lib
export PKG_CONFIG_PATH=$lib/pkgconfig
[ "$(pkg-config --modversion libzmq)" = "$version" ] || fail "pkg-config says another version than zmq.h"
for word in $(pkg-config --variable=includedir libzmq) $(pkg-config --variable=libdir libzmq); do
    case $(realpath "$word") in
    "$work"/moved/*) ;;
    *) fail "pkg-config leads to $word" ;;
    esac
done

# compile NAME ARGUMENT...: the program, as a user would build it.
compile() {
    local name=$1
    shift
    "${CC:-cc}" -std=c99 -Wall -Wextra -Werror -o "$work/$name" packaging/test/installed.c "$@" ||
        fail "$name: it does not link"
}
# run NAME PROGRAM LIBRARY: prints what it says, after its name.
run() {
    printf '%-24s' "$1"
    timeout -k 5 60 "$2" "$version" "$3" || fail "$1: it does not run"
}
# Split into words on purpose, as on a user's command line.
# shellcheck disable=SC2046
{
    compile pc-shared $(pkg-config --cflags --libs libzmq)
    LD_LIBRARY_PATH=$lib run "pkg-config, shared" "$work/pc-shared" "$lib/$file"
    compile pc-static $(pkg-config --cflags libzmq) -Wl,-Bstatic $(pkg-config --libs libzmq) -Wl,-Bdynamic \
        $(pkg-config --static --libs libzmq | sed 's/.*-lzmq//')
    run "pkg-config, static" "$work/pc-static" static
    # The linker warns that name look-up in a static program needs the same libc at run time.
    compile pc-all-static -static $(pkg-config --static --cflags --libs libzmq) 2>"$work/warnings" ||
        fail "$(cat "$work/warnings")"
    run "pkg-config, all static" "$work/pc-all-static" static
}
compile utils -include zmq_utils.h -I "$work/moved/include" -L "$lib" -lzmq

# build FOLDER ARGUMENT...: the project of packaging/test, by CMake.
build() {
    local folder=$1
    shift
    if ! cmake -S packaging/test -B "$folder" -DCMAKE_C_FLAGS="-Wall -Wextra -Werror" "$@" >"$work/cmake.log" 2>&1 ||
        ! cmake --build "$folder" >>"$work/cmake.log" 2>&1; then
        fail "$(cat "$work/cmake.log")"
    fi
}
build "$work/cmake" -DCMAKE_PREFIX_PATH="$work/moved"
grep -qF "ZeroMQ $version: $work/moved/include $lib/libzmq.so $lib/libzmq.a" "$work/cmake.log" ||
    fail "CMake found: $(grep ZeroMQ "$work/cmake.log")"
run "CMake, shared" "$work/cmake/shared" "$lib/$file"
run "CMake, static" "$work/cmake/static" static
run "CMake, by variables" "$work/cmake/variables" "$lib/$file"
for wrong in 4.4 5 4...4.2; do
    # Nothing but what is under test: where a system has the package too, it would be the next choice.
    ! cmake -S packaging/test -B "$work/wrong" -DZeroMQ_DIR="$lib/cmake/ZeroMQ" -DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF \
        -DWANTED="$wrong" >"$work/cmake.log" 2>&1 || fail "CMake takes it for version $wrong"
    grep -q "version: $version" "$work/cmake.log" || fail "$(cat "$work/cmake.log")"
done

mv "$work/moved" "$work/first"

# --- cargo-c ---------------------------------------------------------------------------------------

if cargo cinstall --version >/dev/null 2>&1; then
    echo "== cargo cinstall installs the same"
    cargo cinstall --locked --package ferrozmq --destdir "$work/cargo-c" --prefix /opt/zmq --libdir /opt/zmq/lib
    # The CMake package is in share there.
    diff <(files "$work/first") <(files "$work/cargo-c/opt/zmq" | sed 's|^./share/cmake|./lib/cmake|' | sort) ||
        fail "cargo cinstall installs other files"
    build "$work/cmake-c" -DCMAKE_PREFIX_PATH="$work/cargo-c/opt/zmq"
    run "cargo-c, CMake, shared" "$work/cmake-c/shared" "$work/cargo-c/opt/zmq/lib/$file"
    run "cargo-c, CMake, static" "$work/cmake-c/static" static
else
    echo "== no cargo-c here: cargo cinstall is not tried"
fi

echo "== away again"
./install.sh --uninstall PREFIX="$work/first"
[ ! -e "$work/first" ] || fail "left behind: $(find "$work/first")"
