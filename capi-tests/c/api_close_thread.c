/*
 * A socket that is closed by one thread while another one is inside a call on it. Undefined on
 * the reference; here the call ends with ENOTSOCK and the context can be terminated.
 */
#include "harness.h"

typedef struct
{
    void *socket;
    volatile int inside;
    int rc, err;
} call_t;

static void note (call_t *call, int rc)
{
    call->rc = rc;
    call->err = zmq_errno ();
}

static void *in_recv (void *arg)
{
    call_t *call = arg;
    char byte;
    call->inside = 1;
    note (call, zmq_recv (call->socket, &byte, 1, 0));
    return NULL;
}

static void *in_msg_recv (void *arg)
{
    call_t *call = arg;
    zmq_msg_t msg;
    zmq_msg_init (&msg);
    call->inside = 1;
    note (call, zmq_msg_recv (&msg, call->socket, 0));
    zmq_msg_close (&msg);
    return NULL;
}

static void *in_send (void *arg)
{
    call_t *call = arg;
    call->inside = 1;
    note (call, zmq_send (call->socket, "x", 1, 0));
    return NULL;
}

static void *in_poll (void *arg)
{
    call_t *call = arg;
    zmq_pollitem_t item = {call->socket, 0, ZMQ_POLLIN, 0};
    call->inside = 1;
    note (call, zmq_poll (&item, 1, -1));
    return NULL;
}

/* Closes the socket while the other thread is (most likely) inside; the call must end. */
static void close_under (void *(*run) (void *), int type, int use_timeout)
{
    void *ctx = mk_ctx ();
    call_t call = {zmq_socket (ctx, type), 0, 0, 0};
    REQUIRE (call.socket != NULL);
    if (use_timeout) {
        set_int (call.socket, ZMQ_RCVTIMEO, 3 * DEADLINE_MS);
        set_int (call.socket, ZMQ_SNDTIMEO, 3 * DEADLINE_MS);
    }
    CHECK_OK (zmq_bind (call.socket, "tcp://127.0.0.1:*"));
    pthread_t thread = start_thread (run, &call);
    CHECK (WAIT_FOR (call.inside));
    msleep (50);
    const long long start = now_ms ();
    CHECK_OK (zmq_close (call.socket));
    join_thread (thread);
    CHECK (now_ms () - start < DEADLINE_MS);
    CHECK_INT (call.rc, -1);
    CHECK_STR (err_name (call.err), "ENOTSOCK");
    rm_ctx (ctx);
}

CASE (recv_ends)
{
    close_under (in_recv, ZMQ_PULL, 0);
    close_under (in_recv, ZMQ_REP, 1);
    close_under (in_recv, ZMQ_SUB, 0);
}

CASE (msg_recv_ends)
{
    close_under (in_msg_recv, ZMQ_ROUTER, 0);
    close_under (in_msg_recv, ZMQ_PAIR, 1);
}

CASE (send_ends)
{
    close_under (in_send, ZMQ_PUSH, 0);
    close_under (in_send, ZMQ_DEALER, 1);
}

CASE (poll_ends)
{
    close_under (in_poll, ZMQ_PULL, 0);
    close_under (in_poll, ZMQ_DEALER, 0);
}

CASE (traffic_while_closing)
{
    for (int round = 0; round < 20; ++round) {
        void *ctx = mk_ctx ();
        void *push = mk_socket (ctx, ZMQ_PUSH);
        call_t call = {mk_socket (ctx, ZMQ_PULL), 0, 0, 0};
        join_sockets (call.socket, push, round % 2 ? "tcp" : "inproc");
        set_int (push, ZMQ_SNDTIMEO, 0);
        for (int i = 0; i < 100; ++i)
            zmq_send (push, "x", 1, 0);
        pthread_t threads[3];
        call_t calls[3];
        for (int i = 0; i < 3; ++i) {
            calls[i] = call;
            threads[i] = start_thread (i == 2 ? in_poll : in_recv, &calls[i]);
        }
        zmq_send (push, "y", 1, 0);
        CHECK_OK (zmq_close (call.socket));
        for (int i = 0; i < 3; ++i) {
            join_thread (threads[i]);
            CHECK (calls[i].rc >= 0 || calls[i].err == ENOTSOCK);
        }
        rm_socket (push);
        rm_ctx (ctx);
    }
}

CASE (closed_twice)
{
    for (int round = 0; round < 100; ++round) {
        void *ctx = mk_ctx ();
        void *socket = mk_socket (ctx, ZMQ_PAIR);
        const int first = zmq_close (socket), second = zmq_close (socket);
        CHECK_INT (first, 0);
        CHECK_INT (second, -1);
        rm_ctx (ctx);
    }
}

static void *close_it (void *arg)
{
    call_t *call = arg;
    while (!call->inside) {
    }
    note (call, zmq_close (call->socket));
    return NULL;
}

CASE (close_races_close)
{
    for (int round = 0; round < 50; ++round) {
        void *ctx = mk_ctx ();
        call_t call = {mk_socket (ctx, ZMQ_PAIR), 0, 0, 0};
        pthread_t thread = start_thread (close_it, &call);
        call.inside = 1;
        const int mine = zmq_close (call.socket);
        join_thread (thread);
        CHECK (mine == 0 || call.rc == 0);
        CHECK (mine == -1 || call.rc == -1);
        rm_ctx (ctx);
    }
}

static void *monitor_it (void *arg)
{
    call_t *call = arg;
    call->inside = 1;
    note (call, zmq_socket_monitor (call->socket, "inproc://events", ZMQ_EVENT_ALL));
    return NULL;
}

/* A monitor that begins while its socket is closed keeps nothing of the context. */
CASE (close_races_monitor)
{
    for (int round = 0; round < 500; ++round) {
        void *ctx = mk_ctx ();
        call_t call = {mk_socket (ctx, ZMQ_PAIR), 0, 0, 0};
        pthread_t thread = start_thread (monitor_it, &call);
        while (!call.inside) {
        }
        for (volatile int wait = round * 10; wait > 0; --wait) {
        }
        CHECK_OK (zmq_close (call.socket));
        join_thread (thread);
        CHECK (call.rc == 0 || call.err == ENOTSOCK);
        rm_ctx (ctx);
    }
}

static void *term_it (void *ctx)
{
    CHECK_OK (zmq_ctx_term (ctx));
    return NULL;
}

CASE (close_and_term_race)
{
    for (int round = 0; round < 50; ++round) {
        void *ctx = mk_ctx ();
        void *socket = mk_socket (ctx, ZMQ_DEALER);
        CHECK_OK (zmq_bind (socket, "tcp://127.0.0.1:*"));
        pthread_t thread = start_thread (term_it, ctx);
        CHECK_OK (zmq_close (socket));
        join_thread (thread);
    }
}

int main (int argc, char **argv)
{
    static const char reason[] = "use of a socket from two threads is undefined there";
    harness_begin (argc, argv);
    RUN_OURS (recv_ends, reason);
    RUN_OURS (msg_recv_ends, reason);
    RUN_OURS (send_ends, reason);
    RUN_OURS (poll_ends, reason);
    RUN_OURS (traffic_while_closing, reason);
    RUN_OURS (closed_twice, reason);
    RUN_OURS (close_races_close, reason);
    RUN_OURS (close_races_monitor, reason);
    RUN (close_and_term_race);
    return harness_end ();
}
