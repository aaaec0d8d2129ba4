/*
 * What peers leave behind when they go in the middle of something: messages without an end, properties
 * of subscriptions that nobody has read. Nothing of it arrives, and (under valgrind) nothing is kept.
 */
#include "bad_victim.h"

static wire_buf_t buf;
static char body[9000];

/* CVE-2021-20234: large and small frames with others to follow, and then the end. */
static void leave_in_the_middle (int type)
{
    static const size_t sizes[] = {0, 10, 300, sizeof body};
    victim_t v = open_victim (type);
    check_good (&v);
    for (int i = 0; i < 12; ++i) {
        const int fd = join_victim (&v, i % 2);
        for (int n = 0; n <= i % 4; ++n)
            wire_put_frame (&buf, WIRE_MORE, body, sizes[(i + n) % 4]);
        if (i % 3 == 0) { /* and half a frame */
            wire_put_frame (&buf, 0, body, sizeof body);
            buf.size -= sizeof body / 2;
        }
        wire_flush (fd, &buf);
        close (fd);
        if (i % 4 == 3)
            CHECK_INT (check_good (&v), 0);
    }
    CHECK_INT (check_good (&v), 0);
    close_victim (&v);
}

CASE (messages_without_an_end)
{
    leave_in_the_middle (ZMQ_PULL);
    leave_in_the_middle (ZMQ_DEALER);
    leave_in_the_middle (ZMQ_ROUTER);
    leave_in_the_middle (ZMQ_REP);
}

/* The socket's own half of a message, when the peer goes and when the socket does. */
CASE (sends_without_an_end)
{
    for (int round = 0; round < 4; ++round) {
        char endpoint[ENDPOINT_SIZE];
        void *ctx = mk_ctx (), *push = mk_socket (ctx, ZMQ_PUSH);
        bind_any (push, "tcp", endpoint);
        const int fd = wire_join (endpoint, 1, "PULL", "PUSH");
        CHECK (wait_writable (push));
        for (int i = 0; i <= round; ++i)
            CHECK_INT (zmq_send (push, body, i % 2 ? 10 : sizeof body, ZMQ_SNDMORE),
                       i % 2 ? 10 : sizeof body);
        if (round % 2)
            close (fd);
        set_int (push, ZMQ_LINGER, 0);
        rm_socket (push);
        rm_ctx (ctx);
        if (round % 2 == 0)
            close (fd);
    }
}

/*
 * CVE-2021-20237: subscriptions and messages for an XPUB, each with the properties of its sender, of
 * which the socket reads a part before the sender goes or the socket is closed.
 */
CASE (properties_of_subscriptions)
{
    for (int round = 0; round < 4; ++round) {
        char endpoint[ENDPOINT_SIZE], topic[300];
        void *ctx = mk_ctx (), *xpub = mk_socket (ctx, ZMQ_XPUB), *xsub = mk_socket (ctx, ZMQ_XSUB);
        zmq_msg_t msg;
        memset (topic, 't', sizeof topic);
        set_int (xpub, ZMQ_XPUB_VERBOSE, round % 2);
        set_int (xsub, ZMQ_LINGER, 0);
        bind_any (xpub, "tcp", endpoint);
        REQUIRE_OK (zmq_connect (xsub, endpoint));
        for (int i = 0; i < 200; ++i) {
            const size_t size = 1 + (size_t) (i * 7 % 290);
            topic[0] = i % 5 != 4;
            CHECK_INT (zmq_send (xsub, topic, size, 0), size);
            send_str (xsub, "upstream", 0);
        }
        REQUIRE_OK (zmq_msg_init (&msg));
        CHECK (zmq_msg_recv (&msg, xpub, 0) > 0);
        for (int i = 0; i < 20; ++i) /* how many come of what repeats itself is not the point */
            if (zmq_msg_recv (&msg, xpub, ZMQ_DONTWAIT) >= 0 && zmq_msg_gets (&msg, "Socket-Type"))
                CHECK_STR (zmq_msg_gets (&msg, "Socket-Type"), "XSUB");
        CHECK_OK (zmq_msg_close (&msg));
        if (round >= 2) { /* read it to the end */
            rm_socket (xsub);
            while (zmq_recv (xpub, topic, sizeof topic, ZMQ_DONTWAIT) >= 0)
                continue;
        }
        rm_socket (xpub);
        if (round < 2)
            rm_socket (xsub);
        rm_ctx (ctx);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (messages_without_an_end);
    RUN (sends_without_an_end);
    RUN (properties_of_subscriptions);
    return harness_end ();
}
