/*
 * ZMQ_CONFLATE (zmq_setsockopt(3)): only the newest message is kept. What is skipped on the way
 * is open; that the last one arrives, that nothing older follows it, and that nothing goes
 * backwards is not.
 */
#include "pat_common.h"

enum { COUNT = 1000 };

static const struct
{
    int server, client; /* the client sends */
} patterns[] = {{ZMQ_PULL, ZMQ_PUSH}, {ZMQ_SUB, ZMQ_PUB}, {ZMQ_DEALER, ZMQ_DEALER}};

static pair_t open_conflated (int i, int at_server, int at_client, const char *transport)
{
    const pair_t p = new_pair (patterns[i].server, patterns[i].client);
    set_int (p.server, ZMQ_CONFLATE, at_server);
    set_int (p.client, ZMQ_CONFLATE, at_client);
    set_int (p.client, ZMQ_SNDHWM, 0); /* one that does not conflate drops none, a PUB neither */
    if (patterns[i].server == ZMQ_SUB)
        set_str (p.server, ZMQ_SUBSCRIBE, "");
    join_sockets (p.server, p.client, transport);
    /* A first message shows that the way is open. */
    int ready = 0;
    for (int n = 0; n < DEADLINE_MS / 10 && !ready; ++n) {
        zmq_send (p.client, "open", 4, ZMQ_DONTWAIT);
        poll_ready (p.server, ZMQ_POLLIN, 10, &ready);
    }
    REQUIRE (ready);
    return p;
}

/*
 * Sends COUNT messages and reads until the last of them came. With `nudge` the last one is sent
 * again whenever nothing comes: the reference can hold it back until the next one is written.
 */
static void check_newest (pair_t p, int nudge)
{
    numbered_t body = {0, 0};
    uint32_t last = 0;
    for (uint32_t i = 1; i <= COUNT; ++i)
        CHECK (send_numbered (p.client, 0, i, 0));
    for (const long long end = now_ms () + DEADLINE_MS; last < COUNT && now_ms () < end;) {
        int ready;
        poll_ready (p.server, ZMQ_POLLIN, nudge ? 20 : DEADLINE_MS, &ready);
        if (!ready && nudge)
            zmq_send (p.client, &(numbered_t){0, COUNT}, sizeof body, ZMQ_DONTWAIT);
        if (!ready || zmq_recv (p.server, &body, sizeof body, 0) == 4)
            continue; /* four bytes: one of the first messages */
        CHECK (body.number > last);
        last = body.number;
    }
    CHECK_INT (last, COUNT);
    if (!nudge)
        expect_nothing (p.server);
}

static void check_all (int ends, int nudge)
{
    for (int i = 0; i < 3; ++i)
        FOR_EACH_TRANSPORT (transport)
        {
            /* inproc has one queue for both ends, so both must agree there. */
            if (ends == 1 && strcmp (transport, "inproc") == 0)
                continue;
            const pair_t p = open_conflated (i, 1, ends == 2, transport);
            check_newest (p, nudge);
            close_pair (p);
        }
}

CASE (both_ends)
{
    check_all (2, 1);
}

CASE (receiving_end)
{
    check_all (1, 1);
}

CASE (last_one_needs_no_nudge)
{
    check_all (2, 0);
    check_all (1, 0);
}

/* Nobody reads: over inproc exactly one message is there, the newest. */
CASE (exactly_one_over_inproc)
{
    const pair_t p = new_pair (ZMQ_PULL, ZMQ_PUSH);
    numbered_t body;
    set_int (p.server, ZMQ_CONFLATE, 1);
    set_int (p.client, ZMQ_CONFLATE, 1);
    set_int (p.client, ZMQ_SNDHWM, 1); /* without effect */
    join_sockets (p.server, p.client, "inproc");
    for (int round = 0; round < 3; ++round) {
        for (uint32_t i = 0; i < COUNT; ++i)
            CHECK (send_numbered (p.client, 0, i, ZMQ_DONTWAIT));
        REQUIRE (recv_numbered (p.server, &body, 0));
        CHECK_INT (body.number, COUNT - 1);
        CHECK_ERRNO (zmq_recv (p.server, &body, sizeof body, ZMQ_DONTWAIT), EAGAIN);
    }
    close_pair (p);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (both_ends);
    RUN (receiving_end);
    RUN_OURS (last_one_needs_no_nudge, "the reference may hold the last message back for ever");
    RUN (exactly_one_over_inproc);
    return harness_end ();
}
