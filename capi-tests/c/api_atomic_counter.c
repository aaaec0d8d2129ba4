/*
 * zmq_atomic_counter_*.
 */
#include "harness.h"
#include <limits.h>

CASE (starts_at_zero)
{
    void *counter = zmq_atomic_counter_new ();
    REQUIRE (counter != NULL);
    CHECK_INT (zmq_atomic_counter_value (counter), 0);
    zmq_atomic_counter_destroy (&counter);
    CHECK (counter == NULL);
}

CASE (increment_gives_the_old_value)
{
    void *counter = zmq_atomic_counter_new ();
    CHECK_INT (zmq_atomic_counter_inc (counter), 0);
    CHECK_INT (zmq_atomic_counter_inc (counter), 1);
    CHECK_INT (zmq_atomic_counter_inc (counter), 2);
    CHECK_INT (zmq_atomic_counter_value (counter), 3);
    zmq_atomic_counter_destroy (&counter);
}

CASE (decrement_tells_whether_something_is_left)
{
    void *counter = zmq_atomic_counter_new ();
    zmq_atomic_counter_set (counter, 3);
    CHECK_INT (zmq_atomic_counter_dec (counter), 1);
    CHECK_INT (zmq_atomic_counter_dec (counter), 1);
    CHECK_INT (zmq_atomic_counter_dec (counter), 0);
    CHECK_INT (zmq_atomic_counter_value (counter), 0);
    zmq_atomic_counter_destroy (&counter);
}

CASE (set)
{
    const int values[] = {1, 0, -1, 1000, INT_MAX, INT_MIN, 7};
    void *counter = zmq_atomic_counter_new ();
    for (size_t i = 0; i < sizeof values / sizeof *values; ++i) {
        zmq_atomic_counter_set (counter, values[i]);
        CHECK_INT (zmq_atomic_counter_value (counter), values[i]);
    }
    zmq_atomic_counter_destroy (&counter);
}

CASE (below_zero)
{
    void *counter = zmq_atomic_counter_new ();
    printf ("  %d", zmq_atomic_counter_dec (counter));
    printf (" %d", zmq_atomic_counter_value (counter));
    printf (" %d", zmq_atomic_counter_dec (counter));
    printf (" %d", zmq_atomic_counter_value (counter));
    printf (" %d", zmq_atomic_counter_inc (counter));
    printf (" %d\n", zmq_atomic_counter_value (counter));
    zmq_atomic_counter_destroy (&counter);
}

CASE (wraps_at_the_ends)
{
    void *counter = zmq_atomic_counter_new ();
    zmq_atomic_counter_set (counter, INT_MAX);
    CHECK_INT (zmq_atomic_counter_inc (counter), INT_MAX);
    CHECK_INT (zmq_atomic_counter_value (counter), INT_MIN);
    CHECK_INT (zmq_atomic_counter_dec (counter), 1);
    CHECK_INT (zmq_atomic_counter_value (counter), INT_MAX);
    zmq_atomic_counter_destroy (&counter);
}

enum { THREADS = 4, ROUNDS = 100000 };

static void *count_up (void *counter)
{
    for (int i = 0; i < ROUNDS; ++i)
        zmq_atomic_counter_inc (counter);
    return NULL;
}

static void *count_down (void *counter)
{
    long zeros = 0;
    for (int i = 0; i < ROUNDS; ++i)
        zeros += zmq_atomic_counter_dec (counter) == 0;
    return (void *) zeros;
}

CASE (threads)
{
    pthread_t threads[THREADS];
    long zeros = 0;
    void *counter = zmq_atomic_counter_new ();
    for (int i = 0; i < THREADS; ++i)
        threads[i] = start_thread (count_up, counter);
    for (int i = 0; i < THREADS; ++i)
        join_thread (threads[i]);
    CHECK_INT (zmq_atomic_counter_value (counter), THREADS * ROUNDS);
    for (int i = 0; i < THREADS; ++i)
        threads[i] = start_thread (count_down, counter);
    for (int i = 0; i < THREADS; ++i)
        zeros += (long) join_thread (threads[i]);
    CHECK_INT (zmq_atomic_counter_value (counter), 0);
    CHECK_INT (zeros, 1);
    zmq_atomic_counter_destroy (&counter);
}

CASE (several_are_separate)
{
    void *counters[50];
    for (int i = 0; i < 50; ++i) {
        counters[i] = zmq_atomic_counter_new ();
        zmq_atomic_counter_set (counters[i], i);
    }
    for (int i = 0; i < 50; ++i)
        CHECK_INT (zmq_atomic_counter_value (counters[i]), i);
    for (int i = 0; i < 50; ++i)
        zmq_atomic_counter_destroy (&counters[i]);
}

CASE (null_counters)
{
    void *counter = NULL;
    zmq_atomic_counter_destroy (&counter);
    zmq_atomic_counter_destroy (NULL);
    zmq_atomic_counter_set (NULL, 1);
    zmq_atomic_counter_inc (NULL);
    zmq_atomic_counter_dec (NULL);
    zmq_atomic_counter_value (NULL);
    CHECK (counter == NULL);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (starts_at_zero);
    RUN (increment_gives_the_old_value);
    RUN (decrement_tells_whether_something_is_left);
    RUN (set);
    RUN (below_zero);
    RUN (wraps_at_the_ends);
    RUN (threads);
    RUN (several_are_separate);
    RUN_OURS (null_counters, "the reference dereferences the pointer");
    return harness_end ();
}
