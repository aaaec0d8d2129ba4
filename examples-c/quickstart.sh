#!/usr/bin/env bash
# The first look at this library: builds it, compiles the basic C examples against it and runs them. Where
# the system has a libzmq of its own, also runs a program that was linked against that one, unchanged.
#
#   examples-c/quickstart.sh
#
# Environment: FERROZMQ_LIB_DIR (a folder with a built libzmq.so; default: build it), CC.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
target=${CARGO_TARGET_DIR:-$root/target}
relink=$target/relink
limit=30

fail() {
    echo "quickstart: $*" >&2
    exit 1
}

# --- build -----------------------------------------------------------------------------------------

built=${FERROZMQ_LIB_DIR:-}
if [ -z "$built" ]; then
    echo "== building libzmq.so.5"
    (cd "$root" && cargo build --release --package ferrozmq)
    built=$target/release
fi
library=$(readlink -f "$built/libzmq.so" || true)
[ -f "$library" ] || fail "no libzmq.so in $built"

mkdir -p "$relink/bin"
ln -sfn "$library" "$relink/libzmq.so"
ln -sfn "$library" "$relink/libzmq.so.5"

# --- the examples ----------------------------------------------------------------------------------

echo
echo "== compiling the basic C examples with -lzmq and running them"
EXAMPLES_BIN=$relink/bin "$here/run.sh" "$relink" basics

# --- a program of the system's libzmq, on this library ---------------------------------------------

# Nothing on the way may hide what the system itself would load.
unset LD_LIBRARY_PATH

system=$( (ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null) |
    awk '$1 == "libzmq.so.5" && !found++ { print $NF }')
echo
if [ -z "$system" ] || [ "$(readlink -f "$system")" = "$library" ]; then
    echo "== no other libzmq.so.5 installed: nothing to swap"
    exit 0
fi
echo "== a program linked against the system's libzmq, unchanged, on this library"

# With the system's own header where it has one: this is how somebody else's program was built.
include=()
[ -f /usr/include/zmq.h ] || include=(-I "${ZMQ_INCLUDE_DIR:-$root/include}")
for program in hello_server hello_client; do
    "${CC:-cc}" -std=c99 -Wall -Wextra -Werror -O2 "${include[@]}" \
        -o "$relink/bin/system_$program" "$here/$program.c" "$system" || fail "it does not compile"
done

loads() {
    ldd "$relink/bin/system_hello_client" | sed -n 's/^[[:space:]]*\(libzmq.*\) (0x.*/\1/p'
}
before=$(loads)
after=$(LD_LIBRARY_PATH=$relink loads)
echo "    as installed:                    $before"
echo "    with LD_LIBRARY_PATH set:        $after"
case $after in
*"$relink/libzmq.so.5") ;;
*) fail "the program did not pick up this library" ;;
esac

# talk SERVER_PATH CLIENT_PATH: one conversation; each side on the library that its path leads to.
server_pid=
trap '[ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true' EXIT
talk() {
    local log=$relink/server.log waited=0 endpoint
    : >"$log"
    LD_LIBRARY_PATH=$1 timeout -k 5 "$limit" "$relink/bin/system_hello_server" "tcp://127.0.0.1:*" 2 \
        >"$log" 2>&1 </dev/null &
    server_pid=$!
    until endpoint=$(sed -n 's/^listening at //p' "$log") && [ -n "$endpoint" ]; do
        if ! kill -0 "$server_pid" 2>/dev/null || [ "$waited" -ge $((limit * 50)) ]; then
            fail "the server gave no address: $(cat "$log")"
        fi
        waited=$((waited + 1))
        sleep 0.02
    done
    LD_LIBRARY_PATH=$2 timeout -k 5 "$limit" "$relink/bin/system_hello_client" "$endpoint" 2 |
        sed 's/^/    client: /' || fail "the client failed"
    wait "$server_pid" || fail "the server failed: $(cat "$log")"
    server_pid=
    sed 's/^/    server: /' "$log"
}
echo "  both sides on this library:"
talk "$relink" "$relink"
echo "  server on this library, client on the system's:"
talk "$relink" ""
echo "  server on the system's, client on this library:"
talk "" "$relink"
echo
echo "The library is $relink/libzmq.so.5; to run any program of yours on it:"
echo "    LD_LIBRARY_PATH=$relink your-program"
