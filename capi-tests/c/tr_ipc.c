/* The conformance suite over ipc with paths. */
#define TRANSPORT "ipc"
#define WIRE 1
#define EXCLUSIVE 0
#define WILDCARD "ipc://*"
#include "tr_conformance.h"

int main (int argc, char **argv)
{
    harness_begin (argc, argv);
    run_conformance ();
    return harness_end ();
}
