/*
 * The suite that WebSockets pass, bare and within TLS: endpoints, and libraries at both ends.
 *
 * A program defines what its transport is and includes this once:
 *   SCHEME           "ws" or "wss"
 *   prepare_server   void (void *socket): what a socket needs to bind; declared here
 *   prepare_client   void (void *socket): what one needs to connect; declared here
 * and names the cases in its main, since the reference has one of the two only. What concerns TLS, and peers that are no
 * libraries, is in the programs.
 */
#ifndef CAPI_TR_WEBSOCKET_H
#define CAPI_TR_WEBSOCKET_H

#include "harness.h"

#define ANY_PORT SCHEME "://127.0.0.1:*"

static void prepare_server (void *socket);
static void prepare_client (void *socket);

static void bind_server (void *server, char *endpoint)
{
    prepare_server (server);
    REQUIRE_OK (zmq_bind (server, ANY_PORT));
    last_endpoint (server, endpoint);
}

static void *mk_server (void *ctx, int type, char *endpoint)
{
    void *server = mk_socket (ctx, type);
    bind_server (server, endpoint);
    return server;
}

static void *mk_client (void *ctx, int type)
{
    void *client = mk_socket (ctx, type);
    prepare_client (client);
    return client;
}

/* A context with a socket that was bound and one that is connected to it. */
typedef struct
{
    void *ctx, *server, *client;
} pair_t;

static pair_t mk_pair (int server_type, int client_type)
{
    char endpoint[ENDPOINT_SIZE];
    pair_t p;
    p.ctx = mk_ctx ();
    p.server = mk_server (p.ctx, server_type, endpoint);
    p.client = mk_client (p.ctx, client_type);
    REQUIRE_OK (zmq_connect (p.client, endpoint));
    return p;
}

static void rm_pair (pair_t p)
{
    rm_socket (p.client);
    rm_socket (p.server);
    rm_ctx (p.ctx);
}

/* The number at the beginning of a message of this size, which must come now. */
static void expect_counted (void *socket, int number, size_t size)
{
    static char body[100000];
    int got = -1;
    REQUIRE (zmq_recv (socket, body, sizeof body, 0) == (int) size);
    memcpy (&got, body, sizeof got);
    CHECK_INT (got, number);
}

static void send_counted (void *socket, int number, size_t size, int flags)
{
    static char body[100000];
    memcpy (body, &number, sizeof number);
    CHECK_INT (zmq_send (socket, body, size, flags), size);
}

/* ---- Endpoints -------------------------------------------------------------------------------- */

CASE (endpoints)
{
    static const struct
    {
        const char *wanted, *host, *path;
    } table[] = {{"127.0.0.1:*", "127.0.0.1", "/"},
                 {"127.0.0.1:*/", "127.0.0.1", "/"},
                 {"*:*/a", "0.0.0.0", "/a"},
                 {"lo:*/x?y=z", "127.0.0.1", "/x?y=z"},
                 {"127.0.0.1:*/a/b", "127.0.0.1", "/a/b"}};
    const size_t count = sizeof table / sizeof *table;
    for (size_t i = 0; i < count; ++i) {
        if (i + 1 == count && ON_REFERENCE ("cannot bind to a path with two slashes"))
            break;
        void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP), *client = mk_client (ctx, ZMQ_REQ);
        char endpoint[ENDPOINT_SIZE], again[2 * ENDPOINT_SIZE];
        int port = 0;
        prepare_server (server);
        snprintf (again, sizeof again, SCHEME "://%s", table[i].wanted);
        REQUIRE_OK (zmq_bind (server, again));
        last_endpoint (server, endpoint);
        REQUIRE (sscanf (endpoint, SCHEME "://%*[0-9.]:%d", &port) == 1);
        snprintf (again, sizeof again, SCHEME "://%s:%d%s", table[i].host, port, table[i].path);
        CHECK_STR (endpoint, again);
        snprintf (again, sizeof again, SCHEME "://127.0.0.1:%d%s", port, table[i].path);
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
    static const char wanted[] = SCHEME "://[::1]:";
    if (!has_ipv6 ())
        return;
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP), *client = mk_client (ctx, ZMQ_REQ);
    char endpoint[ENDPOINT_SIZE];
    set_int (server, ZMQ_IPV6, 1);
    set_int (client, ZMQ_IPV6, 1);
    prepare_server (server);
    REQUIRE_OK (zmq_bind (server, SCHEME "://[::1]:*/six"));
    last_endpoint (server, endpoint);
    CHECK (strncmp (endpoint, wanted, strlen (wanted)) == 0);
    REQUIRE_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (bad_endpoints)
{
    void *ctx = mk_ctx (), *socket = mk_client (ctx, ZMQ_DEALER);
    prepare_server (socket);
    CHECK_ERRNO (zmq_bind (socket, SCHEME "://"), EINVAL);
    CHECK_ERRNO (zmq_bind (socket, SCHEME "://127.0.0.1"), EINVAL);
    CHECK_ERRNO (zmq_bind (socket, SCHEME "://no-such-interface:*"), ENODEV);
    CHECK_ERRNO (zmq_bind (socket, SCHEME "://192.0.2.1:*"), EADDRNOTAVAIL);
    CHECK_ERRNO (zmq_connect (socket, SCHEME "://"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, SCHEME "://127.0.0.1"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, SCHEME "://127.0.0.1:port"), EINVAL);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (what_would_break_the_request)
{
    void *ctx = mk_ctx (), *socket = mk_client (ctx, ZMQ_DEALER);
    CHECK_ERRNO (zmq_connect (socket, SCHEME "://127.0.0.1:80/a b"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, SCHEME "://127.0.0.1:80/ HTTP/1.1\r\nX: y"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, SCHEME "://127.0.0.1:80/\x80"), EINVAL);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (address_in_use)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *first = mk_server (ctx, ZMQ_REP, endpoint), *second = mk_socket (ctx, ZMQ_REP);
    prepare_server (second);
    CHECK_ERRNO (zmq_bind (second, endpoint), EADDRINUSE);
    rm_socket (first);
    rm_socket (second);
    rm_ctx (ctx);
}

CASE (not_for_streams)
{
    void *ctx = mk_ctx (), *stream = mk_client (ctx, ZMQ_STREAM), *raw = mk_socket (ctx, ZMQ_ROUTER);
    prepare_server (stream);
    prepare_server (raw);
    set_int (raw, ZMQ_ROUTER_RAW, 1);
    CHECK_ERRNO (zmq_bind (stream, ANY_PORT), ENOCOMPATPROTO);
    CHECK_ERRNO (zmq_connect (stream, SCHEME "://127.0.0.1:80"), ENOCOMPATPROTO);
    CHECK_ERRNO (zmq_bind (raw, ANY_PORT), ENOCOMPATPROTO);
    rm_socket (stream);
    rm_socket (raw);
    rm_ctx (ctx);
}

/* ---- Messages --------------------------------------------------------------------------------- */

CASE (in_order_and_whole)
{
    enum { MESSAGES = 5000 };
    void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL), *push = mk_client (ctx, ZMQ_PUSH);
    char endpoint[ENDPOINT_SIZE];
    set_int (pull, ZMQ_RCVHWM, 0);
    set_int (push, ZMQ_SNDHWM, 0);
    bind_server (pull, endpoint);
    REQUIRE_OK (zmq_connect (push, endpoint));
    for (int n = 0; n < MESSAGES; ++n) {
        send_counted (push, n, sizeof n + (size_t) n % 700, ZMQ_SNDMORE);
        send_counted (push, n, sizeof n, 0);
    }
    for (int n = 0; n < MESSAGES; ++n) {
        expect_counted (pull, n, sizeof n + (size_t) n % 700);
        CHECK_INT (opt_int (pull, ZMQ_RCVMORE), 1);
        expect_counted (pull, n, sizeof n);
        CHECK_INT (opt_int (pull, ZMQ_RCVMORE), 0);
    }
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

/* Around the sizes where the head of a frame grows, and the records of TLS. */
CASE (sizes_both_ways)
{
    static const size_t sizes[] = {0, 1, 124, 125, 126, 16383, 16384, 16385, 65534, 65535, 65536, 5000000};
    const pair_t p = mk_pair (ZMQ_PAIR, ZMQ_PAIR);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        unsigned char *data = malloc (sizes[i] + 1);
        REQUIRE (data != NULL);
        for (size_t at = 0; at < sizes[i]; ++at)
            data[at] = (unsigned char) (at * 7 + i);
        CHECK_INT (zmq_send (p.server, data, sizes[i], 0), sizes[i]);
        expect_bytes (p.client, data, sizes[i], 0);
        CHECK_INT (zmq_send (p.client, data, sizes[i], 0), sizes[i]);
        expect_bytes (p.server, data, sizes[i], 0);
        free (data);
    }
    rm_pair (p);
}

/* More than the kernel holds, in both directions at a time, to sides that do not read until all is sent. */
CASE (a_full_kernel_holds_nothing_up)
{
    enum { MESSAGES = 300, SIZE = 50000 };
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *a = mk_server (ctx, ZMQ_PAIR, endpoint), *b = mk_client (ctx, ZMQ_PAIR);
    set_int (b, ZMQ_SNDBUF, 8192);
    REQUIRE_OK (zmq_connect (b, endpoint));
    for (int n = 0; n < MESSAGES; ++n) {
        send_counted (a, n, SIZE, 0);
        send_counted (b, n, sizeof n + (size_t) n, ZMQ_SNDMORE);
        send_counted (b, n, SIZE, 0);
    }
    for (int n = 0; n < MESSAGES; ++n) {
        expect_counted (b, n, SIZE);
        expect_counted (a, n, sizeof n + (size_t) n);
        expect_counted (a, n, SIZE);
    }
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

/* The client masks what it sends, but not what others have a part in. */
CASE (shared_and_constant_bodies_stay_as_they_are)
{
    static const char constant[] = "a constant that is longer than what is kept within a message itself";
    const pair_t p = mk_pair (ZMQ_PAIR, ZMQ_PAIR);
    zmq_msg_t msg, copy;
    char body[9000];
    memset (body, 'z', sizeof body);
    REQUIRE_OK (zmq_msg_init_size (&msg, sizeof body));
    memcpy (zmq_msg_data (&msg), body, sizeof body);
    REQUIRE_OK (zmq_msg_init (&copy));
    REQUIRE_OK (zmq_msg_copy (&copy, &msg));
    CHECK_INT (zmq_msg_send (&msg, p.client, 0), sizeof body);
    expect_bytes (p.server, body, sizeof body, 0);
    CHECK_MEM (zmq_msg_data (&copy), body, sizeof body);
    CHECK_OK (zmq_msg_close (&copy));
    CHECK_INT (zmq_send_const (p.client, constant, sizeof constant, 0), sizeof constant);
    expect_bytes (p.server, constant, sizeof constant, 0);
    rm_pair (p);
}

CASE (subscriptions)
{
    const pair_t p = mk_pair (ZMQ_XPUB, ZMQ_SUB);
    set_str (p.client, ZMQ_SUBSCRIBE, "A");
    expect_msg (p.server, "\1A");
    send_str (p.server, "Bee", 0);
    send_str (p.server, "Ant", 0);
    expect_msg (p.client, "Ant");
    set_str (p.client, ZMQ_UNSUBSCRIBE, "A");
    expect_bytes (p.server, "\0A", 2, 0);
    rm_pair (p);
}

CASE (curve_inside)
{
    char server_public[41], server_secret[41], client_public[41], client_secret[41];
    char endpoint[ENDPOINT_SIZE];
    const int yes = 1;
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP), *client = mk_client (ctx, ZMQ_REQ);
    REQUIRE_OK (zmq_curve_keypair (server_public, server_secret));
    REQUIRE_OK (zmq_curve_keypair (client_public, client_secret));
    REQUIRE_OK (zmq_setsockopt (server, ZMQ_CURVE_SERVER, &yes, sizeof yes));
    REQUIRE_OK (zmq_setsockopt (server, ZMQ_CURVE_SECRETKEY, server_secret, 41));
    bind_server (server, endpoint);
    REQUIRE_OK (zmq_setsockopt (client, ZMQ_CURVE_SERVERKEY, server_public, 41));
    REQUIRE_OK (zmq_setsockopt (client, ZMQ_CURVE_PUBLICKEY, client_public, 41));
    REQUIRE_OK (zmq_setsockopt (client, ZMQ_CURVE_SECRETKEY, client_secret, 41));
    REQUIRE_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

/* ---- The life of a connection ----------------------------------------------------------------- */

CASE (heartbeats_keep_it)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *a = mk_server (ctx, ZMQ_REP, endpoint), *b = mk_client (ctx, ZMQ_REQ);
    set_int (b, ZMQ_HEARTBEAT_IVL, 20);
    set_int (b, ZMQ_HEARTBEAT_TIMEOUT, 5000);
    set_int (b, ZMQ_RECONNECT_IVL, -1);
    REQUIRE_OK (zmq_connect (b, endpoint));
    bounce (a, b);
    msleep (100);
    bounce (a, b);
    rm_socket (b);
    rm_socket (a);
    rm_ctx (ctx);
}

/* What was sent before the end arrives. */
CASE (linger)
{
    enum { MESSAGES = 2000 };
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *other = mk_ctx ();
    void *pull = mk_server (ctx, ZMQ_PULL, endpoint), *push = mk_client (other, ZMQ_PUSH);
    set_int (push, ZMQ_SNDHWM, 0);
    set_int (push, ZMQ_LINGER, -1);
    REQUIRE_OK (zmq_connect (push, endpoint));
    for (int n = 0; n < MESSAGES; ++n)
        send_counted (push, n, 1000, 0);
    rm_socket_linger (push);
    rm_ctx (other);
    for (int n = 0; n < MESSAGES; ++n)
        expect_counted (pull, n, 1000);
    rm_socket (pull);
    rm_ctx (ctx);
}

/* Who cannot send any more still receives what came before. */
CASE (a_peer_that_is_gone_was_heard)
{
    enum { MESSAGES = 40 };
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *other = mk_ctx (), *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_client (other, ZMQ_PAIR);
    set_int (server, ZMQ_RCVHWM, 1);
    bind_server (server, endpoint);
    set_int (client, ZMQ_LINGER, -1);
    REQUIRE_OK (zmq_connect (client, endpoint));
    for (int n = 0; n < MESSAGES; ++n)
        send_counted (client, n, 1000, 0);
    rm_socket_linger (client);
    rm_ctx (other);
    /* The answer to the first of these is that nobody is there. The next one cannot be written, and then there is no peer. */
    CHECK (WAIT_FOR (zmq_send (server, "to nobody", 9, ZMQ_DONTWAIT) == -1));
    CHECK_INT (zmq_errno (), EAGAIN);
    for (int n = 0; n < MESSAGES; ++n)
        expect_counted (server, n, 1000);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (it_comes_back)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *pull = mk_server (ctx, ZMQ_PULL, endpoint), *push = mk_client (ctx, ZMQ_PUSH);
    set_int (push, ZMQ_RECONNECT_IVL, 10);
    void *monitor = mk_monitor (ctx, push, ZMQ_EVENT_DISCONNECTED);
    REQUIRE_OK (zmq_connect (push, endpoint));
    send_str (push, "one", 0);
    expect_msg (pull, "one");
    rm_socket (pull);
    expect_event (monitor, ZMQ_EVENT_DISCONNECTED);
    pull = mk_socket (ctx, ZMQ_PULL);
    prepare_server (pull);
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
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP), *client = mk_client (ctx, ZMQ_REQ);
    char endpoint[ENDPOINT_SIZE], address[ENDPOINT_SIZE];
    const int events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED;
    void *monitor = mk_monitor (ctx, server, events);
    void *other = mk_monitor (ctx, client, ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    bind_server (server, endpoint);
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

/* ---- Strangers -------------------------------------------------------------------------------- */

/* A connection to it that speaks neither TLS nor HTTP. */
static int raw_to (const char *endpoint)
{
    char tcp[ENDPOINT_SIZE + 4];
    snprintf (tcp, sizeof tcp, "tcp%s", endpoint + strlen (SCHEME));
    return raw_connect (tcp);
}

CASE (who_says_nothing_is_let_go)
{
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP);
    char endpoint[ENDPOINT_SIZE];
    set_int (server, ZMQ_HANDSHAKE_IVL, 200);
    bind_server (server, endpoint);
    const int fd = raw_to (endpoint);
    CHECK (raw_wait_closed (fd));
    close (fd);
    rm_socket (server);
    rm_ctx (ctx);
}

#endif
