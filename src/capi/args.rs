//! Raw pointers into checked values: strings, buffers, out parameters.
//!
//! NULL never reaches a dereference here; that other pointers are good is the promise each entry
//! point documents and passes on.

use std::ffi::{CStr, c_char, c_long, c_void};
use std::time::Duration;

use crate::errno::{Errno, Result};

/// A string argument as UTF-8; `EINVAL` for NULL or other bytes.
///
/// # Safety
/// `string` is NULL or points to a NUL-terminated string that stays unchanged for `'a`.
pub(super) unsafe fn string<'a>(string: *const c_char) -> Result<&'a str> {
    // SAFETY: passed on to the caller.
    unsafe { c_str(string) }?
        .to_str()
        .map_err(|_| Errno::EINVAL)
}

/// A string argument that may be left out, as it is: None for NULL.
///
/// # Safety
/// As for [`string`].
pub(super) unsafe fn optional_bytes<'a>(string: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: passed on to the caller.
    unsafe { c_str(string) }.ok().map(CStr::to_bytes)
}

/// A string argument as it is; `EINVAL` for NULL.
///
/// # Safety
/// `string` is NULL or points to a NUL-terminated string that stays unchanged for `'a`.
pub(super) unsafe fn c_str<'a>(string: *const c_char) -> Result<&'a CStr> {
    if string.is_null() {
        return Err(Errno::EINVAL);
    }
    // SAFETY: not NULL, so the caller promises a terminated string.
    Ok(unsafe { CStr::from_ptr(string) })
}

/// A buffer argument. NULL is fine for an empty one and `error` otherwise, as is a length that no
/// object can have.
///
/// # Safety
/// If not NULL, `data` is valid for reads of `len` bytes that stay unchanged for `'a`.
#[inline]
pub(super) unsafe fn bytes<'a>(data: *const c_void, len: usize, error: Errno) -> Result<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() || len > isize::MAX.cast_unsigned() {
        return Err(error);
    }
    // SAFETY: not NULL, and the caller promises `len` readable bytes.
    Ok(unsafe { std::slice::from_raw_parts(data.cast(), len) })
}

/// A buffer to write to, under the rules of [`bytes`].
///
/// # Safety
/// If not NULL, `data` is valid for reads and writes of `len` bytes, which nobody else uses for `'a`.
#[inline]
pub(super) unsafe fn bytes_mut<'a>(
    data: *mut c_void,
    len: usize,
    error: Errno,
) -> Result<&'a mut [u8]> {
    if len == 0 {
        return Ok(&mut []);
    }
    if data.is_null() || len > isize::MAX.cast_unsigned() {
        return Err(error);
    }
    // SAFETY: not NULL, and the caller promises `len` bytes of its own.
    Ok(unsafe { std::slice::from_raw_parts_mut(data.cast(), len) })
}

/// An array argument that the caller lends for reading and writing; `EFAULT` for NULL (unless it
/// is empty), `EINVAL` for a negative or impossible count.
///
/// # Safety
/// If not NULL, `items` is valid for reads and writes of `count` values, which nobody else uses for
/// `'a`.
pub(super) unsafe fn array_mut<'a, T>(
    items: *mut T,
    count: std::ffi::c_int,
) -> Result<&'a mut [T]> {
    let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
    if count == 0 {
        return Ok(&mut []);
    }
    if items.is_null() || !items.is_aligned() {
        return Err(Errno::EFAULT);
    }
    if count > isize::MAX.cast_unsigned() / size_of::<T>().max(1) {
        return Err(Errno::EINVAL);
    }
    // SAFETY: aligned, not NULL, and the caller promises `count` values of its own.
    Ok(unsafe { std::slice::from_raw_parts_mut(items, count) })
}

/// A pointer to one value; `EFAULT` for NULL or an unaligned one.
///
/// # Safety
/// If not NULL, `value` is valid for reads and writes, and nobody else uses it for `'a`.
pub(super) unsafe fn out<'a, T>(value: *mut T) -> Result<&'a mut T> {
    if !value.is_aligned() {
        return Err(Errno::EFAULT);
    }
    // SAFETY: aligned, and valid by the caller's promise unless NULL.
    unsafe { value.as_mut() }.ok_or(Errno::EFAULT)
}

/// A timeout in milliseconds: None, for ever, if negative.
pub(super) fn timeout(milliseconds: c_long) -> Option<Duration> {
    #[allow(
        clippy::useless_conversion,
        reason = "c_long has 32 bits on some targets"
    )]
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_an_empty_buffer_only() {
        let null = std::ptr::null();
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { bytes(null, 0, Errno::EFAULT) }, Ok(&[][..]));
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { bytes(null, 1, Errno::EFAULT) }, Err(Errno::EFAULT));
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { string(null.cast()) }, Err(Errno::EINVAL));
    }

    #[test]
    fn impossible_lengths_are_refused() {
        let byte = 0u8;
        let data = (&raw const byte).cast();
        // SAFETY: a length above `isize::MAX` is refused before anything is read.
        let refused = unsafe { bytes(data, usize::MAX, Errno::ENOMEM) };
        assert_eq!(refused, Err(Errno::ENOMEM));
    }

    #[test]
    fn negative_timeouts_have_no_end() {
        assert_eq!(timeout(-1), None);
        assert_eq!(timeout(0), Some(Duration::ZERO));
        assert_eq!(timeout(1500), Some(Duration::from_millis(1500)));
    }
}
