/* norm between this library and the reference, both ways: what one publishes, the other has. */
#include "interop_multicast.h"

static void run_once (int type)
{
    char place[64], endpoint[80];
    mk_group (place, sizeof place);
    snprintf (endpoint, sizeof endpoint, "norm://%s", place);
    /* The reference 4.3.4 cannot send frames of more than about 2000 bytes, but it receives them. */
    const int is_small = strcmp (interop.server_dir, getenv ("LIB_REF")) == 0;
    run_multicast ("norm", type, endpoint, endpoint, is_small ? SMALL : LARGE);
}

CASE (pubsub)
{
    run_once (ZMQ_PUB);
}

CASE (xpub)
{
    run_once (ZMQ_XPUB);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    ON_MULTICAST_ROLES;
    interop_begin ();
    RUN_INTEROP (pubsub);
    RUN_INTEROP (xpub);
    return harness_end ();
}
