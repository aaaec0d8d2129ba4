/*
 * ZMQ_HANDSHAKE_IVL: a peer that does not finish the ZMTP handshake in time is disconnected.
 */
#include "harness.h"

/* A ZMTP 3.0 greeting with the NULL mechanism. */
static void mk_greeting (unsigned char *greeting)
{
    memset (greeting, 0, 64);
    greeting[0] = 0xff;
    greeting[9] = 0x7f;
    greeting[10] = 3;
    memcpy (greeting + 12, "NULL", 4);
}

static void *mk_server (void *ctx, int interval, char *endpoint)
{
    void *server = mk_socket (ctx, ZMQ_DEALER);
    set_int (server, ZMQ_HANDSHAKE_IVL, interval);
    bind_any (server, "tcp", endpoint);
    return server;
}

/* The connection must be closed, not before 150 ms, when 200 ms are set. */
static void expect_timely_end (int fd, long long start)
{
    CHECK (raw_wait_closed (fd));
    const long long took = now_ms () - start;
    CHECK (took >= 150 && took < DEADLINE_MS);
    close (fd);
}

CASE (silent_client)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_server (ctx, 200, endpoint);
    const long long start = now_ms ();
    expect_timely_end (raw_connect (endpoint), start);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (client_that_stops_within_the_greeting)
{
    char endpoint[ENDPOINT_SIZE];
    unsigned char greeting[64];
    void *ctx = mk_ctx ();
    void *server = mk_server (ctx, 200, endpoint);
    mk_greeting (greeting);
    for (size_t size = 1; size <= 64; size += 21) {
        const long long start = now_ms ();
        const int fd = raw_connect (endpoint);
        CHECK (raw_write (fd, greeting, size));
        expect_timely_end (fd, start);
    }
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (client_that_drips_bytes)
{
    /* Progress does not extend the time. */
    char endpoint[ENDPOINT_SIZE];
    unsigned char greeting[64];
    void *ctx = mk_ctx ();
    void *server = mk_server (ctx, 200, endpoint);
    mk_greeting (greeting);
    const long long start = now_ms ();
    const int fd = raw_connect (endpoint);
    int closed = 0;
    for (int i = 0; i < 64 && !closed; ++i) {
        char byte[64];
        closed = !raw_write (fd, greeting + i, 1);
        struct pollfd item = {fd, POLLIN, 0};
        if (poll (&item, 1, 50) == 1)
            closed |= recv (fd, byte, sizeof byte, 0) <= 0;
    }
    CHECK (closed);
    CHECK (now_ms () - start >= 150);
    close (fd);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (zero_is_no_limit)
{
    char endpoint[ENDPOINT_SIZE];
    unsigned char got[64];
    void *ctx = mk_ctx ();
    void *server = mk_server (ctx, 0, endpoint);
    const int fd = raw_connect (endpoint);
    CHECK (raw_read (fd, got, 10) == 10);
    msleep (400);
    CHECK (raw_quiet (fd));
    close (fd);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (finished_handshake_is_left_alone)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_server (ctx, 1000, endpoint), *client = mk_socket (ctx, ZMQ_DEALER);
    set_int (client, ZMQ_HANDSHAKE_IVL, 1000);
    set_int (client, ZMQ_RECONNECT_IVL, -1);
    CHECK_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    msleep (1500);
    bounce (server, client);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (silent_server)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *client = mk_socket (ctx, ZMQ_DEALER);
    const int listener = raw_listen (endpoint);
    set_int (client, ZMQ_HANDSHAKE_IVL, 200);
    set_int (client, ZMQ_RECONNECT_IVL, 10);
    CHECK_OK (zmq_connect (client, endpoint));
    for (int i = 0; i < 2; ++i) {
        const int fd = raw_accept (listener, DEADLINE_MS);
        CHECK (fd >= 0);
        CHECK (raw_wait_closed (fd));
        close (fd);
    }
    rm_socket (client);
    rm_ctx (ctx);
    close (listener);
}

CASE (monitor_tells)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, server,
                                ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
                                  | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED);
    set_int (server, ZMQ_HANDSHAKE_IVL, 100);
    bind_any (server, "tcp", endpoint);
    const int fd = raw_connect (endpoint);
    expect_event (monitor, ZMQ_EVENT_ACCEPTED);
    expect_event (monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL);
    CHECK (raw_wait_closed (fd));
    close (fd);
    rm_socket (server);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (others_are_served_meanwhile)
{
    enum { SILENT = 20 };
    char endpoint[ENDPOINT_SIZE];
    int fds[SILENT];
    void *ctx = mk_ctx ();
    void *server = mk_server (ctx, 5000, endpoint), *client = mk_socket (ctx, ZMQ_DEALER);
    for (int i = 0; i < SILENT; ++i)
        fds[i] = raw_connect (endpoint);
    CHECK_OK (zmq_connect (client, endpoint));
    for (int i = 0; i < 100; ++i)
        bounce (server, client);
    for (int i = 0; i < SILENT; ++i)
        close (fds[i]);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (silent_client);
    RUN (client_that_stops_within_the_greeting);
    RUN (client_that_drips_bytes);
    RUN (zero_is_no_limit);
    RUN (finished_handshake_is_left_alone);
    RUN (silent_server);
    RUN (monitor_tells);
    RUN (others_are_served_meanwhile);
    return harness_end ();
}
