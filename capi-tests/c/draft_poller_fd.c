/*
 * zmq_poller_fd (draft): a descriptor by which an event loop waits for all sockets of a poller.
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "harness.h"
#include <fcntl.h>

static int is_readable (int fd, int timeout)
{
    struct pollfd item = {fd, POLLIN, 0};
    int rc;
    do {
        rc = poll (&item, 1, timeout);
    } while (rc == -1 && errno == EINTR);
    return rc == 1 && item.revents == POLLIN;
}

/* Waits without sleeping until nothing is found; how often something was. */
static int drain_events (void *poller)
{
    zmq_poller_event_t event;
    int count = 0;
    while (count < 1000 && zmq_poller_wait (poller, &event, 0) == 0)
        ++count;
    CHECK (count == 1000 || zmq_errno () == EAGAIN);
    return count;
}

static int poller_fd (void *poller)
{
    int fd = -1;
    REQUIRE_OK (zmq_poller_fd (poller, &fd));
    return fd;
}

CASE (only_with_thread_safe_sockets)
{
    int fd = -1, number = 0;
    void *ctx = mk_ctx ();
    void *plain = mk_socket (ctx, ZMQ_PAIR), *safe = mk_socket (ctx, ZMQ_SERVER);
    void *poller = zmq_poller_new ();
    CHECK_ERRNO (zmq_poller_fd (NULL, &fd), EFAULT);
    CHECK_ERRNO (zmq_poller_fd (&number, &fd), EFAULT);
    CHECK_ERRNO (zmq_poller_fd (poller, &fd), EINVAL);
    CHECK_OK (zmq_poller_add (poller, plain, NULL, ZMQ_POLLIN));
    CHECK_OK (zmq_poller_add_fd (poller, 0, NULL, ZMQ_POLLIN));
    CHECK_ERRNO (zmq_poller_fd (poller, &fd), EINVAL);
    CHECK_INT (fd, -1);
    CHECK_OK (zmq_poller_add (poller, safe, NULL, 0));
    CHECK_ERRNO (zmq_poller_fd (poller, NULL), EFAULT);
    CHECK_OK (zmq_poller_fd (poller, &fd));
    CHECK (fcntl (fd, F_GETFD) & FD_CLOEXEC);
    CHECK_INT (poller_fd (poller), fd);
    /* It stays, whoever goes. */
    CHECK_OK (zmq_poller_remove (poller, safe));
    CHECK_INT (poller_fd (poller), fd);
    CHECK_OK (zmq_poller_destroy (&poller));
    CHECK_INT (fcntl (fd, F_GETFD), -1);
    rm_socket (plain);
    rm_socket (safe);
    rm_ctx (ctx);
}

enum { MESSAGES = 3000 };

typedef struct
{
    void *socket;
    int index;
} sender_t;

static void *send_many (void *arg)
{
    const sender_t *sender = arg;
    for (int i = 0; i < MESSAGES; ++i) {
        REQUIRE (zmq_send (sender->socket, &sender->index, sizeof sender->index, 0) == sizeof (int));
        if (i % 97 == 0)
            msleep (1);
    }
    return NULL;
}

/* A loop that takes one message at each turn never sleeps while there is one. */
CASE (a_loop_misses_nothing)
{
    static const char *const transports[] = {"tcp", "ipc", "inproc"};
    enum { SERVERS = 3 };
    sender_t senders[SERVERS];
    pthread_t threads[SERVERS];
    void *servers[SERVERS];
    int got[SERVERS] = {0}, total = 0;
    void *ctx = mk_ctx ();
    void *poller = zmq_poller_new ();
    for (int i = 0; i < SERVERS; ++i) {
        servers[i] = mk_socket (ctx, ZMQ_SERVER);
        senders[i].socket = mk_socket (ctx, ZMQ_CLIENT);
        senders[i].index = i;
        join_sockets (servers[i], senders[i].socket, transports[i]);
        CHECK_OK (zmq_poller_add (poller, servers[i], &got[i], ZMQ_POLLIN));
    }
    const int fd = poller_fd (poller);
    for (int i = 0; i < SERVERS; ++i)
        threads[i] = start_thread (send_many, &senders[i]);
    while (total < SERVERS * MESSAGES) {
        zmq_poller_event_t event;
        int index = -1;
        REQUIRE (is_readable (fd, DEADLINE_MS));
        if (zmq_poller_wait (poller, &event, 0) == -1) {
            REQUIRE (zmq_errno () == EAGAIN);
            continue;
        }
        REQUIRE (zmq_recv (event.socket, &index, sizeof index, ZMQ_DONTWAIT) == sizeof index);
        REQUIRE (event.user_data == &got[index]);
        ++got[index];
        ++total;
    }
    for (int i = 0; i < SERVERS; ++i)
        CHECK_INT (got[i], MESSAGES);
    CHECK_INT (drain_events (poller), 0);
    CHECK (!is_readable (fd, 0));
    CHECK_OK (zmq_poller_destroy (&poller));
    for (int i = 0; i < SERVERS; ++i) {
        join_thread (threads[i]);
        rm_socket (senders[i].socket);
        rm_socket (servers[i]);
    }
    rm_ctx (ctx);
}

/* A wait with room for one event leaves the descriptor readable for the other. */
CASE (what_had_no_room_is_not_lost)
{
    zmq_poller_event_t events[2];
    void *ctx = mk_ctx ();
    void *one = mk_socket (ctx, ZMQ_SERVER), *other = mk_socket (ctx, ZMQ_GATHER);
    void *client = mk_socket (ctx, ZMQ_CLIENT), *scatter = mk_socket (ctx, ZMQ_SCATTER);
    void *poller = zmq_poller_new ();
    join_sockets (one, client, "tcp");
    join_sockets (other, scatter, "tcp");
    CHECK_OK (zmq_poller_add (poller, one, NULL, ZMQ_POLLIN));
    CHECK_OK (zmq_poller_add (poller, other, NULL, ZMQ_POLLIN));
    const int fd = poller_fd (poller);
    CHECK_INT (drain_events (poller), 0);
    CHECK (!is_readable (fd, 0));
    send_str (client, "one", 0);
    send_str (scatter, "other", 0);
    REQUIRE (WAIT_FOR (zmq_poller_wait_all (poller, events, 2, 0) == 2));
    CHECK (is_readable (fd, 0));
    CHECK_OK (zmq_poller_wait (poller, events, 0));
    CHECK (is_readable (fd, 0));
    expect_msg (one, "one");
    CHECK (is_readable (fd, 0));
    CHECK_OK (zmq_poller_wait (poller, events, 0));
    CHECK (events[0].socket == other);
    expect_msg (other, "other");
    CHECK_INT (drain_events (poller), 0);
    CHECK (!is_readable (fd, 0));
    CHECK_OK (zmq_poller_destroy (&poller));
    rm_socket (client);
    rm_socket (scatter);
    rm_socket (one);
    rm_socket (other);
    rm_ctx (ctx);
}

/* What other descriptors say is not told. */
CASE (descriptors_do_not_count)
{
    zmq_poller_event_t event;
    int ends[2];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_SERVER);
    void *poller = zmq_poller_new ();
    REQUIRE (pipe (ends) == 0);
    CHECK_OK (zmq_poller_add (poller, server, NULL, ZMQ_POLLIN));
    CHECK_OK (zmq_poller_add_fd (poller, ends[1], NULL, ZMQ_POLLOUT));
    const int fd = poller_fd (poller);
    CHECK_OK (zmq_poller_wait (poller, &event, 0));
    CHECK_INT (event.fd, ends[1]);
    CHECK (!is_readable (fd, 0));
    CHECK_OK (zmq_poller_destroy (&poller));
    close (ends[0]);
    close (ends[1]);
    rm_socket (server);
    rm_ctx (ctx);
}

/* Only sockets that the poller waits for count, whenever they came; plain ones too. */
CASE (members_come_and_go)
{
    zmq_poller_event_t event;
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_SERVER), *client = mk_socket (ctx, ZMQ_CLIENT);
    void *pull = mk_socket (ctx, ZMQ_PULL), *push = mk_socket (ctx, ZMQ_PUSH);
    void *poller = zmq_poller_new ();
    join_sockets (server, client, "tcp");
    join_sockets (pull, push, "tcp");
    CHECK_OK (zmq_poller_add (poller, server, NULL, 0));
    const int fd = poller_fd (poller);
    CHECK_INT (drain_events (poller), 0);
    send_str (client, "first", 0);
    REQUIRE (wait_readable (server));
    CHECK (!is_readable (fd, 0));
    CHECK_OK (zmq_poller_modify (poller, server, ZMQ_POLLIN));
    CHECK (is_readable (fd, DEADLINE_MS));
    CHECK_OK (zmq_poller_wait (poller, &event, 0));
    CHECK (is_readable (fd, 0));
    CHECK_ERRNO (zmq_poller_modify (poller, server, 1 << 10), EINVAL);
    CHECK (is_readable (fd, 0));
    CHECK_OK (zmq_poller_modify (poller, server, 0));
    CHECK_INT (drain_events (poller), 0);
    CHECK (!is_readable (fd, 0));
    send_str (client, "another", 0);
    CHECK_OK (zmq_poller_modify (poller, server, ZMQ_POLLIN));
    CHECK (is_readable (fd, DEADLINE_MS));
    CHECK_OK (zmq_poller_remove (poller, server));
    CHECK_INT (drain_events (poller), 0);
    CHECK (!is_readable (fd, 0));

    CHECK_OK (zmq_poller_add (poller, pull, NULL, ZMQ_POLLIN));
    CHECK_INT (drain_events (poller), 0);
    CHECK (!is_readable (fd, 0));
    send_str (push, "second", 0);
    CHECK (is_readable (fd, DEADLINE_MS));
    CHECK (WAIT_FOR (zmq_poller_wait (poller, &event, 0) == 0));
    CHECK (event.socket == pull);
    expect_msg (pull, "second");
    CHECK_INT (drain_events (poller), 0);
    CHECK (!is_readable (fd, 0));
    /* One that is closed without being removed does no harm. */
    rm_socket (pull);
    CHECK_ERRNO (zmq_poller_wait (poller, &event, 0), ENOTSOCK);
    CHECK_OK (zmq_poller_destroy (&poller));
    rm_socket (push);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

/* Room to send shows as well. */
CASE (room_shows)
{
    zmq_poller_event_t event;
    char endpoint[ENDPOINT_SIZE];
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_SERVER), *client = mk_socket (ctx, ZMQ_CLIENT);
    void *poller = zmq_poller_new ();
    CHECK_OK (zmq_poller_add (poller, client, NULL, ZMQ_POLLOUT));
    const int fd = poller_fd (poller);
    CHECK_INT (drain_events (poller), 0);
    CHECK (!is_readable (fd, 0));
    bind_any (server, "tcp", endpoint);
    CHECK_OK (zmq_connect (client, endpoint));
    CHECK (is_readable (fd, DEADLINE_MS));
    CHECK (WAIT_FOR (zmq_poller_wait (poller, &event, 0) == 0));
    CHECK_INT (event.events, ZMQ_POLLOUT);
    CHECK_OK (zmq_poller_destroy (&poller));
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (the_end_of_the_context_shows)
{
    zmq_poller_event_t event;
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_SERVER);
    void *poller = zmq_poller_new ();
    CHECK_OK (zmq_poller_add (poller, server, NULL, ZMQ_POLLIN));
    const int fd = poller_fd (poller);
    CHECK_INT (drain_events (poller), 0);
    CHECK (!is_readable (fd, 0));
    CHECK_OK (zmq_ctx_shutdown (ctx));
    CHECK (is_readable (fd, DEADLINE_MS));
    CHECK_ERRNO (zmq_poller_wait (poller, &event, 0), ETERM);
    CHECK_OK (zmq_poller_destroy (&poller));
    CHECK_OK (zmq_close (server));
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    static const char why[] = "a draft";
    harness_begin (argc, argv);
    RUN_OURS (only_with_thread_safe_sockets, why);
    RUN_OURS (a_loop_misses_nothing, why);
    RUN_OURS (what_had_no_room_is_not_lost, why);
    RUN_OURS (descriptors_do_not_count, why);
    RUN_OURS (members_come_and_go, why);
    RUN_OURS (room_shows, why);
    RUN_OURS (the_end_of_the_context_shows, why);
    return harness_end ();
}
