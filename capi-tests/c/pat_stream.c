/*
 * STREAM (zmq_socket(3), ZMQ_STREAM_NOTIFY in zmq_setsockopt(3)): plain TCP peers, each with a
 * routing id; notices of connects and disconnects; closing by an empty message.
 */
#include "pat_common.h"

typedef struct
{
    char bytes[5];
} id_t5;

static void *mk_stream (void *ctx, char *endpoint)
{
    void *stream = mk_socket (ctx, ZMQ_STREAM);
    bind_any (stream, "tcp", endpoint);
    return stream;
}

/* A notice: [id, ""], which stands for a connect as well as for a disconnect. */
static id_t5 recv_notice (void *stream)
{
    id_t5 id;
    CHECK_INT (zmq_recv (stream, id.bytes, sizeof id.bytes, 0), 5);
    CHECK_INT (id.bytes[0], 0);
    CHECK_INT (opt_int (stream, ZMQ_RCVMORE), 1);
    expect_msg (stream, "");
    return id;
}

static void expect_notice (void *stream, id_t5 expected)
{
    const id_t5 id = recv_notice (stream);
    CHECK_MEM (id.bytes, expected.bytes, sizeof id.bytes);
}

static void send_to (void *stream, id_t5 id, const void *data, size_t size)
{
    CHECK_INT (zmq_send (stream, id.bytes, sizeof id.bytes, ZMQ_SNDMORE), 5);
    CHECK_INT (zmq_send (stream, data, size, 0), size);
}

/* Collects `size` bytes of this peer, in as many messages as they come. */
static void expect_stream (void *stream, id_t5 id, const char *data, size_t size)
{
    static char chunk[1 << 20];
    size_t got = 0;
    while (got < size) {
        expect_bytes (stream, id.bytes, sizeof id.bytes, 1);
        const int n = zmq_recv (stream, chunk, sizeof chunk, 0);
        REQUIRE (n > 0 && (size_t) n <= size - got);
        CHECK_MEM (chunk, data + got, (size_t) n);
        got += (size_t) n;
    }
}

static void fill_pattern (char *data, size_t size)
{
    uint32_t state = 2463534242u;
    for (size_t i = 0; i < size; ++i) {
        state = state * 1664525u + 1013904223u;
        data[i] = (char) (state >> 24);
    }
}

CASE (raw_client)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE], bytes[8];
    void *stream = mk_stream (ctx, endpoint);
    const int fd = raw_connect (endpoint);
    const id_t5 id = recv_notice (stream);
    CHECK_INT (zmq_send (stream, id.bytes, 5, ZMQ_SNDMORE), 5);
    send_str (stream, "hello", ZMQ_SNDMORE); /* the flag means nothing on data */
    CHECK_INT (raw_read (fd, bytes, 5), 5);
    CHECK_MEM (bytes, "hello", 5);
    REQUIRE (raw_write (fd, "world", 5));
    expect_stream (stream, id, "world", 5);
    close (fd);
    expect_notice (stream, id);
    expect_nothing (stream);
    rm_socket (stream);
    rm_ctx (ctx);
}

CASE (empty_message_closes)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *stream = mk_stream (ctx, endpoint);
    const int stays = raw_connect (endpoint);
    const id_t5 other = recv_notice (stream);
    const int fd = raw_connect (endpoint);
    const id_t5 id = recv_notice (stream);
    CHECK (memcmp (id.bytes, other.bytes, sizeof id.bytes) != 0);
    send_to (stream, id, "", 0);
    CHECK (closed_by (stream, fd));
    close (fd);
    /* Only that one, and its id is no longer known. */
    CHECK (WAIT_FOR (zmq_send (stream, id.bytes, 5, ZMQ_SNDMORE | ZMQ_DONTWAIT) == -1
                     || zmq_send (stream, "x", 1, 0) != 1));
    CHECK_INT (zmq_errno (), EHOSTUNREACH);
    REQUIRE (raw_write (stays, "still here", 10));
    expect_stream (stream, other, "still here", 10);
    close (stays);
    expect_notice (stream, other);
    rm_socket (stream);
    rm_ctx (ctx);
}

CASE (unknown_id)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *stream = mk_stream (ctx, endpoint);
    CHECK_ERRNO (zmq_send (stream, "nobody", 6, ZMQ_SNDMORE), EHOSTUNREACH);
    const int fd = raw_connect (endpoint);
    recv_notice (stream);
    CHECK_ERRNO (zmq_send (stream, "nobody", 6, ZMQ_SNDMORE), EHOSTUNREACH);
    rm_socket (stream);
    rm_ctx (ctx);
    close (fd);
}

/* The socket connects; ZMQ_ROUTING_ID gives the id of the connection made last. */
CASE (raw_server)
{
    void *ctx = mk_ctx ();
    void *stream = mk_socket (ctx, ZMQ_STREAM);
    char endpoint[ENDPOINT_SIZE], bytes[8];
    const int listener = raw_listen (endpoint);
    id_t5 id;
    size_t size = sizeof id.bytes;
    REQUIRE_OK (zmq_connect (stream, endpoint));
    REQUIRE_OK (zmq_getsockopt (stream, ZMQ_ROUTING_ID, id.bytes, &size));
    CHECK_INT (size, 5);
    const int fd = raw_accept (listener, DEADLINE_MS);
    REQUIRE (fd >= 0);
    expect_notice (stream, id);
    send_to (stream, id, "ping", 4);
    CHECK_INT (raw_read (fd, bytes, 4), 4);
    CHECK_MEM (bytes, "ping", 4);
    REQUIRE (raw_write (fd, "pong", 4));
    expect_stream (stream, id, "pong", 4);
    send_to (stream, id, "", 0);
    CHECK (closed_by (stream, fd));
    rm_socket (stream);
    rm_ctx (ctx);
    close (fd);
    close (listener);
}

CASE (connect_routing_id)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *server = mk_stream (ctx, endpoint), *client = mk_socket (ctx, ZMQ_STREAM);
    set_str (client, ZMQ_CONNECT_ROUTING_ID, "chosen");
    REQUIRE_OK (zmq_connect (client, endpoint));
    expect_multi (client, 2, "chosen", "");
    const id_t5 id = recv_notice (server);
    send_multi (client, 2, "chosen", "from the client");
    expect_stream (server, id, "from the client", 15);
    send_to (server, id, "from the server", 15);
    expect_multi (client, 2, "chosen", "from the server");
    rm_socket (client);
    expect_notice (server, id);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (no_notices)
{
    void *ctx = mk_ctx ();
    void *stream = mk_socket (ctx, ZMQ_STREAM);
    char endpoint[ENDPOINT_SIZE];
    id_t5 id;
    set_int (stream, ZMQ_STREAM_NOTIFY, 0);
    bind_any (stream, "tcp", endpoint);
    const int fd = raw_connect (endpoint);
    expect_nothing (stream);
    REQUIRE (raw_write (fd, "first", 5));
    CHECK_INT (zmq_recv (stream, id.bytes, 5, 0), 5);
    expect_msg (stream, "first");
    close (fd);
    expect_nothing (stream);
    rm_socket (stream);
    rm_ctx (ctx);
}

typedef struct
{
    int fd;
    const char *data;
    size_t size;
} job_t;

static void *write_all (void *state)
{
    const job_t *job = state;
    CHECK (raw_write (job->fd, job->data, job->size));
    return NULL;
}

/* A megabyte in each direction: the bytes and their order, whatever the messages. */
CASE (large_streams)
{
    static char data[1 << 20], back[1 << 20];
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *stream = mk_stream (ctx, endpoint);
    const int fd = raw_connect (endpoint);
    const id_t5 id = recv_notice (stream);
    job_t job = {fd, data, sizeof data};
    fill_pattern (data, sizeof data);
    const pthread_t writer = start_thread (write_all, &job);
    expect_stream (stream, id, data, sizeof data);
    join_thread (writer);
    send_to (stream, id, data, 1000);
    send_to (stream, id, data + 1000, sizeof data - 1000);
    CHECK_INT (raw_read (fd, back, sizeof back), sizeof back);
    CHECK_MEM (back, data, sizeof back);
    close (fd);
    expect_notice (stream, id);
    rm_socket (stream);
    rm_ctx (ctx);
}

/* Many peers come, speak and go; each has its own id and two notices. */
CASE (many_peers)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE], text[8], back[8];
    void *stream = mk_stream (ctx, endpoint);
    int fds[30];
    id_t5 ids[30];
    for (int i = 0; i < 30; ++i) {
        fds[i] = raw_connect (endpoint);
        ids[i] = recv_notice (stream);
        for (int other = 0; other < i; ++other)
            CHECK (memcmp (ids[i].bytes, ids[other].bytes, 5) != 0);
    }
    for (int i = 29; i >= 0; --i) {
        const int size = snprintf (text, sizeof text, "n%d", i);
        send_to (stream, ids[i], text, (size_t) size);
        CHECK_INT (raw_read (fds[i], back, (size_t) size), size);
        CHECK_MEM (back, text, (size_t) size);
        REQUIRE (raw_write (fds[i], text, (size_t) size));
        expect_stream (stream, ids[i], text, (size_t) size);
    }
    for (int i = 0; i < 30; ++i) {
        close (fds[i]);
        expect_notice (stream, ids[i]);
    }
    rm_socket (stream);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (raw_client);
    RUN (empty_message_closes);
    RUN (unknown_id);
    RUN (raw_server);
    RUN (connect_routing_id);
    RUN (no_notices);
    RUN (large_streams);
    RUN (many_peers);
    return harness_end ();
}
