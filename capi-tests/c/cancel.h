/*
 * What the programs about cancelled threads share: telling that a thread sleeps.
 *
 * A thread is cancelled where it waits, and nobody tells that it does but the kernel. What may not live here: calls of
 * the library.
 */
#ifndef CAPI_CANCEL_H
#define CAPI_CANCEL_H

#include "harness.h"

#include <sys/syscall.h>

/* The calling thread's number, by which others ask for it. */
HELPER pid_t own_id (void)
{
    return (pid_t) syscall (SYS_gettid);
}

/* Whether a thread of ours sleeps in the kernel. */
HELPER int is_asleep (pid_t id)
{
    char path[64], text[512];
    snprintf (path, sizeof path, "/proc/self/task/%d/stat", (int) id);
    FILE *file = fopen (path, "r");
    if (!file)
        return 0;
    const size_t size = fread (text, 1, sizeof text - 1, file);
    fclose (file);
    text[size] = '\0';
    const char *end = strrchr (text, ')');
    return end && end[1] == ' ' && end[2] == 'S';
}

/* Asleep, and some looks later still: not at a lock, nor between two messages. */
HELPER int stays_asleep (pid_t id)
{
    for (int i = 0; i < 5; ++i) {
        if (!is_asleep (id))
            return 0;
        msleep (1);
    }
    return 1;
}

#endif
