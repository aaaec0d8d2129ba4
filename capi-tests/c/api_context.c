/*
 * Contexts: zmq_ctx_new, _set, _get, _shutdown, _term and the older zmq_init, zmq_term,
 * zmq_ctx_destroy. Options are api_context_options.c.
 */
#include "harness.h"

CASE (new_and_term)
{
    for (int i = 0; i < 20; ++i) {
        void *ctx = zmq_ctx_new ();
        CHECK (ctx != NULL);
        CHECK_OK (zmq_ctx_term (ctx));
    }
}

CASE (many_at_once)
{
    void *ctx[16];
    for (int i = 0; i < 16; ++i) {
        ctx[i] = mk_ctx ();
        for (int k = 0; k < i; ++k)
            CHECK (ctx[i] != ctx[k]);
    }
    for (int i = 0; i < 16; ++i)
        CHECK_OK (zmq_ctx_term (ctx[i]));
}

CASE (null_is_efault)
{
    CHECK_ERRNO (zmq_ctx_term (NULL), EFAULT);
    CHECK_ERRNO (zmq_ctx_shutdown (NULL), EFAULT);
    CHECK_ERRNO (zmq_ctx_set (NULL, ZMQ_IO_THREADS, 1), EFAULT);
    CHECK_ERRNO (zmq_ctx_get (NULL, ZMQ_IO_THREADS), EFAULT);
    CHECK_ERRNO (zmq_term (NULL), EFAULT);
    CHECK_ERRNO (zmq_ctx_destroy (NULL), EFAULT);
    CHECK_NULL_ERRNO (zmq_socket (NULL, ZMQ_PAIR), EFAULT);
}

CASE (foreign_pointer_is_efault)
{
    /* Memory of ours that is no context. */
    void *block = calloc (1, 4096);
    memset (block, 0x5a, 4096);
    CHECK_ERRNO (zmq_ctx_term (block), EFAULT);
    CHECK_ERRNO (zmq_ctx_shutdown (block), EFAULT);
    CHECK_ERRNO (zmq_ctx_set (block, ZMQ_IO_THREADS, 1), EFAULT);
    CHECK_ERRNO (zmq_ctx_get (block, ZMQ_IO_THREADS), EFAULT);
    CHECK_NULL_ERRNO (zmq_socket (block, ZMQ_PAIR), EFAULT);
    free (block);
}

CASE (socket_is_no_context)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    CHECK_ERRNO (zmq_ctx_term (socket), EFAULT);
    CHECK_ERRNO (zmq_ctx_shutdown (socket), EFAULT);
    CHECK_ERRNO (zmq_ctx_set (socket, ZMQ_IO_THREADS, 1), EFAULT);
    CHECK_NULL_ERRNO (zmq_socket (socket, ZMQ_PAIR), EFAULT);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (term_twice)
{
    void *ctx = mk_ctx ();
    rm_socket (mk_socket (ctx, ZMQ_PAIR));
    CHECK_OK (zmq_ctx_term (ctx));
    CHECK_ERRNO (zmq_ctx_term (ctx), EFAULT);
    CHECK_ERRNO (zmq_ctx_shutdown (ctx), EFAULT);
    CHECK_ERRNO (zmq_ctx_set (ctx, ZMQ_IO_THREADS, 1), EFAULT);
    CHECK_ERRNO (zmq_ctx_get (ctx, ZMQ_IO_THREADS), EFAULT);
    CHECK_NULL_ERRNO (zmq_socket (ctx, ZMQ_PAIR), EFAULT);
}

CASE (unknown_socket_type)
{
    void *ctx = mk_ctx ();
    CHECK_NULL_ERRNO (zmq_socket (ctx, -1), EINVAL);
    CHECK_NULL_ERRNO (zmq_socket (ctx, 21), EINVAL);
    CHECK_NULL_ERRNO (zmq_socket (ctx, 1000), EINVAL);
    CHECK_NULL_ERRNO (zmq_socket (ctx, INT32_MAX), EINVAL);
    CHECK_NULL_ERRNO (zmq_socket (ctx, INT32_MIN), EINVAL);
    /* None of these used up a socket slot for good. */
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (every_standard_type)
{
    void *ctx = mk_ctx ();
    for (int type = ZMQ_PAIR; type <= ZMQ_STREAM; ++type) {
        void *socket = mk_socket (ctx, type);
        CHECK_INT (opt_int (socket, ZMQ_TYPE), type);
        CHECK_INT (opt_int (socket, ZMQ_THREAD_SAFE), 0);
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

CASE (legacy_init)
{
    const int threads[] = {0, 1, 2, 5};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; ++i) {
        void *ctx = zmq_init (threads[i]);
        REQUIRE (ctx != NULL);
        CHECK_INT (zmq_ctx_get (ctx, ZMQ_IO_THREADS), threads[i]);
        CHECK_OK (zmq_term (ctx));
    }
    CHECK_NULL_ERRNO (zmq_init (-1), EINVAL);
    CHECK_NULL_ERRNO (zmq_init (INT32_MIN), EINVAL);
}

CASE (legacy_names_end_a_context)
{
    void *ctx = mk_ctx ();
    CHECK_OK (zmq_ctx_destroy (ctx));
    CHECK_ERRNO (zmq_ctx_destroy (ctx), EFAULT);
    ctx = mk_ctx ();
    CHECK_OK (zmq_term (ctx));
    CHECK_ERRNO (zmq_term (ctx), EFAULT);
}

CASE (sockets_of_a_context_with_no_io_threads)
{
    void *ctx = zmq_init (0);
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    join_sockets (a, b, "inproc");
    bounce (a, b);
    CHECK_ERRNO (zmq_bind (a, "tcp://127.0.0.1:*"), EMTHREAD);
    CHECK_ERRNO (zmq_connect (a, "tcp://127.0.0.1:9"), EMTHREAD);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (shutdown_without_sockets)
{
    void *ctx = mk_ctx ();
    CHECK_OK (zmq_ctx_shutdown (ctx));
    CHECK_OK (zmq_ctx_shutdown (ctx));
    CHECK_NULL_ERRNO (zmq_socket (ctx, ZMQ_PAIR), ETERM);
    CHECK_OK (zmq_ctx_term (ctx));
}

CASE (shutdown_refuses_all_but_close)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_DEALER);
    int value = 0;
    size_t size = sizeof value;
    char byte = 0;
    zmq_msg_t msg;
    CHECK_OK (zmq_ctx_shutdown (ctx));
    CHECK_NULL_ERRNO (zmq_socket (ctx, ZMQ_PAIR), ETERM);
    CHECK_ERRNO (zmq_send (socket, "x", 1, 0), ETERM);
    CHECK_ERRNO (zmq_send (socket, "x", 1, ZMQ_DONTWAIT), ETERM);
    CHECK_ERRNO (zmq_send_const (socket, "x", 1, 0), ETERM);
    CHECK_ERRNO (zmq_recv (socket, &byte, 1, 0), ETERM);
    CHECK_ERRNO (zmq_recv (socket, &byte, 1, ZMQ_DONTWAIT), ETERM);
    zmq_msg_init (&msg);
    CHECK_ERRNO (zmq_msg_recv (&msg, socket, 0), ETERM);
    CHECK_ERRNO (zmq_msg_send (&msg, socket, 0), ETERM);
    zmq_msg_close (&msg);
    CHECK_ERRNO (zmq_bind (socket, "inproc://x"), ETERM);
    CHECK_ERRNO (zmq_connect (socket, "inproc://x"), ETERM);
    CHECK_ERRNO (zmq_unbind (socket, "inproc://x"), ETERM);
    CHECK_ERRNO (zmq_disconnect (socket, "inproc://x"), ETERM);
    CHECK_ERRNO (zmq_setsockopt (socket, ZMQ_SNDHWM, &value, sizeof value), ETERM);
    CHECK_ERRNO (zmq_setsockopt (socket, ZMQ_PLAIN_USERNAME, "", 0), ETERM);
    CHECK_ERRNO (zmq_getsockopt (socket, ZMQ_TYPE, &value, &size), ETERM);
    CHECK_ERRNO (zmq_bind (socket, ""), ETERM);
    CHECK_ERRNO (zmq_socket_monitor (socket, "inproc://m", ZMQ_EVENT_ALL), ETERM);
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    CHECK_ERRNO (zmq_poll (&item, 1, 0), ETERM);
    CHECK_OK (zmq_close (socket));
    CHECK_OK (zmq_ctx_term (ctx));
}

static void *block_in_recv (void *socket)
{
    char byte;
    CHECK_ERRNO (zmq_recv (socket, &byte, 1, 0), ETERM);
    CHECK_ERRNO (zmq_recv (socket, &byte, 1, 0), ETERM);
    CHECK_OK (zmq_close (socket));
    return NULL;
}

static void *block_in_send (void *socket)
{
    CHECK_ERRNO (zmq_send (socket, "x", 1, 0), ETERM);
    CHECK_OK (zmq_close (socket));
    return NULL;
}

static void *block_in_poll (void *socket)
{
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    CHECK_ERRNO (zmq_poll (&item, 1, -1), ETERM);
    CHECK_OK (zmq_close (socket));
    return NULL;
}

/* Starts three blocked threads and gives the context. */
static void *mk_blocked (pthread_t *threads)
{
    void *ctx = mk_ctx ();
    threads[0] = start_thread (block_in_recv, mk_socket (ctx, ZMQ_PULL));
    threads[1] = start_thread (block_in_send, mk_socket (ctx, ZMQ_PUSH));
    threads[2] = start_thread (block_in_poll, mk_socket (ctx, ZMQ_SUB));
    msleep (30); /* most likely all are blocked by now; if not, they get ETERM at once */
    return ctx;
}

CASE (shutdown_wakes_blocked_calls)
{
    pthread_t threads[3];
    void *ctx = mk_blocked (threads);
    CHECK_OK (zmq_ctx_shutdown (ctx));
    for (int i = 0; i < 3; ++i)
        join_thread (threads[i]);
    CHECK_OK (zmq_ctx_term (ctx));
}

CASE (term_wakes_blocked_calls_and_waits_for_close)
{
    pthread_t threads[3];
    void *ctx = mk_blocked (threads);
    CHECK_OK (zmq_ctx_term (ctx));
    for (int i = 0; i < 3; ++i)
        join_thread (threads[i]);
}

static void *close_later (void *socket)
{
    msleep (100);
    CHECK_OK (zmq_close (socket));
    return NULL;
}

CASE (term_waits_for_an_open_socket)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    const long long start = now_ms ();
    pthread_t thread = start_thread (close_later, socket);
    CHECK_OK (zmq_ctx_term (ctx));
    CHECK (now_ms () - start >= 95);
    join_thread (thread);
}

CASE (term_is_interrupted_and_resumes)
{
    interrupter_t interrupter;
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    interrupt_start (&interrupter);
    CHECK_ERRNO (zmq_ctx_term (ctx), EINTR);
    CHECK_ERRNO (zmq_ctx_term (ctx), EINTR);
    interrupt_stop (&interrupter);
    /* The first call has already told the sockets. */
    CHECK_ERRNO (zmq_send (socket, "x", 1, ZMQ_DONTWAIT), ETERM);
    CHECK_NULL_ERRNO (zmq_socket (ctx, ZMQ_PAIR), ETERM);
    CHECK_OK (zmq_close (socket));
    CHECK_OK (zmq_ctx_term (ctx));
}

CASE (term_after_shutdown_is_interrupted_and_resumes)
{
    interrupter_t interrupter;
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    CHECK_OK (zmq_ctx_shutdown (ctx));
    interrupt_start (&interrupter);
    CHECK_ERRNO (zmq_ctx_term (ctx), EINTR);
    interrupt_stop (&interrupter);
    CHECK_OK (zmq_ctx_shutdown (ctx));
    CHECK_OK (zmq_close (socket));
    CHECK_OK (zmq_ctx_term (ctx));
}

CASE (contexts_are_separate)
{
    void *one = mk_ctx (), *two = mk_ctx ();
    void *a = mk_socket (one, ZMQ_PAIR), *b = mk_socket (two, ZMQ_PAIR);
    CHECK_OK (zmq_bind (a, "inproc://same"));
    CHECK_OK (zmq_bind (b, "inproc://same"));
    CHECK_OK (zmq_ctx_shutdown (one));
    CHECK_ERRNO (zmq_send (a, "x", 1, ZMQ_DONTWAIT), ETERM);
    CHECK_ERRNO (zmq_send (b, "x", 1, ZMQ_DONTWAIT), EAGAIN);
    rm_socket (b);
    CHECK_OK (zmq_close (a));
    rm_ctx (one);
    rm_ctx (two);
}

CASE (descriptors_are_given_back)
{
    rm_ctx (mk_ctx ());
    const int before = count_fds ();
    for (int i = 0; i < 5; ++i) {
        void *ctx = mk_ctx ();
        void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
        join_sockets (a, b, "tcp");
        bounce (a, b);
        rm_socket (a);
        rm_socket (b);
        rm_ctx (ctx);
    }
    CHECK_INT (count_fds (), before);
}

/* A program may end with a live context; nothing may hang or crash at exit. */
ROLE (careless)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    join_sockets (a, b, "tcp");
    bounce (a, b);
    return 0;
}

CASE (never_terminated)
{
    for (int i = 0; i < 5; ++i) {
        child_t child = spawn_role ("careless", NULL);
        CHECK_INT (child_wait (&child), 0);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    ON_ROLE (careless);
    RUN (new_and_term);
    RUN (many_at_once);
    RUN (null_is_efault);
    RUN (foreign_pointer_is_efault);
    RUN (socket_is_no_context);
    RUN_OURS (term_twice, "the reference has freed the context");
    RUN (unknown_socket_type);
    RUN (every_standard_type);
    RUN (legacy_init);
    RUN_OURS (legacy_names_end_a_context, "the reference has freed the context");
    RUN (sockets_of_a_context_with_no_io_threads);
    RUN (shutdown_without_sockets);
    RUN (shutdown_refuses_all_but_close);
    RUN (shutdown_wakes_blocked_calls);
    RUN (term_wakes_blocked_calls_and_waits_for_close);
    RUN (term_waits_for_an_open_socket);
    RUN (term_is_interrupted_and_resumes);
    RUN (term_after_shutdown_is_interrupted_and_resumes);
    RUN (contexts_are_separate);
    RUN (descriptors_are_given_back);
    RUN (never_terminated);
    return harness_end ();
}
