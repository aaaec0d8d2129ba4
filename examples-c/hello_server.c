/*
 * hello_server [ENDPOINT [REQUESTS]]
 *
 * The answering half of request and reply. A REP socket takes one request at a
 * time and must answer it before it can take the next; the library remembers
 * who asked, so that any number of clients may share one server.
 *
 * Answers REQUESTS requests and ends; without that argument it never ends.
 */
#include <string.h>

#include "example.h"

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5555");
    int requests = atoi (argument (argc, argv, 2, "0"));
    void *context = zmq_ctx_new ();
    void *server;
    int answered = 0;

    require (context != NULL, "creating a context");
    server = zmq_socket (context, ZMQ_REP);
    require (server != NULL, "creating a REP socket");
    tell_version ("hello_server");
    bind_and_tell (server, endpoint, "listening");

    while (requests == 0 || answered < requests) {
        char name[64];
        char greeting[96];

        receive_text (server, name, sizeof name);
        snprintf (greeting, sizeof greeting, "Good morning, %s!", name);
        require (zmq_send (server, greeting, strlen (greeting), 0) >= 0, "answering");
        answered++;
    }

    printf ("answered %d requests\n", answered);
    require (zmq_close (server) == 0, "closing");
    /* Waits until the last answer is on its way, then frees the context. */
    require (zmq_ctx_term (context) == 0, "ending the context");
    return EXIT_SUCCESS;
}
