/*
 * ZMQ_LINGER (zmq_setsockopt(3), zmq_ctx_term(3), ZMQ_BLOCKY in zmq_ctx_set(3)): what becomes of
 * messages that are still queued when their socket is closed, and how long the context waits.
 */
#include "pat_common.h"

enum { COUNT = 100 };

static const char *const wires[] = {"ipc", "tcp"};

/* An endpoint of this transport that nobody is bound to. */
static void free_endpoint (const char *transport, char *endpoint)
{
    if (strcmp (transport, "tcp") == 0)
        unused_endpoint (endpoint);
    else {
        char path[128];
        unique_path (path, sizeof path);
        snprintf (endpoint, ENDPOINT_SIZE, "ipc://%s", path);
    }
}

/* A closed PUSH with COUNT messages for an endpoint: only its context is left. */
static void *send_and_close (const char *endpoint, int linger)
{
    void *ctx = mk_ctx (), *push = mk_socket (ctx, ZMQ_PUSH);
    set_int (push, ZMQ_RECONNECT_IVL, 10);
    REQUIRE_OK (zmq_connect (push, endpoint));
    for (uint32_t i = 0; i < COUNT; ++i)
        CHECK (send_numbered (push, 0, i, i % 2 ? ZMQ_SNDMORE : 0));
    CHECK (send_numbered (push, 0, COUNT, 0));
    if (linger != -1)
        set_int (push, ZMQ_LINGER, linger);
    CHECK_INT (opt_int (push, ZMQ_LINGER), linger);
    CHECK_OK (zmq_close (push));
    return ctx;
}

static void expect_all (void *pull)
{
    numbered_t body;
    for (uint32_t i = 0; i <= COUNT; ++i) {
        REQUIRE (recv_numbered (pull, &body, 0));
        CHECK_INT (body.number, i);
    }
}

static volatile int term_returned;

static void *terminate (void *ctx)
{
    rm_ctx (ctx);
    term_returned = 1;
    return NULL;
}

/* For ever: the end of the context waits until somebody took the messages. */
CASE (minus_one)
{
    for (int t = 0; t < 2; ++t) {
        char endpoint[ENDPOINT_SIZE];
        free_endpoint (wires[t], endpoint);
        void *sender = send_and_close (endpoint, -1);
        term_returned = 0;
        const pthread_t thread = start_thread (terminate, sender);
        msleep (QUIET_MS);
        CHECK_INT (term_returned, 0);
        void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL);
        REQUIRE_OK (zmq_bind (pull, endpoint));
        expect_all (pull);
        join_thread (thread);
        expect_nothing (pull);
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

/* Not at all: what is queued for nobody is gone, and the context ends at once. */
CASE (zero)
{
    for (int t = 0; t < 2; ++t) {
        char endpoint[ENDPOINT_SIZE];
        free_endpoint (wires[t], endpoint);
        rm_ctx (send_and_close (endpoint, 0));
        void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL);
        REQUIRE_OK (zmq_bind (pull, endpoint));
        expect_nothing (pull);
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

/* For a while: that long when nobody comes, */
CASE (some_time_in_vain)
{
    for (int t = 0; t < 2; ++t) {
        char endpoint[ENDPOINT_SIZE];
        free_endpoint (wires[t], endpoint);
        const long long begin = now_ms ();
        rm_ctx (send_and_close (endpoint, 250));
        CHECK (now_ms () - begin >= 250 - 5);
        CHECK (now_ms () - begin < DEADLINE_MS);
    }
}

/* and only until they are delivered when somebody does. */
CASE (some_time_in_time)
{
    for (int t = 0; t < 2; ++t) {
        char endpoint[ENDPOINT_SIZE];
        free_endpoint (wires[t], endpoint);
        const long long begin = now_ms ();
        void *sender = send_and_close (endpoint, 2 * DEADLINE_MS);
        const pthread_t thread = start_thread (terminate, sender);
        void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL);
        REQUIRE_OK (zmq_bind (pull, endpoint));
        expect_all (pull);
        join_thread (thread);
        CHECK (now_ms () - begin < 2 * DEADLINE_MS);
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

/* Nothing queued, or all of it read already: nothing to wait for. */
CASE (nothing_left)
{
    for (int t = 0; t < 2; ++t) {
        void *sender = mk_ctx (), *ctx = mk_ctx ();
        void *push = mk_socket (sender, ZMQ_PUSH), *idle = mk_socket (sender, ZMQ_PUSH);
        void *pull = mk_socket (ctx, ZMQ_PULL);
        char endpoint[ENDPOINT_SIZE];
        bind_any (pull, wires[t], endpoint);
        REQUIRE_OK (zmq_connect (push, endpoint));
        send_str (push, "read", 0);
        expect_msg (pull, "read");
        free_endpoint (wires[t], endpoint);
        REQUIRE_OK (zmq_connect (idle, endpoint));
        CHECK_OK (zmq_close (push));
        CHECK_OK (zmq_close (idle));
        rm_ctx (sender);
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

/* A receiver that is there but takes its time: more than the queues and the kernel hold. */
CASE (slow_receiver)
{
    static char body[100000];
    for (int t = 0; t < 2; ++t) {
        void *sender = mk_ctx (), *ctx = mk_ctx ();
        void *push = mk_socket (sender, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
        char endpoint[ENDPOINT_SIZE];
        set_int (pull, ZMQ_RCVHWM, 1);
        bind_any (pull, wires[t], endpoint);
        REQUIRE_OK (zmq_connect (push, endpoint));
        for (int i = 0; i < 200; ++i) {
            memset (body, i, sizeof body);
            REQUIRE (zmq_send (push, body, sizeof body, 0) == (int) sizeof body);
        }
        CHECK_OK (zmq_close (push));
        term_returned = 0;
        const pthread_t thread = start_thread (terminate, sender);
        msleep (50);
        for (int i = 0; i < 200; ++i) {
            REQUIRE (zmq_recv (pull, body, sizeof body, 0) == (int) sizeof body);
            CHECK_INT (body[0], (char) i);
            CHECK_INT (body[sizeof body - 1], (char) i);
        }
        join_thread (thread);
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

/* inproc: what was sent is the receiver's, the sender may close at once. */
CASE (inproc)
{
    const pair_t p = open_pair (ZMQ_PULL, ZMQ_PUSH, "inproc");
    for (uint32_t i = 0; i <= COUNT; ++i)
        CHECK (send_numbered (p.client, 0, i, 0));
    CHECK_OK (zmq_close (p.client));
    expect_all (p.server);
    CHECK_OK (zmq_close (p.server));
    rm_ctx (p.ctx);
}

/* ZMQ_BLOCKY 0 makes 0 the default of sockets made afterwards. */
CASE (blocky)
{
    void *ctx = mk_ctx (), *push = mk_socket (ctx, ZMQ_PUSH);
    char endpoint[ENDPOINT_SIZE];
    CHECK_INT (zmq_ctx_get (ctx, ZMQ_BLOCKY), 1);
    CHECK_INT (opt_int (push, ZMQ_LINGER), -1);
    CHECK_OK (zmq_close (push));
    REQUIRE_OK (zmq_ctx_set (ctx, ZMQ_BLOCKY, 0));
    push = mk_socket (ctx, ZMQ_PUSH);
    CHECK_INT (opt_int (push, ZMQ_LINGER), 0);
    unused_endpoint (endpoint);
    REQUIRE_OK (zmq_connect (push, endpoint));
    send_str (push, "lost", 0);
    CHECK_OK (zmq_close (push));
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (minus_one);
    RUN (zero);
    RUN (some_time_in_vain);
    RUN (some_time_in_time);
    RUN (nothing_left);
    RUN (slow_receiver);
    RUN (inproc);
    RUN (blocky);
    return harness_end ();
}
