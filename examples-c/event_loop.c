/*
 * event_loop [ENDPOINT]
 *
 * A socket in an event loop that belongs to somebody else, here epoll; a GUI or a
 * framework is the same. ZMQ_FD gives a descriptor to wait on, with two rules:
 *
 *  - That it is readable says only that something happened. What, ZMQ_EVENTS says.
 *  - It tells of changes, not of states: after it, and after each call on the socket,
 *    ZMQ_EVENTS has to be looked at again, until it says that there is nothing to do.
 *    Whoever goes back to the loop before that may wait for ever.
 *
 * Answers as hello_server does. A signalfd in the same loop ends it on SIGINT and SIGTERM.
 * (Linux.)
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "frames.h"

static int is_ready (void *socket, int wanted)
{
    int events = 0;
    size_t size = sizeof events;

    require (zmq_getsockopt (socket, ZMQ_EVENTS, &events, &size) == 0, "looking for events");
    return events & wanted;
}

/* Answers all that is there. ROUTER: who asks, an empty frame, the name. */
static int serve (void *socket)
{
    int answered = 0;

    while (is_ready (socket, ZMQ_POLLIN)) {
        struct frames message;
        char name[64], greeting[96];

        require (frames_receive (socket, &message, ZMQ_DONTWAIT) == 0, "receiving");
        if (message.count == 3) {
            frame_text (&message, 2, name, sizeof name);
            snprintf (greeting, sizeof greeting, "Good morning, %s!", name);
            zmq_msg_close (&message.at[--message.count]);
            frames_add_text (&message, greeting);
            require (frames_send (socket, &message) == 0, "answering");
            answered++;
        }
        frames_clear (&message);
    }
    return answered;
}

static void watch (int loop, int descriptor)
{
    struct epoll_event event;

    memset (&event, 0, sizeof event);
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    require (epoll_ctl (loop, EPOLL_CTL_ADD, descriptor, &event) == 0, "watching a descriptor");
}

int main (int argc, char **argv)
{
    const char *endpoint = argument (argc, argv, 1, "tcp://127.0.0.1:5555");
    void *context = zmq_ctx_new ();
    void *socket;
    sigset_t signals;
    int loop, end_fd, socket_fd, answered, ended = 0;
    size_t size = sizeof socket_fd;

    require (context != NULL, "creating a context");
    sigemptyset (&signals);
    sigaddset (&signals, SIGINT);
    sigaddset (&signals, SIGTERM);
    require (sigprocmask (SIG_BLOCK, &signals, NULL) == 0, "blocking signals");
    end_fd = signalfd (-1, &signals, SFD_CLOEXEC);
    require (end_fd >= 0, "making a descriptor for signals");

    socket = open_socket (context, ZMQ_ROUTER, "creating a ROUTER socket");
    bind_and_tell (socket, endpoint, "listening");
    require (zmq_getsockopt (socket, ZMQ_FD, &socket_fd, &size) == 0, "asking for the descriptor");

    loop = epoll_create1 (EPOLL_CLOEXEC);
    require (loop >= 0, "making a loop");
    watch (loop, end_fd);
    watch (loop, socket_fd);

    /* Something may have happened before anybody waited for it. */
    answered = serve (socket);
    while (!ended) {
        struct epoll_event events[2];
        int count = epoll_wait (loop, events, 2, -1), i;

        require (count >= 0 || errno == EINTR, "waiting");
        for (i = 0; i < count; i++)
            if (events[i].data.fd == socket_fd)
                answered += serve (socket);
            else
                ended = 1;
    }

    printf ("answered %d requests\n", answered);
    close (loop);
    close (end_fd);
    /* Not socket_fd: that one belongs to the socket. */
    require (zmq_close (socket) == 0, "closing");
    require (zmq_ctx_term (context) == 0, "ending the context");
    return EXIT_SUCCESS;
}
