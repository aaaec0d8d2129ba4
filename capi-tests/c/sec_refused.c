/*
 * A client that a ZAP handler has refused (RFC 27), as its program sees it: for good (400, 500) it has nobody to
 * send to any more, for now (300) or without an answer it goes on as a client whose server is away
 * (zmq_setsockopt(3), ZMQ_IMMEDIATE).
 */
#include "sec_common.h"

static const int client_types[] = {ZMQ_REQ, ZMQ_DEALER, ZMQ_PUSH};
static const int server_types[] = {ZMQ_REP, ZMQ_DEALER, ZMQ_PULL};
static const char *const transports[] = {"tcp", "ipc"};

typedef struct
{
    void *ctx, *server, *client, *monitor, *stop, *zap;
    zap_handler_t *handler;
    char endpoint[ENDPOINT_SIZE];
} refused_t;

/* What is tried: bits 0 and up are the transport, ZMQ_IMMEDIATE, the mechanism and the type. */
enum { VARIANTS = 2 * 2 * 3 * 3 };

static int is_immediate (int variant)
{
    return variant / 2 % 2;
}

/* Without a status the handler is left to the caller, as `r.zap`. */
static refused_t begin (int variant, const char *status)
{
    const sec_mechanism_t mechanism = (sec_mechanism_t) (variant / 4 % 3);
    const int type = variant / 12;
    refused_t r = {0};
    r.ctx = mk_ctx ();
    if (status) {
        r.handler = zap_new (r.ctx, ZMQ_REP);
        zap_answer (r.handler, 2, status, 3);
        zap_start (r.handler, r.ctx, &r.stop);
    } else {
        r.zap = mk_socket (r.ctx, ZMQ_REP);
        REQUIRE_OK (zmq_bind (r.zap, ZAP_ENDPOINT));
    }
    r.server = mk_socket (r.ctx, server_types[type]);
    sec_be_server (r.server, mechanism, "here");
    r.client = mk_socket (r.ctx, client_types[type]);
    sec_be_client (r.client, mechanism);
    set_int (r.client, ZMQ_IMMEDIATE, is_immediate (variant));
    if (client_types[type] == ZMQ_REQ)
        set_int (r.client, ZMQ_REQ_RELAXED, 1);
    r.monitor = mk_monitor (r.ctx, r.client, HANDSHAKE_EVENTS | ZMQ_EVENT_DISCONNECTED);
    bind_any (r.server, transports[variant % 2], r.endpoint);
    REQUIRE_OK (zmq_connect (r.client, r.endpoint));
    return r;
}

static void end (refused_t *r)
{
    zmq_socket_monitor (r->client, NULL, 0);
    rm_socket (r->monitor);
    rm_socket (r->client);
    rm_socket (r->server);
    if (r->handler)
        zap_stop (r->handler, r->stop);
    rm_ctx (r->ctx);
}

static int has_nobody (void *client)
{
    return zmq_send (client, "", 0, ZMQ_DONTWAIT) == -1 && zmq_errno () == EAGAIN;
}

CASE (for_good)
{
    for (int variant = 0; variant < VARIANTS; ++variant) {
        const int status = variant % 5 ? 400 : 500;
        refused_t r = begin (variant, status == 400 ? "400" : "500");
        sec_expect ("client", r.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, status);
        CHECK (wait_event (r.monitor, ZMQ_EVENT_DISCONNECTED, NULL, NULL));
        CHECK (WAIT_FOR (has_nobody (r.client)));
        CHECK_INT (opt_int (r.client, ZMQ_EVENTS) & ZMQ_POLLOUT, 0);
        set_int (r.client, ZMQ_SNDTIMEO, 10);
        CHECK_ERRNO (zmq_send (r.client, "", 0, 0), EAGAIN);
        /* The endpoint is still the program's to take back, and to try again. */
        CHECK_OK (zmq_disconnect (r.client, r.endpoint));
        zap_answer (r.handler, 2, "200", 3);
        set_int (r.client, ZMQ_SNDTIMEO, DEADLINE_MS);
        REQUIRE_OK (zmq_connect (r.client, r.endpoint));
        send_str (r.client, "again", 0);
        expect_msg (r.server, "again");
        end (&r);
    }
}

static void check_waits (refused_t *r, int variant)
{
    if (is_immediate (variant))
        CHECK_ERRNO (zmq_send (r->client, "", 0, ZMQ_DONTWAIT), EAGAIN);
    else
        CHECK_INT (zmq_send (r->client, "", 0, ZMQ_DONTWAIT), 0);
    CHECK_INT (opt_int (r->client, ZMQ_EVENTS) & ZMQ_POLLOUT,
               is_immediate (variant) ? 0 : ZMQ_POLLOUT);
}

CASE (for_now)
{
    for (int variant = 0; variant < VARIANTS; ++variant) {
        refused_t r = begin (variant, "300");
        CHECK (WAIT_FOR (__sync_fetch_and_add (&r.handler->requests, 0) > 0));
        check_waits (&r, variant);
        end (&r);
    }
}

CASE (no_answer)
{
    for (int variant = 0; variant < VARIANTS; ++variant) {
        static zap_frame_t asked[ZAP_FRAMES_MAX];
        refused_t r = begin (variant, NULL);
        REQUIRE (zap_read (r.zap, asked) > 0);
        rm_socket (r.zap);
        check_waits (&r, variant);
        end (&r);
    }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    if (!zmq_has ("curve"))
        skip_all ("no CURVE");
    sec_make_keys ();
    RUN_OURS (for_good, "the pipe of a refused connection stays there now and then, and its context never ends");
    RUN (for_now);
    RUN (no_answer);
    return harness_end ();
}
