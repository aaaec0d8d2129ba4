/*
 * ironhouse_server [ENDPOINT [FOLDER [NAME...]]]
 *
 * A hello_server that speaks CURVE, so that nobody reads or changes what is said, and lets
 * in nobody but the clients NAME, whose public keys are in FOLDER. Whether a client may
 * enter is asked of a handler, by the protocol ZAP (RFC 27): a REP socket at an inproc
 * name that is fixed, served by a thread here. What the handler calls a client comes with
 * each of its messages ("User-Id").
 *
 * By hand: ironhouse_keys . server alice; ironhouse_server tcp://127.0.0.1:5572 . alice;
 * ironhouse_client tcp://127.0.0.1:5572 . alice
 */
#include "until_signal.h"

#include "frames.h"
#include "keys.h"

enum { MOST_GUESTS = 32 };
static const char *const HANDLER = "inproc://zeromq.zap.01";

struct guest {
    const char *name;
    unsigned char key[KEY_BYTES];
};

struct door {
    void *socket;
    int guests_count;
    struct guest guests[MOST_GUESTS];
};

/* Answers each question: [version] [number] [domain] [address] [routing id] [mechanism] [key]. */
static void keep_the_door (void *argument)
{
    struct door *door = (struct door *) argument;

    for (;;) {
        struct frames question, answer;
        char number[64];
        const char *name = NULL;
        int i;

        if (frames_receive (door->socket, &question, 0) < 0 && ending ("receiving a question"))
            break;
        frame_text (&question, 1, number, sizeof number);
        if (frame_is (&question, 0, "1.0", 3) && frame_is (&question, 5, "CURVE", 5))
            for (i = 0; i < door->guests_count; i++)
                if (frame_is (&question, 6, door->guests[i].key, KEY_BYTES))
                    name = door->guests[i].name;
        frames_clear (&question);

        printf ("at the door: %s\n", name ? name : "a stranger");
        fflush (stdout);
        frames_start (&answer);
        frames_add_text (&answer, "1.0");
        frames_add_text (&answer, number);
        frames_add_text (&answer, name ? "200" : "400");
        frames_add_text (&answer, name ? "welcome" : "not on the list");
        frames_add_text (&answer, name ? name : "");
        frames_add (&answer, "", 0); /* metadata: none */
        if (frames_send (door->socket, &answer) < 0 && ending ("answering a question"))
            break;
    }
    zmq_close (door->socket);
}

/* Takes a name, greets by it and by what the door said. Returns -1 where a call failed. */
static int greet (void *server)
{
    struct frames message;
    char name[64], greeting[192];
    const char *user;

    if (frames_receive (server, &message, 0) < 0)
        return -1;
    frame_text (&message, 0, name, sizeof name);
    user = message.count > 0 ? zmq_msg_gets (&message.at[0], "User-Id") : NULL;
    snprintf (greeting, sizeof greeting, "Good morning, %s! The door let you in as %.64s.", name,
              user ? user : "nobody");
    frames_clear (&message);
    return zmq_send (server, greeting, strlen (greeting), 0);
}

int main (int argc, char **argv)
{
    static struct door door;
    const char *folder = argument (argc, argv, 2, ".");
    void *waiter, *context, *server, *doorkeeper;
    char key[KEY_TEXT];
    int i;

    for (i = 3; i < argc && door.guests_count < MOST_GUESTS; i++) {
        struct guest *guest = &door.guests[door.guests_count++];

        load_key (folder, argv[i], "public", key);
        guest->name = argv[i];
        require (zmq_z85_decode (guest->key, key) != NULL, argv[i]);
    }
    context = begin_context (&waiter);

    /* The handler first: a client that comes before it is asked about is turned away. */
    door.socket = open_socket (context, ZMQ_REP, "creating the handler's socket");
    require (zmq_bind (door.socket, HANDLER) == 0, HANDLER);
    doorkeeper = zmq_threadstart (keep_the_door, &door);
    require (doorkeeper != NULL, "starting a thread");

    server = open_socket (context, ZMQ_REP, "creating a REP socket");
    load_key (folder, "server", "secret", key);
    set_number (server, ZMQ_CURVE_SERVER, 1);
    require (zmq_setsockopt (server, ZMQ_CURVE_SECRETKEY, key, KEY_TEXT) == 0, "using the key");
    memset (key, 0, sizeof key);
    require (zmq_setsockopt (server, ZMQ_ZAP_DOMAIN, "house", 5) == 0, "naming the domain");
    bind_and_tell (server, argument (argc, argv, 1, "tcp://127.0.0.1:5572"), "listening");

    while (greet (server) >= 0)
        ;
    ending ("greeting");

    require (zmq_close (server) == 0, "closing");
    zmq_threadclose (doorkeeper);
    end_context (waiter, context);
    return EXIT_SUCCESS;
}
