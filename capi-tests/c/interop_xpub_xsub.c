/* XPUB and XSUB, one on each library: subscriptions as messages, answers, messages upstream. */
#include "interop_peer.h"

/* Each line of the conversation waits for the one before it. */
ROLE (server)
{
    void *ctx = mk_ctx (), *xpub = mk_socket (ctx, ZMQ_XPUB);
    set_int (xpub, ZMQ_XPUB_VERBOSE, 1);
    interop_attach (xpub, argc, argv);
    expect_bytes (xpub, "\1talk", 5, 0);
    send_multi (xpub, 2, "talk", "welcome");
    expect_bytes (xpub, "\1\0binary", 8, 0);
    CHECK_INT (zmq_send (xpub, "\0binary topic", 13, 0), 13);
    expect_multi (xpub, 2, "a question", "upstream");
    send_multi (xpub, 2, "talk", "an answer");
    for (int i = 0; i < 500; ++i) {
        char topic[32];
        topic[0] = 1;
        snprintf (topic + 1, sizeof topic - 1, "t%d.", i);
        expect_bytes (xpub, topic, 1 + strlen (topic + 1), 0);
    }
    send_str (xpub, "t7.x", 0);
    send_str (xpub, "t500.x", 0);
    send_str (xpub, "t499.x", 0);
    expect_bytes (xpub, "\0talk", 5, 0);
    send_str (xpub, "talk", 0);
    send_str (xpub, "t1.the end", 0);
    return interop_leave (ctx, xpub);
}

ROLE (client)
{
    void *ctx = mk_ctx (), *xsub = mk_socket (ctx, ZMQ_XSUB);
    char topic[32];
    /* Said before there is a connection: it is told when there is one. */
    CHECK_INT (zmq_send (xsub, "\1talk", 5, 0), 5);
    interop_attach (xsub, argc, argv);
    expect_multi (xsub, 2, "talk", "welcome");
    CHECK_INT (zmq_send (xsub, "\1\0binary", 8, 0), 8);
    expect_bytes (xsub, "\0binary topic", 13, 0);
    send_multi (xsub, 2, "a question", "upstream");
    expect_multi (xsub, 2, "talk", "an answer");
    for (int i = 0; i < 500; ++i) {
        topic[0] = 1;
        const int size = snprintf (topic + 1, sizeof topic - 1, "t%d.", i);
        CHECK_INT (zmq_send (xsub, topic, (size_t) size + 1, 0), size + 1);
    }
    expect_msg (xsub, "t7.x");
    expect_msg (xsub, "t499.x");
    CHECK_INT (zmq_send (xsub, "\0talk", 5, 0), 5);
    expect_msg (xsub, "t1.the end");
    return interop_leave (ctx, xsub);
}

CASE (xpub_xsub)
{
    interop_all ();
}

INTEROP_MAIN (xpub_xsub)
