/*
 * freelance_client [REQUESTS [PATIENCE_MS [ENDPOINT...]]]
 *
 * Reliability without a broker: the client knows several servers that do the same. It
 * stays with one as long as that one answers within PATIENCE_MS, and goes on to the next
 * when it does not. Each server has a DEALER socket, which may send again without an
 * answer, and each request a number, so that an answer that comes late is not taken for
 * the one to the next question.
 *
 * By hand: start freelance_server on two ports, name both here, and end one of them.
 */
#include "frames.h"

enum { MOST_SERVERS = 8, ROUNDS = 20 };

/* Waits for the answer to request NUMBER, past late ones to others; 0 when time is up. */
static int answer_comes (void *socket, const char *number, int patience)
{
    void *watch = zmq_stopwatch_start ();
    int came = 0, left = patience;

    while (!came && left > 0) {
        zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
        struct frames answer;

        require (zmq_poll (&item, 1, left) >= 0, "waiting for an answer");
        if (item.revents & ZMQ_POLLIN) {
            require (frames_receive (socket, &answer, 0) == 0, "receiving");
            came = frame_is (&answer, 1, number, strlen (number));
            frames_clear (&answer);
        }
        left = patience - (int) (zmq_stopwatch_intermediate (watch) / 1000);
    }
    zmq_stopwatch_stop (watch);
    return came;
}

int main (int argc, char **argv)
{
    int requests = atoi (argument (argc, argv, 1, "5"));
    int patience = atoi (argument (argc, argv, 2, "1000"));
    const char *endpoints[MOST_SERVERS] = {"tcp://127.0.0.1:5571"};
    void *sockets[MOST_SERVERS];
    int servers = 1, current = 0, number, answered = 0, i;
    void *context = zmq_ctx_new ();

    if (argc > 3)
        for (servers = 0; servers < MOST_SERVERS && servers + 3 < argc; servers++)
            endpoints[servers] = argv[servers + 3];
    require (context != NULL, "creating a context");
    for (i = 0; i < servers; i++) {
        sockets[i] = open_socket (context, ZMQ_DEALER, "creating a DEALER socket");
        /* Questions to those who are not there need not be delivered at the end. */
        set_number (sockets[i], ZMQ_LINGER, 0);
        require (zmq_connect (sockets[i], endpoints[i]) == 0, endpoints[i]);
    }

    for (number = 1; number <= requests; number++) {
        char text[32];
        int tries = ROUNDS * servers;

        snprintf (text, sizeof text, "%d", number);
        while (tries-- > 0) {
            struct frames request;

            frames_start (&request);
            frames_add (&request, "", 0);
            frames_add_text (&request, text);
            require (frames_send (sockets[current], &request) == 0, "asking");
            if (answer_comes (sockets[current], text, patience)) {
                answered++;
                break;
            }
            printf ("no answer from %s, asking the next\n", endpoints[current]);
            fflush (stdout);
            current = (current + 1) % servers;
        }
    }

    printf ("%d of %d requests answered\n", answered, requests);
    for (i = 0; i < servers; i++)
        require (zmq_close (sockets[i]) == 0, "closing");
    require (zmq_ctx_term (context) == 0, "ending the context");
    return answered == requests ? EXIT_SUCCESS : EXIT_FAILURE;
}
