/*
 * ZMQ_HELLO_MSG, ZMQ_HICCUP_MSG and ZMQ_DISCONNECT_MSG (drafts): what sockets say when peers come and go.
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "harness.h"

/* The socket that greets is called by nobody. */
CASE (hello_from_a_bound_socket)
{
    static const char *const transports[] = {"tcp", "ipc", "inproc"};
    for (int t = 0; t < 3; ++t) {
        void *ctx = mk_ctx ();
        void *router = mk_socket (ctx, ZMQ_ROUTER), *dealer = mk_socket (ctx, ZMQ_DEALER);
        set_str (router, ZMQ_HELLO_MSG, "welcome");
        join_sockets (router, dealer, transports[t]);
        expect_msg (dealer, "welcome");
        rm_socket (dealer);
        rm_socket (router);
        rm_ctx (ctx);
    }
}

CASE (hello_both_ways_before_the_bind)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_SERVER), *client = mk_socket (ctx, ZMQ_CLIENT);
    set_str (server, ZMQ_HELLO_MSG, "welcome");
    set_str (client, ZMQ_HELLO_MSG, "here I am");
    CHECK_OK (zmq_connect (client, "inproc://late"));
    CHECK_OK (zmq_bind (server, "inproc://late"));
    expect_msg (client, "welcome");
    expect_msg (server, "here I am");
    rm_socket (client);
    rm_socket (server);
    rm_ctx (ctx);
}

/* The client hears of the loss at once, and says hello to whoever comes next. */
CASE (hiccup_when_the_server_goes)
{
    static const char *const transports[] = {"tcp", "ipc"};
    for (int t = 0; t < 2; ++t) {
        char endpoint[ENDPOINT_SIZE];
        void *ctx = mk_ctx ();
        void *server = mk_socket (ctx, ZMQ_SERVER), *client = mk_socket (ctx, ZMQ_CLIENT);
        bind_held (server, transports[t], endpoint);
        set_str (client, ZMQ_HELLO_MSG, "hello");
        set_str (client, ZMQ_HICCUP_MSG, "lost");
        set_int (client, ZMQ_RECONNECT_IVL, 10);
        CHECK_OK (zmq_connect (client, endpoint));
        expect_msg (server, "hello");
        rm_socket (server);
        expect_msg (client, "lost");
        server = mk_socket (ctx, ZMQ_SERVER);
        CHECK_OK (zmq_bind (server, endpoint));
        expect_msg (server, "hello");
        rm_socket (client);
        rm_socket (server);
        rm_ctx (ctx);
    }
}

CASE (report_of_a_peer_that_goes)
{
    void *ctx = mk_ctx ();
    void *server = mk_socket (ctx, ZMQ_SERVER), *client = mk_socket (ctx, ZMQ_CLIENT);
    set_str (server, ZMQ_DISCONNECT_MSG, "gone");
    join_sockets (server, client, "tcp");
    send_str (client, "hello", 0);
    expect_msg (server, "hello");
    rm_socket (client);
    expect_msg (server, "gone");
    rm_socket (server);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    static const char why[] = "a draft";
    harness_begin (argc, argv);
    RUN_OURS (hello_from_a_bound_socket, why);
    RUN_OURS (hello_both_ways_before_the_bind, why);
    RUN_OURS (hiccup_when_the_server_goes, why);
    RUN_OURS (report_of_a_peer_that_goes, why);
    return harness_end ();
}
