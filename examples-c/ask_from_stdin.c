/*
 * ask_from_stdin [ENDPOINT]
 *
 * Sends each line of its standard input as a request to a hello_server, and prints the
 * answers as they come. zmq_poll waits for both, the descriptor and the socket: whichever
 * comes first is dealt with. A DEALER socket, so that lines may be sent before earlier
 * ones are answered; the empty frame in front is what a REP socket expects. Ends when the
 * input has ended and all is answered.
 *
 * By hand: start hello_server, then this one, and type names; Ctrl-D ends it.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <unistd.h>

#include "example.h"

/* Bytes of the input that are not a whole line yet. */
struct input {
    char text[256];
    size_t length;
    int ended;
};

static void ask (void *socket, const char *line, int *unanswered)
{
    send_text (socket, "", ZMQ_SNDMORE);
    send_text (socket, line, 0);
    ++*unanswered;
}

/* Reads what there is: whoever waits for a whole line here leaves the socket waiting too. */
static void read_input (struct input *input, void *socket, int *unanswered)
{
    ssize_t got = read (STDIN_FILENO, input->text + input->length,
                        sizeof input->text - 1 - input->length);
    char *line = input->text, *end;
    int full;

    require (got >= 0, "reading the input");
    input->length += (size_t) got;
    input->text[input->length] = '\0';
    while ((end = strchr (line, '\n')) != NULL) {
        *end = '\0';
        ask (socket, line, unanswered);
        line = end + 1;
    }
    input->ended = got == 0;
    /* A last line without an end is one; so is what has no room for more. */
    full = line == input->text && input->length == sizeof input->text - 1;
    if (*line && (input->ended || full)) {
        ask (socket, line, unanswered);
        line = input->text + input->length;
    }
    input->length -= (size_t) (line - input->text);
    memmove (input->text, line, input->length);
}

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5555");
    struct input input = {{0}, 0, 0};
    void *context = zmq_ctx_new ();
    void *socket;
    int unanswered = 0;

    require (context != NULL, "creating a context");
    socket = open_socket (context, ZMQ_DEALER, "creating a DEALER socket");
    require (zmq_connect (socket, endpoint) == 0, endpoint);

    while (!input.ended || unanswered > 0) {
        /* Without a socket an item stands for its descriptor. An input that has ended would always
           be ready: it is left out then. */
        zmq_pollitem_t items[] = {{socket, 0, ZMQ_POLLIN, 0},
                                  {NULL, STDIN_FILENO, ZMQ_POLLIN, 0}};

        require (zmq_poll (items, input.ended ? 1 : 2, -1) >= 0, "waiting");
        if (items[0].revents & ZMQ_POLLIN) {
            char empty[8], answer[320];

            receive_text (socket, empty, sizeof empty);
            receive_text (socket, answer, sizeof answer);
            printf ("%s\n", answer);
            fflush (stdout);
            unanswered--;
        }
        if (items[1].revents)
            read_input (&input, socket, &unanswered);
    }

    require (zmq_close (socket) == 0, "closing");
    require (zmq_ctx_term (context) == 0, "ending the context");
    return EXIT_SUCCESS;
}
