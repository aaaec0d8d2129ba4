/*
 * pthread_cancel of threads between which messages fly: of senders and receivers at any moment, and of some of those
 * that share a socket. What is broken by it, or lost, others would notice.
 */
#include "cancel.h"

/* ---- Threads that are busy ------------------------------------------------------------------------ */

typedef struct
{
    void *socket;
    volatile int count, stop;
} busy_t;

static void *send_all_the_time (void *arg)
{
    busy_t *busy = arg;
    for (;;) {
        zmq_send (busy->socket, "message", 7, 0);
        ++busy->count;
    }
    return NULL;
}

static void close_msg (void *msg)
{
    zmq_msg_close (msg);
}

static void *send_messages_all_the_time (void *arg)
{
    busy_t *busy = arg;
    zmq_msg_t msg;
    zmq_msg_init (&msg);
    pthread_cleanup_push (close_msg, &msg);
    for (;;) {
        zmq_msg_close (&msg);
        zmq_msg_init_size (&msg, 1000);
        memset (zmq_msg_data (&msg), 'x', 1000);
        zmq_msg_send (&msg, busy->socket, 0);
        ++busy->count;
    }
    pthread_cleanup_pop (1);
    return NULL;
}

static void *receive_all_the_time (void *arg)
{
    busy_t *busy = arg;
    char text[2000];
    while (!busy->stop) {
        if (zmq_recv (busy->socket, text, sizeof text, 0) >= 0)
            ++busy->count;
    }
    return NULL;
}

/* Whoever is cancelled while messages fly ends at some call, and nothing is broken. */
static void cancel_busy (const char *transport, void *(*run) (void *), int cancels_receiver)
{
    void *ctx = mk_ctx ();
    void *push = zmq_socket (ctx, ZMQ_PUSH), *pull = zmq_socket (ctx, ZMQ_PULL);
    void *one = mk_socket (ctx, ZMQ_PAIR), *two = mk_socket (ctx, ZMQ_PAIR);
    set_int (pull, ZMQ_RCVTIMEO, 100);
    join_sockets (pull, push, transport);
    join_sockets (one, two, transport);
    for (int round = 0; round < 3; ++round) {
        busy_t from = {push, 0, 0}, to = {pull, 0, 0};
        const pthread_t sender = start_thread (run, &from);
        const pthread_t receiver = start_thread (receive_all_the_time, &to);
        CHECK (WAIT_FOR (to.count > 1000));
        CHECK_INT (pthread_cancel (cancels_receiver ? receiver : sender), 0);
        CHECK (join_thread (cancels_receiver ? receiver : sender) == PTHREAD_CANCELED);
        to.stop = 1;
        if (cancels_receiver) {
            CHECK_INT (pthread_cancel (sender), 0);
            CHECK (join_thread (sender) == PTHREAD_CANCELED);
        } else
            CHECK (join_thread (receiver) == NULL);
        bounce (one, two);
    }
    rm_socket (push);
    rm_socket (pull);
    rm_socket (one);
    rm_socket (two);
    rm_ctx (ctx);
}

CASE (busy_senders)
{
    cancel_busy ("inproc", send_all_the_time, 0);
    cancel_busy ("ipc", send_messages_all_the_time, 0);
    cancel_busy ("tcp", send_all_the_time, 0);
    cancel_busy ("tcp", send_messages_all_the_time, 0);
}

CASE (busy_receivers)
{
    cancel_busy ("inproc", send_all_the_time, 1);
    cancel_busy ("ipc", send_all_the_time, 1);
    cancel_busy ("tcp", send_messages_all_the_time, 1);
}

/* ---- Sockets that threads share ------------------------------------------------------------------- */

typedef struct
{
    void *socket;
    volatile pid_t id;
    volatile int got;
} sharer_t;

static void *receive_one (void *arg)
{
    sharer_t *sharer = arg;
    char byte;
    sharer->id = own_id ();
    if (zmq_recv (sharer->socket, &byte, 1, 0) == 1)
        sharer->got = 1;
    return NULL;
}

/* Two threads wait at a socket; whichever is cancelled, the other one gets the message. */
CASE (shared)
{
    static const char *const transports[] = {"inproc", "ipc", "tcp"};
    for (int t = 0; t < 3; ++t)
        for (int which = 0; which < 2; ++which) {
            void *ctx = mk_ctx ();
            void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
            sharer_t sharers[2] = {{pull, 0, 0}, {pull, 0, 0}};
            pthread_t threads[2];
            join_sockets (pull, push, transports[t]);
            for (int i = 0; i < 2; ++i) {
                threads[i] = start_thread (receive_one, &sharers[i]);
                CHECK (WAIT_FOR (sharers[i].id != 0 && stays_asleep (sharers[i].id)));
            }
            CHECK_INT (pthread_cancel (threads[which]), 0);
            CHECK (join_thread (threads[which]) == PTHREAD_CANCELED);
            send_str (push, "x", 0);
            CHECK (join_thread (threads[1 - which]) == NULL);
            CHECK_INT (sharers[1 - which].got, 1);
            rm_socket (push);
            rm_socket (pull);
            rm_ctx (ctx);
        }
}

enum { NUMBERS = 3000 };

typedef struct
{
    void *socket;
    volatile int next, wrong;
} counter_t;

static void *count_on (void *arg)
{
    counter_t *counter = arg;
    int number;
    while (counter->next < NUMBERS) {
        if (zmq_recv (counter->socket, &number, sizeof number, 0) != sizeof number)
            continue;
        if (number != counter->next)
            ++counter->wrong;
        ++counter->next;
    }
    return NULL;
}

static void *send_numbers (void *push)
{
    for (int i = 0; i < NUMBERS; ++i) {
        CHECK_INT (zmq_send (push, &i, sizeof i, 0), sizeof i);
        if (i % 3 == 0)
            usleep (50);
    }
    return NULL;
}

/* Cancellations that meet messages as they come: what the next one receives has no gap. */
CASE (nothing_is_lost)
{
    static const char *const transports[] = {"inproc", "ipc", "tcp"};
    for (int t = 0; t < 3; ++t) {
        void *ctx = mk_ctx ();
        void *push = mk_socket (ctx, ZMQ_PUSH), *pull = zmq_socket (ctx, ZMQ_PULL);
        counter_t counter = {pull, 0, 0};
        join_sockets (pull, push, transports[t]);
        const pthread_t sender = start_thread (send_numbers, push);
        while (counter.next < NUMBERS) {
            const pthread_t thread = start_thread (count_on, &counter);
            const int from = counter.next;
            while (counter.next < NUMBERS && counter.next - from < 20)
                sched_yield ();
            CHECK_INT (pthread_cancel (thread), 0);
            join_thread (thread);
        }
        CHECK_INT (counter.wrong, 0);
        join_thread (sender);
        rm_socket (push);
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

int main (int argc, char **argv)
{
    /* A mailbox stays locked there by a thread that is cancelled as it writes to it. */
    static const char busy[] = "who does not just wait may take a lock along";
    harness_begin (argc, argv);
    RUN_OURS (busy_senders, busy);
    RUN_OURS (busy_receivers, busy);
    RUN_OURS (shared, "one socket, two threads");
    RUN_OURS (nothing_is_lost, "it may be cancelled with a message in its hands");
    return harness_end ();
}
