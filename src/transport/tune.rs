//! The options of `zmq_setsockopt(3)` that are options of the operating system's sockets.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use libc::{IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, SOL_SOCKET};

use crate::errno::Result;
use crate::option::{SocketOptions, trimmed};
use crate::sys::sockaddr::Address;
use crate::sys::socket::{set_bytes, set_int, set_time};

// `linux/vm_sockets.h` and `linux/tipc.h`
const SO_VM_SOCKETS_BUFFER_SIZE: i32 = 0;
const SO_VM_SOCKETS_BUFFER_MAX_SIZE: i32 = 2;
const SO_VM_SOCKETS_CONNECT_TIMEOUT: i32 = 6;
const TIPC_CONN_TIMEOUT: i32 = 130;
const TIPC_NODELAY: i32 = 138;

/// Before a bind or connect: buffers, device, type of service, priority.
///
/// # Errors
/// `ENODEV`, `EPERM` and the like if the socket cannot be bound to `ZMQ_BINDTODEVICE`: it must not
/// talk over another device. What else the system does not grant is left as it is.
pub(super) fn before(fd: BorrowedFd<'_>, address: &Address, options: &SocketOptions) -> Result<()> {
    common(fd, address, options);
    let Address::Ip(ip) = address else {
        return Ok(());
    };
    let device = trimmed(&options.bindtodevice);
    if !device.is_empty() {
        set_bytes(fd, SOL_SOCKET, libc::SO_BINDTODEVICE, device)?;
    }
    if ip.is_ipv6() {
        // One socket for both families, whatever the system's default is.
        let _ = set_int(fd, IPPROTO_IPV6, libc::IPV6_V6ONLY, 0);
    }
    if options.tos != 0 {
        let _ = set_int(fd, IPPROTO_IP, libc::IP_TOS, options.tos);
        if ip.is_ipv6() {
            let _ = set_int(fd, IPPROTO_IPV6, libc::IPV6_TCLASS, options.tos);
        }
    }
    // After the type of service, which sets a priority of its own.
    if options.priority != 0 {
        let _ = set_int(fd, SOL_SOCKET, libc::SO_PRIORITY, options.priority);
    }
    if options.busy_poll != 0 {
        let _ = set_int(fd, SOL_SOCKET, libc::SO_BUSY_POLL, options.busy_poll);
    }
    Ok(())
}

/// On a connection, or before it stands: no delay, keep-alive.
///
/// Failures are left alone: either the system does not know the option, or the connection is gone
/// already, which the next read tells.
pub(super) fn connection(fd: BorrowedFd<'_>, options: &SocketOptions) {
    let _ = set_int(fd, IPPROTO_TCP, libc::TCP_NODELAY, 1);
    if options.tcp_keepalive != -1 {
        let _ = set_int(fd, SOL_SOCKET, libc::SO_KEEPALIVE, options.tcp_keepalive);
        for (name, value) in [
            (libc::TCP_KEEPCNT, options.tcp_keepalive_cnt),
            (libc::TCP_KEEPIDLE, options.tcp_keepalive_idle),
            (libc::TCP_KEEPINTVL, options.tcp_keepalive_intvl),
        ] {
            if value != -1 {
                let _ = set_int(fd, IPPROTO_TCP, name, value);
            }
        }
    }
}

/// On an established connection: how long it may wait for an acknowledgement (`ZMQ_TCP_MAXRT`).
/// Set before the connect it would bound that one, too.
pub(super) fn retransmission(fd: BorrowedFd<'_>, limit: Option<Duration>) {
    if let Some(limit) = limit {
        let millis = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
        let _ = set_int(fd, IPPROTO_TCP, libc::TCP_USER_TIMEOUT, millis);
    }
}

/// Before a bind or connect, and on what was accepted, which does not take everything over from its listener: the
/// kernel's buffers, and no delay of small messages where that is another option than TCP's.
pub(super) fn common(fd: BorrowedFd<'_>, address: &Address, options: &SocketOptions) {
    if let Address::Vsock(_) = address {
        // What it holds for a reader is not counted in socket buffers; what it sends waits in the reader's.
        if let Ok(size) = u64::try_from(options.rcvbuf) {
            for name in [SO_VM_SOCKETS_BUFFER_MAX_SIZE, SO_VM_SOCKETS_BUFFER_SIZE] {
                let _ = set_bytes(fd, libc::AF_VSOCK, name, &size.to_ne_bytes());
            }
        }
        return;
    }
    if let Address::Tipc(_) = address {
        let _ = set_int(fd, libc::SOL_TIPC, TIPC_NODELAY, 1);
    }
    if options.sndbuf >= 0 {
        let _ = set_int(fd, SOL_SOCKET, libc::SO_SNDBUF, options.sndbuf);
    }
    if options.rcvbuf >= 0 {
        let _ = set_int(fd, SOL_SOCKET, libc::SO_RCVBUF, options.rcvbuf);
    }
}

/// Before a connect: has the kernel wait as long as `ZMQ_CONNECT_TIMEOUT` says. By itself it gives up a vsock connection
/// after 2 s and one of TIPC after 8.
pub(super) fn connect_limit(fd: BorrowedFd<'_>, address: &Address, options: &SocketOptions) {
    let Some(limit) = options.connect_timeout else {
        return;
    };
    match address {
        Address::Vsock(_) => {
            let _ = set_time(fd, libc::AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, limit);
        }
        Address::Tipc(_) => {
            let millis = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
            let _ = set_int(fd, libc::SOL_TIPC, TIPC_CONN_TIMEOUT, millis);
        }
        _ => {}
    }
}
