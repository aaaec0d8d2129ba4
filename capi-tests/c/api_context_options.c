/*
 * zmq_ctx_set and zmq_ctx_get: every option with values in and out of range, and the options
 * whose effect a program can see: BLOCKY, IPV6, MAX_SOCKETS, MAX_MSGSZ, IO_THREADS, the names
 * and the CPU affinity of the I/O threads.
 */
#include "harness.h"
#include <dirent.h>
#include <limits.h>
#include <sched.h>

static const struct
{
    const char *name;
    int option;
} options[] = {
  {"IO_THREADS", ZMQ_IO_THREADS},
  {"MAX_SOCKETS", ZMQ_MAX_SOCKETS},
  {"SOCKET_LIMIT/THREAD_PRIORITY", ZMQ_SOCKET_LIMIT},
  {"THREAD_SCHED_POLICY", ZMQ_THREAD_SCHED_POLICY},
  {"MAX_MSGSZ", ZMQ_MAX_MSGSZ},
  {"MSG_T_SIZE", ZMQ_MSG_T_SIZE},
  {"THREAD_AFFINITY_CPU_ADD", ZMQ_THREAD_AFFINITY_CPU_ADD},
  {"THREAD_AFFINITY_CPU_REMOVE", ZMQ_THREAD_AFFINITY_CPU_REMOVE},
  {"THREAD_NAME_PREFIX", ZMQ_THREAD_NAME_PREFIX},
  {"IPV6", ZMQ_IPV6},
  {"BLOCKY", ZMQ_BLOCKY},
};

#define OPTIONS (sizeof options / sizeof *options)

CASE (defaults)
{
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < OPTIONS; ++i) {
        const int value = zmq_ctx_get (ctx, options[i].option);
        printf ("  %s: %d %s\n", options[i].name, value, value < 0 ? result_name (value) : "");
    }
    CHECK_INT (zmq_ctx_get (ctx, ZMQ_IO_THREADS), ZMQ_IO_THREADS_DFLT);
    CHECK_INT (zmq_ctx_get (ctx, ZMQ_MAX_SOCKETS), ZMQ_MAX_SOCKETS_DFLT);
    CHECK_INT (zmq_ctx_get (ctx, ZMQ_MSG_T_SIZE), sizeof (zmq_msg_t));
    rm_ctx (ctx);
}

CASE (values)
{
    const int values[] = {INT_MIN, -2, -1, 0, 1, 2, 3, 64, 65535, 65536, INT_MAX};
    for (size_t i = 0; i < OPTIONS; ++i)
        for (size_t k = 0; k < sizeof values / sizeof *values; ++k) {
            if (options[i].option == ZMQ_THREAD_AFFINITY_CPU_ADD && values[k] > 3)
                continue; /* no such processor; what counts is the negative ones */
            void *ctx = mk_ctx ();
            const int rc = zmq_ctx_set (ctx, options[i].option, values[k]);
            printf ("  set %s to %d: %s", options[i].name, values[k], result_name (rc));
            printf (", get %d\n", zmq_ctx_get (ctx, options[i].option));
            rm_ctx (ctx);
        }
}

CASE (unknown_options)
{
    const int unknown[] = {INT_MIN, -1, 0, 11, 41, 43, 69, 71, 1000, INT_MAX};
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; ++i) {
        CHECK_ERRNO (zmq_ctx_set (ctx, unknown[i], 1), EINVAL);
        CHECK_ERRNO (zmq_ctx_get (ctx, unknown[i]), EINVAL);
    }
    rm_ctx (ctx);
}

CASE (affinity_add_and_remove)
{
    void *ctx = mk_ctx ();
    CHECK_ERRNO (zmq_ctx_set (ctx, ZMQ_THREAD_AFFINITY_CPU_REMOVE, 0), EINVAL);
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_THREAD_AFFINITY_CPU_ADD, 0));
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_THREAD_AFFINITY_CPU_ADD, 0));
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_THREAD_AFFINITY_CPU_REMOVE, 0));
    CHECK_ERRNO (zmq_ctx_set (ctx, ZMQ_THREAD_AFFINITY_CPU_REMOVE, 0), EINVAL);
    CHECK_ERRNO (zmq_ctx_set (ctx, ZMQ_THREAD_AFFINITY_CPU_ADD, -1), EINVAL);
    rm_ctx (ctx);
}

CASE (blocky_is_the_linger_of_new_sockets)
{
    void *ctx = mk_ctx ();
    void *before = mk_socket (ctx, ZMQ_PUSH);
    CHECK_INT (opt_int (before, ZMQ_LINGER), -1);
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_BLOCKY, 0));
    CHECK_INT (zmq_ctx_get (ctx, ZMQ_BLOCKY), 0);
    CHECK_INT (opt_int (before, ZMQ_LINGER), -1);
    void *after = mk_socket (ctx, ZMQ_PUSH);
    CHECK_INT (opt_int (after, ZMQ_LINGER), 0);
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_BLOCKY, 1));
    void *again = mk_socket (ctx, ZMQ_PUSH);
    CHECK_INT (opt_int (again, ZMQ_LINGER), -1);
    rm_socket (before);
    rm_socket (after);
    rm_socket (again);
    rm_ctx (ctx);
}

CASE (not_blocky_ends_with_unsent_messages)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    unused_endpoint (endpoint);
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_BLOCKY, 0));
    void *push = mk_socket (ctx, ZMQ_PUSH);
    CHECK_OK (zmq_connect (push, endpoint));
    send_str (push, "nobody will get this", 0);
    CHECK_OK (zmq_close (push));
    rm_ctx (ctx);
}

CASE (ipv6_is_the_default_of_new_sockets)
{
    void *ctx = mk_ctx ();
    void *before = mk_socket (ctx, ZMQ_PAIR);
    CHECK_INT (opt_int (before, ZMQ_IPV6), 0);
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_IPV6, 1));
    void *after = mk_socket (ctx, ZMQ_PAIR);
    CHECK_INT (opt_int (before, ZMQ_IPV6), 0);
    CHECK_INT (opt_int (after, ZMQ_IPV6), 1);
    CHECK_INT (opt_int (after, ZMQ_IPV4ONLY), 0);
    rm_socket (before);
    rm_socket (after);
    rm_ctx (ctx);
}

CASE (max_sockets_is_a_limit)
{
    void *ctx = mk_ctx ();
    void *sockets[5];
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_MAX_SOCKETS, 5));
    for (int i = 0; i < 5; ++i)
        sockets[i] = mk_socket (ctx, ZMQ_PAIR);
    CHECK_NULL_ERRNO (zmq_socket (ctx, ZMQ_PAIR), EMFILE);
    CHECK_NULL_ERRNO (zmq_socket (ctx, ZMQ_PAIR), EMFILE);
    /* A closed socket gives its place back, if not at once. */
    rm_socket (sockets[2]);
    sockets[2] = NULL;
    CHECK (WAIT_FOR ((sockets[2] = zmq_socket (ctx, ZMQ_PAIR)) != NULL));
    for (int i = 0; i < 5; ++i)
        rm_socket (sockets[i]);
    rm_ctx (ctx);
}

CASE (max_sockets_is_fixed_by_the_first_socket)
{
    void *ctx = mk_ctx ();
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_MAX_SOCKETS, 2));
    void *one = mk_socket (ctx, ZMQ_PAIR);
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_MAX_SOCKETS, 10));
    CHECK_INT (zmq_ctx_get (ctx, ZMQ_MAX_SOCKETS), 10);
    void *two = mk_socket (ctx, ZMQ_PAIR);
    CHECK_NULL_ERRNO (zmq_socket (ctx, ZMQ_PAIR), EMFILE);
    rm_socket (one);
    rm_socket (two);
    rm_ctx (ctx);
}

/* Threads of this process whose name begins so; the first one's CPU set and full name, if wanted. */
static int count_threads (const char *prefix, cpu_set_t *cpus, char *full)
{
    int count = 0;
    DIR *dir = opendir ("/proc/self/task");
    REQUIRE (dir != NULL);
    for (struct dirent *entry; (entry = readdir (dir)) != NULL;) {
        char path[320], name[64] = "";
        snprintf (path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        FILE *file = fopen (path, "r");
        if (!file)
            continue;
        if (fgets (name, sizeof name, file) && strncmp (name, prefix, strlen (prefix)) == 0) {
            ++count;
            if (cpus)
                sched_getaffinity (atoi (entry->d_name), sizeof *cpus, cpus);
            if (full)
                snprintf (full, 64, "%.*s", (int) strcspn (name, "\n"), name);
        }
        fclose (file);
    }
    closedir (dir);
    return count;
}

CASE (thread_name_prefix_names_threads)
{
    char name[64] = "";
    void *ctx = mk_ctx ();
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_THREAD_NAME_PREFIX, 1234));
    CHECK_INT (zmq_ctx_get (ctx, ZMQ_THREAD_NAME_PREFIX), 1234);
    CHECK_INT (count_threads ("1234/", NULL, NULL), 0);
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    CHECK_OK (zmq_bind (socket, "tcp://127.0.0.1:*"));
    CHECK (WAIT_FOR (count_threads ("1234/ZMQbg/IO/", NULL, name) == 1));
    CHECK_STR (name, "1234/ZMQbg/IO/0");
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (io_threads_start_with_the_first_socket)
{
    void *ctx = mk_ctx ();
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_IO_THREADS, 3));
    CHECK_INT (count_threads ("ZMQbg/IO/", NULL, NULL), 0);
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    CHECK_OK (zmq_bind (socket, "tcp://127.0.0.1:*"));
    CHECK (WAIT_FOR (count_threads ("ZMQbg/IO/", NULL, NULL) == 3));
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_IO_THREADS, 5));
    CHECK_INT (zmq_ctx_get (ctx, ZMQ_IO_THREADS), 5);
    void *other = mk_socket (ctx, ZMQ_PAIR);
    CHECK_INT (count_threads ("ZMQbg/IO/", NULL, NULL), 3);
    rm_socket (socket);
    rm_socket (other);
    rm_ctx (ctx);
    CHECK (WAIT_FOR (count_threads ("ZMQbg", NULL, NULL) == 0));
}

CASE (affinity_reaches_the_io_thread)
{
    cpu_set_t mine, cpus;
    int cpu = 0;
    CHECK_OK (sched_getaffinity (0, sizeof mine, &mine));
    while (!CPU_ISSET (cpu, &mine))
        ++cpu;
    void *ctx = mk_ctx ();
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_THREAD_AFFINITY_CPU_ADD, cpu));
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    CHECK_OK (zmq_bind (socket, "tcp://127.0.0.1:*"));
    CPU_ZERO (&cpus);
    CHECK (WAIT_FOR (count_threads ("ZMQbg/IO/", &cpus, NULL) == 1 && CPU_COUNT (&cpus) == 1));
    CHECK (CPU_ISSET (cpu, &cpus));
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (signals_stay_with_the_program)
{
    /* Background threads block all signals, so that a handler runs on a thread of the program. */
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    CHECK_OK (zmq_bind (socket, "tcp://127.0.0.1:*"));
    CHECK (WAIT_FOR (count_threads ("ZMQbg/IO/", NULL, NULL) == 1));
    DIR *dir = opendir ("/proc/self/task");
    REQUIRE (dir != NULL);
    for (struct dirent *entry; (entry = readdir (dir)) != NULL;) {
        char path[320], line[256], name[64] = "";
        unsigned long long blocked = 0;
        snprintf (path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        FILE *file = fopen (path, "r");
        while (file && fgets (line, sizeof line, file)) {
            sscanf (line, "Name: %63s", name);
            sscanf (line, "SigBlk: %llx", &blocked);
        }
        if (file)
            fclose (file);
        if (strncmp (name, "ZMQbg", 5) == 0)
            CHECK (blocked & (1ull << (SIGTERM - 1)) && blocked & (1ull << (SIGUSR1 - 1)));
    }
    closedir (dir);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (options_after_shutdown)
{
    void *ctx = mk_ctx ();
    CHECK_OK (zmq_ctx_shutdown (ctx));
    CHECK_INT (zmq_ctx_get (ctx, ZMQ_IO_THREADS), 1);
    CHECK_OK (zmq_ctx_set (ctx, ZMQ_IO_THREADS, 2));
    CHECK_INT (zmq_ctx_get (ctx, ZMQ_IO_THREADS), 2);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (defaults);
    RUN (values);
    RUN (unknown_options);
    RUN (affinity_add_and_remove);
    RUN (blocky_is_the_linger_of_new_sockets);
    RUN (not_blocky_ends_with_unsent_messages);
    RUN (ipv6_is_the_default_of_new_sockets);
    RUN (max_sockets_is_a_limit);
    RUN (max_sockets_is_fixed_by_the_first_socket);
    RUN (thread_name_prefix_names_threads);
    RUN (io_threads_start_with_the_first_socket);
    RUN (affinity_reaches_the_io_thread);
    RUN (signals_stay_with_the_program);
    RUN (options_after_shutdown);
    return harness_end ();
}
