/*
 * mdp_worker [ENDPOINT [SERVICE [HEARTBEAT_MS]]]
 *
 * Signs on at mdp_broker for SERVICE and works: "upper" turns a text into capitals,
 * "reverse" turns it round, any other gives it back as it came. It begins anew, on a new
 * socket, when the broker says so or has been silent for LIVENESS heartbeats. Protocol:
 * RFC 7 (mdp.h).
 */
#include "until_signal.h"

#include <ctype.h>

#include "heartbeat.h"
#include "mdp.h"

static int command (void *socket, const char *what, const char *service)
{
    struct frames message;

    frames_start (&message);
    frames_add (&message, "", 0);
    frames_add_text (&message, MDP_WORKER);
    frames_add (&message, what, 1);
    if (service)
        frames_add_text (&message, service);
    return frames_send (socket, &message);
}

static void *sign_on (void *context, const char *endpoint, const char *service)
{
    void *socket = zmq_socket (context, ZMQ_DEALER);
    int no_wait = 0;

    if (!socket && ending ("creating a DEALER socket"))
        return NULL;
    /* Nothing is worth waiting for when the broker is gone. These fail only at the end. */
    zmq_setsockopt (socket, ZMQ_LINGER, &no_wait, sizeof no_wait);
    zmq_connect (socket, endpoint);
    command (socket, MDP_READY, service);
    return socket;
}

static void do_the_work (const char *service, unsigned char *text, size_t size)
{
    size_t i;

    if (strcmp (service, "upper") == 0)
        for (i = 0; i < size; i++)
            text[i] = (unsigned char) toupper (text[i]);
    else if (strcmp (service, "reverse") == 0)
        for (i = 0; i < size / 2; i++) {
            unsigned char other = text[size - 1 - i];

            text[size - 1 - i] = text[i];
            text[i] = other;
        }
}

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5570");
    const char *service = argument (argc, argv, 2, "upper");
    long interval = atol (argument (argc, argv, 3, "1000"));
    void *context = zmq_ctx_new ();
    void *watch = zmq_stopwatch_start ();
    void *waiter, *socket;
    long beat_at = interval, gone_at = LIVENESS * interval;
    int answered = 0;

    require (context != NULL, "creating a context");
    waiter = shut_down_on_signal (context);
    socket = sign_on (context, endpoint, service);

    while (socket) {
        zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
        int begin_anew = 0;

        if (zmq_poll (&item, 1, until (watch, beat_at)) < 0 && ending ("waiting"))
            break;
        if (item.revents & ZMQ_POLLIN) {
            struct frames message;

            if (frames_receive (socket, &message, ZMQ_DONTWAIT) < 0 && ending ("receiving"))
                break;
            gone_at = now (watch) + LIVENESS * interval;
            begin_anew = frame_is (&message, 2, MDP_DISCONNECT, 1);
            /* [] [header] [command] [client] [] [body] */
            if (frame_is (&message, 2, MDP_REQUEST, 1) && message.count >= 6) {
                do_the_work (service, (unsigned char *) frame_data (&message, 5),
                             frame_size (&message, 5));
                memcpy (frame_data (&message, 2), MDP_REPLY, 1);
                if (frames_send (socket, &message) < 0 && ending ("answering"))
                    break;
                answered++;
            }
            frames_clear (&message);
        }
        if (begin_anew || now (watch) >= gone_at) {
            printf ("signing on again\n");
            fflush (stdout);
            zmq_close (socket);
            socket = sign_on (context, endpoint, service);
            gone_at = now (watch) + LIVENESS * interval;
        }
        if (socket && now (watch) >= beat_at) {
            if (command (socket, MDP_HEARTBEAT, NULL) < 0 && ending ("sending a heartbeat"))
                break;
            beat_at = now (watch) + interval;
        }
    }

    printf ("answered %d requests for %s\n", answered, service);
    zmq_stopwatch_stop (watch);
    if (socket)
        zmq_close (socket);
    end_context (waiter, context);
    return EXIT_SUCCESS;
}
