/*
 * From one publisher to many subscribers: deliveries a second, and the cost of
 * many subscriptions. The publisher waits where a subscriber is full
 * (ZMQ_XPUB_NODROP), so that all that was sent is also delivered and counted.
 */
#include "bench.h"

static void *open_publisher (void *context)
{
    void *socket = socket_open (context, ZMQ_PUB);

    socket_set (socket, ZMQ_XPUB_NODROP, 1);
    socket_set (socket, ZMQ_SNDTIMEO, 100);
    return socket;
}

/* --- N subscribers to everything -------------------------------------------------------------- */

static void publisher (void)
{
    void *context = side_context ();
    void *socket = open_publisher (context);
    char *buffer = calloc (1, job.size);

    require (buffer != NULL, "memory");
    socket_bind (socket, 0);
    /* Calls of one byte until every subscriber has heard one. */
    while (!flag_read (&board->ready)) {
        send_frame (socket, "?", 1, 0);
        nap (0.002);
    }
    while (!flag_read (&board->stop))
        send_frame (socket, buffer, job.size, 0);
    while (!send_frame (socket, "", 0, 0))
        continue;
    flag_await (&board->done, 1);
    socket_close (socket);
    side_end (context);
    free (buffer);
}

enum { BURST = 200 };

struct audience {
    void **sockets;
    zmq_pollitem_t *items;
    char *heard, *ended;
    char *buffer;
    long unheard, running;
    int measuring;
    struct meter meter;
};

/* Takes what one subscriber has, to a limit; how many messages that was. */
static int drain (struct audience *audience, long index)
{
    int taken;

    for (taken = 0; taken < BURST && !audience->ended[index]; taken++) {
        int length = zmq_recv (audience->sockets[index], audience->buffer, job.size, ZMQ_DONTWAIT);

        if (length < 0) {
            require (errno == EAGAIN, "zmq_recv");
            break;
        }
        if (length == 0) {
            audience->ended[index] = 1;
            audience->running--;
        } else if (length == 1) {
            if (!audience->heard[index])
                audience->unheard--;
            audience->heard[index] = 1;
        } else if (!audience->measuring) {
            audience->measuring = 1;
            meter_start (&audience->meter);
        } else if (meter_tick (&audience->meter) && !flag_read (&board->stop))
            flag_add (&board->stop);
    }
    return taken;
}

void mode_pubsub (void)
{
    struct audience audience;
    void *context;
    long i;
    double used;

    need_descriptors (4 * job.number + 100);
    side_start (publisher);
    context = side_context ();
    memset (&audience, 0, sizeof audience);
    audience.sockets = calloc ((size_t) job.number, sizeof *audience.sockets);
    audience.items = calloc ((size_t) job.number, sizeof *audience.items);
    audience.heard = calloc ((size_t) job.number, 1);
    audience.ended = calloc ((size_t) job.number, 1);
    audience.buffer = malloc (job.size);
    require (audience.sockets && audience.items && audience.heard && audience.ended
                 && audience.buffer,
             "memory");
    audience.unheard = audience.running = job.number;
    for (i = 0; i < job.number; i++) {
        audience.sockets[i] = socket_open (context, ZMQ_SUB);
        require (zmq_setsockopt (audience.sockets[i], ZMQ_SUBSCRIBE, "", 0) == 0, "subscribing");
        socket_connect (audience.sockets[i], 0);
        audience.items[i].socket = audience.sockets[i];
        audience.items[i].events = ZMQ_POLLIN;
    }

    while (audience.running > 0) {
        long taken = 0;

        for (i = 0; i < job.number; i++)
            taken += drain (&audience, i);
        if (audience.unheard == 0 && !flag_read (&board->ready))
            flag_add (&board->ready);
        if (taken == 0)
            require (zmq_poll (audience.items, (int) job.number, 100) >= 0 || errno == EINTR,
                     "zmq_poll");
    }
    flag_add (&board->done);
    for (i = 0; i < job.number; i++)
        socket_close (audience.sockets[i]);
    side_end (context);
    sides_join ();

    used = cpu_self () + cpu_children ();
    report_begin ();
    report_number ("subscribers", (double) job.number);
    report_number ("deliveries_per_s", meter_rate (&audience.meter));
    report_number ("cpu_us_per_msg", used * 1e6 / (double) (audience.meter.total + 1));
    report_end ();
}

/* --- one subscriber, many subscriptions ------------------------------------------------------- */

enum { TOPIC_SIZE = 16 };

/* The topics' order tells nothing: a multiplication by an odd number mixes, and repeats none. */
static void name_topic (char *topic, uint32_t index)
{
    snprintf (topic, TOPIC_SIZE, "market.%08lx", (unsigned long) (index * UINT32_C (2654435761)));
}

/* numbers[]: growth of memory, processor seconds while publishing. */
static void topic_publisher (void)
{
    void *context = side_context ();
    void *socket = open_publisher (context);
    uint32_t last = (uint32_t) job.number - 1, choice = 1;
    char topic[TOPIC_SIZE];
    double before, used;

    socket_set (socket, ZMQ_RCVHWM, 0);
    socket_bind (socket, 0);
    before = resident ();
    flag_await (&board->ready, 1);
    /* The last subscription is in place when its topic arrives, and then all are. */
    name_topic (topic, last);
    while (flag_read (&board->ready) < 2) {
        send_frame (socket, topic, TOPIC_SIZE, 0);
        nap (0.002);
    }
    board->numbers[0] = resident () - before;
    used = cpu_self ();

    while (!flag_read (&board->stop)) {
        choice = choice * UINT32_C (1664525) + UINT32_C (1013904223);
        /* The low bits of such a sequence repeat early: the high ones choose. */
        name_topic (topic, (uint32_t) (((uint64_t) choice * (uint64_t) job.number) >> 32));
        send_frame (socket, topic, TOPIC_SIZE, 0);
    }
    board->numbers[1] = cpu_self () - used;
    /* An empty message would match no subscription. */
    name_topic (topic, last);
    while (!send_frame (socket, topic, strlen (topic), 0))
        continue;
    flag_await (&board->done, 1);
    socket_close (socket);
    side_end (context);
}

void mode_subs (void)
{
    struct meter meter;
    void *context, *socket;
    char topic[TOPIC_SIZE];
    double before, grown, used, subscribing;
    long i;
    int length;

    side_start (topic_publisher);
    context = side_context ();
    socket = socket_open (context, ZMQ_SUB);
    /* Otherwise a subscription too many for the queue to the publisher is dropped. */
    socket_set (socket, ZMQ_SNDHWM, 0);
    socket_connect (socket, 0);
    before = resident ();
    subscribing = now ();
    for (i = 0; i < job.number; i++) {
        name_topic (topic, (uint32_t) i);
        require (zmq_setsockopt (socket, ZMQ_SUBSCRIBE, topic, TOPIC_SIZE - 1) == 0,
                 "subscribing");
    }
    flag_add (&board->ready);
    receive (socket, topic, TOPIC_SIZE);
    subscribing = now () - subscribing;
    grown = resident () - before;
    flag_add (&board->ready);
    used = cpu_self ();

    meter_start (&meter);
    while ((length = receive (socket, topic, TOPIC_SIZE)) == TOPIC_SIZE)
        if (meter_tick (&meter) && !flag_read (&board->stop))
            flag_add (&board->stop);
    require (length == TOPIC_SIZE - 1, "a message of another size");
    used = cpu_self () - used;
    flag_add (&board->done);
    socket_close (socket);
    side_end (context);
    sides_join ();

    report_begin ();
    report_number ("subscriptions", (double) job.number);
    report_number ("msgs_per_s", meter_rate (&meter));
    report_number ("bytes_per_sub", (grown + board->numbers[0]) / (double) job.number);
    report_number ("subscribe_s", subscribing);
    report_number ("cpu_us_per_msg", (used + board->numbers[1]) * 1e6 / (double) meter.total);
    report_end ();
}
