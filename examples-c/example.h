/*
 * What all the example programs need: a reason when something fails, defaults
 * for the command line, and the address that a socket really got.
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

/* Goes on when CONDITION holds; otherwise says what failed and why, and stops. */
static inline void require (int condition, const char *what)
{
    if (condition)
        return;
    fprintf (stderr, "%s: %s\n", what, zmq_strerror (zmq_errno ()));
    exit (EXIT_FAILURE);
}

/* The argument at POSITION, or FALLBACK where the command line ends before it. */
static inline const char *
argument (int argc, char **argv, int position, const char *fallback)
{
    return position < argc ? argv[position] : fallback;
}

/*
 * Binds, then prints the resolved address at once: with "tcp://127.0.0.1:*" the
 * system picks a free port, and only the socket knows which one.
 */
static inline void bind_and_tell (void *socket, const char *endpoint, const char *role)
{
    char resolved[256];
    size_t size = sizeof resolved;

    require (zmq_bind (socket, endpoint) == 0, endpoint);
    require (zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, resolved, &size) == 0,
             "reading the bound address");
    printf ("%s at %s\n", role, resolved);
    fflush (stdout);
}

/* Receives one frame as text, cut to what TEXT holds. */
static inline void receive_text (void *socket, char *text, size_t capacity)
{
    int length = zmq_recv (socket, text, capacity - 1, 0);

    require (length >= 0, "receiving");
    /* The full length is returned even where the frame did not fit. */
    text[(size_t) length < capacity ? (size_t) length : capacity - 1] = '\0';
}

/* Sends a text as one frame, without its terminating zero. */
static inline void send_text (void *socket, const char *text, int flags)
{
    require (zmq_send (socket, text, strlen (text), flags) >= 0, "sending");
}

/* A socket of TYPE; WHAT says in an error message what it was wanted for. */
static inline void *open_socket (void *context, int type, const char *what)
{
    void *socket = zmq_socket (context, type);

    require (socket != NULL, what);
    return socket;
}

/* Most options are a C int: a time in milliseconds, a limit, or yes and no. */
static inline void set_number (void *socket, int option, int value)
{
    require (zmq_setsockopt (socket, option, &value, sizeof value) == 0, "setting an option");
}

/* The library in use, so that a transcript shows on what a program ran. */
static inline void tell_version (const char *program)
{
    int major, minor, patch;

    zmq_version (&major, &minor, &patch);
    printf ("%s runs on libzmq %d.%d.%d\n", program, major, minor, patch);
    fflush (stdout);
}

#endif
