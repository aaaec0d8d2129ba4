/*
 * zmq_poll on sockets, descriptors, and both: results, masks, timeouts, errors.
 */
#include "harness.h"
#include <limits.h>

typedef struct
{
    void *ctx, *a, *b;
} pair_t;

static pair_t mk_pair (const char *transport)
{
    pair_t pair;
    pair.ctx = mk_ctx ();
    pair.a = mk_socket (pair.ctx, ZMQ_PAIR);
    pair.b = mk_socket (pair.ctx, ZMQ_PAIR);
    join_sockets (pair.a, pair.b, transport);
    return pair;
}

static void rm_pair (pair_t *pair)
{
    rm_socket (pair->a);
    rm_socket (pair->b);
    rm_ctx (pair->ctx);
}

CASE (no_items)
{
    zmq_pollitem_t none;
    CHECK_INT (zmq_poll (NULL, 0, 0), 0);
    CHECK_INT (zmq_poll (&none, 0, 0), 0);
    const long long start = now_ms ();
    CHECK_INT (zmq_poll (NULL, 0, 50), 0);
    const long long took = now_ms () - start;
    CHECK (took >= 45 && took < DEADLINE_MS);
}

CASE (bad_arguments)
{
    CHECK_ERRNO (zmq_poll (NULL, 1, 0), EFAULT);
    CHECK_ERRNO (zmq_poll (NULL, 1, -1), EFAULT);
    CHECK_ERRNO (zmq_poll (NULL, INT_MAX, 0), EFAULT);
    zmq_pollitem_t item = {NULL, 0, 0, 0};
    CHECK_ERRNO (zmq_poll (&item, -1, 0), EINVAL);
    CHECK_ERRNO (zmq_poll (NULL, -1, 0), EINVAL);
    CHECK_ERRNO (zmq_poll (&item, INT_MIN, 0), EINVAL);
}

CASE (input_and_output)
{
    static const char *const transports[] = {"inproc", "tcp", "ipc"};
    for (int t = 0; t < 3; ++t) {
        pair_t pair = mk_pair (transports[t]);
        bounce (pair.a, pair.b);
        zmq_pollitem_t item = {pair.a, 0, ZMQ_POLLIN, -1};
        CHECK_INT (zmq_poll (&item, 1, 0), 0);
        CHECK_INT (item.revents, 0);
        item.events = ZMQ_POLLOUT;
        CHECK_INT (zmq_poll (&item, 1, DEADLINE_MS), 1);
        CHECK_INT (item.revents, ZMQ_POLLOUT);
        item.events = ZMQ_POLLIN | ZMQ_POLLOUT;
        CHECK_INT (zmq_poll (&item, 1, 0), 1);
        CHECK_INT (item.revents, ZMQ_POLLOUT);
        send_str (pair.b, "x", 0);
        item.events = ZMQ_POLLIN;
        CHECK_INT (zmq_poll (&item, 1, DEADLINE_MS), 1);
        CHECK_INT (item.revents, ZMQ_POLLIN);
        item.events = ZMQ_POLLIN | ZMQ_POLLOUT;
        CHECK_INT (zmq_poll (&item, 1, 0), 1);
        CHECK_INT (item.revents, ZMQ_POLLIN | ZMQ_POLLOUT);
        item.events = 0;
        CHECK_INT (zmq_poll (&item, 1, 0), 0);
        CHECK_INT (item.revents, 0);
        expect_msg (pair.a, "x");
        rm_pair (&pair);
    }
}

CASE (level_triggered)
{
    pair_t pair = mk_pair ("tcp");
    zmq_pollitem_t item = {pair.a, 0, ZMQ_POLLIN, 0};
    for (int i = 0; i < 5; ++i)
        send_str (pair.b, "x", 0);
    for (int i = 0; i < 5; ++i) {
        for (int k = 0; k < 3; ++k)
            CHECK_INT (zmq_poll (&item, 1, DEADLINE_MS), 1);
        expect_msg (pair.a, "x");
    }
    CHECK_INT (zmq_poll (&item, 1, 0), 0);
    rm_pair (&pair);
}

CASE (between_the_frames_of_a_message)
{
    pair_t pair = mk_pair ("tcp");
    zmq_pollitem_t item = {pair.a, 0, ZMQ_POLLIN, 0};
    send_multi (pair.b, 3, "1", "2", "3");
    expect_part (pair.a, "1");
    CHECK_INT (zmq_poll (&item, 1, 0), 1);
    expect_part (pair.a, "2");
    CHECK_INT (zmq_poll (&item, 1, 0), 1);
    expect_msg (pair.a, "3");
    CHECK_INT (zmq_poll (&item, 1, 0), 0);
    rm_pair (&pair);
}

CASE (half_a_message_is_not_readable)
{
    pair_t pair = mk_pair ("inproc");
    zmq_pollitem_t item = {pair.a, 0, ZMQ_POLLIN, 0};
    send_str (pair.b, "1", ZMQ_SNDMORE);
    CHECK_INT (zmq_poll (&item, 1, 0), 0);
    CHECK_INT (zmq_poll (&item, 1, QUIET_MS), 0);
    send_str (pair.b, "2", 0);
    CHECK_INT (zmq_poll (&item, 1, DEADLINE_MS), 1);
    rm_pair (&pair);
}

CASE (timeouts)
{
    pair_t pair = mk_pair ("tcp");
    zmq_pollitem_t items[2] = {{pair.a, 0, ZMQ_POLLIN, 0}, {pair.b, 0, ZMQ_POLLIN, 0}};
    const long waits[] = {0, 1, 30, 100};
    for (size_t i = 0; i < sizeof waits / sizeof *waits; ++i) {
        const long long start = now_ms ();
        CHECK_INT (zmq_poll (items, 2, waits[i]), 0);
        const long long took = now_ms () - start;
        CHECK (took >= waits[i] - 3 && took < DEADLINE_MS);
    }
    rm_pair (&pair);
}

static void *send_later (void *socket)
{
    msleep (100);
    send_str (socket, "x", 0);
    return NULL;
}

CASE (message_ends_the_wait)
{
    static const char *const transports[] = {"inproc", "tcp", "ipc"};
    const long waits[] = {-1, DEADLINE_MS, LONG_MAX};
    for (int t = 0; t < 3; ++t) {
        pair_t pair = mk_pair (transports[t]);
        for (int i = 0; i < 3; ++i) {
            zmq_pollitem_t item = {pair.a, 0, ZMQ_POLLIN, 0};
            pthread_t thread = start_thread (send_later, pair.b);
            CHECK_INT (zmq_poll (&item, 1, waits[i]), 1);
            CHECK_INT (item.revents, ZMQ_POLLIN);
            join_thread (thread);
            expect_msg (pair.a, "x");
        }
        rm_pair (&pair);
    }
}

CASE (descriptors)
{
    int fds[2];
    REQUIRE_OK (pipe (fds));
    zmq_pollitem_t items[2] = {{NULL, fds[0], ZMQ_POLLIN, -1}, {NULL, fds[1], ZMQ_POLLOUT, -1}};
    CHECK_INT (zmq_poll (items, 2, 0), 1);
    CHECK_INT (items[0].revents, 0);
    CHECK_INT (items[1].revents, ZMQ_POLLOUT);
    CHECK_INT (write (fds[1], "x", 1), 1);
    CHECK_INT (zmq_poll (items, 2, -1), 2);
    CHECK_INT (items[0].revents, ZMQ_POLLIN);
    CHECK_INT (items[1].revents, ZMQ_POLLOUT);
    CHECK_INT (zmq_poll (items, 1, DEADLINE_MS), 1);
    close (fds[0]);
    close (fds[1]);
}

CASE (descriptors_with_trouble)
{
    int fds[2];
    /* The other end is gone. */
    REQUIRE_OK (pipe (fds));
    close (fds[1]);
    zmq_pollitem_t item = {NULL, fds[0], ZMQ_POLLIN, 0};
    printf ("  hang-up, POLLIN: %d", zmq_poll (&item, 1, 0));
    printf (" revents %d\n", item.revents);
    item.events = ZMQ_POLLIN | ZMQ_POLLERR;
    printf ("  hang-up, POLLIN and POLLERR: %d", zmq_poll (&item, 1, 0));
    printf (" revents %d\n", item.revents);
    item.events = ZMQ_POLLERR;
    printf ("  hang-up, POLLERR: %d", zmq_poll (&item, 1, 0));
    printf (" revents %d\n", item.revents);
    close (fds[0]);
    /* Not open at all. */
    item.events = ZMQ_POLLIN;
    printf ("  not open: %d", zmq_poll (&item, 1, 0));
    printf (" revents %d\n", item.revents);
    item.fd = 12345;
    printf ("  never open: %d", zmq_poll (&item, 1, 0));
    printf (" revents %d\n", item.revents);
    /* Writing end without a reader. */
    REQUIRE_OK (pipe (fds));
    close (fds[0]);
    item.fd = fds[1];
    item.events = ZMQ_POLLOUT | ZMQ_POLLERR;
    printf ("  no reader: %d", zmq_poll (&item, 1, 0));
    printf (" revents %d\n", item.revents);
    close (fds[1]);
}

CASE (urgent_data)
{
    char endpoint[ENDPOINT_SIZE];
    const int listener = raw_listen (endpoint), client = raw_connect (endpoint);
    const int server = raw_accept (listener, DEADLINE_MS);
    zmq_pollitem_t item = {NULL, server, ZMQ_POLLPRI, 0};
    CHECK_INT (zmq_poll (&item, 1, 0), 0);
    CHECK_INT (send (client, "!", 1, MSG_OOB), 1);
    CHECK_INT (zmq_poll (&item, 1, DEADLINE_MS), 1);
    CHECK_INT (item.revents, ZMQ_POLLPRI);
    close (server);
    close (client);
    close (listener);
}

CASE (flags_that_mean_nothing_for_sockets)
{
    pair_t pair = mk_pair ("inproc");
    zmq_pollitem_t item = {pair.a, 0, ZMQ_POLLERR | ZMQ_POLLPRI, 0};
    send_str (pair.b, "x", 0);
    CHECK_INT (zmq_poll (&item, 1, 20), 0);
    CHECK_INT (item.revents, 0);
    item.events = ZMQ_POLLIN | ZMQ_POLLOUT | ZMQ_POLLERR | ZMQ_POLLPRI;
    CHECK_INT (zmq_poll (&item, 1, 0), 1);
    CHECK_INT (item.revents, ZMQ_POLLIN | ZMQ_POLLOUT);
    rm_pair (&pair);
}

CASE (socket_wins_over_descriptor)
{
    int fds[2];
    pair_t pair = mk_pair ("inproc");
    REQUIRE_OK (pipe (fds));
    CHECK_INT (write (fds[1], "x", 1), 1);
    zmq_pollitem_t item = {pair.a, fds[0], ZMQ_POLLIN, 0};
    CHECK_INT (zmq_poll (&item, 1, 0), 0);
    send_str (pair.b, "x", 0);
    CHECK_INT (zmq_poll (&item, 1, 0), 1);
    close (fds[0]);
    close (fds[1]);
    rm_pair (&pair);
}

CASE (sockets_and_descriptors_mixed)
{
    int fds[2];
    pair_t pair = mk_pair ("tcp");
    REQUIRE_OK (pipe (fds));
    zmq_pollitem_t items[4] = {{pair.a, 0, ZMQ_POLLIN, -1},
                               {NULL, fds[0], ZMQ_POLLIN, -1},
                               {pair.b, 0, ZMQ_POLLIN, -1},
                               {NULL, fds[1], ZMQ_POLLIN, -1}};
    CHECK_INT (zmq_poll (items, 4, 20), 0);
    for (int i = 0; i < 4; ++i)
        CHECK_INT (items[i].revents, 0);
    CHECK_INT (write (fds[1], "x", 1), 1);
    CHECK_INT (zmq_poll (items, 4, -1), 1);
    CHECK_INT (items[1].revents, ZMQ_POLLIN);
    send_str (pair.a, "x", 0);
    CHECK (wait_readable (pair.b));
    CHECK_INT (zmq_poll (items, 4, -1), 2);
    CHECK_INT (items[0].revents, 0);
    CHECK_INT (items[1].revents, ZMQ_POLLIN);
    CHECK_INT (items[2].revents, ZMQ_POLLIN);
    CHECK_INT (items[3].revents, 0);
    close (fds[0]);
    close (fds[1]);
    rm_pair (&pair);
}

/* An item for a socket and one for the ZMQ_FD of the same socket: looking at the first must not hide
   that the second is readable. A program that puts a loop's descriptors and sockets together does this. */
CASE (descriptor_of_a_polled_socket)
{
    pair_t pair = mk_pair ("inproc");
    const int fd = opt_int (pair.a, ZMQ_FD);
    zmq_pollitem_t items[2] = {{pair.a, 0, ZMQ_POLLIN, -1}, {NULL, fd, ZMQ_POLLIN, -1}};
    while (zmq_poll (&items[1], 1, 0) == 1)
        opt_int (pair.a, ZMQ_EVENTS);
    CHECK_INT (zmq_poll (items, 2, 0), 0);
    send_str (pair.b, "x", 0);
    CHECK_INT (zmq_poll (items, 2, 0), 2);
    CHECK_INT (items[0].revents, ZMQ_POLLIN);
    CHECK_INT (items[1].revents, ZMQ_POLLIN);
    expect_msg (pair.a, "x");
    /* A connection in the making is news, though there is no message. */
    while (zmq_poll (&items[1], 1, 0) == 1)
        opt_int (pair.a, ZMQ_EVENTS);
    CHECK_OK (zmq_connect (pair.a, "tcp://127.0.0.1:1"));
    CHECK_INT (zmq_poll (items, 2, DEADLINE_MS), 1);
    CHECK_INT (items[0].revents, 0);
    CHECK_INT (items[1].revents, ZMQ_POLLIN);
    rm_pair (&pair);
}

static void *write_later (void *arg)
{
    msleep (100);
    CHECK_INT (write (*(int *) arg, "x", 1), 1);
    return NULL;
}

CASE (descriptor_ends_the_wait)
{
    int fds[2];
    pair_t pair = mk_pair ("tcp");
    REQUIRE_OK (pipe (fds));
    zmq_pollitem_t items[2] = {{pair.a, 0, ZMQ_POLLIN, 0}, {NULL, fds[0], ZMQ_POLLIN, 0}};
    pthread_t thread = start_thread (write_later, &fds[1]);
    CHECK_INT (zmq_poll (items, 2, -1), 1);
    CHECK_INT (items[0].revents, 0);
    CHECK_INT (items[1].revents, ZMQ_POLLIN);
    join_thread (thread);
    close (fds[0]);
    close (fds[1]);
    rm_pair (&pair);
}

CASE (same_socket_twice)
{
    pair_t pair = mk_pair ("inproc");
    send_str (pair.b, "x", 0);
    zmq_pollitem_t items[3] = {{pair.a, 0, ZMQ_POLLIN, 0}, {pair.a, 0, ZMQ_POLLOUT, 0}, {pair.a, 0, ZMQ_POLLIN, 0}};
    CHECK_INT (zmq_poll (items, 3, 0), 3);
    CHECK_INT (items[0].revents, ZMQ_POLLIN);
    CHECK_INT (items[1].revents, ZMQ_POLLOUT);
    CHECK_INT (items[2].revents, ZMQ_POLLIN);
    rm_pair (&pair);
}

CASE (items_are_not_changed_but_for_revents)
{
    pair_t pair = mk_pair ("inproc");
    zmq_pollitem_t item = {pair.a, 4711, ZMQ_POLLIN | ZMQ_POLLOUT, 77};
    CHECK_INT (zmq_poll (&item, 1, 0), 1);
    CHECK (item.socket == pair.a);
    CHECK_INT (item.fd, 4711);
    CHECK_INT (item.events, ZMQ_POLLIN | ZMQ_POLLOUT);
    CHECK_INT (item.revents, ZMQ_POLLOUT);
    rm_pair (&pair);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (no_items);
    RUN (bad_arguments);
    RUN (input_and_output);
    RUN (level_triggered);
    RUN (between_the_frames_of_a_message);
    RUN (half_a_message_is_not_readable);
    RUN (timeouts);
    RUN (message_ends_the_wait);
    RUN (descriptors);
    RUN (descriptors_with_trouble);
    RUN (urgent_data);
    RUN (flags_that_mean_nothing_for_sockets);
    RUN (socket_wins_over_descriptor);
    RUN (sockets_and_descriptors_mixed);
    RUN (descriptor_of_a_polled_socket);
    RUN (descriptor_ends_the_wait);
    RUN (same_socket_twice);
    RUN (items_are_not_changed_but_for_revents);
    return harness_end ();
}
