/*
 * worker [TASKS [RESULTS [CONTROL]]]
 *
 * The middle stage, of which any number may run: pulls a range, counts the
 * primes in it, pushes the count to the sink. It listens on a third socket for
 * the word that all is done, says goodbye to the sink and ends.
 */
#include <string.h>

#include "example.h"

static int is_prime (int number)
{
    int divisor;

    for (divisor = 2; divisor <= number / divisor; divisor++)
        if (number % divisor == 0)
            return 0;
    return number >= 2;
}

static void work (void *tasks, void *results)
{
    int from, to, limit, number, primes = 0;
    char text[96];

    receive_text (tasks, text, sizeof text);
    if (sscanf (text, "%d %d %d", &from, &to, &limit) != 3) {
        fprintf (stderr, "not a task: %s\n", text);
        exit (EXIT_FAILURE);
    }
    for (number = from; number < to; number++)
        primes += is_prime (number);

    snprintf (text, sizeof text, "%d %d %d %d", from, to, limit, primes);
    require (zmq_send (results, text, strlen (text), 0) >= 0, "sending a result");
}

int main (int argc, char **argv)
{
    const char *tasks_endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5558");
    const char *results_endpoint = argument (argc, argv, 2, "tcp://127.0.0.1:5559");
    const char *control_endpoint = argument (argc, argv, 3, "tcp://127.0.0.1:5560");
    void *context = zmq_ctx_new ();
    void *tasks, *results, *control;
    int done = 0, count = 0;

    require (context != NULL, "creating a context");
    tasks = zmq_socket (context, ZMQ_PULL);
    results = zmq_socket (context, ZMQ_PUSH);
    control = zmq_socket (context, ZMQ_SUB);
    require (tasks && results && control, "creating the sockets");
    require (zmq_setsockopt (control, ZMQ_SUBSCRIBE, "", 0) == 0, "subscribing");
    require (zmq_connect (tasks, tasks_endpoint) == 0, tasks_endpoint);
    require (zmq_connect (results, results_endpoint) == 0, results_endpoint);
    require (zmq_connect (control, control_endpoint) == 0, control_endpoint);

    while (!done) {
        zmq_pollitem_t items[] = {{tasks, 0, ZMQ_POLLIN, 0}, {control, 0, ZMQ_POLLIN, 0}};

        require (zmq_poll (items, 2, -1) > 0, "waiting");
        if (items[0].revents & ZMQ_POLLIN) {
            work (tasks, results);
            count++;
        }
        done = items[1].revents & ZMQ_POLLIN;
    }

    printf ("counted %d ranges\n", count);
    require (zmq_send (results, "goodbye", 7, 0) >= 0, "saying goodbye");
    require (zmq_close (tasks) == 0, "closing the tasks");
    require (zmq_close (results) == 0, "closing the results");
    require (zmq_close (control) == 0, "closing the control");
    /* The goodbye may still be on its way: ending the context waits for it. */
    require (zmq_ctx_term (context) == 0, "ending the context");
    return EXIT_SUCCESS;
}
