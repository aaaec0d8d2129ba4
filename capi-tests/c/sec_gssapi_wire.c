/*
 * What others see and can do to connections with the GSSAPI mechanism (zmq_gssapi(7), RFC 38) that they carry.
 */
#include "sec_gssapi.h"

#include <limits.h>

/* Carries one connection from a listener to an endpoint, and notes what passes. */
typedef struct
{
    int listener;
    char endpoint[ENDPOINT_SIZE];
    char seen[65536];
    size_t size;
    /* What to do to the next read of the client's once `armed` is set, which clears it: change the bit of
     * this number from its end, or one of the below. */
    volatile int armed;
    int bit;
} relay_t;

enum { REPEAT = -1, LEAVE_OUT = -2 };

static void *relay_run (void *arg)
{
    relay_t *relay = arg;
    const int from = raw_accept (relay->listener, DEADLINE_MS), to = raw_connect (relay->endpoint);
    struct pollfd items[2] = {{from, POLLIN, 0}, {to, POLLIN, 0}};
    int open = 1;
    while (open && poll (items, 2, DEADLINE_MS) > 0)
        for (int i = 0; i < 2 && open; ++i) {
            char *at = relay->seen + relay->size;
            if (!items[i].revents)
                continue;
            const ssize_t n = recv (items[i].fd, at, sizeof relay->seen - relay->size, 0);
            const int bit = n > 0 && i == 0 && relay->armed ? relay->bit : INT_MAX;
            if (bit >= 0 && n > bit / 8)
                at[n - 1 - bit / 8] ^= (char) (1 << bit % 8);
            open = n > 0 && (bit == LEAVE_OUT || raw_write (items[!i].fd, at, (size_t) n));
            if (bit == REPEAT)
                raw_write (items[!i].fd, at, (size_t) n);
            if (bit != INT_MAX)
                relay->armed = 0;
            relay->size += n > 0 ? (size_t) n : 0;
        }
    close (from);
    close (to);
    return NULL;
}

/* Nothing of a message is seen by others, unless protection was given up. */
CASE (hidden_from_others)
{
    static const char secret[] = "for your eyes only";
    for (int plaintext = 0; plaintext < 2; ++plaintext) {
        static relay_t relay;
        char endpoint[ENDPOINT_SIZE];
        sec_t sec = gss_begin (NULL, -1, plaintext);
        memset (&relay, 0, sizeof relay);
        bind_any (sec.server, "tcp", relay.endpoint);
        relay.listener = raw_listen (endpoint);
        const pthread_t thread = start_thread (relay_run, &relay);
        REQUIRE_OK (zmq_connect (sec.client, endpoint));
        send_str (sec.client, secret, 0);
        expect_msg (sec.server, secret);
        sec_end (&sec);
        join_thread (thread);
        close (relay.listener);
        CHECK (memmem (relay.seen, relay.size, "GSSAPI", 6) != NULL);
        CHECK ((memmem (relay.seen, relay.size, secret, strlen (secret)) != NULL) == plaintext);
        CHECK ((memmem (relay.seen, relay.size, "DEALER", 6) != NULL) == plaintext);
    }
}

/* A message is taken as it was sent, once, or the connection ends. */
static void check_spoilt (int bit)
{
    static const char text[] = "as it was sent";
    static relay_t relay;
    char endpoint[ENDPOINT_SIZE];
    sec_t sec = gss_begin (NULL, -1, 0);
    set_int (sec.client, ZMQ_RECONNECT_IVL, -1);
    memset (&relay, 0, sizeof relay);
    bind_any (sec.server, "tcp", relay.endpoint);
    relay.listener = raw_listen (endpoint);
    const pthread_t thread = start_thread (relay_run, &relay);
    REQUIRE_OK (zmq_connect (sec.client, endpoint));
    bounce (sec.server, sec.client);
    relay.bit = bit;
    __sync_synchronize ();
    relay.armed = 1;
    send_str (sec.client, text, 0);
    if (bit == REPEAT)
        expect_msg (sec.server, text);
    if (bit == LEAVE_OUT) {
        CHECK (WAIT_FOR (!relay.armed));
        send_str (sec.client, "and what comes after", 0);
    }
    CHECK (wait_event (sec.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, NULL, NULL));
    if (drain (sec.server))
        harness_fail (__FILE__, __LINE__, "a message in spite of %d", bit);
    sec_end (&sec);
    join_thread (thread);
    close (relay.listener);
}

CASE (changed_on_the_way)
{
    /* Text, flags and what Kerberos adds; a length and a name; the head of the frame is the stream's. */
    enum { SIZE = 14 + 1 + 60 + 4 + 8, STEP = 27 };
    for (int bit = 0; bit < SIZE * 8; bit += STEP)
        check_spoilt (bit);
    check_spoilt (REPEAT);
}

CASE (left_out_on_the_way)
{
    check_spoilt (LEAVE_OUT);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    gss_main_begin ();
    RUN (hidden_from_others);
    RUN (changed_on_the_way);
    RUN_OURS (left_out_on_the_way, "the reference does not ask for an order");
    return gss_main_end ();
}
