/*
 * Endpoints of udp (drafts; zmq_udp(7)): who may have one, how one is named and taken back, and what options make of the
 * descriptor behind it. What goes through is draft_udp's.
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "udp.h"

CASE (who_may_what)
{
    static const int types[] = {ZMQ_PAIR, ZMQ_PUB, ZMQ_SUB, ZMQ_REQ, ZMQ_ROUTER, ZMQ_STREAM, ZMQ_CLIENT, ZMQ_PEER};
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i) {
        void *socket = mk_socket (ctx, types[i]);
        CHECK_ERRNO (zmq_bind (socket, "udp://127.0.0.1:*"), ENOCOMPATPROTO);
        CHECK_ERRNO (zmq_connect (socket, "udp://127.0.0.1:5555"), ENOCOMPATPROTO);
        CHECK_ERRNO (zmq_unbind (socket, "udp://127.0.0.1:5555"), ENOCOMPATPROTO);
        CHECK_ERRNO (zmq_disconnect (socket, "udp://bad"), ENOCOMPATPROTO);
        rm_socket (socket);
    }
    void *radio = mk_socket (ctx, ZMQ_RADIO), *dish = mk_socket (ctx, ZMQ_DISH);
    CHECK_ERRNO (zmq_bind (radio, "udp://127.0.0.1:*"), ENOCOMPATPROTO);
    CHECK_ERRNO (zmq_bind (radio, "udp://bad"), ENOCOMPATPROTO);
    CHECK_ERRNO (zmq_connect (dish, "udp://127.0.0.1:5555"), ENOCOMPATPROTO);
    CHECK_ERRNO (zmq_unbind (dish, "udp://127.0.0.1:5555"), ENOENT);
    CHECK_ERRNO (zmq_disconnect (radio, "udp://127.0.0.1:5555"), ENOENT);
    static const struct
    {
        const char *endpoint;
        int bind, connect;
    } bad[] = {{"udp://", EINVAL, EINVAL},
               {"udp://127.0.0.1", EINVAL, EINVAL},
               {"udp://127.0.0.1:", EINVAL, EINVAL},
               {"udp://127.0.0.1:x", EINVAL, EINVAL},
               {"udp://127.0.0.1:-1", EINVAL, EINVAL},
               {"udp://127.0.0.1:65536", EINVAL, EINVAL},
               {"udp://:5555", ENODEV, EINVAL},
               {"udp://[::1]:5555", ENODEV, EINVAL},
               {"udp://lo;127.0.0.1:5555", EINVAL, EINVAL},
               {"udp://239.0.0.2;239.0.0.1:5555", EINVAL, EINVAL},
               {"udp://nosuchif;239.0.0.1:5555", ENODEV, ENODEV},
               {"udp://\xff:5555", EINVAL, EINVAL}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        CHECK_ERRNO (zmq_bind (dish, bad[i].endpoint), bad[i].bind);
        CHECK_ERRNO (zmq_connect (radio, bad[i].endpoint), bad[i].connect);
    }
    CHECK_ERRNO (zmq_connect (radio, "udp://127.0.0.1:*"), EINVAL);
    CHECK_ERRNO (zmq_bind (dish, "udp://192.0.2.1:*"), EADDRNOTAVAIL);
    CHECK_ERRNO (zmq_bind (dish, "udp://192.0.2.1;239.0.0.1:*"), ENODEV);
    /* Datagrams are not protected, and nobody can be asked about who sends them. */
    set_int (radio, ZMQ_PLAIN_SERVER, 1);
    set_int (dish, ZMQ_PLAIN_SERVER, 1);
    CHECK_ERRNO (zmq_connect (radio, "udp://127.0.0.1:5555"), EPROTONOSUPPORT);
    CHECK_ERRNO (zmq_bind (dish, "udp://127.0.0.1:*"), EPROTONOSUPPORT);
    set_int (radio, ZMQ_PLAIN_SERVER, 0);
    set_int (dish, ZMQ_PLAIN_SERVER, 0);
    set_str (radio, ZMQ_ZAP_DOMAIN, "domain");
    set_str (dish, ZMQ_ZAP_DOMAIN, "domain");
    CHECK_OK (zmq_connect (radio, "udp://127.0.0.1:5555"));
    CHECK_ERRNO (zmq_bind (dish, "udp://127.0.0.1:*"), EPROTONOSUPPORT);
    rm_socket (radio);
    rm_socket (dish);
    rm_ctx (ctx);
}

/* Names to take an endpoint back by, ports that others have, what the monitor hears. */
CASE (binding)
{
    char endpoint[ENDPOINT_SIZE], address[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *dish = mk_socket (ctx, ZMQ_DISH), *other = mk_socket (ctx, ZMQ_DISH);
    void *monitor = mk_monitor (ctx, dish, ZMQ_EVENT_ALL);
    int port, fd = raw_udp (&port);
    snprintf (endpoint, sizeof endpoint, "udp://127.0.0.1:%d", port);
    CHECK_ERRNO (zmq_bind (dish, endpoint), EADDRINUSE);
    expect_event (monitor, ZMQ_EVENT_BIND_FAILED);
    close (fd);
    port = bind_udp (dish, "udp://127.0.0.1:*", endpoint);
    CHECK_INT (read_event (monitor, DEADLINE_MS, &fd, address), ZMQ_EVENT_LISTENING);
    CHECK_STR (address, endpoint);
    CHECK_INT (fd_int (fd, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
    CHECK (fcntl (fd, F_GETFD) & FD_CLOEXEC);
    /* DISHes may share a port. */
    CHECK_OK (zmq_bind (other, endpoint));
    CHECK_OK (zmq_unbind (dish, "udp://127.0.0.1:*"));
    CHECK_INT (read_event (monitor, DEADLINE_MS, NULL, address), ZMQ_EVENT_CLOSED);
    CHECK_STR (address, endpoint);
    CHECK_ERRNO (zmq_unbind (dish, endpoint), ENOENT);
    CHECK_OK (zmq_bind (dish, endpoint));
    CHECK_OK (zmq_unbind (other, endpoint));
    CHECK_OK (zmq_join (dish, "g"));
    fd = raw_udp (&port);
    raw_send_to (fd, port_of (endpoint), "\1gx", 3);
    expect_group (dish, "g", "x", 1);
    CHECK_OK (zmq_unbind (dish, endpoint));
    CHECK_ERRNO (zmq_recv (dish, address, 1, ZMQ_DONTWAIT), EAGAIN);
    close (fd);
    rm_socket (dish);
    rm_socket (other);
    rm_socket (monitor);
    rm_ctx (ctx);
}

/* Options that end up at the descriptors. */
CASE (options)
{
    char before[256];
    void *ctx = mk_ctx ();
    void *sockets[] = {mk_socket (ctx, ZMQ_RADIO), mk_socket (ctx, ZMQ_DISH)};
    int plain[2];
    udp_sockets (before);
    CHECK_OK (zmq_connect (sockets[0], "udp://127.0.0.1:9"));
    plain[0] = udp_opened (before);
    CHECK_INT (fd_int (plain[0], IPPROTO_IP, IP_MULTICAST_TTL), 1);
    CHECK_INT (fd_int (plain[0], IPPROTO_IP, IP_MULTICAST_LOOP), 1);
    for (int i = 0; i < 2; ++i) {
        set_int (sockets[i], ZMQ_SNDBUF, 20000);
        set_int (sockets[i], ZMQ_RCVBUF, 30000);
        set_int (sockets[i], ZMQ_TOS, 0x28);
        set_int (sockets[i], ZMQ_MULTICAST_HOPS, 17);
        set_int (sockets[i], ZMQ_MULTICAST_LOOP, 0);
        udp_sockets (before);
        if (i == 0)
            CHECK_OK (zmq_connect (sockets[i], "udp://lo;239.9.8.7:9"));
        else
            CHECK_OK (zmq_bind (sockets[i], "udp://127.0.0.1:*"));
        const int fd = udp_opened (before);
        CHECK_INT (fd_int (fd, SOL_SOCKET, SO_SNDBUF), 40000);
        CHECK_INT (fd_int (fd, SOL_SOCKET, SO_RCVBUF), 60000);
        CHECK_INT (fd_int (fd, IPPROTO_IP, IP_TOS), 0x28);
        CHECK_INT (fd_int (fd, IPPROTO_IP, IP_MULTICAST_TTL), 17);
        CHECK_INT (fd_int (fd, IPPROTO_IP, IP_MULTICAST_LOOP), 0);
        struct in_addr by = {0};
        socklen_t size = sizeof by;
        CHECK_OK (getsockopt (fd, IPPROTO_IP, IP_MULTICAST_IF, &by, &size));
        CHECK_INT (by.s_addr, i == 0 ? htonl (INADDR_LOOPBACK) : 0);
    }
    /* More hops than there can be are as many as there can be. */
    set_int (sockets[0], ZMQ_MULTICAST_HOPS, 100000);
    udp_sockets (before);
    CHECK_OK (zmq_connect (sockets[0], "udp://lo;239.9.8.7:10"));
    CHECK_INT (fd_int (udp_opened (before), IPPROTO_IP, IP_MULTICAST_TTL), 255);
    /* Not by another device than the one that was asked for. */
    for (int i = 0; i < 2; ++i) {
        set_str (sockets[i], ZMQ_BINDTODEVICE, "nosuchif");
        CHECK_ERRNO (i == 0 ? zmq_connect (sockets[i], "udp://127.0.0.1:9")
                            : zmq_bind (sockets[i], "udp://127.0.0.1:*"),
                     ENODEV);
        rm_socket (sockets[i]);
    }
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    static const char why[] = "a draft";
    harness_begin (argc, argv);
    RUN_OURS (who_may_what, why);
    RUN_OURS (binding, why);
    RUN_OURS (options, why);
    return harness_end ();
}
