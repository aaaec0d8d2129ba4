/*
 * titanic_client request [ENDPOINT [SERVICE [TEXT]]] titanic_client reply ENDPOINT ID
 *
 * The first form gives titanic a request to keep, and prints the id that it got for it; it
 * may go away then, for any time. The second form asks for the answer until it is there,
 * prints it, and says that titanic may forget both. Protocol: RFC 9, over majordomo
 * (mdp.h).
 */
#include "mdp.h"

enum { PATIENCE_MS = 2500, TRIES = 40, PAUSE_MS = 100 };

struct client {
    void *context;
    const char *endpoint;
    void *socket;
};

static void connect_anew (struct client *client)
{
    if (client->socket)
        require (zmq_close (client->socket) == 0, "closing");
    client->socket = open_socket (client->context, ZMQ_REQ, "creating a REQ socket");
    set_number (client->socket, ZMQ_LINGER, 0);
    set_number (client->socket, ZMQ_RCVTIMEO, PATIENCE_MS);
    require (zmq_connect (client->socket, client->endpoint) == 0, client->endpoint);
}

/* Asks SERVICE, with one or two frames; what is left in ANSWER are the status and its frames. */
static void call (struct client *client, const char *service, const char *one, const char *two,
                  struct frames *answer)
{
    int tries = 0;

    for (;;) {
        frames_start (answer);
        frames_add_text (answer, MDP_CLIENT);
        frames_add_text (answer, service);
        frames_add_text (answer, one);
        if (two)
            frames_add_text (answer, two);
        require (frames_send (client->socket, answer) == 0, "asking");
        if (frames_receive (client->socket, answer, 0) == 0)
            break;
        require (zmq_errno () == EAGAIN && ++tries < TRIES, "waiting for an answer");
        connect_anew (client);
    }
    if (answer->count < 3 || !frame_is_text (answer, 1, service)) {
        fprintf (stderr, "not an answer of majordomo\n");
        exit (EXIT_FAILURE);
    }
    frames_drop (answer, 2);
}

int main (int argc, char **argv)
{
    struct client client = {zmq_ctx_new (), NULL, NULL};
    const char *what = argument (argc, argv, 1, "request");
    struct frames answer;
    char text[128];
    int good;

    require (client.context != NULL, "creating a context");
    client.endpoint = argument (argc, argv, 2, "tcp://127.0.0.1:5570");
    connect_anew (&client);

    if (strcmp (what, "request") == 0) {
        call (&client, "titanic.request", argument (argc, argv, 3, "upper"),
              argument (argc, argv, 4, "good morning"), &answer);
        good = frame_is_text (&answer, 0, "200");
        frame_text (&answer, 1, text, sizeof text);
        printf (good ? "kept as %s\n" : "not kept%s\n", text);
    } else {
        const char *id = argument (argc, argv, 3, "");

        call (&client, "titanic.reply", id, NULL, &answer);
        while (frame_is_text (&answer, 0, "300")) {
            /* Not yet. A pause between two questions: nobody would tell us. */
            require (zmq_poll (NULL, 0, PAUSE_MS) == 0, "pausing");
            frames_clear (&answer);
            call (&client, "titanic.reply", id, NULL, &answer);
        }
        good = frame_is_text (&answer, 0, "200");
        frame_text (&answer, good ? 1 : 0, text, sizeof text);
        printf ("%s: %s\n", good ? "the answer" : "no answer, status", text);
        frames_clear (&answer);
        if (good) {
            call (&client, "titanic.close", id, NULL, &answer);
            good = frame_is_text (&answer, 0, "200");
        }
    }
    frames_clear (&answer);

    require (zmq_close (client.socket) == 0, "closing");
    require (zmq_ctx_term (client.context) == 0, "ending the context");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
