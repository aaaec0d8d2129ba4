/*
 * ZMQ_CONFLATE: a queue that holds the last message only.
 */
#include "harness.h"

static void send_numbers (void *socket, int first, int last)
{
    for (int i = first; i <= last; ++i)
        CHECK_INT (zmq_send (socket, &i, sizeof i, 0), sizeof i);
}

/* How often the last message was sent again. */
static int nudges;

/*
 * Reads numbers, which must grow, until `last` comes. Gives how many there were. `sender` is for
 * the reference alone, where a reader may sleep on although the last message is there.
 */
static int receive_until (void *socket, int last, void *sender)
{
    int previous = 0, got = 0, count = 0;
    nudges = 0;
    do {
        int ready;
        poll_ready (socket, ZMQ_POLLIN, nudges ? 200 : DEADLINE_MS / 10, &ready);
        if (!ready && nudges < 20 && ON_REFERENCE ("wake-ups get lost in its conflating pipes")) {
            send_numbers (sender, last, last);
            ++nudges;
            continue;
        }
        if (zmq_recv (socket, &got, sizeof got, 0) != sizeof got) {
            CHECK (0 && "last number arrives");
            return count;
        }
        CHECK (got >= previous);
        previous = got;
        ++count;
    } while (got != last);
    return count;
}

CASE (inproc_keeps_the_last)
{
    static const int types[][2] = {{ZMQ_PUSH, ZMQ_PULL}, {ZMQ_DEALER, ZMQ_DEALER}};
    for (int i = 0; i < 2; ++i) {
        void *ctx = mk_ctx ();
        void *from = mk_socket (ctx, types[i][0]), *to = mk_socket (ctx, types[i][1]);
        set_int (to, ZMQ_CONFLATE, 1);
        set_int (from, ZMQ_CONFLATE, 1);
        join_sockets (to, from, "inproc");
        send_numbers (from, 1, 50);
        CHECK_INT (receive_until (to, 50, from), 1);
        expect_nothing (to);
        send_numbers (from, 60, 61);
        CHECK_INT (receive_until (to, 61, from), 1);
        expect_nothing (to);
        rm_socket (from);
        rm_socket (to);
        rm_ctx (ctx);
    }
}

CASE (sender_before_its_peer_comes)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    unused_endpoint (endpoint);
    set_int (push, ZMQ_CONFLATE, 1);
    CHECK_OK (zmq_connect (push, endpoint));
    send_numbers (push, 1, 100);
    CHECK_OK (zmq_bind (pull, endpoint));
    CHECK_INT (receive_until (pull, 100, push), 1);
    if (nudges == 0)
        expect_nothing (pull);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (receiver_over_tcp)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    set_int (pull, ZMQ_CONFLATE, 1);
    join_sockets (pull, push, "tcp");
    send_numbers (push, 1, 5000);
    /* How many get through depends on how fast we read; the last one always does. */
    CHECK (receive_until (pull, 5000, push) >= 1);
    if (!ON_REFERENCE ("it may have been sent twice"))
        expect_nothing (pull);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (no_high_water_mark)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH);
    unused_endpoint (endpoint);
    set_int (push, ZMQ_CONFLATE, 1);
    set_int (push, ZMQ_SNDHWM, 1);
    CHECK_OK (zmq_connect (push, endpoint));
    for (int i = 0; i < 100; ++i)
        CHECK_INT (zmq_send (push, &i, sizeof i, ZMQ_DONTWAIT), sizeof i);
    CHECK (opt_int (push, ZMQ_EVENTS) & ZMQ_POLLOUT);
    rm_socket (push);
    rm_ctx (ctx);
}

CASE (publisher_and_subscriber)
{
    void *ctx = mk_ctx ();
    void *pub = mk_socket (ctx, ZMQ_PUB), *sub = mk_socket (ctx, ZMQ_SUB);
    int ready = 0, number = 0;
    set_int (sub, ZMQ_CONFLATE, 1);
    set_int (pub, ZMQ_CONFLATE, 1);
    set_str (sub, ZMQ_SUBSCRIBE, "");
    join_sockets (pub, sub, "tcp");
    for (int i = 1; i < 2000 && !ready; ++i) {
        CHECK_INT (zmq_send (pub, &number, sizeof number, 0), sizeof number);
        poll_ready (sub, ZMQ_POLLIN, 5, &ready);
    }
    CHECK (ready);
    send_numbers (pub, 1000000, 1001000);
    CHECK (receive_until (sub, 1001000, pub) >= 1);
    rm_socket (pub);
    rm_socket (sub);
    rm_ctx (ctx);
}

/* A ROUTER keeps all it gets, and a REQ the frames of its request. */
CASE (other_types_ignore_it)
{
    static const char *const transports[] = {"inproc", "tcp"};
    for (int i = 0; i < 2; ++i) {
        void *ctx = mk_ctx ();
        void *router = mk_socket (ctx, ZMQ_ROUTER), *req = mk_socket (ctx, ZMQ_REQ);
        void *dealer = mk_socket (ctx, ZMQ_DEALER);
        char endpoint[ENDPOINT_SIZE], frame[32];
        set_int (router, ZMQ_CONFLATE, 1);
        set_int (req, ZMQ_CONFLATE, 1);
        bind_any (router, transports[i], endpoint);
        CHECK_OK (zmq_connect (dealer, endpoint));
        send_numbers (dealer, 1, 3);
        for (int n = 1; n <= 3; ++n) {
            int got = 0;
            CHECK (zmq_recv (router, frame, sizeof frame, 0) > 0);
            CHECK_INT (zmq_recv (router, &got, sizeof got, 0), sizeof got);
            CHECK_INT (got, n);
        }
        CHECK_OK (zmq_connect (req, endpoint));
        send_numbers (req, 7, 7);
        CHECK (zmq_recv (router, frame, sizeof frame, 0) > 0);
        CHECK_INT (zmq_recv (router, frame, sizeof frame, 0), 0);
        CHECK_INT (zmq_recv (router, frame, sizeof frame, 0), sizeof (int));
        rm_socket (router);
        rm_socket (req);
        rm_socket (dealer);
        rm_ctx (ctx);
    }
}

CASE (each_connection_has_its_own_slot)
{
    void *ctx = mk_ctx ();
    void *pull = mk_socket (ctx, ZMQ_PULL), *push[3];
    char endpoint[ENDPOINT_SIZE];
    int seen[3] = {0, 0, 0};
    set_int (pull, ZMQ_CONFLATE, 1);
    bind_any (pull, "inproc", endpoint);
    for (int i = 0; i < 3; ++i) {
        push[i] = mk_socket (ctx, ZMQ_PUSH);
        set_int (push[i], ZMQ_CONFLATE, 1);
        CHECK_OK (zmq_connect (push[i], endpoint));
        send_numbers (push[i], i * 100, i * 100 + 10);
    }
    for (int i = 0; i < 3; ++i) {
        int got = -1;
        CHECK_INT (zmq_recv (pull, &got, sizeof got, 0), sizeof got);
        CHECK_INT (got % 100, 10);
        CHECK (got / 100 < 3 && !seen[got / 100]);
        seen[got / 100] = 1;
    }
    expect_nothing (pull);
    for (int i = 0; i < 3; ++i)
        rm_socket (push[i]);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (poll_and_events_see_the_message)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    set_int (pull, ZMQ_CONFLATE, 1);
    join_sockets (pull, push, "tcp");
    CHECK_INT (opt_int (pull, ZMQ_EVENTS) & ZMQ_POLLIN, 0);
    send_numbers (push, 7, 7);
    CHECK (wait_readable (pull));
    CHECK_INT (opt_int (pull, ZMQ_EVENTS) & ZMQ_POLLIN, ZMQ_POLLIN);
    CHECK_INT (receive_until (pull, 7, push), 1);
    CHECK_INT (opt_int (pull, ZMQ_EVENTS) & ZMQ_POLLIN, 0);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (unset_again)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    set_int (pull, ZMQ_CONFLATE, 1);
    CHECK_INT (opt_int (pull, ZMQ_CONFLATE), 1);
    set_int (pull, ZMQ_CONFLATE, 0);
    CHECK_INT (opt_int (pull, ZMQ_CONFLATE), 0);
    join_sockets (pull, push, "inproc");
    send_numbers (push, 1, 20);
    CHECK_INT (receive_until (pull, 20, push), 20);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (inproc_keeps_the_last);
    RUN (sender_before_its_peer_comes);
    RUN (receiver_over_tcp);
    RUN (no_high_water_mark);
    RUN (publisher_and_subscriber);
    RUN (other_types_ignore_it);
    RUN (each_connection_has_its_own_slot);
    RUN (poll_and_events_see_the_message);
    RUN (unset_again);
    return harness_end ();
}
