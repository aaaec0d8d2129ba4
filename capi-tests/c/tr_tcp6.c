/* The conformance suite over tcp with IPv6. */
#define TRANSPORT "tcp6"
#define WIRE 1
#define EXCLUSIVE 1
#define WILDCARD "tcp://[::1]:*"
#include "tr_conformance.h"

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    if (!has_ipv6 ())
        skip_all ("no IPv6 here");
    run_conformance ();
    return harness_end ();
}
