/* The conformance suite over tcp with IPv4. */
#define TRANSPORT "tcp"
#define WIRE 1
#define EXCLUSIVE 1
#define WILDCARD "tcp://127.0.0.1:*"
#include "tr_conformance.h"

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    run_conformance ();
    return harness_end ();
}
