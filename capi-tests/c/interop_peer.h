/*
 * What the interop_ programs share: two roles in two processes, one library each, over ipc and
 * tcp, with either of them binding.
 *
 * What lives here: starting the two, handing the endpoint over, proving which library each has
 * loaded, and the orderly end. What may not: what they say to each other.
 */
#ifndef CAPI_INTEROP_PEER_H
#define CAPI_INTEROP_PEER_H

#include "pat_common.h"

/* ---- Inside a role --------------------------------------------------------------------------- */

/* The file of the library that this process has loaded. */
HELPER void loaded_library (char *path, size_t room)
{
    char line[4400];
    FILE *maps = fopen ("/proc/self/maps", "r");
    REQUIRE (maps != NULL);
    *path = '\0';
    while (!*path && fgets (line, sizeof line, maps)) {
        char *name = strchr (line, '/');
        if (name && strstr (name, "/libzmq.so")) {
            name[strcspn (name, "\n")] = '\0';
            snprintf (path, room, "%s", name);
        }
    }
    fclose (maps);
}

/*
 * First thing in a role: tells the library, then binds or connects `socket` as the arguments say
 * ("bind" and a transport, or "connect" and an endpoint) and tells the endpoint.
 */
HELPER void interop_attach (void *socket, int argc, char **argv)
{
    char text[4400];
    REQUIRE (argc >= 2);
    loaded_library (text, sizeof text);
    printf ("%s\n", text);
    if (strcmp (argv[0], "bind") == 0)
        bind_any (socket, argv[1], text);
    else {
        REQUIRE_OK (zmq_connect (socket, argv[1]));
        snprintf (text, sizeof text, "%s", argv[1]);
    }
    printf ("%s\n", text);
    fflush (stdout);
}

/* Last thing in a role: nobody leaves before the other one has all it wants. */
HELPER int interop_leave (void *ctx, void *socket)
{
    char line[16];
    printf ("done\n");
    fflush (stdout);
    role_line (line, sizeof line);
    rm_socket (socket);
    rm_ctx (ctx);
    return 0;
}

/* ---- Inside a case --------------------------------------------------------------------------- */

/* Starts one role and checks that it has the library of its directory. */
HELPER child_t interop_spawn (const char *dir, const char *role, const char *how, const char *where,
                              char *endpoint)
{
    char wanted[4200], expected[4200], line[4400];
    child_t child = spawn_role_with (dir, role, how, where, NULL);
    REQUIRE (child_line (&child, line, sizeof line));
    snprintf (wanted, sizeof wanted, "%s/libzmq.so.5", dir);
    REQUIRE (realpath (wanted, expected) != NULL);
    CHECK_STR (line, expected);
    REQUIRE (child_line (&child, endpoint, ENDPOINT_SIZE));
    return child;
}

/* Runs ROLE (server) and ROLE (client) once, the one that binds first. */
HELPER void interop_once (const char *transport, int client_binds)
{
    static const char *const roles[2] = {"server", "client"};
    const char *const dirs[2] = {interop.server_dir, interop.client_dir};
    char endpoint[ENDPOINT_SIZE];
    child_t children[2];
    const int binder = client_binds, other = !client_binds;
    children[binder] = interop_spawn (dirs[binder], roles[binder], "bind", transport, endpoint);
    children[other] = interop_spawn (dirs[other], roles[other], "connect", endpoint, endpoint);
    for (int i = 0; i < 2; ++i)
        expect_line (&children[i], "done");
    for (int i = 0; i < 2; ++i)
        CHECK_INT (child_wait (&children[i]), 0);
    if (strncmp (endpoint, "ipc://", 6) == 0) { /* the file, where the library leaves it */
        unlink (endpoint + 6);
        *strrchr (endpoint, '/') = '\0';
        rmdir (endpoint + 6);
    }
}

/* Both transports, either one binding. */
HELPER void interop_all (void)
{
    for (int i = 0; i < 4; ++i)
        interop_once (i / 2 ? "tcp" : "ipc", i % 2);
}

/* The main program of an interop test with one case. */
#define INTEROP_MAIN(name)                                                                         \
    int main (int argc, char **argv)                                                               \
    {                                                                                              \
        harness_begin (argc, argv);                                                                \
        ON_ROLE (server);                                                                          \
        ON_ROLE (client);                                                                          \
        interop_begin ();                                                                          \
        RUN_INTEROP (name);                                                                        \
        return harness_end ();                                                                     \
    }

#endif
