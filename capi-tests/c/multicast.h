/*
 * What the programs of reliable multicast share: groups of their own, and publishing until it is heard.
 *
 * Nobody tells a publisher that there is a subscriber, so it says something until that one has got it. What may not
 * live here: knowledge of one transport.
 */
#ifndef CAPI_MULTICAST_H
#define CAPI_MULTICAST_H

#include "pat_common.h"

/* A group and port by the loopback interface that nobody else uses: "lo;239.A.B.C:PORT". */
HELPER void mk_group (char *place, size_t room)
{
    static unsigned count;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int fd = socket (AF_INET, SOCK_DGRAM, 0);
    REQUIRE (fd >= 0);
    REQUIRE_OK (bind (fd, (struct sockaddr *) &address, size));
    REQUIRE_OK (getsockname (fd, (struct sockaddr *) &address, &size));
    close (fd);
    const unsigned pid = (unsigned) getpid ();
    snprintf (place, room, "lo;239.%u.%u.%u:%d", 1 + pid / 256 % 250, pid % 256, 1 + count++ % 250,
              ntohs (address.sin_port));
}

/* Publishes "?" until `sub` gets one, and takes all of them. There must be a subscription to it. */
HELPER void meet (void *pub, void *sub)
{
    const long long end = now_ms () + 3 * DEADLINE_MS;
    int ready = 0, count = 0;
    for (; !ready && now_ms () < end; ++count) {
        send_str (pub, "?", 0);
        poll_ready (sub, ZMQ_POLLIN, 100, &ready);
    }
    REQUIRE (ready);
    send_str (pub, "?!", 0);
    for (char text[8] = ""; strcmp (text, "?!") != 0;)
        REQUIRE (recv_str (sub, text, sizeof text) > 0);
}

#endif
