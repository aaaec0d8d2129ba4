/*
 * How long a message takes one way: REQ and REP play ping-pong, half a round trip
 * is one message. With a pause before each round, the way it is for a service that
 * gets a request now and then; or with both sides waiting on ZMQ_FD.
 */
#include "bench.h"

static int by_fd (void)
{
    return strcmp (job.mode, "fd") == 0;
}

static int take (void *socket, char *buffer)
{
    return by_fd () ? receive_by_fd (socket, buffer, job.size)
                    : receive (socket, buffer, job.size);
}

/* Sends back what comes; an empty message is the last one. */
static void echo (void)
{
    void *context = side_context ();
    void *socket = socket_open (context, ZMQ_REP);
    char *buffer = malloc (job.size);
    int length;

    require (buffer != NULL, "memory");
    socket_bind (socket, 0);
    do {
        length = take (socket, buffer);
        require (send_frame (socket, buffer, (size_t) length, 0), "answering");
    } while (length > 0);
    flag_await (&board->done, 1);
    socket_close (socket);
    side_end (context);
    free (buffer);
}

static void round_trip (void *socket, char *buffer)
{
    require (send_frame (socket, buffer, job.size, 0), "asking");
    require (take (socket, buffer) == (int) job.size, "an answer of another size");
}

void mode_latency (void)
{
    long warm_up = job.count / 10 + 1;
    uint64_t *times = malloc ((size_t) job.count * sizeof *times);
    char *buffer = calloc (1, job.size);
    void *context, *socket;
    double begun, rounds_cpu;
    long i;

    require (times != NULL && buffer != NULL, "memory");
    side_start (echo);
    context = side_context ();
    socket = socket_open (context, ZMQ_REQ);
    socket_connect (socket, 0);
    for (i = 0; i < warm_up; i++)
        round_trip (socket, buffer);

    begun = now ();
    for (i = 0; i < job.count; i++) {
        uint64_t start;

        if (job.idle_us > 0)
            nap ((double) job.idle_us / 1e6);
        start = now_ns ();
        round_trip (socket, buffer);
        times[i] = now_ns () - start;
    }
    begun = now () - begun;

    require (send_frame (socket, "", 0, 0), "saying goodbye");
    require (take (socket, buffer) == 0, "hearing goodbye");
    flag_add (&board->done);
    socket_close (socket);
    side_end (context);
    sides_join ();

    rounds_cpu = cpu_self () + cpu_children ();
    report_begin ();
    report_latency (times, job.count);
    report_number ("rounds_per_s", (double) job.count / begun);
    report_number ("idle_us", (double) job.idle_us);
    report_number ("cpu_us_per_msg", rounds_cpu * 1e6 / (double) (2 * (job.count + warm_up)));
    report_end ();
    free (times);
    free (buffer);
}
