/*
 * Random walks through the API: sockets of all types over inproc, by one thread, in an order that a generator
 * chooses. What every call answers is printed, and so is the same for every library.
 *
 * What may not be here: anything whose outcome depends on threads (closing, taking back endpoints), or that the
 * reference asserts on.
 */
#include "harness.h"

enum { WALKS = 60, STEPS = 80, SOCKETS = 6, NAMES = 3, TYPES = 11, BODY_MAX = 320 };

static unsigned long long generator;

static unsigned below (unsigned limit)
{
    generator ^= generator << 13;
    generator ^= generator >> 7;
    generator ^= generator << 17;
    return (unsigned) ((generator >> 11) % limit);
}

#define ONE_OF(array) array[below (sizeof array / sizeof *array)]

typedef struct
{
    void *socket;
    int type;
    /* A message is begun and not finished. */
    int in_message;
    /* Names that it has connected to. */
    unsigned connected;
} walker_t;

static walker_t walkers[SOCKETS];
static int walkers_count;

/* Who has bound a name (-1: nobody), and types that have connected to it. */
static struct
{
    int binder;
    unsigned connected;
} names[NAMES];

/* The last short frame that was received as a whole: it may be what a ROUTER is to send to. */
static char heard[64];
static size_t heard_size;

#define BIT(type) (1u << (type))

/* inproc joins what does not belong together, too, with outcomes that nobody can want. */
static unsigned partners (int type)
{
    static const unsigned all[TYPES] = {
      [ZMQ_PAIR] = BIT (ZMQ_PAIR),
      [ZMQ_PUB] = BIT (ZMQ_SUB) | BIT (ZMQ_XSUB),
      [ZMQ_SUB] = BIT (ZMQ_PUB) | BIT (ZMQ_XPUB),
      [ZMQ_REQ] = BIT (ZMQ_REP),
      [ZMQ_REP] = BIT (ZMQ_REQ),
      [ZMQ_DEALER] = BIT (ZMQ_DEALER) | BIT (ZMQ_ROUTER),
      [ZMQ_ROUTER] = BIT (ZMQ_DEALER) | BIT (ZMQ_ROUTER),
      [ZMQ_PULL] = BIT (ZMQ_PUSH),
      [ZMQ_PUSH] = BIT (ZMQ_PULL),
      [ZMQ_XPUB] = BIT (ZMQ_SUB) | BIT (ZMQ_XSUB),
      [ZMQ_XSUB] = BIT (ZMQ_PUB) | BIT (ZMQ_XPUB),
    };
    return all[type];
}

static void print_body (const char *data, size_t size)
{
    if (size == 5 && data[0] == 0) {
        printf ("(routing id)");
        return;
    }
    putchar ('"');
    for (size_t i = 0; i < size && i < 8; ++i)
        printf (data[i] > 32 && data[i] < 127 ? "%c" : "\\%d", data[i]);
    printf ("\"%zu", size);
}

static void print_result (int rc)
{
    if (rc < 0)
        printf (" = %s", err_name (zmq_errno ()));
    else
        printf (" = %d", rc);
}

static void open_one (void *ctx)
{
    static const int zero = 0;
    walker_t *walker = &walkers[walkers_count];
    const int type = (int) below (TYPES);
    char id = (char) ('A' + walkers_count);
    *walker = (walker_t){zmq_socket (ctx, type), type, 0, 0};
    REQUIRE (walker->socket != NULL);
    set_int (walker->socket, ZMQ_RCVTIMEO, zero);
    set_int (walker->socket, ZMQ_SNDTIMEO, zero);
    if (below (2))
        REQUIRE_OK (zmq_setsockopt (walker->socket, ZMQ_ROUTING_ID, &id, 1));
    printf ("%d opens %s", walkers_count++, type_name (type));
}

static void bind_or_connect (int who)
{
    walker_t *walker = &walkers[who];
    const unsigned name = below (NAMES + 1);
    static const char *const bad[] = {"", "inproc", "inproc:/a", "inproc://", "foo://x", "tcp://", "://"};
    const int binds = below (2) == 0;
    char endpoint[16] = "inproc://a";
    int rc;
    if (name == NAMES)
        strcpy (endpoint, ONE_OF (bad));
    else {
        endpoint[9] = (char) ('a' + name);
        const int binder = names[name].binder;
        const unsigned others =
          binds ? names[name].connected : binder >= 0 ? BIT (walkers[binder].type) : 0;
        /* Nor with itself. */
        if ((others & ~partners (walker->type)) || (!binds && binder == who)
            || (binds && (walker->connected & BIT (name)))) {
            printf ("%d stays away", who);
            return;
        }
    }
    rc = binds ? zmq_bind (walker->socket, endpoint) : zmq_connect (walker->socket, endpoint);
    printf ("%d %s %s", who, binds ? "binds" : "connects", endpoint);
    print_result (rc);
    if (rc < 0 || name == NAMES)
        return;
    if (binds)
        names[name].binder = who;
    else {
        names[name].connected |= BIT (walker->type);
        walker->connected |= BIT (name);
    }
}

static void send_one (int who)
{
    static const char *const bodies[] = {"A", "B", "C", "", "", "\1topic", "\1", "hello", "topic1", "tX"};
    walker_t *walker = &walkers[who];
    const int flags = (below (3) ? 0 : ZMQ_SNDMORE) | (below (4) ? ZMQ_DONTWAIT : 0);
    char data[BODY_MAX];
    int rc;
    const char *body = ONE_OF (bodies);
    size_t size = strlen (body);
    memset (data, 'z', sizeof data);
    memcpy (data, body, size);
    switch (below (10)) {
        case 0:
            size = 33 + below (BODY_MAX - 33);
            break;
        case 1:
            data[0] = 0;
            size = 1 + below (4);
            break;
        case 2:
        case 3:
            memcpy (data, heard, heard_size);
            size = heard_size;
            break;
        default:
            break;
    }
    if (below (2))
        rc = zmq_send (walker->socket, data, size, flags);
    else {
        zmq_msg_t msg;
        REQUIRE_OK (zmq_msg_init_size (&msg, size));
        memcpy (zmq_msg_data (&msg), data, size);
        rc = zmq_msg_send (&msg, walker->socket, flags);
        CHECK_INT (zmq_msg_size (&msg), rc < 0 ? size : 0);
        CHECK_OK (zmq_msg_close (&msg));
    }
    printf ("%d (%s) sends ", who, type_name (walker->type));
    print_body (data, size);
    printf (flags & ZMQ_SNDMORE ? " and more" : "");
    print_result (rc);
    if (rc >= 0)
        walker->in_message = (flags & ZMQ_SNDMORE) != 0;
}

static void receive_one (int who)
{
    walker_t *walker = &walkers[who];
    const int flags = below (4) ? ZMQ_DONTWAIT : 0;
    const size_t room = below (3) ? BODY_MAX : below (4);
    char data[BODY_MAX];
    int rc;
    if (below (2))
        rc = zmq_recv (walker->socket, data, room, flags);
    else {
        zmq_msg_t msg;
        REQUIRE_OK (zmq_msg_init (&msg));
        rc = zmq_msg_recv (&msg, walker->socket, flags);
        CHECK_INT (zmq_msg_size (&msg), rc < 0 ? 0 : rc);
        memcpy (data, zmq_msg_data (&msg), zmq_msg_size (&msg) < room ? zmq_msg_size (&msg) : room);
        CHECK_OK (zmq_msg_close (&msg));
    }
    printf ("%d (%s) receives", who, type_name (walker->type));
    print_result (rc);
    if (rc >= 0) {
        const size_t size = (size_t) rc < room ? (size_t) rc : room;
        putchar (' ');
        /* A routing id that a ROUTER made up is another one each time, its parts too. */
        print_body (data, size > 0 && rc == 5 && data[0] == 0 ? 5 : size);
        printf (opt_int (walker->socket, ZMQ_RCVMORE) ? " and more" : "");
        if (size == (size_t) rc && size < sizeof heard)
            memcpy (heard, data, heard_size = size);
    }
}

static void set_one (int who)
{
    static const int options[] = {ZMQ_LINGER,         ZMQ_ROUTER_MANDATORY, ZMQ_ROUTER_HANDOVER, ZMQ_REQ_CORRELATE,
                                  ZMQ_REQ_RELAXED,    ZMQ_XPUB_VERBOSE,     ZMQ_XPUB_VERBOSER,   ZMQ_XPUB_NODROP,
                                  ZMQ_INVERT_MATCHING, ZMQ_IMMEDIATE,       ZMQ_MAXMSGSIZE,      ZMQ_TYPE,
                                  ZMQ_RCVMORE,        ZMQ_EVENTS,           ZMQ_BACKLOG,         ZMQ_RATE};
    static const int values[] = {-2, -1, 0, 1, 2, 100};
    static const size_t sizes[] = {4, 4, 4, 4, 8, 1, 0, 3};
    static const int strings[] = {ZMQ_SUBSCRIBE, ZMQ_SUBSCRIBE, ZMQ_UNSUBSCRIBE, ZMQ_ROUTING_ID, ZMQ_CONNECT_ROUTING_ID};
    static const char *const texts[] = {"A", "B", "", "t", "topic", "hello"};
    walker_t *walker = &walkers[who];
    int option, rc;
    if (walker->in_message) {
        printf ("%d is within a message", who);
        return;
    }
    if (below (2)) {
        const char *text = ONE_OF (texts);
        option = ONE_OF (strings);
        rc = zmq_setsockopt (walker->socket, option, text, strlen (text));
        printf ("%d (%s) sets %d to \"%s\"", who, type_name (walker->type), option, text);
    } else {
        const long long wide = ONE_OF (values);
        const int value = (int) wide;
        const size_t size = ONE_OF (sizes);
        option = ONE_OF (options);
        rc = zmq_setsockopt (walker->socket, option, size == 8 ? (const void *) &wide : &value, size);
        printf ("%d (%s) sets %d to %d in %zu bytes", who, type_name (walker->type), option, value, size);
    }
    print_result (rc);
}

static void poll_some (void)
{
    zmq_pollitem_t items[4];
    const int count = (int) below (5);
    for (int i = 0; i < count; ++i)
        items[i] = (zmq_pollitem_t){walkers[below ((unsigned) walkers_count)].socket, 0, (short) below (8), 99};
    printf ("polls");
    print_result (zmq_poll (items, count, 0));
    for (int i = 0; i < count; ++i)
        printf (" %d", items[i].revents);
}

/* Everybody takes in what the others did; then what each could do now. */
static void print_events (void)
{
    for (int round = 0; round < 3; ++round)
        for (int i = 0; i < walkers_count; ++i) {
            const int events = opt_int (walkers[i].socket, ZMQ_EVENTS);
            if (round == 2)
                printf ("%s%d", i ? " " : "; ", events);
        }
    printf ("\n");
}

static void walk (int number)
{
    void *ctx = mk_ctx ();
    generator = (unsigned long long) (number + 1) * 0x9E3779B97F4A7C15ull;
    walkers_count = 0;
    heard_size = 0;
    for (int name = 0; name < NAMES; ++name) {
        names[name].binder = -1;
        names[name].connected = 0;
    }
    for (int step = 0; step < STEPS; ++step) {
        const unsigned what = below (100);
        printf ("  %d.%d: ", number, step);
        if (walkers_count == 0 || (what < 12 && walkers_count < SOCKETS))
            open_one (ctx);
        else if (what < 35)
            bind_or_connect ((int) below ((unsigned) walkers_count));
        else if (what < 62)
            send_one ((int) below ((unsigned) walkers_count));
        else if (what < 88)
            receive_one ((int) below ((unsigned) walkers_count));
        else if (what < 96)
            set_one ((int) below ((unsigned) walkers_count));
        else
            poll_some ();
        print_events ();
    }
    for (int i = 0; i < walkers_count; ++i)
        rm_socket (walkers[i].socket);
    rm_ctx (ctx);
}

CASE (walks)
{
    for (int number = 0; number < WALKS; ++number)
        walk (number);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (walks);
    return harness_end ();
}
