/*
 * DGRAM (a draft; zmq_udp(7)): messages of an address and a body, their shape, who may bind and connect,
 * what is dropped.
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "udp.h"

/* Sends a datagram to an endpoint, which is named with or without the zero at its end. */
static void send_to (void *dgram, const char *endpoint, int with_zero, const void *body, size_t size)
{
    const char *peer = strrchr (endpoint, '/') + 1;
    const size_t len = strlen (peer) + (with_zero ? 1 : 0);
    CHECK_INT (zmq_send (dgram, peer, len, ZMQ_SNDMORE), len);
    CHECK_INT (zmq_send (dgram, body, size, 0), size);
}

/* The next message must be a datagram from there with this body. The address comes with its zero. */
static void expect_from (void *dgram, const char *endpoint, const void *body, size_t size)
{
    static char text[70000];
    const char *peer = strrchr (endpoint, '/') + 1;
    CHECK_INT (zmq_recv (dgram, text, sizeof text, 0), strlen (peer) + 1);
    CHECK_STR (text, peer);
    CHECK_INT (opt_int (dgram, ZMQ_RCVMORE), 1);
    CHECK_INT (zmq_recv (dgram, text, sizeof text, 0), size);
    CHECK (memcmp (text, body, size) == 0);
    CHECK_INT (opt_int (dgram, ZMQ_RCVMORE), 0);
}

CASE (there_and_back)
{
    static const char *const places[] = {"udp://127.0.0.1:*", "udp://[::1]:*"};
    for (int ipv6 = 0; ipv6 <= has_ipv6 (); ++ipv6) {
        char one_at[ENDPOINT_SIZE], other_at[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *one = mk_socket (ctx, ZMQ_DGRAM), *other = mk_socket (ctx, ZMQ_DGRAM);
        set_int (one, ZMQ_IPV6, ipv6);
        set_int (other, ZMQ_IPV6, ipv6);
        bind_udp (one, places[ipv6], one_at);
        bind_udp (other, places[ipv6], other_at);
        for (int i = 0; i < 20; ++i) {
            send_to (one, other_at, i % 2, "question", 8);
            expect_from (other, one_at, "question", 8);
            send_to (other, one_at, i % 2, "", 0);
            expect_from (one, other_at, "", 0);
        }
        rm_socket (one);
        rm_socket (other);
        rm_ctx (ctx);
    }
}

/* A socket of both families tells peers of IPv4 by addresses of IPv4, and takes them. */
CASE (both_families)
{
    char own[ENDPOINT_SIZE], peer[ENDPOINT_SIZE];
    int port;
    void *ctx = mk_ctx (), *dgram = mk_socket (ctx, ZMQ_DGRAM);
    const int fd = raw_udp (&port);
    set_int (dgram, ZMQ_IPV6, has_ipv6 ());
    const int own_port = bind_udp (dgram, "udp://*:*", own);
    raw_send_to (fd, own_port, "\2any bytes", 10);
    snprintf (peer, sizeof peer, "udp://127.0.0.1:%d", port);
    expect_from (dgram, peer, "\2any bytes", 10);
    raw_send_to (fd, own_port, "", 0);
    expect_from (dgram, peer, "", 0);
    send_to (dgram, peer, 0, "answer", 6);
    raw_expect (fd, "answer", 6);
    close (fd);
    rm_socket (dgram);
    rm_ctx (ctx);
}

CASE (shape)
{
    char own[ENDPOINT_SIZE], peer[ENDPOINT_SIZE], byte;
    int port;
    void *ctx = mk_ctx (), *dgram = mk_socket (ctx, ZMQ_DGRAM);
    const int fd = raw_udp (&port);
    bind_udp (dgram, NULL, own);
    snprintf (peer, sizeof peer, "127.0.0.1:%d", port);
    for (int i = 0; i < 3; ++i) {
        CHECK_ERRNO (zmq_send (dgram, "alone", 5, 0), EINVAL);
        CHECK_INT (zmq_send (dgram, peer, strlen (peer), ZMQ_SNDMORE), strlen (peer));
        /* The body is to be the last part; that it was not leaves the message as it was. */
        CHECK_ERRNO (zmq_send (dgram, "body", 4, ZMQ_SNDMORE), EINVAL);
        CHECK_INT (zmq_send (dgram, "body", 4, 0), 4);
        raw_expect (fd, "body", 4);
    }
    CHECK_ERRNO (zmq_recv (dgram, &byte, 1, ZMQ_DONTWAIT), EAGAIN);
    /* A message that is begun goes with the socket. */
    CHECK_INT (zmq_send (dgram, peer, strlen (peer), ZMQ_SNDMORE), strlen (peer));
    close (fd);
    rm_socket (dgram);
    rm_ctx (ctx);
}

/* What goes nowhere is dropped, and what comes after it arrives. */
CASE (dropped)
{
    static char big[70000];
    static const char *const nowhere[] = {"",          "x",           "127.0.0.1",     "127.0.0.1:",     "127.0.0.1:0",
                                          ":5555",     "localhost:5", "127.0.0.1:x",   "127.0.0.1:70000", "[::1]:5555",
                                          "::1:5555",  "1.2.3.4.5:6", "255.255.255.255:9"};
    char own[ENDPOINT_SIZE], peer[ENDPOINT_SIZE], name[ENDPOINT_SIZE];
    int port;
    void *ctx = mk_ctx (), *dgram = mk_socket (ctx, ZMQ_DGRAM);
    const int fd = raw_udp (&port);
    const int own_port = bind_udp (dgram, NULL, own);
    snprintf (peer, sizeof peer, "udp://127.0.0.1:%d", port);
    memset (big, 'b', sizeof big);
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; ++i) {
        snprintf (name, sizeof name, "udp://%s", nowhere[i]);
        send_to (dgram, name, i % 2, "lost", 4);
        send_to (dgram, peer, 0, "good", 4);
        raw_expect (fd, "good", 4);
    }
    send_to (dgram, peer, 0, big, 8192);
    raw_expect (fd, big, 8192);
    send_to (dgram, peer, 0, big, 8193);
    send_to (dgram, peer, 0, big, sizeof big);
    send_to (dgram, peer, 0, "good", 4);
    raw_expect (fd, "good", 4);
    /* And what comes in: a datagram that would be cut off is none. */
    raw_send_to (fd, own_port, big, 8193);
    raw_send_to (fd, own_port, big, 8192);
    expect_from (dgram, peer, big, 8192);
    close (fd);
    rm_socket (dgram);
    rm_ctx (ctx);
}

CASE (who_may_what)
{
    static const char *const others[] = {"tcp://127.0.0.1:*", "ipc://@zt-dgram-test", "inproc://dgram-test"};
    char endpoint[ENDPOINT_SIZE], byte;
    int ready;
    void *ctx = mk_ctx (), *dgram = mk_socket (ctx, ZMQ_DGRAM);
    CHECK_INT (opt_int (dgram, ZMQ_TYPE), ZMQ_DGRAM);
    CHECK_INT (opt_int (dgram, ZMQ_THREAD_SAFE), 0);
    CHECK_ERRNO (zmq_connect (dgram, "udp://127.0.0.1:5555"), ENOCOMPATPROTO);
    for (int i = 0; i < 3; ++i)
        CHECK_ERRNO (zmq_bind (dgram, others[i]), ENOCOMPATPROTO);
    CHECK_ERRNO (zmq_connect (dgram, "tcp://127.0.0.1:5555"), ENOCOMPATPROTO);
    CHECK_ERRNO (zmq_join (dgram, "g"), ENOTSUP);
    /* Without a place to send from, messages wait. */
    CHECK_ERRNO (zmq_send (dgram, "127.0.0.1:9", 11, ZMQ_SNDMORE | ZMQ_DONTWAIT), EAGAIN);
    CHECK_ERRNO (zmq_recv (dgram, &byte, 1, ZMQ_DONTWAIT), EAGAIN);
    CHECK_INT (opt_int (dgram, ZMQ_EVENTS), 0);
    bind_udp (dgram, NULL, endpoint);
    CHECK_INT (opt_int (dgram, ZMQ_EVENTS), ZMQ_POLLOUT);
    /* There is one place at a time; a second one hears nothing, and takes nothing from the first. */
    CHECK_OK (zmq_bind (dgram, "udp://127.0.0.1:*"));
    int port, fd = raw_udp (&port);
    raw_send_to (fd, port_of (endpoint), "x", 1);
    poll_ready (dgram, ZMQ_POLLIN, DEADLINE_MS, &ready);
    CHECK (ready);
    CHECK_INT (drain (dgram), 2);
    /* Keeps the port from others meanwhile. */
    void *holder = mk_socket (ctx, ZMQ_DGRAM);
    CHECK_OK (zmq_bind (holder, endpoint));
    CHECK_OK (zmq_unbind (dgram, endpoint));
    CHECK_INT (opt_int (dgram, ZMQ_EVENTS), 0);
    CHECK_ERRNO (zmq_unbind (dgram, endpoint), ENOENT);
    CHECK_OK (zmq_bind (dgram, endpoint));
    CHECK_INT (opt_int (dgram, ZMQ_EVENTS), ZMQ_POLLOUT);
    rm_socket (holder);
    close (fd);
    rm_socket (dgram);
    rm_ctx (ctx);
}

/* Both directions at once, more than there is room for; messages stay whole. */
CASE (busy)
{
    enum { SENT = 3000 };
    char at[2][ENDPOINT_SIZE], text[64];
    void *ctx = mk_ctx (), *sockets[2];
    int got[2] = {0, 0};
    for (int i = 0; i < 2; ++i) {
        sockets[i] = mk_socket (ctx, ZMQ_DGRAM);
        set_int (sockets[i], ZMQ_SNDHWM, 20);
        set_int (sockets[i], ZMQ_RCVHWM, 20);
        bind_udp (sockets[i], NULL, at[i]);
    }
    for (int n = 0; n < SENT; ++n)
        for (int i = 0; i < 2; ++i) {
            send_to (sockets[i], at[1 - i], 1, &n, sizeof n);
            if (n % 64)
                continue;
            /* There is one at least. */
            for (int flags = 0; zmq_recv (sockets[1 - i], text, sizeof text, flags) > 0; flags = ZMQ_DONTWAIT) {
                CHECK_STR (text, strrchr (at[i], '/') + 1);
                CHECK_INT (zmq_recv (sockets[1 - i], text, sizeof text, 0), sizeof n);
                ++got[1 - i];
            }
        }
    CHECK (got[0] >= SENT / 64 && got[1] >= SENT / 64);
    rm_socket (sockets[0]);
    rm_socket (sockets[1]);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    static const char why[] = "a draft";
    harness_begin (argc, argv);
    RUN_OURS (there_and_back, why);
    RUN_OURS (both_families, why);
    RUN_OURS (shape, why);
    RUN_OURS (dropped, why);
    RUN_OURS (who_may_what, why);
    RUN_OURS (busy, why);
    return harness_end ();
}
