#!/usr/bin/env bash
# Compiles the C examples against include/zmq.h, runs them as separate processes on one library, and
# prints what they said. Exits non-zero when anything fails.
#
#   examples-c/run.sh [LIBRARY [GROUP...]]
#
# LIBRARY is a folder with a libzmq.so or libzmq.so.5 (default target/release), or 'system' for the
# one that the system has; exit code 77 where it has none. A GROUP is a file in run/ (default: all).
#
# Environment: CC, ZMQ_INCLUDE_DIR (default include/), EXAMPLES_TIMEOUT (seconds a program may take;
# default 120), EXAMPLES_BIN (keep the programs in this folder; default: a temporary one).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
library=${1:-${CARGO_TARGET_DIR:-$root/target}/release}
groups=("${@:2}")
[ "${#groups[@]}" -gt 0 ] || groups=(basics brokers reliable events secure)

# shellcheck source-path=SCRIPTDIR source=run/stage.sh
. "$here/run/stage.sh"

set_stage "$library"
for group in "${groups[@]}"; do
    # Each says in `programs` what it needs, and has a function `run_group`.
    # shellcheck source-path=SCRIPTDIR source=run/basics.sh
    . "$here/run/$group.sh"
    # shellcheck disable=SC2154 # the group's file sets it
    compile "${programs[@]}"
    run_group
done
echo "all examples ran to their end"
