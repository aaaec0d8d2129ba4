/*
 * Every function that takes a socket, with NULL, with memory that is no socket, with a context,
 * and with a socket that is closed already: an errno, never a crash.
 */
#include "harness.h"
#include <sys/uio.h>

/* All functions that take one socket must refuse this one with ENOTSOCK. */
static void refuse_everywhere (void *bad)
{
    char buffer[8] = "";
    int value = 0;
    size_t size = sizeof value, count = 1;
    struct iovec part = {buffer, sizeof buffer};
    zmq_msg_t msg;
    CHECK_ERRNO (zmq_close (bad), ENOTSOCK);
    CHECK_ERRNO (zmq_bind (bad, "inproc://x"), ENOTSOCK);
    CHECK_ERRNO (zmq_connect (bad, "inproc://x"), ENOTSOCK);
    CHECK_ERRNO (zmq_unbind (bad, "inproc://x"), ENOTSOCK);
    CHECK_ERRNO (zmq_disconnect (bad, "inproc://x"), ENOTSOCK);
    CHECK_ERRNO (zmq_bind (bad, "not an endpoint"), ENOTSOCK);
    CHECK_ERRNO (zmq_connect (bad, ""), ENOTSOCK);
    CHECK_ERRNO (zmq_setsockopt (bad, ZMQ_LINGER, &value, sizeof value), ENOTSOCK);
    CHECK_ERRNO (zmq_getsockopt (bad, ZMQ_LINGER, &value, &size), ENOTSOCK);
    CHECK_ERRNO (zmq_setsockopt (bad, -1, NULL, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_getsockopt (bad, -1, &value, &size), ENOTSOCK);
    CHECK_ERRNO (zmq_send (bad, "x", 1, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_send (bad, "x", 1, ZMQ_DONTWAIT), ENOTSOCK);
    CHECK_ERRNO (zmq_send_const (bad, "x", 1, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_recv (bad, buffer, sizeof buffer, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_recv (bad, buffer, sizeof buffer, ZMQ_DONTWAIT), ENOTSOCK);
    zmq_msg_init_size (&msg, 2);
    CHECK_ERRNO (zmq_msg_send (&msg, bad, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_msg_recv (&msg, bad, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_sendmsg (bad, &msg, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_recvmsg (bad, &msg, 0), ENOTSOCK);
    CHECK_INT (zmq_msg_size (&msg), 2);
    zmq_msg_close (&msg);
    CHECK_ERRNO (zmq_sendiov (bad, &part, 1, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_recviov (bad, &part, &count, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_socket_monitor (bad, "inproc://m", ZMQ_EVENT_ALL), ENOTSOCK);
    CHECK_ERRNO (zmq_socket_monitor (bad, NULL, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_socket_monitor (bad, "tcp://127.0.0.1:1", 0), ENOTSOCK);
}

CASE (null)
{
    refuse_everywhere (NULL);
}

CASE (foreign_memory)
{
    const int fills[] = {0, 0x11, 0x5a, 0xff};
    for (size_t i = 0; i < sizeof fills / sizeof *fills; ++i) {
        void *block = malloc (8192);
        memset (block, fills[i], 8192);
        refuse_everywhere (block);
        free (block);
    }
}

CASE (context_is_no_socket)
{
    void *ctx = mk_ctx ();
    refuse_everywhere (ctx);
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    refuse_everywhere (ctx);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (null_in_poll_is_a_descriptor)
{
    /* A NULL socket means that the item is about `fd`. */
    int fds[2];
    REQUIRE_OK (pipe (fds));
    zmq_pollitem_t item = {NULL, fds[0], ZMQ_POLLIN, -1};
    CHECK_INT (zmq_poll (&item, 1, 0), 0);
    CHECK_INT (item.revents, 0);
    CHECK_INT (write (fds[1], "x", 1), 1);
    CHECK_INT (zmq_poll (&item, 1, 0), 1);
    CHECK_INT (item.revents, ZMQ_POLLIN);
    close (fds[0]);
    close (fds[1]);
}

CASE (poll_foreign_memory)
{
    void *block = calloc (1, 8192);
    zmq_pollitem_t item = {block, 0, ZMQ_POLLIN, 0};
    CHECK_ERRNO (zmq_poll (&item, 1, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_poll (&item, 1, -1), ENOTSOCK);
    free (block);
}

CASE (proxies_of_null)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    CHECK_ERRNO (zmq_proxy (NULL, NULL, NULL), EFAULT);
    CHECK_ERRNO (zmq_proxy (socket, NULL, NULL), EFAULT);
    CHECK_ERRNO (zmq_proxy (NULL, socket, NULL), EFAULT);
    CHECK_ERRNO (zmq_proxy_steerable (NULL, NULL, NULL, NULL), EFAULT);
    CHECK_ERRNO (zmq_proxy_steerable (socket, NULL, NULL, socket), EFAULT);
    CHECK_ERRNO (zmq_proxy_steerable (NULL, socket, socket, NULL), EFAULT);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (closed_socket)
{
    void *ctx = mk_ctx ();
    for (int type = ZMQ_PAIR; type <= ZMQ_STREAM; ++type) {
        void *socket = mk_socket (ctx, type);
        CHECK_OK (zmq_close (socket));
        refuse_everywhere (socket);
        zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
        CHECK_ERRNO (zmq_poll (&item, 1, 0), ENOTSOCK);
    }
    rm_ctx (ctx);
}

CASE (closed_socket_while_others_come_and_go)
{
    void *ctx = mk_ctx ();
    void *first = mk_socket (ctx, ZMQ_PAIR);
    CHECK_OK (zmq_close (first));
    CHECK_ERRNO (zmq_close (first), ENOTSOCK);
    for (int i = 0; i < 100; ++i) {
        void *socket = mk_socket (ctx, ZMQ_DEALER);
        CHECK_OK (zmq_close (socket));
        CHECK_ERRNO (zmq_close (socket), ENOTSOCK);
    }
    rm_ctx (ctx);
}

CASE (null_endpoints)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    CHECK_ERRNO (zmq_bind (socket, NULL), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, NULL), EINVAL);
    CHECK_ERRNO (zmq_unbind (socket, NULL), EINVAL);
    CHECK_ERRNO (zmq_disconnect (socket, NULL), EINVAL);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (null_option_values)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_DEALER);
    int value = 0;
    size_t size = sizeof value;
    CHECK_ERRNO (zmq_setsockopt (socket, ZMQ_SNDHWM, NULL, 0), EINVAL);
    CHECK_ERRNO (zmq_setsockopt (socket, ZMQ_SNDHWM, NULL, sizeof value), EINVAL);
    CHECK_ERRNO (zmq_getsockopt (socket, ZMQ_SNDHWM, NULL, &size), EINVAL);
    CHECK_ERRNO (zmq_getsockopt (socket, ZMQ_SNDHWM, &value, NULL), EINVAL);
    rm_socket (socket);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (null);
    RUN (foreign_memory);
    RUN (context_is_no_socket);
    RUN (null_in_poll_is_a_descriptor);
    RUN (poll_foreign_memory);
    RUN (proxies_of_null);
    RUN_OURS (closed_socket, "the reference has freed the socket");
    RUN_OURS (closed_socket_while_others_come_and_go, "the reference has freed the socket");
    RUN_OURS (null_endpoints, "the reference dereferences the pointer");
    RUN_OURS (null_option_values, "the reference dereferences the pointer");
    return harness_end ();
}
