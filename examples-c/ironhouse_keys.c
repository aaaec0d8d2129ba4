/*
 * ironhouse_keys FOLDER NAME...
 *
 * Makes a pair of CURVE keys for each NAME: NAME.public, which goes to whoever is to know
 * NAME, and NAME.secret, which stays where it is and which only its owner may read.
 */
#include "keys.h"

int main (int argc, char **argv)
{
    int i;

    if (argc < 3) {
        fprintf (stderr, "usage: ironhouse_keys FOLDER NAME...\n");
        return EXIT_FAILURE;
    }
    if (!zmq_has ("curve")) {
        fprintf (stderr, "this library was built without CURVE\n");
        return EXIT_FAILURE;
    }
    for (i = 2; i < argc; i++) {
        char public_key[KEY_TEXT], secret_key[KEY_TEXT];

        require (zmq_curve_keypair (public_key, secret_key) == 0, "making keys");
        save_key (argv[1], argv[i], "public", public_key, 0644);
        save_key (argv[1], argv[i], "secret", secret_key, 0600);
        memset (secret_key, 0, sizeof secret_key);
        printf ("keys of %s are in %s\n", argv[i], argv[1]);
    }
    return EXIT_SUCCESS;
}
