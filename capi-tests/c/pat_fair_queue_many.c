/*
 * Many senders and many receivers at once (RFC 28, RFC 30: round robin out, fair queueing in):
 * every receiver gets its exact share of every sender, each share in order.
 */
#include "pat_common.h"

enum { SENDERS = 5, RECEIVERS = 4, EACH = 400 };

typedef struct
{
    void *socket;
    uint32_t source;
} sender_t;

static void *send_share (void *state)
{
    const sender_t *sender = state;
    for (uint32_t i = 0; i < RECEIVERS * EACH; ++i)
        CHECK (send_numbered (sender->socket, sender->source, i, 0));
    return NULL;
}

/*
 * Senders connect to all receivers, which is what makes the shares exact: their queues exist
 * from the beginning. `receivers` is polled by one thread, the senders have one each.
 */
static void check_shares (int sender_type, int receiver_type, const char *transport)
{
    void *ctx = mk_ctx (), *receivers[RECEIVERS];
    sender_t senders[SENDERS];
    pthread_t threads[SENDERS];
    char endpoint[ENDPOINT_SIZE];
    static uint32_t next[RECEIVERS][SENDERS];
    int got[RECEIVERS][SENDERS], wrong = 0;

    for (uint32_t s = 0; s < SENDERS; ++s)
        senders[s] = (sender_t){mk_socket (ctx, sender_type), s};
    for (int r = 0; r < RECEIVERS; ++r) {
        receivers[r] = mk_socket (ctx, receiver_type);
        bind_any (receivers[r], transport, endpoint);
        for (int s = 0; s < SENDERS; ++s) {
            REQUIRE_OK (zmq_connect (senders[s].socket, endpoint));
            got[r][s] = 0;
        }
    }
    for (int s = 0; s < SENDERS; ++s)
        threads[s] = start_thread (send_share, &senders[s]);

    for (int left = SENDERS * RECEIVERS * EACH; left > 0;) {
        zmq_pollitem_t items[RECEIVERS];
        for (int r = 0; r < RECEIVERS; ++r)
            items[r] = (zmq_pollitem_t){receivers[r], 0, ZMQ_POLLIN, 0};
        REQUIRE (zmq_poll (items, RECEIVERS, DEADLINE_MS) > 0);
        for (int r = 0; r < RECEIVERS; ++r) {
            numbered_t body;
            char id[8];
            if (!items[r].revents)
                continue;
            if (receiver_type == ZMQ_ROUTER)
                CHECK_INT (zmq_recv (receivers[r], id, sizeof id, 0), 5);
            REQUIRE (recv_numbered (receivers[r], &body, 0) && body.source < SENDERS);
            if (got[r][body.source]++ == 0)
                next[r][body.source] = body.number;
            wrong += body.number != next[r][body.source];
            next[r][body.source] = body.number + RECEIVERS;
            --left;
        }
    }
    CHECK_INT (wrong, 0);
    for (int r = 0; r < RECEIVERS; ++r)
        for (int s = 0; s < SENDERS; ++s)
            CHECK_INT (got[r][s], EACH);
    for (int s = 0; s < SENDERS; ++s) {
        join_thread (threads[s]);
        rm_socket (senders[s].socket);
    }
    for (int r = 0; r < RECEIVERS; ++r) {
        CHECK_INT (settle (receivers[r]) & ZMQ_POLLIN, 0);
        rm_socket (receivers[r]);
    }
    rm_ctx (ctx);
}

CASE (push_pull)
{
    FOR_EACH_TRANSPORT (transport)
        check_shares (ZMQ_PUSH, ZMQ_PULL, transport);
}

CASE (dealer_router)
{
    FOR_EACH_TRANSPORT (transport)
        check_shares (ZMQ_DEALER, ZMQ_ROUTER, transport);
}

CASE (dealer_dealer)
{
    FOR_EACH_TRANSPORT (transport)
        check_shares (ZMQ_DEALER, ZMQ_DEALER, transport);
}

/* A flood from one peer does not keep the few messages of another one waiting. */
CASE (no_starvation)
{
    void *ctx = mk_ctx ();
    void *pull = mk_socket (ctx, ZMQ_PULL), *flood = mk_socket (ctx, ZMQ_PUSH),
         *quiet = mk_socket (ctx, ZMQ_PUSH);
    char endpoint[ENDPOINT_SIZE];
    numbered_t body;
    bind_any (pull, "inproc", endpoint);
    REQUIRE_OK (zmq_connect (flood, endpoint));
    REQUIRE_OK (zmq_connect (quiet, endpoint));
    for (uint32_t i = 0; i < 1000; ++i)
        CHECK (send_numbered (flood, 0, i, 0));
    for (uint32_t i = 0; i < 10; ++i)
        CHECK (send_numbered (quiet, 1, i, 0));
    settle (pull);
    int heard = 0;
    for (int i = 0; i < 2 * 10 + 1; ++i) {
        REQUIRE (recv_numbered (pull, &body, 0));
        heard += body.source == 1;
    }
    CHECK_INT (heard, 10);
    rm_socket (flood);
    rm_socket (quiet);
    rm_socket (pull);
    rm_ctx (ctx);
}

enum { CROWD = 200, ROUNDS = 20 };

/* All of the crowd say something, one after the other; a round ends when the receiver says so. */
static void *send_rounds (void *state)
{
    void **crowd = state;
    for (uint32_t round = 0; round < ROUNDS; ++round) {
        for (uint32_t s = 0; s < CROWD; ++s)
            CHECK (send_numbered (crowd[s], s, round, 0));
        char go;
        CHECK_INT (zmq_recv (crowd[CROWD], &go, 1, 0), 0);
    }
    return NULL;
}

/*
 * One receiver with more silent pipes than it would care to look at each time: whether it looks, polls or
 * sleeps, it hears of every message.
 */
CASE (crowd)
{
    void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL), *go = mk_socket (ctx, ZMQ_PAIR),
         *crowd[CROWD + 1];
    char endpoint[ENDPOINT_SIZE], go_endpoint[ENDPOINT_SIZE];
    bind_any (pull, "inproc", endpoint);
    bind_any (go, "inproc", go_endpoint);
    for (int s = 0; s < CROWD; ++s) {
        crowd[s] = mk_socket (ctx, ZMQ_PUSH);
        REQUIRE_OK (zmq_connect (crowd[s], endpoint));
    }
    crowd[CROWD] = mk_socket (ctx, ZMQ_PAIR);
    REQUIRE_OK (zmq_connect (crowd[CROWD], go_endpoint));
    CHECK_ERRNO (zmq_recv (pull, NULL, 0, ZMQ_DONTWAIT), EAGAIN);
    pthread_t thread = start_thread (send_rounds, crowd);
    for (uint32_t round = 0; round < ROUNDS; ++round) {
        int wrong = 0;
        for (int i = 0; i < CROWD; ++i) {
            zmq_pollitem_t item = {pull, 0, ZMQ_POLLIN, 0};
            numbered_t body;
            if (round % 3 == 0)
                REQUIRE (WAIT_FOR (recv_numbered (pull, &body, ZMQ_DONTWAIT)));
            else {
                if (round % 3 == 1)
                    REQUIRE (zmq_poll (&item, 1, DEADLINE_MS) == 1);
                REQUIRE (recv_numbered (pull, &body, 0));
            }
            wrong += body.number != round;
        }
        CHECK_INT (wrong, 0);
        CHECK_ERRNO (zmq_recv (pull, NULL, 0, ZMQ_DONTWAIT), EAGAIN);
        CHECK_INT (zmq_send (go, "", 0, 0), 0);
    }
    join_thread (thread);
    for (int s = 0; s <= CROWD; ++s)
        rm_socket (crowd[s]);
    rm_socket (go);
    rm_socket (pull);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (push_pull);
    RUN (dealer_router);
    RUN (dealer_dealer);
    RUN (no_starvation);
    RUN (crowd);
    return harness_end ();
}
