/*
 * What the sec_ programs share: sockets with a mechanism, and a ZAP handler on a thread of its own
 * that notes what it is asked and answers what it is told to (RFC 27).
 */
#ifndef CAPI_SEC_COMMON_H
#define CAPI_SEC_COMMON_H

#include "harness.h"
#include <sys/resource.h>

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

#define HANDSHAKE_EVENTS                                                                           \
    (ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL                          \
     | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

typedef enum { SEC_NULL, SEC_PLAIN, SEC_CURVE, SEC_MECHANISMS } sec_mechanism_t;

static const char *const sec_names[] UNUSED = {"NULL", "PLAIN", "CURVE"};

/* Key pairs that hold for one run. */
static char sec_server_public[41], sec_server_secret[41], sec_client_public[41],
  sec_client_secret[41];

HELPER void sec_make_keys (void)
{
    REQUIRE_OK (zmq_curve_keypair (sec_server_public, sec_server_secret));
    REQUIRE_OK (zmq_curve_keypair (sec_client_public, sec_client_secret));
}

/* A socket that demands the mechanism of who connects to it. */
HELPER void sec_be_server (void *socket, sec_mechanism_t mechanism, const char *domain)
{
    if (domain)
        set_str (socket, ZMQ_ZAP_DOMAIN, domain);
    if (mechanism == SEC_PLAIN)
        set_int (socket, ZMQ_PLAIN_SERVER, 1);
    if (mechanism == SEC_CURVE) {
        set_int (socket, ZMQ_CURVE_SERVER, 1);
        REQUIRE_OK (zmq_setsockopt (socket, ZMQ_CURVE_SECRETKEY, sec_server_secret, 41));
    }
}

HELPER void sec_be_client (void *socket, sec_mechanism_t mechanism)
{
    if (mechanism == SEC_PLAIN) {
        set_str (socket, ZMQ_PLAIN_USERNAME, "admin");
        set_str (socket, ZMQ_PLAIN_PASSWORD, "secret");
    }
    if (mechanism == SEC_CURVE) {
        REQUIRE_OK (zmq_setsockopt (socket, ZMQ_CURVE_SERVERKEY, sec_server_public, 41));
        REQUIRE_OK (zmq_setsockopt (socket, ZMQ_CURVE_PUBLICKEY, sec_client_public, 41));
        REQUIRE_OK (zmq_setsockopt (socket, ZMQ_CURVE_SECRETKEY, sec_client_secret, 41));
    }
}

/* ---- Handler -------------------------------------------------------------------------------- */

enum { ZAP_REPLY_FRAMES = 6, ZAP_FRAMES_MAX = 12 };

typedef struct
{
    size_t size;
    unsigned char data[300];
} zap_frame_t;

typedef struct
{
    void *socket, *control;
    pthread_t thread;
    /* Version, request id, status, text, user, metadata. */
    zap_frame_t reply[ZAP_REPLY_FRAMES + 1];
    int reply_frames;
    int echo_version, echo_id;
    /* Answers that come before, with status 300. */
    int refuse_first;
    int requests;
    zap_frame_t asked[ZAP_FRAMES_MAX];
    int asked_frames;
    int is_router;
} zap_handler_t;

HELPER int zap_read (void *socket, zap_frame_t *frames)
{
    int count = 0, more = 1;
    while (more) {
        zap_frame_t *frame = &frames[count < ZAP_FRAMES_MAX ? count : ZAP_FRAMES_MAX - 1];
        const int size = zmq_recv (socket, frame->data, sizeof frame->data, 0);
        if (size < 0)
            return -1;
        frame->size = (size_t) size;
        ++count;
        more = opt_int (socket, ZMQ_RCVMORE);
    }
    return count;
}

HELPER void *zap_run (void *arg)
{
    zap_handler_t *handler = arg;
    zmq_pollitem_t items[2] = {{handler->control, 0, ZMQ_POLLIN, 0},
                               {handler->socket, 0, ZMQ_POLLIN, 0}};
    static zap_frame_t frames[ZAP_FRAMES_MAX];
    while (zmq_poll (items, 2, -1) >= 0 && !(items[0].revents & ZMQ_POLLIN)) {
        if (!(items[1].revents & ZMQ_POLLIN))
            continue;
        const int count = zap_read (handler->socket, frames);
        if (count < 0)
            break;
        /* A ROUTER sees the envelope: routing id and delimiter. */
        const int at = handler->is_router ? 2 : 0;
        handler->asked_frames = count - at;
        memcpy (handler->asked, frames + at, sizeof *frames * (size_t) (ZAP_FRAMES_MAX - at));
        for (int i = 0; i < at; ++i)
            zmq_send (handler->socket, frames[i].data, frames[i].size, ZMQ_SNDMORE);
        /* Counted before the last frame goes, so that who was let in finds it counted. */
        const int refuse = __sync_fetch_and_add (&handler->requests, 1) < handler->refuse_first;
        for (int i = 0; i < handler->reply_frames; ++i) {
            const zap_frame_t *frame = &handler->reply[i];
            if (i == 0 && handler->echo_version)
                frame = &handler->asked[0];
            if (i == 1 && handler->echo_id)
                frame = &handler->asked[1];
            const int last = i + 1 == handler->reply_frames;
            if (i == 2 && refuse)
                zmq_send (handler->socket, "300", 3, last ? 0 : ZMQ_SNDMORE);
            else
                zmq_send (handler->socket, frame->data, frame->size, last ? 0 : ZMQ_SNDMORE);
        }
    }
    return NULL;
}

HELPER void zap_answer (zap_handler_t *handler, int frame, const void *data, size_t size)
{
    REQUIRE (size <= sizeof handler->reply[0].data);
    memcpy (handler->reply[frame].data, data, size);
    handler->reply[frame].size = size;
    if (frame == 0)
        handler->echo_version = 0;
    if (frame == 1)
        handler->echo_id = 0;
}

/* A handler that lets everyone in as "joe", until it is told otherwise; then zap_start it. */
HELPER zap_handler_t *zap_new (void *ctx, int type)
{
    zap_handler_t *handler = calloc (1, sizeof *handler);
    REQUIRE (handler != NULL);
    handler->echo_version = handler->echo_id = 1;
    handler->reply_frames = ZAP_REPLY_FRAMES;
    zap_answer (handler, 2, "200", 3);
    zap_answer (handler, 3, "OK", 2);
    zap_answer (handler, 4, "joe", 3);
    zap_answer (handler, 5, "\5Hello\0\0\0\5World", 15);
    handler->is_router = type == ZMQ_ROUTER;
    handler->socket = mk_socket (ctx, type);
    REQUIRE_OK (zmq_bind (handler->socket, ZAP_ENDPOINT));
    return handler;
}

HELPER void zap_start (zap_handler_t *handler, void *ctx, void **stop)
{
    char endpoint[ENDPOINT_SIZE];
    *stop = mk_socket (ctx, ZMQ_PAIR);
    handler->control = mk_socket (ctx, ZMQ_PAIR);
    bind_any (*stop, "inproc", endpoint);
    REQUIRE_OK (zmq_connect (handler->control, endpoint));
    handler->thread = start_thread (zap_run, handler);
}

HELPER void zap_stop (zap_handler_t *handler, void *stop)
{
    send_str (stop, "", 0);
    join_thread (handler->thread);
    rm_socket (handler->control);
    rm_socket (handler->socket);
    rm_socket (stop);
    free (handler);
}

/* ---- Memory ------------------------------------------------------------------------------------ */

/* Lets the process have so many bytes more of address space, or any number. */
HELPER void limit_memory (long spare)
{
    struct rlimit limit;
    long pages = 0;
    FILE *file = fopen ("/proc/self/statm", "r");
    REQUIRE (file != NULL && fscanf (file, "%ld", &pages) == 1);
    fclose (file);
    REQUIRE_OK (getrlimit (RLIMIT_AS, &limit));
    limit.rlim_cur = limit.rlim_max;
    if (spare > 0)
        limit.rlim_cur = (rlim_t) (pages * sysconf (_SC_PAGESIZE) + spare);
    REQUIRE_OK (setrlimit (RLIMIT_AS, &limit));
}

/* ---- A server, its handler and a client ------------------------------------------------------ */

typedef struct
{
    void *ctx, *server, *monitor, *client, *client_monitor, *stop;
    zap_handler_t *handler;
    char endpoint[ENDPOINT_SIZE];
} sec_t;

/* Everything but the handler's thread and the connection. `handler_type` -1: no handler. */
HELPER sec_t sec_begin (sec_mechanism_t mechanism, const char *domain, int handler_type)
{
    sec_t sec = {0};
    sec.ctx = mk_ctx ();
    if (handler_type >= 0)
        sec.handler = zap_new (sec.ctx, handler_type);
    sec.server = mk_socket (sec.ctx, ZMQ_DEALER);
    set_str (sec.server, ZMQ_ROUTING_ID, "server");
    sec_be_server (sec.server, mechanism, domain);
    sec.monitor = mk_monitor (sec.ctx, sec.server, HANDSHAKE_EVENTS);
    sec.client = mk_socket (sec.ctx, ZMQ_DEALER);
    sec_be_client (sec.client, mechanism);
    sec.client_monitor = mk_monitor (sec.ctx, sec.client, HANDSHAKE_EVENTS);
    return sec;
}

HELPER void sec_connect (sec_t *sec, const char *transport)
{
    if (sec->handler)
        zap_start (sec->handler, sec->ctx, &sec->stop);
    bind_any (sec->server, transport, sec->endpoint);
    REQUIRE_OK (zmq_connect (sec->client, sec->endpoint));
}

/*
 * The same for a client that will not get in and tries to say something: who is refused for good has nobody
 * to send to any more, so the handler answers when it has been said.
 */
HELPER void sec_connect_saying (sec_t *sec, const char *transport, const char *text)
{
    bind_any (sec->server, transport, sec->endpoint);
    REQUIRE_OK (zmq_connect (sec->client, sec->endpoint));
    send_str (sec->client, text, 0);
    zap_start (sec->handler, sec->ctx, &sec->stop);
}

HELPER void sec_end (sec_t *sec)
{
    zmq_socket_monitor (sec->client, NULL, 0);
    zmq_socket_monitor (sec->server, NULL, 0);
    rm_socket (sec->client_monitor);
    rm_socket (sec->monitor);
    rm_socket (sec->client);
    rm_socket (sec->server);
    if (sec->handler)
        zap_stop (sec->handler, sec->stop);
    rm_ctx (sec->ctx);
}

HELPER void sec_expect (const char *what, void *monitor, int event, int expected)
{
    int value = -1;
    if (!wait_event (monitor, event, &value, NULL))
        harness_fail (__FILE__, __LINE__, "%s: no %s", what, event_name (event));
    else if (value != expected)
        harness_fail (__FILE__, __LINE__, "%s: %s with %#x, expected %#x", what,
                      event_name (event), (unsigned) value, (unsigned) expected);
}

#endif
