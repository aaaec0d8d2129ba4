/*
 * The GSSAPI mechanism (zmq_gssapi(7), RFC 38) with a KDC of its own: names, protection, ZAP, who is
 * kept out, and what happens while a KDC does not answer.
 */
#include "sec_common.h"
#include "sec_kdc.h"

#include <limits.h>

static void be_server (void *socket, const char *principal)
{
    set_int (socket, ZMQ_GSSAPI_SERVER, 1);
    if (principal)
        set_str (socket, ZMQ_GSSAPI_PRINCIPAL, principal);
}

static void be_client (void *socket, const char *service, const char *principal)
{
    set_str (socket, ZMQ_GSSAPI_SERVICE_PRINCIPAL, service);
    if (principal) {
        set_str (socket, ZMQ_GSSAPI_PRINCIPAL, principal);
        set_int (socket, ZMQ_GSSAPI_PRINCIPAL_NAMETYPE, ZMQ_GSSAPI_NT_USER_NAME);
    }
}

/* For what must not arrive; the connection may be refused, and the pipe gone, before. */
static void try_send (void *socket)
{
    zmq_send (socket, "let me in", 9, ZMQ_DONTWAIT);
}

/* A server and a client that is alice, not connected yet. */
static sec_t gss_begin (const char *domain, int handler_type, int plaintext)
{
    sec_t sec = sec_begin (SEC_NULL, domain, handler_type);
    be_server (sec.server, KDC_SERVICE);
    be_client (sec.client, KDC_SERVICE, "alice");
    set_int (sec.server, ZMQ_GSSAPI_PLAINTEXT, plaintext);
    set_int (sec.client, ZMQ_GSSAPI_PLAINTEXT, plaintext);
    return sec;
}

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

/* ---- On the wire ---------------------------------------------------------------------------------- */

/* Carries one connection from a listener to an endpoint, and notes what passes. */
typedef struct
{
    int listener;
    char endpoint[ENDPOINT_SIZE];
    char seen[65536];
    size_t size;
    /* What to do to the next read of the client's once `armed` is set, which clears it: change the bit of
     * this number from its end, or one of the below. */
    volatile int armed;
    int bit;
} relay_t;

enum { REPEAT = -1, LEAVE_OUT = -2 };

static void *relay_run (void *arg)
{
    relay_t *relay = arg;
    const int from = raw_accept (relay->listener, DEADLINE_MS), to = raw_connect (relay->endpoint);
    struct pollfd items[2] = {{from, POLLIN, 0}, {to, POLLIN, 0}};
    int open = 1;
    while (open && poll (items, 2, DEADLINE_MS) > 0)
        for (int i = 0; i < 2 && open; ++i) {
            char *at = relay->seen + relay->size;
            if (!items[i].revents)
                continue;
            const ssize_t n = recv (items[i].fd, at, sizeof relay->seen - relay->size, 0);
            const int bit = n > 0 && i == 0 && relay->armed ? relay->bit : INT_MAX;
            if (bit >= 0 && n > bit / 8)
                at[n - 1 - bit / 8] ^= (char) (1 << bit % 8);
            open = n > 0 && (bit == LEAVE_OUT || raw_write (items[!i].fd, at, (size_t) n));
            if (bit == REPEAT)
                raw_write (items[!i].fd, at, (size_t) n);
            if (bit != INT_MAX)
                relay->armed = 0;
            relay->size += n > 0 ? (size_t) n : 0;
        }
    close (from);
    close (to);
    return NULL;
}

/* Nothing of a message is seen by others, unless protection was given up. */
CASE (hidden_from_others)
{
    static const char secret[] = "for your eyes only";
    for (int plaintext = 0; plaintext < 2; ++plaintext) {
        static relay_t relay;
        char endpoint[ENDPOINT_SIZE];
        sec_t sec = gss_begin (NULL, -1, plaintext);
        memset (&relay, 0, sizeof relay);
        bind_any (sec.server, "tcp", relay.endpoint);
        relay.listener = raw_listen (endpoint);
        const pthread_t thread = start_thread (relay_run, &relay);
        REQUIRE_OK (zmq_connect (sec.client, endpoint));
        send_str (sec.client, secret, 0);
        expect_msg (sec.server, secret);
        sec_end (&sec);
        join_thread (thread);
        close (relay.listener);
        CHECK (memmem (relay.seen, relay.size, "GSSAPI", 6) != NULL);
        CHECK ((memmem (relay.seen, relay.size, secret, strlen (secret)) != NULL) == plaintext);
        CHECK ((memmem (relay.seen, relay.size, "DEALER", 6) != NULL) == plaintext);
    }
}

/* A message is taken as it was sent, once, or the connection ends. */
static void check_spoilt (int bit)
{
    static const char text[] = "as it was sent";
    static relay_t relay;
    char endpoint[ENDPOINT_SIZE];
    sec_t sec = gss_begin (NULL, -1, 0);
    set_int (sec.client, ZMQ_RECONNECT_IVL, -1);
    memset (&relay, 0, sizeof relay);
    bind_any (sec.server, "tcp", relay.endpoint);
    relay.listener = raw_listen (endpoint);
    const pthread_t thread = start_thread (relay_run, &relay);
    REQUIRE_OK (zmq_connect (sec.client, endpoint));
    bounce (sec.server, sec.client);
    relay.bit = bit;
    __sync_synchronize ();
    relay.armed = 1;
    send_str (sec.client, text, 0);
    if (bit == REPEAT)
        expect_msg (sec.server, text);
    if (bit == LEAVE_OUT) {
        CHECK (WAIT_FOR (!relay.armed));
        send_str (sec.client, "and what comes after", 0);
    }
    CHECK (wait_event (sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, NULL, NULL));
    if (drain (sec.server))
        harness_fail (__FILE__, __LINE__, "a message in spite of %d", bit);
    sec_end (&sec);
    join_thread (thread);
    close (relay.listener);
}

CASE (changed_on_the_way)
{
    /* Text, flags and what Kerberos adds; a length and a name; the head of the frame is the stream's. */
    enum { SIZE = 14 + 1 + 60 + 4 + 8, STEP = 27 };
    for (int bit = 0; bit < SIZE * 8; bit += STEP)
        check_spoilt (bit);
    check_spoilt (REPEAT);
}

CASE (left_out_on_the_way)
{
    check_spoilt (LEAVE_OUT);
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
    ON_ROLE (waiting);
    ON_ROLE (patient);
    ON_ROLE (without);
    if (!zmq_has ("gssapi"))
        skip_all (on_reference () ? "the reference was built without GSSAPI"
                                  : "there is no libgssapi_krb5.so.2 (package libgssapi-krb5-2)");
    kdc_begin ();
    sec_make_keys ();
    RUN (is_there);
    RUN (messages_over_tcp);
    RUN (messages_over_ipc);
    RUN (client_binds);
    RUN (hidden_from_others);
    RUN (changed_on_the_way);
    RUN (names_of_every_type);
    RUN (default_credentials);
    RUN (other_mechanisms);
    RUN (no_way_around);
    RUN (reconnect);
    RUN_OURS (left_out_on_the_way, "the reference does not ask for an order");
    RUN_OURS (credentials_of_one_role, "the reference acquires credentials for both roles");
    RUN_OURS (refused_by_the_handler, "the reference lets in who is refused");
    RUN_OURS (refused_for_now, "the reference lets in who is refused");
    RUN_OURS (handler_that_errs, "the reference reports another error");
    RUN_OURS (no_handler_but_a_domain_that_is_enforced, "the reference does not enforce it");
    RUN_OURS (two_of_a_kind, "the reference waits for the end of the handshake interval");
    RUN_OURS (protected_and_not, "the reference reports it from one side only");
    RUN_OURS (no_credentials, "the reference waits for the end of the handshake interval");
    RUN_OURS (another_service, "the reference waits for the end of the handshake interval");
    RUN_OURS (subscriptions_and_heartbeats, "the reference 4.3.4 loses subscriptions");
    RUN_OURS (silent_kdc, "the reference asks on its I/O thread, and everybody waits");
    RUN_OURS (silent_kdc_is_asked_once, "the reference asks on its I/O thread, and everybody waits");
    RUN_OURS (without_the_library, "the reference does not start without it");
    kdc_end ();
    return harness_end ();
}
