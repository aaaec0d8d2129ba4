/*
 * The suite of WebSockets over wss (ws inside of TLS), and what is its own: certificates, which are in options, and peers
 * that do not speak TLS. The reference that the tests know is built without it.
 */
#define ZMQ_BUILD_DRAFT_API 1
#define SCHEME "wss"
#include "tr_websocket.h"

#include "tls.h"

static void prepare_server (void *socket)
{
    set_str (socket, ZMQ_WSS_CERT_PEM, tls_certificate);
    set_str (socket, ZMQ_WSS_KEY_PEM, tls_key);
}

static void prepare_client (void *socket)
{
    set_str (socket, ZMQ_WSS_TRUST_PEM, tls_certificate);
    set_str (socket, ZMQ_WSS_HOSTNAME, "server.test");
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
    CHECK_ERRNO (zmq_bind (socket, ANY_PORT), EINVAL);
    set_str (socket, ZMQ_WSS_CERT_PEM, tls_certificate);
    CHECK_ERRNO (zmq_bind (socket, ANY_PORT), EINVAL);
    set_str (socket, ZMQ_WSS_KEY_PEM, tls_other_key);
    CHECK_ERRNO (zmq_bind (socket, ANY_PORT), EINVAL);
    set_str (socket, ZMQ_WSS_KEY_PEM, "-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----\n");
    CHECK_ERRNO (zmq_bind (socket, ANY_PORT), EINVAL);
    set_str (socket, ZMQ_WSS_KEY_PEM, tls_key);
    CHECK_OK (zmq_bind (socket, ANY_PORT));
    set_str (socket, ZMQ_WSS_TRUST_PEM, "nobody");
    CHECK_ERRNO (zmq_connect (socket, "wss://127.0.0.1:80"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, "wss://127.0.0.1"), EINVAL);
    rm_socket (socket);
    rm_ctx (ctx);
}

/* ---- Peers that do not speak TLS, or stop doing so -------------------------------------------------------- */

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

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    static const char reason[] = "it is built without wss";
    if (!on_reference () && !zmq_has ("WSS"))
        skip_all ("there is no libgnutls.so.30");
    RUN_OURS (endpoints, reason);
    RUN_OURS (ipv6, reason);
    RUN_OURS (bad_endpoints, reason);
    RUN_OURS (what_would_break_the_request, reason);
    RUN_OURS (address_in_use, reason);
    RUN_OURS (not_for_streams, reason);
    RUN_OURS (in_order_and_whole, reason);
    RUN_OURS (sizes_both_ways, reason);
    RUN_OURS (a_full_kernel_holds_nothing_up, reason);
    RUN_OURS (shared_and_constant_bodies_stay_as_they_are, reason);
    RUN_OURS (subscriptions, reason);
    RUN_OURS (curve_inside, reason);
    RUN_OURS (heartbeats_keep_it, reason);
    RUN_OURS (linger, reason);
    RUN_OURS (a_peer_that_is_gone_was_heard, reason);
    RUN_OURS (it_comes_back, reason);
    RUN_OURS (a_monitor_hears_of_it, reason);
    RUN_OURS (who_says_nothing_is_let_go, reason);
    RUN_OURS (who_is_not_believed, reason);
    RUN_OURS (the_endpoint_is_a_name_too, reason);
    RUN_OURS (several_are_trusted, reason);
    RUN_OURS (what_is_no_credential, reason);
    RUN_OURS (no_tls, reason);
    RUN_OURS (a_server_that_is_none, reason);
    return harness_end ();
}
