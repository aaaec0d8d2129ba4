/*
 * zmq_poll on many sockets that were polled in vain many times before: whatever happens to one of them
 * shows at the next look.
 */
#include "harness.h"

enum { MANY = 40, IN_VAIN = 30 };

typedef struct
{
    void *ctx;
    void *pull[MANY], *push[MANY];
    zmq_pollitem_t items[MANY];
} crowd_t;

static void mk_crowd (crowd_t *crowd, const char *transport)
{
    crowd->ctx = mk_ctx ();
    for (int i = 0; i < MANY; ++i) {
        crowd->pull[i] = mk_socket (crowd->ctx, ZMQ_PULL);
        crowd->push[i] = mk_socket (crowd->ctx, ZMQ_PUSH);
        join_sockets (crowd->pull[i], crowd->push[i], transport);
        crowd->items[i] = (zmq_pollitem_t){crowd->pull[i], 0, ZMQ_POLLIN, -1};
    }
}

static void rm_crowd (crowd_t *crowd)
{
    for (int i = 0; i < MANY; ++i) {
        rm_socket (crowd->push[i]);
        rm_socket (crowd->pull[i]);
    }
    rm_ctx (crowd->ctx);
}

static void poll_in_vain (crowd_t *crowd)
{
    for (int i = 0; i < IN_VAIN; ++i)
        CHECK_INT (zmq_poll (crowd->items, MANY, 0), 0);
}

CASE (messages)
{
    static const char *const transports[] = {"inproc", "tcp", "ipc"};
    for (int t = 0; t < 3; ++t) {
        crowd_t crowd;
        mk_crowd (&crowd, transports[t]);
        for (int round = 0; round < 20; ++round) {
            const int chosen = round * 7 % MANY;
            poll_in_vain (&crowd);
            /* At a look, and in a wait. */
            send_str (crowd.push[chosen], "x", 0);
            if (round % 2)
                CHECK_INT (zmq_poll (crowd.items, MANY, DEADLINE_MS), 1);
            else
                CHECK (WAIT_FOR (zmq_poll (crowd.items, MANY, 0) == 1));
            for (int i = 0; i < MANY; ++i)
                CHECK_INT (crowd.items[i].revents, i == chosen ? ZMQ_POLLIN : 0);
            /* What is there stays there. */
            CHECK_INT (zmq_poll (crowd.items, MANY, 0), 1);
            send_str (crowd.push[chosen], "y", 0);
            expect_msg (crowd.pull[chosen], "x");
            CHECK_INT (zmq_poll (crowd.items, MANY, DEADLINE_MS), 1);
            expect_msg (crowd.pull[chosen], "y");
        }
        rm_crowd (&crowd);
    }
}

/* Sockets that take part in nothing else. */
static void mk_idle (void *ctx, void **sockets, zmq_pollitem_t *items, int count)
{
    for (int i = 0; i < count; ++i) {
        sockets[i] = mk_socket (ctx, ZMQ_PULL);
        items[i] = (zmq_pollitem_t){sockets[i], 0, ZMQ_POLLIN, 0};
    }
}

/* A request that waits behind another one becomes readable by the reply to that, and by nothing from outside. */
CASE (own_calls)
{
    void *idle[MANY - 1];
    zmq_pollitem_t items[MANY];
    void *ctx = mk_ctx ();
    void *rep = mk_socket (ctx, ZMQ_REP), *first = mk_socket (ctx, ZMQ_REQ), *second = mk_socket (ctx, ZMQ_REQ);
    mk_idle (ctx, idle, items, MANY - 1);
    join_sockets (rep, first, "inproc");
    char endpoint[ENDPOINT_SIZE];
    last_endpoint (rep, endpoint);
    CHECK_OK (zmq_connect (second, endpoint));
    items[MANY - 1] = (zmq_pollitem_t){rep, 0, ZMQ_POLLIN, 0};
    for (int round = 0; round < 3; ++round) {
        send_str (first, "one", 0);
        expect_msg (rep, "one");
        send_str (second, "two", 0);
        for (int i = 0; i < IN_VAIN; ++i)
            CHECK_INT (zmq_poll (items, MANY, 0), 0);
        send_str (rep, "answer", 0);
        CHECK_INT (zmq_poll (items, MANY, 0), 1);
        CHECK_INT (items[MANY - 1].revents, ZMQ_POLLIN);
        expect_msg (rep, "two");
        send_str (rep, "answer", 0);
        expect_msg (first, "answer");
        expect_msg (second, "answer");
    }
    for (int i = 0; i < MANY - 1; ++i)
        rm_socket (idle[i]);
    rm_socket (rep);
    rm_socket (first);
    rm_socket (second);
    rm_ctx (ctx);
}

CASE (room_to_send)
{
    crowd_t crowd;
    mk_crowd (&crowd, "inproc");
    poll_in_vain (&crowd);
    void *late = mk_socket (crowd.ctx, ZMQ_DEALER);
    CHECK_OK (zmq_bind (late, "inproc://late"));
    crowd.items[3] = (zmq_pollitem_t){late, 0, ZMQ_POLLIN, 0};
    poll_in_vain (&crowd);
    void *peer = mk_socket (crowd.ctx, ZMQ_DEALER);
    CHECK_OK (zmq_connect (peer, "inproc://late"));
    poll_in_vain (&crowd);
    crowd.items[3].events = ZMQ_POLLIN | ZMQ_POLLOUT;
    CHECK_INT (zmq_poll (crowd.items, MANY, 0), 1);
    CHECK_INT (crowd.items[3].revents, ZMQ_POLLOUT);
    rm_socket (peer);
    rm_socket (late);
    rm_crowd (&crowd);
}

CASE (beside_a_descriptor)
{
    crowd_t crowd;
    int fds[2];
    char byte;
    REQUIRE_OK (pipe (fds));
    mk_crowd (&crowd, "ipc");
    for (int has_fd = 0; has_fd < 2; ++has_fd) {
        if (has_fd)
            CHECK (opt_int (crowd.pull[1], ZMQ_FD) >= 0);
        crowd.items[0] = (zmq_pollitem_t){NULL, fds[0], ZMQ_POLLIN, 0};
        poll_in_vain (&crowd);
        CHECK_INT (write (fds[1], "x", 1), 1);
        CHECK_INT (zmq_poll (crowd.items, MANY, 0), 1);
        CHECK_INT (crowd.items[0].revents, ZMQ_POLLIN);
        CHECK_INT (read (fds[0], &byte, 1), 1);
        poll_in_vain (&crowd);
        send_str (crowd.push[9], "x", 0);
        CHECK_INT (zmq_poll (crowd.items, MANY, DEADLINE_MS), 1);
        CHECK_INT (crowd.items[9].revents, ZMQ_POLLIN);
        expect_msg (crowd.pull[9], "x");
    }
    close (fds[0]);
    close (fds[1]);
    rm_crowd (&crowd);
}

static void *send_to_all (void *arg)
{
    crowd_t *crowd = arg;
    unsigned choice = 1;
    for (int i = 0; i < 4000; ++i) {
        choice = choice * 1664525u + 1013904223u;
        send_str (crowd->push[(choice >> 8) % MANY], "x", 0);
        /* Now and then the poller finds nothing for a while. */
        if (choice >> 25 == 0)
            msleep (2);
    }
    return NULL;
}

CASE (messages_from_another_thread)
{
    static const char *const transports[] = {"inproc", "tcp"};
    for (int t = 0; t < 2; ++t) {
        crowd_t crowd;
        mk_crowd (&crowd, transports[t]);
        pthread_t thread = start_thread (send_to_all, &crowd);
        int seen = 0;
        for (const long long start = now_ms (); seen < 4000 && now_ms () - start < DEADLINE_MS;) {
            if (zmq_poll (crowd.items, MANY, 0) <= 0)
                continue;
            char byte;
            for (int i = 0; i < MANY; ++i) {
                if (crowd.items[i].revents == ZMQ_POLLIN)
                    seen += zmq_recv (crowd.pull[i], &byte, 1, ZMQ_DONTWAIT) == 1;
            }
        }
        CHECK_INT (seen, 4000);
        join_thread (thread);
        rm_crowd (&crowd);
    }
}

CASE (closed_sockets)
{
    crowd_t crowd;
    mk_crowd (&crowd, "inproc");
    poll_in_vain (&crowd);
    CHECK_OK (zmq_close (crowd.pull[5]));
    CHECK_ERRNO (zmq_poll (crowd.items, MANY, 0), ENOTSOCK);
    crowd.pull[5] = mk_socket (crowd.ctx, ZMQ_PULL);
    crowd.items[5].socket = crowd.pull[5];
    poll_in_vain (&crowd);
    rm_crowd (&crowd);
}

CASE (the_end_of_the_context)
{
    crowd_t crowd;
    mk_crowd (&crowd, "tcp");
    poll_in_vain (&crowd);
    CHECK_OK (zmq_ctx_shutdown (crowd.ctx));
    CHECK_ERRNO (zmq_poll (crowd.items, MANY, 0), ETERM);
    CHECK_ERRNO (zmq_poll (crowd.items, MANY, -1), ETERM);
    for (int i = 0; i < MANY; ++i) {
        CHECK_OK (zmq_close (crowd.push[i]));
        CHECK_OK (zmq_close (crowd.pull[i]));
    }
    rm_ctx (crowd.ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (messages);
    RUN (own_calls);
    RUN (room_to_send);
    RUN (beside_a_descriptor);
    RUN (messages_from_another_thread);
    RUN (closed_sockets);
    RUN (the_end_of_the_context);
    return harness_end ();
}
