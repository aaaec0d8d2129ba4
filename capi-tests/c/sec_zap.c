/*
 * ZAP (RFC 27): what a handler is asked, what becomes of its answers, and what happens where there
 * is none, for NULL, PLAIN and CURVE (zmq_null(7), zmq_plain(7), zmq_curve(7), ZMQ_ZAP_DOMAIN).
 */
#include "sec_common.h"

static void check_frame (const zap_frame_t *frame, const void *data, size_t size)
{
    CHECK_INT (frame->size, size);
    CHECK (frame->size == size && memcmp (frame->data, data, size) == 0);
}

static void check_request (int handler_type, const char *transport)
{
    /* NULL has none, PLAIN a name and a password, CURVE a key. */
    static const int credentials[] = {0, 2, 1};
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        sec_t sec = sec_begin ((sec_mechanism_t) m, "here", handler_type);
        sec_connect (&sec, transport);
        bounce (sec.server, sec.client);
        const zap_frame_t *asked = sec.handler->asked;
        CHECK_INT (sec.handler->requests, 1);
        CHECK_INT (sec.handler->asked_frames, 6 + credentials[m]);
        check_frame (&asked[0], "1.0", 3);
        check_frame (&asked[2], "here", 4);
        if (strcmp (transport, "tcp") == 0)
            check_frame (&asked[3], "127.0.0.1", 9);
        check_frame (&asked[4], "server", 6);
        check_frame (&asked[5], sec_names[m], strlen (sec_names[m]));
        if (m == SEC_PLAIN) {
            check_frame (&asked[6], "admin", 5);
            check_frame (&asked[7], "secret", 6);
        }
        if (m == SEC_CURVE) {
            unsigned char key[32];
            REQUIRE (zmq_z85_decode (key, sec_client_public) != NULL);
            check_frame (&asked[6], key, sizeof key);
        }
        sec_end (&sec);
    }
}

CASE (requests_to_a_rep)
{
    check_request (ZMQ_REP, "tcp");
}

CASE (requests_to_a_router)
{
    check_request (ZMQ_ROUTER, "tcp");
}

CASE (requests_over_ipc)
{
    check_request (ZMQ_REP, "ipc");
}

/* Messages know who sent them, by what the handler says. */
CASE (user_and_metadata_on_messages)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        sec_t sec = sec_begin ((sec_mechanism_t) m, "here", ZMQ_REP);
        zmq_msg_t msg;
        sec_connect (&sec, "tcp");
        send_str (sec.client, "one", ZMQ_SNDMORE);
        send_str (sec.client, "two", 0);
        for (int i = 0; i < 2; ++i) {
            REQUIRE_OK (zmq_msg_init (&msg));
            CHECK_INT (zmq_msg_recv (&msg, sec.server, 0), 3);
            CHECK_STR (zmq_msg_gets (&msg, "User-Id"), "joe");
            CHECK_STR (zmq_msg_gets (&msg, "Hello"), "World");
            CHECK_STR (zmq_msg_gets (&msg, "Socket-Type"), "DEALER");
            CHECK_STR (zmq_msg_gets (&msg, "Peer-Address"), "127.0.0.1");
            CHECK_OK (zmq_msg_close (&msg));
        }
        sec_end (&sec);
    }
}

CASE (success_is_told)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        sec_t sec = sec_begin ((sec_mechanism_t) m, "here", ZMQ_REP);
        sec_connect (&sec, "tcp");
        sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);
        sec_expect (sec_names[m], sec.client_monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);
        CHECK_INT (opt_int (sec.server, ZMQ_MECHANISM), m);
        CHECK_INT (opt_int (sec.client, ZMQ_MECHANISM), m);
        sec_end (&sec);
    }
}

/* A REQ that is the server: what it receives is a reply, whoever sends it. */
CASE (user_of_a_reply)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        void *ctx = mk_ctx (), *stop, *req = mk_socket (ctx, ZMQ_REQ), *rep = mk_socket (ctx, ZMQ_REP);
        zap_handler_t *handler = zap_new (ctx, ZMQ_REP);
        zmq_msg_t msg;
        zap_start (handler, ctx, &stop);
        sec_be_server (req, (sec_mechanism_t) m, "here");
        sec_be_client (rep, (sec_mechanism_t) m);
        join_sockets (req, rep, "tcp");
        send_str (req, "question", 0);
        expect_msg (rep, "question");
        send_str (rep, "answer", 0);
        REQUIRE_OK (zmq_msg_init (&msg));
        CHECK_INT (zmq_msg_recv (&msg, req, 0), 6);
        CHECK_STR (zmq_msg_gets (&msg, "User-Id"), "joe");
        CHECK_OK (zmq_msg_close (&msg));
        rm_socket (req);
        rm_socket (rep);
        zap_stop (handler, stop);
        rm_ctx (ctx);
    }
}

/* Both sides learn of 400 and 500. */
CASE (refusals)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m)
        for (int status = 400; status <= 500; status += 100) {
            char text[8];
            snprintf (text, sizeof text, "%d", status);
            sec_t sec = sec_begin ((sec_mechanism_t) m, "here", ZMQ_REP);
            zap_answer (sec.handler, 2, text, 3);
            sec_connect_saying (&sec, "tcp", "let me in");
            sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, status);
            sec_expect (sec_names[m], sec.client_monitor, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, status);
            expect_nothing (sec.server);
            sec_end (&sec);
        }
}

/* 300 passes: the client comes again by itself. */
CASE (temporary_refusals)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        sec_t sec = sec_begin ((sec_mechanism_t) m, "here", ZMQ_REP);
        sec.handler->refuse_first = 2;
        sec_connect (&sec, "tcp");
        for (int i = 0; i < 2; ++i)
            sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 300);
        sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);
        bounce (sec.server, sec.client);
        CHECK_INT (sec.handler->requests, 3);
        sec_end (&sec);
    }
}

static void check_bad_reply (int frame, const char *text, size_t size, int frames, int expected)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        sec_t sec = sec_begin ((sec_mechanism_t) m, "here", ZMQ_REP);
        if (frame >= 0)
            zap_answer (sec.handler, frame, text, size);
        sec.handler->reply_frames = frames;
        sec_connect_saying (&sec, "tcp", "let me in");
        sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, expected);
        expect_nothing (sec.server);
        sec_end (&sec);
    }
}

CASE (replies_of_the_wrong_length)
{
    for (int frames = 1; frames <= 7; ++frames)
        if (frames != ZAP_REPLY_FRAMES)
            check_bad_reply (-1, "", 0, frames, ZMQ_PROTOCOL_ERROR_ZAP_MALFORMED_REPLY);
}

CASE (replies_of_another_version)
{
    check_bad_reply (0, "1.1", 3, 6, ZMQ_PROTOCOL_ERROR_ZAP_BAD_VERSION);
    check_bad_reply (0, "", 0, 6, ZMQ_PROTOCOL_ERROR_ZAP_BAD_VERSION);
}

CASE (replies_to_another_request)
{
    check_bad_reply (1, "another", 7, 6, ZMQ_PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID);
}

CASE (replies_with_another_status)
{
    static const char *const bad[] = {"", "20", "2000", "100", "600", "201", "abc"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i)
        check_bad_reply (2, bad[i], strlen (bad[i]), 6,
                         ZMQ_PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE);
}

CASE (replies_with_bad_metadata)
{
    check_bad_reply (5, "\5Hello\0\0\0\6World", 15, 6, ZMQ_PROTOCOL_ERROR_ZAP_INVALID_METADATA);
}

/* Without a handler a domain means nothing, except for PLAIN, which nobody else could check. */
CASE (no_handler)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        sec_t sec = sec_begin ((sec_mechanism_t) m, "here", -1);
        sec_connect (&sec, "tcp");
        if (m == SEC_PLAIN)
            sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EFAULT);
        else
            bounce (sec.server, sec.client);
        sec_end (&sec);
    }
}

/* Something else at the handler's endpoint is no handler. */
CASE (no_handler_but_a_pull)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        sec_t sec = sec_begin ((sec_mechanism_t) m, "here", -1);
        void *pull = mk_socket (sec.ctx, ZMQ_PULL);
        REQUIRE_OK (zmq_bind (pull, ZAP_ENDPOINT));
        sec_connect (&sec, "tcp");
        if (m == SEC_PLAIN)
            sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EFAULT);
        else
            bounce (sec.server, sec.client);
        rm_socket (pull);
        sec_end (&sec);
    }
}

/* With ZMQ_ZAP_ENFORCE_DOMAIN a domain demands a handler. */
CASE (no_handler_enforced)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        sec_t sec = sec_begin ((sec_mechanism_t) m, "here", -1);
        set_int (sec.server, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
        sec_connect (&sec, "tcp");
        sec_expect (sec_names[m], sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EFAULT);
        expect_nothing (sec.server);
        sec_end (&sec);
    }
}

/* Without a domain NULL asks nobody; PLAIN and CURVE do. */
CASE (no_domain)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        sec_t sec = sec_begin ((sec_mechanism_t) m, NULL, ZMQ_REP);
        sec_connect (&sec, "tcp");
        bounce (sec.server, sec.client);
        CHECK_INT (sec.handler->requests, m == SEC_NULL ? 0 : 1);
        sec_end (&sec);
    }
}

/* A handler that takes its time holds up the connection in question, and no other. */
CASE (slow_handler)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        static zap_frame_t first[ZAP_FRAMES_MAX], second[ZAP_FRAMES_MAX];
        static const char *const rest[] = {"200", "OK", "joe", ""};
        void *ctx = mk_ctx (), *handler = mk_socket (ctx, ZMQ_ROUTER);
        void *server = mk_socket (ctx, ZMQ_PULL), *clients[2];
        char endpoint[ENDPOINT_SIZE];
        REQUIRE_OK (zmq_bind (handler, ZAP_ENDPOINT));
        sec_be_server (server, (sec_mechanism_t) m, "here");
        bind_any (server, "tcp", endpoint);
        for (int i = 0; i < 2; ++i) {
            clients[i] = mk_socket (ctx, ZMQ_PUSH);
            sec_be_client (clients[i], (sec_mechanism_t) m);
            REQUIRE_OK (zmq_connect (clients[i], endpoint));
            send_str (clients[i], i == 0 ? "first" : "second", 0);
            REQUIRE (zap_read (handler, i == 0 ? first : second) > 0);
        }
        for (int i = 1; i >= 0; --i) {
            const zap_frame_t *asked = i == 0 ? first : second;
            for (int f = 0; f < 4; ++f) /* envelope, version, id */
                zmq_send (handler, asked[f].data, asked[f].size, ZMQ_SNDMORE);
            for (int f = 0; f < 4; ++f)
                send_str (handler, rest[f], f < 3 ? ZMQ_SNDMORE : 0);
            expect_msg (server, i == 0 ? "first" : "second");
        }
        rm_socket (clients[0]);
        rm_socket (clients[1]);
        rm_socket (server);
        rm_socket (handler);
        rm_ctx (ctx);
    }
}

/* A handler that goes without an answer, and a socket that is closed meanwhile. */
CASE (handler_dies)
{
    for (int m = 0; m < SEC_MECHANISMS; ++m) {
        static zap_frame_t asked[ZAP_FRAMES_MAX];
        sec_t sec = sec_begin ((sec_mechanism_t) m, "here", -1);
        void *handler = mk_socket (sec.ctx, ZMQ_REP);
        REQUIRE_OK (zmq_bind (handler, ZAP_ENDPOINT));
        sec_connect (&sec, "tcp");
        REQUIRE (zap_read (handler, asked) > 0);
        rm_socket (handler);
        expect_nothing (sec.server);
        sec_end (&sec);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    if (!zmq_has ("curve"))
        skip_all ("no CURVE");
    sec_make_keys ();
    RUN (requests_to_a_rep);
    RUN (requests_to_a_router);
    RUN (requests_over_ipc);
    RUN (user_and_metadata_on_messages);
    RUN_OURS (user_of_a_reply, "the reference drops the connection");
    RUN (success_is_told);
    RUN (refusals);
    RUN_OURS (temporary_refusals, "the reference keeps who is refused with 300 for the whole "
                                  "handshake interval");
    RUN (replies_of_the_wrong_length);
    RUN (replies_of_another_version);
    RUN (replies_to_another_request);
    RUN (replies_with_another_status);
    RUN (replies_with_bad_metadata);
    RUN (no_handler);
    RUN_OURS (no_handler_but_a_pull, "the reference aborts");
    RUN (no_handler_enforced);
    RUN (no_domain);
    RUN (slow_handler);
    RUN (handler_dies);
    return harness_end ();
}
