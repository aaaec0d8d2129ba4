/*
 * Test harness of the C suite: checks, a case runner and helpers around zmq.h.
 *
 * What lives here: everything that more than one test program needs, header-only,
 * C99 + _GNU_SOURCE, including nothing but zmq.h and libc. This file has the checks and the
 * runner; harness_zmq.h (sockets, messages, monitors) and harness_system.h (raw peers, threads,
 * processes, signals) come with it.
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

#include "harness_system.h"

#include "harness_zmq.h"

#endif
