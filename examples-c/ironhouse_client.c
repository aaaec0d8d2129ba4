/*
 * ironhouse_client [ENDPOINT [FOLDER [NAME]]]
 *
 * Asks an ironhouse_server by CURVE, with the keys of NAME. It talks to nobody but the
 * owner of server.public, and says who it is by its own key. A client that is refused gets
 * no answer; a monitor on the socket tells it why: the status that the server's handler
 * gave.
 */
#include "keys.h"

#include "events.h"

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5572");
    const char *folder = argument (argc, argv, 2, ".");
    const char *name = argument (argc, argv, 3, "alice");
    void *context = zmq_ctx_new ();
    void *client, *monitor;
    char key[KEY_TEXT], answer[192];
    int refused = 0;

    require (context != NULL, "creating a context");
    client = open_socket (context, ZMQ_REQ, "creating a REQ socket");
    /* Whoever is refused shall not wait at the end until it is let in. */
    set_number (client, ZMQ_LINGER, 0);
    load_key (folder, "server", "public", key);
    require (zmq_setsockopt (client, ZMQ_CURVE_SERVERKEY, key, KEY_TEXT) == 0, "the server's key");
    load_key (folder, name, "public", key);
    require (zmq_setsockopt (client, ZMQ_CURVE_PUBLICKEY, key, KEY_TEXT) == 0, "the public key");
    load_key (folder, name, "secret", key);
    require (zmq_setsockopt (client, ZMQ_CURVE_SECRETKEY, key, KEY_TEXT) == 0, "the secret key");
    memset (key, 0, sizeof key);
    monitor = watch_events (context, client, "inproc://events", ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    require (zmq_connect (client, endpoint) == 0, endpoint);

    send_text (client, name, 0);
    for (;;) {
        zmq_pollitem_t items[] = {{client, 0, ZMQ_POLLIN, 0}, {monitor, 0, ZMQ_POLLIN, 0}};

        require (zmq_poll (items, 2, -1) >= 0, "waiting");
        if (items[0].revents & ZMQ_POLLIN) {
            receive_text (client, answer, sizeof answer);
            printf ("%s\n", answer);
            break;
        }
        if (items[1].revents & ZMQ_POLLIN) {
            struct event event;

            receive_event (monitor, &event);
            printf ("refused with status %u\n", (unsigned) event.value);
            refused = 1;
            break;
        }
    }

    require (zmq_close (client) == 0, "closing");
    require (zmq_close (monitor) == 0, "closing the monitor");
    require (zmq_ctx_term (context) == 0, "ending the context");
    return refused ? EXIT_FAILURE : EXIT_SUCCESS;
}
