/* PAIR and PAIR, one on each library: both directions at once, with heartbeats on the way. */
#include "interop_peer.h"

enum { COUNT = 5000 };

/* Both sides do the same: send a window ahead, and check what the other one sends. */
static int talk (uint32_t own, int argc, char **argv)
{
    void *ctx = mk_ctx (), *pair = mk_socket (ctx, ZMQ_PAIR);
    tally_t tally = {{0}, 0};
    uint32_t sent = 0;
    numbered_t body;
    set_int (pair, ZMQ_HEARTBEAT_IVL, 10);
    set_int (pair, ZMQ_HEARTBEAT_TIMEOUT, DEADLINE_MS);
    set_int (pair, ZMQ_HEARTBEAT_TTL, DEADLINE_MS);
    interop_attach (pair, argc, argv);
    for (uint32_t got = 0; got < COUNT; ++got) {
        while (sent < COUNT && sent < got + 100)
            REQUIRE (send_numbered (pair, own, sent++, 0));
        REQUIRE (recv_numbered (pair, &body, 0));
        tally_add (&tally, &body);
    }
    CHECK_INT (tally.next[!own], COUNT);
    CHECK_INT (tally.wrong, 0);
    send_multi (pair, 3, "the", "", "end");
    expect_multi (pair, 3, "the", "", "end");
    return interop_leave (ctx, pair);
}

ROLE (server)
{
    return talk (0, argc, argv);
}

ROLE (client)
{
    return talk (1, argc, argv);
}

CASE (pair)
{
    interop_all ();
}

INTEROP_MAIN (pair)
