/*
 * watched_server [ENDPOINT [CLIENTS]]
 *
 * A hello_server that also says what happens to its connections. A monitor is a socket
 * like any other: it is polled together with the server's own, in one loop and one thread.
 * The program ends when CLIENTS clients have come and gone; the monitor's last event says
 * that there will be no more.
 *
 * By hand: start it, then hello_client.
 */
#include "events.h"

static void tell (const struct event *event)
{
    const char *what;

    switch (event->kind) {
    case ZMQ_EVENT_LISTENING:
        what = "listens";
        break;
    case ZMQ_EVENT_ACCEPTED:
        what = "a client connects";
        break;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        what = "the handshake succeeds";
        break;
    case ZMQ_EVENT_DISCONNECTED:
        what = "a client leaves";
        break;
    case ZMQ_EVENT_CLOSED:
        what = "listens no more";
        break;
    case ZMQ_EVENT_MONITOR_STOPPED:
        what = "the monitor ends";
        break;
    default:
        what = "something else happens";
    }
    printf ("event %d, value %u: %s (%s)\n", event->kind, (unsigned) event->value, what,
            event->endpoint);
    fflush (stdout);
}

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5555");
    int clients = atoi (argument (argc, argv, 2, "1"));
    void *context = zmq_ctx_new ();
    void *server, *monitor;
    struct event event;

    require (context != NULL, "creating a context");
    server = open_socket (context, ZMQ_REP, "creating a REP socket");
    /* Before the bind, to hear of that as well. */
    monitor = watch_events (context, server, "inproc://events", ZMQ_EVENT_ALL);
    bind_and_tell (server, endpoint, "listening");

    while (clients > 0) {
        zmq_pollitem_t items[] = {{server, 0, ZMQ_POLLIN, 0}, {monitor, 0, ZMQ_POLLIN, 0}};

        require (zmq_poll (items, 2, -1) >= 0, "waiting");
        if (items[0].revents & ZMQ_POLLIN) {
            char name[64], greeting[96];

            receive_text (server, name, sizeof name);
            snprintf (greeting, sizeof greeting, "Good morning, %s!", name);
            send_text (server, greeting, 0);
        }
        if (items[1].revents & ZMQ_POLLIN) {
            receive_event (monitor, &event);
            tell (&event);
            if (event.kind == ZMQ_EVENT_DISCONNECTED)
                clients--;
        }
    }

    require (zmq_close (server) == 0, "closing the server");
    do {
        receive_event (monitor, &event);
        tell (&event);
    } while (event.kind != ZMQ_EVENT_MONITOR_STOPPED);
    require (zmq_close (monitor) == 0, "closing the monitor");
    require (zmq_ctx_term (context) == 0, "ending the context");
    return EXIT_SUCCESS;
}
