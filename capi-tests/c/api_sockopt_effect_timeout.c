/*
 * ZMQ_RCVTIMEO and ZMQ_SNDTIMEO: how long the blocking calls wait.
 */
#include "harness.h"

CASE (receive_waits_and_gives_up)
{
    const int types[] = {ZMQ_PAIR, ZMQ_SUB, ZMQ_REP, ZMQ_DEALER, ZMQ_ROUTER, ZMQ_PULL, ZMQ_XPUB, ZMQ_XSUB, ZMQ_STREAM};
    void *ctx = mk_ctx ();
    char byte;
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i) {
        void *socket = mk_socket (ctx, types[i]);
        set_int (socket, ZMQ_RCVTIMEO, 50);
        const long long start = now_ms ();
        CHECK_ERRNO (zmq_recv (socket, &byte, 1, 0), EAGAIN);
        const long long took = now_ms () - start;
        CHECK (took >= 45 && took < DEADLINE_MS);
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

CASE (send_waits_and_gives_up)
{
    const int types[] = {ZMQ_PAIR, ZMQ_REQ, ZMQ_DEALER, ZMQ_PUSH};
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i) {
        void *socket = mk_socket (ctx, types[i]);
        set_int (socket, ZMQ_SNDTIMEO, 50);
        const long long start = now_ms ();
        CHECK_ERRNO (zmq_send (socket, "x", 1, 0), EAGAIN);
        const long long took = now_ms () - start;
        CHECK (took >= 45 && took < DEADLINE_MS);
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

CASE (zero_does_not_wait)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_DEALER);
    char byte;
    set_int (socket, ZMQ_RCVTIMEO, 0);
    set_int (socket, ZMQ_SNDTIMEO, 0);
    const long long start = now_ms ();
    for (int i = 0; i < 100; ++i) {
        CHECK_ERRNO (zmq_recv (socket, &byte, 1, 0), EAGAIN);
        CHECK_ERRNO (zmq_send (socket, "x", 1, 0), EAGAIN);
    }
    CHECK (now_ms () - start < DEADLINE_MS);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (dontwait_wins)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_DEALER);
    char byte;
    set_int (socket, ZMQ_RCVTIMEO, -1);
    set_int (socket, ZMQ_SNDTIMEO, -1);
    CHECK_ERRNO (zmq_recv (socket, &byte, 1, ZMQ_DONTWAIT), EAGAIN);
    CHECK_ERRNO (zmq_send (socket, "x", 1, ZMQ_DONTWAIT), EAGAIN);
    rm_socket (socket);
    rm_ctx (ctx);
}

static void *send_soon (void *socket)
{
    msleep (100);
    send_str (socket, "in time", 0);
    return NULL;
}

static void receive_in_time (int timeout)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    join_sockets (a, b, "tcp");
    set_int (b, ZMQ_RCVTIMEO, timeout);
    pthread_t thread = start_thread (send_soon, a);
    expect_msg (b, "in time");
    join_thread (thread);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (message_ends_the_wait)
{
    receive_in_time (DEADLINE_MS);
    receive_in_time (-1);
}

typedef struct
{
    void *socket;
    char endpoint[ENDPOINT_SIZE];
} late_t;

static void *connect_soon (void *arg)
{
    late_t *late = arg;
    msleep (100);
    CHECK_OK (zmq_connect (late->socket, late->endpoint));
    expect_msg (late->socket, "in time");
    return NULL;
}

CASE (peer_ends_the_wait_of_send)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH);
    late_t late = {mk_socket (ctx, ZMQ_PULL), ""};
    bind_any (push, "tcp", late.endpoint);
    set_int (push, ZMQ_SNDTIMEO, -1);
    pthread_t thread = start_thread (connect_soon, &late);
    send_str (push, "in time", 0);
    join_thread (thread);
    rm_socket (push);
    rm_socket (late.socket);
    rm_ctx (ctx);
}

CASE (change_takes_effect_at_once)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    char byte;
    join_sockets (a, b, "inproc");
    set_int (a, ZMQ_RCVTIMEO, 30);
    CHECK_ERRNO (zmq_recv (a, &byte, 1, 0), EAGAIN);
    set_int (a, ZMQ_RCVTIMEO, 0);
    CHECK_ERRNO (zmq_recv (a, &byte, 1, 0), EAGAIN);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (timeouts_are_separate)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_DEALER);
    char byte;
    set_int (socket, ZMQ_RCVTIMEO, 0);
    set_int (socket, ZMQ_SNDTIMEO, 80);
    const long long start = now_ms ();
    CHECK_ERRNO (zmq_recv (socket, &byte, 1, 0), EAGAIN);
    CHECK_ERRNO (zmq_send (socket, "x", 1, 0), EAGAIN);
    CHECK (now_ms () - start >= 75);
    CHECK_INT (opt_int (socket, ZMQ_RCVTIMEO), 0);
    CHECK_INT (opt_int (socket, ZMQ_SNDTIMEO), 80);
    rm_socket (socket);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (receive_waits_and_gives_up);
    RUN (send_waits_and_gives_up);
    RUN (zero_does_not_wait);
    RUN (dontwait_wins);
    RUN (message_ends_the_wait);
    RUN (peer_ends_the_wait_of_send);
    RUN (change_takes_effect_at_once);
    RUN (timeouts_are_separate);
    return harness_end ();
}
