/* The conformance suite over tcp with IPv6. */
#define TRANSPORT "tcp6"
#define WIRE 1
#define EXCLUSIVE 1
#define WILDCARD "tcp://[::1]:*"
#include "tr_conformance.h"

/* A host may have its interface behind a percent sign, by name or number, also where the system needs none. */
CASE (hosts_with_interfaces)
{
    static const char *const hosts[] = {"[::1%lo]", "[::1%1]", "127.0.0.1%lo", "[::1%]", "[::1%0]", "[::1%no-such-device]"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; ++i)
        for (int ipv6 = 1; ipv6 >= 0; --ipv6) {
            char endpoint[ENDPOINT_SIZE];
            void *ctx = mk_ctx ();
            void *server = mk_socket (ctx, ZMQ_PAIR), *client = mk_socket (ctx, ZMQ_PAIR);
            set_int (server, ZMQ_IPV6, ipv6);
            set_int (client, ZMQ_IPV6, ipv6);
            snprintf (endpoint, sizeof endpoint, "tcp://%s:*", hosts[i]);
            const int bound = zmq_bind (server, endpoint);
            printf ("  %s%s: %s", hosts[i], ipv6 ? "" : " without IPv6", result_name (bound));
            if (bound == 0) {
                last_endpoint (server, endpoint);
                char *port = strrchr (endpoint, ':');
                printf (" %.*s", (int) (port - endpoint), endpoint);
                /* The same host to connect to. */
                char target[ENDPOINT_SIZE];
                snprintf (target, sizeof target, "tcp://%s%s", hosts[i], port);
                CHECK_OK (zmq_connect (client, target));
                bounce (server, client);
            }
            printf ("\n");
            rm_socket (client);
            rm_socket (server);
            rm_ctx (ctx);
        }
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    if (!has_ipv6 ())
        skip_all ("no IPv6 here");
    run_conformance ();
    RUN (hosts_with_interfaces);
    return harness_end ();
}
