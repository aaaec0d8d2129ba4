/*
 * ZMQ_LAST_ENDPOINT: the real address after a bind or connect, and zmq_unbind and
 * zmq_disconnect with it.
 */
#include "harness.h"
#include <locale.h>

/* Where the port was, or "" when the endpoint has none. */
static int cut_port (char *endpoint)
{
    char *colon = strrchr (endpoint, ':');
    if (strncmp (endpoint, "tcp://", 6) != 0 || !colon)
        return -1;
    const int port = atoi (colon + 1);
    char check[16];
    snprintf (check, sizeof check, "%d", port);
    CHECK_STR (colon + 1, check);
    *colon = '\0';
    return port;
}

CASE (none_yet)
{
    char endpoint[ENDPOINT_SIZE] = "untouched";
    size_t size = sizeof endpoint;
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    CHECK_OK (zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, endpoint, &size));
    CHECK_STR (endpoint, "");
    CHECK_INT (size, 1);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (wildcards)
{
    static const char *const addresses[] = {"tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "tcp://*:*", "tcp://*:0",
                                            "tcp://0.0.0.0:*",   "tcp://lo:*",        "tcp://lo:0"};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; ++i) {
        char endpoint[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *socket = mk_socket (ctx, ZMQ_PAIR);
        CHECK_OK (zmq_bind (socket, addresses[i]));
        last_endpoint (socket, endpoint);
        CHECK (cut_port (endpoint) > 0);
        printf ("  %s: %s:port\n", addresses[i], endpoint);
        rm_socket (socket);
        rm_ctx (ctx);
    }
}

CASE (port_is_the_real_one)
{
    char endpoint[ENDPOINT_SIZE], target[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
    CHECK_OK (zmq_bind (server, "tcp://*:*"));
    last_endpoint (server, endpoint);
    snprintf (target, sizeof target, "tcp://127.0.0.1:%d", cut_port (endpoint));
    CHECK_OK (zmq_connect (client, target));
    bounce (server, client);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (every_bind_and_connect_sets_it)
{
    char first[ENDPOINT_SIZE], second[ENDPOINT_SIZE], last[ENDPOINT_SIZE], dead[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_DEALER);
    bind_any (socket, "tcp", first);
    bind_any (socket, "tcp", second);
    CHECK (strcmp (first, second) != 0);
    bind_any (socket, "inproc", last);
    CHECK (strncmp (last, "inproc://zt-", 12) == 0);
    bind_any (socket, "ipc", last);
    CHECK (strncmp (last, "ipc:///", 7) == 0);
    unused_endpoint (dead);
    CHECK_OK (zmq_connect (socket, dead));
    last_endpoint (socket, last);
    CHECK_STR (last, dead);
    CHECK_OK (zmq_connect (socket, "inproc://somewhere"));
    last_endpoint (socket, last);
    CHECK_STR (last, "inproc://somewhere");
    CHECK_OK (zmq_connect (socket, "ipc:///tmp/nobody-listens-here"));
    last_endpoint (socket, last);
    CHECK_STR (last, "ipc:///tmp/nobody-listens-here");
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (failures_keep_it)
{
    char before[ENDPOINT_SIZE], after[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_DEALER), *other = mk_socket (ctx, ZMQ_DEALER);
    char taken[ENDPOINT_SIZE];
    bind_any (other, "tcp", taken);
    bind_any (socket, "tcp", before);
    CHECK_ERRNO (zmq_bind (socket, "nonsense"), EINVAL);
    CHECK_ERRNO (zmq_bind (socket, "unknown://x"), EPROTONOSUPPORT);
    CHECK_ERRNO (zmq_connect (socket, "tcp://127.0.0.1:x"), EINVAL);
    last_endpoint (socket, after);
    CHECK_STR (after, before);
    CHECK_ERRNO (zmq_bind (socket, taken), EADDRINUSE);
    last_endpoint (socket, after);
    CHECK_STR (after, before);
    rm_socket (socket);
    rm_socket (other);
    rm_ctx (ctx);
}

CASE (buffer_sizes)
{
    char endpoint[ENDPOINT_SIZE], buffer[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    bind_any (socket, "tcp", endpoint);
    const size_t needed = strlen (endpoint) + 1;
    for (size_t room = 0; room < needed; ++room) {
        size_t size = room;
        memset (buffer, '#', sizeof buffer);
        CHECK_ERRNO (zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, buffer, &size), EINVAL);
        CHECK_INT (buffer[room], '#');
    }
    for (size_t room = needed; room < sizeof buffer; room += 50) {
        size_t size = room;
        memset (buffer, '#', sizeof buffer);
        CHECK_OK (zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, buffer, &size));
        CHECK_INT (size, needed);
        CHECK_STR (buffer, endpoint);
        CHECK_INT (buffer[room], '#');
    }
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (unbind_takes_it)
{
    static const char *const transports[] = {"tcp", "ipc", "abstract", "inproc"};
    for (int t = 0; t < 4; ++t) {
        char endpoint[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *socket = mk_socket (ctx, ZMQ_DEALER), *other = mk_socket (ctx, ZMQ_DEALER);
        bind_held (socket, transports[t], endpoint);
        CHECK_OK (zmq_unbind (socket, endpoint));
        CHECK_ERRNO (zmq_unbind (socket, endpoint), ENOENT);
        /* The address is free again, if not at once. */
        CHECK (WAIT_FOR (zmq_bind (other, endpoint) == 0));
        CHECK_OK (zmq_unbind (other, endpoint));
        rm_socket (socket);
        rm_socket (other);
        rm_ctx (ctx);
    }
}

CASE (unbind_of_a_wildcard)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_DEALER);
    CHECK_OK (zmq_bind (socket, "tcp://127.0.0.1:*"));
    last_endpoint (socket, endpoint);
    CHECK_ERRNO (zmq_unbind (socket, "tcp://127.0.0.1:*"), ENOENT);
    CHECK_OK (zmq_unbind (socket, endpoint));
    CHECK_OK (zmq_bind (socket, "tcp://*:*"));
    last_endpoint (socket, endpoint);
    CHECK_OK (zmq_unbind (socket, endpoint));
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (disconnect_takes_it)
{
    static const char *const transports[] = {"tcp", "ipc", "abstract", "inproc"};
    for (int t = 0; t < 4; ++t) {
        char endpoint[ENDPOINT_SIZE], last[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
        bind_any (server, transports[t], endpoint);
        CHECK_OK (zmq_connect (client, endpoint));
        last_endpoint (client, last);
        CHECK_STR (last, endpoint);
        bounce (server, client);
        CHECK_OK (zmq_disconnect (client, last));
        CHECK_ERRNO (zmq_disconnect (client, last), ENOENT);
        rm_socket (server);
        rm_socket (client);
        rm_ctx (ctx);
    }
}

CASE (ipc_wildcard)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
    CHECK_OK (zmq_bind (server, "ipc://*"));
    last_endpoint (server, endpoint);
    CHECK (strncmp (endpoint, "ipc://", 6) == 0); /* not always an absolute path */
    CHECK (strchr (endpoint, '*') == NULL);
    CHECK_OK (access (endpoint + 6, F_OK));
    CHECK_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    CHECK_OK (zmq_unbind (server, endpoint));
    CHECK (WAIT_FOR (access (endpoint + 6, F_OK) == -1));
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (abstract_name)
{
    char endpoint[ENDPOINT_SIZE], wanted[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_PAIR);
    snprintf (wanted, sizeof wanted, "ipc://@zt-abstract-%d", (int) getpid ());
    CHECK_OK (zmq_bind (server, wanted));
    last_endpoint (server, endpoint);
    CHECK_STR (endpoint, wanted);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (source_address)
{
    char endpoint[ENDPOINT_SIZE], target[2 * ENDPOINT_SIZE], last[2 * ENDPOINT_SIZE];
    size_t size = sizeof last;
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
    bind_any (server, "tcp", endpoint);
    snprintf (target, sizeof target, "tcp://127.0.0.1:0;%s", endpoint + 6);
    CHECK_OK (zmq_connect (client, target));
    CHECK_OK (zmq_getsockopt (client, ZMQ_LAST_ENDPOINT, last, &size));
    CHECK_STR (last, target);
    bounce (server, client);
    CHECK_OK (zmq_disconnect (client, target));
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (no_thousands_separators)
{
    /* Whatever the program's locale says about numbers. */
    static const char *const locales[] = {"C", "en_US.UTF-8", "de_DE.UTF-8", "de_CH.UTF-8", ""};
    for (size_t i = 0; i < sizeof locales / sizeof *locales; ++i) {
        char endpoint[ENDPOINT_SIZE];
        if (!setlocale (LC_ALL, locales[i]))
            continue;
        void *ctx = mk_ctx ();
        void *socket = mk_socket (ctx, ZMQ_PAIR);
        bind_any (socket, "tcp", endpoint);
        CHECK_INT (strspn (endpoint + 6, "0123456789.:"), strlen (endpoint + 6));
        CHECK (cut_port (endpoint) > 0);
        rm_socket (socket);
        rm_ctx (ctx);
    }
    setlocale (LC_ALL, "C");
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (none_yet);
    RUN (wildcards);
    RUN (port_is_the_real_one);
    RUN (every_bind_and_connect_sets_it);
    RUN (failures_keep_it);
    RUN (buffer_sizes);
    RUN (unbind_takes_it);
    RUN (unbind_of_a_wildcard);
    RUN (disconnect_takes_it);
    RUN (ipc_wildcard);
    RUN (abstract_name);
    RUN (source_address);
    RUN (no_thousands_separators);
    return harness_end ();
}
