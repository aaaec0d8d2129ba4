/*
 * The older names zmq_sendmsg and zmq_recvmsg: like zmq_msg_send and zmq_msg_recv with the
 * first two arguments the other way round.
 */
#include "harness.h"

static void mk_msg (zmq_msg_t *msg, const char *text)
{
    CHECK_OK (zmq_msg_init_size (msg, strlen (text)));
    memcpy (zmq_msg_data (msg), text, strlen (text));
}

CASE (round_trip_over_every_transport)
{
    static const char *const transports[] = {"inproc", "tcp", "ipc"};
    for (int t = 0; t < 3; ++t) {
        void *ctx = mk_ctx ();
        void *a = mk_socket (ctx, ZMQ_DEALER), *b = mk_socket (ctx, ZMQ_DEALER);
        zmq_msg_t msg;
        join_sockets (a, b, transports[t]);
        mk_msg (&msg, "first");
        CHECK_INT (zmq_sendmsg (a, &msg, ZMQ_SNDMORE), 5);
        CHECK_INT (zmq_msg_size (&msg), 0);
        CHECK_OK (zmq_msg_close (&msg));
        mk_msg (&msg, "second!");
        CHECK_INT (zmq_sendmsg (a, &msg, 0), 7);
        zmq_msg_init (&msg);
        CHECK_INT (zmq_recvmsg (b, &msg, 0), 5);
        CHECK_INT (zmq_msg_more (&msg), 1);
        CHECK_MEM (zmq_msg_data (&msg), "first", 5);
        CHECK_INT (zmq_recvmsg (b, &msg, 0), 7);
        CHECK_INT (zmq_msg_more (&msg), 0);
        CHECK_MEM (zmq_msg_data (&msg), "second!", 7);
        zmq_msg_close (&msg);
        rm_socket (a);
        rm_socket (b);
        rm_ctx (ctx);
    }
}

CASE (errors)
{
    void *ctx = mk_ctx ();
    zmq_msg_t msg;
    mk_msg (&msg, "kept");
    for (int type = ZMQ_PAIR; type <= ZMQ_PUSH; ++type) {
        void *socket = mk_socket (ctx, type);
        if (type != ZMQ_PUB && type != ZMQ_ROUTER) {
            const int rc = zmq_sendmsg (socket, &msg, ZMQ_DONTWAIT);
            printf ("  %s: send %s", type_name (type), result_name (rc));
            CHECK_INT (zmq_msg_size (&msg), 4);
        } else
            printf ("  %s: send -", type_name (type));
        zmq_msg_t got;
        zmq_msg_init (&got);
        const int rc = zmq_recvmsg (socket, &got, ZMQ_DONTWAIT);
        printf (", receive %s\n", result_name (rc));
        zmq_msg_close (&got);
        rm_socket (socket);
    }
    CHECK_OK (zmq_msg_close (&msg));
    rm_ctx (ctx);
}

CASE (mixed_with_the_other_functions)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_t msg;
    char buffer[16];
    join_sockets (a, b, "tcp");
    mk_msg (&msg, "1");
    CHECK_INT (zmq_sendmsg (a, &msg, ZMQ_SNDMORE), 1);
    CHECK_INT (zmq_send (a, "22", 2, ZMQ_SNDMORE), 2);
    mk_msg (&msg, "333");
    CHECK_INT (zmq_msg_send (&msg, a, ZMQ_SNDMORE), 3);
    CHECK_INT (zmq_send_const (a, "4444", 4, 0), 4);
    zmq_msg_init (&msg);
    CHECK_INT (zmq_recv (b, buffer, sizeof buffer, 0), 1);
    CHECK_INT (zmq_recvmsg (b, &msg, 0), 2);
    CHECK_INT (zmq_recv (b, buffer, sizeof buffer, 0), 3);
    CHECK_INT (zmq_msg_recv (&msg, b, 0), 4);
    CHECK_INT (zmq_msg_more (&msg), 0);
    zmq_msg_close (&msg);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (timeouts)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    zmq_msg_t msg;
    set_int (push, ZMQ_SNDTIMEO, 20);
    set_int (pull, ZMQ_RCVTIMEO, 20);
    mk_msg (&msg, "kept");
    CHECK_ERRNO (zmq_sendmsg (push, &msg, 0), EAGAIN);
    CHECK_INT (zmq_msg_size (&msg), 4);
    zmq_msg_close (&msg);
    zmq_msg_init (&msg);
    CHECK_ERRNO (zmq_recvmsg (pull, &msg, 0), EAGAIN);
    zmq_msg_close (&msg);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (round_trip_over_every_transport);
    RUN (errors);
    RUN (mixed_with_the_other_functions);
    RUN (timeouts);
    return harness_end ();
}
