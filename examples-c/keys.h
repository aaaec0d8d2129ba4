/*
 * CURVE keys in files: FOLDER/NAME.public, for everybody to have, and FOLDER/NAME.secret,
 * for its owner alone. Keys are texts of 40 characters (Z85), as zmq_curve_keypair makes
 * them.
 */
#ifndef KEYS_H
#define KEYS_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "example.h"

enum { KEY_TEXT = 41, KEY_BYTES = 32 };

static inline void
key_file (char *path, size_t capacity, const char *folder, const char *name, const char *kind)
{
    int length = snprintf (path, capacity, "%s/%s.%s", folder, name, kind);

    if (length < 0 || (size_t) length >= capacity) {
        fprintf (stderr, "%s/%s: too long a path\n", folder, name);
        exit (EXIT_FAILURE);
    }
}

/* Never replaces a key that is there. MODE: who may read it. */
static inline void
save_key (const char *folder, const char *name, const char *kind, const char *key, mode_t mode)
{
    char path[512];
    int file;

    key_file (path, sizeof path, folder, name, kind);
    file = open (path, O_WRONLY | O_CREAT | O_EXCL, mode);
    require (file >= 0, path);
    require (write (file, key, KEY_TEXT - 1) == KEY_TEXT - 1 && close (file) == 0, path);
}

static inline void load_key (const char *folder, const char *name, const char *kind, char *key)
{
    char path[512];
    unsigned char bytes[KEY_BYTES];
    int file;

    key_file (path, sizeof path, folder, name, kind);
    file = open (path, O_RDONLY);
    require (file >= 0, path);
    memset (key, 0, KEY_TEXT);
    if (read (file, key, KEY_TEXT - 1) != KEY_TEXT - 1 || !zmq_z85_decode (bytes, key)) {
        fprintf (stderr, "%s: not a key\n", path);
        exit (EXIT_FAILURE);
    }
    close (file);
}

#endif
