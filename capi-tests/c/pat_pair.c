/*
 * PAIR (RFC 31, zmq_socket(3)): one peer at a time, both directions, blocks without a peer or
 * with a full one, discards nothing.
 */
#include "pat_common.h"

CASE (talks_both_ways)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = open_pair (ZMQ_PAIR, ZMQ_PAIR, transport);
        bounce (p.server, p.client);
        send_multi (p.server, 3, "one", "", "three");
        expect_multi (p.client, 3, "one", "", "three");
        /* No alternation: several in a row, in both directions at once. */
        for (int i = 0; i < 3; ++i) {
            send_str (p.server, "down", 0);
            send_str (p.client, "up", 0);
        }
        for (int i = 0; i < 3; ++i) {
            expect_msg (p.server, "up");
            expect_msg (p.client, "down");
        }
        close_pair (p);
    }
}

CASE (no_peer_is_mute)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR);
    char byte;
    CHECK_ERRNO (zmq_send (a, "x", 1, ZMQ_DONTWAIT), EAGAIN);
    CHECK_ERRNO (zmq_recv (a, &byte, 1, ZMQ_DONTWAIT), EAGAIN);
    FOR_EACH_TRANSPORT (transport)
    {
        char endpoint[ENDPOINT_SIZE];
        bind_any (a, transport, endpoint);
        CHECK_ERRNO (zmq_send (a, "x", 1, ZMQ_DONTWAIT), EAGAIN);
        CHECK_INT (opt_int (a, ZMQ_EVENTS), 0);
    }
    set_int (a, ZMQ_SNDTIMEO, 50);
    CHECK_ERRNO (zmq_send (a, "x", 1, 0), EAGAIN);
    set_int (a, ZMQ_RCVTIMEO, 50);
    CHECK_ERRNO (zmq_recv (a, &byte, 1, 0), EAGAIN);
    rm_socket (a);
    rm_ctx (ctx);
}

/* A connected PAIR has its queue before the peer exists, and nothing of it is lost. */
CASE (queues_before_the_peer_binds)
{
    const pair_t p = new_pair (ZMQ_PAIR, ZMQ_PAIR);
    char path[128], endpoint[ENDPOINT_SIZE];
    unique_path (path, sizeof path);
    snprintf (endpoint, sizeof endpoint, "ipc://%s", path);
    REQUIRE_OK (zmq_connect (p.client, endpoint));
    send_str (p.client, "early", 0);
    send_multi (p.client, 2, "early", "too");
    REQUIRE_OK (zmq_bind (p.server, endpoint));
    expect_msg (p.server, "early");
    expect_multi (p.server, 2, "early", "too");
    bounce (p.server, p.client);
    close_pair (p);
}

/* The first peer keeps the socket; a second one is turned away and disturbs nothing. */
CASE (second_peer_is_turned_away)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *server = mk_socket (ctx, ZMQ_PAIR);
        void *first = mk_socket (ctx, ZMQ_PAIR), *second = mk_socket (ctx, ZMQ_PAIR);
        char endpoint[ENDPOINT_SIZE];
        bind_any (server, transport, endpoint);
        REQUIRE_OK (zmq_connect (first, endpoint));
        bounce (server, first);
        REQUIRE_OK (zmq_connect (second, endpoint));
        zmq_send (second, "intruder", 8, ZMQ_DONTWAIT);
        expect_nothing (server);
        for (int i = 0; i < 100; ++i)
            bounce (server, first);
        expect_nothing (second);
        rm_socket (second);
        bounce (server, first);
        rm_socket (first);
        rm_socket (server);
        rm_ctx (ctx);
    }
}

/* Once its peer is gone the socket takes the next one. */
CASE (next_peer_after_the_first_left)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
        char endpoint[ENDPOINT_SIZE];
        bind_any (server, transport, endpoint);
        REQUIRE_OK (zmq_connect (client, endpoint));
        bounce (server, client);
        rm_socket (client);
        /* When the first one is really gone is open: newcomers try until one is taken. What an earlier one said may
           come late. */
        set_int (server, ZMQ_RCVTIMEO, 20);
        int taken = 0;
        const long long end = now_ms () + DEADLINE_MS;
        while (!taken && now_ms () < end) {
            char own[32], text[32];
            client = mk_socket (ctx, ZMQ_PAIR);
            REQUIRE_OK (zmq_connect (client, endpoint));
            snprintf (own, sizeof own, "next-%d", unique_number ());
            zmq_send (client, own, strlen (own), ZMQ_DONTWAIT);
            while (!taken && recv_str (server, text, sizeof text) >= 0)
                taken = strcmp (text, own) == 0;
            if (!taken)
                rm_socket (client);
        }
        REQUIRE (taken);
        set_int (server, ZMQ_RCVTIMEO, DEADLINE_MS);
        bounce (server, client);
        rm_socket (client);
        rm_socket (server);
        rm_ctx (ctx);
    }
}

static void *send_ten (void *socket)
{
    for (uint32_t i = 0; i < 10; ++i)
        CHECK (send_numbered (socket, 0, i, 0));
    return NULL;
}

/* A sender at the high water mark waits for the reader and loses nothing. */
CASE (blocks_at_the_high_water_mark)
{
    const pair_t p = new_pair (ZMQ_PAIR, ZMQ_PAIR);
    set_int (p.server, ZMQ_RCVHWM, 1);
    set_int (p.client, ZMQ_SNDHWM, 1);
    join_sockets (p.server, p.client, "inproc");
    CHECK_INT (fill (p.client, 100), 2);
    CHECK_INT (settle (p.client) & ZMQ_POLLOUT, 0);
    set_int (p.client, ZMQ_SNDTIMEO, 50);
    CHECK_ERRNO (zmq_send (p.client, "x", 1, 0), EAGAIN);
    set_int (p.client, ZMQ_SNDTIMEO, DEADLINE_MS);
    expect_msg (p.server, "f");
    expect_msg (p.server, "f");

    pthread_t sender = start_thread (send_ten, p.client);
    tally_t tally = {{0}, 0};
    for (int i = 0; i < 10; ++i) {
        numbered_t body;
        REQUIRE (recv_numbered (p.server, &body, 0));
        tally_add (&tally, &body);
    }
    join_thread (sender);
    CHECK_INT (tally.next[0], 10);
    CHECK_INT (tally.wrong, 0);
    close_pair (p);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (talks_both_ways);
    RUN (no_peer_is_mute);
    RUN (queues_before_the_peer_binds);
    RUN (second_peer_is_turned_away);
    RUN (next_peer_after_the_first_left);
    RUN (blocks_at_the_high_water_mark);
    return harness_end ();
}
