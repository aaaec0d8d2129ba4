/*
 * The victim of the bad_ programs: a socket with a monitor, a well-behaved peer of the library, and
 * blows that a peer made by hand deals it.
 *
 * What lives here: the fixture, what may become of a bad connection, and the proof after every
 * blow that the good peer still talks. What may not: the malformed bytes; each program has its own.
 */
#ifndef CAPI_BAD_VICTIM_H
#define CAPI_BAD_VICTIM_H

#include "pat_common.h"
#include "wire_peer.h"

/* What must become of the connection. */
typedef enum {
    DROPPED, /* the victim ends it */
    IGNORED, /* what was bad is skipped: the frame "next", sent after it, is delivered */
    HARMLESS /* either, or it waits for more; nothing else happens */
} fate_t;

typedef struct
{
    void *ctx, *socket, *monitor, *good;
    int index; /* in wire_types */
    int said;  /* by the good peer */
    char endpoint[ENDPOINT_SIZE];
} victim_t;

/* A victim of this type: PULL, ROUTER, DEALER or REP for check_good, XPUB without it. */
HELPER victim_t open_victim (int type)
{
    victim_t v;
    v.index = 0;
    while (wire_types[v.index].type != type)
        ++v.index;
    v.said = 0;
    v.ctx = mk_ctx ();
    v.socket = mk_socket (v.ctx, type);
    /* A ROUTER cannot speak first, so a DEALER's good peer is another DEALER. */
    v.good = mk_socket (v.ctx, type == ZMQ_DEALER ? ZMQ_DEALER : wire_types[v.index].peer);
    v.monitor = mk_monitor (v.ctx, v.socket,
                            ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
                              | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
                              | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    set_str (v.good, ZMQ_ROUTING_ID, "the good one");
    bind_any (v.socket, "tcp", v.endpoint);
    return v;
}

/*
 * The good peer says something (it connects with its first word) and the victim hears it whole.
 * What bad peers may have said before is passed over; gives the number of those messages.
 */
HELPER int check_good (victim_t *v)
{
    const int type = wire_types[v->index].type;
    char text[64], got[64];
    if (v->said++ == 0)
        REQUIRE_OK (zmq_connect (v->good, v->endpoint));
    snprintf (text, sizeof text, "good-%d", v->said);
    send_str (v->good, text, 0);
    for (int others = 0;; ++others) {
        do { /* the last frame of a message is what it says */
            REQUIRE (recv_str (v->socket, got, sizeof got) >= 0);
        } while (opt_int (v->socket, ZMQ_RCVMORE));
        if (type == ZMQ_REP)
            send_str (v->socket, "heard", 0);
        if (strcmp (got, text) != 0)
            continue;
        if (type == ZMQ_REP)
            expect_msg (v->good, "heard");
        return others;
    }
}

HELPER void close_victim (victim_t *v)
{
    check_good (v);
    rm_socket (v->good);
    rm_socket (v->monitor);
    rm_socket (v->socket);
    rm_ctx (v->ctx);
}

/* A legal handshake as the victim's peer type. */
HELPER int join_victim (const victim_t *v, int minor)
{
    return wire_join (v->endpoint, minor, wire_types[v->index].peer_name,
                      wire_types[v->index].name);
}

/* Reads events until one of a failed handshake; its value, -1 when there is none. */
HELPER int failed_handshake (const victim_t *v)
{
    int value = -1;
    return wait_event (v->monitor, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, &value, NULL) ? value : -1;
}

/*
 * Deals one blow to a fresh victim and checks its fate. `fd` is a connection to it, raw or after a
 * handshake; `error` is the value of HANDSHAKE_FAILED_PROTOCOL, 0 where none is prescribed.
 */
HELPER void blow (const char *what, victim_t *v, int fd, wire_buf_t *bytes, fate_t fate, int error)
{
    const int before = harness.case_failures;
    wire_flush (fd, bytes); /* the victim may hang up halfway */
    if (fate == IGNORED) {
        if (wire_types[v->index].type == ZMQ_ROUTER)
            CHECK_INT (zmq_recv (v->socket, (char[8]){0}, 8, 0), 5);
        expect_msg (v->socket, "next");
    }
    if (fate == DROPPED)
        CHECK (raw_wait_closed (fd));
    if (error)
        CHECK_INT (failed_handshake (v), error);
    const int others = check_good (v);
    if (fate != HARMLESS)
        CHECK_INT (others, 0);
    close_victim (v);
    close (fd);
    if (harness.case_failures != before)
        fprintf (stderr, "... that was: %s\n", what);
}

/* A blow before any handshake. */
HELPER void blow_raw (const char *what, int type, wire_buf_t *bytes, fate_t fate, int error)
{
    victim_t v = open_victim (type);
    blow (what, &v, raw_connect (v.endpoint), bytes, fate, error);
}

/* A blow after a legal handshake of version 3.1. */
HELPER void blow_joined (const char *what, int type, wire_buf_t *bytes, fate_t fate)
{
    victim_t v = open_victim (type);
    blow (what, &v, join_victim (&v, 1), bytes, fate, 0);
}

#endif
