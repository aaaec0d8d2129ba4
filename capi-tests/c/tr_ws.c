/*
 * The suite of WebSockets over ws (ZMTP over WebSocket). Peers that are no libraries are in tr_ws_peers, interoperation
 * with the reference is in interop_security.
 */
#define ZMQ_BUILD_DRAFT_API 1
#define SCHEME "ws"
#include "tr_websocket.h"

/* Nothing is needed. */
static void prepare_server (void *socket)
{
    (void) socket;
}

static void prepare_client (void *socket)
{
    (void) socket;
}

CASE (has)
{
    CHECK_INT (zmq_has ("WS"), 1);
}

CASE (capitals)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    CHECK_ERRNO (zmq_connect (socket, "WS://127.0.0.1:80"), EPROTONOSUPPORT);
    rm_socket (socket);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (has);
    RUN (capitals);
    RUN (endpoints);
    RUN (ipv6);
    RUN (bad_endpoints);
    RUN_OURS (what_would_break_the_request, "the reference sends it");
    RUN (address_in_use);
    RUN_OURS (not_for_streams, "the reference takes the bytes apart all the same");
    RUN (in_order_and_whole);
    RUN (sizes_both_ways);
    RUN (a_full_kernel_holds_nothing_up);
    RUN (shared_and_constant_bodies_stay_as_they_are);
    RUN (subscriptions);
    RUN (curve_inside);
    RUN (heartbeats_keep_it);
    RUN (linger);
    RUN_OURS (a_peer_that_is_gone_was_heard, "the reference drops what it has not read when it cannot send");
    RUN (it_comes_back);
    RUN (a_monitor_hears_of_it);
    RUN_OURS (who_says_nothing_is_let_go, "the reference keeps the connection");
    return harness_end ();
}
