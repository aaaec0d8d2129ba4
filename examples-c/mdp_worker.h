/*
 * The worker's half of majordomo's protocol (RFC 7, mdp.h): signing on, heartbeats, and
 * beginning anew when the broker says so or is silent. What the work is, is no matter of
 * this file.
 *
 * Functions return -1 when the context ends, as the calls on sockets do.
 */
#ifndef MDP_WORKER_H
#define MDP_WORKER_H

#include "until_signal.h"

#include "heartbeat.h"
#include "mdp.h"

struct mdp_worker {
    void *context;
    void *watch;
    const char *endpoint;
    const char *service;
    long interval; /* of heartbeats, in milliseconds */
    void *socket;
    long beat_at;
    long gone_at;
};

static inline int
mdp_command (struct mdp_worker *worker, const char *what, const char *service)
{
    struct frames message;

    frames_start (&message);
    frames_add (&message, "", 0);
    frames_add_text (&message, MDP_WORKER);
    frames_add (&message, what, 1);
    if (service)
        frames_add_text (&message, service);
    return frames_send (worker->socket, &message);
}

/* Opens a new socket in the place of the one there may be. */
static inline int mdp_sign_on (struct mdp_worker *worker)
{
    int no_wait = 0;

    if (worker->socket)
        zmq_close (worker->socket);
    worker->socket = zmq_socket (worker->context, ZMQ_DEALER);
    if (!worker->socket)
        return -1;
    worker->beat_at = now (worker->watch) + worker->interval;
    worker->gone_at = now (worker->watch) + LIVENESS * worker->interval;
    /* What a broker that is gone did not get is of no use to anybody. */
    if (zmq_setsockopt (worker->socket, ZMQ_LINGER, &no_wait, sizeof no_wait) < 0
        || zmq_connect (worker->socket, worker->endpoint) < 0)
        return -1;
    return mdp_command (worker, MDP_READY, worker->service);
}

/*
 * Receives one message, which is there. Returns 1 if it is a request, of which the client's
 * id, an empty frame and the body are left; 0 if it was something else.
 */
static inline int mdp_hear (struct mdp_worker *worker, struct frames *message)
{
    if (frames_receive (worker->socket, message, ZMQ_DONTWAIT) < 0)
        return -1;
    worker->gone_at = now (worker->watch) + LIVENESS * worker->interval;
    if (frame_is (message, 2, MDP_REQUEST, 1) && message->count >= 6) {
        frames_drop (message, 3);
        return 1;
    }
    if (frame_is (message, 2, MDP_DISCONNECT, 1))
        worker->gone_at = now (worker->watch);
    frames_clear (message);
    return 0;
}

/* Sends the client's id, an empty frame and a body as the answer to its request. */
static inline int mdp_answer (struct mdp_worker *worker, struct frames *message)
{
    frames_insert (message, 0, MDP_REPLY, 1);
    frames_insert (message, 0, MDP_WORKER, strlen (MDP_WORKER));
    frames_insert (message, 0, "", 0);
    return frames_send (worker->socket, message);
}

/* To be called at least as often as heartbeats are due. */
static inline int mdp_tend (struct mdp_worker *worker)
{
    if (now (worker->watch) >= worker->gone_at) {
        printf ("%s: signing on again\n", worker->service);
        fflush (stdout);
        return mdp_sign_on (worker);
    }
    if (now (worker->watch) >= worker->beat_at) {
        worker->beat_at = now (worker->watch) + worker->interval;
        return mdp_command (worker, MDP_HEARTBEAT, NULL);
    }
    return 0;
}

#endif
