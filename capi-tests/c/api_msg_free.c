/*
 * The free function of zmq_msg_init_data: called exactly once, with the buffer and the hint,
 * when the last holder lets go, on whatever thread that is.
 */
#include "harness.h"

enum { SLOTS = 64 };

/* One buffer with a free function; `hint` of the message is its slot. */
typedef struct
{
    char *data;
    int freed;
    int wrong;
} slot_t;

static slot_t slots[SLOTS];

static void on_free (void *data, void *hint)
{
    slot_t *slot = hint;
    if (data != slot->data)
        __sync_fetch_and_add (&slot->wrong, 1);
    free (data);
    __sync_fetch_and_add (&slot->freed, 1);
}

static void mk_slot (zmq_msg_t *msg, int n, size_t size)
{
    slot_t *slot = &slots[n];
    memset (slot, 0, sizeof *slot);
    slot->data = malloc (size ? size : 1);
    memset (slot->data, 'd', size);
    CHECK_OK (zmq_msg_init_data (msg, slot->data, size, on_free, slot));
}

static int freed (int n)
{
    return __sync_fetch_and_add (&slots[n].freed, 0);
}

/* Waits for the one call, then watches that no other follows. */
static void expect_freed (int count)
{
    for (int n = 0; n < count; ++n)
        CHECK (WAIT_FOR (freed (n) > 0));
    msleep (20);
    for (int n = 0; n < count; ++n) {
        CHECK_INT (freed (n), 1);
        CHECK_INT (slots[n].wrong, 0);
    }
}

CASE (close_frees)
{
    const size_t sizes[] = {0, 1, 10, 33, 100, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        zmq_msg_t msg;
        mk_slot (&msg, 0, sizes[i]);
        CHECK_INT (zmq_msg_size (&msg), sizes[i]);
        CHECK (zmq_msg_data (&msg) == slots[0].data);
        CHECK_INT (freed (0), 0);
        CHECK_OK (zmq_msg_close (&msg));
        CHECK_INT (freed (0), 1);
        CHECK_INT (slots[0].wrong, 0);
    }
}

static int null_hints;

static void on_free_null_hint (void *data, void *hint)
{
    null_hints += hint == NULL;
    free (data);
}

CASE (null_hint)
{
    zmq_msg_t msg;
    null_hints = 0;
    CHECK_OK (zmq_msg_init_data (&msg, malloc (100), 100, on_free_null_hint, NULL));
    CHECK_OK (zmq_msg_close (&msg));
    CHECK_INT (null_hints, 1);
}

CASE (null_data)
{
    zmq_msg_t msg;
    slots[0].data = NULL;
    slots[0].freed = slots[0].wrong = 0;
    CHECK_OK (zmq_msg_init_data (&msg, NULL, 0, on_free, &slots[0]));
    CHECK_OK (zmq_msg_close (&msg));
    CHECK_INT (freed (0), 1);
    CHECK_INT (slots[0].wrong, 0);
}

CASE (copies_free_with_the_last)
{
    zmq_msg_t msg[5];
    mk_slot (&msg[0], 0, 500);
    for (int i = 1; i < 5; ++i) {
        zmq_msg_init (&msg[i]);
        CHECK_OK (zmq_msg_copy (&msg[i], &msg[i - 1]));
        CHECK (zmq_msg_data (&msg[i]) == slots[0].data);
    }
    for (int i = 0; i < 5; ++i) {
        CHECK_INT (freed (0), 0);
        CHECK_OK (zmq_msg_close (&msg[i]));
    }
    CHECK_INT (freed (0), 1);
}

CASE (move_frees_what_it_replaces)
{
    zmq_msg_t to, from;
    mk_slot (&to, 0, 50);
    mk_slot (&from, 1, 60);
    CHECK_OK (zmq_msg_move (&to, &from));
    CHECK_INT (freed (0), 1);
    CHECK_INT (freed (1), 0);
    CHECK_OK (zmq_msg_close (&from));
    CHECK_INT (freed (1), 0);
    CHECK_OK (zmq_msg_close (&to));
    CHECK_INT (freed (1), 1);
}

CASE (copy_frees_what_it_replaces)
{
    zmq_msg_t to, from;
    mk_slot (&to, 0, 50);
    mk_slot (&from, 1, 60);
    CHECK_OK (zmq_msg_copy (&to, &from));
    CHECK_INT (freed (0), 1);
    CHECK_OK (zmq_msg_close (&from));
    CHECK_OK (zmq_msg_close (&to));
    CHECK_INT (freed (1), 1);
}

CASE (receiving_frees_what_it_replaces)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_t msg;
    join_sockets (a, b, "inproc");
    send_str (a, "new", 0);
    mk_slot (&msg, 0, 50);
    CHECK_INT (zmq_msg_recv (&msg, b, 0), 3);
    CHECK_INT (freed (0), 1);
    zmq_msg_close (&msg);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

static void *receive_all (void *socket)
{
    for (int i = 0; i < SLOTS; ++i) {
        zmq_msg_t msg;
        zmq_msg_init (&msg);
        CHECK (zmq_msg_recv (&msg, socket, 0) >= 0);
        const char *data = zmq_msg_data (&msg);
        for (size_t k = 0; k < zmq_msg_size (&msg); ++k)
            if (data[k] != 'd') {
                CHECK (0 && "body is intact");
                break;
            }
        CHECK_OK (zmq_msg_close (&msg));
    }
    return NULL;
}

static void send_over (const char *transport)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    join_sockets (pull, push, transport);
    pthread_t thread = start_thread (receive_all, pull);
    for (int n = 0; n < SLOTS; ++n) {
        zmq_msg_t msg;
        mk_slot (&msg, n, (size_t) n * n * 10);
        CHECK_INT (zmq_msg_send (&msg, push, 0), n * n * 10);
        CHECK_INT (zmq_msg_size (&msg), 0);
        CHECK_OK (zmq_msg_close (&msg));
    }
    join_thread (thread);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
    expect_freed (SLOTS);
}

CASE (sent_over_inproc)
{
    send_over ("inproc");
}

CASE (sent_over_tcp)
{
    send_over ("tcp");
}

CASE (sent_over_ipc)
{
    send_over ("ipc");
}

CASE (inproc_hands_the_buffer_over)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_t msg;
    join_sockets (a, b, "inproc");
    mk_slot (&msg, 0, 1000);
    char *data = zmq_msg_data (&msg);
    CHECK_INT (zmq_msg_send (&msg, a, 0), 1000);
    zmq_msg_init (&msg);
    CHECK_INT (zmq_msg_recv (&msg, b, 0), 1000);
    CHECK (zmq_msg_data (&msg) == data);
    CHECK_INT (freed (0), 0);
    CHECK_OK (zmq_msg_close (&msg));
    CHECK_INT (freed (0), 1);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (published_to_many)
{
    enum { SUBS = 4 };
    void *ctx = mk_ctx ();
    void *pub = mk_socket (ctx, ZMQ_XPUB), *subs[SUBS];
    char endpoint[ENDPOINT_SIZE], inproc[ENDPOINT_SIZE];
    bind_any (pub, "tcp", endpoint);
    bind_any (pub, "inproc", inproc);
    set_int (pub, ZMQ_XPUB_VERBOSE, 1);
    for (int i = 0; i < SUBS; ++i) {
        subs[i] = mk_socket (ctx, ZMQ_SUB);
        set_str (subs[i], ZMQ_SUBSCRIBE, "");
        CHECK_OK (zmq_connect (subs[i], i % 2 ? endpoint : inproc));
        expect_bytes (pub, "\1", 1, 0);
    }
    for (int n = 0; n < 8; ++n) {
        zmq_msg_t msg;
        mk_slot (&msg, n, 2000);
        CHECK_INT (zmq_msg_send (&msg, pub, 0), 2000);
    }
    for (int i = 0; i < SUBS; ++i)
        for (int n = 0; n < 8; ++n) {
            char buffer[2000];
            CHECK_INT (zmq_recv (subs[i], buffer, sizeof buffer, 0), 2000);
        }
    for (int i = 0; i < SUBS; ++i)
        rm_socket (subs[i]);
    rm_socket (pub);
    rm_ctx (ctx);
    expect_freed (8);
}

CASE (published_to_nobody)
{
    void *ctx = mk_ctx ();
    void *pub = mk_socket (ctx, ZMQ_PUB);
    zmq_msg_t msg;
    mk_slot (&msg, 0, 2000);
    CHECK_INT (zmq_msg_send (&msg, pub, 0), 2000);
    CHECK_INT (freed (0), 1);
    rm_socket (pub);
    rm_ctx (ctx);
}

CASE (failed_send_does_not_free)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH);
    zmq_msg_t msg;
    mk_slot (&msg, 0, 2000);
    CHECK_ERRNO (zmq_msg_send (&msg, push, ZMQ_DONTWAIT), EAGAIN);
    CHECK_INT (freed (0), 0);
    CHECK (zmq_msg_data (&msg) == slots[0].data);
    CHECK_OK (zmq_msg_close (&msg));
    CHECK_INT (freed (0), 1);
    rm_socket (push);
    rm_ctx (ctx);
}

CASE (unsent_and_unread_messages)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH);
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_t msg;
    unused_endpoint (endpoint);
    CHECK_OK (zmq_connect (push, endpoint));
    join_sockets (a, b, "inproc");
    for (int n = 0; n < 10; ++n) {
        mk_slot (&msg, n, 700);
        CHECK_INT (zmq_msg_send (&msg, n % 2 ? push : a, 0), 700);
    }
    rm_socket (push);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
    expect_freed (10);
}

CASE (half_sent_multipart)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    zmq_msg_t msg;
    join_sockets (a, b, "tcp");
    bounce (a, b);
    for (int n = 0; n < 3; ++n) {
        mk_slot (&msg, n, 700);
        CHECK_INT (zmq_msg_send (&msg, a, ZMQ_SNDMORE), 700);
    }
    expect_nothing (b);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
    expect_freed (3);
}

/* A message that is received into loses what it held even if nothing has come; not so if nothing can come. */
CASE (receive_frees)
{
    static const int types[] = {ZMQ_PAIR, ZMQ_SUB, ZMQ_REP, ZMQ_DEALER, ZMQ_ROUTER, ZMQ_PULL, ZMQ_XSUB,
                                ZMQ_REQ,  ZMQ_PUB, ZMQ_PUSH};
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i) {
        const int expected = types[i] == ZMQ_REQ ? EFSM : i < 7 ? EAGAIN : ENOTSUP;
        void *ctx = mk_ctx (), *socket = mk_socket (ctx, types[i]);
        zmq_msg_t msg;
        for (int waits = 0; waits < 2; ++waits) {
            mk_slot (&msg, 0, 100);
            set_int (socket, ZMQ_RCVTIMEO, 1);
            CHECK_ERRNO (zmq_msg_recv (&msg, socket, waits ? 0 : ZMQ_DONTWAIT), expected);
            CHECK_INT (freed (0), expected == EAGAIN);
            CHECK_INT (zmq_msg_size (&msg), expected == EAGAIN ? 0 : 100);
            CHECK_OK (zmq_msg_close (&msg));
            CHECK_INT (freed (0), 1);
        }
        rm_socket (socket);
        rm_ctx (ctx);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (close_frees);
    RUN (null_hint);
    RUN (null_data);
    RUN (copies_free_with_the_last);
    RUN (move_frees_what_it_replaces);
    RUN (copy_frees_what_it_replaces);
    RUN (receiving_frees_what_it_replaces);
    RUN (sent_over_inproc);
    RUN (sent_over_tcp);
    RUN (sent_over_ipc);
    RUN (inproc_hands_the_buffer_over);
    RUN (published_to_many);
    RUN (published_to_nobody);
    RUN (failed_send_does_not_free);
    RUN (unsent_and_unread_messages);
    RUN (half_sent_multipart);
    RUN (receive_frees);
    return harness_end ();
}
