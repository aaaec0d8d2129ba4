/*
 * RADIO and DISH over udp (drafts; zmq_udp(7), RFC 48): what datagrams are, who gets them, what is
 * dropped, multicast by loopback, the end. Endpoints are draft_udp_endpoints's.
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "udp.h"

typedef struct
{
    void *ctx, *radio, *dish;
    char endpoint[ENDPOINT_SIZE];
    int port;
} pair_t;

static pair_t mk_pair (const char *wanted, int ipv6)
{
    pair_t p;
    p.ctx = mk_ctx ();
    p.radio = mk_socket (p.ctx, ZMQ_RADIO);
    p.dish = mk_socket (p.ctx, ZMQ_DISH);
    set_int (p.radio, ZMQ_IPV6, ipv6);
    set_int (p.dish, ZMQ_IPV6, ipv6);
    p.port = bind_udp (p.dish, wanted, p.endpoint);
    return p;
}

static void rm_pair (pair_t *p)
{
    rm_socket (p->radio);
    rm_socket (p->dish);
    rm_ctx (p->ctx);
}

CASE (members_alone_receive)
{
    for (int ipv6 = 0; ipv6 <= has_ipv6 (); ++ipv6) {
        pair_t p = mk_pair (ipv6 ? "udp://[::1]:*" : NULL, ipv6);
        char name[ZMQ_GROUP_MAX_LENGTH + 1];
        memset (name, 0xff, sizeof name);
        name[ZMQ_GROUP_MAX_LENGTH] = '\0';
        CHECK_OK (zmq_connect (p.radio, p.endpoint));
        CHECK_OK (zmq_join (p.dish, "Movies"));
        CHECK_INT (send_group (p.radio, "TV", "unseen", 6), 6);
        CHECK_INT (send_group (p.radio, "Movie", "unseen", 6), 6);
        CHECK_INT (send_group (p.radio, "", "unseen", 6), 6);
        CHECK_INT (send_group (p.radio, "Movies", "seen", 4), 4);
        expect_group (p.dish, "Movies", "seen", 4);
        CHECK_OK (zmq_join (p.dish, ""));
        CHECK_OK (zmq_join (p.dish, name));
        CHECK_INT (zmq_send (p.radio, "no group", 8, 0), 8);
        expect_group (p.dish, "", "no group", 8);
        CHECK_INT (send_group (p.radio, name, "", 0), 0);
        expect_group (p.dish, name, "", 0);
        CHECK_OK (zmq_leave (p.dish, "Movies"));
        CHECK_INT (send_group (p.radio, "Movies", "unseen", 6), 6);
        CHECK_INT (send_group (p.radio, name, "last", 4), 4);
        expect_group (p.dish, name, "last", 4);
        rm_pair (&p);
    }
}

/* A DISH on all addresses hears both families, and one RADIO may send to many. */
CASE (many_dishes)
{
    pair_t p = mk_pair ("udp://*:*", has_ipv6 ());
    char endpoint[ENDPOINT_SIZE];
    void *other = mk_socket (p.ctx, ZMQ_DISH);
    CHECK_OK (zmq_join (p.dish, "g"));
    CHECK_OK (zmq_join (other, "g"));
    snprintf (endpoint, sizeof endpoint, "udp://127.0.0.1:%d", p.port);
    CHECK_OK (zmq_connect (p.radio, endpoint));
    bind_udp (other, "udp://lo:*", endpoint);
    CHECK (strncmp (endpoint, "udp://127.0.0.1:", 16) == 0);
    CHECK_OK (zmq_connect (p.radio, endpoint));
    for (int i = 0; i < 20; ++i) {
        CHECK_INT (send_group (p.radio, "g", &i, sizeof i), sizeof i);
        expect_group (p.dish, "g", &i, sizeof i);
        expect_group (other, "g", &i, sizeof i);
    }
    /* One is given up, the other goes on. */
    CHECK_OK (zmq_disconnect (p.radio, endpoint));
    CHECK_ERRNO (zmq_disconnect (p.radio, endpoint), ENOENT);
    CHECK_INT (send_group (p.radio, "g", "x", 1), 1);
    expect_group (p.dish, "g", "x", 1);
    CHECK_ERRNO (zmq_recv (other, endpoint, 1, ZMQ_DONTWAIT), EAGAIN);
    rm_socket (other);
    rm_pair (&p);
}

CASE (bytes_on_the_wire)
{
    char endpoint[ENDPOINT_SIZE], big[8192], expected[8192];
    void *ctx = mk_ctx (), *radio = mk_socket (ctx, ZMQ_RADIO);
    int port;
    const int fd = raw_udp (&port);
    snprintf (endpoint, sizeof endpoint, "udp://127.0.0.1:%d", port);
    CHECK_OK (zmq_connect (radio, endpoint));
    CHECK_INT (send_group (radio, "TV", "Friends", 7), 7);
    raw_expect (fd, "\x02TVFriends", 10);
    CHECK_INT (zmq_send (radio, "", 0, 0), 0);
    raw_expect (fd, "\0", 1);
    memset (big, 'x', sizeof big);
    memcpy (expected, "\1g", 2);
    memcpy (expected + 2, big, sizeof big - 2);
    /* The longest that goes; what is longer goes nowhere, and holds up nothing. */
    CHECK_INT (send_group (radio, "g", big, 8190), 8190);
    raw_expect (fd, expected, 8192);
    CHECK_INT (send_group (radio, "g", big, 8191), 8191);
    CHECK_INT (send_group (radio, "", big, 8192), 8192);
    CHECK_INT (send_group (radio, "g", "after", 5), 5);
    raw_expect (fd, "\1gafter", 7);
    close (fd);
    rm_socket (radio);
    rm_ctx (ctx);
}

/* What is no message is dropped without a trace; what comes after it arrives. */
CASE (malformed)
{
    static char big[65000];
    static const struct
    {
        const char *bytes;
        size_t size;
    } bad[] = {{"", 0},           {"\1", 1},          {"\2g", 2},   {"\xff" "gbody", 6}, {"\x80" "gbody", 6},
               {"\x7fgbody", 6}, {"\2g\0body", 7}, {"\1\0body", 6}, {big, 8193},          {big, 65000}};
    pair_t p = mk_pair (NULL, 0);
    int port;
    const int fd = raw_udp (&port);
    memset (big, 'g', sizeof big);
    big[0] = 1;
    CHECK_OK (zmq_join (p.dish, "g"));
    CHECK_OK (zmq_join (p.dish, ""));
    for (int round = 0; round < 3; ++round)
        for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
            raw_send_to (fd, p.port, bad[i].bytes, bad[i].size);
            raw_send_to (fd, p.port, "\1ggood", 6);
            expect_group (p.dish, "g", "good", 4);
        }
    raw_send_to (fd, p.port, big, 8192);
    expect_group (p.dish, "g", big + 2, 8190);
    raw_send_to (fd, p.port, "\0", 1);
    expect_group (p.dish, "", "", 0);
    CHECK_ERRNO (zmq_recv (p.dish, big, 1, ZMQ_DONTWAIT), EAGAIN);
    close (fd);
    rm_pair (&p);
}

/* A full DISH leaves datagrams to the kernel, which drops them; what it has is the beginning, in order. */
CASE (slow_dish)
{
    enum { SENT = 5000 };
    pair_t p;
    int port, i, got, last = -1;
    p.ctx = mk_ctx ();
    p.radio = mk_socket (p.ctx, ZMQ_RADIO);
    p.dish = mk_socket (p.ctx, ZMQ_DISH);
    set_int (p.dish, ZMQ_RCVHWM, 10);
    /* Room for some dozens. */
    set_int (p.dish, ZMQ_RCVBUF, 20000);
    p.port = bind_udp (p.dish, NULL, p.endpoint);
    CHECK_OK (zmq_join (p.dish, "g"));
    const int fd = raw_udp (&port);
    for (i = 0; i < SENT; ++i) {
        char bytes[2 + sizeof i] = "\1g";
        memcpy (bytes + 2, &i, sizeof i);
        raw_send_to (fd, p.port, bytes, sizeof bytes);
    }
    /* It goes on as before: what is sent when nothing comes any more arrives, behind the rest if there is one. */
    const long long end = now_ms () + DEADLINE_MS;
    int is_over = 0;
    for (i = 0; !is_over && now_ms () < end;) {
        char body[8];
        int ready;
        poll_ready (p.dish, ZMQ_POLLIN, 50, &ready);
        if (!ready) {
            raw_send_to (fd, p.port, "\1gis over", 9);
            continue;
        }
        const int size = zmq_recv (p.dish, body, sizeof body, 0);
        is_over = size == 7 && memcmp (body, "is over", 7) == 0;
        if (is_over)
            break;
        CHECK_INT (size, sizeof got);
        memcpy (&got, body, sizeof got);
        CHECK (got > last);
        if (i < 10)
            CHECK_INT (got, i);
        last = got;
        ++i;
    }
    CHECK (is_over);
    CHECK (i >= 10 && i < SENT / 2);
    close (fd);
    rm_pair (&p);
}

/* A RADIO never waits: not for want of a receiver, nor of room, nor for what cannot be sent. */
CASE (radio_never_waits)
{
    char endpoint[ENDPOINT_SIZE], big[4000] = "";
    void *ctx = mk_ctx ();
    void *radio = mk_socket (ctx, ZMQ_RADIO);
    int port;
    const int fd = raw_udp (&port);
    snprintf (endpoint, sizeof endpoint, "udp://127.0.0.1:%d", port);
    set_int (radio, ZMQ_SNDHWM, 1);
    set_int (radio, ZMQ_SNDTIMEO, 0);
    CHECK_INT (send_group (radio, "a", "x", 1), 1);
    CHECK_OK (zmq_connect (radio, endpoint));
    CHECK_OK (zmq_connect (radio, "udp://127.0.0.1:0"));
    for (int i = 0; i < 3000; ++i)
        CHECK_INT (send_group (radio, "a", big, sizeof big), sizeof big);
    close (fd);
    for (int i = 0; i < 3000; ++i)
        CHECK_INT (send_group (radio, "a", big, 1), 1);
    CHECK_INT (opt_int (radio, ZMQ_EVENTS), ZMQ_POLLOUT);
    rm_socket (radio);
    rm_ctx (ctx);
}

/* Nothing that is not for the DISH makes it readable; what is does, by all ways of looking. */
CASE (polling)
{
    pair_t p = mk_pair (NULL, 0);
    int ready, port;
    const int fd = raw_udp (&port);
    struct pollfd item = {opt_int (p.dish, ZMQ_FD), POLLIN, 0};
    CHECK_OK (zmq_join (p.dish, "g"));
    CHECK_INT (opt_int (p.dish, ZMQ_EVENTS), 0);
    for (int i = 0; i < 50; ++i) {
        raw_send_to (fd, p.port, "\1xother", 7);
        raw_send_to (fd, p.port, "\2gone", 5);
    }
    poll_ready (p.dish, ZMQ_POLLIN, QUIET_MS, &ready);
    CHECK_INT (ready, 0);
    CHECK_INT (opt_int (p.dish, ZMQ_EVENTS), 0);
    for (int i = 0; i < 20; ++i) {
        raw_send_to (fd, p.port, "\1gmine", 6);
        while (!(opt_int (p.dish, ZMQ_EVENTS) & ZMQ_POLLIN))
            REQUIRE (poll (&item, 1, DEADLINE_MS) == 1);
        expect_group (p.dish, "g", "mine", 4);
    }
    raw_send_to (fd, p.port, "\1gmine", 6);
    CHECK (wait_readable (p.dish));
    expect_group (p.dish, "g", "mine", 4);
    CHECK_INT (opt_int (p.dish, ZMQ_EVENTS), 0);
    close (fd);
    rm_pair (&p);
}

/* Datagrams come from nobody that is known. */
CASE (no_metadata)
{
    pair_t p = mk_pair (NULL, 0);
    zmq_msg_t msg;
    CHECK_OK (zmq_connect (p.radio, p.endpoint));
    CHECK_OK (zmq_join (p.dish, "g"));
    CHECK_INT (send_group (p.radio, "g", "x", 1), 1);
    zmq_msg_init (&msg);
    CHECK_INT (zmq_msg_recv (&msg, p.dish, 0), 1);
    CHECK_NULL_ERRNO (zmq_msg_gets (&msg, "Peer-Address"), EINVAL);
    CHECK_NULL_ERRNO (zmq_msg_gets (&msg, "Socket-Type"), EINVAL);
    CHECK_INT (zmq_msg_routing_id (&msg), 0);
    zmq_msg_close (&msg);
    rm_pair (&p);
}

/* Groups of addresses, by loopback; other interfaces and IPv6 are draft_udp_multicast.c's. */
CASE (multicast)
{
    static const struct
    {
        const char *bind;
        int ipv6;
    } groups[] = {{"udp://lo;239.255.%d.%d:*", 0},
                  {"udp://127.0.0.1;239.255.%d.%d:*", 1}};
    for (int i = 0; i < 2; ++i) {
        char wanted[ENDPOINT_SIZE], strange[ENDPOINT_SIZE], endpoint[ENDPOINT_SIZE];
        pair_t p;
        void *second;
        snprintf (wanted, sizeof wanted, groups[i].bind, getpid () % 200, i + 1);
        p = mk_pair (wanted, groups[i].ipv6);
        CHECK (strncmp (p.endpoint, wanted, strlen (wanted) - 1) == 0);
        second = mk_socket (p.ctx, ZMQ_DISH);
        set_int (second, ZMQ_IPV6, groups[i].ipv6);
        CHECK_OK (zmq_bind (second, p.endpoint));
        CHECK_OK (zmq_join (p.dish, "g"));
        CHECK_OK (zmq_join (second, "g"));
        /* Another group, which a third one of this host has joined, by the same port. */
        snprintf (strange, sizeof strange, groups[i].bind, getpid () % 200, i + 101);
        snprintf (strange + strlen (strange) - 1, 8, "%d", p.port);
        void *third = mk_socket (p.ctx, ZMQ_DISH);
        set_int (third, ZMQ_IPV6, groups[i].ipv6);
        CHECK_OK (zmq_bind (third, strange));
        CHECK_OK (zmq_join (third, "g"));
        last_endpoint (third, endpoint);
        CHECK_STR (endpoint, strange);
        CHECK_OK (zmq_connect (p.radio, strange));
        CHECK_INT (send_group (p.radio, "g", "strange", 7), 7);
        expect_group (third, "g", "strange", 7);
        CHECK_OK (zmq_connect (p.radio, p.endpoint));
        CHECK_INT (send_group (p.radio, "g", "to all", 6), 6);
        expect_group (p.dish, "g", "to all", 6);
        expect_group (second, "g", "to all", 6);
        expect_group (third, "g", "to all", 6);
        rm_socket (second);
        rm_socket (third);
        rm_pair (&p);
    }
}

static void *recv_until_end (void *dish)
{
    char byte;
    int count = 0;
    while (zmq_recv (dish, &byte, 1, 0) == 1)
        ++count;
    CHECK_INT (zmq_errno (), ETERM);
    CHECK_OK (zmq_close (dish));
    return (void *) (intptr_t) count;
}

/* What was sent leaves before its socket's context ends; a receiver that waits is woken by that. */
CASE (the_end)
{
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx (), *sending = mk_ctx ();
    void *dish = mk_socket (ctx, ZMQ_DISH), *radio = mk_socket (sending, ZMQ_RADIO);
    set_int (dish, ZMQ_RCVTIMEO, -1);
    bind_udp (dish, NULL, endpoint);
    CHECK_OK (zmq_join (dish, "g"));
    CHECK_OK (zmq_connect (radio, endpoint));
    for (int i = 0; i < 100; ++i)
        CHECK_INT (send_group (radio, "g", "x", 1), 1);
    rm_socket_linger (radio);
    rm_ctx (sending);
    for (int i = 0; i < 100; ++i)
        expect_group (dish, "g", "x", 1);
    const pthread_t waiting = start_thread (recv_until_end, dish);
    msleep (20);
    rm_ctx (ctx);
    CHECK_INT ((intptr_t) join_thread (waiting), 0);
}

static void *send_many (void *radio)
{
    for (int i = 0; i < 2000; ++i)
        CHECK_INT (send_group (radio, "g", &i, sizeof i), sizeof i);
    return NULL;
}

/* Threads may share a RADIO; datagrams may get lost, but none is broken. */
CASE (threads)
{
    pair_t p = mk_pair (NULL, 0);
    pthread_t threads[3];
    int got, count = 0, last = 0;
    set_int (p.dish, ZMQ_RCVHWM, 0);
    CHECK_OK (zmq_connect (p.radio, p.endpoint));
    CHECK_OK (zmq_join (p.dish, "g"));
    for (int i = 0; i < 3; ++i)
        threads[i] = start_thread (send_many, p.radio);
    for (int i = 0; i < 3; ++i)
        join_thread (threads[i]);
    while (!last) {
        int ready;
        CHECK_INT (send_group (p.radio, "g", "end", 3), 3);
        poll_ready (p.dish, ZMQ_POLLIN, 10, &ready);
        while ((got = zmq_recv (p.dish, &ready, sizeof ready, ZMQ_DONTWAIT)) >= 0) {
            CHECK (got == sizeof ready || got == 3);
            last |= got == 3;
            ++count;
        }
    }
    CHECK (count > 100);
    rm_pair (&p);
}

/* A child can close what it inherited, and have sockets of its own; the parent's go on. */
CASE (forked)
{
    pair_t p = mk_pair (NULL, 0);
    CHECK_OK (zmq_connect (p.radio, p.endpoint));
    CHECK_OK (zmq_join (p.dish, "g"));
    CHECK_INT (send_group (p.radio, "g", "before", 6), 6);
    expect_group (p.dish, "g", "before", 6);
    fflush (stdout);
    const pid_t pid = fork ();
    REQUIRE (pid >= 0);
    if (pid == 0) {
        alarm (30);
        CHECK_ERRNO (send_group (p.radio, "g", "x", 1), ETERM);
        CHECK_ERRNO (zmq_bind (p.dish, "udp://127.0.0.1:*"), ETERM);
        CHECK_OK (zmq_close (p.radio));
        CHECK_OK (zmq_close (p.dish));
        CHECK_OK (zmq_ctx_term (p.ctx));
        pair_t own = mk_pair (NULL, 0);
        CHECK_OK (zmq_connect (own.radio, own.endpoint));
        CHECK_OK (zmq_join (own.dish, "g"));
        CHECK_INT (send_group (own.radio, "g", "own", 3), 3);
        expect_group (own.dish, "g", "own", 3);
        rm_pair (&own);
        execl ("/bin/sh", "sh", "-c", harness.case_failures ? "exit 1" : "exit 0", (char *) NULL);
        _exit (1);
    }
    CHECK_INT (wait_pid (pid), 0);
    CHECK_INT (send_group (p.radio, "g", "after", 5), 5);
    expect_group (p.dish, "g", "after", 5);
    rm_pair (&p);
}

int main (int argc, char **argv)
{
    static const char why[] = "a draft";
    harness_begin (argc, argv);
    RUN_OURS (members_alone_receive, why);
    RUN_OURS (many_dishes, why);
    RUN_OURS (bytes_on_the_wire, why);
    RUN_OURS (malformed, why);
    RUN_OURS (slow_dish, why);
    RUN_OURS (radio_never_waits, why);
    RUN_OURS (polling, why);
    RUN_OURS (no_metadata, why);
    RUN_OURS (multicast, why);
    RUN_OURS (the_end, why);
    RUN_OURS (threads, why);
    RUN_OURS (forked, why);
    return harness_end ();
}
