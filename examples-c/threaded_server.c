/*
 * threaded_server [ENDPOINT [THREADS]]
 *
 * One server, many threads. Clients talk to a ROUTER socket; inside the process a DEALER
 * socket deals their requests out to THREADS threads, each of which has a REP socket and is
 * written as if it were alone. A proxy between the two passes whole messages to and fro,
 * with the frames that say where an answer belongs. Threads share the context and nothing
 * else: no lock, no queue of their own.
 *
 * By hand: start it, then any number of hello_client; end it with Ctrl-C.
 */
#include "until_signal.h"

enum { MOST_THREADS = 64 };
static const char *const INSIDE = "inproc://threads";

struct thread {
    void *context;
    void *handle;
    int answered;
};

static void serve (void *argument)
{
    struct thread *self = (struct thread *) argument;
    void *socket = zmq_socket (self->context, ZMQ_REP);

    /* Only a context that ends already refuses these. */
    if (!socket)
        return;
    if (zmq_connect (socket, INSIDE) == 0)
        for (;;) {
            char name[64], greeting[96];
            int length = zmq_recv (socket, name, sizeof name - 1, 0);

            if (length < 0 && ending ("receiving"))
                break;
            name[length < (int) sizeof name ? length : (int) sizeof name - 1] = '\0';
            snprintf (greeting, sizeof greeting, "Good morning, %s!", name);
            if (zmq_send (socket, greeting, strlen (greeting), 0) < 0 && ending ("answering"))
                break;
            self->answered++;
        }
    zmq_close (socket);
}

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5555");
    int threads = atoi (argument (argc, argv, 2, "4"));
    struct thread team[MOST_THREADS];
    void *waiter, *context, *front, *back;
    int i, answered = 0;

    if (threads < 1 || threads > MOST_THREADS) {
        fprintf (stderr, "usage: threaded_server [ENDPOINT [THREADS]], up to %d\n", MOST_THREADS);
        return EXIT_FAILURE;
    }
    context = begin_context (&waiter);
    front = open_socket (context, ZMQ_ROUTER, "creating a ROUTER socket");
    back = open_socket (context, ZMQ_DEALER, "creating a DEALER socket");
    require (zmq_bind (back, INSIDE) == 0, INSIDE);
    for (i = 0; i < threads; i++) {
        team[i].context = context;
        team[i].answered = 0;
        team[i].handle = zmq_threadstart (serve, &team[i]);
        require (team[i].handle != NULL, "starting a thread");
    }
    bind_and_tell (front, endpoint, "listening");

    /* Works until the context is shut down. */
    if (zmq_proxy (front, back, NULL) != 0)
        ending ("passing messages on");

    require (zmq_close (front) == 0, "closing the front");
    require (zmq_close (back) == 0, "closing the back");
    for (i = 0; i < threads; i++) {
        zmq_threadclose (team[i].handle);
        answered += team[i].answered;
    }
    printf ("answered %d requests by %d threads\n", answered, threads);
    end_context (waiter, context);
    return EXIT_SUCCESS;
}
