/*
 * Names of endpoints: by which ones a bind or connect can be taken back, names that are not UTF-8,
 * and which one a monitor tells.
 */
#include "harness.h"

/* `endpoint` with `port` for %s. */
static void with_port (char *endpoint, const char *pattern, const char *port)
{
    const char *place = strstr (pattern, "%s");
    snprintf (endpoint, ENDPOINT_SIZE, "%.*s%s", (int) (place - pattern), pattern, port);
}

CASE (unbind_by_other_names)
{
    static const char *const bound[] = {"tcp://127.0.0.1:*", "tcp://*:*", "tcp://lo:*"};
    static const char *const names[] = {"tcp://localhost:%s", "tcp://127.0.0.1:%s", "tcp://lo:%s",
                                        "tcp://*:%s", "tcp://0.0.0.0:%s", "tcp://[::]:%s",
                                        "tcp://[::ffff:127.0.0.1]:%s", "tcp://127.1:%s",
                                        "tcp://127.0.0.1:0%s", "ipc://%s", "nonsense:%s", "udp://127.0.0.1:%s"};
    for (size_t b = 0; b < sizeof bound / sizeof *bound; ++b)
        for (size_t n = 0; n < sizeof names / sizeof *names; ++n) {
            char endpoint[ENDPOINT_SIZE], name[ENDPOINT_SIZE];
            void *ctx = mk_ctx ();
            void *socket = mk_socket (ctx, ZMQ_PULL);
            CHECK_OK (zmq_bind (socket, bound[b]));
            last_endpoint (socket, endpoint);
            with_port (name, names[n], strrchr (endpoint, ':') + 1);
            printf ("  %s by %s: %s\n", bound[b], names[n], result_name (zmq_unbind (socket, name)));
            rm_socket (socket);
            rm_ctx (ctx);
        }
}

CASE (unbind_with_ipv6)
{
    static const char *const names[] = {"tcp://127.0.0.1:%s", "tcp://[::ffff:127.0.0.1]:%s", "tcp://[::1]:%s",
                                        "tcp://127.1:%s"};
    for (size_t n = 0; n < sizeof names / sizeof *names; ++n) {
        char endpoint[ENDPOINT_SIZE], name[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *socket = mk_socket (ctx, ZMQ_PULL);
        set_int (socket, ZMQ_IPV6, 1);
        CHECK_OK (zmq_bind (socket, "tcp://127.0.0.1:*"));
        last_endpoint (socket, endpoint);
        with_port (name, names[n], strrchr (endpoint, ':') + 1);
        printf ("  by %s: %s\n", names[n], result_name (zmq_unbind (socket, name)));
        rm_socket (socket);
        rm_ctx (ctx);
    }
}

CASE (disconnect_by_other_names)
{
    static const char *const pairs[][2] = {{"tcp://127.0.0.1:%s", "tcp://localhost:%s"},
                                           {"tcp://localhost:%s", "tcp://127.0.0.1:%s"},
                                           {"tcp://127.0.0.1:%s", "tcp://127.0.0.1:0%s"},
                                           {"tcp://127.0.0.1:0%s", "tcp://127.0.0.1:%s"},
                                           {"tcp://lo:1;127.0.0.1:%s", "tcp://127.0.0.1:%s"},
                                           {"tcp://127.0.0.1:%s", "tcp://lo:1;127.0.0.1:%s"}};
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; ++p) {
        char unused[ENDPOINT_SIZE], first[ENDPOINT_SIZE], second[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *socket = mk_socket (ctx, ZMQ_PUSH);
        unused_endpoint (unused);
        with_port (first, pairs[p][0], strrchr (unused, ':') + 1);
        with_port (second, pairs[p][1], strrchr (unused, ':') + 1);
        CHECK_OK (zmq_connect (socket, first));
        printf ("  %s by %s: %s\n", pairs[p][0], pairs[p][1], result_name (zmq_disconnect (socket, second)));
        rm_socket (socket);
        rm_ctx (ctx);
    }
}

/* A name that was given for a bind is good for taking it back. */
CASE (unbind_by_the_name_given)
{
    char unused[ENDPOINT_SIZE], name[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PULL);
    unused_endpoint (unused);
    with_port (name, "tcp://localhost:%s", strrchr (unused, ':') + 1);
    CHECK_OK (zmq_bind (socket, name));
    CHECK_OK (zmq_unbind (socket, name));
    CHECK_ERRNO (zmq_unbind (socket, name), ENOENT);
    rm_socket (socket);
    rm_ctx (ctx);
}

/* Paths are bytes, and so are inproc names. */
CASE (names_that_are_not_utf8)
{
    char path[128], endpoint[ENDPOINT_SIZE];
    unique_path (path, sizeof path);
    for (int t = 0; t < 3; ++t) {
        static const char *const schemes[] = {"ipc://", "ipc://@", "inproc://"};
        char name[ENDPOINT_SIZE];
        snprintf (name, sizeof name, "%s%s\xff\x80\xfe", schemes[t], path);
        void *ctx = mk_ctx ();
        void *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
        CHECK_OK (zmq_bind (server, name));
        last_endpoint (server, endpoint);
        CHECK_STR (endpoint, name);
        CHECK_OK (zmq_connect (client, name));
        bounce (server, client);
        CHECK_OK (zmq_disconnect (client, name));
        CHECK_OK (zmq_unbind (server, name));
        rm_socket (server);
        rm_socket (client);
        rm_ctx (ctx);
        if (t == 0 && !ON_REFERENCE ("removes the file some time later"))
            CHECK_INT (access (name + strlen ("ipc://"), F_OK), -1);
    }
}

/* Of a connection that came to a wildcard a monitor tells the address that it came to. */
CASE (address_of_an_accepted_connection)
{
    static const char *const bound[] = {"tcp://*:*", "tcp://127.0.0.1:*"};
    for (size_t b = 0; b < sizeof bound / sizeof *bound; ++b) {
        char endpoint[ENDPOINT_SIZE], target[ENDPOINT_SIZE], address[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
        void *monitor = mk_monitor (ctx, server, ZMQ_EVENT_ALL);
        CHECK_OK (zmq_bind (server, bound[b]));
        last_endpoint (server, endpoint);
        with_port (target, "tcp://127.0.0.1:%s", strrchr (endpoint, ':') + 1);
        CHECK_OK (zmq_connect (client, target));
        bounce (server, client);
        CHECK (wait_event (monitor, ZMQ_EVENT_LISTENING, NULL, address));
        CHECK_STR (address, endpoint);
        CHECK (wait_event (monitor, ZMQ_EVENT_ACCEPTED, NULL, address));
        CHECK_STR (address, target);
        CHECK (wait_event (monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, NULL, address));
        CHECK_STR (address, target);
        rm_socket (server);
        rm_socket (client);
        rm_socket (monitor);
        rm_ctx (ctx);
    }
}

/* Some types do not connect to an endpoint that they have bound; the call succeeds. */
CASE (connect_to_oneself)
{
    static const int types[] = {ZMQ_DEALER, ZMQ_REQ};
    static const char *const transports[] = {"tcp", "ipc"};
    for (int i = 0; i < 4; ++i) {
        char endpoint[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *socket = mk_socket (ctx, types[i / 2]);
        bind_any (socket, transports[i % 2], endpoint);
        CHECK_OK (zmq_connect (socket, endpoint));
        CHECK_ERRNO (zmq_send (socket, "x", 1, ZMQ_DONTWAIT), EAGAIN);
        CHECK_OK (zmq_unbind (socket, endpoint));
        CHECK_ERRNO (zmq_disconnect (socket, endpoint), ENOENT);
        /* It is not its own any more: what is sent waits for whoever comes. */
        CHECK_OK (zmq_connect (socket, endpoint));
        CHECK_INT (zmq_send (socket, "x", 1, ZMQ_DONTWAIT), 1);
        rm_socket (socket);
        rm_ctx (ctx);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (unbind_by_other_names);
    RUN (unbind_with_ipv6);
    RUN (disconnect_by_other_names);
    RUN_OURS (unbind_by_the_name_given, "the reference binds to addresses and interfaces only");
    RUN (names_that_are_not_utf8);
    RUN (address_of_an_accepted_connection);
    RUN (connect_to_oneself);
    return harness_end ();
}
