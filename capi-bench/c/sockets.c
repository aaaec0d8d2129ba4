/* Sockets as all modes use them: opened, bound and connected alike, with CURVE or without. */
#include "bench.h"

#include <poll.h>

void *socket_open (void *context, int type)
{
    void *socket = zmq_socket (context, type);

    require (socket != NULL, "zmq_socket");
    /* The modes wait until everything has arrived before they close. */
    socket_set (socket, ZMQ_LINGER, 0);
    if (job.hwm >= 0) {
        socket_set (socket, ZMQ_SNDHWM, job.hwm);
        socket_set (socket, ZMQ_RCVHWM, job.hwm);
    }
    return socket;
}

void socket_set (void *socket, int option, int value)
{
    require (zmq_setsockopt (socket, option, &value, sizeof value) == 0, "zmq_setsockopt");
}

static void set_key (void *socket, int option, const char *key)
{
    require (zmq_setsockopt (socket, option, key, strlen (key)) == 0, "a CURVE key");
}

static const char *temporary_folder (void)
{
    const char *folder = getenv ("TMPDIR");

    return folder != NULL && strlen (folder) < 60 ? folder : "/tmp";
}

void socket_bind (void *socket, int index)
{
    struct place *place = &board->places[index];
    size_t size = sizeof place->endpoint;
    char wanted[256];

    if (job.curve) {
        char secret[41];

        if (!zmq_has ("curve"))
            skip ("this library has no CURVE");
        require (zmq_curve_keypair (place->server_key, secret) == 0, "zmq_curve_keypair");
        socket_set (socket, ZMQ_CURVE_SERVER, 1);
        set_key (socket, ZMQ_CURVE_SECRETKEY, secret);
    }

    if (strcmp (job.transport, "ipc") == 0)
        snprintf (wanted, sizeof wanted, "ipc://%s/capi-bench-%ld-%d", temporary_folder (),
                  (long) getpid (), index);
    else if (strcmp (job.transport, "inproc") == 0)
        snprintf (wanted, sizeof wanted, "inproc://bench-%d", index);
    else if (strcmp (job.transport, "ws") == 0) {
        if (!zmq_has ("WS"))
            skip ("this library has no ws");
        snprintf (wanted, sizeof wanted, "ws://127.0.0.1:*");
    }
    else
        snprintf (wanted, sizeof wanted, "tcp://127.0.0.1:*");

    require (zmq_bind (socket, wanted) == 0, wanted);
    require (zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, place->endpoint, &size) == 0,
             "ZMQ_LAST_ENDPOINT");
    flag_add (&place->bound);
}

void socket_connect (void *socket, int index)
{
    struct place *place = &board->places[index];

    flag_await (&place->bound, 1);
    if (job.curve) {
        char public[41], secret[41];

        require (zmq_curve_keypair (public, secret) == 0, "zmq_curve_keypair");
        set_key (socket, ZMQ_CURVE_SERVERKEY, place->server_key);
        set_key (socket, ZMQ_CURVE_PUBLICKEY, public);
        set_key (socket, ZMQ_CURVE_SECRETKEY, secret);
    }
    require (zmq_connect (socket, place->endpoint) == 0, place->endpoint);
}

void socket_close (void *socket)
{
    char endpoint[256];
    size_t size = sizeof endpoint;

    /* Not every library removes the file of an ipc endpoint that is closed without an unbind. */
    if (zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0
        && strncmp (endpoint, "ipc://", 6) == 0)
        unlink (endpoint + 6);
    require (zmq_close (socket) == 0, "zmq_close");
}

int receive (void *socket, char *buffer, size_t size)
{
    int length = zmq_recv (socket, buffer, size, 0);

    require (length >= 0, "zmq_recv");
    return length;
}

void wait_by_fd (void *socket)
{
    struct pollfd item;
    size_t size = sizeof item.fd;

    require (zmq_getsockopt (socket, ZMQ_FD, &item.fd, &size) == 0, "ZMQ_FD");
    item.events = POLLIN;
    for (;;) {
        int events;

        size = sizeof events;
        /* First the events, then the descriptor: it only tells that something has changed. */
        require (zmq_getsockopt (socket, ZMQ_EVENTS, &events, &size) == 0, "ZMQ_EVENTS");
        if (events & ZMQ_POLLIN)
            return;
        require (poll (&item, 1, -1) >= 0 || errno == EINTR, "poll");
    }
}

int receive_by_fd (void *socket, char *buffer, size_t size)
{
    for (;;) {
        int length = zmq_recv (socket, buffer, size, ZMQ_DONTWAIT);

        if (length >= 0)
            return length;
        require (errno == EAGAIN, "zmq_recv");
        wait_by_fd (socket);
    }
}

int send_frame (void *socket, const void *data, size_t size, int flags)
{
    if (zmq_send (socket, data, size, flags) >= 0)
        return 1;
    require (errno == EAGAIN, "zmq_send");
    return 0;
}
