//! Section "Atomic counters". The handle is the counter's address: NULL is an error, but another
//! foreign pointer is not noticed.

use std::ffi::{c_int, c_void};

use super::args;
use crate::errno::{Errno, Result};
use crate::util::counter::Counter;

entry! {
    /// Makes a counter of value 0.
    ///
    /// # Safety
    /// None.
    fn zmq_atomic_counter_new() -> *mut c_void {
        Ok(Box::into_raw(Box::new(Counter::new())).cast::<c_void>())
    }
}

entry! {
    /// Sets a counter.
    ///
    /// # Safety
    /// `counter` is NULL (EFAULT) or a live counter.
    fn zmq_atomic_counter_set(counter: *mut c_void, value: c_int) {
        plain {
            // SAFETY: passed on to the caller.
            unsafe { get(counter) }?.set(value);
            Ok(())
        }
    }
}

entry! {
    /// Adds one and returns the value before.
    ///
    /// # Safety
    /// `counter` is NULL (EFAULT) or a live counter.
    fn zmq_atomic_counter_inc(counter: *mut c_void) -> c_int {
        plain {
            // SAFETY: passed on to the caller.
            Ok(unsafe { get(counter) }?.increment())
        }
    }
}

entry! {
    /// Takes one off. Returns 0 if that makes the counter 0, else 1.
    ///
    /// # Safety
    /// `counter` is NULL (EFAULT) or a live counter.
    fn zmq_atomic_counter_dec(counter: *mut c_void) -> c_int {
        plain {
            // SAFETY: passed on to the caller.
            Ok(!unsafe { get(counter) }?.decrement_is_zero())
        }
    }
}

entry! {
    /// A counter's value.
    ///
    /// # Safety
    /// `counter` is NULL (EFAULT) or a live counter.
    fn zmq_atomic_counter_value(counter: *mut c_void) -> c_int {
        plain {
            // SAFETY: passed on to the caller.
            Ok(unsafe { get(counter) }?.value())
        }
    }
}

entry! {
    /// Frees a counter and sets the pointer to it to NULL, which it may be already.
    ///
    /// # Safety
    /// `counter_p` is NULL (EFAULT) or points to NULL or to a live counter that nobody uses any more.
    fn zmq_atomic_counter_destroy(counter_p: *mut *mut c_void) {
        // SAFETY: passed on to the caller.
        let counter = take(unsafe { args::out(counter_p) }?);
        if !counter.is_null() {
            // SAFETY: made by `zmq_atomic_counter_new`, and the caller gives it up.
            drop(unsafe { Box::from_raw(counter.cast::<Counter>()) });
        }
        Ok(())
    }
}

/// The counter of a handle; `EFAULT` for NULL.
///
/// # Safety
/// `counter` is NULL or a counter that lives for `'a`.
unsafe fn get<'a>(counter: *mut c_void) -> Result<&'a Counter> {
    // SAFETY: made by `zmq_atomic_counter_new` unless NULL.
    unsafe { counter.cast::<Counter>().as_ref() }.ok_or(Errno::EFAULT)
}

/// Leaves NULL where a handle was.
fn take(place: &mut *mut c_void) -> *mut c_void {
    std::mem::replace(place, std::ptr::null_mut())
}
