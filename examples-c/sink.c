/*
 * sink [RESULTS [CONTROL [WORKERS]]]
 *
 * The last stage: pulls the results of all workers, fairly, into one queue and
 * adds them up. When every range has come back it tells the workers, again and
 * again, that they may go, until all WORKERS of them have said goodbye: one
 * that connects late would not hear a single call.
 */
#include <string.h>

#include "example.h"

enum { PAUSE_MS = 20, MOST_CALLS = 3000 };

int main (int argc, char **argv)
{
    const char *results_endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5559");
    const char *control_endpoint = argument (argc, argv, 2, "tcp://127.0.0.1:5560");
    int workers = atoi (argument (argc, argv, 3, "2"));
    int covered = 0, limit = -1, primes = 0, calls = 0;
    int no_wait = 0;
    void *context = zmq_ctx_new ();
    void *results, *control;

    require (context != NULL, "creating a context");
    results = zmq_socket (context, ZMQ_PULL);
    control = zmq_socket (context, ZMQ_PUB);
    require (results && control, "creating the sockets");
    /*
     * In the end calls may be on their way that say nothing new: zmq_ctx_term is not to wait for them.
     * Set before there are connections: libzmq 4.3.4 may wait for ever for those that end meanwhile.
     */
    require (zmq_setsockopt (control, ZMQ_LINGER, &no_wait, sizeof no_wait) == 0,
             "not waiting for calls in the end");
    bind_and_tell (results, results_endpoint, "results");
    bind_and_tell (control, control_endpoint, "control");

    while (covered != limit) {
        int from, to, part;
        char text[96];

        receive_text (results, text, sizeof text);
        if (sscanf (text, "%d %d %d %d", &from, &to, &limit, &part) != 4) {
            fprintf (stderr, "not a result: %s\n", text);
            return EXIT_FAILURE;
        }
        covered += to - from;
        primes += part;
    }
    printf ("%d primes below %d\n", primes, limit);

    while (workers > 0 && calls < MOST_CALLS) {
        zmq_pollitem_t item = {results, 0, ZMQ_POLLIN, 0};

        require (zmq_send (control, "done", 4, 0) >= 0, "calling the workers off");
        calls++;
        require (zmq_poll (&item, 1, PAUSE_MS) >= 0, "waiting for a goodbye");
        if (item.revents & ZMQ_POLLIN) {
            char text[96];

            receive_text (results, text, sizeof text);
            if (strcmp (text, "goodbye") != 0) {
                fprintf (stderr, "a result too many: %s\n", text);
                return EXIT_FAILURE;
            }
            workers--;
        }
    }

    require (zmq_close (results) == 0, "closing the results");
    require (zmq_close (control) == 0, "closing the control");
    require (zmq_ctx_term (context) == 0, "ending the context");
    if (workers > 0) {
        fprintf (stderr, "%d workers never said goodbye\n", workers);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
