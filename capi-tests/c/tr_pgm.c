/*
 * The suite of reliable multicast over pgm and epgm (packets of its own, and within UDP), and what is its own: rates,
 * sizes of packets, raw sockets. Skipped where the library has no pgm.
 */
#define SCHEMES {"epgm", "pgm"}
#define PLACE "10.71.1.1;239.7.7.7:5556"
#define INTERFACE "10.71.1.1"
#include "tr_multicast.h"

#include "pgm.h"

#include <linux/capability.h>
#include <sys/syscall.h>

static void mk_route (const char *scheme, char from[ROUTE_SIZE], char to[ROUTE_SIZE])
{
    mk_cable (scheme, from, to);
}

/* The loopback interface is none for OpenPGM. */
CASE (loopback)
{
    void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB), *sub = mk_socket (ctx, ZMQ_SUB);
    CHECK_ERRNO (zmq_bind (sub, "epgm://lo;239.7.7.7:5556"), EINVAL);
    CHECK_ERRNO (zmq_connect (pub, "pgm://lo;239.7.7.7:5556"), EINVAL);
    CHECK_ERRNO (zmq_connect (pub, "epgm://lo;239.7.7.7"), EINVAL);
    rm_ends (ctx, pub, sub);
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
    rm_ends (ctx, pub, sub);
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
    char from[ROUTE_SIZE], to[ROUTE_SIZE];
    void *ctx = mk_ctx (), *pub = mk_end (ctx, ZMQ_PUB), *sub = mk_end (ctx, ZMQ_SUB);
    const int null = open ("/dev/null", O_RDONLY);
    REQUIRE (null >= 0 && dup2 (null, 0) == 0);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    set_int (sub, ZMQ_MULTICAST_MAXTPDU, 65536);
    mk_cable ("epgm", from, to);
    CHECK_ERRNO (zmq_bind (sub, to), EINVAL);
    CHECK (fcntl (0, F_GETFD) != -1);
    set_raw (0);
    CHECK_ERRNO (zmq_bind (pub, "pgm://10.71.1.1;239.7.7.7:5556"), EPERM);
    set_raw (1);
    CHECK (fcntl (0, F_GETFD) != -1);
    set_int (sub, ZMQ_MULTICAST_MAXTPDU, 1500);
    REQUIRE_OK (zmq_connect (pub, from));
    mk_cable ("epgm", from, to);
    REQUIRE_OK (zmq_bind (sub, to));
    CHECK (connect_with_few_descriptors (pub, from) >= 5);
    CHECK (fcntl (0, F_GETFD) != -1);
    meet (pub, sub);
    rm_ends (ctx, pub, sub);
    close (null);
}

CASE (sizes)
{
    static const size_t sizes[] = {1, 252, 253, 254, 255, 256, 1400, 1440, 1460, 1480, 3000, 8192, 70000, LONG_SIZE};
    pass_sizes (sizes, sizeof sizes / sizeof *sizes);
}

CASE (many)
{
    char from[ROUTE_SIZE], to[ROUTE_SIZE];
    mk_cable ("epgm", from, to);
    pass_among_many ((const char *const[2]){from, from}, to);
}

CASE (rate)
{
    void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB);
    pass_at_slow_rate (ctx, pub);
}

/* Nobody listens, and the rate is slow: the end comes all the same, when the socket has lingered. */
CASE (ends_in_time)
{
    for (int linger = 0; linger < 2; ++linger) {
        char from[ROUTE_SIZE], to[ROUTE_SIZE];
        void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB);
        mk_cable ("epgm", from, to);
        set_int (pub, ZMQ_RATE, 20);
        set_int (pub, ZMQ_LINGER, linger ? 300 : 0);
        leave_in_time (ctx, pub, from);
    }
}

CASE (small_packets)
{
    static const int sizes[] = {128, 200, 576};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        void *ctx = mk_ctx (), *pub = mk_end (ctx, ZMQ_PUB), *sub = mk_end (ctx, ZMQ_SUB);
        set_int (pub, ZMQ_MULTICAST_MAXTPDU, sizes[i]);
        set_int (sub, ZMQ_MULTICAST_MAXTPDU, sizes[i]);
        pass_in_many_packets (ctx, pub, sub);
    }
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
    RUN_OURS (taken_back, "the reference knows connected endpoints only");
    RUN_OURS (the_tail_arrives, "the reference drops what was not sent yet");
    RUN_OURS (rate, "as before");
    RUN (ends_in_time);
    RUN_OURS (no_room, "the reference ends the process");
    RUN (small_packets);
    RUN_OURS (forked, "undefined on the reference");
    RUN_OURS (strangers, "the reference is not put at risk");
    return harness_end ();
}
