#!/usr/bin/env bash
# Runs every program of a folder on this library: prebuilt test programs of others, for example.
#
#   ci/run-programs.sh LIBDIR FOLDER [GLOB]
#
# LIBDIR holds libzmq.so or libzmq.so.5. FOLDER's executable files whose names match GLOB (default *)
# run one after the other, in name order, each in an empty temporary folder of its own. Exit code 0 is
# a pass, 77 a skip, everything else a failure, and so is a program that the loader would give another
# libzmq (an rpath, say). One line each, then 'N passed, N failed, N skipped'; exits 1 if any failed.
#
# Environment:
#   RUN_TIMEOUT   seconds a program may take (120)
#   RUN_REPEAT    runs of each program, all of which must pass (1)
#   RUN_NETNS     auto: a network namespace for each, with only loopback, where that is permitted;
#                 no: never; yes: a failure where it is not permitted (auto)
#   RUN_LOGS      folder that keeps each program's output (default: the end of a failure's is shown)
set -euo pipefail

usage() {
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
    exit 2
}
case $# in
2 | 3) ;;
*) usage ;;
esac

libdir=$1
folder=$(cd "$2" && pwd)
glob=${3:-*}
limit=${RUN_TIMEOUT:-120}
repeat=${RUN_REPEAT:-1}
netns=${RUN_NETNS:-auto}

work=$(mktemp -d "${TMPDIR:-/tmp}/zmq-run.XXXXXX")
trap 'rm -rf "$work"' EXIT
logs=${RUN_LOGS:-$work/logs}
mkdir -p "$work/lib" "$logs"
logs=$(cd "$logs" && pwd)

library=$(readlink -f "$libdir/libzmq.so" || true)
[ -f "$library" ] || library=$(readlink -f "$libdir/libzmq.so.5" || true)
[ -f "$library" ] || {
    echo "run-programs: no libzmq.so in $libdir" >&2
    exit 2
}
# Cargo names the file libzmq.so; programs look for its SONAME.
ln -s "$library" "$work/lib/libzmq.so"
ln -s "$library" "$work/lib/libzmq.so.5"
export LD_LIBRARY_PATH=$work/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

# --- a network of its own --------------------------------------------------------------------------

# shellcheck disable=SC2016 # expanded by the inner shell
inside='ip link set lo up && exec "$@"'
isolate=()
if [ "$netns" != no ]; then
    # Root needs no user namespace; others may be allowed to make one.
    for flags in -n -rn; do
        if unshare "$flags" sh -c "$inside" sh true 2>/dev/null; then
            isolate=(unshare "$flags" sh -c "$inside" sh)
            break
        fi
    done
    if [ "${#isolate[@]}" -eq 0 ] && [ "$netns" = yes ]; then
        echo "run-programs: no network namespace can be made here" >&2
        exit 2
    fi
fi

# --- run -------------------------------------------------------------------------------------------

# foreign PROGRAM: prints the libzmq.so.5 that it would load if that is not ours.
foreign() {
    local loads
    loads=$(ldd "$1" 2>/dev/null | sed -n 's/.*libzmq\.so\.5 => \(.*\) (0x.*/\1/p')
    [ -z "$loads" ] || [ "$loads" = "$work/lib/libzmq.so.5" ] || echo "$loads"
}

# run PROGRAM LOG: its exit code is left in `code`.
run() {
    local place
    place=$(mktemp -d "$work/cwd.XXXXXX")
    code=0
    # The outer redirection is for the shell's own word on a program that a signal ended.
    {
        (cd "$place" && TMPDIR=$place exec timeout -k 5 "$limit" "${isolate[@]}" "$1") \
            >>"$2" 2>&1 </dev/null || code=$?
    } 2>/dev/null
    rm -rf "$place"
}

# reason CODE: what an exit code other than 0 and 77 stands for.
reason() {
    if [ "$1" -eq 124 ]; then
        echo "timeout, $limit s"
    elif [ "$1" -gt 128 ] && kill -l $(($1 - 128)) >/dev/null 2>&1; then
        echo "signal $(kill -l $(($1 - 128)))"
    else
        echo "exit $1"
    fi
}

passed=0 failed=0 skipped=0
for program in "$folder"/$glob; do
    if [ ! -f "$program" ] || [ ! -x "$program" ]; then
        continue
    fi
    name=$(basename "$program")
    case $name in
    *.so | *.so.* | *.a | *.la) continue ;;
    esac

    log=$logs/$name.log
    : >"$log"
    other=$(foreign "$program")
    if [ -n "$other" ]; then
        printf '%-40s fail (would load %s)\n' "$name" "$other"
        failed=$((failed + 1))
        continue
    fi

    begun=${EPOCHREALTIME/[.,]/}
    turn=0 code=0
    while [ "$turn" -lt "$repeat" ] && [ "$code" -eq 0 ]; do
        turn=$((turn + 1))
        run "$program" "$log"
    done
    took=$(((${EPOCHREALTIME/[.,]/} - begun) / 100000))
    took=$((took / 10)).$((took % 10))

    case $code in
    0)
        verdict=pass
        passed=$((passed + 1))
        ;;
    77)
        verdict=skip
        skipped=$((skipped + 1))
        ;;
    *)
        verdict="fail ($(reason "$code"))"
        [ "$repeat" -eq 1 ] || verdict="$verdict in run $turn of $repeat"
        failed=$((failed + 1))
        ;;
    esac
    printf '%-40s %s  %s s\n' "$name" "$verdict" "$took"
    if [ "${verdict%% *}" = fail ] && [ -z "${RUN_LOGS:-}" ]; then
        tail -n 15 "$log" | sed 's/^/    /'
    fi
done

if [ $((passed + failed + skipped)) -eq 0 ]; then
    echo "run-programs: no program matches $folder/$glob" >&2
    exit 2
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
