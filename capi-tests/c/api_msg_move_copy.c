/*
 * zmq_msg_move and zmq_msg_copy: moves empty the source, copies share or duplicate the body,
 * and the body lives until its last holder closes it.
 */
#include "harness.h"

static const size_t sizes[] = {0, 1, 20, 33, 34, 64, 300, 8192, 8193, 100000};
#define SIZES (sizeof sizes / sizeof *sizes)

static void mk_msg (zmq_msg_t *msg, size_t size, int seed)
{
    CHECK_OK (zmq_msg_init_size (msg, size));
    memset (zmq_msg_data (msg), seed, size);
}

static int is_msg (zmq_msg_t *msg, size_t size, int seed)
{
    const unsigned char *data = zmq_msg_data (msg);
    if (zmq_msg_size (msg) != size)
        return 0;
    for (size_t i = 0; i < size; ++i)
        if (data[i] != seed)
            return 0;
    return 1;
}

CASE (move_empties_the_source)
{
    for (size_t i = 0; i < SIZES; ++i) {
        zmq_msg_t from, to;
        mk_msg (&from, sizes[i], 'a');
        mk_msg (&to, 500, 'b');
        CHECK_OK (zmq_msg_move (&to, &from));
        CHECK (is_msg (&to, sizes[i], 'a'));
        CHECK (is_msg (&from, 0, 0));
        CHECK_OK (zmq_msg_close (&from));
        CHECK (is_msg (&to, sizes[i], 'a'));
        CHECK_OK (zmq_msg_close (&to));
    }
}

CASE (move_keeps_the_address_of_a_large_body)
{
    zmq_msg_t from, to;
    mk_msg (&from, 10000, 'a');
    zmq_msg_init (&to);
    void *data = zmq_msg_data (&from);
    CHECK_OK (zmq_msg_move (&to, &from));
    CHECK (zmq_msg_data (&to) == data);
    CHECK_OK (zmq_msg_move (&from, &to));
    CHECK (zmq_msg_data (&from) == data);
    zmq_msg_close (&from);
    zmq_msg_close (&to);
}

/* What is left is not defined, but it is a valid message: all of it, or an empty one. */
CASE (move_to_itself)
{
    for (size_t i = 0; i < SIZES; ++i) {
        zmq_msg_t msg;
        mk_msg (&msg, sizes[i], 'm');
        CHECK_OK (zmq_msg_move (&msg, &msg));
        CHECK (is_msg (&msg, sizes[i], 'm') || is_msg (&msg, 0, 0));
        CHECK_OK (zmq_msg_close (&msg));
    }
}

CASE (copy_to_itself)
{
    zmq_msg_t msg;
    mk_msg (&msg, 20, 'c');
    CHECK_OK (zmq_msg_copy (&msg, &msg));
    CHECK (is_msg (&msg, 20, 'c'));
    CHECK_OK (zmq_msg_close (&msg));
}

CASE (copy_keeps_the_source)
{
    for (size_t i = 0; i < SIZES; ++i) {
        zmq_msg_t from, to;
        mk_msg (&from, sizes[i], 'a');
        mk_msg (&to, 500, 'b');
        CHECK_OK (zmq_msg_copy (&to, &from));
        CHECK (is_msg (&from, sizes[i], 'a'));
        CHECK (is_msg (&to, sizes[i], 'a'));
        CHECK_OK (zmq_msg_close (&from));
        CHECK (is_msg (&to, sizes[i], 'a'));
        CHECK_OK (zmq_msg_close (&to));
    }
}

CASE (copy_shares_large_bodies)
{
    zmq_msg_t from, to, third;
    mk_msg (&from, 10000, 'a');
    zmq_msg_init (&to);
    zmq_msg_init (&third);
    CHECK_INT (zmq_msg_get (&from, ZMQ_SHARED), 0);
    CHECK_OK (zmq_msg_copy (&to, &from));
    CHECK_OK (zmq_msg_copy (&third, &to));
    CHECK (zmq_msg_data (&to) == zmq_msg_data (&from));
    CHECK (zmq_msg_data (&third) == zmq_msg_data (&from));
    CHECK_INT (zmq_msg_get (&from, ZMQ_SHARED), 1);
    CHECK_INT (zmq_msg_get (&to, ZMQ_SHARED), 1);
    CHECK_INT (zmq_msg_get (&third, ZMQ_SHARED), 1);
    CHECK_OK (zmq_msg_close (&to));
    CHECK_OK (zmq_msg_close (&from));
    CHECK (is_msg (&third, 10000, 'a'));
    CHECK_OK (zmq_msg_close (&third));
}

CASE (small_copies_are_independent)
{
    zmq_msg_t from, to;
    mk_msg (&from, 10, 'a');
    zmq_msg_init (&to);
    CHECK_OK (zmq_msg_copy (&to, &from));
    CHECK (zmq_msg_data (&to) != zmq_msg_data (&from));
    CHECK_INT (zmq_msg_get (&from, ZMQ_SHARED), 0);
    memset (zmq_msg_data (&to), 'z', 10);
    CHECK (is_msg (&from, 10, 'a'));
    zmq_msg_close (&from);
    zmq_msg_close (&to);
}

CASE (copy_of_a_constant_buffer)
{
    static const char text[] = "never freed, never copied";
    zmq_msg_t from, to;
    CHECK_OK (zmq_msg_init_data (&from, (void *) text, sizeof text, NULL, NULL));
    zmq_msg_init (&to);
    CHECK_OK (zmq_msg_copy (&to, &from));
    CHECK (zmq_msg_data (&to) == text);
    CHECK_OK (zmq_msg_close (&from));
    CHECK (zmq_msg_data (&to) == text);
    CHECK_OK (zmq_msg_close (&to));
}

CASE (chain_of_moves_and_copies)
{
    zmq_msg_t ring[8];
    for (int i = 0; i < 8; ++i)
        zmq_msg_init (&ring[i]);
    zmq_msg_close (&ring[0]);
    mk_msg (&ring[0], 3000, 'r');
    for (int round = 0; round < 100; ++round) {
        zmq_msg_t *from = &ring[round % 8], *to = &ring[(round + 1) % 8];
        CHECK_OK (round % 3 ? zmq_msg_move (to, from) : zmq_msg_copy (to, from));
        CHECK (is_msg (to, 3000, 'r'));
    }
    for (int i = 0; i < 8; ++i)
        CHECK_OK (zmq_msg_close (&ring[i]));
}

CASE (errors)
{
    zmq_msg_t good, bad;
    mk_msg (&good, 40, 'g');
    zmq_msg_init (&bad);
    zmq_msg_close (&bad);
    CHECK_ERRNO (zmq_msg_move (&good, &bad), EFAULT);
    CHECK_ERRNO (zmq_msg_copy (&good, &bad), EFAULT);
    CHECK (is_msg (&good, 40, 'g'));
    CHECK_ERRNO (zmq_msg_move (&bad, &good), EFAULT);
    CHECK_ERRNO (zmq_msg_copy (&bad, &good), EFAULT);
    CHECK (is_msg (&good, 40, 'g'));
    CHECK_OK (zmq_msg_close (&good));
}

CASE (copies_to_many_sockets)
{
    enum { PEERS = 5 };
    void *ctx = mk_ctx ();
    void *out[PEERS], *in[PEERS];
    zmq_msg_t msg;
    for (int i = 0; i < PEERS; ++i) {
        out[i] = mk_socket (ctx, ZMQ_PAIR);
        in[i] = mk_socket (ctx, ZMQ_PAIR);
        join_sockets (in[i], out[i], i % 2 ? "tcp" : "inproc");
    }
    mk_msg (&msg, 50000, 's');
    for (int i = 0; i < PEERS; ++i) {
        zmq_msg_t copy;
        zmq_msg_init (&copy);
        CHECK_OK (zmq_msg_copy (&copy, &msg));
        CHECK_INT (zmq_msg_send (&copy, out[i], 0), 50000);
    }
    CHECK_OK (zmq_msg_close (&msg));
    for (int i = 0; i < PEERS; ++i) {
        zmq_msg_t got;
        zmq_msg_init (&got);
        CHECK_INT (zmq_msg_recv (&got, in[i], 0), 50000);
        CHECK (is_msg (&got, 50000, 's'));
        zmq_msg_close (&got);
        rm_socket (out[i]);
        rm_socket (in[i]);
    }
    rm_ctx (ctx);
}

CASE (received_message_outlives_its_socket_and_context)
{
    static const char *const transports[] = {"inproc", "tcp", "ipc"};
    for (int t = 0; t < 3; ++t)
        for (size_t i = 0; i < SIZES; ++i) {
            void *ctx = mk_ctx ();
            void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
            zmq_msg_t msg, copy;
            join_sockets (a, b, transports[t]);
            mk_msg (&msg, sizes[i], 'o');
            CHECK_INT (zmq_msg_send (&msg, a, 0), sizes[i]);
            zmq_msg_init (&msg);
            zmq_msg_init (&copy);
            CHECK_INT (zmq_msg_recv (&msg, b, 0), sizes[i]);
            CHECK_OK (zmq_msg_copy (&copy, &msg));
            rm_socket (a);
            rm_socket (b);
            rm_ctx (ctx);
            CHECK (is_msg (&msg, sizes[i], 'o'));
            CHECK_OK (zmq_msg_close (&msg));
            CHECK (is_msg (&copy, sizes[i], 'o'));
            CHECK_OK (zmq_msg_close (&copy));
        }
}

CASE (data_is_stable_while_other_messages_come)
{
    enum { COUNT = 200 };
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PUSH), *b = mk_socket (ctx, ZMQ_PULL);
    zmq_msg_t kept[COUNT];
    void *data[COUNT];
    join_sockets (b, a, "tcp");
    for (int i = 0; i < COUNT; ++i) {
        zmq_msg_t msg;
        mk_msg (&msg, (size_t) (i * 37 % 900), i % 128);
        CHECK (zmq_msg_send (&msg, a, 0) >= 0);
    }
    for (int i = 0; i < COUNT; ++i) {
        zmq_msg_init (&kept[i]);
        CHECK (zmq_msg_recv (&kept[i], b, 0) >= 0);
        data[i] = zmq_msg_data (&kept[i]);
    }
    for (int i = 0; i < COUNT; ++i) {
        CHECK (zmq_msg_data (&kept[i]) == data[i]);
        CHECK (is_msg (&kept[i], (size_t) (i * 37 % 900), i % 128));
        zmq_msg_close (&kept[i]);
    }
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (move_empties_the_source);
    RUN (move_keeps_the_address_of_a_large_body);
    RUN (move_to_itself);
    RUN_OURS (copy_to_itself, "the reference leaves an invalid message");
    RUN (copy_keeps_the_source);
    RUN (copy_shares_large_bodies);
    RUN (small_copies_are_independent);
    RUN (copy_of_a_constant_buffer);
    RUN (chain_of_moves_and_copies);
    RUN (errors);
    RUN (copies_to_many_sockets);
    RUN (received_message_outlives_its_socket_and_context);
    RUN (data_is_stable_while_other_messages_come);
    return harness_end ();
}
