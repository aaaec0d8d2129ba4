/*
 * The conformance suite over vsock, and what is its own: contexts, ports, time-outs, buffers (zmq_vsock(7)).
 *
 * Where the kernel has no connections within the machine they are played, see families.h. Nothing goes to the host.
 */
#define ZMQ_BUILD_DRAFT_API 1
#define TRANSPORT "vsock"
#define WIRE 1
#define EXCLUSIVE 1
#define WILDCARD "vsock://@:*"
#include "tr_conformance.h"

#define FAMILY AF_VSOCK
#define TO_BIND "vsock://@:5555"
#define TO_CONNECT "vsock://@:5555"
#define ANY_ENDPOINT WILDCARD
#include "tr_families.h"

static int is_played;

static int listen_raw (char *endpoint)
{
    union
    {
        struct sockaddr_vm vm;
        struct sockaddr_storage room; /* for what it is in disguise */
    } address;
    socklen_t size = sizeof address;
    memset (&address, 0, sizeof address);
    address.vm.svm_family = AF_VSOCK;
    address.vm.svm_cid = VMADDR_CID_LOCAL;
    address.vm.svm_port = VMADDR_PORT_ANY;
    const int fd = socket (AF_VSOCK, SOCK_STREAM, 0);
    REQUIRE (fd != -1);
    REQUIRE_OK (bind (fd, (struct sockaddr *) &address, sizeof address.vm));
    REQUIRE_OK (listen (fd, 5));
    REQUIRE_OK (getsockname (fd, (struct sockaddr *) &address, &size));
    snprintf (endpoint, ENDPOINT_SIZE, "vsock://@:%u", address.vm.svm_port);
    return fd;
}

static void check_peer_address (const char *address)
{
    CHECK_STR (address, "1");
}

/* ---- Addresses -------------------------------------------------------------------------------- */

CASE (ways_to_say_local)
{
    static const char *const forms[] = {"vsock://@:*", "vsock://1:*", "vsock://1:4294967295", "vsock://*:*",
                                        "vsock://4294967295:*"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; ++i) {
        const pair_t p = new_pair (ZMQ_REP, ZMQ_REQ);
        char endpoint[ENDPOINT_SIZE], other[ENDPOINT_SIZE];
        unsigned port;
        REQUIRE_OK (zmq_bind (p.server, forms[i]));
        last_endpoint (p.server, endpoint);
        CHECK_INT (sscanf (endpoint, i < 3 ? "vsock://1:%u" : "vsock://*:%u", &port), 1);
        CHECK (port > 1023 && port < UINT32_MAX);
        snprintf (other, sizeof other, i % 2 ? "vsock://1:%u" : "vsock://@:%u", port);
        REQUIRE_OK (zmq_connect (p.client, other));
        bounce (p.server, p.client);
        CHECK_OK (zmq_unbind (p.server, endpoint));
        CHECK_ERRNO (zmq_unbind (p.server, endpoint), ENOENT);
        /* The port that was is free again. */
        snprintf (other, sizeof other, "vsock://1:%u", port);
        CHECK (WAIT_FOR (zmq_bind (p.server, other) == 0));
        close_pair (p);
    }
}

CASE (bad_addresses)
{
    static const char *const bad[] = {"",        "3",         "3:",      ":5555",        ":",            "x:1",   "3:x",
                                      "-1:5555", "3:-1",      "+3:1",    " 3:1",         "3:1 ",         "3:1:1", "**:1",
                                      "@@:1",    "3:@",       "0x3:1",   "4294967296:1", "3:4294967296", "[3]:1", "lo:1"};
    static const char *const to_nobody[] = {"*:5555", "3:*", "*:*", "@:*", "4294967295:5555", "3:4294967295"};
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    char endpoint[ENDPOINT_SIZE];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        snprintf (endpoint, sizeof endpoint, "vsock://%s", bad[i]);
        CHECK_ERRNO (zmq_bind (socket, endpoint), EINVAL);
        CHECK_ERRNO (zmq_connect (socket, endpoint), EINVAL);
    }
    for (size_t i = 0; i < sizeof to_nobody / sizeof *to_nobody; ++i) {
        snprintf (endpoint, sizeof endpoint, "vsock://%s", to_nobody[i]);
        CHECK_ERRNO (zmq_connect (socket, endpoint), EINVAL);
    }
    /* A context of another machine. */
    CHECK_ERRNO (zmq_bind (socket, "vsock://12345:5555"), EADDRNOTAVAIL);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (no_vmci)
{
    CHECK_INT (zmq_has ("vmci"), 0);
}

/* ---- Nobody there ----------------------------------------------------------------------------- */

/* What the kernel calls a reset is a refusal, and can end the attempts. */
CASE (refusal_can_end_it)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, socket, ZMQ_EVENT_ALL);
    char endpoint[ENDPOINT_SIZE];
    int event;
    free_endpoint (ctx, endpoint);
    set_int (socket, ZMQ_RECONNECT_STOP, ZMQ_RECONNECT_STOP_CONN_REFUSED);
    set_int (socket, ZMQ_RECONNECT_IVL, 1);
    REQUIRE_OK (zmq_connect (socket, endpoint));
    do {
        event = read_event (monitor, DEADLINE_MS, NULL, NULL);
    } while (event == ZMQ_EVENT_CONNECT_DELAYED);
    CHECK_INT (event, ZMQ_EVENT_CLOSED);
    const int more = read_event (monitor, QUIET_MS, NULL, NULL);
    CHECK_INT (more, -1);
    rm_socket (monitor);
    rm_socket (socket);
    rm_ctx (ctx);
}

/* A context that does not answer costs as long as ZMQ_CONNECT_TIMEOUT says. */
CASE (nobody_answers)
{
    if (!is_played)
        return; /* there is no such context */
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    void *monitor = mk_monitor (ctx, socket, ZMQ_EVENT_ALL);
    char endpoint[ENDPOINT_SIZE], address[ENDPOINT_SIZE];
    struct timeval limit;
    int value;
    snprintf (endpoint, sizeof endpoint, "vsock://%d:5555", SILENT_CID);
    set_int (socket, ZMQ_CONNECT_TIMEOUT, 3050);
    set_int (socket, ZMQ_RECONNECT_IVL, 1);
    REQUIRE_OK (zmq_connect (socket, endpoint));
    CHECK (wait_event (monitor, ZMQ_EVENT_CONNECT_DELAYED, &value, address));
    CHECK_INT (value, EINPROGRESS);
    CHECK_STR (address, endpoint);
    /* By itself the kernel would give up after 2 s. */
    REQUIRE (option_set (AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &limit, sizeof limit));
    CHECK_INT (limit.tv_sec, 3);
    CHECK_INT (limit.tv_usec, 50000);
    const int early = read_event (monitor, QUIET_MS, NULL, NULL);
    CHECK_INT (early, -1);
    CHECK_OK (zmq_disconnect (socket, endpoint));
    set_int (socket, ZMQ_CONNECT_TIMEOUT, 20);
    REQUIRE_OK (zmq_connect (socket, endpoint));
    for (int i = 0; i < 3; ++i) {
        CHECK (wait_event (monitor, ZMQ_EVENT_CLOSED, NULL, NULL));
        CHECK (wait_event (monitor, ZMQ_EVENT_CONNECT_RETRIED, NULL, NULL));
    }
    rm_socket (monitor);
    rm_socket (socket);
    rm_ctx (ctx);
}

/* ---- What can be seen of it -------------------------------------------------------------------- */

CASE (events)
{
    const pair_t p = new_pair (ZMQ_REP, ZMQ_REQ);
    void *below = mk_monitor (p.ctx, p.server, ZMQ_EVENT_ALL);
    void *above = mk_monitor (p.ctx, p.client, ZMQ_EVENT_ALL);
    char endpoint[ENDPOINT_SIZE], address[ENDPOINT_SIZE];
    bind_any (p.server, TRANSPORT, endpoint);
    CHECK (wait_event (below, ZMQ_EVENT_LISTENING, NULL, address));
    CHECK_STR (address, endpoint);
    connect_to (p.client, endpoint);
    CHECK (wait_event (below, ZMQ_EVENT_ACCEPTED, NULL, address));
    CHECK_STR (address, endpoint);
    CHECK (wait_event (below, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, NULL, NULL));
    CHECK (wait_event (above, ZMQ_EVENT_CONNECTED, NULL, address));
    CHECK_STR (address, endpoint);
    CHECK (wait_event (above, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, NULL, NULL));
    bounce (p.server, p.client);
    CHECK_OK (zmq_unbind (p.server, endpoint));
    CHECK (wait_event (below, ZMQ_EVENT_CLOSED, NULL, NULL));
    CHECK (wait_event (above, ZMQ_EVENT_DISCONNECTED, NULL, NULL));
    rm_socket (below);
    rm_socket (above);
    close_pair (p);
}

CASE (bind_failed_event)
{
    const pair_t p = new_pair (ZMQ_REP, ZMQ_REP);
    void *monitor = mk_monitor (p.ctx, p.client, ZMQ_EVENT_ALL);
    char endpoint[ENDPOINT_SIZE];
    int value;
    bind_any (p.server, TRANSPORT, endpoint);
    CHECK_ERRNO (zmq_bind (p.client, endpoint), EADDRINUSE);
    CHECK (wait_event (monitor, ZMQ_EVENT_BIND_FAILED, &value, NULL));
    CHECK_INT (value, EADDRINUSE);
    rm_socket (monitor);
    close_pair (p);
}

/* ZMQ_RCVBUF is what the kernel holds for the reader; the listener's goes to its connections. */
CASE (receive_buffer)
{
    const pair_t p = new_pair (ZMQ_PULL, ZMQ_PUSH);
    void *monitor = mk_monitor (p.ctx, p.server, ZMQ_EVENT_ALL);
    char endpoint[ENDPOINT_SIZE];
    uint64_t size = 0;
    set_int (p.server, ZMQ_RCVBUF, 400000);
    bind_any (p.server, TRANSPORT, endpoint);
    connect_to (p.client, endpoint);
    int fd = -1;
    CHECK (wait_event (monitor, ZMQ_EVENT_ACCEPTED, &fd, NULL));
    if (is_played)
        CHECK (option_set (AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, sizeof size));
    else {
        socklen_t room = sizeof size;
        CHECK_OK (getsockopt (fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, &room));
    }
    CHECK_INT (size, 400000);
    send_pattern (p.client, 1, 3 << 20, 0);
    expect_pattern (p.server, 1, 3 << 20, 0);
    rm_socket (monitor);
    close_pair (p);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    if (on_reference () && !zmq_has ("vsock"))
        skip_all ("it has no vsock");
    RUN (is_built_in);
    RUN (no_vmci);
    RUN (no_kernel_support);
    is_played = !kernel_has (AF_VSOCK);
    if (is_played)
        pretend (AF_VSOCK, 1);
    run_conformance ();
    RUN (ways_to_say_local);
    RUN (bad_addresses);
    RUN (nobody_listens);
    RUN (refusal_can_end_it);
    RUN (given_descriptor);
    RUN (nobody_answers);
    RUN (events);
    RUN (bind_failed_event);
    RUN (peer_address);
    RUN (close_on_a_deaf_peer);
    RUN (receive_buffer);
    return harness_end ();
}
