/*
 * An error that a socket of udp tells while there are datagrams: they come nevertheless. This program stands between
 * the library and the C library.
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "udp.h"
#include <sys/syscall.h>

/* What the next look for datagrams fails with; 0: it does not. */
static volatile int receive_error;

int recvmmsg (int fd, struct mmsghdr *messages, unsigned int count, int flags, struct timespec *timeout)
{
    const int error = __sync_lock_test_and_set (&receive_error, 0);
    if (error) {
        errno = error;
        return -1;
    }
    return (int) syscall (SYS_recvmmsg, fd, messages, count, flags, timeout);
}

CASE (an_error_holds_back_no_datagram)
{
    static const int errors[] = {ECONNREFUSED, ENOMEM, EINTR};
    char endpoint[ENDPOINT_SIZE], text[64];
    int from;
    void *ctx = mk_ctx (), *dgram = mk_socket (ctx, ZMQ_DGRAM);
    const int port = bind_udp (dgram, NULL, endpoint);
    const int fd = raw_udp (&from);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; ++i) {
        /* What is there is taken first, so that only the next datagram finds the error. */
        raw_send_to (fd, port, "before", 6);
        CHECK (zmq_recv (dgram, text, sizeof text, 0) > 0);
        CHECK_INT (zmq_recv (dgram, text, sizeof text, 0), 6);
        receive_error = errors[i];
        raw_send_to (fd, port, "behind", 6);
        CHECK (zmq_recv (dgram, text, sizeof text, 0) > 0);
        CHECK_INT (zmq_recv (dgram, text, sizeof text, 0), 6);
        CHECK_INT (receive_error, 0);
    }
    close (fd);
    rm_socket (dgram);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN_OURS (an_error_holds_back_no_datagram, "a draft");
    return harness_end ();
}
