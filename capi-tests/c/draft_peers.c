/*
 * zmq_connect_peer and zmq_disconnect_peer (drafts): single peers of PEER and SERVER sockets.
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "harness.h"

static int send_to (void *socket, uint32_t peer, const char *text)
{
    zmq_msg_t msg;
    REQUIRE_OK (zmq_msg_init_buffer (&msg, text, strlen (text)));
    REQUIRE_OK (zmq_msg_set_routing_id (&msg, peer));
    const int rc = zmq_msg_send (&msg, socket, 0);
    const int error = zmq_errno ();
    zmq_msg_close (&msg);
    errno = error;
    return rc;
}

static uint32_t recv_from (void *socket, const char *text)
{
    zmq_msg_t msg;
    zmq_msg_init (&msg);
    CHECK_INT (zmq_msg_recv (&msg, socket, 0), strlen (text));
    const uint32_t peer = zmq_msg_routing_id (&msg);
    zmq_msg_close (&msg);
    return peer;
}

CASE (peers_are_known_at_once)
{
    static const char *const transports[] = {"tcp", "ipc", "inproc"};
    for (int t = 0; t < 3; ++t) {
        char endpoint[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *one = mk_socket (ctx, ZMQ_PEER), *two = mk_socket (ctx, ZMQ_PEER);
        bind_any (one, transports[t], endpoint);
        const uint32_t one_id = zmq_connect_peer (two, endpoint);
        CHECK (one_id != 0);
        CHECK_INT (send_to (two, one_id, "hello"), 5);
        const uint32_t two_id = recv_from (one, "hello");
        CHECK (two_id != 0);
        CHECK_INT (send_to (one, two_id, "you"), 3);
        CHECK_INT (recv_from (two, "you"), one_id);

        /* A second connection is another peer. */
        const uint32_t again = zmq_connect_peer (two, endpoint);
        CHECK (again != 0 && again != one_id);

        CHECK_OK (zmq_disconnect_peer (two, one_id));
        CHECK_ERRNO (send_to (two, one_id, "gone"), EHOSTUNREACH);
        CHECK_ERRNO (zmq_disconnect_peer (two, one_id), EHOSTUNREACH);
        CHECK_INT (send_to (two, again, "still"), 5);
        CHECK (recv_from (one, "still") != two_id);
        rm_socket (one);
        rm_socket (two);
        rm_ctx (ctx);
    }
}

CASE (server_lets_go_of_a_client)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_SERVER), *client = mk_socket (ctx, ZMQ_CLIENT);
    void *monitor = mk_monitor (ctx, client, ZMQ_EVENT_DISCONNECTED);
    bind_any (server, "tcp", endpoint);
    CHECK_OK (zmq_connect (client, endpoint));
    send_str (client, "first", 0);
    const uint32_t id = recv_from (server, "first");
    CHECK_OK (zmq_disconnect_peer (server, id));
    CHECK_ERRNO (send_to (server, id, "gone"), EHOSTUNREACH);
    /* The client comes back by itself, as somebody else. What it sends before it knows is lost. */
    CHECK (wait_event (monitor, ZMQ_EVENT_DISCONNECTED, NULL, NULL));
    send_str (client, "second", 0);
    uint32_t next = recv_from (server, "second");
    CHECK (next != id);
    CHECK_INT (send_to (server, next, "yes"), 3);
    expect_msg (client, "yes");
    rm_socket (server);
    rm_socket (client);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (refusals)
{
    void *ctx = mk_ctx ();
    void *peer = mk_socket (ctx, ZMQ_PEER), *dealer = mk_socket (ctx, ZMQ_DEALER);
    CHECK_ERRNO (zmq_connect_peer (NULL, "inproc://a") ? 0 : -1, ENOTSOCK);
    CHECK_ERRNO (zmq_connect_peer (dealer, "inproc://a") ? 0 : -1, ENOTSUP);
    CHECK_ERRNO (zmq_connect_peer (peer, "nonsense") ? 0 : -1, EINVAL);
    CHECK_ERRNO (zmq_connect_peer (peer, NULL) ? 0 : -1, EINVAL);
    CHECK_ERRNO (zmq_connect_peer (peer, "foo://a") ? 0 : -1, EPROTONOSUPPORT);
    set_int (peer, ZMQ_IMMEDIATE, 1);
    CHECK_ERRNO (zmq_connect_peer (peer, "inproc://a") ? 0 : -1, EFAULT);
    CHECK_ERRNO (zmq_disconnect_peer (NULL, 1), ENOTSOCK);
    CHECK_ERRNO (zmq_disconnect_peer (dealer, 1), ENOTSUP);
    CHECK_ERRNO (zmq_disconnect_peer (peer, 1), EHOSTUNREACH);
    rm_socket (peer);
    rm_socket (dealer);
    rm_ctx (ctx);
}

/* What ZMQ_THREAD_SAFE answers: programs go by it. */
CASE (thread_safe_types)
{
    void *ctx = mk_ctx ();
    for (int type = ZMQ_PAIR; type <= ZMQ_CHANNEL; ++type) {
        const int newer = type >= ZMQ_SERVER && type != ZMQ_DGRAM;
        void *socket = zmq_socket (ctx, type);
        if (!socket)
            continue;
        CHECK_INT (opt_int (socket, ZMQ_THREAD_SAFE), newer);
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    static const char why[] = "a draft";
    harness_begin (argc, argv);
    RUN_OURS (peers_are_known_at_once, why);
    RUN_OURS (server_lets_go_of_a_client, why);
    RUN_OURS (refusals, why);
    RUN_OURS (thread_safe_types, why);
    return harness_end ();
}
