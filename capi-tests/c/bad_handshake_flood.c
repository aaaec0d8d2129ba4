/*
 * Strangers who connect to a server with few descriptors and never complete a handshake, where
 * ZMQ_HANDSHAKE_IVL sets no limit (CVE-2020-15166): the oldest of them go, nobody else suffers.
 */
#include "sec_common.h"
#include "wire_peer.h"

#include <sys/resource.h>

enum { LIMIT = 200, STRANGERS = 400, FEW = 8, TALKERS = 40, PROPERTIES = 5500 };
#ifndef ZMQ_METADATA
#define ZMQ_METADATA 95
#endif

/* Keys that both processes know. */
static void fixed_keys (void)
{
    strcpy (sec_client_secret, "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs");
    strcpy (sec_server_secret, "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6");
    REQUIRE_OK (zmq_curve_public (sec_client_public, sec_client_secret));
    REQUIRE_OK (zmq_curve_public (sec_server_public, sec_server_secret));
}

/* Leaves so many descriptors and no more. */
static void leave (int count)
{
    int fds[LIMIT], n = 0;
    while (n < LIMIT && (fds[n] = fcntl (0, F_DUPFD_CLOEXEC, 0)) >= 0)
        ++n;
    for (int i = 0; i < count && i < n; ++i)
        close (fds[i]);
}

/* Answers every message until it is told to end, and tells how many connections it lost. */
ROLE (server)
{
    const int mechanism = atoi (argv[0]), room = atoi (argv[1]);
    struct rlimit limit = {LIMIT, LIMIT};
    char endpoint[ENDPOINT_SIZE], id[64], text[64];
    REQUIRE_OK (setrlimit (RLIMIT_NOFILE, &limit));
    fixed_keys ();
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_ROUTER);
    sec_be_server (socket, (sec_mechanism_t) mechanism, NULL);
    set_int (socket, ZMQ_HANDSHAKE_IVL, 0);
    bind_any (socket, "tcp", endpoint);
    if (room)
        leave (room);
    printf ("%s\n", endpoint);
    fflush (stdout);
    do {
        const int size = zmq_recv (socket, id, sizeof id, 0);
        REQUIRE (size >= 0 && recv_str (socket, text, sizeof text) >= 0);
        CHECK_INT (zmq_send (socket, id, (size_t) size, ZMQ_SNDMORE), size);
        send_str (socket, text, 0);
    } while (strcmp (text, "end") != 0);
    rm_socket (socket);
    rm_ctx (ctx);
    return 0;
}

/* A client that must get through while the strangers are there. */
static void *visit (void *ctx, int mechanism, const char *endpoint)
{
    void *client = mk_socket (ctx, ZMQ_DEALER);
    sec_be_client (client, (sec_mechanism_t) mechanism);
    REQUIRE_OK (zmq_connect (client, endpoint));
    send_str (client, "here I am", 0);
    expect_msg (client, "here I am");
    return client;
}

static void end (void *client, child_t *server)
{
    send_str (client, "end", 0);
    expect_msg (client, "end");
    rm_socket (client);
    CHECK_INT (child_wait (server), 0);
}

/* The beginning of a handshake: nothing, half a greeting, or a greeting and half a command. */
static void begin (int fd, int mechanism, int how)
{
    static wire_buf_t buf;
    buf.size = 0;
    wire_put_greeting (&buf, 3, 1, sec_names[mechanism]);
    wire_put (&buf, "\4\310\5HELLO\1", 9);
    buf.size = how == 0 ? 0 : how == 1 ? 30 : buf.size;
    wire_flush (fd, &buf);
}

static void flood (int mechanism)
{
    static int fds[STRANGERS];
    char number[8], endpoint[ENDPOINT_SIZE];
    snprintf (number, sizeof number, "%d", mechanism);
    child_t server = spawn_role ("server", number, "0", NULL);
    REQUIRE (child_line (&server, endpoint, sizeof endpoint));
    void *ctx = mk_ctx (), *early = visit (ctx, mechanism, endpoint);
    for (int i = 0; i < STRANGERS; ++i) {
        fds[i] = raw_connect (endpoint);
        begin (fds[i], mechanism, i % 3);
        if (i % 80 == 79)
            rm_socket (visit (ctx, mechanism, endpoint));
    }
    /* The first ones are gone, the last one is waited for. */
    for (int i = 0; i < LIMIT / 2; ++i)
        CHECK (raw_wait_closed (fds[i]));
    char byte[64];
    CHECK (raw_read (fds[STRANGERS - 1], byte, 10) == 10);
    send_str (early, "still here", 0);
    expect_msg (early, "still here");
    end (early, &server);
    for (int i = 0; i < STRANGERS; ++i)
        close (fds[i]);
    rm_ctx (ctx);
}

/* The bound of their number is no help where there are even fewer descriptors. */
static void exhaust (int mechanism)
{
    int fds[4 * FEW];
    char number[8], few[8], endpoint[ENDPOINT_SIZE];
    snprintf (number, sizeof number, "%d", mechanism);
    snprintf (few, sizeof few, "%d", FEW);
    child_t server = spawn_role ("server", number, few, NULL);
    REQUIRE (child_line (&server, endpoint, sizeof endpoint));
    for (int i = 0; i < 4 * FEW; ++i) {
        fds[i] = raw_connect (endpoint);
        begin (fds[i], mechanism, i % 3);
    }
    void *ctx = mk_ctx ();
    end (visit (ctx, mechanism, endpoint), &server);
    for (int i = 0; i < 4 * FEW; ++i)
        close (fds[i]);
    rm_ctx (ctx);
}

CASE (more_than_are_waited_for)
{
    for (int m = 0; m < SEC_MECHANISMS; m += 2) /* NULL and CURVE: PLAIN would need a handler */
        flood (m);
}

CASE (more_than_there_are_descriptors)
{
    for (int m = 0; m < SEC_MECHANISMS; m += 2)
        exhaust (m);
}

static long resident (void)
{
    long pages = 0;
    FILE *statm = fopen ("/proc/self/statm", "r");
    REQUIRE (statm && fscanf (statm, "%*s %ld", &pages) == 1);
    fclose (statm);
    return pages * (sysconf (_SC_PAGESIZE) / 1024);
}

/* Has a ZAP handler that never answers, and tells how many KiB each client costs that is waited for. */
ROLE (undecided)
{
    static zap_frame_t asked[ZAP_FRAMES_MAX];
    char endpoint[ENDPOINT_SIZE];
    fixed_keys ();
    void *ctx = mk_ctx (), *handler = mk_socket (ctx, ZMQ_ROUTER), *pull = mk_socket (ctx, ZMQ_PULL);
    REQUIRE_OK (zmq_bind (handler, ZAP_ENDPOINT));
    sec_be_server (pull, SEC_CURVE, "here");
    bind_any (pull, "tcp", endpoint);
    const long before = resident ();
    printf ("%s\n", endpoint);
    fflush (stdout);
    for (int i = 0; i < TALKERS; ++i)
        REQUIRE (zap_read (handler, asked) > 0);
    printf ("%ld\n", (resident () - before) / TALKERS);
    fflush (stdout);
    rm_socket (pull);
    rm_socket (handler);
    rm_ctx (ctx);
    return argc;
}

/* What a client says of itself takes little more room than it took on the wire until somebody vouches for it. */
CASE (much_to_say)
{
    char line[ENDPOINT_SIZE], property[32];
    void *ctx = mk_ctx (), *talkers[TALKERS];
    child_t server = spawn_role ("undecided", NULL);
    REQUIRE (child_line (&server, line, sizeof line));
    for (int i = 0; i < TALKERS; ++i) {
        talkers[i] = mk_socket (ctx, ZMQ_PUSH);
        sec_be_client (talkers[i], SEC_CURVE);
        for (int p = 0; p < PROPERTIES; ++p) {
            const int size = snprintf (property, sizeof property, "X-%03x:y", (unsigned) p);
            REQUIRE_OK (zmq_setsockopt (talkers[i], ZMQ_METADATA, property, (size_t) size));
        }
        REQUIRE_OK (zmq_connect (talkers[i], line));
    }
    REQUIRE (child_line (&server, line, sizeof line));
    CHECK (atol (line) > 0 && atol (line) < 250);
    CHECK_INT (child_wait (&server), 0);
    for (int i = 0; i < TALKERS; ++i)
        rm_socket (talkers[i]);
    rm_ctx (ctx);
}

/* Requests about clients that are gone do not pile up with a ZAP handler that is busy with something else. */
CASE (nobody_asks_any_more)
{
    enum { GUESTS = 1500, WARM = 100 };
    static wire_buf_t buf;
    char endpoint[ENDPOINT_SIZE], greeting[64];
    void *ctx = mk_ctx (), *handler = mk_socket (ctx, ZMQ_ROUTER), *pull = mk_socket (ctx, ZMQ_PULL);
    void *monitor = mk_monitor (ctx, pull, ZMQ_EVENT_DISCONNECTED);
    long before = 0;
    REQUIRE_OK (zmq_bind (handler, ZAP_ENDPOINT));
    sec_be_server (pull, SEC_NULL, "here");
    bind_any (pull, "tcp", endpoint);
    for (int i = 0; i < WARM + GUESTS; ++i) {
        if (i == WARM)
            before = resident ();
        const int fd = raw_connect (endpoint);
        buf.size = 0;
        wire_put_greeting (&buf, 3, 1, "NULL");
        wire_flush (fd, &buf);
        CHECK (raw_read (fd, greeting, sizeof greeting) == sizeof greeting);
        close (fd);
        REQUIRE (wait_event (monitor, ZMQ_EVENT_DISCONNECTED, NULL, NULL));
    }
    CHECK (resident () - before < GUESTS);
    zmq_socket_monitor (pull, NULL, 0);
    rm_socket (monitor);
    rm_socket (pull);
    rm_socket (handler);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    /* Where the kernel gives pages of 2 MiB unasked, one of them more or less would count as much as what is looked
       for; children inherit this. */
    prctl (PR_SET_THP_DISABLE, 1, 0, 0, 0);
    ON_ROLE (server);
    ON_ROLE (undecided);
    if (!zmq_has ("curve"))
        skip_all ("no CURVE");
    fixed_keys ();
    RUN_OURS (more_than_are_waited_for, "the reference waits for all, until descriptors run out");
    RUN_OURS (more_than_there_are_descriptors, "the reference waits for all, for ever");
    RUN_OURS (much_to_say, "the reference has no limit");
    RUN_OURS (nobody_asks_any_more, "the reference keeps them");
    return harness_end ();
}
