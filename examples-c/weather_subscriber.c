/*
 * weather_subscriber [BROADCAST [MAILBOX [CITY]]]
 *
 * The receiving half of publish and subscribe. A SUB socket gets nothing until
 * it subscribes; then it gets every message that begins with the subscription,
 * here all reports from CITY. After five of them it writes to the station and
 * ends.
 */
#include <string.h>

#include "example.h"

enum { REPORTS = 5 };

int main (int argc, char **argv)
{
    const char *broadcast = argument (argc, argv, 1, "tcp://127.0.0.1:5556");
    const char *letters = argument (argc, argv, 2, "tcp://127.0.0.1:5557");
    const char *city = argument (argc, argv, 3, "Lisbon");
    int patience = 10000; /* milliseconds */
    double sum = 0.0;
    char letter[128];
    void *context = zmq_ctx_new ();
    void *radio;
    void *post;
    int i;

    require (context != NULL, "creating a context");
    radio = zmq_socket (context, ZMQ_SUB);
    require (radio != NULL, "creating a SUB socket");
    require (zmq_setsockopt (radio, ZMQ_SUBSCRIBE, city, strlen (city)) == 0, "subscribing");
    require (zmq_setsockopt (radio, ZMQ_RCVTIMEO, &patience, sizeof patience) == 0,
             "setting a time limit");
    require (zmq_connect (radio, broadcast) == 0, broadcast);

    for (i = 0; i < REPORTS; i++) {
        char topic[64];
        char degrees[32];
        int more = 0;
        size_t size = sizeof more;

        /* A message arrives whole or not at all: after its first frame the next is there. */
        receive_text (radio, topic, sizeof topic);
        require (zmq_getsockopt (radio, ZMQ_RCVMORE, &more, &size) == 0 && more,
                 "looking for the second frame");
        receive_text (radio, degrees, sizeof degrees);
        if (strcmp (topic, city) != 0) {
            fprintf (stderr, "got a report from %s, asked for %s\n", topic, city);
            return EXIT_FAILURE;
        }
        sum += atof (degrees);
    }

    snprintf (letter, sizeof letter, "%d reports from %s, %.1f degrees on average", REPORTS,
              city, sum / REPORTS);
    printf ("heard %s\n", letter);

    post = zmq_socket (context, ZMQ_PUSH);
    require (post != NULL, "creating a PUSH socket");
    require (zmq_connect (post, letters) == 0, letters);
    require (zmq_send (post, letter, strlen (letter), 0) >= 0, "writing a letter");

    require (zmq_close (radio) == 0, "closing the radio");
    require (zmq_close (post) == 0, "closing the post");
    /* The letter may still be on its way: ending the context waits for it. */
    require (zmq_ctx_term (context) == 0, "ending the context");
    return EXIT_SUCCESS;
}
