/*
 * zmq_ppoll (draft): which signals end it.
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "harness.h"

static volatile sig_atomic_t signals;

static void note_signal (int sig)
{
    (void) sig;
    ++signals;
}

/* A signal that waits for the mask goes before a message that waits. */
CASE (waiting_signal_and_message)
{
    sigset_t blocked, before;
    struct sigaction action;
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    zmq_pollitem_t item = {server, 0, ZMQ_POLLIN, 0};
    memset (&action, 0, sizeof action);
    action.sa_handler = note_signal;
    REQUIRE (sigaction (SIGUSR1, &action, NULL) == 0);
    sigemptyset (&blocked);
    sigaddset (&blocked, SIGUSR1);
    REQUIRE (pthread_sigmask (SIG_BLOCK, &blocked, &before) == 0);
    join_sockets (server, client, "tcp");
    send_str (client, "message", 0);
    CHECK (wait_readable (server));
    REQUIRE (pthread_kill (pthread_self (), SIGUSR1) == 0);
    CHECK_INT (zmq_ppoll (&item, 1, 0, NULL), 1);
    CHECK_INT (zmq_ppoll (&item, 1, 0, &blocked), 1);
    CHECK_INT (signals, 0);
    CHECK_ERRNO (zmq_ppoll (&item, 1, DEADLINE_MS, &before), EINTR);
    CHECK_INT (signals, 1);
    CHECK_INT (zmq_ppoll (&item, 1, DEADLINE_MS, &before), 1);
    CHECK_INT (item.revents, ZMQ_POLLIN);
    expect_msg (server, "message");
    CHECK_INT (zmq_ppoll (&item, 1, 1, &before), 0);
    REQUIRE (pthread_sigmask (SIG_SETMASK, &before, NULL) == 0);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN_OURS (waiting_signal_and_message, "a draft");
    return harness_end ();
}
