/*
 * The suite that every transport of reliable multicast passes: who may use it, topics, several of a group, the names of
 * endpoints, the end, forks.
 *
 * A program defines what its transport is and includes this once:
 *   SCHEMES      the names of what is tried, as an initialiser: {"norm"}
 *   PLACE        a place where an endpoint can be, after "scheme://"
 *   INTERFACE    the address of the interface that its senders use
 *   mk_route     void (const char *scheme, char from[ROUTE_SIZE], char to[ROUTE_SIZE]): the endpoints of senders and of
 *                receivers of a group that nobody else uses; declared here
 * and names the cases in its main, since the reference does not pass all of them. Cases of one transport only live in
 * the program itself; groups and the first message are multicast.h's.
 */
#ifndef CAPI_TR_MULTICAST_H
#define CAPI_TR_MULTICAST_H

#include "multicast.h"

#include <sys/resource.h>

enum { ROUTE_SIZE = 80, LONG_SIZE = 200000, SENT = 100 };

static const char *const schemes[] = SCHEMES;
#define FOR_EACH_SCHEME(var)                                                                       \
    for (size_t var##_i = 0; var##_i < sizeof schemes / sizeof *schemes; ++var##_i)                \
        for (const char *var = schemes[var##_i]; var; var = NULL)

static void mk_route (const char *scheme, char from[ROUTE_SIZE], char to[ROUTE_SIZE]);

/* A socket that sends no slower than what is tested needs, and waits longer: repairs go by the round trips of a busy machine. */
HELPER void *mk_end (void *ctx, int type)
{
    void *socket = mk_socket (ctx, type);
    set_int (socket, ZMQ_RATE, 50000);
    set_int (socket, ZMQ_RCVTIMEO, 3 * DEADLINE_MS);
    return socket;
}

/* Two sockets of one group; either may bind or connect. */
static void mk_ends (void *ctx, const char *scheme, const int types[2], int binds, void **pub, void **sub)
{
    char from[ROUTE_SIZE], to[ROUTE_SIZE];
    mk_route (scheme, from, to);
    *pub = mk_end (ctx, types[0]);
    *sub = mk_end (ctx, types[1]);
    REQUIRE_OK (binds ? zmq_bind (*pub, from) : zmq_connect (*pub, from));
    REQUIRE_OK (binds ? zmq_connect (*sub, to) : zmq_bind (*sub, to));
}

/* A publisher, and a subscriber to all that has heard of it. */
static void mk_pub_sub (void *ctx, const char *scheme, void **pub, void **sub)
{
    static const int types[2] = {ZMQ_PUB, ZMQ_SUB};
    mk_ends (ctx, scheme, types, 1, pub, sub);
    set_str (*sub, ZMQ_SUBSCRIBE, "");
    meet (*pub, *sub);
}

static void rm_ends (void *ctx, void *pub, void *sub)
{
    rm_socket (pub);
    rm_socket (sub);
    rm_ctx (ctx);
}

/* ---- What goes through ------------------------------------------------------------------------ */

CASE (other_types)
{
    static const int types[] = {ZMQ_PAIR, ZMQ_REQ, ZMQ_REP, ZMQ_DEALER, ZMQ_ROUTER, ZMQ_PULL, ZMQ_PUSH, ZMQ_STREAM};
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i)
        FOR_EACH_SCHEME (scheme) {
            char endpoint[ROUTE_SIZE];
            void *socket = mk_socket (ctx, types[i]);
            snprintf (endpoint, sizeof endpoint, "%s://%s", scheme, PLACE);
            CHECK_ERRNO (zmq_bind (socket, endpoint), ENOCOMPATPROTO);
            CHECK_ERRNO (zmq_connect (socket, endpoint), ENOCOMPATPROTO);
            rm_socket (socket);
        }
    rm_ctx (ctx);
}

/* The subscriber has what it subscribed to, message by message in order. */
static void pass_topics (const char *scheme, int binds)
{
    static const int types[2] = {ZMQ_PUB, ZMQ_SUB};
    void *ctx = mk_ctx (), *pub, *sub;
    mk_ends (ctx, scheme, types, binds, &pub, &sub);
    set_str (sub, ZMQ_SUBSCRIBE, "?");
    set_str (sub, ZMQ_SUBSCRIBE, "a");
    meet (pub, sub);
    for (int i = 0; i < 10; ++i) {
        send_str (pub, "b", ZMQ_SNDMORE);
        send_str (pub, "not this", 0);
        send_str (pub, "ab", 0);
        send_str (pub, "a", ZMQ_SNDMORE);
        send_str (pub, "", ZMQ_SNDMORE);
        send_str (pub, "b", 0);
    }
    for (int i = 0; i < 10; ++i) {
        expect_msg (sub, "ab");
        expect_part (sub, "a");
        expect_part (sub, "");
        expect_msg (sub, "b");
    }
    set_str (sub, ZMQ_UNSUBSCRIBE, "a");
    send_str (pub, "a", 0);
    send_str (pub, "?", 0);
    expect_msg (sub, "?");
    expect_nothing (sub);
    rm_ends (ctx, pub, sub);
}

CASE (topics)
{
    FOR_EACH_SCHEME (scheme)
        for (int binds = 0; binds < 2; ++binds)
            pass_topics (scheme, binds);
}

/* Frames of these sizes, and of one byte less; which ones matter depends on the packets of a transport. */
static void pass_sizes (const size_t *sizes, size_t count)
{
    static char sent[LONG_SIZE];
    for (size_t i = 0; i < sizeof sent; ++i)
        sent[i] = (char) (i * 7 + i / 251);
    FOR_EACH_SCHEME (scheme) {
        void *ctx = mk_ctx (), *pub, *sub;
        mk_pub_sub (ctx, scheme, &pub, &sub);
        for (size_t i = 0; i < count; ++i) {
            CHECK_INT (zmq_send (pub, sent, sizes[i], ZMQ_SNDMORE), sizes[i]);
            CHECK_INT (zmq_send (pub, sent, sizes[i] - 1, 0), sizes[i] - 1);
            expect_bytes (sub, sent, sizes[i], 1);
            expect_bytes (sub, sent, sizes[i] - 1, 0);
        }
        rm_ends (ctx, pub, sub);
    }
}

/* What an XPUB publishes goes to all; an XSUB gets all of it, whatever it says. */
CASE (xpub_xsub)
{
    static const int types[2] = {ZMQ_XPUB, ZMQ_XSUB};
    FOR_EACH_SCHEME (scheme) {
        void *ctx = mk_ctx (), *xpub, *xsub;
        mk_ends (ctx, scheme, types, 1, &xpub, &xsub);
        meet (xpub, xsub);
        CHECK_INT (zmq_send (xsub, "\1a", 2, 0), 2);
        send_str (xsub, "nobody hears this", 0);
        send_str (xpub, "b", 0);
        expect_msg (xsub, "b");
        expect_nothing (xpub);
        rm_ends (ctx, xpub, xsub);
    }
}

/* Two senders and two receivers of a group: each of these has the messages of each of those, in order. */
static void pass_among_many (const char *const from[2], const char *to)
{
    void *ctx = mk_ctx (), *pubs[2], *subs[2];
    for (int i = 0; i < 2; ++i) {
        subs[i] = mk_end (ctx, ZMQ_SUB);
        set_str (subs[i], ZMQ_SUBSCRIBE, "");
        REQUIRE_OK (i ? zmq_bind (subs[i], to) : zmq_connect (subs[i], to));
    }
    for (int i = 0; i < 2; ++i) {
        pubs[i] = mk_end (ctx, ZMQ_PUB);
        REQUIRE_OK (zmq_connect (pubs[i], from[i]));
        meet (pubs[i], subs[0]);
    }
    send_str (pubs[1], "!", 0);
    for (int i = 0; i < 2; ++i)
        for (char text[8] = ""; strcmp (text, "!") != 0;)
            REQUIRE (recv_str (subs[i], text, sizeof text) > 0);
    for (uint32_t n = 0; n < SENT; ++n)
        for (uint32_t i = 0; i < 2; ++i) {
            send_str (pubs[i], "part", ZMQ_SNDMORE);
            REQUIRE (send_numbered (pubs[i], i, n, 0));
        }
    for (int i = 0; i < 2; ++i) {
        tally_t tally = {{0}, 0};
        for (int n = 0; n < 2 * SENT; ++n) {
            numbered_t body;
            expect_part (subs[i], "part");
            REQUIRE (recv_numbered (subs[i], &body, 0));
            tally_add (&tally, &body);
        }
        CHECK_INT (tally.wrong, 0);
        CHECK_INT (tally.next[0], SENT);
        CHECK_INT (tally.next[1], SENT);
    }
    for (int i = 0; i < 2; ++i) {
        rm_socket (pubs[i]);
        rm_socket (subs[i]);
    }
    rm_ctx (ctx);
}

/* A subscriber that does not receive in time loses nothing while the sender's window reaches back. */
CASE (no_room)
{
    char from[ROUTE_SIZE], to[ROUTE_SIZE];
    void *ctx = mk_ctx (), *pub = mk_end (ctx, ZMQ_PUB), *sub = mk_end (ctx, ZMQ_SUB);
    mk_route (schemes[0], from, to);
    set_int (sub, ZMQ_RCVHWM, 2);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    REQUIRE_OK (zmq_bind (sub, to));
    REQUIRE_OK (zmq_connect (pub, from));
    meet (pub, sub);
    for (uint32_t i = 0; i < 2 * SENT; ++i) {
        send_str (pub, "part", ZMQ_SNDMORE);
        REQUIRE (send_numbered (pub, 0, i, 0));
    }
    for (uint32_t i = 0; i < 2 * SENT; ++i) {
        numbered_t body;
        expect_part (sub, "part");
        REQUIRE (recv_numbered (sub, &body, 0));
        CHECK_INT (body.number, i);
    }
    rm_ends (ctx, pub, sub);
}

/* Datagrams that are none of the protocol's: of all sizes, random, but for a first byte that some of it could have. */
CASE (strangers)
{
    char from[ROUTE_SIZE], to[ROUTE_SIZE], group[64];
    int port;
    void *ctx = mk_ctx (), *pub = mk_end (ctx, ZMQ_PUB), *sub = mk_end (ctx, ZMQ_SUB);
    mk_route (schemes[0], from, to);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    REQUIRE_OK (zmq_bind (sub, to));
    REQUIRE_OK (zmq_connect (pub, from));
    REQUIRE (sscanf (from, "%*[^;];%63[0-9.]:%d", group, &port) == 2);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons ((uint16_t) port)};
    struct in_addr interface;
    inet_pton (AF_INET, group, &address.sin_addr);
    inet_pton (AF_INET, INTERFACE, &interface);
    const int fd = socket (AF_INET, SOCK_DGRAM, 0);
    REQUIRE_OK (setsockopt (fd, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface));
    unsigned seed = 1;
    for (size_t size = 0; size < 200; ++size) {
        unsigned char bytes[200];
        for (size_t i = 0; i < size; ++i)
            bytes[i] = (unsigned char) (rand_r (&seed) >> 4);
        if (size > 1)
            bytes[0] = (unsigned char) (0x10 + size % 6);
        CHECK_INT (sendto (fd, bytes, size, 0, (struct sockaddr *) &address, sizeof address), size);
    }
    close (fd);
    meet (pub, sub);
    rm_ends (ctx, pub, sub);
}

/*
 * The rate is kept by a publisher that has no other: what is sent takes its time. Then what was sent before the close
 * comes, although its sender is gone.
 */
static void pass_at_slow_rate (void *ctx, void *pub)
{
    enum { MESSAGES = 40, SIZE = 1000, SLOW = 200 };
    static char body[SIZE];
    char from[ROUTE_SIZE], to[ROUTE_SIZE];
    void *sub = mk_end (ctx, ZMQ_SUB);
    mk_route (schemes[0], from, to);
    set_int (pub, ZMQ_RATE, SLOW);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    REQUIRE_OK (zmq_bind (sub, to));
    REQUIRE_OK (zmq_connect (pub, from));
    meet (pub, sub);
    const long long begin = now_ms ();
    for (int i = 0; i < MESSAGES; ++i)
        CHECK_INT (zmq_send (pub, body, SIZE, 0), SIZE);
    rm_socket_linger (pub);
    for (int i = 0; i < MESSAGES; ++i)
        expect_bytes (sub, body, SIZE, 0);
    /* 40,000 bytes at 25,000 a second, the first few of them at once. */
    CHECK (now_ms () - begin > 300);
    rm_socket (sub);
    rm_ctx (ctx);
}

/* A message that does not fit into the packets that were asked for. */
static void pass_in_many_packets (void *ctx, void *pub, void *sub)
{
    static char body[3000];
    char from[ROUTE_SIZE], to[ROUTE_SIZE];
    mk_route (schemes[0], from, to);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    REQUIRE_OK (zmq_bind (sub, to));
    REQUIRE_OK (zmq_connect (pub, from));
    meet (pub, sub);
    CHECK_INT (zmq_send (pub, body, sizeof body, 0), sizeof body);
    send_str (pub, "end", 0);
    expect_bytes (sub, body, sizeof body, 0);
    expect_msg (sub, "end");
    rm_ends (ctx, pub, sub);
}

/* ---- Endpoints -------------------------------------------------------------------------------- */

/* The name of an endpoint is the one that it was given; it is taken back by that, once. */
CASE (taken_back)
{
    char from[ROUTE_SIZE], to[ROUTE_SIZE], last[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *pub = mk_end (ctx, ZMQ_PUB), *sub = mk_end (ctx, ZMQ_SUB);
    mk_route (schemes[0], from, to);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    for (int i = 0; i < 3; ++i) {
        REQUIRE_OK (zmq_bind (pub, from));
        /* A second time is the same. */
        CHECK_OK (zmq_connect (pub, from));
        REQUIRE_OK (zmq_connect (sub, to));
        last_endpoint (pub, last);
        CHECK_STR (last, from);
        meet (pub, sub);
        CHECK_OK (zmq_unbind (pub, from));
        CHECK_ERRNO (zmq_unbind (pub, from), ENOENT);
        CHECK_OK (zmq_disconnect (sub, to));
        send_str (pub, "to nobody", 0);
        expect_nothing (sub);
    }
    rm_ends (ctx, pub, sub);
}

enum { FD_LIMIT = 100 };

static int open_fds (void)
{
    int count = 0;
    for (int fd = 0; fd < FD_LIMIT; ++fd)
        count += fcntl (fd, F_GETFD) != -1;
    return count;
}

/*
 * Connects where all descriptors are taken, and again with one more free each time. Each failure says why and keeps
 * none; gives how many there were. All that a library needs but once must be there.
 */
static int connect_with_few_descriptors (void *pub, const char *endpoint)
{
    int fillers[FD_LIMIT], count = 0, failures = 0, rc = -1;
    struct rlimit before;
    REQUIRE_OK (getrlimit (RLIMIT_NOFILE, &before));
    const struct rlimit limit = {FD_LIMIT, before.rlim_max};
    REQUIRE_OK (setrlimit (RLIMIT_NOFILE, &limit));
    while (count < FD_LIMIT && (fillers[count] = dup (2)) >= 0)
        ++count;
    for (; rc != 0 && count > 0; close (fillers[--count])) {
        const int fds = open_fds ();
        rc = zmq_connect (pub, endpoint);
        if (rc != 0) {
            ++failures;
            CHECK_INT (zmq_errno (), EMFILE);
            REQUIRE (open_fds () == fds);
        }
    }
    REQUIRE_OK (rc);
    REQUIRE_OK (setrlimit (RLIMIT_NOFILE, &before));
    while (count > 0)
        close (fillers[--count]);
    return failures;
}

/* ---- The end ---------------------------------------------------------------------------------- */

/* What was sent before the close comes, although its sender is gone. */
CASE (the_tail_arrives)
{
    FOR_EACH_SCHEME (scheme) {
        void *ctx = mk_ctx (), *pub, *sub;
        mk_pub_sub (ctx, scheme, &pub, &sub);
        for (uint32_t i = 0; i < 5 * SENT; ++i)
            REQUIRE (send_numbered (pub, 0, i, 0));
        rm_socket_linger (pub);
        for (uint32_t i = 0; i < 5 * SENT; ++i) {
            numbered_t body;
            REQUIRE (recv_numbered (sub, &body, 0));
            CHECK_INT (body.number, i);
        }
        rm_socket (sub);
        rm_ctx (ctx);
    }
}

/* Sends a lot to nobody and leaves; what makes it slow, and how long it may linger, was set before. */
static void leave_in_time (void *ctx, void *pub, const char *endpoint)
{
    static char body[100000];
    REQUIRE_OK (zmq_connect (pub, endpoint));
    for (int i = 0; i < 10; ++i)
        CHECK_INT (zmq_send (pub, body, sizeof body, 0), sizeof body);
    const long long begin = now_ms ();
    rm_socket_linger (pub);
    rm_ctx (ctx);
    CHECK (now_ms () - begin < DEADLINE_MS);
}

/* A child closes what it inherited, and that does nothing to its parent; what it makes itself works. */
CASE (forked)
{
    void *ctx = mk_ctx (), *pub, *sub;
    mk_pub_sub (ctx, schemes[0], &pub, &sub);
    fflush (stdout);
    fflush (stderr);
    const pid_t pid = fork ();
    REQUIRE (pid >= 0);
    if (pid == 0) {
        alarm (30);
        harness.case_failures = 0;
        CHECK_OK (zmq_close (pub));
        CHECK_OK (zmq_close (sub));
        CHECK_OK (zmq_ctx_term (ctx));
        ctx = mk_ctx ();
        mk_pub_sub (ctx, schemes[0], &pub, &sub);
        rm_ends (ctx, pub, sub);
        execl ("/bin/sh", "sh", "-c", harness.case_failures ? "exit 1" : "exit 0", (char *) NULL);
        _exit (1);
    }
    CHECK_INT (wait_pid (pid), 0);
    send_str (pub, "?", 0);
    expect_msg (sub, "?");
    rm_ends (ctx, pub, sub);
}

#endif
