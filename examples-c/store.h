/*
 * Messages on disk, for titanic: each is a file FOLDER/ID.KIND. A file is written under
 * another name, brought to the disk, and then renamed: it is there whole, or not at all.
 */
#ifndef STORE_H
#define STORE_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <dirent.h>
#include <stdint.h>
#include <unistd.h>

#include "frames.h"

enum { ID_TEXT = 33, MOST_PATH = 512 };

static inline void
store_path (char *path, const char *folder, const char *id, const char *kind)
{
    int length = snprintf (path, MOST_PATH, "%s/%s.%s", folder, id, kind);

    if (length < 0 || length >= MOST_PATH) {
        fprintf (stderr, "%s: too long a path\n", folder);
        exit (EXIT_FAILURE);
    }
}

/* 32 hexadecimal characters, and nothing else: peers choose what is asked for. */
static inline int store_is_id (const char *id)
{
    return strlen (id) == ID_TEXT - 1 && strspn (id, "0123456789abcdef") == ID_TEXT - 1;
}

static inline void store_new_id (char *id)
{
    unsigned char bytes[(ID_TEXT - 1) / 2];
    FILE *random = fopen ("/dev/urandom", "rb");
    size_t i;

    require (random && fread (bytes, 1, sizeof bytes, random) == sizeof bytes, "/dev/urandom");
    fclose (random);
    for (i = 0; i < sizeof bytes; i++)
        snprintf (id + 2 * i, 3, "%02x", bytes[i]);
}

static inline int store_has (const char *folder, const char *id, const char *kind)
{
    char path[MOST_PATH];

    store_path (path, folder, id, kind);
    return access (path, F_OK) == 0;
}

/* Returns 0, or -1 where the disk does not take it. The message stays as it is. */
static inline int
store_save (const char *folder, const char *id, const char *kind, struct frames *message)
{
    char path[MOST_PATH], written[MOST_PATH];
    FILE *file;
    int i, good = 1;

    store_path (path, folder, id, kind);
    store_path (written, folder, id, "new");
    file = fopen (written, "wb");
    if (!file)
        return -1;
    for (i = 0; i < message->count; i++) {
        uint64_t size = frame_size (message, i);

        good &= fwrite (&size, sizeof size, 1, file) == 1
             && fwrite (frame_data (message, i), 1, (size_t) size, file) == size;
    }
    good &= fflush (file) == 0 && fsync (fileno (file)) == 0;
    good &= fclose (file) == 0;
    if (good && rename (written, path) == 0)
        return 0;
    remove (written);
    return -1;
}

/* Returns -1, and an empty message, where there is no such file, or it cannot be read. */
static inline int
store_load (const char *folder, const char *id, const char *kind, struct frames *message)
{
    char path[MOST_PATH];
    FILE *file;
    uint64_t size;
    int good = 1;

    frames_start (message);
    store_path (path, folder, id, kind);
    file = fopen (path, "rb");
    if (!file)
        return -1;
    while (good && message->count < MOST_RECEIVED && fread (&size, sizeof size, 1, file) == 1) {
        zmq_msg_t *frame = &message->at[message->count];

        good = zmq_msg_init_size (frame, (size_t) size) == 0;
        if (good) {
            message->count++;
            good = fread (zmq_msg_data (frame), 1, (size_t) size, file) == size;
        }
    }
    good &= !ferror (file);
    fclose (file);
    if (good)
        return 0;
    frames_clear (message);
    return -1;
}

static inline void store_remove (const char *folder, const char *id)
{
    char path[MOST_PATH];

    /* The request first: what is left of the two is then no request without an answer. */
    store_path (path, folder, id, "request");
    remove (path);
    store_path (path, folder, id, "reply");
    remove (path);
}

/*
 * The next request without a reply, by name, after the one in ID, which it replaces; from
 * the first again at the end. 0 when there is none.
 */
static inline int store_next (const char *folder, char *id)
{
    char first[ID_TEXT] = "", next[ID_TEXT] = "";
    DIR *all = opendir (folder);
    struct dirent *entry;

    require (all != NULL, folder);
    while ((entry = readdir (all)) != NULL) {
        char name[ID_TEXT];

        if (strlen (entry->d_name) != ID_TEXT - 1 + strlen (".request")
            || strcmp (entry->d_name + ID_TEXT - 1, ".request") != 0)
            continue;
        memcpy (name, entry->d_name, ID_TEXT - 1);
        name[ID_TEXT - 1] = '\0';
        if (!store_is_id (name) || store_has (folder, name, "reply"))
            continue;
        if (!first[0] || strcmp (name, first) < 0)
            memcpy (first, name, ID_TEXT);
        if (strcmp (name, id) > 0 && (!next[0] || strcmp (name, next) < 0))
            memcpy (next, name, ID_TEXT);
    }
    closedir (all);
    if (!first[0])
        return 0;
    memcpy (id, next[0] ? next : first, ID_TEXT);
    return 1;
}

#endif
