/*
 * Greetings that are no greetings (RFC 37 "Version Negotiation", "The NULL Security Mechanism";
 * HANDSHAKE_FAILED_* in zmq_socket_monitor(3); ZMQ_HANDSHAKE_IVL in zmq_setsockopt(3)).
 */
#include "bad_victim.h"

static wire_buf_t buf;

static void put_junk (size_t size)
{
    for (size_t i = 0; i < size; ++i)
        wire_put_byte (&buf, (int) (i * 37 + 11) & 0xff);
}

/* Another mechanism than ours is the end; CVE-2014-9721 is the other half of this (see below). */
CASE (other_mechanisms)
{
    static const char *const names[] = {"PLAIN", "CURVE", "GSSAPI", "FOO", "", "null", "NULLX",
                                        "NUL",   "AAAAAAAAAAAAAAAAAAAA"};
    for (int i = 0; i < 9; ++i) {
        wire_put_greeting (&buf, 3, 1, names[i]);
        blow_raw (names[i], ZMQ_PULL, &buf, DROPPED, ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH);
    }
    wire_put_greeting (&buf, 3, 1, "NULL");
    buf.data[12 + 10] = 'X'; /* behind the end of the name */
    blow_raw ("NULL, zeros, X", ZMQ_PULL, &buf, DROPPED,
              ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH);
}

/* What the RFC forbids, and what may be tolerated. */
CASE (odd_fields)
{
    for (int i = 0; i < 3; ++i) {
        wire_put_greeting (&buf, 3, 1, "NULL");
        if (i == 0)
            buf.data[32] = 1; /* as-server, which NULL must not say */
        if (i == 1)
            buf.data[32] = 0xff;
        if (i == 2)
            memset (buf.data + 33, 0xee, 31); /* filler */
        wire_put_ready (&buf, "PUSH", NULL);
        blow_raw ("odd field", ZMQ_PULL, &buf, HARMLESS, 0);
    }
    /* Revisions that never were, followed by what 3.1 would send. */
    for (int revision = 0; revision < 3; ++revision) {
        wire_put_greeting (&buf, revision, 1, "NULL");
        wire_put_ready (&buf, "PUSH", NULL);
        blow_raw ("revision", ZMQ_PULL, &buf, HARMLESS, 0);
    }
}

CASE (other_protocols)
{
    static const char *const texts[] = {
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "SSH-2.0-OpenSSH_9.9\r\n", "\x16\x03\x01\x02",
      "EHLO localhost\r\n", "\n", "\xff\xfb\x01\xff\xfb\x03"};
    for (int i = 0; i < 6; ++i) {
        wire_put (&buf, texts[i], strlen (texts[i]));
        blow_raw (texts[i], ZMQ_PULL, &buf, HARMLESS, 0);
    }
    for (size_t size = 1; size < 100000; size = size * 3 + 1) {
        put_junk (size);
        blow_raw ("junk", ZMQ_PULL, &buf, HARMLESS, 0);
        memset (buf.data, 0, size);
        buf.size = size;
        blow_raw ("zeros", ZMQ_PULL, &buf, HARMLESS, 0);
        memset (buf.data, 0xff, size);
        buf.size = size;
        blow_raw ("ones", ZMQ_PULL, &buf, HARMLESS, 0);
    }
}

/* 2.0: types that do not match or do not exist, identities that are no short final frame. */
CASE (odd_2_0)
{
    for (int type = 0; type < 256; type = type < 12 ? type + 1 : type + 81) {
        wire_put_greeting_2 (&buf, type, "");
        wire_put_frame (&buf, 0, "hello", 5);
        blow_raw ("type of 2.0", ZMQ_PULL, &buf, HARMLESS, 0);
    }
    static const unsigned char flags[] = {1, 2, 3, 4, 0xff};
    for (int i = 0; i < 5; ++i) {
        wire_put (&buf, "\xff\0\0\0\0\0\0\0\1\x7f\1\5", 12);
        wire_put_byte (&buf, flags[i]);
        wire_put_number (&buf, 1000, flags[i] & WIRE_LONG ? 8 : 1);
        put_junk (1000);
        wire_put_frame (&buf, 0, "hello", 5);
        blow_raw ("identity of 2.0", ZMQ_ROUTER, &buf, HARMLESS, 0);
    }
    wire_put (&buf, "\xff\0\0\0\0\0\0\0\1\x7f\1\5\2", 13);
    wire_put_number (&buf, UINT64_MAX, 8);
    blow_raw ("identity without end", ZMQ_ROUTER, &buf, DROPPED, 0);
}

/* 1.0: identity frames with impossible lengths. */
CASE (odd_1_0)
{
    static const uint64_t lengths[] = {UINT64_MAX, UINT64_MAX - 1, INT64_MAX, UINT64_C (1) << 63};
    for (int i = 0; i < 4; ++i) {
        wire_put_byte (&buf, 0xff);
        wire_put_number (&buf, lengths[i], 8);
        wire_put (&buf, "\0id", 3);
        blow_raw ("identity length of 1.0", ZMQ_ROUTER, &buf, DROPPED, 0);
    }
    wire_put (&buf, "\0", 1); /* a frame without flags */
    blow_raw ("length 0", ZMQ_ROUTER, &buf, HARMLESS, 0);
    wire_put (&buf, "\xff\0\0\0\0\0\0\0\0\0", 10);
    blow_raw ("long length 0", ZMQ_ROUTER, &buf, HARMLESS, 0);
    wire_put (&buf, "\1\1", 2); /* "The flags octet of an identity frame SHALL not be validated" */
    wire_put_frame_1 (&buf, 0, "next", 4);
    blow_raw ("flags of an identity", ZMQ_ROUTER, &buf, IGNORED, 0);
    wire_put_byte (&buf, 0xff); /* longer than any identity may be */
    wire_put_number (&buf, 5000, 8);
    wire_put_byte (&buf, 0);
    put_junk (4999);
    blow_raw ("identity of 4999", ZMQ_ROUTER, &buf, HARMLESS, 0);
}

/* All greetings of all versions, cut off after every octet. */
CASE (truncated)
{
    victim_t v = open_victim (ZMQ_PULL);
    const int fds_before = (check_good (&v), count_fds ());
    for (int version = 0; version < 4; ++version)
        for (size_t cut = 0;; ++cut) {
            buf.size = 0;
            if (version < 2) {
                wire_put_greeting (&buf, 3, version, "NULL");
                wire_put_ready (&buf, "PUSH", "identity");
            } else if (version == 2)
                wire_put_greeting_2 (&buf, 8, "identity");
            else
                wire_put_frame_1 (&buf, 0, "identity", 8);
            if (cut >= buf.size)
                break;
            const int fd = raw_connect (v.endpoint);
            buf.size = cut;
            wire_flush (fd, &buf);
            close (fd);
            if (cut % 16 == 0)
                CHECK_INT (check_good (&v), 0);
        }
    CHECK_INT (check_good (&v), 0);
    CHECK (WAIT_FOR (count_fds () <= fds_before)); /* nothing of them is kept */
    close_victim (&v);
}

/* Whoever does not finish in time is dropped. */
CASE (too_slow)
{
    for (int i = 0; i < 5; ++i) {
        victim_t v = open_victim (ZMQ_PULL);
        char endpoint[ENDPOINT_SIZE];
        set_int (v.socket, ZMQ_HANDSHAKE_IVL, 200);
        bind_any (v.socket, "tcp", endpoint);
        const long long begin = now_ms ();
        const int fd = raw_connect (endpoint);
        buf.size = 0;
        if (i > 0)
            wire_put_greeting (&buf, 3, 1, "NULL");
        if (i == 4)
            wire_put (&buf, "\4\51\5READY", 8);
        if (i == 1 || i == 2)
            buf.size = i == 1 ? 1 : 40;
        wire_flush (fd, &buf);
        CHECK (raw_wait_closed (fd));
        CHECK (now_ms () - begin >= 195);
        CHECK (wait_event (v.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, NULL, NULL));
        close_victim (&v);
        close (fd);
    }
}

/* The reverse: who connects to a peer that hangs up tries again until somebody answers. */
CASE (listener_hangs_up)
{
    void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL);
    char endpoint[ENDPOINT_SIZE];
    static wire_frame_t ready;
    const int listener = raw_listen (endpoint);
    set_int (pull, ZMQ_RECONNECT_IVL, 1);
    REQUIRE_OK (zmq_connect (pull, endpoint));
    for (size_t cut = 0; cut <= 64; cut += 8) {
        const int fd = raw_accept (listener, DEADLINE_MS);
        REQUIRE (fd >= 0);
        wire_put_greeting (&buf, 3, 1, "NULL");
        buf.size = cut;
        wire_flush (fd, &buf);
        close (fd);
    }
    const int fd = raw_accept (listener, DEADLINE_MS);
    REQUIRE (fd >= 0);
    wire_handshake_id (fd, 1, "PUSH", NULL, "PULL", &ready);
    REQUIRE (wire_send (fd, 0, "at last", 7));
    expect_msg (pull, "at last");
    rm_socket (pull);
    rm_ctx (ctx);
    close (fd);
    close (listener);
}

/* A listener that breaks the rules is left; the socket can be used with others. */
CASE (listener_breaks_rules)
{
    for (int i = 0; i < 4; ++i) {
        const pair_t p = new_pair (ZMQ_PUSH, ZMQ_PULL);
        char endpoint[ENDPOINT_SIZE];
        const int listener = raw_listen (endpoint);
        REQUIRE_OK (zmq_connect (p.client, endpoint));
        const int fd = raw_accept (listener, DEADLINE_MS);
        REQUIRE (fd >= 0);
        wire_put_greeting (&buf, 3, 1, i == 0 ? "PLAIN" : "NULL");
        if (i == 1)
            wire_put_ready (&buf, "PUB", NULL); /* no peer for a PULL */
        if (i == 2)
            wire_put_command (&buf, "HELLO", "", 0);
        if (i == 3)
            wire_put_frame (&buf, 0, "a message", 9);
        wire_flush (fd, &buf);
        CHECK (raw_wait_closed (fd));
        join_sockets (p.server, p.client, "tcp");
        send_str (p.server, "good", 0);
        expect_msg (p.client, "good");
        close_pair (p);
        close (fd);
        close (listener);
    }
}

/* CVE-2014-9721: with PLAIN configured an older greeting is refused, not served without it. */
CASE (no_downgrade)
{
    for (int version = 1; version <= 3; ++version) {
        void *ctx = mk_ctx (), *pull = mk_socket (ctx, ZMQ_PULL);
        char endpoint[ENDPOINT_SIZE];
        set_int (pull, ZMQ_PLAIN_SERVER, 1);
        if (zmq_bind (pull, "tcp://127.0.0.1:*") == 0) {
            last_endpoint (pull, endpoint);
            const int fd = raw_connect (endpoint);
            if (version == 1)
                wire_put_frame_1 (&buf, 0, "", 0);
            else if (version == 2)
                wire_put_greeting_2 (&buf, 8, "");
            else
                wire_put_greeting (&buf, 3, 0, "NULL");
            wire_put_frame (&buf, 0, "sneaked in", 10);
            wire_flush (fd, &buf);
            CHECK (raw_wait_closed (fd));
            close (fd);
        } /* a library without PLAIN must not run unprotected: then bind fails */
        expect_nothing (pull);
        rm_socket (pull);
        rm_ctx (ctx);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (other_mechanisms);
    RUN (odd_fields);
    RUN (other_protocols);
    RUN (odd_2_0);
    RUN (odd_1_0);
    RUN (truncated);
    RUN (too_slow);
    RUN (listener_hangs_up);
    RUN (listener_breaks_rules);
    RUN (no_downgrade);
    return harness_end ();
}
