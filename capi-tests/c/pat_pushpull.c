/*
 * PUSH and PULL (RFC 30, zmq_socket(3)): messages go round the peers, full ones are passed over,
 * a socket without a peer that can take a message blocks, and PULL listens to everybody in turn.
 */
#include "pat_common.h"

CASE (one_way_only)
{
    const pair_t p = open_pair (ZMQ_PULL, ZMQ_PUSH, "inproc");
    char byte;
    CHECK_ERRNO (zmq_send (p.server, "x", 1, 0), ENOTSUP);
    CHECK_ERRNO (zmq_recv (p.client, &byte, 1, 0), ENOTSUP);
    CHECK_INT (settle (p.client), ZMQ_POLLOUT);
    CHECK_INT (settle (p.server), 0);
    close_pair (p);
}

CASE (no_peers)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    char byte;
    CHECK_ERRNO (zmq_send (push, "x", 1, ZMQ_DONTWAIT), EAGAIN);
    CHECK_ERRNO (zmq_recv (pull, &byte, 1, ZMQ_DONTWAIT), EAGAIN);
    FOR_EACH_TRANSPORT (transport)
    {
        char endpoint[ENDPOINT_SIZE];
        bind_any (push, transport, endpoint);
        CHECK_ERRNO (zmq_send (push, "x", 1, ZMQ_DONTWAIT), EAGAIN);
        CHECK_INT (settle (push), 0);
    }
    set_int (push, ZMQ_SNDTIMEO, 50);
    const long long begin = now_ms ();
    CHECK_ERRNO (zmq_send (push, "x", 1, 0), EAGAIN);
    CHECK (now_ms () - begin >= 45);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

/* Three connected PULLs get every third message each, in order; a multipart message counts once. */
CASE (load_balance)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *push = mk_socket (ctx, ZMQ_PUSH), *pulls[3];
        numbered_t body;
        uint32_t first[3];
        for (int i = 0; i < 3; ++i) {
            pulls[i] = mk_socket (ctx, ZMQ_PULL);
            join_sockets (pulls[i], push, transport);
        }
        for (uint32_t i = 0; i < 30; ++i) {
            if (i % 4 == 3)
                send_str (push, "head", ZMQ_SNDMORE);
            CHECK (send_numbered (push, 0, i, 0));
        }
        for (int p = 0; p < 3; ++p)
            for (uint32_t n = 0; n < 10; ++n) {
                if (n > 0 && (first[p] + 3 * n) % 4 == 3)
                    expect_part (pulls[p], "head");
                REQUIRE (recv_numbered (pulls[p], &body, 0));
                if (n == 0)
                    first[p] = body.number;
                CHECK_INT (body.number, first[p] + 3 * n);
            }
        CHECK_INT (first[0] + first[1] + first[2], 0 + 1 + 2);
        for (int p = 0; p < 3; ++p) {
            expect_nothing (pulls[p]);
            rm_socket (pulls[p]);
        }
        rm_socket (push);
        rm_ctx (ctx);
    }
}

/* While several peers have something, no one is heard twice before all were heard. */
CASE (fair_queue)
{
    void *ctx = mk_ctx ();
    void *pull = mk_socket (ctx, ZMQ_PULL), *pushes[4];
    char endpoint[ENDPOINT_SIZE];
    numbered_t body;
    bind_any (pull, "inproc", endpoint);
    for (uint32_t p = 0; p < 4; ++p) {
        pushes[p] = mk_socket (ctx, ZMQ_PUSH);
        REQUIRE_OK (zmq_connect (pushes[p], endpoint));
        for (uint32_t n = 0; n < (p == 0 ? 500u : 20u); ++n)
            CHECK (send_numbered (pushes[p], p, n, 0));
    }
    settle (pull);
    tally_t tally = {{0}, 0};
    for (int round = 0; round < 20; ++round) {
        unsigned heard = 0;
        for (int p = 0; p < 4; ++p) {
            REQUIRE (recv_numbered (pull, &body, 0));
            tally_add (&tally, &body);
            heard |= 1u << body.source;
        }
        CHECK_INT (heard, 0xf);
    }
    for (int n = 20; n < 500; ++n) {
        REQUIRE (recv_numbered (pull, &body, 0));
        tally_add (&tally, &body);
    }
    CHECK_INT (tally.wrong, 0);
    CHECK_INT (tally.next[0], 500);
    for (int p = 0; p < 4; ++p)
        rm_socket (pushes[p]);
    rm_socket (pull);
    rm_ctx (ctx);
}

/* A peer at its high water mark is passed over; when all are, the socket is mute. */
CASE (full_peers_are_passed_over)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *slow = mk_socket (ctx, ZMQ_PULL),
         *fast = mk_socket (ctx, ZMQ_PULL);
    set_int (push, ZMQ_SNDHWM, 1);
    set_int (slow, ZMQ_RCVHWM, 1);
    set_int (fast, ZMQ_RCVHWM, 1);
    join_sockets (slow, push, "inproc");
    join_sockets (fast, push, "inproc");
    int fast_got = 0, slow_got;
    for (int i = 0; i < 10; ++i) {
        CHECK_INT (fill (push, 1), 1);
        fast_got += drain (fast);
    }
    CHECK_INT (fast_got, 8);
    CHECK_INT (fill (push, 100), 2); /* the fast one's room; the slow one has none */
    CHECK_INT (settle (push), 0);
    slow_got = drain (slow);
    CHECK_INT (slow_got, 2);
    CHECK_INT (settle (push), ZMQ_POLLOUT);
    CHECK_INT (drain (fast), 2);
    rm_socket (slow);
    rm_socket (fast);
    rm_socket (push);
    rm_ctx (ctx);
}

static void *send_five (void *push)
{
    for (uint32_t i = 0; i < 5; ++i)
        CHECK (send_numbered (push, 0, i, 0));
    return NULL;
}

/* A blocked sender goes on as soon as a first peer appears. */
CASE (first_peer_wakes_the_sender)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = new_pair (ZMQ_PUSH, ZMQ_PULL);
        char endpoint[ENDPOINT_SIZE];
        numbered_t body;
        bind_any (p.server, transport, endpoint);
        const pthread_t sender = start_thread (send_five, p.server);
        msleep (20); /* most likely blocked by now; right either way */
        REQUIRE_OK (zmq_connect (p.client, endpoint));
        for (uint32_t i = 0; i < 5; ++i) {
            REQUIRE (recv_numbered (p.client, &body, 0));
            CHECK_INT (body.number, i);
        }
        join_thread (sender);
        close_pair (p);
    }
}

/* What is sent after a peer left goes to those that stayed. */
CASE (peer_leaves)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *push = mk_socket (ctx, ZMQ_PUSH), *stays, *leaves;
        char endpoint[ENDPOINT_SIZE];
        numbered_t body;
        bind_any (push, transport, endpoint);
        leaves = mk_socket (ctx, ZMQ_PULL);
        REQUIRE_OK (zmq_connect (leaves, endpoint));
        CHECK (send_numbered (push, 0, 0, 0));
        REQUIRE (recv_numbered (leaves, &body, 0));
        rm_socket (leaves);
        CHECK (WAIT_FOR (!(settle (push) & ZMQ_POLLOUT))); /* its leaving is noticed */
        stays = mk_socket (ctx, ZMQ_PULL);
        REQUIRE_OK (zmq_connect (stays, endpoint));
        for (uint32_t i = 0; i < 100; ++i) {
            CHECK (send_numbered (push, 1, i, 0));
            REQUIRE (recv_numbered (stays, &body, 0));
            CHECK_INT (body.number, i);
        }
        rm_socket (stays);
        rm_socket (push);
        rm_ctx (ctx);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (one_way_only);
    RUN (no_peers);
    RUN (load_balance);
    RUN (fair_queue);
    RUN (full_peers_are_passed_over);
    RUN (first_peer_wakes_the_sender);
    RUN (peer_leaves);
    return harness_end ();
}
