/*
 * price_publisher [FRONT [ROUNDS]]
 *
 * Tells a last_value_cache some prices, ROUNDS times, and ends. It waits for the cache's
 * subscription first: what a publisher sends before is for nobody.
 */
#include "example.h"

int main (int argc, char **argv)
{
    static const char *const goods[] = {"barley", "cacao", "copper"};
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5565");
    int rounds = atoi (argument (argc, argv, 2, "4"));
    void *context = zmq_ctx_new ();
    void *socket;
    int round, i;
    char subscription[8];

    require (context != NULL, "creating a context");
    socket = open_socket (context, ZMQ_XPUB, "creating an XPUB socket");
    set_number (socket, ZMQ_RCVTIMEO, 10000);
    require (zmq_connect (socket, endpoint) == 0, endpoint);
    require (zmq_recv (socket, subscription, sizeof subscription, 0) >= 0,
             "waiting for the cache");

    for (round = 1; round <= rounds; round++)
        for (i = 0; i < 3; i++) {
            char price[32];

            snprintf (price, sizeof price, "%d", 100 * (i + 1) + round);
            send_text (socket, goods[i], ZMQ_SNDMORE);
            send_text (socket, price, 0);
        }

    printf ("told %d rounds of prices\n", rounds);
    require (zmq_close (socket) == 0, "closing");
    /* Returns when the last price has left for the cache. */
    require (zmq_ctx_term (context) == 0, "ending the context");
    return EXIT_SUCCESS;
}
