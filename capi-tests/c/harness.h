/*
 * Test harness of the C suite: checks, a case runner and helpers around zmq.h.
 *
 * What lives here: everything that more than one test program needs, header-only,
 * C99 + _GNU_SOURCE, including nothing but zmq.h and libc.
 * What may not: knowledge of one library. A program must print the same on every
 * implementation of zmq.h; the runner compares the standard output line by line.
 *
 * Shape of a program:
 *
 *     #include "harness.h"
 *
 *     CASE (pair_talks) { ... CHECK_INT (zmq_send (a, "x", 1, 0), 1); ... }
 *     ROLE (echo) { ... return 0; }             // runs in a child process, see spawn_role
 *
 *     int main (int argc, char **argv)
 *     {
 *         harness_begin (argc, argv);
 *         ON_ROLE (echo);
 *         RUN (pair_talks);
 *         RUN_OURS (wild_threads, "undefined on the reference");
 *         return harness_end ();
 *     }
 *
 * Output: "ok NAME" or "FAIL NAME" per case, then "N passed, N failed". The reason of a
 * failure goes to stderr, because line numbers and values need not be the same anywhere.
 * Exit code: 0 all passed, 1 a failure (or the watchdog), 77 skipped ("SKIP reason").
 * A program called with the names of cases runs only these.
 *
 * Environment: CAPI_LIB=ours|reference (see RUN_OURS and ON_REFERENCE), CAPI_WATCHDOG=seconds,
 * LIB_OURS and LIB_REF (library directories, interop programs only).
 *
 * Conventions: CHECK* notes a failure and goes on, REQUIRE* ends the program. Both work on
 * every thread. Deadlines are generous (DEADLINE_MS) and are never what a passing test waits for.
 */
#ifndef CAPI_HARNESS_H
#define CAPI_HARNESS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define UNUSED __attribute__ ((unused))
#define HELPER static UNUSED

/* How long anything may take that should happen; milliseconds. */
#define DEADLINE_MS 10000
/* How long we watch for something that should not happen; milliseconds. */
#define QUIET_MS 150
/* Room for any endpoint that LAST_ENDPOINT may give. */
#define ENDPOINT_SIZE 256

/* ---- State (one program, one translation unit) ------------------------------------------ */

static struct
{
    const char *name;   /* case that runs now */
    int case_failures;  /* of the running case */
    int passed, failed; /* cases */
    int only_ours;      /* the running case is not part of the comparison */
    int argc;
    char **argv;
    char self[4096];   /* path of this program */
    char tmp[64];      /* directory for ipc paths, made on first use */
    pid_t tmp_owner;   /* a forked child must not remove it */
    int unique;
} harness UNUSED;

/* ---- Names for output --------------------------------------------------------------------- */

/* Name of an errno value; a number only where the table has none. */
HELPER const char *err_name (int err)
{
    static const struct
    {
        int value;
        const char *name;
    } names[] = {
      {0, "0"},
      {EPERM, "EPERM"},
      {ENOENT, "ENOENT"},
      {EINTR, "EINTR"},
      {EIO, "EIO"},
      {ENXIO, "ENXIO"},
      {EBADF, "EBADF"},
      {EAGAIN, "EAGAIN"},
      {ENOMEM, "ENOMEM"},
      {EACCES, "EACCES"},
      {EFAULT, "EFAULT"},
      {EBUSY, "EBUSY"},
      {EEXIST, "EEXIST"},
      {ENODEV, "ENODEV"},
      {ENOTDIR, "ENOTDIR"},
      {EISDIR, "EISDIR"},
      {EINVAL, "EINVAL"},
      {ENFILE, "ENFILE"},
      {EMFILE, "EMFILE"},
      {ENOSPC, "ENOSPC"},
      {EPIPE, "EPIPE"},
      {ERANGE, "ERANGE"},
      {ENAMETOOLONG, "ENAMETOOLONG"},
      {ENOSYS, "ENOSYS"},
      {EPROTO, "EPROTO"},
      {EOVERFLOW, "EOVERFLOW"},
      {ENOTSOCK, "ENOTSOCK"},
      {EMSGSIZE, "EMSGSIZE"},
      {ENOPROTOOPT, "ENOPROTOOPT"},
      {EPROTONOSUPPORT, "EPROTONOSUPPORT"},
      {ENOTSUP, "ENOTSUP"},
      {EAFNOSUPPORT, "EAFNOSUPPORT"},
      {EADDRINUSE, "EADDRINUSE"},
      {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
      {ENETDOWN, "ENETDOWN"},
      {ENETUNREACH, "ENETUNREACH"},
      {ENETRESET, "ENETRESET"},
      {ECONNABORTED, "ECONNABORTED"},
      {ECONNRESET, "ECONNRESET"},
      {ENOBUFS, "ENOBUFS"},
      {ENOTCONN, "ENOTCONN"},
      {ETIMEDOUT, "ETIMEDOUT"},
      {ECONNREFUSED, "ECONNREFUSED"},
      {EHOSTUNREACH, "EHOSTUNREACH"},
      {EINPROGRESS, "EINPROGRESS"},
      {EFSM, "EFSM"},
      {ENOCOMPATPROTO, "ENOCOMPATPROTO"},
      {ETERM, "ETERM"},
      {EMTHREAD, "EMTHREAD"},
    };
    static __thread char number[32];
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
        if (names[i].value == err)
            return names[i].name;
    snprintf (number, sizeof number, "errno-%d", err);
    return number;
}

/* "ok" for a call that gave 0 or more, else the name of the errno that it set. */
HELPER const char *result_name (int rc)
{
    return rc >= 0 ? "ok" : err_name (zmq_errno ());
}

/* Name of a monitor event (one bit). */
HELPER const char *event_name (int event)
{
    switch (event) {
        case ZMQ_EVENT_CONNECTED:
            return "CONNECTED";
        case ZMQ_EVENT_CONNECT_DELAYED:
            return "CONNECT_DELAYED";
        case ZMQ_EVENT_CONNECT_RETRIED:
            return "CONNECT_RETRIED";
        case ZMQ_EVENT_LISTENING:
            return "LISTENING";
        case ZMQ_EVENT_BIND_FAILED:
            return "BIND_FAILED";
        case ZMQ_EVENT_ACCEPTED:
            return "ACCEPTED";
        case ZMQ_EVENT_ACCEPT_FAILED:
            return "ACCEPT_FAILED";
        case ZMQ_EVENT_CLOSED:
            return "CLOSED";
        case ZMQ_EVENT_CLOSE_FAILED:
            return "CLOSE_FAILED";
        case ZMQ_EVENT_DISCONNECTED:
            return "DISCONNECTED";
        case ZMQ_EVENT_MONITOR_STOPPED:
            return "MONITOR_STOPPED";
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
            return "HANDSHAKE_FAILED_NO_DETAIL";
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
            return "HANDSHAKE_SUCCEEDED";
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
            return "HANDSHAKE_FAILED_PROTOCOL";
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
            return "HANDSHAKE_FAILED_AUTH";
        case -1:
            return "NONE";
        default:
            return "UNKNOWN";
    }
}

/* Name of a standard socket type. */
HELPER const char *type_name (int type)
{
    static const char *const names[] = {"PAIR", "PUB",  "SUB",  "REQ",  "REP",  "DEALER",
                                        "ROUTER", "PULL", "PUSH", "XPUB", "XSUB", "STREAM"};
    return type >= 0 && type < 12 ? names[type] : "UNKNOWN";
}

/* ---- Checks --------------------------------------------------------------------------------- */

HELPER __attribute__ ((format (printf, 3, 4))) void
harness_fail (const char *file, int line, const char *format, ...)
{
    char text[1024];
    const int saved = errno;
    va_list args;
    va_start (args, format);
    vsnprintf (text, sizeof text, format, args);
    va_end (args);
    fprintf (stderr, "%s:%d: [%s] %s\n", file, line, harness.name ? harness.name : "-", text);
    __sync_fetch_and_add (&harness.case_failures, 1);
    errno = saved;
}

/* Ends the program: the state is such that going on makes no sense. */
HELPER __attribute__ ((noreturn)) void harness_die (void)
{
    printf ("FAIL %s\n", harness.name ? harness.name : "-");
    fflush (stdout);
    _exit (1);
}

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond))                                                                               \
            harness_fail (__FILE__, __LINE__, "not true: %s (errno %s)", #cond,                    \
                          err_name (zmq_errno ()));                                                \
    } while (0)

#define REQUIRE(cond)                                                                              \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            harness_fail (__FILE__, __LINE__, "required: %s (errno %s)", #cond,                    \
                          err_name (zmq_errno ()));                                                \
            harness_die ();                                                                        \
        }                                                                                          \
    } while (0)

/* Any two integers; evaluated once each, shown when different. */
#define CHECK_INT(actual, expected)                                                                \
    do {                                                                                           \
        const long long check_a = (long long) (actual);                                            \
        const int check_e = zmq_errno ();                                                          \
        const long long check_b = (long long) (expected);                                          \
        if (check_a != check_b)                                                                    \
            harness_fail (__FILE__, __LINE__, "%s is %lld, expected %lld (errno %s)", #actual,     \
                          check_a, check_b, err_name (check_e));                                   \
    } while (0)

/* A call that gives 0 on success. */
#define CHECK_OK(call) CHECK_INT (call, 0)
#define REQUIRE_OK(call) REQUIRE ((call) == 0)

/* A call that must give -1 and set this errno. */
#define CHECK_ERRNO(call, expected)                                                                \
    do {                                                                                           \
        errno = 0;                                                                                 \
        const long long check_rc = (long long) (call);                                             \
        const int check_e = zmq_errno ();                                                          \
        if (check_rc != -1)                                                                        \
            harness_fail (__FILE__, __LINE__, "%s gave %lld, expected -1 with %s", #call,          \
                          check_rc, err_name (expected));                                          \
        else if (check_e != (expected))                                                            \
            harness_fail (__FILE__, __LINE__, "%s set %s, expected %s", #call, err_name (check_e), \
                          #expected);                                                              \
    } while (0)

/* A call that must give NULL and set this errno. */
#define CHECK_NULL_ERRNO(call, expected)                                                           \
    do {                                                                                           \
        errno = 0;                                                                                 \
        const void *check_p = (const void *) (call);                                               \
        const int check_e = zmq_errno ();                                                          \
        if (check_p != NULL)                                                                       \
            harness_fail (__FILE__, __LINE__, "%s is not NULL, expected NULL with %s", #call,      \
                          #expected);                                                              \
        else if (check_e != (expected))                                                            \
            harness_fail (__FILE__, __LINE__, "%s set %s, expected %s", #call, err_name (check_e), \
                          #expected);                                                              \
    } while (0)

/* Two C strings; NULL is different from every string. */
#define CHECK_STR(actual, expected)                                                                \
    do {                                                                                           \
        const char *check_a = (actual);                                                            \
        const char *check_b = (expected);                                                          \
        if (!check_a || !check_b || strcmp (check_a, check_b) != 0)                                \
            harness_fail (__FILE__, __LINE__, "%s is \"%s\", expected \"%s\"", #actual,            \
                          check_a ? check_a : "(null)", check_b ? check_b : "(null)");             \
    } while (0)

/* Two byte ranges of the same length. */
#define CHECK_MEM(actual, expected, size)                                                          \
    do {                                                                                           \
        if (memcmp ((actual), (expected), (size)) != 0)                                            \
            harness_fail (__FILE__, __LINE__, "%s differs from %s", #actual, #expected);           \
    } while (0)

/* ---- Time ------------------------------------------------------------------------------------- */

/* Monotonic milliseconds. */
HELPER long long now_ms (void)
{
    struct timespec t;
    clock_gettime (CLOCK_MONOTONIC, &t);
    return (long long) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Sleeps; signals do not shorten it. Only for "nothing happens" and inside wait loops. */
HELPER void msleep (int ms)
{
    struct timespec t = {ms / 1000, (long) (ms % 1000) * 1000000};
    while (nanosleep (&t, &t) == -1 && errno == EINTR) {
    }
}

/* Repeats until the condition holds or DEADLINE_MS are over; its value says which. */
#define WAIT_FOR(cond)                                                                             \
    (__extension__({                                                                               \
        const long long wait_end = now_ms () + DEADLINE_MS;                                        \
        int wait_ok;                                                                               \
        while (!(wait_ok = !!(cond)) && now_ms () < wait_end)                                      \
            msleep (2);                                                                            \
        wait_ok;                                                                                   \
    }))

/* ---- Runner ------------------------------------------------------------------------------------- */

#define CASE(name) static void case_##name (void)
#define ROLE(name) static int role_##name (int argc UNUSED, char **argv UNUSED)

/* The library under test is the reference (the environment says so). */
HELPER int on_reference (void)
{
    const char *lib = getenv ("CAPI_LIB");
    return lib && strcmp (lib, "reference") == 0;
}

/*
 * True on the reference, for a difference that is deliberate and documented by `reason`:
 * a bug of the reference, or behaviour that it leaves undefined. Never for anything else,
 * and never around output.
 */
#define ON_REFERENCE(reason) (on_reference () && (reason)[0] != '\0')

HELPER void harness_run (const char *name, void (*run) (void), const char *ours_only)
{
    if (harness.argc > 1) {
        int wanted = 0;
        for (int i = 1; i < harness.argc; ++i)
            wanted |= strcmp (harness.argv[i], name) == 0;
        if (!wanted)
            return;
    }
    if (ours_only && on_reference ()) {
        printf ("ours-only %s: not run on the reference: %s\n", name, ours_only);
        return;
    }
    harness.name = name;
    harness.case_failures = 0;
    run ();
    const int bad = __sync_fetch_and_add (&harness.case_failures, 0);
    harness.failed += bad != 0;
    if (bad)
        printf ("FAIL %s\n", name);
    else if (ours_only)
        printf ("ours-only %s: ok: %s\n", name, ours_only);
    else {
        printf ("ok %s\n", name);
        ++harness.passed;
    }
    harness.name = NULL;
}

#define RUN(name) harness_run (#name, case_##name, NULL)
/* Not run on the reference; `reason` says why. The runner leaves its line out of the comparison. */
#define RUN_OURS(name, reason) harness_run (#name, case_##name, reason)

/* Called first, with role: `program --role NAME args...` runs only role_NAME (argv[0] is the first arg). */
#define ON_ROLE(role)                                                                              \
    do {                                                                                           \
        if (argc >= 3 && strcmp (argv[1], "--role") == 0 && strcmp (argv[2], #role) == 0) {        \
            harness.name = #role;                                                                  \
            const int role_rc = role_##role (argc - 3, argv + 3);                                  \
            harness_cleanup ();                                                                    \
            fflush (stdout);                                                                       \
            return role_rc ? role_rc : harness.case_failures != 0;                                 \
        }                                                                                          \
    } while (0)

HELPER void harness_watchdog (int sig UNUSED)
{
    static const char text[] = "watchdog: the program hangs, case: ";
    ssize_t ignored = write (2, text, sizeof text - 1);
    if (harness.name)
        ignored = write (2, harness.name, strlen (harness.name));
    ignored = write (2, "\n", 1);
    (void) ignored;
    _exit (1);
}

HELPER void harness_begin (int argc, char **argv)
{
    const char *seconds = getenv ("CAPI_WATCHDOG");
    harness.argc = argc;
    harness.argv = argv;
    const ssize_t n = readlink ("/proc/self/exe", harness.self, sizeof harness.self - 1);
    if (n < 0)
        snprintf (harness.self, sizeof harness.self, "%s", argv[0]);
    setvbuf (stdout, NULL, _IOLBF, 0);
    signal (SIGPIPE, SIG_IGN);
    signal (SIGALRM, harness_watchdog);
    alarm (seconds ? (unsigned) atoi (seconds) : 60u);
}

HELPER void harness_cleanup (void)
{
    char path[128];
    if (!harness.tmp[0] || harness.tmp_owner != getpid ())
        return;
    for (int i = 1; i <= harness.unique; ++i) { /* the reference leaves ipc files behind */
        snprintf (path, sizeof path, "%s/%d", harness.tmp, i);
        unlink (path);
    }
    rmdir (harness.tmp);
}

HELPER int harness_end (void)
{
    harness_cleanup ();
    printf ("%d passed, %d failed\n", harness.passed, harness.failed);
    fflush (stdout);
    return harness.failed ? 1 : 0;
}

/* Ends the program as skipped; only before the first case. */
HELPER __attribute__ ((noreturn)) void skip_all (const char *reason)
{
    printf ("SKIP %s\n", reason);
    fflush (stdout);
    exit (77);
}

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

/*
 * Binds to a fresh address of this transport ("tcp", "tcp6", "ipc", "abstract", "inproc") and
 * gives the resolved endpoint, to connect to. `endpoint` has room for ENDPOINT_SIZE bytes.
 */
HELPER void bind_any (void *socket, const char *transport, char *endpoint)
{
    char wanted[ENDPOINT_SIZE];
    if (strcmp (transport, "tcp") == 0)
        snprintf (wanted, sizeof wanted, "tcp://127.0.0.1:*");
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
    else {
        harness_fail (__FILE__, __LINE__, "unknown transport %s", transport);
        harness_die ();
    }
    REQUIRE_OK (zmq_bind (socket, wanted));
    last_endpoint (socket, endpoint);
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
 * Makes sure that a subscription is known to a PUB socket: publishes `topic` until `sub` gets
 * one, then reads up to an end mark. `topic` must match a subscription of `sub` as a prefix.
 */
HELPER void sync_pub_sub (void *pub, void *sub, const char *topic)
{
    char mark[160], text[160];
    const long long end = now_ms () + DEADLINE_MS;
    int ready = 0;
    while (!ready && now_ms () < end) {
        zmq_send (pub, topic, strlen (topic), ZMQ_DONTWAIT);
        poll_ready (sub, ZMQ_POLLIN, 10, &ready);
    }
    REQUIRE (ready);
    snprintf (mark, sizeof mark, "%s-sync-%d", topic, unique_number ());
    send_str (pub, mark, 0);
    do {
        REQUIRE (recv_str (sub, text, sizeof text) >= 0);
    } while (strcmp (text, mark) != 0);
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

/* ---- Raw peers: bytes on a TCP or unix stream socket -------------------------------------------------- */

/* Length of the address; `endpoint` is tcp://a.b.c.d:port, ipc://path or ipc://@name. */
HELPER socklen_t raw_address (const char *endpoint, struct sockaddr_storage *address)
{
    memset (address, 0, sizeof *address);
    if (strncmp (endpoint, "ipc://", 6) == 0) {
        struct sockaddr_un *un = (struct sockaddr_un *) address;
        const size_t size = strlen (endpoint + 6);
        REQUIRE (size < sizeof un->sun_path);
        un->sun_family = AF_UNIX;
        memcpy (un->sun_path, endpoint + 6, size);
        if (un->sun_path[0] != '@')
            return (socklen_t) sizeof *un;
        un->sun_path[0] = '\0';
        return (socklen_t) (offsetof (struct sockaddr_un, sun_path) + size);
    }
    struct sockaddr_in *in = (struct sockaddr_in *) address;
    char host[64];
    int port = 0;
    REQUIRE (sscanf (endpoint, "tcp://%63[0-9.]:%d", host, &port) == 2);
    in->sin_family = AF_INET;
    in->sin_port = htons ((uint16_t) port);
    REQUIRE (inet_pton (AF_INET, host, &in->sin_addr) == 1);
    return (socklen_t) sizeof *in;
}

/* A connected blocking descriptor whose reads and writes end after DEADLINE_MS. */
HELPER void raw_deadline (int fd)
{
    struct timeval t = {DEADLINE_MS / 1000, 0};
    REQUIRE_OK (setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t));
    REQUIRE_OK (setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t));
}

HELPER int raw_connect (const char *endpoint)
{
    struct sockaddr_storage address;
    const socklen_t size = raw_address (endpoint, &address);
    const int fd = socket (address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE (fd >= 0);
    raw_deadline (fd);
    REQUIRE_OK (connect (fd, (struct sockaddr *) &address, size));
    return fd;
}

/* Listens on a free loopback port; `endpoint` (ENDPOINT_SIZE) is what to connect to. */
HELPER int raw_listen (char *endpoint)
{
    struct sockaddr_in in;
    socklen_t size = sizeof in;
    const int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE (fd >= 0);
    memset (&in, 0, sizeof in);
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    REQUIRE_OK (bind (fd, (struct sockaddr *) &in, size));
    REQUIRE_OK (listen (fd, 16));
    REQUIRE_OK (getsockname (fd, (struct sockaddr *) &in, &size));
    snprintf (endpoint, ENDPOINT_SIZE, "tcp://127.0.0.1:%d", ntohs (in.sin_port));
    return fd;
}

/*
 * A loopback endpoint where nobody listens. The port stays ours until the program ends (no other
 * program gets it), and a socket of this program may still bind to it later.
 */
HELPER void unused_endpoint (char *endpoint)
{
    struct sockaddr_in in;
    socklen_t size = sizeof in;
    const int yes = 1;
    const int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE (fd >= 0);
    REQUIRE_OK (setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes));
    memset (&in, 0, sizeof in);
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    REQUIRE_OK (bind (fd, (struct sockaddr *) &in, size));
    REQUIRE_OK (getsockname (fd, (struct sockaddr *) &in, &size));
    snprintf (endpoint, ENDPOINT_SIZE, "tcp://127.0.0.1:%d", ntohs (in.sin_port));
}

/* The next connection; -1 when none comes within `timeout` ms. */
HELPER int raw_accept (int listener, int timeout)
{
    struct pollfd item = {listener, POLLIN, 0};
    int rc;
    do {
        rc = poll (&item, 1, timeout);
    } while (rc == -1 && errno == EINTR);
    if (rc != 1)
        return -1;
    const int fd = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        raw_deadline (fd);
    return fd;
}

/* Writes all; 0 when the peer is gone. */
HELPER int raw_write (int fd, const void *data, size_t size)
{
    const char *p = data;
    while (size > 0) {
        const ssize_t n = send (fd, p, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return 0;
        p += n;
        size -= (size_t) n;
    }
    return 1;
}

/* Reads until `size` bytes, the end of the stream, an error or the deadline; gives what came. */
HELPER size_t raw_read (int fd, void *data, size_t size)
{
    char *p = data;
    size_t got = 0;
    while (got < size) {
        const ssize_t n = recv (fd, p + got, size - got, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        got += (size_t) n;
    }
    return got;
}

/* The peer must end the connection (what it still sends is dropped); gives 0 if it does not. */
HELPER int raw_wait_closed (int fd)
{
    char dropped[4096];
    const long long end = now_ms () + DEADLINE_MS;
    while (now_ms () < end) {
        const ssize_t n = recv (fd, dropped, sizeof dropped, 0);
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
            return 1;
    }
    return 0;
}

/* Nothing may come (and the connection may not end) for QUIET_MS. */
HELPER int raw_quiet (int fd)
{
    struct pollfd item = {fd, POLLIN, 0};
    return poll (&item, 1, QUIET_MS) == 0;
}

/* ---- Threads --------------------------------------------------------------------------------------------- */

HELPER pthread_t start_thread (void *(*run) (void *), void *arg)
{
    pthread_t thread;
    REQUIRE (pthread_create (&thread, NULL, run, arg) == 0);
    return thread;
}

/* Joins; a thread that does not end in time ends the program. */
HELPER void *join_thread (pthread_t thread)
{
    void *result = NULL;
    struct timespec end;
    clock_gettime (CLOCK_REALTIME, &end);
    end.tv_sec += 3 * DEADLINE_MS / 1000;
    REQUIRE (pthread_timedjoin_np (thread, &result, &end) == 0);
    return result;
}

/* ---- Child processes --------------------------------------------------------------------------------------- */

/* A child that runs a ROLE of this program; we write its stdin and read its stdout. */
typedef struct
{
    pid_t pid;
    int to;   /* its stdin */
    int from; /* its stdout */
} child_t;

/*
 * Starts `program --role role args...` (NULL ends the list). `lib_dir`, if not NULL, becomes its
 * LD_LIBRARY_PATH. The child is killed when the calling thread ends, so call this on the main thread.
 */
HELPER child_t spawn_role_with (const char *lib_dir, const char *role, ...)
{
    child_t child;
    int in[2], out[2], n = 0;
    const char *args[32];
    va_list list;
    args[n++] = harness.self;
    args[n++] = "--role";
    args[n++] = role;
    va_start (list, role);
    while (n < 31 && (args[n] = va_arg (list, const char *)) != NULL)
        ++n;
    va_end (list);
    args[n] = NULL;
    REQUIRE_OK (pipe2 (in, O_CLOEXEC));
    REQUIRE_OK (pipe2 (out, O_CLOEXEC));
    fflush (stdout);
    child.pid = fork ();
    REQUIRE (child.pid >= 0);
    if (child.pid == 0) {
        prctl (PR_SET_PDEATHSIG, SIGKILL);
        dup2 (in[0], 0);
        dup2 (out[1], 1);
        if (lib_dir)
            setenv ("LD_LIBRARY_PATH", lib_dir, 1);
        execv (harness.self, (char *const *) args);
        _exit (127);
    }
    close (in[0]);
    close (out[1]);
    child.to = in[1];
    child.from = out[0];
    return child;
}

#define spawn_role(...) spawn_role_with (NULL, __VA_ARGS__)

/* One line of the child's output without its newline; 0 at the end of it or after DEADLINE_MS. */
HELPER int child_line (child_t *child, char *line, size_t room)
{
    size_t n = 0;
    const long long end = now_ms () + DEADLINE_MS;
    while (n + 1 < room) {
        struct pollfd item = {child->from, POLLIN, 0};
        const long long left = end - now_ms ();
        if (left <= 0)
            break;
        if (poll (&item, 1, (int) left) != 1)
            continue;
        if (read (child->from, line + n, 1) != 1)
            break;
        if (line[n] == '\n') {
            line[n] = '\0';
            return 1;
        }
        ++n;
    }
    line[n] = '\0';
    return 0;
}

/* The next line must be this text. */
#define expect_line(child, text)                                                                   \
    do {                                                                                           \
        char check_line[512];                                                                      \
        CHECK (child_line (child, check_line, sizeof check_line));                                 \
        CHECK_STR (check_line, text);                                                              \
    } while (0)

/* Writes one line to the child's stdin. */
HELPER void child_say (child_t *child, const char *line)
{
    char text[512];
    const int n = snprintf (text, sizeof text, "%s\n", line);
    CHECK_INT (write (child->to, text, (size_t) n), n);
}

/* Inside a role: one line of stdin; 0 at its end. */
HELPER int role_line (char *line, size_t room)
{
    if (!fgets (line, (int) room, stdin))
        return 0;
    line[strcspn (line, "\n")] = '\0';
    return 1;
}

/* Waits for a process with a deadline. Gives the exit code, 128 + signal, or -1 (then it is killed). */
HELPER int wait_pid (pid_t pid)
{
    int status = 0;
    const long long end = now_ms () + 3 * DEADLINE_MS;
    while (now_ms () < end) {
        const pid_t got = waitpid (pid, &status, WNOHANG);
        if (got == pid)
            return WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
        if (got == -1 && errno != EINTR)
            return -1;
        msleep (2);
    }
    kill (pid, SIGKILL);
    waitpid (pid, &status, 0);
    return -1;
}

/* Closes the child's stdin, waits for its end and gives its exit code as wait_pid does. */
HELPER int child_wait (child_t *child)
{
    close (child->to);
    const int code = wait_pid (child->pid);
    close (child->from);
    return code;
}

HELPER void child_kill (child_t *child)
{
    kill (child->pid, SIGKILL);
    child_wait (child);
}

/* ---- Interop: two processes, one library each --------------------------------------------------------------- */

/* Library directories of the two sides; labels are for the output. */
typedef struct
{
    const char *server_dir, *client_dir;
    const char *label;
} interop_t;

static interop_t interop UNUSED;

/* Ends the program as skipped unless both libraries are given. Call it after ON_ROLE. */
HELPER void interop_begin (void)
{
    const char *ours = getenv ("LIB_OURS"), *ref = getenv ("LIB_REF");
    if (!ours || !*ours || !ref || !*ref)
        skip_all ("interop needs LIB_OURS and LIB_REF (is the reference library installed?)");
}

/*
 * Runs one case twice: server ours with client reference, then the other way round. The case
 * starts its processes with spawn_role_with (interop.server_dir / interop.client_dir, ...).
 */
HELPER void interop_run (const char *name, void (*run) (void))
{
    static char labels[2][160];
    const char *ours = getenv ("LIB_OURS"), *ref = getenv ("LIB_REF");
    const interop_t sides[2] = {{ours, ref, "server=ours,client=reference"},
                                {ref, ours, "server=reference,client=ours"}};
    for (int i = 0; i < 2; ++i) {
        interop = sides[i];
        snprintf (labels[i], sizeof labels[i], "%s[%s]", name, sides[i].label);
        harness_run (labels[i], run, NULL);
    }
}

#define RUN_INTEROP(name) interop_run (#name, case_##name)

/* ---- Signals and descriptors -------------------------------------------------------------------------------- */

HELPER void harness_ignore_signal (int sig UNUSED)
{
}

/* SIGUSR1 runs an empty handler without SA_RESTART: it interrupts blocking calls. */
HELPER void install_interrupt (void)
{
    struct sigaction action;
    memset (&action, 0, sizeof action);
    action.sa_handler = harness_ignore_signal;
    sigemptyset (&action.sa_mask);
    REQUIRE_OK (sigaction (SIGUSR1, &action, NULL));
}

typedef struct
{
    pthread_t target, self;
    volatile int stop;
} interrupter_t;

HELPER void *harness_interrupter (void *arg)
{
    interrupter_t *state = arg;
    while (!state->stop) {
        msleep (50);
        if (!state->stop)
            pthread_kill (state->target, SIGUSR1);
    }
    return NULL;
}

/* Interrupts the calling thread every 50 ms until interrupt_stop: no race with a single signal. */
HELPER void interrupt_start (interrupter_t *state)
{
    install_interrupt ();
    state->target = pthread_self ();
    state->stop = 0;
    state->self = start_thread (harness_interrupter, state);
}

HELPER void interrupt_stop (interrupter_t *state)
{
    state->stop = 1;
    join_thread (state->self);
}

/* Number of open descriptors of this process. */
HELPER int count_fds (void)
{
    int count = 0;
    for (int fd = 0; fd < 4096; ++fd)
        count += fcntl (fd, F_GETFD) != -1;
    return count;
}

#endif
