/*
 * zmq_sendiov and zmq_recviov: one multipart message from and to a vector of buffers. The
 * functions have no manual page; what counts is what the reference does.
 */
#include "harness.h"
#include <sys/uio.h>

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

static struct iovec part (const char *text)
{
    struct iovec part = {(void *) text, strlen (text)};
    return part;
}

/* Compares a received part and releases it. */
static void expect_iov (struct iovec *got, const char *text)
{
    CHECK_INT (got->iov_len, strlen (text));
    if (got->iov_len == strlen (text))
        CHECK_MEM (got->iov_base, text, strlen (text));
    free (got->iov_base);
    got->iov_base = NULL;
}

CASE (send_parts)
{
    static const char *const transports[] = {"inproc", "tcp", "ipc"};
    for (int t = 0; t < 3; ++t) {
        pair_t pair = mk_pair (transports[t]);
        struct iovec parts[] = {part ("one"), part (""), part ("three"), part ("4")};
        const int rc = zmq_sendiov (pair.a, parts, 4, ZMQ_SNDMORE);
        printf ("  %s: %d\n", transports[t], rc);
        expect_multi (pair.b, 4, "one", "", "three", "4");
        rm_pair (&pair);
    }
}

CASE (send_one_part)
{
    pair_t pair = mk_pair ("inproc");
    struct iovec parts[] = {part ("alone")};
    CHECK_INT (zmq_sendiov (pair.a, parts, 1, 0), 5);
    expect_msg (pair.b, "alone");
    CHECK_INT (zmq_sendiov (pair.a, parts, 1, ZMQ_SNDMORE), 5);
    expect_msg (pair.b, "alone");
    rm_pair (&pair);
}

CASE (send_without_the_more_flag)
{
    pair_t pair = mk_pair ("inproc");
    struct iovec parts[] = {part ("one"), part ("two")};
    printf ("  %d\n", zmq_sendiov (pair.a, parts, 2, 0));
    expect_msg (pair.b, "one");
    expect_msg (pair.b, "two");
    rm_pair (&pair);
}

CASE (send_nothing)
{
    pair_t pair = mk_pair ("inproc");
    struct iovec parts[] = {part ("x")};
    CHECK_ERRNO (zmq_sendiov (pair.a, parts, 0, 0), EINVAL);
    CHECK_ERRNO (zmq_sendiov (pair.a, NULL, 1, 0), EINVAL);
    CHECK_ERRNO (zmq_sendiov (pair.a, NULL, 0, ZMQ_SNDMORE), EINVAL);
    expect_nothing (pair.b);
    rm_pair (&pair);
}

CASE (send_to_nobody)
{
    void *ctx = mk_ctx ();
    void *push = mk_socket (ctx, ZMQ_PUSH), *sub = mk_socket (ctx, ZMQ_SUB);
    struct iovec parts[] = {part ("one"), part ("two")};
    CHECK_ERRNO (zmq_sendiov (push, parts, 2, ZMQ_SNDMORE | ZMQ_DONTWAIT), EAGAIN);
    CHECK_ERRNO (zmq_sendiov (sub, parts, 2, ZMQ_SNDMORE), ENOTSUP);
    rm_socket (push);
    rm_socket (sub);
    rm_ctx (ctx);
}

CASE (send_copies_the_buffers)
{
    pair_t pair = mk_pair ("inproc");
    char text[100];
    memset (text, 'a', sizeof text);
    struct iovec one = {text, sizeof text};
    CHECK_INT (zmq_sendiov (pair.a, &one, 1, 0), 100);
    memset (text, 'b', sizeof text);
    CHECK_INT (zmq_recv (pair.b, text, sizeof text, 0), 100);
    CHECK_INT (text[0], 'a');
    CHECK_INT (text[99], 'a');
    rm_pair (&pair);
}

CASE (receive_parts)
{
    static const char *const transports[] = {"inproc", "tcp", "ipc"};
    for (int t = 0; t < 3; ++t) {
        pair_t pair = mk_pair (transports[t]);
        struct iovec parts[3];
        size_t count = 3;
        send_multi (pair.a, 3, "one", "two", "a third part that is longer than the others");
        const int rc = zmq_recviov (pair.b, parts, &count, 0);
        printf ("  %s: %d, count %zu\n", transports[t], rc, count);
        expect_iov (&parts[0], "one");
        expect_iov (&parts[1], "two");
        expect_iov (&parts[2], "a third part that is longer than the others");
        rm_pair (&pair);
    }
}

CASE (receive_fewer_than_there_is_room_for)
{
    pair_t pair = mk_pair ("inproc");
    struct iovec parts[10];
    size_t count = 10;
    memset (parts, 0, sizeof parts);
    send_multi (pair.a, 2, "one", "two");
    send_str (pair.a, "another message", 0);
    CHECK_INT (zmq_recviov (pair.b, parts, &count, 0), 2);
    CHECK_INT (count, 2);
    expect_iov (&parts[0], "one");
    expect_iov (&parts[1], "two");
    CHECK (parts[2].iov_base == NULL);
    expect_msg (pair.b, "another message");
    rm_pair (&pair);
}

CASE (receive_more_than_there_is_room_for)
{
    pair_t pair = mk_pair ("inproc");
    struct iovec parts[2];
    size_t count = 2;
    send_multi (pair.a, 5, "1", "2", "3", "4", "5");
    CHECK_INT (zmq_recviov (pair.b, parts, &count, 0), 2);
    CHECK_INT (count, 2);
    CHECK_INT (opt_int (pair.b, ZMQ_RCVMORE), 1);
    expect_iov (&parts[0], "1");
    expect_iov (&parts[1], "2");
    count = 2;
    CHECK_INT (zmq_recviov (pair.b, parts, &count, 0), 2);
    CHECK_INT (count, 2);
    expect_iov (&parts[0], "3");
    expect_iov (&parts[1], "4");
    count = 2;
    CHECK_INT (zmq_recviov (pair.b, parts, &count, 0), 1);
    CHECK_INT (count, 1);
    expect_iov (&parts[0], "5");
    rm_pair (&pair);
}

CASE (receive_nothing)
{
    pair_t pair = mk_pair ("inproc");
    struct iovec parts[2];
    size_t count = 2;
    CHECK_ERRNO (zmq_recviov (pair.b, parts, &count, ZMQ_DONTWAIT), EAGAIN);
    count = 2;
    set_int (pair.b, ZMQ_RCVTIMEO, 20);
    CHECK_ERRNO (zmq_recviov (pair.b, parts, &count, 0), EAGAIN);
    rm_pair (&pair);
}

CASE (receive_into_no_room)
{
    pair_t pair = mk_pair ("inproc");
    struct iovec parts[2];
    size_t count = 0;
    send_str (pair.a, "waiting", 0);
    CHECK_ERRNO (zmq_recviov (pair.b, parts, &count, 0), EINVAL);
    count = 2;
    CHECK_ERRNO (zmq_recviov (pair.b, NULL, &count, 0), EINVAL);
    CHECK_ERRNO (zmq_recviov (pair.b, parts, NULL, 0), EINVAL);
    expect_msg (pair.b, "waiting");
    rm_pair (&pair);
}

CASE (receive_large_parts)
{
    pair_t pair = mk_pair ("tcp");
    struct iovec parts[2];
    size_t count = 2;
    char *large = malloc (300000);
    memset (large, 'L', 300000);
    CHECK_INT (zmq_send (pair.a, large, 300000, ZMQ_SNDMORE), 300000);
    CHECK_INT (zmq_send (pair.a, large, 200000, 0), 200000);
    CHECK_INT (zmq_recviov (pair.b, parts, &count, 0), 2);
    CHECK_INT (parts[0].iov_len, 300000);
    CHECK_MEM (parts[0].iov_base, large, 300000);
    CHECK_INT (parts[1].iov_len, 200000);
    CHECK_MEM (parts[1].iov_base, large, 200000);
    free (parts[0].iov_base);
    free (parts[1].iov_base);
    free (large);
    rm_pair (&pair);
}

CASE (round_trip)
{
    pair_t pair = mk_pair ("tcp");
    struct iovec out[100], in[100];
    char text[100][16];
    for (int i = 0; i < 100; ++i) {
        snprintf (text[i], sizeof text[i], "p%d", i);
        out[i] = part (text[i]);
    }
    for (size_t size = 1; size <= 100; size += 33) {
        size_t count = 100;
        CHECK (zmq_sendiov (pair.a, out, size, ZMQ_SNDMORE) > 0);
        CHECK_INT (zmq_recviov (pair.b, in, &count, 0), size);
        CHECK_INT (count, size);
        for (size_t i = 0; i < size; ++i)
            expect_iov (&in[i], text[i]);
    }
    rm_pair (&pair);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (send_parts);
    RUN (send_one_part);
    RUN (send_without_the_more_flag);
    RUN (send_nothing);
    RUN (send_to_nobody);
    RUN (send_copies_the_buffers);
    RUN (receive_parts);
    RUN (receive_fewer_than_there_is_room_for);
    RUN (receive_more_than_there_is_room_for);
    RUN (receive_nothing);
    RUN (receive_into_no_room);
    RUN (receive_large_parts);
    RUN (round_trip);
    return harness_end ();
}
