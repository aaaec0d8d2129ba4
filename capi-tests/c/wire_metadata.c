/*
 * Connection metadata (RFC 37 "Connection Metadata", zmq_msg_gets(3)): what READY tells the peer,
 * and which of the peer's properties a received message knows.
 */
#include "pat_common.h"
#include "wire_peer.h"

/* Receives one message and compares one of its properties (NULL: it must not have it). */
static void check_property (void *socket, const char *name, const char *expected)
{
    zmq_msg_t msg;
    REQUIRE_OK (zmq_msg_init (&msg));
    REQUIRE (zmq_msg_recv (&msg, socket, 0) >= 0);
    if (expected)
        CHECK_STR (zmq_msg_gets (&msg, name), expected);
    else
        CHECK_NULL_ERRNO (zmq_msg_gets (&msg, name), EINVAL);
    CHECK_OK (zmq_msg_close (&msg));
}

/* READY: every type names itself; an identity is told by those that may have one. */
CASE (what_ready_says)
{
    static wire_frame_t ready;
    for (int i = 0; i < WIRE_TYPES; ++i)
        for (int with_id = 0; with_id < 2; ++with_id) {
            const int type = wire_types[i].type;
            void *ctx = mk_ctx (), *socket = mk_socket (ctx, type);
            char endpoint[ENDPOINT_SIZE];
            size_t size = 0;
            if (with_id)
                set_str (socket, ZMQ_ROUTING_ID, "who");
            bind_any (socket, "tcp", endpoint);
            const int fd = raw_connect (endpoint);
            wire_handshake_id (fd, 1, wire_types[i].peer_name, NULL, wire_types[i].name, &ready);
            const unsigned char *id = wire_property (&ready, "Identity", &size);
            if (type == ZMQ_REQ || type == ZMQ_DEALER || type == ZMQ_ROUTER) {
                CHECK_INT (size, with_id ? 3 : 0);
                CHECK (!with_id || (id && memcmp (id, "who", 3) == 0));
            }
            rm_socket (socket);
            rm_ctx (ctx);
            close (fd);
        }
}

/* Says READY in one of several legal ways to a ROUTER, which must understand all of it. */
static void check_ready_forms (int first_form, int last_form)
{
    static wire_buf_t buf, data;
    static wire_frame_t ready;
    for (int i = first_form; i <= last_form; ++i) {
        void *ctx = mk_ctx (), *router = mk_socket (ctx, ZMQ_ROUTER);
        char endpoint[ENDPOINT_SIZE], large[300];
        bind_any (router, "tcp", endpoint);
        const int fd = raw_connect (endpoint);
        memset (large, 'L', sizeof large);
        buf.size = data.size = 0;
        wire_put_greeting (&buf, 3, 1, "NULL");
        if (i == 1)
            wire_put_property (&data, "X-Large", large, sizeof large); /* makes a long command */
        if (i == 2)
            wire_put_property (&data, "Identity", "first", 5);
        wire_put_property (&data, i == 3 ? "sOCKET-tYPE" : "Socket-Type", "DEALER", 6);
        if (i != 2)
            wire_put_property (&data, i == 3 ? "IDENTITY" : "Identity", "first", 5);
        wire_put_property (&data, "X-Empty", "", 0);
        wire_put_property (&data, "Resource", "a/b", 3);
        wire_put_command (&buf, "READY", data.data, data.size);
        REQUIRE (wire_flush (fd, &buf));
        wire_check_greeting (fd);
        wire_check_ready (fd, "ROUTER", &ready);
        REQUIRE (wire_send (fd, 0, "hello", 5));
        expect_multi (router, 2, "first", "hello");
        rm_socket (router);
        rm_ctx (ctx);
        close (fd);
    }
}

/* Unknown properties are ignored, order means nothing, the command may be a long one. */
CASE (what_ready_may_say)
{
    check_ready_forms (0, 2);
}

CASE (names_in_any_case)
{
    check_ready_forms (3, 3);
}

CASE (properties_of_a_message)
{
    static wire_buf_t buf, data;
    static wire_frame_t ready;
    void *ctx = mk_ctx (), *dealer = mk_socket (ctx, ZMQ_DEALER);
    char endpoint[ENDPOINT_SIZE];
    bind_any (dealer, "tcp", endpoint);
    const int fd = raw_connect (endpoint);
    buf.size = data.size = 0;
    wire_put_greeting (&buf, 3, 1, "NULL");
    wire_put_property (&data, "Socket-Type", "ROUTER", 6);
    wire_put_property (&data, "Identity", "peer", 4);
    wire_put_property (&data, "X-colour", "green", 5);
    wire_put_property (&data, "X-empty", "", 0);
    wire_put_command (&buf, "READY", data.data, data.size);
    REQUIRE (wire_flush (fd, &buf));
    wire_check_greeting (fd);
    wire_check_ready (fd, "DEALER", &ready);
    static const char *const expected[][2] = {
      {"Socket-Type", "ROUTER"}, {"Identity", "peer"},    {"Peer-Address", "127.0.0.1"},
      {"X-colour", "green"},     {"X-empty", ""},         {"X-unknown", NULL},
      {"User-Id", NULL},         {"No-Such-Thing", NULL}, {"", NULL}};
    for (int i = 0; i < 9; ++i) {
        REQUIRE (wire_send (fd, 0, "hello", 5));
        check_property (dealer, expected[i][0], expected[i][1]);
    }
    rm_socket (dealer);
    rm_ctx (ctx);
    close (fd);
}

/* "Identity" is the old name of "Routing-Id". */
CASE (routing_id_of_a_message)
{
    const pair_t p = new_pair (ZMQ_DEALER, ZMQ_DEALER);
    set_str (p.client, ZMQ_ROUTING_ID, "me");
    join_sockets (p.server, p.client, "tcp");
    for (int i = 0; i < 2; ++i) {
        send_str (p.client, "hello", 0);
        check_property (p.server, i ? "Identity" : "Routing-Id", "me");
    }
    close_pair (p);
}

/* The properties belong to every frame, and to a copy as long as it lives. */
CASE (frames_and_copies)
{
    const pair_t p = new_pair (ZMQ_ROUTER, ZMQ_REQ);
    zmq_msg_t msg, copy, moved;
    set_str (p.client, ZMQ_ROUTING_ID, "me");
    join_sockets (p.server, p.client, "tcp");
    send_multi (p.client, 2, "one", "two");
    expect_part (p.server, "me");
    expect_part (p.server, "");
    check_property (p.server, "Socket-Type", "REQ");
    REQUIRE_OK (zmq_msg_init (&msg));
    REQUIRE_OK (zmq_msg_init (&copy));
    REQUIRE_OK (zmq_msg_init (&moved));
    REQUIRE (zmq_msg_recv (&msg, p.server, 0) == 3);
    CHECK_STR (zmq_msg_gets (&msg, "Identity"), "me");
    CHECK_OK (zmq_msg_copy (&copy, &msg));
    CHECK_OK (zmq_msg_close (&msg));
    close_pair (p);
    CHECK_STR (zmq_msg_gets (&copy, "Identity"), "me");
    CHECK_OK (zmq_msg_move (&moved, &copy));
    CHECK_STR (zmq_msg_gets (&moved, "Socket-Type"), "REQ");
    CHECK_NULL_ERRNO (zmq_msg_gets (&copy, "Socket-Type"), EINVAL);
    CHECK_OK (zmq_msg_close (&moved));
    CHECK_OK (zmq_msg_close (&copy));
}

/* Without a connection there is nothing to know: a new message, and one over inproc. */
CASE (no_connection)
{
    const pair_t p = open_pair (ZMQ_PAIR, ZMQ_PAIR, "inproc");
    zmq_msg_t msg;
    REQUIRE_OK (zmq_msg_init (&msg));
    CHECK_NULL_ERRNO (zmq_msg_gets (&msg, "Socket-Type"), EINVAL);
    CHECK_OK (zmq_msg_close (&msg));
    send_str (p.client, "hello", 0);
    check_property (p.server, "Socket-Type", NULL);
    send_str (p.client, "hello", 0);
    check_property (p.server, "Peer-Address", NULL);
    close_pair (p);
}

/* 2.0 has no properties. */
CASE (old_peers)
{
    static wire_buf_t buf;
    void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL);
    char endpoint[ENDPOINT_SIZE];
    bind_any (pull, "tcp", endpoint);
    const int fd = raw_connect (endpoint);
    buf.size = 0;
    wire_put_greeting_2 (&buf, 8, "");
    wire_put_frame (&buf, 0, "hello", 5);
    REQUIRE (wire_flush (fd, &buf));
    check_property (pull, "X-anything", NULL);
    rm_socket (pull);
    rm_ctx (ctx);
    close (fd);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (what_ready_says);
    RUN (what_ready_may_say);
    RUN_OURS (names_in_any_case, "RFC 37 ignores case, the reference does not for Identity");
    RUN (properties_of_a_message);
    RUN_OURS (routing_id_of_a_message, "4.3.4 knows only the old name, the manual both");
    RUN (frames_and_copies);
    RUN (no_connection);
    RUN (old_peers);
    return harness_end ();
}
