/*
 * Options that end up on the descriptor of the operating system: TOS, keepalive, buffers,
 * BACKLOG, TCP_MAXRT, BINDTODEVICE, a SOCKS proxy where it has no effect, and ZMQ_USE_FD, which takes
 * one. Descriptors come from the monitor (LISTENING, ACCEPTED, CONNECTED) and from ZMQ_SRCFD.
 */
#include "harness.h"

/* One server, one client, and the descriptors of all three ends. */
typedef struct
{
    void *ctx, *server, *client, *server_monitor, *client_monitor;
    int listening, accepted, connected;
} ends_t;

static ends_t mk_ends (void)
{
    ends_t e;
    e.ctx = mk_ctx ();
    e.server = mk_socket (e.ctx, ZMQ_DEALER);
    e.client = mk_socket (e.ctx, ZMQ_DEALER);
    return e;
}

static void join_ends (ends_t *e)
{
    e->server_monitor = mk_monitor (e->ctx, e->server, ZMQ_EVENT_LISTENING | ZMQ_EVENT_ACCEPTED);
    e->client_monitor = mk_monitor (e->ctx, e->client, ZMQ_EVENT_CONNECTED);
    join_sockets (e->server, e->client, "tcp");
    bounce (e->server, e->client);
    REQUIRE (wait_event (e->server_monitor, ZMQ_EVENT_LISTENING, &e->listening, NULL));
    REQUIRE (wait_event (e->server_monitor, ZMQ_EVENT_ACCEPTED, &e->accepted, NULL));
    REQUIRE (wait_event (e->client_monitor, ZMQ_EVENT_CONNECTED, &e->connected, NULL));
}

static void rm_ends (ends_t *e)
{
    rm_socket (e->server);
    rm_socket (e->client);
    rm_socket (e->server_monitor);
    rm_socket (e->client_monitor);
    rm_ctx (e->ctx);
}

static int fd_opt (int fd, int level, int option)
{
    int value = -1;
    socklen_t size = sizeof value;
    CHECK_OK (getsockopt (fd, level, option, &value, &size));
    return value;
}

CASE (source_descriptor_is_the_accepted_one)
{
    ends_t e = mk_ends ();
    zmq_msg_t msg;
    join_ends (&e);
    send_str (e.client, "x", 0);
    zmq_msg_init (&msg);
    CHECK_INT (zmq_msg_recv (&msg, e.server, 0), 1);
    CHECK_INT (zmq_msg_get (&msg, ZMQ_SRCFD), e.accepted);
    send_str (e.server, "y", 0);
    CHECK_INT (zmq_msg_recv (&msg, e.client, 0), 1);
    CHECK_INT (zmq_msg_get (&msg, ZMQ_SRCFD), e.connected);
    zmq_msg_close (&msg);
    rm_ends (&e);
}

CASE (defaults)
{
    ends_t e = mk_ends ();
    join_ends (&e);
    const int fds[] = {e.accepted, e.connected};
    for (int i = 0; i < 2; ++i) {
        CHECK_INT (fd_opt (fds[i], IPPROTO_IP, IP_TOS), 0);
        CHECK_INT (fd_opt (fds[i], SOL_SOCKET, SO_KEEPALIVE), 0);
        CHECK_INT (fd_opt (fds[i], IPPROTO_TCP, TCP_NODELAY), 1);
        CHECK_INT (fd_opt (fds[i], IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
        CHECK (fcntl (fds[i], F_GETFL) & O_NONBLOCK);
        CHECK (fcntl (fds[i], F_GETFD) & FD_CLOEXEC);
    }
    CHECK (fcntl (e.listening, F_GETFD) & FD_CLOEXEC);
    CHECK (fcntl (opt_int (e.server, ZMQ_FD), F_GETFD) & FD_CLOEXEC);
    CHECK_INT (fd_opt (e.listening, SOL_SOCKET, SO_REUSEADDR), 1);
    rm_ends (&e);
}

CASE (type_of_service)
{
    ends_t e = mk_ends ();
    set_int (e.server, ZMQ_TOS, 0x28);
    set_int (e.client, ZMQ_TOS, 0x58);
    join_ends (&e);
    CHECK_INT (fd_opt (e.listening, IPPROTO_IP, IP_TOS), 0x28);
    CHECK_INT (fd_opt (e.accepted, IPPROTO_IP, IP_TOS), 0x28);
    CHECK_INT (fd_opt (e.connected, IPPROTO_IP, IP_TOS), 0x58);
    rm_ends (&e);
}

CASE (keepalive)
{
    ends_t e = mk_ends ();
    set_int (e.server, ZMQ_TCP_KEEPALIVE, 1);
    set_int (e.server, ZMQ_TCP_KEEPALIVE_CNT, 3);
    set_int (e.server, ZMQ_TCP_KEEPALIVE_IDLE, 120);
    set_int (e.server, ZMQ_TCP_KEEPALIVE_INTVL, 7);
    set_int (e.client, ZMQ_TCP_KEEPALIVE, 1);
    set_int (e.client, ZMQ_TCP_KEEPALIVE_IDLE, 33);
    join_ends (&e);
    CHECK_INT (fd_opt (e.accepted, SOL_SOCKET, SO_KEEPALIVE), 1);
    CHECK_INT (fd_opt (e.accepted, IPPROTO_TCP, TCP_KEEPCNT), 3);
    CHECK_INT (fd_opt (e.accepted, IPPROTO_TCP, TCP_KEEPIDLE), 120);
    CHECK_INT (fd_opt (e.accepted, IPPROTO_TCP, TCP_KEEPINTVL), 7);
    CHECK_INT (fd_opt (e.connected, SOL_SOCKET, SO_KEEPALIVE), 1);
    CHECK_INT (fd_opt (e.connected, IPPROTO_TCP, TCP_KEEPIDLE), 33);
    rm_ends (&e);
}

CASE (keepalive_details_need_keepalive)
{
    ends_t plain = mk_ends (), e = mk_ends ();
    join_ends (&plain);
    set_int (e.server, ZMQ_TCP_KEEPALIVE_CNT, 3);
    set_int (e.client, ZMQ_TCP_KEEPALIVE, 0);
    set_int (e.client, ZMQ_TCP_KEEPALIVE_CNT, 3);
    join_ends (&e);
    CHECK_INT (fd_opt (e.accepted, SOL_SOCKET, SO_KEEPALIVE), 0);
    CHECK_INT (fd_opt (e.accepted, IPPROTO_TCP, TCP_KEEPCNT), fd_opt (plain.accepted, IPPROTO_TCP, TCP_KEEPCNT));
    CHECK_INT (fd_opt (e.connected, SOL_SOCKET, SO_KEEPALIVE), 0);
    rm_ends (&e);
    rm_ends (&plain);
}

CASE (kernel_buffers)
{
    /* The kernel doubles what it is given. */
    ends_t e = mk_ends ();
    set_int (e.server, ZMQ_SNDBUF, 20000);
    set_int (e.server, ZMQ_RCVBUF, 30000);
    set_int (e.client, ZMQ_SNDBUF, 40000);
    set_int (e.client, ZMQ_RCVBUF, 50000);
    join_ends (&e);
    CHECK_INT (fd_opt (e.accepted, SOL_SOCKET, SO_SNDBUF), 40000);
    CHECK_INT (fd_opt (e.accepted, SOL_SOCKET, SO_RCVBUF), 60000);
    CHECK_INT (fd_opt (e.connected, SOL_SOCKET, SO_SNDBUF), 80000);
    CHECK_INT (fd_opt (e.connected, SOL_SOCKET, SO_RCVBUF), 100000);
    rm_ends (&e);
}

CASE (retransmit_timeout)
{
    ends_t e = mk_ends ();
    set_int (e.server, ZMQ_TCP_MAXRT, 2500);
    set_int (e.client, ZMQ_TCP_MAXRT, 4000);
    join_ends (&e);
    CHECK_INT (fd_opt (e.accepted, IPPROTO_TCP, TCP_USER_TIMEOUT), 2500);
    CHECK_INT (fd_opt (e.connected, IPPROTO_TCP, TCP_USER_TIMEOUT), 4000);
    rm_ends (&e);
}

CASE (backlog)
{
    const int values[] = {100, 1, 7, 33};
    for (int i = 0; i < 4; ++i) {
        ends_t e = mk_ends ();
        struct tcp_info info;
        socklen_t size = sizeof info;
        if (i > 0)
            set_int (e.server, ZMQ_BACKLOG, values[i]);
        join_ends (&e);
        memset (&info, 0, sizeof info);
        CHECK_OK (getsockopt (e.listening, IPPROTO_TCP, TCP_INFO, &info, &size));
        /* Of a listening socket, this field is the length that listen(2) was given. */
        CHECK_INT (info.tcpi_sacked, values[i]);
        rm_ends (&e);
    }
}

CASE (device)
{
    ends_t e = mk_ends ();
    set_str (e.server, ZMQ_BINDTODEVICE, "lo");
    set_str (e.client, ZMQ_BINDTODEVICE, "lo");
    join_ends (&e);
    const int fds[] = {e.listening, e.connected};
    for (int i = 0; i < 2; ++i) {
        char name[32] = "";
        socklen_t size = sizeof name;
        CHECK_OK (getsockopt (fds[i], SOL_SOCKET, SO_BINDTODEVICE, name, &size));
        CHECK_STR (name, "lo");
    }
    rm_ends (&e);
}

CASE (device_that_does_not_exist)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_DEALER);
    set_str (socket, ZMQ_BINDTODEVICE, "nodev0");
    const int rc = zmq_bind (socket, "tcp://127.0.0.1:*");
    printf ("  %s\n", result_name (rc));
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (options_act_on_later_binds_and_connects)
{
    ends_t e = mk_ends ();
    join_ends (&e);
    set_int (e.server, ZMQ_TOS, 0x20);
    set_int (e.client, ZMQ_TOS, 0x20);
    CHECK_INT (fd_opt (e.listening, IPPROTO_IP, IP_TOS), 0);
    CHECK_INT (fd_opt (e.connected, IPPROTO_IP, IP_TOS), 0);
    char endpoint[ENDPOINT_SIZE];
    bind_any (e.server, "tcp", endpoint);
    REQUIRE (wait_event (e.server_monitor, ZMQ_EVENT_LISTENING, &e.listening, NULL));
    CHECK_INT (fd_opt (e.listening, IPPROTO_IP, IP_TOS), 0x20);
    rm_ends (&e);
}

CASE (use_fd_to_bind)
{
    char endpoint[ENDPOINT_SIZE], last[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    const int fd = raw_listen (endpoint);
    set_int (server, ZMQ_USE_FD, fd);
    CHECK_INT (opt_int (server, ZMQ_USE_FD), fd);
    CHECK_OK (zmq_bind (server, endpoint));
    last_endpoint (server, last);
    CHECK_STR (last, endpoint);
    CHECK_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
    /* The descriptor was handed over. */
    CHECK_INT (fcntl (fd, F_GETFD), -1);
}

CASE (use_fd_to_bind_ipc)
{
    char path[128], endpoint[ENDPOINT_SIZE];
    struct sockaddr_un un;
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    unique_path (path, sizeof path);
    memset (&un, 0, sizeof un);
    un.sun_family = AF_UNIX;
    snprintf (un.sun_path, sizeof un.sun_path, "%.100s", path);
    const int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE_OK (bind (fd, (struct sockaddr *) &un, sizeof un));
    REQUIRE_OK (listen (fd, 10));
    set_int (server, ZMQ_USE_FD, fd);
    snprintf (endpoint, sizeof endpoint, "ipc://%s", path);
    CHECK_OK (zmq_bind (server, endpoint));
    CHECK_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (descriptor_for_one_bind)
{
    char endpoint[ENDPOINT_SIZE], second[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    set_int (server, ZMQ_USE_FD, raw_listen (endpoint));
    CHECK_OK (zmq_bind (server, endpoint));
    CHECK_INT (opt_int (server, ZMQ_USE_FD), -1);
    CHECK_OK (zmq_bind (server, "tcp://127.0.0.1:*"));
    last_endpoint (server, second);
    CHECK (strcmp (second, endpoint) != 0);
    CHECK_OK (zmq_unbind (server, second));
    CHECK_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

/* A proxy is for connections by tcp. */
CASE (proxy_for_other_things)
{
    static const char *const transports[] = {"inproc", "ipc"};
    void *ctx = mk_ctx (), *client = mk_socket (ctx, ZMQ_PUSH);
    char endpoint[ENDPOINT_SIZE];
    set_str (client, ZMQ_SOCKS_PROXY, "127.0.0.1:1");
    for (int t = 0; t < 2; ++t) {
        void *server = mk_socket (ctx, ZMQ_PULL);
        set_str (server, ZMQ_SOCKS_PROXY, "127.0.0.1:1");
        join_sockets (server, client, transports[t]);
        send_str (client, "hello", 0);
        expect_msg (server, "hello");
        bind_any (server, "tcp", endpoint);
        CHECK_OK (zmq_disconnect (client, (last_endpoint (client, endpoint), endpoint)));
        rm_socket (server);
    }
    rm_socket (client);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (source_descriptor_is_the_accepted_one);
    RUN (defaults);
    RUN (type_of_service);
    RUN (keepalive);
    RUN (keepalive_details_need_keepalive);
    RUN (kernel_buffers);
    RUN (retransmit_timeout);
    RUN (backlog);
    RUN (device);
    RUN (device_that_does_not_exist);
    RUN (options_act_on_later_binds_and_connects);
    RUN (use_fd_to_bind);
    RUN (use_fd_to_bind_ipc);
    RUN (proxy_for_other_things);
    RUN_OURS (descriptor_for_one_bind, "the reference takes the descriptor a second time");
    return harness_end ();
}
