/*
 * PUB and SUB (RFC 29, zmq_socket(3), zmq_setsockopt(3)): prefixes, counted subscriptions,
 * binary topics, fan out, and dropping where a subscriber is full.
 *
 * Subscriptions travel to the publisher in their order, so a program that has seen a message for
 * the last one (sync_pub_sub) knows that the earlier ones are in force.
 */
#include "pat_common.h"

static void subscribe (void *sub, const void *topic, size_t size)
{
    CHECK_OK (zmq_setsockopt (sub, ZMQ_SUBSCRIBE, topic, size));
}

static void unsubscribe (void *sub, const void *topic, size_t size)
{
    CHECK_OK (zmq_setsockopt (sub, ZMQ_UNSUBSCRIBE, topic, size));
}

/* All changes of subscriptions so far are known to the publisher afterwards. */
static void sync_subs (void *pub, void *sub)
{
    char topic[32];
    snprintf (topic, sizeof topic, "~sync-%d", unique_number ());
    subscribe (sub, topic, strlen (topic));
    sync_pub_sub (pub, sub, topic);
    unsubscribe (sub, topic, strlen (topic));
}

CASE (one_way_only)
{
    const pair_t p = open_pair (ZMQ_PUB, ZMQ_SUB, "inproc");
    char byte;
    CHECK_ERRNO (zmq_recv (p.server, &byte, 1, 0), ENOTSUP);
    CHECK_ERRNO (zmq_send (p.client, "x", 1, 0), ENOTSUP);
    CHECK_ERRNO (zmq_setsockopt (p.server, ZMQ_SUBSCRIBE, "x", 1), EINVAL);
    CHECK_INT (settle (p.server), ZMQ_POLLOUT);
    CHECK_INT (settle (p.client), 0);
    close_pair (p);
}

CASE (nobody_listens)
{
    void *ctx = mk_ctx ();
    void *pub = mk_socket (ctx, ZMQ_PUB);
    send_str (pub, "dropped", 0);
    send_multi (pub, 3, "dropped", "as", "well");
    CHECK_INT (settle (pub), ZMQ_POLLOUT);
    rm_socket (pub);
    rm_ctx (ctx);
}

CASE (prefixes)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = open_pair (ZMQ_PUB, ZMQ_SUB, transport);
        subscribe (p.client, "abc", 3);
        subscribe (p.client, "x", 1);
        sync_subs (p.server, p.client);
        send_str (p.server, "ab", 0);   /* shorter than the topic */
        send_str (p.server, "abd", 0);  /* differs in the last byte */
        send_str (p.server, "ABC", 0);  /* case counts */
        send_str (p.server, "", 0);     /* has no prefix but the empty one */
        send_str (p.server, " abc", 0); /* not at the beginning */
        send_str (p.server, "abc", 0);
        send_str (p.server, "abcd", 0);
        send_str (p.server, "x", 0);
        /* Only the first frame is looked at, and a message comes or stays away whole. */
        send_multi (p.server, 2, "no", "abc");
        send_multi (p.server, 3, "xyz", "no", "");
        expect_msg (p.client, "abc");
        expect_msg (p.client, "abcd");
        expect_msg (p.client, "x");
        expect_multi (p.client, 3, "xyz", "no", "");
        expect_nothing (p.client);
        close_pair (p);
    }
}

CASE (empty_topic_is_everything)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = open_pair (ZMQ_PUB, ZMQ_SUB, transport);
        subscribe (p.client, "", 0);
        subscribe (p.client, "a", 1); /* does not deliver twice */
        sync_subs (p.server, p.client);
        send_str (p.server, "", 0);
        send_str (p.server, "a", 0);
        send_str (p.server, "b", 0);
        expect_msg (p.client, "");
        expect_msg (p.client, "a");
        expect_msg (p.client, "b");
        unsubscribe (p.client, "", 0);
        sync_subs (p.server, p.client);
        send_str (p.server, "b", 0);
        send_str (p.server, "", 0);
        send_str (p.server, "a", 0);
        expect_msg (p.client, "a");
        expect_nothing (p.client);
        close_pair (p);
    }
}

/* Each unsubscribe takes one subscription away; the last one ends the delivery. */
CASE (duplicates_are_counted)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = open_pair (ZMQ_PUB, ZMQ_SUB, transport);
        for (int i = 0; i < 3; ++i)
            subscribe (p.client, "topic", 5);
        for (int i = 0; i < 3; ++i) {
            sync_subs (p.server, p.client);
            send_str (p.server, "topic", 0);
            expect_msg (p.client, "topic");
            unsubscribe (p.client, "topic", 5);
        }
        sync_subs (p.server, p.client);
        send_str (p.server, "topic", 0);
        expect_nothing (p.client);
        /* Taking away what is not there changes nothing. */
        subscribe (p.client, "topic", 5);
        zmq_setsockopt (p.client, ZMQ_UNSUBSCRIBE, "top", 3);
        zmq_setsockopt (p.client, ZMQ_UNSUBSCRIBE, "topics", 6);
        sync_subs (p.server, p.client);
        send_str (p.server, "topics", 0);
        expect_msg (p.client, "topics");
        close_pair (p);
    }
}

CASE (binary_topics)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = open_pair (ZMQ_PUB, ZMQ_SUB, transport);
        char bytes[3] = {0, 0, 0};
        subscribe (p.client, "\0", 1);
        subscribe (p.client, "\xff\0\xfe", 3);
        sync_subs (p.server, p.client);
        for (int i = 0; i < 256; ++i) {
            bytes[0] = (char) i;
            CHECK_INT (zmq_send (p.server, bytes, sizeof bytes, 0), 3);
        }
        bytes[0] = (char) 0xff;
        bytes[2] = (char) 0xfe;
        CHECK_INT (zmq_send (p.server, bytes, sizeof bytes, 0), 3);
        expect_bytes (p.client, "\0\0", 3, 0);
        expect_bytes (p.client, "\xff\0\xfe", 3, 0);
        expect_nothing (p.client);
        close_pair (p);
    }
}

/* 5,000 topics, many of them prefixes of each other; half of them taken away again. */
CASE (many_topics)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = new_pair (ZMQ_PUB, ZMQ_SUB);
        char topic[32];
        for (int i = 0; i < 4; ++i) /* subscriptions are messages to the publisher */
            set_int (i < 2 ? p.server : p.client, i % 2 ? ZMQ_SNDHWM : ZMQ_RCVHWM, 0);
        join_sockets (p.server, p.client, transport);
        for (int i = 0; i < 5000; ++i)
            subscribe (p.client, topic, (size_t) snprintf (topic, sizeof topic, "t%d.", i));
        for (int i = 0; i < 5000; i += 2)
            unsubscribe (p.client, topic, (size_t) snprintf (topic, sizeof topic, "t%d.", i));
        sync_subs (p.server, p.client);
        for (int i = 0; i < 5000; ++i) {
            snprintf (topic, sizeof topic, "t%d.body", i);
            send_str (p.server, topic, 0);
        }
        for (int i = 1; i < 5000; i += 2) {
            snprintf (topic, sizeof topic, "t%d.body", i);
            expect_msg (p.client, topic);
        }
        expect_nothing (p.client);
        close_pair (p);
    }
}

CASE (fan_out)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *pub = mk_socket (ctx, ZMQ_PUB), *subs[4];
        char endpoint[ENDPOINT_SIZE], topic[2] = "0";
        bind_any (pub, transport, endpoint);
        for (int i = 0; i < 4; ++i) {
            subs[i] = mk_socket (ctx, ZMQ_SUB);
            topic[0] = (char) ('0' + i);
            subscribe (subs[i], topic, 1);
            subscribe (subs[i], "all", 3);
            REQUIRE_OK (zmq_connect (subs[i], endpoint));
            sync_subs (pub, subs[i]);
        }
        for (int i = 0; i < 4; ++i) {
            topic[0] = (char) ('0' + i);
            send_multi (pub, 2, topic, "own");
            send_multi (pub, 2, "all", topic);
        }
        for (int i = 0; i < 4; ++i) {
            for (int n = 0; n < 4; ++n) {
                topic[0] = (char) ('0' + n);
                if (n == i)
                    expect_multi (subs[i], 2, topic, "own");
                expect_multi (subs[i], 2, "all", topic);
            }
            CHECK_INT (settle (subs[i]), 0);
        }
        /* One leaves; the others do not notice. */
        rm_socket (subs[0]);
        send_str (pub, "all", 0);
        for (int i = 1; i < 4; ++i) {
            expect_msg (subs[i], "all");
            rm_socket (subs[i]);
        }
        rm_socket (pub);
        rm_ctx (ctx);
    }
}

/* The other way round: the subscriber binds, its subscriptions reach every publisher. */
CASE (many_publishers)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *sub = mk_socket (ctx, ZMQ_SUB), *pubs[3];
        char endpoint[ENDPOINT_SIZE];
        subscribe (sub, "a", 1);
        bind_any (sub, transport, endpoint);
        for (int i = 0; i < 3; ++i) {
            pubs[i] = mk_socket (ctx, ZMQ_PUB);
            REQUIRE_OK (zmq_connect (pubs[i], endpoint));
            sync_pub_sub (pubs[i], sub, "a");
        }
        subscribe (sub, "b", 1); /* reaches those that are there, too */
        for (int i = 0; i < 3; ++i) {
            sync_pub_sub (pubs[i], sub, "b");
            send_str (pubs[i], "c", 0);
            send_str (pubs[i], "a", 0);
            expect_msg (sub, "a");
            rm_socket (pubs[i]);
        }
        rm_socket (sub);
        rm_ctx (ctx);
    }
}

/* A full subscriber misses messages; what it gets is a whole, ordered beginning. */
CASE (drops_when_full)
{
    void *ctx = mk_ctx ();
    void *pub = mk_socket (ctx, ZMQ_PUB), *slow = mk_socket (ctx, ZMQ_SUB),
         *fast = mk_socket (ctx, ZMQ_SUB);
    char endpoint[ENDPOINT_SIZE];
    set_int (pub, ZMQ_SNDHWM, 3);
    set_int (slow, ZMQ_RCVHWM, 2);
    bind_any (pub, "inproc", endpoint);
    subscribe (slow, "", 0);
    subscribe (fast, "", 0);
    REQUIRE_OK (zmq_connect (slow, endpoint));
    REQUIRE_OK (zmq_connect (fast, endpoint));
    settle (pub);
    for (uint32_t i = 0; i < 20; ++i) {
        numbered_t body;
        send_str (pub, "head", ZMQ_SNDMORE);
        CHECK (send_numbered (pub, 0, i, 0));
        expect_part (fast, "head");
        REQUIRE (recv_numbered (fast, &body, 0));
        CHECK_INT (body.number, i);
    }
    CHECK_INT (settle (pub), ZMQ_POLLOUT); /* never mute */
    for (uint32_t i = 0; i < 5; ++i) {
        numbered_t body;
        expect_part (slow, "head");
        REQUIRE (recv_numbered (slow, &body, 0));
        CHECK_INT (body.number, i);
    }
    expect_nothing (slow);
    rm_socket (slow);
    rm_socket (fast);
    rm_socket (pub);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (one_way_only);
    RUN (nobody_listens);
    RUN (prefixes);
    RUN (empty_topic_is_everything);
    RUN (duplicates_are_counted);
    RUN (binary_topics);
    RUN (many_topics);
    RUN (fan_out);
    RUN (many_publishers);
    RUN (drops_when_full);
    return harness_end ();
}
