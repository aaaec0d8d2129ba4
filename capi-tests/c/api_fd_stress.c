/*
 * ZMQ_FD under load: one edge-triggered epoll for many sockets of several types, in both
 * directions, with peers in threads that send in bursts and pause. The loop knows nothing but the
 * contract: an edge means look at ZMQ_EVENTS; after every call it may have changed. A loop that sleeps
 * while a message waits, or while there is room that it waits for, fails at the deadline.
 */
#include "harness.h"
#include <sys/epoll.h>

enum { FLOWS = 12, MESSAGES = 3000, HWM = 12 };

/* One socket in the loop, one in a thread. What the loop receives is numbered; so is what it sends. */
typedef struct
{
    void *near, *far;
    int fd, index;
    int to_send, sent, to_come, came;
    int framed; /* the near side puts an identity before the number */
    char identity[32];
    int identity_size;
} flow_t;

static int events (flow_t *flow)
{
    return opt_int (flow->near, ZMQ_EVENTS);
}

static unsigned next_random (unsigned *state)
{
    *state = *state * 1103515245 + 12345;
    return *state >> 16;
}

/* --- the far side: a thread with blocking calls -------------------------------------------- */

static void pause_at_times (unsigned *random)
{
    const unsigned number = next_random (random) % 600;
    if (number == 0)
        msleep (20);
    else if (number < 4)
        msleep (1);
}

static void *far_sends (void *arg)
{
    flow_t *flow = arg;
    unsigned random = 77u + (unsigned) flow->index;
    for (int i = 0; i < MESSAGES; ++i) {
        CHECK_INT (zmq_send (flow->far, &i, sizeof i, 0), sizeof i);
        pause_at_times (&random);
    }
    return NULL;
}

static void *far_receives (void *arg)
{
    flow_t *flow = arg;
    unsigned random = 99u + (unsigned) flow->index;
    for (int i = 0; i < MESSAGES; ++i) {
        int got = -1;
        CHECK_INT (zmq_recv (flow->far, &got, sizeof got, 0), sizeof got);
        CHECK_INT (got, i);
        pause_at_times (&random);
    }
    return NULL;
}

static void *far_echoes (void *arg)
{
    flow_t *flow = arg;
    unsigned random = 55u + (unsigned) flow->index;
    for (int i = 0; i < MESSAGES; ++i) {
        int got = -1;
        CHECK_INT (zmq_recv (flow->far, &got, sizeof got, 0), sizeof got);
        CHECK_INT (got, i);
        CHECK_INT (zmq_send (flow->far, &got, sizeof got, 0), sizeof got);
        pause_at_times (&random);
    }
    return NULL;
}

/* --- the near side ------------------------------------------------------------------------- */

/* 1 if a message was received. */
static int receive_one (flow_t *flow)
{
    int got = -1;
    if (flow->framed) {
        const int rc = zmq_recv (flow->near, flow->identity, sizeof flow->identity, ZMQ_DONTWAIT);
        if (rc == -1) {
            CHECK_INT (zmq_errno (), EAGAIN);
            return 0;
        }
        flow->identity_size = rc;
    }
    const int rc = zmq_recv (flow->near, &got, sizeof got, ZMQ_DONTWAIT);
    if (rc == -1 && !flow->framed) {
        CHECK_INT (zmq_errno (), EAGAIN);
        return 0;
    }
    CHECK_INT (rc, sizeof got);
    CHECK_INT (got, flow->came);
    flow->came++;
    return 1;
}

static int send_one (flow_t *flow)
{
    const int rc = zmq_send (flow->near, &flow->sent, sizeof flow->sent, ZMQ_DONTWAIT);
    if (rc == -1) {
        CHECK_INT (zmq_errno (), EAGAIN);
        return 0;
    }
    flow->sent++;
    return 1;
}

/* Everything there is to do, by the return values alone: EAGAIN means that a signal will come. */
static void work_until_eagain (flow_t *flow)
{
    int again = 1;
    while (again) {
        again = 0;
        if (flow->came < flow->to_come && events (flow) & ZMQ_POLLIN)
            while (flow->came < flow->to_come && receive_one (flow))
                again = 1;
        if (flow->sent < flow->to_send && events (flow) & ZMQ_POLLOUT)
            while (flow->sent < flow->to_send && send_one (flow))
                again = 1;
    }
}

/* One message a step, with a look at ZMQ_EVENTS before each. */
static void work_one_by_one (flow_t *flow)
{
    for (;;) {
        const int now = events (flow);
        if (now & ZMQ_POLLIN && flow->came < flow->to_come)
            receive_one (flow);
        else if (now & ZMQ_POLLOUT && flow->sent < flow->to_send)
            send_one (flow);
        else
            return;
    }
}

static int is_done (const flow_t *flow)
{
    return flow->came == flow->to_come && flow->sent == flow->to_send;
}

static void drive (flow_t *flows, void (*work) (flow_t *))
{
    const int epoll = epoll_create1 (EPOLL_CLOEXEC);
    REQUIRE (epoll >= 0);
    int open = 0;
    for (int i = 0; i < FLOWS; ++i) {
        struct epoll_event event = {EPOLLIN | EPOLLET, {.ptr = &flows[i]}};
        flows[i].fd = opt_int (flows[i].near, ZMQ_FD);
        REQUIRE_OK (epoll_ctl (epoll, EPOLL_CTL_ADD, flows[i].fd, &event));
        work (&flows[i]);
        open += !is_done (&flows[i]);
    }
    while (open > 0) {
        struct epoll_event got[4];
        const int count = epoll_wait (epoll, got, 4, DEADLINE_MS);
        if (count == -1 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        for (int i = 0; i < count; ++i) {
            flow_t *flow = got[i].data.ptr;
            if (is_done (flow))
                continue;
            work (flow);
            open -= is_done (flow);
        }
    }
    for (int i = 0; i < FLOWS; ++i) {
        if (!is_done (&flows[i]))
            fprintf (stderr, "flow %d: sent %d of %d, came %d of %d, events %d\n", i, flows[i].sent, flows[i].to_send,
                     flows[i].came, flows[i].to_come, events (&flows[i]));
        CHECK_INT (flows[i].came, flows[i].to_come);
        CHECK_INT (flows[i].sent, flows[i].to_send);
    }
    close (epoll);
}

static void run_flows (void (*work) (flow_t *))
{
    static const struct
    {
        int near, far, sends, receives, framed;
    } kinds[] = {
      {ZMQ_PULL, ZMQ_PUSH, 0, 1, 0},
      {ZMQ_PUSH, ZMQ_PULL, 1, 0, 0},
      {ZMQ_PAIR, ZMQ_PAIR, 1, 1, 0},
      {ZMQ_ROUTER, ZMQ_DEALER, 0, 1, 1},
    };
    static const char *const transports[] = {"inproc", "tcp", "ipc"};
    void *ctx = mk_ctx ();
    flow_t flows[FLOWS];
    pthread_t threads[FLOWS];
    memset (flows, 0, sizeof flows);
    for (int i = 0; i < FLOWS; ++i) {
        flow_t *flow = &flows[i];
        const int kind = i % 4;
        flow->index = i;
        flow->near = mk_socket (ctx, kinds[kind].near);
        flow->far = mk_socket (ctx, kinds[kind].far);
        /* Short queues: both sides have to wait for each other. */
        set_int (flow->near, ZMQ_SNDHWM, HWM);
        set_int (flow->near, ZMQ_RCVHWM, HWM);
        set_int (flow->far, ZMQ_SNDHWM, HWM);
        set_int (flow->far, ZMQ_RCVHWM, HWM);
        join_sockets (flow->near, flow->far, transports[i / 4]);
        flow->framed = kinds[kind].framed;
        flow->to_send = kinds[kind].sends ? MESSAGES : 0;
        flow->to_come = kinds[kind].receives ? MESSAGES : 0;
    }
    for (int i = 0; i < FLOWS; ++i) {
        flow_t *flow = &flows[i];
        void *(*job) (void *) = flow->to_send && flow->to_come ? far_echoes : flow->to_send ? far_receives : far_sends;
        threads[i] = start_thread (job, flow);
    }
    drive (flows, work);
    for (int i = 0; i < FLOWS; ++i) {
        join_thread (threads[i]);
        rm_socket (flows[i].near);
        rm_socket (flows[i].far);
    }
    rm_ctx (ctx);
}

CASE (until_eagain)
{
    run_flows (work_until_eagain);
}

CASE (one_by_one)
{
    run_flows (work_one_by_one);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (until_eagain);
    RUN (one_by_one);
    return harness_end ();
}
