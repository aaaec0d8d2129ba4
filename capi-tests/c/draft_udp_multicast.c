/*
 * Multicast by udp (drafts; zmq_udp(7)) over interfaces that can do it: two pairs of veth in a network
 * namespace of the program's own. Skipped where that cannot be made.
 */
#define ZMQ_BUILD_DRAFT_API 1
#include "udp.h"

#include <net/if.h>
#include <sched.h>

static void require_network (void)
{
    if (unshare (CLONE_NEWNET) != 0 && unshare (CLONE_NEWUSER | CLONE_NEWNET) != 0)
        skip_all ("no network namespace can be made here");
    const int rc = system ("exec 2>/dev/null; echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad; ip link set lo up"
                           " && ip link add x0 type veth peer name x1 && ip link add y0 type veth peer name y1"
                           " && ip link set x0 up && ip link set x1 up && ip link set y0 up && ip link set y1 up"
                           " && ip addr add 10.71.1.1/24 dev x0 && ip addr add 10.71.2.1/24 dev y0"
                           " && ip route add 224.0.0.0/4 dev x0"
                           " && ip -6 addr add fd71:1::1/64 dev x0 nodad"
                           " && ip -6 addr add fd71:2::1/64 dev y0 nodad");
    if (rc != 0)
        skip_all ("no veth interfaces can be made here, or there is no program `ip`");
}

/* Whether the address of a link may be sent from: others may be asked first whether they have it. */
static int has_link_address (const char *interface)
{
    char line[256];
    snprintf (line, sizeof line, "ip -6 addr show dev %s scope link | grep fe80 | grep -qv tentative", interface);
    return system (line) == 0;
}

typedef struct
{
    void *radio, *near, *far;
} trio_t;

/* A RADIO and DISHes of these endpoints, `far` by the same port and group as `near`. */
static trio_t mk_trio (void *ctx, int ipv6, int loop, const char *from, const char *near, const char *far)
{
    trio_t t = {mk_socket (ctx, ZMQ_RADIO), mk_socket (ctx, ZMQ_DISH), mk_socket (ctx, ZMQ_DISH)};
    void *sockets[] = {t.radio, t.near, t.far};
    char endpoint[ENDPOINT_SIZE];
    for (int i = 0; i < 3; ++i) {
        set_int (sockets[i], ZMQ_IPV6, ipv6);
        set_int (sockets[i], ZMQ_MULTICAST_LOOP, loop);
    }
    const int port = bind_udp (t.near, near, endpoint);
    snprintf (endpoint, sizeof endpoint, "%s%d", far, port);
    REQUIRE_OK (zmq_bind (t.far, endpoint));
    snprintf (endpoint, sizeof endpoint, "%s%d", from, port);
    REQUIRE_OK (zmq_connect (t.radio, endpoint));
    CHECK_OK (zmq_join (t.near, "g"));
    CHECK_OK (zmq_join (t.far, "g"));
    return t;
}

static void rm_trio (trio_t *t)
{
    rm_socket (t->radio);
    rm_socket (t->near);
    rm_socket (t->far);
}

/* Groups are joined by the interface that is named, and multicasts leave by it. */
CASE (by_interface)
{
    static const struct
    {
        int ipv6;
        const char *from, *near, *far;
    } ways[] = {{0, "udp://x0;239.7.1.1:", "udp://x0;239.7.1.1:*", "udp://y0;239.7.1.1:"},
                {0, "udp://10.71.2.1;239.7.1.1:", "udp://y0;239.7.1.1:*", "udp://10.71.1.1;239.7.1.1:"},
                {0, "udp://239.7.1.1:", "udp://239.7.1.1:*", "udp://y0;239.7.1.1:"},
                {1, "udp://*;239.7.1.1:", "udp://*;239.7.1.1:*", "udp://y0;239.7.1.1:"},
                {1, "udp://x0;[ff02::71:1]:", "udp://x0;[ff02::71:1]:*", "udp://y0;[ff02::71:1]:"},
                {1, "udp://y0;[ff05::71:1]:", "udp://y0;[ff05::71:1]:*", "udp://x0;[ff05::71:1]:"},
                {1, "udp://[ff02::71:1%y0]:", "udp://[ff02::71:1%y0]:*", "udp://x0;[ff02::71:1]:"}};
    void *ctx = mk_ctx ();
    for (size_t i = 0; i < sizeof ways / sizeof *ways; ++i) {
        char byte;
        trio_t t = mk_trio (ctx, ways[i].ipv6, 1, ways[i].from, ways[i].near, ways[i].far);
        for (int n = 0; n < 10; ++n) {
            CHECK_INT (send_group (t.radio, "other", &n, sizeof n), sizeof n);
            CHECK_INT (send_group (t.radio, "g", &n, sizeof n), sizeof n);
            expect_group (t.near, "g", &n, sizeof n);
        }
        CHECK_ERRNO (zmq_recv (t.far, &byte, 1, ZMQ_DONTWAIT), EAGAIN);
        rm_trio (&t);
    }
    rm_ctx (ctx);
}

/* Without ZMQ_MULTICAST_LOOP nobody of this host hears them. */
CASE (loop_off)
{
    void *ctx = mk_ctx ();
    for (int ipv6 = 0; ipv6 < 2; ++ipv6) {
        const char *from = ipv6 ? "udp://x0;[ff02::71:1]:" : "udp://x0;239.7.1.1:";
        const char *near = ipv6 ? "udp://x0;[ff02::71:1]:*" : "udp://x0;239.7.1.1:*";
        trio_t t = mk_trio (ctx, ipv6, 0, from, near, from);
        CHECK_INT (send_group (t.radio, "g", "x", 1), 1);
        expect_nothing (t.near);
        expect_nothing (t.far);
        rm_trio (&t);
    }
    rm_ctx (ctx);
}

CASE (hops_and_errors)
{
    char before[256];
    void *ctx = mk_ctx ();
    void *radio = mk_socket (ctx, ZMQ_RADIO), *dish = mk_socket (ctx, ZMQ_DISH);
    set_int (radio, ZMQ_IPV6, 1);
    set_int (dish, ZMQ_IPV6, 1);
    set_int (radio, ZMQ_MULTICAST_HOPS, 9);
    udp_sockets (before);
    CHECK_OK (zmq_connect (radio, "udp://y0;[ff02::71:1]:9"));
    const int fd = udp_opened (before);
    CHECK_INT (fd_int (fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS), 9);
    CHECK_INT (fd_int (fd, IPPROTO_IPV6, IPV6_MULTICAST_IF), if_nametoindex ("y0"));
    /* IPv6 goes by names of interfaces. */
    CHECK_ERRNO (zmq_bind (dish, "udp://fd71:1::1;[ff02::71:1]:*"), ENODEV);
    CHECK_ERRNO (zmq_bind (dish, "udp://nosuchif;[ff02::71:1]:*"), ENODEV);
    CHECK_ERRNO (zmq_connect (radio, "udp://x0;[fd71:1::1]:9"), EINVAL);
    /* A device that is asked for is the only one. */
    set_str (dish, ZMQ_BINDTODEVICE, "y0");
    udp_sockets (before);
    CHECK_OK (zmq_bind (dish, "udp://y0;[ff02::71:1]:*"));
    char name[IF_NAMESIZE];
    socklen_t size = sizeof name;
    CHECK_OK (getsockopt (udp_opened (before), SOL_SOCKET, SO_BINDTODEVICE, name, &size));
    CHECK_STR (name, "y0");
    rm_socket (radio);
    rm_socket (dish);
    rm_ctx (ctx);
}

/* So small that the kernel has room for all of them, however late the receiver comes. */
enum { SENT = 300, SIZE = 100 };

/* The numbers that come to a DISH, which rise; how many, until nothing comes for a while or all are there. */
static int count_rising (void *dish)
{
    char body[SIZE];
    int count = 0, last = -1, number, ready;
    for (;;) {
        poll_ready (dish, ZMQ_POLLIN, count < SENT ? 1000 : 0, &ready);
        if (!ready)
            return count;
        CHECK_INT (zmq_recv (dish, body, sizeof body, 0), sizeof body);
        memcpy (&number, body, sizeof number);
        CHECK (number > last);
        last = number;
        ++count;
    }
}

/* Has what leaves by y0 take its time. */
static int slow_down (const char *action, const char *rate)
{
    char line[128];
    snprintf (line, sizeof line, "exec 2>/dev/null; tc qdisc %s dev y0 root tbf rate %s burst 4k latency 20s", action,
              rate);
    return system (line) == 0;
}

/*
 * The kernel has no room for what is sent faster than it leaves, and tells when it has. Nothing that was
 * taken is lost, also when its socket is closed.
 */
CASE (no_room_in_the_kernel)
{
    if (!slow_down ("add", "1mbit") || system ("ip route add 239.7.2.0/24 dev y0") != 0) {
        fprintf (stderr, "no slow interface can be made here: not tested\n");
        return;
    }
    void *ctx = mk_ctx ();
    void *dish = mk_socket (ctx, ZMQ_DISH);
    char endpoint[ENDPOINT_SIZE], body[SIZE + 2] = "\1g";
    set_int (dish, ZMQ_RCVHWM, 0);
    set_int (dish, ZMQ_RCVBUF, 400000);
    bind_udp (dish, "udp://y0;239.7.2.1:*", endpoint);
    CHECK_OK (zmq_join (dish, "g"));
    for (int hwm = 0; hwm <= 5; hwm += 5) {
        void *own = mk_ctx (), *radio = mk_socket (own, ZMQ_RADIO);
        REQUIRE (slow_down ("change", hwm == 0 ? "1mbit" : "64kbit"));
        set_int (radio, ZMQ_SNDHWM, hwm);
        set_int (radio, ZMQ_SNDBUF, 4000);
        CHECK_OK (zmq_connect (radio, endpoint));
        for (int i = 0; i < SENT; ++i) {
            memcpy (body + 2, &i, sizeof i);
            CHECK_INT (send_group (radio, "g", body + 2, SIZE), SIZE);
        }
        rm_socket_linger (radio);
        rm_ctx (own);
        const int count = count_rising (dish);
        /* A RADIO drops what finds no room, which proves that there was none. */
        if (hwm == 0)
            CHECK_INT (count, SENT);
        else
            CHECK (count > 0 && count < SENT);
    }
    /* A DGRAM waits for room, and receives meanwhile. */
    REQUIRE (slow_down ("change", "1mbit"));
    void *dgram = mk_socket (ctx, ZMQ_DGRAM);
    char own[ENDPOINT_SIZE], byte;
    int port, answers = 0;
    const int fd = raw_udp (&port);
    set_int (dgram, ZMQ_SNDHWM, 5);
    set_int (dgram, ZMQ_SNDBUF, 4000);
    const int own_port = bind_udp (dgram, "udp://*:*", own);
    const char *peer = strrchr (endpoint, ';') + 1;
    for (int i = 0; i < SENT; ++i) {
        memcpy (body + 2, &i, sizeof i);
        CHECK_INT (zmq_send (dgram, peer, strlen (peer), ZMQ_SNDMORE), strlen (peer));
        CHECK_INT (zmq_send (dgram, body, sizeof body, 0), sizeof body);
        if (i % 10 == 0) {
            raw_send_to (fd, own_port, "x", 1);
            CHECK (zmq_recv (dgram, &byte, 1, 0) > 0);
            answers += zmq_recv (dgram, &byte, 1, 0);
        }
    }
    CHECK_INT (answers, SENT / 10);
    CHECK_INT (count_rising (dish), SENT);
    close (fd);
    rm_socket (dgram);
    rm_socket (dish);
    rm_ctx (ctx);
}

int main (int argc, char **argv)
{
    static const char why[] = "a draft";
    harness_begin (argc, argv);
    if (!on_reference ()) {
        require_network ();
        REQUIRE (WAIT_FOR (has_link_address ("x0")));
        REQUIRE (WAIT_FOR (has_link_address ("y0")));
    }
    RUN_OURS (by_interface, why);
    RUN_OURS (loop_off, why);
    RUN_OURS (hops_and_errors, why);
    RUN_OURS (no_room_in_the_kernel, why);
    return harness_end ();
}
