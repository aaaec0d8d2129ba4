/* Frames of every size class in messages of every shape, between the two libraries, both ways. */
#include "interop_peer.h"

static const size_t sizes[] = {0,     1,     8,     29,    30,    33,    34,      64,     254, 255,
                               256,   257,   4096,  8191,  8192,  8193,  65535,   65536,  0,   0,
                               65537, 100000, 1 << 20, 3, 2 << 20, 0};
enum { COUNT = sizeof sizes / sizeof *sizes };

/* Message `m` has frames m, m + 1, ... of the table, `1 + m % 7` of them. */
static void send_all (void *socket)
{
    for (size_t m = 0; m < 3 * COUNT; ++m)
        for (size_t i = 0; i <= m % 7; ++i)
            send_pattern (socket, m + i, sizes[(m + i) % COUNT], i < m % 7 ? ZMQ_SNDMORE : 0);
}

static void expect_all (void *socket)
{
    for (size_t m = 0; m < 3 * COUNT; ++m)
        for (size_t i = 0; i <= m % 7; ++i)
            expect_pattern (socket, m + i, sizes[(m + i) % COUNT], i < m % 7);
}

ROLE (server)
{
    void *ctx = mk_ctx (), *dealer = mk_socket (ctx, ZMQ_DEALER);
    interop_attach (dealer, argc, argv);
    expect_all (dealer);
    send_all (dealer);
    return interop_leave (ctx, dealer);
}

ROLE (client)
{
    void *ctx = mk_ctx (), *dealer = mk_socket (ctx, ZMQ_DEALER);
    interop_attach (dealer, argc, argv);
    send_all (dealer);
    expect_all (dealer);
    return interop_leave (ctx, dealer);
}

CASE (multipart_sizes)
{
    interop_all ();
}

INTEROP_MAIN (multipart_sizes)
