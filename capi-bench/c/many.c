/*
 * What large numbers cost: memory of idle connections, connections set up a
 * second, zmq_poll on many sockets; and what a connection at rest costs.
 */
#include "bench.h"

#include <sys/socket.h>

/* --- connections at a ROUTER ------------------------------------------------------------------ */

/* Handshakes under way at once; less than the backlog of a listener. */
enum { BATCH = 50 };

/* numbers[0]: connections a second. */
static void dialer (void)
{
    int *descriptors = malloc ((size_t) job.number * sizeof *descriptors);
    struct linger at_once = {1, 0};
    double begun;
    long i, finished = 0;

    require (descriptors != NULL, "memory");
    need_descriptors (job.number + 100);
    flag_await (&board->places[0].bound, 1);
    /* The server measures its memory first. */
    flag_await (&board->ready, 1);
    begun = now ();
    for (i = 0; i < job.number; i++) {
        descriptors[i] = zmtp_dial (board->places[0].endpoint);
        if (i + 1 - finished == BATCH || i + 1 == job.number)
            for (; finished <= i; finished++)
                zmtp_finish (descriptors[finished]);
    }
    board->numbers[0] = (double) job.number / (now () - begun);
    flag_add (&board->stop);

    flag_await (&board->done, 1);
    for (i = 0; i < job.number; i++) {
        /* A reset: ten thousand ports in TIME_WAIT would be in the way of the next run. */
        setsockopt (descriptors[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close (descriptors[i]);
    }
    free (descriptors);
}

/* Serves until all connections are up, as a program does that waits for requests. */
static void serve_dialer (double *growth)
{
    void *context, *socket;
    double before;

    need_descriptors (job.number + 100);
    side_start (dialer);
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
    flag_add (&board->done);
    socket_close (socket);
    side_end (context);
    sides_join ();
}

void mode_idlemem (void)
{
    double growth = 0;

    serve_dialer (&growth);
    report_begin ();
    report_number ("connections", (double) job.number);
    report_number ("bytes_per_conn", growth / (double) job.number);
    report_number ("conns_per_s", board->numbers[0]);
    report_end ();
}

void mode_connrate (void)
{
    double used;

    serve_dialer (NULL);
    used = cpu_self () + cpu_children ();
    report_begin ();
    report_number ("connections", (double) job.number);
    report_number ("conns_per_s", board->numbers[0]);
    report_number ("cpu_us_per_conn", used * 1e6 / (double) job.number);
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

/* --- zmq_poll on many sockets ----------------------------------------------------------------- */

static void poll_once (zmq_pollitem_t *items, long expected)
{
    require (zmq_poll (items, (int) job.number, 0) == expected, "zmq_poll");
}

void mode_poll (void)
{
    void *context = side_context ();
    void **senders = calloc ((size_t) job.number, sizeof *senders);
    zmq_pollitem_t *items = calloc ((size_t) job.number, sizeof *items);
    uint32_t choice = 1;
    double begun, idle, ready;
    long i, rounds;
    char byte = 0;

    require (senders != NULL && items != NULL, "memory");
    need_descriptors (2 * job.number + 100);
    for (i = 0; i < job.number; i++) {
        char endpoint[40];

        snprintf (endpoint, sizeof endpoint, "inproc://poll-%ld", i);
        items[i].socket = socket_open (context, ZMQ_PULL);
        items[i].events = ZMQ_POLLIN;
        require (zmq_bind (items[i].socket, endpoint) == 0, "zmq_bind");
        senders[i] = socket_open (context, ZMQ_PUSH);
        require (zmq_connect (senders[i], endpoint) == 0, "zmq_connect");
    }
    for (i = 0; i < 10; i++)
        poll_once (items, 0);

    begun = now ();
    for (rounds = 0; now () - begun < job.seconds; rounds++)
        poll_once (items, 0);
    idle = (now () - begun) / (double) rounds;

    begun = now ();
    for (rounds = 0; now () - begun < job.seconds; rounds++) {
        choice = choice * UINT32_C (1664525) + UINT32_C (1013904223);
        i = (long) (((uint64_t) choice * (uint64_t) job.number) >> 32);
        require (send_frame (senders[i], &byte, 1, 0), "zmq_send");
        poll_once (items, 1);
        require (items[i].revents == ZMQ_POLLIN, "another socket was said to be ready");
        receive (items[i].socket, &byte, 1);
    }
    ready = (now () - begun) / (double) rounds;

    for (i = 0; i < job.number; i++) {
        socket_close (items[i].socket);
        socket_close (senders[i]);
    }
    side_end (context);
    report_begin ();
    report_number ("sockets", (double) job.number);
    report_number ("idle_poll_us", idle * 1e6);
    report_number ("ready_poll_us", ready * 1e6);
    report_end ();
    free (senders);
    free (items);
}

/* --- at rest ---------------------------------------------------------------------------------- */

/* What this side does while nothing happens: waits in zmq_poll, in vain. */
static void rest (void *socket, double *switches, double *used)
{
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};

    *switches = (double) switches_self ();
    *used = cpu_self ();
    require (zmq_poll (&item, 1, (long) (job.seconds * 1000)) == 0, "zmq_poll");
    *switches = (double) switches_self () - *switches;
    *used = cpu_self () - *used;
}

static void resting_client (void)
{
    void *context = side_context ();
    void *socket = socket_open (context, ZMQ_DEALER);
    char byte = 0;

    socket_connect (socket, 0);
    require (send_frame (socket, &byte, 1, 0), "zmq_send");
    receive (socket, &byte, 1);
    rest (socket, &board->numbers[0], &board->numbers[1]);
    flag_await (&board->done, 1);
    socket_close (socket);
    side_end (context);
}

void mode_idle (void)
{
    double switches, used;
    void *context, *socket;
    char byte;

    side_start (resting_client);
    context = side_context ();
    socket = socket_open (context, ZMQ_DEALER);
    socket_bind (socket, 0);
    receive (socket, &byte, 1);
    require (send_frame (socket, &byte, 1, 0), "zmq_send");
    /* Whatever the exchange still has to tidy up is not rest. */
    nap (0.1);
    rest (socket, &switches, &used);
    flag_add (&board->done);
    socket_close (socket);
    side_end (context);
    sides_join ();

    report_begin ();
    report_number ("wakeups_per_s", (switches + board->numbers[0]) / job.seconds);
    report_number ("cpu_ms_per_s", (used + board->numbers[1]) * 1000.0 / job.seconds);
    report_end ();
}
