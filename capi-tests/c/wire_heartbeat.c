/*
 * Heartbeats (RFC 37 "Connection Heartbeating", ZMQ_HEARTBEAT_* in zmq_setsockopt(3)): PING is
 * answered with its context, a time to live and a timeout end silent connections, traffic of any
 * kind keeps them.
 */
#include "pat_common.h"
#include "wire_peer.h"

/* The next PING that the other side sends: its time to live; -1 for something else. */
static int read_ping (int fd, char *context, size_t *context_size)
{
    static wire_frame_t frame;
    if (!wire_read_frame (fd, &frame) || !wire_is_command (&frame, "PING") || frame.size < 7)
        return -1;
    CHECK (frame.size <= 7 + 16);
    *context_size = (size_t) frame.size - 7;
    memcpy (context, frame.body + 7, *context_size);
    return (int) wire_number (frame.body + 5, 2);
}

/* A PULL with these options (0: as it is) and a peer that has shaken hands with it. */
typedef struct
{
    void *ctx, *pull, *monitor;
    int fd;
    long long begin; /* before the connection was made */
} beat_t;

static beat_t open_beat (int ivl, int timeout, int ttl)
{
    beat_t b;
    char endpoint[ENDPOINT_SIZE];
    b.ctx = mk_ctx ();
    b.pull = mk_socket (b.ctx, ZMQ_PULL);
    if (ivl)
        set_int (b.pull, ZMQ_HEARTBEAT_IVL, ivl);
    if (timeout)
        set_int (b.pull, ZMQ_HEARTBEAT_TIMEOUT, timeout);
    if (ttl)
        set_int (b.pull, ZMQ_HEARTBEAT_TTL, ttl);
    b.monitor = mk_monitor (b.ctx, b.pull, ZMQ_EVENT_DISCONNECTED);
    bind_any (b.pull, "tcp", endpoint);
    b.begin = now_ms ();
    b.fd = wire_join (endpoint, 1, "PUSH", "PULL");
    return b;
}

static void close_beat (beat_t b)
{
    rm_socket (b.monitor);
    rm_socket (b.pull);
    rm_ctx (b.ctx);
    close (b.fd);
}

CASE (ping_is_answered)
{
    static const char *const contexts[] = {"", "x", "0123456789abcdef"};
    const beat_t b = open_beat (0, 0, 0);
    char data[32], expected[32];
    for (int i = 0; i < 9; ++i) {
        const char *context = contexts[i % 3];
        memcpy (data, i < 6 ? "\0\0" : "\xff\xff", 2); /* no time to live, or the longest */
        strcpy (data + 2, context);
        REQUIRE (wire_send_command (b.fd, "PING", data, 2 + strlen (context)));
        strcpy (expected, "\4PONG");
        strcat (expected, context);
        expect_wire (b.fd, WIRE_COMMAND, expected);
    }
    /* Between the frames of a message, too: that message stays whole. */
    REQUIRE (wire_send (b.fd, WIRE_MORE, "head", 4));
    REQUIRE (wire_send_command (b.fd, "PING", "\0\0mid", 5));
    expect_wire (b.fd, WIRE_COMMAND, "\4PONGmid");
    REQUIRE (wire_send (b.fd, 0, "tail", 4));
    expect_multi (b.pull, 2, "head", "tail");
    /* An answer that nobody asked for does no harm. */
    REQUIRE (wire_send_command (b.fd, "PONG", "why", 3));
    REQUIRE (wire_send (b.fd, 0, "fine", 4));
    expect_msg (b.pull, "fine");
    close_beat (b);
}

/* A PING is sent every interval; its time to live is the option in tenths of a second. */
CASE (pings_are_sent)
{
    static const int ttls[][2] = {{0, 0}, {99, 0}, {100, 1}, {1250, 12}, {6553599, 65535}};
    for (int i = 0; i < 5; ++i) {
        const beat_t b = open_beat (50, DEADLINE_MS, ttls[i][0]);
        for (int n = 0; n < 3; ++n) {
            char context[16];
            size_t size = 0;
            CHECK_INT (read_ping (b.fd, context, &size), ttls[i][1]);
            REQUIRE (wire_send_command (b.fd, "PONG", context, size));
        }
        CHECK (now_ms () - b.begin >= 3 * 50 - 5);
        close_beat (b);
    }
}

/* Silence after a PING ends the connection after the timeout, which is the interval by default. */
CASE (timeout)
{
    for (int i = 0; i < 2; ++i) {
        const beat_t b = open_beat (i ? 50 : 100, i ? 150 : 0, 0);
        CHECK (raw_wait_closed (b.fd));
        CHECK (now_ms () - b.begin >= 200 - 5);
        CHECK (wait_event (b.monitor, ZMQ_EVENT_DISCONNECTED, NULL, NULL));
        close_beat (b);
    }
}

/* A PING that names a time to live obliges its sender to keep talking. */
CASE (time_to_live)
{
    const beat_t b = open_beat (0, 0, 0);
    const long long begin = now_ms ();
    REQUIRE (wire_send_command (b.fd, "PING", "\0\2", 2)); /* 200 ms */
    expect_wire (b.fd, WIRE_COMMAND, "\4PONG");
    CHECK (raw_wait_closed (b.fd));
    CHECK (now_ms () - begin >= 195);
    CHECK (wait_event (b.monitor, ZMQ_EVENT_DISCONNECTED, NULL, NULL));
    close_beat (b);
}

/* Any traffic is a sign of life. The silence that is allowed is 1.5 s, this takes 2 s. */
CASE (traffic_keeps_alive)
{
    const beat_t b = open_beat (100, 1500, 0);
    const beat_t c = open_beat (0, 0, 0);
    for (int i = 0; i < 20; ++i) {
        REQUIRE (wire_send (b.fd, 0, "alive", 5));
        expect_msg (b.pull, "alive");
        REQUIRE (wire_send_command (c.fd, "PING", "\0\17", 2));
        expect_wire (c.fd, WIRE_COMMAND, "\4PONG");
        msleep (100);
    }
    CHECK_INT (read_event (b.monitor, 0, NULL, NULL), -1);
    CHECK_INT (read_event (c.monitor, 0, NULL, NULL), -1);
    close_beat (b);
    close_beat (c);
}

/* Two sockets of the library with heartbeats on both sides stay together. */
CASE (both_ends)
{
    const pair_t p = new_pair (ZMQ_DEALER, ZMQ_DEALER);
    void *sockets[2] = {p.server, p.client}, *monitors[2];
    for (int i = 0; i < 2; ++i) {
        set_int (sockets[i], ZMQ_HEARTBEAT_IVL, 20);
        set_int (sockets[i], ZMQ_HEARTBEAT_TIMEOUT, 5000);
        set_int (sockets[i], ZMQ_HEARTBEAT_TTL, 5000);
        monitors[i] = mk_monitor (p.ctx, sockets[i], ZMQ_EVENT_DISCONNECTED);
    }
    join_sockets (p.server, p.client, "tcp");
    for (int i = 0; i < 20; ++i) {
        bounce (p.server, p.client);
        msleep (10);
    }
    for (int i = 0; i < 2; ++i) {
        CHECK_INT (read_event (monitors[i], 0, NULL, NULL), -1);
        rm_socket (monitors[i]);
    }
    close_pair (p);
}

/* 2.0 has no commands: nothing is sent, and silence is no reason to leave. */
CASE (older_peers)
{
    void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL);
    char endpoint[ENDPOINT_SIZE];
    set_int (pull, ZMQ_HEARTBEAT_IVL, 20);
    set_int (pull, ZMQ_HEARTBEAT_TIMEOUT, 20);
    bind_any (pull, "tcp", endpoint);
    const int fd = raw_connect (endpoint);
    static wire_buf_t buf;
    static wire_frame_t frame;
    buf.size = 0;
    wire_put_greeting_2 (&buf, 8, "");
    REQUIRE (wire_flush (fd, &buf));
    REQUIRE (raw_read (fd, frame.body, 14) == 14); /* signature, revision, type, identity */
    CHECK (raw_quiet (fd));
    REQUIRE (wire_send (fd, 0, "still here", 10));
    expect_msg (pull, "still here");
    rm_socket (pull);
    rm_ctx (ctx);
    close (fd);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (ping_is_answered);
    RUN (pings_are_sent);
    RUN (timeout);
    RUN (time_to_live);
    RUN (traffic_keeps_alive);
    RUN (both_ends);
    RUN (older_peers);
    return harness_end ();
}
