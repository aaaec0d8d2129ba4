/*
 * Identities on the wire (RFC 37 "The Identity Property", RFC 15, RFC 13): how a ROUTER names
 * peers of every version, and what the other sockets tell about themselves.
 */
#include "pat_common.h"
#include "wire_peer.h"

/* A DEALER of version 10, 20, 30 or 31 with an identity ("": none), which then says "hello". */
static int join_dealer (const char *endpoint, int version, const char *id)
{
    static wire_buf_t buf;
    static wire_frame_t ready;
    const int fd = raw_connect (endpoint);
    buf.size = 0;
    if (version == 10) {
        wire_put_frame_1 (&buf, 0, id, strlen (id));
        wire_put_frame_1 (&buf, 0, "hello", 5);
    } else if (version == 20) {
        wire_put_greeting_2 (&buf, 5, id);
        wire_put_frame (&buf, 0, "hello", 5);
    } else {
        wire_handshake_id (fd, version - 30, "DEALER", id, "ROUTER", &ready);
        wire_put_frame (&buf, 0, "hello", 5);
    }
    REQUIRE (wire_flush (fd, &buf));
    return fd;
}

static const int versions[] = {10, 20, 30, 31};

CASE (router_uses_it)
{
    char longest[256];
    memset (longest, 'i', sizeof longest);
    longest[255] = '\0';
    const char *const ids[] = {"x", "peer", "\xff\x01", longest};
    for (int v = 0; v < 4; ++v) {
        void *ctx = mk_ctx (), *router = mk_socket (ctx, ZMQ_ROUTER);
        char endpoint[ENDPOINT_SIZE];
        int fds[4];
        set_int (router, ZMQ_ROUTER_MANDATORY, 1);
        bind_any (router, "tcp", endpoint);
        for (int i = 0; i < 4; ++i) {
            fds[i] = join_dealer (endpoint, versions[v], ids[i]);
            expect_multi (router, 2, ids[i], "hello");
        }
        for (int i = 3; i >= 0; --i)
            send_multi (router, 2, ids[i], "world");
        rm_socket (router);
        rm_ctx (ctx);
        for (int i = 0; i < 4; ++i)
            close (fds[i]);
    }
}

/* None, or an empty one: the ROUTER makes one up, another one for every connection. */
CASE (router_makes_one_up)
{
    void *ctx = mk_ctx (), *router = mk_socket (ctx, ZMQ_ROUTER);
    char endpoint[ENDPOINT_SIZE], ids[8][5];
    int fds[8];
    bind_any (router, "tcp", endpoint);
    for (int i = 0; i < 8; ++i) {
        fds[i] = join_dealer (endpoint, versions[i % 4], "");
        CHECK_INT (zmq_recv (router, ids[i], 5, 0), 5);
        CHECK_INT (ids[i][0], 0);
        expect_msg (router, "hello");
        for (int other = 0; other < i; ++other)
            CHECK (memcmp (ids[i], ids[other], 5) != 0);
    }
    rm_socket (router);
    rm_ctx (ctx);
    for (int i = 0; i < 8; ++i)
        close (fds[i]);
}

/* The same identity again, after its owner left: a peer that came back. */
static void check_comes_back (int handover)
{
    for (int v = 0; v < 4; ++v) {
        void *ctx = mk_ctx (), *router = mk_socket (ctx, ZMQ_ROUTER);
        char endpoint[ENDPOINT_SIZE];
        set_int (router, ZMQ_ROUTER_MANDATORY, 1);
        set_int (router, ZMQ_ROUTER_HANDOVER, handover);
        bind_any (router, "tcp", endpoint);
        for (int round = 0; round < 5; ++round) {
            const int fd = join_dealer (endpoint, versions[v], "same");
            expect_multi (router, 2, "same", "hello");
            close (fd);
            CHECK (WAIT_FOR (zmq_send (router, "same", 4, ZMQ_SNDMORE | ZMQ_DONTWAIT) == -1
                             || zmq_send (router, "x", 1, ZMQ_DONTWAIT) != 1));
            CHECK_INT (zmq_errno (), EHOSTUNREACH);
        }
        rm_socket (router);
        rm_ctx (ctx);
    }
}

CASE (peer_comes_back)
{
    check_comes_back (1);
}

CASE (peer_comes_back_without_handover)
{
    check_comes_back (0);
}

/* A socket of the library tells its own to a peer of every version. */
CASE (told_to_peers)
{
    static wire_buf_t buf;
    static wire_frame_t frame;
    for (int v = 0; v < 4; ++v) {
        void *ctx = mk_ctx (), *dealer = mk_socket (ctx, ZMQ_DEALER);
        char endpoint[ENDPOINT_SIZE];
        unsigned char head[12];
        set_str (dealer, ZMQ_ROUTING_ID, "told");
        bind_any (dealer, "tcp", endpoint);
        const int fd = raw_connect (endpoint);
        buf.size = 0;
        if (versions[v] == 10) {
            wire_put_frame_1 (&buf, 0, "", 0);
            REQUIRE (wire_flush (fd, &buf));
            REQUIRE (wire_read_frame_1 (fd, &frame));
            CHECK_STR ((const char *) frame.body, "told");
        } else if (versions[v] == 20) {
            wire_put_greeting_2 (&buf, 6, "");
            REQUIRE (wire_flush (fd, &buf));
            REQUIRE (raw_read (fd, head, sizeof head) == sizeof head);
            CHECK_INT (head[11], 5);
            expect_wire (fd, 0, "told");
        } else {
            size_t size = 0;
            wire_handshake_id (fd, versions[v] - 30, "ROUTER", NULL, "DEALER", &frame);
            const unsigned char *id = wire_property (&frame, "Identity", &size);
            CHECK_INT (size, 4);
            CHECK (id && memcmp (id, "told", 4) == 0);
        }
        rm_socket (dealer);
        rm_ctx (ctx);
        close (fd);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (router_uses_it);
    RUN (router_makes_one_up);
    RUN (peer_comes_back);
    RUN_OURS (peer_comes_back_without_handover,
              "the reference may keep the id of a peer that it knows to be gone");
    RUN (told_to_peers);
    return harness_end ();
}
