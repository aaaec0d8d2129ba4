/*
 * titanic [ENDPOINT [FOLDER [HEARTBEAT_MS]]]
 *
 * Requests that survive on disk, so that clients and workers need not be there at the same
 * time. To majordomo it is a worker for three services, and a client of all others. A
 * client gives a request to "titanic.request" and gets an id for it; asks "titanic.reply"
 * for the answer until there is one; and says by "titanic.close" that it has it. Meanwhile
 * requests are handed to their services, one at a time, as soon as somebody serves them.
 * Protocol: RFC 9.
 *
 * FOLDER holds ID.request and ID.reply; whatever this program was at when it ended is
 * taken up again from there. By hand: start mdp_broker and titanic, ask by titanic_client,
 * and start the mdp_worker at last.
 */
#include "mdp_worker.h"

#include "store.h"

enum { DESKS = 3, PATIENCE_MS = 5000, PAUSE_MS = 100 };

/* What the client's half of this program is at. */
enum state { IDLE, ASKING, WAITING };

struct errand {
    void *context;
    void *watch;
    const char *endpoint;
    const char *folder;
    void *socket;
    enum state state;
    char id[ID_TEXT];
    char service[64];
    long until; /* when to give it up; idle: when to look for the next */
};

/* --- the worker's half: three desks ------------------------------------------------------------ */

/* MESSAGE is [client] [] and a request's body; what is left of it is the answer. */
static void serve (int desk, const char *folder, struct frames *message)
{
    struct frames body;
    char id[ID_TEXT];
    const char *status = "400";

    frames_start (&body);
    if (desk == 0) {
        /* A service's name and a body of its own. It is on disk before anybody hears of it. */
        while (message->count > 2) {
            frames_add (&body, frame_data (message, 2), frame_size (message, 2));
            frames_remove (message, 2);
        }
        store_new_id (id);
        status = body.count >= 2 && store_save (folder, id, "request", &body) == 0 ? "200" : "500";
        frames_clear (&body);
        frames_add_text (message, status);
        if (strcmp (status, "200") == 0)
            frames_add_text (message, id);
        return;
    }

    frame_text (message, 2, id, sizeof id);
    while (message->count > 2)
        frames_remove (message, 2);
    /* An id is part of a file's name: anything that is none is not looked for. */
    if (desk == 1 && store_is_id (id)) {
        if (store_load (folder, id, "reply", &body) == 0)
            status = "200";
        else if (store_has (folder, id, "request"))
            status = "300";
    } else if (desk == 2 && store_is_id (id)) {
        store_remove (folder, id);
        status = "200";
    }
    frames_add_text (message, status);
    while (body.count > 0) {
        frames_add (message, frame_data (&body, 0), frame_size (&body, 0));
        frames_drop (&body, 1);
    }
}

/* --- the client's half: one errand at a time ---------------------------------------------------- */

/* A new socket: an answer that comes late after all is not taken for the next one's. */
static int errand_begin (struct errand *errand)
{
    int no_wait = 0;

    if (errand->socket)
        zmq_close (errand->socket);
    errand->state = IDLE;
    errand->until = now (errand->watch) + PAUSE_MS;
    errand->socket = zmq_socket (errand->context, ZMQ_DEALER);
    if (!errand->socket
        || zmq_setsockopt (errand->socket, ZMQ_LINGER, &no_wait, sizeof no_wait) < 0)
        return -1;
    return zmq_connect (errand->socket, errand->endpoint);
}

static int errand_send (struct errand *errand, const char *service, struct frames *body)
{
    frames_insert (body, 0, service, strlen (service));
    frames_insert (body, 0, MDP_CLIENT, strlen (MDP_CLIENT));
    frames_insert (body, 0, "", 0);
    errand->until = now (errand->watch) + PATIENCE_MS;
    return frames_send (errand->socket, body);
}

/* Looks for the next request that has no answer, and asks whether somebody serves it. */
static int errand_next (struct errand *errand)
{
    struct frames body;

    errand->until = now (errand->watch) + PAUSE_MS;
    if (!store_next (errand->folder, errand->id)
        || store_load (errand->folder, errand->id, "request", &body) < 0)
        return 0;
    frame_text (&body, 0, errand->service, sizeof errand->service);
    frames_clear (&body);
    frames_add_text (&body, errand->service);
    errand->state = ASKING;
    return errand_send (errand, "mmi.service", &body);
}

static int errand_hear (struct errand *errand)
{
    struct frames message;
    int rc = 0;

    if (frames_receive (errand->socket, &message, ZMQ_DONTWAIT) < 0)
        return -1;
    /* [] [header] [service] [body...] */
    if (errand->state == ASKING && frame_is_text (&message, 2, "mmi.service")) {
        int served = frame_is_text (&message, 3, "200");

        frames_clear (&message);
        errand->state = IDLE;
        if (served && store_load (errand->folder, errand->id, "request", &message) == 0) {
            frames_drop (&message, 1);
            errand->state = WAITING;
            rc = errand_send (errand, errand->service, &message);
        }
    } else if (errand->state == WAITING && frame_is_text (&message, 2, errand->service)) {
        frames_drop (&message, 3);
        /* Closed meanwhile: nobody will ask for the answer. */
        if (store_has (errand->folder, errand->id, "request")
            && store_save (errand->folder, errand->id, "reply", &message) == 0) {
            printf ("%s is answered\n", errand->id);
            fflush (stdout);
        }
        errand->state = IDLE;
    }
    frames_clear (&message);
    return rc;
}

/* What is due by the clock. */
static int errand_tend (struct errand *errand)
{
    if (now (errand->watch) < errand->until)
        return 0;
    return errand->state == IDLE ? errand_next (errand) : errand_begin (errand);
}

/* --- both ---------------------------------------------------------------------------------------- */

int main (int argc, char **argv)
{
    static const char *const services[DESKS] = {"titanic.request", "titanic.reply", "titanic.close"};
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5570");
    const char *folder = argument (argc, argv, 2, ".");
    long interval = atol (argument (argc, argv, 3, "1000"));
    void *waiter, *context = begin_context (&waiter);
    void *watch = zmq_stopwatch_start ();
    struct mdp_worker desks[DESKS];
    struct errand errand = {context, watch, endpoint, folder, NULL, IDLE, "", "", 0};
    int i, running = 1;

    memset (desks, 0, sizeof desks);
    for (i = 0; i < DESKS; i++) {
        desks[i].context = context;
        desks[i].watch = watch;
        desks[i].endpoint = endpoint;
        desks[i].service = services[i];
        desks[i].interval = interval;
        if (mdp_sign_on (&desks[i]) < 0)
            running = !ending ("signing on");
    }
    if (errand_begin (&errand) < 0)
        running = !ending ("connecting");

    while (running) {
        zmq_pollitem_t items[DESKS + 1];
        long due = errand.until;

        for (i = 0; i < DESKS; i++) {
            zmq_pollitem_t item = {desks[i].socket, 0, ZMQ_POLLIN, 0};

            items[i] = item;
            due = desks[i].beat_at < due ? desks[i].beat_at : due;
        }
        items[DESKS] = items[0];
        items[DESKS].socket = errand.socket;
        if (zmq_poll (items, DESKS + 1, until (watch, due)) < 0 && ending ("waiting"))
            break;

        for (i = 0; i < DESKS && running; i++) {
            struct frames message;
            int heard = items[i].revents & ZMQ_POLLIN ? mdp_hear (&desks[i], &message) : 0;

            if (heard > 0) {
                serve (i, folder, &message);
                heard = mdp_answer (&desks[i], &message);
            }
            if ((heard < 0 || mdp_tend (&desks[i]) < 0) && ending ("serving"))
                running = 0;
        }
        if (running && items[DESKS].revents & ZMQ_POLLIN && errand_hear (&errand) < 0)
            running = !ending ("hearing an answer");
        if (running && errand_tend (&errand) < 0)
            running = !ending ("asking a service");
    }

    zmq_stopwatch_stop (watch);
    for (i = 0; i < DESKS; i++)
        if (desks[i].socket)
            zmq_close (desks[i].socket);
    if (errand.socket)
        zmq_close (errand.socket);
    end_context (waiter, context);
    return EXIT_SUCCESS;
}
