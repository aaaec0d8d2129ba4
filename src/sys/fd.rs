//! eventfd and timerfd, and the flags of a descriptor.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

use super::cancel::Shielded;
use super::futex::{FOREVER, timespec};

/// How many descriptors the process may have (`RLIMIT_NOFILE`).
#[must_use]
pub fn limit() -> u64 {
    let mut limit = MaybeUninit::<libc::rlimit>::zeroed();
    // SAFETY: writes one `rlimit`.
    let known = unsafe { syscall!(getrlimit(libc::RLIMIT_NOFILE, limit.as_mut_ptr())) };
    // SAFETY: filled by the call, and all-zero bytes are valid anyhow.
    let limit = unsafe { limit.assume_init() };
    known.map_or(u64::MAX, |_| limit.rlim_cur)
}

/// A descriptor that is readable from the first [`signal`](Self::signal) until it is drained.
#[derive(Debug)]
pub struct EventFd(Shielded<OwnedFd>);

impl EventFd {
    /// A fresh one, not signalled.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`, `ENOMEM`.
    pub fn new() -> io::Result<Self> {
        // SAFETY: takes no pointers.
        let fd = unsafe { syscall!(eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK)) }?;
        // SAFETY: the call just made this descriptor and nothing else knows it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self(Shielded::new(fd)))
    }

    /// Makes it readable. Never blocks: a full counter is as readable as any.
    pub fn signal(&self) {
        let one = 1_u64;
        // SAFETY: reads the eight bytes of `one`. The only failure (EAGAIN, the counter is full)
        // leaves the descriptor readable, which is all that is asked for. Past the C library, since its function
        // is a cancellation point.
        unsafe {
            libc::syscall(
                libc::SYS_write,
                self.0.as_raw_fd(),
                ptr::from_ref(&one),
                size_of::<u64>(),
            )
        };
    }

    /// Makes it unreadable; whether it had been signalled.
    pub fn drain(&self) -> bool {
        drain_counter(self.0.as_fd()).is_some()
    }
}

impl AsRawFd for EventFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Makes sure that there is room for so many descriptors, until it is dropped: for libraries that do not bear it if there is
/// none. What other threads take afterwards remains a risk.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `ENOMEM`.
#[cfg(any(feature = "norm", feature = "pgm"))]
pub(super) fn hold_room(count: usize) -> io::Result<Vec<EventFd>> {
    (0..count).map(|_| EventFd::new()).collect()
}

/// A descriptor that becomes readable when a time has passed (monotonic clock).
#[derive(Debug)]
pub struct TimerFd(OwnedFd);

impl TimerFd {
    /// A fresh one, not armed.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`, `ENOMEM`, `ENODEV`.
    pub fn new() -> io::Result<Self> {
        let flags = libc::TFD_CLOEXEC | libc::TFD_NONBLOCK;
        // SAFETY: takes no pointers.
        let fd = unsafe { syscall!(timerfd_create(libc::CLOCK_MONOTONIC, flags)) }?;
        // SAFETY: the call just made this descriptor and nothing else knows it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Lets it fire once, `after` from now; a time armed before is forgotten.
    pub fn arm(&self, after: Duration) {
        // All zero would disarm it.
        self.set(after.clamp(Duration::from_nanos(1), FOREVER));
    }

    /// Forgets an armed time, also one that fired and was not drained.
    pub fn disarm(&self) {
        self.set(Duration::ZERO);
    }

    /// Makes it unreadable; whether it had fired.
    pub fn drain(&self) -> bool {
        drain_counter(self.0.as_fd()).is_some()
    }

    fn set(&self, after: Duration) {
        let spec = libc::itimerspec {
            it_interval: timespec(Duration::ZERO),
            it_value: timespec(after),
        };
        let spec = ptr::from_ref(&spec);
        // SAFETY: reads `spec`, writes nothing. It cannot fail: the descriptor is a timer and the
        // time is in range.
        unsafe { libc::timerfd_settime(self.0.as_raw_fd(), 0, spec, ptr::null_mut()) };
    }
}

impl AsRawFd for TimerFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsFd for TimerFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Makes a descriptor that came from elsewhere non-blocking and close-on-exec.
///
/// # Errors
/// `EBADF` if it is not open.
pub fn set_nonblocking_cloexec(fd: BorrowedFd<'_>) -> io::Result<()> {
    let fd = fd.as_raw_fd();
    // SAFETY: F_GETFL takes no pointers.
    let flags = unsafe { syscall!(fcntl(fd, libc::F_GETFL)) }?;
    // SAFETY: F_SETFL takes no pointers.
    unsafe { syscall!(fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK)) }?;
    // SAFETY: F_SETFD takes no pointers.
    unsafe { syscall!(fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC)) }?;
    Ok(())
}

/// Reads the eight-byte counter of an eventfd or timerfd; `None` if it is zero.
fn drain_counter(fd: BorrowedFd<'_>) -> Option<u64> {
    let mut value = MaybeUninit::<u64>::uninit();
    let (fd, size) = (fd.as_raw_fd(), size_of::<u64>());
    // SAFETY: writes at most the eight bytes of `value`. Past the C library, as in `signal`.
    let count = unsafe { libc::syscall(libc::SYS_read, fd, value.as_mut_ptr(), size) };
    // SAFETY: these descriptors give all eight bytes or none.
    (count == 8).then(|| unsafe { value.assume_init() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::poll;

    fn readable(fd: RawFd, timeout: Duration) -> bool {
        let mut set = [libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        }];
        poll::poll(&mut set, Some(timeout), None).expect("poll") == 1
    }

    #[test]
    fn event_stays_until_drained() {
        let event = EventFd::new().expect("eventfd");
        assert!(!event.drain());
        event.signal();
        event.signal();
        assert!(readable(event.as_raw_fd(), Duration::ZERO));
        assert!(event.drain());
        assert!(!event.drain());
        assert!(!readable(event.as_raw_fd(), Duration::ZERO));
    }

    #[test]
    fn timer_fires_once_and_can_be_disarmed() {
        let timer = TimerFd::new().expect("timerfd");
        timer.arm(Duration::ZERO);
        assert!(readable(timer.as_raw_fd(), Duration::from_secs(10)));
        assert!(timer.drain());
        assert!(!timer.drain());
        timer.arm(Duration::MAX);
        assert!(!readable(timer.as_raw_fd(), Duration::ZERO));
        timer.arm(Duration::from_nanos(1));
        assert!(readable(timer.as_raw_fd(), Duration::from_secs(10)));
        timer.disarm();
        assert!(!timer.drain());
    }
}
