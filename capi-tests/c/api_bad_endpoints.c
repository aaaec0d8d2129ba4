/*
 * Malformed and unusual endpoints: what zmq_bind, zmq_connect, zmq_unbind and zmq_disconnect
 * say to each of them. All results are printed and compared.
 *
 * Left out: names that would be looked up in the DNS, and transports that depend on the build.
 */
#include "harness.h"

/* For all four calls. */
static const char *const endpoints[] = {
  /* no transport, or none that exists */
  "",
  " ",
  ":",
  "/",
  "//",
  "://",
  "://x",
  "tcp",
  "tcp:",
  "tcp:/",
  "tcp:/127.0.0.1:1",
  "tcp//127.0.0.1:1",
  "tcp:127.0.0.1:1",
  "tcp;//127.0.0.1:1",
  "127.0.0.1:5555",
  "inproc",
  "inproc:",
  "inproc:/x",
  "ipc",
  "ipc:",
  "ipc:/x",
  "TCP://127.0.0.1:1",
  "Tcp://127.0.0.1:1",
  "INPROC://x",
  "IPC://x",
  " tcp://127.0.0.1:1",
  "tcp ://127.0.0.1:1",
  "http://127.0.0.1:1",
  "file:///tmp/x",
  "unknown://x",
  "zmq://127.0.0.1:1",
  "tcps://127.0.0.1:1",
  "tc://127.0.0.1:1",
  /* transports of other socket types */
  "udp://127.0.0.1:1",
  "udp://*:1",
  /* tcp without an address or a port */
  "tcp://",
  "tcp://:",
  "tcp:// ",
  "tcp://*",
  "tcp://127.0.0.1",
  "tcp://127.0.0.1:",
  "tcp://[::1]:",
  "tcp://localhost",
  "tcp://localhost:",
  /* ports that are none */
  "tcp://127.0.0.1:x",
  "tcp://127.0.0.1:x1",
  "tcp://127.0.0.1::",
  "tcp://127.0.0.1:**",
  "tcp://127.0.0.1:!",
  "tcp://127.0.0.1:http",
  /* source addresses */
  "tcp://;",
  "tcp://;:",
  "tcp://127.0.0.1;",
  "tcp://127.0.0.1:0;127.0.0.1:",
  "tcp://127.0.0.1:0;127.0.0.1:x",
  /* good for bind, if not for connect */
  "tcp://*:0",
  "tcp://*:*",
  "tcp://127.0.0.1:*",
  "tcp://lo:*",
  /* the others */
  "inproc://",
  "inproc://free-name",
  "inproc:///",
  "inproc://with space",
  "inproc://a://b",
  "ipc://@",
  "ipc:///",
  "ipc:///no/such/directory/socket",
  "ipc:///proc/socket",
  "ipc:///dev/null/socket",
};

/* For connect only. */
static const char *const targets[] = {
  "tcp://127.0.0.1:9", "tcp://127.0.0.1:0;127.0.0.1:9", "tcp://127.0.0.1;127.0.0.1:9", "tcp://*:0;127.0.0.1:9",
  "tcp://*:9",
};

/* No port. The reference cuts such numbers to 16 bits. */
static const char *const bad_ports[] = {
  "tcp://127.0.0.1:-1", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:70000", "tcp://127.0.0.1:4294967297",
  "tcp://127.0.0.1:99999999999999999999", "tcp://127.0.0.1:+-80",
};

/* No address: nothing to bind to, and nothing to look up. */
static const char *const bad_addresses[] = {
  "tcp://:1", "tcp://[::1]", "tcp://[::1:1", "tcp://[]:1", "tcp://[:1", "tcp://[::g]:1",
  "tcp://[1:2:3:4:5:6:7:8:9]:1", "tcp://[1::2::3]:1", "tcp://[12345::1]:1",
};

/* For bind only: what comes before the address to listen at is looked at, too. */
static const char *const sources[] = {
  "tcp://lo;127.0.0.1:0", "tcp://lo:;127.0.0.1:0", "tcp://;127.0.0.1:0", "tcp://:0;127.0.0.1:0",
  "tcp://lo:x;127.0.0.1:0", "tcp://no-such-device:0;127.0.0.1:0", "tcp://[::1]:0;127.0.0.1:0",
  "tcp://lo:0;127.0.0.1:0", "tcp://127.0.0.1:*;127.0.0.1:0", "tcp://*:0;127.0.0.1:0",
};

enum { BIND, CONNECT, UNBIND, DISCONNECT, CALLS };

/* The call on a fresh socket of its own context. */
static const char *result_of (int call, int type, const char *endpoint)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, type);
    int rc = -1;
    set_int (socket, ZMQ_RECONNECT_IVL, -1);
    errno = 0;
    switch (call) {
        case BIND:
            rc = zmq_bind (socket, endpoint);
            break;
        case CONNECT:
            rc = zmq_connect (socket, endpoint);
            break;
        case UNBIND:
            rc = zmq_unbind (socket, endpoint);
            break;
        default:
            rc = zmq_disconnect (socket, endpoint);
    }
    const char *result = result_name (rc);
    rm_socket (socket);
    rm_ctx (ctx);
    return result;
}

/* In quotes, with other than printable characters as numbers. */
static void print_endpoint (const char *endpoint)
{
    printf ("  \"");
    for (const char *p = endpoint; *p; ++p)
        printf (*p >= ' ' && *p < 127 ? "%c" : "\\%02x", (unsigned char) *p);
    printf ("\":");
}

CASE (table)
{
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; ++i) {
        print_endpoint (endpoints[i]);
        for (int call = 0; call < CALLS; ++call)
            printf (" %s", result_of (call, ZMQ_DEALER, endpoints[i]));
        printf ("\n");
    }
}

CASE (connect_only)
{
    for (size_t i = 0; i < sizeof targets / sizeof *targets; ++i)
        printf ("  \"%s\": %s\n", targets[i], result_of (CONNECT, ZMQ_DEALER, targets[i]));
}

CASE (bind_to_what_has_a_source)
{
    for (size_t i = 0; i < sizeof sources / sizeof *sources; ++i)
        printf ("  \"%s\": %s\n", sources[i], result_of (BIND, ZMQ_DEALER, sources[i]));
}

/* As lines of files and parts of URLs have it: blanks and a sign before the number, anything behind it. */
CASE (ports_with_something_around)
{
    static const char *const around[] = {
      "%d/", "%d ", "%d\n", "%dx", "%d#x", "+%d", " %d", "\t %d", "000%d", "+ %d", "x%d", "00", "0x50",
    };
    for (size_t i = 0; i < sizeof around / sizeof *around; ++i) {
        char endpoint[ENDPOINT_SIZE], port[64], strange[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *first = mk_socket (ctx, ZMQ_PAIR), *second = mk_socket (ctx, ZMQ_PAIR), *peer = mk_socket (ctx, ZMQ_PAIR);
        bind_any (first, "tcp", endpoint);
        snprintf (port, sizeof port, around[i], atoi (strrchr (endpoint, ':') + 1));
        snprintf (strange, sizeof strange, "tcp://127.0.0.1:%s", port);
        /* That the port is taken says that it was understood. */
        printf ("  case %zu: bind %s", i, result_name (zmq_bind (second, strange)));
        const int connected = zmq_connect (peer, strange);
        printf (", connect %s\n", result_name (connected));
        if (connected == 0 && i < 11)
            bounce (peer, first);
        rm_socket (peer);
        rm_socket (second);
        rm_socket (first);
        rm_ctx (ctx);
    }
}

CASE (ports_out_of_range)
{
    for (size_t i = 0; i < sizeof bad_ports / sizeof *bad_ports; ++i)
        for (int call = BIND; call <= CONNECT; ++call) {
            const char *result = result_of (call, ZMQ_DEALER, bad_ports[i]);
            if (strcmp (result, "EINVAL") != 0)
                harness_fail (__FILE__, __LINE__, "%s: %s", bad_ports[i], result);
        }
}

CASE (addresses_that_cannot_be_bound)
{
    for (size_t i = 0; i < sizeof bad_addresses / sizeof *bad_addresses; ++i) {
        const char *result = result_of (BIND, ZMQ_DEALER, bad_addresses[i]);
        if (strcmp (result, "EINVAL") != 0 && strcmp (result, "ENODEV") != 0)
            harness_fail (__FILE__, __LINE__, "%s: %s", bad_addresses[i], result);
    }
}

CASE (same_for_every_type)
{
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; ++i)
        for (int call = 0; call < 2; ++call) {
            char expected[32];
            snprintf (expected, sizeof expected, "%s", result_of (call, ZMQ_DEALER, endpoints[i]));
            for (int type = ZMQ_PAIR; type <= ZMQ_STREAM; ++type) {
                const int special = type == ZMQ_STREAM && strncmp (endpoints[i], "tcp", 3) != 0;
                if (!special)
                    CHECK_STR (result_of (call, type, endpoints[i]), expected);
            }
        }
}

CASE (long_ipc_paths)
{
    /* A unix address has room for 107 characters. */
    const size_t lengths[] = {106, 107, 108, 109, 200, 1000, 5000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
        char endpoint[6000], directory[128];
        unique_path (directory, sizeof directory);
        const size_t used = (size_t) snprintf (endpoint, sizeof endpoint, "ipc://%s", directory);
        memset (endpoint + used, 'p', lengths[i] + 6 - used);
        endpoint[lengths[i] + 6] = '\0';
        printf ("  %zu characters:", lengths[i]);
        for (int call = 0; call < CALLS; ++call)
            printf (" %s", result_of (call, ZMQ_PAIR, endpoint));
        unlink (endpoint + 6);
        endpoint[6] = '@';
        printf (", abstract:");
        for (int call = 0; call < CALLS; ++call)
            printf (" %s", result_of (call, ZMQ_PAIR, endpoint));
        printf ("\n");
    }
}

CASE (long_names)
{
    const size_t lengths[] = {100, 255, 256, 257, 1000, 10000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
        char endpoint[10100] = "inproc://";
        memset (endpoint + 9, 'n', lengths[i]);
        endpoint[9 + lengths[i]] = '\0';
        printf ("  inproc, %zu characters:", lengths[i]);
        for (int call = 0; call < CALLS; ++call)
            printf (" %s", result_of (call, ZMQ_PAIR, endpoint));
        memset (endpoint, 't', lengths[i]);
        endpoint[lengths[i]] = '\0';
        printf (", no transport:");
        for (int call = 0; call < CALLS; ++call)
            printf (" %s", result_of (call, ZMQ_PAIR, endpoint));
        strcat (endpoint, "://x");
        printf (", long transport:");
        for (int call = 0; call < CALLS; ++call)
            printf (" %s", result_of (call, ZMQ_PAIR, endpoint));
        printf ("\n");
    }
}

CASE (ipc_address_that_is_a_directory)
{
    char path[128], endpoint[ENDPOINT_SIZE];
    unique_path (path, sizeof path);
    REQUIRE_OK (mkdir (path, 0700));
    snprintf (endpoint, sizeof endpoint, "ipc://%s", path);
    printf ("  bind %s\n", result_of (BIND, ZMQ_PAIR, endpoint));
    printf ("  connect %s\n", result_of (CONNECT, ZMQ_PAIR, endpoint));
    REQUIRE_OK (rmdir (path));
}

CASE (address_in_use)
{
    static const char *const transports[] = {"tcp", "inproc", "abstract"};
    for (int t = 0; t < 3; ++t) {
        char endpoint[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *one = mk_socket (ctx, ZMQ_PAIR), *two = mk_socket (ctx, ZMQ_PAIR);
        bind_any (one, transports[t], endpoint);
        CHECK_ERRNO (zmq_bind (two, endpoint), EADDRINUSE);
        CHECK_ERRNO (zmq_bind (one, endpoint), EADDRINUSE);
        rm_socket (one);
        rm_socket (two);
        rm_ctx (ctx);
    }
}

CASE (address_of_somebody_else)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    CHECK_ERRNO (zmq_bind (socket, "tcp://192.0.2.1:*"), EADDRNOTAVAIL);
    CHECK_ERRNO (zmq_bind (socket, "tcp://203.0.113.7:5555"), EADDRNOTAVAIL);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (failed_calls_leave_the_socket_usable)
{
    void *ctx = mk_ctx ();
    void *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    for (size_t i = 0; i < 36; ++i) {
        CHECK_INT (zmq_bind (a, endpoints[i]), -1);
        CHECK_INT (zmq_connect (b, endpoints[i]), -1);
        CHECK_INT (zmq_unbind (a, endpoints[i]), -1);
        CHECK_INT (zmq_disconnect (b, endpoints[i]), -1);
    }
    join_sockets (a, b, "tcp");
    bounce (a, b);
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (table);
    RUN (connect_only);
    RUN (bind_to_what_has_a_source);
    RUN (ports_with_something_around);
    RUN_OURS (ports_out_of_range, "the reference cuts the number to 16 bits");
    RUN_OURS (addresses_that_cannot_be_bound, "versions of the reference look some of these names up");
    RUN (same_for_every_type);
    RUN (long_ipc_paths);
    RUN (long_names);
    RUN (ipc_address_that_is_a_directory);
    RUN (address_in_use);
    RUN (address_of_somebody_else);
    RUN (failed_calls_leave_the_socket_usable);
    return harness_end ();
}
