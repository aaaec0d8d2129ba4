//! Section "Sockets": types, life, endpoints.

use std::ffi::{c_char, c_int, c_void};

use super::args;
use super::handle::{with_context, with_socket};

/// Types of sockets.
pub const ZMQ_PAIR: c_int = 0;
pub const ZMQ_PUB: c_int = 1;
pub const ZMQ_SUB: c_int = 2;
pub const ZMQ_REQ: c_int = 3;
pub const ZMQ_REP: c_int = 4;
pub const ZMQ_DEALER: c_int = 5;
pub const ZMQ_ROUTER: c_int = 6;
pub const ZMQ_PULL: c_int = 7;
pub const ZMQ_PUSH: c_int = 8;
pub const ZMQ_XPUB: c_int = 9;
pub const ZMQ_XSUB: c_int = 10;
pub const ZMQ_STREAM: c_int = 11;

/// Deprecated names.
pub const ZMQ_XREQ: c_int = ZMQ_DEALER;
pub const ZMQ_XREP: c_int = ZMQ_ROUTER;

entry! {
    /// Makes a socket of a type. NULL with EINVAL (unknown type), EMFILE or ETERM.
    ///
    /// # Safety
    /// Any pointer will do: EFAULT if `context` is no live context.
    fn zmq_socket(context: *mut c_void, type_: c_int) -> *mut c_void {
        with_context(context, |context| Ok(context.socket(type_)?.as_ptr()))
    }
}

entry! {
    /// Closes a socket. What it still has to send goes out in the background, within ZMQ_LINGER.
    ///
    /// # Safety
    /// Any pointer will do: ENOTSOCK if `socket` is no open socket.
    fn zmq_close(socket: *mut c_void) -> c_int {
        with_socket(socket, |socket| socket.close())
    }
}

entry! {
    /// Listens on an endpoint, "transport://address".
    ///
    /// # Safety
    /// `addr` is NULL (EINVAL) or a NUL-terminated string. ENOTSOCK if `socket` is no open socket.
    fn zmq_bind(socket: *mut c_void, addr: *const c_char) -> c_int {
        // SAFETY: passed on to the caller.
        with_socket(socket, |socket| socket.bind(unsafe { args::c_str(addr) }?.to_bytes()))
    }
}

entry! {
    /// Connects to an endpoint, now or as soon as it can be reached.
    ///
    /// # Safety
    /// `addr` is NULL (EINVAL) or a NUL-terminated string. ENOTSOCK if `socket` is no open socket.
    fn zmq_connect(socket: *mut c_void, addr: *const c_char) -> c_int {
        // SAFETY: passed on to the caller.
        with_socket(socket, |socket| socket.connect(unsafe { args::c_str(addr) }?.to_bytes()))
    }
}

entry! {
    /// Stops listening on an endpoint, named as ZMQ_LAST_ENDPOINT told it after zmq_bind.
    ///
    /// # Safety
    /// `addr` is NULL (EINVAL) or a NUL-terminated string. ENOTSOCK if `socket` is no open socket.
    fn zmq_unbind(socket: *mut c_void, addr: *const c_char) -> c_int {
        // SAFETY: passed on to the caller.
        with_socket(socket, |socket| socket.unbind(unsafe { args::c_str(addr) }?.to_bytes()))
    }
}

entry! {
    /// Gives up a connection, named as it was for zmq_connect.
    ///
    /// # Safety
    /// `addr` is NULL (EINVAL) or a NUL-terminated string. ENOTSOCK if `socket` is no open socket.
    fn zmq_disconnect(socket: *mut c_void, addr: *const c_char) -> c_int {
        // SAFETY: passed on to the caller.
        with_socket(socket, |socket| socket.disconnect(unsafe { args::c_str(addr) }?.to_bytes()))
    }
}
