/*
 * The words of the Paranoid Pirate Protocol (RFC 6), between pirate_queue and
 * pirate_worker. A message of a single frame with one of these bytes is a signal; any
 * other is a request or its answer, with the frames in front that lead back to the client.
 */
#ifndef PIRATE_H
#define PIRATE_H

#include "frames.h"

#define PIRATE_READY "\1"
#define PIRATE_HEARTBEAT "\2"

/* Is the whole message, after the first SKIP frames, this signal? */
static inline int is_signal (struct frames *message, int skip, const char *signal)
{
    return message->count == skip + 1 && frame_is (message, skip, signal, 1);
}

#endif
