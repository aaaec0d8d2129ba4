/*
 * zmq_device: the old name of a proxy. The type argument says nothing more than that.
 */
#include "harness.h"

typedef struct
{
    int type;
    void *frontend, *backend;
    int rc, err;
} device_t;

static void *run_device (void *arg)
{
    device_t *device = arg;
    device->rc = zmq_device (device->type, device->frontend, device->backend);
    device->err = zmq_errno ();
    CHECK_OK (zmq_close (device->frontend));
    CHECK_OK (zmq_close (device->backend));
    return NULL;
}

static void end_device (void *ctx, pthread_t thread, device_t *device)
{
    CHECK_OK (zmq_ctx_shutdown (ctx));
    join_thread (thread);
    CHECK_INT (device->rc, -1);
    CHECK_STR (err_name (device->err), "ETERM");
    rm_ctx (ctx);
}

CASE (null_sockets)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    CHECK_ERRNO (zmq_device (ZMQ_QUEUE, NULL, NULL), EFAULT);
    CHECK_ERRNO (zmq_device (ZMQ_QUEUE, socket, NULL), EFAULT);
    CHECK_ERRNO (zmq_device (ZMQ_QUEUE, NULL, socket), EFAULT);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (queue)
{
    char front[ENDPOINT_SIZE], back[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    device_t device = {ZMQ_QUEUE, mk_socket (ctx, ZMQ_XREP), mk_socket (ctx, ZMQ_XREQ), 0, 0};
    bind_any (device.frontend, "tcp", front);
    bind_any (device.backend, "inproc", back);
    void *req = mk_socket (ctx, ZMQ_REQ), *rep = mk_socket (ctx, ZMQ_REP);
    CHECK_OK (zmq_connect (req, front));
    CHECK_OK (zmq_connect (rep, back));
    pthread_t thread = start_thread (run_device, &device);
    for (int i = 0; i < 10; ++i) {
        send_multi (req, 2, "question", "with parts");
        expect_multi (rep, 2, "question", "with parts");
        send_multi (rep, 2, "answer", "with parts");
        expect_multi (req, 2, "answer", "with parts");
    }
    rm_socket (req);
    rm_socket (rep);
    end_device (ctx, thread, &device);
}

CASE (streamer)
{
    char front[ENDPOINT_SIZE], back[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    device_t device = {ZMQ_STREAMER, mk_socket (ctx, ZMQ_PULL), mk_socket (ctx, ZMQ_PUSH), 0, 0};
    bind_any (device.frontend, "ipc", front);
    bind_any (device.backend, "tcp", back);
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    CHECK_OK (zmq_connect (push, front));
    CHECK_OK (zmq_connect (pull, back));
    pthread_t thread = start_thread (run_device, &device);
    for (int i = 0; i < 500; ++i)
        CHECK_INT (zmq_send (push, &i, sizeof i, 0), sizeof i);
    for (int i = 0; i < 500; ++i) {
        int got = -1;
        CHECK_INT (zmq_recv (pull, &got, sizeof got, 0), sizeof got);
        CHECK_INT (got, i);
    }
    rm_socket (push);
    rm_socket (pull);
    end_device (ctx, thread, &device);
}

CASE (forwarder)
{
    char front[ENDPOINT_SIZE], back[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    device_t device = {ZMQ_FORWARDER, mk_socket (ctx, ZMQ_XSUB), mk_socket (ctx, ZMQ_XPUB), 0, 0};
    bind_any (device.frontend, "tcp", front);
    bind_any (device.backend, "tcp", back);
    void *pub = mk_socket (ctx, ZMQ_PUB), *sub = mk_socket (ctx, ZMQ_SUB);
    set_str (sub, ZMQ_SUBSCRIBE, "a");
    CHECK_OK (zmq_connect (pub, front));
    CHECK_OK (zmq_connect (sub, back));
    pthread_t thread = start_thread (run_device, &device);
    sync_pub_sub (pub, sub, "a");
    send_str (pub, "b not wanted", 0);
    send_str (pub, "a wanted", 0);
    expect_msg (sub, "a wanted");
    rm_socket (pub);
    rm_socket (sub);
    end_device (ctx, thread, &device);
}

CASE (type_is_not_looked_at)
{
    const int types[] = {0, ZMQ_QUEUE, -1, 99};
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i) {
        char front[ENDPOINT_SIZE], back[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        device_t device = {types[i], mk_socket (ctx, ZMQ_PULL), mk_socket (ctx, ZMQ_PUSH), 0, 0};
        bind_any (device.frontend, "inproc", front);
        bind_any (device.backend, "inproc", back);
        void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
        CHECK_OK (zmq_connect (push, front));
        CHECK_OK (zmq_connect (pull, back));
        pthread_t thread = start_thread (run_device, &device);
        send_str (push, "through", 0);
        expect_msg (pull, "through");
        rm_socket (push);
        rm_socket (pull);
        end_device (ctx, thread, &device);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN_OURS (null_sockets, "the reference dereferences the pointer");
    RUN (queue);
    RUN (streamer);
    RUN (forwarder);
    RUN (type_is_not_looked_at);
    return harness_end ();
}
