/*
 * mdp_worker [ENDPOINT [SERVICE [HEARTBEAT_MS]]]
 *
 * Signs on at mdp_broker for SERVICE and works: "upper" turns a text into capitals,
 * "reverse" turns it round, any other gives it back as it came. It begins anew, on a new
 * socket, when the broker says so or has been silent for LIVENESS heartbeats. Protocol:
 * RFC 7 (mdp.h).
 */
#include "mdp_worker.h"

#include <ctype.h>

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
    struct mdp_worker worker = {NULL, NULL, NULL, NULL, 0, NULL, 0, 0};
    void *waiter;
    int answered = 0;

    worker.endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5570");
    worker.service = argument (argc, argv, 2, "upper");
    worker.interval = atol (argument (argc, argv, 3, "1000"));
    worker.watch = zmq_stopwatch_start ();
    worker.context = begin_context (&waiter);
    if (mdp_sign_on (&worker) < 0)
        ending ("signing on");

    while (worker.socket) {
        zmq_pollitem_t item = {worker.socket, 0, ZMQ_POLLIN, 0};
        struct frames message;
        int heard = 0;

        if (zmq_poll (&item, 1, until (worker.watch, worker.beat_at)) < 0 && ending ("waiting"))
            break;
        if (item.revents & ZMQ_POLLIN) {
            heard = mdp_hear (&worker, &message);
            if (heard < 0 && ending ("hearing the broker"))
                break;
        }
        if (heard > 0) {
            do_the_work (worker.service, (unsigned char *) frame_data (&message, 2),
                         frame_size (&message, 2));
            if (mdp_answer (&worker, &message) < 0 && ending ("answering"))
                break;
            answered++;
        }
        if (mdp_tend (&worker) < 0 && ending ("keeping in touch"))
            break;
    }

    printf ("answered %d requests for %s\n", answered, worker.service);
    zmq_stopwatch_stop (worker.watch);
    if (worker.socket)
        zmq_close (worker.socket);
    end_context (waiter, worker.context);
    return EXIT_SUCCESS;
}
