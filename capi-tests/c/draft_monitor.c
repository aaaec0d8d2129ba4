/*
 * zmq_socket_monitor_versioned, version 2 (draft): frames, both ends of connections, types of monitors;
 * zmq_socket_monitor_pipes_stats.
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "harness.h"

#define VALUES 4

typedef struct
{
    uint64_t event, count, values[VALUES];
    char local[ENDPOINT_SIZE], remote[ENDPOINT_SIZE];
} event_t;

static uint64_t number (void *monitor)
{
    uint64_t value = 0;
    CHECK_INT (zmq_recv (monitor, &value, sizeof value, 0), sizeof value);
    CHECK_INT (opt_int (monitor, ZMQ_RCVMORE), 1);
    return value;
}

static event_t next_event (void *monitor)
{
    event_t event;
    memset (&event, 0, sizeof event);
    event.event = number (monitor);
    event.count = number (monitor);
    REQUIRE (event.count <= VALUES);
    for (uint64_t i = 0; i < event.count; ++i)
        event.values[i] = number (monitor);
    CHECK (recv_str (monitor, event.local, ENDPOINT_SIZE) >= 0);
    CHECK_INT (opt_int (monitor, ZMQ_RCVMORE), 1);
    CHECK (recv_str (monitor, event.remote, ENDPOINT_SIZE) >= 0);
    CHECK_INT (opt_int (monitor, ZMQ_RCVMORE), 0);
    return event;
}

static event_t single_value (void *monitor, uint64_t event)
{
    event_t got = next_event (monitor);
    CHECK_INT (got.event, event);
    CHECK_INT (got.count, 1);
    return got;
}

static void *mk_monitor_v2 (void *ctx, void *socket, uint64_t events, int type, int reader_type)
{
    char endpoint[64];
    snprintf (endpoint, sizeof endpoint, "inproc://zt-monitor-%d", unique_number ());
    REQUIRE_OK (zmq_socket_monitor_versioned (socket, endpoint, events, 2, type));
    void *monitor = mk_socket (ctx, reader_type);
    if (reader_type == ZMQ_SUB)
        set_str (monitor, ZMQ_SUBSCRIBE, "");
    REQUIRE_OK (zmq_connect (monitor, endpoint));
    return monitor;
}

static void life (const char *transport, int type, int reader_type)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    void *server_monitor = mk_monitor_v2 (ctx, server, ZMQ_EVENT_ALL_V2, type, reader_type);
    void *client_monitor = mk_monitor_v2 (ctx, client, ZMQ_EVENT_ALL_V2, type, reader_type);
    if (strcmp (transport, "tcp6") == 0)
        set_int (client, ZMQ_IPV6, 1);
    bind_any (server, transport, endpoint);
    CHECK_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (client);
    event_t event = next_event (client_monitor);
    if (event.event == ZMQ_EVENT_CONNECT_DELAYED) {
        CHECK_STR (event.local, "");
        CHECK_STR (event.remote, endpoint);
        event = next_event (client_monitor);
    }
    CHECK_INT (event.event, ZMQ_EVENT_CONNECTED);
    CHECK_INT (event.count, 1);
    CHECK (event.values[0] > 2);
    CHECK_STR (event.remote, endpoint);
    CHECK (strcmp (event.local, endpoint) != 0);
    CHECK (strncmp (event.local, transport, 3) == 0);
    event_t shaken = single_value (client_monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    CHECK_STR (shaken.local, event.local);
    CHECK_STR (shaken.remote, endpoint);
    event_t stopped = single_value (client_monitor, ZMQ_EVENT_MONITOR_STOPPED);
    CHECK_STR (stopped.local, "");
    CHECK_STR (stopped.remote, "");

    event_t listening = single_value (server_monitor, ZMQ_EVENT_LISTENING);
    CHECK_STR (listening.local, endpoint);
    CHECK_STR (listening.remote, "");
    for (int e = 0; e < 3; ++e) {
        static const uint64_t events[] = {ZMQ_EVENT_ACCEPTED, ZMQ_EVENT_HANDSHAKE_SUCCEEDED,
                                          ZMQ_EVENT_DISCONNECTED};
        event_t got = single_value (server_monitor, events[e]);
        CHECK_STR (got.local, endpoint);
        CHECK_STR (got.remote, event.local);
    }
    rm_socket (server);
    rm_socket (server_monitor);
    rm_socket (client_monitor);
    rm_ctx (ctx);
}

CASE (life_of_a_connection)
{
    static const char *const transports[] = {"tcp", "tcp6", "ipc"};
    for (int t = 0; t < 3; ++t) {
        if (strcmp (transports[t], "tcp6") == 0 && !has_ipv6 ())
            continue;
        life (transports[t], ZMQ_PAIR, ZMQ_PAIR);
        life (transports[t], ZMQ_PUB, ZMQ_SUB);
        life (transports[t], ZMQ_PUSH, ZMQ_PULL);
    }
}

CASE (refusals)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_DEALER);
    const char *endpoint = "inproc://refused";
    CHECK_ERRNO (zmq_socket_monitor_versioned (socket, endpoint, 0, 2, ZMQ_CLIENT), EINVAL);
    CHECK_ERRNO (zmq_socket_monitor_versioned (socket, endpoint, 0, 2, ZMQ_SUB), EINVAL);
    CHECK_ERRNO (zmq_socket_monitor_versioned (socket, endpoint, 0, 3, ZMQ_PAIR), EINVAL);
    CHECK_ERRNO (zmq_socket_monitor_versioned (socket, endpoint, 0, 0, ZMQ_PAIR), EINVAL);
    CHECK_ERRNO (zmq_socket_monitor_versioned (socket, endpoint, 0x10000, 1, ZMQ_PAIR), EINVAL);
    CHECK_ERRNO (zmq_socket_monitor_versioned (socket, "tcp://127.0.0.1:1", 0, 2, ZMQ_PAIR), EPROTONOSUPPORT);
    CHECK_ERRNO (zmq_socket_monitor_versioned (NULL, endpoint, 0, 2, ZMQ_PAIR), ENOTSOCK);
    CHECK_OK (zmq_socket_monitor_versioned (socket, NULL, 0, 2, ZMQ_PAIR));
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (stats_need_a_monitor_and_peers)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PUSH);
    CHECK_ERRNO (zmq_socket_monitor_pipes_stats (NULL), ENOTSOCK);
    CHECK_ERRNO (zmq_socket_monitor_pipes_stats (socket), EINVAL);
    void *monitor = mk_monitor_v2 (ctx, socket, ZMQ_EVENT_LISTENING, ZMQ_PAIR, ZMQ_PAIR);
    CHECK_ERRNO (zmq_socket_monitor_pipes_stats (socket), EINVAL);
    rm_socket (monitor);
    monitor = mk_monitor_v2 (ctx, socket, ZMQ_EVENT_PIPES_STATS, ZMQ_PAIR, ZMQ_PAIR);
    CHECK_ERRNO (zmq_socket_monitor_pipes_stats (socket), EAGAIN);
    rm_socket (socket);
    rm_socket (monitor);
    rm_ctx (ctx);
}

/* A peer that is not there yet: everything sent is in the queue. */
CASE (stats_count_messages)
{
    char unused[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor_v2 (ctx, socket, ZMQ_EVENT_PIPES_STATS, ZMQ_PAIR, ZMQ_PAIR);
    unused_endpoint (unused);
    CHECK_OK (zmq_connect (socket, unused));
    for (int sent = 0; sent < 3; ++sent) {
        CHECK_OK (zmq_socket_monitor_pipes_stats (socket));
        event_t event = next_event (monitor);
        CHECK_INT (event.event, ZMQ_EVENT_PIPES_STATS);
        CHECK_INT (event.count, 2);
        CHECK_INT (event.values[0], sent);
        CHECK_INT (event.values[1], 0);
        CHECK_STR (event.remote, unused);
        send_multi (socket, 2, "one", "message");
    }
    rm_socket (socket);
    rm_socket (monitor);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    static const char why[] = "a draft";
    harness_begin (argc, argv);
    RUN_OURS (life_of_a_connection, why);
    RUN_OURS (refusals, why);
    RUN_OURS (stats_need_a_monitor_and_peers, why);
    RUN_OURS (stats_count_messages, why);
    return harness_end ();
}
