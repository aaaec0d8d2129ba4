/*
 * Free functions of zmq_msg_init_data that come back to the library, or free the message itself. That they may not
 * use a socket whose call they run in is said in the manual; everything else has to work.
 */
#include "harness.h"

static char body[1000];
static int freed;

/* ---- The message whose end they are ------------------------------------------------------------------ */

static int rc_inside, errno_inside;

static void close_again (void *data UNUSED, void *msg)
{
    ++freed;
    errno = 0;
    rc_inside = zmq_msg_close (msg);
    errno_inside = zmq_errno ();
}

CASE (closes_it_again)
{
    zmq_msg_t msg;
    freed = 0;
    CHECK_OK (zmq_msg_init_data (&msg, body, sizeof body, close_again, &msg));
    CHECK_OK (zmq_msg_close (&msg));
    CHECK_INT (freed, 1);
    CHECK_INT (rc_inside, -1);
    CHECK_INT (errno_inside, EFAULT);
    CHECK_ERRNO (zmq_msg_close (&msg), EFAULT);
}

/* As free () would, and another thread that gets the memory at once. */
static void give_memory_away (void *data UNUSED, void *msg)
{
    ++freed;
    memset (msg, 0xFF, sizeof (zmq_msg_t));
}

CASE (frees_its_memory)
{
    zmq_msg_t msg, others;
    memset (&others, 0xFF, sizeof others);
    freed = 0;
    CHECK_OK (zmq_msg_init_data (&msg, body, sizeof body, give_memory_away, &msg));
    CHECK_OK (zmq_msg_close (&msg));
    CHECK_INT (freed, 1);
    CHECK_MEM (&msg, &others, sizeof msg);
}

/* By then it has its new content, which ends here. */
CASE (closes_it_when_it_is_replaced)
{
    void *ctx = mk_ctx (), *a = mk_socket (ctx, ZMQ_PAIR), *b = mk_socket (ctx, ZMQ_PAIR);
    join_sockets (a, b, "inproc");
    for (int how = 0; how < 3; ++how) {
        zmq_msg_t msg, from;
        freed = 0;
        CHECK_OK (zmq_msg_init_data (&msg, body, sizeof body, close_again, &msg));
        CHECK_OK (zmq_msg_init_size (&from, 200));
        memset (zmq_msg_data (&from), 'x', 200);
        if (how == 0)
            CHECK_OK (zmq_msg_move (&msg, &from));
        else if (how == 1)
            CHECK_OK (zmq_msg_copy (&msg, &from));
        else {
            CHECK_INT (zmq_msg_send (&from, a, 0), 200);
            zmq_msg_recv (&msg, b, 0);
        }
        CHECK_INT (freed, 1);
        CHECK_INT (rc_inside, 0);
        CHECK_ERRNO (zmq_msg_close (&msg), EFAULT);
        CHECK_OK (zmq_msg_close (&from));
    }
    rm_socket (a);
    rm_socket (b);
    rm_ctx (ctx);
}

/* ---- Others ------------------------------------------------------------------------------------------ */

static char received[sizeof body];

static void receive (void *data UNUSED, void *socket)
{
    rc_inside = zmq_recv (socket, received, sizeof received, ZMQ_DONTWAIT);
    ++freed;
}

/* With conflation each message ends the one before, which nobody has received. */
CASE (receives_what_took_its_place)
{
    void *ctx = mk_ctx (), *push = mk_socket (ctx, ZMQ_PUSH), *pull = mk_socket (ctx, ZMQ_PULL);
    zmq_msg_t msg;
    set_int (push, ZMQ_CONFLATE, 1);
    set_int (pull, ZMQ_CONFLATE, 1);
    join_sockets (pull, push, "inproc");
    freed = 0;
    rc_inside = -1;
    CHECK_OK (zmq_msg_init_data (&msg, body, sizeof body, receive, pull));
    CHECK_INT (zmq_msg_send (&msg, push, 0), sizeof body);
    CHECK_INT (freed, 0);
    send_str (push, "after", 0);
    CHECK_INT (freed, 1);
    CHECK_INT (rc_inside, 5);
    CHECK_MEM (received, "after", 5);
    rm_socket (push);
    rm_socket (pull);
    rm_ctx (ctx);
}

static char endpoint[ENDPOINT_SIZE];

static void bind_other (void *data UNUSED, void *socket)
{
    ++freed;
    rc_inside = zmq_bind (socket, endpoint);
}

/* A subscription that waits for a name which nobody binds, and ends with its socket. */
CASE (binds_a_name_at_the_end_of_a_connection)
{
    void *ctx = mk_ctx (), *xsub = mk_socket (ctx, ZMQ_XSUB), *other = mk_socket (ctx, ZMQ_PAIR);
    static char topic[100] = "\1A topic";
    zmq_msg_t msg;
    freed = 0;
    rc_inside = -1;
    snprintf (endpoint, sizeof endpoint, "inproc://other-%d", unique_number ());
    set_int (xsub, ZMQ_LINGER, -1);
    CHECK_OK (zmq_connect (xsub, "inproc://never-bound"));
    CHECK_OK (zmq_msg_init_data (&msg, topic, sizeof topic, bind_other, other));
    CHECK_INT (zmq_msg_send (&msg, xsub, 0), sizeof topic);
    CHECK_OK (zmq_close (xsub));
    CHECK_INT (freed, 1);
    CHECK_INT (rc_inside, 0);
    rm_socket (other);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    static const char undefined[] = "the reference uses the message after its free function";
    static const char late[] = "the reference frees at another time";
    harness_begin (argc, argv);
    RUN_OURS (closes_it_again, undefined);
    RUN_OURS (frees_its_memory, undefined);
    RUN_OURS (closes_it_when_it_is_replaced, undefined);
    RUN_OURS (receives_what_took_its_place, late);
    RUN_OURS (binds_a_name_at_the_end_of_a_connection, late);
    return harness_end ();
}
