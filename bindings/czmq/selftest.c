/*
 * Runs one of the self tests that CZMQ keeps in its library: `selftest CLASS` calls CLASS_test ().
 * A test aborts where it fails. What lives here is this driver alone; the tests are Debian's libczmq4,
 * a binary that was built against libzmq.
 */
#include <czmq.h>
#include <dlfcn.h>

int main (int argc, char **argv)
{
    char name[64];
    if (argc != 2)
        return 2;
    snprintf (name, sizeof name, "%s_test", argv[1]);
    void (*test) (bool);
    void *found = dlsym (RTLD_DEFAULT, name);
    if (!found) {
        printf ("%s: not in this CZMQ\n", name);
        return 77;
    }
    memcpy (&test, &found, sizeof test);
    test (false);
    return 0;
}
