/*
 * The ws transport (ZMTP over WebSocket): endpoints, and libraries at both ends. Peers that are none are in tr_ws_peers,
 * interoperation with the reference is in interop_security.
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "harness.h"

/* ---- Endpoints --------------------------------------------------------------------------------------------- */

CASE (has)
{
    CHECK_INT (zmq_has ("WS"), 1);
}

CASE (endpoints)
{
    static const struct
    {
        const char *wanted, *host, *path;
    } table[] = {{"ws://127.0.0.1:*", "127.0.0.1", "/"},
                 {"ws://127.0.0.1:*/", "127.0.0.1", "/"},
                 {"ws://*:*/a", "0.0.0.0", "/a"},
                 {"ws://lo:*/x?y=z", "127.0.0.1", "/x?y=z"},
                 {"ws://127.0.0.1:*/a/b", "127.0.0.1", "/a/b"}};
    const size_t count = sizeof table / sizeof *table;
    for (size_t i = 0; i < count; ++i) {
        if (i + 1 == count && ON_REFERENCE ("cannot bind to a path with two slashes"))
            break;
        void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP), *client = mk_socket (ctx, ZMQ_REQ);
        char endpoint[ENDPOINT_SIZE], again[2 * ENDPOINT_SIZE];
        int port = 0;
        REQUIRE_OK (zmq_bind (server, table[i].wanted));
        last_endpoint (server, endpoint);
        REQUIRE (sscanf (endpoint, "ws://%*[0-9.]:%d", &port) == 1);
        snprintf (again, sizeof again, "ws://%s:%d%s", table[i].host, port, table[i].path);
        CHECK_STR (endpoint, again);
        snprintf (again, sizeof again, "ws://127.0.0.1:%d%s", port, table[i].path);
        REQUIRE_OK (zmq_connect (client, again));
        bounce (server, client);
        CHECK_OK (zmq_disconnect (client, again));
        CHECK_OK (zmq_unbind (server, endpoint));
        rm_socket (client);
        rm_socket (server);
        rm_ctx (ctx);
    }
}

CASE (ipv6)
{
    if (!has_ipv6 ())
        return;
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP), *client = mk_socket (ctx, ZMQ_REQ);
    char endpoint[ENDPOINT_SIZE];
    set_int (server, ZMQ_IPV6, 1);
    set_int (client, ZMQ_IPV6, 1);
    REQUIRE_OK (zmq_bind (server, "ws://[::1]:*/six"));
    last_endpoint (server, endpoint);
    CHECK (strncmp (endpoint, "ws://[::1]:", 11) == 0);
    REQUIRE_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (bad_endpoints)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    CHECK_ERRNO (zmq_bind (socket, "ws://"), EINVAL);
    CHECK_ERRNO (zmq_bind (socket, "ws://127.0.0.1"), EINVAL);
    CHECK_ERRNO (zmq_bind (socket, "ws://no-such-interface:*"), ENODEV);
    CHECK_ERRNO (zmq_bind (socket, "ws://192.0.2.1:*"), EADDRNOTAVAIL);
    CHECK_ERRNO (zmq_connect (socket, "ws://"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, "ws://127.0.0.1"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, "ws://127.0.0.1:port"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, "WS://127.0.0.1:80"), EPROTONOSUPPORT);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (what_would_break_the_request)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    CHECK_ERRNO (zmq_connect (socket, "ws://127.0.0.1:80/a b"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, "ws://127.0.0.1:80/ HTTP/1.1\r\nX: y"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, "ws://127.0.0.1:80/\x80"), EINVAL);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (address_in_use)
{
    void *ctx = mk_ctx (), *first = mk_socket (ctx, ZMQ_REP), *second = mk_socket (ctx, ZMQ_REP);
    char endpoint[ENDPOINT_SIZE];
    bind_any (first, "ws", endpoint);
    CHECK_ERRNO (zmq_bind (second, endpoint), EADDRINUSE);
    rm_socket (first);
    rm_socket (second);
    rm_ctx (ctx);
}

CASE (not_for_streams)
{
    void *ctx = mk_ctx (), *stream = mk_socket (ctx, ZMQ_STREAM), *raw = mk_socket (ctx, ZMQ_ROUTER);
    set_int (raw, ZMQ_ROUTER_RAW, 1);
    CHECK_ERRNO (zmq_bind (stream, "ws://127.0.0.1:*"), ENOCOMPATPROTO);
    CHECK_ERRNO (zmq_connect (stream, "ws://127.0.0.1:80"), ENOCOMPATPROTO);
    CHECK_ERRNO (zmq_bind (raw, "ws://127.0.0.1:*"), ENOCOMPATPROTO);
    rm_socket (stream);
    rm_socket (raw);
    rm_ctx (ctx);
}

/* ---- Between libraries ------------------------------------------------------------------------------------- */

CASE (in_order_and_whole)
{
    enum { MESSAGES = 5000 };
    void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL), *push = mk_socket (ctx, ZMQ_PUSH);
    char endpoint[ENDPOINT_SIZE];
    set_int (pull, ZMQ_RCVHWM, 0);
    set_int (push, ZMQ_SNDHWM, 0);
    bind_any (pull, "ws", endpoint);
    REQUIRE_OK (zmq_connect (push, endpoint));
    char body[2000] = {0};
    for (int n = 0; n < MESSAGES; ++n) {
        memcpy (body, &n, sizeof n);
        CHECK_INT (zmq_send (push, body, sizeof n + (size_t) n % 700, ZMQ_SNDMORE), sizeof n + (size_t) n % 700);
        CHECK_INT (zmq_send (push, body, sizeof n, 0), sizeof n);
    }
    for (int n = 0; n < MESSAGES; ++n) {
        int got = -1;
        CHECK_INT (zmq_recv (pull, body, sizeof body, 0), sizeof n + (size_t) n % 700);
        memcpy (&got, body, sizeof got);
        CHECK_INT (got, n);
        CHECK_INT (zmq_recv (pull, body, sizeof body, 0), sizeof n);
        CHECK_INT (opt_int (pull, ZMQ_RCVMORE), 0);
    }
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (large_messages)
{
    static const size_t sizes[] = {124, 125, 126, 65534, 65535, 65536, 3000000};
    void *ctx = mk_ctx (), *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    join_sockets (a, b, "ws");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        unsigned char *data = malloc (sizes[i]);
        REQUIRE (data != NULL);
        for (size_t at = 0; at < sizes[i]; ++at)
            data[at] = (unsigned char) (at * 7 + i);
        CHECK_INT (zmq_send (a, data, sizes[i], 0), sizes[i]);
        expect_bytes (b, data, sizes[i], 0);
        CHECK_INT (zmq_send (b, data, sizes[i], 0), sizes[i]);
        expect_bytes (a, data, sizes[i], 0);
        free (data);
    }
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

/* The client masks what it sends, but not what others have a part in. */
CASE (shared_and_constant_bodies_stay_as_they_are)
{
    static const char constant[] = "a constant that is longer than what is kept within a message itself";
    void *ctx = mk_ctx (), *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    join_sockets (a, b, "ws");
    zmq_msg_t msg, copy;
    char body[9000];
    memset (body, 'z', sizeof body);
    REQUIRE_OK (zmq_msg_init_size (&msg, sizeof body));
    memcpy (zmq_msg_data (&msg), body, sizeof body);
    REQUIRE_OK (zmq_msg_init (&copy));
    REQUIRE_OK (zmq_msg_copy (&copy, &msg));
    CHECK_INT (zmq_msg_send (&msg, b, 0), sizeof body);
    expect_bytes (a, body, sizeof body, 0);
    CHECK_MEM (zmq_msg_data (&copy), body, sizeof body);
    CHECK_OK (zmq_msg_close (&copy));
    CHECK_INT (zmq_send_const (b, constant, sizeof constant, 0), sizeof constant);
    expect_bytes (a, constant, sizeof constant, 0);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (subscriptions)
{
    void *ctx = mk_ctx (), *xpub = mk_socket (ctx, ZMQ_XPUB), *sub = mk_socket (ctx, ZMQ_SUB);
    join_sockets (xpub, sub, "ws");
    set_str (sub, ZMQ_SUBSCRIBE, "A");
    expect_msg (xpub, "\1A");
    send_str (xpub, "Bee", 0);
    send_str (xpub, "Ant", 0);
    expect_msg (sub, "Ant");
    set_str (sub, ZMQ_UNSUBSCRIBE, "A");
    expect_bytes (xpub, "\0A", 2, 0);
    rm_socket (sub);
    rm_socket (xpub);
    rm_ctx (ctx);
}

CASE (heartbeats_keep_it)
{
    void *ctx = mk_ctx (), *a = mk_socket (ctx, ZMQ_REP), *b = mk_socket (ctx, ZMQ_REQ);
    set_int (b, ZMQ_HEARTBEAT_IVL, 20);
    set_int (b, ZMQ_HEARTBEAT_TIMEOUT, 5000);
    set_int (b, ZMQ_RECONNECT_IVL, -1);
    join_sockets (a, b, "ws");
    bounce (a, b);
    msleep (100);
    bounce (a, b);
    rm_socket (b);
    rm_socket (a);
    rm_ctx (ctx);
}

CASE (it_comes_back)
{
    void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL), *push = mk_socket (ctx, ZMQ_PUSH);
    char endpoint[ENDPOINT_SIZE];
    bind_any (pull, "ws", endpoint);
    set_int (push, ZMQ_RECONNECT_IVL, 10);
    void *monitor = mk_monitor (ctx, push, ZMQ_EVENT_DISCONNECTED);
    REQUIRE_OK (zmq_connect (push, endpoint));
    send_str (push, "one", 0);
    expect_msg (pull, "one");
    rm_socket (pull);
    expect_event (monitor, ZMQ_EVENT_DISCONNECTED);
    pull = mk_socket (ctx, ZMQ_PULL);
    CHECK (WAIT_FOR (zmq_bind (pull, endpoint) == 0));
    send_str (push, "two", 0);
    expect_msg (pull, "two");
    rm_socket (monitor);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (a_monitor_hears_of_it)
{
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP), *client = mk_socket (ctx, ZMQ_REQ);
    char endpoint[ENDPOINT_SIZE], address[ENDPOINT_SIZE];
    const int events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED;
    void *monitor = mk_monitor (ctx, server, events);
    void *other = mk_monitor (ctx, client, ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    bind_any (server, "ws", endpoint);
    REQUIRE_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    CHECK_INT (read_event (monitor, DEADLINE_MS, NULL, address), ZMQ_EVENT_ACCEPTED);
    CHECK_STR (address, endpoint);
    expect_event (monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    CHECK_INT (read_event (other, DEADLINE_MS, NULL, address), ZMQ_EVENT_CONNECTED);
    CHECK_STR (address, endpoint);
    expect_event (other, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    rm_socket (client);
    /* The reference tells twice that the handshake is done: that of HTTP, and that of ZMTP. */
    CHECK (wait_event (monitor, ZMQ_EVENT_DISCONNECTED, NULL, NULL));
    rm_socket (other);
    rm_socket (monitor);
    rm_socket (server);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (has);
    RUN (endpoints);
    RUN (ipv6);
    RUN (bad_endpoints);
    RUN_OURS (what_would_break_the_request, "the reference sends it");
    RUN (address_in_use);
    RUN_OURS (not_for_streams, "the reference takes the bytes apart all the same");
    RUN (in_order_and_whole);
    RUN (large_messages);
    RUN (shared_and_constant_bodies_stay_as_they_are);
    RUN (subscriptions);
    RUN (heartbeats_keep_it);
    RUN (it_comes_back);
    RUN (a_monitor_hears_of_it);
    return harness_end ();
}
