/*
 * One zmq_msg_t that is received into over and over, and messages that live on, are copied and are closed
 * elsewhere while others take their place: each has its own content and tells of its own connection.
 */
#include "harness.h"

/* Bodies on both sides of what fits into a message, a lane's record and a chunk, in an order of ups and downs. */
static const size_t sizes[] = {100, 100, 0,   10,  100, 255,  40,   41,    300,
                               100, 256, 120, 200, 33,  5000, 100, 70000, 128};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void fill (char *body, size_t size, int seed)
{
    for (size_t i = 0; i < size; ++i)
        body[i] = (char) ((int) (i * 31) + seed);
}

/* Sends a body of its own kind, as a message or out of a buffer. */
static void send_body (void *socket, size_t size, int seed, int as_msg)
{
    char *body = malloc (size + 1);
    fill (body, size, seed);
    if (as_msg) {
        zmq_msg_t msg;
        CHECK_OK (zmq_msg_init_size (&msg, size));
        memcpy (zmq_msg_data (&msg), body, size);
        CHECK_INT (zmq_msg_send (&msg, socket, 0), size);
        CHECK_INT (zmq_msg_size (&msg), 0);
    } else
        CHECK_INT (zmq_send (socket, body, size, 0), size);
    free (body);
}

static void check_body (zmq_msg_t *msg, size_t size, int seed)
{
    char *body = malloc (size + 1);
    fill (body, size, seed);
    CHECK_INT (zmq_msg_size (msg), size);
    if (zmq_msg_size (msg) == size)
        CHECK_MEM (zmq_msg_data (msg), body, size);
    free (body);
}

static void again_over (const char *transport)
{
    void *ctx = mk_ctx ();
    void *pull = mk_socket (ctx, ZMQ_PULL), *push = mk_socket (ctx, ZMQ_PUSH);
    const int by_wire = strcmp (transport, "inproc") != 0;
    zmq_msg_t msg, copies[SIZES];
    join_sockets (pull, push, transport);
    zmq_msg_init (&msg);
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < SIZES; ++i)
            send_body (push, sizes[i], round + i, i % 2);
        for (int i = 0; i < SIZES; ++i) {
            REQUIRE (zmq_msg_recv (&msg, pull, 0) >= 0);
            check_body (&msg, sizes[i], round + i);
            CHECK_INT (zmq_msg_get (&msg, ZMQ_SHARED), 0);
            if (by_wire)
                CHECK_STR (zmq_msg_gets (&msg, "Socket-Type"), "PUSH");
            else
                CHECK_NULL_ERRNO (zmq_msg_gets (&msg, "Socket-Type"), EINVAL);
            zmq_msg_init (&copies[i]);
            /* In some rounds the copy is all that is left, in some there is none. */
            if (round % 3 == 1)
                CHECK_OK (zmq_msg_move (&copies[i], &msg));
            else if (round % 3 == 2)
                CHECK_OK (zmq_msg_copy (&copies[i], &msg));
        }
        for (int i = 0; i < SIZES; ++i) {
            if (round % 3 > 0)
                check_body (&copies[i], sizes[i], round + i);
            CHECK_OK (zmq_msg_close (&copies[i]));
        }
    }
    CHECK_OK (zmq_msg_close (&msg));
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (received_into_again)
{
    again_over ("tcp");
    again_over ("ipc");
    again_over ("inproc");
}

CASE (each_tells_of_its_sender)
{
    void *ctx = mk_ctx ();
    void *pull = mk_socket (ctx, ZMQ_PULL);
    char endpoint[ENDPOINT_SIZE], from[2 * ENDPOINT_SIZE], address[32];
    zmq_msg_t msg;
    bind_any (pull, "tcp", endpoint);
    zmq_msg_init (&msg);
    for (int n = 2; n < 20; ++n) {
        void *push = mk_socket (ctx, ZMQ_PUSH);
        snprintf (address, sizeof address, "127.0.0.%d", n);
        snprintf (from, sizeof from, "tcp://%s:0;%s", address, endpoint + strlen ("tcp://"));
        REQUIRE_OK (zmq_connect (push, from));
        for (int i = 0; i < 5; ++i) {
            send_body (push, 100, i, 1);
            REQUIRE (zmq_msg_recv (&msg, pull, 0) >= 0);
            check_body (&msg, 100, i);
            CHECK_STR (zmq_msg_gets (&msg, "Peer-Address"), address);
        }
        rm_socket (push);
    }
    CHECK_OK (zmq_msg_close (&msg));
    rm_socket (pull);
    rm_ctx (ctx);
}

/* Frames of one message, then nothing: what the last one held is given up by looking. */
static void parts_over (const char *transport)
{
    static const size_t parts[] = {100, 20, 300};
    void *ctx = mk_ctx ();
    void *pull = mk_socket (ctx, ZMQ_PULL), *push = mk_socket (ctx, ZMQ_PUSH);
    char body[300];
    zmq_msg_t msg;
    join_sockets (pull, push, transport);
    zmq_msg_init (&msg);
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 3; ++i) {
            fill (body, parts[i], round + i);
            CHECK_INT (zmq_send (push, body, parts[i], i < 2 ? ZMQ_SNDMORE : 0), parts[i]);
        }
        for (int i = 0; i < 3; ++i) {
            REQUIRE (zmq_msg_recv (&msg, pull, 0) >= 0);
            check_body (&msg, parts[i], round + i);
            CHECK_INT (zmq_msg_more (&msg), i < 2);
        }
        if (round % 2 == 0) {
            CHECK_ERRNO (zmq_msg_recv (&msg, pull, ZMQ_DONTWAIT), EAGAIN);
            CHECK_INT (zmq_msg_size (&msg), 0);
            CHECK_NULL_ERRNO (zmq_msg_gets (&msg, "Socket-Type"), EINVAL);
        }
    }
    CHECK_OK (zmq_msg_close (&msg));
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (parts_into_one)
{
    parts_over ("tcp");
    parts_over ("inproc");
}

static int given_back;

static void on_free (void *data UNUSED, void *hint UNUSED)
{
    ++given_back;
}

CASE (a_lent_buffer_is_given_back)
{
    static char lent[100];
    void *ctx = mk_ctx ();
    void *pull = mk_socket (ctx, ZMQ_PULL), *push = mk_socket (ctx, ZMQ_PUSH);
    zmq_msg_t msg;
    join_sockets (pull, push, "inproc");
    for (int i = 0; i < 10; ++i) {
        send_body (push, 90, i, 0);
        CHECK_OK (zmq_msg_init_data (&msg, lent, sizeof lent, on_free, NULL));
        CHECK_INT (given_back, i);
        REQUIRE (zmq_msg_recv (&msg, pull, 0) >= 0);
        CHECK_INT (given_back, i + 1);
        check_body (&msg, 90, i);
        CHECK_OK (zmq_msg_close (&msg));
    }
    for (size_t i = 0; i < sizeof lent; ++i)
        CHECK_INT (lent[i], 0);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

enum { KEPT = 300 };

/* Closes what another thread has received, and makes messages of its own in its place. */
static void *close_all (void *arg)
{
    zmq_msg_t *kept = arg;
    for (int i = 0; i < KEPT; ++i) {
        check_body (&kept[i], 100, i);
        CHECK_STR (zmq_msg_gets (&kept[i], "Socket-Type"), "PUSH");
        CHECK_OK (zmq_msg_close (&kept[i]));
        CHECK_OK (zmq_msg_init_size (&kept[i], 100 + (size_t) i % 50));
        memset (zmq_msg_data (&kept[i]), i, 100);
    }
    for (int i = 0; i < KEPT; ++i) {
        const char *body = zmq_msg_data (&kept[i]);
        CHECK_INT (body[0], (char) i);
        CHECK_INT (body[99], (char) i);
        CHECK_OK (zmq_msg_close (&kept[i]));
    }
    return NULL;
}

/* Messages outlive connection, socket and context, and are closed by a thread that then ends. */
CASE (closed_elsewhere_and_later)
{
    static zmq_msg_t kept[KEPT];
    void *ctx = mk_ctx ();
    void *pull = mk_socket (ctx, ZMQ_PULL), *push = mk_socket (ctx, ZMQ_PUSH);
    join_sockets (pull, push, "tcp");
    for (int i = 0; i < KEPT; ++i)
        send_body (push, 100, i, 1);
    for (int i = 0; i < KEPT; ++i) {
        zmq_msg_init (&kept[i]);
        REQUIRE (zmq_msg_recv (&kept[i], pull, 0) >= 0);
    }
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
    join_thread (start_thread (close_all, kept));
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (received_into_again);
    RUN (each_tells_of_its_sender);
    RUN (parts_into_one);
    RUN (a_lent_buffer_is_given_back);
    RUN (closed_elsewhere_and_later);
    return harness_end ();
}
