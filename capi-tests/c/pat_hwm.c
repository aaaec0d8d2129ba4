/*
 * High water marks (zmq_setsockopt(3), zmq_tcp(7)): exact over inproc, where a pair of sockets
 * holds the sum of both marks; bounded over connections, where the kernel's buffers come on top.
 */
#include "pat_common.h"

/* More than any mark used here: stands for "no limit". */
enum { PLENTY = 5000 };

static int capacity (int snd, int rcv)
{
    return snd == 0 || rcv == 0 ? PLENTY : snd + rcv;
}

/* Joins over inproc; `first` says who comes first: the 's'erver that binds or the 'c'lient. */
static void join_inproc (pair_t p, char first)
{
    char endpoint[ENDPOINT_SIZE];
    snprintf (endpoint, sizeof endpoint, "inproc://hwm-%d", unique_number ());
    if (first == 'c')
        REQUIRE_OK (zmq_connect (p.client, endpoint));
    REQUIRE_OK (zmq_bind (p.server, endpoint));
    if (first == 's')
        REQUIRE_OK (zmq_connect (p.client, endpoint));
}

/*
 * Full at exactly the sum. A reader that takes everything makes room for at least half of it
 * (credits come back in portions), a reader that takes nothing makes none.
 */
static void check_capacity (void *sender, void *receiver, int expected)
{
    CHECK_INT (fill (sender, PLENTY), expected);
    CHECK_INT (fill (sender, PLENTY - expected), 0);
    CHECK_INT (drain (receiver), expected);
    for (int round = 0; round < 3; ++round) {
        const int again = fill (sender, PLENTY);
        CHECK (again <= expected && again >= (expected + 1) / 2);
        CHECK_INT (drain (receiver), again);
    }
}

CASE (sum_of_both_marks)
{
    static const int marks[] = {0, 1, 2, 3, 10, 99};
    enum { N = sizeof marks / sizeof *marks };
    for (int i = 0; i < N * N * 2; ++i) {
        const int snd = marks[i / 2 % N], rcv = marks[i / 2 / N];
        const pair_t p = new_pair (ZMQ_PULL, ZMQ_PUSH);
        set_int (p.client, ZMQ_SNDHWM, snd);
        set_int (p.server, ZMQ_RCVHWM, rcv);
        join_inproc (p, i % 2 ? 's' : 'c');
        check_capacity (p.client, p.server, capacity (snd, rcv));
        close_pair (p);
    }
}

/* Each direction has its own marks. */
CASE (both_directions)
{
    static const int types[] = {ZMQ_PAIR, ZMQ_DEALER};
    for (int i = 0; i < 4; ++i) {
        const pair_t p = new_pair (types[i / 2], types[i / 2]);
        set_int (p.server, ZMQ_SNDHWM, 1);
        set_int (p.server, ZMQ_RCVHWM, 2);
        set_int (p.client, ZMQ_SNDHWM, 4);
        set_int (p.client, ZMQ_RCVHWM, 8);
        join_inproc (p, i % 2 ? 's' : 'c');
        CHECK_INT (fill (p.client, 100), 6);
        CHECK_INT (fill (p.server, 100), 9);
        CHECK_INT (drain (p.client), 9);
        CHECK_INT (drain (p.server), 6);
        close_pair (p);
    }
}

/* Each peer has its own queue. */
CASE (per_peer)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pulls[3];
    set_int (push, ZMQ_SNDHWM, 2);
    for (int i = 0; i < 3; ++i) {
        pulls[i] = mk_socket (ctx, ZMQ_PULL);
        set_int (pulls[i], ZMQ_RCVHWM, i + 1);
        join_sockets (pulls[i], push, "inproc");
    }
    CHECK_INT (fill (push, 100), 3 + 4 + 5);
    for (int i = 0; i < 3; ++i) {
        CHECK_INT (drain (pulls[i]), i + 3);
        rm_socket (pulls[i]);
    }
    rm_socket (push);
    rm_ctx (ctx);
}

/* Sets one of the marks anew on a pipe that exists and looks what it holds then. */
static void check_change (int snd, int rcv, int mark, int at_sender)
{
    for (int i = 0; i < 2; ++i) {
        const pair_t p = new_pair (ZMQ_PULL, ZMQ_PUSH);
        const int expected = at_sender ? capacity (mark, rcv) : capacity (snd, mark);
        set_int (p.client, ZMQ_SNDHWM, snd);
        set_int (p.server, ZMQ_RCVHWM, rcv);
        join_inproc (p, i % 2 ? 's' : 'c');
        settle (p.client);
        settle (p.server);
        set_int (at_sender ? p.client : p.server, at_sender ? ZMQ_SNDHWM : ZMQ_RCVHWM, mark);
        settle (p.server);
        settle (p.client);
        CHECK_INT (fill (p.client, PLENTY), expected);
        CHECK_INT (drain (p.server), expected);
        CHECK (fill (p.client, PLENTY) <= expected);
        close_pair (p);
    }
}

CASE (changed_on_existing_pipes)
{
    static const int marks[] = {1, 2, 5, 20, 0};
    for (int i = 0; i < 5; ++i) {
        check_change (3, 4, marks[i], 1);
        check_change (4, 4, marks[i], 0);
    }
}

CASE (changed_by_the_receiver)
{
    check_change (3, 4, 1, 0);
    check_change (3, 4, 20, 0);
    check_change (10, 1, 2, 0);
}

/* A higher mark makes more room, a lower one takes nothing away that is queued. */
CASE (changed_on_full_pipes)
{
    const pair_t p = new_pair (ZMQ_PULL, ZMQ_PUSH);
    set_int (p.client, ZMQ_SNDHWM, 2);
    set_int (p.server, ZMQ_RCVHWM, 2);
    join_inproc (p, 's');
    CHECK_INT (fill (p.client, 100), 4);
    set_int (p.client, ZMQ_SNDHWM, 6);
    settle (p.server);
    CHECK_INT (drain (p.server), 4);
    CHECK_INT (fill (p.client, 100), 8);
    set_int (p.client, ZMQ_SNDHWM, 1);
    settle (p.server);
    CHECK_INT (fill (p.client, 100), 0);
    CHECK_INT (drain (p.server), 8);
    CHECK (fill (p.client, 100) <= 3);
    close_pair (p);
}

CASE (not_connected_yet)
{
    /* A connecting socket has its own mark only, until it knows the other one. */
    const pair_t p = new_pair (ZMQ_PULL, ZMQ_PUSH);
    char endpoint[ENDPOINT_SIZE];
    unused_endpoint (endpoint);
    set_int (p.client, ZMQ_SNDHWM, 7);
    REQUIRE_OK (zmq_connect (p.client, endpoint));
    CHECK_INT (fill (p.client, 100), 7);
    CHECK_INT (settle (p.client) & ZMQ_POLLOUT, 0);
    /* With ZMQ_IMMEDIATE there is no queue before there is a connection. */
    void *push = mk_socket (p.ctx, ZMQ_PUSH);
    set_int (push, ZMQ_IMMEDIATE, 1);
    REQUIRE_OK (zmq_connect (push, endpoint));
    CHECK_INT (fill (push, 100), 0);
    rm_socket (push);
    close_pair (p);
}

/* Over a connection: no more than the marks and the kernel hold, and nothing is lost. */
CASE (bounded_over_connections)
{
    static const char *const transports[] = {"ipc", "tcp"};
    static char body[64 * 1024];
    for (int t = 0; t < 2; ++t) {
        const pair_t p = new_pair (ZMQ_PULL, ZMQ_PUSH);
        int accepted = 0;
        numbered_t head;
        set_int (p.client, ZMQ_SNDHWM, 10);
        set_int (p.server, ZMQ_RCVHWM, 10);
        set_int (p.client, ZMQ_SNDBUF, 64 * 1024);
        set_int (p.server, ZMQ_RCVBUF, 64 * 1024);
        set_int (p.client, ZMQ_SNDTIMEO, 300);
        join_sockets (p.server, p.client, transports[t]);
        for (; accepted < 1000; ++accepted) {
            head = (numbered_t){0, (uint32_t) accepted};
            memcpy (body, &head, sizeof head);
            if (zmq_send (p.client, body, sizeof body, 0) < 0)
                break;
        }
        CHECK_INT (zmq_errno (), EAGAIN);
        CHECK (accepted >= 10);
        CHECK (accepted <= 10 + 10 + 130); /* 130 bodies are 8 MiB of buffers on the way */
        for (int i = 0; i < accepted; ++i) {
            REQUIRE (zmq_recv (p.server, body, sizeof body, 0) == (int) sizeof body);
            memcpy (&head, body, sizeof head);
            CHECK_INT (head.number, i);
        }
        expect_nothing (p.server);
        CHECK (wait_writable (p.client));
        send_str (p.client, "open again", 0);
        expect_msg (p.server, "open again");
        close_pair (p);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (sum_of_both_marks);
    RUN (both_directions);
    RUN (per_peer);
    RUN (changed_on_existing_pipes);
    RUN_OURS (changed_by_the_receiver, "the reference adds its own old mark, not the sender's");
    RUN (changed_on_full_pipes);
    RUN (not_connected_yet);
    RUN (bounded_over_connections);
    return harness_end ();
}
