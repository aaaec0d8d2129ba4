/*
 * zmq_send, zmq_send_const and zmq_recv with buffers: sizes, truncation, flags.
 */
#include "harness.h"

static const char *const transports[] = {"inproc", "tcp", "ipc"};

/* Two joined PAIR sockets. */
typedef struct
{
    void *ctx, *a, *b;
} pair_t;

static pair_t mk_pair (const char *transport)
{
    pair_t pair;
    pair.ctx = mk_ctx ();
    pair.a = mk_socket (pair.ctx, ZMQ_PAIR);
    pair.b = mk_socket (pair.ctx, ZMQ_PAIR);
    join_sockets (pair.a, pair.b, transport);
    return pair;
}

static void rm_pair (pair_t *pair)
{
    rm_socket (pair->a);
    rm_socket (pair->b);
    rm_ctx (pair->ctx);
}

CASE (full_size_is_returned_when_cut)
{
    for (int t = 0; t < 3; ++t) {
        pair_t pair = mk_pair (transports[t]);
        char buffer[16];
        for (size_t room = 0; room <= 12; ++room) {
            send_str (pair.a, "0123456789", 0);
            memset (buffer, '#', sizeof buffer);
            CHECK_INT (zmq_recv (pair.b, buffer, room, 0), 10);
            const size_t kept = room < 10 ? room : 10;
            CHECK_MEM (buffer, "0123456789", kept);
            for (size_t i = kept; i < sizeof buffer; ++i)
                CHECK_INT (buffer[i], '#');
        }
        rm_pair (&pair);
    }
}

CASE (rest_of_a_cut_message_is_gone)
{
    pair_t pair = mk_pair ("tcp");
    char buffer[4];
    send_str (pair.a, "a long message that is cut", 0);
    send_str (pair.a, "next", 0);
    CHECK_INT (zmq_recv (pair.b, buffer, 4, 0), 26);
    CHECK_INT (zmq_recv (pair.b, buffer, 4, 0), 4);
    CHECK_MEM (buffer, "next", 4);
    rm_pair (&pair);
}

CASE (cut_frame_of_a_multipart_message)
{
    pair_t pair = mk_pair ("tcp");
    char buffer[4];
    send_multi (pair.a, 3, "first frame", "second frame", "third");
    CHECK_INT (zmq_recv (pair.b, buffer, 2, 0), 11);
    CHECK_INT (opt_int (pair.b, ZMQ_RCVMORE), 1);
    CHECK_INT (zmq_recv (pair.b, buffer, 0, 0), 12);
    CHECK_INT (opt_int (pair.b, ZMQ_RCVMORE), 1);
    CHECK_INT (zmq_recv (pair.b, buffer, 4, 0), 5);
    CHECK_INT (opt_int (pair.b, ZMQ_RCVMORE), 0);
    rm_pair (&pair);
}

CASE (null_buffer_of_no_size)
{
    for (int t = 0; t < 3; ++t) {
        pair_t pair = mk_pair (transports[t]);
        CHECK_INT (zmq_send (pair.a, NULL, 0, 0), 0);
        CHECK_INT (zmq_recv (pair.b, NULL, 0, 0), 0);
        CHECK_INT (zmq_send_const (pair.a, NULL, 0, 0), 0);
        CHECK_INT (zmq_recv (pair.b, NULL, 0, 0), 0);
        CHECK_INT (zmq_send (pair.a, "abc", 3, 0), 3);
        CHECK_INT (zmq_recv (pair.b, NULL, 0, 0), 3);
        rm_pair (&pair);
    }
}

CASE (empty_messages_are_messages)
{
    pair_t pair = mk_pair ("ipc");
    char byte = 'q';
    for (int i = 0; i < 10; ++i)
        CHECK_INT (zmq_send (pair.a, "", 0, 0), 0);
    for (int i = 0; i < 10; ++i)
        CHECK_INT (zmq_recv (pair.b, &byte, 1, 0), 0);
    CHECK_INT (byte, 'q');
    expect_nothing (pair.b);
    rm_pair (&pair);
}

CASE (buffer_is_copied_by_send)
{
    pair_t pair = mk_pair ("inproc");
    char text[200];
    memset (text, 'x', sizeof text);
    CHECK_INT (zmq_send (pair.a, text, 4, 0), 4);
    CHECK_INT (zmq_send (pair.a, text, sizeof text, 0), 200);
    memset (text, 'y', sizeof text);
    expect_msg (pair.b, "xxxx");
    CHECK_INT (zmq_recv (pair.b, text, sizeof text, 0), 200);
    for (size_t i = 0; i < sizeof text; ++i)
        CHECK_INT (text[i], 'x');
    rm_pair (&pair);
}

CASE (constant_buffer_is_not_copied)
{
    static const char text[] = "a constant that lives as long as the program does";
    pair_t pair = mk_pair ("inproc");
    zmq_msg_t msg;
    CHECK_INT (zmq_send_const (pair.a, text, sizeof text, 0), (int) sizeof text);
    zmq_msg_init (&msg);
    CHECK_INT (zmq_msg_recv (&msg, pair.b, 0), (int) sizeof text);
    CHECK (zmq_msg_data (&msg) == text);
    zmq_msg_close (&msg);
    rm_pair (&pair);
}

CASE (constant_buffers_over_every_transport)
{
    static char large[100000];
    memset (large, 'l', sizeof large);
    for (int t = 0; t < 3; ++t) {
        pair_t pair = mk_pair (transports[t]);
        char *got = malloc (sizeof large);
        CHECK_INT (zmq_send_const (pair.a, "head", 4, ZMQ_SNDMORE), 4);
        CHECK_INT (zmq_send_const (pair.a, large, sizeof large, 0), (int) sizeof large);
        expect_part (pair.b, "head");
        CHECK_INT (zmq_recv (pair.b, got, sizeof large, 0), (int) sizeof large);
        CHECK_MEM (got, large, sizeof large);
        free (got);
        rm_pair (&pair);
    }
}

CASE (more_flag_makes_one_message)
{
    for (int t = 0; t < 3; ++t) {
        pair_t pair = mk_pair (transports[t]);
        CHECK_INT (zmq_send (pair.a, "one", 3, ZMQ_SNDMORE), 3);
        CHECK_INT (zmq_send_const (pair.a, "two", 3, ZMQ_SNDMORE), 3);
        expect_nothing (pair.b);
        CHECK_INT (zmq_send (pair.a, "three", 5, 0), 5);
        expect_multi (pair.b, 3, "one", "two", "three");
        rm_pair (&pair);
    }
}

CASE (many_frames)
{
    enum { FRAMES = 5000 };
    for (int t = 0; t < 3; ++t) {
        pair_t pair = mk_pair (transports[t]);
        for (int i = 0; i < FRAMES; ++i)
            CHECK_INT (zmq_send (pair.a, &i, sizeof i, i + 1 < FRAMES ? ZMQ_SNDMORE : 0), sizeof i);
        for (int i = 0; i < FRAMES; ++i) {
            int got = -1;
            CHECK_INT (zmq_recv (pair.b, &got, sizeof got, 0), sizeof got);
            CHECK_INT (got, i);
            CHECK_INT (opt_int (pair.b, ZMQ_RCVMORE), i + 1 < FRAMES);
        }
        rm_pair (&pair);
    }
}

CASE (dontwait_with_nothing_there)
{
    pair_t pair = mk_pair ("inproc");
    char byte;
    CHECK_ERRNO (zmq_recv (pair.b, &byte, 1, ZMQ_DONTWAIT), EAGAIN);
    CHECK_ERRNO (zmq_recv (pair.a, &byte, 1, ZMQ_NOBLOCK), EAGAIN);
    send_str (pair.a, "x", ZMQ_DONTWAIT);
    CHECK_INT (zmq_recv (pair.b, &byte, 1, ZMQ_DONTWAIT), 1);
    CHECK_ERRNO (zmq_recv (pair.b, &byte, 1, ZMQ_DONTWAIT), EAGAIN);
    rm_pair (&pair);
}

CASE (dontwait_with_nobody_there)
{
    void *ctx = mk_ctx ();
    const int types[] = {ZMQ_PAIR, ZMQ_PUSH, ZMQ_DEALER, ZMQ_REQ};
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i) {
        void *socket = mk_socket (ctx, types[i]);
        CHECK_ERRNO (zmq_send (socket, "x", 1, ZMQ_DONTWAIT), EAGAIN);
        CHECK_ERRNO (zmq_send (socket, "x", 1, ZMQ_DONTWAIT | ZMQ_SNDMORE), EAGAIN);
        CHECK_ERRNO (zmq_send_const (socket, "x", 1, ZMQ_DONTWAIT), EAGAIN);
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

CASE (other_bits_of_flags_are_ignored)
{
    pair_t pair = mk_pair ("inproc");
    char byte;
    CHECK_INT (zmq_send (pair.a, "x", 1, 4), 1);
    CHECK_INT (zmq_send (pair.a, "y", 1, 0x100 | ZMQ_SNDMORE), 1);
    CHECK_INT (zmq_send (pair.a, "z", 1, 0x7ffffff0), 1);
    CHECK_INT (zmq_recv (pair.b, &byte, 1, 4), 1);
    CHECK_INT (opt_int (pair.b, ZMQ_RCVMORE), 0);
    CHECK_INT (zmq_recv (pair.b, &byte, 1, ZMQ_SNDMORE), 1);
    CHECK_INT (opt_int (pair.b, ZMQ_RCVMORE), 1);
    CHECK_INT (zmq_recv (pair.b, &byte, 1, 0x7ffffff0), 1);
    CHECK_ERRNO (zmq_recv (pair.b, &byte, 1, 0x7ffffff0 | ZMQ_DONTWAIT), EAGAIN);
    rm_pair (&pair);
}

CASE (directions_that_a_type_does_not_have)
{
    void *ctx = mk_ctx ();
    char byte;
    for (int type = ZMQ_PAIR; type <= ZMQ_STREAM; ++type) {
        void *socket = mk_socket (ctx, type);
        const int sent = zmq_send (socket, "x", 1, ZMQ_DONTWAIT);
        printf ("  %s: send %s", type_name (type), result_name (sent));
        const int got = zmq_recv (socket, &byte, 1, ZMQ_DONTWAIT);
        printf (", receive %s\n", result_name (got));
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

CASE (bytes_of_every_value)
{
    for (int t = 0; t < 3; ++t) {
        pair_t pair = mk_pair (transports[t]);
        unsigned char bytes[256], got[256];
        for (int i = 0; i < 256; ++i)
            bytes[i] = (unsigned char) i;
        for (size_t size = 250; size <= 256; ++size) {
            CHECK_INT (zmq_send (pair.a, bytes, size, 0), size);
            CHECK_INT (zmq_recv (pair.b, got, sizeof got, 0), size);
            CHECK_MEM (got, bytes, size);
        }
        rm_pair (&pair);
    }
}

CASE (large_messages)
{
    const size_t sizes[] = {65535, 65536, 65537, 1000000, 8 * 1024 * 1024 + 1};
    char *out = malloc (sizes[4]), *in = malloc (sizes[4]);
    for (size_t i = 0; i < sizes[4]; ++i)
        out[i] = (char) (i * 31 >> 3);
    for (int t = 0; t < 3; ++t) {
        pair_t pair = mk_pair (transports[t]);
        for (int i = 0; i < 5; ++i) {
            CHECK_INT (zmq_send (pair.a, out, sizes[i], 0), sizes[i]);
            memset (in, 0, sizes[i]);
            CHECK_INT (zmq_recv (pair.b, in, sizes[i], 0), sizes[i]);
            CHECK_MEM (in, out, sizes[i]);
        }
        rm_pair (&pair);
    }
    free (out);
    free (in);
}

CASE (null_buffer_with_a_size)
{
    pair_t pair = mk_pair ("inproc");
    CHECK_ERRNO (zmq_send (pair.a, NULL, 5, 0), EFAULT);
    CHECK_ERRNO (zmq_send_const (pair.a, NULL, 5, 0), EFAULT);
    expect_nothing (pair.b);
    rm_pair (&pair);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (full_size_is_returned_when_cut);
    RUN (rest_of_a_cut_message_is_gone);
    RUN (cut_frame_of_a_multipart_message);
    RUN (null_buffer_of_no_size);
    RUN (empty_messages_are_messages);
    RUN (buffer_is_copied_by_send);
    RUN (constant_buffer_is_not_copied);
    RUN (constant_buffers_over_every_transport);
    RUN (more_flag_makes_one_message);
    RUN (many_frames);
    RUN (dontwait_with_nothing_there);
    RUN (dontwait_with_nobody_there);
    RUN (other_bits_of_flags_are_ignored);
    RUN (directions_that_a_type_does_not_have);
    RUN (bytes_of_every_value);
    RUN (large_messages);
    RUN_OURS (null_buffer_with_a_size, "the reference dereferences the pointer");
    return harness_end ();
}
