/*
 * pthread_cancel of a thread that is inside a call: a thread that waits ends, and everything else goes on. What the
 * program's own functions may do that are called from inside.
 */
#include "sec_common.h"
#include <setjmp.h>
#include <sys/syscall.h>

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
    waiter->id = (pid_t) syscall (SYS_gettid);
    wait_inside (waiter);
    waiter->returned = 1;
    pthread_cleanup_pop (1);
    return NULL;
}

/* Whether a thread of ours sleeps in the kernel. */
static int is_asleep (pid_t id)
{
    char path[64], text[512];
    snprintf (path, sizeof path, "/proc/self/task/%d/stat", (int) id);
    FILE *file = fopen (path, "r");
    if (!file)
        return 0;
    const size_t size = fread (text, 1, sizeof text - 1, file);
    fclose (file);
    text[size] = '\0';
    const char *end = strrchr (text, ')');
    return end && end[1] == ' ' && end[2] == 'S';
}

/* Asleep, and some looks later still: not at a lock, nor between two messages. */
static int stays_asleep (pid_t id)
{
    for (int i = 0; i < 5; ++i) {
        if (!is_asleep (id))
            return 0;
        msleep (1);
    }
    return 1;
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
    told->id = (pid_t) syscall (SYS_gettid);
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

/* ---- Where it does not end -------------------------------------------------------------------- */

typedef struct
{
    void *socket;
    volatile pid_t id;
    volatile int received;
} shielded_t;

static void *receive_shielded (void *arg)
{
    shielded_t *own = arg;
    char text[8];
    int before;
    pthread_setcancelstate (PTHREAD_CANCEL_DISABLE, &before);
    own->id = (pid_t) syscall (SYS_gettid);
    own->received = zmq_recv (own->socket, text, sizeof text, 0);
    zmq_pollitem_t item = {own->socket, 0, ZMQ_POLLIN, 0};
    CHECK_INT (zmq_poll (&item, 1, 1), 0);
    CHECK_INT (zmq_send (own->socket, "back", 4, 0), 4);
    int state = -1;
    pthread_setcancelstate (before, &state);
    CHECK_INT (state, PTHREAD_CANCEL_DISABLE);
    pthread_testcancel ();
    return NULL;
}

/* Who has disabled its cancellation gets what it waits for. */
CASE (disabled)
{
    static const char *const transports[] = {"inproc", "ipc", "tcp"};
    for (int t = 0; t < 3; ++t) {
        void *ctx = mk_ctx ();
        void *one = mk_socket (ctx, ZMQ_PAIR), *two = mk_socket (ctx, ZMQ_PAIR);
        join_sockets (one, two, transports[t]);
        bounce (one, two);
        shielded_t own = {one, 0, 0};
        const pthread_t thread = start_thread (receive_shielded, &own);
        CHECK (WAIT_FOR (own.id != 0 && stays_asleep (own.id)));
        CHECK_INT (pthread_cancel (thread), 0);
        CHECK (stays_asleep (own.id));
        send_str (two, "text", 0);
        expect_msg (two, "back");
        CHECK (join_thread (thread) == PTHREAD_CANCELED);
        CHECK_INT (own.received, 4);
        rm_socket (one);
        rm_socket (two);
        rm_ctx (ctx);
    }
}

/* The states and types of a thread are what they were, whatever is called. */
CASE (state_is_kept)
{
    for (int state = PTHREAD_CANCEL_ENABLE; state <= PTHREAD_CANCEL_DISABLE; ++state) {
        int before, kind;
        zmq_msg_t msg;
        pthread_setcancelstate (state, &before);
        void *ctx = mk_ctx ();
        void *one = mk_socket (ctx, ZMQ_PAIR), *two = mk_socket (ctx, ZMQ_PAIR);
        join_sockets (one, two, "tcp");
        bounce (one, two);
        set_int (one, ZMQ_RCVTIMEO, 1);
        zmq_msg_init (&msg);
        CHECK_ERRNO (zmq_msg_recv (&msg, one, 0), EAGAIN);
        CHECK_ERRNO (zmq_recv (two, NULL, 0, ZMQ_DONTWAIT), EAGAIN);
        zmq_msg_close (&msg);
        rm_socket (one);
        rm_socket (two);
        rm_ctx (ctx);
        zmq_sleep (0);
        pthread_setcanceltype (PTHREAD_CANCEL_DEFERRED, &kind);
        pthread_setcancelstate (before, &before);
        CHECK_INT (before, state);
        CHECK_INT (kind, PTHREAD_CANCEL_DEFERRED);
    }
}

/* ---- Threads that are busy ------------------------------------------------------------------------ */

typedef struct
{
    void *socket;
    volatile int count, stop;
} busy_t;

static void *send_all_the_time (void *arg)
{
    busy_t *busy = arg;
    for (;;) {
        zmq_send (busy->socket, "message", 7, 0);
        ++busy->count;
    }
    return NULL;
}

static void close_msg (void *msg)
{
    zmq_msg_close (msg);
}

static void *send_messages_all_the_time (void *arg)
{
    busy_t *busy = arg;
    zmq_msg_t msg;
    zmq_msg_init (&msg);
    pthread_cleanup_push (close_msg, &msg);
    for (;;) {
        zmq_msg_close (&msg);
        zmq_msg_init_size (&msg, 1000);
        memset (zmq_msg_data (&msg), 'x', 1000);
        zmq_msg_send (&msg, busy->socket, 0);
        ++busy->count;
    }
    pthread_cleanup_pop (1);
    return NULL;
}

static void *receive_all_the_time (void *arg)
{
    busy_t *busy = arg;
    char text[2000];
    while (!busy->stop) {
        if (zmq_recv (busy->socket, text, sizeof text, 0) >= 0)
            ++busy->count;
    }
    return NULL;
}

/* Whoever is cancelled while messages fly ends at some call, and nothing is broken. */
static void cancel_busy (const char *transport, void *(*run) (void *), int cancels_receiver)
{
    void *ctx = mk_ctx ();
    void *push = zmq_socket (ctx, ZMQ_PUSH), *pull = zmq_socket (ctx, ZMQ_PULL);
    void *one = mk_socket (ctx, ZMQ_PAIR), *two = mk_socket (ctx, ZMQ_PAIR);
    set_int (pull, ZMQ_RCVTIMEO, 100);
    join_sockets (pull, push, transport);
    join_sockets (one, two, transport);
    for (int round = 0; round < 3; ++round) {
        busy_t from = {push, 0, 0}, to = {pull, 0, 0};
        const pthread_t sender = start_thread (run, &from);
        const pthread_t receiver = start_thread (receive_all_the_time, &to);
        CHECK (WAIT_FOR (to.count > 1000));
        CHECK_INT (pthread_cancel (cancels_receiver ? receiver : sender), 0);
        CHECK (join_thread (cancels_receiver ? receiver : sender) == PTHREAD_CANCELED);
        to.stop = 1;
        if (cancels_receiver) {
            CHECK_INT (pthread_cancel (sender), 0);
            CHECK (join_thread (sender) == PTHREAD_CANCELED);
        } else
            CHECK (join_thread (receiver) == NULL);
        bounce (one, two);
    }
    rm_socket (push);
    rm_socket (pull);
    rm_socket (one);
    rm_socket (two);
    rm_ctx (ctx);
}

CASE (busy_senders)
{
    cancel_busy ("inproc", send_all_the_time, 0);
    cancel_busy ("ipc", send_messages_all_the_time, 0);
    cancel_busy ("tcp", send_all_the_time, 0);
    cancel_busy ("tcp", send_messages_all_the_time, 0);
}

CASE (busy_receivers)
{
    cancel_busy ("inproc", send_all_the_time, 1);
    cancel_busy ("ipc", send_all_the_time, 1);
    cancel_busy ("tcp", send_messages_all_the_time, 1);
}

/* ---- Sockets that threads share ------------------------------------------------------------------- */

typedef struct
{
    void *socket;
    volatile pid_t id;
    volatile int got;
} sharer_t;

static void *receive_one (void *arg)
{
    sharer_t *sharer = arg;
    char byte;
    sharer->id = (pid_t) syscall (SYS_gettid);
    if (zmq_recv (sharer->socket, &byte, 1, 0) == 1)
        sharer->got = 1;
    return NULL;
}

/* Two threads wait at a socket; whichever is cancelled, the other one gets the message. */
CASE (shared)
{
    static const char *const transports[] = {"inproc", "ipc", "tcp"};
    for (int t = 0; t < 3; ++t)
        for (int which = 0; which < 2; ++which) {
            void *ctx = mk_ctx ();
            void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
            sharer_t sharers[2] = {{pull, 0, 0}, {pull, 0, 0}};
            pthread_t threads[2];
            join_sockets (pull, push, transports[t]);
            for (int i = 0; i < 2; ++i) {
                threads[i] = start_thread (receive_one, &sharers[i]);
                CHECK (WAIT_FOR (sharers[i].id != 0 && stays_asleep (sharers[i].id)));
            }
            CHECK_INT (pthread_cancel (threads[which]), 0);
            CHECK (join_thread (threads[which]) == PTHREAD_CANCELED);
            send_str (push, "x", 0);
            CHECK (join_thread (threads[1 - which]) == NULL);
            CHECK_INT (sharers[1 - which].got, 1);
            rm_socket (push);
            rm_socket (pull);
            rm_ctx (ctx);
        }
}

enum { NUMBERS = 3000 };

typedef struct
{
    void *socket;
    volatile int next, wrong;
} counter_t;

static void *count_on (void *arg)
{
    counter_t *counter = arg;
    int number;
    while (counter->next < NUMBERS) {
        if (zmq_recv (counter->socket, &number, sizeof number, 0) != sizeof number)
            continue;
        if (number != counter->next)
            ++counter->wrong;
        ++counter->next;
    }
    return NULL;
}

static void *send_numbers (void *push)
{
    for (int i = 0; i < NUMBERS; ++i) {
        CHECK_INT (zmq_send (push, &i, sizeof i, 0), sizeof i);
        if (i % 3 == 0)
            usleep (50);
    }
    return NULL;
}

/* Cancellations that meet messages as they come: what the next one receives has no gap. */
CASE (nothing_is_lost)
{
    static const char *const transports[] = {"inproc", "ipc", "tcp"};
    for (int t = 0; t < 3; ++t) {
        void *ctx = mk_ctx ();
        void *push = mk_socket (ctx, ZMQ_PUSH), *pull = zmq_socket (ctx, ZMQ_PULL);
        counter_t counter = {pull, 0, 0};
        join_sockets (pull, push, transports[t]);
        const pthread_t sender = start_thread (send_numbers, push);
        while (counter.next < NUMBERS) {
            const pthread_t thread = start_thread (count_on, &counter);
            const int from = counter.next;
            while (counter.next < NUMBERS && counter.next - from < 20)
                sched_yield ();
            CHECK_INT (pthread_cancel (thread), 0);
            join_thread (thread);
        }
        CHECK_INT (counter.wrong, 0);
        join_thread (sender);
        rm_socket (push);
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

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

/* ---- Functions of the program that the library calls ------------------------------------------------ */

static void exit_thread (void *data, void *hint)
{
    (void) data;
    pthread_exit (hint);
}

static void *close_message (void *arg)
{
    static char body[100];
    zmq_msg_t msg;
    CHECK_OK (zmq_msg_init_data (&msg, body, sizeof body, exit_thread, arg));
    zmq_msg_close (&msg);
    return NULL;
}

static void cancel_self (void *data, void *hint)
{
    (void) data;
    (void) hint;
    pthread_cancel (pthread_self ());
    pthread_testcancel ();
}

static void *close_message_cancelled (void *arg)
{
    static char body[100];
    zmq_msg_t msg;
    CHECK_OK (zmq_msg_init_data (&msg, body, sizeof body, cancel_self, arg));
    zmq_msg_close (&msg);
    return NULL;
}

/* A free function may end the thread where a message is closed. */
CASE (free_function_ends_thread)
{
    int mark;
    CHECK (join_thread (start_thread (close_message, &mark)) == &mark);
    CHECK (join_thread (start_thread (close_message_cancelled, NULL)) == PTHREAD_CANCELED);
}

static jmp_buf jump;
static int calls;

static void exit_in_timer (int id, void *arg)
{
    (void) id;
    pthread_exit (arg);
}

static void jump_in_timer (int id, void *arg)
{
    (void) id;
    (void) arg;
    longjmp (jump, 1);
}

static void count_calls (int id, void *arg)
{
    (void) id;
    (void) arg;
    ++calls;
}

static void *execute_timers (void *timers)
{
    zmq_timers_execute (timers);
    return NULL;
}

static int is_due (void *timers)
{
    return zmq_timers_timeout (timers) == 0;
}

/* A handler may end the thread or jump away; the set of timers works on. */
CASE (timer_ends_thread)
{
    int mark;
    void *timers = zmq_timers_new ();
    const int id = zmq_timers_add (timers, 1, exit_in_timer, &mark);
    CHECK (WAIT_FOR (is_due (timers)));
    CHECK (join_thread (start_thread (execute_timers, timers)) == &mark);
    CHECK_OK (zmq_timers_cancel (timers, id));
    const int other = zmq_timers_add (timers, 1, jump_in_timer, NULL);
    CHECK (WAIT_FOR (is_due (timers)));
    if (setjmp (jump) == 0) {
        zmq_timers_execute (timers);
        CHECK (0);
    }
    CHECK_OK (zmq_timers_cancel (timers, other));
    CHECK (zmq_timers_add (timers, 1, count_calls, NULL) > 0);
    CHECK (WAIT_FOR (is_due (timers)));
    CHECK_OK (zmq_timers_execute (timers));
    CHECK_INT (calls, 1);
    CHECK_OK (zmq_timers_destroy (&timers));
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
    RUN (terminating);
    RUN (sleeping);
    RUN (joining);
    RUN (disabled);
    RUN (state_is_kept);
    RUN_OURS (busy_senders, busy);
    RUN_OURS (busy_receivers, busy);
    RUN_OURS (shared, "one socket, two threads");
    RUN_OURS (nothing_is_lost, "it may be cancelled with a message in its hands");
    RUN_OURS (nothing_is_left, "what a call copied or holds is lost there");
    RUN (free_function_ends_thread);
    RUN (timer_ends_thread);
    return harness_end ();
}
