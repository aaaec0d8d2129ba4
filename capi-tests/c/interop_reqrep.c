/* REQ and REP, one on each library: a long conversation, multipart, correlated, large and small. */
#include "interop_peer.h"

enum { ROUNDS = 1000 };

/* Answers every request with the same frames, until one says "stop". */
ROLE (server)
{
    void *ctx = mk_ctx (), *rep = mk_socket (ctx, ZMQ_REP);
    interop_attach (rep, argc, argv);
    for (int stop = 0; !stop;) {
        int more = 1;
        zmq_msg_t frames[8];
        int count = 0;
        while (more) {
            REQUIRE (count < 8);
            REQUIRE_OK (zmq_msg_init (&frames[count]));
            REQUIRE (zmq_msg_recv (&frames[count], rep, 0) >= 0);
            more = zmq_msg_more (&frames[count]);
            stop = zmq_msg_size (&frames[count]) == 4
                   && memcmp (zmq_msg_data (&frames[count]), "stop", 4) == 0;
            ++count;
        }
        for (int i = 0; i < count; ++i)
            REQUIRE (zmq_msg_send (&frames[i], rep, i + 1 < count ? ZMQ_SNDMORE : 0) >= 0);
    }
    return interop_leave (ctx, rep);
}

ROLE (client)
{
    void *ctx = mk_ctx (), *req = mk_socket (ctx, ZMQ_REQ);
    interop_attach (req, argc, argv);
    for (size_t n = 0; n < ROUNDS; ++n) {
        const size_t frames = 1 + n % 5;
        set_int (req, ZMQ_REQ_CORRELATE, n >= ROUNDS / 2);
        for (size_t i = 0; i < frames; ++i)
            send_pattern (req, n + i, n * (i + 1) % 3000, i + 1 < frames ? ZMQ_SNDMORE : 0);
        for (size_t i = 0; i < frames; ++i)
            expect_pattern (req, n + i, n * (i + 1) % 3000, i + 1 < frames);
    }
    send_str (req, "stop", 0);
    expect_msg (req, "stop");
    return interop_leave (ctx, req);
}

CASE (reqrep)
{
    interop_all ();
}

INTEROP_MAIN (reqrep)
