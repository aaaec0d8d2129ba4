# shellcheck shell=bash disable=SC2034,SC2154 # shares variables with run.sh and its groups
# The stage on which run.sh lets programs appear: a temporary folder with the library and their logs,
# starting, watching, ending, checking. What may not live here: knowledge of an example.
#
# Uses of run.sh: $here, $root. Gives: $work (the folder), $found (see `address`), `quiet`.

include=${ZMQ_INCLUDE_DIR:-$root/include}
limit=${EXAMPLES_TIMEOUT:-120}
declare -A pid=()
quiet=
found=
input=

fail() {
    echo "examples: $*" >&2
    exit 1
}

# A short path: an ipc endpoint has to fit into the 108 bytes of a socket address.
work=$(mktemp -d "${TMPDIR:-/tmp}/zmq-ex.XXXXXX")
bin=${EXAMPLES_BIN:-$work/bin}
clean_up() {
    local one
    for one in "${pid[@]}"; do
        kill "$one" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT

# set_stage LIBRARY: puts it where the programs will find it.
set_stage() {
    local library
    if [ "$1" = system ]; then
        library=$( (ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null) |
            awk '$1 == "libzmq.so.5" && !found++ { print $NF }')
        [ -n "$library" ] || {
            echo "the system has no libzmq.so.5"
            exit 77
        }
    else
        library=$(readlink -f "$1/libzmq.so" || true)
        [ -f "$library" ] || library=$(readlink -f "$1/libzmq.so.5" || true)
    fi
    [ -f "$library" ] || fail "no libzmq.so in $1 (cargo build --release makes one)"
    [ -f "$include/zmq.h" ] || fail "no zmq.h in $include"

    # Cargo names the file libzmq.so; programs look for its SONAME.
    mkdir "$work/lib"
    ln -s "$library" "$work/lib/libzmq.so"
    ln -s "$library" "$work/lib/libzmq.so.5"
    export LD_LIBRARY_PATH=$work/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    mkdir -p "$bin"
}

# compile PROGRAM...
compile() {
    local program
    for program in "$@"; do
        "${CC:-cc}" -std=c99 -Wall -Wextra -Werror -O2 -I "$include" \
            -o "$bin/$program" "$here/$program.c" -L "$work/lib" -lzmq ||
            fail "$program does not compile"
    done
    echo "compiled $# programs against $include/zmq.h"
}

# start LOG PROGRAM ARGUMENT...: runs it in the background; LOG is its name from then on. It reads from
# the file in `input`, if that is set.
start() {
    local name=$1 program=$2
    shift 2
    : >"$work/$name" # now: the program's own start may come after the first look into the file
    timeout -k 20 "$limit" "$bin/$program" "$@" >"$work/$name" 2>&1 <"${input:-/dev/null}" &
    pid[$name]=$!
}

# await LOG PATTERN: waits until it has said such a line (a basic regular expression).
await() {
    local deadline=$((SECONDS + limit))
    until grep -q -- "$2" "$work/$1"; do
        # A last look: it may have said so just before it ended.
        if ! kill -0 "${pid[$1]}" 2>/dev/null && ! grep -q -- "$2" "$work/$1" ||
            [ "$SECONDS" -ge "$deadline" ]; then
            cat "$work/$1" >&2
            fail "$1 never said: $2"
        fi
        sleep 0.02
    done
}

# address LOG ROLE: waits for the line "ROLE at ENDPOINT" and leaves the endpoint in `found`.
address() {
    await "$1" "^$2 at ."
    found=$(sed -n "s/^$2 at //p" "$work/$1")
}

# show LOG: what it said.
show() {
    sed "s|$work/|.../|g; s/^/    $1: /" "$work/$1"
}

# finish LOG...: waits for these programs, in that order, and shows what each one said.
finish() {
    local name code bad=0
    for name in "$@"; do
        code=0
        wait "${pid[$name]}" || code=$?
        unset "pid[$name]"
        if [ "$code" -ne 0 ] || [ -z "$quiet" ]; then
            show "$name"
        fi
        [ "$code" -eq 0 ] && continue
        [ "$code" -eq 124 ] && code="timed out after $limit s" || code="exit code $code"
        echo "    $name: FAILED, $code" >&2
        bad=1
    done
    [ "$bad" -eq 0 ] && return
    # What the others had to say may tell why.
    for name in "${!pid[@]}"; do
        show "$name" >&2
    done
    fail "a program failed"
}

# finish_failing LOG: waits for a program that is to fail, with exit code 1.
finish_failing() {
    local code=0
    wait "${pid[$1]}" || code=$?
    unset "pid[$1]"
    [ -n "$quiet" ] || show "$1"
    [ "$code" -eq 1 ] || fail "$1 ended with exit code $code instead of 1"
}

# stop LOG...: ends programs that serve for ever, the way Ctrl-C does, and waits for them.
stop() {
    local name
    for name in "$@"; do
        kill -TERM "${pid[$name]}" || fail "$name ended too early: $(cat "$work/$name")"
    done
    finish "$@"
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
