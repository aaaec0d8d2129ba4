/*
 * Functions of the program that the library calls and that do not return: they end their thread, by themselves or by
 * cancelling it, or jump away.
 */
#include "harness.h"

#include <setjmp.h>

static void exit_thread (void *data, void *hint)
{
    (void) data;
    pthread_exit (hint);
}

static void *close_message (void *arg)
{
    static char body[100];
    zmq_msg_t msg;
    CHECK_OK (zmq_msg_init_data (&msg, body, sizeof body, exit_thread, arg));
    zmq_msg_close (&msg);
    return NULL;
}

static void cancel_self (void *data, void *hint)
{
    (void) data;
    (void) hint;
    pthread_cancel (pthread_self ());
    pthread_testcancel ();
}

static void *close_message_cancelled (void *arg)
{
    static char body[100];
    zmq_msg_t msg;
    CHECK_OK (zmq_msg_init_data (&msg, body, sizeof body, cancel_self, arg));
    zmq_msg_close (&msg);
    return NULL;
}

/* A free function may end the thread where a message is closed. */
CASE (free_function_ends_thread)
{
    int mark;
    CHECK (join_thread (start_thread (close_message, &mark)) == &mark);
    CHECK (join_thread (start_thread (close_message_cancelled, NULL)) == PTHREAD_CANCELED);
}

static jmp_buf jump;
static int calls;

static void exit_in_timer (int id, void *arg)
{
    (void) id;
    pthread_exit (arg);
}

static void jump_in_timer (int id, void *arg)
{
    (void) id;
    (void) arg;
    longjmp (jump, 1);
}

static void count_calls (int id, void *arg)
{
    (void) id;
    (void) arg;
    ++calls;
}

static void *execute_timers (void *timers)
{
    zmq_timers_execute (timers);
    return NULL;
}

static int is_due (void *timers)
{
    return zmq_timers_timeout (timers) == 0;
}

/* A handler may end the thread or jump away; the set of timers works on. */
CASE (timer_ends_thread)
{
    int mark;
    void *timers = zmq_timers_new ();
    const int id = zmq_timers_add (timers, 1, exit_in_timer, &mark);
    CHECK (WAIT_FOR (is_due (timers)));
    CHECK (join_thread (start_thread (execute_timers, timers)) == &mark);
    CHECK_OK (zmq_timers_cancel (timers, id));
    const int other = zmq_timers_add (timers, 1, jump_in_timer, NULL);
    CHECK (WAIT_FOR (is_due (timers)));
    if (setjmp (jump) == 0) {
        zmq_timers_execute (timers);
        CHECK (0);
    }
    CHECK_OK (zmq_timers_cancel (timers, other));
    CHECK (zmq_timers_add (timers, 1, count_calls, NULL) > 0);
    CHECK (WAIT_FOR (is_due (timers)));
    CHECK_OK (zmq_timers_execute (timers));
    CHECK_INT (calls, 1);
    CHECK_OK (zmq_timers_destroy (&timers));
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (free_function_ends_thread);
    RUN (timer_ends_thread);
    return harness_end ();
}
