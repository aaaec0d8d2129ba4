/*
 * zmq_stopwatch_*, zmq_sleep, zmq_threadstart and zmq_threadclose.
 */
#include "harness.h"

CASE (stopwatch_measures)
{
    void *watch = zmq_stopwatch_start ();
    REQUIRE (watch != NULL);
    msleep (30);
    const unsigned long first = zmq_stopwatch_intermediate (watch);
    msleep (20);
    const unsigned long second = zmq_stopwatch_intermediate (watch);
    const unsigned long last = zmq_stopwatch_stop (watch);
    /* Microseconds. */
    CHECK (first >= 29000);
    CHECK (second >= first + 19000);
    CHECK (last >= second);
    CHECK (last < 1000ul * DEADLINE_MS);
}

CASE (stopwatches_are_separate)
{
    void *early = zmq_stopwatch_start ();
    msleep (30);
    void *late = zmq_stopwatch_start ();
    const unsigned long early_time = zmq_stopwatch_intermediate (early);
    CHECK (zmq_stopwatch_stop (late) <= zmq_stopwatch_stop (early));
    CHECK (early_time >= 29000);
}

CASE (many_stopwatches)
{
    for (int i = 0; i < 1000; ++i) {
        void *watch = zmq_stopwatch_start ();
        zmq_stopwatch_stop (watch);
    }
}

CASE (sleep_takes_seconds)
{
    long long start = now_ms ();
    zmq_sleep (0);
    CHECK (now_ms () - start < DEADLINE_MS);
    start = now_ms ();
    zmq_sleep (1);
    const long long took = now_ms () - start;
    CHECK (took >= 999 && took < DEADLINE_MS);
}

static void set_flag (void *arg)
{
    *(int *) arg = 4711;
}

CASE (thread_runs_with_its_argument)
{
    int flag = 0;
    void *thread = zmq_threadstart (set_flag, &flag);
    REQUIRE (thread != NULL);
    zmq_threadclose (thread);
    CHECK_INT (flag, 4711);
}

static void wait_and_count (void *arg)
{
    msleep (50);
    __sync_fetch_and_add ((int *) arg, 1);
}

CASE (close_waits_for_the_end)
{
    int count = 0;
    void *threads[8];
    for (int i = 0; i < 8; ++i)
        threads[i] = zmq_threadstart (wait_and_count, &count);
    for (int i = 0; i < 8; ++i)
        zmq_threadclose (threads[i]);
    CHECK_INT (count, 8);
}

static void talk (void *socket)
{
    expect_msg (socket, "to the thread");
    send_str (socket, "from the thread", 0);
    CHECK_OK (zmq_close (socket));
}

CASE (thread_uses_a_socket)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *mine = mk_socket (ctx, ZMQ_PAIR), *its = mk_socket (ctx, ZMQ_PAIR);
    bind_any (mine, "inproc", endpoint);
    CHECK_OK (zmq_connect (its, endpoint));
    void *thread = zmq_threadstart (talk, its);
    send_str (mine, "to the thread", 0);
    expect_msg (mine, "from the thread");
    zmq_threadclose (thread);
    rm_socket (mine);
    rm_ctx (ctx);
}

static void *own_thread;

static void note_thread (void *arg)
{
    (void) arg;
    own_thread = (void *) pthread_self ();
}

CASE (thread_is_another_one)
{
    void *thread = zmq_threadstart (note_thread, NULL);
    zmq_threadclose (thread);
    CHECK (!pthread_equal ((pthread_t) own_thread, pthread_self ()));
}

CASE (null_handles)
{
    zmq_threadclose (NULL);
    CHECK_INT (zmq_stopwatch_stop (NULL), 0);
    CHECK_INT (zmq_stopwatch_intermediate (NULL), 0);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (stopwatch_measures);
    RUN (stopwatches_are_separate);
    RUN (many_stopwatches);
    RUN (sleep_takes_seconds);
    RUN (thread_runs_with_its_argument);
    RUN (close_waits_for_the_end);
    RUN (thread_uses_a_socket);
    RUN (thread_is_another_one);
    RUN_OURS (null_handles, "the reference dereferences the pointer");
    return harness_end ();
}
