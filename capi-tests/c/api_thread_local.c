/*
 * A program with much thread-local memory, which each thread's stack has to hold as well.
 */
#include "harness.h"

static __thread volatile char much[6 << 20];

CASE (threads_of_the_library)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    char endpoint[ENDPOINT_SIZE], named[ENDPOINT_SIZE];
    much[1] = 1;
    bind_any (server, "tcp", endpoint);
    /* By name, which takes another thread. */
    snprintf (named, sizeof named, "tcp://localhost%s", strrchr (endpoint, ':'));
    CHECK_OK (zmq_connect (client, named));
    bounce (server, client);
    rm_socket (server);
    rm_socket (client);
    rm_ctx (ctx);
    CHECK_INT (much[1], 1);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (threads_of_the_library);
    return harness_end ();
}
