/*
 * Failures of the system that seldom happen by themselves. This program stands between the library and the C library,
 * with functions of the same names, and lets one call fail; and there is a peer that causes one.
 */
#include "harness.h"
#include "wire_peer.h"
#include <dirent.h>
#include <dlfcn.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

/* What the next call fails with; 0: it does not. */
static volatile int listen_error, send_error, interfaces_error, names_error;
/* What registering this descriptor fails with, until there is none. */
static volatile int refused_fd = -1;

static int fails (volatile int *error)
{
    const int now = __sync_lock_test_and_set (error, 0);
    if (now)
        errno = now;
    return now;
}

int listen (int fd, int backlog)
{
    return fails (&listen_error) ? -1 : (int) syscall (SYS_listen, fd, backlog);
}

/* Sends take one byte, and every third is interrupted. */
static volatile int is_slow;

static int interrupts (void)
{
    static volatile unsigned calls;
    if (!is_slow || __sync_fetch_and_add (&calls, 1) % 3)
        return 0;
    errno = EINTR;
    return 1;
}

ssize_t send (int fd, const void *data, size_t size, int flags)
{
    if (fails (&send_error) || interrupts ())
        return -1;
    return syscall (SYS_sendto, fd, data, is_slow && size > 0 ? 1 : size, flags, NULL, 0);
}

ssize_t sendmsg (int fd, const struct msghdr *message, int flags)
{
    if (fails (&send_error) || interrupts ())
        return -1;
    for (size_t i = 0; is_slow && i < message->msg_iovlen; ++i)
        if (message->msg_iov[i].iov_len > 0)
            return syscall (SYS_sendto, fd, message->msg_iov[i].iov_base, 1, flags, NULL, 0);
    return syscall (SYS_sendmsg, fd, message, flags);
}

int epoll_ctl (int epoll, int operation, int fd, struct epoll_event *event)
{
    if (fd == refused_fd && operation == EPOLL_CTL_ADD) {
        errno = ENOSPC;
        return -1;
    }
    return (int) syscall (SYS_epoll_ctl, epoll, operation, fd, event);
}

int getifaddrs (struct ifaddrs **list)
{
    static int (*next) (struct ifaddrs **);
    if (fails (&interfaces_error))
        return -1;
    if (!next)
        *(void **) &next = dlsym (RTLD_NEXT, "getifaddrs");
    return next (list);
}

/* All of them fail as long as there is an error; ENOENT: there is no such name. */
int getaddrinfo (const char *host, const char *service, const struct addrinfo *hints,
                 struct addrinfo **list)
{
    static int (*next) (const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (names_error) {
        errno = names_error;
        return names_error == ENOENT ? EAI_NONAME : EAI_SYSTEM;
    }
    if (!next)
        *(void **) &next = dlsym (RTLD_NEXT, "getaddrinfo");
    return next (host, service, hints, list);
}

/* ---- Binding -------------------------------------------------------------------------------------------- */

CASE (nothing_is_left_where_listening_fails)
{
    char path[128], endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_PULL);
    unique_path (path, sizeof path);
    snprintf (endpoint, sizeof endpoint, "ipc://%s", path);
    listen_error = ENOBUFS;
    CHECK_ERRNO (zmq_bind (socket, endpoint), ENOBUFS);
    CHECK_INT (access (path, F_OK), -1);
    CHECK_OK (zmq_bind (socket, endpoint));
    CHECK_INT (access (path, F_OK), 0);
    rm_socket (socket);
    rm_ctx (ctx);
}

static int entries (const char *folder)
{
    int count = 0;
    DIR *open = opendir (folder);
    REQUIRE (open != NULL);
    while (readdir (open))
        ++count;
    closedir (open);
    return count - 2;
}

CASE (nor_a_folder)
{
    char folder[128];
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_PULL);
    unique_path (folder, sizeof folder);
    REQUIRE_OK (mkdir (folder, 0700));
    setenv ("TMPDIR", folder, 1);
    listen_error = ENOBUFS;
    CHECK_ERRNO (zmq_bind (socket, "ipc://*"), ENOBUFS);
    CHECK_INT (entries (folder), 0);
    CHECK_OK (zmq_bind (socket, "ipc://*"));
    CHECK_INT (entries (folder), 1);
    rm_socket (socket);
    rm_ctx (ctx);
    CHECK_INT (entries (folder), 0);
    rmdir (folder);
}

/* Nobody can say then whether there is such an interface or host. */
CASE (what_is_lacking_to_find_a_name_is_told)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_PULL);
    interfaces_error = EMFILE;
    CHECK_ERRNO (zmq_bind (socket, "tcp://lo:*"), EMFILE);
    CHECK_OK (zmq_bind (socket, "tcp://lo:*"));
    interfaces_error = EMFILE;
    CHECK_OK (zmq_bind (socket, "tcp://127.0.0.1:*"));
    names_error = EMFILE;
    CHECK_ERRNO (zmq_bind (socket, "tcp://host.invalid:*"), EMFILE);
    names_error = ENOENT;
    CHECK_ERRNO (zmq_bind (socket, "tcp://host.invalid:*"), ENODEV);
    names_error = 0;
    rm_socket (socket);
    rm_ctx (ctx);
}

/* Somebody may have as many watches as a user is allowed. */
CASE (a_descriptor_that_cannot_be_served_stays_the_programs)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
    const int fd = raw_listen (endpoint);
    set_int (server, ZMQ_USE_FD, fd);
    refused_fd = fd;
    CHECK_ERRNO (zmq_bind (server, endpoint), ENOSPC);
    refused_fd = -1;
    CHECK (fcntl (fd, F_GETFD) >= 0);
    CHECK_INT (opt_int (server, ZMQ_USE_FD), -1);
    set_int (server, ZMQ_USE_FD, fd);
    REQUIRE_OK (zmq_bind (server, endpoint));
    REQUIRE_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
    CHECK_INT (fcntl (fd, F_GETFD), -1);
}

/* ---- Sending -------------------------------------------------------------------------------------------- */

CASE (one_byte_at_a_time)
{
    static const char *const transports[] = {"tcp", "ipc"};
    static const int sizes[] = {0, 1, 254, 255, 256, 9000, 1};
    static unsigned char sent[9000], got[9001];
    char endpoint[ENDPOINT_SIZE];
    for (size_t i = 0; i < sizeof sent; ++i)
        sent[i] = (unsigned char) (i * 7 + i / 256);
    is_slow = 1;
    for (int t = 0; t < 2; ++t) {
        void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
        bind_any (server, transports[t], endpoint);
        REQUIRE_OK (zmq_connect (client, endpoint));
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
            void *from = i % 2 ? server : client, *to = i % 2 ? client : server;
            CHECK_INT (zmq_send (from, sent, (size_t) sizes[i], ZMQ_SNDMORE), sizes[i]);
            CHECK_INT (zmq_send (from, sent, (size_t) sizes[i], 0), sizes[i]);
            for (int part = 0; part < 2; ++part) {
                CHECK_INT (zmq_recv (to, got, sizeof got, 0), sizes[i]);
                CHECK_INT (opt_int (to, ZMQ_RCVMORE), !part);
                CHECK_MEM (got, sent, (size_t) sizes[i]);
            }
        }
        rm_socket (client);
        rm_socket (server);
        rm_ctx (ctx);
    }
    is_slow = 0;
}

/* A system that refuses to send, for want of memory above all, costs a connection: it is made again. */
CASE (a_failed_send_ends_the_connection)
{
    static const char *const transports[] = {"tcp", "ipc"};
    char endpoint[ENDPOINT_SIZE];
    for (int t = 0; t < 2; ++t) {
        void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL), *push = mk_socket (ctx, ZMQ_PUSH);
        bind_any (pull, transports[t], endpoint);
        set_int (push, ZMQ_RECONNECT_IVL, 10);
        void *monitor = mk_monitor (ctx, push, ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
        REQUIRE_OK (zmq_connect (push, endpoint));
        expect_event (monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
        send_str (push, "before", 0);
        expect_msg (pull, "before");
        send_error = ENOBUFS;
        send_str (push, "lost", 0);
        expect_event (monitor, ZMQ_EVENT_DISCONNECTED);
        expect_event (monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
        CHECK_INT (send_error, 0);
        send_str (push, "after", 0);
        expect_msg (pull, "after");
        rm_socket (monitor);
        rm_socket (push);
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

/* A peer of ipc that says that it will not read, and stays. What it sent arrives; the next one gets what is next. */
CASE (a_peer_that_does_not_read)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *pair = mk_socket (ctx, ZMQ_PAIR);
    bind_any (pair, "ipc", endpoint);
    void *monitor = mk_monitor (ctx, pair, ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    const int deaf = wire_join (endpoint, 1, "PAIR", "PAIR");
    expect_event (monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    REQUIRE_OK (shutdown (deaf, SHUT_RD));
    CHECK (wire_send (deaf, 0, "one", 3));
    CHECK (wire_send (deaf, 0, "two", 3));
    send_str (pair, "lost", 0);
    expect_msg (pair, "one");
    expect_msg (pair, "two");
    expect_event (monitor, ZMQ_EVENT_DISCONNECTED);
    const int peer = wire_join (endpoint, 1, "PAIR", "PAIR");
    expect_event (monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    send_str (pair, "next", 0);
    expect_wire (peer, 0, "next");
    close (peer);
    close (deaf);
    rm_socket (monitor);
    rm_socket (pair);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN_OURS (nothing_is_left_where_listening_fails, "the reference leaves the file");
    RUN_OURS (nor_a_folder, "the reference leaves the folder");
    RUN_OURS (what_is_lacking_to_find_a_name_is_told, "the reference ends the process");
    RUN_OURS (a_descriptor_that_cannot_be_served_stays_the_programs, "the reference ends the process");
    RUN (one_byte_at_a_time);
    RUN_OURS (a_failed_send_ends_the_connection, "the reference sends no more, and stays connected");
    RUN_OURS (a_peer_that_does_not_read, "the same");
    return harness_end ();
}
