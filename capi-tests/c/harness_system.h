/*
 * Test harness, second part: raw peers, ports, threads, child processes, interop between two libraries,
 * signals and descriptors. Included by harness.h; what may not live here is anything of zmq.h.
 */
#ifndef CAPI_HARNESS_SYSTEM_H
#define CAPI_HARNESS_SYSTEM_H

#include "harness.h"

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

/* Whether this machine has ::1. */
HELPER int has_ipv6 (void)
{
    struct sockaddr_in6 in;
    const int fd = socket (AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memset (&in, 0, sizeof in);
    in.sin6_family = AF_INET6;
    in.sin6_addr = in6addr_loopback;
    const int has = fd >= 0 && bind (fd, (struct sockaddr *) &in, sizeof in) == 0;
    if (fd >= 0)
        close (fd);
    return has;
}

/*
 * A free port of loopback, of IPv4 or IPv6, where nobody listens. It stays ours until the program ends: no other
 * program gets it, and no connection leaves from it, while sockets of this program may bind to it, leave it and
 * bind again.
 */
HELPER int hold_port (int family)
{
    union
    {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at;
    socklen_t size = family == AF_INET ? sizeof at.v4 : sizeof at.v6;
    const int yes = 1;
    const int fd = socket (family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE (fd >= 0);
    REQUIRE_OK (setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes));
    memset (&at, 0, sizeof at);
    at.any.sa_family = (sa_family_t) family;
    if (family == AF_INET)
        at.v4.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    else
        at.v6.sin6_addr = in6addr_loopback;
    REQUIRE_OK (bind (fd, &at.any, size));
    REQUIRE_OK (getsockname (fd, &at.any, &size));
    return ntohs (family == AF_INET ? at.v4.sin_port : at.v6.sin6_port);
}

/* A loopback endpoint where nobody listens, of a port that is held. */
HELPER void unused_endpoint (char *endpoint)
{
    snprintf (endpoint, ENDPOINT_SIZE, "tcp://127.0.0.1:%d", hold_port (AF_INET));
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
