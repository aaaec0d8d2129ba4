/*
 * DEALER and ROUTER (RFC 28, zmq_socket(3)): routing ids, unroutable messages, duplicate ids and
 * handover, ZMQ_PROBE_ROUTER, ZMQ_CONNECT_ROUTING_ID, ZMQ_ROUTER_RAW.
 */
#include "pat_common.h"

/* A DEALER with this routing id (NULL: automatic), connected. */
static void *mk_dealer (void *ctx, const char *id, const char *endpoint)
{
    void *dealer = mk_socket (ctx, ZMQ_DEALER);
    if (id)
        set_str (dealer, ZMQ_ROUTING_ID, id);
    REQUIRE_OK (zmq_connect (dealer, endpoint));
    return dealer;
}

CASE (explicit_ids)
{
    FOR_EACH_TRANSPORT (transport)
    {
        pair_t p = new_pair (ZMQ_ROUTER, ZMQ_DEALER);
        char longest[255], readback[256];
        size_t size = sizeof readback;
        memset (longest, 'L', sizeof longest);
        longest[1] = '\0'; /* binary, zeros included */
        REQUIRE_OK (zmq_setsockopt (p.client, ZMQ_ROUTING_ID, longest, sizeof longest));
        CHECK_OK (zmq_getsockopt (p.client, ZMQ_ROUTING_ID, readback, &size));
        CHECK_INT (size, 255);
        CHECK_MEM (readback, longest, 255);
        CHECK_ERRNO (zmq_setsockopt (p.client, ZMQ_ROUTING_ID, "", 0), EINVAL);
        CHECK_ERRNO (zmq_setsockopt (p.client, ZMQ_ROUTING_ID, readback, 256), EINVAL);
        join_sockets (p.server, p.client, transport);
        send_multi (p.client, 2, "hello", "router");
        expect_bytes (p.server, longest, sizeof longest, 1);
        expect_multi (p.server, 2, "hello", "router");
        CHECK_INT (zmq_send (p.server, longest, sizeof longest, ZMQ_SNDMORE), 255);
        send_multi (p.server, 2, "hello", "dealer");
        expect_multi (p.client, 2, "hello", "dealer");
        close_pair (p);
    }
}

/* An id that the ROUTER makes up: five bytes, the first of them zero, different for each peer. */
CASE (automatic_ids)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *router = mk_socket (ctx, ZMQ_ROUTER), *dealers[4];
        char endpoint[ENDPOINT_SIZE], ids[4][5];
        bind_any (router, transport, endpoint);
        for (int i = 0; i < 4; ++i) {
            dealers[i] = mk_dealer (ctx, NULL, endpoint);
            send_str (dealers[i], "hello", 0);
            CHECK_INT (zmq_recv (router, ids[i], 5, 0), 5);
            CHECK_INT (ids[i][0], 0);
            expect_msg (router, "hello");
            for (int other = 0; other < i; ++other)
                CHECK (memcmp (ids[i], ids[other], 5) != 0);
        }
        for (int i = 3; i >= 0; --i) {
            CHECK_INT (zmq_send (router, ids[i], 5, ZMQ_SNDMORE), 5);
            CHECK_INT (zmq_send (router, ids[i], 5, 0), 5);
            expect_bytes (dealers[i], ids[i], 5, 0);
            send_str (dealers[i], "again", 0);
            expect_bytes (router, ids[i], 5, 1); /* and it stays */
            expect_msg (router, "again");
        }
        for (int i = 0; i < 4; ++i)
            rm_socket (dealers[i]);
        rm_socket (router);
        rm_ctx (ctx);
    }
}

CASE (unroutable)
{
    FOR_EACH_TRANSPORT (transport)
    {
        pair_t p = open_pair (ZMQ_ROUTER, ZMQ_DEALER, transport);
        char id[5];
        send_str (p.client, "hello", 0);
        CHECK_INT (zmq_recv (p.server, id, 5, 0), 5);
        expect_msg (p.server, "hello");
        /* By default: accepted and dropped, whole. */
        CHECK_INT (opt_int (p.server, ZMQ_EVENTS), ZMQ_POLLOUT);
        send_multi (p.server, 3, "nobody", "lost", "lost");
        CHECK_INT (zmq_send (p.server, id, 5, ZMQ_SNDMORE), 5);
        send_str (p.server, "found", 0);
        expect_msg (p.client, "found");
        /* ZMQ_ROUTER_MANDATORY: refused at the first frame, and the next one starts a message. */
        set_int (p.server, ZMQ_ROUTER_MANDATORY, 1);
        CHECK_ERRNO (zmq_send (p.server, "nobody", 6, ZMQ_SNDMORE), EHOSTUNREACH);
        CHECK_ERRNO (zmq_send (p.server, "nobody", 6, ZMQ_SNDMORE | ZMQ_DONTWAIT), EHOSTUNREACH);
        CHECK_INT (zmq_send (p.server, id, 5, ZMQ_SNDMORE), 5);
        send_multi (p.server, 2, "found", "again");
        expect_multi (p.client, 2, "found", "again");
        /* A peer that left is unknown, too. */
        rm_socket (p.client);
        CHECK (WAIT_FOR (zmq_send (p.server, id, 5, ZMQ_SNDMORE | ZMQ_DONTWAIT) == -1
                         || zmq_send (p.server, "x", 1, ZMQ_DONTWAIT) != 1));
        CHECK_INT (zmq_errno (), EHOSTUNREACH);
        rm_socket (p.server);
        rm_ctx (p.ctx);
    }
}

/* A full peer: dropped by default, EAGAIN when mandatory; another peer does not notice. */
CASE (full_peer)
{
    for (int mandatory = 0; mandatory <= 1; ++mandatory) {
        void *ctx = mk_ctx ();
        void *router = mk_socket (ctx, ZMQ_ROUTER);
        char endpoint[ENDPOINT_SIZE];
        set_int (router, ZMQ_SNDHWM, 2);
        set_int (router, ZMQ_ROUTER_MANDATORY, mandatory);
        bind_any (router, "inproc", endpoint);
        void *slow = mk_socket (ctx, ZMQ_DEALER);
        set_int (slow, ZMQ_RCVHWM, 1);
        set_str (slow, ZMQ_ROUTING_ID, "slow");
        REQUIRE_OK (zmq_connect (slow, endpoint));
        void *fast = mk_dealer (ctx, "fast", endpoint);
        settle (router);

        int refused = 0, got = 0;
        for (int i = 0; i < 6; ++i) {
            if (zmq_send (router, "slow", 4, ZMQ_SNDMORE | ZMQ_DONTWAIT) == 4)
                send_str (router, "s", ZMQ_DONTWAIT);
            else {
                CHECK_INT (zmq_errno (), EAGAIN);
                ++refused;
            }
            send_multi (router, 2, "fast", "f");
            expect_msg (fast, "f");
        }
        CHECK_INT (refused, mandatory ? 3 : 0);
        while (zmq_recv (slow, endpoint, 1, ZMQ_DONTWAIT) == 1)
            ++got;
        CHECK_INT (got, 3); /* the sum of both high water marks */
        /* Now there is room again. */
        settle (router);
        send_multi (router, 2, "slow", "s");
        expect_msg (slow, "s");
        rm_socket (slow);
        rm_socket (fast);
        rm_socket (router);
        rm_ctx (ctx);
    }
}

/* With ZMQ_ROUTER_MANDATORY a blocking send to a full peer waits for room. */
CASE (mandatory_waits_for_room)
{
    pair_t p = new_pair (ZMQ_ROUTER, ZMQ_DEALER);
    set_int (p.server, ZMQ_SNDHWM, 1);
    set_int (p.client, ZMQ_RCVHWM, 1);
    set_int (p.server, ZMQ_ROUTER_MANDATORY, 1);
    set_int (p.server, ZMQ_SNDTIMEO, 50);
    set_str (p.client, ZMQ_ROUTING_ID, "D");
    join_sockets (p.server, p.client, "inproc");
    settle (p.server);
    send_multi (p.server, 2, "D", "1");
    CHECK_INT (settle (p.server) & ZMQ_POLLOUT, ZMQ_POLLOUT);
    send_multi (p.server, 2, "D", "2");
    CHECK_INT (settle (p.server) & ZMQ_POLLOUT, 0);
    CHECK_ERRNO (zmq_send (p.server, "D", 1, ZMQ_SNDMORE), EAGAIN);
    expect_msg (p.client, "1");
    expect_msg (p.client, "2");
    CHECK (wait_writable (p.server));
    send_multi (p.server, 2, "D", "3");
    expect_msg (p.client, "3");
    close_pair (p);
}

enum { UNREAD = 200, UNREAD_SIZE = 65536 };

static void *send_until_refused (void *router)
{
    while (zmq_send (router, "D", 1, ZMQ_SNDMORE) == 1)
        send_str (router, "more", 0);
    return (void *) (intptr_t) zmq_errno ();
}

/* A peer that is gone has no room ever again, also while much of what it sent is still to be received:
 * nothing but a receive would end a wait for that. */
CASE (mandatory_peer_gone)
{
    static char body[UNREAD_SIZE];
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *router = mk_socket (ctx, ZMQ_ROUTER), *dealer = mk_socket (ctx, ZMQ_DEALER);
        char endpoint[ENDPOINT_SIZE];
        set_int (router, ZMQ_ROUTER_MANDATORY, 1);
        set_int (router, ZMQ_SNDHWM, 2);
        set_int (router, ZMQ_RCVHWM, 1);
        set_int (router, ZMQ_SNDTIMEO, -1);
        bind_any (router, transport, endpoint);
        set_int (dealer, ZMQ_RCVHWM, 1);
        set_int (dealer, ZMQ_SNDHWM, 0);
        set_str (dealer, ZMQ_ROUTING_ID, "D");
        REQUIRE_OK (zmq_connect (dealer, endpoint));
        for (int i = 0; i < UNREAD; ++i)
            CHECK_INT (zmq_send (dealer, body, sizeof body, 0), sizeof body);
        expect_bytes (router, "D", 1, 1);
        CHECK_INT (zmq_recv (router, body, sizeof body, 0), sizeof body);
        CHECK (wait_readable (router));
        const pthread_t sender = start_thread (send_until_refused, router);
        rm_socket (dealer);
        CHECK_INT ((intptr_t) join_thread (sender), EHOSTUNREACH);
        rm_socket (router);
        rm_ctx (ctx);
    }
}

/* Without handover the first owner of an id keeps it. */
CASE (duplicate_id_is_rejected)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *router = mk_socket (ctx, ZMQ_ROUTER);
        char endpoint[ENDPOINT_SIZE];
        bind_any (router, transport, endpoint);
        void *first = mk_dealer (ctx, "same", endpoint);
        send_str (first, "first", 0);
        expect_multi (router, 2, "same", "first");
        void *second = mk_dealer (ctx, "same", endpoint);
        send_str (second, "second", 0);
        expect_nothing (router);
        for (int i = 0; i < 10; ++i) {
            send_multi (router, 2, "same", "ping");
            expect_msg (first, "ping");
            send_str (first, "pong", 0);
            expect_multi (router, 2, "same", "pong");
        }
        expect_nothing (second);
        rm_socket (second);
        rm_socket (first);
        rm_socket (router);
        rm_ctx (ctx);
    }
}

/* With handover the newest owner has it, and the old one is cut off. */
CASE (handover)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *router = mk_socket (ctx, ZMQ_ROUTER), *first = mk_socket (ctx, ZMQ_DEALER);
        char endpoint[ENDPOINT_SIZE];
        set_int (router, ZMQ_ROUTER_HANDOVER, 1);
        bind_any (router, transport, endpoint);
        set_int (first, ZMQ_RECONNECT_IVL, -1); /* or it would take the id back */
        set_str (first, ZMQ_ROUTING_ID, "same");
        REQUIRE_OK (zmq_connect (first, endpoint));
        send_str (first, "first", 0);
        expect_multi (router, 2, "same", "first");
        void *second = mk_dealer (ctx, "same", endpoint);
        send_str (second, "second", 0);
        expect_multi (router, 2, "same", "second");
        for (int i = 0; i < 10; ++i) {
            send_multi (router, 2, "same", "ping");
            expect_msg (second, "ping");
            send_str (second, "pong", 0);
            expect_multi (router, 2, "same", "pong");
        }
        expect_nothing (first);
        rm_socket (second);
        rm_socket (first);
        rm_socket (router);
        rm_ctx (ctx);
    }
}

/* The option announces a peer by an empty message, so that the ROUTER can speak first. */
CASE (probe_router)
{
    FOR_EACH_TRANSPORT (transport)
    {
        static const int types[] = {ZMQ_DEALER, ZMQ_ROUTER};
        for (int t = 0; t < 2; ++t) {
            pair_t p = new_pair (ZMQ_ROUTER, types[t]);
            set_str (p.server, ZMQ_ROUTING_ID, "server");
            set_str (p.client, ZMQ_ROUTING_ID, "client");
            set_int (p.client, ZMQ_PROBE_ROUTER, 1);
            join_sockets (p.server, p.client, transport);
            expect_multi (p.server, 2, "client", "");
            send_multi (p.server, 2, "client", "welcome");
            if (types[t] == ZMQ_ROUTER)
                expect_part (p.client, "server");
            expect_msg (p.client, "welcome");
            expect_nothing (p.server);
            close_pair (p);
        }
    }
}

/* The connecting ROUTER names its peer itself and may send at once. */
CASE (connect_routing_id)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *router = mk_socket (ctx, ZMQ_ROUTER), *dealers[2];
        char endpoint[ENDPOINT_SIZE], text[16], id[16];
        set_int (router, ZMQ_ROUTER_MANDATORY, 1);
        for (int i = 0; i < 2; ++i) {
            dealers[i] = mk_socket (ctx, ZMQ_DEALER);
            set_str (dealers[i], ZMQ_ROUTING_ID, "own name, overruled");
            bind_any (dealers[i], transport, endpoint);
            snprintf (id, sizeof id, "peer-%d", i);
            set_str (router, ZMQ_CONNECT_ROUTING_ID, id);
            REQUIRE_OK (zmq_connect (router, endpoint));
            send_multi (router, 2, id, "at once");
            expect_msg (dealers[i], "at once");
        }
        for (int i = 0; i < 2; ++i) {
            snprintf (id, sizeof id, "peer-%d", i);
            snprintf (text, sizeof text, "from %d", i);
            send_str (dealers[i], text, 0);
            expect_multi (router, 2, id, text);
            rm_socket (dealers[i]);
        }
        rm_socket (router);
        rm_ctx (ctx);
    }
}

/* Plain TCP: bytes come with the connection's id in front, an empty frame closes. */
CASE (router_raw)
{
    void *ctx = mk_ctx ();
    void *router = mk_socket (ctx, ZMQ_ROUTER);
    char endpoint[ENDPOINT_SIZE], id[5], bytes[16];
    set_int (router, ZMQ_ROUTER_RAW, 1);
    bind_any (router, "tcp", endpoint);
    const int fd = raw_connect (endpoint);
    CHECK_INT (zmq_recv (router, id, sizeof id, 0), 5); /* the connect notice */
    CHECK_INT (id[0], 0);
    expect_msg (router, "");
    REQUIRE (raw_write (fd, "GET /\r\n", 7));
    expect_bytes (router, id, sizeof id, 1);
    expect_msg (router, "GET /\r\n");
    CHECK_INT (zmq_send (router, id, sizeof id, ZMQ_SNDMORE), 5);
    send_str (router, "200 OK\r\n", ZMQ_SNDMORE); /* the flag is ignored on data */
    CHECK_INT (raw_read (fd, bytes, 8), 8);
    CHECK_MEM (bytes, "200 OK\r\n", 8);
    CHECK_INT (zmq_send (router, id, sizeof id, ZMQ_SNDMORE), 5);
    send_str (router, "", 0);
    CHECK (closed_by (router, fd));
    rm_socket (router);
    rm_ctx (ctx);
    close (fd);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (explicit_ids);
    RUN (automatic_ids);
    RUN (unroutable);
    RUN (full_peer);
    RUN (mandatory_waits_for_room);
    RUN_OURS (mandatory_peer_gone, "libzmq waits until somebody receives");
    RUN (duplicate_id_is_rejected);
    RUN (handover);
    RUN (probe_router);
    RUN (connect_routing_id);
    RUN (router_raw);
    return harness_end ();
}
