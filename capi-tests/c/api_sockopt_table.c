/*
 * Every stable socket option on every standard socket type: default, buffer sizes when read,
 * sizes and values when written, and what is read back. All of it is printed, so that the
 * libraries are compared line by line; socket types that answer alike share a line.
 *
 * Left out: GSSAPI (api_sockopt_gssapi.c) and VMCI, which depend on how a library was built,
 * and the option numbers of the draft API.
 */
#include "harness.h"
#include <inttypes.h>
#include <limits.h>

enum { TYPES = ZMQ_STREAM + 1, LINES = 96, WIDTH = 160 };

typedef enum { INT, INT64, UINT64, STRING, BINARY, KEY } kind_t;

static const struct
{
    const char *name;
    int option;
    kind_t kind;
} options[] = {
  {"AFFINITY", ZMQ_AFFINITY, UINT64},
  {"ROUTING_ID", ZMQ_ROUTING_ID, BINARY},
  {"SUBSCRIBE", ZMQ_SUBSCRIBE, BINARY},
  {"UNSUBSCRIBE", ZMQ_UNSUBSCRIBE, BINARY},
  {"RATE", ZMQ_RATE, INT},
  {"RECOVERY_IVL", ZMQ_RECOVERY_IVL, INT},
  {"SNDBUF", ZMQ_SNDBUF, INT},
  {"RCVBUF", ZMQ_RCVBUF, INT},
  {"RCVMORE", ZMQ_RCVMORE, INT},
  {"EVENTS", ZMQ_EVENTS, INT},
  {"TYPE", ZMQ_TYPE, INT},
  {"LINGER", ZMQ_LINGER, INT},
  {"RECONNECT_IVL", ZMQ_RECONNECT_IVL, INT},
  {"BACKLOG", ZMQ_BACKLOG, INT},
  {"RECONNECT_IVL_MAX", ZMQ_RECONNECT_IVL_MAX, INT},
  {"MAXMSGSIZE", ZMQ_MAXMSGSIZE, INT64},
  {"SNDHWM", ZMQ_SNDHWM, INT},
  {"RCVHWM", ZMQ_RCVHWM, INT},
  {"MULTICAST_HOPS", ZMQ_MULTICAST_HOPS, INT},
  {"RCVTIMEO", ZMQ_RCVTIMEO, INT},
  {"SNDTIMEO", ZMQ_SNDTIMEO, INT},
  {"IPV4ONLY", ZMQ_IPV4ONLY, INT},
  {"LAST_ENDPOINT", ZMQ_LAST_ENDPOINT, STRING},
  {"ROUTER_MANDATORY", ZMQ_ROUTER_MANDATORY, INT},
  {"TCP_KEEPALIVE", ZMQ_TCP_KEEPALIVE, INT},
  {"TCP_KEEPALIVE_CNT", ZMQ_TCP_KEEPALIVE_CNT, INT},
  {"TCP_KEEPALIVE_IDLE", ZMQ_TCP_KEEPALIVE_IDLE, INT},
  {"TCP_KEEPALIVE_INTVL", ZMQ_TCP_KEEPALIVE_INTVL, INT},
  {"TCP_ACCEPT_FILTER", ZMQ_TCP_ACCEPT_FILTER, STRING},
  {"IMMEDIATE", ZMQ_IMMEDIATE, INT},
  {"XPUB_VERBOSE", ZMQ_XPUB_VERBOSE, INT},
  {"ROUTER_RAW", ZMQ_ROUTER_RAW, INT},
  {"IPV6", ZMQ_IPV6, INT},
  {"MECHANISM", ZMQ_MECHANISM, INT},
  {"PLAIN_SERVER", ZMQ_PLAIN_SERVER, INT},
  {"PLAIN_USERNAME", ZMQ_PLAIN_USERNAME, STRING},
  {"PLAIN_PASSWORD", ZMQ_PLAIN_PASSWORD, STRING},
  {"CURVE_SERVER", ZMQ_CURVE_SERVER, INT},
  {"CURVE_PUBLICKEY", ZMQ_CURVE_PUBLICKEY, KEY},
  {"CURVE_SECRETKEY", ZMQ_CURVE_SECRETKEY, KEY},
  {"CURVE_SERVERKEY", ZMQ_CURVE_SERVERKEY, KEY},
  {"PROBE_ROUTER", ZMQ_PROBE_ROUTER, INT},
  {"REQ_CORRELATE", ZMQ_REQ_CORRELATE, INT},
  {"REQ_RELAXED", ZMQ_REQ_RELAXED, INT},
  {"CONFLATE", ZMQ_CONFLATE, INT},
  {"ZAP_DOMAIN", ZMQ_ZAP_DOMAIN, STRING},
  {"ROUTER_HANDOVER", ZMQ_ROUTER_HANDOVER, INT},
  {"TOS", ZMQ_TOS, INT},
  {"IPC_FILTER_PID", ZMQ_IPC_FILTER_PID, INT},
  {"IPC_FILTER_UID", ZMQ_IPC_FILTER_UID, INT},
  {"IPC_FILTER_GID", ZMQ_IPC_FILTER_GID, INT},
  {"CONNECT_ROUTING_ID", ZMQ_CONNECT_ROUTING_ID, BINARY},
  {"HANDSHAKE_IVL", ZMQ_HANDSHAKE_IVL, INT},
  {"SOCKS_PROXY", ZMQ_SOCKS_PROXY, STRING},
  {"XPUB_NODROP", ZMQ_XPUB_NODROP, INT},
  {"XPUB_MANUAL", ZMQ_XPUB_MANUAL, INT},
  {"XPUB_WELCOME_MSG", ZMQ_XPUB_WELCOME_MSG, BINARY},
  {"STREAM_NOTIFY", ZMQ_STREAM_NOTIFY, INT},
  {"INVERT_MATCHING", ZMQ_INVERT_MATCHING, INT},
  {"HEARTBEAT_IVL", ZMQ_HEARTBEAT_IVL, INT},
  {"HEARTBEAT_TTL", ZMQ_HEARTBEAT_TTL, INT},
  {"HEARTBEAT_TIMEOUT", ZMQ_HEARTBEAT_TIMEOUT, INT},
  {"XPUB_VERBOSER", ZMQ_XPUB_VERBOSER, INT},
  {"CONNECT_TIMEOUT", ZMQ_CONNECT_TIMEOUT, INT},
  {"TCP_MAXRT", ZMQ_TCP_MAXRT, INT},
  {"THREAD_SAFE", ZMQ_THREAD_SAFE, INT},
  {"MULTICAST_MAXTPDU", ZMQ_MULTICAST_MAXTPDU, INT},
  {"USE_FD", ZMQ_USE_FD, INT},
  {"BINDTODEVICE", ZMQ_BINDTODEVICE, STRING},
};

#define OPTIONS (sizeof options / sizeof *options)

/* What one socket type said, line by line. */
static char report[TYPES][LINES][WIDTH];
static int lines;

static __attribute__ ((format (printf, 2, 3))) void say (int type, const char *format, ...)
{
    va_list args;
    REQUIRE (lines < LINES);
    va_start (args, format);
    vsnprintf (report[type][lines++], WIDTH, format, args);
    va_end (args);
}

/* Prints each line once per distinct text, with the socket types that said it. */
static void print_grouped (const char *name, int count)
{
    for (int n = 0; n < count; ++n) {
        int done[TYPES] = {0};
        for (int type = 0; type < TYPES; ++type) {
            char who[128] = "";
            int members = 0;
            if (done[type])
                continue;
            for (int other = type; other < TYPES; ++other)
                if (strcmp (report[type][n], report[other][n]) == 0) {
                    strcat (strcat (who, " "), type_name (other));
                    done[other] = 1;
                    ++members;
                }
            printf ("  %s %s%s%s\n", name, report[type][n], members == TYPES ? "" : " [only",
                    members == TYPES ? "" : strcat (who, "]"));
        }
    }
}

/* Bytes as text: printable ones as they are, others as \xx, long values cut with their size. */
static const char *show_bytes (const unsigned char *bytes, size_t size)
{
    static char text[120];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < size && n + 40 < sizeof text; ++i)
        if (bytes[i] > 32 && bytes[i] < 127 && bytes[i] != '\\')
            n += (size_t) snprintf (text + n, sizeof text - n, "%c", bytes[i]);
        else
            n += (size_t) snprintf (text + n, sizeof text - n, "\\%02x", bytes[i]);
    snprintf (text + n, sizeof text - n, " (%zu)", size);
    return text;
}

/* Reads with the natural size. */
static const char *read_back (void *socket, int option, kind_t kind)
{
    static char text[160];
    unsigned char buffer[512];
    size_t size = kind == INT                       ? sizeof (int)
                  : kind == INT64 || kind == UINT64 ? sizeof (int64_t)
                  : kind == KEY                     ? 41
                                                    : sizeof buffer;
    memset (buffer, 0x55, sizeof buffer);
    if (zmq_getsockopt (socket, option, buffer, &size) != 0) {
        snprintf (text, sizeof text, "get %s", err_name (zmq_errno ()));
        return text;
    }
    if (kind == INT) {
        int value;
        memcpy (&value, buffer, sizeof value);
        snprintf (text, sizeof text, "get %d (%zu)", value, size);
    } else if (kind == INT64 || kind == UINT64) {
        int64_t value;
        memcpy (&value, buffer, sizeof value);
        snprintf (text, sizeof text, "get %" PRId64 " (%zu)", value, size);
    } else
        snprintf (text, sizeof text, "get %s", show_bytes (buffer, size));
    return text;
}

static void get_with_sizes (int type, void *socket, int option)
{
    static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 32, 33, 40, 41, 42, 64, 255, 256, 300};
    char line[WIDTH] = "get sizes:";
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        unsigned char buffer[320];
        size_t size = sizes[i];
        memset (buffer, 0x55, sizeof buffer);
        const int rc = zmq_getsockopt (socket, option, buffer, &size);
        const size_t used = strlen (line);
        if (rc != 0 && size == sizes[i])
            snprintf (line + used, sizeof line - used, " %s", zmq_errno () == EINVAL ? "-" : "?");
        else if (rc != 0)
            snprintf (line + used, sizeof line - used, " changed");
        else {
            /* What lies behind the value within the buffer: zeroed, or left alone? */
            const char *rest = size == sizes[i] ? "" : buffer[size] == 0 ? "z" : "k";
            snprintf (line + used, sizeof line - used, " %zu%s", size, rest);
        }
        CHECK_INT (buffer[sizes[i]], 0x55);
    }
    say (type, "%s", line);
}

static void set_ints (int type, void *socket, int option)
{
    static const int values[] = {INT_MIN, -1000, -2,  -1,   0,     1,     2,      3,     7,      10,
                                 63,      64,    99,  100,  101,   255,   256,    1000,  1001,   65535,
                                 65536,   100000, 6553599, 6553600, INT_MAX, 0, 1};
    const char value[16] = {1};
    char line[WIDTH] = "set sizes:";
    for (size_t size = 0; size <= sizeof value; ++size) {
        const int rc = zmq_setsockopt (socket, option, value, size);
        const size_t used = strlen (line);
        snprintf (line + used, sizeof line - used, " %s", rc == 0 ? "ok" : zmq_errno () == EINVAL ? "-" : "?");
    }
    say (type, "%s", line);
    say (type, "set NULL: %s", result_name (zmq_setsockopt (socket, option, NULL, 0)));
    for (size_t i = 0; i < sizeof values / sizeof *values; ++i) {
        const int rc = zmq_setsockopt (socket, option, &values[i], sizeof values[i]);
        const char *result = result_name (rc);
        say (type, "set %d: %s, %s", values[i], result, read_back (socket, option, INT));
    }
}

static void set_int64s (int type, void *socket, int option, kind_t kind)
{
    static const int64_t values[] = {INT64_MIN, -2, -1, 0, 1, 255, INT_MAX, (int64_t) INT_MAX + 1, INT64_MAX, 0};
    const char value[16] = {1};
    char line[WIDTH] = "set sizes:";
    for (size_t size = 0; size <= sizeof value; ++size) {
        const int rc = zmq_setsockopt (socket, option, value, size);
        const size_t used = strlen (line);
        snprintf (line + used, sizeof line - used, " %s", rc == 0 ? "ok" : "-");
    }
    say (type, "%s", line);
    for (size_t i = 0; i < sizeof values / sizeof *values; ++i) {
        const int rc = zmq_setsockopt (socket, option, &values[i], sizeof values[i]);
        const char *result = result_name (rc);
        say (type, "set %" PRId64 ": %s, %s", values[i], result, read_back (socket, option, kind));
    }
}

static void set_bytes (int type, void *socket, int option, kind_t kind)
{
    static const size_t sizes[] = {1, 2, 5, 31, 32, 33, 39, 40, 41, 42, 100, 254, 255, 256, 257, 1000};
    static const char *const texts[] = {"", "abc", "name with spaces", "\x01 control", "\xff\xfe high",
                                        "127.0.0.1", "::1", "10.0.0.0/8", "127.0.0.1:1080", "lo"};
    char bytes[1000];
    memset (bytes, 'a', sizeof bytes);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        const int rc = zmq_setsockopt (socket, option, bytes, sizes[i]);
        const char *result = result_name (rc);
        say (type, "set %zu bytes: %s, %s", sizes[i], result, read_back (socket, option, kind));
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
        const int rc = zmq_setsockopt (socket, option, texts[i], strlen (texts[i]));
        const char *result = result_name (rc);
        char name[64];
        snprintf (name, sizeof name, "%s", show_bytes ((const unsigned char *) texts[i], strlen (texts[i])));
        say (type, "set %s: %s, %s", name, result, read_back (socket, option, kind));
    }
    int rc = zmq_setsockopt (socket, option, "\0leading zero", 13);
    say (type, "set leading zero: %s, %s", rc ? err_name (zmq_errno ()) : "ok", read_back (socket, option, kind));
    rc = zmq_setsockopt (socket, option, "in\0side", 7);
    say (type, "set inner zero: %s, %s", rc ? err_name (zmq_errno ()) : "ok", read_back (socket, option, kind));
    rc = zmq_setsockopt (socket, option, "trailing\0", 9);
    say (type, "set trailing zero: %s, %s", rc ? err_name (zmq_errno ()) : "ok", read_back (socket, option, kind));
    if (kind != BINARY) {
        /* What PLAIN keeps when it is switched off is not told. */
        const int plain = option == ZMQ_PLAIN_USERNAME || option == ZMQ_PLAIN_PASSWORD;
        rc = zmq_setsockopt (socket, option, NULL, 0);
        say (type, "set NULL: %s, %s", rc ? err_name (zmq_errno ()) : "ok",
             plain ? "-" : read_back (socket, option, kind));
    }
}

static void set_keys (int type, void *socket, int option)
{
    /* Two keys in text form: one that is Z85, one with a character that is not. */
    static const char good[] = "0123456789abcdefghij0123456789abcdefghij", bad[] = "0123456789abcdefghij0123456789abcdefgh~j";
    static const size_t sizes[] = {0, 1, 31, 32, 33, 39, 40, 41, 42, 64};
    char buffer[64];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        memset (buffer, 0, sizeof buffer);
        memcpy (buffer, good, sizeof good);
        const int rc = zmq_setsockopt (socket, option, buffer, sizes[i]);
        const char *result = result_name (rc);
        say (type, "set %zu: %s, %s", sizes[i], result, read_back (socket, option, KEY));
        say (type, "mechanism %d", opt_int (socket, ZMQ_MECHANISM));
    }
    unsigned char binary[32];
    for (int i = 0; i < 32; ++i)
        binary[i] = (unsigned char) (i * 8);
    say (type, "set binary: %s", result_name (zmq_setsockopt (socket, option, binary, 32)));
    size_t size = sizeof buffer;
    memset (buffer, 0, sizeof buffer);
    size = 32;
    CHECK_OK (zmq_getsockopt (socket, option, buffer, &size));
    CHECK_INT (size, 32);
    say (type, "binary comes back: %s", memcmp (buffer, binary, 32) == 0 ? "yes" : "no");
    say (type, "as text: %s", read_back (socket, option, KEY));
    say (type, "set bad text: %s", result_name (zmq_setsockopt (socket, option, bad, 41)));
}

static void examine (size_t index)
{
    const int option = options[index].option;
    const kind_t kind = options[index].kind;
    int count = 0;
    void *ctx = mk_ctx ();
    for (int type = 0; type < TYPES; ++type) {
        void *socket = zmq_socket (ctx, type);
        REQUIRE (socket != NULL);
        lines = 0;
        say (type, "default: %s", read_back (socket, option, kind));
        get_with_sizes (type, socket, option);
        if (kind == INT)
            set_ints (type, socket, option);
        else if (kind == INT64 || kind == UINT64)
            set_int64s (type, socket, option, kind);
        else if (kind == KEY)
            set_keys (type, socket, option);
        else
            set_bytes (type, socket, option, kind);
        say (type, "mechanism afterwards: %d", opt_int (socket, ZMQ_MECHANISM));
        count = lines;
        rm_socket (socket);
    }
    print_grouped (options[index].name, count);
    rm_ctx (ctx);
}

CASE (stable_options)
{
    for (size_t i = 0; i < OPTIONS; ++i)
        examine (i);
}

CASE (unknown_options)
{
    static const int unknown[] = {INT_MIN, -1, 0, 1, 2, 3, 10, 20, 26, 29, 30, 67, 82, 83, 1000, INT_MAX};
    void *ctx = mk_ctx ();
    for (int type = 0; type < TYPES; ++type) {
        void *socket = mk_socket (ctx, type);
        for (size_t i = 0; i < sizeof unknown / sizeof *unknown; ++i) {
            unsigned char buffer[256] = {0};
            size_t size = sizeof (int);
            CHECK_ERRNO (zmq_setsockopt (socket, unknown[i], buffer, sizeof (int)), EINVAL);
            CHECK_ERRNO (zmq_setsockopt (socket, unknown[i], "", 0), EINVAL);
            CHECK_ERRNO (zmq_getsockopt (socket, unknown[i], buffer, &size), EINVAL);
            size = sizeof buffer;
            CHECK_ERRNO (zmq_getsockopt (socket, unknown[i], buffer, &size), EINVAL);
        }
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

CASE (options_of_a_socket_are_its_own)
{
    void *ctx = mk_ctx ();
    void *one = mk_socket (ctx, ZMQ_DEALER), *two = mk_socket (ctx, ZMQ_DEALER);
    set_int (one, ZMQ_SNDHWM, 5);
    set_int (two, ZMQ_SNDHWM, 6);
    CHECK_INT (opt_int (one, ZMQ_SNDHWM), 5);
    CHECK_INT (opt_int (two, ZMQ_SNDHWM), 6);
    void *three = mk_socket (ctx, ZMQ_DEALER);
    CHECK_INT (opt_int (three, ZMQ_SNDHWM), 1000);
    rm_socket (one);
    rm_socket (two);
    rm_socket (three);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (stable_options);
    RUN (unknown_options);
    RUN (options_of_a_socket_are_its_own);
    return harness_end ();
}
