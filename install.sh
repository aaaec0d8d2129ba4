#!/bin/sh
# Builds ferrozmq and installs it where programs, linkers and build systems look for libzmq; or removes it.
#
#   ./install.sh [OPTION...] [NAME=VALUE...]
#
#   --uninstall   remove what an installation with the same PREFIX and DESTDIR put there
#   --build-only  build, install nothing: for the step that is not root's
#   --no-build    take the library as it was built before
#   --force       overwrite files that another libzmq put there
#   --help        this text
#
# Names, also taken from the environment:
#   PREFIX        where it is going to be (/usr/local)
#   LIBDIR        libraries, pkgconfig, cmake (PREFIX/lib)
#   INCLUDEDIR    headers (PREFIX/include)
#   MANDIR        manual pages (PREFIX/share/man)
#   DESTDIR       a folder to put all of it under, for packages (none)
#   BUILT         the folder with libzmq.so and libzmq.a (target/release)
#   STRIP         what takes the debug information out; empty: leave it in (strip)
#
# Installs libzmq.so, libzmq.so.5, the library that they lead to, libzmq.a, zmq.h, zmq_utils.h, libzmq.pc,
# the CMake package ZeroMQ, the manual pages that there are, and PREFIX/share/ferrozmq/installed: the
# list of all that, which --uninstall goes by.
set -eu

root=$(cd "$(dirname "$0")" && pwd)
tab=$(printf '\t')

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

# --- arguments -------------------------------------------------------------------------------------

uninstall=no build=yes force=no
for argument; do
    case $argument in
    --uninstall) uninstall=yes ;;
    --build-only) build=only ;;
    --no-build) build=no ;;
    --force) force=yes ;;
    --help | -h)
        sed -n '2,/^set /{/^#/s/^# \{0,1\}//p;}' "$0"
        exit 0
        ;;
    PREFIX=*) PREFIX=${argument#*=} ;;
    LIBDIR=*) LIBDIR=${argument#*=} ;;
    INCLUDEDIR=*) INCLUDEDIR=${argument#*=} ;;
    MANDIR=*) MANDIR=${argument#*=} ;;
    DESTDIR=*) DESTDIR=${argument#*=} ;;
    BUILT=*) BUILT=${argument#*=} ;;
    STRIP=*) STRIP=${argument#*=} ;;
    *) fail "what is '$argument'? See --help" ;;
    esac
done

# Single slashes and none at the end: paths are compared as text further down.
tidy() {
    printf '%s' "$1" | sed 's|//*|/|g; s|\(.\)/$|\1|'
}
PREFIX=$(tidy "${PREFIX:-/usr/local}")
LIBDIR=$(tidy "${LIBDIR:-$PREFIX/lib}")
INCLUDEDIR=$(tidy "${INCLUDEDIR:-$PREFIX/include}")
MANDIR=$(tidy "${MANDIR:-$PREFIX/share/man}")
DESTDIR=${DESTDIR:-}
STRIP=${STRIP-strip}
for folder in "$PREFIX" "$LIBDIR" "$INCLUDEDIR" "$MANDIR"; do
    case $folder in
    /*) ;;
    *) fail "$folder is not a path from the root" ;;
    esac
done
list=$PREFIX/share/ferrozmq/installed

# refresh: the loader's cache, when what it knows has changed. A folder that it does not search is its
# user's affair.
refresh() {
    if [ -n "$DESTDIR" ] || ! command -v ldconfig >/dev/null; then
        return
    fi
    if ldconfig -v -N -X 2>/dev/null | grep -q "^$LIBDIR:"; then
        [ "$(id -u)" -ne 0 ] || ldconfig
    elif [ "$uninstall" = no ]; then
        echo "The loader does not search $LIBDIR by itself: LD_LIBRARY_PATH, an rpath, or a line in /etc/ld.so.conf.d"
        echo "leads it there."
    fi
}

# --- removing --------------------------------------------------------------------------------------

# remove_listed LIST: deletes its files, then its folders where they are empty, the deepest first.
remove_listed() {
    grep -v '/$' "$1" | while IFS= read -r path; do
        rm -f "$DESTDIR$path"
    done
    grep '/$' "$1" | sort -r | while IFS= read -r path; do
        rmdir "$DESTDIR${path%/}" 2>/dev/null || true
    done
}

work=$(mktemp -d "${TMPDIR:-/tmp}/ferrozmq-install.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [ "$uninstall" = yes ]; then
    [ -f "$DESTDIR$list" ] || fail "nothing to remove: there is no $DESTDIR$list"
    # The list is in itself.
    cp "$DESTDIR$list" "$work/old"
    remove_listed "$work/old"
    refresh
    echo "removed $(grep -cv '/$' "$work/old") files below $DESTDIR$PREFIX"
    exit 0
fi

# --- building --------------------------------------------------------------------------------------

# setting SECTION KEY: a string out of Cargo.toml, which cargo-c reads too.
setting() {
    value=$(awk -v section="[$1]" -v key="$2" '
        /^\[/ { inside = ($0 == section) }
        inside && $1 == key { gsub(/^[^"]*"|"[^"]*$/, ""); print }' "$root/Cargo.toml")
    [ -n "$value" ] || fail "Cargo.toml has no $2 in [$1]"
    printf '%s\n' "$value"
}
library_version=$(setting package.metadata.capi.library version)
api_version=$(setting package.metadata.capi.pkg_config version)

target=${CARGO_TARGET_DIR:-$root/target}
if [ "$build" != no ] && [ -z "${BUILT:-}" ]; then
    command -v cargo >/dev/null ||
        fail "there is no cargo here. As a user that has it: ./install.sh --build-only; then this with --no-build"
    (cd "$root" && cargo build --release --locked --package ferrozmq)
fi
BUILT=${BUILT:-$target/release}
for file in libzmq.so libzmq.a; do
    [ -f "$BUILT/$file" ] || fail "there is no $BUILT/$file"
done

# What a program has to be linked with besides libzmq.a, as this compiler's standard library needs it. Not
# -lgcc_s, which compiler drivers add by themselves, and replace where a program is all static. Noted down
# beside the library for an installation by a user that has no compiler.
note=$BUILT/libzmq.static-libs
if command -v rustc >/dev/null; then
    static_libs=$(rustc --crate-type staticlib --print native-static-libs -o "$work/probe.a" - </dev/null 2>&1 |
        sed -n 's/^.*native-static-libs: *//p' | tr ' ' '\n' | grep -v '^-lgcc_s$' | tr '\n' ' ' | sed 's/ *$//')
    [ -n "$static_libs" ] || fail "rustc does not tell which libraries static programs need"
    printf '%s\n' "$static_libs" 2>/dev/null >"$note" || true
elif [ -f "$note" ]; then
    static_libs=$(cat "$note")
else
    fail "there is no rustc here, and no $note: ./install.sh --build-only makes it, as a user that has one"
fi
if [ "$build" = only ]; then
    echo "built $BUILT/libzmq.so"
    exit 0
fi

# --- what goes where -------------------------------------------------------------------------------

# A line per file: mode or 'link', source or target, place.
plan=$work/plan
add() {
    printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$plan"
}

stripped() {
    cp "$BUILT/$1" "$work/$1"
    if [ -n "$STRIP" ]; then
        "$STRIP" "$2" "$work/$1" || fail "$STRIP does not work; STRIP= leaves the debug information in"
    fi
}
stripped libzmq.so --strip-unneeded
stripped libzmq.a --strip-debug

# A tree that is no system folder may be moved as a whole. A system folder has to be spelt as pkg-config knows
# it, or it is not left out of the compiler's options.
prefix_in_pc=$PREFIX
case $PREFIX in
/usr | /usr/local) ;;
*)
    case $LIBDIR in
    "$PREFIX"/*)
        # shellcheck disable=SC2016 # pkg-config expands it
        prefix_in_pc='${pcfiledir}/..'$(printf '%s' "${LIBDIR#"$PREFIX"}" | sed 's|/[^/]*|/..|g')
        ;;
    esac
    ;;
esac
# below_prefix PATH: with ${prefix} for its beginning, where it has that.
# shellcheck disable=SC2016 # pkg-config expands it
below_prefix() {
    case $1 in
    "$PREFIX"/*) printf '${prefix}/%s' "${1#"$PREFIX"/}" ;;
    *) printf '%s' "$1" ;;
    esac
}
sed "s|@PREFIX@|$prefix_in_pc|; s|@LIBDIR@|$(below_prefix "$LIBDIR")|
    s|@INCLUDEDIR@|$(below_prefix "$INCLUDEDIR")|
    s|@VERSION@|$api_version|; s|@STATIC_LIBS@|$static_libs|" "$root/packaging/libzmq.pc.in" >"$work/libzmq.pc"

add 644 "$work/libzmq.so" "$LIBDIR/libzmq.so.$library_version"
add link "libzmq.so.$library_version" "$LIBDIR/libzmq.so.5"
add link "libzmq.so.$library_version" "$LIBDIR/libzmq.so"
add 644 "$work/libzmq.a" "$LIBDIR/libzmq.a"
add 644 "$root/include/zmq.h" "$INCLUDEDIR/zmq.h"
add 644 "$root/include/zmq_utils.h" "$INCLUDEDIR/zmq_utils.h"
add 644 "$work/libzmq.pc" "$LIBDIR/pkgconfig/libzmq.pc"
for file in "$root"/packaging/cmake/*.cmake; do
    add 644 "$file" "$LIBDIR/cmake/ZeroMQ/${file##*/}"
done
for file in "$root"/man/*.[37]; do
    [ ! -f "$file" ] || add 644 "$file" "$MANDIR/man${file##*.}/${file##*/}"
done
add 644 "$work/new" "$list"

cut -f 3 "$plan" >"$work/files"
if [ -f "$DESTDIR$list" ]; then
    cp "$DESTDIR$list" "$work/old"
else
    : >"$work/old"
fi
strangers=$(grep -vxF -f "$work/old" "$work/files" | while IFS= read -r path; do
    [ ! -e "$DESTDIR$path" ] && [ ! -L "$DESTDIR$path" ] || printf ' %s' "$DESTDIR$path"
done) || true
if [ -n "$strangers" ] && [ "$force" = no ]; then
    fail "these come from another installation (--force overwrites them):$strangers"
fi

# --- copying ---------------------------------------------------------------------------------------

# Folders that exist are not ours to remove, unless they were made the last time.
grep '/$' "$work/old" >"$work/folders" || true
make_folder() {
    [ ! -d "$DESTDIR$1" ] || return 0
    make_folder "$(dirname "$1")"
    mkdir "$DESTDIR$1"
    printf '%s/\n' "$1" >>"$work/folders"
}
[ -z "$DESTDIR" ] || mkdir -p "$DESTDIR"
while IFS= read -r path; do
    make_folder "$(dirname "$path")"
done <"$work/files"
sort -u "$work/files" "$work/folders" >"$work/new"

# By a new name and a rename: who has the old library loaded keeps it.
while IFS=$tab read -r mode source path; do
    new=$DESTDIR$path.new
    rm -f "$new"
    if [ "$mode" = link ]; then
        ln -s "$source" "$new"
    else
        cp "$source" "$new"
        chmod "$mode" "$new"
    fi
    mv -f "$new" "$DESTDIR$path"
done <"$plan"

# What the last version had and this one has not.
grep -v '/$' "$work/old" | grep -vxF -f "$work/files" >"$work/stale" || true
remove_listed "$work/stale"

refresh
echo "installed libzmq.so.$library_version and $(($(wc -l <"$work/files") - 1)) more files below $DESTDIR$PREFIX"
