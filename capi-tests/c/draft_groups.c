/*
 * RADIO and DISH, zmq_join and zmq_leave (drafts; RFC 48).
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "harness.h"

static int send_group (void *radio, const char *group, const char *text)
{
    zmq_msg_t msg;
    REQUIRE_OK (zmq_msg_init_buffer (&msg, text, strlen (text)));
    REQUIRE_OK (zmq_msg_set_group (&msg, group));
    const int rc = zmq_msg_send (&msg, radio, 0);
    zmq_msg_close (&msg);
    return rc;
}

/* The next message must be this one; 0 and no complaint when none comes within `timeout`. */
static int recv_group (void *dish, const char *group, const char *text, int timeout)
{
    int ready;
    poll_ready (dish, ZMQ_POLLIN, timeout, &ready);
    if (!ready)
        return 0;
    zmq_msg_t msg;
    zmq_msg_init (&msg);
    CHECK_INT (zmq_msg_recv (&msg, dish, 0), strlen (text));
    CHECK (memcmp (zmq_msg_data (&msg), text, strlen (text)) == 0);
    CHECK_STR (zmq_msg_group (&msg), group);
    CHECK_INT (zmq_msg_more (&msg), 0);
    zmq_msg_close (&msg);
    return 1;
}

/* Sends until the dish gets one, so that its membership is known, then makes sure that it got all. */
static void until_joined (void *radio, void *dish, const char *group)
{
    int count = 0, got = 0;
    const long long end = now_ms () + DEADLINE_MS;
    while (!got && now_ms () < end) {
        CHECK_INT (send_group (radio, group, "sync"), 4);
        ++count;
        got = recv_group (dish, group, "sync", 10);
    }
    REQUIRE (got);
    send_group (radio, group, "mark");
    char text[8];
    do {
        REQUIRE (recv_str (dish, text, sizeof text) >= 0);
    } while (strcmp (text, "mark") != 0);
}

CASE (members_alone_receive)
{
    static const char *const transports[] = {"tcp", "tcp6", "ipc", "inproc"};
    for (int t = 0; t < 4; ++t) {
        if (strcmp (transports[t], "tcp6") == 0 && !has_ipv6 ())
            continue;
        void *ctx = mk_ctx ();
        void *radio = mk_socket (ctx, ZMQ_RADIO), *dish = mk_socket (ctx, ZMQ_DISH);
        CHECK_OK (zmq_join (dish, "Movies"));
        /* Both ways round: who binds does not matter. */
        if (t % 2)
            join_sockets (dish, radio, transports[t]);
        else
            join_sockets (radio, dish, transports[t]);
        until_joined (radio, dish, "Movies");
        CHECK_INT (send_group (radio, "TV", "Friends"), 7);
        CHECK_INT (send_group (radio, "Movie", "a prefix"), 8);
        CHECK_INT (send_group (radio, "Movies2", "more"), 4);
        CHECK_INT (zmq_send (radio, "no group", 8, 0), 8);
        CHECK_INT (send_group (radio, "Movies", "Godfather"), 9);
        CHECK (recv_group (dish, "Movies", "Godfather", DEADLINE_MS));

        CHECK_OK (zmq_join (dish, "TV"));
        until_joined (radio, dish, "TV");
        CHECK_OK (zmq_leave (dish, "TV"));
        CHECK_INT (send_group (radio, "TV", "unseen"), 6);
        CHECK_INT (send_group (radio, "Movies", "last"), 4);
        CHECK (recv_group (dish, "Movies", "last", DEADLINE_MS));
        rm_socket (radio);
        rm_socket (dish);
        rm_ctx (ctx);
    }
}

CASE (names)
{
    void *ctx = mk_ctx ();
    void *radio = mk_socket (ctx, ZMQ_RADIO), *dish = mk_socket (ctx, ZMQ_DISH);
    char name[ZMQ_GROUP_MAX_LENGTH + 2];
    memset (name, 'A', sizeof name);
    name[ZMQ_GROUP_MAX_LENGTH + 1] = '\0';
    CHECK_ERRNO (zmq_join (dish, name), EINVAL);
    name[ZMQ_GROUP_MAX_LENGTH] = '\0';
    CHECK_OK (zmq_join (dish, name));
    CHECK_OK (zmq_join (dish, "\xff\x80"));
    CHECK_OK (zmq_join (dish, ""));
    CHECK_ERRNO (zmq_join (dish, ""), EINVAL);
    CHECK_ERRNO (zmq_join (dish, name), EINVAL);
    CHECK_ERRNO (zmq_leave (dish, "never"), EINVAL);
    CHECK_ERRNO (zmq_join (dish, NULL), EINVAL);
    CHECK_ERRNO (zmq_join (radio, "a"), ENOTSUP);
    CHECK_ERRNO (zmq_leave (radio, "a"), ENOTSUP);
    CHECK_ERRNO (zmq_join (NULL, "a"), ENOTSOCK);
    join_sockets (radio, dish, "tcp");
    until_joined (radio, dish, name);
    until_joined (radio, dish, "\xff\x80");
    until_joined (radio, dish, "");
    rm_socket (radio);
    rm_socket (dish);
    rm_ctx (ctx);
}

CASE (one_frame_one_direction)
{
    char byte;
    void *ctx = mk_ctx ();
    void *radio = mk_socket (ctx, ZMQ_RADIO), *dish = mk_socket (ctx, ZMQ_DISH);
    CHECK_ERRNO (zmq_send (radio, "x", 1, ZMQ_SNDMORE), EINVAL);
    CHECK_ERRNO (zmq_recv (radio, &byte, 1, ZMQ_DONTWAIT), ENOTSUP);
    CHECK_ERRNO (zmq_send (dish, "x", 1, 0), ENOTSUP);
    CHECK_ERRNO (zmq_recv (dish, &byte, 1, ZMQ_DONTWAIT), EAGAIN);
    /* Nobody listens: what is sent goes nowhere, and nothing waits. */
    for (int i = 0; i < 3000; ++i)
        CHECK_INT (send_group (radio, "a", "x"), 1);
    rm_socket (radio);
    rm_socket (dish);
    rm_ctx (ctx);
}

/* A dish tells a new radio what it has joined. */
CASE (memberships_live_through_reconnects)
{
    static const char *const transports[] = {"tcp", "ipc"};
    for (int t = 0; t < 2; ++t) {
        char endpoint[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *radio = mk_socket (ctx, ZMQ_RADIO), *dish = mk_socket (ctx, ZMQ_DISH);
        set_int (dish, ZMQ_RECONNECT_IVL, 10);
        bind_held (radio, transports[t], endpoint);
        CHECK_OK (zmq_connect (dish, endpoint));
        CHECK_OK (zmq_join (dish, "one"));
        CHECK_OK (zmq_join (dish, "two"));
        until_joined (radio, dish, "two");
        rm_socket (radio);
        CHECK_OK (zmq_leave (dish, "one"));
        radio = mk_socket (ctx, ZMQ_RADIO);
        CHECK_OK (zmq_bind (radio, endpoint));
        until_joined (radio, dish, "two");
        CHECK_INT (send_group (radio, "one", "left"), 4);
        CHECK_INT (send_group (radio, "two", "end"), 3);
        CHECK (recv_group (dish, "two", "end", DEADLINE_MS));
        rm_socket (radio);
        rm_socket (dish);
        rm_ctx (ctx);
    }
}

/* What a NULL peer of the other type sends first. */
static void raw_handshake (int fd, const char *type)
{
    static const char greeting[64] = {'\xff', 0, 0, 0, 0, 0, 0, 0, 1, '\x7f', 3, 1, 'N', 'U', 'L', 'L'};
    char ready[64], answer[64];
    const size_t len = strlen (type);
    CHECK (raw_write (fd, greeting, sizeof greeting));
    CHECK_INT (raw_read (fd, answer, sizeof answer), sizeof answer);
    const int size = snprintf (ready, sizeof ready, "\x04%c\x05READY\x0bSocket-Type%c%c%c%c%s",
                               (char) (6 + 12 + 4 + len), 'x', 'x', 'x', (char) len, type);
    memset (ready + size - len - 4, 0, 3);
    CHECK (raw_write (fd, ready, (size_t) size));
}

/* Malformed messages and memberships cost the peer its connection, and nobody else anything. */
CASE (malformed)
{
    static const struct
    {
        int type;
        const char *peer, *bytes;
        size_t size;
        int good;
    } cases[] = {{ZMQ_DISH, "RADIO", "\x01\x01g\x00\x04" "body", 9, 1},
                 {ZMQ_DISH, "RADIO", "\x00\x04" "body", 6, 0},
                 {ZMQ_DISH, "RADIO", "\x01\x01g\x01\x04" "body\x00\x01x", 12, 0},
                 {ZMQ_DISH, "RADIO", "\x01\x03g\0g\x00\x04" "body", 11, 0},
                 {ZMQ_RADIO, "DISH", "\x04\x06\x04JOINg", 8, 1},
                 {ZMQ_RADIO, "DISH", "\x04\x08\x04JOINg\0g", 10, 0},
                 {ZMQ_RADIO, "DISH", "\x04\x09\x05LEAVEg\0g", 11, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char endpoint[ENDPOINT_SIZE], byte;
        void *ctx = mk_ctx ();
        void *socket = mk_socket (ctx, cases[i].type);
        if (cases[i].type == ZMQ_DISH)
            CHECK_OK (zmq_join (socket, "g"));
        bind_any (socket, "tcp", endpoint);
        const int fd = raw_connect (endpoint);
        raw_handshake (fd, cases[i].peer);
        CHECK (raw_write (fd, cases[i].bytes, cases[i].size));
        if (!cases[i].good)
            CHECK (raw_wait_closed (fd));
        else if (cases[i].type == ZMQ_DISH)
            CHECK (recv_group (socket, "g", "body", DEADLINE_MS));
        else {
            int ready = 0;
            const long long end = now_ms () + DEADLINE_MS;
            /* READY is read as well; then a group and a body. */
            char text[256];
            size_t got = 0;
            while (!ready && now_ms () < end && got < sizeof text) {
                send_group (socket, "g", "hello");
                struct pollfd item = {fd, POLLIN, 0};
                if (poll (&item, 1, 10) == 1 && read (fd, text + got, 1) == 1)
                    ++got;
                ready = got >= 10 && memcmp (text + got - 10, "\x01\x01g\x00\x05hello", 10) == 0;
            }
            CHECK (ready);
        }
        CHECK_INT (zmq_recv (socket, &byte, 1, ZMQ_DONTWAIT), -1);
        close (fd);
        rm_socket (socket);
        rm_ctx (ctx);
    }
}

int main (int argc, char **argv)
{
    static const char why[] = "a draft";
    harness_begin (argc, argv);
    RUN_OURS (members_alone_receive, why);
    RUN_OURS (names, why);
    RUN_OURS (one_frame_one_direction, why);
    RUN_OURS (memberships_live_through_reconnects, why);
    RUN_OURS (malformed, why);
    return harness_end ();
}
