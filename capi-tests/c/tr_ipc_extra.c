/*
 * ipc beyond the common suite (zmq_ipc(7), ZMQ_IPC_FILTER_* and ZMQ_USE_FD in zmq_setsockopt(3)):
 * paths and their limits, the file of a socket, the abstract namespace, filters by credentials.
 */
#include "pat_common.h"

static int is_socket (const char *path)
{
    struct stat info;
    return stat (path, &info) == 0 && S_ISSOCK (info.st_mode);
}

/* A listening descriptor for this endpoint, made without the library. */
static int listen_at (const char *endpoint)
{
    struct sockaddr_storage address;
    const socklen_t size = raw_address (endpoint, &address);
    const int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE (fd >= 0);
    REQUIRE_OK (bind (fd, (struct sockaddr *) &address, size));
    REQUIRE_OK (listen (fd, 8));
    return fd;
}

static void check_works (void *ctx, void *server, const char *endpoint)
{
    void *client = mk_socket (ctx, ZMQ_REQ);
    REQUIRE_OK (zmq_connect (client, endpoint));
    bounce (server, client);
    rm_socket (client);
}

/* 107 characters are the most that fit into the system's address. */
CASE (length_of_a_path)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_REP);
    char path[128], endpoint[ENDPOINT_SIZE];
    unique_path (path, sizeof path);
    const size_t size = strlen (path);
    memset (path + size, 'p', sizeof path - size);
    path[108] = '\0';
    snprintf (endpoint, sizeof endpoint, "ipc://%s", path);
    CHECK_ERRNO (zmq_bind (socket, endpoint), ENAMETOOLONG);
    CHECK_ERRNO (zmq_connect (socket, endpoint), ENAMETOOLONG);
    CHECK (!is_socket (path));
    path[107] = '\0';
    snprintf (endpoint, sizeof endpoint, "ipc://%s", path);
    REQUIRE_OK (zmq_bind (socket, endpoint));
    CHECK (is_socket (path));
    check_works (ctx, socket, endpoint);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (bad_paths)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_REP);
    char path[128], endpoint[ENDPOINT_SIZE];
    CHECK_ERRNO (zmq_bind (socket, "ipc://"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, "ipc://"), EINVAL);
    CHECK_ERRNO (zmq_bind (socket, "ipc://@"), EINVAL);
    CHECK_ERRNO (zmq_connect (socket, "ipc://@"), EINVAL);
    unique_path (path, sizeof path);
    snprintf (endpoint, sizeof endpoint, "ipc://%s/no/such/directory", path);
    CHECK_INT (zmq_bind (socket, endpoint), -1);
    /* The socket is as good as new. */
    bind_any (socket, "ipc", endpoint);
    check_works (ctx, socket, endpoint);
    rm_socket (socket);
    rm_ctx (ctx);
}

/* The file is there once bind returned. */
CASE (file_of_a_socket)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_REP);
    char endpoint[ENDPOINT_SIZE];
    bind_any (socket, "ipc", endpoint);
    CHECK (is_socket (endpoint + 6));
    check_works (ctx, socket, endpoint);
    CHECK_OK (zmq_unbind (socket, endpoint));
    rm_socket (socket);
    rm_ctx (ctx);
    unlink (endpoint + 6);
}

/* It disappears with unbind, with close or with the end of the context. */
CASE (file_is_removed)
{
    for (int unbind = 0; unbind < 2; ++unbind) {
        void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_REP);
        char endpoint[ENDPOINT_SIZE];
        bind_any (socket, "ipc", endpoint);
        if (unbind) {
            CHECK_OK (zmq_unbind (socket, endpoint));
            CHECK (WAIT_FOR (!is_socket (endpoint + 6)));
        }
        rm_socket (socket);
        rm_ctx (ctx);
        CHECK (!is_socket (endpoint + 6));
    }
}

/* A file that a dead process left is no obstacle. */
CASE (stale_file)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_REP);
    char path[128], endpoint[ENDPOINT_SIZE];
    unique_path (path, sizeof path);
    snprintf (endpoint, sizeof endpoint, "ipc://%s", path);
    close (listen_at (endpoint));
    CHECK (is_socket (path));
    REQUIRE_OK (zmq_bind (socket, endpoint));
    check_works (ctx, socket, endpoint);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (relative_path)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_REP);
    char path[128], endpoint[ENDPOINT_SIZE], cwd[4096];
    unique_path (path, sizeof path);
    REQUIRE (getcwd (cwd, sizeof cwd) != NULL);
    *strrchr (path, '/') = '\0';
    REQUIRE_OK (chdir (path));
    REQUIRE_OK (zmq_bind (socket, "ipc://relative"));
    last_endpoint (socket, endpoint);
    CHECK_STR (endpoint, "ipc://relative");
    CHECK (is_socket ("relative"));
    check_works (ctx, socket, endpoint);
    rm_socket (socket);
    rm_ctx (ctx);
    unlink ("relative");
    REQUIRE_OK (chdir (cwd));
}

/* Names of the abstract namespace have no file; each belongs to one socket. */
CASE (abstract_names)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_REP), *other = mk_socket (ctx, ZMQ_REP);
    char endpoint[ENDPOINT_SIZE], longer[ENDPOINT_SIZE + 4];
    bind_any (socket, "abstract", endpoint);
    CHECK (strncmp (endpoint, "ipc://@", 7) == 0);
    CHECK (!is_socket (endpoint + 6));
    CHECK (!is_socket (endpoint + 7));
    CHECK_ERRNO (zmq_bind (other, endpoint), EADDRINUSE);
    /* A name ends where it ends: a longer one is another. */
    snprintf (longer, sizeof longer, "%s.b", endpoint);
    REQUIRE_OK (zmq_bind (other, longer));
    check_works (ctx, socket, endpoint);
    check_works (ctx, other, longer);
    close (raw_connect (endpoint)); /* it is the system's own name, without padding */
    rm_socket (socket);
    rm_socket (other);
    rm_ctx (ctx);
}

CASE (wildcard_path)
{
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_REP);
    char first[ENDPOINT_SIZE], second[ENDPOINT_SIZE];
    REQUIRE_OK (zmq_bind (socket, "ipc://*"));
    last_endpoint (socket, first);
    REQUIRE_OK (zmq_bind (socket, "ipc://*"));
    last_endpoint (socket, second);
    CHECK (strcmp (first, second) != 0);
    CHECK (is_socket (first + 6) && is_socket (second + 6));
    check_works (ctx, socket, first);
    check_works (ctx, socket, second);
    CHECK_OK (zmq_unbind (socket, first));
    CHECK (WAIT_FOR (!is_socket (first + 6)));
    rm_socket (socket);
    rm_ctx (ctx);
    CHECK (!is_socket (second + 6));
    /* Nothing is left of it, its directory neither. */
    *strrchr (second, '/') = '\0';
    CHECK (strcmp (second + 6, "/tmp") == 0 || access (second + 6, F_OK) != 0
           || strcmp (second + 6, getenv ("TMPDIR") ? getenv ("TMPDIR") : "") == 0);
}

/* With a filter only matching peers get in; without any, all do. */
CASE (filters)
{
    static const int options[] = {ZMQ_IPC_FILTER_UID, ZMQ_IPC_FILTER_GID, ZMQ_IPC_FILTER_PID};
    for (int i = 0; i < 6; ++i) {
        const int right = i % 2, option = options[i / 2];
        const int own[] = {(int) getuid (), (int) getgid (), (int) getpid ()};
        const int id = own[i / 2] + (right ? 0 : 1);
        void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP);
        char endpoint[ENDPOINT_SIZE];
        CHECK_OK (zmq_setsockopt (server, option, &id, sizeof id));
        bind_any (server, "ipc", endpoint);
        if (right)
            check_works (ctx, server, endpoint);
        else {
            const int fd = raw_connect (endpoint);
            CHECK (raw_wait_closed (fd));
            close (fd);
        }
        /* Cleared, for the next bind. */
        CHECK_OK (zmq_setsockopt (server, option, NULL, 0));
        bind_any (server, "ipc", endpoint);
        check_works (ctx, server, endpoint);
        rm_socket (server);
        rm_ctx (ctx);
    }
}

CASE (filter_values)
{
    static const int options[] = {ZMQ_IPC_FILTER_UID, ZMQ_IPC_FILTER_GID, ZMQ_IPC_FILTER_PID};
    void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_REP);
    for (int i = 0; i < 3; ++i) {
        int value = 1;
        size_t size = sizeof value;
        CHECK_ERRNO (zmq_setsockopt (socket, options[i], &value, 1), EINVAL);
        CHECK_ERRNO (zmq_setsockopt (socket, options[i], &value, sizeof value + 1), EINVAL);
        CHECK_ERRNO (zmq_getsockopt (socket, options[i], &value, &size), EINVAL);
    }
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (given_descriptor)
{
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_REP);
    char path[128], endpoint[ENDPOINT_SIZE];
    unique_path (path, sizeof path);
    snprintf (endpoint, sizeof endpoint, "ipc://%s", path);
    set_int (server, ZMQ_USE_FD, listen_at (endpoint));
    REQUIRE_OK (zmq_bind (server, endpoint));
    check_works (ctx, server, endpoint);
    rm_socket (server);
    rm_ctx (ctx);
    unlink (path);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (length_of_a_path);
    RUN (bad_paths);
    RUN (file_of_a_socket);
    RUN_OURS (file_is_removed, "the reference leaves the file of a given path behind");
    RUN (stale_file);
    RUN (relative_path);
    RUN (abstract_names);
    RUN (wildcard_path);
    RUN (filters);
    RUN (filter_values);
    RUN (given_descriptor);
    return harness_end ();
}
