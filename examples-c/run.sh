#!/usr/bin/env bash
# Compiles the C examples against include/zmq.h, runs them as separate processes on the library in
# BUILD_DIR, over tcp and over ipc, and prints what they said. Exits non-zero when anything fails.
#
#   examples-c/run.sh [BUILD_DIR]     BUILD_DIR holds libzmq.so; default target/release
#
# Environment: CC, ZMQ_INCLUDE_DIR (default include/), EXAMPLES_TIMEOUT (seconds a program may take;
# default 30), EXAMPLES_BIN (keep the programs in this folder; default: a temporary one).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
build=${1:-${CARGO_TARGET_DIR:-$root/target}/release}
include=${ZMQ_INCLUDE_DIR:-$root/include}
limit=${EXAMPLES_TIMEOUT:-30}
programs=(hello_server hello_client weather_publisher weather_subscriber ventilator worker sink)

fail() {
    echo "examples: $*" >&2
    exit 1
}

# --- the stage: a temporary folder, and nothing left running -------------------------------------

# A short path: an ipc endpoint has to fit into the 108 bytes of a socket address.
work=$(mktemp -d "${TMPDIR:-/tmp}/zmq-ex.XXXXXX")
running=()
quiet=
clean_up() {
    local pid
    for pid in "${running[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT

library=$(readlink -f "$build/libzmq.so" || true)
[ -f "$library" ] || library=$(readlink -f "$build/libzmq.so.5" || true)
[ -f "$library" ] || fail "no libzmq.so in $build (cargo build --release makes one)"
[ -f "$include/zmq.h" ] || fail "no zmq.h in $include"

# Cargo names the file libzmq.so; programs look for its SONAME.
mkdir "$work/lib"
ln -s "$library" "$work/lib/libzmq.so"
ln -s "$library" "$work/lib/libzmq.so.5"
export LD_LIBRARY_PATH=$work/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

# --- compile ---------------------------------------------------------------------------------------

bin=${EXAMPLES_BIN:-$work/bin}
mkdir -p "$bin"
for program in "${programs[@]}"; do
    "${CC:-cc}" -std=c99 -Wall -Wextra -Werror -O2 -I "$include" \
        -o "$bin/$program" "$here/$program.c" -L "$work/lib" -lzmq ||
        fail "$program does not compile"
done
echo "compiled ${#programs[@]} programs against $include/zmq.h"

# --- run -------------------------------------------------------------------------------------------

# start LOG PROGRAM ARGUMENT...: runs it in the background; its pid is the last one in `running`.
start() {
    local log=$work/$1 program=$2
    shift 2
    : >"$log" # now: the program's own start may come after the first look into the file
    timeout -k 5 "$limit" "$bin/$program" "$@" >"$log" 2>&1 </dev/null &
    running+=($!)
}

# address LOG ROLE PID: waits for the line "ROLE at ENDPOINT" and leaves the endpoint in `found`.
address() {
    local deadline=$((SECONDS + limit))
    until found=$(sed -n "s/^$2 at //p" "$work/$1" 2>/dev/null) && [ -n "$found" ]; do
        if ! kill -0 "$3" 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
            cat "$work/$1" >&2
            fail "$1 gave no address ($2)"
        fi
        sleep 0.02
    done
}

# finish LOG...: waits for all that was started, in that order, and shows what each one said.
finish() {
    local i code bad=0
    local logs=("$@")
    for i in "${!logs[@]}"; do
        code=0
        wait "${running[$i]}" || code=$?
        if [ "$code" -ne 0 ] || [ -z "$quiet" ]; then
            sed "s|$work/|.../|; s/^/    ${logs[$i]}: /" "$work/${logs[$i]}"
        fi
        [ "$code" -eq 0 ] && continue
        [ "$code" -eq 124 ] && code="timed out after $limit s" || code="exit code $code"
        echo "    ${logs[$i]}: FAILED, $code" >&2
        bad=1
    done
    running=()
    [ "$bad" -eq 0 ] || fail "a program failed"
}

# expect LOG TEXT: the program must have said this.
expect() {
    grep -qF -- "$2" "$work/$1" || fail "$1 should have said: $2"
}

# endpoint TRANSPORT NAME: where a program may bind; tcp takes whichever port is free.
endpoint() {
    case $1 in
    tcp) echo "tcp://127.0.0.1:*" ;;
    ipc) echo "ipc://$work/$2" ;;
    esac
}

request_and_reply() {
    echo "request and reply over $1: one server, two clients"
    start server hello_server "$(endpoint "$1" hello)" 5
    address server listening "${running[0]}"
    start client-1 hello_client "$found" 3
    start client-2 hello_client "$found" 2
    finish server client-1 client-2
    expect server "answered 5 requests"
    expect client-1 "Edsger -> Good morning, Edsger!"
    expect client-2 "Grace -> Good morning, Grace!"
}

publish_and_subscribe() {
    local broadcast mailbox
    echo "publish and subscribe over $1: one station, two listeners"
    start station weather_publisher "$(endpoint "$1" radio)" "$(endpoint "$1" mail)" 2
    address station broadcasting "${running[0]}" && broadcast=$found
    address station mailbox "${running[0]}" && mailbox=$found
    start listener-1 weather_subscriber "$broadcast" "$mailbox" Lisbon
    start listener-2 weather_subscriber "$broadcast" "$mailbox" Oslo
    finish station listener-1 listener-2
    expect station "a letter: 5 reports from Lisbon"
    expect station "a letter: 5 reports from Oslo"
}

pipeline() {
    local tasks results control
    echo "pipeline over $1: a ventilator, two workers, a sink"
    start ventilator ventilator "$(endpoint "$1" tasks)" 100000
    start sink sink "$(endpoint "$1" results)" "$(endpoint "$1" control)" 2
    address ventilator tasks "${running[0]}" && tasks=$found
    address sink results "${running[1]}" && results=$found
    address sink control "${running[1]}" && control=$found
    start worker-1 worker "$tasks" "$results" "$control"
    start worker-2 worker "$tasks" "$results" "$control"
    finish ventilator sink worker-1 worker-2
    # Known beforehand: a task that was lost or done twice would show.
    expect sink "9592 primes below 100000"
}

for transport in tcp ipc; do
    request_and_reply "$transport"
    publish_and_subscribe "$transport"
    pipeline "$transport"
    # Over ipc they say the same again; a failure is always shown.
    quiet=yes
done
echo "all examples ran to their end"
