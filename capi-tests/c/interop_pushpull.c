/* PUSH and PULL, one on each library: 50,000 messages in order, past a small high water mark. */
#include "interop_peer.h"

enum { COUNT = 50000 };

ROLE (server)
{
    void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL);
    tally_t tally = {{0}, 0};
    set_int (pull, ZMQ_RCVHWM, 100);
    interop_attach (pull, argc, argv);
    for (int i = 0; i < COUNT; ++i) {
        numbered_t body;
        if (i % 10 == 9)
            expect_part (pull, "head");
        REQUIRE (recv_numbered (pull, &body, 0));
        tally_add (&tally, &body);
    }
    CHECK_INT (tally.next[0], COUNT);
    CHECK_INT (tally.wrong, 0);
    return interop_leave (ctx, pull);
}

ROLE (client)
{
    void *ctx = mk_ctx (), *push = mk_socket (ctx, ZMQ_PUSH);
    set_int (push, ZMQ_SNDHWM, 100);
    interop_attach (push, argc, argv);
    for (uint32_t i = 0; i < COUNT; ++i) {
        if (i % 10 == 9)
            send_str (push, "head", ZMQ_SNDMORE);
        REQUIRE (send_numbered (push, 0, i, 0));
    }
    return interop_leave (ctx, push);
}

CASE (pushpull)
{
    interop_all ();
}

INTEROP_MAIN (pushpull)
