/*
 * zmq_msg_* with NULL, and with sockets that are none. The reference reads through a NULL
 * message, so most of this runs on our library only; the errno is the one of the manual.
 */
#include "harness.h"

CASE (null_message)
{
    zmq_msg_t good;
    zmq_msg_init (&good);
    CHECK_ERRNO (zmq_msg_init (NULL), EFAULT);
    CHECK_ERRNO (zmq_msg_init_size (NULL, 10), EFAULT);
    CHECK_ERRNO (zmq_msg_close (NULL), EFAULT);
    CHECK_ERRNO (zmq_msg_move (NULL, &good), EFAULT);
    CHECK_ERRNO (zmq_msg_move (&good, NULL), EFAULT);
    CHECK_ERRNO (zmq_msg_copy (NULL, &good), EFAULT);
    CHECK_ERRNO (zmq_msg_copy (&good, NULL), EFAULT);
    CHECK_ERRNO (zmq_msg_get (NULL, ZMQ_MORE), EFAULT);
    CHECK_ERRNO (zmq_msg_set (NULL, ZMQ_MORE, 1), EFAULT);
    CHECK_NULL_ERRNO (zmq_msg_gets (NULL, "Socket-Type"), EFAULT);
    CHECK (zmq_msg_data (NULL) == NULL);
    CHECK_INT (zmq_msg_size (NULL), 0);
    CHECK_OK (zmq_msg_close (&good));
}

static int frees;

static void count_free (void *data, void *hint)
{
    (void) data;
    (void) hint;
    ++frees;
}

CASE (null_message_keeps_the_buffer_with_the_caller)
{
    char buffer[10];
    CHECK_ERRNO (zmq_msg_init_data (NULL, buffer, sizeof buffer, count_free, NULL), EFAULT);
    CHECK_INT (frees, 0);
}

CASE (null_message_on_a_socket)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    join_sockets (a, b, "inproc");
    send_str (b, "untouched", 0);
    CHECK_ERRNO (zmq_msg_send (NULL, a, 0), EFAULT);
    CHECK_ERRNO (zmq_msg_recv (NULL, a, 0), EFAULT);
    CHECK_ERRNO (zmq_sendmsg (a, NULL, 0), EFAULT);
    CHECK_ERRNO (zmq_recvmsg (a, NULL, 0), EFAULT);
    expect_msg (a, "untouched");
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (null_property_name)
{
    zmq_msg_t msg;
    zmq_msg_init (&msg);
    CHECK_NULL_ERRNO (zmq_msg_gets (&msg, NULL), EINVAL);
    zmq_msg_close (&msg);
}

CASE (closed_message)
{
    zmq_msg_t msg;
    zmq_msg_init_size (&msg, 1000);
    zmq_msg_close (&msg);
    CHECK (zmq_msg_data (&msg) == NULL);
    CHECK_INT (zmq_msg_size (&msg), 0);
    CHECK_INT (zmq_msg_more (&msg), 0);
    CHECK_NULL_ERRNO (zmq_msg_gets (&msg, "Socket-Type"), EFAULT);
}

/* Bytes of no meaning must be taken for an invalid message, whatever they are. */
CASE (garbage_message)
{
    zmq_msg_t msg, good;
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_init (&good);
    for (int fill = 0; fill < 256; ++fill) {
        memset (&msg, fill, sizeof msg);
        if (zmq_msg_close (&msg) == 0)
            continue; /* the pattern happens to be a message */
        CHECK_INT (zmq_errno (), EFAULT);
        CHECK_ERRNO (zmq_msg_move (&good, &msg), EFAULT);
        CHECK_ERRNO (zmq_msg_copy (&good, &msg), EFAULT);
        CHECK_ERRNO (zmq_msg_send (&msg, socket, ZMQ_DONTWAIT), EFAULT);
        CHECK_ERRNO (zmq_msg_recv (&msg, socket, ZMQ_DONTWAIT), EFAULT);
    }
    zmq_msg_close (&good);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (null_socket)
{
    zmq_msg_t msg;
    zmq_msg_init_size (&msg, 3);
    CHECK_ERRNO (zmq_msg_send (&msg, NULL, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_msg_recv (&msg, NULL, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_sendmsg (NULL, &msg, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_recvmsg (NULL, &msg, 0), ENOTSOCK);
    CHECK_INT (zmq_msg_size (&msg), 3);
    zmq_msg_close (&msg);
}

CASE (foreign_socket)
{
    void *block = malloc (4096);
    memset (block, 0x11, 4096);
    zmq_msg_t msg;
    zmq_msg_init_size (&msg, 3);
    CHECK_ERRNO (zmq_msg_send (&msg, block, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_msg_recv (&msg, block, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_sendmsg (block, &msg, 0), ENOTSOCK);
    CHECK_ERRNO (zmq_recvmsg (block, &msg, 0), ENOTSOCK);
    CHECK_INT (zmq_msg_size (&msg), 3);
    zmq_msg_close (&msg);
    free (block);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN_OURS (null_message, "the reference dereferences the pointer");
    RUN_OURS (null_message_keeps_the_buffer_with_the_caller, "the reference dereferences the pointer");
    RUN_OURS (null_message_on_a_socket, "the reference dereferences the pointer");
    RUN_OURS (null_property_name, "the reference dereferences the pointer");
    RUN_OURS (closed_message, "the reference aborts");
    RUN_OURS (garbage_message, "the reference aborts or crashes");
    RUN (null_socket);
    RUN (foreign_socket);
    return harness_end ();
}
