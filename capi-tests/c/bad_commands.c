/*
 * Commands that are malformed, unknown, or come at the wrong time (RFC 37 "Commands", "The NULL
 * Security Mechanism", "Connection Heartbeating"; values of HANDSHAKE_FAILED_PROTOCOL in
 * zmq_socket_monitor(3)).
 */
#include "bad_victim.h"

static wire_buf_t buf;
static char large[60000];

static wire_buf_t *greeting (void)
{
    buf.size = 0;
    wire_put_greeting (&buf, 3, 1, "NULL");
    return &buf;
}

/* Instead of READY: another command, a message, or something that is neither. */
CASE (not_ready)
{
    static const char *const names[] = {"HELLO", "READYX", "READ", "ready", "INITIATE",
                                        "PING",  "PONG",   "SUBSCRIBE", "CANCEL", "X"};
    const int unexpected = ZMQ_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND;
    for (int i = 0; i < 10; ++i) {
        wire_put_command (greeting (), names[i], "\0\0", 2);
        blow_raw (names[i], ZMQ_PULL, &buf, DROPPED, unexpected);
    }
    wire_put_command (greeting (), "HELLO", large, sizeof large);
    blow_raw ("over-long command", ZMQ_PULL, &buf, DROPPED, unexpected);
    wire_put_frame (greeting (), WIRE_COMMAND, "", 0);
    blow_raw ("empty command", ZMQ_PULL, &buf, DROPPED, unexpected);
    wire_put_frame (greeting (), WIRE_COMMAND, "\0", 1);
    blow_raw ("command without a name", ZMQ_PULL, &buf, DROPPED, unexpected);
    wire_put_frame (greeting (), WIRE_COMMAND, "\xffREADY", 6);
    blow_raw ("name longer than the command", ZMQ_PULL, &buf, DROPPED, unexpected);
    wire_put_frame (greeting (), 0, "a message", 9);
    blow_raw ("message before READY", ZMQ_PULL, &buf, DROPPED, unexpected);
    wire_put_frame (greeting (), WIRE_MORE, "a message", 9);
    blow_raw ("part before READY", ZMQ_PULL, &buf, DROPPED, unexpected);
    wire_put_frame (greeting (), 0, "\5READY", 6);
    blow_raw ("READY that is no command", ZMQ_PULL, &buf, HARMLESS, 0);
}

static void blow_ready (const char *what, const void *data, size_t size, fate_t fate)
{
    wire_put_command (greeting (), "READY", data, size);
    blow_raw (what, ZMQ_PULL, &buf, fate, 0);
}

/* READY whose properties do not fit into it. */
CASE (malformed_ready)
{
    static wire_buf_t data;
    blow_ready ("half a name", "\13Sock", 5, DROPPED);
    blow_ready ("name beyond the end", "\xffSocket-Type", 12, DROPPED);
    blow_ready ("name and no value", "\13Socket-Type", 12, HARMLESS);
    blow_ready ("half a length", "\13Socket-Type\0\0", 14, DROPPED);
    blow_ready ("value beyond the end", "\13Socket-Type\0\0\0\5PUSH", 20, DROPPED);
    blow_ready ("value 2^31 - 1", "\13Socket-Type\x7f\xff\xff\xffPUSH", 20, DROPPED);
    blow_ready ("value 2^31", "\13Socket-Type\x80\0\0\0PUSH", 20, DROPPED);
    blow_ready ("value 2^32 - 1", "\13Socket-Type\xff\xff\xff\xffPUSH", 20, DROPPED);
    blow_ready ("an octet too many", "\13Socket-Type\0\0\0\4PUSH\1", 21, DROPPED);
    blow_ready ("empty name", "\0\0\0\0\0", 5, HARMLESS);
    blow_ready ("no property", "", 0, HARMLESS);
    blow_ready ("odd name", "\2\n\xff\0\0\0\0", 7, HARMLESS);
    /* Every cut of a READY with three properties; between two fields it may pass. */
    static const size_t seams[] = {12, 16, 20, 29, 33, 37, 44, 48};
    data.size = 0;
    wire_put_property (&data, "Socket-Type", "PUSH", 4);
    wire_put_property (&data, "Identity", "name", 4);
    wire_put_property (&data, "X-more", "value", 5);
    for (size_t cut = 1, seam = 0; cut < data.size; ++cut) {
        const int at_seam = seam < 8 && cut == seams[seam];
        seam += (size_t) at_seam;
        blow_ready ("cut READY", data.data, cut, at_seam ? HARMLESS : DROPPED);
    }
    /* A thousand properties, each legal. */
    data.size = 0;
    wire_put_property (&data, "Socket-Type", "PUSH", 4);
    for (int i = 0; i < 1000; ++i)
        wire_put_property (&data, "X-again", "and again", 9);
    blow_ready ("many properties", data.data, data.size, HARMLESS);
    data.size = 0;
    wire_put_property (&data, "Socket-Type", "PUSH", 4);
    wire_put_property (&data, "Identity", large, sizeof large);
    blow_ready ("endless identity", data.data, data.size, HARMLESS);
}

/* Socket types that do not go together, or do not exist. */
CASE (types_that_do_not_match)
{
    static const char *const names[] = {"PAIR",   "PUB",    "SUB",  "REQ",  "REP",  "DEALER",
                                        "ROUTER", "PULL",   "PUSH", "XPUB", "XSUB", "STREAM",
                                        "SERVER", "CLIENT", "push", "PUSHX", "PUS", "", "NONE"};
    static const int victims[] = {ZMQ_PULL, ZMQ_ROUTER, ZMQ_DEALER};
    static const char *const legal[] = {"PUSH", "REQ DEALER ROUTER", "REP DEALER ROUTER"};
    for (int v = 0; v < 3; ++v)
        for (int i = 0; i < 19; ++i) {
            char word[16];
            int fits = 0;
            for (const char *at = legal[v]; !fits && sscanf (at, "%15s", word) == 1;
                 at += strlen (word) + strspn (at + strlen (word), " "))
                fits = strcmp (word, names[i]) == 0;
            wire_put_ready (greeting (), names[i], NULL);
            blow_raw (names[i], victims[v], &buf, fits ? HARMLESS : DROPPED, 0);
        }
}

/* ERROR in the place of READY: the handshake is over. */
CASE (error_command)
{
    wire_put_command (greeting (), "ERROR", "", 0);
    blow_raw ("no reason", ZMQ_PULL, &buf, DROPPED,
              ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR);
    wire_put_command (greeting (), "ERROR", "\4why", 4);
    blow_raw ("reason beyond the end", ZMQ_PULL, &buf, DROPPED,
              ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR);
    wire_put_command (greeting (), "ERROR", "\3why", 4);
    blow_raw ("a reason", ZMQ_PULL, &buf, HARMLESS, 0);
    wire_put_command (greeting (), "ERROR", "\0", 1);
    blow_raw ("empty reason", ZMQ_PULL, &buf, HARMLESS, 0);
}

CASE (error_ends_the_connection)
{
    for (int i = 0; i < 2; ++i) {
        wire_put_command (greeting (), "ERROR", i ? "\3why" : "\0", i ? 4 : 1);
        blow_raw ("ERROR", ZMQ_PULL, &buf, DROPPED, 0);
    }
}

CASE (ready_again)
{
    wire_put_ready (greeting (), "PUSH", NULL);
    wire_put_ready (&buf, "PUSH", NULL);
    blow_raw ("READY twice at once", ZMQ_PULL, &buf, HARMLESS, 0);
    buf.size = 0;
    wire_put_ready (&buf, "PUSH", NULL);
    wire_put_frame (&buf, 0, "next", 4);
    blow_joined ("READY after the handshake", ZMQ_PULL, &buf, HARMLESS);
}

/* Lengths of commands that nothing can have. */
CASE (impossible_lengths)
{
    static const uint64_t lengths[] = {UINT64_MAX, UINT64_MAX - 8, UINT64_C (1) << 63, INT64_MAX};
    for (int i = 0; i < 8; ++i) {
        if (i < 4)
            greeting ();
        else
            buf.size = 0;
        wire_put_byte (&buf, WIRE_COMMAND | WIRE_LONG);
        wire_put_number (&buf, lengths[i % 4], 8);
        wire_put (&buf, "\5READY", 6);
        if (i < 4)
            blow_raw ("length of a command", ZMQ_PULL, &buf, DROPPED, 0);
        else
            blow_joined ("length of a command", ZMQ_PULL, &buf, DROPPED);
    }
}

/* After the handshake: what is unknown is skipped, the messages around it are as they were. */
CASE (unknown_commands)
{
    static const char *const names[] = {"FOO", "HELLO", "READYX", "ping", "PINGX", "JOIN", "LEAVE"};
    for (int i = 0; i < 7; ++i) {
        wire_put_command (&buf, names[i], "data", 4);
        wire_put_frame (&buf, 0, "next", 4);
        blow_joined (names[i], ZMQ_PULL, &buf, IGNORED);
    }
    wire_put_command (&buf, "FOO", large, sizeof large);
    wire_put_frame (&buf, 0, "next", 4);
    blow_joined ("over-long command", ZMQ_PULL, &buf, IGNORED);

    victim_t v = open_victim (ZMQ_PULL);
    const int fd = join_victim (&v, 1);
    wire_put_frame (&buf, WIRE_MORE, "first", 5);
    wire_put_command (&buf, "FOO", "", 0);
    wire_put_frame (&buf, 0, "last", 4);
    REQUIRE (wire_flush (fd, &buf));
    expect_multi (v.socket, 2, "first", "last");
    close_victim (&v);
    close (fd);
}

/* Names that are none. */
CASE (nameless_commands)
{
    static const char *const bodies[] = {"", "\0", "\0abc", "\xffPING", "\5PING"};
    static const size_t sizes[] = {0, 1, 4, 5, 5};
    for (int i = 0; i < 5; ++i) {
        wire_put_frame (&buf, WIRE_COMMAND, bodies[i], sizes[i]);
        wire_put_frame (&buf, 0, "next", 4);
        blow_joined ("nameless", ZMQ_PULL, &buf, HARMLESS);
    }
}

/* PING without its time to live, and with more context than the 16 octets that may come back. */
CASE (odd_heartbeats)
{
    static const size_t sizes[] = {0, 1, 2 + 17, 2 + 255, 2 + 1000, sizeof large};
    for (int i = 0; i < 6; ++i) {
        static wire_frame_t frame;
        victim_t v = open_victim (ZMQ_PULL);
        const int fd = join_victim (&v, 1);
        wire_put_command (&buf, "PING", large, sizes[i]);
        REQUIRE (wire_flush (fd, &buf));
        CHECK_INT (check_good (&v), 0);
        shutdown (fd, SHUT_WR);
        while (wire_read_frame (fd, &frame)) {
            CHECK (wire_is_command (&frame, "PONG"));
            CHECK (frame.size <= 5 + 16);
        }
        close_victim (&v);
        close (fd);
        wire_put_command (&buf, "PONG", large, sizes[i]);
        wire_put_frame (&buf, 0, "next", 4);
        blow_joined ("PONG", ZMQ_PULL, &buf, HARMLESS);
    }
}

/* Subscriptions mean nothing to a socket that does not publish. */
CASE (subscription_to_a_pull)
{
    for (int i = 0; i < 2; ++i) {
        wire_put_command (&buf, i ? "CANCEL" : "SUBSCRIBE", "topic", 5);
        wire_put_frame (&buf, 0, "next", 4);
        blow_joined ("subscription", ZMQ_PULL, &buf, IGNORED);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (not_ready);
    RUN (malformed_ready);
    RUN (types_that_do_not_match);
    RUN (error_command);
    RUN_OURS (error_ends_the_connection, "RFC 37 says so; the reference waits for its timeout");
    RUN (ready_again);
    RUN (impossible_lengths);
    RUN (unknown_commands);
    RUN (nameless_commands);
    RUN (odd_heartbeats);
    RUN_OURS (subscription_to_a_pull, "the reference hands the command to the application");
    return harness_end ();
}
