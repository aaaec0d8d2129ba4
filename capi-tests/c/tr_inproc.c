/* The conformance suite over inproc. */
#define TRANSPORT "inproc"
#define WIRE 0
#define EXCLUSIVE 1
#define WILDCARD NULL
#include "tr_conformance.h"

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    run_conformance ();
    return harness_end ();
}
