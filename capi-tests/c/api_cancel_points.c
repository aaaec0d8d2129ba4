/*
 * Cancellation points of the C library under the calls that programs make for every message: a thread that was
 * cancelled would end there, in the middle of the library. This program stands between the two, with functions of the
 * same names, and looks whether the calling thread may be cancelled.
 *
 * Only where it sleeps it may be, and those calls (epoll_wait and ppoll) are left out here.
 */
#include "harness.h"
#include <sys/syscall.h>
#include <sys/uio.h>

/* Inside a call of the library, on a thread of the program's. */
static __thread int is_inside;
static volatile int seen, wrong;
static const char *volatile wrong_name;

static void look (const char *name)
{
    int state;
    if (!is_inside)
        return;
    pthread_setcancelstate (PTHREAD_CANCEL_DISABLE, &state);
    pthread_setcancelstate (state, NULL);
    __sync_fetch_and_add (&seen, 1);
    if (state == PTHREAD_CANCEL_ENABLE) {
        wrong_name = name;
        __sync_fetch_and_add (&wrong, 1);
    }
}

ssize_t read (int fd, void *data, size_t size)
{
    /* After a sleep there is one that reads nothing, and may end the thread. */
    if (fd != -1)
        look ("read");
    return syscall (SYS_read, fd, data, size);
}

ssize_t write (int fd, const void *data, size_t size)
{
    look ("write");
    return syscall (SYS_write, fd, data, size);
}

ssize_t readv (int fd, const struct iovec *parts, int count)
{
    look ("readv");
    return syscall (SYS_readv, fd, parts, count);
}

ssize_t writev (int fd, const struct iovec *parts, int count)
{
    look ("writev");
    return syscall (SYS_writev, fd, parts, count);
}

ssize_t recv (int fd, void *data, size_t size, int flags)
{
    look ("recv");
    return syscall (SYS_recvfrom, fd, data, size, flags, NULL, NULL);
}

ssize_t send (int fd, const void *data, size_t size, int flags)
{
    look ("send");
    return syscall (SYS_sendto, fd, data, size, flags, NULL, 0);
}

ssize_t recvmsg (int fd, struct msghdr *message, int flags)
{
    look ("recvmsg");
    return syscall (SYS_recvmsg, fd, message, flags);
}

ssize_t sendmsg (int fd, const struct msghdr *message, int flags)
{
    look ("sendmsg");
    return syscall (SYS_sendmsg, fd, message, flags);
}

int close (int fd)
{
    look ("close");
    return (int) syscall (SYS_close, fd);
}

ssize_t getrandom (void *data, size_t size, unsigned int flags)
{
    look ("getrandom");
    return syscall (SYS_getrandom, data, size, flags);
}

/* ---- What threads do ------------------------------------------------------------------------ */

enum { MESSAGES = 3000 };

typedef struct
{
    void *in, *out, *control, *to_control;
} sockets_t;

static void *do_echo (void *arg)
{
    sockets_t *sockets = arg;
    is_inside = 1;
    zmq_proxy_steerable (sockets->in, sockets->out, NULL, sockets->control);
    is_inside = 0;
    return NULL;
}

static void *do_receive (void *socket)
{
    zmq_msg_t msg;
    int last;
    zmq_msg_init (&msg);
    do {
        zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
        is_inside = 1;
        zmq_poll (&item, 1, DEADLINE_MS);
        const int size = zmq_msg_recv (&msg, socket, 0);
        is_inside = 0;
        CHECK (size > 0);
        last = size <= 1;
    } while (!last);
    zmq_msg_close (&msg);
    return NULL;
}

/* Messages go through a proxy from thread to thread; connections come and go. */
static void pass_messages (const char *transport)
{
    char front[ENDPOINT_SIZE], back[ENDPOINT_SIZE];
    static char body[3000];
    sockets_t sockets;
    const int had_seen = seen;
    void *ctx = mk_ctx ();
    sockets.in = mk_socket (ctx, ZMQ_PULL);
    sockets.out = mk_socket (ctx, ZMQ_PUSH);
    sockets.control = mk_socket (ctx, ZMQ_PAIR);
    sockets.to_control = mk_socket (ctx, ZMQ_PAIR);
    void *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    bind_any (sockets.in, transport, front);
    bind_any (sockets.out, transport, back);
    join_sockets (sockets.control, sockets.to_control, "inproc");
    REQUIRE_OK (zmq_connect (push, front));
    REQUIRE_OK (zmq_connect (pull, back));
    const pthread_t proxy = start_thread (do_echo, &sockets);
    const pthread_t receiver = start_thread (do_receive, pull);
    for (int i = 0; i < MESSAGES; ++i) {
        is_inside = 1;
        CHECK (zmq_send (push, body, i % 7 == 0 ? sizeof body : 10, 0) > 0);
        if (i % 500 == 0) {
            void *passer_by = zmq_socket (ctx, ZMQ_PUSH);
            zmq_connect (passer_by, front);
            zmq_send (passer_by, body, 10, 0);
            zmq_close (passer_by);
        }
        is_inside = 0;
    }
    CHECK_INT (zmq_send (push, "x", 1, 0), 1);
    join_thread (receiver);
    send_str (sockets.to_control, "TERMINATE", 0);
    join_thread (proxy);
    is_inside = 1;
    zmq_close (push);
    zmq_close (pull);
    zmq_close (sockets.in);
    zmq_close (sockets.out);
    is_inside = 0;
    rm_socket (sockets.control);
    rm_socket (sockets.to_control);
    is_inside = 1;
    zmq_ctx_term (ctx);
    is_inside = 0;
    if (wrong)
        fprintf (stderr, "cancelled within %s\n", wrong_name);
    CHECK_INT (wrong, 0);
    if (strcmp (transport, "inproc") != 0)
        CHECK (seen > had_seen);
}

CASE (shielded_inproc)
{
    pass_messages ("inproc");
}

CASE (shielded_ipc)
{
    pass_messages ("ipc");
}

CASE (shielded_tcp)
{
    pass_messages ("tcp");
}

/* A request's way, and what ROUTER makes of those that come. */
CASE (shielded_requests)
{
    void *ctx = mk_ctx ();
    void *router = mk_socket (ctx, ZMQ_ROUTER);
    char endpoint[ENDPOINT_SIZE];
    bind_any (router, "tcp", endpoint);
    for (int i = 0; i < 20; ++i) {
        char frame[64];
        size_t size = sizeof (int);
        int events;
        is_inside = 1;
        void *req = zmq_socket (ctx, ZMQ_REQ);
        zmq_connect (req, endpoint);
        zmq_send (req, "q", 1, 0);
        const int id = zmq_recv (router, frame, sizeof frame, 0);
        zmq_send (router, frame, (size_t) id, ZMQ_SNDMORE);
        do {
            zmq_recv (router, frame, sizeof frame, 0);
            zmq_getsockopt (router, ZMQ_RCVMORE, &events, &size);
        } while (events);
        zmq_send (router, "", 0, ZMQ_SNDMORE);
        zmq_send (router, "a", 1, 0);
        CHECK_INT (zmq_recv (req, frame, sizeof frame, 0), 1);
        zmq_getsockopt (req, ZMQ_EVENTS, &events, &size);
        zmq_close (req);
        is_inside = 0;
    }
    CHECK_INT (wrong, 0);
    rm_socket (router);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    static const char reason[] = "how the library is made";
    harness_begin (argc, argv);
    RUN_OURS (shielded_inproc, reason);
    RUN_OURS (shielded_ipc, reason);
    RUN_OURS (shielded_tcp, reason);
    RUN_OURS (shielded_requests, reason);
    return harness_end ();
}
