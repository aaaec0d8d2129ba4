/*
 * request_broker [FRONT [BACK]]
 *
 * A shared queue between clients and workers that do not know each other, so that either
 * side can grow, shrink and move without the other one. Both connect to the broker, the
 * only address that has to stay. Its ROUTER socket takes requests from all clients in turn
 * and notes, in a frame put in front, whom each came from; its DEALER socket deals them
 * out to all workers in turn. Answers find their way back by those frames.
 *
 * By hand: start it, some hello_worker, and hello_client tcp://127.0.0.1:5561. Ctrl-C ends
 * the broker and the workers.
 */
#include "until_signal.h"

int main (int argc, char **argv)
{
    void *waiter, *context, *front, *back;

    context = begin_context (&waiter);
    front = open_socket (context, ZMQ_ROUTER, "creating a ROUTER socket");
    back = open_socket (context, ZMQ_DEALER, "creating a DEALER socket");
    bind_and_tell (front, argument (argc, argv, 1, "tcp://127.0.0.1:5561"), "clients");
    bind_and_tell (back, argument (argc, argv, 2, "tcp://127.0.0.1:5562"), "workers");

    /* Works until the context is shut down. */
    if (zmq_proxy (front, back, NULL) != 0)
        ending ("passing messages on");

    require (zmq_close (front) == 0, "closing the front");
    require (zmq_close (back) == 0, "closing the back");
    end_context (waiter, context);
    return EXIT_SUCCESS;
}
