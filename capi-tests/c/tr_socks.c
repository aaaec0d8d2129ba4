/*
 * Connections through a SOCKS 5 proxy (ZMQ_SOCKS_PROXY): what the proxy is told, what it may answer, and what
 * comes of a proxy that does not do as it should.
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "harness.h"

/* Bytes from one connection to the other, and back, until one of them ends. */
typedef struct
{
    int ends[2];
    pthread_t thread;
} relay_t;

static void *relay_run (void *arg)
{
    const relay_t *relay = arg;
    char buffer[4096];
    for (;;) {
        struct pollfd items[2] = {{relay->ends[0], POLLIN, 0}, {relay->ends[1], POLLIN, 0}};
        if (poll (items, 2, 3 * DEADLINE_MS) < 1)
            break;
        const int from = items[0].revents == 0;
        const ssize_t n = recv (relay->ends[from], buffer, sizeof buffer, 0);
        if (n <= 0 || !raw_write (relay->ends[!from], buffer, (size_t) n))
            break;
    }
    close (relay->ends[0]);
    close (relay->ends[1]);
    return NULL;
}

static void relay_start (relay_t *relay, int client, const char *server)
{
    relay->ends[0] = client;
    relay->ends[1] = raw_connect (server);
    relay->thread = start_thread (relay_run, relay);
}

/* A client that is to go through the proxy that listens at `proxy`. */
static void *mk_client (void *ctx, const char *proxy)
{
    void *client = mk_socket (ctx, ZMQ_DEALER);
    set_str (client, ZMQ_SOCKS_PROXY, proxy + strlen ("tcp://"));
    set_int (client, ZMQ_RECONNECT_IVL, 10);
    return client;
}

static int port_of (const char *endpoint)
{
    return atoi (strrchr (endpoint, ':') + 1);
}

/* Reads exactly this. */
static void expect_said (int fd, const void *expected, size_t size)
{
    char got[600];
    CHECK_INT (raw_read (fd, got, size), size);
    CHECK_MEM (got, expected, size);
}

/* Takes a connection at the proxy and lets the client in without a login. */
static int greet (int listener)
{
    const int fd = raw_accept (listener, DEADLINE_MS);
    REQUIRE (fd >= 0);
    expect_said (fd, "\x05\x01\x00", 3);
    REQUIRE (raw_write (fd, "\x05\x00", 2));
    return fd;
}

/* A request for an IPv4 address of this host. */
static void expect_request (int fd, int port)
{
    const unsigned char request[10] = {5, 1, 0, 1, 127, 0, 0, 1, (unsigned char) (port >> 8),
                                       (unsigned char) port};
    expect_said (fd, request, sizeof request);
}

#define GRANTED "\x05\x00\x00\x01\x7f\x00\x00\x01\x10\x01"
#define GRANTED_SIZE 10

/* The proxy does as it was asked, and messages go through; ends all but the context. */
static void let_through (int fd, const char *endpoint, void *server, void *client)
{
    relay_t relay;
    expect_request (fd, port_of (endpoint));
    REQUIRE (raw_write (fd, GRANTED, GRANTED_SIZE));
    relay_start (&relay, fd, endpoint);
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    join_thread (relay.thread);
}

/* What a client asks for, by every kind of host; the proxy answers with every kind of address. */
CASE (places)
{
    static const struct
    {
        const char *host;
        const char *place;
        size_t size;
    } hosts[] = {
      {"127.0.0.1", "\x05\x01\x00\x01\x7f\x00\x00\x01", 8},
      {"some.name-of.a_host", "\x05\x01\x00\x03\x13some.name-of.a_host", 24},
      {"[::1]", "\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 20},
      {"2001:db8::2", "\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02", 20},
    };
    static const struct
    {
        const char *bytes;
        size_t size;
    } replies[] = {
      {GRANTED, GRANTED_SIZE},
      {"\x05\x00\x00\x03\x04host\x10\x01", 11},
      {"\x05\x00\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x10\x01", 22},
    };
    char proxy[ENDPOINT_SIZE], server_endpoint[ENDPOINT_SIZE], endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    const int listener = raw_listen (proxy);
    for (int h = 0; h < 4; ++h) {
        for (int r = 0; r < 3; ++r) {
            relay_t relay;
            void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_client (ctx, proxy);
            bind_any (server, "tcp", server_endpoint);
            const int port = port_of (server_endpoint);
            const unsigned char tail[2] = {(unsigned char) (port >> 8), (unsigned char) port};
            snprintf (endpoint, sizeof endpoint, "tcp://%s:%d", hosts[h].host, port);
            CHECK_OK (zmq_connect (client, endpoint));
            const int fd = greet (listener);
            expect_said (fd, hosts[h].place, hosts[h].size);
            expect_said (fd, tail, 2);
            REQUIRE (raw_write (fd, replies[r].bytes, replies[r].size));
            relay_start (&relay, fd, server_endpoint);
            bounce (server, client);
            rm_socket (client);
            rm_socket (server);
            join_thread (relay.thread);
        }
    }
    close (listener);
    rm_ctx (ctx);
}

/* Answers that come byte by byte, and one that comes together with what the peer says first. */
CASE (pieces)
{
    static const char greeting[] = "\xff\0\0\0\0\0\0\0\x01\x7f\x03\x00NULL";
    char proxy[ENDPOINT_SIZE], together[GRANTED_SIZE + 64], first[64];
    void *ctx = mk_ctx ();
    const int listener = raw_listen (proxy);
    void *client = mk_client (ctx, proxy);
    CHECK_OK (zmq_connect (client, "tcp://127.0.0.1:4660"));
    int fd = raw_accept (listener, DEADLINE_MS);
    REQUIRE (fd >= 0);
    expect_said (fd, "\x05\x01\x00", 3);
    REQUIRE (raw_write (fd, "\x05", 1));
    CHECK (raw_quiet (fd));
    REQUIRE (raw_write (fd, "\x00", 1));
    expect_request (fd, 4660);
    for (int i = 0; i < GRANTED_SIZE; ++i) {
        CHECK (raw_quiet (fd) || i == GRANTED_SIZE);
        REQUIRE (raw_write (fd, GRANTED + i, 1));
    }
    /* The peer's greeting. */
    CHECK_INT (raw_read (fd, first, 10), 10);
    CHECK_MEM (first, "\xff\0\0\0\0\0\0\0\x01\x7f", 10);
    close (fd);

    fd = greet (listener);
    expect_request (fd, 4660);
    memset (together, 0, sizeof together);
    memcpy (together, GRANTED, GRANTED_SIZE);
    memcpy (together + GRANTED_SIZE, greeting, sizeof greeting - 1);
    REQUIRE (raw_write (fd, together, sizeof together));
    CHECK_INT (raw_read (fd, first, sizeof first), sizeof first);
    CHECK_MEM (first, "\xff\0\0\0\0\0\0\0\x01\x7f\x03", 11);
    /* The client takes its turn: READY. */
    expect_said (fd, "\x04", 1);
    /* In this order: without its connection it would soon be in the next negotiation, whose end the reference does not
       survive. */
    rm_socket (client);
    rm_ctx (ctx);
    close (fd);
    close (listener);
}

/* A connection that comes to nothing at every step is tried again, and then it works. */
CASE (failures_are_tried_again)
{
    static const struct
    {
        const char *method;
        size_t method_size;
        const char *reply;
        size_t reply_size;
    } failures[] = {
      {"", 0, NULL, 0},
      {"\x05", 1, NULL, 0},
      {"\x05\xff", 2, NULL, 0},
      {"\x05\x02", 2, NULL, 0},
      {"\x04\x00", 2, NULL, 0},
      {"HTTP/1.1 400 Bad Request\r\n\r\n", 28, NULL, 0},
      {"\x05\x00", 2, "", 0},
      {"\x05\x00", 2, "\x05\x00\x00", 3},
      {"\x05\x00", 2, "\x04\x00\x00\x01\x7f\x00\x00\x01\x10\x01", 10},
      {"\x05\x00", 2, "\x05\x00\x00\x09\x7f\x00\x00\x01\x10\x01", 10},
      {"\x05\x00", 2, "\x05\x00\x00\x01\x7f\x00", 6},
      {"\x05\x00", 2, "\x05\x01\x00\x01\0\0\0\0\0\0", 10},
      {"\x05\x00", 2, "\x05\x05\x00\x01\0\0\0\0\0\0", 10},
      {"\x05\x00", 2, "\x05\x08\x00\x01\0\0\0\0\0\0", 10},
    };
    char proxy[ENDPOINT_SIZE], endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    const int listener = raw_listen (proxy);
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_client (ctx, proxy);
    void *monitor = mk_monitor (ctx, client, ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CLOSED
                                               | ZMQ_EVENT_CONNECT_RETRIED);
    bind_any (server, "tcp", endpoint);
    CHECK_OK (zmq_connect (client, endpoint));
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; ++i) {
        const int fd = raw_accept (listener, DEADLINE_MS);
        REQUIRE (fd >= 0);
        expect_said (fd, "\x05\x01\x00", 3);
        raw_write (fd, failures[i].method, failures[i].method_size);
        if (failures[i].reply) {
            expect_request (fd, port_of (endpoint));
            raw_write (fd, failures[i].reply, failures[i].reply_size);
        }
        /* Too little: then that was all. */
        shutdown (fd, SHUT_WR);
        CHECK (raw_wait_closed (fd));
        close (fd);
        expect_event (monitor, ZMQ_EVENT_CLOSED);
        expect_event (monitor, ZMQ_EVENT_CONNECT_RETRIED);
    }
    let_through (greet (listener), endpoint, server, client);
    expect_event (monitor, ZMQ_EVENT_CONNECTED);
    rm_socket (monitor);
    close (listener);
    rm_ctx (ctx);
}

CASE (login)
{
    char proxy[ENDPOINT_SIZE], endpoint[ENDPOINT_SIZE], longest[256];
    unsigned char expected[2 + 255 + 1 + 255] = {1, 255};
    void *ctx = mk_ctx ();
    const int listener = raw_listen (proxy);
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_client (ctx, proxy);
    bind_any (server, "tcp", endpoint);
    memset (longest, 'u', 255);
    longest[255] = '\0';
    set_str (client, ZMQ_SOCKS_USERNAME, longest);
    memset (expected + 2, 'u', 255);
    memset (longest, 'p', 255);
    set_str (client, ZMQ_SOCKS_PASSWORD, longest);
    expected[2 + 255] = 255;
    memset (expected + 2 + 255 + 1, 'p', 255);
    CHECK_OK (zmq_connect (client, endpoint));
    /* Refused at first. */
    int fd = -1;
    for (int refusal = 1; refusal >= 0; --refusal) {
        fd = raw_accept (listener, DEADLINE_MS);
        REQUIRE (fd >= 0);
        expect_said (fd, "\x05\x01\x02", 3);
        REQUIRE (raw_write (fd, "\x05\x02", 2));
        expect_said (fd, expected, sizeof expected);
        REQUIRE (raw_write (fd, refusal ? "\x01\x05" : "\x01\x00", 2));
        if (refusal) {
            CHECK (raw_wait_closed (fd));
            close (fd);
        }
    }
    let_through (fd, endpoint, server, client);
    close (listener);
    rm_ctx (ctx);
}

/* A user of no letters needs no login. */
CASE (no_user)
{
    char proxy[ENDPOINT_SIZE], endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    const int listener = raw_listen (proxy);
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_client (ctx, proxy);
    bind_any (server, "tcp", endpoint);
    set_str (client, ZMQ_SOCKS_USERNAME, "");
    set_str (client, ZMQ_SOCKS_PASSWORD, "pass");
    CHECK_OK (zmq_connect (client, endpoint));
    let_through (greet (listener), endpoint, server, client);
    close (listener);
    rm_ctx (ctx);
}

/* No password; and a proxy that would do without a login does not get one. */
CASE (another_login)
{
    char proxy[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    const int listener = raw_listen (proxy);
    void *client = mk_client (ctx, proxy);
    set_str (client, ZMQ_SOCKS_USERNAME, "joe");
    CHECK_OK (zmq_connect (client, "tcp://127.0.0.1:4660"));
    int fd = raw_accept (listener, DEADLINE_MS);
    REQUIRE (fd >= 0);
    expect_said (fd, "\x05\x01\x02", 3);
    REQUIRE (raw_write (fd, "\x05\x00", 2));
    CHECK (raw_wait_closed (fd));
    close (fd);
    fd = raw_accept (listener, DEADLINE_MS);
    REQUIRE (fd >= 0);
    expect_said (fd, "\x05\x01\x02", 3);
    REQUIRE (raw_write (fd, "\x05\x02", 2));
    expect_said (fd, "\x01\x03joe\x00", 6);
    rm_socket (client);
    close (fd);
    close (listener);
    rm_ctx (ctx);
}

/* A proxy that says nothing has as long as a peer has for its handshake. */
CASE (silent_proxy)
{
    char proxy[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    const int listener = raw_listen (proxy);
    void *client = mk_client (ctx, proxy);
    void *monitor = mk_monitor (ctx, client, ZMQ_EVENT_CLOSED | ZMQ_EVENT_CONNECT_RETRIED);
    set_int (client, ZMQ_HANDSHAKE_IVL, 50);
    CHECK_OK (zmq_connect (client, "tcp://127.0.0.1:4660"));
    for (int i = 0; i < 2; ++i) {
        const int fd = raw_accept (listener, DEADLINE_MS);
        REQUIRE (fd >= 0);
        CHECK (raw_wait_closed (fd));
        close (fd);
        expect_event (monitor, ZMQ_EVENT_CLOSED);
        expect_event (monitor, ZMQ_EVENT_CONNECT_RETRIED);
    }
    rm_socket (client);
    rm_socket (monitor);
    close (listener);
    rm_ctx (ctx);
}

/* Taking the endpoint back, or closing, in the middle of it. */
CASE (end_in_the_middle)
{
    char proxy[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    const int listener = raw_listen (proxy);
    for (int close_it = 0; close_it < 2; ++close_it) {
        void *client = mk_client (ctx, proxy);
        CHECK_OK (zmq_connect (client, "tcp://127.0.0.1:4660"));
        const int fd = greet (listener);
        expect_request (fd, 4660);
        if (close_it)
            rm_socket (client);
        else
            CHECK_OK (zmq_disconnect (client, "tcp://127.0.0.1:4660"));
        CHECK (raw_wait_closed (fd));
        close (fd);
        if (!close_it) {
            CHECK (raw_accept (listener, QUIET_MS) == -1);
            rm_socket (client);
        }
    }
    close (listener);
    rm_ctx (ctx);
}

/* The connection to the proxy leaves from the address before the semicolon. */
CASE (source_address)
{
    char proxy[ENDPOINT_SIZE], with_source[ENDPOINT_SIZE + 32], endpoint[ENDPOINT_SIZE];
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    void *ctx = mk_ctx ();
    const int listener = raw_listen (proxy);
    snprintf (with_source, sizeof with_source, "tcp://127.0.0.2:0;%s", proxy + strlen ("tcp://"));
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_client (ctx, with_source);
    bind_any (server, "tcp", endpoint);
    CHECK_OK (zmq_connect (client, endpoint));
    const int fd = greet (listener);
    REQUIRE_OK (getpeername (fd, (struct sockaddr *) &peer, &size));
    CHECK_INT (ntohl (peer.sin_addr.s_addr), 0x7f000002);
    let_through (fd, endpoint, server, client);
    close (listener);
    rm_ctx (ctx);
}

/* Nobody listens where the proxy should be, at first. */
CASE (late_proxy)
{
    char proxy[ENDPOINT_SIZE], endpoint[ENDPOINT_SIZE];
    struct sockaddr_storage address;
    const int yes = 1;
    void *ctx = mk_ctx ();
    unused_endpoint (proxy);
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_client (ctx, proxy);
    bind_any (server, "tcp", endpoint);
    void *monitor = mk_monitor (ctx, client, ZMQ_EVENT_CLOSED | ZMQ_EVENT_CONNECT_RETRIED);
    CHECK_OK (zmq_connect (client, endpoint));
    expect_event (monitor, ZMQ_EVENT_CLOSED);
    expect_event (monitor, ZMQ_EVENT_CONNECT_RETRIED);
    const socklen_t size = raw_address (proxy, &address);
    const int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE_OK (setsockopt (listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes));
    REQUIRE_OK (bind (listener, (struct sockaddr *) &address, size));
    REQUIRE_OK (listen (listener, 4));
    let_through (greet (listener), endpoint, server, client);
    rm_socket (monitor);
    close (listener);
    rm_ctx (ctx);
}

/* Through the proxy or not at all, also for who cannot read its address. */
CASE (malformed_proxy)
{
    static const char *const bad[] = {"nowhere", "127.0.0.1:", "127.0.0.1:99999", "tcp://127.0.0.1:1080",
                                      ";127.0.0.1:1080"};
    void *ctx = mk_ctx (), *client = mk_socket (ctx, ZMQ_PUSH);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
        set_str (client, ZMQ_SOCKS_PROXY, bad[i]);
        CHECK_ERRNO (zmq_connect (client, "tcp://127.0.0.1:4660"), EINVAL);
    }
    REQUIRE_OK (zmq_setsockopt (client, ZMQ_SOCKS_PROXY, NULL, 0));
    CHECK_OK (zmq_connect (client, "tcp://127.0.0.1:4660"));
    rm_socket (client);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    static const char dies[] = "the reference ends the program when a socket is closed during a negotiation";
    harness_begin (argc, argv);
    RUN (places);
    RUN (pieces);
    RUN (failures_are_tried_again);
    RUN (login);
    RUN (no_user);
    RUN_OURS (another_login, dies);
    RUN_OURS (silent_proxy, "the reference waits for it for ever");
    RUN_OURS (end_in_the_middle, dies);
    RUN (source_address);
    RUN (late_proxy);
    RUN_OURS (malformed_proxy, "the reference looks at it later");
    return harness_end ();
}
