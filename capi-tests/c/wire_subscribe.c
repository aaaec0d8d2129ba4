/*
 * Subscriptions on the wire: SUBSCRIBE and CANCEL commands for 3.1 peers (RFC 37 "The
 * Publish-Subscribe Pattern"), messages with a first octet of 1 or 0 for older ones (RFC 23, 15).
 */
#include "pat_common.h"
#include "wire_peer.h"

typedef enum { BY_COMMAND, BY_MESSAGE } form_t;

/* Subscribes (on) or cancels, as a peer would that we play. */
static void send_change (int fd, form_t form, int on, const void *topic, size_t size)
{
    static wire_buf_t body;
    if (form == BY_COMMAND)
        REQUIRE (wire_send_command (fd, on ? "SUBSCRIBE" : "CANCEL", topic, size));
    else {
        body.size = 0;
        wire_put_byte (&body, on);
        wire_put (&body, topic, size);
        REQUIRE (wire_send (fd, 0, body.data, body.size));
    }
}

/* Reads a change in the form that belongs to the version of the connection. */
static void expect_change (int fd, int minor, int on, const void *topic, size_t size)
{
    static wire_frame_t frame;
    const char *name = on ? "SUBSCRIBE" : "CANCEL";
    const size_t head = minor == 0 ? 1 : 1 + strlen (name);
    REQUIRE (wire_read_frame (fd, &frame));
    CHECK_INT ((frame.flags & WIRE_COMMAND) != 0, minor != 0);
    CHECK_INT (frame.flags & WIRE_MORE, 0);
    CHECK_INT (frame.size, head + size);
    if (minor == 0)
        CHECK_INT (frame.body[0], on);
    else
        CHECK (wire_is_command (&frame, name));
    CHECK_MEM (frame.body + head, topic, size);
}

static const struct
{
    int minor;
    form_t form;
} peers[] = {{1, BY_COMMAND}, {1, BY_MESSAGE}, {0, BY_MESSAGE}};

/* An XPUB shows the same messages to the application whatever the form on the wire. */
CASE (xpub_hears_both_forms)
{
    for (int i = 0; i < 3; ++i) {
        void *ctx = mk_ctx (), *xpub = mk_socket (ctx, ZMQ_XPUB);
        char endpoint[ENDPOINT_SIZE];
        static char topic[1001];
        const form_t form = peers[i].form;
        bind_any (xpub, "tcp", endpoint);
        const int fd = wire_join (endpoint, peers[i].minor, "SUB", "XPUB");
        send_change (fd, form, 1, "topic", 5);
        expect_bytes (xpub, "\1topic", 6, 0);
        send_change (fd, form, 1, "\0\xff", 2);
        expect_bytes (xpub, "\1\0\xff", 3, 0);
        send_change (fd, form, 1, "", 0);
        expect_bytes (xpub, "\1", 1, 0);
        memset (topic, 't', sizeof topic); /* long enough for a long frame */
        topic[0] = 1;
        send_change (fd, form, 1, topic + 1, 1000);
        expect_bytes (xpub, topic, 1001, 0);
        topic[0] = 0;
        send_change (fd, form, 0, topic + 1, 1000);
        expect_bytes (xpub, topic, 1001, 0);
        send_change (fd, form, 0, "", 0);
        expect_bytes (xpub, "\0", 1, 0);
        send_str (xpub, "other", 0);
        send_multi (xpub, 2, "topic 1", "body");
        expect_wire (fd, WIRE_MORE, "topic 1");
        expect_wire (fd, 0, "body");
        close (fd);
        /* Leaving cancels the rest, in any order. */
        for (int n = 0; n < 2; ++n) {
            char text[8];
            const int size = zmq_recv (xpub, text, sizeof text, 0);
            CHECK ((size == 3 && memcmp (text, "\0\0\xff", 3) == 0)
                   || (size == 6 && memcmp (text, "\0topic", 6) == 0));
        }
        expect_nothing (xpub);
        rm_socket (xpub);
        rm_ctx (ctx);
    }
}

/* PUB filters for the peer; commands and messages may be mixed on one connection. */
CASE (pub_filters)
{
    for (int i = 0; i < 3; ++i) {
        void *ctx = mk_ctx (), *pub = mk_socket (ctx, ZMQ_PUB);
        char endpoint[ENDPOINT_SIZE];
        bind_any (pub, "tcp", endpoint);
        const int fd = wire_join (endpoint, peers[i].minor, "SUB", "PUB");
        send_change (fd, peers[i].form, 1, "a", 1);
        send_change (fd, peers[i].form, 1, "b", 1);
        send_change (fd, peers[(i + 1) % 2].form, 0, "a", 1);
        send_change (fd, peers[i].form, 1, "end", 3);
        struct pollfd item = {fd, POLLIN, 0};
        CHECK (WAIT_FOR ((zmq_send (pub, "end", 3, 0), poll (&item, 1, 5) == 1)));
        send_str (pub, "a", 0);
        send_str (pub, "b", 0);
        static wire_frame_t frame;
        do {
            REQUIRE (wire_read_frame (fd, &frame));
        } while (frame.size == 3);
        CHECK_STR ((const char *) frame.body, "b");
        rm_socket (pub);
        rm_ctx (ctx);
        close (fd);
    }
}

/* A SUB or XSUB uses the form of its peer's version: what was there before, what comes later. */
CASE (sub_speaks_the_peers_version)
{
    static const int types[] = {ZMQ_SUB, ZMQ_XSUB};
    for (int i = 0; i < 4; ++i) {
        const int minor = i % 2, type = types[i / 2];
        const int as_message =
          type == ZMQ_XSUB && ON_REFERENCE ("XSUB passes what the application sends on as it is");
        void *ctx = mk_ctx (), *sub = mk_socket (ctx, type);
        char endpoint[ENDPOINT_SIZE];
        static wire_frame_t ready;
        const int listener = raw_listen (endpoint);
        if (type == ZMQ_SUB)
            set_str (sub, ZMQ_SUBSCRIBE, "early");
        else
            CHECK_INT (zmq_send (sub, "\1early", 6, 0), 6);
        set_int (sub, ZMQ_RECONNECT_IVL, 10);
        REQUIRE_OK (zmq_connect (sub, endpoint));
        for (int round = 0; round < 2; ++round) { /* the second time after a reconnect */
            const int fd = raw_accept (listener, DEADLINE_MS);
            REQUIRE (fd >= 0);
            wire_handshake_id (fd, minor, "PUB", NULL, type_name (type), &ready);
            REQUIRE (written_by (sub, fd));
            expect_change (fd, minor, 1, "early", 5);
            if (type == ZMQ_SUB) {
                set_str (sub, ZMQ_SUBSCRIBE, "late");
                set_str (sub, ZMQ_UNSUBSCRIBE, "late");
            } else {
                CHECK_INT (zmq_send (sub, "\1late", 5, 0), 5);
                CHECK_INT (zmq_send (sub, "\0late", 5, 0), 5);
            }
            expect_change (fd, as_message ? 0 : minor, 1, "late", 4);
            expect_change (fd, as_message ? 0 : minor, 0, "late", 4);
            REQUIRE (wire_send (fd, 0, "early bird", 10));
            expect_msg (sub, "early bird");
            close (fd);
        }
        close (listener);
        rm_socket (sub);
        rm_ctx (ctx);
    }
}

/* What is no subscription reaches the application of an XPUB and nobody at a PUB. */
CASE (messages_upstream)
{
    for (int minor = 0; minor < 2; ++minor) {
        void *ctx = mk_ctx (), *xpub = mk_socket (ctx, ZMQ_XPUB), *pub = mk_socket (ctx, ZMQ_PUB);
        char endpoint[ENDPOINT_SIZE];
        bind_any (xpub, "tcp", endpoint);
        int fd = wire_join (endpoint, minor, "XSUB", "XPUB");
        REQUIRE (wire_send (fd, 0, "hello", 5));
        expect_msg (xpub, "hello");
        REQUIRE (wire_send (fd, WIRE_MORE, "two", 3));
        REQUIRE (wire_send (fd, 0, "parts", 5));
        expect_multi (xpub, 2, "two", "parts");
        close (fd);
        bind_any (pub, "tcp", endpoint);
        fd = wire_join (endpoint, minor, "XSUB", "PUB");
        REQUIRE (wire_send (fd, 0, "hello", 5));
        send_change (fd, BY_MESSAGE, 1, "", 0);
        struct pollfd item = {fd, POLLIN, 0};
        CHECK (WAIT_FOR ((zmq_send (pub, "out", 3, 0), poll (&item, 1, 5) == 1)));
        expect_wire (fd, 0, "out");
        rm_socket (xpub);
        rm_socket (pub);
        rm_ctx (ctx);
        close (fd);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (xpub_hears_both_forms);
    RUN (pub_filters);
    RUN (sub_speaks_the_peers_version);
    RUN (messages_upstream);
    return harness_end ();
}
