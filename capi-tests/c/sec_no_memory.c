/*
 * A message for whose encrypted form there is no memory. It is lost, with the connection, and nothing that
 * follows becomes part of it.
 */
#include "sec_common.h"

enum { HUGE_SIZE = 300 * 1024 * 1024, SPARE = 100 * 1024 * 1024 };

static void check_lost (const char *transport)
{
    char endpoint[ENDPOINT_SIZE];
    zmq_msg_t huge;
    void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL), *push = mk_socket (ctx, ZMQ_PUSH);
    sec_be_server (pull, SEC_CURVE, NULL);
    bind_any (pull, transport, endpoint);
    sec_be_client (push, SEC_CURVE);
    set_int (push, ZMQ_RECONNECT_IVL, 10);
    REQUIRE_OK (zmq_connect (push, endpoint));
    send_str (push, "before", 0);
    expect_msg (pull, "before");
    REQUIRE_OK (zmq_msg_init_size (&huge, HUGE_SIZE));
    limit_memory (SPARE);
    send_str (push, "head", ZMQ_SNDMORE);
    CHECK_INT (zmq_msg_send (&huge, push, 0), HUGE_SIZE);
    send_str (push, "after", 0);
    expect_msg (pull, "after");
    CHECK_INT (opt_int (pull, ZMQ_RCVMORE), 0);
    limit_memory (0);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (no_memory_to_encrypt)
{
    check_lost ("tcp");
    check_lost ("ipc");
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    if (!zmq_has ("curve"))
        skip_all ("no CURVE");
    sec_make_keys ();
    RUN_OURS (no_memory_to_encrypt, "the reference aborts");
    return harness_end ();
}
