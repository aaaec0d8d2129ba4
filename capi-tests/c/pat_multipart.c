/*
 * Multipart messages (zmq_send(3), zmq_msg_recv(3), RFC 37 "sent or received atomically"): all
 * frames or none, in order, whatever their number and size, also when somebody leaves halfway.
 */
#include "pat_common.h"

/* Nothing of a message is visible before its last frame was sent. */
CASE (whole_or_nothing)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = open_pair (ZMQ_PULL, ZMQ_PUSH, transport);
        send_str (p.client, "first", ZMQ_SNDMORE);
        send_str (p.client, "", ZMQ_SNDMORE);
        expect_nothing (p.server);
        send_str (p.client, "last", 0);
        expect_multi (p.server, 3, "first", "", "last");
        close_pair (p);
    }
}

CASE (rcvmore_tells_the_end)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = open_pair (ZMQ_PAIR, ZMQ_PAIR, transport);
        char byte;
        send_multi (p.client, 3, "a", "b", "c");
        send_str (p.client, "d", 0);
        for (int i = 0; i < 4; ++i) {
            REQUIRE (zmq_recv (p.server, &byte, 1, 0) == 1);
            CHECK_INT (byte, 'a' + i);
            CHECK_INT (opt_int (p.server, ZMQ_RCVMORE), i < 2);
        }
        /* A receiver that stops halfway finds the rest there, before the next message. */
        send_multi (p.client, 2, "e", "f");
        expect_part (p.server, "e");
        send_str (p.server, "meanwhile", 0);
        expect_msg (p.client, "meanwhile");
        expect_msg (p.server, "f");
        close_pair (p);
    }
}

/* The high water mark counts messages, not frames. */
CASE (many_frames)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = new_pair (ZMQ_PULL, ZMQ_PUSH);
        enum { FRAMES = 10000 };
        set_int (p.server, ZMQ_RCVHWM, 1);
        set_int (p.client, ZMQ_SNDHWM, 1);
        join_sockets (p.server, p.client, transport);
        for (uint32_t i = 0; i < FRAMES; ++i)
            REQUIRE (send_numbered (p.client, 0, i, i + 1 < FRAMES ? ZMQ_SNDMORE : 0));
        for (uint32_t i = 0; i < FRAMES; ++i) {
            numbered_t body;
            REQUIRE (recv_numbered (p.server, &body, 0));
            CHECK_INT (body.number, i);
        }
        CHECK_INT (opt_int (p.server, ZMQ_RCVMORE), 0);
        close_pair (p);
    }
}

CASE (all_sizes_mixed)
{
    static const size_t sizes[] = {0,     1,     32,    33,    34,      255,  256,   0,      8191,
                                   8192,  8193,  0,     65535, 65536,   1,    1 << 20, 300000, 0};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = open_pair (ZMQ_PULL, ZMQ_PUSH, transport);
        for (int round = 0; round < 3; ++round) {
            for (size_t n = 0; n < COUNT; ++n)
                send_pattern (p.client, n, sizes[n], n + 1 < COUNT ? ZMQ_SNDMORE : 0);
            for (size_t n = 0; n < COUNT; ++n)
                expect_pattern (p.server, n, sizes[n], n + 1 < COUNT);
        }
        close_pair (p);
    }
}

/* A sender that closes with an unfinished message: its whole ones arrive, of that nothing does. */
CASE (unfinished_at_close)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *pull = mk_socket (ctx, ZMQ_PULL);
        char endpoint[ENDPOINT_SIZE];
        bind_any (pull, transport, endpoint);
        for (int i = 0; i < 3; ++i) {
            void *push = mk_socket (ctx, ZMQ_PUSH);
            REQUIRE_OK (zmq_connect (push, endpoint));
            send_multi (push, 2, "whole", "message");
            send_str (push, "unfinished", ZMQ_SNDMORE);
            send_pattern (push, 0, 100000, ZMQ_SNDMORE);
            rm_socket_linger (push);
            expect_multi (pull, 2, "whole", "message");
            expect_nothing (pull);
        }
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

/* Sends until the receiver is the only peer: then no message goes to somebody who is leaving. */
static void sync_only_peer (void *push, void *pull)
{
    const long long end = now_ms () + DEADLINE_MS;
    for (int in_a_row = 0; in_a_row < 3 && now_ms () < end;) {
        char text[32], got[32];
        int ready, right = 0;
        snprintf (text, sizeof text, "sync-%d", unique_number ());
        send_str (push, text, 0);
        while (!right && (poll_ready (pull, ZMQ_POLLIN, 200, &ready), ready)) {
            REQUIRE (recv_str (pull, got, sizeof got) >= 0);
            CHECK (strncmp (got, "sync-", 5) == 0);
            CHECK_INT (opt_int (pull, ZMQ_RCVMORE), 0);
            right = strcmp (got, text) == 0;
        }
        in_a_row = right ? in_a_row + 1 : 0;
    }
}

/* The peer leaves in the middle of a message: its rest goes nowhere, the next one starts clean. */
CASE (peer_leaves_halfway)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *push = mk_socket (ctx, ZMQ_PUSH);
        char endpoint[ENDPOINT_SIZE];
        bind_any (push, transport, endpoint);
        void *leaves = mk_socket (ctx, ZMQ_PULL);
        REQUIRE_OK (zmq_connect (leaves, endpoint));
        send_multi (push, 2, "to", "the first");
        expect_multi (leaves, 2, "to", "the first");
        send_str (push, "head", ZMQ_SNDMORE);
        rm_socket (leaves);
        msleep (20); /* most likely noticed by now; right either way */
        settle (push);
        void *stays = mk_socket (ctx, ZMQ_PULL);
        REQUIRE_OK (zmq_connect (stays, endpoint));
        /* The tail is accepted and dropped, or refused and the message given up. */
        CHECK (zmq_send (push, "tail", 4, ZMQ_DONTWAIT) == 4 || zmq_errno () == EAGAIN);
        sync_only_peer (push, stays);
        for (int i = 0; i < 5; ++i) {
            send_multi (push, 3, "clean", "", "start");
            expect_multi (stays, 3, "clean", "", "start");
        }
        rm_socket (stays);
        rm_socket (push);
        rm_ctx (ctx);
    }
}

/* Two senders in the middle of their messages do not mix. */
CASE (senders_do_not_mix)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *pull = mk_socket (ctx, ZMQ_PULL), *pushes[2];
        char endpoint[ENDPOINT_SIZE];
        numbered_t body;
        bind_any (pull, transport, endpoint);
        for (int p = 0; p < 2; ++p) {
            pushes[p] = mk_socket (ctx, ZMQ_PUSH);
            REQUIRE_OK (zmq_connect (pushes[p], endpoint));
        }
        for (uint32_t n = 0; n < 300; ++n)
            for (uint32_t p = 0; p < 2; ++p)
                CHECK (send_numbered (pushes[p], p, n, n % 3 < 2 ? ZMQ_SNDMORE : 0));
        tally_t tally = {{0}, 0};
        for (int message = 0; message < 200; ++message) {
            uint32_t source = 0;
            for (int frame = 0; frame < 3; ++frame) {
                REQUIRE (recv_numbered (pull, &body, 0));
                tally_add (&tally, &body);
                CHECK_INT (body.number % 3, frame);
                CHECK (frame == 0 || body.source == source);
                CHECK_INT (opt_int (pull, ZMQ_RCVMORE), frame < 2);
                source = body.source;
            }
        }
        CHECK_INT (tally.wrong, 0);
        for (int p = 0; p < 2; ++p)
            rm_socket (pushes[p]);
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (whole_or_nothing);
    RUN (rcvmore_tells_the_end);
    RUN (many_frames);
    RUN (all_sizes_mixed);
    RUN (unfinished_at_close);
    RUN (peer_leaves_halfway);
    RUN (senders_do_not_mix);
    return harness_end ();
}
