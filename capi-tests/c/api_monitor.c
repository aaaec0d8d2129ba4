/*
 * zmq_socket_monitor: which events come, in which order, with which value and address; filters;
 * starting and stopping. Failed handshakes are api_monitor_handshake.c.
 */
#include "harness.h"

/* What the value of an event means. */
static const char *value_kind (int event, int value)
{
    switch (event) {
        case ZMQ_EVENT_CONNECTED:
        case ZMQ_EVENT_LISTENING:
        case ZMQ_EVENT_ACCEPTED:
        case ZMQ_EVENT_CLOSED:
        case ZMQ_EVENT_DISCONNECTED:
            return value > 2 ? "descriptor" : "no descriptor";
        case ZMQ_EVENT_BIND_FAILED:
        case ZMQ_EVENT_ACCEPT_FAILED:
        case ZMQ_EVENT_CLOSE_FAILED:
            return err_name (value);
        case ZMQ_EVENT_CONNECT_RETRIED:
            return value > 0 ? "interval" : "no interval";
        default:
            return "-";
    }
}

/* Prints the next events, up to and with `last`; the endpoint's own address is shown as *. */
static void print_until (void *monitor, int last, const char *endpoint)
{
    char address[ENDPOINT_SIZE];
    int event, value = 0;
    do {
        event = read_event (monitor, DEADLINE_MS, &value, address);
        const char *where = strcmp (address, endpoint) == 0 ? "*" : address[0] ? "other" : "none";
        printf ("    %s, value %s, address %s\n", event_name (event), value_kind (event, value), where);
    } while (event != last && event != -1);
}

static void whole_life (const char *transport)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    void *server_monitor = mk_monitor (ctx, server, ZMQ_EVENT_ALL);
    void *client_monitor = mk_monitor (ctx, client, ZMQ_EVENT_ALL & ~ZMQ_EVENT_CONNECT_RETRIED);
    set_int (client, ZMQ_RECONNECT_IVL, 10000);
    bind_any (server, transport, endpoint);
    CHECK_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    printf ("  %s, server:\n", transport);
    print_until (server_monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, endpoint);
    printf ("  %s, client:\n", transport);
    print_until (client_monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, endpoint);
    rm_socket (server);
    printf ("  %s, server closes, server:\n", transport);
    print_until (server_monitor, ZMQ_EVENT_MONITOR_STOPPED, endpoint);
    printf ("  %s, server closes, client:\n", transport);
    print_until (client_monitor, ZMQ_EVENT_DISCONNECTED, endpoint);
    rm_socket (client);
    CHECK (wait_event (client_monitor, ZMQ_EVENT_MONITOR_STOPPED, NULL, NULL));
    CHECK_INT (read_event (server_monitor, QUIET_MS, NULL, NULL), -1);
    CHECK_INT (read_event (client_monitor, 0, NULL, NULL), -1);
    rm_socket (server_monitor);
    rm_socket (client_monitor);
    rm_ctx (ctx);
}

CASE (life_of_a_tcp_connection)
{
    whole_life ("tcp");
}

CASE (life_of_an_ipc_connection)
{
    whole_life ("ipc");
}

CASE (client_goes)
{
    static const char *const transports[] = {"tcp", "ipc"};
    for (int t = 0; t < 2; ++t) {
        char endpoint[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
        void *monitor = mk_monitor (ctx, server, ZMQ_EVENT_ALL);
        bind_any (server, transports[t], endpoint);
        CHECK_OK (zmq_connect (client, endpoint));
        bounce (server, client);
        rm_socket (client);
        printf ("  %s:\n", transports[t]);
        print_until (monitor, ZMQ_EVENT_DISCONNECTED, endpoint);
        rm_socket (server);
        rm_socket (monitor);
        rm_ctx (ctx);
    }
}

CASE (refused_connection)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *client = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, client, ZMQ_EVENT_ALL);
    unused_endpoint (endpoint);
    set_int (client, ZMQ_RECONNECT_IVL, 20);
    CHECK_OK (zmq_connect (client, endpoint));
    print_until (monitor, ZMQ_EVENT_CONNECT_RETRIED, endpoint);
    print_until (monitor, ZMQ_EVENT_CONNECT_RETRIED, endpoint);
    rm_socket (client);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (bind_failed)
{
    char endpoint[ENDPOINT_SIZE];
    int value = 0;
    void *ctx = mk_ctx ();
    void *one = mk_socket (ctx, ZMQ_DEALER), *two = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, two, ZMQ_EVENT_ALL & ~ZMQ_EVENT_CLOSED);
    bind_any (one, "tcp", endpoint);
    errno = 0;
    CHECK_INT (zmq_bind (two, endpoint), -1);
    if (!ON_REFERENCE ("its monitor overwrites the errno"))
        CHECK_INT (zmq_errno (), EADDRINUSE);
    /* The address is left alone: the reference writes it without its transport. */
    CHECK_INT (read_event (monitor, DEADLINE_MS, &value, NULL), ZMQ_EVENT_BIND_FAILED);
    CHECK_INT (value, EADDRINUSE);
    rm_socket (one);
    rm_socket (two);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (unbind)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, server, ZMQ_EVENT_ALL);
    bind_any (server, "tcp", endpoint);
    CHECK_OK (zmq_unbind (server, endpoint));
    print_until (monitor, ZMQ_EVENT_CLOSED, endpoint);
    rm_socket (server);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (only_wanted_events)
{
    static const int masks[] = {ZMQ_EVENT_LISTENING, ZMQ_EVENT_ACCEPTED, ZMQ_EVENT_HANDSHAKE_SUCCEEDED,
                                ZMQ_EVENT_DISCONNECTED};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; ++i) {
        char endpoint[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
        void *monitor = mk_monitor (ctx, server, masks[i]);
        bind_any (server, "tcp", endpoint);
        CHECK_OK (zmq_connect (client, endpoint));
        bounce (server, client);
        rm_socket (client);
        CHECK_INT (read_event (monitor, DEADLINE_MS, NULL, NULL), masks[i]);
        CHECK_INT (read_event (monitor, QUIET_MS, NULL, NULL), -1);
        rm_socket (server);
        rm_socket (monitor);
        rm_ctx (ctx);
    }
}

CASE (stopped_unless_not_wanted)
{
    static const int masks[] = {0, ZMQ_EVENT_LISTENING, ZMQ_EVENT_MONITOR_STOPPED, ZMQ_EVENT_ALL};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; ++i) {
        void *ctx = mk_ctx ();
        void *server = mk_socket (ctx, ZMQ_DEALER);
        void *monitor = mk_monitor (ctx, server, masks[i]);
        rm_socket (server);
        const int wanted = masks[i] & ZMQ_EVENT_MONITOR_STOPPED;
        const int event = read_event (monitor, wanted ? DEADLINE_MS : QUIET_MS, NULL, NULL);
        printf ("  mask %#x: %s\n", (unsigned) masks[i], event_name (event));
        rm_socket (monitor);
        rm_ctx (ctx);
    }
}

CASE (null_address_stops)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, server, ZMQ_EVENT_ALL);
    bind_any (server, "tcp", endpoint);
    CHECK_OK (zmq_socket_monitor (server, NULL, 0));
    print_until (monitor, ZMQ_EVENT_MONITOR_STOPPED, endpoint);
    CHECK_OK (zmq_bind (server, "tcp://127.0.0.1:*"));
    CHECK_INT (read_event (monitor, QUIET_MS, NULL, NULL), -1);
    /* Once more is harmless, and a new monitor may begin. */
    CHECK_OK (zmq_socket_monitor (server, NULL, 0));
    void *second = mk_monitor (ctx, server, ZMQ_EVENT_ALL);
    CHECK_OK (zmq_bind (server, "tcp://127.0.0.1:*"));
    expect_event (second, ZMQ_EVENT_LISTENING);
    rm_socket (server);
    expect_event (second, ZMQ_EVENT_CLOSED);
    rm_socket (monitor);
    rm_socket (second);
    rm_ctx (ctx);
}

CASE (stop_without_a_monitor)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER);
    CHECK_OK (zmq_socket_monitor (server, NULL, 0));
    CHECK_OK (zmq_socket_monitor (server, NULL, ZMQ_EVENT_ALL));
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (second_monitor_replaces_the_first)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER);
    void *one = mk_monitor (ctx, server, ZMQ_EVENT_ALL);
    void *two = mk_monitor (ctx, server, ZMQ_EVENT_ALL);
    expect_event (one, ZMQ_EVENT_MONITOR_STOPPED);
    CHECK_OK (zmq_bind (server, "tcp://127.0.0.1:*"));
    expect_event (two, ZMQ_EVENT_LISTENING);
    CHECK_INT (read_event (one, QUIET_MS, NULL, NULL), -1);
    rm_socket (server);
    rm_socket (one);
    rm_socket (two);
    rm_ctx (ctx);
}

CASE (bad_addresses)
{
    static const char *const addresses[] = {"tcp://127.0.0.1:*", "ipc://@monitor-test", "udp://127.0.0.1:1",
                                            "unknown://x",       "inproc",             "inproc:/x",
                                            "",                  "://",                "://x",
                                            "inproc://"};
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; ++i) {
        void *server = mk_socket (ctx, ZMQ_DEALER);
        printf ("  \"%s\": ", addresses[i]);
        printf ("%s\n", result_name (zmq_socket_monitor (server, addresses[i], ZMQ_EVENT_ALL)));
        rm_socket (server);
    }
    rm_ctx (ctx);
}

CASE (address_in_use)
{
    void *ctx = mk_ctx ();
    void *one = mk_socket (ctx, ZMQ_DEALER), *two = mk_socket (ctx, ZMQ_DEALER), *three = mk_socket (ctx, ZMQ_PAIR);
    CHECK_OK (zmq_bind (three, "inproc://taken"));
    CHECK_ERRNO (zmq_socket_monitor (one, "inproc://taken", ZMQ_EVENT_ALL), EADDRINUSE);
    CHECK_OK (zmq_socket_monitor (one, "inproc://mine", ZMQ_EVENT_ALL));
    CHECK_ERRNO (zmq_socket_monitor (two, "inproc://mine", ZMQ_EVENT_ALL), EADDRINUSE);
    rm_socket (one);
    rm_socket (two);
    rm_socket (three);
    rm_ctx (ctx);
}

CASE (inproc_has_no_events)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, server, ZMQ_EVENT_ALL);
    join_sockets (server, client, "inproc");
    bounce (server, client);
    rm_socket (client);
    CHECK_INT (read_event (monitor, QUIET_MS, NULL, NULL), -1);
    rm_socket (server);
    expect_event (monitor, ZMQ_EVENT_MONITOR_STOPPED);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (many_clients)
{
    enum { CLIENTS = 30 };
    char endpoint[ENDPOINT_SIZE];
    int accepted = 0, done = 0, gone = 0;
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_ROUTER), *clients[CLIENTS];
    void *monitor = mk_monitor (ctx, server, ZMQ_EVENT_ALL & ~ZMQ_EVENT_LISTENING);
    bind_any (server, "tcp", endpoint);
    for (int i = 0; i < CLIENTS; ++i) {
        clients[i] = mk_socket (ctx, ZMQ_DEALER);
        CHECK_OK (zmq_connect (clients[i], endpoint));
    }
    while (accepted + done < 2 * CLIENTS) {
        const int event = read_event (monitor, DEADLINE_MS, NULL, NULL);
        accepted += event == ZMQ_EVENT_ACCEPTED;
        done += event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        if (event != ZMQ_EVENT_ACCEPTED && event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            break;
    }
    CHECK_INT (accepted, CLIENTS);
    CHECK_INT (done, CLIENTS);
    for (int i = 0; i < CLIENTS; ++i)
        rm_socket (clients[i]);
    while (gone < CLIENTS && read_event (monitor, DEADLINE_MS, NULL, NULL) == ZMQ_EVENT_DISCONNECTED)
        ++gone;
    CHECK_INT (gone, CLIENTS);
    rm_socket (server);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (nobody_reads)
{
    /* Neither a reader that never came nor one that sleeps may hold up the data. */
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER);
    void *asleep = mk_socket (ctx, ZMQ_DEALER);
    CHECK_OK (zmq_socket_monitor (server, "inproc://never-read", ZMQ_EVENT_ALL));
    void *monitor = mk_monitor (ctx, asleep, ZMQ_EVENT_ALL);
    bind_any (server, "tcp", endpoint);
    CHECK_OK (zmq_connect (asleep, endpoint));
    for (int i = 0; i < 600; ++i) {
        void *client = mk_socket (ctx, ZMQ_DEALER);
        CHECK_OK (zmq_connect (client, endpoint));
        send_str (client, "x", 0);
        expect_msg (server, "x");
        rm_socket (client);
    }
    rm_socket (asleep);
    rm_socket (server);
    rm_socket (monitor);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (life_of_a_tcp_connection);
    RUN (life_of_an_ipc_connection);
    RUN (client_goes);
    RUN (refused_connection);
    RUN (bind_failed);
    RUN (unbind);
    RUN (only_wanted_events);
    RUN (stopped_unless_not_wanted);
    RUN (null_address_stops);
    RUN (stop_without_a_monitor);
    RUN (second_monitor_replaces_the_first);
    RUN (bad_addresses);
    RUN (address_in_use);
    RUN (inproc_has_no_events);
    RUN (many_clients);
    RUN_OURS (nobody_reads, "the reference blocks when its monitor is not read");
    return harness_end ();
}
