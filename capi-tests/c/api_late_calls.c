/*
 * Calls by code that runs when the thread-local variables of its thread are gone already: destructors of thread-specific
 * data, and what atexit () was given, after which C++ destroys its static objects.
 */
#include "harness.h"

static pthread_key_t key;

typedef struct
{
    void *receiver, *sender;
    int done;
} late_t;

/* Waits in each of the ways, first in vain, then for something. */
static void wait_in_all_ways (late_t *late)
{
    zmq_pollitem_t items[2] = {{late->receiver, 0, ZMQ_POLLIN, 0}, {late->receiver, 0, ZMQ_POLLIN, 0}};
    zmq_msg_t msg;
    set_int (late->receiver, ZMQ_RCVTIMEO, 1);
    zmq_msg_init (&msg);
    CHECK_ERRNO (zmq_msg_recv (&msg, late->receiver, 0), EAGAIN);
    CHECK_INT (zmq_poll (items, 1, 1), 0);
    CHECK_INT (zmq_poll (items, 2, 1), 0);
    set_int (late->receiver, ZMQ_RCVTIMEO, DEADLINE_MS);
    send_str (late->sender, "late", 0);
    CHECK_INT (zmq_msg_recv (&msg, late->receiver, 0), 4);
    CHECK_OK (zmq_msg_close (&msg));
    CHECK_OK (zmq_msg_init_size (&msg, 100));
    memset (zmq_msg_data (&msg), 'x', 100);
    CHECK_INT (zmq_msg_send (&msg, late->sender, 0), 100);
    CHECK_INT (zmq_poll (items, 2, DEADLINE_MS), 2);
    CHECK_INT (zmq_msg_recv (&msg, late->receiver, 0), 100);
    CHECK_OK (zmq_msg_close (&msg));
    __sync_fetch_and_add (&late->done, 1);
}

static void at_threads_end (void *late)
{
    wait_in_all_ways (late);
}

static void *run (void *arg)
{
    late_t *late = arg;
    wait_in_all_ways (late);
    CHECK_INT (pthread_setspecific (key, late), 0);
    return NULL;
}

static void calls_of_a_thread (const char *transport)
{
    void *ctx = mk_ctx ();
    late_t late = {mk_socket (ctx, ZMQ_PULL), mk_socket (ctx, ZMQ_PUSH), 0};
    join_sockets (late.receiver, late.sender, transport);
    REQUIRE (pthread_key_create (&key, at_threads_end) == 0);
    join_thread (start_thread (run, &late));
    CHECK_INT (late.done, 2);
    pthread_key_delete (key);
    rm_socket (late.receiver);
    rm_socket (late.sender);
    rm_ctx (ctx);
}

CASE (at_a_threads_end_inproc)
{
    calls_of_a_thread ("inproc");
}

CASE (at_a_threads_end_tcp)
{
    calls_of_a_thread ("tcp");
}

static late_t at_end;
static void *at_end_ctx;

static void at_programs_end (void)
{
    wait_in_all_ways (&at_end);
    rm_socket (at_end.receiver);
    rm_socket (at_end.sender);
    rm_ctx (at_end_ctx);
    _exit (at_end.done == 2 && harness.case_failures == 0 ? 0 : 1);
}

ROLE (ends)
{
    at_end_ctx = mk_ctx ();
    at_end.receiver = mk_socket (at_end_ctx, ZMQ_PULL);
    at_end.sender = mk_socket (at_end_ctx, ZMQ_PUSH);
    join_sockets (at_end.receiver, at_end.sender, argv[0]);
    wait_in_all_ways (&at_end);
    REQUIRE (atexit (at_programs_end) == 0);
    exit (1);
}

CASE (at_the_programs_end)
{
    child_t inproc = spawn_role ("ends", "inproc", NULL), tcp = spawn_role ("ends", "tcp", NULL);
    CHECK_INT (child_wait (&inproc), 0);
    CHECK_INT (child_wait (&tcp), 0);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    ON_ROLE (ends);
    RUN (at_a_threads_end_inproc);
    RUN (at_a_threads_end_tcp);
    RUN (at_the_programs_end);
    return harness_end ();
}
