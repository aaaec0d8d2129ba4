/*
 * Frames that break the framing of ZMTP 3.x, 2.0 and 1.0 (RFC 37, 15, 13), among them the inputs
 * behind known advisories: lengths that overflow, large messages of 1.0 peers, endless topics.
 */
#include "bad_victim.h"

static wire_buf_t buf;
static char body[70000];

/* Joins as a peer of this version (10, 20, 30, 31). */
static int join_version (const victim_t *v, int version)
{
    static wire_buf_t hello;
    if (version >= 30)
        return join_victim (v, version - 30);
    const int fd = raw_connect (v->endpoint);
    hello.size = 0;
    if (version == 20)
        wire_put_greeting_2 (&hello, wire_types[v->index].peer_number, "");
    else
        wire_put_frame_1 (&hello, 0, "", 0);
    REQUIRE (wire_flush (fd, &hello));
    return fd;
}

static const int versions[] = {10, 20, 30, 31};

/* The head of a frame that announces this length. */
static void put_head (int version, int flags, uint64_t length)
{
    if (version == 10)
        wire_put_byte (&buf, 0xff);
    else
        wire_put_byte (&buf, flags | WIRE_LONG);
    wire_put_number (&buf, length, 8);
    if (version == 10)
        wire_put_byte (&buf, flags);
}

/* #1488, CVE-2019-6250: lengths near the ends of every integer type; legal ones are below 2^63. */
CASE (lengths_that_overflow)
{
    static const uint64_t lengths[] = {
      UINT64_MAX,      UINT64_MAX - 1,        UINT64_MAX - 8,        UINT64_MAX - 63,
      UINT64_MAX - 64, UINT64_MAX - 4096,     UINT64_C (1) << 63,    (UINT64_C (1) << 63) + 8,
      INT64_MAX,       UINT64_C (1) << 62};
    for (int v = 0; v < 4; ++v)
        for (int i = 0; i < 10; ++i)
            for (int more = 0; more < 2; ++more) {
                victim_t victim = open_victim (ZMQ_PULL);
                const int fd = join_version (&victim, versions[v]);
                put_head (versions[v], more, lengths[i]);
                wire_put (&buf, body, 100);
                /* A length of 1.0 counts the flags octet. */
                const uint64_t size = lengths[i] - (versions[v] == 10);
                blow ("length", &victim, fd, &buf, size > INT64_MAX ? DROPPED : HARMLESS, 0);
            }
}

/* A huge length that could be true: memory follows what arrives, not what is announced. */
CASE (announced_but_not_sent)
{
    victim_t v = open_victim (ZMQ_PULL);
    int fds[20];
    check_good (&v);
    for (int i = 0; i < 20; ++i) {
        fds[i] = join_version (&v, versions[i % 4]);
        put_head (versions[i % 4], 0, UINT64_C (1) << 29);
        wire_put (&buf, body, 1000);
        wire_flush (fds[i], &buf);
        CHECK_INT (check_good (&v), 0);
    }
    long pages = 0;
    FILE *statm = fopen ("/proc/self/statm", "r");
    REQUIRE (statm && fscanf (statm, "%*s %ld", &pages) == 1);
    fclose (statm);
    CHECK (pages * (sysconf (_SC_PAGESIZE) / 1024) < 512 * 1024);
    close_victim (&v);
    for (int i = 0; i < 20; ++i)
        close (fds[i]);
}

/* Reserved bits must be zero; whoever tolerates them must not misread what follows. */
CASE (reserved_flags)
{
    for (int v = 1; v < 4; ++v)
        for (int bit = 3; bit < 8; ++bit) {
            victim_t victim = open_victim (ZMQ_PULL);
            const int fd = join_version (&victim, versions[v]);
            wire_put_frame (&buf, 1 << bit, "odd", 3);
            wire_put_frame (&buf, 0, "next", 4);
            blow ("reserved bit", &victim, fd, &buf, HARMLESS, 0);
        }
    for (int bit = 1; bit < 8; ++bit) {
        victim_t victim = open_victim (ZMQ_PULL);
        const int fd = join_version (&victim, 10);
        wire_put_frame_1 (&buf, 1 << bit, "odd", 3);
        wire_put_frame_1 (&buf, 0, "next", 4);
        blow ("reserved bit of 1.0", &victim, fd, &buf, HARMLESS, 0);
    }
    for (int is_long = 0; is_long < 2; ++is_long) { /* MORE on a command */
        wire_put_frame (&buf, WIRE_COMMAND | WIRE_MORE | (is_long ? WIRE_LONG : 0), "\4PONG", 5);
        wire_put_frame (&buf, 0, "next", 4);
        blow_joined ("command with more", ZMQ_PULL, &buf, HARMLESS);
    }
}

/* 1.0: a frame without its flags octet. */
CASE (length_zero_of_1_0)
{
    for (int is_long = 0; is_long < 2; ++is_long) {
        victim_t v = open_victim (ZMQ_PULL);
        const int fd = join_version (&v, 10);
        if (is_long)
            put_head (10, 0, 0);
        else
            wire_put_byte (&buf, 0);
        blow ("length 0", &v, fd, &buf, HARMLESS, 0);
    }
}

/* A long form where the short one would do is legal. */
CASE (needlessly_long)
{
    for (int v = 0; v < 4; ++v) {
        victim_t victim = open_victim (ZMQ_PULL);
        const int fd = join_version (&victim, versions[v]);
        put_head (versions[v], 0, versions[v] == 10 ? 5 : 4);
        wire_put (&buf, "next", 4);
        blow ("long form", &victim, fd, &buf, IGNORED, 0);
    }
}

/* CVE-2021-20235: 1.0 peers, messages larger than the buffer, in one piece and in several. */
CASE (large_messages_of_1_0)
{
    static const size_t sizes[] = {8191, 8192, 8193, 12000, 40000};
    for (size_t i = 0; i < sizeof body; ++i)
        body[i] = (char) (i * 31);
    for (int i = 0; i < 5; ++i)
        for (int piece = 0; piece < 2; ++piece) {
            victim_t v = open_victim (ZMQ_PULL);
            const int fd = join_version (&v, 10);
            for (int n = 0; n < 3; ++n)
                wire_put_frame_1 (&buf, n == 1, body + n, sizes[i]);
            if (piece)
                for (size_t at = 0; at < buf.size; at += 1500)
                    raw_write (fd, buf.data + at, buf.size - at < 1500 ? buf.size - at : 1500);
            else
                raw_write (fd, buf.data, buf.size);
            for (int n = 0; n < 3; ++n)
                expect_bytes (v.socket, body + n, sizes[i], n == 1);
            buf.size = 0;
            close_victim (&v);
            close (fd);
        }
}

/* Messages for a socket that receives none, and replies that are no replies. */
CASE (wrong_direction)
{
    static const int types[] = {ZMQ_PUSH, ZMQ_PUB, ZMQ_REQ};
    for (int i = 0; i < 3; ++i) {
        void *ctx = mk_ctx (), *socket = mk_socket (ctx, types[i]), *good;
        char endpoint[ENDPOINT_SIZE];
        int index = 0;
        while (wire_types[index].type != types[i])
            ++index;
        bind_any (socket, "tcp", endpoint);
        const int fd = wire_join (endpoint, 1, wire_types[index].peer_name, type_name (types[i]));
        if (types[i] != ZMQ_PUB)
            CHECK (wait_writable (socket)); /* the bad one is taken for a peer */
        for (int n = 0; n < 2000; ++n)
            if (!wire_send (fd, n % 3 ? WIRE_MORE : 0, body, 100))
                break;
        shutdown (fd, SHUT_RDWR);
        if (types[i] != ZMQ_PUB) /* or the next message would go to the one that left */
            CHECK (WAIT_FOR (!(settle (socket) & ZMQ_POLLOUT)));
        good = mk_socket (ctx, wire_types[index].peer);
        if (types[i] == ZMQ_PUB)
            set_str (good, ZMQ_SUBSCRIBE, "");
        REQUIRE_OK (zmq_connect (good, endpoint));
        if (types[i] == ZMQ_PUB)
            sync_pub_sub (socket, good, "good");
        else if (types[i] == ZMQ_REQ)
            bounce (good, socket);
        else {
            send_str (socket, "good", 0);
            expect_msg (good, "good");
        }
        rm_socket (good);
        rm_socket (socket);
        rm_ctx (ctx);
        close (fd);
    }
}

/* An exchange cut off after every octet: whole messages arrive, the rest leaves no trace. */
CASE (truncated)
{
    victim_t v = open_victim (ZMQ_PULL);
    check_good (&v);
    for (size_t cut = 0;; ++cut) {
        static const size_t ends[] = {0, 7, 13, 13 + 2 + 5 + 9 + 260};
        wire_put_frame (&buf, 0, "whole", 5);
        wire_put_frame (&buf, 0, "four", 4);
        wire_put_frame (&buf, WIRE_MORE, "first", 5);
        wire_put_frame (&buf, 0, body, 260);
        REQUIRE (buf.size == ends[3]);
        if (cut > buf.size)
            break;
        const int fd = join_victim (&v, 1);
        buf.size = cut;
        wire_flush (fd, &buf);
        close (fd);
        if (cut >= ends[1])
            expect_msg (v.socket, "whole");
        if (cut >= ends[2])
            expect_msg (v.socket, "four");
        if (cut >= ends[3]) {
            expect_part (v.socket, "first");
            expect_bytes (v.socket, body, 260, 0);
        }
        CHECK_INT (check_good (&v), 0);
    }
    buf.size = 0;
    close_victim (&v);
}

/* CVE-2021-20236 and more: topics as long and as deep as they get, taken away in every way. */
CASE (endless_topics)
{
    static const int types[] = {ZMQ_XPUB, ZMQ_PUB};
    memset (body, 't', sizeof body);
    for (int i = 0; i < 4; ++i) {
        const int type = types[i % 2], by_command = i / 2;
        void *ctx = mk_ctx (), *pub = mk_socket (ctx, type), *sub = mk_socket (ctx, ZMQ_SUB);
        char endpoint[ENDPOINT_SIZE];
        set_int (pub, ZMQ_RCVHWM, 0);
        bind_any (pub, "tcp", endpoint);
        const int fd = wire_join (endpoint, by_command, "SUB", type_name (type));
        /* One long one, and one of each length up to what a memory checker gets through well within the deadline. */
        for (int on = 1; on >= 0; --on)
            for (size_t size = 60000; size > 0; size = size == 60000 ? 400 : size - 1)
                if (by_command)
                    REQUIRE (wire_send_command (fd, on ? "SUBSCRIBE" : "CANCEL", body, size));
                else {
                    body[0] = (char) on;
                    REQUIRE (wire_send (fd, 0, body, size + 1));
                    body[0] = 't';
                }
        /* What never was subscribed, and what stays when the peer goes. */
        REQUIRE (wire_send (fd, 0, "\0no such topic", 14));
        REQUIRE (wire_send (fd, 0, "\1left behind", 12));
        set_str (sub, ZMQ_SUBSCRIBE, "good");
        REQUIRE_OK (zmq_connect (sub, endpoint));
        sync_pub_sub (pub, sub, "good");
        shutdown (fd, SHUT_RDWR);
        sync_pub_sub (pub, sub, "good");
        rm_socket (sub);
        rm_socket (pub);
        rm_ctx (ctx);
        close (fd);
    }
}

/* A peer that goes with a reset in the middle of everything. */
CASE (reset_connections)
{
    victim_t v = open_victim (ZMQ_ROUTER);
    check_good (&v);
    for (int i = 0; i < 50; ++i) {
        const struct linger reset = {1, 0};
        const int fd = join_version (&v, versions[i % 4]);
        REQUIRE_OK (setsockopt (fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
        raw_write (fd, i % 4 ? "\1\12half of " : "\12\1half of ", 8);
        close (fd);
        CHECK_INT (check_good (&v), 0);
    }
    close_victim (&v);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (lengths_that_overflow);
    RUN (announced_but_not_sent);
    RUN (reserved_flags);
    RUN (length_zero_of_1_0);
    RUN (needlessly_long);
    RUN (large_messages_of_1_0);
    RUN (wrong_direction);
    RUN (truncated);
    RUN (endless_topics);
    RUN (reset_connections);
    return harness_end ();
}
