//! Waiting for descriptors with `ppoll(2)`.

use std::io;
use std::ptr;
use std::time::Duration;

use super::futex::{FOREVER, timespec};

/// Waits until a descriptor of `set` is ready and returns how many are (0: the time is up).
///
/// `timeout` None waits without end. The signal mask, if given, holds during the wait. A negative
/// descriptor is passed over.
///
/// # Errors
/// `EINTR`, `EINVAL` (more entries than the process may open descriptors), `ENOMEM`.
pub fn poll(
    set: &mut [libc::pollfd],
    timeout: Option<Duration>,
    mask: Option<&libc::sigset_t>,
) -> io::Result<usize> {
    let timeout = timeout.map(|timeout| timespec(timeout.min(FOREVER)));
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    let mask = mask.map_or(ptr::null(), ptr::from_ref);
    let count = set.len() as libc::nfds_t;
    // SAFETY: `set` has `count` entries that the kernel may write; timeout and mask are null or
    // point to values that outlive the call.
    let ready = unsafe { syscall!(ppoll(set.as_mut_ptr(), count, timeout, mask)) }?;
    Ok(usize::try_from(ready).unwrap_or(0))
}
