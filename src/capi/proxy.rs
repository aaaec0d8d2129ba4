//! Section "Proxies".

use std::ffi::{c_int, c_void};

use super::ret::keep_errno_meanwhile;
use crate::errno::{Errno, Result};
use crate::runtime::SocketHandle;
use crate::runtime::proxy::proxy;
use crate::sys::sleep::Bed;

entry! {
    /// Passes messages between two sockets until a context ends (ETERM). All of them go to
    /// `capture` as well, unless it is NULL.
    ///
    /// # Safety
    /// Any pointers will do: EFAULT if a socket that is needed is NULL, ENOTSOCK if one is not open.
    fn zmq_proxy(frontend: *mut c_void, backend: *mut c_void, capture: *mut c_void) -> c_int {
        waits |bed| { run(bed, frontend, backend, capture, std::ptr::null_mut()).await }
    }
}

entry! {
    /// As zmq_proxy, with a socket that takes the commands "PAUSE", "RESUME", "STATISTICS" and
    /// "TERMINATE", unless it is NULL.
    ///
    /// # Safety
    /// Any pointers will do: EFAULT if a socket that is needed is NULL, ENOTSOCK if one is not open.
    fn zmq_proxy_steerable(
        frontend: *mut c_void,
        backend: *mut c_void,
        capture: *mut c_void,
        control: *mut c_void,
    ) -> c_int {
        waits |bed| { run(bed, frontend, backend, capture, control).await }
    }
}

/// Runs a proxy; the last two sockets are optional.
pub(super) async fn run(
    bed: &Bed,
    frontend: *mut c_void,
    backend: *mut c_void,
    capture: *mut c_void,
    control: *mut c_void,
) -> Result<()> {
    let frontend = optional(frontend)?.ok_or(Errno::EFAULT)?;
    let backend = optional(backend)?.ok_or(Errno::EFAULT)?;
    let capture = optional(capture)?;
    let control = optional(control)?;
    keep_errno_meanwhile(proxy(bed, frontend, backend, capture, control)).await
}

fn optional(socket: *mut c_void) -> Result<Option<SocketHandle>> {
    match socket.is_null() {
        true => Ok(None),
        false => SocketHandle::from_ptr(socket).map(Some),
    }
}
