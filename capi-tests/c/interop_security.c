/*
 * NULL with ZAP, PLAIN and CURVE between this library and the reference, both ways, over tcp and
 * ipc, for every pair of socket types: small and large messages, several frames, subscriptions,
 * heartbeats inside the protection, and refusals.
 */
#include "sec_common.h"

/* Not with a REQ that is bound: the reference, talking to itself too, then drops the connection at
 * the first reply if a ZAP handler was asked. */
static const struct
{
    int server, client;
} pairs[] = {{ZMQ_PAIR, ZMQ_PAIR},     {ZMQ_PUB, ZMQ_SUB},      {ZMQ_SUB, ZMQ_PUB},
             {ZMQ_REP, ZMQ_REQ},      {ZMQ_DEALER, ZMQ_ROUTER},
             {ZMQ_ROUTER, ZMQ_DEALER}, {ZMQ_PULL, ZMQ_PUSH},    {ZMQ_PUSH, ZMQ_PULL},
             {ZMQ_XPUB, ZMQ_XSUB},     {ZMQ_XSUB, ZMQ_XPUB},    {ZMQ_ROUTER, ZMQ_REQ},
             {ZMQ_REP, ZMQ_DEALER},    {ZMQ_DEALER, ZMQ_DEALER}};
enum { PAIRS = sizeof pairs / sizeof *pairs };

static const size_t sizes[] = {0, 1, 30, 100, 222, 255, 256, 8000, 9000, 65536, 300000};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* Keys that both processes know; made by crypto_box_keypair once. */
static void fixed_keys (void)
{
    static const char secrets[2][41] = {"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
                                        "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"};
    strcpy (sec_client_secret, secrets[0]);
    strcpy (sec_server_secret, secrets[1]);
    REQUIRE_OK (zmq_curve_public (sec_client_public, sec_client_secret));
    REQUIRE_OK (zmq_curve_public (sec_server_public, sec_server_secret));
}

static int sends (int type)
{
    return type == ZMQ_PUB || type == ZMQ_XPUB || type == ZMQ_PUSH;
}

static int takes (int type)
{
    return type == ZMQ_SUB || type == ZMQ_XSUB || type == ZMQ_PULL;
}

static void fill (char *data, size_t size)
{
    for (size_t i = 0; i < size; ++i)
        data[i] = (char) (i * 31 + size);
}

/* Sends every size as two frames. */
static void send_all (void *socket)
{
    static char data[300000];
    for (int i = 0; i < SIZES; ++i) {
        fill (data, sizes[i]);
        CHECK_INT (zmq_send (socket, "x", 1, ZMQ_SNDMORE), 1);
        CHECK_INT (zmq_send (socket, data, sizes[i], 0), sizes[i]);
    }
}

static void expect_all (void *socket)
{
    static char data[300000];
    for (int i = 0; i < SIZES; ++i) {
        fill (data, sizes[i]);
        expect_bytes (socket, "x", 1, 1);
        expect_bytes (socket, data, sizes[i], 0);
    }
}

/* One request of the asking side, one reply with its envelope. */
static void ask (void *socket, int type)
{
    if (type == ZMQ_DEALER)
        send_str (socket, "", ZMQ_SNDMORE);
    send_str (socket, "question", 0);
    if (type == ZMQ_DEALER)
        expect_part (socket, "");
    expect_msg (socket, "answer");
}

static void answer (void *socket, int type)
{
    zmq_msg_t id;
    if (type == ZMQ_ROUTER) {
        REQUIRE_OK (zmq_msg_init (&id));
        REQUIRE (zmq_msg_recv (&id, socket, 0) >= 0);
        CHECK (zmq_msg_more (&id));
        expect_part (socket, "");
    }
    expect_msg (socket, "question");
    if (type == ZMQ_ROUTER) {
        REQUIRE (zmq_msg_send (&id, socket, ZMQ_SNDMORE) >= 0);
        send_str (socket, "", ZMQ_SNDMORE);
    }
    send_str (socket, "answer", 0);
}

static void talk (void *socket, int type, int peer, int first)
{
    if (type == ZMQ_XSUB)
        CHECK_INT (zmq_send (socket, "\1x", 2, 0), 2);
    if (type == ZMQ_XPUB)
        expect_bytes (socket, "\1x", 2, 0);
    if (sends (type))
        send_all (socket);
    else if (takes (type))
        expect_all (socket);
    else if (type == ZMQ_REQ || (type == ZMQ_DEALER && peer != ZMQ_DEALER))
        ask (socket, type);
    else if (type == ZMQ_REP || type == ZMQ_ROUTER)
        answer (socket, type);
    else if (first) {
        send_all (socket);
        expect_all (socket);
    } else {
        expect_all (socket);
        send_all (socket);
    }
}

/* A PUB of the suite must know that its SUB is there. */
static void *mk_side (void *ctx, int type)
{
    void *socket = mk_socket (ctx, type == ZMQ_PUB ? ZMQ_XPUB : type);
    if (type == ZMQ_SUB)
        set_str (socket, ZMQ_SUBSCRIBE, "x");
    set_int (socket, ZMQ_HEARTBEAT_IVL, 50);
    set_int (socket, ZMQ_HEARTBEAT_TIMEOUT, DEADLINE_MS);
    return socket;
}

static void talk_as (void *socket, int type, int peer, int first)
{
    if (type == ZMQ_PUB)
        expect_bytes (socket, "\1x", 2, 0);
    talk (socket, type, peer, first);
}

ROLE (server)
{
    const int mechanism = atoi (argv[0]), type = pairs[atoi (argv[1])].server;
    void *ctx = mk_ctx (), *stop;
    char endpoint[ENDPOINT_SIZE], line[64];
    fixed_keys ();
    zap_handler_t *handler = zap_new (ctx, ZMQ_REP);
    zap_start (handler, ctx, &stop);
    void *socket = mk_side (ctx, type);
    sec_be_server (socket, (sec_mechanism_t) mechanism, "here");
    bind_any (socket, argv[2], endpoint);
    printf ("%s\n", endpoint);
    talk_as (socket, type, pairs[atoi (argv[1])].client, 0);
    CHECK_INT (opt_int (socket, ZMQ_MECHANISM), mechanism);
    printf ("done %d\n", handler->requests);
    CHECK (fgets (line, sizeof line, stdin) != NULL);
    rm_socket (socket);
    zap_stop (handler, stop);
    rm_ctx (ctx);
    return 0;
}

ROLE (client)
{
    const int mechanism = atoi (argv[0]), type = pairs[atoi (argv[1])].client;
    void *ctx = mk_ctx (), *socket = mk_side (ctx, type);
    char line[64];
    fixed_keys ();
    sec_be_client (socket, (sec_mechanism_t) mechanism);
    REQUIRE_OK (zmq_connect (socket, argv[2]));
    talk_as (socket, type, pairs[atoi (argv[1])].server, 1);
    printf ("done\n");
    CHECK (fgets (line, sizeof line, stdin) != NULL);
    rm_socket (socket);
    rm_ctx (ctx);
    return 0;
}

static void run_pairs (const char *transport, int mechanism)
{
    char number[16], pair[16], endpoint[ENDPOINT_SIZE];
    snprintf (number, sizeof number, "%d", mechanism);
    for (int i = 0; i < PAIRS; ++i) {
        snprintf (pair, sizeof pair, "%d", i);
        child_t server =
          spawn_role_with (interop.server_dir, "server", number, pair, transport, (char *) NULL);
        REQUIRE (child_line (&server, endpoint, sizeof endpoint));
        child_t client =
          spawn_role_with (interop.client_dir, "client", number, pair, endpoint, (char *) NULL);
        expect_line (&client, "done");
        expect_line (&server, "done 1");
        child_say (&client, "go");
        child_say (&server, "go");
        CHECK_INT (child_wait (&client), 0);
        CHECK_INT (child_wait (&server), 0);
    }
}

CASE (null_tcp)
{
    run_pairs ("tcp", SEC_NULL);
}

CASE (plain_tcp)
{
    run_pairs ("tcp", SEC_PLAIN);
}

CASE (curve_tcp)
{
    run_pairs ("tcp", SEC_CURVE);
}

CASE (null_ipc)
{
    run_pairs ("ipc", SEC_NULL);
}

CASE (plain_ipc)
{
    run_pairs ("ipc", SEC_PLAIN);
}

CASE (curve_ipc)
{
    run_pairs ("ipc", SEC_CURVE);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    ON_ROLE (server);
    ON_ROLE (client);
    interop_begin ();
    RUN_INTEROP (null_tcp);
    RUN_INTEROP (plain_tcp);
    RUN_INTEROP (curve_tcp);
    RUN_INTEROP (null_ipc);
    RUN_INTEROP (plain_ipc);
    RUN_INTEROP (curve_ipc);
    return harness_end ();
}
