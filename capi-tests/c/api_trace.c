/*
 * Tracing by environment variables, and silence without them: what a program's stderr shows.
 *
 * Each case runs a role in a process of its own, whose stderr is a file. On the reference the variables mean
 * nothing; that it is silent too is compared.
 */
#include "harness.h"

/* ---- What was said ------------------------------------------------------------------------------------- */

enum
{
    TEXT_SIZE = 65536
};

static void slurp (const char *path, char *text)
{
    const int fd = open (path, O_RDONLY | O_CLOEXEC);
    size_t size = 0;
    REQUIRE (fd >= 0);
    for (;;) {
        const ssize_t n = read (fd, text + size, TEXT_SIZE - 1 - size);
        REQUIRE (n >= 0);
        if (n == 0)
            break;
        size += (size_t) n;
    }
    text[size] = '\0';
    close (fd);
}

/*
 * The first line after `from` that has `event` (topic and event) and `part`; NULL if there is none. Gives the
 * line's place, so that an order can be asked for.
 */
static const char *find_line (const char *from, const char *event, const char *part)
{
    char topic[80];
    snprintf (topic, sizeof topic, " %s ", event);
    while (from && *from) {
        const char *end = strchr (from, '\n');
        const size_t size = end ? (size_t) (end - from) : strlen (from);
        const char *at = strstr (from, topic);
        const char *what = part ? strstr (from, part) : at;
        if (at && at < from + size && what && what < from + size)
            return from;
        from = end ? end + 1 : NULL;
    }
    return NULL;
}

static void check_line (const char *file, int line, const char *text, const char *event,
                        const char *part)
{
    if (!find_line (text, event, part))
        harness_fail (file, line, "no line '%s' with '%s' in:\n%s", event, part ? part : "", text);
}

#define CHECK_LINE(text, event, part) check_line (__FILE__, __LINE__, text, event, part)

/* Every line begins with time, name, process and thread: the form that docs/diagnostics.md promises. */
static void check_form (const char *text)
{
    while (*text) {
        int end = 0, pid, tid, y, mo, d, h, mi, s, us;
        char topic[32], event[32];
        const int n = sscanf (text, "%4d-%2d-%2dT%2d:%2d:%2d.%6dZ ferrozmq %d %d %31s %31s%n", &y, &mo,
                              &d, &h, &mi, &s, &us, &pid, &tid, topic, event, &end);
        CHECK_INT (n, 11);
        CHECK (y >= 2024 && mo >= 1 && mo <= 12 && d >= 1 && d <= 31);
        text = strchr (text, '\n');
        REQUIRE (text != NULL);
        ++text;
    }
}

/* ---- What is done ---------------------------------------------------------------------------------------- */

static void send_stderr_to (const char *path)
{
    const int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    REQUIRE (fd >= 0);
    REQUIRE (dup2 (fd, 2) == 2);
    close (fd);
}

/* A bit of everything that has a line, with its results. */
ROLE (life)
{
    char endpoint[ENDPOINT_SIZE], nobody[128];
    send_stderr_to (argv[0]);
    void *ctx = mk_ctx ();
    void *rep = mk_socket (ctx, ZMQ_REP);
    void *req = mk_socket (ctx, ZMQ_REQ);
    void *push = mk_socket (ctx, ZMQ_PUSH);
    void *monitor = mk_monitor (ctx, push, ZMQ_EVENT_CONNECT_RETRIED);
    void *watched = mk_monitor (ctx, rep, ZMQ_EVENT_DISCONNECTED);

    bind_any (rep, "tcp", endpoint);
    REQUIRE_OK (zmq_connect (req, endpoint));
    send_str (req, "question", 0);
    expect_msg (rep, "question");
    send_str (rep, "answer", 0);
    expect_msg (req, "answer");
    REQUIRE (zmq_bind (push, endpoint) == -1);
    REQUIRE (zmq_connect (push, "bad://endpoint") == -1);

    /* Nobody is there. */
    unique_path (nobody, sizeof nobody);
    snprintf (endpoint, sizeof endpoint, "ipc://%s", nobody);
    REQUIRE_OK (zmq_connect (push, endpoint));
    expect_event (monitor, ZMQ_EVENT_CONNECT_RETRIED);
    REQUIRE_OK (zmq_disconnect (push, endpoint));

    /* Somebody who leaves in the middle of the handshake. */
    last_endpoint (rep, endpoint);
    const int leaver = raw_connect (endpoint);
    REQUIRE_OK (shutdown (leaver, SHUT_WR)); /* an end of stream; a close over unread bytes is a reset */
    expect_event (watched, ZMQ_EVENT_DISCONNECTED);
    close (leaver);
    REQUIRE_OK (zmq_unbind (rep, endpoint));

    rm_socket (monitor);
    rm_socket (watched);
    rm_socket (req);
    rm_socket (rep);
    rm_socket (push);
    rm_ctx (ctx);
    return 0;
}

static void *term (void *ctx)
{
    rm_ctx (ctx);
    return NULL;
}

/*
 * A context that cannot end: a socket is open, and a message waits for somebody to take it. The trace says
 * so, and the role looks there, as a user would, before it lets the context go.
 */
ROLE (hanging)
{
    char address[ENDPOINT_SIZE], path[128];
    char *text = malloc (TEXT_SIZE);
    const long long end = now_ms () + DEADLINE_MS;
    int told = 0;
    REQUIRE (text != NULL);
    send_stderr_to (argv[0]);
    void *ctx = mk_ctx ();
    void *dealer = mk_socket (ctx, ZMQ_DEALER);
    void *push = mk_socket (ctx, ZMQ_PUSH);
    bind_any (dealer, "tcp", address);
    unique_path (path, sizeof path);
    snprintf (address, sizeof address, "ipc://%s", path);
    REQUIRE_OK (zmq_connect (push, address));
    send_str (push, "late", 0);
    rm_socket_linger (push);

    const pthread_t thread = start_thread (term, ctx);
    while (!told && now_ms () < end) {
        msleep (20);
        slurp (argv[0], text);
        told = find_line (text, "context waiting", "for=close")
               && find_line (text, "context waiting", "for=messages");
    }
    CHECK (told);
    free (text);

    rm_socket_linger (dealer);
    void *other = mk_ctx ();
    void *pull = mk_socket (other, ZMQ_PULL);
    REQUIRE_OK (zmq_bind (pull, address));
    expect_msg (pull, "late");
    join_thread (thread);
    rm_socket (pull);
    rm_ctx (other);
    return 0;
}

/* Sockets of a forked child, whose parent's threads held who knows what. */
ROLE (forking)
{
    send_stderr_to (argv[0]);
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    const pid_t child = fork ();
    REQUIRE (child >= 0);
    if (child == 0) {
        void *own = mk_ctx ();
        void *dealer = mk_socket (own, ZMQ_DEALER);
        rm_socket (dealer);
        rm_ctx (own);
        _exit (harness.case_failures != 0);
    }
    CHECK_INT (wait_pid (child), 0);
    rm_socket (socket);
    rm_ctx (ctx);
    return 0;
}

/* ---- Cases ------------------------------------------------------------------------------------------------ */

/* Runs the role with these variables (NULL: unset) and gives what came on its stderr. */
static char *stderr_of (const char *role, const char *topics, const char *file)
{
    char path[ENDPOINT_SIZE];
    char *text = malloc (TEXT_SIZE);
    REQUIRE (text != NULL);
    unsetenv ("FERROZMQ_TRACE");
    unsetenv ("FERROZMQ_TRACE_FILE");
    if (topics)
        setenv ("FERROZMQ_TRACE", topics, 1);
    if (file)
        setenv ("FERROZMQ_TRACE_FILE", file, 1);
    unique_path (path, sizeof path);
    child_t child = spawn_role (role, path, NULL);
    const int code = child_wait (&child);
    slurp (path, text);
    if (code != 0)
        harness_fail (__FILE__, __LINE__, "%s ended with %d and said:\n%s", role, code, text);
    return text;
}

CASE (silent_without_the_variable)
{
    char *text = stderr_of ("life", NULL, NULL);
    CHECK_STR (text, "");
    free (text);
}

CASE (silent_when_off)
{
    char *text = stderr_of ("life", "0", NULL);
    CHECK_STR (text, "");
    free (text);
    text = stderr_of ("life", "", NULL);
    CHECK_STR (text, "");
    free (text);
}

CASE (all_topics)
{
    char *text = stderr_of ("life", "1", NULL);
    check_form (text);
    CHECK_LINE (text, "context opened", "context=1");
    CHECK_LINE (text, "socket opened", "socket=REP-1 context=1");
    CHECK_LINE (text, "socket opened", "socket=REQ-2 context=1");
    CHECK_LINE (text, "endpoint bound", "socket=REP-1 endpoint=tcp://127.0.0.1:");
    CHECK_LINE (text, "endpoint connect", "socket=REQ-2 endpoint=tcp://127.0.0.1:");
    CHECK_LINE (text, "endpoint bind-failed", "reason=EADDRINUSE");
    CHECK_LINE (text, "endpoint connect-failed", "endpoint=bad://endpoint reason=EPROTONOSUPPORT");
    CHECK_LINE (text, "connection accepted", "socket=REP-1 endpoint=tcp://127.0.0.1:");
    CHECK_LINE (text, "connection accepted", "peer=tcp://127.0.0.1:");
    CHECK_LINE (text, "connection connected", "socket=REQ-2 endpoint=tcp://127.0.0.1:");
    CHECK_LINE (text, "handshake succeeded", "socket=REP-1 endpoint=tcp://");
    CHECK_LINE (text, "handshake succeeded", "zmtp=3.1 mechanism=NULL peer-type=REP");
    CHECK_LINE (text, "connection connect-failed", "socket=PUSH-3 endpoint=ipc://");
    CHECK_LINE (text, "connection connect-failed", "reason=ENOENT");
    CHECK_LINE (text, "connection retry", "in-ms=");
    CHECK_LINE (text, "endpoint disconnect", "socket=PUSH-3 endpoint=ipc://");
    CHECK_LINE (text, "handshake failed", "reason=end-of-stream");
    CHECK_LINE (text, "connection lost", "reason=end-of-stream");
    CHECK_LINE (text, "endpoint unbind", "socket=REP-1 endpoint=tcp://127.0.0.1:");
    CHECK_LINE (text, "socket closed", "socket=PUSH-3");
    CHECK_LINE (text, "context ended", "context=1");
    /* In this order. */
    const char *at = find_line (text, "context opened", NULL);
    at = find_line (at, "socket opened", "REP-1");
    at = find_line (at, "endpoint bound", "REP-1");
    at = find_line (at, "connection accepted", "REP-1");
    at = find_line (at, "handshake succeeded", "REP-1");
    at = find_line (at, "socket closed", "REP-1");
    CHECK (find_line (at, "context ended", NULL) != NULL);
    at = find_line (text, "endpoint connect", "PUSH-3");
    at = find_line (at, "connection connect-failed", "PUSH-3");
    at = find_line (at, "connection retry", "PUSH-3");
    at = find_line (at, "endpoint disconnect", "PUSH-3");
    CHECK (find_line (at, "context ended", NULL) != NULL);
    free (text);
}

CASE (some_topics)
{
    char *text = stderr_of ("life", "handshake,nonsense,endpoint", NULL);
    check_form (text);
    CHECK_LINE (text, "trace unknown-topic", "value=nonsense");
    CHECK_LINE (text, "handshake succeeded", "socket=REQ-2");
    CHECK_LINE (text, "endpoint bound", "socket=REP-1");
    CHECK (!find_line (text, "socket opened", NULL));
    CHECK (!find_line (text, "connection accepted", NULL));
    CHECK (!find_line (text, "context ended", NULL));
    free (text);
}

CASE (into_a_file)
{
    char path[ENDPOINT_SIZE];
    char *told = malloc (TEXT_SIZE);
    struct stat info;
    REQUIRE (told != NULL);
    unique_path (path, sizeof path);
    char *text = stderr_of ("life", "socket", path);
    CHECK_STR (text, "");
    free (text);
    /* Appended to: what a second run says comes behind. */
    text = stderr_of ("life", "context", path);
    CHECK_STR (text, "");
    free (text);
    slurp (path, told);
    check_form (told);
    const char *at = find_line (told, "socket closed", "PUSH-3");
    CHECK (find_line (at, "context opened", NULL) != NULL);
    CHECK_OK (stat (path, &info));
    CHECK_INT (info.st_mode & 0777, 0600);
    free (told);
}

CASE (into_a_file_that_cannot_be)
{
    char *text = stderr_of ("life", "socket", "/nowhere/at all");
    CHECK_LINE (text, "trace file-failed", "value=\"/nowhere/at all\" reason=ENOENT");
    CHECK_LINE (text, "socket closed", "socket=REP-1");
    free (text);
}

CASE (a_context_that_hangs_says_why)
{
    char *text = stderr_of ("hanging", "context", NULL);
    check_form (text);
    CHECK_LINE (text, "context waiting", "for=close socket=DEALER-1 endpoint=tcp://127.0.0.1:");
    CHECK_LINE (text, "context waiting", "for=messages socket=PUSH-2 endpoint=ipc://");
    CHECK_LINE (text, "context ended", "context=1");
    free (text);
}

CASE (a_forked_child_traces_too)
{
    char *text = stderr_of ("forking", "socket", NULL);
    check_form (text);
    CHECK_LINE (text, "socket closed", "socket=PAIR-1");
    CHECK_LINE (text, "socket closed", "socket=DEALER-2");
    free (text);
}

int main (int argc, char **argv)
{
    static const char why[] = "variables of ours";
    harness_begin (argc, argv);
    ON_ROLE (life);
    ON_ROLE (hanging);
    ON_ROLE (forking);
    RUN (silent_without_the_variable);
    RUN_OURS (silent_when_off, why);
    RUN_OURS (all_topics, why);
    RUN_OURS (some_topics, why);
    RUN_OURS (into_a_file, why);
    RUN_OURS (into_a_file_that_cannot_be, why);
    RUN_OURS (a_context_that_hangs_says_why, why);
    RUN_OURS (a_forked_child_traces_too, why);
    return harness_end ();
}
