/* The conformance suite over ipc with names of the abstract namespace. */
#define TRANSPORT "abstract"
#define WIRE 1
#define EXCLUSIVE 1
#define WILDCARD NULL
#include "tr_conformance.h"

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    run_conformance ();
    return harness_end ();
}
