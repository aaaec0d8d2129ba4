/* Clock, board, sides and sockets: see bench.h. No mode is known here. */
#include "bench.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

struct board *board;

static void *shared_context;
static int processes;
static pthread_t threads[8];
static int thread_count;

/* --- failing ---------------------------------------------------------------------------------- */

void die (const char *what)
{
    int error = zmq_errno ();

    fprintf (stderr, "%s %s: %s: %s\n", job.mode, job.transport, what, zmq_strerror (error));
    _exit (EXIT_FAILURE);
}

void skip (const char *why)
{
    fprintf (stderr, "skipped: %s\n", why);
    _exit (EXIT_SKIP);
}

void require (int condition, const char *what)
{
    if (!condition)
        die (what);
}

/* --- clock, processor time, memory ------------------------------------------------------------ */

uint64_t now_ns (void)
{
    struct timespec time;

    clock_gettime (CLOCK_MONOTONIC, &time);
    return (uint64_t) time.tv_sec * 1000000000u + (uint64_t) time.tv_nsec;
}

double now (void)
{
    return (double) now_ns () / 1e9;
}

void nap (double seconds)
{
    struct timespec time;

    time.tv_sec = (time_t) seconds;
    time.tv_nsec = (long) ((seconds - (double) time.tv_sec) * 1e9);
    while (nanosleep (&time, &time) != 0 && errno == EINTR)
        continue;
}

static double cpu_of (int who)
{
    struct rusage usage;

    require (getrusage (who, &usage) == 0, "getrusage");
    return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
           + (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double cpu_self (void)
{
    return cpu_of (RUSAGE_SELF);
}

double cpu_children (void)
{
    return cpu_of (RUSAGE_CHILDREN);
}

long switches_self (void)
{
    struct rusage usage;

    require (getrusage (RUSAGE_SELF, &usage) == 0, "getrusage");
    return usage.ru_nvcsw;
}

double resident (void)
{
    FILE *file = fopen ("/proc/self/statm", "r");
    long total, pages = 0;

    require (file != NULL && fscanf (file, "%ld %ld", &total, &pages) == 2, "statm");
    fclose (file);
    return (double) pages * (double) sysconf (_SC_PAGESIZE);
}

void need_descriptors (long count)
{
    struct rlimit limit;

    require (getrlimit (RLIMIT_NOFILE, &limit) == 0, "getrlimit");
    if (limit.rlim_cur >= (rlim_t) count)
        return;
    limit.rlim_cur = (rlim_t) count;
    if (limit.rlim_max < limit.rlim_cur)
        limit.rlim_max = limit.rlim_cur; /* for who may */
    if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
        skip ("the limit on open files is too low");
}

/* --- the board -------------------------------------------------------------------------------- */

void flag_add (int *flag)
{
    __atomic_add_fetch (flag, 1, __ATOMIC_RELEASE);
}

int flag_read (int *flag)
{
    return __atomic_load_n (flag, __ATOMIC_ACQUIRE);
}

void count_add (long *count, long more)
{
    __atomic_add_fetch (count, more, __ATOMIC_RELEASE);
}

long count_read (long *count)
{
    return __atomic_load_n (count, __ATOMIC_ACQUIRE);
}

void flag_await (int *flag, int value)
{
    /* The alarm that every run has ends a wait in vain. */
    while (flag_read (flag) < value)
        nap (0.0005);
}

/* --- sides ------------------------------------------------------------------------------------ */

/* A process of its own, which ends with this one or at the time limit; 0 in the new one. */
static pid_t fork_side (void)
{
    pid_t child;

    fflush (stdout);
    child = fork ();
    require (child >= 0, "fork");
    if (child == 0) {
        prctl (PR_SET_PDEATHSIG, SIGKILL);
        alarm ((unsigned) job.limit);
    }
    return child;
}

/* A side that died would leave the others waiting until the time limit. */
static void on_child (int signal, siginfo_t *info, void *unused)
{
    (void) signal;
    (void) unused;
    if (info->si_code == CLD_EXITED && info->si_status == EXIT_SUCCESS)
        return;
    if (info->si_code == CLD_EXITED && info->si_status == EXIT_SKIP)
        _exit (EXIT_SKIP);
    if (info->si_code != CLD_EXITED) {
        static const char text[] = "a side was ended by a signal\n";
        ssize_t written = write (STDERR_FILENO, text, sizeof text - 1);

        (void) written;
    }
    _exit (EXIT_FAILURE);
}

void board_open (void)
{
    struct sigaction action;

    board = mmap (NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    require (board != MAP_FAILED, "shared memory");
    memset (&action, 0, sizeof action);
    action.sa_sigaction = on_child;
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_NOCLDSTOP;
    require (sigaction (SIGCHLD, &action, NULL) == 0, "sigaction");
    alarm ((unsigned) job.limit);
}

/* A child that ends at this moment interrupts, which is no reason to give up. */
static void end_context (void *context)
{
    while (zmq_ctx_term (context) != 0)
        require (errno == EINTR, "zmq_ctx_term");
}

static void *new_context (void)
{
    void *context = zmq_ctx_new ();

    require (context != NULL, "zmq_ctx_new");
    require (zmq_ctx_set (context, ZMQ_MAX_SOCKETS, 65000) == 0, "ZMQ_MAX_SOCKETS");
    if (job.io_threads > 0)
        require (zmq_ctx_set (context, ZMQ_IO_THREADS, job.io_threads) == 0, "ZMQ_IO_THREADS");
    return context;
}

static int in_threads (void)
{
    return strcmp (job.transport, "inproc") == 0;
}

static void *thread_main (void *argument)
{
    side_fn side;

    memcpy (&side, argument, sizeof side);
    free (argument);
    side ();
    return NULL;
}

void side_start (side_fn side)
{
    if (in_threads ()) {
        /* A function pointer does not fit a void pointer in C99: it travels in memory. */
        side_fn *argument = malloc (sizeof *argument);

        require (argument != NULL && thread_count < 8, "memory for a thread");
        *argument = side;
        if (shared_context == NULL)
            shared_context = new_context ();
        errno = pthread_create (&threads[thread_count++], NULL, thread_main, argument);
        require (errno == 0, "pthread_create");
        return;
    }

    /* No context exists yet in this process: nothing of the library is carried into the child. */
    if (fork_side () == 0) {
        processes = 0;
        side ();
        _exit (EXIT_SUCCESS);
    }
    processes++;
}

void sides_join (void)
{
    for (; thread_count > 0; thread_count--)
        require (pthread_join (threads[thread_count - 1], NULL) == 0, "pthread_join");
    if (shared_context != NULL)
        end_context (shared_context);
    shared_context = NULL;
    for (; processes > 0; processes--) {
        int status = 0;

        while (wait (&status) < 0)
            require (errno == EINTR, "wait");
        if (status != 0)
            die ("a side failed");
    }
}

void *side_context (void)
{
    return shared_context != NULL ? shared_context : new_context ();
}

void side_end (void *context)
{
    if (context != shared_context)
        end_context (context);
}

/* --- other work ------------------------------------------------------------------------------- */

static pid_t others[64];
static int other_count;

void load_start (void)
{
    long processors = sysconf (_SC_NPROCESSORS_ONLN);

    if (processors > 64)
        processors = 64;
    for (other_count = 0; other_count < processors; other_count++) {
        others[other_count] = fork_side ();
        if (others[other_count] == 0) {
            while (!flag_read (&board->leave))
                continue;
            _exit (EXIT_SUCCESS);
        }
    }
}

void load_end (void)
{
    flag_add (&board->leave);
    for (; other_count > 0; other_count--)
        while (waitpid (others[other_count - 1], NULL, 0) < 0)
            require (errno == EINTR, "waitpid");
}
