/*
 * fork with a live context: the child may close and terminate what it inherited, use contexts of
 * its own, or do neither; the parent does not notice.
 */
#include "harness.h"

/* Begins a child; 0 inside it. */
static pid_t begin_child (void)
{
    fflush (stdout);
    fflush (stderr);
    const pid_t pid = fork ();
    REQUIRE (pid >= 0);
    if (pid == 0) {
        alarm (30);
        harness.case_failures = 0;
    }
    return pid;
}

/*
 * Ends a child; failed checks become exit code 1. It becomes another program first, so that a
 * memory checker does not look for leaks of the parent's in it.
 */
static void end_child (void)
{
    execl ("/bin/sh", "sh", "-c", harness.case_failures ? "exit 1" : "exit 0", (char *) NULL);
    _exit (harness.case_failures != 0);
}

static void in_child (void (*run) (void *), void *arg)
{
    const pid_t pid = begin_child ();
    if (pid == 0) {
        run (arg);
        end_child ();
    }
    CHECK_INT (wait_pid (pid), 0);
}

typedef struct
{
    void *ctx, *server, *client;
    char endpoint[ENDPOINT_SIZE];
} family_t;

static family_t mk_family (const char *transport)
{
    family_t family;
    family.ctx = mk_ctx ();
    family.server = mk_socket (family.ctx, ZMQ_ROUTER);
    family.client = mk_socket (family.ctx, ZMQ_DEALER);
    set_str (family.client, ZMQ_ROUTING_ID, "parent");
    bind_any (family.server, transport, family.endpoint);
    CHECK_OK (zmq_connect (family.client, family.endpoint));
    send_str (family.client, "before", 0);
    expect_multi (family.server, 2, "parent", "before");
    return family;
}

/* The parent's sockets work as if nothing had happened. */
static void goes_on (family_t *family)
{
    for (int i = 0; i < 20; ++i) {
        send_str (family->client, "after", 0);
        expect_multi (family->server, 2, "parent", "after");
        send_multi (family->server, 2, "parent", "answer");
        expect_msg (family->client, "answer");
    }
}

static void rm_family (family_t *family)
{
    rm_socket (family->server);
    rm_socket (family->client);
    rm_ctx (family->ctx);
}

static void do_nothing (void *arg)
{
    (void) arg;
}

static void close_all (void *arg)
{
    family_t *family = arg;
    CHECK_OK (zmq_close (family->server));
    CHECK_OK (zmq_close (family->client));
}

static void close_and_term (void *arg)
{
    family_t *family = arg;
    close_all (family);
    const int rc = zmq_ctx_term (family->ctx);
    if (!ON_REFERENCE ("in a child it answers EINTR for ever"))
        CHECK_INT (rc, 0);
}

/* A context of the child's own, talking to the parent's server. */
static void own_context (void *arg)
{
    family_t *family = arg;
    void *ctx = mk_ctx ();
    void *client = mk_socket (ctx, ZMQ_DEALER);
    set_str (client, ZMQ_ROUTING_ID, "child");
    CHECK_OK (zmq_connect (client, family->endpoint));
    send_str (client, "from the child", 0);
    expect_msg (client, "to the child");
    rm_socket (client);
    rm_ctx (ctx);
}

static void close_then_own_context (void *arg)
{
    close_and_term (arg);
    own_context (arg);
}

static void run_with (void (*run) (void *))
{
    static const char *const transports[] = {"tcp", "ipc", "inproc"};
    for (int t = 0; t < 3; ++t) {
        family_t family = mk_family (transports[t]);
        in_child (run, &family);
        goes_on (&family);
        rm_family (&family);
    }
}

CASE (child_does_nothing)
{
    run_with (do_nothing);
}

CASE (child_closes)
{
    run_with (close_all);
}

CASE (child_closes_and_terminates)
{
    run_with (close_and_term);
}

CASE (child_exits_through_atexit)
{
    static const char *const transports[] = {"tcp", "ipc", "inproc"};
    for (int t = 0; t < 3; ++t) {
        family_t family = mk_family (transports[t]);
        const pid_t pid = begin_child ();
        if (pid == 0)
            exit (0);
        /* A memory checker changes the code for leaks; a signal would show as 128 and more. */
        const int code = wait_pid (pid);
        CHECK (code >= 0 && code < 128);
        goes_on (&family);
        rm_family (&family);
    }
}

/* Serves one request of the child while it runs. */
static void serve_child (void (*run) (void *))
{
    static const char *const transports[] = {"tcp", "ipc"};
    for (int t = 0; t < 2; ++t) {
        family_t family = mk_family (transports[t]);
        const pid_t pid = begin_child ();
        if (pid == 0) {
            run (&family);
            end_child ();
        }
        expect_multi (family.server, 2, "child", "from the child");
        send_multi (family.server, 2, "child", "to the child");
        CHECK_INT (wait_pid (pid), 0);
        goes_on (&family);
        rm_family (&family);
    }
}

CASE (child_with_a_context_of_its_own)
{
    serve_child (own_context);
}

CASE (child_that_cleans_up_first)
{
    serve_child (close_then_own_context);
}

static void two_generations (void *arg)
{
    in_child (close_and_term, arg);
    close_and_term (arg);
}

CASE (grandchild)
{
    run_with (two_generations);
}

/* Opens and closes contexts, sockets, pollers and timers, and resolves names, until told to stop. */
static void *keeps_busy (void *arg)
{
    const int *stop = arg;
    while (!__atomic_load_n (stop, __ATOMIC_ACQUIRE)) {
        void *ctx = mk_ctx (), *timers = zmq_timers_new ();
        void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
        bind_any (server, "inproc", (char[ENDPOINT_SIZE]){0});
        CHECK_OK (zmq_connect (client, "tcp://localhost:1"));
        rm_socket (server);
        rm_socket (client);
        CHECK_OK (zmq_timers_destroy (&timers));
        rm_ctx (ctx);
    }
    return NULL;
}

static void close_then_other_context (void *arg)
{
    close_and_term (arg);
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    bind_any (server, "tcp", endpoint);
    char *port = strrchr (endpoint, ':');
    char named[ENDPOINT_SIZE];
    snprintf (named, sizeof named, "tcp://localhost%s", port);
    CHECK_OK (zmq_connect (client, named));
    bounce (server, client);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

/* Whatever other threads are at when the process forks. */
CASE (fork_while_others_are_busy)
{
    family_t family = mk_family ("tcp");
    int stop = 0;
    pthread_t threads[3];
    for (int t = 0; t < 3; ++t)
        threads[t] = start_thread (keeps_busy, &stop);
    for (int i = 0; i < 60; ++i)
        in_child (close_then_other_context, &family);
    __atomic_store_n (&stop, 1, __ATOMIC_RELEASE);
    for (int t = 0; t < 3; ++t)
        join_thread (threads[t]);
    goes_on (&family);
    rm_family (&family);
}

/* Anything else on an inherited socket is an error; it may not hang, crash or reach the parent. */
static void use_inherited (void *arg)
{
    family_t *family = arg;
    char byte;
    CHECK_INT (zmq_send (family->client, "stray", 5, ZMQ_DONTWAIT), -1);
    CHECK_INT (zmq_recv (family->client, &byte, 1, ZMQ_DONTWAIT), -1);
    CHECK_INT (zmq_recv (family->client, &byte, 1, 0), -1);
    CHECK_INT (zmq_bind (family->server, "tcp://127.0.0.1:*"), -1);
    CHECK_INT (zmq_connect (family->client, family->endpoint), -1);
    CHECK (zmq_socket (family->ctx, ZMQ_PAIR) == NULL);
    close_and_term (family);
}

CASE (inherited_sockets_give_errors)
{
    run_with (use_inherited);
}

/* What the program has, for its own handlers of forks. */
static struct
{
    int is_on;
    void *ctx, *server, *client;
    char endpoint[ENDPOINT_SIZE];
} handled;

static void handled_open (void)
{
    if (!handled.is_on)
        return;
    handled.ctx = mk_ctx ();
    handled.server = mk_socket (handled.ctx, ZMQ_DEALER);
    handled.client = mk_socket (handled.ctx, ZMQ_DEALER);
    bind_any (handled.server, "tcp", handled.endpoint);
    CHECK_OK (zmq_connect (handled.client, handled.endpoint));
}

static void handled_close (void)
{
    if (!handled.is_on)
        return;
    rm_socket (handled.client);
    rm_socket (handled.server);
    rm_ctx (handled.ctx);
}

/* Handlers that end what there is before a fork, and make it anew on both sides. */
CASE (handlers_of_the_program)
{
    handled.is_on = 1;
    handled_open ();
    for (int i = 0; i < 5; ++i) {
        const pid_t pid = begin_child ();
        bounce (handled.server, handled.client);
        if (pid == 0) {
            handled_close ();
            end_child ();
        }
        CHECK_INT (wait_pid (pid), 0);
    }
    handled_close ();
    handled.is_on = 0;
}

CASE (descriptors_do_not_survive_exec)
{
    /* Everything is close-on-exec. */
    char line[64], path[64];
    family_t family = mk_family ("tcp");
    for (int fd = 3; fd < 256; ++fd) {
        const int flags = fcntl (fd, F_GETFD);
        if (flags == -1 || flags & FD_CLOEXEC)
            continue;
        snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
        const ssize_t n = readlink (path, line, sizeof line - 1);
        line[n > 0 ? n : 0] = '\0';
        /* Others may have been open before we started; sockets and events are the library's. */
        CHECK (strncmp (line, "socket:", 7) != 0 && strncmp (line, "anon_inode:", 11) != 0);
    }
    rm_family (&family);
}

int main (int argc, char **argv)
{
    /* Before the library is used. */
    REQUIRE (pthread_atfork (handled_close, handled_open, handled_open) == 0);
    harness_begin (argc, argv);
    RUN (child_does_nothing);
    RUN (child_closes);
    RUN (child_closes_and_terminates);
    RUN (child_exits_through_atexit);
    RUN (child_with_a_context_of_its_own);
    RUN (child_that_cleans_up_first);
    RUN (grandchild);
    RUN_OURS (inherited_sockets_give_errors, "use other than close and terminate is undefined there");
    RUN_OURS (fork_while_others_are_busy, "its child may find locks taken for ever");
    RUN (handlers_of_the_program);
    RUN (descriptors_do_not_survive_exec);
    return harness_end ();
}
