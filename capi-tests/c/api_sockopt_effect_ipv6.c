/*
 * ZMQ_IPV6 and ZMQ_IPV4ONLY: which addresses a socket may use.
 */
#include "harness.h"

/* The port at the end of an endpoint. */
static int port_of (const char *endpoint)
{
    return atoi (strrchr (endpoint, ':') + 1);
}

CASE (two_names_of_one_option)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    CHECK_INT (opt_int (socket, ZMQ_IPV6), 0);
    CHECK_INT (opt_int (socket, ZMQ_IPV4ONLY), 1);
    set_int (socket, ZMQ_IPV6, 1);
    CHECK_INT (opt_int (socket, ZMQ_IPV4ONLY), 0);
    set_int (socket, ZMQ_IPV4ONLY, 1);
    CHECK_INT (opt_int (socket, ZMQ_IPV6), 0);
    set_int (socket, ZMQ_IPV4ONLY, 0);
    CHECK_INT (opt_int (socket, ZMQ_IPV6), 1);
    rm_socket (socket);
    rm_ctx (ctx);
}

/* A host name is left out: versions of the reference differ in whether one can bind to it. */
static const char *const addresses[] = {"tcp://127.0.0.1:*", "tcp://[127.0.0.1]:*", "tcp://*:*",
                                        "tcp://0.0.0.0:*",   "tcp://[::1]:*",       "tcp://::1:*",
                                        "tcp://[::]:*",      "tcp://lo:*",          "tcp://[::ffff:127.0.0.1]:*"};

CASE (bind_addresses)
{
    for (int on = 0; on < 2; ++on)
        for (size_t i = 0; i < sizeof addresses / sizeof *addresses; ++i) {
            char endpoint[ENDPOINT_SIZE];
            void *ctx = mk_ctx ();
            void *socket = mk_socket (ctx, ZMQ_PAIR);
            set_int (socket, ZMQ_IPV6, on);
            const int rc = zmq_bind (socket, addresses[i]);
            printf ("  ipv6=%d %s: %s", on, addresses[i], result_name (rc));
            if (rc == 0) {
                last_endpoint (socket, endpoint);
                CHECK (port_of (endpoint) > 0);
                *strrchr (endpoint, ':') = '\0';
                printf (", %s:port", endpoint);
            }
            printf ("\n");
            rm_socket (socket);
            rm_ctx (ctx);
        }
}

CASE (connect_addresses)
{
    static const char *const targets[] = {"tcp://127.0.0.1:9", "tcp://[127.0.0.1]:9", "tcp://[::1]:9",
                                          "tcp://::1:9",       "tcp://[::ffff:127.0.0.1]:9"};
    for (int on = 0; on < 2; ++on)
        for (size_t i = 0; i < sizeof targets / sizeof *targets; ++i) {
            void *ctx = mk_ctx ();
            void *socket = mk_socket (ctx, ZMQ_PAIR);
            set_int (socket, ZMQ_RECONNECT_IVL, -1);
            set_int (socket, ZMQ_IPV6, on);
            printf ("  ipv6=%d %s: ", on, targets[i]);
            printf ("%s\n", result_name (zmq_connect (socket, targets[i])));
            rm_socket (socket);
            rm_ctx (ctx);
        }
}

static void talk (const char *bind_to, int server_on, const char *connect_to, int client_on)
{
    char endpoint[ENDPOINT_SIZE], target[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
    set_int (server, ZMQ_IPV6, server_on);
    set_int (client, ZMQ_IPV6, client_on);
    CHECK_OK (zmq_bind (server, bind_to));
    last_endpoint (server, endpoint);
    snprintf (target, sizeof target, "tcp://%s:%d", connect_to, port_of (endpoint));
    CHECK_OK (zmq_connect (client, target));
    bounce (server, client);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (talk_over_ipv6)
{
    talk ("tcp://[::1]:*", 1, "[::1]", 1);
    talk ("tcp://*:*", 1, "[::1]", 1);
    talk ("tcp://[::]:*", 1, "[::1]", 1);
}

CASE (ipv6_socket_serves_ipv4)
{
    talk ("tcp://*:*", 1, "127.0.0.1", 0);
    talk ("tcp://*:*", 1, "127.0.0.1", 1);
    talk ("tcp://[::]:*", 1, "127.0.0.1", 0);
    talk ("tcp://127.0.0.1:*", 0, "127.0.0.1", 1);
}

CASE (peer_address_of_ipv6)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_t msg;
    join_sockets (server, client, "tcp6");
    send_str (client, "x", 0);
    zmq_msg_init (&msg);
    CHECK_INT (zmq_msg_recv (&msg, server, 0), 1);
    CHECK_STR (zmq_msg_gets (&msg, "Peer-Address"), "::1");
    zmq_msg_close (&msg);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (peer_address_of_ipv4_on_ipv6)
{
    char endpoint[ENDPOINT_SIZE], target[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_t msg;
    set_int (server, ZMQ_IPV6, 1);
    CHECK_OK (zmq_bind (server, "tcp://*:*"));
    last_endpoint (server, endpoint);
    snprintf (target, sizeof target, "tcp://127.0.0.1:%d", port_of (endpoint));
    CHECK_OK (zmq_connect (client, target));
    send_str (client, "x", 0);
    zmq_msg_init (&msg);
    CHECK_INT (zmq_msg_recv (&msg, server, 0), 1);
    printf ("  %s\n", zmq_msg_gets (&msg, "Peer-Address"));
    zmq_msg_close (&msg);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    if (!has_ipv6 ())
        skip_all ("no IPv6 on this machine");
    RUN (two_names_of_one_option);
    RUN (bind_addresses);
    RUN (connect_addresses);
    RUN (talk_over_ipv6);
    RUN (ipv6_socket_serves_ipv4);
    RUN (peer_address_of_ipv6);
    RUN (peer_address_of_ipv4_on_ipv6);
    return harness_end ();
}
