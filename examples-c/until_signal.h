/*
 * How a program that serves for ever comes to an end: by SIGINT (Ctrl-C) or SIGTERM.
 *
 * A signal handler may do next to nothing, and a signal that comes just before a blocking
 * call would be missed. So the two signals are blocked everywhere, and one thread waits for
 * them. It shuts the context down, upon which each call on a socket, blocked or not, in any
 * thread, fails with ETERM: whoever sees that closes its sockets and leaves.
 *
 * To be included before all other headers.
 */
#ifndef UNTIL_SIGNAL_H
#define UNTIL_SIGNAL_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <signal.h>
#include <unistd.h>

#include "example.h"

static inline void end_signals (sigset_t *signals)
{
    sigemptyset (signals);
    sigaddset (signals, SIGINT);
    sigaddset (signals, SIGTERM);
}

static void wait_and_shut_down (void *context)
{
    sigset_t signals;
    int which;

    end_signals (&signals);
    sigwait (&signals, &which);
    zmq_ctx_shutdown (context);
}

/*
 * A context that ends so, and the thread that waits; both are for end_context. To be called while the program
 * has one thread: those that come later inherit the mask.
 */
static inline void *begin_context (void **waiter)
{
    void *context = zmq_ctx_new ();
    sigset_t signals;

    require (context != NULL, "creating a context");
    end_signals (&signals);
    require (sigprocmask (SIG_BLOCK, &signals, NULL) == 0, "blocking signals");
    *waiter = zmq_threadstart (wait_and_shut_down, context);
    require (*waiter != NULL, "starting a thread");
    return context;
}

/* Ends the thread, whether a signal has come or not, and the context; its sockets are closed. */
static inline void end_context (void *waiter, void *context)
{
    require (kill (getpid (), SIGTERM) == 0, "waking the thread that waits");
    zmq_threadclose (waiter);
    require (zmq_ctx_term (context) == 0, "ending the context");
}

/* True when the last call failed because the program ends; any other failure is one. */
static inline int ending (const char *what)
{
    if (zmq_errno () == ETERM)
        return 1;
    require (0, what);
    return 0;
}

#endif
