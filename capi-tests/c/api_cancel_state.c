/*
 * Threads that have disabled their cancellation: no call of the library ends them, and none changes what they have set.
 */
#include "cancel.h"

typedef struct
{
    void *socket;
    volatile pid_t id;
    volatile int received;
} shielded_t;

static void *receive_shielded (void *arg)
{
    shielded_t *own = arg;
    char text[8];
    int before;
    pthread_setcancelstate (PTHREAD_CANCEL_DISABLE, &before);
    own->id = own_id ();
    own->received = zmq_recv (own->socket, text, sizeof text, 0);
    zmq_pollitem_t item = {own->socket, 0, ZMQ_POLLIN, 0};
    CHECK_INT (zmq_poll (&item, 1, 1), 0);
    CHECK_INT (zmq_send (own->socket, "back", 4, 0), 4);
    int state = -1;
    pthread_setcancelstate (before, &state);
    CHECK_INT (state, PTHREAD_CANCEL_DISABLE);
    pthread_testcancel ();
    return NULL;
}

/* Who has disabled its cancellation gets what it waits for. */
CASE (disabled)
{
    static const char *const transports[] = {"inproc", "ipc", "tcp"};
    for (int t = 0; t < 3; ++t) {
        void *ctx = mk_ctx ();
        void *one = mk_socket (ctx, ZMQ_PAIR), *two = mk_socket (ctx, ZMQ_PAIR);
        join_sockets (one, two, transports[t]);
        bounce (one, two);
        shielded_t own = {one, 0, 0};
        const pthread_t thread = start_thread (receive_shielded, &own);
        CHECK (WAIT_FOR (own.id != 0 && stays_asleep (own.id)));
        CHECK_INT (pthread_cancel (thread), 0);
        CHECK (stays_asleep (own.id));
        send_str (two, "text", 0);
        expect_msg (two, "back");
        CHECK (join_thread (thread) == PTHREAD_CANCELED);
        CHECK_INT (own.received, 4);
        rm_socket (one);
        rm_socket (two);
        rm_ctx (ctx);
    }
}

/* The states and types of a thread are what they were, whatever is called. */
CASE (state_is_kept)
{
    for (int state = PTHREAD_CANCEL_ENABLE; state <= PTHREAD_CANCEL_DISABLE; ++state) {
        int before, kind;
        zmq_msg_t msg;
        pthread_setcancelstate (state, &before);
        void *ctx = mk_ctx ();
        void *one = mk_socket (ctx, ZMQ_PAIR), *two = mk_socket (ctx, ZMQ_PAIR);
        join_sockets (one, two, "tcp");
        bounce (one, two);
        set_int (one, ZMQ_RCVTIMEO, 1);
        zmq_msg_init (&msg);
        CHECK_ERRNO (zmq_msg_recv (&msg, one, 0), EAGAIN);
        CHECK_ERRNO (zmq_recv (two, NULL, 0, ZMQ_DONTWAIT), EAGAIN);
        zmq_msg_close (&msg);
        rm_socket (one);
        rm_socket (two);
        rm_ctx (ctx);
        zmq_sleep (0);
        pthread_setcanceltype (PTHREAD_CANCEL_DEFERRED, &kind);
        pthread_setcancelstate (before, &before);
        CHECK_INT (before, state);
        CHECK_INT (kind, PTHREAD_CANCEL_DEFERRED);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (disabled);
    RUN (state_is_kept);
    return harness_end ();
}
