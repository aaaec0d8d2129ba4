/*
 * The suite that every transport passes: exchange, sizes, many connections, order of bind and
 * connect, restart of the peer, unbind, disconnect, endpoints.
 *
 * A program defines what its transport is and includes this once:
 *   TRANSPORT    name for bind_any ("tcp", "ipc", ...)
 *   WIRE         1 where there is a connection, which can break and come back; 0 for inproc
 *   EXCLUSIVE    1 where a second bind to the same address fails (an ipc path is taken over)
 *   WILDCARD     the endpoint that asks for any free address, or NULL
 *   NAMED        1 where endpoints are names of services, which several may offer, and ZMQ_LAST_ENDPOINT is another one
 * and runs it with run_conformance (). Cases of one transport only live in the program itself.
 */
#ifndef CAPI_TR_CONFORMANCE_H
#define CAPI_TR_CONFORMANCE_H

#include "pat_common.h"

#ifndef NAMED
#define NAMED 0
#endif

/* A connect that knows what the transport needs (IPv6 must be switched on). */
static void connect_to (void *socket, const char *endpoint)
{
    if (strcmp (TRANSPORT, "tcp6") == 0)
        set_int (socket, ZMQ_IPV6, 1);
    REQUIRE_OK (zmq_connect (socket, endpoint));
}

static int bind_to (void *socket, const char *endpoint)
{
    if (strcmp (TRANSPORT, "tcp6") == 0)
        set_int (socket, ZMQ_IPV6, 1);
    return zmq_bind (socket, endpoint);
}

/* An address that is free: somebody had it and left. */
static void free_endpoint (void *ctx, char *endpoint)
{
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    bind_held (socket, TRANSPORT, endpoint);
    CHECK_OK (zmq_unbind (socket, endpoint));
    rm_socket (socket);
}

/* ---- Exchange -------------------------------------------------------------------------------- */

/* One request from `asker`, one reply of `replier`, whatever their types add to the frames. */
static void request_reply (void *replier, int replier_type, void *asker, int asker_type)
{
    char id[64];
    int id_size = 0;
    if (asker_type == ZMQ_DEALER && replier_type == ZMQ_REP)
        send_str (asker, "", ZMQ_SNDMORE);
    send_multi (asker, 2, "question", "body");
    if (replier_type == ZMQ_ROUTER) {
        id_size = zmq_recv (replier, id, sizeof id, 0);
        CHECK_INT (id_size, 5);
        if (asker_type == ZMQ_REQ)
            expect_part (replier, "");
    }
    expect_multi (replier, 2, "question", "body");
    if (replier_type == ZMQ_ROUTER) {
        CHECK_INT (zmq_send (replier, id, (size_t) id_size, ZMQ_SNDMORE), id_size);
        if (asker_type == ZMQ_REQ)
            send_str (replier, "", ZMQ_SNDMORE);
    }
    send_multi (replier, 2, "answer", "");
    if (asker_type == ZMQ_DEALER && replier_type == ZMQ_REP)
        expect_part (asker, "");
    expect_multi (asker, 2, "answer", "");
}

CASE (both_ways)
{
    static const int types[][2] = {{ZMQ_PAIR, ZMQ_PAIR},     {ZMQ_REP, ZMQ_REQ},
                                   {ZMQ_REP, ZMQ_DEALER},    {ZMQ_ROUTER, ZMQ_REQ},
                                   {ZMQ_ROUTER, ZMQ_DEALER}, {ZMQ_DEALER, ZMQ_DEALER}};
    for (int i = 0; i < 12; ++i) {
        const int *type = types[i / 2], asker_binds = i % 2;
        const pair_t p = new_pair (type[asker_binds], type[!asker_binds]);
        void *asker = asker_binds ? p.server : p.client;
        void *replier = asker_binds ? p.client : p.server;
        join_sockets (p.server, p.client, TRANSPORT);
        for (int round = 0; round < 5; ++round)
            request_reply (replier, type[0], asker, type[1]);
        close_pair (p);
    }
}

CASE (one_way)
{
    static const int types[][2] = {{ZMQ_PULL, ZMQ_PUSH}, {ZMQ_SUB, ZMQ_PUB}, {ZMQ_XSUB, ZMQ_XPUB}};
    for (int i = 0; i < 6; ++i) {
        const int *type = types[i / 2], sender_binds = i % 2;
        const pair_t p = new_pair (type[sender_binds], type[!sender_binds]);
        void *sender = sender_binds ? p.server : p.client;
        void *receiver = sender_binds ? p.client : p.server;
        join_sockets (p.server, p.client, TRANSPORT);
        if (type[0] == ZMQ_SUB) {
            set_str (receiver, ZMQ_SUBSCRIBE, "t");
            sync_pub_sub (sender, receiver, "t");
        } else if (type[0] == ZMQ_XSUB) {
            CHECK_INT (zmq_send (receiver, "\1t", 2, 0), 2);
            /* A library without threads of its own may need a call of each side for this. */
            CHECK (WAIT_FOR ((settle (receiver), settle (sender) & ZMQ_POLLIN)));
            expect_bytes (sender, "\1t", 2, 0);
        }
        for (int round = 0; round < 5; ++round)
            send_multi (sender, 3, "topic", "", "body");
        for (int round = 0; round < 5; ++round)
            expect_multi (receiver, 3, "topic", "", "body");
        close_pair (p);
    }
}

/* Every size class of frames, inline bodies and buffers, in both directions. */
CASE (sizes)
{
    static const size_t sizes[] = {0,    1,    2,     8,     29,    30,    31,    32,      33,
                                   34,   63,   64,    254,   255,   256,   257,   4095,    4096,
                                   8191, 8192, 8193,  16384, 65534, 65535, 65536, 65537,   1 << 20,
                                   8 << 20};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    const pair_t p = open_pair (ZMQ_PAIR, ZMQ_PAIR, TRANSPORT);
    for (size_t n = 0; n < COUNT; ++n)
        send_pattern (p.client, n, sizes[n], 0);
    for (size_t n = 0; n < COUNT; ++n)
        expect_pattern (p.server, n, sizes[n], 0);
    for (size_t n = COUNT; n-- > 0;)
        send_pattern (p.server, n, sizes[n], n ? ZMQ_SNDMORE : 0);
    for (size_t n = COUNT; n-- > 0;)
        expect_pattern (p.client, n, sizes[n], n != 0);
    close_pair (p);
}

CASE (many_connections)
{
    enum { PEERS = 100 };
    void *ctx = mk_ctx (), *router = mk_socket (ctx, ZMQ_ROUTER), *dealers[PEERS];
    char endpoint[ENDPOINT_SIZE], id[16], body[16];
    bind_any (router, TRANSPORT, endpoint);
    for (int i = 0; i < PEERS; ++i) {
        dealers[i] = mk_socket (ctx, ZMQ_DEALER);
        snprintf (id, sizeof id, "peer-%d", i);
        set_str (dealers[i], ZMQ_ROUTING_ID, id);
        connect_to (dealers[i], endpoint);
        send_str (dealers[i], id, 0);
    }
    for (int i = 0; i < PEERS; ++i) {
        REQUIRE (recv_str (router, id, sizeof id) > 0);
        REQUIRE (recv_str (router, body, sizeof body) > 0);
        CHECK_STR (body, id);
        send_multi (router, 2, id, body);
    }
    for (int i = 0; i < PEERS; ++i) {
        snprintf (id, sizeof id, "peer-%d", i);
        expect_msg (dealers[i], id);
        rm_socket (dealers[i]);
    }
    rm_socket (router);
    rm_ctx (ctx);
}

/* ---- Order of bind and connect, restart ------------------------------------------------------ */

CASE (connect_before_bind)
{
    static const int types[][2] = {{ZMQ_PULL, ZMQ_PUSH}, {ZMQ_REP, ZMQ_REQ}, {ZMQ_PAIR, ZMQ_PAIR}};
    for (int i = 0; i < 3; ++i) {
        const pair_t p = new_pair (types[i][0], types[i][1]);
        char endpoint[ENDPOINT_SIZE];
        free_endpoint (p.ctx, endpoint);
        connect_to (p.client, endpoint);
        send_multi (p.client, 2, "queued", "early");
        REQUIRE (WAIT_FOR (bind_to (p.server, endpoint) == 0));
        expect_multi (p.server, 2, "queued", "early");
        close_pair (p);
    }
}

/* The one that binds goes away and comes back: connections, queues and subscriptions revive. */
CASE (restart)
{
    if (!WIRE)
        return;
    void *ctx = mk_ctx (), *sub = mk_socket (ctx, ZMQ_SUB), *dealer = mk_socket (ctx, ZMQ_DEALER);
    char endpoint[2][ENDPOINT_SIZE];
    set_int (sub, ZMQ_RECONNECT_IVL, 10);
    set_int (dealer, ZMQ_RECONNECT_IVL, 10);
    for (int i = 0; i < 2; ++i)
        free_endpoint (ctx, endpoint[i]);
    set_str (sub, ZMQ_SUBSCRIBE, "before");
    connect_to (sub, endpoint[0]);
    connect_to (dealer, endpoint[1]);
    for (int round = 0; round < 3; ++round) {
        void *pub = mk_socket (ctx, ZMQ_PUB), *rep = mk_socket (ctx, ZMQ_REP);
        char topic[32];
        CHECK (WAIT_FOR (bind_to (pub, endpoint[0]) == 0));
        CHECK (WAIT_FOR (bind_to (rep, endpoint[1]) == 0));
        sync_pub_sub (pub, sub, "before");
        for (int past = 0; past < round; ++past) {
            snprintf (topic, sizeof topic, "added-%d", past);
            sync_pub_sub (pub, sub, topic);
        }
        send_str (pub, "other", 0);
        snprintf (topic, sizeof topic, "added-%d", round);
        set_str (sub, ZMQ_SUBSCRIBE, topic);
        sync_pub_sub (pub, sub, topic);
        send_multi (dealer, 2, "", "are you back?");
        expect_msg (rep, "are you back?");
        send_str (rep, "yes", 0);
        expect_multi (dealer, 2, "", "yes");
        rm_socket (pub);
        rm_socket (rep);
    }
    rm_socket (sub);
    rm_socket (dealer);
    rm_ctx (ctx);
}

/* ---- Addresses ------------------------------------------------------------------------------- */

CASE (bind_twice)
{
    if (NAMED)
        return;
    void *ctx = mk_ctx (), *first = mk_socket (ctx, ZMQ_PULL), *second = mk_socket (ctx, ZMQ_PULL);
    void *push = mk_socket (ctx, ZMQ_PUSH);
    char endpoint[ENDPOINT_SIZE];
    bind_held (first, TRANSPORT, endpoint);
    if (EXCLUSIVE) {
        CHECK_ERRNO (bind_to (second, endpoint), EADDRINUSE);
        CHECK_ERRNO (bind_to (first, endpoint), EADDRINUSE);
        /* The failure did no harm, and the address is free once its owner left. */
        connect_to (push, endpoint);
        send_str (push, "to the first", 0);
        expect_msg (first, "to the first");
        rm_socket (first);
        CHECK (WAIT_FOR (bind_to (second, endpoint) == 0));
    } else
        CHECK_OK (bind_to (second, endpoint)); /* takes the address over */
    rm_socket (push);
    push = mk_socket (ctx, ZMQ_PUSH);
    connect_to (push, endpoint);
    send_str (push, "to the second", 0);
    expect_msg (second, "to the second");
    if (!EXCLUSIVE)
        rm_socket (first);
    rm_socket (push);
    rm_socket (second);
    rm_ctx (ctx);
}

CASE (two_endpoints)
{
    void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL), *pushes[2];
    char endpoint[ENDPOINT_SIZE];
    for (int i = 0; i < 2; ++i) {
        bind_any (pull, TRANSPORT, endpoint);
        pushes[i] = mk_socket (ctx, ZMQ_PUSH);
        connect_to (pushes[i], endpoint);
    }
    for (int i = 0; i < 2; ++i) {
        send_str (pushes[i], i ? "second" : "first", 0);
        expect_msg (pull, i ? "second" : "first");
    }
    /* And one that connects to both ends of two. */
    void *both = mk_socket (ctx, ZMQ_PUSH), *pulls[2];
    for (int i = 0; i < 2; ++i) {
        pulls[i] = mk_socket (ctx, ZMQ_PULL);
        bind_any (pulls[i], TRANSPORT, endpoint);
        connect_to (both, endpoint);
    }
    send_str (both, "one each", 0);
    send_str (both, "one each", 0);
    for (int i = 0; i < 2; ++i) {
        expect_msg (pulls[i], "one each");
        rm_socket (pulls[i]);
        rm_socket (pushes[i]);
    }
    rm_socket (both);
    rm_socket (pull);
    rm_ctx (ctx);
}

/*
 * Unbinding closes the door. Over inproc who is inside stays; a connection ends with its listener,
 * and its peer comes back to whoever has the address next.
 */
CASE (unbind_and_rebind)
{
    const pair_t p = new_pair (ZMQ_DEALER, ZMQ_DEALER);
    void *late = mk_socket (p.ctx, ZMQ_DEALER), *next = mk_socket (p.ctx, ZMQ_DEALER);
    char endpoint[ENDPOINT_SIZE], text[32];
    bind_held (p.server, TRANSPORT, endpoint);
    set_int (p.client, ZMQ_RECONNECT_IVL, 10);
    connect_to (p.client, endpoint);
    bounce (p.server, p.client);
    CHECK_OK (zmq_unbind (p.server, endpoint));
    CHECK_ERRNO (zmq_unbind (p.server, endpoint), ENOENT);
    set_int (late, ZMQ_RECONNECT_IVL, 10);
    connect_to (late, endpoint);
    send_str (late, "for the next one", 0);
    expect_nothing (p.server);
    CHECK (WAIT_FOR (bind_to (next, endpoint) == 0));
    expect_msg (next, "for the next one");
    if (!WIRE) {
        bounce (next, late);
        bounce (p.server, p.client);
    } else {
        set_int (next, ZMQ_RCVTIMEO, 20);
        CHECK (WAIT_FOR ((zmq_send (p.client, "moved", 5, ZMQ_DONTWAIT),
                          recv_str (next, text, sizeof text) == 5)));
    }
    CHECK_OK (zmq_unbind (next, endpoint));
    CHECK (WAIT_FOR (bind_to (p.server, endpoint) == 0));
    rm_socket (late);
    rm_socket (next);
    close_pair (p);
}

CASE (disconnect)
{
    const pair_t p = new_pair (ZMQ_PULL, ZMQ_PUSH);
    char endpoint[ENDPOINT_SIZE];
    bind_any (p.server, TRANSPORT, endpoint);
    for (int round = 0; round < 3; ++round) {
        connect_to (p.client, endpoint);
        for (int i = 0; i < 50; ++i)
            send_multi (p.client, 2, "sent before", "disconnect");
        /* With the default linger what was sent is still delivered. */
        CHECK_OK (zmq_disconnect (p.client, endpoint));
        CHECK_ERRNO (zmq_disconnect (p.client, endpoint), ENOENT);
        CHECK_ERRNO (zmq_send (p.client, "nobody", 6, ZMQ_DONTWAIT), EAGAIN);
        for (int i = 0; i < 50; ++i)
            expect_multi (p.server, 2, "sent before", "disconnect");
    }
    close_pair (p);
}

CASE (last_endpoint_is_real)
{
    if (NAMED)
        return;
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
    char first[ENDPOINT_SIZE], second[ENDPOINT_SIZE], short_buffer[4];
    size_t size = ENDPOINT_SIZE;
    REQUIRE_OK (zmq_getsockopt (server, ZMQ_LAST_ENDPOINT, first, &size));
    CHECK_INT (size, 1);
    CHECK_STR (first, "");
    bind_any (server, TRANSPORT, first);
    bind_any (server, TRANSPORT, second);
    CHECK (strcmp (first, second) != 0);
    size = ENDPOINT_SIZE;
    CHECK_OK (zmq_getsockopt (server, ZMQ_LAST_ENDPOINT, first, &size));
    CHECK_STR (first, second);
    CHECK_INT (size, strlen (first) + 1);
    size = sizeof short_buffer;
    CHECK_ERRNO (zmq_getsockopt (server, ZMQ_LAST_ENDPOINT, short_buffer, &size), EINVAL);
    connect_to (client, second);
    last_endpoint (client, first);
    CHECK_STR (first, second);
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (wildcard)
{
    const char *any = WILDCARD;
    if (!any)
        return;
    const pair_t p = new_pair (ZMQ_PAIR, ZMQ_PAIR);
    void *other = mk_socket (p.ctx, ZMQ_PAIR);
    char endpoint[ENDPOINT_SIZE], second[ENDPOINT_SIZE];
    REQUIRE_OK (bind_to (other, any));
    last_endpoint (other, second);
    REQUIRE_OK (bind_to (p.server, any));
    last_endpoint (p.server, endpoint);
    CHECK (strcmp (endpoint, second) != 0);
    CHECK (strcmp (endpoint, any) != 0);
    connect_to (p.client, endpoint);
    bounce (p.server, p.client);
    CHECK_ERRNO (zmq_unbind (p.server, any), ENOENT);
    CHECK_OK (zmq_unbind (p.server, endpoint));
    rm_socket (other);
    close_pair (p);
}

static void run_conformance (void)
{
    RUN (both_ways);
    RUN (one_way);
    RUN (sizes);
    RUN (many_connections);
    RUN (connect_before_bind);
    RUN (restart);
    RUN (bind_twice);
    RUN (two_endpoints);
    RUN (unbind_and_rebind);
    RUN (disconnect);
    RUN (last_endpoint_is_real);
    RUN (wildcard);
}

#endif
