/*
 * lazy_pirate_server [ENDPOINT [IGNORED]]
 *
 * Sends each request back as its answer, except that it loses every one of IGNORED: so that
 * lazy_pirate_client has something to cope with. A ROUTER socket, because REP may not leave
 * a request without an answer.
 */
#include "until_signal.h"

#include "frames.h"

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5567");
    int ignored = atoi (argument (argc, argv, 2, "3"));
    void *waiter, *context, *socket;
    int count = 0;

    context = begin_context (&waiter);
    socket = open_socket (context, ZMQ_ROUTER, "creating a ROUTER socket");
    bind_and_tell (socket, endpoint, "listening");

    for (;;) {
        struct frames message;

        /* Who asks, an empty frame, the request; all three go back as they are. */
        if (frames_receive (socket, &message, 0) < 0 && ending ("receiving"))
            break;
        if (ignored > 0 && ++count % ignored == 0)
            frames_clear (&message);
        else if (frames_send (socket, &message) < 0 && ending ("answering"))
            break;
    }

    require (zmq_close (socket) == 0, "closing");
    end_context (waiter, context);
    return EXIT_SUCCESS;
}
