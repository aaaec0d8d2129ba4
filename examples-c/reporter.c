/*
 * reporter [FRONT [TOPIC]]
 *
 * Publishes on TOPIC through a forwarder, and only while somebody listens. A PUB socket
 * could send the same, but drops without a word what nobody subscribed to; an XPUB socket
 * also receives the subscriptions (a byte 1 and the topic) and their ends (a byte 0 and
 * the topic), so that the publisher can wait for its audience instead of guessing when it
 * is there.
 */
#include "until_signal.h"

enum { PAUSE_MS = 10 };

/* +1 or -1 where the message begins or ends a subscription that TOPIC falls under, else 0. */
static int listeners_change (const char *topic, const char *message, int size)
{
    size_t wanted = (size_t) size - 1;

    if (size < 1 || wanted > strlen (topic) || memcmp (topic, message + 1, wanted) != 0)
        return 0;
    return message[0] ? 1 : -1;
}

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5563");
    const char *topic = argument (argc, argv, 2, "tides");
    void *waiter, *context, *socket;
    int listeners = 0, number = 0;

    context = begin_context (&waiter);
    socket = open_socket (context, ZMQ_XPUB, "creating an XPUB socket");
    /* Nobody is there to hear the last reports. */
    set_number (socket, ZMQ_LINGER, 0);
    require (zmq_connect (socket, endpoint) == 0, endpoint);

    for (;;) {
        zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};

        if (zmq_poll (&item, 1, listeners > 0 ? PAUSE_MS : -1) < 0 && ending ("waiting"))
            break;
        if (item.revents & ZMQ_POLLIN) {
            char message[256];
            int size = zmq_recv (socket, message, sizeof message, ZMQ_DONTWAIT);

            if (size < 0 && ending ("receiving a subscription"))
                break;
            if (size <= (int) sizeof message)
                listeners += listeners_change (topic, message, size);
        } else if (listeners > 0) {
            char text[32];

            snprintf (text, sizeof text, "%d", ++number);
            if ((zmq_send (socket, topic, strlen (topic), ZMQ_SNDMORE) < 0
                 || zmq_send (socket, text, strlen (text), 0) < 0)
                && ending ("reporting"))
                break;
        }
    }

    require (zmq_close (socket) == 0, "closing");
    end_context (waiter, context);
    return EXIT_SUCCESS;
}
