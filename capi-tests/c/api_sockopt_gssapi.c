/*
 * The GSSAPI options: stored and validated. A library that was built without GSSAPI knows none
 * of them, so the program is skipped there.
 */
#include "harness.h"
#include <limits.h>

static const struct
{
    const char *name;
    int option;
} ints[] = {{"GSSAPI_SERVER", ZMQ_GSSAPI_SERVER},
            {"GSSAPI_PLAINTEXT", ZMQ_GSSAPI_PLAINTEXT},
            {"GSSAPI_PRINCIPAL_NAMETYPE", ZMQ_GSSAPI_PRINCIPAL_NAMETYPE},
            {"GSSAPI_SERVICE_PRINCIPAL_NAMETYPE", ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE}},
  strings[] = {{"GSSAPI_PRINCIPAL", ZMQ_GSSAPI_PRINCIPAL},
               {"GSSAPI_SERVICE_PRINCIPAL", ZMQ_GSSAPI_SERVICE_PRINCIPAL}};

static void show_int (void *socket, int option)
{
    int value = -77;
    size_t size = sizeof value;
    const int rc = zmq_getsockopt (socket, option, &value, &size);
    if (rc == 0)
        printf ("get %d (%zu)", value, size);
    else
        printf ("get %s", err_name (zmq_errno ()));
    printf (", mechanism %d\n", opt_int (socket, ZMQ_MECHANISM));
}

static void show_string (void *socket, int option)
{
    char value[512];
    size_t size = sizeof value;
    memset (value, '#', sizeof value);
    const int rc = zmq_getsockopt (socket, option, value, &size);
    if (rc == 0)
        printf ("get \"%.40s\" (%zu)", value, size);
    else
        printf ("get %s", err_name (zmq_errno ()));
    printf (", mechanism %d\n", opt_int (socket, ZMQ_MECHANISM));
}

CASE (integers)
{
    static const int values[] = {INT_MIN, -1, 0, 1, 2, 3, 4, 100, INT_MAX, 0};
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof ints / sizeof *ints; ++i) {
        void *socket = mk_socket (ctx, ZMQ_DEALER);
        printf ("  %s default: ", ints[i].name);
        show_int (socket, ints[i].option);
        for (size_t k = 0; k < sizeof values / sizeof *values; ++k) {
            const int rc = zmq_setsockopt (socket, ints[i].option, &values[k], sizeof values[k]);
            printf ("  %s set %d: %s, ", ints[i].name, values[k], result_name (rc));
            show_int (socket, ints[i].option);
        }
        for (size_t size = 0; size < 10; ++size)
            if (size != sizeof (int))
                CHECK_ERRNO (zmq_setsockopt (socket, ints[i].option, "\0\0\0\0\0\0\0\0\0", size), EINVAL);
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

CASE (names)
{
    static const size_t sizes[] = {0, 1, 2, 3, 20, 100, 254, 255, 256, 257, 400};
    char text[400];
    memset (text, 'p', sizeof text);
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof strings / sizeof *strings; ++i) {
        void *socket = mk_socket (ctx, ZMQ_DEALER);
        printf ("  %s default: ", strings[i].name);
        show_string (socket, strings[i].option);
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; ++k) {
            const int rc = zmq_setsockopt (socket, strings[i].option, text, sizes[k]);
            printf ("  %s set %zu bytes: %s, ", strings[i].name, sizes[k], result_name (rc));
            show_string (socket, strings[i].option);
        }
        rm_socket (socket);
    }
    rm_ctx (ctx);
}

CASE (name_into_a_small_buffer)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_DEALER);
    char value[8];
    set_str (socket, ZMQ_GSSAPI_PRINCIPAL, "name");
    for (size_t room = 0; room < sizeof value; ++room) {
        size_t size = room;
        const int rc = zmq_getsockopt (socket, ZMQ_GSSAPI_PRINCIPAL, value, &size);
        printf ("  room %zu: %s, size %zu\n", room, result_name (rc), size);
    }
    rm_socket (socket);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    if (!zmq_has ("gssapi") && on_reference ())
        skip_all ("the reference was built without GSSAPI");
    RUN (integers);
    RUN (names);
    RUN (name_into_a_small_buffer);
    return harness_end ();
}
