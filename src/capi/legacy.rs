//! Section "Deprecated functions".

use std::ffi::{c_int, c_void};
use std::ptr;

use super::handle::{wait_with_socket, with_socket};
use super::message::zmq_msg_t;
use super::ret::Length;
use super::transfer::{
    ZMQ_SNDMORE, recv_msg, recv_msg_at_once, send_msg, send_msg_at_once, try_recv_msg, try_send_msg,
};
use super::{args, proxy};
use crate::errno::{Errno, Result};

/// A buffer and its size, as `writev(2)` has it.
pub type iovec = libc::iovec;

/// Types of zmq_device, which makes no difference between them.
pub const ZMQ_STREAMER: c_int = 1;
pub const ZMQ_FORWARDER: c_int = 2;
pub const ZMQ_QUEUE: c_int = 3;

entry! {
    /// As zmq_proxy without a capture.
    ///
    /// # Safety
    /// Any pointers will do: EFAULT if a socket is NULL, ENOTSOCK if one is not open.
    fn zmq_device(type_: c_int, frontend: *mut c_void, backend: *mut c_void) -> c_int {
        waits |bed| {
            let _ = type_;
            proxy::run(bed, frontend, backend, ptr::null_mut(), ptr::null_mut()).await
        }
    }
}

entry! {
    /// As zmq_msg_send, with the arguments the other way round.
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for reads and writes. ENOTSOCK if `socket` is no open socket.
    fn zmq_sendmsg(socket: *mut c_void, msg: *mut zmq_msg_t, flags: c_int) -> c_int {
        quick {
            // SAFETY: passed on to the caller.
            with_socket(socket, |socket| unsafe { send_msg_at_once(socket, msg, flags) })
        }
        once {
            // SAFETY: passed on to the caller.
            with_socket(socket, |socket| unsafe { try_send_msg(socket, msg, flags) })
        }
        waits |bed| {
            // SAFETY: passed on to the caller.
            unsafe { send_msg(bed, socket, msg, flags).await }
        }
    }
}

entry! {
    /// As zmq_msg_recv, with the arguments the other way round.
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for reads and writes. ENOTSOCK if `socket` is no open socket.
    fn zmq_recvmsg(socket: *mut c_void, msg: *mut zmq_msg_t, flags: c_int) -> c_int {
        quick {
            // SAFETY: passed on to the caller.
            with_socket(socket, |socket| unsafe { recv_msg_at_once(socket, msg) })
        }
        once {
            // SAFETY: passed on to the caller.
            with_socket(socket, |socket| unsafe { try_recv_msg(socket, msg, flags) })
        }
        waits |bed| {
            // SAFETY: passed on to the caller.
            unsafe { recv_msg(bed, socket, msg, flags).await }
        }
    }
}

entry! {
    /// Sends copies of `count` buffers, as the frames of one message if `flags` has ZMQ_SNDMORE, which
    /// the last one goes without. Returns the size of the last.
    ///
    /// # Safety
    /// `iov` is NULL (EINVAL) or valid for reads of `count` entries, each of which is valid for
    /// reads of its size. ENOTSOCK if `socket` is no open socket.
    fn zmq_sendiov(socket: *mut c_void, iov: *mut iovec, count: usize, flags: c_int) -> c_int {
        waits |bed| {
            wait_with_socket(socket, async |socket| {
                // SAFETY: passed on to the caller.
                let parts = unsafe { entries(iov, count) }?;
                let mut sent = Length(0);
                for (i, part) in parts.iter().enumerate() {
                    // SAFETY: passed on to the caller.
                    let data = unsafe { args::bytes(part.iov_base, part.iov_len, Errno::EFAULT) }?;
                    let last = i + 1 == parts.len();
                    let flags = if last { flags & !ZMQ_SNDMORE } else { flags };
                    socket.send_bytes(bed, data, flags).await?;
                    sent = Length(data.len());
                }
                Ok(sent)
            })
            .await
        }
    }
}

entry! {
    /// Receives up to `*count` frames of one message into buffers of its own making, which the
    /// caller frees with free (). Returns how many there are, also in `*count` (after an error too).
    ///
    /// # Safety
    /// `count` is NULL (EINVAL) or valid for reads and writes; `iov` is NULL (EINVAL) or valid for
    /// writes of `*count` entries. ENOTSOCK if `socket` is no open socket.
    fn zmq_recviov(
        socket: *mut c_void,
        iov: *mut iovec,
        count: *mut usize,
        flags: c_int,
    ) -> c_int {
        waits |bed| {
            wait_with_socket(socket, async |socket| {
                // SAFETY: passed on to the caller.
                let count = unsafe { args::out(count) }.map_err(|_| Errno::EINVAL)?;
                // SAFETY: passed on to the caller.
                let parts = unsafe { entries(iov, *count) }?;
                *count = 0;
                for part in parts {
                    let msg = socket.recv(bed, flags).await?;
                    *part = allocated_copy(msg.data())?;
                    *count += 1;
                    if !msg.is_more() {
                        break;
                    }
                }
                Ok(Length(*count))
            })
            .await
        }
    }
}

/// The entries at `iov`; `EINVAL` if there are none.
///
/// # Safety
/// `iov` is NULL or valid for reads and writes of `count` entries, which nobody else uses for `'a`.
unsafe fn entries<'a>(iov: *mut iovec, count: usize) -> Result<&'a mut [iovec]> {
    let possible = 1..=isize::MAX.cast_unsigned() / size_of::<iovec>();
    if iov.is_null() || !iov.is_aligned() || !possible.contains(&count) {
        return Err(Errno::EINVAL);
    }
    // SAFETY: aligned, not NULL, and the caller promises `count` entries of its own.
    Ok(unsafe { std::slice::from_raw_parts_mut(iov, count) })
}

/// A copy in memory that C can free; never NULL, also if it is empty.
fn allocated_copy(data: &[u8]) -> Result<iovec> {
    // SAFETY: takes any size.
    let place = unsafe { libc::malloc(data.len().max(1)) };
    if place.is_null() {
        return Err(Errno::ENOMEM);
    }
    // SAFETY: both have this many bytes, and the new ones are nobody else's.
    unsafe { ptr::copy_nonoverlapping(data.as_ptr(), place.cast(), data.len()) };
    Ok(iovec {
        iov_base: place,
        iov_len: data.len(),
    })
}
