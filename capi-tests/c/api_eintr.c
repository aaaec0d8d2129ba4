/*
 * Signals: a handler that ran ends a blocking call with EINTR, and the call can be repeated.
 */
#include "harness.h"

/* SIGUSR1 with SA_RESTART: the calls of this library end all the same. */
static void install_restarting (void)
{
    struct sigaction action;
    memset (&action, 0, sizeof action);
    action.sa_handler = harness_ignore_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset (&action.sa_mask);
    REQUIRE_OK (sigaction (SIGUSR1, &action, NULL));
}

static void every_call_ends (void (*install) (void))
{
    char byte;
    zmq_msg_t msg;
    interrupter_t interrupter;
    void *ctx = mk_ctx ();
    void *pull = zmq_socket (ctx, ZMQ_PULL), *push = zmq_socket (ctx, ZMQ_PUSH);
    CHECK_OK (zmq_bind (pull, "tcp://127.0.0.1:*"));
    CHECK_OK (zmq_bind (push, "tcp://127.0.0.1:*"));
    for (int i = 0; i < 2; ++i) {
        interrupt_start (&interrupter);
        install ();
        CHECK_ERRNO (zmq_recv (pull, &byte, 1, 0), EINTR);
        zmq_msg_init (&msg);
        CHECK_ERRNO (zmq_msg_recv (&msg, pull, 0), EINTR);
        CHECK_ERRNO (zmq_recvmsg (pull, &msg, 0), EINTR);
        zmq_msg_close (&msg);
        CHECK_ERRNO (zmq_send (push, "x", 1, 0), EINTR);
        CHECK_ERRNO (zmq_send_const (push, "x", 1, 0), EINTR);
        zmq_msg_init_size (&msg, 100);
        CHECK_ERRNO (zmq_msg_send (&msg, push, 0), EINTR);
        CHECK_INT (zmq_msg_size (&msg), 100);
        CHECK_ERRNO (zmq_sendmsg (push, &msg, 0), EINTR);
        zmq_msg_close (&msg);
        zmq_pollitem_t item = {pull, 0, ZMQ_POLLIN, 0};
        CHECK_ERRNO (zmq_poll (&item, 1, -1), EINTR);
        interrupt_stop (&interrupter);
        set_int (pull, ZMQ_RCVTIMEO, 3 * DEADLINE_MS);
        set_int (push, ZMQ_SNDTIMEO, 3 * DEADLINE_MS);
    }
    rm_socket (pull);
    rm_socket (push);
    rm_ctx (ctx);
}

CASE (blocking_calls_end)
{
    every_call_ends (install_interrupt);
}

CASE (restarting_handlers_too)
{
    every_call_ends (install_restarting);
}

CASE (socket_works_afterwards)
{
    static const char *const transports[] = {"inproc", "tcp", "ipc"};
    for (int t = 0; t < 3; ++t) {
        interrupter_t interrupter;
        void *ctx = mk_ctx ();
        void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
        char byte;
        join_sockets (a, b, transports[t]);
        for (int i = 0; i < 3; ++i) {
            interrupt_start (&interrupter);
            CHECK_ERRNO (zmq_recv (a, &byte, 1, 0), EINTR);
            interrupt_stop (&interrupter);
            bounce (a, b);
        }
        rm_socket (a);
        rm_socket (b);
        rm_ctx (ctx);
    }
}

enum { COUNT = 20000 };

static int receive_number (void *socket)
{
    int number = -1, rc;
    do {
        rc = zmq_recv (socket, &number, sizeof number, 0);
    } while (rc == -1 && zmq_errno () == EINTR);
    return rc == sizeof number ? number : -1;
}

static void *send_numbers (void *socket)
{
    sigset_t set;
    sigemptyset (&set);
    sigaddset (&set, SIGUSR1);
    pthread_sigmask (SIG_BLOCK, &set, NULL);
    for (int i = 0; i < COUNT; ++i) {
        CHECK_INT (zmq_send (socket, &i, sizeof i, 0), sizeof i);
        if (i % 1000 == 0)
            msleep (5);
    }
    return NULL;
}

typedef struct
{
    pthread_t target;
    volatile int stop;
} storm_t;

static void *storm (void *arg)
{
    storm_t *state = arg;
    while (!state->stop) {
        pthread_kill (state->target, SIGUSR1);
        usleep (200);
    }
    return NULL;
}

CASE (nothing_is_lost_in_a_storm_of_signals)
{
    static const char *const transports[] = {"inproc", "tcp", "ipc"};
    install_interrupt ();
    for (int t = 0; t < 3; ++t) {
        void *ctx = mk_ctx ();
        void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
        storm_t state = {pthread_self (), 0};
        join_sockets (pull, push, transports[t]);
        pthread_t sender = start_thread (send_numbers, push);
        pthread_t signaller = start_thread (storm, &state);
        for (int i = 0; i < COUNT; ++i) {
            const int got = receive_number (pull);
            if (got != i) {
                CHECK_INT (got, i);
                break;
            }
        }
        state.stop = 1;
        join_thread (signaller);
        join_thread (sender);
        rm_socket (push);
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

/* A call that need not wait has no reason to be interrupted. */
static int interrupted (int rc)
{
    return rc == -1 && zmq_errno () == EINTR && ON_REFERENCE ("it polls, if only for no time");
}

CASE (calls_that_do_not_block_are_not_interrupted)
{
    int rc;
    interrupter_t interrupter;
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    char byte;
    join_sockets (a, b, "inproc");
    interrupt_start (&interrupter);
    const long long end = now_ms () + 200;
    while (now_ms () < end) {
        while (interrupted (rc = zmq_send (a, "x", 1, ZMQ_DONTWAIT))) {
        }
        CHECK_INT (rc, 1);
        while (interrupted (rc = zmq_recv (b, &byte, 1, ZMQ_DONTWAIT))) {
        }
        CHECK_INT (rc, 1);
        while (interrupted (rc = zmq_recv (b, &byte, 1, ZMQ_DONTWAIT))) {
        }
        CHECK_INT (rc, -1);
        CHECK_INT (zmq_errno (), EAGAIN);
    }
    interrupt_stop (&interrupter);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (ignored_and_blocked_signals_do_not_interrupt)
{
    interrupter_t interrupter;
    sigset_t set;
    void *ctx = mk_ctx ();
    void *pull = mk_socket (ctx, ZMQ_PULL);
    char byte;
    sigemptyset (&set);
    sigaddset (&set, SIGUSR1);
    set_int (pull, ZMQ_RCVTIMEO, 200);
    interrupt_start (&interrupter);
    pthread_sigmask (SIG_BLOCK, &set, NULL);
    CHECK_ERRNO (zmq_recv (pull, &byte, 1, 0), EAGAIN);
    interrupt_stop (&interrupter);
    signal (SIGUSR1, SIG_IGN);
    pthread_sigmask (SIG_UNBLOCK, &set, NULL);
    install_interrupt ();
    interrupt_start (&interrupter);
    signal (SIGUSR1, SIG_IGN);
    CHECK_ERRNO (zmq_recv (pull, &byte, 1, 0), EAGAIN);
    interrupt_stop (&interrupter);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (proxy_ends)
{
    interrupter_t interrupter;
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PULL), *b = mk_socket (ctx, ZMQ_PUSH);
    CHECK_OK (zmq_bind (a, "tcp://127.0.0.1:*"));
    CHECK_OK (zmq_bind (b, "tcp://127.0.0.1:*"));
    interrupt_start (&interrupter);
    CHECK_ERRNO (zmq_proxy (a, b, NULL), EINTR);
    CHECK_ERRNO (zmq_proxy_steerable (a, b, NULL, NULL), EINTR);
    interrupt_stop (&interrupter);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (blocking_calls_end);
    RUN (restarting_handlers_too);
    RUN (socket_works_afterwards);
    RUN (nothing_is_lost_in_a_storm_of_signals);
    RUN (calls_that_do_not_block_are_not_interrupted);
    RUN (ignored_and_blocked_signals_do_not_interrupt);
    RUN (proxy_ends);
    return harness_end ();
}
