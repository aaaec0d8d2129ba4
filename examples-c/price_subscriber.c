/*
 * price_subscriber [BACK [GOODS]]
 *
 * Asks a last_value_cache for one price and ends. It may come long after the publisher.
 */
#include "example.h"

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5566");
    const char *wanted = argument (argc, argv, 2, "cacao");
    void *context = zmq_ctx_new ();
    void *socket;
    char goods[64], price[64];

    require (context != NULL, "creating a context");
    socket = open_socket (context, ZMQ_SUB, "creating a SUB socket");
    set_number (socket, ZMQ_RCVTIMEO, 10000);
    require (zmq_setsockopt (socket, ZMQ_SUBSCRIBE, wanted, strlen (wanted)) == 0,
             "subscribing");
    require (zmq_connect (socket, endpoint) == 0, endpoint);

    receive_text (socket, goods, sizeof goods);
    receive_text (socket, price, sizeof price);
    printf ("%s costs %s\n", goods, price);

    require (zmq_close (socket) == 0, "closing");
    require (zmq_ctx_term (context) == 0, "ending the context");
    return EXIT_SUCCESS;
}
