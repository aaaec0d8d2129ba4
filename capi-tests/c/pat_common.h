/*
 * What the pat_ and end_ programs share on top of the harness.
 *
 * What lives here: the usual fixture (a socket that binds, one that connects), sending until a
 * socket is full, messages that carry their sender and a serial number, and the check that a
 * stream of them has no gap. What may not: knowledge of one pattern.
 */
#ifndef CAPI_PAT_COMMON_H
#define CAPI_PAT_COMMON_H

#include "harness.h"

/* The transports that every pattern must behave alike on. */
static const char *const all_transports[] UNUSED = {"inproc", "ipc", "tcp"};
#define FOR_EACH_TRANSPORT(var)                                                                    \
    for (size_t var##_i = 0; var##_i < 3; ++var##_i)                                               \
        for (const char *var = all_transports[var##_i]; var; var = NULL)

/* A context with one socket that binds and one that connects. */
typedef struct
{
    void *ctx, *server, *client;
} pair_t;

/* Both sockets, not yet joined: for options that must be set before. */
HELPER pair_t new_pair (int server_type, int client_type)
{
    pair_t p;
    p.ctx = mk_ctx ();
    p.server = mk_socket (p.ctx, server_type);
    p.client = mk_socket (p.ctx, client_type);
    return p;
}

HELPER pair_t open_pair (int server_type, int client_type, const char *transport)
{
    const pair_t p = new_pair (server_type, client_type);
    join_sockets (p.server, p.client, transport);
    return p;
}

HELPER void close_pair (pair_t p)
{
    rm_socket (p.client);
    rm_socket (p.server);
    rm_ctx (p.ctx);
}

/* Body of a numbered message. */
typedef struct
{
    uint32_t source, number;
} numbered_t;

HELPER int send_numbered (void *socket, uint32_t source, uint32_t number, int flags)
{
    const numbered_t body = {source, number};
    return zmq_send (socket, &body, sizeof body, flags) == (int) sizeof body;
}

/* 1 when a numbered message came; 0 when none did (errno says why) or when it is something else. */
HELPER int recv_numbered (void *socket, numbered_t *body, int flags)
{
    return zmq_recv (socket, body, sizeof *body, flags) == (int) sizeof *body;
}

/* Lets the socket act on what its peers did: reading ZMQ_EVENTS is the documented way. */
HELPER int settle (void *socket)
{
    return opt_int (socket, ZMQ_EVENTS);
}

/* The stream of this descriptor is at its end; what comes before it is dropped. */
HELPER int at_end (int fd)
{
    char dropped[256];
    const ssize_t n = recv (fd, dropped, sizeof dropped, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* The socket must end this connection. A library may need calls of the application for it. */
HELPER int closed_by (void *socket, int fd)
{
    return WAIT_FOR ((settle (socket), at_end (fd)));
}

/* The socket must write to this connection; same remark. */
HELPER int written_by (void *socket, int fd)
{
    struct pollfd item = {fd, POLLIN, 0};
    return WAIT_FOR ((settle (socket), poll (&item, 1, 0) == 1));
}

/* Sends without blocking until the socket refuses or took `most`; gives how many it took. */
HELPER int fill (void *socket, int most)
{
    int count = 0;
    settle (socket);
    while (count < most && zmq_send (socket, "f", 1, ZMQ_DONTWAIT) == 1)
        ++count;
    if (count < most)
        CHECK_INT (zmq_errno (), EAGAIN);
    return count;
}

/* What of `count` numbered messages per source arrived: next number expected from each source. */
typedef struct
{
    uint32_t next[64];
    int wrong; /* out of order, repeated, or from nowhere */
} tally_t;

HELPER void tally_add (tally_t *tally, const numbered_t *body)
{
    if (body->source >= sizeof tally->next / sizeof *tally->next)
        ++tally->wrong;
    else if (tally->next[body->source]++ != body->number) {
        ++tally->wrong;
        tally->next[body->source] = body->number + 1;
    }
}

/* Frames of any size whose every byte tells which frame it belongs to and where. */
HELPER char pattern_byte (size_t n, size_t i)
{
    return (char) (n * 31 + i * 7 + (i >> 8) + (i >> 16));
}

HELPER void send_pattern (void *socket, size_t n, size_t size, int flags)
{
    zmq_msg_t msg;
    REQUIRE_OK (zmq_msg_init_size (&msg, size));
    char *data = zmq_msg_data (&msg);
    for (size_t i = 0; i < size; ++i)
        data[i] = pattern_byte (n, i);
    REQUIRE (zmq_msg_send (&msg, socket, flags) == (int) size);
}

HELPER void expect_pattern (void *socket, size_t n, size_t size, int more)
{
    zmq_msg_t msg;
    size_t wrong = 0;
    REQUIRE_OK (zmq_msg_init (&msg));
    REQUIRE (zmq_msg_recv (&msg, socket, 0) == (int) size);
    const char *data = zmq_msg_data (&msg);
    for (size_t i = 0; i < size; ++i)
        wrong += data[i] != pattern_byte (n, i);
    CHECK_INT (wrong, 0);
    CHECK_INT (zmq_msg_more (&msg), more);
    CHECK_OK (zmq_msg_close (&msg));
}

#endif
