/*
 * What connections cost: memory of idle ones, how many are set up a second, and
 * how many are got rid of.
 */
#include "bench.h"

#include <sys/socket.h>

/* --- connections at a ROUTER ------------------------------------------------------------------ */

/* Handshakes under way at once; less than the backlog of a listener. */
enum { BATCH = 50 };

/* Room for the job's connections, once the server is ready. */
static int *dialer_begin (void)
{
    int *descriptors = malloc ((size_t) job.number * sizeof *descriptors);

    require (descriptors != NULL, "memory");
    need_descriptors (job.number + 100);
    flag_await (&board->places[0].bound, 1);
    /* The server measures its memory first. */
    flag_await (&board->ready, 1);
    return descriptors;
}

/* Brings all connections up; how many a second. */
static double dial_all (int *descriptors)
{
    double begun = now ();
    long i, finished = 0;

    for (i = 0; i < job.number; i++) {
        descriptors[i] = zmtp_dial (board->places[0].endpoint);
        if (i + 1 - finished == BATCH || i + 1 == job.number)
            for (; finished <= i; finished++)
                zmtp_finish (descriptors[finished]);
    }
    return (double) job.number / (now () - begun);
}

static void close_all (const int *descriptors)
{
    struct linger at_once = {1, 0};
    long i;

    for (i = 0; i < job.number; i++) {
        /* A reset: ten thousand ports in TIME_WAIT would be in the way of the next run. */
        setsockopt (descriptors[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close (descriptors[i]);
    }
}

/* numbers[0]: connections set up a second. */
static void dialer (void)
{
    int *descriptors = dialer_begin ();

    board->numbers[0] = dial_all (descriptors);
    flag_add (&board->stop);
    flag_await (&board->done, 1);
    close_all (descriptors);
    free (descriptors);
}

/*
 * Serves until all connections are up, as a program does that waits for requests; then how much
 * memory that was, where wanted. The seconds that ending all of it took.
 */
static double serve (side_fn peers, double *growth)
{
    void *context, *socket;
    double before, begun, ending;

    need_descriptors (job.number + 100);
    side_start (peers);
    context = side_context ();
    socket = socket_open (context, ZMQ_ROUTER);
    socket_bind (socket, 0);
    before = resident ();
    flag_add (&board->ready);
    while (!flag_read (&board->stop)) {
        zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};

        require (zmq_poll (&item, 1, 20) == 0 || errno == EINTR, "zmq_poll");
    }
    if (growth != NULL) {
        nap (0.2); /* the last connections' share */
        *growth = resident () - before;
    }
    begun = now ();
    socket_close (socket);
    side_end (context);
    ending = now () - begun;
    flag_add (&board->done);
    sides_join ();
    return ending;
}

void mode_idlemem (void)
{
    double growth = 0;

    serve (dialer, &growth);
    report_begin ();
    report_number ("connections", (double) job.number);
    report_number ("bytes_per_conn", growth / (double) job.number);
    report_number ("conns_per_s", board->numbers[0]);
    report_end ();
}

void mode_connrate (void)
{
    double used;

    serve (dialer, NULL);
    used = cpu_self () + cpu_children ();
    report_begin ();
    report_number ("connections", (double) job.number);
    report_number ("conns_per_s", board->numbers[0]);
    report_number ("cpu_us_per_conn", used * 1e6 / (double) job.number);
    report_end ();
}

/* --- connections that end --------------------------------------------------------------------- */

/* Waits until the other side has closed as well. */
static void await_end (int descriptor)
{
    char byte;
    ssize_t got;

    do
        got = recv (descriptor, &byte, 1, 0);
    while (got > 0 || (got < 0 && errno == EINTR));
    require (got == 0 || errno == ECONNRESET, "waiting for the end of a connection");
}

/* numbers[0]: connections a second that the server has closed since all of their peers left. */
static void leaver (void)
{
    int *descriptors = dialer_begin ();
    double begun;
    long i;

    dial_all (descriptors);
    begun = now ();
    for (i = 0; i < job.number; i++)
        require (shutdown (descriptors[i], SHUT_WR) == 0, "shutdown");
    for (i = 0; i < job.number; i++)
        await_end (descriptors[i]);
    board->numbers[0] = (double) job.number / (now () - begun);
    close_all (descriptors);

    /* As many again, which the server ends. */
    dial_all (descriptors);
    flag_add (&board->stop);
    flag_await (&board->done, 1);
    close_all (descriptors);
    free (descriptors);
}

void mode_teardown (void)
{
    double ending = serve (leaver, NULL);

    report_begin ();
    report_number ("connections", (double) job.number);
    report_number ("left_per_s", board->numbers[0]);
    report_number ("closed_per_s", (double) job.number / ending);
    report_end ();
}

/* --- connections between two sockets of the library ------------------------------------------- */

/* Takes a message of peer and body, and the peer's name with it; the length of the name. */
static size_t receive_from_peer (void *router, char *name, size_t size)
{
    int length = receive (router, name, size);
    char body[16];

    receive (router, body, sizeof body);
    return (size_t) length;
}

/*
 * BATCH connections of one socket at a time, which greets on each by itself and awaits an answer.
 * A ROUTER, since a DEALER connects to an endpoint only once.
 */
static void greeter (void)
{
    void *context = side_context ();
    char name[256];
    double begun = 0;
    long i, batch, left;

    for (left = job.number; left > 0; left -= batch) {
        void *socket = socket_open (context, ZMQ_ROUTER);

        batch = left < BATCH ? left : BATCH;
        socket_set (socket, ZMQ_PROBE_ROUTER, 1);
        /* The keys, and the first connection. */
        socket_connect (socket, 0);
        if (left == job.number)
            begun = now ();
        for (i = 1; i < batch; i++)
            require (zmq_connect (socket, board->places[0].endpoint) == 0, "zmq_connect");
        for (i = 0; i < batch; i++)
            receive_from_peer (socket, name, sizeof name);
        socket_close (socket);
    }
    board->numbers[0] = (double) job.number / (now () - begun);
    side_end (context);
}

void mode_handshakes (void)
{
    void *context, *socket;
    char name[256];
    long i;

    need_descriptors (2 * job.number + 100);
    side_start (greeter);
    context = side_context ();
    socket = socket_open (context, ZMQ_ROUTER);
    socket_bind (socket, 0);
    for (i = 0; i < job.number; i++) {
        size_t length = receive_from_peer (socket, name, sizeof name);

        require (send_frame (socket, name, length, ZMQ_SNDMORE), "zmq_send");
        require (send_frame (socket, "", 1, 0), "zmq_send");
    }
    /* The last answers may be under way until the other side has them. */
    sides_join ();
    socket_close (socket);
    side_end (context);
    report_begin ();
    report_number ("connections", (double) job.number);
    report_number ("conns_per_s", board->numbers[0]);
    report_number ("cpu_us_per_conn",
                   (cpu_self () + cpu_children ()) * 1e6 / (double) job.number);
    report_end ();
}
