/*
 * Passwords and keys do not stay in memory: not when another one takes their place, and not when what used
 * them is closed. The program looks for them in all of its memory.
 */
#include "sec_common.h"

/*
 * A secret's length, and where what is looked for begins: an allocator writes over the beginning of what is freed.
 * The program itself has its secrets masked.
 */
enum { SECRET = 32, TAIL = 16, MASK = 0x5A, GUARD_MAX = 0x10000 };

static unsigned char masked[3][SECRET];

static void wipe (void *data, size_t size)
{
    volatile unsigned char *bytes = data;
    while (size--)
        bytes[size] = 0;
}

/* Characters of Z85, different ones for each secret and each run. */
static void make_secrets (void)
{
    unsigned seed = (unsigned) getpid ();
    for (int s = 0; s < 3; ++s)
        for (int i = 0; i < SECRET; ++i) {
            seed = seed * 1103515245u + 12345u;
            masked[s][i] = (unsigned char) (('a' + (seed >> 16) % 26) ^ MASK);
        }
}

/* Whether the bytes are those of the secret, from its `first` one on. */
static int is_here (const unsigned char *at, const unsigned char *secret, int first)
{
    for (int i = first; i < SECRET; ++i)
        if ((at[i - first] ^ MASK) != secret[i])
            return 0;
    return 1;
}

/*
 * How often the secret is in memory that the program may write to, but for stacks: calls leave there what they
 * computed with, until others write over it. A thread's stack is what follows a small guard.
 */
static int copies_of (int number)
{
    static struct { unsigned char *from, *to; } maps[4096];
    static char line[512];
    const unsigned char *secret = masked[number];
    size_t count = 0;
    unsigned long guarded = 0;
    FILE *file = fopen ("/proc/self/maps", "r");
    REQUIRE (file != NULL);
    while (fgets (line, sizeof line, file)) {
        unsigned long from, to;
        char mode[5];
        REQUIRE (sscanf (line, "%lx-%lx %4s", &from, &to, mode) == 3);
        const int is_stack = from == guarded || strstr (line, "[stack]");
        guarded = strncmp (mode, "---", 3) == 0 && to - from <= GUARD_MAX ? to : 0;
        if (is_stack || strncmp (mode, "rw", 2) != 0 || strstr (line, "[v"))
            continue;
        REQUIRE (count < sizeof maps / sizeof *maps);
        maps[count].from = (unsigned char *) from;
        maps[count++].to = (unsigned char *) to;
    }
    fclose (file);
    int found = 0;
    for (size_t m = 0; m < count; ++m)
        for (unsigned char *at = maps[m].from; at + TAIL <= maps[m].to; ++at) {
            at = memchr (at, secret[TAIL] ^ MASK, (size_t) (maps[m].to - at) - TAIL + 1);
            if (!at)
                break;
            found += is_here (at, secret, TAIL);
        }
    return found;
}

/* Sets an option to the secret, of which the program keeps nothing. */
static void set_secret (void *socket, int option, int number)
{
    unsigned char secret[SECRET];
    for (int i = 0; i < SECRET; ++i)
        secret[i] = masked[number][i] ^ MASK;
    REQUIRE_OK (zmq_setsockopt (socket, option, secret, SECRET));
    wipe (secret, SECRET);
}

/* Another value takes its place, by each option that has secrets. */
CASE (replaced)
{
    static const int options[] = {ZMQ_PLAIN_PASSWORD, ZMQ_CURVE_SECRETKEY};
    for (int i = 0; i < 2; ++i) {
        void *ctx = mk_ctx (), *socket = mk_socket (ctx, ZMQ_DEALER);
        set_secret (socket, options[i], 0);
        CHECK (copies_of (0) > 0);
        set_secret (socket, options[i], 1);
        CHECK_INT (copies_of (0), 0);
        CHECK (copies_of (1) > 0);
        rm_socket (socket);
        CHECK_INT (copies_of (1), 0);
        rm_ctx (ctx);
    }
}

/* A handler that lets everybody in: `keeps` the request's messages, or has them copied out. */
static void let_in (void *handler, int keeps)
{
    static zap_frame_t asked[ZAP_FRAMES_MAX];
    static const char *const rest[] = {"200", "OK", "joe", ""};
    zmq_msg_t password;
    if (keeps) {
        for (int i = 0; i < 9; ++i)
            CHECK (zmq_recv (handler, asked[i].data, sizeof asked[i].data, 0) >= 0);
        REQUIRE_OK (zmq_msg_init (&password));
        CHECK_INT (zmq_msg_recv (&password, handler, 0), SECRET);
        CHECK (is_here (zmq_msg_data (&password), masked[2], 0));
        CHECK_OK (zmq_msg_close (&password));
    } else {
        CHECK_INT (zap_read (handler, asked), 10);
        CHECK (is_here (asked[9].data, masked[2], 0));
        wipe (asked[9].data, SECRET);
    }
    CHECK_INT (zmq_send (handler, asked[0].data, asked[0].size, ZMQ_SNDMORE), asked[0].size);
    send_str (handler, "", ZMQ_SNDMORE);
    send_str (handler, "1.0", ZMQ_SNDMORE);
    send_str (handler, "1", ZMQ_SNDMORE);
    for (int i = 0; i < 4; ++i)
        send_str (handler, rest[i], i < 3 ? ZMQ_SNDMORE : 0);
}

/* A password is shown to a server and its handler. What is left is with the client's socket. */
CASE (shown)
{
    for (int keeps = 0; keeps < 2; ++keeps) {
        void *ctx = mk_ctx (), *handler = mk_socket (ctx, ZMQ_ROUTER),
             *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
        REQUIRE_OK (zmq_bind (handler, ZAP_ENDPOINT));
        sec_be_server (server, SEC_PLAIN, "here");
        set_str (client, ZMQ_PLAIN_USERNAME, "admin");
        set_secret (client, ZMQ_PLAIN_PASSWORD, 2);
        join_sockets (server, client, keeps ? "tcp" : "ipc");
        let_in (handler, keeps);
        bounce (server, client);
        CHECK (copies_of (2) > 0);
        rm_socket (client);
        rm_socket (server);
        rm_socket (handler);
        rm_ctx (ctx);
        CHECK_INT (copies_of (2), 0);
    }
}

/* A server's and a client's CURVE keys, used for a connection. */
CASE (used)
{
    void *ctx = mk_ctx (), *server = mk_socket (ctx, ZMQ_DEALER), *client = mk_socket (ctx, ZMQ_DEALER);
    char text[41];
    unsigned char key[SECRET];
    for (int number = 0; number < 2; ++number) {
        for (int i = 0; i < SECRET; ++i)
            key[i] = masked[number][i] ^ MASK;
        REQUIRE (zmq_z85_encode (text, key, SECRET) != NULL);
        REQUIRE_OK (zmq_curve_public (number ? sec_client_public : sec_server_public, text));
    }
    wipe (key, sizeof key);
    wipe (text, sizeof text);
    set_int (server, ZMQ_CURVE_SERVER, 1);
    set_secret (server, ZMQ_CURVE_SECRETKEY, 0);
    REQUIRE_OK (zmq_setsockopt (client, ZMQ_CURVE_SERVERKEY, sec_server_public, 41));
    REQUIRE_OK (zmq_setsockopt (client, ZMQ_CURVE_PUBLICKEY, sec_client_public, 41));
    set_secret (client, ZMQ_CURVE_SECRETKEY, 1);
    join_sockets (server, client, "tcp");
    bounce (server, client);
    CHECK (copies_of (0) > 0 && copies_of (1) > 0);
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
    CHECK_INT (copies_of (0), 0);
    CHECK_INT (copies_of (1), 0);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    if (getenv ("CAPI_WRAPPER"))
        skip_all ("a wrapper has the program's memory twice");
    if (!zmq_has ("curve"))
        skip_all ("no CURVE");
    make_secrets ();
    RUN_OURS (replaced, "the reference wipes nothing");
    RUN_OURS (shown, "the reference wipes nothing");
    RUN_OURS (used, "the reference wipes nothing");
    return harness_end ();
}
