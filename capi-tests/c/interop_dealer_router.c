/* DEALER and ROUTER, one on each library: identities, mandatory routing, a pipeline of requests. */
#include "interop_peer.h"

enum { COUNT = 2000 };

/* Answers each request to whom it came from; the identities that it has seen come first. */
ROLE (server)
{
    void *ctx = mk_ctx (), *router = mk_socket (ctx, ZMQ_ROUTER);
    set_int (router, ZMQ_ROUTER_MANDATORY, 1);
    interop_attach (router, argc, argv);
    for (int i = 0; i < COUNT; ++i) {
        numbered_t body;
        expect_part (router, "the dealer");
        expect_part (router, "request");
        REQUIRE (recv_numbered (router, &body, 0));
        CHECK_INT (body.number, i);
        CHECK_ERRNO (zmq_send (router, "nobody", 6, ZMQ_SNDMORE), EHOSTUNREACH);
        send_str (router, "the dealer", ZMQ_SNDMORE);
        send_str (router, "reply", ZMQ_SNDMORE);
        REQUIRE (send_numbered (router, 1, body.number, 0));
    }
    return interop_leave (ctx, router);
}

ROLE (client)
{
    void *ctx = mk_ctx (), *dealer = mk_socket (ctx, ZMQ_DEALER);
    uint32_t sent = 0;
    set_str (dealer, ZMQ_ROUTING_ID, "the dealer");
    interop_attach (dealer, argc, argv);
    for (uint32_t got = 0; got < COUNT; ++got) {
        numbered_t body;
        while (sent < COUNT && sent < got + 50) {
            send_str (dealer, "request", ZMQ_SNDMORE);
            REQUIRE (send_numbered (dealer, 0, sent++, 0));
        }
        expect_part (dealer, "reply");
        REQUIRE (recv_numbered (dealer, &body, 0));
        CHECK_INT (body.source, 1);
        CHECK_INT (body.number, got);
    }
    return interop_leave (ctx, dealer);
}

CASE (dealer_router)
{
    interop_all ();
}

INTEROP_MAIN (dealer_router)
