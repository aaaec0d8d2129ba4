/*
 * Multipart messages across broken connections: a relay between two sockets cuts the stream after
 * any octet, again and again. Messages may be lost with a connection, and a new connection may
 * overtake the rest of the old one, but what arrives is whole and comes once.
 */
#include "pat_common.h"

enum { CUTS = 150, BODY = 3000, MOST = 1 << 20 };

/* Forwards between the sender's connection and the receiver's, and cuts both now and then. */
typedef struct
{
    int listener;
    char target[ENDPOINT_SIZE];
    volatile int cuts; /* made so far */
    volatile int stop;
    int by_reset;
} relay_t;

static uint32_t draw (uint32_t *state, uint32_t below)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % below;
}

/* Moves what one side has to the other one, at most `most` octets; -1 at the end of it. */
static ssize_t forward (int from, int to, size_t most)
{
    char data[4096];
    const ssize_t n = recv (from, data, most < sizeof data ? most : sizeof data, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        return -1;
    if (n > 0 && !raw_write (to, data, (size_t) n))
        return -1;
    return n < 0 ? 0 : n;
}

static void *run_relay (void *arg)
{
    relay_t *relay = arg;
    uint32_t state = 1;
    while (!relay->stop) {
        const int sender = raw_accept (relay->listener, 50);
        if (sender < 0)
            continue;
        const int receiver = raw_connect (relay->target);
        /* Octets from the sender until the cut: in the handshake, the first message, later. */
        const int last = relay->cuts >= CUTS;
        size_t left = draw (&state, relay->cuts % 4 ? 30000 : 300);
        while (!relay->stop && left > 0) {
            struct pollfd items[2] = {{sender, POLLIN, 0}, {receiver, POLLIN, 0}};
            if (poll (items, 2, 50) <= 0)
                continue;
            if (items[1].revents && forward (receiver, sender, 4096) < 0)
                break;
            if (!items[0].revents)
                continue;
            const ssize_t n = forward (sender, receiver, last ? 4096 : left);
            if (n < 0)
                break;
            if (!last)
                left -= (size_t) n;
        }
        if (relay->by_reset) {
            const struct linger reset = {1, 0};
            setsockopt (sender, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
            setsockopt (receiver, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        }
        close (sender);
        close (receiver);
        ++relay->cuts;
    }
    return NULL;
}

/* A message: its number, a body whose length follows from it, the number again. */
static size_t body_size (uint32_t number)
{
    return number * 7919u % BODY;
}

static void *send_until_done (void *arg)
{
    void **state = arg; /* socket, relay */
    relay_t *relay = state[1];
    static char body[BODY];
    uint32_t number = 0;
    memset (body, 'b', sizeof body);
    while (relay->cuts <= CUTS && !relay->stop && number < MOST) {
        if (!send_numbered (state[0], 0, number, ZMQ_SNDMORE))
            continue; /* no room yet */
        CHECK (zmq_send (state[0], body, body_size (number), ZMQ_SNDMORE) >= 0);
        CHECK (send_numbered (state[0], 1, number, 0));
        ++number;
    }
    return NULL;
}

/* Receives one message and checks that it is whole; 0 when none comes. */
static int recv_whole (void *socket, int receiver_type, uint32_t *number)
{
    static char body[BODY + 1];
    numbered_t head, tail;
    char id[8];
    if (receiver_type == ZMQ_ROUTER && zmq_recv (socket, id, sizeof id, 0) < 0)
        return 0;
    if (!recv_numbered (socket, &head, 0))
        return 0;
    CHECK_INT (head.source, 0);
    CHECK_INT (opt_int (socket, ZMQ_RCVMORE), 1);
    CHECK_INT (zmq_recv (socket, body, sizeof body, 0), body_size (head.number));
    CHECK_INT (opt_int (socket, ZMQ_RCVMORE), 1);
    REQUIRE (recv_numbered (socket, &tail, 0));
    CHECK_INT (opt_int (socket, ZMQ_RCVMORE), 0);
    CHECK_INT (tail.source, 1);
    CHECK_INT (tail.number, head.number);
    *number = head.number;
    return 1;
}

static void check_cuts (int sender_type, int receiver_type, int by_reset)
{
    void *ctx = mk_ctx (), *state[2];
    void *sender = mk_socket (ctx, sender_type), *receiver = mk_socket (ctx, receiver_type);
    char endpoint[ENDPOINT_SIZE];
    static relay_t relay;
    static char seen[MOST];
    uint32_t number = 0;
    memset (seen, 0, sizeof seen);
    relay = (relay_t){-1, "", 0, 0, by_reset};
    relay.listener = raw_listen (endpoint);
    bind_any (receiver, "tcp", relay.target);
    set_int (receiver, ZMQ_RCVTIMEO, 100);
    set_int (sender, ZMQ_SNDTIMEO, 100);
    set_int (sender, ZMQ_RECONNECT_IVL, 1);
    set_int (sender, ZMQ_SNDHWM, 50);
    REQUIRE_OK (zmq_connect (sender, endpoint));
    state[0] = sender;
    state[1] = &relay;
    const pthread_t relaying = start_thread (run_relay, &relay);
    const pthread_t sending = start_thread (send_until_done, state);
    /* Until the cuts are over, and then until the last connection delivered enough. */
    uint32_t after = 0;
    for (const long long end = now_ms () + 2 * DEADLINE_MS; after < 20 && now_ms () < end;) {
        const int over = relay.cuts >= CUTS;
        if (!recv_whole (receiver, receiver_type, &number))
            continue;
        REQUIRE (number < MOST);
        CHECK_INT (seen[number], 0);
        seen[number] = 1;
        after += (uint32_t) over;
    }
    CHECK_INT (after, 20);
    relay.stop = 1;
    join_thread (sending);
    join_thread (relaying);
    close (relay.listener);
    rm_socket (sender);
    rm_socket (receiver);
    rm_ctx (ctx);
}

CASE (push_pull)
{
    check_cuts (ZMQ_PUSH, ZMQ_PULL, 0);
    check_cuts (ZMQ_PUSH, ZMQ_PULL, 1);
}

CASE (dealer_router)
{
    check_cuts (ZMQ_DEALER, ZMQ_ROUTER, 0);
    check_cuts (ZMQ_DEALER, ZMQ_ROUTER, 1);
}

CASE (dealer_dealer)
{
    check_cuts (ZMQ_DEALER, ZMQ_DEALER, 0);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (push_pull);
    RUN (dealer_router);
    RUN (dealer_dealer);
    return harness_end ();
}
