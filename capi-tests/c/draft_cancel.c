/*
 * pthread_cancel of a thread that waits in a draft function (see api_cancel.c for the others).
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "cancel.h"

typedef struct
{
    void *poller;
    void *socket;
    volatile pid_t id;
} waiter_t;

static void *wait_one (void *arg)
{
    waiter_t *waiter = arg;
    zmq_poller_event_t event;
    waiter->id = own_id ();
    zmq_poller_wait (waiter->poller, &event, -1);
    return NULL;
}

static void *wait_all (void *arg)
{
    waiter_t *waiter = arg;
    zmq_poller_event_t events[2];
    waiter->id = own_id ();
    zmq_poller_wait_all (waiter->poller, events, 2, -1);
    return NULL;
}

static void *wait_masked (void *arg)
{
    waiter_t *waiter = arg;
    zmq_pollitem_t item = {waiter->socket, 0, ZMQ_POLLIN, 0};
    sigset_t none;
    sigemptyset (&none);
    waiter->id = own_id ();
    zmq_ppoll (&item, 1, -1, &none);
    return NULL;
}

CASE (pollers)
{
    static void *(*const waits[]) (void *) = {wait_one, wait_all, wait_masked};
    static const char *const transports[] = {"inproc", "ipc", "tcp"};
    for (int t = 0; t < 3; ++t)
        for (int w = 0; w < 3; ++w) {
            void *ctx = mk_ctx ();
            void *one = mk_socket (ctx, ZMQ_CLIENT), *two = mk_socket (ctx, ZMQ_SERVER);
            zmq_poller_event_t event;
            waiter_t waiter = {zmq_poller_new (), one, 0};
            int fd = -1;
            join_sockets (two, one, transports[t]);
            CHECK_OK (zmq_poller_add (waiter.poller, one, NULL, ZMQ_POLLIN));
            CHECK_OK (zmq_poller_fd (waiter.poller, &fd));
            const pthread_t thread = start_thread (waits[w], &waiter);
            CHECK (WAIT_FOR (waiter.id != 0 && stays_asleep (waiter.id)));
            CHECK_INT (pthread_cancel (thread), 0);
            CHECK (join_thread (thread) == PTHREAD_CANCELED);

            /* The poller and its descriptor work on. */
            zmq_msg_t msg;
            send_str (one, "question", 0);
            zmq_msg_init (&msg);
            CHECK_INT (zmq_msg_recv (&msg, two, 0), 8);
            CHECK_INT (zmq_msg_send (&msg, two, 0), 8);
            struct pollfd item = {fd, POLLIN, 0};
            CHECK_INT (poll (&item, 1, DEADLINE_MS), 1);
            CHECK_OK (zmq_poller_wait (waiter.poller, &event, DEADLINE_MS));
            CHECK (event.socket == one);
            expect_msg (one, "question");
            CHECK_OK (zmq_poller_destroy (&waiter.poller));
            rm_socket (one);
            rm_socket (two);
            rm_ctx (ctx);
        }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN_OURS (pollers, "drafts are not in it");
    return harness_end ();
}
