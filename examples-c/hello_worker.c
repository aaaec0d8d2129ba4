/*
 * hello_worker [BACK]
 *
 * The same as hello_server, except that it connects to a request_broker instead of waiting
 * to be found: any number of them can come and go while clients know nothing of it.
 */
#include "until_signal.h"

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5562");
    void *waiter, *context, *socket;
    int answered = 0;

    context = begin_context (&waiter);
    socket = open_socket (context, ZMQ_REP, "creating a REP socket");
    require (zmq_connect (socket, endpoint) == 0, endpoint);

    for (;;) {
        char name[64], greeting[96];
        int length = zmq_recv (socket, name, sizeof name - 1, 0);

        if (length < 0 && ending ("receiving"))
            break;
        name[length < (int) sizeof name ? length : (int) sizeof name - 1] = '\0';
        snprintf (greeting, sizeof greeting, "Good morning, %s!", name);
        if (zmq_send (socket, greeting, strlen (greeting), 0) < 0 && ending ("answering"))
            break;
        answered++;
    }

    printf ("answered %d requests\n", answered);
    require (zmq_close (socket) == 0, "closing");
    end_context (waiter, context);
    return EXIT_SUCCESS;
}
