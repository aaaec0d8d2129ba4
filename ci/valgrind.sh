#!/usr/bin/env bash
# Invalid accesses and leaks: C programs of capi-tests on our library under valgrind, which slows them
# down by a factor of twenty or more. So only some, that together touch every part; all with `all`.
#
#   ci/valgrind.sh [all | PROGRAM...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v valgrind >/dev/null || {
    echo "valgrind is not installed (apt-get install valgrind)"
    exit 1
}
if [ $# -eq 0 ]; then
    set -- api_msg_init api_msg_move_copy api_msg_free api_msg_props api_msg_again api_send_recv_buf api_iov api_context \
        api_monitor api_poll api_proxy api_timers api_cancel api_cancel_state api_cancel_busy api_callback_exits \
        api_utils pat_pair pat_reqrep pat_pubsub pat_pushpull pat_dealer_router pat_stream tr_tcp tr_ipc tr_inproc \
        draft_dgram draft_udp draft_udp_endpoints wire_greeting bad_frames bad_greeting bad_leaks sec_gssapi
elif [ "$1" = all ]; then
    set --
fi
# --exact where programs are named: pat_pair is the beginning of others.
exact=()
[ $# -eq 0 ] || exact=(--exact)

# Threads that take turns at every system call: a spinning caller must not starve the one that it waits
# for. Blocks of large bodies stay in the pool, and thread locals of detached threads, for good.
export CAPI_WRAPPER="valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --fair-sched=yes"
export ZMQ_REF_LIB=none
timeout 1500 cargo test --locked --package capi-tests --test run -- --test-threads 2 "${exact[@]}" "$@"
