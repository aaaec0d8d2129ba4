/*
 * A peer without a library behind it: half of a ZMTP 3.0 handshake (RFC 23) with
 * the NULL mechanism, for modes that measure what connections cost one side only.
 */
#include "bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { GREETING_SIZE = 64, FLAG_COMMAND = 4 };

static void write_all (int descriptor, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = send (descriptor, bytes, size, MSG_NOSIGNAL);

        require (written > 0, "writing to the peer");
        bytes += written;
        size -= (size_t) written;
    }
}

static void read_all (int descriptor, unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t got = recv (descriptor, bytes, size, 0);

        if (got == 0)
            errno = ECONNRESET;
        require (got > 0, "reading from the peer");
        bytes += got;
        size -= (size_t) got;
    }
}

int zmtp_dial (const char *endpoint)
{
    /* READY: the flags, the length, the command's name, one property. */
    static const char ready[] = "\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06" "DEALER";
    unsigned char greeting[GREETING_SIZE] = {0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0};
    const char *port = strrchr (endpoint, ':');
    struct sockaddr_in address;
    int descriptor = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    require (descriptor >= 0, "socket");
    memset (&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    address.sin_port = htons ((uint16_t) atoi (port + 1));
    require (connect (descriptor, (struct sockaddr *) &address, sizeof address) == 0, "connect");

    memcpy (greeting + 12, "NULL", 4);
    write_all (descriptor, greeting, sizeof greeting);
    write_all (descriptor, (const unsigned char *) ready, sizeof ready - 1);
    return descriptor;
}

void zmtp_finish (int descriptor)
{
    unsigned char greeting[GREETING_SIZE];
    unsigned char frame[2 + 255];

    read_all (descriptor, greeting, sizeof greeting);
    read_all (descriptor, frame, 2);
    read_all (descriptor, frame + 2, frame[1]);
    if (frame[0] != FLAG_COMMAND || memcmp (frame + 2, "\x05READY", 6) != 0) {
        errno = EPROTO;
        die ("the peer's READY");
    }
}
