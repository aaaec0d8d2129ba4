/*
 * Who is kept out by the GSSAPI mechanism (zmq_gssapi(7), RFC 38), and what happens while a KDC does not answer.
 */
#include "sec_gssapi.h"

/* ---- Who is kept out ---------------------------------------------------------------------------------- */

/* Peers with another mechanism, of either role. */
CASE (other_mechanisms)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m)
        for (int gss_serves = 0; gss_serves < 2; ++gss_serves) {
            sec_t sec = sec_begin (SEC_NULL, NULL, -1);
            if (gss_serves) {
                be_server (sec.server, KDC_SERVICE);
                sec_be_client (sec.client, (sec_mechanism_t) m);
            } else {
                sec_be_server (sec.server, (sec_mechanism_t) m, NULL);
                be_client (sec.client, KDC_SERVICE, "alice");
            }
            sec_connect (&sec, "tcp");
            try_send (sec.client);
            sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
                        ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH);
            expect_nothing (sec.server);
            expect_nothing (sec.client);
            sec_end (&sec);
        }
}

/* Peers too old to have mechanisms, and one that does not ask for anybody's leave. */
CASE (no_way_around)
{
    static const struct
    {
        const char *data;
        size_t size;
    } openings[] = {
      {"\1\0\6\0sneak", 9},
      {"\xff\0\0\0\0\0\0\0\1\x7f\1\5\0\0\0\5sneak", 21},
      {"\xff\0\0\0\0\0\0\0\1\x7f\3\1GSSAPI\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5sneak",
       73},
      {"\xff\0\0\0\0\0\0\0\1\x7f\3\1GSSAPI\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\4\6\5READY\0\5sneak",
       80},
    };
    for (size_t i = 0; i < sizeof openings / sizeof *openings; ++i) {
        void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_PULL);
        char endpoint[ENDPOINT_SIZE];
        be_server (server, KDC_SERVICE);
        bind_any (server, "tcp", endpoint);
        const int fd = raw_connect (endpoint);
        CHECK (raw_write (fd, openings[i].data, openings[i].size));
        CHECK (raw_wait_closed (fd));
        close (fd);
        expect_nothing (server);
        rm_socket (server);
        rm_ctx (ctx);
    }
}

/* Waits until one of two monitors tells of this protocol error; the other side may see no more than
 * that the connection ended. */
static void expect_on_either (void *const *monitors, int error)
{
    const long long end = now_ms () + DEADLINE_MS;
    while (now_ms () < end)
        for (int i = 0; i < 2; ++i) {
            int value = -1;
            const int event = read_event (monitors[i], 10, &value, NULL);
            if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) {
                CHECK_INT (value, error);
                return;
            }
            CHECK (event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
        }
    CHECK (!"a protocol error");
}

CASE (two_of_a_kind)
{
    for (int both_serve = 0; both_serve < 2; ++both_serve) {
        sec_t sec = sec_begin (SEC_NULL, NULL, -1);
        const int error = both_serve ? ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
                                     : ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC;
        void *const sockets[] = {sec.server, sec.client};
        for (int i = 0; i < 2; ++i)
            if (both_serve)
                be_server (sockets[i], KDC_SERVICE);
            else
                be_client (sockets[i], KDC_SERVICE, "alice");
        sec_connect (&sec, "tcp");
        try_send (sec.client);
        void *const monitors[] = {sec.monitor, sec.client_monitor};
        expect_on_either (monitors, error);
        expect_nothing (sec.server);
        expect_nothing (sec.client);
        sec_end (&sec);
    }
}

/* One wants protection, the other one not. */
CASE (protected_and_not)
{
    for (int plaintext = 0; plaintext < 2; ++plaintext) {
        sec_t sec = gss_begin (NULL, -1, plaintext);
        set_int (sec.client, ZMQ_GSSAPI_PLAINTEXT, !plaintext);
        sec_connect (&sec, "tcp");
        try_send (sec.client);
        sec_expect ("client", sec.client_monitor, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
                    ZMQ_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND);
        expect_nothing (sec.server);
        sec_end (&sec);
    }
}

/* A client that the realm does not know, and a service that it does not know: told at once, and tried
 * again. */
CASE (no_credentials)
{
    for (int i = 0; i < 2; ++i) {
        sec_t sec = sec_begin (SEC_NULL, NULL, -1);
        be_server (sec.server, KDC_SERVICE);
        be_client (sec.client, i ? "nothing@localhost" : KDC_SERVICE, i ? "alice" : "nobody");
        sec_connect (&sec, "tcp");
        try_send (sec.client);
        for (int k = 0; k < 2; ++k)
            sec_expect ("client", sec.client_monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EACCES);
        expect_nothing (sec.server);
        sec_end (&sec);
    }
}

/* The client is sent a server that is not who it asked for: that one lacks the keys. */
CASE (another_service)
{
    sec_t sec = sec_begin (SEC_NULL, NULL, -1);
    be_server (sec.server, KDC_SERVICE);
    be_client (sec.client, "absent@localhost", "alice");
    sec_connect (&sec, "tcp");
    try_send (sec.client);
    sec_expect ("server", sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
                ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC);
    expect_nothing (sec.server);
    sec_end (&sec);
}

/* ---- A KDC that is silent ------------------------------------------------------------------------ */

/* Clients, more than there are threads for them, that wait for a KDC: nobody else does, and closing
 * them takes no time. */
ROLE (waiting)
{
    enum { CLIENTS = 24 };
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_DEALER), *clients[CLIENTS], *monitor = NULL;
    void *a = mk_socket (ctx, ZMQ_DEALER), *b = mk_socket (ctx, ZMQ_DEALER);
    char endpoint[ENDPOINT_SIZE], line[16];
    be_server (server, KDC_SERVICE);
    bind_any (server, "tcp", endpoint);
    for (int i = 0; i < CLIENTS; ++i) {
        clients[i] = mk_socket (ctx, ZMQ_DEALER);
        be_client (clients[i], KDC_SERVICE, "alice");
        if (i == 0) {
            set_int (clients[i], ZMQ_HANDSHAKE_IVL, 100);
            monitor = mk_monitor (ctx, clients[i], HANDSHAKE_EVENTS);
        } else
            set_int (clients[i], ZMQ_HANDSHAKE_IVL, 0);
        REQUIRE_OK (zmq_connect (clients[i], endpoint));
        send_str (clients[i], "hello", 0);
    }
    /* The KDC has been asked. */
    CHECK (role_line (line, sizeof line));
    join_sockets (a, b, "tcp");
    bounce (a, b);
    for (int i = 0; i < 2; ++i)
        sec_expect ("waiting", monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EAGAIN);
    bounce (a, b);
    expect_nothing (server);
    const long long begun = now_ms ();
    zmq_socket_monitor (clients[0], NULL, 0);
    rm_socket (monitor);
    for (int i = 0; i < CLIENTS; ++i)
        rm_socket (clients[i]);
    rm_socket (server);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
    /* The library would have given the KDC up after ten seconds at the soonest. */
    CHECK (now_ms () - begun < DEADLINE_MS / 2);
    return 0;
}

/* A client that comes back again and again, but asks once as long as there is no answer. */
ROLE (patient)
{
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    char endpoint[ENDPOINT_SIZE], line[16];
    be_server (server, KDC_SERVICE);
    bind_any (server, "tcp", endpoint);
    be_client (client, KDC_SERVICE, "alice");
    set_int (client, ZMQ_HANDSHAKE_IVL, 50);
    set_int (client, ZMQ_RECONNECT_IVL, 1);
    void *monitor = mk_monitor (ctx, client, HANDSHAKE_EVENTS);
    REQUIRE_OK (zmq_connect (client, endpoint));
    CHECK (role_line (line, sizeof line));
    for (int i = 0; i < 5; ++i)
        sec_expect ("patient", monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EAGAIN);
    printf ("waited\n");
    CHECK (role_line (line, sizeof line));
    zmq_socket_monitor (client, NULL, 0);
    rm_socket (monitor);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
    return 0;
}

/* Has a role ask a KDC that takes connections and says nothing. */
static child_t spawn_unanswered (const char *role, int *listener)
{
    char endpoint[ENDPOINT_SIZE];
    *listener = raw_listen (endpoint);
    kdc_write ("silent.conf",
               "[libdefaults]\n default_realm = " KDC_REALM "\n dns_lookup_realm = false\n"
               " dns_lookup_kdc = false\n dns_canonicalize_hostname = false\n rdns = false\n"
               " udp_preference_limit = 1\n"
               "[realms]\n " KDC_REALM " = {\n  kdc = 127.0.0.1:%s\n }\n"
               "[domain_realm]\n localhost = " KDC_REALM "\n",
               strrchr (endpoint, ':') + 1);
    kdc_setenv ("KRB5_CONFIG", "", "silent.conf");
    REQUIRE_OK (setenv ("KRB5CCNAME", "MEMORY:silent", 1));
    const child_t child = spawn_role (role, NULL);
    kdc_setenv ("KRB5_CONFIG", "", "krb5.conf");
    kdc_setenv ("KRB5CCNAME", "DIR:", "cc");
    return child;
}

CASE (silent_kdc)
{
    int listener;
    child_t child = spawn_unanswered ("waiting", &listener);
    const int asked = raw_accept (listener, DEADLINE_MS);
    CHECK (asked >= 0);
    child_say (&child, "asked");
    CHECK_INT (child_wait (&child), 0);
    close (asked);
    close (listener);
}

CASE (silent_kdc_is_asked_once)
{
    int listener;
    child_t child = spawn_unanswered ("patient", &listener);
    const int asked = raw_accept (listener, DEADLINE_MS);
    CHECK (asked >= 0);
    child_say (&child, "asked");
    expect_line (&child, "waited");
    CHECK_INT (raw_accept (listener, 0), -1);
    child_say (&child, "enough");
    CHECK_INT (child_wait (&child), 0);
    close (asked);
    close (listener);
}

/* ---- Memory ------------------------------------------------------------------------------------ */

/* A message for whose protected form there is no memory, neither here nor in the system's library. It is lost with
   the connection, and the next one has what follows. */
CASE (no_memory_to_protect)
{
    enum { HUGE_SIZE = 90 * 1024 * 1024 };
    static const long spare[] = {40 * 1024 * 1024, 140 * 1024 * 1024};
    for (int i = 0; i < 2; ++i) {
        zmq_msg_t huge;
        sec_t sec = gss_begin (NULL, -1, 0);
        set_int (sec.client, ZMQ_RECONNECT_IVL, 10);
        sec_connect (&sec, "tcp");
        bounce (sec.server, sec.client);
        REQUIRE_OK (zmq_msg_init_size (&huge, HUGE_SIZE));
        limit_memory (spare[i]);
        send_str (sec.client, "head", ZMQ_SNDMORE);
        CHECK_INT (zmq_msg_send (&huge, sec.client, 0), HUGE_SIZE);
        send_str (sec.client, "after", 0);
        expect_msg (sec.server, "after");
        CHECK_INT (opt_int (sec.server, ZMQ_RCVMORE), 0);
        limit_memory (0);
        sec_end (&sec);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    ON_ROLE (waiting);
    ON_ROLE (patient);
    gss_main_begin ();
    RUN (other_mechanisms);
    RUN (no_way_around);
    RUN_OURS (two_of_a_kind, "the reference waits for the end of the handshake interval");
    RUN_OURS (protected_and_not, "the reference reports it from one side only");
    RUN_OURS (no_credentials, "the reference waits for the end of the handshake interval");
    RUN_OURS (another_service, "the reference waits for the end of the handshake interval");
    RUN_OURS (silent_kdc, "the reference asks on its I/O thread, and everybody waits");
    RUN_OURS (silent_kdc_is_asked_once, "the reference asks on its I/O thread, and everybody waits");
    RUN_OURS (no_memory_to_protect, "the reference aborts");
    return gss_main_end ();
}
