#!/usr/bin/env bash
# Language bindings run on this library as they do on libzmq: their own test suites where those can be had, and
# programs of bindings/. Prints the counts of both and fails where ours has a failure that the reference has not.
#
#   ci/bindings.sh [PART...]      parts: pyzmq loop cpp czmq node perl ruby (all of them)
#
# The reference is the system's libzmq5. What cannot be had (a package, a registry) is skipped with a notice, and
# is a failure where CI is set. docs/bindings.md says what is left out and why.
#
# Environment: PYTHON (python3), LOOP_SECONDS (12), REFERENCE_LIB (the loader's libzmq.so.5), KEEP (keep the work folder)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

pyzmq=27.3.0
zeromqjs=6.8.0
[ $# -gt 0 ] || set -- pyzmq loop cpp czmq node perl ruby

work=$(realpath "$(mktemp -d "${TMPDIR:-/tmp}/zmq-bindings.XXXXXX")")
if [ -n "${KEEP:-}" ]; then
    echo "work folder: $work"
else
    trap 'rm -rf "$work"' EXIT
fi
unset LD_LIBRARY_PATH LD_PRELOAD PKG_CONFIG_PATH
python=${PYTHON:-python3}
failures=0 skips=0

failed() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}
# missing WHAT: a part that cannot be run here.
missing() {
    if [ -n "${CI:-}" ]; then
        failed "$*"
    else
        echo "SKIPPED: $*"
        skips=$((skips + 1))
    fi
}
wanted() {
    case " $parts " in *" $1 "*) ;; *) return 1 ;; esac
}
parts=$*
# fetched COMMAND...: runs what fetches from a registry, up to three times: one that is busy is no finding.
fetched() {
    local turn
    for turn in 1 2 3; do
        "$@" && return
        sleep $((5 * turn))
    done
    return 1
}

# --- the two libraries, each as an installation ----------------------------------------------------

cargo build --release --locked --package ferrozmq
./install.sh --no-build PREFIX="$work/ours" >/dev/null
reference=${REFERENCE_LIB:-$(ldconfig -p | sed -n 's/.*libzmq\.so\.5 .*=> //p' | head -n 1)}
if [ ! -e "$reference" ] || [ ! -e /usr/include/zmq.h ]; then
    missing "the reference: libzmq5 and libzmq3-dev"
    exit "$((failures > 0))"
fi
mkdir -p "$work/reference/lib/pkgconfig" "$work/reference/include"
ln -s "$(realpath "$reference")" "$work/reference/lib/libzmq.so.5"
ln -s libzmq.so.5 "$work/reference/lib/libzmq.so"
cp /usr/include/zmq.h /usr/include/zmq_utils.h "$work/reference/include/"

# A network namespace for each run, where that is permitted: fixed ports of two runs do not collide. Its loopback
# gets an address with a broadcast, which CZMQ's beacon needs.
# shellcheck disable=SC2016 # expanded by the inner shell
inside='ip link set lo up && ip addr add 10.99.0.1/24 broadcast 10.99.0.255 dev lo && exec "$@"'
alone=()
for flags in -n -rn; do
    if unshare "$flags" sh -c "$inside" sh true 2>/dev/null; then
        alone=(unshare "$flags" sh -c "$inside" sh)
        break
    fi
done

# on WHICH SECONDS COMMAND...: runs it on that library, in a namespace.
on() {
    local which=$1 limit=$2
    shift 2
    LD_LIBRARY_PATH=$work/$which/lib timeout -k 5 "$limit" "${alone[@]}" "$@"
}

# same NAME COMMAND...: the same program on both libraries must end well and print the same; what it says of the
# library that it loaded (stderr) must name the right one. Where it fails on the reference there is nothing to
# compare with, and it must end well on ours.
same() {
    local name=$1 which log bad='' code=0
    shift
    for which in ours reference; do
        log=$work/$name.$which code=0
        on "$which" 120 "${@//WHICH/$which}" >"$log" 2>"$log.err" || code=$?
        [ "$code" -eq 0 ] || [ "$which" = reference ] || bad+=" ours exits with $code"
    done
    if [ "$code" -ne 0 ]; then
        echo "$name: the reference exits with $code: $(tail -n 2 "$work/$name.reference.err" | head -n 1)"
    else
        cmp -s "$work/$name.ours" "$work/$name.reference" || bad+=" output differs"
    fi
    if [ -z "$bad" ]; then
        both=$((both + 1))
        return
    fi
    failed "$name:$bad"
    tail -n 15 "$work/$name.ours.err" "$work/$name.reference.err" || true
    diff "$work/$name.ours" "$work/$name.reference" || true
}
# opened WHICH FILE: the line that a program printed about the library that it opened.
opened() {
    grep -qF "$(realpath "$work/$1/lib/libzmq.so.5")" "$2" || failed "$2: not on $1: $(head -n 3 "$2")"
}

# --- pyzmq -----------------------------------------------------------------------------------------

# pyzmq_build: the source distribution, compiled against each installation.
pyzmq_build() {
    "$python" -m venv "$work/venv" || return 1
    local pip=("$work/venv/bin/pip" --disable-pip-version-check -q)
    fetched "${pip[@]}" install 'scikit-build-core<1' 'cython<4' packaging ninja 'cmake<5' 'pytest<10' 'pytest-asyncio<2' \
        'pytest-rerunfailures<17' 'tornado<7' gevent setuptools || return 1
    # Building it tells pip its version, so what is needed to build is installed by now.
    fetched "${pip[@]}" download --no-deps --no-build-isolation --no-binary pyzmq -d "$work" "pyzmq==$pyzmq" 2>/dev/null || return 1
    tar -xzf "$work/pyzmq-$pyzmq.tar.gz" -C "$work"
    local which
    for which in ours reference; do
        PATH=$work/venv/bin:$PATH ZMQ_PREFIX=$work/$which PYZMQ_NO_BUNDLE=1 "${pip[@]}" install --no-deps --no-build-isolation \
            --no-cache-dir --target "$work/pyzmq.$which" "$work/pyzmq-$pyzmq.tar.gz" || return 1
        mkdir "$work/tests.$which"
        cp -r "$work/pyzmq-$pyzmq/tests" "$work/pyzmq-$pyzmq/pytest.ini" "$work/tests.$which/"
        # Two tests give a message that was sent five milliseconds to arrive, which a loaded machine does not always keep.
        sed -i 's/\(events = await b\.poll(timeout=5\))/\1000)/' "$work/tests.$which/tests/"test_{asyncio,future}.py || return 1
        # No LD_LIBRARY_PATH: the extension finds what it was built against.
        PYTHONPATH=$work/pyzmq.$which "$work/venv/bin/python" -c "import zmq
zmq.Context().term()
print('pyzmq', zmq.__version__, 'on', {l.split()[-1] for l in open('/proc/self/maps') if 'libzmq' in l})" | tee "$work/pyzmq.$which.maps"
        opened "$which" "$work/pyzmq.$which.maps"
    done
}
# pyzmq_test WHICH NAME PYTEST_ARGUMENT...: writes NAME.WHICH.xml and .log
pyzmq_test() {
    local which=$1 name=$2
    shift 2
    # Races of the tests themselves, which the reference loses as often (docs/bindings.md): a subscription is
    # expected at a publisher without waiting for it, and seven later tests fail after it.
    (cd "$work/tests.$which" && PYTHONPATH=$work/pyzmq.$which timeout -k 5 400 "${alone[@]}" "$work/venv/bin/python" -m pytest -q \
        -p no:cacheprovider --deselect tests/test_log.py::TestPubLog::test_blank_root_topic --junitxml "$work/$name.$which.xml" "$@" \
        >"$work/$name.$which.log" 2>&1 </dev/null) || true
}
pyzmq_finish() {
    local again
    if [ ! -s "$work/pyzmq.ours.xml" ] || [ ! -s "$work/pyzmq.reference.xml" ]; then
        failed "pyzmq: the suite did not end"
        tail -n 30 "$work/pyzmq.ours.log" "$work/pyzmq.reference.log"
        return
    fi
    if "$python" bindings/python/compare.py pyzmq "$work/pyzmq.ours.xml" "$work/pyzmq.reference.xml" 2>"$work/again"; then
        return
    fi
    grep -hE '^E  |^(FAILED|ERROR)' "$work/pyzmq.ours.log" | head -n 40 || true
    again=$(sort -u "$work/again" | paste -sd '|' | sed 's/|/ or /g')
    [ -n "$again" ] && pyzmq_test ours again -k "$again"
    if [ ! -s "$work/again.ours.xml" ] ||
        ! "$python" bindings/python/compare.py pyzmq "$work/pyzmq.ours.xml" "$work/pyzmq.reference.xml" "$work/again.ours.xml" 2>/dev/null; then
        failed "pyzmq"
        tail -n 60 "$work/again.ours.log" 2>/dev/null || true
    fi
}

suites=()
if wanted pyzmq || wanted loop; then
    echo "== pyzmq $pyzmq from source"
    if ! "$python" -c 'import ensurepip, sysconfig, os; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null; then
        missing "pyzmq: python3-venv and python3-dev"
    elif ! pyzmq_build >"$work/pyzmq.build" 2>&1; then
        tail -n 20 "$work/pyzmq.build"
        missing "pyzmq: could not be built"
    else
        grep '^pyzmq' "$work/pyzmq.build"
        grep '^FAILED' "$work/pyzmq.build" && failures=$((failures + 1))
        # The two suites wait most of the time, so they run beside the rest.
        if wanted pyzmq; then
            pyzmq_test ours pyzmq &
            suites+=($!)
            pyzmq_test reference pyzmq &
            suites+=($!)
        fi
    fi
fi

# --- cppzmq ----------------------------------------------------------------------------------------

both=0
if wanted cpp; then
    echo "== cppzmq"
    if [ ! -e /usr/include/zmq.hpp ] || ! command -v g++ >/dev/null; then
        missing "cppzmq: cppzmq-dev and g++"
    else
        # Only zmq.hpp from /usr/include: zmq.h is that of the library.
        mkdir "$work/hpp" "$work/cpp.ours" "$work/cpp.reference"
        cp /usr/include/zmq.hpp /usr/include/zmq_addon.hpp "$work/hpp/"
        cxx="g++ -std=c++17 -Wall -Wextra -Werror -pthread -isystem $work/hpp"
        for which in ours reference; do
            for source in bindings/cpp/*.cpp; do
                echo "$cxx -I$work/$which/include -o $work/cpp.$which/$(basename "$source" .cpp) $source -L$work/$which/lib -lzmq"
            done
        done >"$work/commands"
        echo "$cxx -DZMQ_BUILD_DRAFT_API=1 -I$work/ours/include -o $work/cpp.drafts bindings/cpp/polling.cpp -L$work/ours/lib -lzmq" >>"$work/commands"
        if xargs -P 2 -d '\n' -n 1 sh -c <"$work/commands"; then
            before=$failures
            for source in bindings/cpp/*.cpp; do
                name=$(basename "$source" .cpp)
                same "$name" "$work/cpp.WHICH/$name"
            done
            if on ours 60 "$work/cpp.drafts" >"$work/drafts.out" 2>&1; then
                grep 'draft API' "$work/drafts.out"
            else
                failed "cppzmq: poller_t and active_poller_t: $(cat "$work/drafts.out")"
            fi
            echo "cppzmq on ferrozmq and reference: $both programs with the same output, $((failures - before)) failed"
        else
            failed "cppzmq: a program does not compile"
        fi
    fi
fi

# --- CZMQ ------------------------------------------------------------------------------------------

if wanted czmq; then
    echo "== CZMQ: the self tests in Debian's libczmq, a binary made for libzmq"
    if [ ! -e /usr/include/czmq.h ]; then
        missing "CZMQ: libczmq-dev"
    else
        cc -std=gnu99 -Wall -Wextra -Werror -o "$work/selftest" bindings/czmq/selftest.c -Wl,--no-as-needed -lczmq -lzmq -ldl
        cc -std=gnu99 -Wall -Wextra -Werror -o "$work/gossip" bindings/czmq/gossip.c -Wl,--no-as-needed -lczmq -lzmq -ldl
        # Those that use libzmq. Files, lists, hashes and the like are not its business. Not zgossip, which is decided by a
        # race of its own on every libzmq (docs/bindings.md): gossip.c is in its place.
        classes=(zactor zauth zcert zcertstore zframe zloop zmonitor zmsg zpoller zproxy zsock_option zsock zstr zsys)
        [ "${#alone[@]}" -eq 0 ] || classes+=(zbeacon)
        # czmq_run WHICH: one line each in czmq.WHICH. In a folder of its own: some write files.
        czmq_run() {
            local class place
            for class in "${classes[@]}"; do
                place=$(mktemp -d "$work/czmq-place.XXXXXX")
                if (cd "$place" && on "$1" 120 "$work/selftest" "$class") >"$work/czmq.$1.$class" 2>&1; then
                    echo "$class passed"
                else
                    echo "$class failed"
                fi
            done >"$work/czmq.$1"
        }
        czmq_run reference &
        other=$!
        czmq_run ours
        wait "$other"
        for which in ours reference; do
            printf 'CZMQ on %s: %d passed, %d failed, 0 skipped\n' "${which/ours/ferrozmq}" \
                "$(grep -c passed "$work/czmq.$which")" "$(grep -c failed "$work/czmq.$which")"
        done
        while read -r class verdict; do
            if [ "$verdict" = failed ] && grep -qx "$class passed" "$work/czmq.reference"; then
                failed "CZMQ: $class"
                tail -n 5 "$work/czmq.ours.$class"
            fi
        done <"$work/czmq.ours"
        same gossip "$work/gossip"
    fi
fi

# --- scripts ---------------------------------------------------------------------------------------

if wanted perl; then
    echo "== Perl: ZMQ::FFI"
    if perl -MZMQ::FFI -e1 2>/dev/null; then
        before=$failures
        same perl perl bindings/perl/smoke.pl
        for which in ours reference; do opened "$which" "$work/perl.$which.err"; done
        echo "ZMQ::FFI on ferrozmq and reference: $((failures - before)) failed"
    else
        missing "Perl: libzmq-ffi-perl"
    fi
fi

if wanted ruby; then
    echo "== Ruby: ffi-rzmq"
    if ruby -e 'require "ffi-rzmq"' 2>/dev/null; then
        before=$failures
        same ruby ruby bindings/ruby/smoke.rb
        for which in ours reference; do opened "$which" "$work/ruby.$which.err"; done
        echo "ffi-rzmq on ferrozmq and reference: $((failures - before)) failed"
    else
        missing "Ruby: ruby-ffi-rzmq"
    fi
fi

# --- zeromq.js -------------------------------------------------------------------------------------

# node_build: the package of npm, with an addon linked to libzmq.so in the place of the one that it brings.
node_build() {
    local headers abi
    headers=$(node -p 'require("path").resolve(process.execPath, "../../include/node")')
    abi=$(node -p process.versions.modules)
    [ -e "$headers/node_api.h" ] || return 1
    mkdir -p "$work/node/src"
    (cd "$work/node" && fetched npm pack --silent "zeromq@$zeromqjs" >/dev/null && tar -xzf "zeromq-$zeromqjs.tgz" && cd package &&
        npm pkg delete devDependencies && fetched npm install --ignore-scripts --no-save --no-audit --no-fund) || return 1
    cd "$work/node/package"
    rm -rf build
    mkdir -p "build/linux/own"
    find src -name '*.cc' -print0 | xargs -0 -P 2 -I{} g++ -std=c++20 -O0 -fPIC -DNAPI_CPP_EXCEPTIONS -DBUILDING_NODE_EXTENSION -I"$headers" \
        -Inode_modules/node-addon-api -Isrc -I"$work/ours/include" -c {} -o "$work/node/{}.o" || return 1
    g++ -shared -o build/linux/own/addon.node "$work"/node/src/*.o -L"$work/ours/lib" -lzmq || return 1
    node -e "
        const key = {os: process.platform, arch: process.arch, runtime: 'node', runtimeVersion: process.versions.node,
            buildType: 'Release', addonSubdirectory: '', projectName: 'addon', abi: $abi, libc: 'glibc'}
        require('fs').writeFileSync('build/manifest.json', JSON.stringify({[JSON.stringify(key)]: 'linux/own/addon.node'}))"
}

if wanted node; then
    echo "== zeromq.js $zeromqjs, its addon compiled against ferrozmq"
    if ! command -v npm >/dev/null || ! command -v g++ >/dev/null; then
        # Not for CI to bring: Debian's and other packages of Node.js exclude each other.
        echo "SKIPPED: zeromq.js: there is no npm here"
        skips=$((skips + 1))
    elif ! (node_build) >"$work/node.build" 2>&1; then
        tail -n 20 "$work/node.build"
        missing "zeromq.js: could not be built"
    else
        before=$failures
        same node node bindings/node/smoke.js "$work/node/package"
        cat "$work/node.ours"
        echo "zeromq.js on ferrozmq and reference: $((failures - before)) failed"
    fi
fi

# --- an event loop ---------------------------------------------------------------------------------

if [ "${#suites[@]}" -gt 0 ]; then
    echo "== pyzmq's own tests"
    wait "${suites[@]}" || true
    pyzmq_finish
fi
if wanted loop && [ -d "$work/pyzmq.ours" ]; then
    echo "== asyncio on ZMQ_FD, under load"
    PYTHONPATH=$work/pyzmq.ours timeout -k 5 200 "$work/venv/bin/python" bindings/python/event_loop.py "${LOOP_SECONDS:-12}" 1 ||
        failed "asyncio: a stall"
fi

cd "$root"
echo "$failures failures, $skips parts skipped"
[ "$failures" -eq 0 ]
