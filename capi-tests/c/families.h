/*
 * vsock and TIPC for machines whose kernel has none: sockets of these families, made of unix sockets.
 *
 * A program that includes this has functions named socket, bind, connect ... of its own, which the loader gives to the
 * library under test in the place of the C library's. They do nothing of their own until pretend () is called; then sockets of that
 * family are unix sockets in disguise, within this process. What is shown so is what a library asks of the kernel and
 * makes of its answers, not what a kernel does: where it has the family, do without.
 *
 * What may not live here: expectations of tests.
 */
#ifndef CAPI_FAMILIES_H
#define CAPI_FAMILIES_H

#include "harness.h"

#include <fcntl.h>
#include <linux/tipc.h>
#include <linux/vm_sockets.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

/* A context of which nothing is ever heard. */
#define SILENT_CID 9

enum { FAMILY_OFFERS = 4096, FAMILY_OPTIONS = 64 };

static struct
{
    int pretends[AF_MAX];
    pthread_mutex_t mutex;
    /* TIPC: who offers what. The sockets may be gone, which connecting to them shows. */
    struct
    {
        struct tipc_service_range range;
        uint32_t port;
    } offers[FAMILY_OFFERS];
    int offer_count, turn;
    /* Options of these families that were set, the last ones. */
    struct
    {
        int level, name;
        uint64_t value[2];
        socklen_t size;
    } options[FAMILY_OPTIONS];
    int option_count;
    /* vsock: which port was bound to all contexts. */
    uint32_t everywhere[FAMILY_OFFERS];
    int everywhere_count;
    uint32_t last_port;
} families = {.mutex = PTHREAD_MUTEX_INITIALIZER, .last_port = 100000};

static int family_fail (int error)
{
    errno = error;
    return -1;
}

/* Whether the kernel has the family, connections within the machine included. */
HELPER int kernel_has (int family)
{
    const int fd = (int) syscall (SYS_socket, family, SOCK_STREAM, 0);
    if (fd == -1)
        return 0;
    int has = 1;
    if (family == AF_VSOCK) {
        struct sockaddr_vm local;
        memset (&local, 0, sizeof local);
        local.svm_family = AF_VSOCK;
        local.svm_cid = VMADDR_CID_LOCAL;
        local.svm_port = VMADDR_PORT_ANY;
        has = syscall (SYS_bind, fd, &local, sizeof local) == 0;
    }
    close (fd);
    return has;
}

/* From now on, or no longer, sockets of this family are not the kernel's. */
HELPER void pretend (int family, int on)
{
    families.pretends[family] = on;
}

/* The value of the option of a socket of these families that was set last, 0 if it never was. */
HELPER int option_set (int level, int name, void *value, size_t size)
{
    int found = 0;
    pthread_mutex_lock (&families.mutex);
    for (int i = 0; i < families.option_count; ++i)
        if (families.options[i].level == level && families.options[i].name == name &&
            families.options[i].size == size) {
            memcpy (value, families.options[i].value, size);
            found = 1;
        }
    pthread_mutex_unlock (&families.mutex);
    return found;
}

/* ---- Names ---------------------------------------------------------------------------------------- */

static socklen_t family_name (struct sockaddr_un *name, int family, uint32_t port)
{
    memset (name, 0, sizeof *name);
    name->sun_family = AF_UNIX;
    const int size = snprintf (name->sun_path + 1, sizeof name->sun_path - 1, "zt-family-%d-%d-%u",
                               (int) getpid (), family, port);
    return (socklen_t) (offsetof (struct sockaddr_un, sun_path) + 1 + (size_t) size);
}

/* The family and port of an address, 0 if it is not in disguise. */
static int family_of (const struct sockaddr_un *name, socklen_t size, uint32_t *port)
{
    char text[sizeof name->sun_path] = "";
    int pid, family;
    const size_t start = offsetof (struct sockaddr_un, sun_path) + 1;
    if (size <= start || size > sizeof *name || name->sun_family != AF_UNIX || name->sun_path[0] != '\0')
        return 0;
    memcpy (text, name->sun_path + 1, size - start);
    return sscanf (text, "zt-family-%d-%d-%u", &pid, &family, port) == 3 ? family : 0;
}

static int family_of_socket (int fd, uint32_t *port)
{
    struct sockaddr_un name;
    socklen_t size = sizeof name;
    if (syscall (SYS_getsockname, fd, &name, &size) == -1)
        return 0;
    return family_of (&name, size, port);
}

static int is_everywhere (uint32_t port)
{
    for (int i = 0; i < families.everywhere_count; ++i)
        if (families.everywhere[i] == port)
            return 1;
    return 0;
}

/* Puts an address that the kernel wrote into what it would be without disguise. */
static void family_undisguise (void *address, socklen_t room, socklen_t *size, int listens)
{
    struct sockaddr_un name;
    uint32_t port;
    if (!address || room < sizeof (struct sockaddr_vm) || *size > sizeof name)
        return;
    memset (&name, 0, sizeof name);
    memcpy (&name, address, *size < room ? *size : room);
    switch (family_of (&name, *size, &port)) {
    case AF_TIPC: {
        struct sockaddr_tipc tipc;
        memset (&tipc, 0, sizeof tipc);
        tipc.family = AF_TIPC;
        tipc.addrtype = TIPC_SOCKET_ADDR;
        tipc.addr.id.ref = port;
        memcpy (address, &tipc, sizeof tipc);
        *size = sizeof tipc;
        break;
    }
    case AF_VSOCK: {
        struct sockaddr_vm vm;
        memset (&vm, 0, sizeof vm);
        vm.svm_family = AF_VSOCK;
        vm.svm_cid = listens && is_everywhere (port) ? VMADDR_CID_ANY : VMADDR_CID_LOCAL;
        vm.svm_port = port;
        memcpy (address, &vm, sizeof vm);
        *size = sizeof vm;
    }
    }
}

static int family_bind_port (int fd, int family, uint32_t port)
{
    struct sockaddr_un name;
    const socklen_t size = family_name (&name, family, port);
    return (int) syscall (SYS_bind, fd, &name, size);
}

static int family_connect_port (int fd, int family, uint32_t port)
{
    struct sockaddr_un name;
    const socklen_t size = family_name (&name, family, port);
    return (int) syscall (SYS_connect, fd, &name, size);
}

static uint32_t family_free_port (void)
{
    return __sync_add_and_fetch (&families.last_port, 1);
}

/* ---- The functions in the place of the C library's ------------------------------------------------ */

int family_socket (int domain, int type, int protocol) __asm__ ("socket");
int family_bind (int fd, const struct sockaddr *address, socklen_t size) __asm__ ("bind");
int family_connect (int fd, const struct sockaddr *address, socklen_t size) __asm__ ("connect");
int family_accept4 (int fd, struct sockaddr *address, socklen_t *size, int flags) __asm__ ("accept4");
int family_getsockname (int fd, struct sockaddr *address, socklen_t *size) __asm__ ("getsockname");
int family_getpeername (int fd, struct sockaddr *address, socklen_t *size) __asm__ ("getpeername");
int family_setsockopt (int fd, int level, int name, const void *value, socklen_t size) __asm__ (
  "setsockopt");

int family_socket (int domain, int type, int protocol)
{
    if (domain < 0 || domain >= AF_MAX || !families.pretends[domain])
        return (int) syscall (SYS_socket, domain, type, protocol);
    const int fd = (int) syscall (SYS_socket, AF_UNIX, type, 0);
    /* One of vsock has its port from the day it is bound or connected, one of TIPC from birth. */
    if (fd != -1 && domain == AF_TIPC)
        family_bind_port (fd, domain, family_free_port ());
    return fd;
}

int family_bind (int fd, const struct sockaddr *address, socklen_t size)
{
    uint32_t port;
    if (address->sa_family == AF_TIPC && families.pretends[AF_TIPC]) {
        struct sockaddr_tipc tipc;
        if (size != sizeof tipc || family_of_socket (fd, &port) != AF_TIPC)
            return family_fail (EINVAL);
        memcpy (&tipc, address, sizeof tipc);
        if (tipc.addrtype == TIPC_SERVICE_ADDR)
            tipc.addr.nameseq.upper = tipc.addr.nameseq.lower;
        else if (tipc.addrtype != TIPC_SERVICE_RANGE)
            return family_fail (EAFNOSUPPORT);
        pthread_mutex_lock (&families.mutex);
        const int n = families.offer_count;
        if (n < FAMILY_OFFERS) {
            families.offers[n].range = tipc.addr.nameseq;
            families.offers[n].port = port;
            ++families.offer_count;
        }
        pthread_mutex_unlock (&families.mutex);
        return n < FAMILY_OFFERS ? 0 : family_fail (ENOMEM);
    }
    if (address->sa_family == AF_VSOCK && families.pretends[AF_VSOCK]) {
        struct sockaddr_vm vm;
        if (size < sizeof vm)
            return family_fail (EINVAL);
        memcpy (&vm, address, sizeof vm);
        if (vm.svm_cid != VMADDR_CID_LOCAL && vm.svm_cid != VMADDR_CID_ANY)
            return family_fail (EADDRNOTAVAIL);
        port = vm.svm_port == VMADDR_PORT_ANY ? family_free_port () : vm.svm_port;
        const int rc = family_bind_port (fd, AF_VSOCK, port);
        pthread_mutex_lock (&families.mutex);
        if (rc == 0 && vm.svm_cid == VMADDR_CID_ANY && families.everywhere_count < FAMILY_OFFERS)
            families.everywhere[families.everywhere_count++] = port;
        pthread_mutex_unlock (&families.mutex);
        return rc;
    }
    return (int) syscall (SYS_bind, fd, address, size);
}

static int family_connect_tipc (int fd, const struct sockaddr_tipc *tipc)
{
    if (tipc->addrtype == TIPC_SOCKET_ADDR)
        return family_connect_port (fd, AF_TIPC, tipc->addr.id.ref);
    if (tipc->addrtype != TIPC_SERVICE_ADDR)
        return family_fail (EINVAL);
    int rc = family_fail (EHOSTUNREACH);
    pthread_mutex_lock (&families.mutex);
    for (int i = 0; rc == -1 && errno != EAGAIN && i < families.offer_count; ++i) {
        const int n = (families.turn + 1 + i) % families.offer_count;
        const struct tipc_service_range *range = &families.offers[n].range;
        const struct tipc_service_addr *name = &tipc->addr.name.name;
        if (tipc->addr.name.domain == 0 && range->type == name->type && range->lower <= name->instance &&
            name->instance <= range->upper) {
            rc = family_connect_port (fd, AF_TIPC, families.offers[n].port);
            if (rc == 0)
                families.turn = n;
            else if (errno == ECONNREFUSED)
                errno = EHOSTUNREACH;
        }
    }
    const int error = errno;
    pthread_mutex_unlock (&families.mutex);
    return rc == 0 ? 0 : family_fail (error);
}

int family_connect (int fd, const struct sockaddr *address, socklen_t size)
{
    if (address->sa_family == AF_TIPC && families.pretends[AF_TIPC]) {
        struct sockaddr_tipc tipc;
        if (size != sizeof tipc)
            return family_fail (EINVAL);
        memcpy (&tipc, address, sizeof tipc);
        return family_connect_tipc (fd, &tipc);
    }
    if (address->sa_family == AF_VSOCK && families.pretends[AF_VSOCK]) {
        struct sockaddr_vm vm;
        if (size < sizeof vm)
            return family_fail (EINVAL);
        memcpy (&vm, address, sizeof vm);
        if (vm.svm_cid == SILENT_CID) {
            /* What is never writable waits like a connect that nobody answers. */
            const int full = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
            const uint64_t most = UINT64_MAX - 1;
            if (full == -1 || write (full, &most, sizeof most) != sizeof most || dup3 (full, fd, O_CLOEXEC) == -1)
                return -1;
            close (full);
            return family_fail (EINPROGRESS);
        }
        if (vm.svm_cid != VMADDR_CID_LOCAL)
            return family_fail (ENODEV);
        family_bind_port (fd, AF_VSOCK, family_free_port ());
        const int rc = family_connect_port (fd, AF_VSOCK, vm.svm_port);
        return rc == -1 && errno == ECONNREFUSED ? family_fail (ECONNRESET) : rc;
    }
    return (int) syscall (SYS_connect, fd, address, size);
}

int family_accept4 (int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    const socklen_t room = size ? *size : 0;
    const int accepted = (int) syscall (SYS_accept4, fd, address, size, flags);
    if (accepted != -1 && size)
        family_undisguise (address, room, size, 0);
    return accepted;
}

int family_getsockname (int fd, struct sockaddr *address, socklen_t *size)
{
    const socklen_t room = *size;
    int listens = 0;
    socklen_t int_size = sizeof listens;
    const int rc = (int) syscall (SYS_getsockname, fd, address, size);
    if (rc == 0) {
        syscall (SYS_getsockopt, fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &int_size);
        family_undisguise (address, room, size, listens);
    }
    return rc;
}

int family_getpeername (int fd, struct sockaddr *address, socklen_t *size)
{
    const socklen_t room = *size;
    const int rc = (int) syscall (SYS_getpeername, fd, address, size);
    if (rc == 0)
        family_undisguise (address, room, size, 0);
    return rc;
}

int family_setsockopt (int fd, int level, int name, const void *value, socklen_t size)
{
    const int is_ours = (level == SOL_TIPC && families.pretends[AF_TIPC]) ||
                        (level == AF_VSOCK && families.pretends[AF_VSOCK]);
    if (!is_ours)
        return (int) syscall (SYS_setsockopt, fd, level, name, value, size);
    if (size > sizeof families.options[0].value)
        return family_fail (EINVAL);
    pthread_mutex_lock (&families.mutex);
    int n = 0;
    while (n < families.option_count &&
           (families.options[n].level != level || families.options[n].name != name))
        ++n;
    if (n < FAMILY_OPTIONS) {
        families.options[n].level = level;
        families.options[n].name = name;
        families.options[n].size = size;
        memcpy (families.options[n].value, value, size);
        if (n == families.option_count)
            ++families.option_count;
    }
    pthread_mutex_unlock (&families.mutex);
    return 0;
}

#endif
