/*
 * pirate_worker [BACK [HEARTBEAT_MS [FREEZE_AFTER]]]
 *
 * Serves a pirate_queue: signs on, answers each request with the same words, and sends
 * heartbeats. When the queue has been silent for LIVENESS intervals it opens a new
 * connection and signs on again: the queue may have been started anew, and knows nothing
 * of those who signed on at the old one. Each attempt is given twice the time of the one
 * before. Protocol: RFC 6 (pirate.h).
 *
 * With FREEZE_AFTER it stands still after so many answers: its connection is well, and it
 * is of no use. That is what heartbeats are for.
 */
#include "until_signal.h"

#include "heartbeat.h"
#include "pirate.h"

/* The longest silence that is waited for, in intervals. */
enum { MOST_PATIENCE = 16 * LIVENESS };

static void *sign_on (void *context, const char *endpoint)
{
    void *socket = zmq_socket (context, ZMQ_DEALER);
    int no_wait = 0;

    if (!socket && ending ("creating a DEALER socket"))
        return NULL;
    /* What the old queue never got is of no use to anybody. These fail only at the end. */
    zmq_setsockopt (socket, ZMQ_LINGER, &no_wait, sizeof no_wait);
    zmq_connect (socket, endpoint);
    zmq_send (socket, PIRATE_READY, 1, 0);
    return socket;
}

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5569");
    long interval = atol (argument (argc, argv, 2, "1000"));
    int freeze_after = atoi (argument (argc, argv, 3, "-1"));
    void *watch = zmq_stopwatch_start ();
    void *waiter, *context, *socket;
    long patience = LIVENESS * interval;
    long beat_at = interval, gone_at = patience;
    int answered = 0, frozen = 0;

    context = begin_context (&waiter);
    socket = sign_on (context, endpoint);

    while (socket) {
        zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
        struct frames message;

        if (zmq_poll (&item, 1, frozen ? -1 : until (watch, beat_at)) < 0 && ending ("waiting"))
            break;
        if (item.revents & ZMQ_POLLIN) {
            if (frames_receive (socket, &message, ZMQ_DONTWAIT) < 0 && ending ("receiving"))
                break;
            /* The client's id, an empty frame, the request: the answer needs them all. */
            if (message.count >= 3 && !frozen) {
                if (frames_send (socket, &message) < 0 && ending ("answering"))
                    break;
                answered++;
            }
            frames_clear (&message);
            patience = LIVENESS * interval;
            gone_at = now (watch) + patience;
        } else if (!frozen && now (watch) >= gone_at) {
            printf ("the queue went silent, signing on again\n");
            fflush (stdout);
            zmq_close (socket);
            socket = sign_on (context, endpoint);
            patience = patience * 2 < MOST_PATIENCE * interval ? patience * 2
                                                               : MOST_PATIENCE * interval;
            gone_at = now (watch) + patience;
        }
        if (socket && !frozen && now (watch) >= beat_at) {
            if (zmq_send (socket, PIRATE_HEARTBEAT, 1, ZMQ_DONTWAIT) < 0
                && zmq_errno () != EAGAIN && ending ("sending a heartbeat"))
                break;
            beat_at = now (watch) + interval;
        }
        if (!frozen && answered == freeze_after) {
            printf ("frozen after %d answers\n", answered);
            fflush (stdout);
            frozen = 1;
        }
    }

    printf ("answered %d requests\n", answered);
    zmq_stopwatch_stop (watch);
    if (socket)
        zmq_close (socket);
    end_context (waiter, context);
    return EXIT_SUCCESS;
}
