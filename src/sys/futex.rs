//! Sleeping on a word of memory until another thread of the process wakes it.

use std::ptr;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use crate::errno::{Errno, Result};

/// Sleeps while `word` still holds `expected`, until [`wake`], a signal, or the timeout.
///
/// `Ok` may be spurious: look at the word again. Even without a timeout the kernel is given one (of
/// decades), since a wait with a timeout ends with `EINTR` after any signal handler, also one
/// installed with `SA_RESTART`, and callers of ZeroMQ rely on seeing that.
///
/// # Errors
/// `EAGAIN` if the word held another value, `ETIMEDOUT`, `EINTR`.
pub fn wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) -> Result<()> {
    let timeout = timespec(timeout.unwrap_or(FOREVER).min(FOREVER));
    // SAFETY: the word is alive and aligned for the length of the call, the kernel only compares
    // it; the timeout is a valid timespec that outlives the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
            expected,
            ptr::from_ref(&timeout),
        )
    };
    if result == -1 {
        Err(Errno::last())
    } else {
        Ok(())
    }
}

/// Wakes at most `count` threads that sleep on `word` and returns how many there were.
pub fn wake(word: &AtomicU32, count: u32) -> usize {
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    // SAFETY: the word is alive; waking reads and writes no memory of the process.
    let woken = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
            count,
        )
    };
    usize::try_from(woken).unwrap_or(0)
}

/// `duration` as the kernel wants it; more than the kernel can count becomes its maximum.
pub(super) fn timespec(duration: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: libc::time_t::try_from(duration.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(duration.subsec_nanos() as i32),
    }
}

/// Thirty years: no wait lasts longer, and no clock overflows.
pub(super) const FOREVER: Duration = Duration::from_secs(30 * 366 * 86_400);

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn tells_why_it_ended() {
        let word = AtomicU32::new(1);
        assert_eq!(wait(&word, 0, None), Err(Errno::EAGAIN));
        let short = Some(Duration::from_millis(1));
        assert_eq!(wait(&word, 1, short), Err(Errno::ETIMEDOUT));
        assert_eq!(wake(&word, 1), 0);
    }

    #[test]
    fn wakes_a_sleeper() {
        let word = AtomicU32::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while word.load(Ordering::Acquire) == 0 {
                    let _ = wait(&word, 0, Some(Duration::MAX));
                }
            });
            word.store(1, Ordering::Release);
            wake(&word, u32::MAX);
        });
    }
}
