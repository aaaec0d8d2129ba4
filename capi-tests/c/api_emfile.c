/*
 * No descriptors left: zmq_socket, zmq_bind, zmq_connect and accepting fail or wait, nothing
 * ends the program, and everything works again once descriptors are there.
 */
#include "harness.h"
#include <sys/resource.h>

enum { LIMIT = 256 };

static int fillers[LIMIT], filler_count;

/* From here on no descriptor can be opened, until restore(). */
static void exhaust (void)
{
    int fd;
    filler_count = 0;
    while (filler_count < LIMIT && (fd = fcntl (0, F_DUPFD_CLOEXEC, 0)) >= 0)
        fillers[filler_count++] = fd;
    CHECK_INT (fd, -1);
    CHECK_INT (errno, EMFILE);
}

static void restore (void)
{
    while (filler_count > 0)
        close (fillers[--filler_count]);
}

/*
 * A socket may need a descriptor at once, or only later: it is refused with EMFILE, or it works
 * without one.
 */
static void expect_emfile_or_socket (void *ctx)
{
    errno = 0;
    void *socket = zmq_socket (ctx, ZMQ_PAIR);
    if (!socket) {
        CHECK_STR (err_name (zmq_errno ()), "EMFILE");
        return;
    }
    int fd;
    size_t size = sizeof fd;
    char byte;
    CHECK_ERRNO (zmq_recv (socket, &byte, 1, ZMQ_DONTWAIT), EAGAIN);
    if (zmq_getsockopt (socket, ZMQ_FD, &fd, &size) == -1)
        CHECK_STR (err_name (zmq_errno ()), "EMFILE");
    CHECK_OK (zmq_close (socket));
}

CASE (socket)
{
    void *ctx = mk_ctx ();
    void *first = mk_socket (ctx, ZMQ_PAIR);
    exhaust ();
    for (int i = 0; i < 5; ++i)
        expect_emfile_or_socket (ctx);
    restore ();
    void *second = mk_socket (ctx, ZMQ_PAIR);
    CHECK (opt_int (second, ZMQ_FD) >= 0);
    join_sockets (first, second, "inproc");
    bounce (first, second);
    rm_socket (first);
    rm_socket (second);
    rm_ctx (ctx);
}

CASE (first_socket)
{
    /* The context may need descriptors of its own as well. */
    void *ctx = mk_ctx ();
    exhaust ();
    expect_emfile_or_socket (ctx);
    restore ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    join_sockets (a, b, "tcp");
    bounce (a, b);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

CASE (term_of_an_unused_context)
{
    void *ctx = mk_ctx ();
    exhaust ();
    CHECK_OK (zmq_ctx_term (ctx));
    restore ();
}

CASE (bind)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
    char path[128], endpoint[ENDPOINT_SIZE];
    unique_path (path, sizeof path);
    snprintf (endpoint, sizeof endpoint, "ipc://%s", path);
    exhaust ();
    CHECK_ERRNO (zmq_bind (server, "tcp://127.0.0.1:*"), EMFILE);
    CHECK_ERRNO (zmq_bind (server, endpoint), EMFILE);
    CHECK_OK (zmq_bind (server, "inproc://needs-no-descriptor"));
    CHECK_OK (zmq_connect (client, "inproc://needs-no-descriptor"));
    bounce (server, client);
    restore ();
    CHECK_OK (zmq_bind (server, endpoint));
    CHECK_OK (zmq_bind (server, "tcp://127.0.0.1:*"));
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (connect_waits_for_descriptors)
{
    static const char *const transports[] = {"tcp", "ipc"};
    for (int t = 0; t < 2; ++t) {
        void *ctx = mk_ctx ();
        void *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
        char endpoint[ENDPOINT_SIZE];
        set_int (client, ZMQ_RECONNECT_IVL, 10);
        bind_any (server, transports[t], endpoint);
        exhaust ();
        /* A socket that needs a descriptor of its own for its first connection says so at once. */
        const int refused = zmq_connect (client, endpoint) == -1;
        if (refused)
            CHECK_STR (err_name (zmq_errno ()), "EMFILE");
        msleep (100);
        restore ();
        if (refused)
            CHECK_OK (zmq_connect (client, endpoint));
        bounce (server, client);
        rm_socket (server);
        rm_socket (client);
        rm_ctx (ctx);
    }
}

static void accept_waits (const char *transport)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *other = mk_socket (ctx, ZMQ_DEALER);
    char endpoint[ENDPOINT_SIZE];
    unsigned char got[10];
    bind_any (server, transport, endpoint);
    struct sockaddr_storage address;
    const socklen_t size = raw_address (endpoint, &address);
    const int fd = socket (address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE (fd >= 0);
    raw_deadline (fd);
    exhaust ();
    REQUIRE_OK (connect (fd, (struct sockaddr *) &address, size));
    msleep (100);
    restore ();
    /* The listener is alive. Whether it refused that peer or let it wait is its own affair. */
    const size_t n = raw_read (fd, got, sizeof got);
    CHECK (n == 0 || n == sizeof got);
    close (fd);
    if (n == sizeof got)
        CHECK (WAIT_FOR (!(opt_int (server, ZMQ_EVENTS) & ZMQ_POLLOUT)));
    CHECK_OK (zmq_connect (other, endpoint));
    bounce (server, other);
    rm_socket (server);
    rm_socket (other);
    rm_ctx (ctx);
}

CASE (tcp_accept_survives)
{
    accept_waits ("tcp");
}

CASE (ipc_accept_survives)
{
    accept_waits ("ipc");
}

CASE (accept_failure_is_reported)
{
    int value = 0;
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, server, ZMQ_EVENT_ACCEPT_FAILED);
    bind_any (server, "tcp", endpoint);
    struct sockaddr_storage address;
    const socklen_t size = raw_address (endpoint, &address);
    const int fd = socket (address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    exhaust ();
    REQUIRE_OK (connect (fd, (struct sockaddr *) &address, size));
    CHECK_INT (read_event (monitor, DEADLINE_MS, &value, NULL), ZMQ_EVENT_ACCEPT_FAILED);
    CHECK_STR (err_name (value), "EMFILE");
    restore ();
    close (fd);
    rm_socket (server);
    rm_socket (monitor);
    rm_ctx (ctx);
}

CASE (established_connections_go_on)
{
    static const char *const transports[] = {"tcp", "ipc", "inproc"};
    for (int t = 0; t < 3; ++t) {
        void *ctx = mk_ctx ();
        void *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
        join_sockets (server, client, transports[t]);
        bounce (server, client);
        exhaust ();
        for (int i = 0; i < 100; ++i)
            bounce (server, client);
        rm_socket (client);
        rm_socket (server);
        restore ();
        rm_ctx (ctx);
    }
}

CASE (other_objects)
{
    void *timers, *counter;
    exhaust ();
    errno = 0;
    void *ctx = zmq_ctx_new ();
    if (!ctx) /* the reference holds one descriptor in every context */
        CHECK_INT (zmq_errno (), EMFILE);
    timers = zmq_timers_new ();
    counter = zmq_atomic_counter_new ();
    CHECK (timers != NULL);
    CHECK (counter != NULL);
    zmq_pollitem_t item = {NULL, 0, ZMQ_POLLIN, 0};
    CHECK (zmq_poll (&item, 0, 0) == 0);
    restore ();
    zmq_atomic_counter_destroy (&counter);
    CHECK_OK (zmq_timers_destroy (&timers));
    if (ctx)
        rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    struct rlimit limit;
    harness_begin (argc, argv);
    REQUIRE_OK (getrlimit (RLIMIT_NOFILE, &limit));
    limit.rlim_cur = LIMIT;
    REQUIRE_OK (setrlimit (RLIMIT_NOFILE, &limit));
    RUN (socket);
    RUN_OURS (first_socket, "the reference aborts");
    RUN (term_of_an_unused_context);
    RUN_OURS (bind, "the reference aborts");
    RUN (connect_waits_for_descriptors);
    RUN (tcp_accept_survives);
    RUN_OURS (ipc_accept_survives, "the reference aborts");
    RUN (accept_failure_is_reported);
    RUN (established_connections_go_on);
    RUN (other_objects);
    return harness_end ();
}
