/*
 * ventilator [TASKS [LIMIT]]
 *
 * The first of three stages that count the primes below LIMIT together: it cuts
 * the numbers into ranges and pushes one range per message. PUSH deals the
 * messages out in turn to all workers that are connected, and waits while there
 * is none.
 */
#include <string.h>

#include "example.h"

enum { STEP = 1000 };

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5558");
    int limit = atoi (argument (argc, argv, 2, "100000"));
    void *context = zmq_ctx_new ();
    void *tasks;
    int from;

    if (limit < 1) {
        fprintf (stderr, "usage: ventilator [TASKS [LIMIT]], with a LIMIT of at least 1\n");
        return EXIT_FAILURE;
    }
    require (context != NULL, "creating a context");
    tasks = zmq_socket (context, ZMQ_PUSH);
    require (tasks != NULL, "creating a PUSH socket");
    bind_and_tell (tasks, endpoint, "tasks");

    for (from = 0; from < limit; from += STEP) {
        int to = from + STEP < limit ? from + STEP : limit;
        char task[64];

        /* LIMIT travels along: it tells the sink when the work is complete. */
        snprintf (task, sizeof task, "%d %d %d", from, to, limit);
        require (zmq_send (tasks, task, strlen (task), 0) >= 0, "sending a task");
    }

    printf ("all ranges up to %d handed out\n", limit);
    require (zmq_close (tasks) == 0, "closing");
    /* Returns when the last task has left for a worker. */
    require (zmq_ctx_term (context) == 0, "ending the context");
    return EXIT_SUCCESS;
}
