#!/usr/bin/env bash
# Programs that were made for the system's libzmq run on this library, and on the other one again afterwards:
# by LD_LIBRARY_PATH, by LD_PRELOAD, by an installation in /usr/local, and by the Debian packages of
# packaging/deb.sh. The programs: Debian's python3-zmq, a wheel of pyzmq with a copy of libzmq, node's zeromq with
# libzmq compiled in, and what is compiled against the -dev package.
#
# Nothing of this touches the system: packages are installed in an overlay that only this script sees, and that
# is gone when it ends. That takes root, Debian and a kernel that lets it mount one; where these are not there,
# it says so, and what can be done without them is done.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    echo "swap: $*" >&2
    exit 1
}
setting() {
    sed -n "/^\[$1\]/,/^\[/s/^$2 = \"\(.*\)\"/\1/p" Cargo.toml
}

# --- within the overlay ----------------------------------------------------------------------------

# The rest of the script, as the root of a system that is a copy. WORK holds the packages and the programs.
in_overlay() {
    local libdir reference_version reference ours
    cd "$work"
    export DEBIAN_FRONTEND=noninteractive LC_ALL=C
    libdir=$(dirname "$(dpkg -L libzmq5 | grep 'libzmq\.so\.5$')")
    reference=$(realpath "$libdir/libzmq.so.5")
    reference_version=$(dpkg-query -W -f '${Version}' libzmq5 | sed 's/-.*//')
    ours=$libdir/$file

    # runs_on VERSION LIBRARY: what is installed, and what was compiled when the other library was there, run on it.
    runs_on() {
        timeout -k 5 120 /usr/bin/python3 swap.py "$1" "$2"
        timeout -k 5 60 ./made-for-reference "$1" "$2"
    }
    # quiet COMMAND...: shows what it says only if it fails.
    quiet() {
        "$@" >"$work/log" 2>&1 || fail "$*: $(tail -n 30 "$work/log")"
    }
    compile() {
        # shellcheck disable=SC2046 # words on purpose
        cc -std=c99 -Wall -Werror -o "$1" "${@:2}" $(pkg-config --cflags --libs libzmq)
    }
    # whole: what dpkg and apt think of the system as it is.
    whole() {
        quiet apt-get check
        [ -z "$(dpkg --audit)" ] || fail "$(dpkg --audit)"
        for package in python3-zmq cppzmq-dev; do
            dpkg-query -W -f '${Status}' "$package" | grep -q '^install ok installed' || fail "$package is gone"
        done
    }
    # back: apt brings the other library again, which takes ours away.
    back() {
        quiet apt-get install -y --no-install-recommends libzmq5 libzmq3-dev cppzmq-dev
        whole
        runs_on "$reference_version" "$reference"
        ! dpkg-query -W -f '${Status}' ferrozmq 2>/dev/null | grep -q '^install ok' || fail "ferrozmq is still installed"
        [ -z "$(find /usr -name "$file")" ] || fail "the library is still there"
        [ ! -e "$libdir/cmake/ZeroMQ/ZeroMQConfig.cmake" ] || fail "the CMake package is still there"
    }

    compile made-for-reference installed.c
    echo "as it was:"
    runs_on "$reference_version" "$reference"

    # The loader looks there before it looks into the system's folders.
    echo "installed in /usr/local:"
    cp -a local/. /
    quiet ldconfig
    runs_on "$version" "/usr/local/lib/$file"
    echo "and back:"
    quiet ./install.sh --uninstall
    runs_on "$reference_version" "$reference"

    echo "with apt, ferrozmq and ferrozmq-dev:"
    quiet apt-get install -y --no-install-recommends ./ferrozmq_*.deb ./ferrozmq-dev_*.deb
    whole
    quiet dpkg --verify ferrozmq ferrozmq-dev
    ! dpkg-query -W -f '${Status}' libzmq5 2>/dev/null | grep -q '^install ok' || fail "libzmq5 is still installed"
    runs_on "$version" "$ours"

    compile made-for-ours installed.c
    timeout -k 5 60 ./made-for-ours "$version" "$ours"
    # What a package needs that is built here: stable functions are in either library.
    mkdir -p debian
    printf 'Source: some\n\nPackage: some\nArchitecture: any\n' >debian/control
    dpkg-shlibdeps -O ./made-for-ours | tee depends
    grep -q 'libzmq5 (>= 4' depends || fail "the package of a program should need libzmq5"
    compile draft -DZMQ_BUILD_DRAFT_API -x c - -x none <<<'#include <zmq.h>
        int main (void) { return zmq_poller_new () == 0; }'
    dpkg-shlibdeps -O ./draft | tee depends
    grep -q 'ferrozmq (>= ' depends || fail "the package of a program with draft functions should need ferrozmq"

    echo "and back:"
    back
    timeout -k 5 60 ./made-for-ours "$reference_version" "$reference"

    # libzmq3-dev needs libzmq5 of its own version, and nothing else does.
    echo "with dpkg alone, on a system without the other's headers:"
    quiet apt-get remove -y libzmq3-dev
    quiet dpkg --install ferrozmq_*.deb
    runs_on "$version" "$ours"
    echo "and back:"
    back
}

if [ "${1:-}" = --in-overlay ]; then
    work=$2 version=$3 file=$4
    in_overlay
    exit
fi

# --- by environment variables ----------------------------------------------------------------------

unset LD_LIBRARY_PATH LD_PRELOAD
work=$(realpath "$(mktemp -d "${TMPDIR:-/tmp}/zmq-swap.XXXXXX")")
trap 'rm -rf "$work"' EXIT
version=$(setting package.metadata.capi.pkg_config version)
file=libzmq.so.$(setting package.metadata.capi.library version)

cargo build --release --locked --package ferrozmq
./install.sh --no-build PREFIX="$work/tree" >/dev/null
python=/usr/bin/python3
if "$python" -c 'import zmq' 2>/dev/null; then
    echo "== LD_LIBRARY_PATH, LD_PRELOAD"
    lib=$work/tree/lib
    LD_LIBRARY_PATH=$lib timeout -k 5 120 "$python" packaging/test/swap.py "$version" "$lib/$file"
    LD_PRELOAD=$lib/libzmq.so.5 timeout -k 5 120 "$python" packaging/test/swap.py "$version" "$lib/$file"
else
    echo "== LD_LIBRARY_PATH, LD_PRELOAD: not tried with python3-zmq, which is not installed"
fi
# A wheel finds its copy under a name that only it knows; what is loaded first comes before it all the same.
if python3 -m venv "$work/wheel" && "$work/wheel/bin/pip" install -q --only-binary :all: pyzmq==27.3.0; then
    echo "== LD_PRELOAD, and a wheel that brings its own copy"
    LD_PRELOAD=$work/tree/lib/libzmq.so.5 timeout -k 5 120 "$work/wheel/bin/python" packaging/test/swap.py \
        "$version" "$work/tree/lib/$file"
else
    echo "== LD_PRELOAD, and a wheel that brings its own copy: not tried, it could not be installed"
fi
# An addon that calls its own copy through the loader's tables: there, too, what is loaded first comes first.
mkdir "$work/node"
cp packaging/test/swap.js "$work/node"
if command -v node >/dev/null && (cd "$work/node" && npm install --silent --no-audit --ignore-scripts zeromq@6.8.0); then
    echo "== LD_PRELOAD, and an addon that has libzmq compiled in"
    LD_PRELOAD=$work/tree/lib/libzmq.so.5 timeout -k 5 120 node "$work/node/swap.js" "$version"
else
    echo "== LD_PRELOAD, and an addon that has libzmq compiled in: not tried, there is no node, or no package"
fi

# --- by packages -----------------------------------------------------------------------------------

if ! command -v dpkg-deb >/dev/null; then
    echo "== packages: this is no Debian, they are not tried"
    exit 0
fi
echo "== Debian packages"
packaging/deb.sh "$work"
./install.sh --no-build DESTDIR="$work/local" >/dev/null
cp packaging/test/swap.py packaging/test/installed.c ci/swap.sh install.sh "$work"

# shellcheck disable=SC2016 # all of it is for the inner shell
overlay='
    set -e
    mount -t tmpfs -o mode=755 tmpfs "$1"
    mkdir "$1/upper" "$1/work" "$1/root"
    mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
    for folder in /proc /sys /dev; do
        mount --rbind "$folder" "$1/root$folder"
    done'
mkdir "$work/mount"
if [ "$(id -u)" -ne 0 ] || ! unshare --mount sh -c "$overlay" sh "$work/mount" 2>"$work/log"; then
    echo "they are not installed: that takes root and a file system of its own. $(cat "$work/log" 2>/dev/null)"
    exit 0
fi
# shellcheck disable=SC2016
unshare --mount sh -c "$overlay"'
    mkdir -p "$1/root/$2" && mount --bind "$2" "$1/root/$2"
    export DEBIAN_FRONTEND=noninteractive
    chroot "$1/root" apt-get install -y -qq --no-install-recommends python3-zmq libzmq5 libzmq3-dev cppzmq-dev \
        dpkg-dev gcc libc6-dev pkg-config >"$2/log" 2>&1 || { cat "$2/log"; exit 1; }
    exec chroot "$1/root" "$2/swap.sh" --in-overlay "$2" "$3" "$4"' \
    sh "$work/mount" "$work" "$version" "$file"
