//! Section "Messages": everything on `zmq_msg_t` that needs no socket.
//!
//! The 64 bytes of a `zmq_msg_t` are a [`Msg`]. A program can hand in one that it never made or
//! has closed: `get` and `get_mut` look at its tag first.

use std::ffi::{c_char, c_int, c_void};

use super::{args, ret};
use crate::errno::{Errno, Result};
use crate::msg::{FreeFn, Metadata, Msg};

/// One frame of a message, 64 opaque bytes.
pub type zmq_msg_t = Msg;
/// Gives a lent buffer back; called once, on any thread.
pub type zmq_free_fn = FreeFn;

/// Properties for zmq_msg_get.
pub const ZMQ_MORE: c_int = 1;
pub const ZMQ_SHARED: c_int = 3;
/// Deprecated: the descriptor that the message came by.
pub const ZMQ_SRCFD: c_int = 2;

entry! {
    /// Makes an empty message of memory that holds none.
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for writes.
    fn zmq_msg_init(msg: *mut zmq_msg_t) -> c_int {
        plain {
            check_place(msg)?;
            // SAFETY: aligned, not NULL, writable by the caller's promise; old bytes are no message.
            unsafe { Msg::init(msg) };
            Ok(())
        }
    }
}

entry! {
    /// Makes a message of `size` bytes for the caller to fill. ENOMEM if there is no room.
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for writes.
    fn zmq_msg_init_size(msg: *mut zmq_msg_t, size: usize) -> c_int {
        plain {
            check_place(msg)?;
            // SAFETY: aligned, not NULL, writable by the caller's promise; old bytes are no message.
            unsafe { Msg::init_with_size(msg, size) }
        }
    }
}

entry! {
    /// Makes a message of a buffer without copying it. The library calls `ffn (data, hint)` once
    /// when nobody needs the buffer any more, on whatever thread that is; with `ffn` NULL the
    /// buffer must stay for ever.
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for writes. `data` is valid for `size` bytes and not changed
    /// until `ffn` is called; `ffn` is NULL or may be called on any thread.
    fn zmq_msg_init_data(
        msg: *mut zmq_msg_t,
        data: *mut c_void,
        size: usize,
        ffn: Option<zmq_free_fn>,
        hint: *mut c_void,
    ) -> c_int {
        plain {
            if size > isize::MAX.cast_unsigned() {
                return Err(Errno::ENOMEM);
            }
            if data.is_null() && size > 0 {
                return Err(Errno::EFAULT);
            }
            // SAFETY: the caller lends the buffer until `ffn` is called.
            let lend = || unsafe { Msg::from_user(data.cast(), size, ffn, hint) };
            // SAFETY: passed on to the caller.
            unsafe { init(msg, lend) }
        }
    }
}

entry! {
    /// Ends a message. The memory may then be made a message again.
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for reads and writes.
    fn zmq_msg_close(msg: *mut zmq_msg_t) -> c_int {
        bare {
            let mut unlent = None;
            let result = ret::run("zmq_msg_close", || {
                // SAFETY: passed on to the caller.
                let msg = unsafe { get_mut(msg) }?;
                // SAFETY: valid by its tag, and bytes without meaning afterwards.
                unlent = unsafe { Msg::close_in_place(msg) };
                Ok(())
            });
            if let Some(unlent) = unlent {
                // Nothing is owned or guarded here: the free function may end the thread or throw an exception of C++.
                unlent.give_back();
            }
            result
        }
    }
}

entry! {
    /// Moves the content of `src` to `dest`, whose own is released; `src` is empty afterwards.
    ///
    /// # Safety
    /// Both are NULL (EFAULT) or valid for reads and writes.
    fn zmq_msg_move(dest: *mut zmq_msg_t, src: *mut zmq_msg_t) -> c_int {
        plain {
            // SAFETY: passed on to the caller; the borrow ends here.
            let content = match unsafe { get_mut(src) } {
                Ok(_) if dest == src => return Ok(()),
                // Taken only if there is where to put it.
                // SAFETY: passed on to the caller; another message than `src`.
                Ok(src) => unsafe { get_mut(dest) }.map(|_| src.take())?,
                Err(errno) => return Err(errno),
            };
            // SAFETY: found valid just now.
            replace(unsafe { get_mut(dest) }?, content);
            Ok(())
        }
    }
}

entry! {
    /// Makes `dest`, whose own content is released, a copy of `src`. Large bodies are shared, so
    /// neither may be written to afterwards.
    ///
    /// # Safety
    /// Both are NULL (EFAULT) or valid for reads and writes.
    fn zmq_msg_copy(dest: *mut zmq_msg_t, src: *mut zmq_msg_t) -> c_int {
        plain {
            // SAFETY: passed on to the caller; the borrow ends here.
            unsafe { get_mut(dest) }?;
            // SAFETY: passed on to the caller.
            let src_msg = unsafe { get_mut(src) }?;
            if dest == src {
                return Ok(());
            }
            let copy = src_msg.share();
            // SAFETY: found valid just now; another message than `src`.
            replace(unsafe { get_mut(dest) }?, copy);
            Ok(())
        }
    }
}

entry! {
    /// The first byte of a message's body; good until the message is moved, sent or closed.
    ///
    /// # Safety
    /// `msg` is NULL or valid for reads and writes. NULL is returned for what is no message.
    fn zmq_msg_data(msg: *mut zmq_msg_t) -> *mut c_void {
        plain {
            // SAFETY: passed on to the caller.
            Ok(unsafe { get_mut(msg) }?.data_mut_ptr().cast::<c_void>())
        }
    }
}

entry! {
    /// The number of bytes in a message's body.
    ///
    /// # Safety
    /// `msg` is NULL or valid for reads. 0 is returned for what is no message.
    fn zmq_msg_size(msg: *const zmq_msg_t) -> usize {
        plain {
            // SAFETY: passed on to the caller.
            Ok(unsafe { get(msg) }?.len())
        }
    }
}

entry! {
    /// 1 if more frames of the same message follow this one, else 0.
    ///
    /// # Safety
    /// `msg` is NULL or valid for reads. 0 is returned for what is no message.
    fn zmq_msg_more(msg: *const zmq_msg_t) -> c_int {
        plain {
            // A loop `while (zmq_msg_more (&msg))` must end, so that this is not -1.
            // SAFETY: passed on to the caller.
            Ok(unsafe { get(msg) }.is_ok_and(Msg::is_more))
        }
    }
}

entry! {
    /// A property of a message as a number: ZMQ_MORE, ZMQ_SHARED, ZMQ_SRCFD. EINVAL for others, and
    /// for ZMQ_SRCFD where there is none.
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for reads.
    fn zmq_msg_get(msg: *const zmq_msg_t, property: c_int) -> c_int {
        plain {
            // SAFETY: passed on to the caller.
            let msg = unsafe { get(msg) }?;
            match property {
                ZMQ_MORE => Ok(c_int::from(msg.is_more())),
                ZMQ_SHARED => Ok(c_int::from(msg.is_shared())),
                ZMQ_SRCFD => msg
                    .metadata()
                    .map(|metadata| metadata.src_fd)
                    .filter(|&fd| fd >= 0)
                    .ok_or(Errno::EINVAL),
                _ => Err(Errno::EINVAL),
            }
        }
    }
}

entry! {
    /// Sets a property of a message. There is none that can be set: EINVAL.
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for reads.
    fn zmq_msg_set(msg: *mut zmq_msg_t, property: c_int, optval: c_int) -> c_int {
        let _ = (property, optval);
        // SAFETY: passed on to the caller.
        unsafe { get(msg) }?;
        Err::<(), _>(Errno::EINVAL)
    }
}

entry! {
    /// A property of the connection that a message came by, as a string that belongs to the message:
    /// "Socket-Type", "Routing-Id", "Peer-Address", "User-Id", "X-...". NULL and EINVAL without it.
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for reads; `property` is NULL or a NUL-terminated string.
    fn zmq_msg_gets(msg: *const zmq_msg_t, property: *const c_char) -> *const c_char {
        plain {
            // SAFETY: passed on to the caller.
            let msg = unsafe { get(msg) }?;
            // SAFETY: passed on to the caller.
            let name = unsafe { args::string(property) }?;
            let metadata = msg.metadata().ok_or(Errno::EINVAL)?;
            find(metadata, name).ok_or(Errno::EINVAL)
        }
    }
}

/// The message at `msg`; `EFAULT` if there is none.
///
/// # Safety
/// `msg` is NULL or valid for reads for `'a`; its bytes may be anything.
#[inline]
pub(super) unsafe fn get<'a>(msg: *const zmq_msg_t) -> Result<&'a Msg> {
    if !msg.is_aligned() {
        return Err(Errno::EFAULT);
    }
    // SAFETY: readable unless NULL; a `Msg` may hold any bytes until its tag vouches for them.
    unsafe { msg.as_ref() }
        .filter(|msg| msg.is_valid())
        .ok_or(Errno::EFAULT)
}

/// As [`get`], for changing it.
///
/// # Safety
/// `msg` is NULL or valid for reads and writes for `'a`, and nobody else uses it meanwhile.
#[inline]
pub(super) unsafe fn get_mut<'a>(msg: *mut zmq_msg_t) -> Result<&'a mut Msg> {
    if !msg.is_aligned() {
        return Err(Errno::EFAULT);
    }
    // SAFETY: as in `get`, and writable.
    unsafe { msg.as_mut() }
        .filter(|msg| msg.is_valid())
        .ok_or(Errno::EFAULT)
}

/// Writes what `make` yields to memory that holds no message; `EFAULT` for NULL.
///
/// # Safety
/// `msg` is NULL or valid for writes.
#[inline]
pub(super) unsafe fn init(msg: *mut zmq_msg_t, make: impl FnOnce() -> Result<Msg>) -> Result<()> {
    check_place(msg)?;
    let made = make()?;
    // SAFETY: aligned, not NULL, writable by the caller's promise; old bytes are no message.
    unsafe { msg.write(made) };
    Ok(())
}

/// Gives a message another content. The old one goes last: its free function may use the message, or free its memory.
#[inline]
fn replace(msg: &mut Msg, content: Msg) {
    let before = std::mem::replace(msg, content);
    drop(before);
}

/// Whether a message may be made at `msg`.
#[inline]
fn check_place(msg: *mut zmq_msg_t) -> Result<()> {
    if msg.is_null() || !msg.is_aligned() {
        return Err(Errno::EFAULT);
    }
    Ok(())
}

/// "Identity" is what "Routing-Id" was called, and what it is called on the wire.
fn find(metadata: &Metadata, name: &str) -> Option<*const c_char> {
    let alias = match name {
        "Routing-Id" => "Identity",
        "Identity" => "Routing-Id",
        _ => name,
    };
    metadata
        .find(name)
        .or_else(|| metadata.find(alias))
        .map(std::ffi::CStr::as_ptr)
}
