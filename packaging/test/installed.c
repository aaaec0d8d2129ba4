/*
 * What ci/install.sh and ci/deb.sh build against an installation: a program as a user would write it.
 *
 *     installed VERSION LIBRARY
 *
 * VERSION is what zmq_version must tell. LIBRARY is the file that the process must have libzmq from, links
 * resolved, or "static" if it must not have loaded any. One request, one reply over tcp with CURVE; then a
 * line about it. Includes zmq.h and libc, no harness: it also shows that the header is enough.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static void check (int good, const char *what)
{
    if (!good) {
        fprintf (stderr, "installed: %s: %s\n", what, zmq_strerror (zmq_errno ()));
        exit (1);
    }
}

/* The libzmq that this process runs on, by its memory map; "static" if there is none to be seen. */
static void loaded_library (char *path, size_t size)
{
    char line[4096];
    FILE *maps = fopen ("/proc/self/maps", "r");

    check (maps != NULL, "/proc/self/maps");
    snprintf (path, size, "static");
    while (fgets (line, sizeof line, maps)) {
        char *name = strchr (line, '/');
        if (name && strstr (name, "/libzmq.so")) {
            name[strcspn (name, "\n")] = 0;
            snprintf (path, size, "%s", name);
        }
    }
    fclose (maps);
}

static void converse (void)
{
    char server_public[41], server_secret[41], client_public[41], client_secret[41];
    char endpoint[256], buffer[16];
    size_t size = sizeof endpoint;
    int as_server = 1;
    void *context = zmq_ctx_new ();
    void *server, *client;

    check (context != NULL, "zmq_ctx_new");
    server = zmq_socket (context, ZMQ_REP);
    client = zmq_socket (context, ZMQ_REQ);
    check (server && client, "zmq_socket");
    check (zmq_curve_keypair (server_public, server_secret) == 0, "zmq_curve_keypair");
    check (zmq_curve_keypair (client_public, client_secret) == 0, "zmq_curve_keypair");

    check (zmq_setsockopt (server, ZMQ_CURVE_SERVER, &as_server, sizeof as_server) == 0, "CURVE_SERVER");
    check (zmq_setsockopt (server, ZMQ_CURVE_SECRETKEY, server_secret, 41) == 0, "CURVE_SECRETKEY");
    check (zmq_setsockopt (client, ZMQ_CURVE_SERVERKEY, server_public, 41) == 0, "CURVE_SERVERKEY");
    check (zmq_setsockopt (client, ZMQ_CURVE_PUBLICKEY, client_public, 41) == 0, "CURVE_PUBLICKEY");
    check (zmq_setsockopt (client, ZMQ_CURVE_SECRETKEY, client_secret, 41) == 0, "CURVE_SECRETKEY");

    check (zmq_bind (server, "tcp://127.0.0.1:*") == 0, "zmq_bind");
    check (zmq_getsockopt (server, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0, "LAST_ENDPOINT");
    check (zmq_connect (client, endpoint) == 0, "zmq_connect");
    check (zmq_send (client, "question", 8, 0) == 8, "zmq_send");
    check (zmq_recv (server, buffer, sizeof buffer, 0) == 8, "zmq_recv");
    check (memcmp (buffer, "question", 8) == 0, "the request");
    check (zmq_send (server, "answer", 6, 0) == 6, "zmq_send");
    check (zmq_recv (client, buffer, sizeof buffer, 0) == 6, "zmq_recv");
    check (memcmp (buffer, "answer", 6) == 0, "the reply");

    check (zmq_close (client) == 0 && zmq_close (server) == 0, "zmq_close");
    check (zmq_ctx_term (context) == 0, "zmq_ctx_term");
}

int main (int argc, char **argv)
{
    int major, minor, patch;
    char version[32], library[4096];

    if (argc != 3) {
        fprintf (stderr, "usage: installed VERSION LIBRARY\n");
        return 2;
    }
    zmq_version (&major, &minor, &patch);
    snprintf (version, sizeof version, "%d.%d.%d", major, minor, patch);
    if (strcmp (version, argv[1])) {
        fprintf (stderr, "installed: the library says version %s, not %s\n", version, argv[1]);
        return 1;
    }
    loaded_library (library, sizeof library);
    if (strcmp (library, argv[2])) {
        fprintf (stderr, "installed: runs on %s, not on %s\n", library, argv[2]);
        return 1;
    }
    converse ();
    printf ("libzmq %s, %s: request and reply with CURVE\n", version, library);
    return 0;
}
