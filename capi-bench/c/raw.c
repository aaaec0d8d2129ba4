/*
 * What the kernel alone reaches with the same messages, no library in between: a
 * stream over TCP or a Unix socket, and ping-pong with blocking or busy readers.
 */
#include "bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>

static int pair[2];

/* Two connected stream sockets of the job's transport. */
static void connect_pair (void)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int listener, i, on = 1;

    if (strcmp (job.transport, "ipc") == 0) {
        require (socketpair (AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
        return;
    }
    memset (&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    listener = socket (AF_INET, SOCK_STREAM, 0);
    require (listener >= 0, "socket");
    require (bind (listener, (struct sockaddr *) &address, sizeof address) == 0, "bind");
    require (listen (listener, 1) == 0, "listen");
    require (getsockname (listener, (struct sockaddr *) &address, &size) == 0, "getsockname");
    pair[0] = socket (AF_INET, SOCK_STREAM, 0);
    require (pair[0] >= 0, "socket");
    require (connect (pair[0], (struct sockaddr *) &address, sizeof address) == 0, "connect");
    pair[1] = accept (listener, NULL, NULL);
    require (pair[1] >= 0, "accept");
    for (i = 0; i < 2; i++)
        require (setsockopt (pair[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0,
                 "TCP_NODELAY");
    close (listener);
}

static void raw_sender (void)
{
    char *buffer = calloc (1, job.size);

    require (buffer != NULL, "memory");
    close (pair[1]);
    while (!flag_read (&board->stop))
        if (send (pair[0], buffer, job.size, MSG_NOSIGNAL) < 0)
            break; /* the receiver has seen enough */
}

void mode_raw_stream (void)
{
    size_t capacity = job.size < 65536 ? 65536 : job.size;
    char *buffer = malloc (capacity);
    double begun, warm, time, used, bytes = 0, total = 0;

    require (buffer != NULL, "memory");
    connect_pair ();
    side_start (raw_sender);
    close (pair[0]);
    begun = now ();
    warm = job.seconds * 0.15;
    for (;;) {
        ssize_t got = recv (pair[1], buffer, capacity, 0);

        require (got > 0, "recv");
        total += (double) got;
        time = now () - begun;
        if (time > warm)
            bytes += (double) got;
        if (time > warm + job.seconds)
            break;
    }
    flag_add (&board->stop);
    close (pair[1]);
    sides_join ();

    used = cpu_self () + cpu_children ();
    report_begin ();
    report_number ("mbytes_per_s", bytes / (time - warm) / 1e6);
    report_number ("msgs_per_s", bytes / (time - warm) / (double) job.size);
    report_number ("cpu_us_per_msg", used * 1e6 / (total / (double) job.size));
    report_end ();
    free (buffer);
}

/* Looks between which a busy reader lets others have the processor: with fewer cores than busy
 * readers it would otherwise use up its time slice before the other side can answer. */
enum { LOOKS = 2000 };

static void take (int descriptor, char *buffer)
{
    int flags = strcmp (job.mode, "rawbusy") == 0 ? MSG_DONTWAIT : 0;
    size_t had = 0;
    int looks = 0;

    while (had < job.size) {
        ssize_t got = recv (descriptor, buffer + had, job.size - had, flags);

        require (got > 0 || (got < 0 && errno == EAGAIN), "recv");
        had += got > 0 ? (size_t) got : 0;
        if (++looks % LOOKS == 0)
            sched_yield ();
    }
}

static void give (int descriptor, const char *buffer)
{
    /* Small messages always fit: a blocking socket takes them whole. */
    require (send (descriptor, buffer, job.size, MSG_NOSIGNAL) == (ssize_t) job.size, "send");
}

static long warm_up_rounds (void)
{
    return job.count / 10 + 1;
}

static void raw_echo (void)
{
    char *buffer = malloc (job.size);
    long i;

    require (buffer != NULL, "memory");
    for (i = 0; i < job.count + warm_up_rounds (); i++) {
        take (pair[1], buffer);
        give (pair[1], buffer);
    }
}

void mode_raw_latency (void)
{
    uint64_t *times = malloc ((size_t) job.count * sizeof *times);
    char *buffer = calloc (1, job.size);
    double used;
    long i;

    require (times != NULL && buffer != NULL, "memory");
    connect_pair ();
    side_start (raw_echo);
    for (i = -warm_up_rounds (); i < job.count; i++) {
        uint64_t start = now_ns ();

        give (pair[0], buffer);
        take (pair[0], buffer);
        if (i >= 0)
            times[i] = now_ns () - start;
    }
    sides_join ();

    used = cpu_self () + cpu_children ();
    report_begin ();
    report_latency (times, job.count);
    report_number ("cpu_us_per_msg", used * 1e6 / (double) (2 * (job.count + warm_up_rounds ())));
    report_end ();
    free (times);
    free (buffer);
}
