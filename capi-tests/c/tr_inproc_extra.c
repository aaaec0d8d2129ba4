/*
 * inproc beyond the common suite (zmq_inproc(7)): names belong to a context, connect and bind may
 * race from different threads, no I/O thread is needed, nobody waits for a bind that never comes.
 */
#include "pat_common.h"

CASE (names)
{
    const pair_t p = new_pair (ZMQ_PAIR, ZMQ_PAIR);
    char name[ENDPOINT_SIZE];
    void *other_ctx = mk_ctx (), *other = mk_socket (other_ctx, ZMQ_PAIR);
    CHECK_ERRNO (zmq_bind (p.server, "inproc://"), EINVAL);
    CHECK_ERRNO (zmq_connect (p.client, "inproc://"), EINVAL);
    memset (name, 'n', sizeof name);
    memcpy (name, "inproc://", 9);
    name[sizeof name - 1] = '\0';
    REQUIRE_OK (zmq_bind (p.server, name));
    CHECK_OK (zmq_bind (other, name)); /* another context, another name */
    CHECK_ERRNO (zmq_bind (p.client, name), EADDRINUSE);
    REQUIRE_OK (zmq_connect (p.client, name));
    bounce (p.server, p.client);
    CHECK_ERRNO (zmq_recv (other, name, 1, ZMQ_DONTWAIT), EAGAIN);
    /* Any characters, and their case counts. */
    REQUIRE_OK (zmq_bind (other, "inproc://#1 a/b:c?*"));
    CHECK_OK (zmq_bind (other, "inproc://#1 A/b:c?*"));
    CHECK_ERRNO (zmq_bind (other, "inproc://#1 a/b:c?*"), EADDRINUSE);
    rm_socket (other);
    rm_ctx (other_ctx);
    close_pair (p);
}

/* For inproc alone a context needs no I/O thread; for anything else it does. */
CASE (no_io_threads)
{
    void *ctx = mk_ctx ();
    REQUIRE_OK (zmq_ctx_set (ctx, ZMQ_IO_THREADS, 0));
    const pair_t p = {ctx, mk_socket (ctx, ZMQ_PAIR), mk_socket (ctx, ZMQ_PAIR)};
    join_sockets (p.server, p.client, "inproc");
    bounce (p.server, p.client);
    CHECK_ERRNO (zmq_bind (p.server, "tcp://127.0.0.1:*"), EMTHREAD);
    CHECK_ERRNO (zmq_connect (p.client, "tcp://127.0.0.1:1"), EMTHREAD);
    bounce (p.server, p.client);
    close_pair (p);
}

typedef struct
{
    void *ctx;
    uint32_t source;
    const char *endpoint;
} job_t;

enum { THREADS = 8, EACH = 200 };

static void *connect_and_send (void *state)
{
    const job_t *job = state;
    void *push = mk_socket (job->ctx, ZMQ_PUSH);
    REQUIRE_OK (zmq_connect (push, job->endpoint));
    for (uint32_t i = 0; i < EACH; ++i)
        CHECK (send_numbered (push, job->source, i, 0));
    rm_socket_linger (push);
    return NULL;
}

static void receive_from_all (void *pull)
{
    tally_t tally = {{0}, 0};
    for (int i = 0; i < THREADS * EACH; ++i) {
        numbered_t body;
        REQUIRE (recv_numbered (pull, &body, 0));
        tally_add (&tally, &body);
    }
    CHECK_INT (tally.wrong, 0);
    for (int i = 0; i < THREADS; ++i)
        CHECK_INT (tally.next[i], EACH);
}

/* Eight threads connect and send; the name is bound while they do (or before, or after). */
CASE (connect_races_bind)
{
    for (int round = 0; round < 30; ++round) {
        void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL);
        pthread_t threads[THREADS];
        job_t jobs[THREADS];
        for (uint32_t i = 0; i < THREADS; ++i) {
            jobs[i] = (job_t){ctx, i, "inproc://race"};
            threads[i] = start_thread (connect_and_send, &jobs[i]);
            if ((int) i == round % THREADS)
                REQUIRE_OK (zmq_bind (pull, "inproc://race"));
        }
        receive_from_all (pull);
        for (int i = 0; i < THREADS; ++i)
            join_thread (threads[i]);
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

static void *echo_thread (void *ctx)
{
    void *rep = mk_socket (ctx, ZMQ_REP);
    numbered_t body;
    REQUIRE_OK (zmq_bind (rep, "inproc://echo"));
    do {
        REQUIRE (recv_numbered (rep, &body, 0));
        CHECK (send_numbered (rep, body.source, body.number, 0));
    } while (body.source == 0);
    rm_socket_linger (rep);
    return NULL;
}

/* Two threads hand a message to and fro: each must wake the other, every time. */
CASE (ping_pong_between_threads)
{
    enum { ROUNDS = 5000 };
    void *ctx = mk_ctx (), *req = mk_socket (ctx, ZMQ_REQ);
    const pthread_t echo = start_thread (echo_thread, ctx);
    REQUIRE_OK (zmq_connect (req, "inproc://echo"));
    for (uint32_t i = 0; i < ROUNDS; ++i) {
        numbered_t body;
        CHECK (send_numbered (req, i + 1 == ROUNDS, i, 0));
        REQUIRE (recv_numbered (req, &body, 0));
        CHECK_INT (body.number, i);
    }
    join_thread (echo);
    rm_socket (req);
    rm_ctx (ctx);
}

/* Nobody ever binds: the messages have no peer, and the end does not wait for one. */
CASE (never_bound)
{
    static const int types[] = {ZMQ_PAIR, ZMQ_PUSH, ZMQ_DEALER, ZMQ_REQ, ZMQ_SUB, ZMQ_ROUTER};
    for (int linger = 0; linger < 2; ++linger)
        for (int i = 0; i < 6; ++i) {
            void *ctx = mk_ctx (), *socket = mk_socket (ctx, types[i]);
            set_int (socket, ZMQ_LINGER, linger ? 100 : 0);
            REQUIRE_OK (zmq_connect (socket, "inproc://nobody"));
            REQUIRE_OK (zmq_connect (socket, "inproc://nobody either"));
            zmq_send (socket, "lost", 4, ZMQ_DONTWAIT);
            CHECK_OK (zmq_close (socket));
            rm_ctx (ctx);
        }
}

/* The one that connected is gone before the bind. */
CASE (closed_before_bind)
{
    void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL), *push;
    for (int i = 0; i < 10; ++i) {
        push = mk_socket (ctx, ZMQ_PUSH);
        REQUIRE_OK (zmq_connect (push, "inproc://late"));
        rm_socket (push);
    }
    REQUIRE_OK (zmq_bind (pull, "inproc://late"));
    expect_nothing (pull);
    push = mk_socket (ctx, ZMQ_PUSH);
    REQUIRE_OK (zmq_connect (push, "inproc://late"));
    send_str (push, "alive", 0);
    expect_msg (pull, "alive");
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

/* One socket connects twice to a name and is bound to it besides: two more peers, itself. */
CASE (several_connects_to_one_name)
{
    void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL), *push = mk_socket (ctx, ZMQ_PUSH);
    REQUIRE_OK (zmq_connect (push, "inproc://twice"));
    REQUIRE_OK (zmq_connect (push, "inproc://twice"));
    set_int (pull, ZMQ_RCVHWM, 5);
    REQUIRE_OK (zmq_bind (pull, "inproc://twice"));
    for (uint32_t i = 0; i < 10; ++i)
        CHECK (send_numbered (push, 0, i, 0));
    unsigned seen = 0;
    for (int i = 0; i < 10; ++i) {
        numbered_t body;
        REQUIRE (recv_numbered (pull, &body, 0));
        seen |= 1u << body.number;
    }
    CHECK_INT (seen, 0x3ff);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

/* What connects to a socket that is closed is no endpoint any more. */
CASE (peer_is_gone)
{
    static const int types[][2] = {{ZMQ_PULL, ZMQ_PUSH}, {ZMQ_DEALER, ZMQ_DEALER}, {ZMQ_PAIR, ZMQ_PAIR}};
    for (int t = 0; t < 3; ++t) {
        pair_t p = new_pair (types[t][0], types[t][1]);
        char endpoint[ENDPOINT_SIZE], other[ENDPOINT_SIZE];
        bind_any (p.server, "inproc", endpoint);
        REQUIRE_OK (zmq_connect (p.client, endpoint));
        send_str (p.client, "hello", 0);
        expect_msg (p.server, "hello");
        rm_socket (p.server);
        CHECK (WAIT_FOR ((settle (p.client) & ZMQ_POLLOUT) == 0));
        CHECK_ERRNO (zmq_disconnect (p.client, endpoint), ENOENT);
        /* As good as new. */
        p.server = mk_socket (p.ctx, types[t][0]);
        bind_any (p.server, "inproc", other);
        REQUIRE_OK (zmq_connect (p.client, other));
        send_str (p.client, "again", 0);
        expect_msg (p.server, "again");
        CHECK_OK (zmq_disconnect (p.client, other));
        CHECK_ERRNO (zmq_disconnect (p.client, other), ENOENT);
        close_pair (p);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (names);
    RUN (no_io_threads);
    RUN (connect_races_bind);
    RUN (ping_pong_between_threads);
    RUN (never_bound);
    RUN (closed_before_bind);
    RUN (several_connects_to_one_name);
    RUN_OURS (peer_is_gone, "the reference's threads take their time to notice");
    return harness_end ();
}
