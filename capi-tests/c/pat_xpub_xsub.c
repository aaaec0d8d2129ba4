/*
 * XPUB and XSUB (RFC 29, zmq_socket(3), ZMQ_XPUB_* in zmq_setsockopt(3)): subscriptions as
 * messages, which of them the application sees, manual handling, welcome message, inverted
 * matching, messages upstream, and forwarding through a broker.
 */
#include "pat_common.h"

/* Subscription messages: 1 subscribes, 0 unsubscribes, then the topic. */
#define ON(topic) "\1" topic
#define expect_on(xpub, topic) expect_bytes (xpub, "\1" topic, sizeof topic, 0)
#define expect_off(xpub, topic) expect_bytes (xpub, "\0" topic, sizeof topic, 0)
#define send_on(xsub, topic) CHECK_INT (zmq_send (xsub, "\1" topic, sizeof topic, 0), sizeof topic)
#define send_off(xsub, topic) CHECK_INT (zmq_send (xsub, "\0" topic, sizeof topic, 0), sizeof topic)

static void sub_option (void *socket, int option, const char *topic)
{
    CHECK_OK (zmq_setsockopt (socket, option, topic, strlen (topic)));
}

/* Three sockets for the cases about two subscribers of one publisher. */
typedef struct
{
    void *ctx, *xpub, *a, *b;
} trio_t;

static trio_t open_trio (int type, int option, const char *transport)
{
    trio_t t;
    char endpoint[ENDPOINT_SIZE];
    t.ctx = mk_ctx ();
    t.xpub = mk_socket (t.ctx, ZMQ_XPUB);
    if (option)
        set_int (t.xpub, option, 1);
    bind_any (t.xpub, transport, endpoint);
    t.a = mk_socket (t.ctx, type);
    t.b = mk_socket (t.ctx, type);
    if (option == ZMQ_INVERT_MATCHING) { /* both ends must have this one */
        set_int (t.a, option, 1);
        set_int (t.b, option, 1);
    }
    REQUIRE_OK (zmq_connect (t.a, endpoint));
    REQUIRE_OK (zmq_connect (t.b, endpoint));
    return t;
}

static void close_trio (trio_t t)
{
    rm_socket (t.a);
    rm_socket (t.b);
    rm_socket (t.xpub);
    rm_ctx (t.ctx);
}

/* The application sees the first subscription to a topic and the last unsubscription. */
CASE (only_changes_are_seen)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const trio_t t = open_trio (ZMQ_SUB, 0, transport);
        sub_option (t.a, ZMQ_SUBSCRIBE, "A");
        expect_on (t.xpub, "A");
        sub_option (t.a, ZMQ_SUBSCRIBE, "A");
        sub_option (t.a, ZMQ_SUBSCRIBE, "a2");
        expect_on (t.xpub, "a2");
        sub_option (t.b, ZMQ_SUBSCRIBE, "A");
        sub_option (t.b, ZMQ_SUBSCRIBE, "");
        expect_on (t.xpub, "");
        send_str (t.xpub, "A", 0);
        expect_msg (t.a, "A");
        expect_msg (t.b, "A");
        sub_option (t.a, ZMQ_UNSUBSCRIBE, "A");
        sub_option (t.a, ZMQ_UNSUBSCRIBE, "A");
        sub_option (t.a, ZMQ_UNSUBSCRIBE, "a2");
        expect_off (t.xpub, "a2");
        sub_option (t.b, ZMQ_UNSUBSCRIBE, "A");
        expect_off (t.xpub, "A");
        sub_option (t.b, ZMQ_UNSUBSCRIBE, "");
        expect_off (t.xpub, "");
        expect_nothing (t.xpub);
        close_trio (t);
    }
}

/* A subscriber that leaves takes its subscriptions along; the XPUB hears of it. */
CASE (leaving_unsubscribes)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const trio_t t = open_trio (ZMQ_SUB, 0, transport);
        sub_option (t.a, ZMQ_SUBSCRIBE, "shared");
        expect_on (t.xpub, "shared");
        sub_option (t.b, ZMQ_SUBSCRIBE, "shared");
        sub_option (t.b, ZMQ_SUBSCRIBE, "own");
        expect_on (t.xpub, "own");
        rm_socket (t.b);
        expect_off (t.xpub, "own");
        rm_socket (t.a);
        expect_off (t.xpub, "shared");
        expect_nothing (t.xpub);
        rm_socket (t.xpub);
        rm_ctx (t.ctx);
    }
}

CASE (verbose)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const trio_t t = open_trio (ZMQ_SUB, ZMQ_XPUB_VERBOSE, transport);
        sub_option (t.a, ZMQ_SUBSCRIBE, "A");
        expect_on (t.xpub, "A");
        sub_option (t.b, ZMQ_SUBSCRIBE, "A");
        expect_on (t.xpub, "A");
        sub_option (t.a, ZMQ_UNSUBSCRIBE, "A");
        sub_option (t.a, ZMQ_SUBSCRIBE, "end");
        expect_on (t.xpub, "end");
        sub_option (t.b, ZMQ_UNSUBSCRIBE, "A");
        expect_off (t.xpub, "A");
        close_trio (t);
    }
}

CASE (verboser)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const trio_t t = open_trio (ZMQ_SUB, ZMQ_XPUB_VERBOSER, transport);
        sub_option (t.a, ZMQ_SUBSCRIBE, "A");
        expect_on (t.xpub, "A");
        sub_option (t.b, ZMQ_SUBSCRIBE, "A");
        expect_on (t.xpub, "A");
        sub_option (t.a, ZMQ_UNSUBSCRIBE, "A");
        expect_off (t.xpub, "A");
        sub_option (t.b, ZMQ_UNSUBSCRIBE, "A");
        expect_off (t.xpub, "A");
        close_trio (t);
    }
}

/* An XSUB subscribes by messages. Nothing is filtered on its side but by the publisher. */
CASE (xsub_subscribes_by_messages)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const trio_t t = open_trio (ZMQ_XSUB, 0, transport);
        send_on (t.a, "A");
        expect_on (t.xpub, "A");
        send_on (t.b, "B");
        expect_on (t.xpub, "B");
        send_multi (t.xpub, 2, "A", "1");
        send_multi (t.xpub, 2, "B", "2");
        send_str (t.xpub, "C", 0);
        expect_multi (t.a, 2, "A", "1");
        expect_multi (t.b, 2, "B", "2");
        send_off (t.a, "A");
        expect_off (t.xpub, "A");
        send_str (t.xpub, "A", 0);
        send_str (t.xpub, "B", 0);
        expect_msg (t.b, "B");
        expect_nothing (t.a);
        close_trio (t);
    }
}

/* Other messages pass upstream as they are; a PUB drops them. */
CASE (messages_upstream)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const trio_t t = open_trio (ZMQ_XSUB, 0, transport);
        send_on (t.a, "A");
        expect_on (t.xpub, "A");
        send_str (t.a, "plain", 0);
        expect_msg (t.xpub, "plain");
        send_multi (t.a, 3, "multi", "part", "message");
        expect_multi (t.xpub, 3, "multi", "part", "message");
        CHECK_INT (zmq_send (t.a, "\2binary", 7, 0), 7);
        expect_bytes (t.xpub, "\2binary", 7, 0);
        send_str (t.xpub, "A", 0); /* nobody's subscriptions changed */
        expect_msg (t.a, "A");
        expect_nothing (t.b);
        close_trio (t);

        const pair_t p = open_pair (ZMQ_PUB, ZMQ_XSUB, transport);
        send_str (p.client, "dropped", 0);
        send_on (p.client, "A");
        sync_pub_sub (p.server, p.client, "A");
        close_pair (p);
    }
}

/* Manual: the application decides what the peer of the last message is subscribed to. */
CASE (manual)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const trio_t t = open_trio (ZMQ_XSUB, ZMQ_XPUB_MANUAL, transport);
        send_on (t.a, "A");
        expect_on (t.xpub, "A");
        sub_option (t.xpub, ZMQ_SUBSCRIBE, "XA");
        send_on (t.b, "B");
        expect_on (t.xpub, "B");
        sub_option (t.xpub, ZMQ_SUBSCRIBE, "XB");
        send_str (t.xpub, "A", 0);
        send_str (t.xpub, "XA", 0);
        send_str (t.xpub, "B", 0);
        send_str (t.xpub, "XB", 0);
        expect_msg (t.a, "XA");
        expect_msg (t.b, "XB");
        send_off (t.a, "A");
        expect_off (t.xpub, "A");
        sub_option (t.xpub, ZMQ_UNSUBSCRIBE, "XA");
        send_str (t.xpub, "XA", 0);
        send_str (t.xpub, "XB", 0);
        expect_msg (t.b, "XB");
        expect_nothing (t.a);
        close_trio (t);
    }
}

/* ZMQ_XPUB_NODROP: refused instead of dropped, by XPUB and by PUB. */
CASE (nodrop)
{
    static const int types[] = {ZMQ_XPUB, ZMQ_PUB};
    for (int i = 0; i < 2; ++i) {
        const pair_t p = new_pair (types[i], ZMQ_SUB);
        set_int (p.server, ZMQ_SNDHWM, 3);
        set_int (p.client, ZMQ_RCVHWM, 2);
        set_int (p.server, ZMQ_XPUB_NODROP, 1);
        sub_option (p.client, ZMQ_SUBSCRIBE, "");
        join_sockets (p.server, p.client, "inproc");
        CHECK_INT (fill (p.server, 100), 5);
        set_int (p.server, ZMQ_SNDTIMEO, 50);
        CHECK_ERRNO (zmq_send (p.server, "f", 1, 0), EAGAIN);
        CHECK_INT (drain (p.client), 5);
        CHECK (fill (p.server, 100) > 0);
        close_pair (p);
    }
}

CASE (welcome_message)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = new_pair (ZMQ_XPUB, ZMQ_SUB);
        REQUIRE_OK (zmq_setsockopt (p.server, ZMQ_XPUB_WELCOME_MSG, "W-hello", 7));
        sub_option (p.client, ZMQ_SUBSCRIBE, "W");
        join_sockets (p.server, p.client, transport);
        expect_on (p.server, "W");
        expect_msg (p.client, "W-hello");
        send_str (p.server, "W2", 0);
        expect_msg (p.client, "W2");
        expect_nothing (p.client);
        close_pair (p);
    }
}

/* Inverted: a message goes to those that have no matching subscription. */
CASE (invert_matching)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const trio_t t = open_trio (ZMQ_SUB, ZMQ_INVERT_MATCHING, transport);
        sub_option (t.a, ZMQ_SUBSCRIBE, "A");
        expect_on (t.xpub, "A");
        sub_option (t.b, ZMQ_SUBSCRIBE, "B");
        expect_on (t.xpub, "B");
        send_multi (t.xpub, 2, "A1", "for b");
        send_multi (t.xpub, 2, "B1", "for a");
        send_multi (t.xpub, 2, "C1", "for both");
        expect_multi (t.a, 2, "B1", "for a");
        expect_multi (t.a, 2, "C1", "for both");
        expect_multi (t.b, 2, "A1", "for b");
        expect_multi (t.b, 2, "C1", "for both");
        close_trio (t);
    }
}

/* A publisher that comes late is told all subscriptions, each once. */
CASE (late_publisher)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *xsub = mk_socket (ctx, ZMQ_XSUB);
        char endpoint[ENDPOINT_SIZE], text[8];
        send_on (xsub, "1");
        send_on (xsub, "22");
        send_on (xsub, "22");
        send_on (xsub, "gone");
        send_off (xsub, "gone");
        for (int i = 0; i < 2; ++i) {
            void *xpub = mk_socket (ctx, ZMQ_XPUB);
            int seen = 0;
            set_int (xpub, ZMQ_XPUB_VERBOSE, 1);
            bind_held (xpub, transport, endpoint);
            REQUIRE_OK (zmq_connect (xsub, endpoint));
            for (int n = 0; n < 2; ++n) { /* in any order */
                REQUIRE (recv_str (xpub, text, sizeof text) > 0);
                seen += strcmp (text, ON ("1")) == 0 ? 1 : strcmp (text, ON ("22")) == 0 ? 10 : 100;
            }
            CHECK_INT (seen, 11);
            expect_nothing (xpub);
            send_str (xpub, "1", 0);
            expect_msg (xsub, "1");
            rm_socket (xpub);
        }
        rm_socket (xsub);
        rm_ctx (ctx);
    }
}

static void *run_proxy (void *sides)
{
    void **side = sides;
    CHECK_ERRNO (zmq_proxy (side[0], side[1], NULL), ETERM);
    CHECK_OK (zmq_close (side[0]));
    CHECK_OK (zmq_close (side[1]));
    return NULL;
}

/* SUB - XPUB | XSUB - PUB: subscriptions pass the broker one way, messages the other. */
CASE (broker)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx (), *sides[2] = {mk_socket (ctx, ZMQ_XSUB), mk_socket (ctx, ZMQ_XPUB)};
        char in[ENDPOINT_SIZE], out[ENDPOINT_SIZE];
        bind_any (sides[0], transport, in);
        bind_any (sides[1], transport, out);
        void *pubs[2], *subs[2];
        for (int i = 0; i < 2; ++i) {
            set_int (sides[i], ZMQ_LINGER, 0);
            pubs[i] = mk_socket (ctx, ZMQ_XPUB);
            set_int (pubs[i], ZMQ_LINGER, 0);
            REQUIRE_OK (zmq_connect (pubs[i], in));
            subs[i] = mk_socket (ctx, ZMQ_SUB);
            REQUIRE_OK (zmq_connect (subs[i], out));
        }
        const pthread_t proxy = start_thread (run_proxy, sides);
        sub_option (subs[0], ZMQ_SUBSCRIBE, "A");
        for (int i = 0; i < 2; ++i)
            expect_on (pubs[i], "A");
        sub_option (subs[1], ZMQ_SUBSCRIBE, "B");
        for (int i = 0; i < 2; ++i)
            expect_on (pubs[i], "B");
        for (int i = 0; i < 2; ++i) {
            send_multi (pubs[i], 2, "A", "1");
            send_multi (pubs[i], 2, "B", "2");
            expect_multi (subs[0], 2, "A", "1");
            expect_multi (subs[1], 2, "B", "2");
        }
        rm_socket (subs[0]);
        for (int i = 0; i < 2; ++i)
            expect_off (pubs[i], "A");
        send_str (pubs[0], "A", 0);
        send_str (pubs[0], "B", 0);
        expect_msg (subs[1], "B");
        rm_socket (subs[1]);
        for (int i = 0; i < 2; ++i)
            expect_off (pubs[i], "B");
        REQUIRE_OK (zmq_ctx_shutdown (ctx));
        join_thread (proxy);
        for (int i = 0; i < 2; ++i)
            CHECK_OK (zmq_close (pubs[i]));
        rm_ctx (ctx);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (only_changes_are_seen);
    RUN (leaving_unsubscribes);
    RUN (verbose);
    RUN (verboser);
    RUN (xsub_subscribes_by_messages);
    RUN (messages_upstream);
    RUN (manual);
    RUN (nodrop);
    RUN (welcome_message);
    RUN (invert_matching);
    RUN (late_publisher);
    RUN (broker);
    return harness_end ();
}
