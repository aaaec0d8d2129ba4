/*
 * Order (RFC 37: "All messages between two immediate peers SHALL be delivered in order"): 100,000
 * messages through one connection and through several at once, without a gap and without a swap.
 */
#include "pat_common.h"

enum { TOTAL = 100000 };

typedef struct
{
    void *socket;
    uint32_t source, count;
} sender_t;

static void *send_all (void *state)
{
    const sender_t *sender = state;
    for (uint32_t i = 0; i < sender->count; ++i)
        if (!send_numbered (sender->socket, sender->source, i, 0)) {
            CHECK_OK (zmq_errno ());
            break;
        }
    return NULL;
}

/* `peers` sending sockets connect to one that receives; `id` when it tells the peer's id first. */
static void check_order (int sender_type, int receiver_type, int peers, const char *transport)
{
    void *ctx = mk_ctx (), *receiver = mk_socket (ctx, receiver_type);
    char endpoint[ENDPOINT_SIZE], id[16];
    sender_t senders[8];
    pthread_t threads[8];
    tally_t tally = {{0}, 0};
    bind_any (receiver, transport, endpoint);
    for (int s = 0; s < peers; ++s) {
        senders[s] = (sender_t){mk_socket (ctx, sender_type), (uint32_t) s,
                                TOTAL / (uint32_t) peers};
        REQUIRE_OK (zmq_connect (senders[s].socket, endpoint));
        threads[s] = start_thread (send_all, &senders[s]);
    }
    for (int i = 0; i < TOTAL; ++i) {
        numbered_t body;
        if (receiver_type == ZMQ_ROUTER)
            REQUIRE (zmq_recv (receiver, id, sizeof id, 0) == 5);
        REQUIRE (recv_numbered (receiver, &body, 0));
        tally_add (&tally, &body);
    }
    CHECK_INT (tally.wrong, 0);
    for (int s = 0; s < peers; ++s) {
        CHECK_INT (tally.next[s], TOTAL / peers);
        join_thread (threads[s]);
        rm_socket (senders[s].socket);
    }
    rm_socket (receiver);
    rm_ctx (ctx);
}

CASE (one_connection)
{
    FOR_EACH_TRANSPORT (transport)
        check_order (ZMQ_PUSH, ZMQ_PULL, 1, transport);
}

CASE (several_connections)
{
    FOR_EACH_TRANSPORT (transport)
        check_order (ZMQ_PUSH, ZMQ_PULL, 4, transport);
}

CASE (dealers_to_router)
{
    FOR_EACH_TRANSPORT (transport)
        check_order (ZMQ_DEALER, ZMQ_ROUTER, 2, transport);
}

static void *echo_all (void *socket)
{
    numbered_t body;
    for (int i = 0; i < TOTAL / 2; ++i) {
        REQUIRE (recv_numbered (socket, &body, 0));
        CHECK (send_numbered (socket, 1, body.number, 0));
    }
    return NULL;
}

/* Both directions of one connection under load: a window of requests is always on the way. */
CASE (both_directions)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = open_pair (ZMQ_PAIR, ZMQ_PAIR, transport);
        const pthread_t echo = start_thread (echo_all, p.server);
        tally_t tally = {{0}, 0};
        uint32_t sent = 0;
        numbered_t body;
        for (int i = 0; i < TOTAL / 2; ++i) {
            while (sent < TOTAL / 2 && sent < (uint32_t) i + 200)
                CHECK (send_numbered (p.client, 0, sent++, 0));
            REQUIRE (recv_numbered (p.client, &body, 0));
            tally_add (&tally, &body);
        }
        join_thread (echo);
        CHECK_INT (tally.next[1], TOTAL / 2);
        CHECK_INT (tally.wrong, 0);
        close_pair (p);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (one_connection);
    RUN (several_connections);
    RUN (dealers_to_router);
    RUN (both_directions);
    return harness_end ();
}
