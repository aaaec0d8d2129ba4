/*
 * ZMQ_IMMEDIATE: whether messages queue for a connection that is not there yet.
 */
#include "harness.h"

CASE (off_queues_before_the_peer_exists)
{
    const int types[] = {ZMQ_PUSH, ZMQ_DEALER, ZMQ_REQ, ZMQ_PAIR};
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i) {
        char endpoint[ENDPOINT_SIZE];
        void *socket = mk_socket (ctx, types[i]);
        unused_endpoint (endpoint);
        CHECK_INT (opt_int (socket, ZMQ_IMMEDIATE), 0);
        CHECK_OK (zmq_connect (socket, endpoint));
        CHECK_INT (opt_int (socket, ZMQ_EVENTS) & ZMQ_POLLOUT, ZMQ_POLLOUT);
        CHECK_INT (zmq_send (socket, "x", 1, ZMQ_DONTWAIT), 1);
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

CASE (on_waits_for_the_peer)
{
    const int types[] = {ZMQ_PUSH, ZMQ_DEALER, ZMQ_REQ, ZMQ_PAIR};
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i) {
        char endpoint[ENDPOINT_SIZE];
        void *socket = mk_socket (ctx, types[i]);
        unused_endpoint (endpoint);
        set_int (socket, ZMQ_IMMEDIATE, 1);
        CHECK_OK (zmq_connect (socket, endpoint));
        CHECK_INT (opt_int (socket, ZMQ_EVENTS) & ZMQ_POLLOUT, 0);
        CHECK_ERRNO (zmq_send (socket, "x", 1, ZMQ_DONTWAIT), EAGAIN);
        set_int (socket, ZMQ_SNDTIMEO, 30);
        CHECK_ERRNO (zmq_send (socket, "x", 1, 0), EAGAIN);
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

CASE (on_sends_once_the_peer_is_there)
{
    static const char *const transports[] = {"tcp", "ipc", "inproc"};
    for (int t = 0; t < 3; ++t) {
        void *ctx = mk_ctx ();
        void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
        set_int (push, ZMQ_IMMEDIATE, 1);
        join_sockets (pull, push, transports[t]);
        CHECK (wait_writable (push));
        send_str (push, "now", ZMQ_DONTWAIT);
        expect_msg (pull, "now");
        rm_socket (push);
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

CASE (on_uses_live_connections_only)
{
    char dead[ENDPOINT_SIZE], live[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    unused_endpoint (dead);
    bind_any (pull, "tcp", live);
    set_int (push, ZMQ_IMMEDIATE, 1);
    CHECK_OK (zmq_connect (push, dead));
    CHECK_OK (zmq_connect (push, live));
    for (int i = 0; i < 20; ++i)
        send_str (push, "all to the live one", 0);
    for (int i = 0; i < 20; ++i)
        expect_msg (pull, "all to the live one");
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (off_shares_with_dead_connections)
{
    char dead[ENDPOINT_SIZE], live[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    unused_endpoint (dead);
    bind_any (pull, "tcp", live);
    CHECK_OK (zmq_connect (push, dead));
    CHECK_OK (zmq_connect (push, live));
    for (int i = 0; i < 20; ++i)
        send_str (push, "every other one", 0);
    for (int i = 0; i < 10; ++i)
        expect_msg (pull, "every other one");
    expect_nothing (pull);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (on_blocks_again_when_the_peer_goes)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    set_int (push, ZMQ_IMMEDIATE, 1);
    set_int (push, ZMQ_RECONNECT_IVL, 10);
    bind_held (pull, "tcp", endpoint);
    CHECK_OK (zmq_connect (push, endpoint));
    send_str (push, "one", 0);
    expect_msg (pull, "one");
    CHECK_OK (zmq_unbind (pull, endpoint));
    rm_socket (pull);
    CHECK (WAIT_FOR (!(opt_int (push, ZMQ_EVENTS) & ZMQ_POLLOUT)));
    CHECK_ERRNO (zmq_send (push, "x", 1, ZMQ_DONTWAIT), EAGAIN);
    /* And it goes on when somebody listens there again. */
    pull = mk_socket (ctx, ZMQ_PULL);
    CHECK (WAIT_FOR (zmq_bind (pull, endpoint) == 0));
    send_str (push, "two", 0);
    expect_msg (pull, "two");
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (off_keeps_the_queue_over_a_reconnect)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    void *monitor = mk_monitor (ctx, push, ZMQ_EVENT_DISCONNECTED);
    set_int (push, ZMQ_RECONNECT_IVL, 10);
    bind_held (pull, "tcp", endpoint);
    CHECK_OK (zmq_connect (push, endpoint));
    send_str (push, "one", 0);
    expect_msg (pull, "one");
    CHECK_OK (zmq_unbind (pull, endpoint));
    rm_socket (pull);
    CHECK (wait_event (monitor, ZMQ_EVENT_DISCONNECTED, NULL, NULL));
    send_str (push, "two", ZMQ_DONTWAIT);
    send_str (push, "three", ZMQ_DONTWAIT);
    pull = mk_socket (ctx, ZMQ_PULL);
    CHECK (WAIT_FOR (zmq_bind (pull, endpoint) == 0));
    expect_msg (pull, "two");
    expect_msg (pull, "three");
    rm_socket (push);
    rm_socket (pull);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (acts_on_later_connects)
{
    char first[ENDPOINT_SIZE], second[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH);
    unused_endpoint (first);
    unused_endpoint (second);
    CHECK_OK (zmq_connect (push, first));
    set_int (push, ZMQ_IMMEDIATE, 1);
    CHECK_OK (zmq_connect (push, second));
    CHECK_INT (opt_int (push, ZMQ_EVENTS) & ZMQ_POLLOUT, ZMQ_POLLOUT);
    rm_socket (push);
    rm_ctx (ctx);
}

CASE (bound_sockets_mute_without_peers)
{
    const int types[] = {ZMQ_PUSH, ZMQ_DEALER, ZMQ_REQ, ZMQ_PAIR};
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i) {
        void *socket = mk_socket (ctx, types[i]);
        CHECK_OK (zmq_bind (socket, "tcp://127.0.0.1:*"));
        CHECK_INT (opt_int (socket, ZMQ_EVENTS) & ZMQ_POLLOUT, 0);
        CHECK_ERRNO (zmq_send (socket, "x", 1, ZMQ_DONTWAIT), EAGAIN);
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (off_queues_before_the_peer_exists);
    RUN (on_waits_for_the_peer);
    RUN (on_sends_once_the_peer_is_there);
    RUN (on_uses_live_connections_only);
    RUN (off_shares_with_dead_connections);
    RUN (on_blocks_again_when_the_peer_goes);
    RUN (off_keeps_the_queue_over_a_reconnect);
    RUN (acts_on_later_connects);
    RUN (bound_sockets_mute_without_peers);
    return harness_end ();
}
