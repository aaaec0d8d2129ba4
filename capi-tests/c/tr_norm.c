/*
 * The suite of reliable multicast over norm, by the loopback interface, and what is its own: numbers of senders, and the
 * drafts of its options. Skipped where the library has no norm.
 */
#define ZMQ_BUILD_DRAFT_API 1
#define SCHEMES {"norm"}
#define PLACE "lo;239.7.7.7:5556"
#define INTERFACE "127.0.0.1"
#include "tr_multicast.h"

/* Senders and receivers have the same endpoint. */
static void mk_route (const char *scheme, char from[ROUTE_SIZE], char to[ROUTE_SIZE])
{
    char place[64];
    mk_group (place, sizeof place);
    snprintf (from, ROUTE_SIZE, "%s://%s", scheme, place);
    snprintf (to, ROUTE_SIZE, "%s://%s", scheme, place);
}

CASE (sizes)
{
    static const size_t sizes[] = {1, 38, 255, 256, 257, 1389, 1390, 1391, 1400, 1410, 2000};
    pass_sizes (sizes, sizeof sizes / sizeof *sizes);
}

CASE (large)
{
    static const size_t sizes[] = {2048, 3000, 8192, 65536, 70000, LONG_SIZE};
    pass_sizes (sizes, sizeof sizes / sizeof *sizes);
}

/* Each sender may have a number; those without one are told apart as well. */
static void run_senders (const char *const numbers[2])
{
    char place[64], from[2][ROUTE_SIZE], to[ROUTE_SIZE];
    mk_group (place, sizeof place);
    snprintf (to, sizeof to, "norm://%s", place);
    for (int i = 0; i < 2; ++i)
        snprintf (from[i], sizeof from[i], "norm://%s%s", numbers[i], place);
    pass_among_many ((const char *const[2]){from[0], from[1]}, to);
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
    rm_ends (ctx, pub, sub);
}

/* By itself NORM measures what the network takes. */
CASE (rate)
{
    void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB);
    set_int (pub, ZMQ_NORM_MODE, ZMQ_NORM_FIXED);
    pass_at_slow_rate (ctx, pub);
}

CASE (small_packets)
{
    static const int sizes[] = {40, 200, 576};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        void *ctx = mk_ctx (), *pub = mk_end (ctx, ZMQ_PUB), *sub = mk_end (ctx, ZMQ_SUB);
        set_int (pub, ZMQ_NORM_SEGMENT_SIZE, sizes[i]);
        pass_in_many_packets (ctx, pub, sub);
    }
}

/* With too few descriptors there is no endpoint, and no fewer of them afterwards; with enough there is one that works. */
CASE (few_descriptors)
{
    char endpoint[ROUTE_SIZE];
    void *ctx = mk_ctx (), *pub = mk_end (ctx, ZMQ_PUB), *sub = mk_end (ctx, ZMQ_SUB);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    mk_route ("norm", endpoint, endpoint);
    REQUIRE_OK (zmq_bind (pub, endpoint));
    mk_route ("norm", endpoint, endpoint);
    REQUIRE_OK (zmq_bind (sub, endpoint));
    CHECK (connect_with_few_descriptors (pub, endpoint) > 0);
    meet (pub, sub);
    rm_ends (ctx, pub, sub);
}

/* Nobody listens: the end comes all the same, in the time that repairs are promised for. */
CASE (ends_in_time)
{
    for (int linger = 0; linger < 2; ++linger) {
        char endpoint[ROUTE_SIZE];
        void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB);
        mk_route ("norm", endpoint, endpoint);
        set_int (pub, ZMQ_LINGER, linger ? -1 : 0);
        set_int (pub, ZMQ_RECOVERY_IVL, 300);
        leave_in_time (ctx, pub, endpoint);
    }
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
    RUN_OURS (rate, "its option is a draft");
    RUN_OURS (small_packets, "its option is a draft");
    RUN_OURS (taken_back, "the reference knows connected endpoints only, and not by all of their names");
    RUN_OURS (the_tail_arrives, "the reference drops what was not sent yet");
    RUN_OURS (ends_in_time, "as before");
    RUN (no_room);
    RUN_OURS (forked, "undefined on the reference");
    RUN_OURS (strangers, "the reference is not put at risk");
    return harness_end ();
}
