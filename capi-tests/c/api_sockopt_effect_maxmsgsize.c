/*
 * ZMQ_MAXMSGSIZE: a peer that sends more is disconnected; everything else goes on. The limits
 * here leave room for the commands of a handshake, which the reference counts as well.
 */
#include "harness.h"

static void set_max (void *socket, int64_t size)
{
    REQUIRE_OK (zmq_setsockopt (socket, ZMQ_MAXMSGSIZE, &size, sizeof size));
}

static void send_size (void *socket, size_t size, int flags)
{
    char *body = malloc (size + 1);
    memset (body, 's', size);
    CHECK_INT (zmq_send (socket, body, size, flags), size);
    free (body);
}

static void expect_size (void *socket, size_t size)
{
    CHECK_INT (zmq_recv (socket, NULL, 0, 0), size);
}

CASE (limit_is_inclusive)
{
    static const char *const transports[] = {"tcp", "ipc"};
    static const int limits[] = {64, 100, 255, 256, 8192, 100000};
    for (int t = 0; t < 2; ++t)
        for (size_t i = 0; i < sizeof limits / sizeof *limits; ++i) {
            void *ctx = mk_ctx ();
            void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
            set_max (pull, limits[i]);
            join_sockets (pull, push, transports[t]);
            for (int n = 0; n < 3; ++n)
                send_size (push, (size_t) limits[i], 0);
            for (int n = 0; n < 3; ++n)
                expect_size (pull, (size_t) limits[i]);
            rm_socket (push);
            rm_socket (pull);
            rm_ctx (ctx);
        }
}

CASE (more_is_refused_and_the_connection_dropped)
{
    static const char *const transports[] = {"tcp", "ipc"};
    static const int limits[] = {64, 100, 255, 8192};
    for (int t = 0; t < 2; ++t)
        for (size_t i = 0; i < sizeof limits / sizeof *limits; ++i) {
            void *ctx = mk_ctx ();
            void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
            void *monitor = mk_monitor (ctx, pull, ZMQ_EVENT_DISCONNECTED);
            set_max (pull, limits[i]);
            set_int (push, ZMQ_RECONNECT_IVL, 10);
            join_sockets (pull, push, transports[t]);
            send_size (push, (size_t) limits[i], 0);
            expect_size (pull, (size_t) limits[i]);
            send_size (push, (size_t) limits[i] + 1, 0);
            CHECK (wait_event (monitor, ZMQ_EVENT_DISCONNECTED, NULL, NULL));
            expect_nothing (pull);
            rm_socket (push);
            rm_socket (pull);
            rm_socket (monitor);
            rm_ctx (ctx);
        }
}

CASE (sender_comes_back)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    void *monitor = mk_monitor (ctx, push, ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    set_max (pull, 70);
    set_int (push, ZMQ_RECONNECT_IVL, 10);
    join_sockets (pull, push, "tcp");
    expect_event (monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    send_size (push, 71, 0);
    expect_event (monitor, ZMQ_EVENT_DISCONNECTED);
    expect_event (monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    send_str (push, "short enough", 0);
    expect_msg (pull, "short enough");
    rm_socket (push);
    rm_socket (pull);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (other_peers_lose_nothing)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *pull = mk_socket (ctx, ZMQ_PULL), *good = mk_socket (ctx, ZMQ_PUSH), *bad = mk_socket (ctx, ZMQ_PUSH);
    void *monitor = mk_monitor (ctx, pull, ZMQ_EVENT_DISCONNECTED);
    set_max (pull, 70);
    bind_any (pull, "tcp", endpoint);
    set_int (bad, ZMQ_RECONNECT_IVL, -1);
    CHECK_OK (zmq_connect (good, endpoint));
    CHECK_OK (zmq_connect (bad, endpoint));
    for (int i = 0; i < 100; ++i) {
        send_size (good, 20, 0);
        if (i == 50)
            send_size (bad, 1000000, 0);
    }
    for (int i = 0; i < 100; ++i)
        expect_size (pull, 20);
    CHECK (wait_event (monitor, ZMQ_EVENT_DISCONNECTED, NULL, NULL));
    expect_nothing (pull);
    rm_socket (good);
    rm_socket (bad);
    rm_socket (pull);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (each_frame_counts_alone)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    set_max (pull, 64);
    join_sockets (pull, push, "tcp");
    for (int i = 0; i < 20; ++i)
        send_size (push, 64, i < 19 ? ZMQ_SNDMORE : 0);
    for (int i = 0; i < 20; ++i)
        expect_size (pull, 64);
    CHECK_INT (opt_int (pull, ZMQ_RCVMORE), 0);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (half_of_a_message_is_never_delivered)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    void *monitor = mk_monitor (ctx, push, ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    set_max (pull, 64);
    set_int (push, ZMQ_RECONNECT_IVL, 10);
    join_sockets (pull, push, "tcp");
    expect_event (monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    send_size (push, 5, ZMQ_SNDMORE);
    send_size (push, 5, ZMQ_SNDMORE);
    send_size (push, 65, 0);
    expect_event (monitor, ZMQ_EVENT_DISCONNECTED);
    expect_event (monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    send_multi (push, 2, "whole", "message");
    expect_multi (pull, 2, "whole", "message");
    expect_nothing (pull);
    rm_socket (push);
    rm_socket (pull);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (sender_and_inproc_are_not_limited)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    set_max (push, 64);
    join_sockets (pull, push, "tcp");
    send_size (push, 1000, 0);
    expect_size (pull, 1000);
    rm_socket (push);
    rm_socket (pull);
    push = mk_socket (ctx, ZMQ_PUSH);
    pull = mk_socket (ctx, ZMQ_PULL);
    set_max (pull, 64);
    join_sockets (pull, push, "inproc");
    send_size (push, 1000, 0);
    expect_size (pull, 1000);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (minus_one_is_no_limit)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    set_max (pull, 64);
    set_max (pull, -1);
    join_sockets (pull, push, "tcp");
    send_size (push, 3000000, 0);
    expect_size (pull, 3000000);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (connecting_receiver_is_limited_too)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    void *monitor = mk_monitor (ctx, pull, ZMQ_EVENT_DISCONNECTED);
    set_max (pull, 64);
    set_int (pull, ZMQ_RECONNECT_IVL, -1);
    join_sockets (push, pull, "tcp");
    send_size (push, 64, 0);
    expect_size (pull, 64);
    send_size (push, 65, 0);
    CHECK (wait_event (monitor, ZMQ_EVENT_DISCONNECTED, NULL, NULL));
    expect_nothing (pull);
    rm_socket (push);
    rm_socket (pull);
    rm_socket (monitor);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (limit_is_inclusive);
    RUN (more_is_refused_and_the_connection_dropped);
    RUN (sender_comes_back);
    RUN (other_peers_lose_nothing);
    RUN (each_frame_counts_alone);
    RUN (half_of_a_message_is_never_delivered);
    RUN (sender_and_inproc_are_not_limited);
    RUN (minus_one_is_no_limit);
    RUN (connecting_receiver_is_limited_too);
    return harness_end ();
}
