/*
 * ZMQ_MAXMSGSIZE (zmq_setsockopt(3)): a frame of the limit passes, one octet more ends the
 * connection; in every framing, announced honestly or absurdly; others do not notice.
 */
#include "pat_common.h"
#include "wire_peer.h"

enum { LIMIT = 1000 };

typedef struct
{
    void *ctx, *pull, *good;
    char endpoint[ENDPOINT_SIZE];
} limit_t;

/* A PULL with the limit and a well-behaved PUSH of the library. */
static limit_t open_limit (void)
{
    limit_t l;
    const int64_t limit = LIMIT;
    l.ctx = mk_ctx ();
    l.pull = mk_socket (l.ctx, ZMQ_PULL);
    l.good = mk_socket (l.ctx, ZMQ_PUSH);
    REQUIRE_OK (zmq_setsockopt (l.pull, ZMQ_MAXMSGSIZE, &limit, sizeof limit));
    bind_any (l.pull, "tcp", l.endpoint);
    REQUIRE_OK (zmq_connect (l.good, l.endpoint));
    return l;
}

static void close_limit (limit_t l)
{
    send_str (l.good, "still here", 0);
    expect_msg (l.pull, "still here");
    rm_socket (l.good);
    rm_socket (l.pull);
    rm_ctx (l.ctx);
}

/* A peer of this version (10, 20, 30, 31) that is ready to send. */
static int join (const limit_t *l, int version)
{
    static wire_buf_t buf;
    if (version >= 30)
        return wire_join (l->endpoint, version - 30, "PUSH", "PULL");
    const int fd = raw_connect (l->endpoint);
    buf.size = 0;
    if (version == 20)
        wire_put_greeting_2 (&buf, 8, "");
    else
        wire_put_frame_1 (&buf, 0, "", 0);
    REQUIRE (wire_flush (fd, &buf));
    return fd;
}

static void put (wire_buf_t *buf, int version, int flags, const void *body, size_t size)
{
    if (version == 10)
        wire_put_frame_1 (buf, flags & WIRE_MORE, body, size);
    else
        wire_put_frame (buf, flags, body, size);
}

static const int versions[] = {10, 20, 30, 31};

CASE (limit_of_one_frame)
{
    static wire_buf_t buf;
    static char body[2 * LIMIT];
    for (int v = 0; v < 4; ++v) {
        const limit_t l = open_limit ();
        const int fd = join (&l, versions[v]);
        buf.size = 0;
        put (&buf, versions[v], 0, body, LIMIT - 1);
        put (&buf, versions[v], 0, body, LIMIT);
        /* Each frame counts by itself. */
        put (&buf, versions[v], WIRE_MORE, body, LIMIT);
        put (&buf, versions[v], 0, body, LIMIT);
        REQUIRE (wire_flush (fd, &buf));
        expect_bytes (l.pull, body, LIMIT - 1, 0);
        expect_bytes (l.pull, body, LIMIT, 0);
        expect_bytes (l.pull, body, LIMIT, 1);
        expect_bytes (l.pull, body, LIMIT, 0);
        put (&buf, versions[v], 0, body, LIMIT + 1);
        put (&buf, versions[v], 0, "never seen", 10);
        wire_flush (fd, &buf);
        CHECK (raw_wait_closed (fd));
        expect_nothing (l.pull);
        close (fd);
        close_limit (l);
    }
}

/* The head alone is enough: nobody waits for a body that is too long, or makes room for it. */
CASE (announced_length)
{
    static const uint64_t lengths[] = {LIMIT + 1,           UINT64_C (1) << 31, UINT64_C (1) << 32,
                                       UINT64_C (1) << 62,  INT64_MAX,          UINT64_MAX - 1,
                                       UINT64_MAX};
    static wire_buf_t buf;
    for (int v = 0; v < 4; ++v) {
        const limit_t l = open_limit ();
        for (int i = 0; i < 7; ++i) {
            const int fd = join (&l, versions[v]);
            buf.size = 0;
            if (versions[v] == 10) {
                wire_put_byte (&buf, 0xff);
                wire_put_number (&buf, lengths[i] == UINT64_MAX ? lengths[i] : lengths[i] + 1, 8);
                wire_put_byte (&buf, 0);
            } else {
                wire_put_byte (&buf, WIRE_LONG);
                wire_put_number (&buf, lengths[i], 8);
            }
            REQUIRE (wire_flush (fd, &buf));
            CHECK (raw_wait_closed (fd));
            close (fd);
        }
        close_limit (l);
    }
}

/* The message that was too large is gone with its first frames. */
CASE (later_frame_too_large)
{
    static wire_buf_t buf;
    static char body[2 * LIMIT];
    for (int v = 0; v < 4; ++v) {
        const limit_t l = open_limit ();
        const int fd = join (&l, versions[v]);
        buf.size = 0;
        put (&buf, versions[v], 0, "whole", 5);
        put (&buf, versions[v], WIRE_MORE, "first", 5);
        put (&buf, versions[v], 0, body, LIMIT + 1);
        REQUIRE (wire_flush (fd, &buf));
        CHECK (raw_wait_closed (fd));
        close (fd);
        expect_msg (l.pull, "whole");
        expect_nothing (l.pull);
        close_limit (l);
    }
}

/* Sockets of the library are cut off alike, and come back. */
CASE (library_peers)
{
    const pair_t p = new_pair (ZMQ_PULL, ZMQ_PUSH);
    static char body[LIMIT + 1];
    const int64_t limit = LIMIT;
    REQUIRE_OK (zmq_setsockopt (p.server, ZMQ_MAXMSGSIZE, &limit, sizeof limit));
    set_int (p.client, ZMQ_RECONNECT_IVL, 10);
    void *monitor = mk_monitor (p.ctx, p.server, ZMQ_EVENT_DISCONNECTED);
    join_sockets (p.server, p.client, "tcp");
    CHECK_INT (zmq_send (p.client, body, LIMIT, 0), LIMIT);
    expect_bytes (p.server, body, LIMIT, 0);
    CHECK_INT (zmq_send (p.client, body, LIMIT + 1, 0), LIMIT + 1);
    CHECK (wait_event (monitor, ZMQ_EVENT_DISCONNECTED, NULL, NULL));
    set_int (p.server, ZMQ_RCVTIMEO, 20);
    CHECK (WAIT_FOR ((zmq_send (p.client, "back", 4, ZMQ_DONTWAIT),
                      zmq_recv (p.server, body, sizeof body, 0) == 4)));
    rm_socket (monitor);
    close_pair (p);
}

/* It is a limit for what comes in over connections: not for sending, not for inproc. */
CASE (not_limited)
{
    const pair_t p = new_pair (ZMQ_PULL, ZMQ_PUSH);
    static char body[LIMIT + 1];
    const int64_t limit = LIMIT;
    REQUIRE_OK (zmq_setsockopt (p.client, ZMQ_MAXMSGSIZE, &limit, sizeof limit));
    join_sockets (p.server, p.client, "tcp");
    CHECK_INT (zmq_send (p.client, body, sizeof body, 0), sizeof body);
    expect_bytes (p.server, body, sizeof body, 0);
    close_pair (p);
    const pair_t q = new_pair (ZMQ_PULL, ZMQ_PUSH);
    REQUIRE_OK (zmq_setsockopt (q.server, ZMQ_MAXMSGSIZE, &limit, sizeof limit));
    join_sockets (q.server, q.client, "inproc");
    CHECK_INT (zmq_send (q.client, body, sizeof body, 0), sizeof body);
    expect_bytes (q.server, body, sizeof body, 0);
    close_pair (q);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (limit_of_one_frame);
    RUN (announced_length);
    RUN (later_frame_too_large);
    RUN (library_peers);
    RUN (not_limited);
    return harness_end ();
}
