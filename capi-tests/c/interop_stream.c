/* STREAM and STREAM, one on each library, over tcp: notices, bytes both ways, closing. */
#include "interop_peer.h"

enum { TOTAL = 200000 };

/* The id of the only peer, from its connect notice. */
static void meet (void *stream, char *id)
{
    CHECK_INT (zmq_recv (stream, id, 5, 0), 5);
    expect_msg (stream, "");
}

static void say_all (void *stream, const char *id, const char *data)
{
    for (size_t at = 0; at < TOTAL;) {
        const size_t size = TOTAL - at < 7001 ? TOTAL - at : 7001;
        CHECK_INT (zmq_send (stream, id, 5, ZMQ_SNDMORE), 5);
        REQUIRE (zmq_send (stream, data + at, size, 0) == (int) size);
        at += size;
    }
}

static void hear_all (void *stream, const char *id, const char *data)
{
    static char chunk[TOTAL];
    for (size_t at = 0; at < TOTAL;) {
        expect_bytes (stream, id, 5, 1);
        const int size = zmq_recv (stream, chunk, sizeof chunk, 0);
        REQUIRE (size > 0 && (size_t) size <= TOTAL - at);
        CHECK_MEM (chunk, data + at, (size_t) size);
        at += (size_t) size;
    }
}

static const char *data (void)
{
    static char bytes[TOTAL];
    for (size_t i = 0; i < TOTAL; ++i)
        bytes[i] = pattern_byte (1, i);
    return bytes;
}

/* Listens first, then speaks, then is closed by the other one. */
ROLE (server)
{
    void *ctx = mk_ctx (), *stream = mk_socket (ctx, ZMQ_STREAM);
    char id[5];
    interop_attach (stream, argc, argv);
    meet (stream, id);
    hear_all (stream, id, data ());
    say_all (stream, id, data ());
    expect_bytes (stream, id, 5, 1); /* the notice of the end */
    expect_msg (stream, "");
    return interop_leave (ctx, stream);
}

ROLE (client)
{
    void *ctx = mk_ctx (), *stream = mk_socket (ctx, ZMQ_STREAM);
    char id[5];
    set_int (stream, ZMQ_RECONNECT_IVL, -1);
    interop_attach (stream, argc, argv);
    meet (stream, id);
    say_all (stream, id, data ());
    hear_all (stream, id, data ());
    CHECK_INT (zmq_send (stream, id, 5, ZMQ_SNDMORE), 5);
    send_str (stream, "", 0);
    for (int i = 0; i < 100; ++i) { /* a library may need calls to get on with it */
        settle (stream);
        msleep (1);
    }
    return interop_leave (ctx, stream);
}

CASE (stream)
{
    interop_once ("tcp", 0);
    interop_once ("tcp", 1);
}

INTEROP_MAIN (stream)
