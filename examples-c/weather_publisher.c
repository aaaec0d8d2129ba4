/*
 * weather_publisher [BROADCAST [MAILBOX [LISTENERS]]]
 *
 * The sending half of publish and subscribe. A PUB socket sends to whoever is
 * subscribed at that moment and never waits for anybody: a listener that tunes
 * in late has missed what was said before. So the station repeats its round of
 * reports until LISTENERS listeners have written, to a second socket, that they
 * heard enough. It gives up after a minute.
 */
#include <string.h>

#include "example.h"

enum { PAUSE_MS = 20, MOST_ROUNDS = 3000 };

struct city {
    const char *name;
    int usual; /* tenths of a degree */
};

/* Two frames: the city is the topic that subscriptions are compared with. */
static void report (void *station, const struct city *city, int round)
{
    int tenths = city->usual + round * 7 % 41 - 20;
    char text[32];

    snprintf (text, sizeof text, "%d.%d", tenths / 10, tenths % 10);
    require (zmq_send (station, city->name, strlen (city->name), ZMQ_SNDMORE) >= 0,
             "sending the topic");
    require (zmq_send (station, text, strlen (text), 0) >= 0, "sending the report");
}

int main (int argc, char **argv)
{
    static const struct city cities[] = {{"Lisbon", 174}, {"Nairobi", 196}, {"Oslo", 64}};
    const char *broadcast = argument (argc, argv, 1, "tcp://127.0.0.1:5556");
    const char *letters = argument (argc, argv, 2, "tcp://127.0.0.1:5557");
    int listeners = atoi (argument (argc, argv, 3, "1"));
    int no_wait = 0;
    void *context = zmq_ctx_new ();
    void *station;
    void *mailbox;
    int round;

    require (context != NULL, "creating a context");
    station = zmq_socket (context, ZMQ_PUB);
    require (station != NULL, "creating a PUB socket");
    mailbox = zmq_socket (context, ZMQ_PULL);
    require (mailbox != NULL, "creating a PULL socket");
    /*
     * Reports that are on their way in the end have no listener: zmq_ctx_term is not to wait for them.
     * Set before there are connections: libzmq 4.3.4 may wait for ever for those that end meanwhile.
     */
    require (zmq_setsockopt (station, ZMQ_LINGER, &no_wait, sizeof no_wait) == 0,
             "not waiting for reports in the end");
    bind_and_tell (station, broadcast, "broadcasting");
    bind_and_tell (mailbox, letters, "mailbox");

    for (round = 0; listeners > 0 && round < MOST_ROUNDS; round++) {
        zmq_pollitem_t mail = {mailbox, 0, ZMQ_POLLIN, 0};
        size_t i;

        for (i = 0; i < sizeof cities / sizeof cities[0]; i++)
            report (station, &cities[i], round);

        /* The wait for a letter is the pause between two rounds as well. */
        require (zmq_poll (&mail, 1, PAUSE_MS) >= 0, "looking for mail");
        if (mail.revents & ZMQ_POLLIN) {
            char letter[128];

            receive_text (mailbox, letter, sizeof letter);
            printf ("a letter: %s\n", letter);
            listeners--;
        }
    }

    require (zmq_close (station) == 0, "closing the station");
    require (zmq_close (mailbox) == 0, "closing the mailbox");
    require (zmq_ctx_term (context) == 0, "ending the context");
    if (listeners > 0) {
        fprintf (stderr, "%d listeners never wrote\n", listeners);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
