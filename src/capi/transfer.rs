//! Section "Sending and receiving".

use std::ffi::{c_int, c_void};

use super::args;
use super::handle::{wait_with_socket, with_socket};
use super::message::{get_mut, zmq_msg_t};
use super::ret::Length;
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::runtime::SocketHandle;
use crate::sys::sleep::Bed;

/// Flags for sending and receiving.
pub const ZMQ_DONTWAIT: c_int = 1;
pub const ZMQ_SNDMORE: c_int = 2;
/// Deprecated name.
pub const ZMQ_NOBLOCK: c_int = ZMQ_DONTWAIT;

/// The longest name of a group, in bytes.
pub const ZMQ_GROUP_MAX_LENGTH: c_int = 255;

entry! {
    /// Sends a message and leaves it empty; after an error it is as it was. Returns its size, at
    /// most INT_MAX.
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for reads and writes. ENOTSOCK if `socket` is no open socket.
    fn zmq_msg_send(msg: *mut zmq_msg_t, socket: *mut c_void, flags: c_int) -> c_int {
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
    /// Receives a message into `msg`, whose own content is released. Returns its size, at most
    /// INT_MAX.
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for reads and writes. ENOTSOCK if `socket` is no open socket.
    fn zmq_msg_recv(msg: *mut zmq_msg_t, socket: *mut c_void, flags: c_int) -> c_int {
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
    /// Sends a copy of a buffer as one frame. Returns its size, at most INT_MAX.
    ///
    /// # Safety
    /// `buf` is valid for reads of `len` bytes, or NULL if that is 0 (else EFAULT). ENOTSOCK if
    /// `socket` is no open socket.
    fn zmq_send(socket: *mut c_void, buf: *const c_void, len: usize, flags: c_int) -> c_int {
        quick {
            with_socket(socket, |socket| {
                // SAFETY: passed on to the caller.
                let data = unsafe { args::bytes(buf, len, Errno::EFAULT) }?;
                Ok(socket.send_bytes_at_once(data, flags).then_some(Length(len)))
            })
        }
        once {
            with_socket(socket, |socket| {
                // SAFETY: passed on to the caller.
                let data = unsafe { args::bytes(buf, len, Errno::EFAULT) }?;
                let sent = socket.try_send_bytes(data, flags).transpose()?;
                Ok(sent.map(|()| Length(len)))
            })
        }
        waits |bed| {
            wait_with_socket(socket, async |socket| {
                // SAFETY: passed on to the caller.
                let data = unsafe { args::bytes(buf, len, Errno::EFAULT) }?;
                socket.send_bytes_or_wait(bed, data, flags).await?;
                Ok(Length(len))
            })
            .await
        }
    }
}

entry! {
    /// Sends a buffer that never changes as one frame, without copying it. Returns its size, at
    /// most INT_MAX.
    ///
    /// # Safety
    /// `buf` is valid for reads of `len` bytes for ever, or NULL if that is 0 (else EFAULT).
    /// ENOTSOCK if `socket` is no open socket.
    fn zmq_send_const(socket: *mut c_void, buf: *const c_void, len: usize, flags: c_int) -> c_int {
        waits |bed| {
            wait_with_socket(socket, async |socket| {
                // SAFETY: passed on to the caller.
                let data = unsafe { args::bytes(buf, len, Errno::EFAULT) }?;
                let start = data.as_ptr().cast_mut();
                // SAFETY: constant for ever; without a free function nobody writes to it.
                let mut msg = unsafe { Msg::from_user(start, len, None, std::ptr::null_mut()) }?;
                socket.send(bed, &mut msg, flags).await?;
                Ok(Length(len))
            })
            .await
        }
    }
}

entry! {
    /// Receives a frame into a buffer, cutting off what is beyond its end. Returns the frame's full
    /// size, at most INT_MAX.
    ///
    /// # Safety
    /// `buf` is valid for writes of `len` bytes, or NULL if that is 0 (else EFAULT). ENOTSOCK if
    /// `socket` is no open socket.
    fn zmq_recv(socket: *mut c_void, buf: *mut c_void, len: usize, flags: c_int) -> c_int {
        quick {
            with_socket(socket, |socket| {
                // Before anything is taken from the socket.
                // SAFETY: passed on to the caller.
                let buffer = unsafe { args::bytes_mut(buf, len, Errno::EFAULT) }?;
                Ok(socket.recv_body_at_once(buffer).map(Length))
            })
        }
        once {
            with_socket(socket, |socket| {
                // SAFETY: passed on to the caller.
                let buffer = unsafe { args::bytes_mut(buf, len, Errno::EFAULT) }?;
                Ok(socket.try_recv_body(buffer, flags).transpose()?.map(Length))
            })
        }
        waits |bed| {
            wait_with_socket(socket, async |socket| {
                // SAFETY: passed on to the caller.
                let buffer = unsafe { args::bytes_mut(buf, len, Errno::EFAULT) }?;
                socket.recv_body_or_wait(bed, buffer, flags).await.map(Length)
            })
            .await
        }
    }
}

/// Sends the message at `msg`, if that can be done at once, and tells its size.
///
/// # Safety
/// `msg` is NULL or valid for reads and writes.
#[inline(always)]
pub(super) unsafe fn send_msg_at_once(
    socket: SocketHandle,
    msg: *mut zmq_msg_t,
    flags: c_int,
) -> Result<Option<Length>> {
    // SAFETY: passed on to the caller.
    let msg = unsafe { get_mut(msg) }?;
    let len = msg.len();
    Ok(socket.send_at_once(msg, flags).then_some(Length(len)))
}

/// What [`send_msg_at_once`] leaves undone, if it does not have to wait.
///
/// # Safety
/// As there.
pub(super) unsafe fn try_send_msg(
    socket: SocketHandle,
    msg: *mut zmq_msg_t,
    flags: c_int,
) -> Result<Option<Length>> {
    // SAFETY: passed on to the caller.
    let msg = unsafe { get_mut(msg) }?;
    let len = msg.len();
    let sent = socket.try_send(msg, flags).transpose()?;
    Ok(sent.map(|()| Length(len)))
}

/// Sends the message at `msg`, after [`send_msg_at_once`], and tells its size.
///
/// # Safety
/// As there.
pub(super) async unsafe fn send_msg(
    bed: &Bed,
    socket: *mut c_void,
    msg: *mut zmq_msg_t,
    flags: c_int,
) -> Result<Length> {
    wait_with_socket(socket, async |socket| {
        // SAFETY: passed on to the caller.
        let msg = unsafe { get_mut(msg) }?;
        let len = msg.len();
        socket.send_or_wait(bed, msg, flags).await?;
        Ok(Length(len))
    })
    .await
}

/// Receives into the message at `msg`, if that can be done at once, and tells its size.
///
/// # Safety
/// `msg` is NULL or valid for reads and writes.
#[inline(always)]
pub(super) unsafe fn recv_msg_at_once(
    socket: SocketHandle,
    msg: *mut zmq_msg_t,
) -> Result<Option<Length>> {
    // SAFETY: passed on to the caller.
    let msg = unsafe { get_mut(msg) }?;
    let came = socket.recv_into_at_once(msg);
    Ok(came.then(|| Length(msg.len())))
}

/// What [`recv_msg_at_once`] leaves undone, if it does not have to wait.
///
/// # Safety
/// As there.
pub(super) unsafe fn try_recv_msg(
    socket: SocketHandle,
    msg: *mut zmq_msg_t,
    flags: c_int,
) -> Result<Option<Length>> {
    // SAFETY: passed on to the caller.
    let msg = unsafe { get_mut(msg) }?;
    let came = socket.try_recv_into(msg, flags).transpose()?;
    Ok(came.map(|()| Length(msg.len())))
}

/// Receives into the message at `msg`, after [`recv_msg_at_once`], and tells its size.
///
/// # Safety
/// As there.
pub(super) async unsafe fn recv_msg(
    bed: &Bed,
    socket: *mut c_void,
    msg: *mut zmq_msg_t,
    flags: c_int,
) -> Result<Length> {
    wait_with_socket(socket, async |socket| {
        // SAFETY: passed on to the caller.
        let msg = unsafe { get_mut(msg) }?;
        socket.recv_into_or_wait(bed, msg, flags).await?;
        Ok(Length(msg.len()))
    })
    .await
}
