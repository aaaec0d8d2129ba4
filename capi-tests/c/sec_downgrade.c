/*
 * Peers that would rather do without: with PLAIN or CURVE configured, or a ZAP domain, an old peer,
 * another mechanism and half a handshake get no pipe, and not a byte beyond the greeting
 * (CVE-2014-9721; RFC 37, "Detecting ZMTP 1.0 and 2.0 Peers").
 */
#include "sec_common.h"
#include "wire_peer.h"

static wire_buf_t buf;

enum { SERVER, CLIENT };

/* A socket that has something to send to whoever gets a pipe. */
static void *mk_eager (void *ctx, int mechanism, int side)
{
    void *socket = mk_socket (ctx, ZMQ_DEALER);
    set_int (socket, ZMQ_SNDTIMEO, 0);
    if (side == SERVER)
        sec_be_server (socket, (sec_mechanism_t) mechanism, "here");
    else
        sec_be_client (socket, (sec_mechanism_t) mechanism);
    return socket;
}

/* The peer says this and is dropped, without a message in either direction. */
static void refuse (int mechanism, int side, const char *what)
{
    char endpoint[ENDPOINT_SIZE];
    const int failures = harness.case_failures;
    void *ctx = mk_ctx (), *socket = mk_eager (ctx, mechanism, side);
    void *monitor = mk_monitor (ctx, socket, HANDSHAKE_EVENTS | ZMQ_EVENT_DISCONNECTED);
    int fd, listener = -1;
    if (side == SERVER) {
        bind_any (socket, "tcp", endpoint);
        fd = raw_connect (endpoint);
    } else {
        listener = raw_listen (endpoint);
        REQUIRE_OK (zmq_connect (socket, endpoint));
        fd = raw_accept (listener, DEADLINE_MS);
        REQUIRE (fd >= 0);
        send_str (socket, "for nobody but the server", 0);
    }
    wire_flush (fd, &buf);
    static unsigned char got[4096];
    const size_t n = raw_read (fd, got, sizeof got);
    CHECK (n <= 64);
    for (size_t i = 0; i + 3 < n; ++i)
        CHECK (memcmp (got + i, "for ", 4) != 0);
    const int event = read_event (monitor, DEADLINE_MS, NULL, NULL);
    CHECK (event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED && event != -1);
    expect_nothing (socket);
    if (side == SERVER)
        CHECK_ERRNO (zmq_send (socket, "x", 1, 0), EAGAIN);
    close (fd);
    if (listener >= 0)
        close (listener);
    set_int (socket, ZMQ_LINGER, 0);
    zmq_socket_monitor (socket, NULL, 0);
    rm_socket (monitor);
    rm_socket (socket);
    rm_ctx (ctx);
    if (harness.case_failures != failures)
        fprintf (stderr, "... that was %s, %s\n", sec_names[mechanism], what);
}

/* Whose sockets have a reason to refuse: a NULL client is anybody's. */
static const struct
{
    int mechanism, side;
} picky[] = {{SEC_NULL, SERVER},
             {SEC_PLAIN, SERVER},
             {SEC_PLAIN, CLIENT},
             {SEC_CURVE, SERVER},
             {SEC_CURVE, CLIENT}};
enum { PICKY = sizeof picky / sizeof *picky };

CASE (peers_of_1_0)
{
    for (int i = 0; i < PICKY; ++i) {
        wire_put_frame_1 (&buf, 0, "", 0);
        wire_put_frame_1 (&buf, 0, "sneak", 5);
        refuse (picky[i].mechanism, picky[i].side, "1.0");
    }
}

CASE (peers_of_2_0)
{
    for (int i = 0; i < PICKY; ++i) {
        wire_put_greeting_2 (&buf, 5, "");
        wire_put_frame (&buf, 0, "sneak", 5);
        refuse (picky[i].mechanism, picky[i].side, "2.0");
    }
}

CASE (other_mechanisms)
{
    for (int i = 0; i < PICKY; ++i)
    for (int other = 0; other < SEC_MECHANISMS; ++other) {
        if (other == picky[i].mechanism)
            continue;
        wire_put_greeting (&buf, 3, 1, sec_names[other]);
        wire_put_ready (&buf, "DEALER", "");
        wire_put_frame (&buf, 0, "sneak", 5);
        refuse (picky[i].mechanism, picky[i].side, sec_names[other]);
    }
}

/* The right mechanism, and then what follows a handshake instead of one. */
CASE (no_handshake)
{
    for (int m = SEC_PLAIN; m < SEC_MECHANISMS; ++m) {
        wire_put_greeting (&buf, 3, 1, sec_names[m]);
        wire_put_frame (&buf, 0, "sneak", 5);
        refuse (m, SERVER, "a message at once");
        wire_put_greeting (&buf, 3, 1, sec_names[m]);
        wire_put_ready (&buf, "DEALER", "");
        wire_put_frame (&buf, 0, "sneak", 5);
        refuse (m, SERVER, "READY at once");
        wire_put_greeting (&buf, 3, 1, sec_names[m]);
        wire_put_command (&buf, "INITIATE", "\13Socket-Type\0\0\0\6DEALER", 22);
        wire_put_frame (&buf, 0, "sneak", 5);
        refuse (m, SERVER, "INITIATE at once");
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    if (!zmq_has ("curve"))
        skip_all ("no CURVE");
    sec_make_keys ();
    RUN (peers_of_1_0);
    RUN (peers_of_2_0);
    RUN (other_mechanisms);
    RUN (no_handshake);
    return harness_end ();
}
