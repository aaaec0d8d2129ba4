/*
 * bench MODE ARGUMENT... [OPTION...]: one measurement, one line of key=value pairs.
 * The usage text below lists the modes. Exit code 77: this library cannot do it.
 */
#include "bench.h"

#include <dlfcn.h>

struct job job;

/* What an argument of a mode means; the letters of `arguments` below. */
enum {
    TRANSPORT = 't',
    SIZE = 's',
    AMOUNT = 'a', /* seconds where it ends in "s", else a count */
    SECONDS = 'd',
    ROUNDS = 'r',
    NUMBER = 'n',
    IDLE = 'i'
};

struct mode {
    const char *name;
    void (*run) (void);
    int inproc; /* may run in threads */
    const char *arguments;
    const char *optional; /* these may be left out */
    const char *synopsis;
    const char *help;
};

static void mode_version (void);

static const struct mode modes[] = {
    {"thr", mode_throughput, 1, "ts", "a", "TRANSPORT SIZE [1.5s|COUNT]",
     "PUSH to PULL, buffers"},
    {"thrmsg", mode_throughput, 1, "ts", "a", "TRANSPORT SIZE [1.5s|COUNT]",
     "PUSH to PULL, zmq_msg_t"},
    {"fdthr", mode_throughput, 1, "ts", "a", "TRANSPORT SIZE [1.5s|COUNT]",
     "PUSH to PULL, receiver waits on ZMQ_FD"},
    {"lat", mode_latency, 1, "ts", "ri", "TRANSPORT SIZE [ROUNDS [IDLE_US]]",
     "REQ and REP"},
    {"fd", mode_latency, 1, "ts", "ri", "TRANSPORT SIZE [ROUNDS [IDLE_US]]",
     "REQ and REP, both wait on ZMQ_FD"},
    {"pubsub", mode_pubsub, 0, "ns", "d", "SUBSCRIBERS SIZE [SECONDS]",
     "PUB to many SUB"},
    {"subs", mode_subs, 0, "n", "d", "SUBSCRIPTIONS [SECONDS]",
     "one SUB with many subscriptions"},
    {"router", mode_router, 0, "n", "sd", "CLIENTS [SIZE [SECONDS]]",
     "DEALERs to a ROUTER"},
    {"routerecho", mode_router, 0, "n", "sd", "CLIENTS [SIZE [SECONDS]]",
     "DEALERs to a ROUTER and back"},
    {"proxy", mode_proxy, 0, "s", "a", "SIZE [1.5s|COUNT]",
     "PUSH to PULL through zmq_proxy"},
    {"idlemem", mode_idlemem, 0, "n", "", "CONNECTIONS",
     "memory of idle connections at a ROUTER"},
    {"connrate", mode_connrate, 0, "n", "", "CONNECTIONS",
     "connections that a ROUTER sets up in a second"},
    {"handshakes", mode_handshakes, 0, "n", "", "CONNECTIONS",
     "connections that two sockets set up in a second"},
    {"teardown", mode_teardown, 0, "n", "", "CONNECTIONS",
     "connections that a ROUTER gets rid of in a second"},
    {"poll", mode_poll, 0, "n", "d", "SOCKETS [SECONDS]",
     "zmq_poll on many sockets"},
    {"idle", mode_idle, 0, "", "d", "[SECONDS]",
     "a connected pair at rest"},
    {"rawstream", mode_raw_stream, 0, "ts", "d", "TRANSPORT SIZE [SECONDS]",
     "the kernel alone, a stream"},
    {"rawlat", mode_raw_latency, 0, "ts", "r", "TRANSPORT SIZE [ROUNDS]",
     "the kernel alone, blocking ping-pong"},
    {"rawbusy", mode_raw_latency, 0, "ts", "r", "TRANSPORT SIZE [ROUNDS]",
     "the kernel alone, busy ping-pong"},
    {"version", mode_version, 0, "", "", "",
     "which library this runs on"},
};

static void usage (void)
{
    size_t i;

    fprintf (stderr, "usage: bench MODE ARGUMENT... [OPTION...]\n");
    for (i = 0; i < sizeof modes / sizeof modes[0]; i++)
        fprintf (stderr, "  %-10s %-34s %s\n", modes[i].name, modes[i].synopsis, modes[i].help);
    fprintf (stderr, "TRANSPORT is tcp, ipc, inproc or ws. Options: curve, hwm=N, io_threads=N,\n"
                     "parts=N and senders=N (thr), busy (other work on every processor),\n"
                     "transport=T (modes that have no such argument), limit=SECONDS (60).\n");
    exit (2);
}

static void mode_version (void)
{
    int major, minor, patch;
    Dl_info info;
    void *symbol = dlsym (RTLD_DEFAULT, "zmq_version");

    zmq_version (&major, &minor, &patch);
    memset (&info, 0, sizeof info);
    if (symbol != NULL)
        dladdr (symbol, &info);
    printf ("version=%d.%d.%d file=%s\n", major, minor, patch,
            info.dli_fname != NULL ? info.dli_fname : "?");
}

static double positive (const char *text)
{
    char *end;
    double value = strtod (text, &end);

    if (value <= 0 || (*end != '\0' && strcmp (end, "s") != 0))
        usage ();
    return value;
}

static void take_argument (char meaning, const char *text)
{
    switch (meaning) {
    case TRANSPORT:
        job.transport = text;
        break;
    case SIZE:
        job.size = (size_t) positive (text);
        break;
    case AMOUNT:
        if (text[strlen (text) - 1] == 's')
            job.seconds = positive (text);
        else
            job.count = (long) positive (text);
        break;
    case SECONDS:
        job.seconds = positive (text);
        break;
    case ROUNDS:
        job.count = (long) positive (text);
        break;
    case NUMBER:
        job.number = (long) positive (text);
        break;
    case IDLE:
        job.idle_us = (long) positive (text);
        break;
    }
}

/* 1 when TEXT is an option; arguments are names of transports and numbers. */
static int take_option (const char *text)
{
    const char *value = strchr (text, '=');

    if (strcmp (text, "curve") == 0)
        job.curve = 1;
    else if (strcmp (text, "busy") == 0)
        job.busy = 1;
    else if (value == NULL)
        return 0;
    else if (strncmp (text, "hwm=", 4) == 0)
        job.hwm = atoi (value + 1);
    else if (strncmp (text, "io_threads=", 11) == 0)
        job.io_threads = atoi (value + 1);
    else if (strncmp (text, "parts=", 6) == 0)
        job.parts = (int) positive (value + 1);
    else if (strncmp (text, "senders=", 8) == 0)
        job.senders = (int) positive (value + 1);
    else if (strncmp (text, "transport=", 10) == 0)
        job.transport = value + 1;
    else if (strncmp (text, "limit=", 6) == 0)
        job.limit = (int) positive (value + 1);
    else
        usage ();
    return 1;
}

static const struct mode *find_mode (const char *name)
{
    size_t i;

    for (i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp (modes[i].name, name) == 0)
            return &modes[i];
    usage ();
    return NULL;
}

static void parse (const struct mode *mode, int argc, char **argv)
{
    size_t needed = strlen (mode->arguments), most = needed + strlen (mode->optional), had = 0;
    int i;

    for (i = 2; i < argc; i++) {
        if (take_option (argv[i]))
            continue;
        if (had == most)
            usage ();
        take_argument (had < needed ? mode->arguments[had] : mode->optional[had - needed], argv[i]);
        had++;
    }
    if (had < needed)
        usage ();
    /* Modes that go by rounds have a default; all others go by time then. */
    if (job.count == 0 && strchr (mode->optional, ROUNDS) != NULL)
        job.count = 10000;
    if (strcmp (job.transport, "tcp") != 0 && strcmp (job.transport, "ipc") != 0
        && (strcmp (job.transport, "ws") != 0 || strncmp (mode->name, "raw", 3) == 0)
        && (strcmp (job.transport, "inproc") != 0 || !mode->inproc))
        usage ();
}

int main (int argc, char **argv)
{
    const struct mode *mode;

    if (argc < 2)
        usage ();
    mode = find_mode (argv[1]);
    job.mode = mode->name;
    job.transport = "tcp";
    job.size = 100;
    job.seconds = 1.0;
    job.hwm = -1;
    job.limit = 60;
    job.parts = 1;
    job.senders = 1;
    parse (mode, argc, argv);
    board_open ();
    if (job.busy)
        load_start ();
    mode->run ();
    if (job.busy)
        load_end ();
    return EXIT_SUCCESS;
}
