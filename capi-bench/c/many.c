/*
 * What zmq_poll on many sockets costs, and what a connection at rest costs.
 */
#include "bench.h"

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
    long burst = job.number < 1000 ? 1000 / job.number : 1;
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

    /* A look at the clock takes as long as one at a socket or two. */
    begun = now ();
    for (rounds = 0; rounds % burst != 0 || now () - begun < job.seconds; rounds++)
        poll_once (items, 0);
    idle = (now () - begun) / (double) rounds;

    begun = now ();
    for (rounds = 0; rounds % burst != 0 || now () - begun < job.seconds; rounds++) {
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
