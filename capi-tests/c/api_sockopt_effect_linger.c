/*
 * ZMQ_LINGER: how long unsent messages hold up the end of a context.
 */
#include "harness.h"

/* A PUSH socket with one message for a peer that is not there. */
static void *mk_unsent (void *ctx, char *endpoint)
{
    void *push = mk_socket (ctx, ZMQ_PUSH);
    unused_endpoint (endpoint);
    CHECK_OK (zmq_connect (push, endpoint));
    send_str (push, "late", 0);
    return push;
}

static void *term (void *ctx)
{
    CHECK_OK (zmq_ctx_term (ctx));
    return NULL;
}

CASE (zero_drops_at_once)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_unsent (ctx, endpoint);
    set_int (push, ZMQ_LINGER, 0);
    CHECK_OK (zmq_close (push));
    CHECK_OK (zmq_ctx_term (ctx));
}

CASE (positive_waits_so_long)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_unsent (ctx, endpoint);
    set_int (push, ZMQ_LINGER, 200);
    CHECK_OK (zmq_close (push));
    const long long start = now_ms ();
    CHECK_OK (zmq_ctx_term (ctx));
    const long long took = now_ms () - start;
    CHECK (took >= 150 && took < DEADLINE_MS);
}

CASE (positive_ends_early_when_all_is_sent)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *other = mk_ctx ();
    void *push = mk_unsent (ctx, endpoint), *pull = mk_socket (other, ZMQ_PULL);
    set_int (push, ZMQ_LINGER, 3 * DEADLINE_MS);
    CHECK_OK (zmq_close (push));
    CHECK_OK (zmq_bind (pull, endpoint));
    const long long start = now_ms ();
    CHECK_OK (zmq_ctx_term (ctx));
    CHECK (now_ms () - start < 2 * DEADLINE_MS);
    expect_msg (pull, "late");
    rm_socket (pull);
    rm_ctx (other);
}

CASE (forever_waits_for_a_peer)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *other = mk_ctx ();
    void *push = mk_unsent (ctx, endpoint);
    set_int (push, ZMQ_LINGER, -1);
    CHECK_OK (zmq_close (push));
    pthread_t thread = start_thread (term, ctx);
    msleep (QUIET_MS);
    CHECK (pthread_tryjoin_np (thread, NULL) == EBUSY);
    void *pull = mk_socket (other, ZMQ_PULL);
    CHECK_OK (zmq_bind (pull, endpoint));
    join_thread (thread);
    expect_msg (pull, "late");
    rm_socket (pull);
    rm_ctx (other);
}

CASE (set_after_the_connect)
{
    /* LINGER acts on connections that exist already. */
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH);
    set_int (push, ZMQ_LINGER, -1);
    unused_endpoint (endpoint);
    CHECK_OK (zmq_connect (push, endpoint));
    send_str (push, "dropped", 0);
    set_int (push, ZMQ_LINGER, 0);
    CHECK_OK (zmq_close (push));
    CHECK_OK (zmq_ctx_term (ctx));
}

/* Sends, closes, terminates; the receiver has this HWM and must still get all, in order. */
static void deliver_all (const char *transport, int rcvhwm, int count)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *other = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (other, ZMQ_PULL);
    set_int (pull, ZMQ_RCVHWM, rcvhwm);
    bind_any (pull, transport, endpoint);
    set_int (push, ZMQ_SNDHWM, 0);
    CHECK_OK (zmq_connect (push, endpoint));
    for (int i = 0; i < count; ++i)
        CHECK_INT (zmq_send (push, &i, sizeof i, 0), sizeof i);
    CHECK_OK (zmq_close (push));
    pthread_t thread = start_thread (term, ctx);
    for (int i = 0; i < count; ++i) {
        int got = -1;
        const int rc = zmq_recv (pull, &got, sizeof got, 0);
        if (rc != sizeof got || got != i) {
            CHECK_INT (got, i);
            break;
        }
    }
    join_thread (thread);
    rm_socket (pull);
    rm_ctx (other);
}

CASE (default_delivers_everything)
{
    deliver_all ("tcp", 0, 2000);
    deliver_all ("ipc", 0, 2000);
}

CASE (default_delivers_everything_to_a_full_receiver)
{
    for (int i = 0; i < 5; ++i) {
        deliver_all ("tcp", 10, 3000);
        deliver_all ("ipc", 10, 3000);
    }
}

CASE (nothing_to_send_is_no_reason_to_wait)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH);
    unused_endpoint (endpoint);
    CHECK_OK (zmq_connect (push, endpoint));
    CHECK_OK (zmq_close (push));
    CHECK_OK (zmq_ctx_term (ctx));
}

CASE (inproc_never_waits)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    join_sockets (a, b, "inproc");
    send_str (a, "not read", 0);
    CHECK_OK (zmq_close (a));
    CHECK_OK (zmq_close (b));
    CHECK_OK (zmq_ctx_term (ctx));
}

CASE (inproc_is_readable_after_the_sender_closed)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PUSH), *b = mk_socket (ctx, ZMQ_PULL);
    join_sockets (b, a, "inproc");
    for (int i = 0; i < 10; ++i)
        send_str (a, "still there", 0);
    CHECK_OK (zmq_close (a));
    for (int i = 0; i < 10; ++i)
        expect_msg (b, "still there");
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (disconnect_lingers_too)
{
    /* Messages queued for an endpoint are still delivered after zmq_disconnect. */
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_unsent (ctx, endpoint), *pull = mk_socket (ctx, ZMQ_PULL);
    CHECK_OK (zmq_disconnect (push, endpoint));
    CHECK_OK (zmq_bind (pull, endpoint));
    expect_msg (pull, "late");
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (zero_drops_at_once);
    RUN (positive_waits_so_long);
    RUN (positive_ends_early_when_all_is_sent);
    RUN (forever_waits_for_a_peer);
    RUN (set_after_the_connect);
    RUN (default_delivers_everything);
    RUN_OURS (default_delivers_everything_to_a_full_receiver,
              "the reference's receiver hangs up before it has read what the kernel holds");
    RUN (nothing_to_send_is_no_reason_to_wait);
    RUN (inproc_never_waits);
    RUN (inproc_is_readable_after_the_sender_closed);
    RUN (disconnect_lingers_too);
    return harness_end ();
}
