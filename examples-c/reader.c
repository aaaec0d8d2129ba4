/*
 * reader [BACK [TOPIC...]]
 *
 * Subscribes at a forwarder to one topic or several, takes five reports of each, and ends.
 * Which reporters send them, and where they are, is no matter of a subscriber.
 */
#include "example.h"

enum { REPORTS = 5, MOST_TOPICS = 8 };

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5564");
    const char *topics[MOST_TOPICS] = {"tides"};
    int heard[MOST_TOPICS] = {0};
    int count = 1, missing, i;
    void *context = zmq_ctx_new ();
    void *socket;

    if (argc > 2)
        for (count = 0; count < MOST_TOPICS && count + 2 < argc; count++)
            topics[count] = argv[count + 2];
    require (context != NULL, "creating a context");
    socket = open_socket (context, ZMQ_SUB, "creating a SUB socket");
    set_number (socket, ZMQ_RCVTIMEO, 10000);
    for (i = 0; i < count; i++)
        require (zmq_setsockopt (socket, ZMQ_SUBSCRIBE, topics[i], strlen (topics[i])) == 0,
                 "subscribing");
    require (zmq_connect (socket, endpoint) == 0, endpoint);

    for (missing = count * REPORTS; missing > 0;) {
        char topic[64], number[32];

        receive_text (socket, topic, sizeof topic);
        receive_text (socket, number, sizeof number);
        for (i = 0; i < count; i++)
            if (strcmp (topic, topics[i]) == 0 && heard[i]++ < REPORTS)
                missing--;
    }

    for (i = 0; i < count; i++)
        printf ("heard %d reports or more on %s\n", REPORTS, topics[i]);
    require (zmq_close (socket) == 0, "closing");
    require (zmq_ctx_term (context) == 0, "ending the context");
    return EXIT_SUCCESS;
}
