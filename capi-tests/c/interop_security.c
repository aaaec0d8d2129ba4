/*
 * NULL with ZAP, PLAIN and CURVE between this library and the reference, both ways, over tcp, ipc
 * and ws, for every pair of socket types: small and large messages, several frames, subscriptions,
 * heartbeats inside the protection, and refusals.
 */
#include "interop_sec.h"

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

ROLE (server)
{
    const int mechanism = atoi (argv[0]), type = pairs[atoi (argv[1])].server;
    void *ctx = mk_ctx (), *stop;
    char endpoint[ENDPOINT_SIZE], line[64];
    fixed_keys ();
    zap_handler_t *handler = zap_new_for (ctx, type);
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

CASE (null_ws)
{
    run_pairs ("ws", SEC_NULL);
}

CASE (plain_ws)
{
    run_pairs ("ws", SEC_PLAIN);
}

CASE (curve_ws)
{
    run_pairs ("ws", SEC_CURVE);
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
    RUN_INTEROP (null_ws);
    RUN_INTEROP (plain_ws);
    RUN_INTEROP (curve_ws);
    return harness_end ();
}
