/*
 * forwarder [FRONT [BACK]]
 *
 * The meeting point of publishers and subscribers: both connect to it, so neither has to
 * know where the others are. XSUB and XPUB are SUB and PUB with the subscriptions laid
 * open: the proxy passes messages down to the subscribers, and what those subscribe to up
 * to the publishers, who send only what somebody wants. A topic that two subscribers ask
 * for goes up once.
 *
 * By hand: start it, reporter for each of some topics, and reader with some of them;
 * Ctrl-C ends the forwarder and the reporters.
 */
#include "until_signal.h"

int main (int argc, char **argv)
{
    void *waiter, *context, *front, *back;

    context = begin_context (&waiter);
    front = open_socket (context, ZMQ_XSUB, "creating an XSUB socket");
    back = open_socket (context, ZMQ_XPUB, "creating an XPUB socket");
    /* At the end, what is left has nobody to go to. Set now: later calls fail with ETERM. */
    set_number (front, ZMQ_LINGER, 0);
    set_number (back, ZMQ_LINGER, 0);
    bind_and_tell (front, argument (argc, argv, 1, "tcp://127.0.0.1:5563"), "publishers");
    bind_and_tell (back, argument (argc, argv, 2, "tcp://127.0.0.1:5564"), "subscribers");

    /* Works until the context is shut down. */
    if (zmq_proxy (front, back, NULL) != 0)
        ending ("passing messages on");

    require (zmq_close (front) == 0, "closing the front");
    require (zmq_close (back) == 0, "closing the back");
    end_context (waiter, context);
    return EXIT_SUCCESS;
}
