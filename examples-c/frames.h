/*
 * Messages of several frames as one value: brokers receive them whole, look at
 * the frames in front, add or take some, and send them on. What a message may
 * mean is no matter of this file.
 *
 * Frames are moved by zmq_msg_move, never copied with their contents.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include "example.h"

/* What is received leaves room for the frames that brokers put in front. */
enum { MOST_FRAMES = 24, MOST_RECEIVED = 16 };

struct frames {
    int count;
    zmq_msg_t at[MOST_FRAMES];
};

static inline void frames_start (struct frames *message)
{
    message->count = 0;
}

/* Drops all frames. */
static inline void frames_clear (struct frames *message)
{
    while (message->count > 0)
        zmq_msg_close (&message->at[--message->count]);
}

/*
 * Receives a whole message. Returns 0, or -1 with the errno of zmq_msg_recv, such as
 * EAGAIN and ETERM. A message of more frames than anybody has use for is received to
 * its end and left empty, with a count of 0: peers may send what they like.
 */
static inline int frames_receive (void *socket, struct frames *message, int flags)
{
    int more = 1, too_long = 0;

    frames_start (message);
    while (more) {
        zmq_msg_t frame;

        zmq_msg_init (&frame);
        if (zmq_msg_recv (&frame, socket, flags) < 0) {
            int reason = zmq_errno ();

            zmq_msg_close (&frame);
            frames_clear (message);
            errno = reason;
            return -1;
        }
        more = zmq_msg_more (&frame);
        if (message->count < MOST_RECEIVED) {
            zmq_msg_init (&message->at[message->count]);
            zmq_msg_move (&message->at[message->count++], &frame);
        } else
            too_long = 1;
        zmq_msg_close (&frame);
    }
    if (too_long)
        frames_clear (message);
    return 0;
}

/*
 * Sends the whole message, and leaves it empty even where that fails: returns -1 then,
 * with the errno of zmq_msg_send.
 */
static inline int frames_send (void *socket, struct frames *message)
{
    int i, rc = 0, reason = 0;

    for (i = 0; i < message->count && rc == 0; i++)
        if (zmq_msg_send (&message->at[i], socket, i + 1 < message->count ? ZMQ_SNDMORE : 0) < 0) {
            rc = -1;
            reason = zmq_errno ();
        }
    frames_clear (message);
    errno = reason;
    return rc;
}

/* Makes room for one frame at POSITION and fills it with the SIZE bytes at DATA. */
static inline void
frames_insert (struct frames *message, int position, const void *data, size_t size)
{
    int i;

    if (message->count == MOST_FRAMES) {
        fprintf (stderr, "a message of more than %d frames\n", MOST_FRAMES);
        exit (EXIT_FAILURE);
    }
    zmq_msg_init (&message->at[message->count]);
    for (i = message->count++; i > position; i--)
        zmq_msg_move (&message->at[i], &message->at[i - 1]);
    zmq_msg_close (&message->at[position]);
    require (zmq_msg_init_size (&message->at[position], size) == 0, "making a frame");
    if (size > 0)
        memcpy (zmq_msg_data (&message->at[position]), data, size);
}

static inline void frames_add (struct frames *message, const void *data, size_t size)
{
    frames_insert (message, message->count, data, size);
}

static inline void frames_add_text (struct frames *message, const char *text)
{
    frames_insert (message, message->count, text, strlen (text));
}

/* Takes the frame at POSITION away, if there is one. */
static inline void frames_remove (struct frames *message, int position)
{
    int i;

    if (position >= message->count)
        return;
    for (i = position; i + 1 < message->count; i++)
        zmq_msg_move (&message->at[i], &message->at[i + 1]);
    zmq_msg_close (&message->at[--message->count]);
}

/* Takes NUMBER frames away from the front. */
static inline void frames_drop (struct frames *message, int number)
{
    while (number-- > 0)
        frames_remove (message, 0);
}

static inline void *frame_data (struct frames *message, int position)
{
    return zmq_msg_data (&message->at[position]);
}

static inline size_t frame_size (struct frames *message, int position)
{
    return zmq_msg_size (&message->at[position]);
}

/* Is there a frame at POSITION that holds exactly these bytes? */
static inline int
frame_is (struct frames *message, int position, const void *data, size_t size)
{
    return position < message->count && frame_size (message, position) == size
        && (size == 0 || memcmp (frame_data (message, position), data, size) == 0);
}

/* A frame as text, cut to what TEXT holds; a missing frame is an empty text. */
static inline void
frame_text (struct frames *message, int position, char *text, size_t capacity)
{
    size_t size = position < message->count ? frame_size (message, position) : 0;

    if (size >= capacity)
        size = capacity - 1;
    if (size > 0)
        memcpy (text, frame_data (message, position), size);
    text[size] = '\0';
}

#endif
