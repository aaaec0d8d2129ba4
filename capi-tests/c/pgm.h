/*
 * What the programs of pgm share: a network namespace of their own with two interfaces that are joined by a cable, for
 * OpenPGM does not use the loopback interface. The packets of one come to the other with an address of this host,
 * which the namespace allows.
 */
#ifndef CAPI_PGM_H
#define CAPI_PGM_H

#include "multicast.h"

#include <sched.h>

/* Before the first thread. Ends the program as skipped where that cannot be made. */
HELPER void require_cable (void)
{
    if (unshare (CLONE_NEWNET) != 0 && unshare (CLONE_NEWUSER | CLONE_NEWNET) != 0)
        skip_all ("no network namespace can be made here");
    const int rc = system ("exec 2>/dev/null; ip link set lo up && ip link add x0 type veth peer name x1"
                           " && ip link set x0 up && ip link set x1 up && ip addr add 10.71.1.1/24 dev x0"
                           " && ip addr add 10.71.1.2/24 dev x1 && cd /proc/sys/net/ipv4/conf"
                           " && for i in all x0 x1; do echo 1 >$i/accept_local && echo 0 >$i/rp_filter || exit 1; done");
    if (rc != 0)
        skip_all ("no veth interfaces can be made here, or there is no program `ip`");
}

/* The endpoints of senders and receivers of a group that nobody else uses. */
HELPER void mk_cable (const char *scheme, char from[64], char to[64])
{
    static int count;
    ++count;
    snprintf (from, 64, "%s://10.71.1.1;239.71.1.%d:%d", scheme, count, 7000 + count);
    snprintf (to, 64, "%s://10.71.1.2;239.71.1.%d:%d", scheme, count, 7000 + count);
}

#endif
