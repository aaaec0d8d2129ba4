/*
 * mdp_broker [ENDPOINT [HEARTBEAT_MS]]
 *
 * Majordomo: a broker for services by name. Workers sign on for a service, clients ask for
 * one; requests wait until a worker of their service is idle. All talk to one ROUTER
 * socket, and the first frame after the envelope says who is what. Workers and broker
 * exchange heartbeats, as with pirate_queue. Names that begin with "mmi." are answered by
 * the broker itself: "mmi.service" says whether somebody serves a name (RFC 8). Protocol:
 * RFC 7 (mdp.h).
 *
 * By hand: start it, some mdp_worker, and mdp_client; any order will do.
 */
#include "until_signal.h"

#include "heartbeat.h"
#include "mdp.h"

enum { MOST_WORKERS = 64, LONGEST_ID = 255, LONGEST_NAME = 64, MOST_WAITING = 1000 };

struct worker {
    unsigned char id[LONGEST_ID];
    size_t id_size;
    char service[LONGEST_NAME];
    int idle;
    long gone_at;
};

/* A request as it came, envelope and all. */
struct request {
    struct frames message;
    struct request *next;
};

struct broker {
    void *socket;
    void *watch;
    long interval;
    int workers_count;
    struct worker workers[MOST_WORKERS]; /* the one that came or finished last is the last */
    int waiting_count;
    struct request *waiting; /* the oldest first */
};

/* --- workers ---------------------------------------------------------------------------------- */

static struct worker *worker_of (struct broker *broker, struct frames *message)
{
    int i;

    for (i = 0; i < broker->workers_count; i++)
        if (frame_is (message, 0, broker->workers[i].id, broker->workers[i].id_size))
            return &broker->workers[i];
    return NULL;
}

static void forget (struct broker *broker, struct worker *worker)
{
    int place = (int) (worker - broker->workers);

    broker->workers_count--;
    memmove (worker, worker + 1, (size_t) (broker->workers_count - place) * sizeof *worker);
}

/* Sends a command and, where REST is given, the frames that belong to it. */
static int
command (struct broker *broker, const void *id, size_t size, const char *what, struct frames *rest)
{
    struct frames none;

    if (!rest) {
        frames_start (&none);
        rest = &none;
    }
    frames_insert (rest, 0, what, 1);
    frames_insert (rest, 0, MDP_WORKER, strlen (MDP_WORKER));
    frames_insert (rest, 0, "", 0);
    frames_insert (rest, 0, id, size);
    return frames_send (broker->socket, rest);
}

static struct worker *idle_for (struct broker *broker, const char *service)
{
    int i;

    for (i = 0; i < broker->workers_count; i++)
        if (broker->workers[i].idle && strcmp (broker->workers[i].service, service) == 0)
            return &broker->workers[i];
    return NULL;
}

/* Hands out what is waiting, as far as there are idle workers for it. */
static int dispatch (struct broker *broker)
{
    struct request **link = &broker->waiting;
    int rc = 0;

    while (*link && rc == 0) {
        struct request *request = *link;
        char service[LONGEST_NAME];
        unsigned char client[LONGEST_ID];
        size_t size;
        struct worker *worker;

        frame_text (&request->message, 3, service, sizeof service);
        worker = idle_for (broker, service);
        if (!worker) {
            link = &request->next;
            continue;
        }
        /* [client] [] [header] [service] [body]: the client's id and an empty frame remain. */
        size = frame_size (&request->message, 0);
        memcpy (client, frame_data (&request->message, 0), size);
        frames_drop (&request->message, 4);
        frames_insert (&request->message, 0, "", 0);
        frames_insert (&request->message, 0, client, size);
        worker->idle = 0;
        rc = command (broker, worker->id, worker->id_size, MDP_REQUEST, &request->message);
        *link = request->next;
        broker->waiting_count--;
        free (request);
    }
    return rc;
}

static void sign_on (struct broker *broker, struct frames *message)
{
    struct worker *worker = &broker->workers[broker->workers_count];

    if (broker->workers_count == MOST_WORKERS)
        return;
    worker->id_size = frame_size (message, 0);
    memcpy (worker->id, frame_data (message, 0), worker->id_size);
    frame_text (message, 4, worker->service, sizeof worker->service);
    worker->idle = 1;
    broker->workers_count++;
    printf ("a worker signs on for %s\n", worker->service);
    fflush (stdout);
}

/* The answer for a client; its worker goes to the end of the line. */
static int pass_back (struct broker *broker, struct worker *worker, struct frames *message)
{
    struct worker finished = *worker;
    unsigned char client[LONGEST_ID];
    size_t size = frame_size (message, 4);

    if (size > LONGEST_ID)
        return 0;
    memcpy (client, frame_data (message, 4), size);
    frames_drop (message, 6);
    frames_insert (message, 0, finished.service, strlen (finished.service));
    frames_insert (message, 0, MDP_CLIENT, strlen (MDP_CLIENT));
    frames_insert (message, 0, "", 0);
    frames_insert (message, 0, client, size);

    forget (broker, worker);
    finished.idle = 1;
    broker->workers[broker->workers_count++] = finished;
    return frames_send (broker->socket, message);
}

/* [worker] [] [header] [command] and what belongs to it. */
static int hear_worker (struct broker *broker, struct frames *message)
{
    struct worker *worker = worker_of (broker, message);
    int rc = 0, welcome = worker != NULL;

    if (worker)
        worker->gone_at = now (broker->watch) + LIVENESS * broker->interval;
    if (frame_is (message, 3, MDP_READY, 1) && message->count == 5 && !worker
        && (frame_size (message, 4) < 4 || memcmp (frame_data (message, 4), "mmi.", 4) != 0)) {
        sign_on (broker, message);
        worker = worker_of (broker, message);
        if (worker)
            worker->gone_at = now (broker->watch) + LIVENESS * broker->interval;
        welcome = worker != NULL;
    } else if (frame_is (message, 3, MDP_REPLY, 1) && message->count >= 6 && worker
               && !worker->idle)
        rc = pass_back (broker, worker, message);
    else if (frame_is (message, 3, MDP_DISCONNECT, 1)) {
        if (worker)
            forget (broker, worker);
        return 0;
    } else if (!frame_is (message, 3, MDP_HEARTBEAT, 1))
        welcome = 0;

    if (welcome)
        return rc < 0 ? rc : dispatch (broker);
    /* Whoever is not known, or says what does not fit, has to begin anew. */
    if (worker)
        forget (broker, worker);
    return command (broker, frame_data (message, 0), frame_size (message, 0), MDP_DISCONNECT, NULL);
}

/* --- clients ---------------------------------------------------------------------------------- */

/* A service of the broker's own: the answer takes the place of the body. */
static int answer_itself (struct broker *broker, struct frames *message)
{
    const char *answer = "501";

    if (frame_is_text (message, 3, "mmi.service")) {
        char name[LONGEST_NAME];
        int i;

        answer = "404";
        frame_text (message, 4, name, sizeof name);
        for (i = 0; i < broker->workers_count; i++)
            if (strcmp (broker->workers[i].service, name) == 0)
                answer = "200";
    }
    while (message->count > 4)
        zmq_msg_close (&message->at[--message->count]);
    frames_add_text (message, answer);
    return frames_send (broker->socket, message);
}

/* [client] [] [header] [service] [body...]. Takes the request over, or drops it. */
static int hear_client (struct broker *broker, struct request *request)
{
    struct frames *message = &request->message;
    struct request **link = &broker->waiting;

    if (message->count < 5 || broker->waiting_count == MOST_WAITING) {
        frames_clear (message);
        free (request);
        return 0;
    }
    if (frame_size (message, 3) >= 4 && memcmp (frame_data (message, 3), "mmi.", 4) == 0) {
        int rc = answer_itself (broker, message);

        free (request);
        return rc;
    }
    while (*link)
        link = &(*link)->next;
    *link = request;
    broker->waiting_count++;
    return dispatch (broker);
}

/* --- both ------------------------------------------------------------------------------------- */

static int hear (struct broker *broker)
{
    struct request *request = (struct request *) malloc (sizeof *request);
    int rc = 0;

    require (request != NULL, "finding memory");
    request->next = NULL;
    if (frames_receive (broker->socket, &request->message, ZMQ_DONTWAIT) < 0)
        rc = -1;
    else if (frame_is (&request->message, 1, "", 0)
             && frame_size (&request->message, 0) <= LONGEST_ID) {
        if (frame_is_text (&request->message, 2, MDP_CLIENT))
            return hear_client (broker, request);
        if (frame_is_text (&request->message, 2, MDP_WORKER))
            rc = hear_worker (broker, &request->message);
    }
    frames_clear (&request->message);
    free (request);
    return rc;
}

static void give_up_silent (struct broker *broker)
{
    long time = now (broker->watch);
    int i = 0;

    while (i < broker->workers_count) {
        struct worker *worker = &broker->workers[i];

        if (worker->gone_at > time) {
            i++;
            continue;
        }
        printf ("a worker for %s went silent\n", worker->service);
        fflush (stdout);
        forget (broker, worker);
    }
}

static int send_heartbeats (struct broker *broker)
{
    int i;

    for (i = 0; i < broker->workers_count; i++) {
        struct worker *worker = &broker->workers[i];

        if (command (broker, worker->id, worker->id_size, MDP_HEARTBEAT, NULL) < 0)
            return -1;
    }
    return 0;
}

int main (int argc, char **argv)
{
    static struct broker broker;
    void *waiter, *context;
    long beat_at;

    context = begin_context (&waiter);
    broker.watch = zmq_stopwatch_start ();
    broker.interval = atol (argument (argc, argv, 2, "1000"));
    beat_at = broker.interval;
    broker.socket = open_socket (context, ZMQ_ROUTER, "creating a ROUTER socket");
    bind_and_tell (broker.socket, argument (argc, argv, 1, "tcp://127.0.0.1:5570"), "majordomo");

    for (;;) {
        zmq_pollitem_t item = {broker.socket, 0, ZMQ_POLLIN, 0};

        if (zmq_poll (&item, 1, until (broker.watch, beat_at)) < 0 && ending ("waiting"))
            break;
        if (item.revents & ZMQ_POLLIN && hear (&broker) < 0 && ending ("answering"))
            break;
        if (now (broker.watch) >= beat_at) {
            /* What waits in the socket counts before anybody is given up. */
            if (!(item.revents & ZMQ_POLLIN))
                give_up_silent (&broker);
            if (send_heartbeats (&broker) < 0 && ending ("sending a heartbeat"))
                break;
            beat_at = now (broker.watch) + broker.interval;
        }
    }

    while (broker.waiting) {
        struct request *request = broker.waiting;

        broker.waiting = request->next;
        frames_clear (&request->message);
        free (request);
    }
    zmq_stopwatch_stop (broker.watch);
    require (zmq_close (broker.socket) == 0, "closing");
    end_context (waiter, context);
    return EXIT_SUCCESS;
}
