/*
 * Handshakes over tcp with somebody in between who changes, cuts, repeats or withholds one message:
 * what the monitor of its receiver says, and that no message arrives. (All bits and all lengths are
 * tried in memory, by the unit tests of the mechanisms.)
 */
#include "sec_common.h"

typedef enum { FLIP, CUT, REPEAT, STOP } action_t;

/* One direction of the relay: bytes in, messages out. */
typedef struct
{
    int from, to, number;
    size_t greeted, size;
    unsigned char data[4096];
} way_t;

/* What is done to which message: 0 is the greeting. */
typedef struct
{
    int listener, from_client, number, detail, waits;
    action_t action;
    char server[ENDPOINT_SIZE];
    pthread_t thread;
} relay_t;

/* The greeting passes as it comes, in pieces; it can be changed and cut. */
static size_t pass_greeting (relay_t *relay, way_t *way, int is_target)
{
    size_t n = way->size < 64 - way->greeted ? way->size : 64 - way->greeted, let = n;
    const size_t at = (size_t) relay->detail;
    if (is_target && relay->action == FLIP && at / 8 >= way->greeted && at / 8 < way->greeted + n)
        way->data[at / 8 - way->greeted] ^= (unsigned char) (1 << at % 8);
    if (is_target && relay->action == CUT && way->greeted + n > at)
        let = at > way->greeted ? at - way->greeted : 0;
    raw_write (way->to, way->data, let);
    way->greeted += n;
    if (way->greeted == 64)
        way->number = 1;
    return n;
}

/* A frame passes when it is whole; 0 as long as it is not. */
static size_t pass_frame (relay_t *relay, way_t *way, int is_target)
{
    unsigned char *frame = way->data;
    const size_t head = frame[0] & 2 ? 9 : 2;
    if (way->size < head)
        return 0;
    const size_t len = frame[0] & 2 ? (size_t) frame[7] << 8 | frame[8] : frame[1];
    if (way->size < head + len)
        return 0;
    is_target &= way->number == relay->number;
    ++way->number;
    if (is_target && relay->action == STOP)
        return head + len;
    if (is_target && relay->action == FLIP)
        frame[head + (size_t) relay->detail / 8] ^= (unsigned char) (1 << relay->detail % 8);
    if (is_target && relay->action == CUT) {
        unsigned char cut[9] = {6, 0, 0, 0, 0, 0, 0, 0, (unsigned char) relay->detail};
        raw_write (way->to, cut, sizeof cut);
        raw_write (way->to, frame + head, (size_t) relay->detail);
        return head + len;
    }
    for (int i = 0; i <= (is_target && relay->action == REPEAT); ++i)
        raw_write (way->to, frame, head + len);
    return head + len;
}

/* Carries one connection until either side ends it. */
static void *run_relay (void *arg)
{
    relay_t *relay = arg;
    static way_t ways[2];
    const int client = raw_accept (relay->listener, DEADLINE_MS);
    close (relay->listener);
    REQUIRE (client >= 0);
    const int server = raw_connect (relay->server);
    memset (ways, 0, sizeof ways);
    ways[0].from = ways[1].to = server;
    ways[1].from = ways[0].to = client;
    struct pollfd items[2] = {{server, POLLIN, 0}, {client, POLLIN, 0}};
    while (poll (items, 2, 2 * DEADLINE_MS) > 0) {
        int over = 0;
        for (int i = 0; i < 2; ++i) {
            way_t *way = &ways[i];
            if (!items[i].revents)
                continue;
            const ssize_t n = recv (way->from, way->data + way->size, sizeof way->data - way->size, 0);
            over |= n <= 0;
            way->size += n > 0 ? (size_t) n : 0;
            const int is_target = i == relay->from_client;
            for (size_t done = 1; done && way->size;) {
                done = way->number == 0 ? pass_greeting (relay, way, is_target && !relay->number)
                                        : pass_frame (relay, way, is_target && relay->number);
                way->size -= done;
                memmove (way->data, way->data + done, way->size);
            }
        }
        if (over)
            break;
    }
    close (client);
    close (server);
    return NULL;
}

static const char *value_name (int event, int value)
{
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
        return value == EAGAIN ? "EAGAIN" : "an errno";
    if (event != ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)
        return "";
    static char text[16];
    snprintf (text, sizeof text, "%#x", (unsigned) value);
    return text;
}

/* What the monitor of the receiver says first; without a handshake there is no message. */
static int fate (int mechanism, relay_t relay, int *value)
{
    enum { EVENTS = HANDSHAKE_EVENTS | ZMQ_EVENT_DISCONNECTED };
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *stop, *sockets[2];
    zap_handler_t *handler = zap_new (ctx, ZMQ_REP);
    zap_start (handler, ctx, &stop);
    for (int i = 0; i < 2; ++i) {
        sockets[i] = mk_socket (ctx, ZMQ_DEALER);
        const int waits = relay.waits && i == relay.from_client;
        set_int (sockets[i], ZMQ_HANDSHAKE_IVL, waits ? 300 : 2 * DEADLINE_MS);
        set_int (sockets[i], ZMQ_LINGER, 0);
        set_int (sockets[i], ZMQ_RECONNECT_IVL, 2 * DEADLINE_MS);
    }
    sec_be_server (sockets[1], (sec_mechanism_t) mechanism, "here");
    sec_be_client (sockets[0], (sec_mechanism_t) mechanism);
    void *monitor = mk_monitor (ctx, sockets[relay.from_client], EVENTS);
    bind_any (sockets[1], "tcp", relay.server);
    relay.listener = raw_listen (endpoint);
    relay.thread = start_thread (run_relay, &relay);
    REQUIRE_OK (zmq_connect (sockets[0], endpoint));
    *value = 0;
    const int event = read_event (monitor, 2 * DEADLINE_MS, value, NULL);
    if (event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        char byte;
        CHECK_ERRNO (zmq_recv (sockets[relay.from_client], &byte, 1, ZMQ_DONTWAIT), EAGAIN);
    }
    zmq_socket_monitor (sockets[relay.from_client], NULL, 0);
    rm_socket (monitor);
    rm_socket (sockets[0]);
    rm_socket (sockets[1]);
    join_thread (relay.thread);
    zap_stop (handler, stop);
    rm_ctx (ctx);
    return event;
}

static void tell (int mechanism, relay_t relay, const char *what)
{
    int value;
    const int event = fate (mechanism, relay, &value);
    printf ("  %s %s: %s %s\n", sec_names[mechanism], what, event_name (event),
            value_name (event, value));
}

/* The same where only that the connection ends is prescribed: the reference does not say why. */
static void tell_end (int mechanism, relay_t relay, const char *what)
{
    int value;
    const int event = fate (mechanism, relay, &value);
    const int ends = event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL || event == ZMQ_EVENT_DISCONNECTED;
    printf ("  %s %s: %s\n", sec_names[mechanism], what, ends ? "dropped" : event_name (event));
}

/* The messages of each mechanism that are commands, in the order of the handshake. */
static const struct
{
    const char *name;
    int from_client, number;
    /* Bits to flip, 8 times the place plus the bit, and lengths to cut to; each list ends with -1. */
    int bits[8], lengths[4];
} commands[SEC_MECHANISMS][5] = {
  {{"client's READY", 1, 1, {8, 8 * 6, 8 * 7, 8 * 18, 8 * 21, -1}, {0, 3, 20, -1}},
   {"server's READY", 0, 1, {8, 8 * 6, 8 * 7, 8 * 18, 8 * 21, -1}, {0, 3, 20, -1}}},
  {{"HELLO", 1, 1, {8, 8 * 6, 8 * 6 + 7, 8 * 12, -1}, {0, 6, 9, -1}},
   {"WELCOME", 0, 1, {0, 8, -1}, {0, 5, -1}},
   {"INITIATE", 1, 2, {8, 8 * 9, 8 * 10, 8 * 21, 8 * 24, -1}, {0, 12, 23, -1}},
   {"READY", 0, 2, {8, 8 * 6, 8 * 7, 8 * 18, 8 * 21, -1}, {0, 3, 20, -1}}},
  {{"HELLO", 1, 1, {8, 8 * 6, 8 * 7, 8 * 80, 8 * 119, 8 * 199, -1}, {0, 6, 199, -1}},
   {"WELCOME", 0, 1, {0, 8, 8 * 8, 8 * 24, 8 * 167, -1}, {0, 8, 167, -1}},
   {"INITIATE", 1, 2, {0, 8, 8 * 9, 8 * 30, 8 * 112 + 7, 8 * 120, 8 * 250, -1}, {0, 9, 200, -1}},
   {"READY", 0, 2, {8, 8 * 6, 8 * 13, 8 * 14, 8 * 40, -1}, {0, 6, 29, -1}}}};

static relay_t on (int from_client, int number, action_t action, int detail)
{
    relay_t relay = {0};
    relay.from_client = from_client;
    relay.number = number;
    relay.action = action;
    relay.detail = detail;
    relay.waits = action == STOP;
    return relay;
}

static void damage_commands (int mechanism)
{
    char what[64];
    for (int i = 0; i < 5 && commands[mechanism][i].name; ++i) {
        const char *name = commands[mechanism][i].name;
        const int from = commands[mechanism][i].from_client, n = commands[mechanism][i].number;
        void (*say) (int, relay_t, const char *) =
          mechanism == SEC_PLAIN && strcmp (name, "INITIATE") == 0 ? tell_end : tell;
        for (const int *bit = commands[mechanism][i].bits; *bit >= 0; ++bit) {
            snprintf (what, sizeof what, "%s, bit %d of byte %d", name, *bit % 8, *bit / 8);
            say (mechanism, on (from, n, FLIP, *bit), what);
        }
        for (const int *len = commands[mechanism][i].lengths; *len >= 0; ++len) {
            snprintf (what, sizeof what, "%s of %d bytes", name, *len);
            say (mechanism, on (from, n, CUT, *len), what);
        }
        snprintf (what, sizeof what, "no %s", name);
        tell (mechanism, on (from, n, STOP, 0), what);
    }
}

CASE (null_commands)
{
    damage_commands (SEC_NULL);
}

CASE (plain_commands)
{
    damage_commands (SEC_PLAIN);
}

CASE (curve_commands)
{
    damage_commands (SEC_CURVE);
}

CASE (hello_twice)
{
    for (int m = SEC_PLAIN; m < SEC_MECHANISMS; ++m)
        tell_end (m, on (1, 1, REPEAT, 0), "HELLO twice");
}

static void expect_fate (int mechanism, relay_t relay, int event, int expected)
{
    int value;
    CHECK_STR (event_name (fate (mechanism, relay, &value)), event_name (event));
    if (event != ZMQ_EVENT_DISCONNECTED)
        CHECK_INT (value, expected);
}

CASE (welcome_twice)
{
    for (int m = SEC_PLAIN; m < SEC_MECHANISMS; ++m)
        expect_fate (m, on (0, 1, REPEAT, 0), ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
                     ZMQ_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND);
}

CASE (padding_of_a_hello)
{
    for (int byte = 8; byte < 80; byte += 24)
        expect_fate (SEC_CURVE, on (1, 1, FLIP, 8 * byte), ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
                     ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO);
}

/* Major version 2 was never given to a protocol with mechanisms. */
CASE (greeting_of_version_2)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m)
        expect_fate (m, on (1, 0, FLIP, 8 * 10), ZMQ_EVENT_DISCONNECTED, 0);
}

CASE (greetings)
{
    /* Signature, major version, minor version, mechanism, as-server, filler. */
    static const int bits[] = {0, 8 * 9, 8 * 10 + 1, 8 * 10 + 2, 8 * 11 + 1, 8 * 12, 8 * 31, 8 * 63};
    char what[64];
    for (int m = 0; m < SEC_MECHANISMS; ++m)
        for (size_t i = 0; i < sizeof bits / sizeof *bits; ++i) {
            snprintf (what, sizeof what, "greeting, bit %d of byte %d", bits[i] % 8, bits[i] / 8);
            tell (m, on (1, 0, FLIP, bits[i]), what);
        }
    for (int m = 0; m < SEC_MECHANISMS; ++m)
        for (int len = 0; len < 64; len += 21) {
            snprintf (what, sizeof what, "greeting of %d bytes", len);
            relay_t relay = on (1, 0, CUT, len);
            /* Else the client's first command is taken for the rest of it, and there is no need to wait: a short time
               would only be a race. PLAIN's is shorter than that rest. */
            relay.waits = len == 0 || (m == SEC_PLAIN && len < 63);
            tell (m, relay, what);
        }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    if (!zmq_has ("curve"))
        skip_all ("no CURVE");
    sec_make_keys ();
    RUN (null_commands);
    RUN (plain_commands);
    RUN (curve_commands);
    RUN (hello_twice);
    RUN_OURS (welcome_twice, "the reference lets it pass in CURVE");
    RUN_OURS (padding_of_a_hello, "the reference takes any");
    RUN (greetings);
    RUN_OURS (greeting_of_version_2, "the reference takes it for 3");
    return harness_end ();
}
