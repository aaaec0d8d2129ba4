/* SPDX-License-Identifier: MIT OR Apache-2.0 */

/* The C API of ZeroMQ, version 4.3.6, as ferrozmq's libzmq.so.5 provides it.
 *
 * Generated from src/capi; do not edit. To make it anew: UPDATE_HEADER=1 cargo test --test header
 *
 * Unless a comment says otherwise, functions that return int return -1 and functions that return a
 * pointer return NULL to report an error, which zmq_errno () then tells. The manual pages zmq_*(3)
 * are the full description. */

#ifndef __ZMQ_H_INCLUDED__
#define __ZMQ_H_INCLUDED__

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#ifdef ZMQ_BUILD_DRAFT_API
#include <sys/select.h> /* has sigset_t in strict C99 too */
#endif

/* stdint.h is there. */
#define ZMQ_DEFINED_STDINT 1

#define ZMQ_MAKE_VERSION(major, minor, patch) ((major) * 10000 + (minor) * 100 + (patch))
#define ZMQ_VERSION ZMQ_MAKE_VERSION (ZMQ_VERSION_MAJOR, ZMQ_VERSION_MINOR, ZMQ_VERSION_PATCH)

#if defined ZMQ_NO_EXPORT || !defined __GNUC__
#define ZMQ_EXPORT
#else
#define ZMQ_EXPORT __attribute__ ((visibility ("default")))
#endif

/* Numbers for errors that a system does not have. Linux has them all. */
#ifndef ENOTSUP
#define ENOTSUP (ZMQ_HAUSNUMERO + 1)
#endif
#ifndef EPROTONOSUPPORT
#define EPROTONOSUPPORT (ZMQ_HAUSNUMERO + 2)
#endif
#ifndef ENOBUFS
#define ENOBUFS (ZMQ_HAUSNUMERO + 3)
#endif
#ifndef ENETDOWN
#define ENETDOWN (ZMQ_HAUSNUMERO + 4)
#endif
#ifndef EADDRINUSE
#define EADDRINUSE (ZMQ_HAUSNUMERO + 5)
#endif
#ifndef EADDRNOTAVAIL
#define EADDRNOTAVAIL (ZMQ_HAUSNUMERO + 6)
#endif
#ifndef ECONNREFUSED
#define ECONNREFUSED (ZMQ_HAUSNUMERO + 7)
#endif
#ifndef EINPROGRESS
#define EINPROGRESS (ZMQ_HAUSNUMERO + 8)
#endif
#ifndef ENOTSOCK
#define ENOTSOCK (ZMQ_HAUSNUMERO + 9)
#endif
#ifndef EMSGSIZE
#define EMSGSIZE (ZMQ_HAUSNUMERO + 10)
#endif
#ifndef EAFNOSUPPORT
#define EAFNOSUPPORT (ZMQ_HAUSNUMERO + 11)
#endif
#ifndef ENETUNREACH
#define ENETUNREACH (ZMQ_HAUSNUMERO + 12)
#endif
#ifndef ECONNABORTED
#define ECONNABORTED (ZMQ_HAUSNUMERO + 13)
#endif
#ifndef ECONNRESET
#define ECONNRESET (ZMQ_HAUSNUMERO + 14)
#endif
#ifndef ENOTCONN
#define ENOTCONN (ZMQ_HAUSNUMERO + 15)
#endif
#ifndef ETIMEDOUT
#define ETIMEDOUT (ZMQ_HAUSNUMERO + 16)
#endif
#ifndef EHOSTUNREACH
#define EHOSTUNREACH (ZMQ_HAUSNUMERO + 17)
#endif
#ifndef ENETRESET
#define ENETRESET (ZMQ_HAUSNUMERO + 18)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* One frame of a message. What the bytes mean is the library's affair; they must lie on a boundary
 * of a pointer's size. */
typedef struct zmq_msg_t
{
#ifdef __GNUC__
    unsigned char _[64] __attribute__ ((aligned (sizeof (void *))));
#else
    unsigned char _[64];
#endif
} zmq_msg_t;

/* Gives back a buffer that zmq_msg_init_data lent; called once, on any thread. */
typedef void (zmq_free_fn) (void *data, void *hint);

/* Called by zmq_timers_execute for a timer that is due. */
typedef void (zmq_timer_fn) (int timer_id, void *arg);

/* What zmq_threadstart runs. */
typedef void (zmq_thread_fn) (void *arg);

/* The functions of zmq_timers(3) exist. */
#define ZMQ_HAVE_TIMERS

/* From sys/uio.h, for those who use it. */
struct iovec;

/* ---- Errors and version ------------------------------------------------------------------------ */

/**
 * Version of the API that this header describes.
 */
#define ZMQ_VERSION_MAJOR 4
#define ZMQ_VERSION_MINOR 3
#define ZMQ_VERSION_PATCH 6

/**
 * Errors of ZeroMQ itself are numbered from here, clear of the system's.
 */
#define ZMQ_HAUSNUMERO 156384712

/**
 * The operation does not fit the state that the socket is in.
 */
#define EFSM (ZMQ_HAUSNUMERO + 51)

/**
 * This type of socket cannot use the transport.
 */
#define ENOCOMPATPROTO (ZMQ_HAUSNUMERO + 52)

/**
 * The context has been shut down or terminated.
 */
#define ETERM (ZMQ_HAUSNUMERO + 53)

/**
 * There is no I/O thread to do the work.
 */
#define EMTHREAD (ZMQ_HAUSNUMERO + 54)

/**
 * The calling thread's errno.
 */
ZMQ_EXPORT int zmq_errno(void);

/**
 * A text for an error number, of ZeroMQ or of the system. It must not be changed or freed.
 */
ZMQ_EXPORT const char *zmq_strerror(int errnum);

/**
 * Stores the version of the library that the program runs with. Arguments may be NULL.
 *
 * Each argument is NULL or valid for a write of one int.
 */
ZMQ_EXPORT void zmq_version(int *major, int *minor, int *patch);

/* ---- Contexts ---------------------------------------------------------------------------------- */

/**
 * Options of a context.
 */
#define ZMQ_IO_THREADS 1
#define ZMQ_MAX_SOCKETS 2
#define ZMQ_SOCKET_LIMIT 3
#define ZMQ_THREAD_PRIORITY 3
#define ZMQ_THREAD_SCHED_POLICY 4
#define ZMQ_MAX_MSGSZ 5
#define ZMQ_MSG_T_SIZE 6
#define ZMQ_THREAD_AFFINITY_CPU_ADD 7
#define ZMQ_THREAD_AFFINITY_CPU_REMOVE 8
#define ZMQ_THREAD_NAME_PREFIX 9

/**
 * What a new context starts with.
 */
#define ZMQ_IO_THREADS_DFLT 1
#define ZMQ_MAX_SOCKETS_DFLT 1023
#define ZMQ_THREAD_PRIORITY_DFLT -1
#define ZMQ_THREAD_SCHED_POLICY_DFLT -1

/**
 * Makes a context. NULL with EMFILE or ENOMEM if the system has no room for one.
 */
ZMQ_EXPORT void *zmq_ctx_new(void);

/**
 * Ends a context: waits until its sockets are closed and their messages are sent or have
 * outlived ZMQ_LINGER. After EINTR it may be called again.
 *
 * Any pointer will do: EFAULT if context is no live context.
 */
ZMQ_EXPORT int zmq_ctx_term(void *context);

/**
 * Ends all work on the sockets of a context: blocked and later calls fail with ETERM, except
 * zmq_close.
 *
 * Any pointer will do: EFAULT if context is no live context.
 */
ZMQ_EXPORT int zmq_ctx_shutdown(void *context);

/**
 * Sets an option of a context. EINVAL if there is no such option or value.
 *
 * Any pointer will do: EFAULT if context is no live context.
 */
ZMQ_EXPORT int zmq_ctx_set(void *context, int option, int optval);

/**
 * Returns an option of a context; -1 may be a value, then errno is left alone.
 *
 * Any pointer will do: EFAULT if context is no live context.
 */
ZMQ_EXPORT int zmq_ctx_get(void *context, int option);

/**
 * Makes a context with a number of I/O threads. Deprecated: use zmq_ctx_new and zmq_ctx_set.
 */
ZMQ_EXPORT void *zmq_init(int io_threads);

/**
 * As zmq_ctx_term. Deprecated.
 *
 * Any pointer will do: EFAULT if context is no live context.
 */
ZMQ_EXPORT int zmq_term(void *context);

/**
 * As zmq_ctx_term. Deprecated.
 *
 * Any pointer will do: EFAULT if context is no live context.
 */
ZMQ_EXPORT int zmq_ctx_destroy(void *context);

/* ---- Messages ---------------------------------------------------------------------------------- */

/**
 * Properties for zmq_msg_get.
 */
#define ZMQ_MORE 1
#define ZMQ_SHARED 3

/**
 * Deprecated: the descriptor that the message came by.
 */
#define ZMQ_SRCFD 2

/**
 * Makes an empty message of memory that holds none.
 *
 * msg is NULL (EFAULT) or valid for writes.
 */
ZMQ_EXPORT int zmq_msg_init(zmq_msg_t *msg);

/**
 * Makes a message of size bytes for the caller to fill. ENOMEM if there is no room.
 *
 * msg is NULL (EFAULT) or valid for writes.
 */
ZMQ_EXPORT int zmq_msg_init_size(zmq_msg_t *msg, size_t size);

/**
 * Makes a message of a buffer without copying it. The library calls ffn (data, hint) once
 * when nobody needs the buffer any more, on whatever thread that is; with ffn NULL the
 * buffer must stay for ever.
 *
 * msg is NULL (EFAULT) or valid for writes. data is valid for size bytes and not changed
 * until ffn is called; ffn is NULL or may be called on any thread.
 */
ZMQ_EXPORT
int zmq_msg_init_data(zmq_msg_t *msg,
                      void *data,
                      size_t size,
                      zmq_free_fn *ffn,
                      void *hint);

/**
 * Ends a message. The memory may then be made a message again.
 *
 * msg is NULL (EFAULT) or valid for reads and writes.
 */
ZMQ_EXPORT int zmq_msg_close(zmq_msg_t *msg);

/**
 * Moves the content of src to dest, whose own is released; src is empty afterwards.
 *
 * Both are NULL (EFAULT) or valid for reads and writes.
 */
ZMQ_EXPORT int zmq_msg_move(zmq_msg_t *dest, zmq_msg_t *src);

/**
 * Makes dest, whose own content is released, a copy of src. Large bodies are shared, so
 * neither may be written to afterwards.
 *
 * Both are NULL (EFAULT) or valid for reads and writes.
 */
ZMQ_EXPORT int zmq_msg_copy(zmq_msg_t *dest, zmq_msg_t *src);

/**
 * The first byte of a message's body; good until the message is moved, sent or closed.
 *
 * msg is NULL or valid for reads and writes. NULL is returned for what is no message.
 */
ZMQ_EXPORT void *zmq_msg_data(zmq_msg_t *msg);

/**
 * The number of bytes in a message's body.
 *
 * msg is NULL or valid for reads. 0 is returned for what is no message.
 */
ZMQ_EXPORT size_t zmq_msg_size(const zmq_msg_t *msg);

/**
 * 1 if more frames of the same message follow this one, else 0.
 *
 * msg is NULL or valid for reads. 0 is returned for what is no message.
 */
ZMQ_EXPORT int zmq_msg_more(const zmq_msg_t *msg);

/**
 * A property of a message as a number: ZMQ_MORE, ZMQ_SHARED, ZMQ_SRCFD. EINVAL for others, and
 * for ZMQ_SRCFD where there is none.
 *
 * msg is NULL (EFAULT) or valid for reads.
 */
ZMQ_EXPORT int zmq_msg_get(const zmq_msg_t *msg, int property);

/**
 * Sets a property of a message. There is none that can be set: EINVAL.
 *
 * msg is NULL (EFAULT) or valid for reads.
 */
ZMQ_EXPORT int zmq_msg_set(zmq_msg_t *msg, int property, int optval);

/**
 * A property of the connection that a message came by, as a string that belongs to the message:
 * "Socket-Type", "Routing-Id", "Peer-Address", "User-Id", "X-...". NULL and EINVAL without it.
 *
 * msg is NULL (EFAULT) or valid for reads; property is NULL or a NUL-terminated string.
 */
ZMQ_EXPORT const char *zmq_msg_gets(const zmq_msg_t *msg, const char *property);

/* ---- Sockets ----------------------------------------------------------------------------------- */

/**
 * Types of sockets.
 */
#define ZMQ_PAIR 0
#define ZMQ_PUB 1
#define ZMQ_SUB 2
#define ZMQ_REQ 3
#define ZMQ_REP 4
#define ZMQ_DEALER 5
#define ZMQ_ROUTER 6
#define ZMQ_PULL 7
#define ZMQ_PUSH 8
#define ZMQ_XPUB 9
#define ZMQ_XSUB 10
#define ZMQ_STREAM 11

/**
 * Deprecated names.
 */
#define ZMQ_XREQ ZMQ_DEALER
#define ZMQ_XREP ZMQ_ROUTER

/**
 * Makes a socket of a type. NULL with EINVAL (unknown type), EMFILE or ETERM.
 *
 * Any pointer will do: EFAULT if context is no live context.
 */
ZMQ_EXPORT void *zmq_socket(void *context, int type_);

/**
 * Closes a socket. What it still has to send goes out in the background, within ZMQ_LINGER.
 *
 * Any pointer will do: ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_close(void *socket);

/**
 * Listens on an endpoint, "transport://address".
 *
 * addr is NULL (EINVAL) or a NUL-terminated string. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_bind(void *socket, const char *addr);

/**
 * Connects to an endpoint, now or as soon as it can be reached.
 *
 * addr is NULL (EINVAL) or a NUL-terminated string. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_connect(void *socket, const char *addr);

/**
 * Stops listening on an endpoint, named as ZMQ_LAST_ENDPOINT told it after zmq_bind.
 *
 * addr is NULL (EINVAL) or a NUL-terminated string. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_unbind(void *socket, const char *addr);

/**
 * Gives up a connection, named as it was for zmq_connect.
 *
 * addr is NULL (EINVAL) or a NUL-terminated string. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_disconnect(void *socket, const char *addr);

/* ---- Socket options ---------------------------------------------------------------------------- */

/**
 * Options of a socket.
 */
#define ZMQ_AFFINITY 4
#define ZMQ_ROUTING_ID 5
#define ZMQ_SUBSCRIBE 6
#define ZMQ_UNSUBSCRIBE 7
#define ZMQ_RATE 8
#define ZMQ_RECOVERY_IVL 9
#define ZMQ_SNDBUF 11
#define ZMQ_RCVBUF 12
#define ZMQ_RCVMORE 13
#define ZMQ_FD 14
#define ZMQ_EVENTS 15
#define ZMQ_TYPE 16
#define ZMQ_LINGER 17
#define ZMQ_RECONNECT_IVL 18
#define ZMQ_BACKLOG 19
#define ZMQ_RECONNECT_IVL_MAX 21
#define ZMQ_MAXMSGSIZE 22
#define ZMQ_SNDHWM 23
#define ZMQ_RCVHWM 24
#define ZMQ_MULTICAST_HOPS 25
#define ZMQ_RCVTIMEO 27
#define ZMQ_SNDTIMEO 28
#define ZMQ_LAST_ENDPOINT 32
#define ZMQ_ROUTER_MANDATORY 33
#define ZMQ_TCP_KEEPALIVE 34
#define ZMQ_TCP_KEEPALIVE_CNT 35
#define ZMQ_TCP_KEEPALIVE_IDLE 36
#define ZMQ_TCP_KEEPALIVE_INTVL 37
#define ZMQ_IMMEDIATE 39
#define ZMQ_XPUB_VERBOSE 40
#define ZMQ_ROUTER_RAW 41
#define ZMQ_IPV6 42
#define ZMQ_MECHANISM 43
#define ZMQ_PLAIN_SERVER 44
#define ZMQ_PLAIN_USERNAME 45
#define ZMQ_PLAIN_PASSWORD 46
#define ZMQ_CURVE_SERVER 47
#define ZMQ_CURVE_PUBLICKEY 48
#define ZMQ_CURVE_SECRETKEY 49
#define ZMQ_CURVE_SERVERKEY 50
#define ZMQ_PROBE_ROUTER 51
#define ZMQ_REQ_CORRELATE 52
#define ZMQ_REQ_RELAXED 53
#define ZMQ_CONFLATE 54
#define ZMQ_ZAP_DOMAIN 55
#define ZMQ_ROUTER_HANDOVER 56
#define ZMQ_TOS 57
#define ZMQ_CONNECT_ROUTING_ID 61
#define ZMQ_GSSAPI_SERVER 62
#define ZMQ_GSSAPI_PRINCIPAL 63
#define ZMQ_GSSAPI_SERVICE_PRINCIPAL 64
#define ZMQ_GSSAPI_PLAINTEXT 65
#define ZMQ_HANDSHAKE_IVL 66
#define ZMQ_SOCKS_PROXY 68
#define ZMQ_XPUB_NODROP 69
#define ZMQ_BLOCKY 70
#define ZMQ_XPUB_MANUAL 71
#define ZMQ_XPUB_WELCOME_MSG 72
#define ZMQ_STREAM_NOTIFY 73
#define ZMQ_INVERT_MATCHING 74
#define ZMQ_HEARTBEAT_IVL 75
#define ZMQ_HEARTBEAT_TTL 76
#define ZMQ_HEARTBEAT_TIMEOUT 77
#define ZMQ_XPUB_VERBOSER 78
#define ZMQ_CONNECT_TIMEOUT 79
#define ZMQ_TCP_MAXRT 80
#define ZMQ_THREAD_SAFE 81
#define ZMQ_MULTICAST_MAXTPDU 84
#define ZMQ_VMCI_BUFFER_SIZE 85
#define ZMQ_VMCI_BUFFER_MIN_SIZE 86
#define ZMQ_VMCI_BUFFER_MAX_SIZE 87
#define ZMQ_VMCI_CONNECT_TIMEOUT 88
#define ZMQ_USE_FD 89
#define ZMQ_GSSAPI_PRINCIPAL_NAMETYPE 90
#define ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE 91
#define ZMQ_BINDTODEVICE 92

/**
 * Deprecated options.
 */
#define ZMQ_TCP_ACCEPT_FILTER 38
#define ZMQ_IPC_FILTER_PID 58
#define ZMQ_IPC_FILTER_UID 59
#define ZMQ_IPC_FILTER_GID 60
#define ZMQ_IPV4ONLY 31

/**
 * Deprecated names.
 */
#define ZMQ_IDENTITY ZMQ_ROUTING_ID
#define ZMQ_CONNECT_RID ZMQ_CONNECT_ROUTING_ID
#define ZMQ_DELAY_ATTACH_ON_CONNECT ZMQ_IMMEDIATE
#define ZMQ_FAIL_UNROUTABLE ZMQ_ROUTER_MANDATORY
#define ZMQ_ROUTER_BEHAVIOR ZMQ_ROUTER_MANDATORY

/**
 * Values of ZMQ_MECHANISM.
 */
#define ZMQ_NULL 0
#define ZMQ_PLAIN 1
#define ZMQ_CURVE 2
#define ZMQ_GSSAPI 3

/**
 * Values of ZMQ_GSSAPI_PRINCIPAL_NAMETYPE and ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE.
 */
#define ZMQ_GSSAPI_NT_HOSTBASED 0
#define ZMQ_GSSAPI_NT_USER_NAME 1
#define ZMQ_GSSAPI_NT_KRB5_PRINCIPAL 2

/**
 * Sets an option of a socket. EINVAL if there is no such option or value.
 *
 * optval is valid for reads of optvallen bytes, or NULL if that is 0. ENOTSOCK if socket
 * is no open socket.
 */
ZMQ_EXPORT int zmq_setsockopt(void *socket, int option, const void *optval, size_t optvallen);

/**
 * Stores an option of a socket in a buffer of *optvallen bytes and its size in *optvallen.
 * EINVAL if there is no such option or the buffer is too small.
 *
 * optvallen is NULL (EINVAL) or valid for reads and writes; optval is NULL (EINVAL) or
 * valid for writes of *optvallen bytes. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_getsockopt(void *socket, int option, void *optval, size_t *optvallen);

/* ---- Sending and receiving --------------------------------------------------------------------- */

/**
 * Flags for sending and receiving.
 */
#define ZMQ_DONTWAIT 1
#define ZMQ_SNDMORE 2

/**
 * Deprecated name.
 */
#define ZMQ_NOBLOCK ZMQ_DONTWAIT

/**
 * The longest name of a group, in bytes.
 */
#define ZMQ_GROUP_MAX_LENGTH 255

/**
 * Sends a message and leaves it empty; after an error it is as it was. Returns its size, at
 * most INT_MAX.
 *
 * msg is NULL (EFAULT) or valid for reads and writes. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_msg_send(zmq_msg_t *msg, void *socket, int flags);

/**
 * Receives a message into msg, whose own content is released. Returns its size, at most
 * INT_MAX.
 *
 * msg is NULL (EFAULT) or valid for reads and writes. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_msg_recv(zmq_msg_t *msg, void *socket, int flags);

/**
 * Sends a copy of a buffer as one frame. Returns its size, at most INT_MAX.
 *
 * buf is valid for reads of len bytes, or NULL if that is 0 (else EFAULT). ENOTSOCK if
 * socket is no open socket.
 */
ZMQ_EXPORT int zmq_send(void *socket, const void *buf, size_t len, int flags);

/**
 * Sends a buffer that never changes as one frame, without copying it. Returns its size, at
 * most INT_MAX.
 *
 * buf is valid for reads of len bytes for ever, or NULL if that is 0 (else EFAULT).
 * ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_send_const(void *socket, const void *buf, size_t len, int flags);

/**
 * Receives a frame into a buffer, cutting off what is beyond its end. Returns the frame's full
 * size, at most INT_MAX.
 *
 * buf is valid for writes of len bytes, or NULL if that is 0 (else EFAULT). ENOTSOCK if
 * socket is no open socket.
 */
ZMQ_EXPORT int zmq_recv(void *socket, void *buf, size_t len, int flags);

/* ---- Monitoring -------------------------------------------------------------------------------- */

/**
 * Events of a monitor, as bits.
 */
#define ZMQ_EVENT_CONNECTED 0x0001
#define ZMQ_EVENT_CONNECT_DELAYED 0x0002
#define ZMQ_EVENT_CONNECT_RETRIED 0x0004
#define ZMQ_EVENT_LISTENING 0x0008
#define ZMQ_EVENT_BIND_FAILED 0x0010
#define ZMQ_EVENT_ACCEPTED 0x0020
#define ZMQ_EVENT_ACCEPT_FAILED 0x0040
#define ZMQ_EVENT_CLOSED 0x0080
#define ZMQ_EVENT_CLOSE_FAILED 0x0100
#define ZMQ_EVENT_DISCONNECTED 0x0200
#define ZMQ_EVENT_MONITOR_STOPPED 0x0400
#define ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL 0x0800
#define ZMQ_EVENT_HANDSHAKE_SUCCEEDED 0x1000
#define ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL 0x2000
#define ZMQ_EVENT_HANDSHAKE_FAILED_AUTH 0x4000

/**
 * All events of version 1 and those to come.
 */
#define ZMQ_EVENT_ALL 0xFFFF

/**
 * Values of ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL.
 */
#define ZMQ_PROTOCOL_ERROR_ZMTP_UNSPECIFIED 0x10000000
#define ZMQ_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND 0x10000001
#define ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE 0x10000002
#define ZMQ_PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE 0x10000003
#define ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED 0x10000011
#define ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE 0x10000012
#define ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO 0x10000013
#define ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE 0x10000014
#define ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR 0x10000015
#define ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY 0x10000016
#define ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME 0x10000017
#define ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_METADATA 0x10000018
#define ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC 0x11000001
#define ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH 0x11000002
#define ZMQ_PROTOCOL_ERROR_ZAP_UNSPECIFIED 0x20000000
#define ZMQ_PROTOCOL_ERROR_ZAP_MALFORMED_REPLY 0x20000001
#define ZMQ_PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID 0x20000002
#define ZMQ_PROTOCOL_ERROR_ZAP_BAD_VERSION 0x20000003
#define ZMQ_PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE 0x20000004
#define ZMQ_PROTOCOL_ERROR_ZAP_INVALID_METADATA 0x20000005
#define ZMQ_PROTOCOL_ERROR_WS_UNSPECIFIED 0x30000000

/**
 * Has events of a socket sent to a PAIR socket that is bound to an inproc endpoint. A NULL
 * endpoint ends it.
 *
 * addr is NULL or a NUL-terminated string. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_socket_monitor(void *socket, const char *addr, int events);

/* ---- Polling ----------------------------------------------------------------------------------- */

/**
 * Events of sockets and descriptors, as bits.
 */
#define ZMQ_POLLIN 1
#define ZMQ_POLLOUT 2

/**
 * Descriptors only.
 */
#define ZMQ_POLLERR 4
#define ZMQ_POLLPRI 8

/**
 * A number of items that is customary.
 */
#define ZMQ_POLLITEMS_DFLT 16

/**
 * A descriptor of the system.
 */
typedef int zmq_fd_t;

/**
 * What zmq_poll watches: a socket, or a descriptor if socket is NULL.
 */
typedef struct zmq_pollitem_t {
    void *socket;
    zmq_fd_t fd;
    short events;
    short revents;
} zmq_pollitem_t;

/**
 * Waits up to timeout milliseconds (-1: without end) for an event of an item. Returns how
 * many have some, in their revents.
 *
 * items is valid for reads and writes of nitems items, or NULL if that is 0 (else EFAULT).
 */
ZMQ_EXPORT int zmq_poll(struct zmq_pollitem_t *items, int nitems, long timeout);

/* ---- Proxies ----------------------------------------------------------------------------------- */

/**
 * Passes messages between two sockets until a context ends (ETERM). All of them go to
 * capture as well, unless it is NULL.
 *
 * Any pointers will do: EFAULT if a socket that is needed is NULL, ENOTSOCK if one is not open.
 */
ZMQ_EXPORT int zmq_proxy(void *frontend, void *backend, void *capture);

/**
 * As zmq_proxy, with a socket that takes the commands "PAUSE", "RESUME", "STATISTICS" and
 * "TERMINATE", unless it is NULL.
 *
 * Any pointers will do: EFAULT if a socket that is needed is NULL, ENOTSOCK if one is not open.
 */
ZMQ_EXPORT int zmq_proxy_steerable(void *frontend, void *backend, void *capture, void *control);

/* ---- Capabilities ------------------------------------------------------------------------------ */

/**
 * zmq_has exists.
 */
#define ZMQ_HAS_CAPABILITIES 1

/**
 * 1 if the library was built with a transport, mechanism or API: "ipc", "pgm", "norm", "tipc",
 * "vmci", "vsock", "WS", "WSS", "curve", "gssapi", "draft"; else 0. For "gssapi", "norm" and
 * "pgm" the system's libraries must be there as well.
 *
 * capability is NULL or a NUL-terminated string.
 */
ZMQ_EXPORT int zmq_has(const char *capability);

/* ---- Deprecated functions ---------------------------------------------------------------------- */

/**
 * Types of zmq_device, which makes no difference between them.
 */
#define ZMQ_STREAMER 1
#define ZMQ_FORWARDER 2
#define ZMQ_QUEUE 3

/**
 * As zmq_proxy without a capture.
 *
 * Any pointers will do: EFAULT if a socket is NULL, ENOTSOCK if one is not open.
 */
ZMQ_EXPORT int zmq_device(int type_, void *frontend, void *backend);

/**
 * As zmq_msg_send, with the arguments the other way round.
 *
 * msg is NULL (EFAULT) or valid for reads and writes. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_sendmsg(void *socket, zmq_msg_t *msg, int flags);

/**
 * As zmq_msg_recv, with the arguments the other way round.
 *
 * msg is NULL (EFAULT) or valid for reads and writes. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_recvmsg(void *socket, zmq_msg_t *msg, int flags);

/**
 * Sends copies of count buffers, as the frames of one message if flags has ZMQ_SNDMORE, which
 * the last one goes without. Returns the size of the last.
 *
 * iov is NULL (EINVAL) or valid for reads of count entries, each of which is valid for
 * reads of its size. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_sendiov(void *socket, struct iovec *iov, size_t count, int flags);

/**
 * Receives up to *count frames of one message into buffers of its own making, which the
 * caller frees with free (). Returns how many there are, also in *count (after an error too).
 *
 * count is NULL (EINVAL) or valid for reads and writes; iov is NULL (EINVAL) or valid for
 * writes of *count entries. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_recviov(void *socket, struct iovec *iov, size_t *count, int flags);

/* ---- Z85 and CURVE keys ------------------------------------------------------------------------ */

/**
 * Encodes size bytes, a multiple of 4 (else EINVAL), as Z85 with a terminating NUL. Returns
 * dest, which has room for size * 5 / 4 + 1.
 *
 * data is NULL (EINVAL) or valid for reads of size bytes, dest is NULL (EINVAL) or valid
 * for writes of the result, and they do not overlap.
 */
ZMQ_EXPORT char *zmq_z85_encode(char *dest, const uint8_t *data, size_t size);

/**
 * Decodes a Z85 string. Returns dest, which has room for 4 bytes per 5 characters; NULL and
 * EINVAL if the string is empty or no Z85.
 *
 * string is NULL (EINVAL) or a NUL-terminated string, dest is NULL (EINVAL) or valid for
 * writes of the result, and they do not overlap.
 */
ZMQ_EXPORT uint8_t *zmq_z85_decode(uint8_t *dest, const char *string);

/**
 * Makes a pair of CURVE keys, each 40 characters of Z85 and a NUL.
 *
 * Each argument is NULL (EINVAL) or valid for writes of 41 bytes.
 */
ZMQ_EXPORT int zmq_curve_keypair(char *z85_public_key, char *z85_secret_key);

/**
 * Derives the public key, 40 characters of Z85 and a NUL, of a secret one; EINVAL if that is
 * no key.
 *
 * z85_public_key is NULL (EINVAL) or valid for writes of 41 bytes, z85_secret_key is NULL
 * (EINVAL) or a NUL-terminated string.
 */
ZMQ_EXPORT int zmq_curve_public(char *z85_public_key, const char *z85_secret_key);

/* ---- Atomic counters --------------------------------------------------------------------------- */

/**
 * Makes a counter of value 0.
 */
ZMQ_EXPORT void *zmq_atomic_counter_new(void);

/**
 * Sets a counter.
 *
 * counter is NULL (EFAULT) or a live counter.
 */
ZMQ_EXPORT void zmq_atomic_counter_set(void *counter, int value);

/**
 * Adds one and returns the value before.
 *
 * counter is NULL (EFAULT) or a live counter.
 */
ZMQ_EXPORT int zmq_atomic_counter_inc(void *counter);

/**
 * Takes one off. Returns 0 if that makes the counter 0, else 1.
 *
 * counter is NULL (EFAULT) or a live counter.
 */
ZMQ_EXPORT int zmq_atomic_counter_dec(void *counter);

/**
 * A counter's value.
 *
 * counter is NULL (EFAULT) or a live counter.
 */
ZMQ_EXPORT int zmq_atomic_counter_value(void *counter);

/**
 * Frees a counter and sets the pointer to it to NULL, which it may be already.
 *
 * counter_p is NULL (EFAULT) or points to NULL or to a live counter that nobody uses any more.
 */
ZMQ_EXPORT void zmq_atomic_counter_destroy(void **counter_p);

/* ---- Timers ------------------------------------------------------------------------------------ */

/**
 * Makes an empty set of timers.
 */
ZMQ_EXPORT void *zmq_timers_new(void);

/**
 * Frees a set of timers and sets the pointer to it to NULL.
 *
 * timers_p is NULL or valid for reads and writes; EFAULT if it does not point to a live set.
 */
ZMQ_EXPORT int zmq_timers_destroy(void **timers_p);

/**
 * Adds a timer that calls handler every interval milliseconds. Returns its id.
 *
 * handler is NULL (EFAULT) or may be called with arg by zmq_timers_execute until the timer
 * is cancelled. EFAULT if timers is no live set.
 */
ZMQ_EXPORT int zmq_timers_add(void *timers, size_t interval, zmq_timer_fn *handler, void *arg);

/**
 * Removes a timer. EINVAL if there is no such timer.
 *
 * Any pointer will do: EFAULT if timers is no live set.
 */
ZMQ_EXPORT int zmq_timers_cancel(void *timers, int timer_id);

/**
 * Gives a timer another interval, which starts now. EINVAL if there is no such timer.
 *
 * Any pointer will do: EFAULT if timers is no live set.
 */
ZMQ_EXPORT int zmq_timers_set_interval(void *timers, int timer_id, size_t interval);

/**
 * Starts a timer's interval anew. EINVAL if there is no such timer.
 *
 * Any pointer will do: EFAULT if timers is no live set.
 */
ZMQ_EXPORT int zmq_timers_reset(void *timers, int timer_id);

/**
 * The milliseconds until the next timer is due, 0 if one is, -1 without timers (errno is left
 * alone then).
 *
 * Any pointer will do: EFAULT if timers is no live set.
 */
ZMQ_EXPORT long zmq_timers_timeout(void *timers);

/**
 * Calls the handler of each timer that is due, the longest overdue first, once each.
 *
 * The handlers may be called. EFAULT if timers is no live set.
 */
ZMQ_EXPORT int zmq_timers_execute(void *timers);

/* ---- Helpers ----------------------------------------------------------------------------------- */

/**
 * Starts a stopwatch.
 */
ZMQ_EXPORT void *zmq_stopwatch_start(void);

/**
 * The microseconds since a stopwatch was started.
 *
 * watch is NULL (EFAULT, 0) or a running stopwatch.
 */
ZMQ_EXPORT unsigned long zmq_stopwatch_intermediate(void *watch);

/**
 * The microseconds since a stopwatch was started; the stopwatch is freed.
 *
 * watch is NULL (EFAULT, 0) or a running stopwatch that nobody uses any more.
 */
ZMQ_EXPORT unsigned long zmq_stopwatch_stop(void *watch);

/**
 * Sleeps for a number of seconds.
 */
ZMQ_EXPORT void zmq_sleep(int seconds);

/**
 * Starts a thread that runs func (arg) with all signals blocked. NULL with EAGAIN if the
 * system has none left. To be ended with zmq_threadclose.
 *
 * func is NULL (EFAULT) or may be called with arg on another thread.
 */
ZMQ_EXPORT void *zmq_threadstart(zmq_thread_fn *func, void *arg);

/**
 * Waits until a thread has ended, and frees what belongs to it.
 *
 * thread is NULL (EFAULT) or comes from zmq_threadstart and has not been closed.
 */
ZMQ_EXPORT void zmq_threadclose(void *thread);

#ifdef ZMQ_BUILD_DRAFT_API

/* ---- Draft constants --------------------------------------------------------------------------- */

/**
 * Draft types of sockets.
 */
#define ZMQ_SERVER 12
#define ZMQ_CLIENT 13
#define ZMQ_RADIO 14
#define ZMQ_DISH 15
#define ZMQ_GATHER 16
#define ZMQ_SCATTER 17
#define ZMQ_DGRAM 18
#define ZMQ_PEER 19
#define ZMQ_CHANNEL 20

/**
 * Draft options of a socket.
 */
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#define ZMQ_LOOPBACK_FASTPATH 94
#define ZMQ_METADATA 95
#define ZMQ_MULTICAST_LOOP 96
#define ZMQ_ROUTER_NOTIFY 97
#define ZMQ_XPUB_MANUAL_LAST_VALUE 98
#define ZMQ_SOCKS_USERNAME 99
#define ZMQ_SOCKS_PASSWORD 100
#define ZMQ_IN_BATCH_SIZE 101
#define ZMQ_OUT_BATCH_SIZE 102
#define ZMQ_WSS_KEY_PEM 103
#define ZMQ_WSS_CERT_PEM 104
#define ZMQ_WSS_TRUST_PEM 105
#define ZMQ_WSS_HOSTNAME 106
#define ZMQ_WSS_TRUST_SYSTEM 107
#define ZMQ_ONLY_FIRST_SUBSCRIBE 108
#define ZMQ_RECONNECT_STOP 109
#define ZMQ_HELLO_MSG 110
#define ZMQ_DISCONNECT_MSG 111
#define ZMQ_PRIORITY 112
#define ZMQ_BUSY_POLL 113
#define ZMQ_HICCUP_MSG 114
#define ZMQ_XSUB_VERBOSE_UNSUBSCRIBE 115
#define ZMQ_TOPICS_COUNT 116
#define ZMQ_NORM_MODE 117
#define ZMQ_NORM_UNICAST_NACK 118
#define ZMQ_NORM_BUFFER_SIZE 119
#define ZMQ_NORM_SEGMENT_SIZE 120
#define ZMQ_NORM_BLOCK_SIZE 121
#define ZMQ_NORM_NUM_PARITY 122
#define ZMQ_NORM_NUM_AUTOPARITY 123
#define ZMQ_NORM_PUSH 124

/**
 * Values of ZMQ_NORM_MODE.
 */
#define ZMQ_NORM_FIXED 0
#define ZMQ_NORM_CC 1
#define ZMQ_NORM_CCL 2
#define ZMQ_NORM_CCE 3
#define ZMQ_NORM_CCE_ECNONLY 4

/**
 * Bits of ZMQ_RECONNECT_STOP.
 */
#define ZMQ_RECONNECT_STOP_CONN_REFUSED 0x1
#define ZMQ_RECONNECT_STOP_HANDSHAKE_FAILED 0x2
#define ZMQ_RECONNECT_STOP_AFTER_DISCONNECT 0x4

/**
 * Bits of ZMQ_ROUTER_NOTIFY.
 */
#define ZMQ_NOTIFY_CONNECT 1
#define ZMQ_NOTIFY_DISCONNECT 2

/**
 * Draft option of a context.
 */
#define ZMQ_ZERO_COPY_RECV 10

/**
 * Draft event of a monitor, and the versions of what monitors send.
 */
#define ZMQ_EVENT_PIPES_STATS 0x10000
#define ZMQ_CURRENT_EVENT_VERSION 1
#define ZMQ_CURRENT_EVENT_VERSION_DRAFT 2
#define ZMQ_EVENT_ALL_V1 ZMQ_EVENT_ALL
#define ZMQ_EVENT_ALL_V2 (ZMQ_EVENT_ALL_V1 | ZMQ_EVENT_PIPES_STATS)

/* ---- Draft functions --------------------------------------------------------------------------- */

/**
 * Sets an option of a context to a value of any type. EINVAL if there is no such option or
 * value.
 *
 * optval is valid for reads of optvallen bytes, or NULL if that is 0. EFAULT if context
 * is no live context.
 */
ZMQ_EXPORT int zmq_ctx_set_ext(void *context, int option, const void *optval, size_t optvallen);

/**
 * Stores an option of a context in a buffer of *optvallen bytes and its size in
 * *optvallen. EINVAL if there is no such option or the buffer does not fit.
 *
 * optvallen is NULL (EFAULT) or valid for reads and writes; optval is NULL (EFAULT) or
 * valid for writes of *optvallen bytes. EFAULT if context is no live context.
 */
ZMQ_EXPORT int zmq_ctx_get_ext(void *context, int option, void *optval, size_t *optvallen);

/**
 * Has a DISH socket receive what is sent to a group.
 *
 * group is NULL (EINVAL) or a NUL-terminated string. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_join(void *socket, const char *group);

/**
 * Ends what zmq_join began.
 *
 * group is NULL (EINVAL) or a NUL-terminated string. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_leave(void *socket, const char *group);

/**
 * Connects a PEER socket and returns the routing id of what it will be connected to; 0 is an
 * error.
 *
 * addr is NULL (EINVAL) or a NUL-terminated string. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT uint32_t zmq_connect_peer(void *socket, const char *addr);

/**
 * Ends the connection of a SERVER or PEER socket to a routing id.
 *
 * Any pointer will do: ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_disconnect_peer(void *socket, uint32_t routing_id);

/**
 * The peer of a SERVER or PEER socket that a message came from or goes to.
 *
 * msg is NULL or valid for reads. 0 is returned for what is no message.
 */
ZMQ_EXPORT uint32_t zmq_msg_routing_id(zmq_msg_t *msg);

/**
 * Addresses a message to a peer of a SERVER or PEER socket. EINVAL if the id is 0.
 *
 * msg is NULL (EFAULT) or valid for reads and writes.
 */
ZMQ_EXPORT int zmq_msg_set_routing_id(zmq_msg_t *msg, uint32_t routing_id);

/**
 * The group that a message is for, as a string that belongs to the message; "" if none.
 *
 * msg is NULL (EFAULT) or valid for reads.
 */
ZMQ_EXPORT const char *zmq_msg_group(zmq_msg_t *msg);

/**
 * Sets the group that a message is for, up to ZMQ_GROUP_MAX_LENGTH bytes (else EINVAL).
 *
 * msg is NULL (EFAULT) or valid for reads and writes; group is NULL (EINVAL) or a
 * NUL-terminated string.
 */
ZMQ_EXPORT int zmq_msg_set_group(zmq_msg_t *msg, const char *group);

/**
 * Makes a message with a copy of a buffer. ENOMEM if there is no room.
 *
 * msg is NULL (EFAULT) or valid for writes; buf is valid for reads of size bytes, or NULL
 * if that is 0 (else EFAULT).
 */
ZMQ_EXPORT int zmq_msg_init_buffer(zmq_msg_t *msg, const void *buf, size_t size);

/**
 * What a ROUTER socket could do with a peer now: ZMQ_POLLIN, ZMQ_POLLOUT. EHOSTUNREACH if there
 * is no such peer.
 *
 * routing_id is valid for reads of routing_id_size bytes, or NULL if that is 0 (else
 * EFAULT). ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT
int zmq_socket_get_peer_state(void *socket,
                              const void *routing_id,
                              size_t routing_id_size);

/**
 * As zmq_socket_monitor, in a version of the events' format and to a PAIR, PUB or PUSH socket.
 *
 * addr is NULL or a NUL-terminated string. ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT
int zmq_socket_monitor_versioned(void *socket,
                                 const char *addr,
                                 uint64_t events,
                                 int event_version,
                                 int type_);

/**
 * Has the monitor of a socket told how many messages are queued for each peer. EINVAL without
 * a monitor, EAGAIN without peers.
 *
 * Any pointer will do: ENOTSOCK if socket is no open socket.
 */
ZMQ_EXPORT int zmq_socket_monitor_pipes_stats(void *socket);

/**
 * As zmq_poll, with a signal mask that holds during the wait, unless it is NULL.
 *
 * items is valid for reads and writes of nitems items, or NULL if that is 0 (else EFAULT);
 * sigmask is NULL or valid for reads.
 */
ZMQ_EXPORT int zmq_ppoll(zmq_pollitem_t *items, int nitems, long timeout, const sigset_t *sigmask);

/* ---- Draft: pollers ---------------------------------------------------------------------------- */

/**
 * What happened to a socket, or to a descriptor if socket is NULL.
 */
typedef struct zmq_poller_event_t {
    void *socket;
    zmq_fd_t fd;
    void *user_data;
    short events;
} zmq_poller_event_t;

/**
 * Makes a poller, a set of sockets and descriptors to wait for.
 */
ZMQ_EXPORT void *zmq_poller_new(void);

/**
 * Frees a poller and sets the pointer to it to NULL.
 *
 * poller_p is NULL or valid for reads and writes; EFAULT if it does not point to a live
 * poller.
 */
ZMQ_EXPORT int zmq_poller_destroy(void **poller_p);

/**
 * The number of sockets and descriptors in a poller.
 *
 * Any pointer will do: EFAULT if poller is no live poller.
 */
ZMQ_EXPORT int zmq_poller_size(void *poller);

/**
 * Adds a socket, with the events to wait for (there may be none) and a pointer to get back
 * with them. EINVAL if it is there already, or for unknown events.
 *
 * Any pointers will do: EFAULT for a poller that is none, ENOTSOCK for a socket.
 */
ZMQ_EXPORT int zmq_poller_add(void *poller, void *socket, void *user_data, short events);

/**
 * Changes the events to wait for on a socket. EINVAL if it is not there.
 *
 * Any pointers will do: EFAULT for a poller that is none, ENOTSOCK for a socket.
 */
ZMQ_EXPORT int zmq_poller_modify(void *poller, void *socket, short events);

/**
 * Removes a socket. EINVAL if it is not there.
 *
 * Any pointers will do: EFAULT for a poller that is none, ENOTSOCK for a socket.
 */
ZMQ_EXPORT int zmq_poller_remove(void *poller, void *socket);

/**
 * Waits up to timeout milliseconds (-1: without end) for an event and stores it. EAGAIN if
 * there is none, EFAULT if there can never be one.
 *
 * event is NULL (EFAULT) or valid for writes. EFAULT if poller is no live poller.
 */
ZMQ_EXPORT int zmq_poller_wait(void *poller, struct zmq_poller_event_t *event, long timeout);

/**
 * Waits up to timeout milliseconds (-1: without end) for events and stores up to n_events
 * of them. Returns how many; EAGAIN if there are none, EFAULT if there can never be one.
 *
 * events is NULL (EFAULT) or valid for writes of n_events events. EFAULT if poller is no
 * live poller.
 */
ZMQ_EXPORT
int zmq_poller_wait_all(void *poller,
                        struct zmq_poller_event_t *events,
                        int n_events,
                        long timeout);

/**
 * Stores a descriptor that is readable when zmq_poller_wait for the poller's sockets may find something, and
 * until a wait has found nothing. It is the poller's and ends with it. EINVAL if there is no thread-safe socket
 * in the poller.
 *
 * fd is NULL (EFAULT) or valid for writes. EFAULT if poller is no live poller.
 */
ZMQ_EXPORT
int zmq_poller_fd(void *poller,
                  zmq_fd_t *fd);

/**
 * As zmq_poller_add, for a descriptor.
 *
 * Any values will do: EFAULT for a poller that is none, EBADF for a negative fd.
 */
ZMQ_EXPORT int zmq_poller_add_fd(void *poller, zmq_fd_t fd, void *user_data, short events);

/**
 * As zmq_poller_modify, for a descriptor.
 *
 * Any values will do: EFAULT for a poller that is none, EBADF for a negative fd.
 */
ZMQ_EXPORT int zmq_poller_modify_fd(void *poller, zmq_fd_t fd, short events);

/**
 * As zmq_poller_remove, for a descriptor.
 *
 * Any values will do: EFAULT for a poller that is none, EBADF for a negative fd.
 */
ZMQ_EXPORT int zmq_poller_remove_fd(void *poller, zmq_fd_t fd);

/* Names of properties for zmq_msg_gets. */
#define ZMQ_MSG_PROPERTY_ROUTING_ID "Routing-Id"
#define ZMQ_MSG_PROPERTY_SOCKET_TYPE "Socket-Type"
#define ZMQ_MSG_PROPERTY_USER_ID "User-Id"
#define ZMQ_MSG_PROPERTY_PEER_ADDRESS "Peer-Address"

/* The functions of zmq_poller(3) exist. */
#define ZMQ_HAVE_POLLER

#endif /* ZMQ_BUILD_DRAFT_API */

#undef ZMQ_EXPORT

#ifdef __cplusplus
}
#endif

#endif /* __ZMQ_H_INCLUDED__ */
