/*
 * The GSSAPI mechanism (zmq_gssapi(7), RFC 38) with a KDC of its own: messages, names and credentials, ZAP, and
 * what happens without the system's library.
 */
#include "sec_gssapi.h"

CASE (is_there)
{
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    CHECK_INT (zmq_has ("gssapi"), 1);
    be_server (server, KDC_SERVICE);
    be_client (client, KDC_SERVICE, NULL);
    CHECK_INT (opt_int (server, ZMQ_MECHANISM), ZMQ_GSSAPI);
    CHECK_INT (opt_int (client, ZMQ_MECHANISM), ZMQ_GSSAPI);
    CHECK_INT (opt_int (server, ZMQ_GSSAPI_SERVER), 1);
    CHECK_INT (opt_int (client, ZMQ_GSSAPI_SERVER), 0);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

static void check_messages (const char *transport, int plaintext)
{
    static const size_t sizes[] = {0, 1, 30, 100, 255, 256, 8000, 65536, 300000};
    static char data[300000];
    sec_t sec = gss_begin (NULL, -1, plaintext);
    sec_connect (&sec, transport);
    sec_expect (transport, sec.monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);
    sec_expect (transport, sec.client_monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);
    bounce (sec.server, sec.client);
    for (size_t i = 0; i < sizeof data; ++i)
        data[i] = (char) (i * 7);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        CHECK_INT (zmq_send (sec.client, data, sizes[i], ZMQ_SNDMORE), sizes[i]);
        CHECK_INT (zmq_send (sec.client, "end", 3, 0), 3);
        expect_bytes (sec.server, data, sizes[i], 1);
        expect_bytes (sec.server, "end", 3, 0);
        CHECK_INT (zmq_send (sec.server, data, sizes[i], 0), sizes[i]);
        expect_bytes (sec.client, data, sizes[i], 0);
    }
    sec_end (&sec);
}

CASE (messages_over_tcp)
{
    check_messages ("tcp", 0);
    check_messages ("tcp", 1);
}

CASE (messages_over_ipc)
{
    check_messages ("ipc", 0);
    check_messages ("ipc", 1);
}

/* What is the client may bind. */
CASE (client_binds)
{
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    be_server (server, KDC_SERVICE);
    be_client (client, KDC_SERVICE, "alice");
    join_sockets (client, server, "tcp");
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

/* ---- Names and credentials ------------------------------------------------------------------------ */

CASE (names_of_every_type)
{
    static const struct
    {
        const char *principal, *service, *zap;
        int type, service_type;
    } names[] = {
      {"alice", KDC_SERVICE, "alice@" KDC_REALM, ZMQ_GSSAPI_NT_USER_NAME, ZMQ_GSSAPI_NT_HOSTBASED},
      {"bob@" KDC_REALM, KDC_SERVICE_PRINCIPAL, "bob@" KDC_REALM, ZMQ_GSSAPI_NT_KRB5_PRINCIPAL,
       ZMQ_GSSAPI_NT_KRB5_PRINCIPAL},
      {KDC_SERVICE, KDC_SERVICE, KDC_SERVICE_PRINCIPAL, ZMQ_GSSAPI_NT_HOSTBASED,
       ZMQ_GSSAPI_NT_HOSTBASED},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        sec_t sec = sec_begin (SEC_NULL, "here", ZMQ_REP);
        zmq_msg_t msg;
        be_server (sec.server, KDC_SERVICE_PRINCIPAL);
        set_int (sec.server, ZMQ_GSSAPI_PRINCIPAL_NAMETYPE, ZMQ_GSSAPI_NT_KRB5_PRINCIPAL);
        set_str (sec.client, ZMQ_GSSAPI_PRINCIPAL, names[i].principal);
        set_int (sec.client, ZMQ_GSSAPI_PRINCIPAL_NAMETYPE, names[i].type);
        /* With its NUL, as programs tend to do it. */
        REQUIRE_OK (zmq_setsockopt (sec.client, ZMQ_GSSAPI_SERVICE_PRINCIPAL, names[i].service,
                                    strlen (names[i].service) + 1));
        set_int (sec.client, ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE, names[i].service_type);
        sec_connect (&sec, "tcp");
        send_str (sec.client, "hello", 0);
        REQUIRE_OK (zmq_msg_init (&msg));
        CHECK_INT (zmq_msg_recv (&msg, sec.server, 0), 5);
        CHECK_STR (zmq_msg_gets (&msg, "User-Id"), "joe");
        CHECK_STR (zmq_msg_gets (&msg, "Socket-Type"), "DEALER");
        CHECK_OK (zmq_msg_close (&msg));
        const zap_frame_t *asked = sec.handler->asked;
        CHECK_INT (sec.handler->requests, 1);
        CHECK_INT (sec.handler->asked_frames, 7);
        CHECK (asked[2].size == 4 && memcmp (asked[2].data, "here", 4) == 0);
        CHECK (asked[5].size == 6 && memcmp (asked[5].data, "GSSAPI", 6) == 0);
        CHECK_INT (asked[6].size, strlen (names[i].zap));
        CHECK (memcmp (asked[6].data, names[i].zap, asked[6].size) == 0);
        sec_end (&sec);
    }
}

/* Without names of their own both use what the system has for them. */
CASE (default_credentials)
{
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    be_server (server, NULL);
    be_client (client, KDC_SERVICE, NULL);
    join_sockets (server, client, "tcp");
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

/* A server needs no tickets, and a client no keys of the service. */
CASE (credentials_of_one_role)
{
    kdc_setenv ("KRB5_KTNAME", "FILE:", "server");
    kdc_setenv ("KRB5_CLIENT_KTNAME", "FILE:", "clients");
    sec_t sec = gss_begin (NULL, -1, 0);
    sec_connect (&sec, "tcp");
    bounce (sec.server, sec.client);
    sec_end (&sec);
    kdc_setenv ("KRB5_KTNAME", "FILE:", "both");
    kdc_setenv ("KRB5_CLIENT_KTNAME", "FILE:", "both");
}

/* ---- ZAP (RFC 27) ------------------------------------------------------------------------------------ */

CASE (refused_by_the_handler)
{
    for (int plaintext = 0; plaintext < 2; ++plaintext)
        for (int status = 400; status <= 500; status += 100) {
            char text[8];
            snprintf (text, sizeof text, "%d", status);
            sec_t sec = gss_begin ("here", ZMQ_REP, plaintext);
            zap_answer (sec.handler, 2, text, 3);
            sec_connect (&sec, "tcp");
            try_send (sec.client);
            sec_expect ("server", sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, status);
            expect_nothing (sec.server);
            sec_end (&sec);
        }
}

CASE (refused_for_now)
{
    sec_t sec = gss_begin ("here", ZMQ_REP, 0);
    sec.handler->refuse_first = 2;
    sec_connect (&sec, "tcp");
    for (int i = 0; i < 2; ++i)
        sec_expect ("server", sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 300);
    sec_expect ("server", sec.monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);
    bounce (sec.server, sec.client);
    CHECK_INT (sec.handler->requests, 3);
    sec_end (&sec);
}

CASE (handler_that_errs)
{
    sec_t sec = gss_begin ("here", ZMQ_REP, 0);
    zap_answer (sec.handler, 2, "201", 3);
    sec_connect (&sec, "tcp");
    try_send (sec.client);
    sec_expect ("server", sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
                ZMQ_PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE);
    expect_nothing (sec.server);
    sec_end (&sec);
}

CASE (no_handler_but_a_domain_that_is_enforced)
{
    sec_t sec = gss_begin ("here", -1, 0);
    set_int (sec.server, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
    sec_connect (&sec, "tcp");
    try_send (sec.client);
    sec_expect ("server", sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EFAULT);
    expect_nothing (sec.server);
    sec_end (&sec);
}

/* ---- Traffic ------------------------------------------------------------------------------------------ */

CASE (subscriptions_and_heartbeats)
{
    void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_XPUB), *sub = mk_socket (ctx, ZMQ_SUB);
    char endpoint[ENDPOINT_SIZE];
    be_server (pub, KDC_SERVICE);
    be_client (sub, KDC_SERVICE, "alice");
    set_int (sub, ZMQ_HEARTBEAT_IVL, 20);
    set_int (sub, ZMQ_HEARTBEAT_TIMEOUT, DEADLINE_MS);
    bind_any (pub, "tcp", endpoint);
    set_str (sub, ZMQ_SUBSCRIBE, "topic");
    REQUIRE_OK (zmq_connect (sub, endpoint));
    expect_bytes (pub, "\1topic", 6, 0);
    send_str (pub, "other", 0);
    send_str (pub, "topic and more", 0);
    expect_msg (sub, "topic and more");
    msleep (100); /* for some heartbeats; nothing depends on how many */
    set_str (sub, ZMQ_UNSUBSCRIBE, "topic");
    expect_bytes (pub, "\0topic", 6, 0);
    rm_socket (sub);
    rm_socket (pub);
    rm_ctx (ctx);
}

CASE (reconnect)
{
    void *ctx = mk_ctx (), *client = mk_socket (ctx, ZMQ_DEALER), *server = NULL;
    char endpoint[ENDPOINT_SIZE] = "";
    be_client (client, KDC_SERVICE, "alice");
    set_int (client, ZMQ_RECONNECT_IVL, 10);
    for (int i = 0; i < 3; ++i) {
        server = mk_socket (ctx, ZMQ_DEALER);
        be_server (server, KDC_SERVICE);
        if (i == 0) {
            bind_any (server, "ipc", endpoint);
            REQUIRE_OK (zmq_connect (client, endpoint));
        } else
            CHECK (WAIT_FOR (zmq_bind (server, endpoint) == 0));
        /* By the server, so that nothing gets lost with the old connection. */
        send_str (server, "are you there", 0);
        expect_msg (client, "are you there");
        rm_socket (server);
    }
    rm_socket (client);
    rm_ctx (ctx);
}

/* ---- No library ----------------------------------------------------------------------------------- */

ROLE (without)
{
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    CHECK_INT (zmq_has ("gssapi"), 0);
    be_server (server, KDC_SERVICE);
    be_client (client, KDC_SERVICE, "alice");
    CHECK_ERRNO (zmq_bind (server, "tcp://127.0.0.1:*"), EPROTONOSUPPORT);
    CHECK_ERRNO (zmq_connect (client, "tcp://127.0.0.1:1"), EPROTONOSUPPORT);
    CHECK_INT (opt_int (client, ZMQ_MECHANISM), ZMQ_GSSAPI);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
    return 0;
}

/* The loader finds a file of that name first, and it is none. */
CASE (without_the_library)
{
    char dirs[4400];
    const char *before = getenv ("LD_LIBRARY_PATH");
    REQUIRE_OK (mkdir (kdc_path ("lib"), 0700));
    kdc_write ("lib/libgssapi_krb5.so.2", "%s", "");
    snprintf (dirs, sizeof dirs, "%s:%s", kdc_path ("lib"), before ? before : "");
    child_t child = spawn_role_with (dirs, "without", NULL);
    CHECK_INT (child_wait (&child), 0);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    ON_ROLE (without);
    gss_main_begin ();
    RUN (is_there);
    RUN (messages_over_tcp);
    RUN (messages_over_ipc);
    RUN (client_binds);
    RUN (names_of_every_type);
    RUN (default_credentials);
    RUN (reconnect);
    RUN_OURS (credentials_of_one_role, "the reference acquires credentials for both roles");
    RUN_OURS (refused_by_the_handler, "the reference lets in who is refused");
    RUN_OURS (refused_for_now, "the reference lets in who is refused");
    RUN_OURS (handler_that_errs, "the reference reports another error");
    RUN_OURS (no_handler_but_a_domain_that_is_enforced, "the reference does not enforce it");
    RUN_OURS (subscriptions_and_heartbeats, "the reference 4.3.4 loses subscriptions");
    RUN_OURS (without_the_library, "the reference does not start without it");
    return gss_main_end ();
}
