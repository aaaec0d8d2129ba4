/*
 * Random damage: a recorded exchange with some octets changed, removed, doubled or moved, two
 * thousand and more variants of it from a fixed seed. The victim may make of each what it likes;
 * it must live, and hear its good peer.
 */
#include "bad_victim.h"

static uint64_t state = UINT64_C (0x9e3779b97f4a7c15);

/* The same numbers on every machine (xorshift64). */
static uint32_t draw (uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t) (state >> 32) % below;
}

/* Octets that mean something in many places. */
static unsigned char draw_octet (void)
{
    static const unsigned char telling[] = {0, 1, 2, 3, 4, 5, 6, 7, 0x7f, 0x80, 0xfe, 0xff};
    return draw (2) ? telling[draw (sizeof telling)] : (unsigned char) draw (256);
}

static void damage (wire_buf_t *buf)
{
    for (uint32_t n = 1 + draw (4); n > 0; --n) {
        const uint32_t at = draw ((uint32_t) buf->size - 1);
        switch (draw (4)) {
            case 0:
            case 1:
                buf->data[at] = draw_octet ();
                break;
            case 2: /* remove one */
                memmove (buf->data + at, buf->data + at + 1, buf->size - at - 1);
                --buf->size;
                break;
            default: /* insert one */
                memmove (buf->data + at + 1, buf->data + at, buf->size - at);
                buf->data[at] = draw_octet ();
                ++buf->size;
        }
    }
}

/* What a talkative peer says after its handshake. */
static void put_traffic (wire_buf_t *buf)
{
    static char body[600];
    wire_put_frame (buf, 0, "short", 5);
    wire_put_frame (buf, WIRE_MORE, "", 0);
    wire_put_frame (buf, 0, body, 600);
    wire_put_command (buf, "PING", "\0\0context", 9);
    wire_put_command (buf, "SUBSCRIBE", "topic", 5);
    wire_put_frame (buf, 0, "\1topic", 6);
    wire_put_command (buf, "CANCEL", "topic", 5);
    wire_put_frame (buf, WIRE_MORE, "id", 2);
    wire_put_frame (buf, WIRE_MORE, "", 0);
    wire_put_frame (buf, 0, "last", 4);
}

/* Waits a moment for what the victim answers, so that it gets on with the handshake. */
static void listen_a_moment (int fd)
{
    char answer[512];
    size_t got = 0;
    struct pollfd item = {fd, POLLIN, 0};
    while (got < 64 + 20 && poll (&item, 1, 3) == 1) {
        const ssize_t n = recv (fd, answer, sizeof answer, MSG_DONTWAIT);
        if (n <= 0)
            break;
        got += (size_t) n;
    }
}

static void strike (const victim_t *v, int variant)
{
    static wire_buf_t hello, traffic;
    const int fd = raw_connect (v->endpoint);
    hello.size = traffic.size = 0;
    switch (variant % 5) {
        case 3:
            wire_put_greeting_2 (&hello, wire_types[v->index].peer_number, "id");
            break;
        case 4:
            wire_put_frame_1 (&hello, 0, "identity", 8);
            break;
        default:
            wire_put_greeting (&hello, 3, variant % 2, "NULL");
            wire_put_ready (&hello, wire_types[v->index].peer_name, "id");
    }
    put_traffic (&traffic);
    if (variant % 5 == 4) {
        wire_put_frame_1 (&traffic, WIRE_MORE, "more", 4);
        wire_put_frame_1 (&traffic, 0, "last", 4);
    }
    damage (draw (3) ? &traffic : &hello);
    wire_flush (fd, &hello);
    listen_a_moment (fd);
    wire_flush (fd, &traffic);
    if (draw (2)) {
        shutdown (fd, SHUT_WR);
        listen_a_moment (fd);
    }
    close (fd);
}

static void strike_often (int type)
{
    victim_t v = open_victim (type);
    const int fds_before = (check_good (&v), count_fds ());
    for (int variant = 0; variant < 450; ++variant) {
        strike (&v, variant);
        if (variant % 15 == 14)
            check_good (&v);
    }
    check_good (&v);
    CHECK (WAIT_FOR (count_fds () <= fds_before));
    close_victim (&v);
}

CASE (pull)
{
    strike_often (ZMQ_PULL);
}

CASE (router)
{
    strike_often (ZMQ_ROUTER);
}

CASE (dealer)
{
    strike_often (ZMQ_DEALER);
}

CASE (rep)
{
    strike_often (ZMQ_REP);
}

/* A publisher, whose good peer is a subscriber that goes on hearing it. */
CASE (xpub)
{
    victim_t v = open_victim (ZMQ_XPUB);
    set_str (v.good, ZMQ_SUBSCRIBE, "good");
    REQUIRE_OK (zmq_connect (v.good, v.endpoint));
    for (int variant = 0; variant < 450; ++variant) {
        strike (&v, variant);
        if (variant % 15 == 14) {
            drain (v.socket);
            sync_pub_sub (v.socket, v.good, "good");
        }
    }
    rm_socket (v.good);
    rm_socket (v.monitor);
    rm_socket (v.socket);
    rm_ctx (v.ctx);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    RUN (pull);
    RUN (router);
    RUN (dealer);
    RUN_OURS (rep, "a malformed request of a peer that left costs the reference the next reply");
    RUN (xpub);
    return harness_end ();
}
