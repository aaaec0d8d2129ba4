/*
 * What a monitor says (zmq_socket_monitor): two frames, of which the first holds the
 * number of the event and a value, the second the endpoint.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdint.h>

#include "frames.h"

struct event {
    int kind;
    uint32_t value; /* a descriptor, an errno, a status: the kind says which */
    char endpoint[128];
};

/* Monitors SOCKET for the KINDS of events; the monitor's other end, a PAIR, is returned. */
static inline void *watch_events (void *context, void *socket, const char *name, int kinds)
{
    void *monitor = open_socket (context, ZMQ_PAIR, "creating a PAIR socket");

    require (zmq_socket_monitor (socket, name, kinds) == 0, "asking for events");
    require (zmq_connect (monitor, name) == 0, name);
    return monitor;
}

/* Receives one event; waits for it. */
static inline void receive_event (void *monitor, struct event *event)
{
    struct frames message;
    uint16_t kind = 0;

    require (frames_receive (monitor, &message, 0) == 0, "receiving an event");
    event->value = 0;
    if (message.count == 2 && frame_size (&message, 0) == 6) {
        /* Not aligned, hence copied. */
        memcpy (&kind, frame_data (&message, 0), 2);
        memcpy (&event->value, (char *) frame_data (&message, 0) + 2, 4);
    }
    event->kind = kind;
    frame_text (&message, 1, event->endpoint, sizeof event->endpoint);
    frames_clear (&message);
}

#endif
