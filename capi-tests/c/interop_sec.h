/*
 * What the interop programs of security mechanisms share: every pair of socket types, and what its
 * two sides say to each other.
 *
 * What may not live here: mechanisms, and who starts whom.
 */
#ifndef CAPI_INTEROP_SEC_H
#define CAPI_INTEROP_SEC_H

#include "sec_common.h"

static const struct
{
    int server, client;
} pairs[] = {{ZMQ_PAIR, ZMQ_PAIR},     {ZMQ_PUB, ZMQ_SUB},      {ZMQ_SUB, ZMQ_PUB},
             {ZMQ_REP, ZMQ_REQ},      {ZMQ_DEALER, ZMQ_ROUTER},
             {ZMQ_ROUTER, ZMQ_DEALER}, {ZMQ_PULL, ZMQ_PUSH},    {ZMQ_PUSH, ZMQ_PULL},
             {ZMQ_XPUB, ZMQ_XSUB},     {ZMQ_XSUB, ZMQ_XPUB},    {ZMQ_ROUTER, ZMQ_REQ},
             {ZMQ_REP, ZMQ_DEALER},    {ZMQ_DEALER, ZMQ_DEALER}, {ZMQ_DEALER, ZMQ_REP},
             {ZMQ_PUB, ZMQ_XSUB},      {ZMQ_XSUB, ZMQ_PUB},     {ZMQ_XPUB, ZMQ_SUB},
             {ZMQ_SUB, ZMQ_XPUB},      {ZMQ_ROUTER, ZMQ_ROUTER}, {ZMQ_REQ, ZMQ_REP},
             {ZMQ_REQ, ZMQ_ROUTER}};
enum { PAIRS = sizeof pairs / sizeof *pairs };

static const size_t sizes[] = {0, 1, 30, 100, 222, 255, 256, 8000, 9000, 65536, 300000};
enum { SIZES = sizeof sizes / sizeof *sizes };

HELPER int sends (int type)
{
    return type == ZMQ_PUB || type == ZMQ_XPUB || type == ZMQ_PUSH;
}

HELPER int takes (int type)
{
    return type == ZMQ_SUB || type == ZMQ_XSUB || type == ZMQ_PULL;
}

HELPER void fill (char *data, size_t size)
{
    for (size_t i = 0; i < size; ++i)
        data[i] = (char) (i * 31 + size);
}

/* Sends every size as two frames. */
HELPER void send_all (void *socket)
{
    static char data[300000];
    for (int i = 0; i < SIZES; ++i) {
        fill (data, sizes[i]);
        CHECK_INT (zmq_send (socket, "x", 1, ZMQ_SNDMORE), 1);
        CHECK_INT (zmq_send (socket, data, sizes[i], 0), sizes[i]);
    }
}

HELPER void expect_all (void *socket)
{
    static char data[300000];
    for (int i = 0; i < SIZES; ++i) {
        fill (data, sizes[i]);
        expect_bytes (socket, "x", 1, 1);
        expect_bytes (socket, data, sizes[i], 0);
    }
}

/* One request of the asking side, one reply with its envelope. */
HELPER void ask (void *socket, int type)
{
    if (type == ZMQ_DEALER)
        send_str (socket, "", ZMQ_SNDMORE);
    send_str (socket, "question", 0);
    if (type == ZMQ_DEALER)
        expect_part (socket, "");
    expect_msg (socket, "answer");
}

HELPER void answer (void *socket, int type)
{
    zmq_msg_t id;
    if (type == ZMQ_ROUTER) {
        REQUIRE_OK (zmq_msg_init (&id));
        REQUIRE (zmq_msg_recv (&id, socket, 0) >= 0);
        CHECK (zmq_msg_more (&id));
        expect_part (socket, "");
    }
    expect_msg (socket, "question");
    if (type == ZMQ_ROUTER) {
        REQUIRE (zmq_msg_send (&id, socket, ZMQ_SNDMORE) >= 0);
        send_str (socket, "", ZMQ_SNDMORE);
    }
    send_str (socket, "answer", 0);
}

/* Between two ROUTERs, who know each other by name: the same for both. */
HELPER void route (void *socket, int first)
{
    if (first) {
        CHECK (WAIT_FOR (zmq_send (socket, "router", 6, ZMQ_SNDMORE | ZMQ_DONTWAIT) == 6));
        send_str (socket, "question", 0);
    }
    expect_part (socket, "router");
    expect_msg (socket, first ? "answer" : "question");
    if (!first) {
        send_str (socket, "router", ZMQ_SNDMORE);
        send_str (socket, "answer", 0);
    }
}

HELPER void talk (void *socket, int type, int peer, int first)
{
    if (type == ZMQ_XSUB)
        CHECK_INT (zmq_send (socket, "\1x", 2, 0), 2);
    if (type == ZMQ_XPUB)
        expect_bytes (socket, "\1x", 2, 0);
    if (type == ZMQ_ROUTER && peer == ZMQ_ROUTER)
        route (socket, first);
    else if (sends (type))
        send_all (socket);
    else if (takes (type))
        expect_all (socket);
    else if (type == ZMQ_REQ || (type == ZMQ_DEALER && peer != ZMQ_DEALER))
        ask (socket, type);
    else if (type == ZMQ_REP || type == ZMQ_ROUTER)
        answer (socket, type);
    else if (first) {
        send_all (socket);
        expect_all (socket);
    } else {
        expect_all (socket);
        send_all (socket);
    }
}

/*
 * A handler of a server of this type that lets everyone in. A REQ of the reference that is the server drops a
 * peer for whom the handler names a user, when the first reply comes.
 */
HELPER zap_handler_t *zap_new_for (void *ctx, int type)
{
    zap_handler_t *handler = zap_new (ctx, ZMQ_REP);
    if (type == ZMQ_REQ)
        zap_answer (handler, 4, "", 0);
    return handler;
}

/* A PUB of the suite must know that its SUB is there. */
HELPER void *mk_side (void *ctx, int type)
{
    void *socket = mk_socket (ctx, type == ZMQ_PUB ? ZMQ_XPUB : type);
    if (type == ZMQ_SUB)
        set_str (socket, ZMQ_SUBSCRIBE, "x");
    if (type == ZMQ_ROUTER) {
        set_str (socket, ZMQ_ROUTING_ID, "router");
        set_int (socket, ZMQ_ROUTER_MANDATORY, 1);
    }
    set_int (socket, ZMQ_HEARTBEAT_IVL, 50);
    set_int (socket, ZMQ_HEARTBEAT_TIMEOUT, DEADLINE_MS);
    return socket;
}

HELPER void talk_as (void *socket, int type, int peer, int first)
{
    if (type == ZMQ_PUB)
        expect_bytes (socket, "\1x", 2, 0);
    talk (socket, type, peer, first);
}

#endif
