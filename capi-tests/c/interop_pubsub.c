/* PUB and SUB, one on each library: subscriptions that change while messages flow. */
#include "interop_peer.h"

enum { RUN_LENGTH = 100 };

/* Publishes [topic, round] for three topics, round after round, until it is told to stop. */
ROLE (server)
{
    static const char *const topics[] = {"A", "B", "C"};
    void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB);
    struct pollfd input = {0, POLLIN, 0};
    set_int (pub, ZMQ_SNDHWM, 0);
    interop_attach (pub, argc, argv);
    printf ("done\n");
    fflush (stdout);
    for (uint32_t round = 0; poll (&input, 1, 1) == 0; ++round)
        for (int t = 0; t < 3; ++t) {
            send_str (pub, topics[t], ZMQ_SNDMORE);
            REQUIRE (send_numbered (pub, (uint32_t) t, round, 0));
        }
    rm_socket (pub);
    rm_ctx (ctx);
    return 0;
}

/* The next message: its topic as 'A', 'B', 'C'. Every topic's rounds must follow each other. */
static char next_topic (void *sub, uint32_t *expected)
{
    char topic[8];
    numbered_t body;
    REQUIRE (recv_str (sub, topic, sizeof topic) == 1);
    REQUIRE (opt_int (sub, ZMQ_RCVMORE));
    REQUIRE (recv_numbered (sub, &body, 0));
    CHECK_INT (topic[0], 'A' + (int) body.source);
    if (expected[body.source] != UINT32_MAX)
        CHECK_INT (body.number, expected[body.source]);
    expected[body.source] = body.number + 1;
    return topic[0];
}

/* Reads on until this pattern of topics comes, then a run of it without an exception. */
static void expect_run (void *sub, uint32_t *expected, const char *wanted)
{
    const size_t size = strlen (wanted);
    const long long end = now_ms () + DEADLINE_MS;
    size_t matched = 0;
    while (matched < 2 * size && now_ms () < end)
        matched = next_topic (sub, expected) == wanted[matched % size] ? matched + 1 : 0;
    CHECK_INT (matched, 2 * size);
    for (size_t i = 0; i < RUN_LENGTH * size; ++i)
        CHECK_INT (next_topic (sub, expected), wanted[i % size]);
    expected[0] = expected[1] = expected[2] = UINT32_MAX; /* topics may pause between runs */
}

ROLE (client)
{
    void *ctx = mk_ctx (), *sub = mk_socket (ctx, ZMQ_SUB);
    uint32_t expected[3] = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
    set_int (sub, ZMQ_RCVHWM, 0);
    set_str (sub, ZMQ_SUBSCRIBE, "A");
    interop_attach (sub, argc, argv);
    expect_run (sub, expected, "A");
    set_str (sub, ZMQ_SUBSCRIBE, "B");
    expect_run (sub, expected, "AB");
    set_str (sub, ZMQ_UNSUBSCRIBE, "A");
    expect_run (sub, expected, "B");
    set_str (sub, ZMQ_SUBSCRIBE, "");
    expect_run (sub, expected, "ABC");
    set_str (sub, ZMQ_UNSUBSCRIBE, "");
    expect_run (sub, expected, "B");
    set_str (sub, ZMQ_SUBSCRIBE, "C");
    set_str (sub, ZMQ_SUBSCRIBE, "no such topic");
    expect_run (sub, expected, "BC");
    return interop_leave (ctx, sub);
}

CASE (pubsub)
{
    interop_all ();
}

INTEROP_MAIN (pubsub)
