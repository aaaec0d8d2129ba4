/*
 * Test harness, third part: contexts, sockets, messages and monitors. Included by harness.h;
 * what may not live here is anything that does not go through zmq.h.
 */
#ifndef CAPI_HARNESS_ZMQ_H
#define CAPI_HARNESS_ZMQ_H

#include "harness.h"

/* ---- Sockets -------------------------------------------------------------------------------------- */

HELPER void *mk_ctx (void)
{
    void *ctx = zmq_ctx_new ();
    REQUIRE (ctx != NULL);
    return ctx;
}

/* Ends a context whose sockets are closed. */
HELPER void rm_ctx (void *ctx)
{
    int rc;
    do {
        rc = zmq_ctx_term (ctx);
    } while (rc == -1 && zmq_errno () == EINTR);
    CHECK_INT (rc, 0);
}

HELPER void set_int (void *socket, int option, int value)
{
    REQUIRE_OK (zmq_setsockopt (socket, option, &value, sizeof value));
}

HELPER int opt_int (void *socket, int option)
{
    int value = -12345;
    size_t size = sizeof value;
    REQUIRE_OK (zmq_getsockopt (socket, option, &value, &size));
    return value;
}

HELPER void set_str (void *socket, int option, const char *value)
{
    REQUIRE_OK (zmq_setsockopt (socket, option, value, strlen (value)));
}

/* A socket whose blocking calls end with EAGAIN after DEADLINE_MS. */
HELPER void *mk_socket (void *ctx, int type)
{
    void *socket = zmq_socket (ctx, type);
    REQUIRE (socket != NULL);
    set_int (socket, ZMQ_RCVTIMEO, DEADLINE_MS);
    set_int (socket, ZMQ_SNDTIMEO, DEADLINE_MS);
    return socket;
}

/* Closes and drops what was not sent. */
HELPER void rm_socket (void *socket)
{
    set_int (socket, ZMQ_LINGER, 0);
    CHECK_OK (zmq_close (socket));
}

/* Closes as the application would: linger as it is (default: for ever). */
HELPER void rm_socket_linger (void *socket)
{
    CHECK_OK (zmq_close (socket));
}

HELPER void last_endpoint (void *socket, char *endpoint)
{
    size_t size = ENDPOINT_SIZE;
    REQUIRE_OK (zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, endpoint, &size));
}

/* A number that no other call of this process gives. */
HELPER int unique_number (void)
{
    return __sync_add_and_fetch (&harness.unique, 1);
}

/* A fresh path for a file inside a private short directory (removed at the end). */
HELPER void unique_path (char *path, size_t size)
{
    if (!harness.tmp[0]) {
        const char *base = getenv ("TMPDIR");
        if (!base || !*base || strlen (base) > 32)
            base = "/tmp";
        snprintf (harness.tmp, sizeof harness.tmp, "%s/zt%d-XXXXXX", base, (int) getpid ());
        REQUIRE (mkdtemp (harness.tmp) != NULL);
        harness.tmp_owner = getpid ();
    }
    snprintf (path, size, "%s/%d", harness.tmp, unique_number ());
}

/* An instance of a TIPC service that no other process on this node has: names there are everybody's. */
HELPER unsigned tipc_instance (void)
{
    return ((unsigned) getpid () << 10) + (unsigned) unique_number ();
}

/*
 * Binds to a fresh address of this transport ("tcp", "tcp6", "ipc", "abstract", "inproc", "ws") and
 * gives the resolved endpoint, to connect to. `endpoint` has room for ENDPOINT_SIZE bytes.
 */
HELPER void bind_any (void *socket, const char *transport, char *endpoint)
{
    char wanted[ENDPOINT_SIZE];
    if (strcmp (transport, "tcp") == 0)
        snprintf (wanted, sizeof wanted, "tcp://127.0.0.1:*");
    else if (strcmp (transport, "ws") == 0)
        snprintf (wanted, sizeof wanted, "ws://127.0.0.1:*/zt");
    else if (strcmp (transport, "tcp6") == 0) {
        set_int (socket, ZMQ_IPV6, 1);
        snprintf (wanted, sizeof wanted, "tcp://[::1]:*");
    } else if (strcmp (transport, "ipc") == 0) {
        char path[128];
        unique_path (path, sizeof path);
        snprintf (wanted, sizeof wanted, "ipc://%s", path);
    } else if (strcmp (transport, "abstract") == 0)
        snprintf (wanted, sizeof wanted, "ipc://@zt-%d-%d", (int) getpid (), unique_number ());
    else if (strcmp (transport, "inproc") == 0)
        snprintf (wanted, sizeof wanted, "inproc://zt-%d", unique_number ());
    else if (strcmp (transport, "vsock") == 0)
        snprintf (wanted, sizeof wanted, "vsock://@:*");
    else if (strcmp (transport, "tipc") == 0)
        snprintf (wanted, sizeof wanted, "tipc://{7555,%u}@0.0.0", tipc_instance ());
    else {
        harness_fail (__FILE__, __LINE__, "unknown transport %s", transport);
        harness_die ();
    }
    REQUIRE_OK (zmq_bind (socket, wanted));
    if (strcmp (transport, "tipc") == 0)
        snprintf (endpoint, ENDPOINT_SIZE, "%s", wanted); /* which can be bound again, unlike the kernel's name */
    else
        last_endpoint (socket, endpoint);
}

/*
 * As bind_any, for an endpoint that is left and bound again, or that somebody tries to reach meanwhile: its port is
 * held, or another program might have it by then.
 */
HELPER void bind_held (void *socket, const char *transport, char *endpoint)
{
    if (strcmp (transport, "tcp") == 0)
        unused_endpoint (endpoint);
    else if (strcmp (transport, "tcp6") == 0) {
        set_int (socket, ZMQ_IPV6, 1);
        snprintf (endpoint, ENDPOINT_SIZE, "tcp://[::1]:%d", hold_port (AF_INET6));
    } else {
        bind_any (socket, transport, endpoint);
        return;
    }
    REQUIRE_OK (zmq_bind (socket, endpoint));
}

/* Binds `server` to a fresh address and connects `client` to it. */
HELPER void join_sockets (void *server, void *client, const char *transport)
{
    char endpoint[ENDPOINT_SIZE];
    bind_any (server, transport, endpoint);
    if (strcmp (transport, "tcp6") == 0)
        set_int (client, ZMQ_IPV6, 1);
    REQUIRE_OK (zmq_connect (client, endpoint));
}

HELPER void poll_ready (void *socket, short events, int timeout, int *ready)
{
    zmq_pollitem_t item = {socket, 0, events, 0};
    int rc;
    do {
        rc = zmq_poll (&item, 1, timeout);
    } while (rc == -1 && zmq_errno () == EINTR);
    *ready = rc == 1 && (item.revents & events) != 0;
}

/* Waits until the socket can be read (written); 0 when that does not happen. */
HELPER int wait_readable (void *socket)
{
    int ready;
    poll_ready (socket, ZMQ_POLLIN, DEADLINE_MS, &ready);
    return ready;
}

HELPER int wait_writable (void *socket)
{
    int ready;
    poll_ready (socket, ZMQ_POLLOUT, DEADLINE_MS, &ready);
    return ready;
}

/* ---- Messages --------------------------------------------------------------------------------------- */

#define send_str(socket, text, flags) harness_send (__FILE__, __LINE__, socket, text, flags)
#define expect_msg(socket, text) harness_expect (__FILE__, __LINE__, socket, text, strlen (text), 0)
#define expect_part(socket, text) harness_expect (__FILE__, __LINE__, socket, text, strlen (text), 1)
#define expect_bytes(socket, data, size, more)                                                     \
    harness_expect (__FILE__, __LINE__, socket, data, size, more)
#define expect_nothing(socket) harness_expect_nothing (__FILE__, __LINE__, socket)

/* Sends a string without its zero; a failure is noted. */
HELPER void harness_send (const char *file, int line, void *socket, const char *text, int flags)
{
    const size_t size = strlen (text);
    const int rc = zmq_send (socket, text, size, flags);
    if (rc < 0 || (size_t) rc != size)
        harness_fail (file, line, "send of \"%s\" gave %d, errno %s", text, rc,
                      err_name (zmq_errno ()));
}

/* Sends `count` strings as one message. */
HELPER void send_multi (void *socket, int count, ...)
{
    va_list args;
    va_start (args, count);
    for (int i = 0; i < count; ++i)
        send_str (socket, va_arg (args, const char *), i + 1 < count ? ZMQ_SNDMORE : 0);
    va_end (args);
}

/* One frame as a C string, cut to the room there is. Gives zmq_recv's result (-1: errno is set). */
HELPER int recv_str (void *socket, char *text, size_t room)
{
    int rc = zmq_recv (socket, text, room - 1, 0);
    text[rc < 0 ? 0 : (size_t) rc < room ? (size_t) rc : room - 1] = '\0';
    return rc;
}

/* The next frame must be these bytes, with RCVMORE as given (0, 1, or -1 for any). */
HELPER void harness_expect (
  const char *file, int line, void *socket, const void *data, size_t size, int more)
{
    zmq_msg_t msg;
    zmq_msg_init (&msg);
    const int rc = zmq_msg_recv (&msg, socket, 0);
    if (rc < 0)
        harness_fail (file, line, "no message \"%.*s\": %s", (int) size, (const char *) data,
                      err_name (zmq_errno ()));
    else if (zmq_msg_size (&msg) != size || memcmp (zmq_msg_data (&msg), data, size) != 0)
        harness_fail (file, line, "got %zu bytes \"%.*s\", expected %zu bytes \"%.*s\"",
                      zmq_msg_size (&msg), (int) zmq_msg_size (&msg),
                      (const char *) zmq_msg_data (&msg), size, (int) size, (const char *) data);
    else if (more >= 0 && zmq_msg_more (&msg) != more)
        harness_fail (file, line, "\"%.*s\": more is %d, expected %d", (int) size,
                      (const char *) data, zmq_msg_more (&msg), more);
    zmq_msg_close (&msg);
}

/* Expects `count` strings as one message. */
HELPER void expect_multi (void *socket, int count, ...)
{
    va_list args;
    va_start (args, count);
    for (int i = 0; i < count; ++i) {
        const char *text = va_arg (args, const char *);
        harness_expect (__FILE__, __LINE__, socket, text, strlen (text), i + 1 < count);
    }
    va_end (args);
}

/* Watches for QUIET_MS that nothing comes. */
HELPER void harness_expect_nothing (const char *file, int line, void *socket)
{
    int ready;
    poll_ready (socket, ZMQ_POLLIN, QUIET_MS, &ready);
    if (!ready)
        return;
    char text[128];
    const int rc = zmq_recv (socket, text, sizeof text - 1, ZMQ_DONTWAIT);
    if (rc >= 0) {
        text[rc < (int) sizeof text ? rc : (int) sizeof text - 1] = '\0';
        harness_fail (file, line, "unexpected message of %d bytes: \"%s\"", rc, text);
    }
}

/* Drops what is readable without waiting; gives the number of frames. */
HELPER int drain (void *socket)
{
    int count = 0;
    char byte;
    while (zmq_recv (socket, &byte, 1, ZMQ_DONTWAIT) >= 0)
        ++count;
    return count;
}

/* Sends one message over a pair of joined sockets in both directions (PAIR, DEALER, REQ to REP). */
HELPER void bounce (void *server, void *client)
{
    send_str (client, "ping-from-client", 0);
    expect_msg (server, "ping-from-client");
    send_str (server, "pong-from-server", 0);
    expect_msg (client, "pong-from-server");
}

/*
 * Makes sure that a subscription is known to a PUB socket: publishes marks that begin with `topic`, each
 * another one, until `sub` gets the newest, after which nothing is under way. `topic` must match a subscription of
 * `sub` as a prefix. A mark may get through by a subscription that is being withdrawn, and the next one not.
 */
HELPER void sync_pub_sub (void *pub, void *sub, const char *topic)
{
    char mark[160], text[160];
    const long long end = now_ms () + DEADLINE_MS;
    int came = 0;
    while (!came && now_ms () < end) {
        int ready;
        snprintf (mark, sizeof mark, "%s-sync-%d", topic, unique_number ());
        zmq_send (pub, mark, strlen (mark), ZMQ_DONTWAIT);
        do {
            poll_ready (sub, ZMQ_POLLIN, 10, &ready);
            if (ready) {
                REQUIRE (recv_str (sub, text, sizeof text) >= 0);
                came = strcmp (text, mark) == 0;
            }
        } while (ready && !came);
    }
    REQUIRE (came);
}

/* ---- Monitors ----------------------------------------------------------------------------------------- */

/* Starts a monitor for these events and gives the PAIR socket to read it from. */
HELPER void *mk_monitor (void *ctx, void *socket, int events)
{
    char endpoint[64];
    snprintf (endpoint, sizeof endpoint, "inproc://zt-monitor-%d", unique_number ());
    REQUIRE_OK (zmq_socket_monitor (socket, endpoint, events));
    void *monitor = mk_socket (ctx, ZMQ_PAIR);
    REQUIRE_OK (zmq_connect (monitor, endpoint));
    return monitor;
}

/*
 * Reads one event of a version 1 monitor: two frames, 6 bytes and the address. Gives the event,
 * -1 when none comes within `timeout` ms. `value` and `address` (ENDPOINT_SIZE) may be NULL.
 */
HELPER int read_event (void *monitor, int timeout, int *value, char *address)
{
    unsigned char head[16];
    char text[ENDPOINT_SIZE];
    uint16_t event;
    uint32_t number;
    int ready;
    poll_ready (monitor, ZMQ_POLLIN, timeout, &ready);
    if (!ready)
        return -1;
    const int head_size = zmq_recv (monitor, head, sizeof head, 0);
    CHECK_INT (head_size, 6);
    CHECK_INT (opt_int (monitor, ZMQ_RCVMORE), 1);
    const int size = recv_str (monitor, text, sizeof text);
    CHECK (size >= 0);
    CHECK_INT (opt_int (monitor, ZMQ_RCVMORE), 0);
    memcpy (&event, head, sizeof event);
    memcpy (&number, head + sizeof event, sizeof number);
    if (value)
        *value = (int) number;
    if (address)
        snprintf (address, ENDPOINT_SIZE, "%s", text);
    return event;
}

/* Reads events until this one comes (others are dropped); 0 when it does not come in time. */
HELPER int wait_event (void *monitor, int event, int *value, char *address)
{
    const long long end = now_ms () + DEADLINE_MS;
    while (now_ms () < end) {
        const int got = read_event (monitor, (int) (end - now_ms ()), value, address);
        if (got == event)
            return 1;
        if (got == -1)
            break;
    }
    return 0;
}

/* The very next event must be this one. */
#define expect_event(monitor, event)                                                               \
    do {                                                                                           \
        const int check_event = read_event (monitor, DEADLINE_MS, NULL, NULL);                     \
        if (check_event != (event))                                                                \
            harness_fail (__FILE__, __LINE__, "event %s, expected %s", event_name (check_event),   \
                          #event);                                                                 \
    } while (0)

#endif
