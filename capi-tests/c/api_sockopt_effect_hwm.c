/*
 * ZMQ_SNDHWM and ZMQ_RCVHWM: how many messages queue before a socket blocks or drops.
 */
#include "harness.h"

/* Sends until the socket refuses; gives how many went, at most `most`. */
static int fill (void *socket, int most)
{
    int count = 0;
    while (count < most && zmq_send (socket, &count, sizeof count, ZMQ_DONTWAIT) == sizeof count)
        ++count;
    return count;
}

static void *mk_hwm (void *ctx, int type, int sndhwm, int rcvhwm)
{
    void *socket = mk_socket (ctx, type);
    set_int (socket, ZMQ_SNDHWM, sndhwm);
    set_int (socket, ZMQ_RCVHWM, rcvhwm);
    return socket;
}

static const int hwms[] = {0, 1, 2, 3, 4, 5, 10, 100};
#define HWMS (sizeof hwms / sizeof *hwms)

CASE (defaults)
{
    void *ctx = mk_ctx ();
    for (int type = ZMQ_PAIR; type <= ZMQ_STREAM; ++type) {
        void *socket = mk_socket (ctx, type);
        CHECK_INT (opt_int (socket, ZMQ_SNDHWM), 1000);
        CHECK_INT (opt_int (socket, ZMQ_RCVHWM), 1000);
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

CASE (inproc_sum_of_both_bind_first)
{
    static const int types[][2] = {{ZMQ_PUSH, ZMQ_PULL}, {ZMQ_PAIR, ZMQ_PAIR}, {ZMQ_DEALER, ZMQ_DEALER}};
    for (int t = 0; t < 3; ++t) {
        printf ("  %s to %s:", type_name (types[t][0]), type_name (types[t][1]));
        for (size_t s = 0; s < HWMS; ++s)
            for (size_t r = 0; r < HWMS; ++r) {
                void *ctx = mk_ctx ();
                void *from = mk_hwm (ctx, types[t][0], hwms[s], 1000);
                void *to = mk_hwm (ctx, types[t][1], 1000, hwms[r]);
                join_sockets (to, from, "inproc");
                printf (" %d+%d=%d", hwms[s], hwms[r], fill (from, 1500));
                rm_socket (from);
                rm_socket (to);
                rm_ctx (ctx);
            }
        printf ("\n");
    }
}

CASE (inproc_sum_of_both_connect_first)
{
    printf (" ");
    for (size_t s = 0; s < HWMS; ++s)
        for (size_t r = 0; r < HWMS; ++r) {
            char endpoint[64];
            void *ctx = mk_ctx ();
            void *from = mk_hwm (ctx, ZMQ_PUSH, hwms[s], 1000);
            void *to = mk_hwm (ctx, ZMQ_PULL, 1000, hwms[r]);
            snprintf (endpoint, sizeof endpoint, "inproc://hwm-%d", unique_number ());
            CHECK_OK (zmq_connect (from, endpoint));
            CHECK_OK (zmq_bind (to, endpoint));
            printf (" %d+%d=%d", hwms[s], hwms[r], fill (from, 1500));
            rm_socket (from);
            rm_socket (to);
            rm_ctx (ctx);
        }
    printf ("\n");
}

CASE (inproc_without_a_peer)
{
    for (size_t s = 0; s < HWMS; ++s) {
        void *ctx = mk_ctx ();
        void *push = mk_hwm (ctx, ZMQ_PUSH, hwms[s], 7);
        CHECK_OK (zmq_connect (push, "inproc://not-yet"));
        printf ("  %d: %d\n", hwms[s], fill (push, 1500));
        rm_socket (push);
        rm_ctx (ctx);
    }
}

CASE (tcp_without_a_peer)
{
    for (size_t s = 0; s < HWMS; ++s) {
        char endpoint[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *push = mk_hwm (ctx, ZMQ_PUSH, hwms[s], 7);
        unused_endpoint (endpoint);
        CHECK_OK (zmq_connect (push, endpoint));
        CHECK_INT (fill (push, 1500), hwms[s] ? hwms[s] : 1500);
        CHECK_INT (opt_int (push, ZMQ_EVENTS), hwms[s] ? 0 : ZMQ_POLLOUT);
        rm_socket (push);
        rm_ctx (ctx);
    }
}

CASE (every_connection_has_its_own)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_hwm (ctx, ZMQ_PUSH, 5, 5);
    for (int i = 0; i < 3; ++i) {
        unused_endpoint (endpoint);
        CHECK_OK (zmq_connect (push, endpoint));
    }
    CHECK_INT (fill (push, 1500), 15);
    rm_socket (push);
    rm_ctx (ctx);
}

CASE (messages_count_not_frames)
{
    void *ctx = mk_ctx ();
    void *from = mk_hwm (ctx, ZMQ_PUSH, 2, 2), *to = mk_hwm (ctx, ZMQ_PULL, 2, 2);
    int count = 0;
    join_sockets (to, from, "inproc");
    while (count < 100 && zmq_send (from, "a", 1, ZMQ_DONTWAIT | ZMQ_SNDMORE) == 1) {
        CHECK_INT (zmq_send (from, "b", 1, ZMQ_DONTWAIT | ZMQ_SNDMORE), 1);
        CHECK_INT (zmq_send (from, "c", 1, ZMQ_DONTWAIT), 1);
        ++count;
    }
    printf ("  %d\n", count);
    for (int i = 0; i < count; ++i)
        expect_multi (to, 3, "a", "b", "c");
    expect_nothing (to);
    rm_socket (from);
    rm_socket (to);
    rm_ctx (ctx);
}

CASE (reading_makes_room)
{
    void *ctx = mk_ctx ();
    void *from = mk_hwm (ctx, ZMQ_PUSH, 50, 1), *to = mk_hwm (ctx, ZMQ_PULL, 1, 50);
    int got;
    join_sockets (to, from, "inproc");
    CHECK_INT (fill (from, 1500), 100);
    for (int i = 0; i < 100; ++i) {
        CHECK_INT (zmq_recv (to, &got, sizeof got, ZMQ_DONTWAIT), sizeof got);
        CHECK_INT (got, i);
    }
    CHECK (wait_writable (from));
    CHECK_INT (fill (from, 1500), 100);
    rm_socket (from);
    rm_socket (to);
    rm_ctx (ctx);
}

CASE (half_read_is_enough_to_go_on)
{
    /* The low-water mark: a sender need not wait until the queue is empty. */
    void *ctx = mk_ctx ();
    void *from = mk_hwm (ctx, ZMQ_PUSH, 10, 1), *to = mk_hwm (ctx, ZMQ_PULL, 1, 10);
    int got, read = 0;
    join_sockets (to, from, "inproc");
    CHECK_INT (fill (from, 1500), 20);
    while (!(opt_int (from, ZMQ_EVENTS) & ZMQ_POLLOUT) && read < 20) {
        CHECK_INT (zmq_recv (to, &got, sizeof got, ZMQ_DONTWAIT), sizeof got);
        ++read;
    }
    CHECK (read > 0 && read <= 10);
    CHECK (fill (from, 1500) > 0);
    rm_socket (from);
    rm_socket (to);
    rm_ctx (ctx);
}

static void *read_slowly (void *socket)
{
    for (int i = 0; i < 300; ++i) {
        int got = -1;
        CHECK_INT (zmq_recv (socket, &got, sizeof got, 0), sizeof got);
        CHECK_INT (got, i);
        if (i % 50 == 0)
            msleep (10);
    }
    return NULL;
}

CASE (blocking_send_waits_for_room)
{
    static const char *const transports[] = {"inproc", "tcp", "ipc"};
    for (int t = 0; t < 3; ++t) {
        void *ctx = mk_ctx ();
        void *from = mk_hwm (ctx, ZMQ_PUSH, 1, 1), *to = mk_hwm (ctx, ZMQ_PULL, 1, 1);
        join_sockets (to, from, transports[t]);
        pthread_t thread = start_thread (read_slowly, to);
        for (int i = 0; i < 300; ++i)
            CHECK_INT (zmq_send (from, &i, sizeof i, 0), sizeof i);
        join_thread (thread);
        rm_socket (from);
        rm_socket (to);
        rm_ctx (ctx);
    }
}

CASE (change_reaches_existing_connections)
{
    static const struct
    {
        int before, after;
    } changes[] = {{10, 70}, {70, 10}, {10, 0}, {0, 10}, {5, 6}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; ++i) {
        void *ctx = mk_ctx ();
        void *from = mk_hwm (ctx, ZMQ_PUSH, changes[i].before, 1), *to = mk_hwm (ctx, ZMQ_PULL, 1, 20);
        join_sockets (to, from, "inproc");
        CHECK_INT (fill (from, 5), 5);
        set_int (from, ZMQ_SNDHWM, changes[i].after);
        CHECK_INT (opt_int (from, ZMQ_SNDHWM), changes[i].after);
        printf ("  SNDHWM %d, then %d: 5 and", changes[i].before, changes[i].after);
        printf (" %d\n", fill (from, 1500));
        rm_socket (from);
        rm_socket (to);
        rm_ctx (ctx);
    }
}

/* The receiver's half of an inproc connection follows, or stays as it was when they joined. */
CASE (receiver_change_on_an_existing_connection)
{
    static const int after[] = {1, 50};
    for (size_t i = 0; i < sizeof after / sizeof *after; ++i) {
        void *ctx = mk_ctx ();
        void *from = mk_hwm (ctx, ZMQ_PUSH, 10, 1), *to = mk_hwm (ctx, ZMQ_PULL, 1, 20);
        join_sockets (to, from, "inproc");
        CHECK_INT (fill (from, 5), 5);
        set_int (to, ZMQ_RCVHWM, after[i]);
        CHECK (wait_writable (from));
        const int more = fill (from, 1500);
        CHECK (more == 10 + 20 - 5 || more == 10 + after[i] - 5);
        rm_socket (from);
        rm_socket (to);
        rm_ctx (ctx);
    }
}

CASE (publisher_drops)
{
    void *ctx = mk_ctx ();
    void *pub = mk_hwm (ctx, ZMQ_XPUB, 10, 1000), *sub = mk_hwm (ctx, ZMQ_SUB, 1000, 10);
    int got, count = 0;
    set_str (sub, ZMQ_SUBSCRIBE, "");
    join_sockets (pub, sub, "inproc");
    expect_bytes (pub, "\1", 1, 0);
    CHECK_INT (fill (pub, 1500), 1500);
    while (zmq_recv (sub, &got, sizeof got, ZMQ_DONTWAIT) == sizeof got)
        CHECK_INT (got, count++);
    printf ("  %d arrived\n", count);
    rm_socket (pub);
    rm_socket (sub);
    rm_ctx (ctx);
}

CASE (everything_arrives_over_tcp)
{
    void *ctx = mk_ctx ();
    void *from = mk_hwm (ctx, ZMQ_PUSH, 10, 10), *to = mk_hwm (ctx, ZMQ_PULL, 10, 10);
    join_sockets (to, from, "tcp");
    CHECK (wait_writable (from));
    const int sent = fill (from, 1000000);
    CHECK (sent >= 10);
    for (int i = 0; i < sent; ++i) {
        int got = -1;
        CHECK_INT (zmq_recv (to, &got, sizeof got, 0), sizeof got);
        CHECK_INT (got, i);
    }
    expect_nothing (to);
    rm_socket (from);
    rm_socket (to);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (defaults);
    RUN (inproc_sum_of_both_bind_first);
    RUN (inproc_sum_of_both_connect_first);
    RUN (inproc_without_a_peer);
    RUN (tcp_without_a_peer);
    RUN (every_connection_has_its_own);
    RUN (messages_count_not_frames);
    RUN (reading_makes_room);
    RUN (half_read_is_enough_to_go_on);
    RUN (blocking_send_waits_for_room);
    RUN (change_reaches_existing_connections);
    RUN (receiver_change_on_an_existing_connection);
    RUN (publisher_drops);
    RUN (everything_arrives_over_tcp);
    return harness_end ();
}
