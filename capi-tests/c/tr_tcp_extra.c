/*
 * tcp beyond the common suite (zmq_tcp(7), options of zmq_setsockopt(3)): the forms of an address,
 * options of the system's socket, filters, given descriptors, and how reconnecting is paced.
 *
 * Options of the system's socket are read back from the descriptor that the monitor reports.
 */
#include "pat_common.h"

static void check_works (void *ctx, void *server, const char *endpoint, int ipv6)
{
    void *client = mk_socket (ctx, ZMQ_REQ);
    set_int (client, ZMQ_IPV6, ipv6);
    REQUIRE_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (client);
}

static int port_of (const char *endpoint)
{
    return atoi (strrchr (endpoint, ':') + 1);
}

/* ---- Addresses ------------------------------------------------------------------------------- */

CASE (ways_to_say_loopback)
{
    static const char *const binds[] = {"tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "tcp://lo:*",
                                        "tcp://lo:0"};
    static const char *const connects[] = {"127.0.0.1", "localhost"};
    for (int b = 0; b < 4; ++b) {
        void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP);
        char endpoint[ENDPOINT_SIZE], expected[ENDPOINT_SIZE];
        REQUIRE_OK (zmq_bind (server, binds[b]));
        last_endpoint (server, endpoint);
        snprintf (expected, sizeof expected, "tcp://127.0.0.1:%d", port_of (endpoint));
        CHECK_STR (endpoint, expected);
        CHECK (port_of (endpoint) > 0);
        for (int c = 0; c < 2; ++c) {
            snprintf (expected, sizeof expected, "tcp://%s:%d", connects[c], port_of (endpoint));
            check_works (ctx, server, expected, 0);
        }
        rm_socket (server);
        rm_ctx (ctx);
    }
}

CASE (all_interfaces)
{
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP);
    char endpoint[ENDPOINT_SIZE], expected[ENDPOINT_SIZE];
    REQUIRE_OK (zmq_bind (server, "tcp://*:*"));
    last_endpoint (server, endpoint);
    snprintf (expected, sizeof expected, "tcp://0.0.0.0:%d", port_of (endpoint));
    CHECK_STR (endpoint, expected);
    snprintf (expected, sizeof expected, "tcp://127.0.0.2:%d", port_of (endpoint));
    check_works (ctx, server, expected, 0);
    CHECK_OK (zmq_unbind (server, endpoint));
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (ipv6)
{
    if (!has_ipv6 ())
        return;
    static const char *const binds[] = {"tcp://[::1]:*", "tcp://[::]:*", "tcp://*:*"};
    for (int i = 0; i < 3; ++i) {
        void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP);
        char endpoint[ENDPOINT_SIZE], expected[ENDPOINT_SIZE];
        set_int (server, ZMQ_IPV6, 1);
        REQUIRE_OK (zmq_bind (server, binds[i]));
        last_endpoint (server, endpoint);
        const int port = port_of (endpoint);
        snprintf (expected, sizeof expected, "tcp://[%s]:%d", i ? "::" : "::1", port);
        CHECK_STR (endpoint, expected);
        snprintf (expected, sizeof expected, "tcp://[::1]:%d", port);
        check_works (ctx, server, expected, 1);
        if (i > 0) { /* and IPv4 peers reach it, too */
            snprintf (expected, sizeof expected, "tcp://127.0.0.1:%d", port);
            check_works (ctx, server, expected, 0);
            check_works (ctx, server, expected, 1);
        }
        rm_socket (server);
        rm_ctx (ctx);
    }
}

CASE (bad_addresses)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    CHECK_ERRNO (zmq_bind (socket, "tcp://127.0.0.1"), EINVAL);
    CHECK_ERRNO (zmq_bind (socket, "tcp://127.0.0.1:"), EINVAL);
    CHECK_ERRNO (zmq_bind (socket, "tcp://127.0.0.1:port"), EINVAL);
    CHECK_ERRNO (zmq_bind (socket, "tcp://"), EINVAL);
    CHECK_ERRNO (zmq_bind (socket, "tcp://no-such-interface:*"), ENODEV);
    CHECK_ERRNO (zmq_bind (socket, "tcp://192.0.2.1:*"), EADDRNOTAVAIL);
    CHECK_ERRNO (zmq_connect (socket, "tcp://127.0.0.1"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, "tcp://127.0.0.1:port"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, "tcp://"), EINVAL);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (port_out_of_range)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    CHECK_ERRNO (zmq_bind (socket, "tcp://127.0.0.1:70000"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, "tcp://127.0.0.1:70000"), EINVAL);
    rm_socket (socket);
    rm_ctx (ctx);
}

/* "tcp://source;destination": the connection leaves from that address, or address and port. */
CASE (source_address)
{
    char target[ENDPOINT_SIZE], spare[ENDPOINT_SIZE], endpoint[2 * ENDPOINT_SIZE];
    const int listener = raw_listen (target);
    unused_endpoint (spare);
    for (int i = 0; i < 3; ++i) {
        void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
        struct sockaddr_in peer;
        socklen_t size = sizeof peer;
        if (i < 2)
            snprintf (endpoint, sizeof endpoint, "tcp://127.0.0.%d:0;%s", i + 1, target + 6);
        else
            snprintf (endpoint, sizeof endpoint, "%s;%s", spare, target + 6);
        REQUIRE_OK (zmq_connect (socket, endpoint));
        const int fd = raw_accept (listener, DEADLINE_MS);
        REQUIRE (fd >= 0);
        REQUIRE_OK (getpeername (fd, (struct sockaddr *) &peer, &size));
        CHECK_INT (ntohl (peer.sin_addr.s_addr), INADDR_LOOPBACK + (i == 1));
        if (i == 2)
            CHECK_INT (ntohs (peer.sin_port), port_of (spare));
        set_int (socket, ZMQ_LINGER, 0);
        CHECK_OK (zmq_disconnect (socket, endpoint));
        rm_socket (socket);
        rm_ctx (ctx);
        close (fd);
    }
    close (listener);
}

/* ---- Options of the system's socket ---------------------------------------------------------- */

static void check_fd (int fd, int level, int option, int expected)
{
    int value = -1;
    socklen_t size = sizeof value;
    CHECK_OK (getsockopt (fd, level, option, &value, &size));
    CHECK_INT (value, expected);
}

/* All of them on a connecting and on a listening socket. */
CASE (options_reach_the_system)
{
    const pair_t p = new_pair (ZMQ_DEALER, ZMQ_DEALER);
    void *sockets[2] = {p.server, p.client}, *monitors[2];
    for (int i = 0; i < 2; ++i) {
        set_int (sockets[i], ZMQ_TCP_KEEPALIVE, 1);
        set_int (sockets[i], ZMQ_TCP_KEEPALIVE_IDLE, 61);
        set_int (sockets[i], ZMQ_TCP_KEEPALIVE_CNT, 7);
        set_int (sockets[i], ZMQ_TCP_KEEPALIVE_INTVL, 13);
        set_int (sockets[i], ZMQ_TCP_MAXRT, 4321);
        set_int (sockets[i], ZMQ_TOS, 0x28);
        monitors[i] = mk_monitor (p.ctx, sockets[i], i ? ZMQ_EVENT_CONNECTED : ZMQ_EVENT_ACCEPTED);
    }
    join_sockets (p.server, p.client, "tcp");
    bounce (p.server, p.client);
    for (int i = 0; i < 2; ++i) {
        int fd = -1;
        CHECK (wait_event (monitors[i], i ? ZMQ_EVENT_CONNECTED : ZMQ_EVENT_ACCEPTED, &fd, NULL));
        check_fd (fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        check_fd (fd, IPPROTO_TCP, TCP_KEEPIDLE, 61);
        check_fd (fd, IPPROTO_TCP, TCP_KEEPCNT, 7);
        check_fd (fd, IPPROTO_TCP, TCP_KEEPINTVL, 13);
        check_fd (fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 4321);
        check_fd (fd, IPPROTO_TCP, TCP_NODELAY, 1);
        check_fd (fd, IPPROTO_IP, IP_TOS, 0x28);
        CHECK (fcntl (fd, F_GETFD) & FD_CLOEXEC);
        rm_socket (monitors[i]);
    }
    close_pair (p);
}

CASE (bind_to_device)
{
    const int probe = socket (AF_INET, SOCK_STREAM, 0);
    const int permitted = setsockopt (probe, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0;
    close (probe);
    if (!permitted)
        return;
    const pair_t p = new_pair (ZMQ_DEALER, ZMQ_DEALER);
    char device[16];
    size_t size = sizeof device;
    set_str (p.server, ZMQ_BINDTODEVICE, "lo");
    set_str (p.client, ZMQ_BINDTODEVICE, "lo");
    CHECK_OK (zmq_getsockopt (p.client, ZMQ_BINDTODEVICE, device, &size));
    CHECK_STR (device, "lo");
    join_sockets (p.server, p.client, "tcp");
    bounce (p.server, p.client);
    close_pair (p);
}

CASE (accept_filter)
{
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP);
    char endpoint[ENDPOINT_SIZE];
    CHECK_ERRNO (zmq_setsockopt (server, ZMQ_TCP_ACCEPT_FILTER, "not an address", 14), EINVAL);
    CHECK_ERRNO (zmq_setsockopt (server, ZMQ_TCP_ACCEPT_FILTER, "127.0.0.1/33", 12), EINVAL);
    set_str (server, ZMQ_TCP_ACCEPT_FILTER, "10.0.0.0/8");
    bind_any (server, "tcp", endpoint);
    const int fd = raw_connect (endpoint);
    CHECK (raw_wait_closed (fd));
    close (fd);
    set_str (server, ZMQ_TCP_ACCEPT_FILTER, "127.0.0.0/8"); /* one of several is enough */
    bind_any (server, "tcp", endpoint);
    check_works (ctx, server, endpoint, 0);
    CHECK_OK (zmq_setsockopt (server, ZMQ_TCP_ACCEPT_FILTER, NULL, 0));
    bind_any (server, "tcp", endpoint);
    check_works (ctx, server, endpoint, 0);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (given_descriptor)
{
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP);
    char endpoint[ENDPOINT_SIZE], bound[ENDPOINT_SIZE];
    set_int (server, ZMQ_USE_FD, raw_listen (endpoint));
    REQUIRE_OK (zmq_bind (server, endpoint));
    last_endpoint (server, bound);
    CHECK_STR (bound, endpoint);
    check_works (ctx, server, endpoint, 0);
    rm_socket (server);
    rm_ctx (ctx);
}

/* ---- Pace of reconnecting -------------------------------------------------------------------- */

enum { PACE_EVENTS = ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_CONNECTED };

/* `count` intervals as the monitor reports them, and the time that they really took. */
static long long read_intervals (int ivl, int ivl_max, int *intervals, int count)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    char endpoint[ENDPOINT_SIZE];
    unused_endpoint (endpoint);
    set_int (socket, ZMQ_RECONNECT_IVL, ivl);
    set_int (socket, ZMQ_RECONNECT_IVL_MAX, ivl_max);
    void *monitor = mk_monitor (ctx, socket, ZMQ_EVENT_CONNECT_RETRIED);
    const long long begin = now_ms ();
    REQUIRE_OK (zmq_connect (socket, endpoint));
    for (int i = 0; i < count; ++i) {
        char address[ENDPOINT_SIZE];
        REQUIRE (wait_event (monitor, ZMQ_EVENT_CONNECT_RETRIED, &intervals[i], address));
        CHECK_STR (address, endpoint);
    }
    const long long took = now_ms () - begin;
    rm_socket (monitor);
    rm_socket (socket);
    rm_ctx (ctx);
    return took;
}

/* Without a maximum every interval is the base and some jitter of up to as much again. */
CASE (constant_interval)
{
    int intervals[8];
    long long sum = 0;
    const long long took = read_intervals (20, 0, intervals, 8);
    for (int i = 0; i < 8; ++i) {
        CHECK (intervals[i] >= 20 && intervals[i] <= 40);
        sum += i < 7 ? intervals[i] : 0; /* the last one has only begun */
    }
    CHECK (took >= sum - 8);
}

/* With a maximum it doubles until it is there. */
CASE (back_off)
{
    int intervals[8];
    long long sum = 0;
    const long long took = read_intervals (10, 80, intervals, 8);
    for (int i = 0; i < 8; ++i) {
        const int base = i < 3 ? 10 << i : 80;
        CHECK (intervals[i] >= base && intervals[i] <= base + 10);
        sum += i < 7 ? intervals[i] : 0;
    }
    CHECK (took >= sum - 8);
}

CASE (no_reconnect)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    char endpoint[ENDPOINT_SIZE];
    unused_endpoint (endpoint);
    set_int (socket, ZMQ_RECONNECT_IVL, -1);
    void *monitor = mk_monitor (ctx, socket, PACE_EVENTS);
    REQUIRE_OK (zmq_connect (socket, endpoint));
    expect_event (monitor, ZMQ_EVENT_CLOSED);
    expect_nothing (monitor);
    rm_socket (monitor);
    rm_socket (socket);
    rm_ctx (ctx);
}

/* A listener whose queue is full does not answer: ZMQ_CONNECT_TIMEOUT gives the attempt up. */
CASE (connect_timeout)
{
    void *ctx = mk_ctx (), *dealer = mk_socket (ctx, ZMQ_DEALER);
    char endpoint[ENDPOINT_SIZE];
    struct sockaddr_storage address;
    int fillers[8];
    const int listener = raw_listen (endpoint);
    REQUIRE_OK (listen (listener, 0));
    const socklen_t size = raw_address (endpoint, &address);
    for (int i = 0; i < 8; ++i) {
        fillers[i] = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect (fillers[i], (struct sockaddr *) &address, size);
    }
    REQUIRE (poll (&(struct pollfd){listener, POLLIN, 0}, 1, DEADLINE_MS) == 1); /* it has room for one */
    set_int (dealer, ZMQ_CONNECT_TIMEOUT, 100);
    set_int (dealer, ZMQ_RECONNECT_IVL, 10);
    void *monitor = mk_monitor (ctx, dealer, PACE_EVENTS);
    const long long begin = now_ms ();
    REQUIRE_OK (zmq_connect (dealer, endpoint));
    for (int i = 0; i < 2; ++i) {
        expect_event (monitor, ZMQ_EVENT_CLOSED);
        expect_event (monitor, ZMQ_EVENT_CONNECT_RETRIED);
    }
    CHECK (now_ms () - begin >= 200 - 10);
    for (int i = 0; i < 8; ++i)
        close (fillers[i]);
    close (listener);
    rm_socket (monitor);
    rm_socket (dealer);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (ways_to_say_loopback);
    RUN (all_interfaces);
    RUN (ipv6);
    RUN (bad_addresses);
    RUN_OURS (port_out_of_range, "the reference takes the port modulo 65536");
    RUN (source_address);
    RUN (options_reach_the_system);
    RUN (bind_to_device);
    RUN (accept_filter);
    RUN (given_descriptor);
    RUN (constant_interval);
    RUN (back_off);
    RUN (no_reconnect);
    RUN (connect_timeout);
    return harness_end ();
}
