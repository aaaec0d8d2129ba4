/*
 * Ending a context (zmq_ctx_term(3), zmq_ctx_shutdown(3)): whoever is blocked wakes with ETERM,
 * every later call but close gives it, and term returns when the last socket is closed.
 */
#include "pat_common.h"

/* A thread that blocks in one call on its own socket and must come out of it with ETERM. */
typedef struct
{
    void *ctx;
    const char *what;
    volatile int entered;
} blocked_t;

static void *block (void *state)
{
    blocked_t *b = state;
    const int sends = strcmp (b->what, "send") == 0 || strcmp (b->what, "msg_send") == 0;
    void *socket = zmq_socket (b->ctx, sends ? ZMQ_PUSH : ZMQ_PULL);
    REQUIRE (socket != NULL);
    char endpoint[ENDPOINT_SIZE], byte;
    zmq_msg_t msg;
    REQUIRE_OK (zmq_msg_init (&msg));
    bind_any (socket, "tcp", endpoint);
    /* All that a context at its end would refuse comes before. */
    set_int (socket, ZMQ_RCVTIMEO, strcmp (b->what, "timed recv") == 0 ? 4 * DEADLINE_MS : -1);
    void *back = zmq_socket (b->ctx, ZMQ_PUSH);
    REQUIRE (back != NULL);
    b->entered = 1;
    if (strcmp (b->what, "send") == 0)
        CHECK_ERRNO (zmq_send (socket, "x", 1, 0), ETERM);
    else if (strcmp (b->what, "msg_send") == 0)
        CHECK_ERRNO (zmq_msg_send (&msg, socket, 0), ETERM);
    else if (strcmp (b->what, "recv") == 0 || strcmp (b->what, "timed recv") == 0)
        CHECK_ERRNO (zmq_recv (socket, &byte, 1, 0), ETERM);
    else if (strcmp (b->what, "msg_recv") == 0)
        CHECK_ERRNO (zmq_msg_recv (&msg, socket, 0), ETERM);
    else if (strcmp (b->what, "poll") == 0) {
        zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
        CHECK_ERRNO (zmq_poll (&item, 1, -1), ETERM);
    } else if (strcmp (b->what, "poll with a descriptor") == 0) {
        int pipes[2];
        REQUIRE_OK (pipe (pipes));
        zmq_pollitem_t items[2] = {{socket, 0, ZMQ_POLLIN, 0}, {NULL, pipes[0], ZMQ_POLLIN, 0}};
        CHECK_ERRNO (zmq_poll (items, 2, -1), ETERM);
        close (pipes[0]);
        close (pipes[1]);
    } else
        CHECK_ERRNO (zmq_proxy (socket, back, NULL), ETERM);
    CHECK_OK (zmq_close (back));
    CHECK_OK (zmq_msg_close (&msg));
    CHECK_OK (zmq_close (socket));
    return NULL;
}

static const char *const calls[] = {"send",       "msg_send", "recv",                   "msg_recv",
                                    "timed recv", "poll",     "poll with a descriptor", "proxy"};
enum { CALLS = sizeof calls / sizeof *calls };

static void check_wakes (int by_shutdown, int settle_ms)
{
    void *ctx = mk_ctx ();
    blocked_t blocked[CALLS];
    pthread_t threads[CALLS];
    for (int i = 0; i < CALLS; ++i) {
        blocked[i] = (blocked_t){ctx, calls[i], 0};
        threads[i] = start_thread (block, &blocked[i]);
        CHECK (WAIT_FOR (blocked[i].entered));
    }
    msleep (settle_ms); /* most likely blocked by now; ETERM either way */
    if (by_shutdown) {
        CHECK_OK (zmq_ctx_shutdown (ctx));
        CHECK_OK (zmq_ctx_shutdown (ctx)); /* a second time changes nothing */
    } else
        rm_ctx (ctx); /* waits for the threads to close their sockets */
    for (int i = 0; i < CALLS; ++i)
        join_thread (threads[i]);
    if (by_shutdown)
        rm_ctx (ctx);
}

CASE (by_term)
{
    check_wakes (0, 50);
    check_wakes (0, 0);
}

CASE (by_shutdown)
{
    check_wakes (1, 50);
    check_wakes (1, 0);
}

/* After shutdown no call does anything any more, on any kind of socket. */
static void check_calls (int noticed)
{
    const pair_t p = open_pair (ZMQ_DEALER, ZMQ_DEALER, "inproc");
    const pair_t q = {p.ctx, mk_socket (p.ctx, ZMQ_DEALER), mk_socket (p.ctx, ZMQ_DEALER)};
    int value = 0;
    size_t size = sizeof value;
    char byte;
    zmq_msg_t msg;
    join_sockets (q.server, q.client, "tcp");
    bounce (q.server, q.client);
    send_str (p.client, "waiting", 0);
    for (int i = 0; i < 4; ++i)
        set_int (i < 2 ? (i ? p.server : p.client) : (i % 2 ? q.server : q.client), ZMQ_LINGER, 0);
    REQUIRE_OK (zmq_ctx_shutdown (p.ctx));
    REQUIRE_OK (zmq_msg_init_size (&msg, 10));
    for (int i = 0; i < 2; ++i) {
        void *socket = i ? p.server : q.server;
        zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
        if (noticed)
            CHECK_ERRNO (zmq_getsockopt (socket, ZMQ_EVENTS, &value, &size), ETERM);
        CHECK_ERRNO (zmq_send (socket, "x", 1, 0), ETERM);
        CHECK_ERRNO (zmq_send (socket, "x", 1, ZMQ_DONTWAIT), ETERM);
        CHECK_ERRNO (zmq_msg_send (&msg, socket, 0), ETERM);
        CHECK_INT (zmq_msg_size (&msg), 10); /* it is still ours */
        CHECK_ERRNO (zmq_recv (socket, &byte, 1, 0), ETERM);
        CHECK_ERRNO (zmq_recv (socket, &byte, 1, ZMQ_DONTWAIT), ETERM);
        CHECK_ERRNO (zmq_bind (socket, "inproc://late"), ETERM);
        CHECK_ERRNO (zmq_connect (socket, "inproc://late"), ETERM);
        CHECK_ERRNO (zmq_unbind (socket, "inproc://late"), ETERM);
        CHECK_ERRNO (zmq_disconnect (socket, "inproc://late"), ETERM);
        CHECK_ERRNO (zmq_setsockopt (socket, ZMQ_LINGER, &value, sizeof value), ETERM);
        CHECK_ERRNO (zmq_getsockopt (socket, ZMQ_EVENTS, &value, &size), ETERM);
        CHECK_ERRNO (zmq_poll (&item, 1, 0), ETERM);
        CHECK_ERRNO (zmq_socket_monitor (socket, "inproc://late-monitor", ZMQ_EVENT_ALL), ETERM);
    }
    CHECK_NULL_ERRNO (zmq_socket (p.ctx, ZMQ_PULL), ETERM);
    CHECK_OK (zmq_msg_close (&msg));
    CHECK_OK (zmq_close (p.server));
    CHECK_OK (zmq_close (p.client));
    CHECK_OK (zmq_close (q.server));
    CHECK_OK (zmq_close (q.client));
    rm_ctx (p.ctx);
}

CASE (calls_after_shutdown)
{
    check_calls (1);
}

CASE (first_call_after_shutdown)
{
    check_calls (0);
}

static void *close_later (void *socket)
{
    msleep (100);
    CHECK_OK (zmq_close (socket));
    return NULL;
}

/* The end waits for the sockets that are open. */
CASE (term_waits_for_close)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_PULL);
    const long long begin = now_ms ();
    const pthread_t thread = start_thread (close_later, socket);
    rm_ctx (ctx);
    CHECK (now_ms () - begin >= 95);
    join_thread (thread);
}

/* A signal interrupts it, and it can be called again. */
CASE (term_is_interrupted)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_PULL);
    interrupter_t state;
    interrupt_start (&state);
    CHECK_ERRNO (zmq_ctx_term (ctx), EINTR);
    CHECK_ERRNO (zmq_ctx_term (ctx), EINTR);
    interrupt_stop (&state);
    CHECK_OK (zmq_close (socket));
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (by_term);
    RUN (by_shutdown);
    RUN (calls_after_shutdown);
    RUN_OURS (first_call_after_shutdown, "a send of the reference need not look for the shutdown");
    RUN (term_waits_for_close);
    RUN (term_is_interrupted);
    return harness_end ();
}
