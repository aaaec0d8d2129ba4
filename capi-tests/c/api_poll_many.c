/*
 * zmq_poll with many items, and what interrupts it: signals, the end of the context.
 */
#include "harness.h"

enum { MANY = 300 };

CASE (many_sockets)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *pull[MANY], *push[MANY];
    zmq_pollitem_t items[MANY];
    for (int i = 0; i < MANY; ++i) {
        pull[i] = mk_socket (ctx, ZMQ_PULL);
        push[i] = mk_socket (ctx, ZMQ_PUSH);
        snprintf (endpoint, sizeof endpoint, "inproc://many-%d", i);
        CHECK_OK (zmq_bind (pull[i], endpoint));
        CHECK_OK (zmq_connect (push[i], endpoint));
        items[i] = (zmq_pollitem_t){pull[i], 0, ZMQ_POLLIN, -1};
    }
    CHECK_INT (zmq_poll (items, MANY, 0), 0);
    send_str (push[MANY - 1], "x", 0);
    CHECK_INT (zmq_poll (items, MANY, -1), 1);
    CHECK_INT (items[MANY - 1].revents, ZMQ_POLLIN);
    for (int i = 0; i < MANY; i += 7)
        send_str (push[i], "x", 0);
    const int expected = (MANY + 6) / 7 + ((MANY - 1) % 7 != 0);
    CHECK (WAIT_FOR (zmq_poll (items, MANY, DEADLINE_MS) == expected));
    for (int i = 0; i < MANY; ++i)
        CHECK_INT (items[i].revents, i % 7 == 0 || i == MANY - 1 ? ZMQ_POLLIN : 0);
    for (int i = 0; i < MANY; ++i) {
        rm_socket (push[i]);
        rm_socket (pull[i]);
    }
    rm_ctx (ctx);
}

CASE (many_descriptors_and_a_socket)
{
    int fds[2];
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    zmq_pollitem_t *items = calloc (5000, sizeof *items);
    REQUIRE_OK (pipe (fds));
    join_sockets (a, b, "tcp");
    for (int i = 0; i < 500; ++i)
        items[i] = (zmq_pollitem_t){NULL, fds[0], ZMQ_POLLIN, -1};
    items[250] = (zmq_pollitem_t){a, 0, ZMQ_POLLIN, -1};
    CHECK_INT (zmq_poll (items, 500, 10), 0);
    send_str (b, "x", 0);
    CHECK_INT (zmq_poll (items, 500, -1), 1);
    CHECK_INT (items[250].revents, ZMQ_POLLIN);
    CHECK_INT (write (fds[1], "x", 1), 1);
    CHECK_INT (zmq_poll (items, 500, -1), 500);
    free (items);
    close (fds[0]);
    close (fds[1]);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (signal_interrupts)
{
    interrupter_t interrupter;
    int fds[2];
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PULL);
    REQUIRE_OK (pipe (fds));
    zmq_pollitem_t items[2] = {{socket, 0, ZMQ_POLLIN, 0}, {NULL, fds[0], ZMQ_POLLIN, 0}};
    CHECK_OK (zmq_bind (socket, "tcp://127.0.0.1:*"));
    interrupt_start (&interrupter);
    CHECK_ERRNO (zmq_poll (items, 1, -1), EINTR);
    CHECK_ERRNO (zmq_poll (items, 2, -1), EINTR);
    CHECK_ERRNO (zmq_poll (items + 1, 1, -1), EINTR);
    CHECK_ERRNO (zmq_poll (items, 2, DEADLINE_MS), EINTR);
    interrupt_stop (&interrupter);
    close (fds[0]);
    close (fds[1]);
    rm_socket (socket);
    rm_ctx (ctx);
}

typedef struct
{
    void *ctx;
    int use_term;
} ending_t;

static void *end_later (void *arg)
{
    ending_t *ending = arg;
    msleep (100);
    CHECK_OK (ending->use_term ? zmq_ctx_term (ending->ctx) : zmq_ctx_shutdown (ending->ctx));
    return NULL;
}

CASE (end_of_the_context_interrupts)
{
    for (int use_term = 0; use_term < 2; ++use_term) {
        ending_t ending = {mk_ctx (), use_term};
        void *a = mk_socket (ending.ctx, ZMQ_PULL), *b = mk_socket (ending.ctx, ZMQ_SUB);
        zmq_pollitem_t items[2] = {{a, 0, ZMQ_POLLIN, 0}, {b, 0, ZMQ_POLLIN, 0}};
        pthread_t thread = start_thread (end_later, &ending);
        CHECK_ERRNO (zmq_poll (items, 2, -1), ETERM);
        CHECK_ERRNO (zmq_poll (items, 2, 0), ETERM);
        CHECK_OK (zmq_close (a));
        CHECK_OK (zmq_close (b));
        join_thread (thread);
        if (!use_term)
            CHECK_OK (zmq_ctx_term (ending.ctx));
    }
}

CASE (sockets_of_two_contexts)
{
    void *one = mk_ctx (), *two = mk_ctx ();
    void *a = mk_socket (one, ZMQ_PAIR), *b = mk_socket (one, ZMQ_PAIR);
    void *c = mk_socket (two, ZMQ_PAIR), *d = mk_socket (two, ZMQ_PAIR);
    join_sockets (a, b, "inproc");
    join_sockets (c, d, "inproc");
    zmq_pollitem_t items[2] = {{a, 0, ZMQ_POLLIN, 0}, {c, 0, ZMQ_POLLIN, 0}};
    CHECK_INT (zmq_poll (items, 2, 0), 0);
    send_str (d, "x", 0);
    CHECK_INT (zmq_poll (items, 2, -1), 1);
    CHECK_INT (items[1].revents, ZMQ_POLLIN);
    CHECK_OK (zmq_ctx_shutdown (one));
    CHECK_ERRNO (zmq_poll (items, 2, -1), ETERM);
    CHECK_OK (zmq_close (a));
    CHECK_OK (zmq_close (b));
    rm_socket (c);
    rm_socket (d);
    rm_ctx (one);
    rm_ctx (two);
}

/* Which events each socket type shows alone, bound, and connected to nobody yet. */
CASE (initial_events_of_every_type)
{
    for (int type = ZMQ_PAIR; type <= ZMQ_STREAM; ++type) {
        char endpoint[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *alone = mk_socket (ctx, type), *bound = mk_socket (ctx, type), *connected = mk_socket (ctx, type);
        CHECK_OK (zmq_bind (bound, "tcp://127.0.0.1:*"));
        unused_endpoint (endpoint);
        CHECK_OK (zmq_connect (connected, endpoint));
        zmq_pollitem_t items[3] = {{alone, 0, ZMQ_POLLIN | ZMQ_POLLOUT, 0},
                                   {bound, 0, ZMQ_POLLIN | ZMQ_POLLOUT, 0},
                                   {connected, 0, ZMQ_POLLIN | ZMQ_POLLOUT, 0}};
        const int rc = zmq_poll (items, 3, 0);
        printf ("  %s: %d, alone %d, bound %d, connected %d\n", type_name (type), rc, items[0].revents,
                items[1].revents, items[2].revents);
        rm_socket (alone);
        rm_socket (bound);
        rm_socket (connected);
        rm_ctx (ctx);
    }
}

CASE (request_reply_events)
{
    void *ctx = mk_ctx ();
    void *rep = mk_socket (ctx, ZMQ_REP), *req = mk_socket (ctx, ZMQ_REQ);
    zmq_pollitem_t items[2] = {{req, 0, ZMQ_POLLIN | ZMQ_POLLOUT, 0}, {rep, 0, ZMQ_POLLIN | ZMQ_POLLOUT, 0}};
    join_sockets (rep, req, "inproc");
    for (int i = 0; i < 3; ++i) {
        CHECK_INT (zmq_poll (items, 2, 0), 1);
        CHECK_INT (items[0].revents, ZMQ_POLLOUT);
        CHECK_INT (items[1].revents, 0);
        send_str (req, "q", 0);
        CHECK (wait_readable (rep));
        CHECK_INT (zmq_poll (items, 2, 0), 1);
        CHECK_INT (items[0].revents, 0);
        CHECK_INT (items[1].revents, ZMQ_POLLIN);
        expect_msg (rep, "q");
        CHECK_INT (zmq_poll (items, 2, 0), 1);
        CHECK_INT (items[0].revents, 0);
        CHECK_INT (items[1].revents, ZMQ_POLLOUT);
        send_str (rep, "a", 0);
        CHECK (wait_readable (req));
        CHECK_INT (zmq_poll (items, 2, 0), 1);
        CHECK_INT (items[0].revents, ZMQ_POLLIN);
        CHECK_INT (items[1].revents, 0);
        expect_msg (req, "a");
    }
    rm_socket (req);
    rm_socket (rep);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (many_sockets);
    RUN (many_descriptors_and_a_socket);
    RUN (signal_interrupts);
    RUN (end_of_the_context_interrupts);
    RUN (sockets_of_two_contexts);
    RUN (initial_events_of_every_type);
    RUN (request_reply_events);
    return harness_end ();
}
