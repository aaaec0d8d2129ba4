/*
 * ZMQ_FD and ZMQ_EVENTS, as event loops use them: the descriptor says when to look, ZMQ_EVENTS
 * says what there is. Whatever the loop does in between, it must never sleep on a silent
 * descriptor while a message waits.
 */
#include "harness.h"
#include <sys/epoll.h>

static int events (void *socket)
{
    return opt_int (socket, ZMQ_EVENTS);
}

/* Waits until the descriptor is readable; 0 at the deadline. */
static int wait_fd (int fd, int timeout)
{
    struct pollfd item = {fd, POLLIN, 0};
    int rc;
    do {
        rc = poll (&item, 1, timeout);
    } while (rc == -1 && errno == EINTR);
    return rc == 1;
}

/* Sleeps on the descriptor until this event is there, the way a loop does. */
static int wait_event_by_fd (void *socket, int event)
{
    const int fd = opt_int (socket, ZMQ_FD);
    const long long end = now_ms () + DEADLINE_MS;
    while (!(events (socket) & event)) {
        const long long left = end - now_ms ();
        if (left <= 0 || !wait_fd (fd, (int) left))
            return events (socket) & event;
    }
    return 1;
}

CASE (descriptor_is_stable_and_its_own)
{
    void *ctx = mk_ctx ();
    void *sockets[ZMQ_STREAM + 1];
    int fds[ZMQ_STREAM + 1];
    for (int type = ZMQ_PAIR; type <= ZMQ_STREAM; ++type) {
        sockets[type] = mk_socket (ctx, type);
        fds[type] = opt_int (sockets[type], ZMQ_FD);
        CHECK (fds[type] >= 0);
        CHECK (fcntl (fds[type], F_GETFD) & FD_CLOEXEC);
        for (int other = 0; other < type; ++other)
            CHECK (fds[other] != fds[type]);
    }
    for (int type = ZMQ_PAIR; type <= ZMQ_STREAM; ++type) {
        CHECK_OK (zmq_bind (sockets[type], "tcp://127.0.0.1:*"));
        CHECK_INT (opt_int (sockets[type], ZMQ_FD), fds[type]);
        events (sockets[type]);
        CHECK_INT (opt_int (sockets[type], ZMQ_FD), fds[type]);
    }
    for (int type = ZMQ_PAIR; type <= ZMQ_STREAM; ++type)
        rm_socket (sockets[type]);
    rm_ctx (ctx);
    for (int type = ZMQ_PAIR; type <= ZMQ_STREAM; ++type)
        CHECK_INT (fcntl (fds[type], F_GETFD), -1);
}

CASE (descriptor_is_always_writable)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_DEALER);
    struct pollfd item = {opt_int (socket, ZMQ_FD), POLLOUT, 0};
    CHECK_INT (poll (&item, 1, 0), 1);
    CHECK_INT (item.revents, POLLOUT);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (idle_descriptor_is_silent)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    join_sockets (a, b, "tcp");
    bounce (a, b);
    bounce (a, b);
    const int fd = opt_int (a, ZMQ_FD);
    /* Whatever is pending gets drained; then the loop may sleep. */
    for (int i = 0; i < 100 && wait_fd (fd, 0); ++i)
        CHECK (!(events (a) & ZMQ_POLLIN));
    CHECK (!wait_fd (fd, QUIET_MS));
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (message_makes_it_readable)
{
    static const char *const transports[] = {"inproc", "tcp", "ipc"};
    for (int t = 0; t < 3; ++t) {
        void *ctx = mk_ctx ();
        void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
        join_sockets (a, b, transports[t]);
        const int fd = opt_int (a, ZMQ_FD);
        for (int i = 0; i < 50; ++i) {
            CHECK (!(events (a) & ZMQ_POLLIN));
            send_str (b, "x", 0);
            CHECK (events (a) & ZMQ_POLLIN || wait_fd (fd, DEADLINE_MS));
            CHECK (wait_event_by_fd (a, ZMQ_POLLIN));
            expect_msg (a, "x");
        }
        rm_socket (a);
        rm_socket (b);
        rm_ctx (ctx);
    }
}

CASE (events_of_a_socket)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    CHECK_INT (events (a), 0);
    join_sockets (a, b, "inproc");
    CHECK_INT (events (a), ZMQ_POLLOUT);
    CHECK_INT (events (b), ZMQ_POLLOUT);
    send_str (a, "x", 0);
    CHECK_INT (events (a), ZMQ_POLLOUT);
    CHECK_INT (events (b), ZMQ_POLLIN | ZMQ_POLLOUT);
    CHECK_INT (events (b), ZMQ_POLLIN | ZMQ_POLLOUT);
    expect_msg (b, "x");
    CHECK_INT (events (b), ZMQ_POLLOUT);
    rm_socket (b);
    CHECK (WAIT_FOR (events (a) == 0));
    rm_socket (a);
    rm_ctx (ctx);
}

CASE (several_messages_one_signal)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PULL), *b = mk_socket (ctx, ZMQ_PUSH);
    join_sockets (a, b, "tcp");
    for (int i = 0; i < 10; ++i)
        send_str (b, "x", 0);
    for (int i = 0; i < 10; ++i) {
        CHECK (wait_event_by_fd (a, ZMQ_POLLIN));
        expect_msg (a, "x");
    }
    CHECK_INT (events (a), 0);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

enum { LOOP_MESSAGES = 20000 };

static void *send_many (void *socket)
{
    unsigned random = 12345;
    for (int i = 0; i < LOOP_MESSAGES; ++i) {
        CHECK_INT (zmq_send (socket, &i, sizeof i, 0), sizeof i);
        random = random * 1103515245 + 12345;
        if ((random >> 16) % 1000 == 0)
            msleep (1);
    }
    return NULL;
}

/* A loop that, once awake, receives until EAGAIN, then sleeps on the descriptor. */
static int loop_until_eagain (void *socket, int fd)
{
    int expected = 0, got;
    while (expected < LOOP_MESSAGES) {
        if (!(events (socket) & ZMQ_POLLIN) && !wait_fd (fd, DEADLINE_MS))
            return expected;
        while (zmq_recv (socket, &got, sizeof got, ZMQ_DONTWAIT) == sizeof got)
            CHECK_INT (got, expected++);
    }
    return expected;
}

/* A loop that receives one message per wake-up and asks for the events after each, as pyzmq does. */
static int loop_one_by_one (void *socket, int fd)
{
    int expected = 0, got;
    while (expected < LOOP_MESSAGES) {
        if (events (socket) & ZMQ_POLLIN) {
            if (zmq_recv (socket, &got, sizeof got, ZMQ_DONTWAIT) == sizeof got)
                CHECK_INT (got, expected++);
        } else if (!wait_fd (fd, DEADLINE_MS) && !(events (socket) & ZMQ_POLLIN))
            return expected;
    }
    return expected;
}

/* The same with an edge-triggered epoll, as libuv and tokio do. */
static int loop_edge_triggered (void *socket, int fd)
{
    int expected = 0, got;
    struct epoll_event event = {EPOLLIN | EPOLLET, {0}};
    const int epoll = epoll_create1 (EPOLL_CLOEXEC);
    REQUIRE_OK (epoll_ctl (epoll, EPOLL_CTL_ADD, fd, &event));
    while (expected < LOOP_MESSAGES) {
        while (events (socket) & ZMQ_POLLIN)
            if (zmq_recv (socket, &got, sizeof got, ZMQ_DONTWAIT) == sizeof got)
                CHECK_INT (got, expected++);
        if (expected < LOOP_MESSAGES && epoll_wait (epoll, &event, 1, DEADLINE_MS) != 1)
            break;
    }
    close (epoll);
    return expected;
}

static void run_loop (int (*loop) (void *, int))
{
    static const char *const transports[] = {"inproc", "tcp", "ipc"};
    for (int t = 0; t < 3; ++t) {
        void *ctx = mk_ctx ();
        void *pull = mk_socket (ctx, ZMQ_PULL), *push = mk_socket (ctx, ZMQ_PUSH);
        join_sockets (pull, push, transports[t]);
        pthread_t thread = start_thread (send_many, push);
        CHECK_INT (loop (pull, opt_int (pull, ZMQ_FD)), LOOP_MESSAGES);
        join_thread (thread);
        rm_socket (pull);
        rm_socket (push);
        rm_ctx (ctx);
    }
}

CASE (loop_that_reads_until_eagain)
{
    run_loop (loop_until_eagain);
}

CASE (loop_that_reads_one_by_one)
{
    run_loop (loop_one_by_one);
}

CASE (loop_with_edge_triggered_epoll)
{
    run_loop (loop_edge_triggered);
}

static void *read_all (void *socket)
{
    for (int i = 0; i < LOOP_MESSAGES; ++i) {
        int got = -1;
        CHECK_INT (zmq_recv (socket, &got, sizeof got, 0), sizeof got);
        CHECK_INT (got, i);
    }
    return NULL;
}

CASE (loop_that_writes)
{
    static const char *const transports[] = {"inproc", "tcp", "ipc"};
    for (int t = 0; t < 3; ++t) {
        void *ctx = mk_ctx ();
        void *pull = mk_socket (ctx, ZMQ_PULL), *push = mk_socket (ctx, ZMQ_PUSH);
        set_int (push, ZMQ_SNDHWM, 20);
        set_int (pull, ZMQ_RCVHWM, 20);
        join_sockets (pull, push, transports[t]);
        const int fd = opt_int (push, ZMQ_FD);
        pthread_t thread = start_thread (read_all, pull);
        int sent = 0;
        while (sent < LOOP_MESSAGES)
            if (events (push) & ZMQ_POLLOUT)
                sent += zmq_send (push, &sent, sizeof sent, ZMQ_DONTWAIT) == sizeof sent;
            else if (!wait_fd (fd, DEADLINE_MS) && !(events (push) & ZMQ_POLLOUT))
                break;
        CHECK_INT (sent, LOOP_MESSAGES);
        join_thread (thread);
        rm_socket (pull);
        rm_socket (push);
        rm_ctx (ctx);
    }
}

CASE (two_sockets_of_one_loop)
{
    /* Request and reply on one thread, driven by nothing but the two descriptors. */
    void *ctx = mk_ctx ();
    void *rep = mk_socket (ctx, ZMQ_REP), *req = mk_socket (ctx, ZMQ_REQ);
    int round = 0;
    join_sockets (rep, req, "tcp");
    struct pollfd items[2] = {{opt_int (rep, ZMQ_FD), POLLIN, 0}, {opt_int (req, ZMQ_FD), POLLIN, 0}};
    send_str (req, "q", 0);
    while (round < 1000) {
        int idle = 1;
        if (events (rep) & ZMQ_POLLIN) {
            expect_msg (rep, "q");
            send_str (rep, "a", 0);
            idle = 0;
        }
        if (events (req) & ZMQ_POLLIN) {
            expect_msg (req, "a");
            if (++round < 1000)
                send_str (req, "q", 0);
            idle = 0;
        }
        if (idle && poll (items, 2, DEADLINE_MS) < 1)
            break;
    }
    CHECK_INT (round, 1000);
    rm_socket (rep);
    rm_socket (req);
    rm_ctx (ctx);
}

CASE (connection_and_end_are_signalled)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH);
    bind_any (push, "tcp", endpoint);
    CHECK_INT (events (push), 0);
    void *pull = mk_socket (ctx, ZMQ_PULL);
    CHECK_OK (zmq_connect (pull, endpoint));
    CHECK (wait_event_by_fd (push, ZMQ_POLLOUT));
    rm_socket (pull);
    CHECK (WAIT_FOR (events (push) == 0));
    rm_socket (push);
    rm_ctx (ctx);
}

static void *shutdown_later (void *ctx)
{
    msleep (50);
    CHECK_OK (zmq_ctx_shutdown (ctx));
    return NULL;
}

CASE (shutdown_is_signalled)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PULL);
    const int fd = opt_int (socket, ZMQ_FD);
    int value;
    size_t size = sizeof value;
    events (socket);
    pthread_t thread = start_thread (shutdown_later, ctx);
    CHECK (wait_fd (fd, DEADLINE_MS));
    join_thread (thread);
    CHECK_ERRNO (zmq_getsockopt (socket, ZMQ_EVENTS, &value, &size), ETERM);
    CHECK_OK (zmq_close (socket));
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (descriptor_is_stable_and_its_own);
    RUN (descriptor_is_always_writable);
    RUN (idle_descriptor_is_silent);
    RUN (message_makes_it_readable);
    RUN (events_of_a_socket);
    RUN (several_messages_one_signal);
    RUN (loop_that_reads_until_eagain);
    RUN (loop_that_reads_one_by_one);
    RUN (loop_with_edge_triggered_epoll);
    RUN (loop_that_writes);
    RUN (two_sockets_of_one_loop);
    RUN (connection_and_end_are_signalled);
    RUN (shutdown_is_signalled);
    return harness_end ();
}
