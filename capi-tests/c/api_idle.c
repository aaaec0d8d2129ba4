/*
 * A process whose sockets have nothing to do: no thread of it wakes up, and none uses the processor.
 */
#include "harness.h"
#include <dirent.h>
#include <time.h>

enum { WINDOW_MS = 400 };

/* How often the threads of the process, but for the calling one, have gone to sleep so far, and how many there are. */
static long count_sleeps (long *threads)
{
    char path[80], line[256];
    long sleeps = 0;
    *threads = 0;
    DIR *tasks = opendir ("/proc/self/task");
    REQUIRE (tasks != NULL);
    for (struct dirent *task; (task = readdir (tasks)) != NULL;) {
        const int id = atoi (task->d_name);
        if (id == 0 || id == getpid ())
            continue;
        snprintf (path, sizeof path, "/proc/self/task/%d/status", id);
        FILE *status = fopen (path, "r");
        if (!status)
            continue;
        ++*threads;
        while (fgets (line, sizeof line, status)) {
            long count;
            if (sscanf (line, "voluntary_ctxt_switches: %ld", &count) == 1)
                sleeps += count;
        }
        fclose (status);
    }
    closedir (tasks);
    return sleeps;
}

/* One look at a while: whether nothing happened in it. */
static int is_quiet (void)
{
    long threads_before, threads_after;
    const long before = count_sleeps (&threads_before);
    const clock_t used = clock ();
    msleep (WINDOW_MS);
    const double ms = (double) (clock () - used) * 1000.0 / CLOCKS_PER_SEC;
    const long after = count_sleeps (&threads_after);
    return threads_before > 0 && threads_before == threads_after && before == after && ms < 20;
}

static void *receive (void *socket)
{
    char text[16];
    CHECK_INT (zmq_recv (socket, text, sizeof text, 0), 3);
    return NULL;
}

/* After traffic, with another thread waiting in a call, and none. */
static void rests_with (const char *transport)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    set_int (server, ZMQ_RCVTIMEO, -1);
    join_sockets (server, client, transport);
    for (int i = 0; i < 100; ++i)
        bounce (server, client);
    for (int i = 0; i < 100; ++i)
        send_str (client, "more", 0);
    for (int i = 0; i < 100; ++i)
        expect_msg (server, "more");
    CHECK (WAIT_FOR (is_quiet ()));
    pthread_t thread = start_thread (receive, server);
    CHECK (WAIT_FOR (is_quiet ()));
    send_str (client, "end", 0);
    join_thread (thread);
    CHECK (WAIT_FOR (is_quiet ()));
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
}

CASE (tcp)
{
    rests_with ("tcp");
}

CASE (ipc)
{
    rests_with ("ipc");
}

CASE (inproc)
{
    /* No thread but one that waits; the others belong to a tcp listener. */
    void *ctx = mk_ctx ();
    void *listener = mk_socket (ctx, ZMQ_PULL);
    CHECK_OK (zmq_bind (listener, "tcp://127.0.0.1:*"));
    rests_with ("inproc");
    rm_socket (listener);
    rm_ctx (ctx);
}

CASE (an_unreachable_peer_is_left_alone)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *client = mk_socket (ctx, ZMQ_DEALER);
    unused_endpoint (endpoint);
    set_int (client, ZMQ_RECONNECT_IVL, -1);
    CHECK_OK (zmq_connect (client, endpoint));
    CHECK (WAIT_FOR (is_quiet ()));
    rm_socket (client);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (tcp);
    RUN (ipc);
    RUN (inproc);
    RUN (an_unreachable_peer_is_left_alone);
    return harness_end ();
}
