/*
 * norm: publishing to a group by NORM, over the loopback interface. Skipped where the library has no norm.
 */
#include "multicast.h"

#include <sys/resource.h>

enum { LONG_SIZE = 200000, SENT = 40 };

/* Two sockets of one group; either may bind or connect. */
static void mk_pair_by (void *ctx, int types[2], int binds, void **pub, void **sub)
{
    char place[64], endpoint[80];
    mk_group (place, sizeof place);
    snprintf (endpoint, sizeof endpoint, "norm://%s", place);
    *pub = mk_socket (ctx, types[0]);
    *sub = mk_socket (ctx, types[1]);
    REQUIRE_OK (binds ? zmq_bind (*pub, endpoint) : zmq_connect (*pub, endpoint));
    REQUIRE_OK (binds ? zmq_connect (*sub, endpoint) : zmq_bind (*sub, endpoint));
}

static void mk_pub_sub (void *ctx, void **pub, void **sub)
{
    int types[2] = {ZMQ_PUB, ZMQ_SUB};
    mk_pair_by (ctx, types, 1, pub, sub);
    set_str (*sub, ZMQ_SUBSCRIBE, "?");
}

CASE (other_types)
{
    static const int types[] = {ZMQ_PAIR, ZMQ_REQ, ZMQ_REP, ZMQ_DEALER, ZMQ_ROUTER, ZMQ_PULL, ZMQ_PUSH, ZMQ_STREAM};
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i) {
        void *socket = mk_socket (ctx, types[i]);
        CHECK_ERRNO (zmq_bind (socket, "norm://lo;239.7.7.7:5556"), ENOCOMPATPROTO);
        CHECK_ERRNO (zmq_connect (socket, "norm://lo;239.7.7.7:5556"), ENOCOMPATPROTO);
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

/* The subscriber has what it subscribed to, message by message in order. */
CASE (topics)
{
    for (int binds = 0; binds < 2; ++binds) {
        int types[2] = {ZMQ_PUB, ZMQ_SUB};
        void *ctx = mk_ctx (), *pub, *sub;
        mk_pair_by (ctx, types, binds, &pub, &sub);
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
        rm_socket (pub);
        rm_socket (sub);
        rm_ctx (ctx);
    }
}

static void run_sizes (const size_t *sizes, size_t count)
{
    static char sent[LONG_SIZE];
    void *ctx = mk_ctx (), *pub, *sub;
    for (size_t i = 0; i < sizeof sent; ++i)
        sent[i] = (char) (i * 7 + i / 251);
    mk_pub_sub (ctx, &pub, &sub);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    meet (pub, sub);
    for (size_t i = 0; i < count; ++i) {
        CHECK_INT (zmq_send (pub, sent, sizes[i], ZMQ_SNDMORE), sizes[i]);
        CHECK_INT (zmq_send (pub, sent, sizes[i] - 1, 0), sizes[i] - 1);
        expect_bytes (sub, sent, sizes[i], 1);
        expect_bytes (sub, sent, sizes[i] - 1, 0);
    }
    rm_socket (pub);
    rm_socket (sub);
    rm_ctx (ctx);
}

CASE (sizes)
{
    static const size_t sizes[] = {1, 38, 255, 256, 257, 1389, 1390, 1391, 1400, 1410, 2000};
    run_sizes (sizes, sizeof sizes / sizeof *sizes);
}

CASE (large)
{
    static const size_t sizes[] = {2048, 3000, 8192, 65536, 70000, LONG_SIZE};
    run_sizes (sizes, sizeof sizes / sizeof *sizes);
}

/* What an XPUB publishes goes to all; an XSUB gets all of it, whatever it says. */
CASE (xpub_xsub)
{
    int types[2] = {ZMQ_XPUB, ZMQ_XSUB};
    void *ctx = mk_ctx (), *xpub, *xsub;
    mk_pair_by (ctx, types, 1, &xpub, &xsub);
    meet (xpub, xsub);
    CHECK_INT (zmq_send (xsub, "\1a", 2, 0), 2);
    send_str (xsub, "nobody hears this", 0);
    send_str (xpub, "b", 0);
    expect_msg (xsub, "b");
    expect_nothing (xpub);
    rm_socket (xpub);
    rm_socket (xsub);
    rm_ctx (ctx);
}

/* Senders of one group, each with a number of its own. */
static void run_senders (const char *const numbers[2])
{
    char place[64], endpoint[80];
    void *ctx = mk_ctx (), *sub = mk_socket (ctx, ZMQ_SUB), *pubs[2];
    mk_group (place, sizeof place);
    snprintf (endpoint, sizeof endpoint, "norm://%s", place);
    REQUIRE_OK (zmq_bind (sub, endpoint));
    set_str (sub, ZMQ_SUBSCRIBE, "");
    for (int i = 0; i < 2; ++i) {
        snprintf (endpoint, sizeof endpoint, "norm://%s%s", numbers[i], place);
        pubs[i] = mk_socket (ctx, ZMQ_PUB);
        REQUIRE_OK (zmq_connect (pubs[i], endpoint));
        meet (pubs[i], sub);
    }
    int next[2] = {0, 0};
    for (int n = 0; n < SENT; ++n)
        for (uint32_t i = 0; i < 2; ++i) {
            send_str (pubs[i], "part", ZMQ_SNDMORE);
            REQUIRE (send_numbered (pubs[i], i, (uint32_t) n, 0));
        }
    for (int n = 0; n < 2 * SENT; ++n) {
        numbered_t body;
        expect_part (sub, "part");
        REQUIRE (recv_numbered (sub, &body, 0));
        CHECK_INT (body.number, next[body.source & 1]);
        ++next[body.source & 1];
    }
    rm_socket (pubs[0]);
    rm_socket (pubs[1]);
    rm_socket (sub);
    rm_ctx (ctx);
}

CASE (numbered_senders)
{
    static const char *const numbers[2] = {"17,", "18,"};
    run_senders (numbers);
}

CASE (senders)
{
    static const char *const numbers[2] = {"", ""};
    run_senders (numbers);
}

CASE (bad_endpoints)
{
    static const char *const bad[] = {"norm://",           "norm://239.7.7.7",        "norm://239.7.7.7:",
                                      "norm://239.7.7.7:0", "norm://239.7.7.7:*",      "norm://239.7.7.7:65536",
                                      "norm://:5556",       "norm://0,239.7.7.7:5556", "norm://x,239.7.7.7:5556",
                                      "norm://lo;127.0.0.1:5556"};
    void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB), *sub = mk_socket (ctx, ZMQ_SUB);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        CHECK_ERRNO (zmq_bind (sub, bad[i]), EINVAL);
        CHECK_ERRNO (zmq_connect (pub, bad[i]), EINVAL);
    }
    CHECK_ERRNO (zmq_bind (sub, "norm://nosuchif;239.7.7.7:5556"), ENODEV);
    CHECK_ERRNO (zmq_connect (pub, "norm://192.0.2.1;239.7.7.7:5556"), ENODEV);
    set_int (pub, ZMQ_PLAIN_SERVER, 1);
    CHECK_ERRNO (zmq_connect (pub, "norm://lo;239.7.7.7:5556"), EPROTONOSUPPORT);
    rm_socket (pub);
    rm_socket (sub);
    rm_ctx (ctx);
}

enum { FD_LIMIT = 100 };

static int open_fds (void)
{
    int count = 0;
    for (int fd = 0; fd < FD_LIMIT; ++fd)
        count += fcntl (fd, F_GETFD) != -1;
    return count;
}

/* With too few descriptors there is no endpoint, and no fewer of them afterwards; with enough there is one that works. */
CASE (few_descriptors)
{
    int fillers[FD_LIMIT], count = 0, rc = -1;
    char place[64], endpoint[80];
    void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB), *sub = mk_socket (ctx, ZMQ_SUB);
    struct rlimit before;
    mk_group (place, sizeof place);
    snprintf (endpoint, sizeof endpoint, "norm://%s", place);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    /* All that does not belong to the endpoint that counts. */
    REQUIRE_OK (zmq_bind (pub, endpoint));
    mk_group (place, sizeof place);
    snprintf (endpoint, sizeof endpoint, "norm://%s", place);
    REQUIRE_OK (zmq_bind (sub, endpoint));
    REQUIRE_OK (getrlimit (RLIMIT_NOFILE, &before));
    const struct rlimit limit = {FD_LIMIT, before.rlim_max};
    REQUIRE_OK (setrlimit (RLIMIT_NOFILE, &limit));
    while (count < FD_LIMIT && (fillers[count] = dup (2)) >= 0)
        ++count;
    while (rc != 0 && count > 0) {
        close (fillers[--count]);
        const int fds = open_fds ();
        rc = zmq_connect (pub, endpoint);
        if (rc != 0) {
            CHECK_INT (zmq_errno (), EMFILE);
            REQUIRE (open_fds () == fds);
        }
    }
    REQUIRE_OK (rc);
    REQUIRE_OK (setrlimit (RLIMIT_NOFILE, &before));
    while (count > 0)
        close (fillers[--count]);
    meet (pub, sub);
    rm_socket (pub);
    rm_socket (sub);
    rm_ctx (ctx);
}

/* The name of an endpoint is the one that it was given; it is taken back by that, once. */
CASE (taken_back)
{
    char place[64], endpoint[80], last[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB), *sub = mk_socket (ctx, ZMQ_SUB);
    mk_group (place, sizeof place);
    snprintf (endpoint, sizeof endpoint, "norm://%s", place);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    for (int i = 0; i < 3; ++i) {
        REQUIRE_OK (zmq_bind (pub, endpoint));
        /* A second time is the same. */
        CHECK_OK (zmq_connect (pub, endpoint));
        REQUIRE_OK (zmq_connect (sub, endpoint));
        size_t size = sizeof last;
        CHECK_OK (zmq_getsockopt (pub, ZMQ_LAST_ENDPOINT, last, &size));
        CHECK_STR (last, endpoint);
        meet (pub, sub);
        CHECK_OK (zmq_unbind (pub, endpoint));
        CHECK_ERRNO (zmq_unbind (pub, endpoint), ENOENT);
        CHECK_OK (zmq_disconnect (sub, endpoint));
        send_str (pub, "to nobody", 0);
        expect_nothing (sub);
    }
    rm_socket (pub);
    rm_socket (sub);
    rm_ctx (ctx);
}

/* What was sent before the close comes, although its sender is gone. */
CASE (the_tail_arrives)
{
    void *ctx = mk_ctx (), *pub, *sub;
    mk_pub_sub (ctx, &pub, &sub);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    meet (pub, sub);
    for (uint32_t i = 0; i < 500; ++i)
        REQUIRE (send_numbered (pub, 0, i, 0));
    rm_socket_linger (pub);
    for (uint32_t i = 0; i < 500; ++i) {
        numbered_t body;
        REQUIRE (recv_numbered (sub, &body, 0));
        CHECK_INT (body.number, i);
    }
    rm_socket (sub);
    rm_ctx (ctx);
}

/* Nobody listens, and the rate is slow: the end comes all the same, in the time that repairs are promised for. */
CASE (ends_in_time)
{
    static char body[100000];
    for (int linger = 0; linger < 2; ++linger) {
        char place[64], endpoint[80];
        void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB);
        mk_group (place, sizeof place);
        snprintf (endpoint, sizeof endpoint, "norm://%s", place);
        set_int (pub, ZMQ_LINGER, linger ? -1 : 0);
        set_int (pub, ZMQ_RECOVERY_IVL, 300);
        REQUIRE_OK (zmq_connect (pub, endpoint));
        for (int i = 0; i < 10; ++i)
            CHECK_INT (zmq_send (pub, body, sizeof body, 0), sizeof body);
        const long long begin = now_ms ();
        rm_socket_linger (pub);
        rm_ctx (ctx);
        CHECK (now_ms () - begin < DEADLINE_MS);
    }
}

/* A slow subscriber loses messages, whole ones, and goes on. */
CASE (no_room)
{
    int types[2] = {ZMQ_PUB, ZMQ_SUB};
    char place[64], endpoint[80];
    void *ctx = mk_ctx (), *pub = mk_socket (ctx, types[0]), *sub = mk_socket (ctx, types[1]);
    mk_group (place, sizeof place);
    snprintf (endpoint, sizeof endpoint, "norm://%s", place);
    set_int (sub, ZMQ_RCVHWM, 2);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    REQUIRE_OK (zmq_bind (sub, endpoint));
    REQUIRE_OK (zmq_connect (pub, endpoint));
    meet (pub, sub);
    for (uint32_t i = 0; i < 200; ++i) {
        send_str (pub, "part", ZMQ_SNDMORE);
        REQUIRE (send_numbered (pub, 0, i, 0));
    }
    for (uint32_t i = 0; i < 200; ++i) {
        numbered_t body;
        expect_part (sub, "part");
        REQUIRE (recv_numbered (sub, &body, 0));
        CHECK_INT (body.number, i);
    }
    rm_socket (pub);
    rm_socket (sub);
    rm_ctx (ctx);
}

/* Datagrams that are none of NORM's. */
CASE (strangers)
{
    char place[64], endpoint[80], group[64];
    int port;
    void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB), *sub = mk_socket (ctx, ZMQ_SUB);
    mk_group (place, sizeof place);
    snprintf (endpoint, sizeof endpoint, "norm://%s", place);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    REQUIRE_OK (zmq_bind (sub, endpoint));
    REQUIRE_OK (zmq_connect (pub, endpoint));
    REQUIRE (sscanf (place, "lo;%63[0-9.]:%d", group, &port) == 2);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons ((uint16_t) port)};
    struct in_addr lo = {htonl (INADDR_LOOPBACK)};
    inet_pton (AF_INET, group, &to.sin_addr);
    const int fd = socket (AF_INET, SOCK_DGRAM, 0);
    REQUIRE_OK (setsockopt (fd, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof lo));
    unsigned seed = 1;
    for (size_t size = 0; size < 200; ++size) {
        unsigned char bytes[200];
        for (size_t i = 0; i < size; ++i)
            bytes[i] = (unsigned char) (rand_r (&seed) >> 4);
        if (size > 1)
            bytes[0] = (unsigned char) (0x10 + size % 6);
        CHECK_INT (sendto (fd, bytes, size, 0, (struct sockaddr *) &to, sizeof to), size);
    }
    close (fd);
    meet (pub, sub);
    rm_socket (pub);
    rm_socket (sub);
    rm_ctx (ctx);
}

/* A child closes what it inherited, and that does nothing to its parent; what it makes itself works. */
CASE (forked)
{
    void *ctx = mk_ctx (), *pub, *sub;
    mk_pub_sub (ctx, &pub, &sub);
    meet (pub, sub);
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
        mk_pub_sub (ctx, &pub, &sub);
        meet (pub, sub);
        rm_socket (pub);
        rm_socket (sub);
        rm_ctx (ctx);
        execl ("/bin/sh", "sh", "-c", harness.case_failures ? "exit 1" : "exit 0", (char *) NULL);
        _exit (1);
    }
    CHECK_INT (wait_pid (pid), 0);
    send_str (pub, "?", 0);
    expect_msg (sub, "?");
    rm_socket (pub);
    rm_socket (sub);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    if (!zmq_has ("norm"))
        skip_all ("the library has no norm");
    RUN (other_types);
    RUN (topics);
    RUN (sizes);
    RUN_OURS (large, "the reference cannot send frames of more than about 2000 bytes");
    RUN (xpub_xsub);
    RUN_OURS (numbered_senders, "the reference falls silent when there are several");
    RUN_OURS (senders, "the reference gives all senders of a host one number");
    RUN_OURS (bad_endpoints, "the reference ends the process");
    RUN_OURS (few_descriptors, "undefined on the reference");
    RUN_OURS (taken_back, "the reference knows connected endpoints only, and not by all of their names");
    RUN_OURS (the_tail_arrives, "the reference drops what was not sent yet");
    RUN_OURS (ends_in_time, "as before");
    RUN (no_room);
    RUN_OURS (forked, "undefined on the reference");
    RUN_OURS (strangers, "the reference is not put at risk");
    return harness_end ();
}
