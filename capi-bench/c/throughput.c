/*
 * How many messages a second go from a PUSH to a PULL, alone or through a proxy, or
 * from several PUSHs in threads of their own.
 * The receiver says when time is up; the sender then sends an empty message, so
 * that everything that was sent is also received, and the processor time of both
 * sides belongs to the messages that were counted.
 */
#include "bench.h"

static int with_msg_t (void)
{
    return strcmp (job.mode, "thrmsg") == 0;
}

/* A message of its own for each send; its body is not written to. */
static int send_msg_t (void *socket, size_t size)
{
    zmq_msg_t message;

    require (zmq_msg_init_size (&message, size) == 0, "zmq_msg_init_size");
    if (zmq_msg_send (&message, socket, 0) >= 0)
        return 1;
    require (errno == EAGAIN, "zmq_msg_send");
    require (zmq_msg_close (&message) == 0, "zmq_msg_close");
    return 0;
}

/* A message of several frames is taken whole or not at all. */
static int send_parts (void *socket, const char *buffer)
{
    int i;

    if (!send_frame (socket, buffer, job.size, ZMQ_SNDMORE))
        return 0;
    for (i = 2; i <= job.parts; i++)
        require (send_frame (socket, buffer, job.size, i < job.parts ? ZMQ_SNDMORE : 0),
                 "the rest of a message");
    return 1;
}

static void stream (void *context)
{
    void *socket = socket_open (context, ZMQ_PUSH);
    char *buffer = calloc (1, job.size);
    int use_msg_t = with_msg_t ();
    long sent = 0;

    require (buffer != NULL, "memory");
    /* So that a sender at the high-water mark hears that time is up. */
    socket_set (socket, ZMQ_SNDTIMEO, 100);
    socket_connect (socket, 0);

    while (job.count > 0 ? sent < job.count : !flag_read (&board->stop))
        sent += use_msg_t       ? send_msg_t (socket, job.size)
                : job.parts > 1 ? send_parts (socket, buffer)
                                : send_frame (socket, buffer, job.size, 0);
    /* Before the last message, whose receiver looks at it. */
    count_add (&board->sent, sent);
    while (!send_frame (socket, "", 0, 0))
        continue;

    flag_await (&board->done, 1);
    socket_close (socket);
    free (buffer);
}

static void sender (void)
{
    void *context = side_context ();
    void **threads = calloc ((size_t) job.senders, sizeof *threads);
    int i;

    require (threads != NULL, "memory");
    for (i = 1; i < job.senders; i++) {
        threads[i] = zmq_threadstart (stream, context);
        require (threads[i] != NULL, "zmq_threadstart");
    }
    stream (context);
    for (i = 1; i < job.senders; i++)
        zmq_threadclose (threads[i]);
    side_end (context);
    free (threads);
}

static int receive_msg_t (void *socket, zmq_msg_t *message)
{
    int length = zmq_msg_recv (message, socket, 0);

    require (length >= 0, "zmq_msg_recv");
    return length;
}

/* The length of the last frame, which the others have as well. */
static int receive_parts (void *socket, zmq_msg_t *message)
{
    int length = receive_msg_t (socket, message), parts;

    for (parts = 1; zmq_msg_more (message); parts++)
        require (receive_msg_t (socket, message) == length, "a frame of another size");
    require (parts == job.parts || length == 0, "a message of other parts");
    return length;
}

/* Receives until all senders have ended; PLACE is bound, or connected to where DIAL. */
static void receiver (int place, int dial)
{
    void *context = side_context ();
    void *socket = socket_open (context, ZMQ_PULL);
    char *buffer = malloc (job.size);
    int by_fd = strcmp (job.mode, "fdthr") == 0;
    int use_msg_t = with_msg_t ();
    int running = job.senders;
    struct meter meter;
    zmq_msg_t message;
    double used;

    require (buffer != NULL && zmq_msg_init (&message) == 0, "memory");
    if (dial)
        socket_connect (socket, place);
    else
        socket_bind (socket, place);

    meter.begun = 0;
    while (running > 0) {
        int length = use_msg_t       ? receive_msg_t (socket, &message)
                     : job.parts > 1 ? receive_parts (socket, &message)
                     : by_fd         ? receive_by_fd (socket, buffer, job.size)
                                     : receive (socket, buffer, job.size);

        if (length == 0) {
            running--;
            continue;
        }
        require (length == (int) job.size, "a message of another size");
        /* The first one starts the clock: connecting is not measured. */
        if (meter.begun <= 0)
            meter_start (&meter);
        else if (meter_tick (&meter) && !flag_read (&board->stop))
            flag_add (&board->stop);
    }
    meter_stop (&meter);
    flag_add (&board->done);

    require (zmq_msg_close (&message) == 0, "zmq_msg_close");
    socket_close (socket);
    side_end (context);
    free (buffer);
    sides_join ();

    if (meter.total + 1 != count_read (&board->sent)) {
        fprintf (stderr, "%ld messages received, %ld sent\n", meter.total + 1,
                 count_read (&board->sent));
        exit (EXIT_FAILURE);
    }
    used = cpu_self () + cpu_children ();
    report_begin ();
    report_number ("msgs_per_s", meter_rate (&meter));
    report_number ("mbytes_per_s",
                   meter_rate (&meter) * (double) job.size * (double) job.parts / 1e6);
    report_number ("messages", (double) meter.total + 1);
    report_number ("cpu_us_per_msg", used * 1e6 / (double) (meter.total + 1));
    report_end ();
}

void mode_throughput (void)
{
    side_start (sender);
    receiver (0, 0);
}

/* --- through a proxy -------------------------------------------------------------------------- */

static void stopper (void *context)
{
    flag_await (&board->done, 1);
    require (zmq_ctx_shutdown (context) == 0, "zmq_ctx_shutdown");
}

static void proxy (void)
{
    void *context = side_context ();
    void *frontend = socket_open (context, ZMQ_PULL);
    void *backend = socket_open (context, ZMQ_PUSH);
    void *thread;

    socket_bind (frontend, 0);
    socket_bind (backend, 1);
    thread = zmq_threadstart (stopper, context);
    require (thread != NULL, "zmq_threadstart");
    require (zmq_proxy (frontend, backend, NULL) == -1 && errno == ETERM, "zmq_proxy");
    zmq_threadclose (thread);
    require (zmq_close (frontend) == 0 && zmq_close (backend) == 0, "zmq_close");
    side_end (context);
}

void mode_proxy (void)
{
    side_start (proxy);
    side_start (sender);
    receiver (1, 1);
}
