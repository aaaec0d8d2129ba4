/*
 * When to send the next sign of life, and when to give a peer up. For the pirates and
 * majordomo, whose peers tell each other at regular intervals that they are there: a
 * connection that stands says nothing of what is behind it.
 */
#ifndef HEARTBEAT_H
#define HEARTBEAT_H

#include "example.h"

/* So many intervals of silence, and a peer counts as gone. */
enum { LIVENESS = 4 };

/* Milliseconds since WATCH was started: time that nobody sets. */
static inline long now (void *watch)
{
    return (long) (zmq_stopwatch_intermediate (watch) / 1000);
}

/* How long to sleep until DUE, for zmq_poll; 0 when it has passed. */
static inline long until (void *watch, long due)
{
    long left = due - now (watch);

    return left > 0 ? left : 0;
}

#endif
