/*
 * zmq_timers_*: adding, cancelling, resetting, executing, and every error.
 */
#include "harness.h"

static int fired[100];
static int order[100], orders;
static int last_id;
static void *last_arg;

static void on_timer (int id, void *arg)
{
    last_id = id;
    last_arg = arg;
    if (arg)
        ++*(int *) arg;
    if (orders < 100)
        order[orders++] = id;
}

static void *mk_timers (void)
{
    void *timers = zmq_timers_new ();
    REQUIRE (timers != NULL);
    memset (fired, 0, sizeof fired);
    orders = 0;
    return timers;
}

static void rm_timers (void *timers)
{
    CHECK_OK (zmq_timers_destroy (&timers));
    CHECK (timers == NULL);
}

/* Sleeps as long as the timers say, then executes, until `count` calls were made. */
static void run_until (void *timers, int count)
{
    const long long end = now_ms () + DEADLINE_MS;
    while (orders < count && now_ms () < end) {
        const long wait = zmq_timers_timeout (timers);
        if (wait > 0)
            msleep ((int) wait);
        CHECK_OK (zmq_timers_execute (timers));
    }
    CHECK (orders >= count);
}

CASE (empty)
{
    void *timers = mk_timers ();
    CHECK_INT (zmq_timers_timeout (timers), -1);
    CHECK_OK (zmq_timers_execute (timers));
    CHECK_INT (zmq_timers_timeout (timers), -1);
    rm_timers (timers);
}

CASE (bad_handles)
{
    int value = 0;
    void *null = NULL, *block = calloc (1, 512);
    CHECK_ERRNO (zmq_timers_destroy (&null), EFAULT);
    void *const bad[] = {NULL, block};
    for (int i = 0; i < 2; ++i) {
        CHECK_ERRNO (zmq_timers_add (bad[i], 10, on_timer, &value), EFAULT);
        CHECK_ERRNO (zmq_timers_cancel (bad[i], 1), EFAULT);
        CHECK_ERRNO (zmq_timers_set_interval (bad[i], 1, 10), EFAULT);
        CHECK_ERRNO (zmq_timers_reset (bad[i], 1), EFAULT);
        CHECK_ERRNO (zmq_timers_timeout (bad[i]), EFAULT);
        CHECK_ERRNO (zmq_timers_execute (bad[i]), EFAULT);
    }
    void *copy = block;
    CHECK_ERRNO (zmq_timers_destroy (&copy), EFAULT);
    free (block);
}

CASE (other_handles)
{
    void *ctx = mk_ctx ();
    void *socket = mk_socket (ctx, ZMQ_PAIR);
    void *timers = mk_timers ();
    CHECK_ERRNO (zmq_timers_execute (ctx), EFAULT);
    CHECK_ERRNO (zmq_timers_execute (socket), EFAULT);
    CHECK_ERRNO (zmq_close (timers), ENOTSOCK);
    CHECK_ERRNO (zmq_ctx_term (timers), EFAULT);
    rm_timers (timers);
    rm_socket (socket);
    rm_ctx (ctx);
}

CASE (null_handler)
{
    void *timers = mk_timers ();
    CHECK_ERRNO (zmq_timers_add (timers, 10, NULL, NULL), EFAULT);
    CHECK_INT (zmq_timers_timeout (timers), -1);
    rm_timers (timers);
}

CASE (unknown_ids)
{
    void *timers = mk_timers ();
    const int unknown[] = {-1, 0, 1, 100};
    for (int i = 0; i < 4; ++i) {
        CHECK_ERRNO (zmq_timers_cancel (timers, unknown[i]), EINVAL);
        CHECK_ERRNO (zmq_timers_set_interval (timers, unknown[i], 5), EINVAL);
        CHECK_ERRNO (zmq_timers_reset (timers, unknown[i]), EINVAL);
    }
    const int id = zmq_timers_add (timers, 1000, on_timer, NULL);
    CHECK_OK (zmq_timers_cancel (timers, id));
    CHECK_ERRNO (zmq_timers_cancel (timers, id), EINVAL);
    if (!ON_REFERENCE ("it finds a cancelled timer until the next execution, unlike its manual")) {
        CHECK_ERRNO (zmq_timers_set_interval (timers, id, 5), EINVAL);
        CHECK_ERRNO (zmq_timers_reset (timers, id), EINVAL);
    }
    CHECK_INT (zmq_timers_timeout (timers), -1);
    rm_timers (timers);
}

CASE (ids_are_never_reused)
{
    void *timers = mk_timers ();
    int previous = 0;
    for (int i = 0; i < 20; ++i) {
        const int id = zmq_timers_add (timers, 1000, on_timer, NULL);
        CHECK (id > previous);
        CHECK_OK (zmq_timers_cancel (timers, id));
        previous = id;
    }
    rm_timers (timers);
}

CASE (fires_with_its_arguments)
{
    void *timers = mk_timers ();
    const int id = zmq_timers_add (timers, 30, on_timer, &fired[0]);
    CHECK (id > 0);
    const long wait = zmq_timers_timeout (timers);
    CHECK (wait >= 0 && wait <= 30);
    run_until (timers, 1);
    CHECK_INT (fired[0], 1);
    CHECK_INT (last_id, id);
    CHECK (last_arg == &fired[0]);
    rm_timers (timers);
}

CASE (does_not_fire_early)
{
    void *timers = mk_timers ();
    const long long start = now_ms ();
    zmq_timers_add (timers, 60, on_timer, &fired[0]);
    while (!fired[0] && now_ms () - start < DEADLINE_MS) {
        CHECK_OK (zmq_timers_execute (timers));
        if (fired[0])
            CHECK (now_ms () - start >= 58);
        msleep (1);
    }
    CHECK_INT (fired[0], 1);
    rm_timers (timers);
}

CASE (repeats)
{
    void *timers = mk_timers ();
    zmq_timers_add (timers, 5, on_timer, &fired[0]);
    run_until (timers, 10);
    CHECK_INT (fired[0], orders);
    rm_timers (timers);
}

CASE (late_execution_fires_once)
{
    /* An interval that passed several times over gives one call, not several. */
    void *timers = mk_timers ();
    zmq_timers_add (timers, 10, on_timer, &fired[0]);
    msleep (60);
    CHECK_INT (zmq_timers_timeout (timers), 0);
    CHECK_OK (zmq_timers_execute (timers));
    CHECK_INT (fired[0], 1);
    const long wait = zmq_timers_timeout (timers);
    CHECK (wait >= 0 && wait <= 10);
    rm_timers (timers);
}

CASE (order_of_expiry)
{
    void *timers = mk_timers ();
    /* So far from each other that a pause between two of these lines does not matter. */
    const int slow = zmq_timers_add (timers, 500, on_timer, NULL);
    const int fast = zmq_timers_add (timers, 10, on_timer, NULL);
    const int middle = zmq_timers_add (timers, 250, on_timer, NULL);
    msleep (600);
    CHECK_OK (zmq_timers_execute (timers));
    CHECK_INT (orders, 3);
    CHECK_INT (order[0], fast);
    CHECK_INT (order[1], middle);
    CHECK_INT (order[2], slow);
    rm_timers (timers);
}

CASE (timeout_is_the_nearest)
{
    void *timers = mk_timers ();
    const int far = zmq_timers_add (timers, 100000, on_timer, NULL);
    long wait = zmq_timers_timeout (timers);
    CHECK (wait > 50000 && wait <= 100000);
    const int near = zmq_timers_add (timers, 20000, on_timer, NULL);
    wait = zmq_timers_timeout (timers);
    CHECK (wait > 5000 && wait <= 20000);
    CHECK_OK (zmq_timers_cancel (timers, near));
    wait = zmq_timers_timeout (timers);
    CHECK (wait > 50000 && wait <= 100000);
    CHECK_OK (zmq_timers_cancel (timers, far));
    CHECK_INT (zmq_timers_timeout (timers), -1);
    rm_timers (timers);
}

CASE (cancelled_does_not_fire)
{
    void *timers = mk_timers ();
    const int dead = zmq_timers_add (timers, 10, on_timer, &fired[0]);
    zmq_timers_add (timers, 10, on_timer, &fired[1]);
    CHECK_OK (zmq_timers_cancel (timers, dead));
    msleep (20);
    CHECK_OK (zmq_timers_execute (timers));
    CHECK_INT (fired[0], 0);
    CHECK_INT (fired[1], 1);
    rm_timers (timers);
}

CASE (reset_starts_over)
{
    void *timers = mk_timers ();
    const int id = zmq_timers_add (timers, 100000, on_timer, &fired[0]);
    msleep (500);
    const long before = zmq_timers_timeout (timers);
    CHECK (before <= 100000 - 490);
    CHECK_OK (zmq_timers_reset (timers, id));
    const long after = zmq_timers_timeout (timers);
    CHECK (after > before && after <= 100000);
    CHECK_OK (zmq_timers_execute (timers));
    CHECK_INT (fired[0], 0);
    rm_timers (timers);
}

CASE (set_interval_counts_from_now)
{
    void *timers = mk_timers ();
    const int id = zmq_timers_add (timers, 100000, on_timer, &fired[0]);
    CHECK_OK (zmq_timers_set_interval (timers, id, 20));
    const long wait = zmq_timers_timeout (timers);
    CHECK (wait >= 0 && wait <= 20);
    run_until (timers, 2);
    CHECK_OK (zmq_timers_set_interval (timers, id, 100000));
    CHECK (zmq_timers_timeout (timers) > 50000);
    rm_timers (timers);
}

static void *handled_timers;

static void cancel_itself (int id, void *arg)
{
    ++*(int *) arg;
    CHECK_OK (zmq_timers_cancel (handled_timers, id));
}

static void add_another (int id, void *arg)
{
    (void) id;
    ++*(int *) arg;
    CHECK (zmq_timers_add (handled_timers, 100000, on_timer, NULL) > 0);
}

CASE (handler_cancels_itself)
{
    handled_timers = mk_timers ();
    zmq_timers_add (handled_timers, 5, cancel_itself, &fired[0]);
    msleep (20);
    CHECK_OK (zmq_timers_execute (handled_timers));
    CHECK_INT (fired[0], 1);
    msleep (20);
    CHECK_OK (zmq_timers_execute (handled_timers));
    CHECK_INT (fired[0], 1);
    rm_timers (handled_timers);
}

CASE (handler_adds_another)
{
    handled_timers = mk_timers ();
    const int id = zmq_timers_add (handled_timers, 5, add_another, &fired[0]);
    msleep (20);
    CHECK_OK (zmq_timers_execute (handled_timers));
    CHECK_INT (fired[0], 1);
    CHECK_OK (zmq_timers_cancel (handled_timers, id));
    CHECK (zmq_timers_timeout (handled_timers) > 50000);
    rm_timers (handled_timers);
}

CASE (many)
{
    enum { COUNT = 1000 };
    void *timers = mk_timers ();
    int ids[COUNT];
    for (int i = 0; i < COUNT; ++i)
        ids[i] = zmq_timers_add (timers, (size_t) (i * 7919 % 100), on_timer, &fired[i % 100]);
    for (int i = 0; i < COUNT; i += 2)
        CHECK_OK (zmq_timers_cancel (timers, ids[i]));
    msleep (120);
    CHECK_OK (zmq_timers_execute (timers));
    for (int i = 0; i < 100; ++i)
        CHECK (i % 2 ? fired[i] >= COUNT / 100 : fired[i] == 0);
    rm_timers (timers);
}

CASE (destroyed_twice)
{
    CHECK_ERRNO (zmq_timers_destroy (NULL), EFAULT);
    void *timers = mk_timers (), *copy = timers;
    CHECK_OK (zmq_timers_destroy (&timers));
    CHECK_ERRNO (zmq_timers_destroy (&timers), EFAULT);
    CHECK_ERRNO (zmq_timers_destroy (&copy), EFAULT);
    CHECK_ERRNO (zmq_timers_execute (copy), EFAULT);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (empty);
    RUN (bad_handles);
    RUN (other_handles);
    RUN (null_handler);
    RUN (unknown_ids);
    RUN (ids_are_never_reused);
    RUN (fires_with_its_arguments);
    RUN (does_not_fire_early);
    RUN (repeats);
    RUN (late_execution_fires_once);
    RUN (order_of_expiry);
    RUN (timeout_is_the_nearest);
    RUN (cancelled_does_not_fire);
    RUN (reset_starts_over);
    RUN (set_interval_counts_from_now);
    RUN (handler_cancels_itself);
    RUN (handler_adds_another);
    RUN (many);
    RUN_OURS (destroyed_twice, "the reference dereferences the pointer");
    return harness_end ();
}
