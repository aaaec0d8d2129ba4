/*
 * hello_client [ENDPOINT [REQUESTS]]
 *
 * The asking half of request and reply. It may start before the server: connect
 * returns at once, and the request waits until somebody is there to take it.
 */
#include <string.h>

#include "example.h"

int main (int argc, char **argv)
{
    static const char *const names[] = {"Ada", "Grace", "Edsger", "Barbara"};
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5555");
    int requests = atoi (argument (argc, argv, 2, "3"));
    int patience = 10000; /* milliseconds */
    void *context = zmq_ctx_new ();
    void *client;
    int i;

    require (context != NULL, "creating a context");
    client = zmq_socket (context, ZMQ_REQ);
    require (client != NULL, "creating a REQ socket");
    /* A server that never answers should end in a message, not in silence. */
    require (zmq_setsockopt (client, ZMQ_RCVTIMEO, &patience, sizeof patience) == 0,
             "setting a time limit");
    tell_version ("hello_client");
    require (zmq_connect (client, endpoint) == 0, endpoint);

    for (i = 0; i < requests; i++) {
        const char *name = names[i % 4];
        char answer[96];

        require (zmq_send (client, name, strlen (name), 0) >= 0, "asking");
        receive_text (client, answer, sizeof answer);
        printf ("%s -> %s\n", name, answer);
    }

    require (zmq_close (client) == 0, "closing");
    require (zmq_ctx_term (context) == 0, "ending the context");
    return EXIT_SUCCESS;
}
