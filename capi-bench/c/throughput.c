/*
 * How many messages a second go from a PUSH to a PULL, alone or through a proxy.
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

static void sender (void)
{
    void *context = side_context ();
    void *socket = socket_open (context, ZMQ_PUSH);
    char *buffer = calloc (1, job.size);
    int use_msg_t = with_msg_t ();
    long sent = 0;

    require (buffer != NULL, "memory");
    /* So that a sender at the high-water mark hears that time is up. */
    socket_set (socket, ZMQ_SNDTIMEO, 100);
    socket_connect (socket, 0);

    while (job.count > 0 ? sent < job.count : !flag_read (&board->stop))
        sent += use_msg_t ? send_msg_t (socket, job.size)
                          : send_frame (socket, buffer, job.size, 0);
    while (!send_frame (socket, "", 0, 0))
        continue;

    board->numbers[0] = (double) sent;
    flag_await (&board->done, 1);
    socket_close (socket);
    side_end (context);
    free (buffer);
}

/* Receives until the empty message; PLACE is bound, or connected to where DIAL. */
static void receiver (int place, int dial)
{
    void *context = side_context ();
    void *socket = socket_open (context, ZMQ_PULL);
    char *buffer = malloc (job.size);
    int by_fd = strcmp (job.mode, "fdthr") == 0;
    int use_msg_t = with_msg_t ();
    struct meter meter;
    zmq_msg_t message;
    double used;
    int length;

    require (buffer != NULL && zmq_msg_init (&message) == 0, "memory");
    if (dial)
        socket_connect (socket, place);
    else
        socket_bind (socket, place);

    meter.begun = 0;
    for (;;) {
        if (use_msg_t) {
            length = zmq_msg_recv (&message, socket, 0);
            require (length >= 0, "zmq_msg_recv");
        } else
            length = by_fd ? receive_by_fd (socket, buffer, job.size)
                           : receive (socket, buffer, job.size);
        if (length == 0)
            break;
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

    if ((double) (meter.total + 1) != board->numbers[0]) {
        fprintf (stderr, "%ld messages received, %.0f sent\n", meter.total + 1, board->numbers[0]);
        exit (EXIT_FAILURE);
    }
    used = cpu_self () + cpu_children ();
    report_begin ();
    report_number ("msgs_per_s", meter_rate (&meter));
    report_number ("mbytes_per_s", meter_rate (&meter) * (double) job.size / 1e6);
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
