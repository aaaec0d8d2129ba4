/*
 * zmq_proxy: messages pass both ways until the context ends.
 */
#include "harness.h"

typedef struct
{
    void *frontend, *backend, *capture;
    int rc, err;
} proxy_t;

static void *run_proxy (void *arg)
{
    proxy_t *proxy = arg;
    proxy->rc = zmq_proxy (proxy->frontend, proxy->backend, proxy->capture);
    proxy->err = zmq_errno ();
    CHECK_OK (zmq_close (proxy->frontend));
    if (proxy->backend != proxy->frontend)
        CHECK_OK (zmq_close (proxy->backend));
    if (proxy->capture)
        CHECK_OK (zmq_close (proxy->capture));
    return NULL;
}

/* Ends the context under a running proxy. */
static void end_proxy (void *ctx, pthread_t thread, proxy_t *proxy)
{
    CHECK_OK (zmq_ctx_shutdown (ctx));
    join_thread (thread);
    CHECK_INT (proxy->rc, -1);
    CHECK_STR (err_name (proxy->err), "ETERM");
    rm_ctx (ctx);
}

static void request_reply (const char *transport)
{
    char front[ENDPOINT_SIZE], back[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    proxy_t proxy = {mk_socket (ctx, ZMQ_ROUTER), mk_socket (ctx, ZMQ_DEALER), NULL, 0, 0};
    bind_any (proxy.frontend, transport, front);
    bind_any (proxy.backend, transport, back);
    void *req[3], *rep = mk_socket (ctx, ZMQ_REP);
    for (int i = 0; i < 3; ++i) {
        req[i] = mk_socket (ctx, ZMQ_REQ);
        CHECK_OK (zmq_connect (req[i], front));
    }
    CHECK_OK (zmq_connect (rep, back));
    pthread_t thread = start_thread (run_proxy, &proxy);
    for (int round = 0; round < 20; ++round)
        for (int i = 0; i < 3; ++i) {
            char text[32];
            snprintf (text, sizeof text, "q%d-%d", round, i);
            send_multi (req[i], 2, text, "part");
            expect_multi (rep, 2, text, "part");
            send_str (rep, text, 0);
            expect_msg (req[i], text);
        }
    for (int i = 0; i < 3; ++i)
        rm_socket (req[i]);
    rm_socket (rep);
    end_proxy (ctx, thread, &proxy);
}

CASE (router_and_dealer)
{
    request_reply ("inproc");
    request_reply ("tcp");
    request_reply ("ipc");
}

CASE (pull_and_push)
{
    enum { COUNT = 5000 };
    char front[ENDPOINT_SIZE], back[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    proxy_t proxy = {mk_socket (ctx, ZMQ_PULL), mk_socket (ctx, ZMQ_PUSH), NULL, 0, 0};
    bind_any (proxy.frontend, "inproc", front);
    bind_any (proxy.backend, "tcp", back);
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    set_int (push, ZMQ_SNDHWM, 0);
    CHECK_OK (zmq_connect (push, front));
    CHECK_OK (zmq_connect (pull, back));
    pthread_t thread = start_thread (run_proxy, &proxy);
    for (int i = 0; i < COUNT; ++i)
        CHECK_INT (zmq_send (push, &i, sizeof i, 0), sizeof i);
    for (int i = 0; i < COUNT; ++i) {
        int got = -1;
        CHECK_INT (zmq_recv (pull, &got, sizeof got, 0), sizeof got);
        CHECK_INT (got, i);
    }
    rm_socket (push);
    rm_socket (pull);
    end_proxy (ctx, thread, &proxy);
}

CASE (subscriptions_pass_upstream)
{
    char front[ENDPOINT_SIZE], back[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    proxy_t proxy = {mk_socket (ctx, ZMQ_XSUB), mk_socket (ctx, ZMQ_XPUB), NULL, 0, 0};
    bind_any (proxy.frontend, "tcp", front);
    bind_any (proxy.backend, "tcp", back);
    void *pub = mk_socket (ctx, ZMQ_XPUB), *sub = mk_socket (ctx, ZMQ_SUB);
    CHECK_OK (zmq_connect (pub, front));
    CHECK_OK (zmq_connect (sub, back));
    pthread_t thread = start_thread (run_proxy, &proxy);
    set_str (sub, ZMQ_SUBSCRIBE, "news");
    expect_msg (pub, "\1news");
    send_str (pub, "weather: none of our business", 0);
    send_multi (pub, 2, "news: one", "body");
    expect_multi (sub, 2, "news: one", "body");
    CHECK_OK (zmq_setsockopt (sub, ZMQ_UNSUBSCRIBE, "news", 4));
    expect_bytes (pub, "\0news", 5, 0);
    rm_socket (pub);
    rm_socket (sub);
    end_proxy (ctx, thread, &proxy);
}

CASE (capture_gets_everything)
{
    char front[ENDPOINT_SIZE], back[ENDPOINT_SIZE], side[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    proxy_t proxy = {mk_socket (ctx, ZMQ_DEALER), mk_socket (ctx, ZMQ_DEALER), mk_socket (ctx, ZMQ_PUSH), 0, 0};
    bind_any (proxy.frontend, "inproc", front);
    bind_any (proxy.backend, "inproc", back);
    bind_any (proxy.capture, "inproc", side);
    void *a = mk_socket (ctx, ZMQ_DEALER), *b = mk_socket (ctx, ZMQ_DEALER), *tap = mk_socket (ctx, ZMQ_PULL);
    CHECK_OK (zmq_connect (a, front));
    CHECK_OK (zmq_connect (b, back));
    CHECK_OK (zmq_connect (tap, side));
    pthread_t thread = start_thread (run_proxy, &proxy);
    for (int i = 0; i < 10; ++i) {
        send_multi (a, 3, "to b", "", "end");
        expect_multi (b, 3, "to b", "", "end");
        expect_multi (tap, 3, "to b", "", "end");
        send_str (b, "to a", 0);
        expect_msg (a, "to a");
        expect_msg (tap, "to a");
    }
    rm_socket (a);
    rm_socket (b);
    rm_socket (tap);
    end_proxy (ctx, thread, &proxy);
}

CASE (one_socket_on_both_sides)
{
    /* What comes in on the socket goes out of the same socket, to the next peer. */
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *both = mk_socket (ctx, ZMQ_DEALER);
    proxy_t proxy = {both, both, NULL, 0, 0};
    bind_any (both, "inproc", endpoint);
    void *only = mk_socket (ctx, ZMQ_DEALER);
    CHECK_OK (zmq_connect (only, endpoint));
    pthread_t thread = start_thread (run_proxy, &proxy);
    for (int i = 0; i < 10; ++i) {
        send_multi (only, 2, "there", "and back");
        expect_multi (only, 2, "there", "and back");
    }
    rm_socket (only);
    end_proxy (ctx, thread, &proxy);
}

CASE (idle_proxy_ends_with_the_context)
{
    void *ctx = mk_ctx ();
    proxy_t proxy = {mk_socket (ctx, ZMQ_ROUTER), mk_socket (ctx, ZMQ_DEALER), NULL, 0, 0};
    CHECK_OK (zmq_bind (proxy.frontend, "tcp://127.0.0.1:*"));
    CHECK_OK (zmq_bind (proxy.backend, "tcp://127.0.0.1:*"));
    pthread_t thread = start_thread (run_proxy, &proxy);
    msleep (30);
    end_proxy (ctx, thread, &proxy);
}

CASE (full_backend_holds_the_frontend)
{
    /* Nothing is lost while nobody takes the messages. */
    enum { COUNT = 2000 };
    char front[ENDPOINT_SIZE], back[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    proxy_t proxy = {mk_socket (ctx, ZMQ_PULL), mk_socket (ctx, ZMQ_PUSH), NULL, 0, 0};
    set_int (proxy.frontend, ZMQ_RCVHWM, 5);
    set_int (proxy.backend, ZMQ_SNDHWM, 5);
    set_int (proxy.backend, ZMQ_SNDTIMEO, -1);
    bind_any (proxy.frontend, "inproc", front);
    bind_any (proxy.backend, "inproc", back);
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    set_int (push, ZMQ_SNDHWM, 0);
    set_int (pull, ZMQ_RCVHWM, 5);
    CHECK_OK (zmq_connect (push, front));
    pthread_t thread = start_thread (run_proxy, &proxy);
    for (int i = 0; i < COUNT; ++i)
        CHECK_INT (zmq_send (push, &i, sizeof i, 0), sizeof i);
    CHECK_OK (zmq_connect (pull, back));
    for (int i = 0; i < COUNT; ++i) {
        int got = -1;
        CHECK_INT (zmq_recv (pull, &got, sizeof got, 0), sizeof got);
        CHECK_INT (got, i);
    }
    rm_socket (push);
    rm_socket (pull);
    end_proxy (ctx, thread, &proxy);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (router_and_dealer);
    RUN (pull_and_push);
    RUN (subscriptions_pass_upstream);
    RUN (capture_gets_everything);
    RUN (one_socket_on_both_sides);
    RUN (idle_proxy_ends_with_the_context);
    RUN (full_backend_holds_the_frontend);
    return harness_end ();
}
