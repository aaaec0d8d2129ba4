//! Records: moves of bytes into and out of a queue's chunks, where neither alignment nor lengths are given.
//!
//! Short bodies are worth no call of `memcpy`: they go as two overlapping pieces of fixed size.

use std::ptr;

use super::{LONG, LONG_HEAD, SHORT_HEAD};
use crate::msg::Msg;

/// Copies `len` bytes.
///
/// # Safety
/// `from` is valid for reads and `to` for writes of `len` bytes, and the two do not overlap.
#[inline]
pub(super) unsafe fn copy_body(from: *const u8, to: *mut u8, len: usize) {
    /// Copies the first and the last `N` bytes of `len`, at least `N`.
    ///
    /// # Safety
    /// As [`copy_body`].
    #[inline(always)]
    unsafe fn ends<const N: usize>(from: *const u8, to: *mut u8, len: usize) {
        // SAFETY: by contract.
        let head = unsafe { from.cast::<[u8; N]>().read_unaligned() };
        // SAFETY: by contract.
        let tail = unsafe {
            from.wrapping_add(len - N)
                .cast::<[u8; N]>()
                .read_unaligned()
        };
        // SAFETY: by contract.
        unsafe { to.cast::<[u8; N]>().write_unaligned(head) };
        // SAFETY: by contract.
        unsafe {
            to.wrapping_add(len - N)
                .cast::<[u8; N]>()
                .write_unaligned(tail)
        };
    }
    match len {
        0 => {}
        // SAFETY: as below.
        1 => unsafe { ends::<1>(from, to, len) },
        // SAFETY: at least so many bytes, by contract.
        2..=3 => unsafe { ends::<2>(from, to, len) },
        // SAFETY: as above.
        4..=7 => unsafe { ends::<4>(from, to, len) },
        // SAFETY: as above.
        8..=16 => unsafe { ends::<8>(from, to, len) },
        // SAFETY: as above.
        17..=32 => unsafe { ends::<16>(from, to, len) },
        // SAFETY: as above.
        33..=64 => unsafe { ends::<32>(from, to, len) },
        // SAFETY: by contract.
        _ => unsafe { ptr::copy_nonoverlapping(from, to, len) },
    }
}

/// Moves a message to a place of any alignment.
///
/// # Safety
/// `to` is valid for writes of a message's size.
#[inline]
pub(super) unsafe fn write_msg(to: *mut u8, msg: Msg) {
    // SAFETY: by contract.
    unsafe { to.cast::<Msg>().write_unaligned(msg) };
}

/// Takes a message out of such a place.
///
/// # Safety
/// [`write_msg`] put a message there, and it is taken out once.
#[inline]
pub(super) unsafe fn read_msg(from: *const u8) -> Msg {
    // SAFETY: by contract.
    unsafe { from.cast::<Msg>().read_unaligned() }
}

/// Writes the header of a short frame whose body is longer than one byte can tell.
///
/// # Safety
/// `record` is valid for writes of such a header's size.
#[inline]
pub(super) unsafe fn write_long_head(record: *mut u8, len: usize, flags: u8) {
    // SAFETY: by contract.
    unsafe { record.write(flags | LONG) };
    let len = (len as u64).to_be_bytes();
    // SAFETY: by contract.
    unsafe {
        record
            .wrapping_add(1)
            .cast::<[u8; 8]>()
            .write_unaligned(len)
    };
}

/// The body of a short frame, and the length of what stands before it.
///
/// # Safety
/// A record of a short frame begins at `record`, and stays for `'a`.
#[inline]
pub(super) unsafe fn short_body<'a>(record: *const u8) -> (&'a [u8], usize) {
    // SAFETY: by contract.
    let (len, head) = if unsafe { record.read() } & LONG == 0 {
        // SAFETY: by contract.
        (
            usize::from(unsafe { record.wrapping_add(1).read() }),
            SHORT_HEAD,
        )
    } else {
        // SAFETY: by contract.
        let len = unsafe { record.wrapping_add(1).cast::<[u8; 8]>().read_unaligned() };
        (u64::from_be_bytes(len) as usize, LONG_HEAD)
    };
    // SAFETY: by contract.
    let body = unsafe { std::slice::from_raw_parts(record.wrapping_add(head), len) };
    (body, head)
}
