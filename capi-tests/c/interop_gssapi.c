/*
 * GSSAPI between this library and the reference, both ways, with a KDC of the test's own: every pair
 * of socket types, with and without protection, over tcp and ipc, and with either side binding.
 */
#include "interop_sec.h"
#include "sec_kdc.h"

enum { PLAINTEXT = 1, CLIENT_BINDS = 2 };

static void set_up (void *socket, int as_server, int flags)
{
    set_int (socket, ZMQ_GSSAPI_PLAINTEXT, flags & PLAINTEXT);
    set_str (socket, ZMQ_GSSAPI_PRINCIPAL, as_server ? KDC_SERVICE : "alice@" KDC_REALM);
    if (as_server) {
        set_int (socket, ZMQ_GSSAPI_SERVER, 1);
        set_str (socket, ZMQ_ZAP_DOMAIN, "here");
    } else {
        set_int (socket, ZMQ_GSSAPI_PRINCIPAL_NAMETYPE, ZMQ_GSSAPI_NT_KRB5_PRINCIPAL);
        set_str (socket, ZMQ_GSSAPI_SERVICE_PRINCIPAL, KDC_SERVICE);
    }
}

/* Whether the library of this process has the mechanism. */
ROLE (has)
{
    printf ("%d\n", zmq_has ("gssapi"));
    return 0;
}

static int both_have_it (void)
{
    char line[16];
    child_t child = spawn_role_with (getenv ("LIB_REF"), "has", (char *) NULL);
    const int got = child_line (&child, line, sizeof line) && strcmp (line, "1") == 0;
    CHECK_INT (child_wait (&child), 0);
    return got && zmq_has ("gssapi");
}

/* Either side; arguments: server or client, the pair, flags, and a transport to bind or an endpoint to
 * connect to. */
ROLE (side)
{
    const int as_server = strcmp (argv[0], "server") == 0, pair = atoi (argv[1]),
              flags = atoi (argv[2]);
    const int type = as_server ? pairs[pair].server : pairs[pair].client;
    const int peer = as_server ? pairs[pair].client : pairs[pair].server;
    void *ctx = mk_ctx (), *stop = NULL, *socket = mk_side (ctx, type);
    char endpoint[ENDPOINT_SIZE], line[64];
    zap_handler_t *handler = NULL;
    if (as_server) {
        handler = zap_new_for (ctx, type);
        zap_start (handler, ctx, &stop);
    }
    set_up (socket, as_server, flags);
    if (strstr (argv[3], "://"))
        REQUIRE_OK (zmq_connect (socket, argv[3]));
    else {
        bind_any (socket, argv[3], endpoint);
        printf ("%s\n", endpoint);
    }
    talk_as (socket, type, peer, !as_server);
    CHECK_INT (opt_int (socket, ZMQ_MECHANISM), ZMQ_GSSAPI);
    if (handler) {
        CHECK_INT (handler->requests, 1);
        CHECK (memcmp (handler->asked[6].data, "alice@" KDC_REALM, handler->asked[6].size) == 0);
    }
    printf ("done\n");
    CHECK (fgets (line, sizeof line, stdin) != NULL);
    rm_socket (socket);
    if (handler)
        zap_stop (handler, stop);
    rm_ctx (ctx);
    return 0;
}

static void run_pair (int pair, const char *transport, int flags)
{
    const char *const dirs[] = {interop.server_dir, interop.client_dir};
    const char *const names[] = {"server", "client"};
    const int binder = flags & CLIENT_BINDS ? 1 : 0;
    char number[16], text[16], endpoint[ENDPOINT_SIZE];
    child_t children[2];
    snprintf (number, sizeof number, "%d", pair);
    snprintf (text, sizeof text, "%d", flags);
    for (int i = 0; i < 2; ++i) {
        const int side = i == 0 ? binder : !binder;
        children[i] = spawn_role_with (dirs[side], "side", names[side], number, text,
                                       i == 0 ? transport : endpoint, (char *) NULL);
        if (i == 0)
            REQUIRE (child_line (&children[0], endpoint, sizeof endpoint));
    }
    for (int i = 0; i < 2; ++i)
        expect_line (&children[i], "done");
    for (int i = 0; i < 2; ++i) {
        child_say (&children[i], "go");
        CHECK_INT (child_wait (&children[i]), 0);
    }
}

/* The reference 4.3.4 loses subscriptions that it protects. */
static int loses (int pair)
{
    const char *ref = getenv ("LIB_REF");
    const int server = pairs[pair].server, client = pairs[pair].client;
    const int by_server = server == ZMQ_SUB || server == ZMQ_XSUB;
    const int by_client = client == ZMQ_SUB || client == ZMQ_XSUB;
    return (by_server && strcmp (interop.server_dir, ref) == 0)
           || (by_client && strcmp (interop.client_dir, ref) == 0);
}

CASE (protected_tcp)
{
    for (int i = 0; i < PAIRS; ++i)
        if (!loses (i))
            run_pair (i, "tcp", 0);
}

CASE (plaintext_tcp)
{
    for (int i = 0; i < PAIRS; ++i)
        run_pair (i, "tcp", PLAINTEXT);
}

/* Some pairs are enough to see that the transport and who binds change nothing. */
CASE (other_ways)
{
    for (int i = 0; i < PAIRS; ++i)
        if (pairs[i].server == ZMQ_DEALER)
            for (int flags = 0; flags < 4; ++flags) {
                run_pair (i, "ipc", flags);
                run_pair (i, "tcp", flags | CLIENT_BINDS);
            }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    ON_ROLE (side);
    ON_ROLE (has);
    interop_begin ();
    if (!both_have_it ())
        skip_all ("no GSSAPI in the reference, or no libgssapi_krb5.so.2 (package libgssapi-krb5-2)");
    kdc_begin ();
    RUN_INTEROP (protected_tcp);
    RUN_INTEROP (plaintext_tcp);
    RUN_INTEROP (other_ways);
    kdc_end ();
    return harness_end ();
}
