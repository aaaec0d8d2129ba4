/*
 * zmq_proxy_steerable: PAUSE, RESUME, TERMINATE and STATISTICS on the control socket.
 */
#include "harness.h"

typedef struct
{
    void *ctx, *frontend, *backend, *capture, *control; /* of the proxy's thread */
    void *in, *out, *tap, *steer;                       /* the other ends, ours */
    pthread_t thread;
    int rc, err;
} setup_t;

static void *run_proxy (void *arg)
{
    setup_t *s = arg;
    s->rc = zmq_proxy_steerable (s->frontend, s->backend, s->capture, s->control);
    s->err = zmq_errno ();
    return NULL;
}

/* `frontend` and `backend` are types; the other ends are DEALERs, or PUSH and PULL. */
static void start (setup_t *s, int frontend, int backend, int with_capture, int control)
{
    const int pipeline = frontend == ZMQ_PULL;
    char endpoint[ENDPOINT_SIZE];
    memset (s, 0, sizeof *s);
    s->ctx = mk_ctx ();
    s->frontend = mk_socket (s->ctx, frontend);
    s->backend = mk_socket (s->ctx, backend);
    s->in = mk_socket (s->ctx, pipeline ? ZMQ_PUSH : ZMQ_DEALER);
    s->out = mk_socket (s->ctx, pipeline ? ZMQ_PULL : ZMQ_DEALER);
    join_sockets (s->frontend, s->in, "inproc");
    join_sockets (s->backend, s->out, "tcp");
    if (with_capture) {
        s->capture = mk_socket (s->ctx, ZMQ_PUSH);
        s->tap = mk_socket (s->ctx, ZMQ_PULL);
        join_sockets (s->capture, s->tap, "inproc");
    }
    if (control >= 0) {
        s->control = mk_socket (s->ctx, control);
        s->steer = mk_socket (s->ctx, control == ZMQ_REP ? ZMQ_REQ : control == ZMQ_SUB ? ZMQ_PUB : ZMQ_PAIR);
        if (control == ZMQ_SUB)
            set_str (s->control, ZMQ_SUBSCRIBE, "");
        bind_any (s->control, "inproc", endpoint);
        CHECK_OK (zmq_connect (s->steer, endpoint));
    }
    s->thread = start_thread (run_proxy, s);
}

static void finish (setup_t *s)
{
    void *const sockets[] = {s->frontend, s->backend, s->capture, s->control, s->in, s->out, s->tap, s->steer};
    join_thread (s->thread);
    for (int i = 0; i < 8; ++i)
        if (sockets[i])
            rm_socket (sockets[i]);
    rm_ctx (s->ctx);
}

/* Asks for the eight numbers. */
static void statistics (setup_t *s, uint64_t *numbers)
{
    send_str (s->steer, "STATISTICS", 0);
    for (int i = 0; i < 8; ++i) {
        numbers[i] = 0xdeadbeef;
        CHECK_INT (zmq_recv (s->steer, &numbers[i], sizeof numbers[i], 0), sizeof numbers[i]);
        CHECK_INT (opt_int (s->steer, ZMQ_RCVMORE), i < 7);
    }
}

static void print_statistics (setup_t *s)
{
    uint64_t n[8];
    statistics (s, n);
    printf ("  frontend in %u/%u out %u/%u, backend in %u/%u out %u/%u\n", (unsigned) n[0], (unsigned) n[1],
            (unsigned) n[2], (unsigned) n[3], (unsigned) n[4], (unsigned) n[5], (unsigned) n[6], (unsigned) n[7]);
}

CASE (terminate_gives_zero)
{
    setup_t s;
    start (&s, ZMQ_DEALER, ZMQ_DEALER, 0, ZMQ_PAIR);
    send_str (s.in, "through", 0);
    expect_msg (s.out, "through");
    send_str (s.steer, "TERMINATE", 0);
    join_thread (s.thread);
    CHECK_INT (s.rc, 0);
    /* The sockets are as they were: another proxy may use them. */
    s.thread = start_thread (run_proxy, &s);
    send_str (s.out, "back", 0);
    expect_msg (s.in, "back");
    send_str (s.steer, "TERMINATE", 0);
    finish (&s);
    CHECK_INT (s.rc, 0);
}

CASE (pause_and_resume)
{
    setup_t s;
    uint64_t ignored[8];
    start (&s, ZMQ_DEALER, ZMQ_DEALER, 0, ZMQ_PAIR);
    for (int round = 0; round < 3; ++round) {
        send_str (s.in, "one", 0);
        expect_msg (s.out, "one");
        send_str (s.steer, "PAUSE", 0);
        statistics (&s, ignored); /* the answer shows that the pause has begun */
        send_str (s.in, "held", 0);
        send_str (s.out, "held too", 0);
        expect_nothing (s.out);
        expect_nothing (s.in);
        send_str (s.steer, "RESUME", 0);
        expect_msg (s.out, "held");
        expect_msg (s.in, "held too");
    }
    send_str (s.steer, "TERMINATE", 0);
    finish (&s);
}

CASE (terminate_while_paused)
{
    setup_t s;
    start (&s, ZMQ_DEALER, ZMQ_DEALER, 0, ZMQ_PAIR);
    send_str (s.steer, "PAUSE", 0);
    send_str (s.in, "held", 0);
    send_str (s.steer, "TERMINATE", 0);
    finish (&s);
    CHECK_INT (s.rc, 0);
}

CASE (statistics_of_nothing)
{
    setup_t s;
    start (&s, ZMQ_DEALER, ZMQ_DEALER, 0, ZMQ_PAIR);
    print_statistics (&s);
    print_statistics (&s);
    send_str (s.steer, "TERMINATE", 0);
    finish (&s);
}

CASE (statistics_count_messages_and_bytes)
{
    setup_t s;
    start (&s, ZMQ_DEALER, ZMQ_DEALER, 0, ZMQ_PAIR);
    send_str (s.in, "12345", 0);
    expect_msg (s.out, "12345");
    print_statistics (&s);
    for (int i = 0; i < 10; ++i) {
        send_str (s.out, "answer", 0);
        expect_msg (s.in, "answer");
    }
    print_statistics (&s);
    send_str (s.steer, "TERMINATE", 0);
    finish (&s);
}

CASE (statistics_count_every_part)
{
    setup_t s;
    uint64_t numbers[8];
    start (&s, ZMQ_DEALER, ZMQ_DEALER, 0, ZMQ_PAIR);
    send_multi (s.in, 3, "1", "", "333");
    expect_multi (s.out, 3, "1", "", "333");
    statistics (&s, numbers);
    CHECK_INT (numbers[0], 3);
    CHECK_INT (numbers[1], 4);
    CHECK_INT (numbers[6], 3);
    CHECK_INT (numbers[7], 4);
    send_str (s.steer, "TERMINATE", 0);
    finish (&s);
}

CASE (statistics_of_a_pipeline)
{
    setup_t s;
    char body[1000];
    memset (body, 'b', sizeof body);
    start (&s, ZMQ_PULL, ZMQ_PUSH, 0, ZMQ_PAIR);
    for (int i = 0; i < 100; ++i)
        CHECK_INT (zmq_send (s.in, body, sizeof body, 0), sizeof body);
    for (int i = 0; i < 100; ++i)
        CHECK_INT (zmq_recv (s.out, body, sizeof body, 0), sizeof body);
    print_statistics (&s);
    send_str (s.steer, "TERMINATE", 0);
    finish (&s);
}

CASE (statistics_while_paused)
{
    setup_t s;
    start (&s, ZMQ_DEALER, ZMQ_DEALER, 0, ZMQ_PAIR);
    send_str (s.steer, "PAUSE", 0);
    print_statistics (&s);
    send_str (s.in, "held", 0);
    print_statistics (&s);
    send_str (s.steer, "RESUME", 0);
    expect_msg (s.out, "held");
    print_statistics (&s);
    send_str (s.steer, "TERMINATE", 0);
    finish (&s);
}

CASE (capture_is_not_counted)
{
    setup_t s;
    start (&s, ZMQ_DEALER, ZMQ_DEALER, 1, ZMQ_PAIR);
    send_str (s.in, "seen", 0);
    expect_msg (s.out, "seen");
    expect_msg (s.tap, "seen");
    print_statistics (&s);
    send_str (s.steer, "TERMINATE", 0);
    finish (&s);
}

CASE (control_by_publishing)
{
    setup_t s;
    start (&s, ZMQ_DEALER, ZMQ_DEALER, 0, ZMQ_SUB);
    send_str (s.in, "one", 0);
    expect_msg (s.out, "one");
    /* The subscription is there already, as control is inproc and the proxy has run. */
    send_str (s.steer, "PAUSE", 0);
    send_str (s.steer, "RESUME", 0);
    send_str (s.in, "two", 0);
    expect_msg (s.out, "two");
    send_str (s.steer, "TERMINATE", 0);
    finish (&s);
    CHECK_INT (s.rc, 0);
}

CASE (without_control)
{
    setup_t s;
    start (&s, ZMQ_DEALER, ZMQ_DEALER, 0, -1);
    send_str (s.in, "through", 0);
    expect_msg (s.out, "through");
    CHECK_OK (zmq_ctx_shutdown (s.ctx));
    join_thread (s.thread);
    CHECK_INT (s.rc, -1);
    CHECK_STR (err_name (s.err), "ETERM");
    void *const sockets[] = {s.frontend, s.backend, s.in, s.out};
    for (int i = 0; i < 4; ++i)
        CHECK_OK (zmq_close (sockets[i]));
    rm_ctx (s.ctx);
}

CASE (end_of_the_context)
{
    setup_t s;
    start (&s, ZMQ_DEALER, ZMQ_DEALER, 0, ZMQ_PAIR);
    msleep (20);
    CHECK_OK (zmq_ctx_shutdown (s.ctx));
    join_thread (s.thread);
    CHECK_INT (s.rc, -1);
    CHECK_STR (err_name (s.err), "ETERM");
    void *const sockets[] = {s.frontend, s.backend, s.in, s.out, s.control, s.steer};
    for (int i = 0; i < 6; ++i)
        CHECK_OK (zmq_close (sockets[i]));
    rm_ctx (s.ctx);
}

CASE (control_by_request)
{
    /* A REP control socket answers every command, most with an empty message. */
    setup_t s;
    uint64_t numbers[8];
    start (&s, ZMQ_DEALER, ZMQ_DEALER, 0, ZMQ_REP);
    send_str (s.steer, "PAUSE", 0);
    expect_msg (s.steer, "");
    send_str (s.in, "held", 0);
    expect_nothing (s.out);
    send_str (s.steer, "RESUME", 0);
    expect_msg (s.steer, "");
    expect_msg (s.out, "held");
    statistics (&s, numbers);
    CHECK_INT (numbers[0], 1);
    CHECK_INT (numbers[1], 4);
    CHECK_INT (numbers[6], 1);
    CHECK_INT (numbers[7], 4);
    send_str (s.steer, "TERMINATE", 0);
    expect_msg (s.steer, "");
    finish (&s);
    CHECK_INT (s.rc, 0);
}

CASE (unknown_commands)
{
    /* They are of no effect; a requester gets its empty answer all the same. */
    static const char *const unknown[] = {"", "pause", "PAUSE ", "PAUS", "TERMINATED", "STATISTICS?", "\1\2\3"};
    setup_t s;
    start (&s, ZMQ_DEALER, ZMQ_DEALER, 0, ZMQ_REP);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; ++i) {
        send_str (s.steer, unknown[i], 0);
        expect_msg (s.steer, "");
        send_str (s.in, "through", 0);
        expect_msg (s.out, "through");
    }
    send_str (s.steer, "TERMINATE", 0);
    expect_msg (s.steer, "");
    finish (&s);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (terminate_gives_zero);
    RUN (pause_and_resume);
    RUN (terminate_while_paused);
    RUN (statistics_of_nothing);
    RUN (statistics_count_messages_and_bytes);
    RUN_OURS (statistics_count_every_part, "older versions of the reference count whole messages");
    RUN (statistics_of_a_pipeline);
    RUN (statistics_while_paused);
    RUN (capture_is_not_counted);
    RUN (control_by_publishing);
    RUN (without_control);
    RUN (end_of_the_context);
    RUN_OURS (control_by_request, "older versions of the reference do not answer");
    RUN_OURS (unknown_commands, "the reference aborts");
    return harness_end ();
}
