/*
 * One socket, many threads: undefined on the reference, serialised here. Messages arrive whole
 * and once; nothing crashes.
 */
#include "harness.h"

enum { THREADS = 4, COUNT = 5000 };

typedef struct
{
    void *socket;
    int index;
    int *seen; /* of a receiver: how often each number came */
} worker_t;

static void *send_numbers (void *arg)
{
    worker_t *worker = arg;
    for (int i = 0; i < COUNT; ++i) {
        const int number = worker->index * COUNT + i;
        CHECK_INT (zmq_send (worker->socket, &number, sizeof number, 0), sizeof number);
    }
    return NULL;
}

static void *receive_numbers (void *arg)
{
    worker_t *worker = arg;
    for (int i = 0; i < COUNT; ++i) {
        int number = -1;
        if (zmq_recv (worker->socket, &number, sizeof number, 0) != sizeof number) {
            CHECK (0 && "a number arrives");
            break;
        }
        CHECK (number >= 0 && number < THREADS * COUNT);
        __sync_fetch_and_add (&worker->seen[number], 1);
    }
    return NULL;
}

static void share (const char *transport)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    int *seen = calloc (THREADS * COUNT, sizeof *seen);
    worker_t senders[THREADS], receivers[THREADS];
    pthread_t threads[2 * THREADS];
    join_sockets (pull, push, transport);
    for (int i = 0; i < THREADS; ++i) {
        senders[i] = (worker_t){push, i, NULL};
        receivers[i] = (worker_t){pull, i, seen};
        threads[i] = start_thread (send_numbers, &senders[i]);
        threads[THREADS + i] = start_thread (receive_numbers, &receivers[i]);
    }
    for (int i = 0; i < 2 * THREADS; ++i)
        join_thread (threads[i]);
    for (int i = 0; i < THREADS * COUNT; ++i)
        if (seen[i] != 1) {
            CHECK_INT (seen[i], 1);
            break;
        }
    free (seen);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (inproc)
{
    share ("inproc");
}

CASE (tcp)
{
    share ("tcp");
}

CASE (ipc)
{
    share ("ipc");
}

/* Everything that may be called on a socket, from several threads at once. */
static void *hammer (void *arg)
{
    worker_t *worker = arg;
    unsigned random = (unsigned) worker->index * 7919 + 1;
    char buffer[64] = "", endpoint[ENDPOINT_SIZE];
    for (int i = 0; i < 2000; ++i) {
        int value = 10;
        size_t size = sizeof value;
        random = random * 1103515245 + 12345;
        zmq_pollitem_t item = {worker->socket, 0, ZMQ_POLLIN | ZMQ_POLLOUT, 0};
        switch ((random >> 16) % 9) {
            case 0:
                zmq_send (worker->socket, buffer, 10, ZMQ_DONTWAIT);
                break;
            case 1:
                zmq_recv (worker->socket, buffer, sizeof buffer, ZMQ_DONTWAIT);
                break;
            case 2:
                zmq_getsockopt (worker->socket, ZMQ_EVENTS, &value, &size);
                break;
            case 3:
                zmq_setsockopt (worker->socket, ZMQ_SNDHWM, &value, size);
                break;
            case 4:
                zmq_poll (&item, 1, 0);
                break;
            case 5:
                zmq_getsockopt (worker->socket, ZMQ_FD, &value, &size);
                break;
            case 6:
                size = sizeof endpoint;
                zmq_getsockopt (worker->socket, ZMQ_LAST_ENDPOINT, endpoint, &size);
                break;
            case 7:
                if (i % 50 == 0 && zmq_bind (worker->socket, "tcp://127.0.0.1:*") == 0) {
                    size = sizeof endpoint;
                    zmq_getsockopt (worker->socket, ZMQ_LAST_ENDPOINT, endpoint, &size);
                    zmq_unbind (worker->socket, endpoint);
                }
                break;
            default:
                zmq_recv (worker->socket, buffer, 0, ZMQ_DONTWAIT);
        }
    }
    return NULL;
}

CASE (every_call)
{
    for (int type = ZMQ_PAIR; type <= ZMQ_STREAM; ++type) {
        void *ctx = mk_ctx ();
        void *socket = mk_socket (ctx, type), *peer = mk_socket (ctx, ZMQ_STREAM);
        worker_t workers[THREADS];
        pthread_t threads[THREADS];
        char endpoint[ENDPOINT_SIZE];
        memset (workers, 0, sizeof workers);
        bind_any (socket, "tcp", endpoint);
        CHECK_OK (zmq_connect (peer, endpoint));
        for (int i = 0; i < THREADS; ++i) {
            workers[i].socket = socket;
            workers[i].index = i;
            threads[i] = start_thread (hammer, &workers[i]);
        }
        for (int i = 0; i < THREADS; ++i)
            join_thread (threads[i]);
        rm_socket (socket);
        rm_socket (peer);
        rm_ctx (ctx);
    }
}

static void *make_sockets (void *ctx)
{
    for (int i = 0; i < 200; ++i) {
        void *socket = zmq_socket (ctx, i % 12);
        CHECK (socket != NULL);
        if (socket)
            CHECK_OK (zmq_close (socket));
    }
    return NULL;
}

CASE (one_context_many_threads)
{
    /* This much is allowed everywhere. */
    void *ctx = mk_ctx ();
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; ++i)
        threads[i] = start_thread (make_sockets, ctx);
    for (int i = 0; i < THREADS; ++i)
        join_thread (threads[i]);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    static const char reason[] = "use of a socket from two threads is undefined there";
    harness_begin (argc, argv);
    RUN_OURS (inproc, reason);
    RUN_OURS (tcp, reason);
    RUN_OURS (ipc, reason);
    RUN_OURS (every_call, reason);
    RUN (one_context_many_threads);
    return harness_end ();
}
