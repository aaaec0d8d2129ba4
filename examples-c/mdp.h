/*
 * The words of the Majordomo Protocol, MDP/0.1 (RFC 7): frames that its messages consist
 * of, in this order after the empty one in front.
 *
 *   client to broker and back    MDP_CLIENT, the service's name, the body
 *   worker to broker and back    MDP_WORKER, a command, and what belongs to it:
 *     MDP_READY                    the service's name
 *     MDP_REQUEST, MDP_REPLY       the client's id, an empty frame, the body
 *     MDP_HEARTBEAT, MDP_DISCONNECT
 */
#ifndef MDP_H
#define MDP_H

#include "frames.h"

#define MDP_CLIENT "MDPC01"
#define MDP_WORKER "MDPW01"

#define MDP_READY "\1"
#define MDP_REQUEST "\2"
#define MDP_REPLY "\3"
#define MDP_HEARTBEAT "\4"
#define MDP_DISCONNECT "\5"

static inline int frame_is_text (struct frames *message, int position, const char *text)
{
    return frame_is (message, position, text, strlen (text));
}

#endif
