/*
 * zmq_msg_more, zmq_msg_get, zmq_msg_set and zmq_msg_gets: frame properties and the metadata
 * of the connection that a message came from.
 */
#include "harness.h"
#include <limits.h>

/* Receives one message into `msg`. */
static void take (void *socket, zmq_msg_t *msg)
{
    zmq_msg_init (msg);
    REQUIRE (zmq_msg_recv (msg, socket, 0) >= 0);
}

CASE (fresh_message)
{
    zmq_msg_t msg;
    zmq_msg_init (&msg);
    CHECK_INT (zmq_msg_more (&msg), 0);
    CHECK_INT (zmq_msg_get (&msg, ZMQ_MORE), 0);
    CHECK_INT (zmq_msg_get (&msg, ZMQ_SHARED), 0);
    CHECK_ERRNO (zmq_msg_get (&msg, ZMQ_SRCFD), EINVAL);
    zmq_msg_close (&msg);
}

CASE (unknown_properties)
{
    const int unknown[] = {INT_MIN, -1, 0, 4, 5, 100, INT_MAX};
    zmq_msg_t msg;
    zmq_msg_init (&msg);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; ++i) {
        CHECK_ERRNO (zmq_msg_get (&msg, unknown[i]), EINVAL);
        CHECK_ERRNO (zmq_msg_set (&msg, unknown[i], 1), EINVAL);
    }
    zmq_msg_close (&msg);
}

CASE (nothing_can_be_set)
{
    zmq_msg_t msg;
    zmq_msg_init_size (&msg, 5);
    CHECK_ERRNO (zmq_msg_set (&msg, ZMQ_MORE, 1), EINVAL);
    CHECK_ERRNO (zmq_msg_set (&msg, ZMQ_SRCFD, 1), EINVAL);
    CHECK_ERRNO (zmq_msg_set (&msg, ZMQ_SHARED, 1), EINVAL);
    CHECK_INT (zmq_msg_get (&msg, ZMQ_MORE), 0);
    zmq_msg_close (&msg);
}

static void more_over (const char *transport)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    join_sockets (a, b, transport);
    send_multi (a, 4, "one", "", "three", "");
    send_str (a, "single", 0);
    for (int i = 0; i < 5; ++i) {
        zmq_msg_t msg;
        take (b, &msg);
        CHECK_INT (zmq_msg_more (&msg), i < 3);
        CHECK_INT (zmq_msg_get (&msg, ZMQ_MORE), i < 3);
        CHECK_INT (opt_int (b, ZMQ_RCVMORE), i < 3);
        zmq_msg_close (&msg);
    }
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (more_of_received_frames)
{
    more_over ("inproc");
    more_over ("tcp");
    more_over ("ipc");
}

CASE (more_travels_with_move_and_copy)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_t msg, other;
    join_sockets (a, b, "inproc");
    send_multi (a, 2, "one", "two");
    take (b, &msg);
    zmq_msg_init (&other);
    CHECK_OK (zmq_msg_copy (&other, &msg));
    CHECK_INT (zmq_msg_more (&other), 1);
    CHECK_OK (zmq_msg_move (&other, &msg));
    CHECK_INT (zmq_msg_more (&other), 1);
    CHECK_INT (zmq_msg_more (&msg), 0);
    zmq_msg_close (&msg);
    zmq_msg_close (&other);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (shared_flag_of_buffers)
{
    static char text[] = "0123456789012345678901234567890123456789";
    zmq_msg_t msg, copy;
    zmq_msg_init_data (&msg, text, sizeof text, NULL, NULL);
    CHECK_INT (zmq_msg_get (&msg, ZMQ_SHARED), 1);
    zmq_msg_init (&copy);
    zmq_msg_copy (&copy, &msg);
    CHECK_INT (zmq_msg_get (&copy, ZMQ_SHARED), 1);
    zmq_msg_close (&msg);
    zmq_msg_close (&copy);
}

CASE (source_descriptor_over_tcp)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_REP), *client = mk_socket (ctx, ZMQ_REQ);
    zmq_msg_t msg;
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    join_sockets (server, client, "tcp");
    send_str (client, "where am I?", 0);
    take (server, &msg);
    const int fd = zmq_msg_get (&msg, ZMQ_SRCFD);
    CHECK (fd >= 0);
    CHECK_OK (getpeername (fd, (struct sockaddr *) &peer, &size));
    CHECK_INT (peer.sin_family, AF_INET);
    CHECK_INT (ntohl (peer.sin_addr.s_addr), INADDR_LOOPBACK);
    zmq_msg_close (&msg);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (source_descriptor_over_ipc)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_t msg;
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    join_sockets (server, client, "ipc");
    send_str (client, "x", 0);
    take (server, &msg);
    const int fd = zmq_msg_get (&msg, ZMQ_SRCFD);
    CHECK (fd >= 0);
    CHECK_OK (getpeername (fd, (struct sockaddr *) &peer, &size));
    CHECK_INT (peer.ss_family, AF_UNIX);
    zmq_msg_close (&msg);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (source_descriptor_over_inproc)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_t msg;
    join_sockets (a, b, "inproc");
    send_str (a, "x", 0);
    take (b, &msg);
    CHECK_ERRNO (zmq_msg_get (&msg, ZMQ_SRCFD), EINVAL);
    zmq_msg_close (&msg);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

static void show (zmq_msg_t *msg, const char *property)
{
    errno = 0;
    const char *value = zmq_msg_gets (msg, property);
    if (value)
        printf ("    %s = \"%s\"\n", property, value);
    else
        printf ("    %s: %s\n", property, err_name (zmq_errno ()));
}

/* "Routing-Id" has a case of its own. */
static const char *const names[] = {"Socket-Type", "Identity", "User-Id",
                                    "socket-type", "SOCKET-TYPE", "X-Unknown", "", "Socket-Type "};

static void show_all (zmq_msg_t *msg)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
        show (msg, names[i]);
}

CASE (metadata_of_a_fresh_message)
{
    zmq_msg_t msg;
    zmq_msg_init_size (&msg, 10);
    show_all (&msg);
    zmq_msg_close (&msg);
}

CASE (metadata_over_every_transport)
{
    static const char *const transports[] = {"tcp", "ipc", "inproc"};
    for (int i = 0; i < 3; ++i) {
        void *ctx = mk_ctx ();
        void *server = mk_socket (ctx, ZMQ_ROUTER), *client = mk_socket (ctx, ZMQ_DEALER);
        zmq_msg_t id, body;
        set_str (client, ZMQ_ROUTING_ID, "the-client");
        join_sockets (server, client, transports[i]);
        send_str (client, "hello", 0);
        take (server, &id);
        take (server, &body);
        printf ("  %s, body:\n", transports[i]);
        show_all (&body);
        if (strcmp (transports[i], "ipc") == 0) {
            char expected[128];
            snprintf (expected, sizeof expected, "localhost:%u:%u:%u", (unsigned) getuid (),
                      (unsigned) getgid (), (unsigned) getpid ());
            CHECK_STR (zmq_msg_gets (&body, "Peer-Address"), expected);
        } else
            show (&body, "Peer-Address");
        zmq_msg_close (&id);
        zmq_msg_close (&body);
        rm_socket (server);
        rm_socket (client);
        rm_ctx (ctx);
    }
}

CASE (routing_id_by_both_names)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    zmq_msg_t msg;
    set_str (client, ZMQ_ROUTING_ID, "the-client");
    join_sockets (server, client, "tcp");
    send_str (client, "hello", 0);
    take (server, &msg);
    CHECK_STR (zmq_msg_gets (&msg, "Identity"), "the-client");
    CHECK_STR (zmq_msg_gets (&msg, "Routing-Id"), "the-client");
    zmq_msg_close (&msg);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (metadata_of_every_frame)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_PULL), *client = mk_socket (ctx, ZMQ_PUSH);
    join_sockets (server, client, "tcp");
    send_multi (client, 3, "a", "b", "c");
    for (int i = 0; i < 3; ++i) {
        zmq_msg_t msg;
        take (server, &msg);
        CHECK_STR (zmq_msg_gets (&msg, "Socket-Type"), "PUSH");
        CHECK_NULL_ERRNO (zmq_msg_gets (&msg, "Identity"), EINVAL);
        CHECK_STR (zmq_msg_gets (&msg, "Peer-Address"), "127.0.0.1");
        zmq_msg_close (&msg);
    }
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (socket_type_of_every_pair)
{
    static const struct
    {
        int server, client;
    } pairs[] = {{ZMQ_PAIR, ZMQ_PAIR},     {ZMQ_DEALER, ZMQ_DEALER}, {ZMQ_DEALER, ZMQ_ROUTER},
                 {ZMQ_DEALER, ZMQ_REP},    {ZMQ_REP, ZMQ_REQ},       {ZMQ_REP, ZMQ_DEALER},
                 {ZMQ_ROUTER, ZMQ_REQ},    {ZMQ_PULL, ZMQ_PUSH},     {ZMQ_SUB, ZMQ_PUB},
                 {ZMQ_XSUB, ZMQ_PUB},      {ZMQ_SUB, ZMQ_XPUB}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; ++i) {
        void *ctx = mk_ctx ();
        void *server = mk_socket (ctx, pairs[i].server), *client = mk_socket (ctx, pairs[i].client);
        const int publishes = pairs[i].client == ZMQ_PUB || pairs[i].client == ZMQ_XPUB;
        const int asked = pairs[i].client == ZMQ_REP || pairs[i].client == ZMQ_ROUTER;
        zmq_msg_t msg;
        if (pairs[i].server == ZMQ_SUB)
            set_str (server, ZMQ_SUBSCRIBE, "");
        join_sockets (server, client, "tcp");
        if (pairs[i].server == ZMQ_XSUB)
            CHECK_INT (zmq_send (server, "\1", 1, 0), 1);
        if (publishes)
            sync_pub_sub (client, server, "topic");
        if (asked) {
            char id[16];
            int id_size;
            if (pairs[i].client == ZMQ_REP)
                send_str (server, "", ZMQ_SNDMORE);
            send_str (server, "request", 0);
            if (pairs[i].client == ZMQ_ROUTER) {
                id_size = zmq_recv (client, id, sizeof id, 0);
                expect_msg (client, "request");
                CHECK_INT (zmq_send (client, id, (size_t) id_size, ZMQ_SNDMORE), id_size);
            } else
                expect_msg (client, "request");
        }
        if (pairs[i].server == ZMQ_REP && pairs[i].client == ZMQ_DEALER)
            send_str (client, "", ZMQ_SNDMORE);
        send_str (client, "topic", 0);
        take (server, &msg);
        printf ("  %s receives from", type_name (pairs[i].server));
        printf (" %s\n", zmq_msg_gets (&msg, "Socket-Type"));
        zmq_msg_close (&msg);
        rm_socket (server);
        rm_socket (client);
        rm_ctx (ctx);
    }
}

CASE (value_lives_as_long_as_the_message)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    zmq_msg_t msg, copy;
    join_sockets (server, client, "tcp");
    send_str (client, "hello", 0);
    take (server, &msg);
    const char *type = zmq_msg_gets (&msg, "Socket-Type");
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
    CHECK_STR (type, "DEALER");
    CHECK_STR (zmq_msg_gets (&msg, "Socket-Type"), "DEALER");
    zmq_msg_init (&copy);
    CHECK_OK (zmq_msg_copy (&copy, &msg));
    zmq_msg_close (&msg);
    CHECK_STR (zmq_msg_gets (&copy, "Socket-Type"), "DEALER");
    zmq_msg_close (&copy);
}

CASE (metadata_is_not_sent_on)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PUSH), *b = mk_socket (ctx, ZMQ_PULL);
    void *c = mk_socket (ctx, ZMQ_DEALER), *d = mk_socket (ctx, ZMQ_DEALER);
    zmq_msg_t msg;
    join_sockets (b, a, "tcp");
    join_sockets (d, c, "tcp");
    send_str (a, "forward me", 0);
    take (b, &msg);
    CHECK_STR (zmq_msg_gets (&msg, "Socket-Type"), "PUSH");
    CHECK (zmq_msg_send (&msg, c, 0) >= 0);
    take (d, &msg);
    CHECK_STR (zmq_msg_gets (&msg, "Socket-Type"), "DEALER");
    zmq_msg_close (&msg);
    rm_socket (a);
    rm_socket (b);
    rm_socket (c);
    rm_socket (d);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (fresh_message);
    RUN (unknown_properties);
    RUN (nothing_can_be_set);
    RUN (more_of_received_frames);
    RUN (more_travels_with_move_and_copy);
    RUN (shared_flag_of_buffers);
    RUN (source_descriptor_over_tcp);
    RUN (source_descriptor_over_ipc);
    RUN (source_descriptor_over_inproc);
    RUN (metadata_of_a_fresh_message);
    RUN (metadata_over_every_transport);
    RUN_OURS (routing_id_by_both_names, "the reference knows only the older name, unlike its manual");
    RUN (metadata_of_every_frame);
    RUN (socket_type_of_every_pair);
    RUN (value_lives_as_long_as_the_message);
    RUN (metadata_is_not_sent_on);
    return harness_end ();
}
