/*
 * What the tests of udp share: raw UDP sockets, the descriptors of the library's own, groups.
 * Included after harness.h by programs that define ZMQ_BUILD_DRAFT_API.
 */
#ifndef CAPI_UDP_H
#define CAPI_UDP_H

#include "harness.h"

/* A raw socket bound to a free port of loopback, which is given; reading it ends after DEADLINE_MS. */
HELPER int raw_udp (int *port)
{
    struct sockaddr_in in;
    socklen_t size = sizeof in;
    const int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    REQUIRE (fd >= 0);
    memset (&in, 0, sizeof in);
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    REQUIRE_OK (bind (fd, (struct sockaddr *) &in, size));
    REQUIRE_OK (getsockname (fd, (struct sockaddr *) &in, &size));
    *port = ntohs (in.sin_port);
    raw_deadline (fd);
    return fd;
}

/* Sends a datagram from there to a port of loopback. */
HELPER void raw_send_to (int fd, int port, const void *data, size_t size)
{
    struct sockaddr_in in;
    memset (&in, 0, sizeof in);
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    in.sin_port = htons ((uint16_t) port);
    CHECK_INT (sendto (fd, data, size, 0, (struct sockaddr *) &in, sizeof in), size);
}

/* The next datagram must be these bytes. */
HELPER void raw_expect (int fd, const void *data, size_t size)
{
    static char got[70000];
    CHECK_INT (recv (fd, got, sizeof got, 0), size);
    CHECK (memcmp (got, data, size) == 0);
}

/* The port at the end of an endpoint. */
HELPER int port_of (const char *endpoint)
{
    const char *colon = strrchr (endpoint, ':');
    REQUIRE (colon != NULL);
    return atoi (colon + 1);
}

/* Binds to a free port ("udp://127.0.0.1:*" or what is wanted instead) and gives endpoint and port. */
HELPER int bind_udp (void *socket, const char *wanted, char *endpoint)
{
    REQUIRE_OK (zmq_bind (socket, wanted ? wanted : "udp://127.0.0.1:*"));
    last_endpoint (socket, endpoint);
    REQUIRE (port_of (endpoint) > 0);
    return port_of (endpoint);
}

/* Whether descriptors of this number are UDP sockets, for `udp_opened`. */
HELPER void udp_sockets (char *are)
{
    for (int fd = 0; fd < 256; ++fd) {
        int type = 0;
        socklen_t size = sizeof type;
        are[fd] = getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM;
    }
}

/* The UDP socket that has come since `before` was taken. */
HELPER int udp_opened (const char *before)
{
    char now[256];
    udp_sockets (now);
    for (int fd = 0; fd < 256; ++fd)
        if (now[fd] && !before[fd])
            return fd;
    REQUIRE (0);
    return -1;
}

HELPER int fd_int (int fd, int level, int option)
{
    int value = -1;
    socklen_t size = sizeof value;
    CHECK_OK (getsockopt (fd, level, option, &value, &size));
    return value;
}

#ifdef ZMQ_BUILD_DRAFT_API

/* Sends a message to a group; zmq_msg_send's result. */
HELPER int send_group (void *radio, const char *group, const void *data, size_t size)
{
    zmq_msg_t msg;
    REQUIRE_OK (zmq_msg_init_buffer (&msg, data, size));
    REQUIRE_OK (zmq_msg_set_group (&msg, group));
    const int rc = zmq_msg_send (&msg, radio, 0);
    if (rc < 0)
        zmq_msg_close (&msg);
    return rc;
}

/* The next message must be this one. */
HELPER void expect_group (void *dish, const char *group, const void *data, size_t size)
{
    zmq_msg_t msg;
    zmq_msg_init (&msg);
    CHECK_INT (zmq_msg_recv (&msg, dish, 0), size);
    CHECK (zmq_msg_size (&msg) == size && memcmp (zmq_msg_data (&msg), data, size) == 0);
    CHECK_STR (zmq_msg_group (&msg), group);
    CHECK_INT (zmq_msg_more (&msg), 0);
    zmq_msg_close (&msg);
}

#endif

#endif
