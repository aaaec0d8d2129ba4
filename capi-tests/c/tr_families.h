/*
 * The suite of transports whose family of sockets not every kernel has, on top of tr_conformance.h: a kernel without it,
 * nobody at an address, descriptors of the program's, peers that do not read.
 *
 * A program defines what its transport is and includes this once, after tr_conformance.h; all of it is declared here:
 *   FAMILY               its number for socket(2)
 *   TO_BIND, TO_CONNECT  endpoints that would be good
 *   ANY_ENDPOINT         one that asks for any free address
 *   listen_raw           int (char *endpoint): a socket of the program's that listens, and its endpoint to connect to
 *   check_peer_address   void (const char *address): what messages of a peer within the machine say of it
 * and names the cases in its main. The families themselves, where they are played, are families.h's.
 */
#ifndef CAPI_TR_FAMILIES_H
#define CAPI_TR_FAMILIES_H

#include "families.h"
#include "wire_peer.h"

static int listen_raw (char *endpoint);
static void check_peer_address (const char *address);

CASE (is_built_in)
{
    CHECK_INT (zmq_has (TRANSPORT), 1);
}

/* Where the kernel has none at all binding says so; connecting goes on trying and can be ended. Before pretending. */
CASE (no_kernel_support)
{
    const int fd = socket (FAMILY, SOCK_STREAM, 0);
    if (fd != -1) {
        close (fd);
        return;
    }
    const int expected = errno;
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP), *client = mk_socket (ctx, ZMQ_REQ);
    void *monitor = mk_monitor (ctx, client, ZMQ_EVENT_ALL);
    CHECK_ERRNO (zmq_bind (server, TO_BIND), expected);
    CHECK_ERRNO (zmq_bind (server, ANY_ENDPOINT), expected);
    set_int (client, ZMQ_RECONNECT_IVL, 1);
    CHECK_OK (zmq_connect (client, TO_CONNECT));
    for (int i = 0; i < 3; ++i)
        CHECK (wait_event (monitor, ZMQ_EVENT_CONNECT_RETRIED, NULL, NULL));
    CHECK_OK (zmq_disconnect (client, TO_CONNECT));
    rm_socket (monitor);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (nobody_listens)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, socket, ZMQ_EVENT_ALL);
    char endpoint[ENDPOINT_SIZE], address[ENDPOINT_SIZE];
    free_endpoint (ctx, endpoint);
    set_int (socket, ZMQ_RECONNECT_IVL, 1);
    REQUIRE_OK (zmq_connect (socket, endpoint));
    for (int i = 0; i < 3; ++i) {
        CHECK (wait_event (monitor, ZMQ_EVENT_CLOSED, NULL, address));
        CHECK_STR (address, endpoint);
        CHECK (wait_event (monitor, ZMQ_EVENT_CONNECT_RETRIED, NULL, NULL));
    }
    CHECK_OK (zmq_disconnect (socket, endpoint));
    rm_socket (monitor);
    rm_socket (socket);
    rm_ctx (ctx);
}

/* A descriptor of the program's that listens, in the place of one of the library's. */
CASE (given_descriptor)
{
    const pair_t p = new_pair (ZMQ_REP, ZMQ_REQ);
    char endpoint[ENDPOINT_SIZE];
    const int fd = listen_raw (endpoint);
    set_int (p.server, ZMQ_USE_FD, fd);
    REQUIRE_OK (zmq_bind (p.server, ANY_ENDPOINT));
    REQUIRE_OK (zmq_connect (p.client, endpoint));
    bounce (p.server, p.client);
    CHECK_OK (zmq_disconnect (p.client, endpoint));
    last_endpoint (p.server, endpoint);
    REQUIRE_OK (zmq_connect (p.client, endpoint));
    bounce (p.server, p.client);
    CHECK_OK (zmq_unbind (p.server, endpoint));
    CHECK_INT (fcntl (fd, F_GETFD), -1);
    close_pair (p);
}

CASE (peer_address)
{
    const pair_t p = new_pair (ZMQ_PULL, ZMQ_PUSH);
    char endpoint[ENDPOINT_SIZE];
    zmq_msg_t msg;
    /* Filters are for other transports. */
    set_str (p.server, ZMQ_TCP_ACCEPT_FILTER, "192.0.2.1");
    const pid_t nobody = 1;
    REQUIRE_OK (zmq_setsockopt (p.server, ZMQ_IPC_FILTER_PID, &nobody, sizeof nobody));
    bind_any (p.server, TRANSPORT, endpoint);
    connect_to (p.client, endpoint);
    send_str (p.client, "who am I?", 0);
    zmq_msg_init (&msg);
    REQUIRE (zmq_msg_recv (&msg, p.server, 0) == 9);
    const char *address = zmq_msg_gets (&msg, "Peer-Address");
    REQUIRE (address != NULL);
    check_peer_address (address);
    zmq_msg_close (&msg);
    close_pair (p);
}

/* A peer that does not read holds up neither closing nor others, although the kernel may wait for it within close. */
CASE (close_on_a_deaf_peer)
{
    enum { PEERS = 3 };
    char endpoint[ENDPOINT_SIZE];
    int fds[PEERS];
    const int listener = listen_raw (endpoint);
    void *ctx = mk_ctx (), *streams[PEERS];
    static char block[1 << 20];
    static wire_frame_t ready;
    for (int i = 0; i < PEERS; ++i) {
        streams[i] = mk_socket (ctx, ZMQ_PUSH);
        set_int (streams[i], ZMQ_SNDHWM, 4);
        REQUIRE_OK (zmq_connect (streams[i], endpoint));
        fds[i] = raw_accept (listener, DEADLINE_MS);
        REQUIRE (fds[i] != -1);
        wire_handshake_id (fds[i], 1, "PULL", "", "PUSH", &ready);
        /* Until the connection is full, and the queue as well. */
        set_int (streams[i], ZMQ_SNDTIMEO, QUIET_MS);
        while (zmq_send (streams[i], block, sizeof block, 0) != -1)
            ;
        CHECK_INT (zmq_errno (), EAGAIN);
    }
    const long long begun = now_ms ();
    for (int i = 0; i < PEERS; ++i)
        rm_socket (streams[i]);
    rm_ctx (ctx);
    CHECK (now_ms () - begun < 6000);
    for (int i = 0; i < PEERS; ++i)
        close (fds[i]);
    close (listener);
}

#endif
