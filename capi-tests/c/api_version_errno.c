/*
 * zmq_version, zmq_errno, zmq_strerror, zmq_has, and that errno belongs to the thread.
 */
#include "harness.h"

CASE (version_is_4_3)
{
    int major = -1, minor = -1, patch = -1;
    zmq_version (&major, &minor, &patch);
    CHECK_INT (major, ZMQ_VERSION_MAJOR);
    CHECK (minor >= 3);
    CHECK (patch >= 0);
}

CASE (version_header_macros)
{
    CHECK_INT (ZMQ_VERSION, ZMQ_MAKE_VERSION (ZMQ_VERSION_MAJOR, ZMQ_VERSION_MINOR, ZMQ_VERSION_PATCH));
    CHECK_INT (ZMQ_MAKE_VERSION (4, 3, 6), 40306);
    CHECK_INT (ZMQ_HAUSNUMERO, 156384712);
}

CASE (strerror_of_own_codes)
{
    const int codes[] = {EFSM, ENOCOMPATPROTO, ETERM, EMTHREAD};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; ++i)
        printf ("  %s: %s\n", err_name (codes[i]), zmq_strerror (codes[i]));
}

CASE (strerror_of_system_codes)
{
    /* The names in zmq.h that some platforms lack are native here, and so are their texts. */
    const int codes[] = {ENOTSUP,      EPROTONOSUPPORT, ENOBUFS,     ENETDOWN,     EADDRINUSE,
                         EADDRNOTAVAIL, ECONNREFUSED,    EINPROGRESS, ENOTSOCK,     EMSGSIZE,
                         EAFNOSUPPORT, ENETUNREACH,     ECONNABORTED, ECONNRESET,  ENOTCONN,
                         ETIMEDOUT,    EHOSTUNREACH,    ENETRESET,   EINVAL,       EFAULT,
                         EAGAIN,       EINTR,           EMFILE,      ENOMEM,       ENODEV,
                         ENOENT,       EACCES,          ENAMETOOLONG, 0};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; ++i) {
        CHECK (codes[i] < ZMQ_HAUSNUMERO);
        printf ("  %s: %s\n", err_name (codes[i]), zmq_strerror (codes[i]));
    }
}

/* The library's text is the system's. Both may stand in one buffer, so the first is copied. */
static void expect_system_text (int code)
{
    char text[256];
    snprintf (text, sizeof text, "%s", zmq_strerror (code));
    CHECK_STR (text, strerror (code));
}

CASE (strerror_of_every_number)
{
    for (int code = -3; code < 140; ++code) {
        if (code != EHOSTUNREACH) /* has a text of its own, printed above */
            expect_system_text (code);
    }
    for (int code = ZMQ_HAUSNUMERO - 1; code < ZMQ_HAUSNUMERO + 60; ++code) {
        const char *text = zmq_strerror (code);
        CHECK (text != NULL && *text != '\0');
        if (code < ZMQ_HAUSNUMERO + 51 || code > ZMQ_HAUSNUMERO + 54)
            expect_system_text (code);
    }
}

CASE (strerror_text_stays_valid)
{
    const char *term = zmq_strerror (ETERM);
    char copy[128];
    snprintf (copy, sizeof copy, "%s", term);
    zmq_strerror (EFSM);
    zmq_strerror (EMTHREAD);
    CHECK_STR (term, copy);
}

CASE (errno_is_the_c_errno)
{
    errno = 0;
    CHECK_INT (zmq_close (NULL), -1);
    CHECK_INT (errno, ENOTSOCK);
    CHECK_INT (zmq_errno (), ENOTSOCK);
    errno = EDOM;
    CHECK_INT (zmq_errno (), EDOM);
    errno = 0;
    CHECK_INT (zmq_errno (), 0);
}

CASE (own_codes_are_off_the_system_range)
{
    CHECK_INT (EFSM, ZMQ_HAUSNUMERO + 51);
    CHECK_INT (ENOCOMPATPROTO, ZMQ_HAUSNUMERO + 52);
    CHECK_INT (ETERM, ZMQ_HAUSNUMERO + 53);
    CHECK_INT (EMTHREAD, ZMQ_HAUSNUMERO + 54);
}

static void *fail_on_thread (void *arg)
{
    int *seen = arg;
    seen[0] = zmq_errno ();
    CHECK_ERRNO (zmq_ctx_term (NULL), EFAULT);
    seen[1] = zmq_errno ();
    return NULL;
}

CASE (errno_belongs_to_the_thread)
{
    int seen[2] = {-1, -1};
    CHECK_ERRNO (zmq_close (NULL), ENOTSOCK);
    join_thread (start_thread (fail_on_thread, seen));
    CHECK_INT (zmq_errno (), ENOTSOCK);
    CHECK_INT (seen[0], 0);
    CHECK_INT (seen[1], EFAULT);
}

CASE (has_known_names)
{
    static const char *const optional[] = {"pgm", "tipc", "norm", "curve", "gssapi", "vmci", "draft",
                                           "WS",  "WSS"};
    CHECK_INT (zmq_has ("ipc"), 1);
    for (size_t i = 0; i < sizeof optional / sizeof *optional; ++i) {
        const int first = zmq_has (optional[i]);
        CHECK (first == 0 || first == 1);
        CHECK_INT (zmq_has (optional[i]), first);
    }
}

CASE (has_unknown_names)
{
    static const char *const unknown[] = {"",    " ",    "IPC",  "Ipc",    "ipc ",  " ipc", "ipcc", "ip",
                                          "tcp", "null", "NULL", "inproc", "plain", "Curve", "CURVE",
                                          "ipc,curve", "no-such-capability"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; ++i)
        CHECK_INT (zmq_has (unknown[i]), 0);
}

CASE (has_agrees_with_transports)
{
    static const struct
    {
        const char *name, *endpoint;
    } transports[] = {
      {"vmci", "vmci://*:*"}, {"WS", "ws://127.0.0.1:*"}, {"WSS", "wss://127.0.0.1:*"}};
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof transports / sizeof *transports; ++i) {
        if (zmq_has (transports[i].name))
            continue;
        void *socket = mk_socket (ctx, ZMQ_PAIR);
        CHECK_ERRNO (zmq_bind (socket, transports[i].endpoint), EPROTONOSUPPORT);
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

CASE (has_agrees_with_curve)
{
    char public_key[41], secret_key[41];
    if (zmq_has ("curve")) {
        CHECK_OK (zmq_curve_keypair (public_key, secret_key));
        CHECK_INT (strlen (public_key), 40);
        CHECK_INT (strlen (secret_key), 40);
    } else
        CHECK_ERRNO (zmq_curve_keypair (public_key, secret_key), ENOTSUP);
}

CASE (success_leaves_errno_alone)
{
    errno = EDOM;
    zmq_has ("ipc");
    CHECK_INT (errno, EDOM);
    int a, b, c;
    zmq_version (&a, &b, &c);
    CHECK_INT (errno, EDOM);
    zmq_strerror (ETERM);
    CHECK_INT (errno, EDOM);
}

CASE (null_arguments)
{
    int one = -1;
    CHECK_INT (zmq_has (NULL), 0);
    zmq_version (NULL, NULL, NULL);
    zmq_version (&one, NULL, NULL);
    CHECK_INT (one, 4);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (version_is_4_3);
    RUN (version_header_macros);
    RUN (strerror_of_own_codes);
    RUN (strerror_of_system_codes);
    RUN (strerror_of_every_number);
    RUN (strerror_text_stays_valid);
    RUN (errno_is_the_c_errno);
    RUN (own_codes_are_off_the_system_range);
    RUN (errno_belongs_to_the_thread);
    RUN (has_known_names);
    RUN (has_unknown_names);
    RUN (has_agrees_with_transports);
    RUN (has_agrees_with_curve);
    RUN (success_leaves_errno_alone);
    RUN_OURS (null_arguments, "the reference dereferences the pointer");
    return harness_end ();
}
