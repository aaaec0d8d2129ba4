/*
 * What may not come between a message and the program that sleeps on ZMQ_FD, or waits for several
 * senders: looks without waiting, options, a sender that never stops.
 */
#include "pat_common.h"

/*
 * Sleeps on the descriptor, at once, until a message is there. It may also be readable for other reasons; then there is
 * more sleep.
 */
static void expect_readable (void *socket)
{
    struct pollfd item = {opt_int (socket, ZMQ_FD), POLLIN, 0};
    int rc;
    do {
        rc = poll (&item, 1, DEADLINE_MS);
    } while ((rc == -1 && errno == EINTR) || (rc == 1 && !(opt_int (socket, ZMQ_EVENTS) & ZMQ_POLLIN)));
    CHECK_INT (rc, 1);
}

/* The descriptor silent, nothing there. */
static void silence (void *socket)
{
    char byte;
    opt_int (socket, ZMQ_FD);
    while (zmq_recv (socket, &byte, 1, ZMQ_DONTWAIT) != -1)
        continue;
    while (opt_int (socket, ZMQ_EVENTS) & ZMQ_POLLIN)
        continue;
}

static void look_then_sleep (const char *transport)
{
    const pair_t pair = open_pair (ZMQ_PAIR, ZMQ_PAIR, transport);
    void *a = pair.server, *b = pair.client;
    bounce (a, b);
    for (int i = 0; i < 20; ++i) {
        silence (b);
        zmq_pollitem_t item = {b, 0, ZMQ_POLLIN, 0};
        CHECK_INT (zmq_poll (&item, 1, 0), 0);
        send_str (a, "later", 0);
        expect_readable (b);
        expect_msg (b, "later");
    }
    close_pair (pair);
}

CASE (look_by_poll_then_sleep)
{
    look_then_sleep ("inproc");
    look_then_sleep ("tcp");
}

static void options_then_sleep (const char *transport)
{
    const pair_t pair = open_pair (ZMQ_PAIR, ZMQ_PAIR, transport);
    void *a = pair.server, *b = pair.client;
    bounce (a, b);
    for (int i = 0; i < 20; ++i) {
        silence (b);
        send_str (a, "before", 0);
        opt_int (b, ZMQ_RCVMORE);
        set_int (b, ZMQ_LINGER, 0);
        opt_int (b, ZMQ_TYPE);
        expect_readable (b);
        expect_msg (b, "before");
    }
    close_pair (pair);
}

CASE (options_between_message_and_sleep)
{
    options_then_sleep ("inproc");
    options_then_sleep ("tcp");
}

static void *floods (void *arg)
{
    void **args = arg;
    const int *stop = args[1];
    while (!__atomic_load_n (stop, __ATOMIC_ACQUIRE))
        if (zmq_send (args[0], "flood", 5, ZMQ_DONTWAIT) == -1)
            sched_yield ();
    return NULL;
}

/* Fair queueing: who sends now and then has its turn although another one always has something. */
CASE (quiet_senders_have_their_turn)
{
    void *ctx = mk_ctx ();
    void *pull = mk_socket (ctx, ZMQ_PULL);
    void *loud = mk_socket (ctx, ZMQ_PUSH), *quiet = mk_socket (ctx, ZMQ_PUSH);
    CHECK_OK (zmq_bind (pull, "inproc://turns"));
    CHECK_OK (zmq_connect (loud, "inproc://turns"));
    CHECK_OK (zmq_connect (quiet, "inproc://turns"));
    int stop = 0;
    void *args[] = {loud, &stop};
    pthread_t thread = start_thread (floods, args);
    for (int round = 0; round < 20; ++round) {
        char body[8];
        int frames = 0, size;
        /* Its pipe has been found empty by now. */
        for (int i = 0; i < 100; ++i)
            CHECK_INT (zmq_recv (pull, body, sizeof body, 0), 5);
        send_str (quiet, "q", 0);
        do {
            size = zmq_recv (pull, body, sizeof body, 0);
        } while (size == 5 && ++frames < 100000);
        CHECK_INT (size, 1);
    }
    __atomic_store_n (&stop, 1, __ATOMIC_RELEASE);
    join_thread (thread);
    rm_socket (loud);
    rm_socket (quiet);
    rm_socket (pull);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (look_by_poll_then_sleep);
    RUN (options_between_message_and_sleep);
    RUN (quiet_senders_have_their_turn);
    return harness_end ();
}
