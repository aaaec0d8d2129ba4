/*
 * A ZMTP peer made by hand: greetings, commands and frames as bytes on a plain connection.
 *
 * What lives here: what RFC 37 (3.1), 23 (3.0), 15 (2.0) and 13 (1.0) put on the wire, for the
 * wire_ and bad_ programs. What may not: libzmq calls; this side of a connection knows none.
 */
#ifndef CAPI_WIRE_PEER_H
#define CAPI_WIRE_PEER_H

#include "harness.h"

enum { WIRE_MORE = 1, WIRE_LONG = 2, WIRE_COMMAND = 4 };

/* Socket types of the protocol, with a legal peer for each; RFC 15 numbers the first nine. */
static const struct
{
    int type, peer;
    const char *name, *peer_name;
    unsigned char peer_number;
} wire_types[] UNUSED = {
  {ZMQ_PAIR, ZMQ_PAIR, "PAIR", "PAIR", 0},       {ZMQ_PUB, ZMQ_SUB, "PUB", "SUB", 2},
  {ZMQ_SUB, ZMQ_PUB, "SUB", "PUB", 1},           {ZMQ_REQ, ZMQ_REP, "REQ", "REP", 4},
  {ZMQ_REP, ZMQ_REQ, "REP", "REQ", 3},           {ZMQ_DEALER, ZMQ_ROUTER, "DEALER", "ROUTER", 6},
  {ZMQ_ROUTER, ZMQ_DEALER, "ROUTER", "DEALER", 5}, {ZMQ_PULL, ZMQ_PUSH, "PULL", "PUSH", 8},
  {ZMQ_PUSH, ZMQ_PULL, "PUSH", "PULL", 7},       {ZMQ_XPUB, ZMQ_SUB, "XPUB", "SUB", 2},
  {ZMQ_XSUB, ZMQ_PUB, "XSUB", "PUB", 1}};
enum { WIRE_TYPES = 11 };

/* A frame that was read: its flags octet and its body, the first 64 KiB of it. */
typedef struct
{
    unsigned char flags;
    uint64_t size;
    unsigned char body[65536 + 1];
} wire_frame_t;

/* A growing piece of wire data. */
typedef struct
{
    size_t size;
    unsigned char data[128 * 1024];
} wire_buf_t;

HELPER void wire_put (wire_buf_t *buf, const void *data, size_t size)
{
    REQUIRE (buf->size + size <= sizeof buf->data);
    memcpy (buf->data + buf->size, data, size);
    buf->size += size;
}

HELPER void wire_put_byte (wire_buf_t *buf, int byte)
{
    const unsigned char b = (unsigned char) byte;
    wire_put (buf, &b, 1);
}

/* An unsigned number in network byte order. */
HELPER void wire_put_number (wire_buf_t *buf, uint64_t number, int bytes)
{
    while (bytes-- > 0)
        wire_put_byte (buf, (int) (number >> (8 * bytes) & 0xff));
}

/* The 64 octets of a 3.x greeting. */
HELPER void wire_put_greeting (wire_buf_t *buf, int major, int minor, const char *mechanism)
{
    unsigned char greeting[64] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f};
    greeting[10] = (unsigned char) major;
    greeting[11] = (unsigned char) minor;
    memcpy (greeting + 12, mechanism, strlen (mechanism));
    wire_put (buf, greeting, sizeof greeting);
}

/* The greeting of 2.0: signature, revision 1, socket type, identity. */
HELPER void wire_put_greeting_2 (wire_buf_t *buf, int type, const char *id)
{
    wire_put (buf, "\xff\0\0\0\0\0\0\0\1\x7f\1", 11);
    wire_put_byte (buf, type);
    wire_put_byte (buf, 0);
    wire_put_byte (buf, (int) strlen (id));
    wire_put (buf, id, strlen (id));
}

/* A frame of 2.0 and 3.x; its length in the shortest form unless WIRE_LONG is given. */
HELPER void wire_put_frame (wire_buf_t *buf, int flags, const void *body, size_t size)
{
    const int is_long = flags & WIRE_LONG || size > 255;
    wire_put_byte (buf, flags | (is_long ? WIRE_LONG : 0));
    wire_put_number (buf, size, is_long ? 8 : 1);
    wire_put (buf, body, size);
}

/* A frame of 1.0: the length counts the flags octet. */
HELPER void wire_put_frame_1 (wire_buf_t *buf, int flags, const void *body, size_t size)
{
    if (size + 1 < 255)
        wire_put_byte (buf, (int) size + 1);
    else {
        wire_put_byte (buf, 0xff);
        wire_put_number (buf, size + 1, 8);
    }
    wire_put_byte (buf, flags);
    wire_put (buf, body, size);
}

HELPER void wire_put_command (wire_buf_t *buf, const char *name, const void *data, size_t size)
{
    static wire_buf_t body;
    body.size = 0;
    wire_put_byte (&body, (int) strlen (name));
    wire_put (&body, name, strlen (name));
    wire_put (&body, data, size);
    wire_put_frame (buf, WIRE_COMMAND, body.data, body.size);
}

/* One property of READY, appended to its data. */
HELPER void wire_put_property (wire_buf_t *data, const char *name, const void *value, size_t size)
{
    wire_put_byte (data, (int) strlen (name));
    wire_put (data, name, strlen (name));
    wire_put_number (data, size, 4);
    wire_put (data, value, size);
}

/* READY with a socket type and an identity ("" is sent as an empty property, NULL not at all). */
HELPER void wire_put_ready (wire_buf_t *buf, const char *type, const char *id)
{
    static wire_buf_t data;
    data.size = 0;
    wire_put_property (&data, "Socket-Type", type, strlen (type));
    if (id)
        wire_put_property (&data, "Identity", id, strlen (id));
    wire_put_command (buf, "READY", data.data, data.size);
}

HELPER int wire_flush (int fd, wire_buf_t *buf)
{
    const int ok = raw_write (fd, buf->data, buf->size);
    buf->size = 0;
    return ok;
}

/* One octet a time, with a pause that lets the other side see it alone (it need not). */
HELPER int wire_flush_slowly (int fd, wire_buf_t *buf)
{
    const int on = 1;
    int ok = 1;
    setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (size_t i = 0; ok && i < buf->size; ++i) {
        ok = raw_write (fd, buf->data + i, 1);
        sched_yield ();
    }
    buf->size = 0;
    return ok;
}

HELPER uint64_t wire_number (const unsigned char *data, int bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < bytes; ++i)
        number = number << 8 | data[i];
    return number;
}

HELPER int wire_read_body (int fd, wire_frame_t *frame)
{
    if (frame->size > sizeof frame->body - 1)
        return 0;
    frame->body[frame->size] = '\0';
    return raw_read (fd, frame->body, (size_t) frame->size) == frame->size;
}

/* The next frame of 2.0 or 3.x; 0 when none comes. */
HELPER int wire_read_frame (int fd, wire_frame_t *frame)
{
    unsigned char length[8];
    if (raw_read (fd, &frame->flags, 1) != 1)
        return 0;
    const int bytes = frame->flags & WIRE_LONG ? 8 : 1;
    if (raw_read (fd, length, (size_t) bytes) != (size_t) bytes)
        return 0;
    frame->size = wire_number (length, bytes);
    return wire_read_body (fd, frame);
}

HELPER int wire_read_frame_1 (int fd, wire_frame_t *frame)
{
    unsigned char length[8];
    if (raw_read (fd, length, 1) != 1)
        return 0;
    frame->size = length[0];
    if (length[0] == 0xff) {
        if (raw_read (fd, length, 8) != 8)
            return 0;
        frame->size = wire_number (length, 8);
    }
    if (frame->size == 0 || raw_read (fd, &frame->flags, 1) != 1)
        return 0;
    --frame->size;
    return wire_read_body (fd, frame);
}

/* Is it this command? Its data begins at body[1 + strlen (name)]. */
HELPER int wire_is_command (const wire_frame_t *frame, const char *name)
{
    const size_t size = strlen (name);
    return frame->flags & WIRE_COMMAND && frame->size >= size + 1 && frame->body[0] == size
           && memcmp (frame->body + 1, name, size) == 0;
}

/* The value of a property of READY (any case); NULL where it is missing or READY is malformed. */
HELPER const unsigned char *
wire_property (const wire_frame_t *ready, const char *name, size_t *size)
{
    size_t at = 1 + strlen ("READY");
    while (at < ready->size) {
        const size_t name_size = ready->body[at];
        if (at + 1 + name_size + 4 > ready->size)
            return NULL;
        const size_t value_at = at + 1 + name_size + 4;
        const size_t value_size = (size_t) wire_number (ready->body + value_at - 4, 4);
        if (value_at + value_size > ready->size)
            return NULL;
        if (name_size == strlen (name)
            && strncasecmp ((const char *) ready->body + at + 1, name, name_size) == 0) {
            *size = value_size;
            return ready->body + value_at;
        }
        at = value_at + value_size;
    }
    return NULL;
}

/* Reads the other side's 64 octets and checks them against RFC 37. */
HELPER void wire_check_greeting (int fd)
{
    unsigned char greeting[64];
    REQUIRE (raw_read (fd, greeting, sizeof greeting) == sizeof greeting);
    CHECK_INT (greeting[0], 0xff);
    CHECK_INT (greeting[9], 0x7f);
    CHECK_INT (greeting[10], 3);
    CHECK (greeting[11] <= 1);
    CHECK_MEM (greeting + 12, "NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    for (int i = 32; i < 64; ++i)
        CHECK_INT (greeting[i], 0);
}

/* Reads the other side's READY and checks its socket type. */
HELPER void wire_check_ready (int fd, const char *type, wire_frame_t *ready)
{
    size_t size = 0;
    REQUIRE (wire_read_frame (fd, ready));
    REQUIRE (wire_is_command (ready, "READY"));
    const unsigned char *value = wire_property (ready, "Socket-Type", &size);
    REQUIRE (value != NULL);
    CHECK_INT (size, strlen (type));
    CHECK_MEM (value, type, strlen (type));
}

/* A whole NULL handshake of version 3.`minor` as a `type` (a name) with `id`; gives their READY. */
HELPER void wire_handshake_id (int fd, int minor, const char *type, const char *id,
                               const char *their_type, wire_frame_t *ready)
{
    static wire_buf_t buf;
    buf.size = 0;
    wire_put_greeting (&buf, 3, minor, "NULL");
    wire_put_ready (&buf, type, id);
    REQUIRE (wire_flush (fd, &buf));
    wire_check_greeting (fd);
    wire_check_ready (fd, their_type, ready);
}

/* Connects and shakes hands with a socket of `their_type`. */
HELPER int wire_join (const char *endpoint, int minor, const char *type, const char *their_type)
{
    static wire_frame_t ready;
    const int fd = raw_connect (endpoint);
    wire_handshake_id (fd, minor, type, "", their_type, &ready);
    return fd;
}

HELPER int wire_send (int fd, int flags, const void *body, size_t size)
{
    static wire_buf_t buf;
    buf.size = 0;
    wire_put_frame (&buf, flags, body, size);
    return wire_flush (fd, &buf);
}

HELPER int wire_send_command (int fd, const char *name, const void *data, size_t size)
{
    static wire_buf_t buf;
    buf.size = 0;
    wire_put_command (&buf, name, data, size);
    return wire_flush (fd, &buf);
}

/* The next frame must be this one (flags without WIRE_LONG, which only tells the length). */
#define expect_wire(fd, flags, text)                                                               \
    wire_expect (__FILE__, __LINE__, fd, flags, text, strlen (text))
#define expect_wire_bytes(fd, flags, data, size)                                                   \
    wire_expect (__FILE__, __LINE__, fd, flags, data, size)

HELPER void wire_expect (
  const char *file, int line, int fd, int flags, const void *body, size_t size)
{
    static wire_frame_t frame;
    if (!wire_read_frame (fd, &frame))
        harness_fail (file, line, "no frame \"%.*s\"", (int) size, (const char *) body);
    else if ((frame.flags & ~WIRE_LONG) != flags || frame.size != size
             || memcmp (frame.body, body, size) != 0)
        harness_fail (file, line, "frame %02x \"%.*s\", expected %02x \"%.*s\"", frame.flags,
                      (int) frame.size, (const char *) frame.body, flags, (int) size,
                      (const char *) body);
}

#endif
