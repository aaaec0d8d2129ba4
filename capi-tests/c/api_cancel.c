/*
 * pthread_cancel of a thread that waits in a call: it ends, everything else goes on, and nothing of the call is left.
 * Threads that are busy are api_cancel_busy's, draft functions draft_cancel's.
 */
#include "cancel.h"
#include "sec_common.h"

/* ---- Threads that wait ---------------------------------------------------------------------- */

typedef enum {
    RECV,
    MSG_RECV,
    RECVIOV,
    POLL,
    POLL_WITH_FD,
    POLL_TWO,
    SEND,
    MSG_SEND,
    SEND_LARGE,
    SEND_COPY,
    PROXY,
    STEERED,
    CALLS
} call_t;

static const char *const call_names[] = {"zmq_recv",  "zmq_msg_recv", "zmq_recviov",    "zmq_poll",
                                         "a descriptor", "two sockets", "zmq_send",    "zmq_msg_send",
                                         "a large message", "a large copy", "zmq_proxy", "zmq_proxy_steerable"};

typedef struct
{
    call_t call;
    void *socket, *other, *control;
    const void *body;
    size_t size;
    int fd;
    zmq_msg_t msg;
    pthread_t thread;
    volatile pid_t id;
    volatile int cleanups, returned;
} waiter_t;

/* What programs do there: they close what the call was about. */
static void clean_up (void *arg)
{
    waiter_t *waiter = arg;
    CHECK_OK (zmq_msg_close (&waiter->msg));
    ++waiter->cleanups;
}

static void wait_inside (waiter_t *waiter)
{
    char byte;
    zmq_msg_t *msg = &waiter->msg;
    struct iovec parts[2];
    size_t count = 2;
    zmq_pollitem_t items[2] = {{waiter->socket, 0, ZMQ_POLLIN, 0}, {waiter->other, 0, ZMQ_POLLIN, 0}};
    switch (waiter->call) {
        case RECV:
            zmq_recv (waiter->socket, &byte, 1, 0);
            break;
        case MSG_RECV:
            zmq_msg_recv (msg, waiter->socket, 0);
            break;
        case RECVIOV:
            zmq_recviov (waiter->socket, parts, &count, 0);
            break;
        case POLL_WITH_FD:
            items[1].socket = NULL;
            items[1].fd = waiter->fd;
            zmq_poll (items, 2, -1);
            break;
        case POLL_TWO:
            zmq_poll (items, 2, -1);
            break;
        case POLL:
            zmq_poll (items, 1, 3 * DEADLINE_MS);
            break;
        case SEND:
            while (zmq_send (waiter->socket, waiter->body, 2000, 0) != -1) {
            }
            break;
        case MSG_SEND:
            for (;;) {
                zmq_msg_close (msg);
                zmq_msg_init_size (msg, 5000);
                memset (zmq_msg_data (msg), 'x', 5000);
                if (zmq_msg_send (msg, waiter->socket, 0) == -1)
                    break;
            }
            break;
        case SEND_LARGE:
            do {
                zmq_msg_close (msg);
                zmq_msg_init_size (msg, 100000);
                memset (zmq_msg_data (msg), 'x', 100000);
            } while (zmq_msg_send (msg, waiter->socket, 0) != -1);
            break;
        case SEND_COPY:
            while (zmq_send (waiter->socket, waiter->body, waiter->size, 0) != -1) {
            }
            break;
        case PROXY:
            zmq_proxy (waiter->socket, waiter->other, NULL);
            break;
        case STEERED:
            zmq_proxy_steerable (waiter->socket, waiter->other, NULL, waiter->control);
            break;
        default:
            break;
    }
}

static void *run_waiter (void *arg)
{
    waiter_t *waiter = arg;
    zmq_msg_init (&waiter->msg);
    pthread_cleanup_push (clean_up, waiter);
    waiter->id = own_id ();
    wait_inside (waiter);
    waiter->returned = 1;
    pthread_cleanup_pop (1);
    return NULL;
}

static void start_waiter (waiter_t *waiter)
{
    waiter->id = 0;
    waiter->cleanups = waiter->returned = 0;
    waiter->thread = start_thread (run_waiter, waiter);
    CHECK (WAIT_FOR (waiter->id != 0 && stays_asleep (waiter->id)));
}

static void cancel_waiter (waiter_t *waiter)
{
    CHECK_INT (pthread_cancel (waiter->thread), 0);
    CHECK (join_thread (waiter->thread) == PTHREAD_CANCELED);
    CHECK_INT (waiter->cleanups, 1);
    CHECK_INT (waiter->returned, 0);
}

/* Types of the socket that a thread waits at, and of its peer. */
static const int types[CALLS][2] = {[RECV] = {ZMQ_PAIR, ZMQ_PAIR},
                                    [MSG_RECV] = {ZMQ_PAIR, ZMQ_PAIR},
                                    [RECVIOV] = {ZMQ_PAIR, ZMQ_PAIR},
                                    [POLL] = {ZMQ_PAIR, ZMQ_PAIR},
                                    [POLL_WITH_FD] = {ZMQ_PAIR, ZMQ_PAIR},
                                    [POLL_TWO] = {ZMQ_PAIR, ZMQ_PAIR},
                                    [SEND] = {ZMQ_PUSH, ZMQ_PULL},
                                    [MSG_SEND] = {ZMQ_PUSH, ZMQ_PULL},
                                    [SEND_LARGE] = {ZMQ_PUSH, ZMQ_PULL},
                                    [SEND_COPY] = {ZMQ_PUSH, ZMQ_PULL},
                                    [PROXY] = {ZMQ_ROUTER, ZMQ_REQ},
                                    [STEERED] = {ZMQ_ROUTER, ZMQ_REQ}};

/* What a message that goes to the socket brings back: the connection is there. */
static void meet (call_t call, void *socket, void *peer)
{
    if (types[call][0] == ZMQ_PAIR)
        bounce (socket, peer);
    else if (types[call][0] == ZMQ_PUSH) {
        send_str (socket, "first", 0);
        expect_msg (peer, "first");
    }
}

/* A thread that waits is cancelled; its socket, others and the context go on. */
static void end_by_cancel (call_t call, const char *transport, sec_mechanism_t mechanism)
{
    static const char body[300000];
    waiter_t waiter;
    int fds[2];
    const int failures = harness.case_failures;
    void *ctx = mk_ctx ();
    void *socket = zmq_socket (ctx, types[call][0]), *peer = mk_socket (ctx, types[call][1]);
    void *back = zmq_socket (ctx, ZMQ_DEALER), *worker = mk_socket (ctx, ZMQ_REP);
    void *control = zmq_socket (ctx, ZMQ_PAIR), *steerer = mk_socket (ctx, ZMQ_PAIR);
    void *one = mk_socket (ctx, ZMQ_PAIR), *two = mk_socket (ctx, ZMQ_PAIR);
    REQUIRE_OK (pipe (fds));
    sec_be_server (socket, mechanism, NULL);
    sec_be_client (peer, mechanism);
    set_int (socket, ZMQ_SNDHWM, 5);
    set_int (peer, ZMQ_RCVHWM, 5);
    join_sockets (socket, peer, transport);
    join_sockets (back, worker, transport);
    join_sockets (control, steerer, "inproc");
    join_sockets (one, two, transport);
    meet (call, socket, peer);

    memset (&waiter, 0, sizeof waiter);
    waiter.call = call;
    waiter.socket = socket;
    waiter.other = back;
    waiter.control = control;
    waiter.body = body;
    waiter.size = sizeof body;
    waiter.fd = fds[0];
    start_waiter (&waiter);
    if (call == PROXY || call == STEERED) {
        send_str (peer, "question", 0);
        expect_msg (worker, "question");
        send_str (worker, "answer", 0);
        expect_msg (peer, "answer");
        CHECK (WAIT_FOR (stays_asleep (waiter.id)));
    }
    cancel_waiter (&waiter);

    bounce (one, two);
    if (types[call][0] == ZMQ_PAIR)
        bounce (socket, peer);
    rm_socket (socket);
    rm_socket (back);
    rm_socket (control);
    rm_socket (steerer);
    rm_socket (worker);
    rm_socket (peer);
    rm_socket (one);
    rm_socket (two);
    rm_ctx (ctx);
    close (fds[0]);
    close (fds[1]);
    if (harness.case_failures != failures)
        fprintf (stderr, "  with %s, %s, %s\n", call_names[call], transport, sec_names[mechanism]);
}

/* Calls that wait for a message: those before SEND. */
static void receive_and_poll (const char *transport, sec_mechanism_t mechanism)
{
    for (int call = 0; call < SEND; ++call)
        end_by_cancel ((call_t) call, transport, mechanism);
}

static void send_and_pass (const char *transport, sec_mechanism_t mechanism)
{
    for (int call = SEND; call < CALLS; ++call)
        end_by_cancel ((call_t) call, transport, mechanism);
}

CASE (receiving_inproc)
{
    receive_and_poll ("inproc", SEC_NULL);
}

CASE (receiving_ipc)
{
    receive_and_poll ("ipc", SEC_NULL);
}

CASE (receiving_tcp)
{
    receive_and_poll ("tcp", SEC_NULL);
}

CASE (receiving_curve)
{
    receive_and_poll ("tcp", SEC_CURVE);
}

CASE (sending_inproc)
{
    send_and_pass ("inproc", SEC_NULL);
}

CASE (sending_ipc)
{
    send_and_pass ("ipc", SEC_NULL);
}

CASE (sending_tcp)
{
    send_and_pass ("tcp", SEC_NULL);
}

CASE (sending_curve)
{
    send_and_pass ("tcp", SEC_CURVE);
}

/* ---- What it held --------------------------------------------------------------------------------- */

static long resident_pages (void)
{
    long total, resident = 0;
    FILE *file = fopen ("/proc/self/statm", "r");
    REQUIRE (file && fscanf (file, "%ld %ld", &total, &resident) == 2);
    fclose (file);
    return resident;
}

/* What a call held is given back: a large message that waited for room, descriptors, memory. */
CASE (nothing_is_left)
{
    void *ctx = mk_ctx ();
    void *push = zmq_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    char *body = calloc (1, 1000000);
    int fds = 0;
    long pages = 0;
    set_int (push, ZMQ_SNDHWM, 1);
    set_int (pull, ZMQ_RCVHWM, 1);
    join_sockets (pull, push, "inproc");
    while (zmq_send (push, "x", 1, ZMQ_DONTWAIT) == 1) {
    }
    for (int i = 0; i < 120; ++i) {
        waiter_t waiter;
        memset (&waiter, 0, sizeof waiter);
        waiter.call = SEND_COPY;
        waiter.socket = push;
        waiter.body = body;
        waiter.size = 1000000;
        start_waiter (&waiter);
        cancel_waiter (&waiter);
        if (i == 19) {
            fds = count_fds ();
            pages = resident_pages ();
        }
    }
    CHECK_INT (count_fds (), fds);
    /* A hundred bodies are more than 24000 pages. */
    CHECK (resident_pages () - pages < 5000);
    free (body);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

/* ---- Contexts, sleeping, threads ------------------------------------------------------------ */

static void *terminate (void *ctx)
{
    zmq_ctx_term (ctx);
    return NULL;
}

typedef struct
{
    void *(*run) (void *);
    void *arg;
    volatile pid_t id;
} told_t;

static void *tell_id (void *arg)
{
    told_t *told = arg;
    told->id = own_id ();
    return told->run (told->arg);
}

static void cancel_asleep (void *(*run) (void *), void *arg)
{
    told_t told = {run, arg, 0};
    const pthread_t thread = start_thread (tell_id, &told);
    CHECK (WAIT_FOR (told.id != 0 && stays_asleep (told.id)));
    CHECK_INT (pthread_cancel (thread), 0);
    CHECK (join_thread (thread) == PTHREAD_CANCELED);
}

CASE (terminating)
{
    void *ctx = mk_ctx ();
    void *one = mk_socket (ctx, ZMQ_PAIR);
    cancel_asleep (terminate, ctx);
    CHECK_ERRNO (zmq_send (one, "x", 1, 0), ETERM);
    CHECK_OK (zmq_close (one));
    rm_ctx (ctx);
}

static void *sleep_long (void *arg)
{
    (void) arg;
    zmq_sleep (3 * DEADLINE_MS / 1000);
    return NULL;
}

CASE (sleeping)
{
    cancel_asleep (sleep_long, NULL);
}

static volatile int may_end;

static void wait_for_end (void *arg)
{
    (void) arg;
    while (!may_end)
        msleep (2);
}

static void *close_thread (void *thread)
{
    zmq_threadclose (thread);
    return NULL;
}

CASE (joining)
{
    may_end = 0;
    void *thread = zmq_threadstart (wait_for_end, NULL);
    REQUIRE (thread != NULL);
    cancel_asleep (close_thread, thread);
    may_end = 1;
    zmq_threadclose (thread);
}

int main (int argc, char **argv)
{
    /* A mailbox stays locked there by a thread that is cancelled as it writes to it. */
    static const char busy[] = "who does not just wait may take a lock along";
    harness_begin (argc, argv);
    sec_make_keys ();
    RUN (receiving_inproc);
    RUN (receiving_ipc);
    RUN (receiving_tcp);
    RUN (receiving_curve);
    RUN_OURS (sending_inproc, busy);
    RUN_OURS (sending_ipc, busy);
    RUN_OURS (sending_tcp, busy);
    RUN_OURS (sending_curve, busy);
    RUN_OURS (nothing_is_left, "what a call copied or holds is lost there");
    RUN (terminating);
    RUN (sleeping);
    RUN (joining);
    return harness_end ();
}
