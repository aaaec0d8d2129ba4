/*
 * freelance_server [ENDPOINT [ANSWERS]]
 *
 * One of several servers that do the same, without a broker: gives each request back as
 * its answer. After ANSWERS answers it goes on listening and says no more, as a server
 * does that hangs; so that freelance_client has a reason to go elsewhere.
 */
#include "until_signal.h"

#include "frames.h"

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5571");
    int answers = atoi (argument (argc, argv, 2, "0"));
    void *waiter, *context, *socket;
    int answered = 0;

    context = begin_context (&waiter);
    /* ROUTER: it may leave a request without an answer, and take the next one. */
    socket = open_socket (context, ZMQ_ROUTER, "creating a ROUTER socket");
    bind_and_tell (socket, endpoint, "listening");

    for (;;) {
        struct frames message;

        if (frames_receive (socket, &message, 0) < 0 && ending ("receiving"))
            break;
        if (answers > 0 && answered == answers)
            frames_clear (&message);
        else if (frames_send (socket, &message) < 0 && ending ("answering"))
            break;
        else
            answered++;
    }

    printf ("answered %d requests\n", answered);
    require (zmq_close (socket) == 0, "closing");
    end_context (waiter, context);
    return EXIT_SUCCESS;
}
