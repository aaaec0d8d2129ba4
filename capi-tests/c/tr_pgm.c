/* pgm and epgm: publishing to a group by PGM, as packets of its own and within UDP. Skipped where the library has no pgm. */
#include "pgm.h"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { LONG_SIZE = 200000, SENT = 100, RATE = 50000 };

static const char *const schemes[] = {"epgm", "pgm"};

static void *mk_end (void *ctx, int type)
{
    void *socket = mk_socket (ctx, type);
    set_int (socket, ZMQ_RATE, RATE);
    return socket;
}

/* Two sockets of one group; either may bind or connect. */
static void mk_ends (void *ctx, const char *scheme, int types[2], int binds, void **pub, void **sub)
{
    char from[64], to[64];
    mk_cable (scheme, from, to);
    *pub = mk_end (ctx, types[0]);
    *sub = mk_end (ctx, types[1]);
    REQUIRE_OK (binds ? zmq_bind (*pub, from) : zmq_connect (*pub, from));
    REQUIRE_OK (binds ? zmq_connect (*sub, to) : zmq_bind (*sub, to));
}

static void mk_pub_sub (void *ctx, const char *scheme, void **pub, void **sub)
{
    int types[2] = {ZMQ_PUB, ZMQ_SUB};
    mk_ends (ctx, scheme, types, 1, pub, sub);
    set_str (*sub, ZMQ_SUBSCRIBE, "");
    meet (*pub, *sub);
}

CASE (other_types)
{
    static const int types[] = {ZMQ_PAIR, ZMQ_REQ, ZMQ_REP, ZMQ_DEALER, ZMQ_ROUTER, ZMQ_PULL, ZMQ_PUSH, ZMQ_STREAM};
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i) {
        void *socket = mk_socket (ctx, types[i]);
        CHECK_ERRNO (zmq_bind (socket, "epgm://10.71.1.1;239.7.7.7:5556"), ENOCOMPATPROTO);
        CHECK_ERRNO (zmq_connect (socket, "pgm://10.71.1.1;239.7.7.7:5556"), ENOCOMPATPROTO);
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

/* The loopback interface is none for OpenPGM. */
CASE (loopback)
{
    void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB), *sub = mk_socket (ctx, ZMQ_SUB);
    CHECK_ERRNO (zmq_bind (sub, "epgm://lo;239.7.7.7:5556"), EINVAL);
    CHECK_ERRNO (zmq_connect (pub, "pgm://lo;239.7.7.7:5556"), EINVAL);
    CHECK_ERRNO (zmq_connect (pub, "epgm://lo;239.7.7.7"), EINVAL);
    rm_socket (pub);
    rm_socket (sub);
    rm_ctx (ctx);
}

CASE (bad_endpoints)
{
    static const char *const bad[] = {"epgm://",
                                      "epgm://239.7.7.7:",
                                      "epgm://239.7.7.7:0",
                                      "epgm://239.7.7.7:*",
                                      "epgm://10.71.1.1;10.71.1.2:5556",
                                      "epgm://nosuchif;239.7.7.7:5556",
                                      "pgm://192.0.2.1;239.7.7.7:5556",
                                      "pgm://x0;[ff02::1]:5556"};
    void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB), *sub = mk_socket (ctx, ZMQ_SUB);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        CHECK_ERRNO (zmq_bind (sub, bad[i]), EINVAL);
        CHECK_ERRNO (zmq_connect (pub, bad[i]), EINVAL);
    }
    /* Not a packet a second, and packets with room for heads only. */
    set_int (pub, ZMQ_RATE, 11);
    CHECK_ERRNO (zmq_connect (pub, "epgm://x0;239.7.7.7:5556"), EINVAL);
    set_int (pub, ZMQ_RATE, 100);
    set_int (pub, ZMQ_MULTICAST_MAXTPDU, 127);
    CHECK_ERRNO (zmq_connect (pub, "epgm://x0;239.7.7.7:5556"), EINVAL);
    set_int (pub, ZMQ_MULTICAST_MAXTPDU, 70000);
    CHECK_ERRNO (zmq_connect (pub, "epgm://x0;239.7.7.7:5556"), EINVAL);
    set_int (pub, ZMQ_MULTICAST_MAXTPDU, 1500);
    set_int (pub, ZMQ_PLAIN_SERVER, 1);
    CHECK_ERRNO (zmq_connect (pub, "epgm://x0;239.7.7.7:5556"), EPROTONOSUPPORT);
    rm_socket (pub);
    rm_socket (sub);
    rm_ctx (ctx);
}

/* Whether this thread may open raw sockets from now on. */
static void set_raw (int on)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct caps[2];
    REQUIRE_OK (syscall (SYS_capget, &head, caps));
    const unsigned bit = 1u << CAP_NET_RAW;
    caps[0].effective = on ? caps[0].effective | bit : caps[0].effective & ~bit;
    REQUIRE_OK (syscall (SYS_capset, &head, caps));
}

/* What fails to open gives back what it had, and nothing else: descriptor 0 is the program's. */
CASE (failures_are_whole)
{
    enum { LIMIT = 100 };
    int fillers[LIMIT], count = 0;
    char from[64], to[64];
    void *ctx = mk_ctx (), *pub = mk_end (ctx, ZMQ_PUB), *sub = mk_end (ctx, ZMQ_SUB);
    const int null = open ("/dev/null", O_RDONLY);
    REQUIRE (null >= 0 && dup2 (null, 0) == 0);
    set_int (sub, ZMQ_MULTICAST_MAXTPDU, 65536);
    mk_cable ("epgm", from, to);
    CHECK_ERRNO (zmq_bind (sub, to), EINVAL);
    CHECK (fcntl (0, F_GETFD) != -1);
    set_raw (0);
    CHECK_ERRNO (zmq_bind (pub, "pgm://10.71.1.1;239.7.7.7:5556"), EPERM);
    set_raw (1);
    CHECK (fcntl (0, F_GETFD) != -1);
    /* Now there is all that does not belong to an endpoint, and then room for ever more descriptors. */
    set_int (sub, ZMQ_MULTICAST_MAXTPDU, 1500);
    REQUIRE_OK (zmq_bind (sub, to));
    REQUIRE_OK (zmq_connect (pub, from));
    struct rlimit before;
    REQUIRE_OK (getrlimit (RLIMIT_NOFILE, &before));
    const struct rlimit limit = {LIMIT, before.rlim_max};
    REQUIRE_OK (setrlimit (RLIMIT_NOFILE, &limit));
    while (count < LIMIT && (fillers[count] = dup (null)) >= 0)
        ++count;
    int failures = 0;
    for (int rc = -1; rc != 0 && count > 0; close (fillers[--count])) {
        mk_cable ("epgm", from, to);
        rc = zmq_connect (pub, from);
        failures += rc != 0;
        if (rc != 0)
            CHECK_INT (zmq_errno (), EMFILE);
        REQUIRE (fcntl (0, F_GETFD) != -1);
    }
    CHECK (failures >= 5 && count > 0);
    while (count > 0)
        close (fillers[--count]);
    REQUIRE_OK (setrlimit (RLIMIT_NOFILE, &before));
    rm_socket (pub);
    rm_socket (sub);
    rm_ctx (ctx);
    close (null);
}

/* The subscriber has what it subscribed to, message by message in order. */
CASE (topics)
{
    for (int i = 0; i < 4; ++i) {
        int types[2] = {ZMQ_PUB, ZMQ_SUB};
        void *ctx = mk_ctx (), *pub, *sub;
        mk_ends (ctx, schemes[i / 2], types, i % 2, &pub, &sub);
        set_str (sub, ZMQ_SUBSCRIBE, "?");
        set_str (sub, ZMQ_SUBSCRIBE, "a");
        meet (pub, sub);
        for (int n = 0; n < 10; ++n) {
            send_str (pub, "b", ZMQ_SNDMORE);
            send_str (pub, "not this", 0);
            send_str (pub, "ab", 0);
            send_str (pub, "a", ZMQ_SNDMORE);
            send_str (pub, "", ZMQ_SNDMORE);
            send_str (pub, "b", 0);
        }
        for (int n = 0; n < 10; ++n) {
            expect_msg (sub, "ab");
            expect_part (sub, "a");
            expect_part (sub, "");
            expect_msg (sub, "b");
        }
        rm_socket (pub);
        rm_socket (sub);
        rm_ctx (ctx);
    }
}

CASE (sizes)
{
    static const size_t sizes[] = {1, 252, 253, 254, 255, 256, 1400, 1440, 1460, 1480, 3000, 8192, 70000, LONG_SIZE};
    static char sent[LONG_SIZE];
    for (size_t i = 0; i < sizeof sent; ++i)
        sent[i] = (char) (i * 7 + i / 251);
    for (int scheme = 0; scheme < 2; ++scheme) {
        void *ctx = mk_ctx (), *pub, *sub;
        mk_pub_sub (ctx, schemes[scheme], &pub, &sub);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
            CHECK_INT (zmq_send (pub, sent, sizes[i], ZMQ_SNDMORE), sizes[i]);
            CHECK_INT (zmq_send (pub, sent, sizes[i] - 1, 0), sizes[i] - 1);
            expect_bytes (sub, sent, sizes[i], 1);
            expect_bytes (sub, sent, sizes[i] - 1, 0);
        }
        rm_socket (pub);
        rm_socket (sub);
        rm_ctx (ctx);
    }
}

/* What an XPUB publishes goes to all; an XSUB gets all of it, whatever it says. */
CASE (xpub_xsub)
{
    int types[2] = {ZMQ_XPUB, ZMQ_XSUB};
    void *ctx = mk_ctx (), *xpub, *xsub;
    mk_ends (ctx, "epgm", types, 1, &xpub, &xsub);
    meet (xpub, xsub);
    CHECK_INT (zmq_send (xsub, "\1a", 2, 0), 2);
    send_str (xpub, "b", 0);
    expect_msg (xsub, "b");
    expect_nothing (xpub);
    rm_socket (xpub);
    rm_socket (xsub);
    rm_ctx (ctx);
}

/* Two senders and two receivers of a group. */
CASE (many)
{
    char from[64], to[64];
    void *ctx = mk_ctx (), *pubs[2], *subs[2];
    mk_cable ("epgm", from, to);
    for (int i = 0; i < 2; ++i) {
        subs[i] = mk_end (ctx, ZMQ_SUB);
        set_str (subs[i], ZMQ_SUBSCRIBE, "");
        REQUIRE_OK (zmq_connect (subs[i], to));
    }
    for (int i = 0; i < 2; ++i) {
        pubs[i] = mk_end (ctx, ZMQ_PUB);
        REQUIRE_OK (zmq_connect (pubs[i], from));
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
        uint32_t next[2] = {0, 0};
        for (int n = 0; n < 2 * SENT; ++n) {
            numbered_t body;
            expect_part (subs[i], "part");
            REQUIRE (recv_numbered (subs[i], &body, 0));
            CHECK_INT (body.number, next[body.source & 1]);
            ++next[body.source & 1];
        }
    }
    for (int i = 0; i < 2; ++i) {
        rm_socket (pubs[i]);
        rm_socket (subs[i]);
    }
    rm_ctx (ctx);
}

/* The rate is kept: what is sent takes its time. Then what was sent before the close comes, although its sender is gone. */
CASE (rate_and_tail)
{
    enum { MESSAGES = 40, SIZE = 1000, SLOW = 200 };
    static char body[SIZE];
    char from[64], to[64];
    void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB), *sub = mk_end (ctx, ZMQ_SUB);
    mk_cable ("epgm", from, to);
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

CASE (ends_in_time)
{
    static char body[100000];
    for (int linger = 0; linger < 2; ++linger) {
        char from[64], to[64];
        void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB);
        mk_cable ("epgm", from, to);
        set_int (pub, ZMQ_RATE, 20);
        set_int (pub, ZMQ_LINGER, linger ? 300 : 0);
        REQUIRE_OK (zmq_connect (pub, from));
        for (int i = 0; i < 10; ++i)
            CHECK_INT (zmq_send (pub, body, sizeof body, 0), sizeof body);
        const long long begin = now_ms ();
        rm_socket_linger (pub);
        rm_ctx (ctx);
        CHECK (now_ms () - begin < DEADLINE_MS);
    }
}

/* A subscriber that does not receive in time gets what there was room for, whole, and what comes later. */
CASE (no_room)
{
    char from[64], to[64];
    void *ctx = mk_ctx (), *pub = mk_end (ctx, ZMQ_PUB), *sub = mk_end (ctx, ZMQ_SUB);
    mk_cable ("epgm", from, to);
    set_int (sub, ZMQ_RCVHWM, 2);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    REQUIRE_OK (zmq_bind (sub, to));
    REQUIRE_OK (zmq_connect (pub, from));
    meet (pub, sub);
    for (uint32_t i = 0; i < SENT; ++i) {
        send_str (pub, "part", ZMQ_SNDMORE);
        REQUIRE (send_numbered (pub, 0, i, 0));
    }
    for (uint32_t i = 0; i < SENT; ++i) {
        numbered_t body;
        expect_part (sub, "part");
        REQUIRE (recv_numbered (sub, &body, 0));
        CHECK_INT (body.number, i);
    }
    rm_socket (pub);
    rm_socket (sub);
    rm_ctx (ctx);
}

CASE (small_packets)
{
    static const int sizes[] = {128, 200, 576};
    static char body[3000];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        char from[64], to[64];
        void *ctx = mk_ctx (), *pub = mk_end (ctx, ZMQ_PUB), *sub = mk_end (ctx, ZMQ_SUB);
        mk_cable ("epgm", from, to);
        set_int (pub, ZMQ_MULTICAST_MAXTPDU, sizes[i]);
        set_int (sub, ZMQ_MULTICAST_MAXTPDU, sizes[i]);
        set_str (sub, ZMQ_SUBSCRIBE, "");
        REQUIRE_OK (zmq_bind (sub, to));
        REQUIRE_OK (zmq_connect (pub, from));
        meet (pub, sub);
        CHECK_INT (zmq_send (pub, body, sizeof body, 0), sizeof body);
        send_str (pub, "end", 0);
        expect_bytes (sub, body, sizeof body, 0);
        expect_msg (sub, "end");
        rm_socket (pub);
        rm_socket (sub);
        rm_ctx (ctx);
    }
}

/* A child closes what it inherited, and that does nothing to its parent; what it makes itself works. */
CASE (forked)
{
    void *ctx = mk_ctx (), *pub, *sub;
    mk_pub_sub (ctx, "epgm", &pub, &sub);
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
        mk_pub_sub (ctx, "epgm", &pub, &sub);
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
    if (!zmq_has ("pgm"))
        skip_all ("the library has no pgm");
    require_cable ();
    RUN (other_types);
    RUN_OURS (loopback, "the reference writes warnings to the standard output");
    RUN_OURS (bad_endpoints, "the reference ends the process");
    RUN_OURS (failures_are_whole, "the reference ends the process");
    RUN (topics);
    RUN (sizes);
    RUN (xpub_xsub);
    RUN (many);
    RUN_OURS (rate_and_tail, "the reference drops what was not sent yet");
    RUN (ends_in_time);
    RUN_OURS (no_room, "the reference ends the process");
    RUN (small_packets);
    RUN_OURS (forked, "undefined on the reference");
    return harness_end ();
}
