/*
 * The ws transport with peers that are no libraries, as a page in a browser is none: what is said to them, what they
 * may say, and what becomes of those who say something else.
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "harness.h"

#define KEY "AAAAAAAAAAAAAAAAAAAAAA=="
#define ACCEPT "ICX+Yqv66kxgM0FcWaLWlFLwTAI=" /* what proves that KEY was read */

/* ---- A peer that is no library --------------------------------------------------------------------------- */

/* Connects to "ws://a.b.c.d:port/path". */
static int ws_open (const char *endpoint)
{
    char tcp[ENDPOINT_SIZE];
    snprintf (tcp, sizeof tcp, "tcp%s", endpoint + 2);
    return raw_connect (tcp);
}

static void ws_ask (int fd, const char *protocols)
{
    char request[512];
    const int size = snprintf (request, sizeof request,
                               "GET /page HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                               "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\n"
                               "Sec-WebSocket-Protocol: %s\r\nSec-WebSocket-Version: 13\r\n\r\n",
                               protocols);
    CHECK (raw_write (fd, request, (size_t) size));
}

/* Reads up to the empty line. */
static void ws_read_head (int fd, char *head, size_t room)
{
    size_t size = 0;
    do {
        REQUIRE (size + 1 < room && raw_read (fd, head + size, 1) == 1);
        head[++size] = '\0';
    } while (size < 4 || strcmp (head + size - 4, "\r\n\r\n") != 0);
}

/* One masked frame with less than 126 bytes of payload. */
static void ws_send (int fd, int first, const char *payload, size_t size)
{
    static const unsigned char key[4] = {0x12, 0x34, 0x56, 0x78};
    unsigned char frame[131] = {(unsigned char) first, (unsigned char) (0x80 | size)};
    memcpy (frame + 2, key, 4);
    for (size_t i = 0; i < size; ++i)
        frame[6 + i] = (unsigned char) payload[i] ^ key[i % 4];
    CHECK (raw_write (fd, frame, 6 + size));
}

/* The next bytes are these. */
static void ws_expect (int fd, const char *bytes, size_t size)
{
    char got[256];
    CHECK_INT (raw_read (fd, got, size), size);
    CHECK_MEM (got, bytes, size);
}

/* A connection without a mechanism, past its beginning; the library's routing id is empty. */
static int ws_plain_peer (const char *endpoint, const char *id)
{
    char head[512], frame[64] = {0};
    const int fd = ws_open (endpoint);
    ws_ask (fd, "ZWS2.0");
    ws_read_head (fd, head, sizeof head);
    CHECK (strncmp (head, "HTTP/1.1 101 ", 13) == 0);
    CHECK (strstr (head, "\r\nSec-WebSocket-Accept: " ACCEPT "\r\n") != NULL);
    CHECK (strstr (head, "\r\nSec-WebSocket-Protocol: ZWS2.0\r\n") != NULL);
    ws_expect (fd, "\x82\x01\0", 3);
    memcpy (frame + 1, id, strlen (id));
    ws_send (fd, 0x82, frame, 1 + strlen (id));
    return fd;
}

/* A PUSH that speaks the NULL mechanism to a PULL. */
static int ws_push (const char *endpoint)
{
    char head[512];
    const int fd = ws_open (endpoint);
    ws_ask (fd, "chat, ZWS2.0/NULL,ZWS2.0");
    ws_read_head (fd, head, sizeof head);
    CHECK (strstr (head, "\r\nSec-WebSocket-Protocol: ZWS2.0/NULL\r\n") != NULL);
    ws_expect (fd, "\x82\x1b\2\5READY\13Socket-Type\0\0\0\4PULL", 29);
    ws_send (fd, 0x82, "\2\5READY\13Socket-Type\0\0\0\4PUSH", 27);
    return fd;
}

/* The library closes the connection. */
static int ws_closed (int fd)
{
    return ON_REFERENCE ("stops reading, but keeps the connection") || raw_wait_closed (fd);
}

static void *mk_server (void *ctx, int type, char *endpoint)
{
    void *server = mk_socket (ctx, type);
    REQUIRE_OK (zmq_bind (server, "ws://127.0.0.1:*"));
    last_endpoint (server, endpoint);
    return server;
}

/* ---- Peers that are no libraries ------------------------------------------------------------------------- */

CASE (a_peer_without_a_mechanism)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *router = mk_server (ctx, ZMQ_ROUTER, endpoint);
    const int fd = ws_plain_peer (endpoint, "page");
    ws_send (fd, 0x82, "\1one", 4);
    ws_send (fd, 0x82, "\0two", 4);
    expect_part (router, "page");
    expect_part (router, "one");
    expect_msg (router, "two");
    send_multi (router, 3, "page", "a", "b");
    ws_expect (fd, "\x82\x02\1a\x82\x02\0b", 8);
    close (fd);
    rm_socket (router);
    rm_ctx (ctx);
}

CASE (a_peer_that_names_null)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *pull = mk_server (ctx, ZMQ_PULL, endpoint);
    const int fd = ws_push (endpoint);
    ws_send (fd, 0x82, "\0hello", 6);
    expect_msg (pull, "hello");
    close (fd);
    rm_socket (pull);
    rm_ctx (ctx);
}

/* What is asked for, and what a client makes of the answer. */
CASE (a_server_that_is_no_library)
{
    char head[1024], endpoint[ENDPOINT_SIZE], wanted[2 * ENDPOINT_SIZE], text[512];
    void *ctx = mk_ctx (), *push = mk_socket (ctx, ZMQ_PUSH);
    const int listener = raw_listen (endpoint);
    snprintf (wanted, sizeof wanted, "ws%s/some/path", endpoint + 3);
    REQUIRE_OK (zmq_connect (push, wanted));
    send_str (push, "hello", 0);
    const int fd = raw_accept (listener, DEADLINE_MS);
    REQUIRE (fd >= 0);
    ws_read_head (fd, head, sizeof head);
    if (!ON_REFERENCE ("asks for the path /"))
        CHECK (strncmp (head, "GET /some/path HTTP/1.1\r\n", 25) == 0);
    CHECK (strstr (head, "\r\nUpgrade: websocket\r\n") != NULL);
    CHECK (strstr (head, "\r\nConnection: Upgrade\r\n") != NULL);
    CHECK (strstr (head, "\r\nSec-WebSocket-Version: 13\r\n") != NULL);
    CHECK (strstr (head, "\r\nSec-WebSocket-Protocol: ZWS2.0/NULL,ZWS2.0\r\n") != NULL);
    const char *key = strstr (head, "\r\nSec-WebSocket-Key: ");
    REQUIRE (key != NULL);
    key += strlen ("\r\nSec-WebSocket-Key: ");
    CHECK_INT (strcspn (key, "\r"), 24);
    /* The proof is wrong: the reference does not look at it. */
    snprintf (text, sizeof text,
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Accept: " ACCEPT "\r\nSec-WebSocket-Protocol: ZWS2.0\r\n\r\n");
    CHECK (raw_write (fd, text, strlen (text)));
    if (!ON_REFERENCE ("does not look at the proof"))
        CHECK (raw_wait_closed (fd));
    close (fd);
    close (listener);
    rm_socket (push);
    rm_ctx (ctx);
}

CASE (what_is_no_request)
{
    static const char *const requests[] = {
      "POST / HTTP/1.1\r\n",
      "GET / HTTP/1.0\r\n",
      "\xff\0\0\0\0\0\0\0\1\x7f",
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " KEY
      "\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
      "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Protocol: ZWS2.0\r\n\r\n"};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; ++i) {
        void *ctx = mk_ctx ();
        char endpoint[ENDPOINT_SIZE];
        int value = 0;
        void *server = mk_server (ctx, ZMQ_REP, endpoint);
        void *monitor = mk_monitor (ctx, server, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL);
        const int fd = ws_open (endpoint);
        CHECK (raw_write (fd, requests[i], i == 2 ? 10 : strlen (requests[i])));
        /* The reference looks at each byte; here a head is looked at when it is whole. */
        CHECK (raw_write (fd, "\r\n\r\n", 4));
        CHECK_INT (read_event (monitor, DEADLINE_MS, &value, NULL), ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL);
        CHECK_INT (value, ZMQ_PROTOCOL_ERROR_WS_UNSPECIFIED);
        CHECK (raw_wait_closed (fd));
        close (fd);
        rm_socket (monitor);
        rm_socket (server);
        rm_ctx (ctx);
    }
}

CASE (a_request_is_answered_even_if_it_is_none)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE], head[512];
    void *server = mk_server (ctx, ZMQ_REP, endpoint);
    const int fd = ws_open (endpoint);
    ws_ask (fd, "chat");
    ws_read_head (fd, head, sizeof head);
    CHECK (strncmp (head, "HTTP/1.1 400 ", 13) == 0);
    CHECK (raw_wait_closed (fd));
    close (fd);
    rm_socket (server);
    rm_ctx (ctx);
}

CASE (a_mechanism_cannot_be_got_around)
{
    static const char *const protocols[] = {"ZWS2.0", "ZWS2.0/NULL", "ZWS2.0/NULL,ZWS2.0"};
    for (int i = 0; i < 3; ++i) {
        void *ctx = mk_ctx ();
        char endpoint[ENDPOINT_SIZE];
        void *server = mk_socket (ctx, ZMQ_REP);
        set_int (server, ZMQ_PLAIN_SERVER, 1);
        void *monitor = mk_monitor (ctx, server, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL);
        REQUIRE_OK (zmq_bind (server, "ws://127.0.0.1:*"));
        last_endpoint (server, endpoint);
        const int fd = ws_open (endpoint);
        ws_ask (fd, protocols[i]);
        expect_event (monitor, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL);
        CHECK (raw_wait_closed (fd));
        close (fd);
        rm_socket (monitor);
        rm_socket (server);
        rm_ctx (ctx);
    }
}

CASE (pings_and_close)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *pull = mk_server (ctx, ZMQ_PULL, endpoint);
    const int fd = ws_push (endpoint);
    ws_send (fd, 0x89, "", 0);
    ws_expect (fd, "\x8a\0", 2);
    ws_send (fd, 0x8a, "", 0);
    ws_send (fd, 0x82, "\0x", 2);
    expect_msg (pull, "x");
    ws_send (fd, 0x88, "\3\xe8", 2);
    ws_expect (fd, "\x88\2\3\xe8", 4);
    CHECK (ws_closed (fd));
    close (fd);
    rm_socket (pull);
    rm_ctx (ctx);
}

/* A message may come in pieces, with a ping between them, which is given back as it is. */
CASE (pieces)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *pull = mk_server (ctx, ZMQ_PULL, endpoint);
    const int fd = ws_push (endpoint);
    ws_send (fd, 0x02, "\0ab", 3);
    ws_send (fd, 0x89, "there?", 6);
    ws_expect (fd, "\x8a\6there?", 8);
    ws_send (fd, 0x00, "cd", 2);
    ws_send (fd, 0x80, "ef", 2);
    expect_msg (pull, "abcdef");
    close (fd);
    rm_socket (pull);
    rm_ctx (ctx);
}

CASE (the_end_is_announced)
{
    void *ctx = mk_ctx ();
    char endpoint[ENDPOINT_SIZE];
    void *pull = mk_server (ctx, ZMQ_PULL, endpoint);
    const int fd = ws_push (endpoint);
    ws_send (fd, 0x82, "\0x", 2);
    expect_msg (pull, "x");
    rm_socket (pull);
    ws_expect (fd, "\x88\2\3\xe9", 4);
    CHECK (raw_wait_closed (fd));
    close (fd);
    rm_ctx (ctx);
}

CASE (what_is_forbidden)
{
    static const struct
    {
        const char *what;
        const char *bytes;
        size_t size;
    } table[] = {{"without a mask", "\x82\2\0a", 4},
                 {"text", "\x81\x82\0\0\0\0\0a", 8},
                 {"no flags", "\x82\x80\0\0\0\0", 6},
                 {"an opcode that there is not", "\x83\x82\0\0\0\0\0a", 8}};
    for (size_t i = 0; i < sizeof table / sizeof *table; ++i) {
        void *ctx = mk_ctx ();
        char endpoint[ENDPOINT_SIZE];
        void *pull = mk_server (ctx, ZMQ_PULL, endpoint);
        const int fd = ws_push (endpoint);
        CHECK (raw_write (fd, table[i].bytes, table[i].size));
        if (!ws_closed (fd))
            harness_fail (__FILE__, __LINE__, "%s is let through", table[i].what);
        expect_nothing (pull);
        close (fd);
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

CASE (maxmsgsize)
{
    void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL);
    const int64_t most = 5;
    char endpoint[ENDPOINT_SIZE];
    REQUIRE_OK (zmq_setsockopt (pull, ZMQ_MAXMSGSIZE, &most, sizeof most));
    REQUIRE_OK (zmq_bind (pull, "ws://127.0.0.1:*"));
    last_endpoint (pull, endpoint);
    const int fd = ws_push (endpoint);
    ws_send (fd, 0x82, "\0fives", 6);
    expect_msg (pull, "fives");
    ws_send (fd, 0x82, "\0sixsix", 7);
    CHECK (ws_closed (fd));
    expect_nothing (pull);
    close (fd);
    rm_socket (pull);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (a_peer_without_a_mechanism);
    RUN (a_peer_that_names_null);
    RUN (a_server_that_is_no_library);
    RUN (what_is_no_request);
    RUN_OURS (a_request_is_answered_even_if_it_is_none, "the reference closes without a word");
    RUN (a_mechanism_cannot_be_got_around);
    RUN (pings_and_close);
    RUN_OURS (pieces, "the reference takes whole messages only");
    RUN_OURS (the_end_is_announced, "the reference closes without a word");
    RUN (what_is_forbidden);
    RUN_OURS (maxmsgsize, "the reference holds the handshake to it too");
    return harness_end ();
}
