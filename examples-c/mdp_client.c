/*
 * mdp_client [ENDPOINT [SERVICE [TEXT...]]]
 *
 * Asks mdp_broker for SERVICE, once for each TEXT, and prints the answers. Where none
 * comes it asks again on a new socket, as lazy_pirate_client does, and gives up after some
 * tries; a service that nobody offers yet is waited for in the same way. SERVICE
 * "mmi.service" asks whether TEXT is a service that somebody offers. Protocol: RFC 7
 * (mdp.h).
 */
#include "mdp.h"

enum { PATIENCE_MS = 2500, TRIES = 8 };

static void *connect_anew (void *context, const char *endpoint)
{
    void *socket = open_socket (context, ZMQ_REQ, "creating a REQ socket");

    set_number (socket, ZMQ_LINGER, 0);
    set_number (socket, ZMQ_RCVTIMEO, PATIENCE_MS);
    require (zmq_connect (socket, endpoint) == 0, endpoint);
    return socket;
}

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5570");
    const char *service = argument (argc, argv, 2, "upper");
    void *context = zmq_ctx_new ();
    void *socket;
    int i = 3;

    require (context != NULL, "creating a context");
    socket = connect_anew (context, endpoint);

    do {
        const char *text = argument (argc, argv, i, "good morning");
        struct frames message;
        int tries = 0;

        for (;;) {
            frames_start (&message);
            frames_add_text (&message, MDP_CLIENT);
            frames_add_text (&message, service);
            frames_add_text (&message, text);
            require (frames_send (socket, &message) == 0, "asking");
            if (frames_receive (socket, &message, 0) == 0)
                break;
            require (zmq_errno () == EAGAIN && ++tries < TRIES, "waiting for an answer");
            require (zmq_close (socket) == 0, "closing");
            socket = connect_anew (context, endpoint);
        }
        if (message.count >= 3 && frame_is_text (&message, 0, MDP_CLIENT)
            && frame_is_text (&message, 1, service)) {
            char answer[128];

            frame_text (&message, 2, answer, sizeof answer);
            printf ("%s: %s -> %s\n", service, text, answer);
        } else {
            fprintf (stderr, "not an answer of majordomo\n");
            return EXIT_FAILURE;
        }
        frames_clear (&message);
    } while (++i < argc);

    require (zmq_close (socket) == 0, "closing");
    require (zmq_ctx_term (context) == 0, "ending the context");
    return EXIT_SUCCESS;
}
