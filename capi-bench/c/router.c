/*
 * Many DEALERs at one ROUTER: messages a second one way, and echoes a second with
 * a fixed number of requests of each DEALER under way. It begins when all are
 * connected: what connecting costs is another mode's.
 */
#include "bench.h"

enum { WINDOW = 32, BURST = 200 };

static int echoing (void)
{
    return strcmp (job.mode, "routerecho") == 0;
}

static void **open_dealers (void *context, zmq_pollitem_t *items)
{
    void **sockets = calloc ((size_t) job.number, sizeof *sockets);
    long i;

    require (sockets != NULL, "memory");
    for (i = 0; i < job.number; i++) {
        sockets[i] = socket_open (context, ZMQ_DEALER);
        socket_set (sockets[i], ZMQ_SNDTIMEO, 100);
        socket_connect (sockets[i], 0);
        items[i].socket = sockets[i];
        items[i].events = ZMQ_POLLIN;
    }
    return sockets;
}

static void send_surely (void *socket, const char *buffer, size_t size)
{
    while (!send_frame (socket, buffer, size, 0))
        continue;
}

/* --- clients ---------------------------------------------------------------------------------- */

static void stream_from (void **sockets, const char *buffer)
{
    long i;

    while (!flag_read (&board->stop))
        for (i = 0; i < job.number; i++)
            send_frame (sockets[i], buffer, job.size, 0);
}

/* numbers[]: echoes a second, echoes in all, processor seconds before that. */
static void echo_with (void **sockets, zmq_pollitem_t *items, char *buffer)
{
    struct meter meter;
    long under_way = job.number * WINDOW;
    long i;

    for (i = 0; i < under_way; i++)
        send_surely (sockets[i / WINDOW], buffer, job.size);
    meter_start (&meter);
    while (under_way > 0) {
        long taken = 0;

        for (i = 0; i < job.number; i++) {
            int burst;

            for (burst = 0; burst < BURST; burst++) {
                int length = zmq_recv (sockets[i], buffer, job.size, ZMQ_DONTWAIT);

                if (length < 0) {
                    require (errno == EAGAIN, "zmq_recv");
                    break;
                }
                require (length == (int) job.size, "an echo of another size");
                taken++;
                if (meter_tick (&meter))
                    under_way--;
                else
                    send_surely (sockets[i], buffer, job.size);
            }
        }
        if (taken == 0)
            require (zmq_poll (items, (int) job.number, 100) >= 0 || errno == EINTR, "zmq_poll");
    }
    board->numbers[0] = meter_rate (&meter);
    board->numbers[1] = (double) meter.total;
}

static void clients (void)
{
    void *context = side_context ();
    zmq_pollitem_t *items = calloc ((size_t) job.number, sizeof *items);
    char *buffer = calloc (1, job.size);
    void **sockets;
    long i;

    require (items != NULL && buffer != NULL, "memory");
    sockets = open_dealers (context, items);
    for (i = 0; i < job.number; i++)
        send_surely (sockets[i], buffer, job.size);
    flag_await (&board->ready, 1);
    board->numbers[2] = cpu_self ();
    if (echoing ())
        echo_with (sockets, items, buffer);
    else
        stream_from (sockets, buffer);
    for (i = 0; i < job.number; i++)
        send_surely (sockets[i], "", 0);
    flag_await (&board->done, 1);
    for (i = 0; i < job.number; i++)
        socket_close (sockets[i]);
    side_end (context);
}

/* --- server ----------------------------------------------------------------------------------- */

/* Awaits a message of every client. */
static void await_clients (void *socket, char *buffer)
{
    char id[256];
    long i;

    for (i = 0; i < job.number; i++) {
        receive (socket, id, sizeof id);
        require (receive (socket, buffer, job.size) == (int) job.size, "a greeting");
    }
    flag_add (&board->ready);
}

void mode_router (void)
{
    struct meter meter;
    void *context, *socket;
    char *buffer = malloc (job.size);
    char id[256];
    long running = job.number;
    double messages, rate, used, connecting;

    require (buffer != NULL, "memory");
    need_descriptors (4 * job.number + 100);
    side_start (clients);
    context = side_context ();
    socket = socket_open (context, ZMQ_ROUTER);
    /* Whom the kernel turns away tries again after a second. */
    socket_set (socket, ZMQ_BACKLOG, (int) job.number + 100);
    socket_bind (socket, 0);
    await_clients (socket, buffer);
    connecting = cpu_self ();

    meter.begun = 0;
    while (running > 0) {
        int id_length = receive (socket, id, sizeof id);
        int length = receive (socket, buffer, job.size);

        if (length == 0) {
            running--;
            continue;
        }
        require (length == (int) job.size, "a message of another size");
        if (echoing ()) {
            require (send_frame (socket, id, (size_t) id_length, ZMQ_SNDMORE)
                         && send_frame (socket, buffer, job.size, 0),
                     "echoing");
        } else if (meter.begun <= 0)
            meter_start (&meter);
        else if (meter_tick (&meter) && !flag_read (&board->stop))
            flag_add (&board->stop);
    }
    flag_add (&board->done);
    socket_close (socket);
    side_end (context);
    sides_join ();
    free (buffer);

    /* An echo is two messages. */
    rate = echoing () ? board->numbers[0] : meter_rate (&meter);
    messages = echoing () ? 2 * board->numbers[1] : (double) meter.total;
    used = cpu_self () + cpu_children () - connecting - board->numbers[2];
    report_begin ();
    report_number ("clients", (double) job.number);
    report_number (echoing () ? "echoes_per_s" : "msgs_per_s", rate);
    report_number ("cpu_us_per_msg", used * 1e6 / messages);
    report_end ();
}
