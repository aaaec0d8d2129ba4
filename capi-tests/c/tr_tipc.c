/*
 * The conformance suite over tipc, and what is its own: services, ranges, the kernel's names of sockets (zmq_tipc(7)).
 *
 * Where the kernel has no TIPC it is played, see families.h; what cannot be played is left out there.
 */
#define ZMQ_BUILD_DRAFT_API 1
#define TRANSPORT "tipc"
#define WIRE 1
#define EXCLUSIVE 0
#define NAMED 1
#define WILDCARD NULL
#include "tr_conformance.h"

#define FAMILY AF_TIPC
#define TO_BIND "tipc://{5560,0,0}"
#define TO_CONNECT "tipc://{5560,0}@0.0.0"
#define ANY_ENDPOINT "tipc://<*>"
#include "tr_families.h"

static void service (char *endpoint, const char *form)
{
    snprintf (endpoint, ENDPOINT_SIZE, form, tipc_instance ());
}

static int listen_raw (char *endpoint)
{
    struct sockaddr_tipc address;
    const unsigned instance = tipc_instance ();
    memset (&address, 0, sizeof address);
    address.family = AF_TIPC;
    address.addrtype = TIPC_SERVICE_RANGE;
    address.scope = TIPC_CLUSTER_SCOPE;
    address.addr.nameseq.type = 7571;
    address.addr.nameseq.lower = address.addr.nameseq.upper = instance;
    const int fd = socket (AF_TIPC, SOCK_STREAM, 0);
    REQUIRE (fd != -1);
    REQUIRE_OK (bind (fd, (struct sockaddr *) &address, sizeof address));
    REQUIRE_OK (listen (fd, 5));
    snprintf (endpoint, ENDPOINT_SIZE, "tipc://{7571,%u}", instance);
    return fd;
}

static void check_peer_address (const char *address)
{
    unsigned z, c, n;
    CHECK_INT (sscanf (address, "%u.%u.%u", &z, &c, &n), 3);
}

/* ---- Addresses -------------------------------------------------------------------------------- */

CASE (good_to_bind)
{
    static const char *const forms[] = {"tipc://{7560,%u,4294967295}", "tipc://{7560, %u, 4294967295}",
                                        "tipc://{7560,%u}", "tipc://{7560,%u}@0.0.0", "tipc://<*>"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; ++i) {
        void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_REP);
        char endpoint[ENDPOINT_SIZE];
        service (endpoint, forms[i]);
        CHECK_OK (zmq_bind (socket, endpoint));
        CHECK_OK (zmq_unbind (socket, endpoint));
        rm_socket (socket);
        rm_ctx (ctx);
    }
}

CASE (good_to_connect)
{
    static const char *const good[] = {"{7561,0}", "{7561, 5}", "{100,1}@0.0.0", "{7561,0}@1.2.3",
                                       "{7561,4294967295}@255.4095.4095", "<1.2.3:4>",
                                       "<255.4095.4095:4294967295>"};
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    for (size_t i = 0; i < sizeof good / sizeof *good; ++i) {
        char endpoint[ENDPOINT_SIZE];
        snprintf (endpoint, sizeof endpoint, "tipc://%s", good[i]);
        CHECK_OK (zmq_connect (socket, endpoint));
    }
    rm_socket (socket);
    rm_ctx (ctx);
}

static const char *const bad_for_both[] = {"x",        "*",        "@",          "{}",        "{7562}",
                                           "{7562,,0}", "{,0}",     "{7562;0}",   "{7562 0}",  "[7562,0]",
                                           "7562,0",   " {7562,0}", "{7562 ,0}",  "{a,b}",     "{*,0}",
                                           "{0,0}",    "{63,0,0}", "{7562,1,0}", "{7562,0}@a", "{7562,0}@1.2",
                                           "<**>",     "<*",       "<1.2:3>",    "<1.2.3>",   "<1.2.3:*>"};

/* The reference refuses these as well, mostly without an errno. */
CASE (bad_addresses)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    for (size_t i = 0; i < sizeof bad_for_both / sizeof *bad_for_both; ++i) {
        char endpoint[ENDPOINT_SIZE];
        snprintf (endpoint, sizeof endpoint, "tipc://%s", bad_for_both[i]);
        CHECK_INT (zmq_bind (socket, endpoint), -1);
        CHECK (ON_REFERENCE ("errno is left as it was") || zmq_errno () == EINVAL);
        CHECK_INT (zmq_connect (socket, endpoint), -1);
        CHECK (ON_REFERENCE ("errno is left as it was") || zmq_errno () == EINVAL);
    }
    CHECK_ERRNO (zmq_bind (socket, "tipc://<1.2.3:123123>"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, "tipc://<*>"), EINVAL);
    CHECK_ERRNO (zmq_bind (socket, "tipc://"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, "tipc://"), EINVAL);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (malformed_is_refused)
{
    static const char *const malformed[] = {"{7563,0",    "{7563,0]",        "{7563,0}x",     "{7563,0,}",
                                            "{7563,-1}",  "{7563,4294967296}", "{7563,0,0,0}", "{7563,0}@256.0.0",
                                            "{7563,0}@0.4096.0"};
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; ++i) {
        char endpoint[ENDPOINT_SIZE];
        snprintf (endpoint, sizeof endpoint, "tipc://%s", malformed[i]);
        CHECK_ERRNO (zmq_bind (socket, endpoint), EINVAL);
        CHECK_ERRNO (zmq_connect (socket, endpoint), EINVAL);
    }
    /* A range is nobody's address. */
    CHECK_ERRNO (zmq_connect (socket, "tipc://{7563,0,0}"), EINVAL);
    rm_socket (socket);
    rm_ctx (ctx);
}

/* ---- Names ------------------------------------------------------------------------------------ */

/* ZMQ_LAST_ENDPOINT is what the kernel calls the socket, whatever it was bound to. */
CASE (the_kernel_s_name)
{
    static const char *const forms[] = {"tipc://<*>", "tipc://{7564,%u,4294967295}"};
    for (int i = 0; i < 2; ++i) {
        const pair_t p = new_pair (ZMQ_REP, ZMQ_REQ);
        char bound[ENDPOINT_SIZE], endpoint[ENDPOINT_SIZE];
        unsigned z, c, n, port;
        char end = 0;
        service (bound, forms[i]);
        REQUIRE_OK (zmq_bind (p.server, bound));
        last_endpoint (p.server, endpoint);
        CHECK_INT (sscanf (endpoint, "tipc://<%u.%u.%u:%u%c", &z, &c, &n, &port, &end), 5);
        CHECK_INT (end, '>');
        CHECK (port != 0);
        REQUIRE_OK (zmq_connect (p.client, endpoint));
        bounce (p.server, p.client);
        CHECK_OK (zmq_disconnect (p.client, endpoint));
        CHECK_OK (zmq_unbind (p.server, bound));
        CHECK_ERRNO (zmq_unbind (p.server, bound), ENOENT);
        close_pair (p);
    }
}

CASE (unbind_by_any_name)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_REP);
    char bound[ENDPOINT_SIZE], spaced[ENDPOINT_SIZE], endpoint[ENDPOINT_SIZE];
    const unsigned instance = tipc_instance ();
    snprintf (bound, sizeof bound, "tipc://{7565,%u,%u}", instance, instance);
    snprintf (spaced, sizeof spaced, "tipc://{7565, %u, %u}", instance, instance);
    for (int i = 0; i < 3; ++i) {
        REQUIRE_OK (zmq_bind (socket, bound));
        last_endpoint (socket, endpoint);
        CHECK_OK (zmq_unbind (socket, i == 0 ? bound : i == 1 ? spaced : endpoint));
        CHECK_ERRNO (zmq_unbind (socket, bound), ENOENT);
    }
    rm_socket (socket);
    rm_ctx (ctx);
}

/* A range is served by one socket, all of it and nothing else. */
CASE (ranges)
{
    const pair_t p = new_pair (ZMQ_PULL, ZMQ_PUSH);
    void *outside = mk_socket (p.ctx, ZMQ_PUSH), *monitor = mk_monitor (p.ctx, outside, ZMQ_EVENT_ALL);
    char endpoint[ENDPOINT_SIZE];
    const unsigned first = tipc_instance ();
    for (int i = 0; i < 3; ++i)
        tipc_instance ();
    snprintf (endpoint, sizeof endpoint, "tipc://{7566,%u,%u}", first, first + 2);
    REQUIRE_OK (zmq_bind (p.server, endpoint));
    for (unsigned i = 0; i < 3; ++i) {
        void *push = mk_socket (p.ctx, ZMQ_PUSH);
        snprintf (endpoint, sizeof endpoint, "tipc://{7566,%u}@0.0.0", first + i);
        REQUIRE_OK (zmq_connect (push, endpoint));
        send_str (push, "inside", 0);
        expect_msg (p.server, "inside");
        rm_socket (push);
    }
    set_int (outside, ZMQ_RECONNECT_IVL, 1);
    snprintf (endpoint, sizeof endpoint, "tipc://{7566,%u}@0.0.0", first + 3);
    REQUIRE_OK (zmq_connect (outside, endpoint));
    for (int i = 0; i < 3; ++i)
        CHECK (wait_event (monitor, ZMQ_EVENT_CONNECT_RETRIED, NULL, NULL));
    rm_socket (monitor);
    rm_socket (outside);
    close_pair (p);
}

/* Several may offer the same: each gets its part of those who connect. */
CASE (served_by_two)
{
    void *ctx = mk_ctx (), *servers[2], *clients[8];
    char endpoint[ENDPOINT_SIZE], text[32];
    int served[2] = {0, 0};
    service (endpoint, "tipc://{7567,%u}@0.0.0");
    for (int i = 0; i < 2; ++i) {
        servers[i] = mk_socket (ctx, ZMQ_PULL);
        set_int (servers[i], ZMQ_RCVTIMEO, 5);
        REQUIRE_OK (zmq_bind (servers[i], endpoint));
    }
    for (int i = 0; i < 8; ++i) {
        clients[i] = mk_socket (ctx, ZMQ_PUSH);
        REQUIRE_OK (zmq_connect (clients[i], endpoint));
        send_str (clients[i], "hello", 0);
    }
    CHECK (WAIT_FOR ((served[0] += recv_str (servers[0], text, sizeof text) == 5,
                      served[1] += recv_str (servers[1], text, sizeof text) == 5,
                      served[0] + served[1] == 8)));
    CHECK (served[0] > 0 && served[1] > 0);
    for (int i = 0; i < 8; ++i)
        rm_socket (clients[i]);
    for (int i = 0; i < 2; ++i)
        rm_socket (servers[i]);
    rm_ctx (ctx);
}

/* ---- What can be seen of it -------------------------------------------------------------------- */

CASE (events)
{
    const pair_t p = new_pair (ZMQ_REP, ZMQ_REQ);
    void *below = mk_monitor (p.ctx, p.server, ZMQ_EVENT_ALL);
    void *above = mk_monitor (p.ctx, p.client, ZMQ_EVENT_ALL);
    const unsigned instance = tipc_instance ();
    char endpoint[ENDPOINT_SIZE], expected[ENDPOINT_SIZE], address[ENDPOINT_SIZE];
    unsigned z, c, n, port;
    int value;
    snprintf (endpoint, sizeof endpoint, "tipc://{7568,%u}@0.0.0", instance);
    set_int (p.client, ZMQ_RECONNECT_IVL, 1);
    REQUIRE_OK (zmq_connect (p.client, endpoint));
    CHECK (wait_event (above, ZMQ_EVENT_CLOSED, NULL, NULL));
    CHECK (wait_event (above, ZMQ_EVENT_CONNECT_RETRIED, &value, NULL));
    snprintf (endpoint, sizeof endpoint, "tipc://{7568,%u,%u}", instance, instance);
    snprintf (expected, sizeof expected, "tipc://{7568, %u, %u}", instance, instance);
    REQUIRE_OK (zmq_bind (p.server, endpoint));
    CHECK (wait_event (below, ZMQ_EVENT_LISTENING, NULL, address));
    CHECK_STR (address, expected);
    CHECK (wait_event (below, ZMQ_EVENT_ACCEPTED, NULL, address));
    CHECK_INT (sscanf (address, "tipc://<%u.%u.%u:%u>", &z, &c, &n, &port), 4);
    CHECK (wait_event (below, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, NULL, NULL));
    CHECK (wait_event (above, ZMQ_EVENT_CONNECTED, NULL, NULL));
    CHECK (wait_event (above, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, NULL, NULL));
    bounce (p.server, p.client);
    CHECK_OK (zmq_unbind (p.server, endpoint));
    CHECK (wait_event (below, ZMQ_EVENT_CLOSED, NULL, address));
    CHECK_STR (address, expected);
    rm_socket (below);
    rm_socket (above);
    close_pair (p);
}

/* The service may have another domain than where it is looked for: nobody is found. */
CASE (domains)
{
    const pair_t p = new_pair (ZMQ_REP, ZMQ_REQ);
    void *monitor = mk_monitor (p.ctx, p.client, ZMQ_EVENT_ALL);
    const unsigned instance = tipc_instance ();
    char endpoint[ENDPOINT_SIZE];
    snprintf (endpoint, sizeof endpoint, "tipc://{7569,%u,%u}", instance, instance);
    REQUIRE_OK (zmq_bind (p.server, endpoint));
    set_int (p.client, ZMQ_RECONNECT_IVL, 1);
    snprintf (endpoint, sizeof endpoint, "tipc://{7569,%u}@200.3000.3000", instance);
    REQUIRE_OK (zmq_connect (p.client, endpoint));
    for (int i = 0; i < 3; ++i)
        CHECK (wait_event (monitor, ZMQ_EVENT_CONNECT_RETRIED, NULL, NULL));
    CHECK_OK (zmq_disconnect (p.client, endpoint));
    snprintf (endpoint, sizeof endpoint, "tipc://{7569,%u}@0.0.0", instance);
    REQUIRE_OK (zmq_connect (p.client, endpoint));
    bounce (p.server, p.client);
    rm_socket (monitor);
    close_pair (p);
}

/* Without a domain the whole cluster is meant. */
CASE (no_domain)
{
    const pair_t p = new_pair (ZMQ_REP, ZMQ_REQ);
    char endpoint[ENDPOINT_SIZE];
    service (endpoint, "tipc://{7570,%u}");
    REQUIRE_OK (zmq_bind (p.server, endpoint));
    REQUIRE_OK (zmq_connect (p.client, endpoint));
    bounce (p.server, p.client);
    close_pair (p);
}

/* The library gathers what pays to be gathered; the kernel is not to wait for more. */
CASE (small_messages_go_at_once)
{
    const pair_t p = new_pair (ZMQ_REP, ZMQ_REQ);
    void *monitors[2] = {mk_monitor (p.ctx, p.server, ZMQ_EVENT_ACCEPTED),
                         mk_monitor (p.ctx, p.client, ZMQ_EVENT_CONNECTED)};
    char endpoint[ENDPOINT_SIZE];
    bind_any (p.server, TRANSPORT, endpoint);
    connect_to (p.client, endpoint);
    for (int i = 0; i < 2; ++i) {
        int value = 0;
        CHECK (wait_event (monitors[i], i ? ZMQ_EVENT_CONNECTED : ZMQ_EVENT_ACCEPTED, NULL, NULL));
        if (!kernel_has (AF_TIPC)) { /* which takes it and does not tell */
            CHECK (option_set (SOL_TIPC, TIPC_NODELAY, &value, sizeof value));
            CHECK_INT (value, 1);
        }
        rm_socket (monitors[i]);
    }
    bounce (p.server, p.client);
    close_pair (p);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (no_kernel_support);
    RUN (is_built_in);
    if (!kernel_has (AF_TIPC))
        pretend (AF_TIPC, 1);
    RUN (good_to_bind);
    RUN (good_to_connect);
    RUN (bad_addresses);
    RUN_OURS (malformed_is_refused, "the reference takes what sscanf takes");
    run_conformance ();
    RUN (the_kernel_s_name);
    RUN_OURS (unbind_by_any_name, "the reference takes the name that was given only");
    RUN (ranges);
    RUN (served_by_two);
    RUN_OURS (nobody_listens, "the reference has another name for it");
    RUN_OURS (given_descriptor, "the reference makes one of its own");
    RUN (events);
    RUN_OURS (peer_address, "the reference tells none");
    RUN (domains);
    RUN_OURS (no_domain, "the reference looks at zone 1 only");
    RUN_OURS (small_messages_go_at_once, "the reference leaves it to the kernel");
    RUN_OURS (close_on_a_deaf_peer, "the reference waits");
    return harness_end ();
}
