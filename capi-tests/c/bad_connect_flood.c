/*
 * Peers that only connect: many at once, silent, half-way through, gone again, more than there are
 * descriptors. The good peer keeps talking, and what they took is given back.
 */
#include "bad_victim.h"

#include <sys/resource.h>

static wire_buf_t buf;

/* `count` connections that each say the first `cut` octets of a greeting, all open at once. */
static void flood (int count, size_t cut)
{
    victim_t v = open_victim (ZMQ_ROUTER);
    const int fds_before = (check_good (&v), count_fds ());
    int *fds = calloc ((size_t) count, sizeof *fds);
    REQUIRE (fds != NULL);
    for (int i = 0; i < count; ++i) {
        fds[i] = raw_connect (v.endpoint);
        wire_put_greeting (&buf, 3, 1, "NULL");
        buf.size = cut;
        wire_flush (fds[i], &buf);
        if (i % 20 == 0)
            CHECK_INT (check_good (&v), 0);
    }
    CHECK_INT (check_good (&v), 0);
    for (int i = 0; i < count; ++i)
        close (fds[i]);
    free (fds);
    CHECK (WAIT_FOR (count_fds () <= fds_before));
    close_victim (&v);
}

CASE (silent)
{
    flood (300, 0);
}

CASE (half_a_greeting)
{
    flood (300, 30);
}

CASE (whole_greeting)
{
    flood (300, 64);
}

/* Come and gone, with and without a reset. */
CASE (come_and_gone)
{
    victim_t v = open_victim (ZMQ_ROUTER);
    const int fds_before = (check_good (&v), count_fds ());
    for (int i = 0; i < 1000; ++i) {
        const struct linger reset = {i % 2, 0};
        const int fd = raw_connect (v.endpoint);
        REQUIRE_OK (setsockopt (fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
        close (fd);
        if (i % 50 == 0)
            CHECK_INT (check_good (&v), 0);
    }
    CHECK_INT (check_good (&v), 0);
    CHECK (WAIT_FOR (count_fds () <= fds_before));
    close_victim (&v);
}

/* A handshake and a message each, then gone: peers of a ROUTER must not pile up. */
CASE (many_short_visits)
{
    victim_t v = open_victim (ZMQ_ROUTER);
    char id[8];
    const int fds_before = (check_good (&v), count_fds ());
    for (int i = 0; i < 300; ++i) {
        const int fd = join_victim (&v, i % 2);
        REQUIRE (wire_send (fd, 0, "visit", 5));
        CHECK_INT (zmq_recv (v.socket, id, sizeof id, 0), 5);
        expect_msg (v.socket, "visit");
        close (fd);
    }
    CHECK_INT (check_good (&v), 0);
    CHECK (WAIT_FOR (count_fds () <= fds_before));
    close_victim (&v);
}

/* Runs in a process of its own, with few descriptors: those who come when there are none left. */
ROLE (no_descriptors)
{
    victim_t v = open_victim (ZMQ_ROUTER);
    check_good (&v);
    struct rlimit limit;
    int fds[64];
    /* Our ends take descriptors as well, so make them first; they connect when the limit holds. */
    for (int i = 0; i < 64; ++i)
        fds[i] = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE_OK (getrlimit (RLIMIT_NOFILE, &limit));
    const rlim_t soft = limit.rlim_cur;
    const int highest = fds[63];
    limit.rlim_cur = (rlim_t) highest + 4;
    REQUIRE_OK (setrlimit (RLIMIT_NOFILE, &limit));
    struct sockaddr_storage address;
    const socklen_t size = raw_address (v.endpoint, &address);
    for (int i = 0; i < 64; ++i) {
        REQUIRE_OK (connect (fds[i], (struct sockaddr *) &address, size));
        if (i % 8 == 0)
            CHECK_INT (check_good (&v), 0);
    }
    /* The good one gets through all the while; afterwards there is room again. */
    for (int i = 0; i < 20; ++i) {
        CHECK_INT (check_good (&v), 0);
        msleep (5);
    }
    for (int i = 0; i < 64; ++i)
        close (fds[i]);
    limit.rlim_cur = soft;
    REQUIRE_OK (setrlimit (RLIMIT_NOFILE, &limit));
    const int fd = join_victim (&v, 1);
    REQUIRE (wire_send (fd, 0, "room again", 10));
    char id[8];
    CHECK_INT (zmq_recv (v.socket, id, sizeof id, 0), 5);
    expect_msg (v.socket, "room again");
    close_victim (&v);
    close (fd);
    return 0;
}

CASE (out_of_descriptors)
{
    child_t child = spawn_role ("no_descriptors", NULL);
    CHECK_INT (child_wait (&child), 0);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    ON_ROLE (no_descriptors);
    RUN (silent);
    RUN (half_a_greeting);
    RUN (whole_greeting);
    RUN (come_and_gone);
    RUN (many_short_visits);
    RUN (out_of_descriptors);
    return harness_end ();
}
