/*
 * lazy_pirate_client [ENDPOINT [REQUESTS [PATIENCE_MS [TRIES]]]]
 *
 * A client that copes with a server that is slow, gone, or comes back: it waits
 * PATIENCE_MS for an answer, then throws its REQ socket away, opens a new one and asks
 * again, up to TRIES times. A new socket, because REQ insists on an answer before the next
 * request; and an answer to the old one that comes late after all goes to a socket that is
 * no more, instead of being taken for the answer to something else. A request may so be
 * done twice: it must do no harm.
 *
 * (ZMQ_REQ_RELAXED with ZMQ_REQ_CORRELATE makes one socket do the same. This way works
 * with every version and every peer.)
 *
 * By hand: start it and lazy_pirate_server in any order, end and restart the server
 * meanwhile. It is the client for pirate_queue as well.
 */
#include "example.h"

static void *connect_anew (void *context, const char *endpoint)
{
    void *socket = open_socket (context, ZMQ_REQ, "creating a REQ socket");

    /* A request that nobody took is not worth waiting for at the end. */
    set_number (socket, ZMQ_LINGER, 0);
    require (zmq_connect (socket, endpoint) == 0, endpoint);
    return socket;
}

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5567");
    int requests = atoi (argument (argc, argv, 2, "5"));
    int patience = atoi (argument (argc, argv, 3, "1000"));
    int tries = atoi (argument (argc, argv, 4, "3"));
    void *context = zmq_ctx_new ();
    void *socket;
    int number, answered = 0;

    require (context != NULL, "creating a context");
    socket = connect_anew (context, endpoint);

    for (number = 1; number <= requests; number++) {
        char request[32];
        int left;

        snprintf (request, sizeof request, "request %d", number);
        for (left = tries; left > 0; left--) {
            zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
            char answer[64];

            send_text (socket, request, 0);
            require (zmq_poll (&item, 1, patience) >= 0, "waiting for an answer");
            if (item.revents & ZMQ_POLLIN) {
                receive_text (socket, answer, sizeof answer);
                if (strcmp (answer, request) != 0) {
                    fprintf (stderr, "asked %s, got %s\n", request, answer);
                    return EXIT_FAILURE;
                }
                answered++;
                break;
            }
            printf ("no answer to %s, trying again\n", request);
            fflush (stdout);
            require (zmq_close (socket) == 0, "closing");
            socket = connect_anew (context, endpoint);
        }
        if (left == 0) {
            printf ("giving up: nobody answers\n");
            break;
        }
    }

    printf ("%d of %d requests answered\n", answered, requests);
    require (zmq_close (socket) == 0, "closing");
    require (zmq_ctx_term (context) == 0, "ending the context");
    return answered == requests ? EXIT_SUCCESS : EXIT_FAILURE;
}
