/*
 * pirate_queue [FRONT [BACK [HEARTBEAT_MS]]]
 *
 * A queue that hands requests to workers that are alive and idle, and to nobody else.
 * Workers sign on (READY), and from then on both sides send heartbeats: who has been
 * silent for LIVENESS intervals is given up. The worker that has been idle longest comes
 * next; while none is idle the clients' requests stay where they are, and the queue holds
 * none itself, so that nothing is lost with it that the clients would not send again.
 * Protocol: RFC 6 (pirate.h).
 *
 * By hand: start it, some pirate_worker, and lazy_pirate_client tcp://127.0.0.1:5568; end
 * and restart any of them meanwhile.
 */
#include "until_signal.h"

#include "heartbeat.h"
#include "pirate.h"

enum { MOST_WORKERS = 64, LONGEST_ID = 255 };

struct worker {
    unsigned char id[LONGEST_ID];
    size_t id_size;
    long gone_at;
};

/* The idle ones, in the order in which they became so. */
struct crew {
    int count;
    struct worker idle[MOST_WORKERS];
};

static void strike_off (struct crew *crew, int place)
{
    crew->count--;
    memmove (&crew->idle[place], &crew->idle[place + 1],
             (size_t) (crew->count - place) * sizeof crew->idle[0]);
}

/* The place of the worker that sent this message, -1 where it is none of the idle ones. */
static int place_of (struct crew *crew, struct frames *message)
{
    int i;

    for (i = 0; i < crew->count; i++)
        if (frame_is (message, 0, crew->idle[i].id, crew->idle[i].id_size))
            return i;
    return -1;
}

/* Puts the sender of the message at the end of the line. */
static void enlist (struct crew *crew, struct frames *message, long gone_at)
{
    int place = place_of (crew, message);
    struct worker *worker;

    if (place >= 0)
        strike_off (crew, place);
    if (crew->count == MOST_WORKERS || frame_size (message, 0) > LONGEST_ID)
        return;
    worker = &crew->idle[crew->count++];
    worker->id_size = frame_size (message, 0);
    memcpy (worker->id, frame_data (message, 0), worker->id_size);
    worker->gone_at = gone_at;
}

/* A message of a worker: [its id] [signal], or [its id] and the answer to a client. */
static int hear_worker (struct crew *crew, void *front, void *back, long gone_at)
{
    struct frames message;
    int place, rc = 0;

    if (frames_receive (back, &message, ZMQ_DONTWAIT) < 0)
        return -1;
    if (is_signal (&message, 1, PIRATE_HEARTBEAT)) {
        place = place_of (crew, &message);
        if (place >= 0)
            crew->idle[place].gone_at = gone_at;
    } else if (message.count > 1) {
        enlist (crew, &message, gone_at);
        if (is_signal (&message, 1, PIRATE_READY)) {
            printf ("a worker signs on, %d idle\n", crew->count);
            fflush (stdout);
        } else {
            frames_drop (&message, 1);
            rc = frames_send (front, &message);
        }
    }
    frames_clear (&message);
    return rc;
}

/* A request goes to the worker at the head of the line. */
static int hear_client (struct crew *crew, void *front, void *back)
{
    struct frames message;

    if (frames_receive (front, &message, ZMQ_DONTWAIT) < 0)
        return -1;
    if (message.count == 0)
        return 0;
    frames_insert (&message, 0, crew->idle[0].id, crew->idle[0].id_size);
    strike_off (crew, 0);
    return frames_send (back, &message);
}

static int send_heartbeats (struct crew *crew, void *back)
{
    int i;

    for (i = 0; i < crew->count; i++) {
        struct frames beat;

        frames_start (&beat);
        frames_add (&beat, crew->idle[i].id, crew->idle[i].id_size);
        frames_add_text (&beat, PIRATE_HEARTBEAT);
        if (frames_send (back, &beat) < 0)
            return -1;
    }
    return 0;
}

static void give_up_silent (struct crew *crew, long time)
{
    int i = 0;

    while (i < crew->count)
        if (crew->idle[i].gone_at <= time) {
            strike_off (crew, i);
            printf ("a worker went silent, %d idle\n", crew->count);
            fflush (stdout);
        } else
            i++;
}

int main (int argc, char **argv)
{
    static struct crew crew;
    long interval = atol (argument (argc, argv, 3, "1000"));
    void *watch = zmq_stopwatch_start ();
    void *waiter, *context, *front, *back;
    long beat_at = interval;

    context = begin_context (&waiter);
    front = open_socket (context, ZMQ_ROUTER, "creating the front");
    back = open_socket (context, ZMQ_ROUTER, "creating the back");
    bind_and_tell (front, argument (argc, argv, 1, "tcp://127.0.0.1:5568"), "clients");
    bind_and_tell (back, argument (argc, argv, 2, "tcp://127.0.0.1:5569"), "workers");

    for (;;) {
        zmq_pollitem_t items[] = {{back, 0, ZMQ_POLLIN, 0}, {front, 0, ZMQ_POLLIN, 0}};
        long gone_at;

        /* Clients are asked only while somebody is there to do the work. */
        if (zmq_poll (items, crew.count > 0 ? 2 : 1, until (watch, beat_at)) < 0
            && ending ("waiting"))
            break;
        gone_at = now (watch) + LIVENESS * interval;
        if (items[0].revents & ZMQ_POLLIN && hear_worker (&crew, front, back, gone_at) < 0
            && ending ("hearing a worker"))
            break;
        if (items[1].revents & ZMQ_POLLIN && crew.count > 0
            && hear_client (&crew, front, back) < 0 && ending ("hearing a client"))
            break;
        if (now (watch) >= beat_at) {
            /* What waits in the socket counts before anybody is given up. */
            if (!(items[0].revents & ZMQ_POLLIN))
                give_up_silent (&crew, now (watch));
            if (send_heartbeats (&crew, back) < 0 && ending ("sending a heartbeat"))
                break;
            beat_at = now (watch) + interval;
        }
    }

    zmq_stopwatch_stop (watch);
    require (zmq_close (front) == 0, "closing the front");
    require (zmq_close (back) == 0, "closing the back");
    end_context (waiter, context);
    return EXIT_SUCCESS;
}
