/*
 * The wss transport: ws inside of TLS, with certificates in options. The reference that the tests know is built
 * without it.
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "harness.h"
#include "tls.h"

static void *mk_server (void *ctx, int type, char *endpoint)
{
    void *server = mk_socket (ctx, type);
    set_str (server, ZMQ_WSS_CERT_PEM, tls_certificate);
    set_str (server, ZMQ_WSS_KEY_PEM, tls_key);
    REQUIRE_OK (zmq_bind (server, "wss://127.0.0.1:*/zt"));
    last_endpoint (server, endpoint);
    return server;
}

static void *mk_client (void *ctx, int type)
{
    void *client = mk_socket (ctx, type);
    set_str (client, ZMQ_WSS_TRUST_PEM, tls_certificate);
    set_str (client, ZMQ_WSS_HOSTNAME, "server.test");
    return client;
}

CASE (endpoint)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE], expected[ENDPOINT_SIZE];
    int port = 0;
    void *server = mk_server (ctx, ZMQ_REP, endpoint), *client = mk_client (ctx, ZMQ_REQ);
    REQUIRE (sscanf (endpoint, "wss://127.0.0.1:%d", &port) == 1);
    snprintf (expected, sizeof expected, "wss://127.0.0.1:%d/zt", port);
    CHECK_STR (endpoint, expected);
    REQUIRE_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    CHECK_OK (zmq_disconnect (client, endpoint));
    CHECK_OK (zmq_unbind (server, endpoint));
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (sizes_both_ways)
{
    static const size_t sizes[] = {0, 1, 125, 16383, 16384, 16385, 65536, 5000000};
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *a = mk_server (ctx, ZMQ_PAIR, endpoint), *b = mk_client (ctx, ZMQ_PAIR);
    REQUIRE_OK (zmq_connect (b, endpoint));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        unsigned char *data = malloc (sizes[i] + 1);
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

/* More than the kernel holds, in both directions at a time, to sides that do not read until all is sent. */
CASE (a_full_kernel_holds_nothing_up)
{
    enum { MESSAGES = 300, SIZE = 50000 };
    static char body[SIZE];
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *a = mk_server (ctx, ZMQ_PAIR, endpoint), *b = mk_client (ctx, ZMQ_PAIR);
    set_int (b, ZMQ_SNDBUF, 8192);
    REQUIRE_OK (zmq_connect (b, endpoint));
    for (int n = 0; n < MESSAGES; ++n) {
        memcpy (body, &n, sizeof n);
        CHECK_INT (zmq_send (a, body, SIZE, 0), SIZE);
        CHECK_INT (zmq_send (b, body, sizeof n + (size_t) n, ZMQ_SNDMORE), sizeof n + (size_t) n);
        CHECK_INT (zmq_send (b, body, SIZE, 0), SIZE);
    }
    for (int n = 0; n < MESSAGES; ++n) {
        int got = -1;
        CHECK_INT (zmq_recv (b, body, SIZE, 0), SIZE);
        memcpy (&got, body, sizeof got);
        CHECK_INT (got, n);
        CHECK_INT (zmq_recv (a, body, SIZE, 0), sizeof n + (size_t) n);
        CHECK_INT (zmq_recv (a, body, SIZE, 0), SIZE);
        memcpy (&got, body, sizeof got);
        CHECK_INT (got, n);
    }
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

/* What was sent before the end arrives. */
CASE (linger)
{
    enum { MESSAGES = 2000 };
    char body[1000] = {0}, endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *other = mk_ctx ();
    void *pull = mk_server (ctx, ZMQ_PULL, endpoint), *push = mk_client (other, ZMQ_PUSH);
    set_int (push, ZMQ_SNDHWM, 0);
    set_int (push, ZMQ_LINGER, -1);
    REQUIRE_OK (zmq_connect (push, endpoint));
    for (int n = 0; n < MESSAGES; ++n) {
        memcpy (body, &n, sizeof n);
        CHECK_INT (zmq_send (push, body, sizeof body, 0), sizeof body);
    }
    rm_socket_linger (push);
    rm_ctx (other);
    for (int n = 0; n < MESSAGES; ++n) {
        int got = -1;
        CHECK_INT (zmq_recv (pull, body, sizeof body, 0), sizeof body);
        memcpy (&got, body, sizeof got);
        CHECK_INT (got, n);
    }
    rm_socket (pull);
    rm_ctx (ctx);
}

/* Who cannot send any more still receives what came before. */
CASE (a_peer_that_is_gone_was_heard)
{
    enum { MESSAGES = 40 };
    char body[1000] = {0}, endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *other = mk_ctx (), *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_client (other, ZMQ_PAIR);
    set_int (server, ZMQ_RCVHWM, 1);
    set_str (server, ZMQ_WSS_CERT_PEM, tls_certificate);
    set_str (server, ZMQ_WSS_KEY_PEM, tls_key);
    REQUIRE_OK (zmq_bind (server, "wss://127.0.0.1:*"));
    last_endpoint (server, endpoint);
    set_int (client, ZMQ_LINGER, -1);
    REQUIRE_OK (zmq_connect (client, endpoint));
    for (int n = 0; n < MESSAGES; ++n) {
        memcpy (body, &n, sizeof n);
        CHECK_INT (zmq_send (client, body, sizeof body, 0), sizeof body);
    }
    rm_socket_linger (client);
    rm_ctx (other);
    /* The answer to the first of these is that nobody is there; the next one fails. */
    for (int n = 0; n < 5; ++n)
        send_str (server, "to nobody", 0);
    for (int n = 0; n < MESSAGES; ++n) {
        int got = -1;
        REQUIRE (zmq_recv (server, body, sizeof body, 0) == (int) sizeof body);
        memcpy (&got, body, sizeof got);
        CHECK_INT (got, n);
    }
    rm_socket (server);
    rm_ctx (ctx);
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
    set_str (server, ZMQ_WSS_CERT_PEM, tls_certificate);
    set_str (server, ZMQ_WSS_KEY_PEM, tls_key);
    REQUIRE_OK (zmq_bind (server, "wss://127.0.0.1:*"));
    last_endpoint (server, endpoint);
    REQUIRE_OK (zmq_setsockopt (client, ZMQ_CURVE_SERVERKEY, server_public, 41));
    REQUIRE_OK (zmq_setsockopt (client, ZMQ_CURVE_PUBLICKEY, client_public, 41));
    REQUIRE_OK (zmq_setsockopt (client, ZMQ_CURVE_SECRETKEY, client_secret, 41));
    REQUIRE_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

/* ---- Who is believed --------------------------------------------------------------------------------------- */

static void refused (const char *trusted, const char *name)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *pull = mk_server (ctx, ZMQ_PULL, endpoint), *push = mk_socket (ctx, ZMQ_PUSH);
    void *monitor = mk_monitor (ctx, push, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    int value = 0;
    if (trusted)
        set_str (push, ZMQ_WSS_TRUST_PEM, trusted);
    if (name)
        set_str (push, ZMQ_WSS_HOSTNAME, name);
    REQUIRE_OK (zmq_connect (push, endpoint));
    send_str (push, "for nobody else", 0);
    CHECK_INT (read_event (monitor, DEADLINE_MS, &value, NULL), ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL);
    CHECK_INT (value, EPROTO);
    expect_nothing (pull);
    rm_socket (monitor);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (who_is_not_believed)
{
    refused (NULL, "server.test");                  /* nobody is */
    refused (tls_other_certificate, "server.test"); /* another one is */
    refused (tls_certificate, "other.test");        /* it is somebody else */
    refused (tls_certificate, "127.0.0.2");
}

/* Without a name the server must be who the endpoint says. */
CASE (the_endpoint_is_a_name_too)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *server = mk_server (ctx, ZMQ_REP, endpoint), *client = mk_socket (ctx, ZMQ_REQ);
    set_str (client, ZMQ_WSS_TRUST_PEM, tls_certificate);
    REQUIRE_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (several_are_trusted)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE], both[sizeof tls_certificate + sizeof tls_other_certificate];
    void *server = mk_server (ctx, ZMQ_REP, endpoint), *client = mk_client (ctx, ZMQ_REQ);
    snprintf (both, sizeof both, "%s%s", tls_other_certificate, tls_certificate);
    set_str (client, ZMQ_WSS_TRUST_PEM, both);
    REQUIRE_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (what_is_no_credential)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    CHECK_ERRNO (zmq_bind (socket, "wss://127.0.0.1:*"), EINVAL);
    set_str (socket, ZMQ_WSS_CERT_PEM, tls_certificate);
    CHECK_ERRNO (zmq_bind (socket, "wss://127.0.0.1:*"), EINVAL);
    set_str (socket, ZMQ_WSS_KEY_PEM, tls_other_key);
    CHECK_ERRNO (zmq_bind (socket, "wss://127.0.0.1:*"), EINVAL);
    set_str (socket, ZMQ_WSS_KEY_PEM, "-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----\n");
    CHECK_ERRNO (zmq_bind (socket, "wss://127.0.0.1:*"), EINVAL);
    set_str (socket, ZMQ_WSS_KEY_PEM, tls_key);
    CHECK_OK (zmq_bind (socket, "wss://127.0.0.1:*"));
    set_str (socket, ZMQ_WSS_TRUST_PEM, "nobody");
    CHECK_ERRNO (zmq_connect (socket, "wss://127.0.0.1:80"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, "wss://127.0.0.1"), EINVAL);
    rm_socket (socket);
    rm_ctx (ctx);
}

/* ---- Peers that do not speak TLS, or stop doing so -------------------------------------------------------- */

static int raw_to (const char *endpoint)
{
    char tcp[ENDPOINT_SIZE];
    snprintf (tcp, sizeof tcp, "tcp%s", endpoint + 3);
    return raw_connect (tcp);
}

CASE (no_tls)
{
    static const char *const words[] = {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02\x00\x01",
                                        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"};
    for (size_t i = 0; i < sizeof words / sizeof *words; ++i) {
        void *ctx = mk_ctx ();
        char endpoint[ENDPOINT_SIZE];
        int value = 0;
        void *server = mk_server (ctx, ZMQ_REP, endpoint), *client = mk_client (ctx, ZMQ_REQ);
        void *monitor = mk_monitor (ctx, server, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL);
        const int fd = raw_to (endpoint);
        CHECK (raw_write (fd, words[i], i == 1 ? 6 : strlen (words[i])));
        if (i == 1)
            REQUIRE_OK (shutdown (fd, SHUT_WR));
        CHECK_INT (read_event (monitor, DEADLINE_MS, &value, NULL), ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL);
        CHECK (raw_wait_closed (fd));
        close (fd);
        /* Others are served. */
        REQUIRE_OK (zmq_connect (client, endpoint));
        bounce (server, client);
        rm_socket (monitor);
        rm_socket (client);
        rm_socket (server);
        rm_ctx (ctx);
    }
}

CASE (who_says_nothing_is_let_go)
{
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP);
    char endpoint[ENDPOINT_SIZE];
    set_int (server, ZMQ_HANDSHAKE_IVL, 200);
    set_str (server, ZMQ_WSS_CERT_PEM, tls_certificate);
    set_str (server, ZMQ_WSS_KEY_PEM, tls_key);
    REQUIRE_OK (zmq_bind (server, "wss://127.0.0.1:*"));
    last_endpoint (server, endpoint);
    const int fd = raw_to (endpoint);
    CHECK (raw_wait_closed (fd));
    close (fd);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (a_server_that_is_none)
{
    char endpoint[ENDPOINT_SIZE], wanted[ENDPOINT_SIZE + 8], hello[5];
    int value = 0;
    const int listener = raw_listen (endpoint);
    void *ctx = mk_ctx (), *client = mk_client (ctx, ZMQ_REQ);
    void *monitor = mk_monitor (ctx, client, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL);
    set_int (client, ZMQ_RECONNECT_IVL, -1);
    snprintf (wanted, sizeof wanted, "wss%s", endpoint + 3);
    REQUIRE_OK (zmq_connect (client, wanted));
    const int fd = raw_accept (listener, DEADLINE_MS);
    REQUIRE (fd >= 0);
    CHECK_INT (raw_read (fd, hello, sizeof hello), sizeof hello);
    CHECK_MEM (hello, "\x16\x03\x01", 3); /* nothing but a ClientHello goes out before the server is known */
    CHECK (raw_write (fd, "HTTP/1.1 101 Switching Protocols\r\n\r\n", 36));
    CHECK_INT (read_event (monitor, DEADLINE_MS, &value, NULL), ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL);
    CHECK (raw_wait_closed (fd));
    close (fd);
    close (listener);
    rm_socket (monitor);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (it_comes_back)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *pull = mk_server (ctx, ZMQ_PULL, endpoint), *push = mk_client (ctx, ZMQ_PUSH);
    set_int (push, ZMQ_RECONNECT_IVL, 10);
    void *monitor = mk_monitor (ctx, push, ZMQ_EVENT_DISCONNECTED);
    REQUIRE_OK (zmq_connect (push, endpoint));
    send_str (push, "one", 0);
    expect_msg (pull, "one");
    rm_socket (pull);
    expect_event (monitor, ZMQ_EVENT_DISCONNECTED);
    pull = mk_socket (ctx, ZMQ_PULL);
    set_str (pull, ZMQ_WSS_CERT_PEM, tls_certificate);
    set_str (pull, ZMQ_WSS_KEY_PEM, tls_key);
    CHECK (WAIT_FOR (zmq_bind (pull, endpoint) == 0));
    send_str (push, "two", 0);
    expect_msg (pull, "two");
    rm_socket (monitor);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    static const char reason[] = "it is built without wss";
    if (!on_reference () && !zmq_has ("WSS"))
        skip_all ("there is no libgnutls.so.30");
    RUN_OURS (endpoint, reason);
    RUN_OURS (sizes_both_ways, reason);
    RUN_OURS (a_full_kernel_holds_nothing_up, reason);
    RUN_OURS (linger, reason);
    RUN_OURS (a_peer_that_is_gone_was_heard, reason);
    RUN_OURS (curve_inside, reason);
    RUN_OURS (who_is_not_believed, reason);
    RUN_OURS (the_endpoint_is_a_name_too, reason);
    RUN_OURS (several_are_trusted, reason);
    RUN_OURS (what_is_no_credential, reason);
    RUN_OURS (no_tls, reason);
    RUN_OURS (who_says_nothing_is_let_go, reason);
    RUN_OURS (a_server_that_is_none, reason);
    RUN_OURS (it_comes_back, reason);
    return harness_end ();
}
