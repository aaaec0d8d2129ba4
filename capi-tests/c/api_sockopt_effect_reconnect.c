/*
 * ZMQ_RECONNECT_IVL, ZMQ_RECONNECT_IVL_MAX and ZMQ_CONNECT_TIMEOUT: when a connection is tried
 * again. Upper bounds of time are generous; what matters are the lower ones and the values that
 * the monitor reports.
 */
#include "harness.h"

CASE (refused_is_tried_again)
{
    char endpoint[ENDPOINT_SIZE], address[ENDPOINT_SIZE];
    int value = 0;
    void *ctx = mk_ctx ();
    void *client = mk_socket (ctx, ZMQ_DEALER), *server = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, client, ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_CONNECTED);
    unused_endpoint (endpoint);
    set_int (client, ZMQ_RECONNECT_IVL, 20);
    CHECK_OK (zmq_connect (client, endpoint));
    for (int i = 0; i < 4; ++i) {
        CHECK_INT (read_event (monitor, DEADLINE_MS, &value, address), ZMQ_EVENT_CONNECT_RETRIED);
        CHECK_STR (address, endpoint);
        CHECK (value >= 20 && value < 40);
    }
    CHECK_OK (zmq_bind (server, endpoint));
    CHECK (wait_event (monitor, ZMQ_EVENT_CONNECTED, NULL, NULL));
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (ipc_is_tried_again)
{
    char path[128], endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *client = mk_socket (ctx, ZMQ_DEALER), *server = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, client, ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_CONNECTED);
    unique_path (path, sizeof path);
    snprintf (endpoint, sizeof endpoint, "ipc://%s", path);
    set_int (client, ZMQ_RECONNECT_IVL, 20);
    CHECK_OK (zmq_connect (client, endpoint));
    expect_event (monitor, ZMQ_EVENT_CONNECT_RETRIED);
    expect_event (monitor, ZMQ_EVENT_CONNECT_RETRIED);
    CHECK_OK (zmq_bind (server, endpoint));
    CHECK (wait_event (monitor, ZMQ_EVENT_CONNECTED, NULL, NULL));
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (interval_is_waited_for)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *client = mk_socket (ctx, ZMQ_DEALER);
    const int listener = raw_listen (endpoint);
    set_int (client, ZMQ_RECONNECT_IVL, 200);
    CHECK_OK (zmq_connect (client, endpoint));
    int fd = raw_accept (listener, DEADLINE_MS);
    CHECK (fd >= 0);
    const long long start = now_ms ();
    close (fd);
    fd = raw_accept (listener, DEADLINE_MS);
    CHECK (fd >= 0);
    CHECK (now_ms () - start >= 190);
    close (fd);
    close (listener);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (minus_one_does_not_try_again)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *client = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, client, ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_CONNECT_DELAYED);
    const int listener = raw_listen (endpoint);
    set_int (client, ZMQ_RECONNECT_IVL, -1);
    CHECK_OK (zmq_connect (client, endpoint));
    const int fd = raw_accept (listener, DEADLINE_MS);
    CHECK (fd >= 0);
    CHECK (wait_event (monitor, ZMQ_EVENT_CONNECTED, NULL, NULL));
    close (fd);
    CHECK_INT (raw_accept (listener, 400), -1);
    CHECK_INT (read_event (monitor, 0, NULL, NULL), -1);
    close (listener);
    rm_socket (client);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (back_off_up_to_a_maximum)
{
    char endpoint[ENDPOINT_SIZE];
    int values[8], largest = 0;
    void *ctx = mk_ctx ();
    void *client = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, client, ZMQ_EVENT_CONNECT_RETRIED);
    unused_endpoint (endpoint);
    set_int (client, ZMQ_RECONNECT_IVL, 10);
    set_int (client, ZMQ_RECONNECT_IVL_MAX, 80);
    CHECK_OK (zmq_connect (client, endpoint));
    for (int i = 0; i < 8; ++i) {
        CHECK_INT (read_event (monitor, DEADLINE_MS, &values[i], NULL), ZMQ_EVENT_CONNECT_RETRIED);
        CHECK (values[i] >= 10 && values[i] <= 80 + 10);
        if (values[i] > largest)
            largest = values[i];
    }
    /* It grew: the first one is the interval with its jitter, later ones are near the maximum. */
    CHECK (values[0] < 20 + 1);
    CHECK (largest > 40);
    rm_socket (client);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (maximum_below_the_interval_is_ignored)
{
    char endpoint[ENDPOINT_SIZE];
    int value = 0;
    void *ctx = mk_ctx ();
    void *client = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, client, ZMQ_EVENT_CONNECT_RETRIED);
    unused_endpoint (endpoint);
    set_int (client, ZMQ_RECONNECT_IVL, 50);
    set_int (client, ZMQ_RECONNECT_IVL_MAX, 5);
    CHECK_OK (zmq_connect (client, endpoint));
    for (int i = 0; i < 4; ++i) {
        CHECK_INT (read_event (monitor, DEADLINE_MS, &value, NULL), ZMQ_EVENT_CONNECT_RETRIED);
        if (!ON_REFERENCE ("newer versions take the maximum then, unlike their manual"))
            CHECK (value >= 50 && value < 100);
    }
    rm_socket (client);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (lost_connection_comes_back)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *client = mk_socket (ctx, ZMQ_DEALER);
    set_int (client, ZMQ_RECONNECT_IVL, 10);
    void *server = mk_socket (ctx, ZMQ_DEALER);
    bind_held (server, "tcp", endpoint);
    CHECK_OK (zmq_connect (client, endpoint));
    for (int i = 0; i < 5; ++i) {
        bounce (server, client);
        rm_socket (server);
        server = mk_socket (ctx, ZMQ_DEALER);
        CHECK (WAIT_FOR (zmq_bind (server, endpoint) == 0));
        send_str (server, "come back", 0);
        expect_msg (client, "come back");
    }
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (accepted_connections_are_not_tried_again)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, server, ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_CONNECT_DELAYED | ZMQ_EVENT_DISCONNECTED);
    set_int (server, ZMQ_RECONNECT_IVL, 10);
    bind_any (server, "tcp", endpoint);
    CHECK_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (client);
    expect_event (monitor, ZMQ_EVENT_DISCONNECTED);
    CHECK_INT (read_event (monitor, QUIET_MS, NULL, NULL), -1);
    rm_socket (server);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (connect_timeout)
{
    /* A listener whose queue is full lets a connect hang. */
    enum { FILL = 16 };
    char endpoint[ENDPOINT_SIZE];
    struct sockaddr_storage to;
    struct sockaddr_in in;
    socklen_t size = sizeof in;
    int fds[FILL];
    const int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memset (&in, 0, sizeof in);
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    REQUIRE_OK (bind (listener, (struct sockaddr *) &in, sizeof in));
    REQUIRE_OK (listen (listener, 0));
    REQUIRE_OK (getsockname (listener, (struct sockaddr *) &in, &size));
    snprintf (endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", ntohs (in.sin_port));
    size = raw_address (endpoint, &to);
    for (int i = 0; i < FILL; ++i) {
        fds[i] = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect (fds[i], (struct sockaddr *) &to, size);
    }
    REQUIRE (poll (&(struct pollfd){listener, POLLIN, 0}, 1, DEADLINE_MS) == 1); /* it has room for one */
    void *ctx = mk_ctx ();
    void *client = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, client, ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_CONNECTED);
    set_int (client, ZMQ_CONNECT_TIMEOUT, 200);
    set_int (client, ZMQ_RECONNECT_IVL, 10);
    const long long start = now_ms ();
    CHECK_OK (zmq_connect (client, endpoint));
    expect_event (monitor, ZMQ_EVENT_CONNECT_RETRIED);
    CHECK (now_ms () - start >= 190);
    rm_socket (client);
    rm_socket (monitor);
    rm_ctx (ctx);
    for (int i = 0; i < FILL; ++i)
        close (fds[i]);
    close (listener);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (refused_is_tried_again);
    RUN (ipc_is_tried_again);
    RUN (interval_is_waited_for);
    RUN (minus_one_does_not_try_again);
    RUN (back_off_up_to_a_maximum);
    RUN (maximum_below_the_interval_is_ignored);
    RUN (lost_connection_comes_back);
    RUN (accepted_connections_are_not_tried_again);
    RUN (connect_timeout);
    return harness_end ();
}
