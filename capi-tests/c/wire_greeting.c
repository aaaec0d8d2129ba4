/*
 * Greetings of all versions (RFC 37 "Version Negotiation" and "Backwards Interoperability", RFC 23,
 * 15, 13): each socket type against a peer made by hand, in one piece and octet by octet.
 */
#include "pat_common.h"
#include "wire_peer.h"

/* The other side's 2.0 greeting after the signature: a revision, its type, its identity. */
static void check_rest_2 (int fd, int type, const char *id)
{
    static const int numbers[] = {ZMQ_PAIR, ZMQ_PUB,    ZMQ_SUB,  ZMQ_REQ, ZMQ_REP,
                                  ZMQ_DEALER, ZMQ_ROUTER, ZMQ_PULL, ZMQ_PUSH};
    unsigned char head[2];
    const int seen_as = type == ZMQ_XPUB ? ZMQ_PUB : type == ZMQ_XSUB ? ZMQ_SUB : type;
    REQUIRE (raw_read (fd, head, 2) == 2);
    CHECK (head[0] >= 1);
    CHECK (head[1] < 9 ? numbers[head[1]] == seen_as : head[1] == type);
    expect_wire (fd, 0, id);
}

/* Ten octets that a peer of any version understands. */
static void check_signature (int fd, size_t id_size)
{
    unsigned char signature[10];
    REQUIRE (raw_read (fd, signature, sizeof signature) == sizeof signature);
    CHECK_INT (signature[0], 0xff);
    CHECK_INT (wire_number (signature + 1, 8), id_size + 1);
    CHECK_INT (signature[9], 0x7f);
}

static int flush (int fd, wire_buf_t *buf, int slowly)
{
    return slowly ? wire_flush_slowly (fd, buf) : wire_flush (fd, buf);
}

/* A message from the peer's type to ours, and one back, where the types allow it. */
static void exchange_3 (int i, void *socket, int fd)
{
    const int type = wire_types[i].type;
    static wire_frame_t frame;
    if (type == ZMQ_SUB) {
        set_str (socket, ZMQ_SUBSCRIBE, "he");
        REQUIRE (written_by (socket, fd));
        REQUIRE (wire_read_frame (fd, &frame));
    } else if (type == ZMQ_XSUB) {
        CHECK_INT (zmq_send (socket, "\1he", 3, 0), 3);
        REQUIRE (written_by (socket, fd));
        REQUIRE (wire_read_frame (fd, &frame));
    } else if (type == ZMQ_PUB || type == ZMQ_XPUB) {
        REQUIRE (wire_send (fd, 0, "\1he", 3));
        if (type == ZMQ_XPUB)
            expect_bytes (socket, "\1he", 3, 0);
        /* PUB says nothing; repeat until the subscription is in force. */
        struct pollfd item = {fd, POLLIN, 0};
        for (int n = 0; n < 1000 && poll (&item, 1, 10) == 0; ++n)
            send_str (socket, "hello", 0);
        expect_wire (fd, 0, "hello");
        return;
    }
    if (type == ZMQ_REQ || type == ZMQ_PUSH) { /* these speak first */
        send_str (socket, "hello", 0);
        if (type == ZMQ_REQ)
            expect_wire (fd, WIRE_MORE, "");
        expect_wire (fd, 0, "hello");
        if (type == ZMQ_PUSH)
            return;
    }
    if (type == ZMQ_REQ || type == ZMQ_REP)
        REQUIRE (wire_send (fd, WIRE_MORE, "", 0));
    REQUIRE (wire_send (fd, 0, "hello", 5));
    if (type == ZMQ_ROUTER) {
        char id[5];
        CHECK_INT (zmq_recv (socket, id, sizeof id, 0), 5);
        CHECK_INT (id[0], 0);
    }
    expect_msg (socket, "hello");
    if (type == ZMQ_REP) {
        send_str (socket, "world", 0);
        expect_wire (fd, WIRE_MORE, "");
        expect_wire (fd, 0, "world");
    }
}

static void check_3 (int minor, int slowly)
{
    static wire_buf_t buf;
    static wire_frame_t ready;
    for (int i = 0; i < WIRE_TYPES; ++i) {
        void *ctx = mk_ctx (), *socket = mk_socket (ctx, wire_types[i].type);
        char endpoint[ENDPOINT_SIZE];
        bind_any (socket, "tcp", endpoint);
        const int fd = raw_connect (endpoint);
        buf.size = 0;
        wire_put_greeting (&buf, 3, minor, "NULL");
        REQUIRE (flush (fd, &buf, slowly));
        wire_put_ready (&buf, wire_types[i].peer_name, "");
        REQUIRE (flush (fd, &buf, slowly));
        wire_check_greeting (fd);
        wire_check_ready (fd, wire_types[i].name, &ready);
        exchange_3 (i, socket, fd);
        rm_socket (socket);
        rm_ctx (ctx);
        close (fd);
    }
}

CASE (v3_1)
{
    check_3 (1, 0);
    check_3 (1, 1);
}

CASE (v3_0)
{
    check_3 (0, 0);
    check_3 (0, 1);
}

/* "A peer MUST accept higher protocol versions as valid"; the padding means nothing. */
CASE (higher_versions)
{
    static const unsigned char versions[][2] = {{3, 2}, {3, 255}, {4, 0}, {255, 255}};
    static wire_buf_t buf;
    static wire_frame_t ready;
    for (int i = 0; i < 8; ++i) {
        void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL);
        char endpoint[ENDPOINT_SIZE];
        bind_any (pull, "tcp", endpoint);
        const int fd = raw_connect (endpoint);
        buf.size = 0;
        wire_put_greeting (&buf, versions[i / 2][0], versions[i / 2][1], "NULL");
        memset (buf.data + 1, i % 2 ? 0x5a : 0, 8);
        wire_put_ready (&buf, "PUSH", NULL);
        REQUIRE (wire_flush (fd, &buf));
        wire_check_greeting (fd);
        wire_check_ready (fd, "PULL", &ready);
        REQUIRE (wire_send (fd, 0, "hello", 5));
        expect_msg (pull, "hello");
        rm_socket (pull);
        rm_ctx (ctx);
        close (fd);
    }
}

/* The signature comes by itself, before the peer said anything, from both kinds of socket. */
CASE (signature_first)
{
    for (int connects = 0; connects < 2; ++connects) {
        void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
        char endpoint[ENDPOINT_SIZE];
        int fd, listener = -1;
        set_str (socket, ZMQ_ROUTING_ID, "me");
        if (connects) {
            listener = raw_listen (endpoint);
            REQUIRE_OK (zmq_connect (socket, endpoint));
            fd = raw_accept (listener, DEADLINE_MS);
            REQUIRE (fd >= 0);
        } else {
            bind_any (socket, "tcp", endpoint);
            fd = raw_connect (endpoint);
        }
        check_signature (fd, 2);
        rm_socket (socket);
        rm_ctx (ctx);
        close (fd);
        if (connects)
            close (listener);
    }
}

/* 2.0: after the signature a revision, a socket type, an identity; frames as in 3.0. */
static void check_2 (int slowly, int connects)
{
    static wire_buf_t buf;
    for (int i = 0; i < WIRE_TYPES; ++i) {
        void *ctx = mk_ctx (), *socket = mk_socket (ctx, wire_types[i].type);
        char endpoint[ENDPOINT_SIZE];
        int fd, listener = -1;
        if (connects) {
            listener = raw_listen (endpoint);
            REQUIRE_OK (zmq_connect (socket, endpoint));
            fd = raw_accept (listener, DEADLINE_MS);
            REQUIRE (fd >= 0);
        } else {
            bind_any (socket, "tcp", endpoint);
            fd = raw_connect (endpoint);
        }
        buf.size = 0;
        wire_put_greeting_2 (&buf, wire_types[i].peer_number, "");
        REQUIRE (flush (fd, &buf, slowly));
        check_signature (fd, 0);
        check_rest_2 (fd, wire_types[i].type, "");
        exchange_3 (i, socket, fd);
        rm_socket (socket);
        rm_ctx (ctx);
        close (fd);
        if (connects)
            close (listener);
    }
}

CASE (v2_0)
{
    check_2 (0, 0);
    check_2 (1, 0);
    check_2 (0, 1);
}

/* 1.0: no version at all; an identity frame, then frames whose length counts their flags. */
static void check_1 (int slowly, const char *id)
{
    static wire_buf_t buf;
    static wire_frame_t frame;
    char endpoint[ENDPOINT_SIZE], seen[256], large[300];
    void *ctx = mk_ctx (), *router = mk_socket (ctx, ZMQ_ROUTER);
    bind_any (router, "tcp", endpoint);
    const int fd = raw_connect (endpoint);
    memset (large, 'L', sizeof large);
    buf.size = 0;
    wire_put_frame_1 (&buf, 0, id, strlen (id));
    wire_put_frame_1 (&buf, WIRE_MORE, "hello", 5);
    wire_put_frame_1 (&buf, WIRE_MORE, large, sizeof large);
    wire_put_frame_1 (&buf, 0, "", 0);
    REQUIRE (flush (fd, &buf, slowly));
    const int size = zmq_recv (router, seen, sizeof seen, 0);
    if (*id) {
        CHECK_INT (size, strlen (id));
        CHECK_MEM (seen, id, strlen (id));
    } else
        CHECK_INT (size, 5);
    expect_part (router, "hello");
    expect_bytes (router, large, sizeof large, 1);
    expect_msg (router, "");
    /* The ten octets that it got first are the head of an identity frame, a long one. */
    check_signature (fd, 0);
    CHECK_INT (zmq_send (router, seen, (size_t) size, ZMQ_SNDMORE), size);
    CHECK_INT (zmq_send (router, large, sizeof large, ZMQ_SNDMORE), (int) sizeof large);
    send_multi (router, 2, "", "world");
    REQUIRE (wire_read_frame_1 (fd, &frame));
    CHECK_INT (frame.flags, WIRE_MORE);
    CHECK_INT (frame.size, sizeof large);
    CHECK_MEM (frame.body, large, sizeof large);
    REQUIRE (wire_read_frame_1 (fd, &frame));
    CHECK_INT (frame.flags, WIRE_MORE);
    CHECK_INT (frame.size, 0);
    REQUIRE (wire_read_frame_1 (fd, &frame));
    CHECK_INT (frame.flags, 0);
    CHECK_STR ((const char *) frame.body, "world");
    rm_socket (router);
    rm_ctx (ctx);
    close (fd);
}

CASE (v1_0)
{
    for (int slowly = 0; slowly < 2; ++slowly) {
        check_1 (slowly, "");
        check_1 (slowly, "named");
    }
}

/* 1.0 knows no subscriptions: its publishers send everything, its subscribers get everything. */
CASE (v1_0_pubsub)
{
    static wire_buf_t buf;
    static wire_frame_t frame;
    static const char *const messages[] = {"b", "abc", ""};
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *xpub = mk_socket (ctx, ZMQ_XPUB), *sub = mk_socket (ctx, ZMQ_SUB);
    bind_any (xpub, "tcp", endpoint);
    int fd = raw_connect (endpoint);
    buf.size = 0;
    wire_put_frame_1 (&buf, 0, "", 0);
    REQUIRE (wire_flush (fd, &buf));
    expect_bytes (xpub, "\1", 1, 0);
    check_signature (fd, 0);
    for (int i = 0; i < 3; ++i) {
        send_str (xpub, messages[i], 0);
        REQUIRE (wire_read_frame_1 (fd, &frame));
        CHECK_STR ((const char *) frame.body, messages[i]);
    }
    close (fd);
    expect_bytes (xpub, "\0", 1, 0);
    rm_socket (xpub);

    set_str (sub, ZMQ_SUBSCRIBE, "a");
    bind_any (sub, "tcp", endpoint);
    fd = raw_connect (endpoint);
    wire_put_frame_1 (&buf, 0, "", 0);
    for (int i = 0; i < 3; ++i)
        wire_put_frame_1 (&buf, 0, messages[i], strlen (messages[i]));
    wire_put_frame_1 (&buf, 0, "a", 1);
    REQUIRE (wire_flush (fd, &buf));
    expect_msg (sub, "abc");
    expect_msg (sub, "a");
    rm_socket (sub);
    rm_ctx (ctx);
    close (fd);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (v3_1);
    RUN (v3_0);
    RUN (higher_versions);
    RUN (signature_first);
    RUN (v2_0);
    RUN (v1_0);
    RUN (v1_0_pubsub);
    return harness_end ();
}
