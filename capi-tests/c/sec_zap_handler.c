/*
 * ZAP handlers that do not do their work: that stall, die, come late, answer twice, at length, or with
 * what the peer says of itself (RFC 27). Whom they are asked about waits or goes; nobody else notices.
 */
#include "sec_common.h"

static zap_frame_t asked[ZAP_FRAMES_MAX];

/* The beginning of an answer to the request in `asked`, by a ROUTER: envelope, version, id. */
static void begin_answer (void *handler, const char *status)
{
    for (int f = 0; f < 4; ++f)
        CHECK_INT (zmq_send (handler, asked[f].data, asked[f].size, ZMQ_SNDMORE), asked[f].size);
    send_str (handler, status, ZMQ_SNDMORE);
    send_str (handler, "text", ZMQ_SNDMORE);
}

static void answer_as (void *handler, const char *status, const char *user)
{
    begin_answer (handler, status);
    send_str (handler, user, ZMQ_SNDMORE);
    send_str (handler, "", 0);
}

static void answer (void *handler, const char *status)
{
    answer_as (handler, status, "joe");
}

/*
 * Lets in whoever is asked about until the socket has something to read. On a slow machine an answer may come too
 * late for its connection; then there is another one.
 */
static void let_in (void *handler, void *socket)
{
    zmq_pollitem_t items[2] = {{socket, 0, ZMQ_POLLIN, 0}, {handler, 0, ZMQ_POLLIN, 0}};
    const long long end = now_ms () + DEADLINE_MS;
    while (now_ms () < end && zmq_poll (items, 2, DEADLINE_MS) > 0 && !items[0].revents) {
        REQUIRE (zap_read (handler, asked) > 0);
        answer (handler, "200");
    }
}

/* A server and a client as sec_begin makes them, with a ROUTER for a handler that this thread plays. */
static sec_t begin (int mechanism, void **handler)
{
    sec_t sec = sec_begin ((sec_mechanism_t) mechanism, "here", -1);
    *handler = mk_socket (sec.ctx, ZMQ_ROUTER);
    REQUIRE_OK (zmq_bind (*handler, ZAP_ENDPOINT));
    return sec;
}

static void end (sec_t *sec, void *handler)
{
    rm_socket (handler);
    sec_end (sec);
}

/* The answer is part of the handshake, whose time is limited. */
CASE (no_answer)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        void *handler;
        sec_t sec = begin (m, &handler);
        set_int (sec.server, ZMQ_HANDSHAKE_IVL, 200);
        sec_connect (&sec, "tcp");
        send_str (sec.client, "let me in", 0);
        REQUIRE (zap_read (handler, asked) > 0);
        /* On a slow machine others may have come to their end before, without a request. */
        while (read_event (sec.monitor, 0, NULL, NULL) != -1)
            continue;
        sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EAGAIN);
        expect_nothing (sec.server);
        /* Too late. */
        answer (handler, "200");
        expect_nothing (sec.server);
        end (&sec, handler);
    }
}

/* The client comes again, and the next answer is for the next connection alone. */
CASE (no_answer_at_first)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        static zap_frame_t first[ZAP_FRAMES_MAX];
        void *handler;
        sec_t sec = begin (m, &handler);
        set_int (sec.server, ZMQ_HANDSHAKE_IVL, 500);
        sec_connect (&sec, "tcp");
        send_str (sec.client, "let me in", 0);
        REQUIRE (zap_read (handler, first) > 0);
        let_in (handler, sec.server);
        expect_msg (sec.server, "let me in");
        end (&sec, handler);
    }
}

/* Whoever is asked about waits for the rest of the interval; for others there is no handler. */
CASE (handler_dies)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        void *handler;
        int value = -1;
        sec_t sec = begin (m, &handler);
        set_int (sec.server, ZMQ_HANDSHAKE_IVL, 300);
        sec_connect (&sec, "tcp");
        REQUIRE (zap_read (handler, asked) > 0);
        rm_socket (handler);
        sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EAGAIN);
        if (m != SEC_PLAIN)
            bounce (sec.server, sec.client);
        else { /* more than one may have waited, on a slow machine */
            do {
                REQUIRE (wait_event (sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, &value, NULL));
            } while (value == EAGAIN);
            CHECK_STR (err_name (value), "EFAULT");
        }
        sec_end (&sec);
    }
}

CASE (handler_comes_late)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        sec_t sec = sec_begin ((sec_mechanism_t) m, "here", -1);
        set_int (sec.server, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
        set_int (sec.client, ZMQ_RECONNECT_IVL, 20);
        set_int (sec.server, ZMQ_HANDSHAKE_IVL, 300);
        sec_connect (&sec, "tcp");
        sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EFAULT);
        void *handler = mk_socket (sec.ctx, ZMQ_ROUTER);
        REQUIRE_OK (zmq_bind (handler, ZAP_ENDPOINT));
        send_str (sec.client, "at last", 0);
        let_in (handler, sec.server);
        expect_msg (sec.server, "at last");
        bounce (sec.server, sec.client);
        rm_socket (handler);
        sec_end (&sec);
    }
}

/* The first word counts. */
CASE (two_answers)
{
    static const char *const answers[2][2] = {{"200", "400"}, {"400", "200"}};
    for (int m = 0; m < SEC_MECHANISMS; ++m)
        for (int i = 0; i < 2; ++i) {
            void *handler;
            sec_t sec = begin (m, &handler);
            sec_connect (&sec, "tcp");
            if (i == 1)
                send_str (sec.client, "let me in", 0);
            REQUIRE (zap_read (handler, asked) > 0);
            answer (handler, answers[i][0]);
            answer (handler, answers[i][1]);
            if (i == 0)
                bounce (sec.server, sec.client);
            else {
                sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 400);
                expect_nothing (sec.server);
            }
            end (&sec, handler);
        }
}

/* Nobody asked. */
CASE (answers_to_nothing)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        void *handler;
        sec_t sec = begin (m, &handler);
        send_str (handler, "nobody", ZMQ_SNDMORE);
        send_str (handler, "", ZMQ_SNDMORE);
        send_str (handler, "1.0", 0);
        sec_connect (&sec, "tcp");
        REQUIRE (zap_read (handler, asked) > 0);
        answer (handler, "200");
        bounce (sec.server, sec.client);
        end (&sec, handler);
    }
}

enum { LONG = 1000000 };

/* A user of a megabyte, with as much metadata. */
CASE (huge_frames)
{
    static char user[LONG + 1], list[LONG + 100];
    memset (user, 'u', LONG);
    memcpy (list, "\4Long\0\17\102\100", 9); /* 1,000,000 */
    memset (list + 9, 'v', LONG);
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        void *handler;
        zmq_msg_t msg;
        sec_t sec = begin (m, &handler);
        sec_connect (&sec, "tcp");
        send_str (sec.client, "hello", 0);
        REQUIRE (zap_read (handler, asked) > 0);
        begin_answer (handler, "200");
        CHECK_INT (zmq_send (handler, user, LONG, ZMQ_SNDMORE), LONG);
        CHECK_INT (zmq_send (handler, list, LONG + 9, 0), LONG + 9);
        REQUIRE_OK (zmq_msg_init (&msg));
        CHECK_INT (zmq_msg_recv (&msg, sec.server, 0), 5);
        CHECK_STR (zmq_msg_gets (&msg, "User-Id"), user);
        CHECK_INT (strlen (zmq_msg_gets (&msg, "Long")), LONG);
        CHECK_OK (zmq_msg_close (&msg));
        end (&sec, handler);
    }
}

CASE (a_thousand_frames)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        void *handler;
        sec_t sec = begin (m, &handler);
        sec_connect (&sec, "tcp");
        REQUIRE (zap_read (handler, asked) > 0);
        begin_answer (handler, "200");
        for (int i = 0; i < 1000; ++i)
            send_str (handler, "more", i < 999 ? ZMQ_SNDMORE : 0);
        sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
                    ZMQ_PROTOCOL_ERROR_ZAP_MALFORMED_REPLY);
        end (&sec, handler);
    }
}

/* What the handler says of a peer comes before what the peer says of itself. */
CASE (metadata_that_contradicts)
{
    static const char list[] = "\6X-rank\0\0\0\7admiral\13Socket-Type\0\0\0\6ROUTER";
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        void *handler;
        zmq_msg_t msg;
        sec_t sec = begin (m, &handler);
        sec_connect (&sec, "tcp");
        send_str (sec.client, "hello", 0);
        REQUIRE (zap_read (handler, asked) > 0);
        begin_answer (handler, "200");
        send_str (handler, "", ZMQ_SNDMORE);
        CHECK_INT (zmq_send (handler, list, sizeof list - 1, 0), sizeof list - 1);
        REQUIRE_OK (zmq_msg_init (&msg));
        CHECK_INT (zmq_msg_recv (&msg, sec.server, 0), 5);
        CHECK_STR (zmq_msg_gets (&msg, "X-rank"), "admiral");
        CHECK_STR (zmq_msg_gets (&msg, "Socket-Type"), "ROUTER");
        const char *user = zmq_msg_gets (&msg, "User-Id");
        printf ("  %s: an empty user is %s\n", sec_names[m], user ? "there" : "not there");
        CHECK_OK (zmq_msg_close (&msg));
        end (&sec, handler);
    }
}

/* Without a domain strict ZAP asks nobody; a PLAIN server has then nobody to ask. */
CASE (strict_without_a_domain)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        sec_t sec = sec_begin ((sec_mechanism_t) m, NULL, ZMQ_REP);
        set_int (sec.server, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
        sec_connect (&sec, "tcp");
        if (m == SEC_PLAIN)
            sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EFAULT);
        else
            bounce (sec.server, sec.client);
        CHECK_INT (sec.handler->requests, 0);
        sec_end (&sec);
    }
}

/* One handler for all servers of the context, which it tells apart by their domains. */
CASE (two_domains)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        void *handler;
        sec_t sec = begin (m, &handler);
        char endpoint[ENDPOINT_SIZE];
        void *other = mk_socket (sec.ctx, ZMQ_PULL), *visitor = mk_socket (sec.ctx, ZMQ_PUSH);
        sec_be_server (other, (sec_mechanism_t) m, "there");
        sec_be_client (visitor, (sec_mechanism_t) m);
        bind_any (other, "ipc", endpoint);
        sec_connect (&sec, "tcp");
        REQUIRE (zap_read (handler, asked) > 0);
        CHECK_MEM (asked[4].data, "here", 4);
        answer (handler, "200");
        bounce (sec.server, sec.client);
        REQUIRE_OK (zmq_connect (visitor, endpoint));
        send_str (visitor, "let me in", 0);
        REQUIRE (zap_read (handler, asked) > 0);
        CHECK_MEM (asked[4].data, "there", 5);
        answer (handler, "400");
        expect_nothing (other);
        set_int (visitor, ZMQ_LINGER, 0);
        rm_socket (visitor);
        rm_socket (other);
        end (&sec, handler);
    }
}

/* A handler that is behind is not asked about clients that are gone. */
CASE (nobody_waits_any_more)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        void *handler;
        sec_t sec = begin (m, &handler);
        bind_any (sec.server, "tcp", sec.endpoint);
        for (int i = 0; i < 3; ++i) {
            void *guest = mk_socket (sec.ctx, ZMQ_DEALER);
            sec_be_client (guest, (sec_mechanism_t) m);
            REQUIRE_OK (zmq_connect (guest, sec.endpoint));
            REQUIRE (wait_readable (handler));
            rm_socket (guest);
            const long long deadline = now_ms () + 10000;
            while (opt_int (handler, ZMQ_EVENTS) & ZMQ_POLLIN && now_ms () < deadline)
                msleep (1);
            CHECK (!(opt_int (handler, ZMQ_EVENTS) & ZMQ_POLLIN));
        }
        REQUIRE_OK (zmq_connect (sec.client, sec.endpoint));
        REQUIRE (zap_read (handler, asked) > 0);
        answer (handler, "200");
        bounce (sec.server, sec.client);
        end (&sec, handler);
    }
}

static void expect_from (void *socket, const char *text, const char *user)
{
    zmq_msg_t msg;
    REQUIRE_OK (zmq_msg_init (&msg));
    REQUIRE (zmq_msg_recv (&msg, socket, 0) == (int) strlen (text));
    CHECK_MEM (zmq_msg_data (&msg), text, strlen (text));
    CHECK_STR (zmq_msg_gets (&msg, "User-Id"), user);
    CHECK_OK (zmq_msg_close (&msg));
}

/*
 * A server that connects, to one client and then to another one at the same place. What the first one
 * sent is the first one's, also if it is received when the second one is there.
 */
static void check_two_users (int type, const char *transport)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        char endpoint[ENDPOINT_SIZE];
        static const char *const users[] = {"joe", "eve"};
        void *ctx = mk_ctx (), *handler = mk_socket (ctx, ZMQ_ROUTER);
        void *server = mk_socket (ctx, type);
        void *monitor = mk_monitor (
          ctx, server, ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED);
        REQUIRE_OK (zmq_bind (handler, ZAP_ENDPOINT));
        sec_be_server (server, (sec_mechanism_t) m, "here");
        set_int (server, ZMQ_RECONNECT_IVL, 10);
        for (int i = 0; i < 2; ++i) {
            void *client = mk_socket (ctx, type == ZMQ_PULL ? ZMQ_PUSH : type);
            sec_be_client (client, (sec_mechanism_t) m);
            if (i == 0) {
                bind_held (client, transport, endpoint);
                REQUIRE_OK (zmq_connect (server, endpoint));
            } else
                REQUIRE_OK (zmq_bind (client, endpoint));
            REQUIRE (zap_read (handler, asked) > 0);
            answer_as (handler, "200", users[i]);
            REQUIRE (wait_event (monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, NULL, NULL));
            send_str (client, "one", 0);
            send_str (client, users[i], 0);
            rm_socket_linger (client);
            REQUIRE (wait_event (monitor, ZMQ_EVENT_DISCONNECTED, NULL, NULL));
        }
        for (int i = 0; i < 2; ++i) {
            expect_from (server, "one", users[i]);
            expect_from (server, users[i], users[i]);
        }
        zmq_socket_monitor (server, NULL, 0);
        rm_socket (monitor);
        rm_socket (server);
        rm_socket (handler);
        rm_ctx (ctx);
    }
}

CASE (two_users_in_turn)
{
    check_two_users (ZMQ_PULL, "tcp");
    check_two_users (ZMQ_DEALER, "ipc");
    check_two_users (ZMQ_PAIR, "tcp");
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    if (!zmq_has ("curve"))
        skip_all ("no CURVE");
    sec_make_keys ();
    RUN (no_answer);
    RUN (no_answer_at_first);
    RUN (handler_dies);
    RUN (handler_comes_late);
    RUN (two_answers);
    RUN (answers_to_nothing);
    RUN (huge_frames);
    RUN (a_thousand_frames);
    RUN (metadata_that_contradicts);
    RUN_OURS (strict_without_a_domain, "the reference aborts");
    RUN (two_domains);
    RUN_OURS (nobody_waits_any_more, "the reference asks");
    RUN (two_users_in_turn);
    return harness_end ();
}
