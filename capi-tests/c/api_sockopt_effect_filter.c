/*
 * Who may connect: ZMQ_TCP_ACCEPT_FILTER and ZMQ_IPC_FILTER_PID, _UID, _GID.
 */
#include "harness.h"

/* A server with this TCP filter must take (refuse) a client from 127.0.0.1. */
static void tcp_filter (int count, const char *const *filters, int admitted)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, server, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    for (int i = 0; i < count; ++i)
        set_str (server, ZMQ_TCP_ACCEPT_FILTER, filters[i]);
    set_int (client, ZMQ_RECONNECT_IVL, 50);
    bind_any (server, "tcp", endpoint);
    CHECK_OK (zmq_connect (client, endpoint));
    send_str (client, "may I?", 0);
    if (admitted)
        expect_msg (server, "may I?");
    else {
        const int event = read_event (monitor, DEADLINE_MS, NULL, NULL);
        printf ("  refused: %s\n", event_name (event));
        expect_nothing (server);
    }
    rm_socket (client);
    rm_socket (server);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (tcp_without_filters)
{
    tcp_filter (0, NULL, 1);
}

CASE (tcp_that_match)
{
    static const char *const filters[] = {"127.0.0.1", "127.0.0.1/32", "127.0.0.0/8", "127.0.0.0/31",
                                          "0.0.0.0/0", "127.255.0.0/8"};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; ++i)
        tcp_filter (1, &filters[i], 1);
}

CASE (tcp_that_do_not_match)
{
    static const char *const filters[] = {"127.0.0.2", "127.0.0.2/32", "10.0.0.0/8", "128.0.0.0/1"};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; ++i)
        tcp_filter (1, &filters[i], 0);
}

CASE (tcp_one_match_is_enough)
{
    static const char *const filters[] = {"10.0.0.0/8", "127.0.0.1", "192.168.0.0/16"};
    tcp_filter (3, filters, 1);
}

CASE (tcp_cleared)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    set_str (server, ZMQ_TCP_ACCEPT_FILTER, "10.0.0.0/8");
    CHECK_OK (zmq_setsockopt (server, ZMQ_TCP_ACCEPT_FILTER, NULL, 0));
    join_sockets (server, client, "tcp");
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (tcp_malformed)
{
    static const char *const filters[] = {"",          "/8",         "127.0.0.1/",   "127.0.0.1/33",  "127.0.0.1/-1",
                                          "127.0.0.1/x", "256.0.0.1",  "127.0.0.1:80", "name/8",       "127.0.0.1/8/8",
                                          " 127.0.0.1", "127.0.0.1 ", "::1/128",      "::1/129"};
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof filters / sizeof *filters; ++i) {
        void *server = mk_socket (ctx, ZMQ_DEALER);
        const int rc = zmq_setsockopt (server, ZMQ_TCP_ACCEPT_FILTER, filters[i], strlen (filters[i]));
        printf ("  \"%s\": %s\n", filters[i], result_name (rc));
        rm_socket (server);
    }
    rm_ctx (ctx);
}

/* A server with these filters must take (refuse) a client of this process. */
static void ipc_filter (int count, const int *options, const int *values, int admitted)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, server, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED);
    for (int i = 0; i < count; ++i)
        set_int (server, options[i], values[i]);
    set_int (client, ZMQ_RECONNECT_IVL, 50);
    bind_any (server, "ipc", endpoint);
    CHECK_OK (zmq_connect (client, endpoint));
    send_str (client, "may I?", 0);
    const int event = read_event (monitor, DEADLINE_MS, NULL, NULL);
    CHECK_STR (event_name (event), admitted ? "ACCEPTED" : "ACCEPT_FAILED");
    if (admitted)
        expect_msg (server, "may I?");
    else
        expect_nothing (server);
    rm_socket (client);
    rm_socket (server);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (ipc_process)
{
    const int option = ZMQ_IPC_FILTER_PID, mine = (int) getpid (), other = 1;
    ipc_filter (1, &option, &mine, 1);
    ipc_filter (1, &option, &other, 0);
}

CASE (ipc_user)
{
    const int option = ZMQ_IPC_FILTER_UID, mine = (int) getuid (), other = (int) getuid () + 12345;
    ipc_filter (1, &option, &mine, 1);
    ipc_filter (1, &option, &other, 0);
}

CASE (ipc_group)
{
    const int option = ZMQ_IPC_FILTER_GID, mine = (int) getgid (), other = (int) getgid () + 12345;
    ipc_filter (1, &option, &mine, 1);
    ipc_filter (1, &option, &other, 0);
}

CASE (ipc_one_match_is_enough)
{
    const int options[] = {ZMQ_IPC_FILTER_PID, ZMQ_IPC_FILTER_PID, ZMQ_IPC_FILTER_UID, ZMQ_IPC_FILTER_GID};
    const int values[] = {1, 2, (int) getuid (), (int) getgid () + 12345};
    ipc_filter (4, options, values, 1);
    ipc_filter (2, options, values, 0);
}

CASE (ipc_cleared)
{
    const int options[] = {ZMQ_IPC_FILTER_PID, ZMQ_IPC_FILTER_UID, ZMQ_IPC_FILTER_GID};
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    for (int i = 0; i < 3; ++i) {
        set_int (server, options[i], 7654321);
        CHECK_OK (zmq_setsockopt (server, options[i], NULL, 0));
    }
    join_sockets (server, client, "ipc");
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (filters_do_not_cross_transports)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    set_int (server, ZMQ_IPC_FILTER_PID, 1);
    join_sockets (server, client, "tcp");
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    server = mk_socket (ctx, ZMQ_DEALER);
    client = mk_socket (ctx, ZMQ_DEALER);
    set_str (server, ZMQ_TCP_ACCEPT_FILTER, "10.0.0.0/8");
    bind_any (server, "ipc", endpoint);
    CHECK_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (tcp_without_filters);
    RUN (tcp_that_match);
    RUN (tcp_that_do_not_match);
    RUN (tcp_one_match_is_enough);
    RUN (tcp_cleared);
    RUN (tcp_malformed);
    RUN (ipc_process);
    RUN (ipc_user);
    RUN (ipc_group);
    RUN (ipc_one_match_is_enough);
    RUN (ipc_cleared);
    RUN (filters_do_not_cross_transports);
    return harness_end ();
}
