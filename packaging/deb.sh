#!/usr/bin/env bash
# Makes two Debian packages out of what install.sh installs: ferrozmq in the place of libzmq5, and
# ferrozmq-dev in the place of libzmq3-dev.
#
#   packaging/deb.sh [FOLDER]      where the packages go; default target/debian
#
# Environment: BUILT (a folder with libzmq.so and libzmq.a; default: build them), MAINTAINER ("Name <address>"),
# SOURCE_DATE_EPOCH (default: the last commit's). Needs dpkg-deb, readelf, gzip.
#
# The packages are for systems like the one they are built on: the same processor, and a libc that is not older.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")

mkdir -p "${1:-$root/target/debian}"
out=$(cd "${1:-$root/target/debian}" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/zmq-deb.XXXXXX")
trap 'rm -rf "$work"' EXIT
umask 022
maintainer=${MAINTAINER:-whoever built it <root@localhost>}
# The same input gives the same packages.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}

setting() {
    sed -n "/^\[$1\]/,/^\[/s/^$2 = \"\(.*\)\"/\1/p" "$root/Cargo.toml"
}
version=$(setting workspace.package version)
# What dependants compare: libzmq5 (>= 4.3.1) is there, and so is any revision of the release that zmq.h names.
provided=$(setting package.metadata.capi.pkg_config version)+ferrozmq$version
# Since then libzmq5 has had all that is stable: what is built on this library runs on that one.
since=4.3.4
architecture=$(dpkg --print-architecture)
multiarch=$("${CC:-cc}" -print-multiarch 2>/dev/null || true)
[ -n "$multiarch" ] || multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
libdir=/usr/lib/$multiarch

# --- files -----------------------------------------------------------------------------------------

env -u PREFIX -u INCLUDEDIR "$root/install.sh" ${BUILT:+BUILT="$BUILT"} DESTDIR="$work/all" PREFIX=/usr LIBDIR="$libdir" \
    MANDIR=/usr/share/man >"$work/log"
rm -r "$work/all/usr/share/ferrozmq"
find "$work/all/usr/share/man" -type f -exec gzip -9n {} + 2>/dev/null || true

run=$work/ferrozmq dev=$work/ferrozmq-dev
mkdir -p "$run$libdir"
mv "$work/all$libdir"/libzmq.so.5* "$run$libdir"
mv "$work/all" "$dev"

# Licences ask that their texts come with the binaries, those of the crates inside too.
notices() {
    local name crate_version folder
    cat <<'TEXT'
ferrozmq is licensed under the Apache License 2.0 or the MIT license, as you like.

TEXT
    cat "$root/LICENSE-MIT"
    printf '\nThe Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0 on Debian systems.\n'
    printf '\nThese crates are part of it:\n\n'
    cargo tree --manifest-path "$root/Cargo.toml" --locked --package ferrozmq --edges normal --prefix none \
        --no-dedupe --format '{p}: {l}' | sed 's/ (proc-macro)//; /^ferrozmq /d' | sort -u | tee "$work/crates"
    while read -r name crate_version _; do
        for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"$name-${crate_version#v}"; do
            for file in "$folder"/LICENSE-MIT* "$folder"/LICENSE "$folder"/LICENSE.* "$folder"/COPYING*; do
                [ ! -f "$file" ] || printf '%s %s\n' "$(sha256sum <"$file" | cut -c 1-64)" "$file"
            done
        done
    done < <(sed 's/:.*//' "$work/crates") | sort -u -k 1,1 | while read -r _ file; do
        printf '\n--- %s\n\n' "$(basename "$(dirname "$file")")/$(basename "$file")"
        cat "$file"
    done
}
notices >"$work/copyright"
for tree in "$run" "$dev"; do
    doc=$tree/usr/share/doc/$(basename "$tree")
    mkdir -p "$doc"
    cp "$work/copyright" "$doc/copyright"
    gzip -9nc "$root/CHANGELOG.md" >"$doc/NEWS.gz"
    printf 'ferrozmq (%s) unstable; urgency=medium\n\n  * What changed is in NEWS.gz beside.\n\n -- %s  %s\n' "$version" \
        "$maintainer" "$(date -Ru -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.gz"
done

# --- what packages know of each other --------------------------------------------------------------

mkdir "$run/DEBIAN" "$dev/DEBIAN"
# The newest version of libc's symbols that the library asks for.
libc=$(readelf -VW "$run$libdir/libzmq.so.5" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
cat >"$run/DEBIAN/control" <<TEXT
Package: ferrozmq
Version: $version
Architecture: $architecture
Multi-Arch: same
Section: libs
Priority: optional
Maintainer: $maintainer
Installed-Size: $(du -sk --apparent-size "$run/usr" | cut -f 1)
Depends: libc6 (>= ${libc#GLIBC_}), libgcc-s1
Suggests: libgnutls30, libgssapi-krb5-2, libnorm1, libpgm-5.3-0
Provides: libzmq5 (= $provided)
Conflicts: libzmq5
Replaces: libzmq5
Description: ZeroMQ messaging library in Rust, in the place of libzmq5
 The same shared library, libzmq.so.5, with the same C functions and the same
 protocol on the wire: programs that were built for libzmq5 run on it as they
 are.
TEXT
cat >"$dev/DEBIAN/control" <<TEXT
Package: ferrozmq-dev
Version: $version
Architecture: $architecture
Multi-Arch: same
Section: libdevel
Priority: optional
Maintainer: $maintainer
Installed-Size: $(du -sk --apparent-size "$dev/usr" | cut -f 1)
Depends: ferrozmq (= $version)
Provides: libzmq3-dev (= $provided), libzmq5-dev (= $provided)
Conflicts: libzmq3-dev, libzmq5-dev, libzmq-dev
Replaces: libzmq3-dev, libzmq5-dev
Description: headers and static library of ferrozmq, in the place of libzmq3-dev
 What it takes to build programs for libzmq.so.5: zmq.h, libzmq.a, libzmq.pc,
 the CMake package ZeroMQ, and the manual pages.
TEXT

# A package that is built on this library asks for libzmq5, which either provides, unless it uses draft functions,
# which only this one has.
# They are what zmq.h declares between the last such line and the end.
drafts=$(awk '/^#ifdef ZMQ_BUILD_DRAFT_API/ { part = "" } { part = part "\n" $0 } END { print part }' "$root/include/zmq.h" |
    sed '/^[ \/]\*/d' | grep -o 'zmq_[a-z0-9_]*(' | tr -d '(' | sort -u)
[ -n "$drafts" ] || { echo "deb.sh: no draft functions found in zmq.h" >&2; exit 1; }
{
    echo "libzmq.so.5 libzmq5 #MINVER#"
    echo "| ferrozmq #MINVER#"
    nm -D --defined-only "$run$libdir/libzmq.so.5" | awk '$2 == "T" { print $3 }' | sort | while read -r symbol; do
        if grep -qxF "$symbol" <<<"$drafts"; then
            echo " $symbol@Base $version 1"
        else
            echo " $symbol@Base $since"
        fi
    done
} >"$run/DEBIAN/symbols"
echo "libzmq 5 libzmq5 (>= $since)" >"$run/DEBIAN/shlibs"
echo "activate-noawait ldconfig" >"$run/DEBIAN/triggers"

for tree in "$run" "$dev"; do
    (cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    dpkg-deb --root-owner-group --build "$tree" "$out/$(basename "$tree")_${version}_$architecture.deb" >/dev/null
    echo "$out/$(basename "$tree")_${version}_$architecture.deb"
done
