/*
 * Nothing is lost at a graceful end: a process that sends, closes, terminates its context and
 * exits at once has delivered everything, also to a receiver that is full or starts late.
 */
#include "pat_common.h"

/* endpoint, "bind" or "connect", count, size of a body: sends and is gone. */
ROLE (sender)
{
    char body[65536], endpoint[ENDPOINT_SIZE];
    REQUIRE (argc == 4);
    const long count = atol (argv[2]);
    const size_t size = (size_t) atol (argv[3]);
    void *ctx = mk_ctx (), *push = mk_socket (ctx, ZMQ_PUSH);
    REQUIRE (size >= sizeof (uint32_t) && size <= sizeof body);
    set_int (push, ZMQ_SNDTIMEO, 3 * DEADLINE_MS);
    if (strcmp (argv[1], "bind") == 0) {
        bind_any (push, argv[0], endpoint);
        printf ("%s\n", endpoint);
        fflush (stdout);
    } else
        REQUIRE_OK (zmq_connect (push, argv[0]));
    memset (body, 'b', sizeof body);
    for (uint32_t i = 0; i < count; ++i) {
        memcpy (body, &i, sizeof i);
        REQUIRE (zmq_send (push, body, size, 0) == (int) size);
    }
    rm_socket_linger (push);
    rm_ctx (ctx);
    return 0;
}

typedef struct
{
    const char *transport;
    int child_binds;
    int rcvhwm;
    int late; /* ms before the receiver begins to read, -1: when the child is gone */
    uint32_t count;
    size_t size;
    int heartbeat; /* ms */
    int pause; /* ms, after every 16th message */
} run_t;

static void check_run (run_t run)
{
    char endpoint[ENDPOINT_SIZE], count[32], size[32];
    static char body[65536];
    void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL);
    int code = -2;
    snprintf (count, sizeof count, "%u", run.count);
    snprintf (size, sizeof size, "%zu", run.size);
    if (run.rcvhwm)
        set_int (pull, ZMQ_RCVHWM, run.rcvhwm);
    if (run.heartbeat) {
        set_int (pull, ZMQ_HEARTBEAT_IVL, run.heartbeat);
        set_int (pull, ZMQ_HEARTBEAT_TIMEOUT, 3 * DEADLINE_MS);
    }
    if (!run.child_binds)
        bind_any (pull, run.transport, endpoint);
    child_t child = spawn_role ("sender", run.child_binds ? run.transport : endpoint,
                                run.child_binds ? "bind" : "connect", count, size, NULL);
    if (run.child_binds) {
        REQUIRE (child_line (&child, endpoint, sizeof endpoint));
        REQUIRE_OK (zmq_connect (pull, endpoint));
    }
    if (run.late >= 0)
        msleep (run.late);
    else
        code = child_wait (&child);
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < run.count; ++i) {
        uint32_t number;
        const int got = zmq_recv (pull, body, sizeof body, 0);
        if (got != (int) run.size) {
            harness_fail (__FILE__, __LINE__, "after %u of %u messages: %d", i, run.count, got);
            break;
        }
        memcpy (&number, body, sizeof number);
        wrong += number != i;
        if (run.pause && i % 16 == 15)
            msleep (run.pause);
    }
    CHECK_INT (wrong, 0);
    if (code == -2)
        code = child_wait (&child);
    CHECK_INT (code, 0);
    CHECK_ERRNO (zmq_recv (pull, body, sizeof body, ZMQ_DONTWAIT), EAGAIN);
    rm_socket (pull);
    rm_ctx (ctx);
    if (strncmp (endpoint, "ipc://", 6) == 0)
        unlink (endpoint + 6);
}

/* The runs of one transport. */
static void check_transport (const char *transport)
{
    for (int child_binds = 0; child_binds < 2; ++child_binds) {
        check_run ((run_t){transport, child_binds, 0, 0, 100000, 10, 0, 0});
        check_run ((run_t){transport, child_binds, 10, 100, 100000, 10, 0, 0});
        check_run ((run_t){transport, child_binds, 2, 50, 500, 50000, 0, 0});
        check_run ((run_t){transport, child_binds, 0, 0, 1, 10, 0, 0});
    }
}

CASE (tcp)
{
    check_transport ("tcp");
}

CASE (ipc)
{
    check_transport ("ipc");
}

/* The child is gone before the first message is read: the kernel and the receiver hold them all. */
CASE (gone_before_the_first_read)
{
    check_run ((run_t){"tcp", 0, 0, -1, 500, 10, 0, 0});
    check_run ((run_t){"tcp", 0, 10, -1, 500, 10, 0, 0});
}

CASE (gone_before_the_first_read_ipc)
{
    check_run ((run_t){"ipc", 0, 0, -1, 500, 10, 0, 0});
    /* So few that the kernel has room for them even if each is written alone. */
    for (int i = 0; i < 10; ++i)
        check_run ((run_t){"ipc", 0, 10, -1, 60, 10, 0, 0});
}

/* A slow receiver that sends heartbeats goes on doing so when the sender has sent everything: TCP would answer that
 * with a reset, and forget what the receiver has no room for yet. */
CASE (heartbeats)
{
    for (int child_binds = 0; child_binds < 2; ++child_binds)
        check_run ((run_t){.transport = "tcp", .child_binds = child_binds, .rcvhwm = 1, .count = 300, .size = 65536,
                           .heartbeat = 5, .pause = 20});
}

/* Again and again, because a race need not show the first time. */
CASE (again_and_again)
{
    for (int i = 0; i < 20; ++i)
        check_run ((run_t){i % 2 ? "ipc" : "tcp", i / 2 % 2, i / 4 % 2 ? 10 : 0, 0, 20000, 10, 0, 0});
}

int main (int argc, char **argv)
{
    static const char why[] = "the reference hangs up before it has read what the kernel holds";
    harness_begin (argc, argv);
    ON_ROLE (sender);
    RUN (tcp);
    RUN (gone_before_the_first_read);
    RUN_OURS (ipc, why);
    RUN_OURS (gone_before_the_first_read_ipc, why);
    RUN_OURS (heartbeats, "the reference closes a connection that may yet be reset");
    RUN_OURS (again_and_again, why);
    return harness_end ();
}
