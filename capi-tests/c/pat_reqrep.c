/*
 * REQ and REP (RFC 28, zmq_socket(3)): strict alternation, the envelope, whom a request goes to
 * and whose reply counts, ZMQ_REQ_RELAXED and ZMQ_REQ_CORRELATE.
 */
#include "pat_common.h"

/* Receives [identity, ""] and one body frame; gives the identity and its size. */
static int recv_request (void *router, char *identity, const char *body)
{
    const int size = zmq_recv (router, identity, 255, 0);
    CHECK (size > 0);
    expect_part (router, "");
    expect_msg (router, body);
    return size;
}

static void send_reply (void *router, const char *identity, int size, const char *body)
{
    CHECK_INT (zmq_send (router, identity, (size_t) size, ZMQ_SNDMORE), size);
    send_multi (router, 2, "", body);
}

CASE (alternation)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = open_pair (ZMQ_REP, ZMQ_REQ, transport);
        char byte;
        CHECK_ERRNO (zmq_recv (p.client, &byte, 1, 0), EFSM);
        CHECK_ERRNO (zmq_send (p.server, "x", 1, 0), EFSM);
        send_str (p.client, "question", 0);
        CHECK_ERRNO (zmq_send (p.client, "again", 5, 0), EFSM);
        CHECK_ERRNO (zmq_recv (p.client, &byte, 1, ZMQ_DONTWAIT), EAGAIN);
        expect_msg (p.server, "question");
        CHECK_ERRNO (zmq_recv (p.server, &byte, 1, 0), EFSM);
        send_str (p.server, "answer", 0);
        CHECK_ERRNO (zmq_send (p.server, "more", 4, 0), EFSM);
        expect_msg (p.client, "answer");
        CHECK_ERRNO (zmq_recv (p.client, &byte, 1, 0), EFSM);
        bounce (p.server, p.client);
        close_pair (p);
    }
}

CASE (multipart_and_state)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = open_pair (ZMQ_REP, ZMQ_REQ, transport);
        char byte;
        /* An unfinished request or reply keeps its direction. */
        send_str (p.client, "a", ZMQ_SNDMORE);
        CHECK_ERRNO (zmq_recv (p.client, &byte, 1, ZMQ_DONTWAIT), EFSM);
        send_multi (p.client, 2, "", "c");
        expect_part (p.server, "a");
        CHECK_ERRNO (zmq_send (p.server, "x", 1, ZMQ_DONTWAIT), EFSM);
        expect_part (p.server, "");
        expect_msg (p.server, "c");
        send_str (p.server, "d", ZMQ_SNDMORE);
        CHECK_ERRNO (zmq_recv (p.server, &byte, 1, ZMQ_DONTWAIT), EFSM);
        send_multi (p.server, 2, "", "");
        expect_multi (p.client, 3, "d", "", "");
        close_pair (p);
    }
}

CASE (events_follow_the_state)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = open_pair (ZMQ_REP, ZMQ_REQ, transport);
        CHECK (wait_writable (p.client));
        CHECK_INT (settle (p.client), ZMQ_POLLOUT);
        CHECK_INT (settle (p.server), 0);
        send_str (p.client, "q", 0);
        CHECK_INT (settle (p.client), 0);
        CHECK (wait_readable (p.server));
        CHECK_INT (settle (p.server), ZMQ_POLLIN);
        expect_msg (p.server, "q");
        CHECK_INT (settle (p.server), ZMQ_POLLOUT);
        send_str (p.server, "a", 0);
        CHECK_INT (settle (p.server), 0);
        CHECK (wait_readable (p.client));
        CHECK_INT (settle (p.client), ZMQ_POLLIN);
        expect_msg (p.client, "a");
        CHECK_INT (settle (p.client), ZMQ_POLLOUT);
        close_pair (p);
    }
}

CASE (requests_go_round)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *client = mk_socket (ctx, ZMQ_REQ), *servers[3];
        int served[3] = {0, 0, 0};
        for (int i = 0; i < 3; ++i) {
            servers[i] = mk_socket (ctx, ZMQ_REP);
            join_sockets (servers[i], client, transport);
        }
        for (int i = 0; i < 12; ++i) {
            zmq_pollitem_t items[3];
            send_str (client, "q", 0);
            for (int s = 0; s < 3; ++s)
                items[s] = (zmq_pollitem_t){servers[s], 0, ZMQ_POLLIN, 0};
            REQUIRE (zmq_poll (items, 3, DEADLINE_MS) == 1);
            for (int s = 0; s < 3; ++s)
                if (items[s].revents) {
                    ++served[s];
                    expect_msg (servers[s], "q");
                    send_str (servers[s], "a", 0);
                }
            expect_msg (client, "a");
        }
        for (int s = 0; s < 3; ++s) {
            CHECK_INT (served[s], 4);
            rm_socket (servers[s]);
        }
        rm_socket (client);
        rm_ctx (ctx);
    }
}

CASE (rep_serves_everybody)
{
    FOR_EACH_TRANSPORT (transport)
    {
        void *ctx = mk_ctx ();
        void *server = mk_socket (ctx, ZMQ_REP), *clients[5];
        char endpoint[ENDPOINT_SIZE], text[16];
        bind_any (server, transport, endpoint);
        for (int round = 0; round < 3; ++round) {
            for (int i = 0; i < 5; ++i) {
                if (round == 0) {
                    clients[i] = mk_socket (ctx, ZMQ_REQ);
                    REQUIRE_OK (zmq_connect (clients[i], endpoint));
                }
                snprintf (text, sizeof text, "q%d", i);
                send_str (clients[i], text, 0);
            }
            for (int i = 0; i < 5; ++i) {
                REQUIRE (recv_str (server, text, sizeof text) == 2);
                text[0] = 'a';
                send_str (server, text, 0);
            }
            for (int i = 0; i < 5; ++i) {
                snprintf (text, sizeof text, "a%d", i);
                expect_msg (clients[i], text);
            }
        }
        for (int i = 0; i < 5; ++i)
            rm_socket (clients[i]);
        rm_socket (server);
        rm_ctx (ctx);
    }
}

/* REP stores the frames up to the delimiter and puts them before its reply. */
CASE (rep_keeps_the_envelope)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = open_pair (ZMQ_REP, ZMQ_DEALER, transport);
        send_multi (p.client, 2, "", "bare");
        expect_msg (p.server, "bare");
        send_str (p.server, "r1", 0);
        expect_multi (p.client, 2, "", "r1");
        send_multi (p.client, 6, "hop1", "hop2", "", "body", "", "tail");
        expect_multi (p.server, 3, "body", "", "tail");
        send_multi (p.server, 2, "r2", "more");
        expect_multi (p.client, 5, "hop1", "hop2", "", "r2", "more");
        close_pair (p);
    }
}

CASE (rep_skips_malformed_requests)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = open_pair (ZMQ_REP, ZMQ_DEALER, transport);
        send_str (p.client, "no delimiter", 0);
        send_multi (p.client, 3, "none", "here", "either");
        send_str (p.client, "", 0); /* a delimiter without a body */
        send_multi (p.client, 2, "id", "");
        send_multi (p.client, 3, "id", "", "good");
        expect_msg (p.server, "good");
        send_str (p.server, "reply", 0);
        expect_multi (p.client, 3, "id", "", "reply");
        expect_nothing (p.server);
        close_pair (p);
    }
}

/* inproc: over a connection the same replies may also cost the connection. */
CASE (req_skips_malformed_replies)
{
    const pair_t p = open_pair (ZMQ_ROUTER, ZMQ_REQ, "inproc");
    char id[256];
    send_str (p.client, "q", 0);
    const int size = recv_request (p.server, id, "q");
    CHECK_INT (zmq_send (p.server, id, (size_t) size, ZMQ_SNDMORE), size);
    send_str (p.server, "no delimiter", 0);
    CHECK_INT (zmq_send (p.server, id, (size_t) size, ZMQ_SNDMORE), size);
    send_multi (p.server, 3, "not", "the", "delimiter");
    CHECK_INT (zmq_send (p.server, id, (size_t) size, ZMQ_SNDMORE), size);
    send_str (p.server, "", 0);
    expect_nothing (p.client);
    send_reply (p.server, id, size, "good");
    expect_msg (p.client, "good");
    /* A second reply to the same request is no reply to the next one. */
    send_reply (p.server, id, size, "stale");
    send_str (p.client, "q2", 0);
    recv_request (p.server, id, "q2");
    send_reply (p.server, id, size, "fresh");
    expect_msg (p.client, "fresh");
    close_pair (p);
}

CASE (only_the_asked_peer_may_answer)
{
    void *ctx = mk_ctx ();
    void *client = mk_socket (ctx, ZMQ_REQ), *routers[2];
    char ids[2][256];
    int sizes[2];
    for (int i = 0; i < 2; ++i) {
        routers[i] = mk_socket (ctx, ZMQ_ROUTER);
        join_sockets (routers[i], client, "inproc");
    }
    for (int i = 0; i < 2; ++i) {
        send_str (client, "q", 0);
        sizes[i] = recv_request (routers[i], ids[i], "q");
        send_reply (routers[i], ids[i], sizes[i], "a");
        expect_msg (client, "a");
    }
    send_str (client, "third", 0);
    recv_request (routers[0], ids[0], "third");
    send_reply (routers[1], ids[1], sizes[1], "not asked");
    expect_nothing (client);
    send_reply (routers[0], ids[0], sizes[0], "asked");
    expect_msg (client, "asked");
    for (int i = 0; i < 2; ++i)
        rm_socket (routers[i]);
    rm_socket (client);
    rm_ctx (ctx);
}

/* A request carries a four byte id; a reply with another one is not for us. */
CASE (correlate)
{
    const pair_t p = new_pair (ZMQ_ROUTER, ZMQ_REQ);
    char identity[256], first[4], second[4];
    set_int (p.client, ZMQ_REQ_CORRELATE, 1);
    join_sockets (p.server, p.client, "inproc");
    send_str (p.client, "q1", 0);
    const int size = zmq_recv (p.server, identity, sizeof identity, 0);
    CHECK_INT (size, 5);
    CHECK_INT (zmq_recv (p.server, first, sizeof first, 0), 4);
    expect_part (p.server, "");
    expect_msg (p.server, "q1");
    memcpy (second, first, sizeof second);
    second[0] = (char) ~second[0];
    CHECK_INT (zmq_send (p.server, identity, (size_t) size, ZMQ_SNDMORE), size);
    CHECK_INT (zmq_send (p.server, second, 4, ZMQ_SNDMORE), 4);
    send_multi (p.server, 2, "", "wrong id");
    send_reply (p.server, identity, size, "no id");
    expect_nothing (p.client);
    CHECK_INT (zmq_send (p.server, identity, (size_t) size, ZMQ_SNDMORE), size);
    CHECK_INT (zmq_send (p.server, first, 4, ZMQ_SNDMORE), 4);
    send_multi (p.server, 2, "", "right id");
    expect_msg (p.client, "right id");

    /* Every request has its own id. */
    send_str (p.client, "q2", 0);
    expect_bytes (p.server, identity, (size_t) size, 1);
    CHECK_INT (zmq_recv (p.server, second, sizeof second, 0), 4);
    CHECK (memcmp (first, second, 4) != 0);
    expect_multi (p.server, 2, "", "q2");
    close_pair (p);
}

CASE (correlate_with_rep)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = new_pair (ZMQ_REP, ZMQ_REQ);
        set_int (p.client, ZMQ_REQ_CORRELATE, 1);
        join_sockets (p.server, p.client, transport);
        for (int i = 0; i < 5; ++i)
            bounce (p.server, p.client);
        close_pair (p);
    }
}

/* With both options a request may be given up; only the reply to the last one is delivered. */
CASE (relaxed)
{
    FOR_EACH_TRANSPORT (transport)
    {
        const pair_t p = new_pair (ZMQ_REP, ZMQ_REQ);
        set_int (p.client, ZMQ_REQ_CORRELATE, 1);
        set_int (p.client, ZMQ_REQ_RELAXED, 1);
        join_sockets (p.server, p.client, transport);
        char byte;
        CHECK_ERRNO (zmq_recv (p.client, &byte, 1, 0), EFSM);
        send_str (p.client, "given up", 0);
        expect_msg (p.server, "given up");
        send_str (p.client, "second", 0);
        send_str (p.server, "too late", 0);
        expect_msg (p.server, "second");
        send_str (p.server, "in time", 0);
        expect_msg (p.client, "in time");
        bounce (p.server, p.client);
        close_pair (p);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (alternation);
    RUN (multipart_and_state);
    RUN (events_follow_the_state);
    RUN (requests_go_round);
    RUN (rep_serves_everybody);
    RUN (rep_keeps_the_envelope);
    RUN (rep_skips_malformed_requests);
    RUN (req_skips_malformed_replies);
    RUN (only_the_asked_peer_may_answer);
    RUN (correlate);
    RUN (correlate_with_rep);
    RUN (relaxed);
    return harness_end ();
}
