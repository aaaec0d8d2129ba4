/*
 * What the interop programs of reliable multicast share: a publisher and a subscriber in two processes, one library each.
 * What may not live here: knowledge of one transport.
 */
#ifndef CAPI_INTEROP_MULTICAST_H
#define CAPI_INTEROP_MULTICAST_H

#include "interop_peer.h"
#include "multicast.h"

/* What is sent; of these the first few are small. */
static const size_t sizes[] = {0, 1, 38, 255, 256, 1389, 1390, 1400, 2000, 2100, 8192, 70000, 200000};
enum { SMALL = 9, LARGE = sizeof sizes / sizeof *sizes, ROUNDS = 3, MOST = 200000 };

/* Repairs go by the round trips that were measured: on a busy machine one may take longer than anything else may. */
enum { PATIENCE = 4 };

static char body[MOST];

/* First thing in a role: the library, the socket, the number of sizes. */
static void *begin (void *ctx, int type, char **argv, int *count)
{
    char text[4400];
    void *socket = mk_socket (ctx, type);
    loaded_library (text, sizeof text);
    printf ("%s\n", text);
    set_int (socket, ZMQ_RATE, 50000);
    set_int (socket, ZMQ_RCVTIMEO, PATIENCE * DEADLINE_MS);
    if (type == ZMQ_SUB)
        set_str (socket, ZMQ_SUBSCRIBE, "?");
    REQUIRE_OK (zmq_connect (socket, argv[0]));
    *count = atoi (argv[1]);
    for (size_t i = 0; i < sizeof body; ++i)
        body[i] = (char) (i * 7 + i / 251);
    return socket;
}

/* Last thing: nobody leaves before the other one has all it wants. */
static int end (void *ctx, void *socket)
{
    char line[16];
    printf ("done\n");
    fflush (stdout);
    role_line (line, sizeof line);
    rm_socket (socket);
    rm_ctx (ctx);
    return 0;
}

ROLE (publisher)
{
    int count;
    void *ctx = mk_ctx (), *pub = begin (ctx, atoi (argv[2]), argv, &count);
    struct pollfd input = {0, POLLIN, 0};
    fflush (stdout);
    while (poll (&input, 1, 50) == 0)
        send_str (pub, "?", 0);
    char line[16];
    role_line (line, sizeof line);
    send_str (pub, "?!", 0);
    for (int round = 0; round < ROUNDS; ++round)
        for (int i = 0; i < count; ++i) {
            send_str (pub, "not for you", 0);
            send_str (pub, "?", ZMQ_SNDMORE);
            CHECK_INT (zmq_send (pub, body, sizes[i], ZMQ_SNDMORE), sizes[i]);
            CHECK_INT (zmq_send (pub, body, sizes[count - 1 - i], 0), sizes[count - 1 - i]);
        }
    return end (ctx, pub);
}

ROLE (subscriber)
{
    char text[16] = "";
    int count;
    void *ctx = mk_ctx (), *sub = begin (ctx, ZMQ_SUB, argv, &count);
    expect_msg (sub, "?");
    printf ("met\n");
    fflush (stdout);
    while (strcmp (text, "?!") != 0)
        REQUIRE (recv_str (sub, text, sizeof text) > 0);
    for (int round = 0; round < ROUNDS; ++round)
        for (int i = 0; i < count; ++i) {
            expect_part (sub, "?");
            expect_bytes (sub, body, sizes[i], 1);
            expect_bytes (sub, body, sizes[count - 1 - i], 0);
        }
    return end (ctx, sub);
}

static child_t start (const char *dir, const char *role, const char *endpoint, int count, const char *type)
{
    char wanted[4200], expected[4200], line[4400], number[16];
    snprintf (number, sizeof number, "%d", count);
    child_t child = spawn_role_with (dir, role, endpoint, number, type, (char *) NULL);
    REQUIRE (child_line (&child, line, sizeof line));
    snprintf (wanted, sizeof wanted, "%s/libzmq.so.5", dir);
    REQUIRE (realpath (wanted, expected) != NULL);
    CHECK_STR (line, expected);
    return child;
}

/* The next line must be this one, in the time that repairs may take. */
static void expect_in_the_end (child_t *child, const char *text)
{
    char line[32] = "";
    for (int i = 0; i < PATIENCE && !child_line (child, line, sizeof line); ++i)
        continue;
    CHECK_STR (line, text);
}

/* Publishes from one endpoint and receives at the other one, by the libraries of the case; `count` of the sizes. */
HELPER void run_multicast (const char *capability, int type, const char *from, const char *to, int count)
{
    char number[16], line[16] = "";
    for (int i = 0; i < 2; ++i) {
        child_t child = spawn_role_with (i ? interop.server_dir : interop.client_dir, "has", capability, (char *) NULL);
        REQUIRE (child_line (&child, line, sizeof line));
        CHECK_INT (child_wait (&child), 0);
        if (strcmp (line, "1") != 0)
            skip_all ("one of the libraries does not have it");
    }
    snprintf (number, sizeof number, "%d", type);
    child_t sub = start (interop.client_dir, "subscriber", to, count, number);
    child_t pub = start (interop.server_dir, "publisher", from, count, number);
    expect_in_the_end (&sub, "met");
    child_say (&pub, "go");
    expect_in_the_end (&pub, "done");
    expect_in_the_end (&sub, "done");
    CHECK_INT (child_wait (&sub), 0);
    CHECK_INT (child_wait (&pub), 0);
}

ROLE (has)
{
    printf ("%d\n", zmq_has (argv[0]));
    return 0;
}

#define ON_MULTICAST_ROLES                                                                         \
    ON_ROLE (publisher);                                                                           \
    ON_ROLE (subscriber);                                                                          \
    ON_ROLE (has)

#endif
