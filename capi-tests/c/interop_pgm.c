/* epgm and pgm between this library and the reference, both ways: what one publishes, the other has. */
#include "interop_multicast.h"
#include "pgm.h"

static void run_once (const char *scheme, int type)
{
    char from[64], to[64];
    mk_cable (scheme, from, to);
    run_multicast ("pgm", type, from, to, LARGE);
}

CASE (epgm)
{
    run_once ("epgm", ZMQ_PUB);
}

CASE (pgm)
{
    run_once ("pgm", ZMQ_PUB);
}

CASE (xpub)
{
    run_once ("epgm", ZMQ_XPUB);
}

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    ON_MULTICAST_ROLES;
    interop_begin ();
    require_cable ();
    RUN_INTEROP (epgm);
    RUN_INTEROP (pgm);
    RUN_INTEROP (xpub);
    return harness_end ();
}
