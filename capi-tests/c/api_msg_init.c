/*
 * zmq_msg_init, _init_size, _init_data, _data, _size, _close: what a message is made of and
 * when its memory goes. The free function has its own program, api_msg_free.c.
 */
#include "harness.h"

/* Sizes around where an implementation may keep small bodies inside the structure. */
static const size_t sizes[] = {0,  1,  2,   7,   8,   15,  16,  23,   24,   28,   29,   30,   31,   32,  33,
                               34, 40, 48,  55,  56,  57,  63,  64,   65,   100,  127,  128,  255,  256, 257,
                               511, 512, 1000, 4095, 4096, 4097, 8191, 8192, 8193, 65535, 65536, 1000000};
#define SIZES (sizeof sizes / sizeof *sizes)

static void fill (void *data, size_t size, unsigned seed)
{
    unsigned char *bytes = data;
    for (size_t i = 0; i < size; ++i)
        bytes[i] = (unsigned char) (i * 7 + seed);
}

static int filled (const void *data, size_t size, unsigned seed)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; ++i)
        if (bytes[i] != (unsigned char) (i * 7 + seed))
            return 0;
    return 1;
}

CASE (structure)
{
    CHECK_INT (sizeof (zmq_msg_t), 64);
    CHECK_INT (__alignof__(zmq_msg_t), sizeof (void *));
}

CASE (empty)
{
    zmq_msg_t msg;
    memset (&msg, 0xff, sizeof msg);
    CHECK_OK (zmq_msg_init (&msg));
    CHECK_INT (zmq_msg_size (&msg), 0);
    CHECK_INT (zmq_msg_more (&msg), 0);
    CHECK (zmq_msg_data (&msg) != NULL);
    CHECK_OK (zmq_msg_close (&msg));
}

CASE (every_size)
{
    for (size_t i = 0; i < SIZES; ++i) {
        zmq_msg_t msg;
        CHECK_OK (zmq_msg_init_size (&msg, sizes[i]));
        CHECK_INT (zmq_msg_size (&msg), sizes[i]);
        CHECK_INT (zmq_msg_more (&msg), 0);
        void *data = zmq_msg_data (&msg);
        CHECK (data != NULL);
        fill (data, sizes[i], (unsigned) i);
        CHECK (zmq_msg_data (&msg) == data);
        CHECK (filled (data, sizes[i], (unsigned) i));
        CHECK_OK (zmq_msg_close (&msg));
    }
}

CASE (size_that_nobody_has)
{
    zmq_msg_t msg;
    CHECK_ERRNO (zmq_msg_init_size (&msg, SIZE_MAX), ENOMEM);
    CHECK_ERRNO (zmq_msg_init_size (&msg, SIZE_MAX - 1), ENOMEM);
    CHECK_ERRNO (zmq_msg_init_size (&msg, SIZE_MAX / 2), ENOMEM);
    CHECK_OK (zmq_msg_init (&msg));
    CHECK_OK (zmq_msg_close (&msg));
}

CASE (data_is_aligned_for_any_use)
{
    for (size_t size = 64; size <= 65536; size *= 2) {
        zmq_msg_t msg;
        CHECK_OK (zmq_msg_init_size (&msg, size));
        CHECK_INT ((uintptr_t) zmq_msg_data (&msg) % sizeof (void *), 0);
        CHECK_OK (zmq_msg_close (&msg));
    }
}

CASE (init_twice_after_close)
{
    zmq_msg_t msg;
    for (int i = 0; i < 50; ++i) {
        CHECK_OK (zmq_msg_init_size (&msg, (size_t) i * 20));
        fill (zmq_msg_data (&msg), (size_t) i * 20, 3);
        CHECK_OK (zmq_msg_close (&msg));
    }
}

CASE (init_data_points_to_the_buffer)
{
    static char buffer[1000];
    for (size_t size = 0; size <= sizeof buffer; size += 100) {
        zmq_msg_t msg;
        CHECK_OK (zmq_msg_init_data (&msg, buffer, size, NULL, NULL));
        CHECK_INT (zmq_msg_size (&msg), size);
        CHECK (zmq_msg_data (&msg) == buffer);
        if (size) {
            ((char *) zmq_msg_data (&msg))[size - 1] = 'x';
            CHECK_INT (buffer[size - 1], 'x');
        }
        CHECK_OK (zmq_msg_close (&msg));
    }
}

CASE (init_data_null_and_zero)
{
    zmq_msg_t msg;
    CHECK_OK (zmq_msg_init_data (&msg, NULL, 0, NULL, NULL));
    CHECK_INT (zmq_msg_size (&msg), 0);
    CHECK_OK (zmq_msg_close (&msg));
}

CASE (close_invalidates)
{
    zmq_msg_t msg;
    CHECK_OK (zmq_msg_init (&msg));
    CHECK_OK (zmq_msg_close (&msg));
    CHECK_ERRNO (zmq_msg_close (&msg), EFAULT);
    CHECK_ERRNO (zmq_msg_close (&msg), EFAULT);
    CHECK_OK (zmq_msg_init_size (&msg, 5000));
    CHECK_OK (zmq_msg_close (&msg));
    CHECK_ERRNO (zmq_msg_close (&msg), EFAULT);
    CHECK_OK (zmq_msg_init_data (&msg, "constant", 8, NULL, NULL));
    CHECK_OK (zmq_msg_close (&msg));
    CHECK_ERRNO (zmq_msg_close (&msg), EFAULT);
}

CASE (zeroed_is_invalid)
{
    zmq_msg_t msg, good;
    memset (&msg, 0, sizeof msg);
    CHECK_ERRNO (zmq_msg_close (&msg), EFAULT);
    zmq_msg_init (&good);
    CHECK_ERRNO (zmq_msg_copy (&good, &msg), EFAULT);
    CHECK_ERRNO (zmq_msg_move (&good, &msg), EFAULT);
    CHECK_OK (zmq_msg_close (&good));
}

CASE (invalid_cannot_be_sent)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_t msg;
    join_sockets (a, b, "inproc");
    memset (&msg, 0, sizeof msg);
    CHECK_ERRNO (zmq_msg_send (&msg, a, 0), EFAULT);
    zmq_msg_init (&msg);
    zmq_msg_close (&msg);
    CHECK_ERRNO (zmq_msg_send (&msg, a, 0), EFAULT);
    /* Nothing of this reached the peer. */
    send_str (a, "good", 0);
    expect_msg (b, "good");
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (invalid_cannot_be_received_into)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_t msg;
    join_sockets (a, b, "inproc");
    send_str (a, "still there", 0);
    memset (&msg, 0, sizeof msg);
    CHECK_ERRNO (zmq_msg_recv (&msg, b, 0), EFAULT);
    zmq_msg_init (&msg);
    zmq_msg_close (&msg);
    CHECK_ERRNO (zmq_msg_recv (&msg, b, ZMQ_DONTWAIT), EFAULT);
    expect_msg (b, "still there");
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (sent_message_is_an_empty_one)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    join_sockets (a, b, "inproc");
    for (size_t i = 0; i < SIZES; ++i) {
        zmq_msg_t msg;
        CHECK_OK (zmq_msg_init_size (&msg, sizes[i]));
        fill (zmq_msg_data (&msg), sizes[i], 9);
        CHECK_INT (zmq_msg_send (&msg, a, 0), sizes[i]);
        CHECK_INT (zmq_msg_size (&msg), 0);
        CHECK_OK (zmq_msg_close (&msg));
        CHECK_ERRNO (zmq_msg_close (&msg), EFAULT);
        zmq_msg_t got;
        zmq_msg_init (&got);
        CHECK_INT (zmq_msg_recv (&got, b, 0), sizes[i]);
        CHECK (filled (zmq_msg_data (&got), zmq_msg_size (&got), 9));
        CHECK_OK (zmq_msg_close (&got));
    }
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (failed_send_keeps_the_message)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *sub = mk_socket (ctx, ZMQ_SUB);
    zmq_msg_t msg;
    CHECK_OK (zmq_msg_init_size (&msg, 300));
    fill (zmq_msg_data (&msg), 300, 1);
    void *data = zmq_msg_data (&msg);
    CHECK_ERRNO (zmq_msg_send (&msg, push, ZMQ_DONTWAIT), EAGAIN);
    CHECK_ERRNO (zmq_msg_send (&msg, sub, 0), ENOTSUP);
    CHECK_ERRNO (zmq_msg_send (&msg, NULL, 0), ENOTSOCK);
    CHECK_INT (zmq_msg_size (&msg), 300);
    CHECK (zmq_msg_data (&msg) == data);
    CHECK (filled (data, 300, 1));
    CHECK_OK (zmq_msg_close (&msg));
    rm_socket (push);
    rm_socket (sub);
    rm_ctx (ctx);
}

CASE (recv_replaces_the_content)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_t msg;
    join_sockets (a, b, "inproc");
    CHECK_OK (zmq_msg_init_size (&msg, 70000));
    send_str (a, "short", 0);
    CHECK_INT (zmq_msg_recv (&msg, b, 0), 5);
    CHECK_INT (zmq_msg_size (&msg), 5);
    CHECK_MEM (zmq_msg_data (&msg), "short", 5);
    send_str (a, "", ZMQ_SNDMORE);
    send_str (a, "the end", 0);
    CHECK_INT (zmq_msg_recv (&msg, b, 0), 0);
    CHECK_INT (zmq_msg_more (&msg), 1);
    CHECK_INT (zmq_msg_recv (&msg, b, 0), 7);
    CHECK_INT (zmq_msg_more (&msg), 0);
    CHECK_OK (zmq_msg_close (&msg));
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

/* Whether the old content survives is not defined. */
CASE (failed_recv_leaves_a_valid_message)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_t msg;
    CHECK_OK (zmq_msg_init_size (&msg, 10));
    memcpy (zmq_msg_data (&msg), "0123456789", 10);
    CHECK_ERRNO (zmq_msg_recv (&msg, a, ZMQ_DONTWAIT), EAGAIN);
    CHECK (zmq_msg_size (&msg) == 10 || zmq_msg_size (&msg) == 0);
    CHECK_ERRNO (zmq_msg_recv (&msg, a, ZMQ_DONTWAIT), EAGAIN);
    CHECK_OK (zmq_msg_close (&msg));
    rm_socket (a);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (structure);
    RUN (empty);
    RUN (every_size);
    RUN (size_that_nobody_has);
    RUN (data_is_aligned_for_any_use);
    RUN (init_twice_after_close);
    RUN (init_data_points_to_the_buffer);
    RUN (init_data_null_and_zero);
    RUN (close_invalidates);
    RUN (zeroed_is_invalid);
    RUN_OURS (invalid_cannot_be_sent, "the reference aborts");
    RUN (invalid_cannot_be_received_into);
    RUN (sent_message_is_an_empty_one);
    RUN (failed_send_keeps_the_message);
    RUN (recv_replaces_the_content);
    RUN (failed_recv_leaves_a_valid_message);
    return harness_end ();
}
