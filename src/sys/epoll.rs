//! Taking events from an epoll instance.
//!
//! Descriptors are registered by mio. It would take the events as well, but in a call that is not made to be left
//! by a cancelled thread; and who leaves must find out which events it was given, since they are told once only.

use std::ffi::c_int;
use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

/// Events that were told and are not taken yet, from the first on; then zeroes.
pub struct Events(Box<[libc::epoll_event]>);

const NONE: libc::epoll_event = libc::epoll_event { events: 0, u64: 0 };

/// What happened to a descriptor.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// What the descriptor was registered with.
    pub token: u64,
    bits: u32,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events")
            .field("told", &self.told())
            .finish_non_exhaustive()
    }
}

impl Events {
    /// Room for so many at a time.
    #[must_use]
    pub fn with_capacity(events: usize) -> Self {
        Self(vec![NONE; events].into_boxed_slice())
    }

    /// Waits until there are events, at most for `timeout` (`None`: without end); how many there are. Whoever asks
    /// has taken those from the time before.
    ///
    /// # Errors
    /// `EINTR` if a signal handler ran.
    pub fn wait(&mut self, epoll: RawFd, timeout: Option<Duration>) -> io::Result<usize> {
        let (events, room) = self.room();
        // SAFETY: there is room for so many.
        let told = unsafe { syscall!(epoll_wait(epoll, events, room, milliseconds(timeout))) }?;
        Ok(usize::try_from(told).unwrap_or(0))
    }

    /// Where the kernel may write events, and how many.
    pub(super) fn room(&mut self) -> (*mut libc::epoll_event, c_int) {
        let room = c_int::try_from(self.0.len()).unwrap_or(c_int::MAX);
        (self.0.as_mut_ptr(), room)
    }

    /// How many events are not taken yet, if none is. The kernel tells of none without bits.
    #[must_use]
    pub fn told(&self) -> usize {
        let is_none = |event: &libc::epoll_event| event.events == 0;
        self.0.iter().position(is_none).unwrap_or(self.0.len())
    }

    /// Takes an event out; `None` if there is none in that place.
    pub fn take(&mut self, place: usize) -> Option<Event> {
        let event = std::mem::replace(self.0.get_mut(place)?, NONE);
        (event.events != 0).then_some(Event {
            token: event.u64,
            bits: event.events,
        })
    }
}

impl Event {
    const fn has(self, bits: c_int) -> bool {
        self.bits & bits.cast_unsigned() != 0
    }

    /// Whether there may be something to read, an end or an error included.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.has(libc::EPOLLIN | libc::EPOLLPRI) || self.is_ended()
    }

    /// Whether there may be room to write, an end or an error included.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.has(libc::EPOLLOUT) || self.is_ended()
    }

    /// Whether the stream has ended, in one direction or both, or failed.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        self.has(libc::EPOLLHUP | libc::EPOLLERR)
            || (self.has(libc::EPOLLRDHUP) && self.has(libc::EPOLLIN))
    }
}

/// As the kernel wants it: rounded up, so that who sleeps as long as it is told has slept enough.
pub(super) fn milliseconds(timeout: Option<Duration>) -> c_int {
    timeout.map_or(-1, |timeout| {
        let rounded = timeout.as_nanos().div_ceil(1_000_000);
        c_int::try_from(rounded).unwrap_or(c_int::MAX)
    })
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsRawFd, OwnedFd};

    use mio::unix::SourceFd;
    use mio::{Interest, Poll, Token};

    use super::*;
    use crate::sys::fd::EventFd;

    #[test]
    fn events_are_told_once_and_kept_until_they_are_taken() {
        let poll = Poll::new().expect("epoll");
        let (one, other) = (EventFd::new().expect("fd"), EventFd::new().expect("fd"));
        for (event, token) in [(&one, 3), (&other, 4)] {
            let fd = event.as_raw_fd();
            let registered =
                poll.registry()
                    .register(&mut SourceFd(&fd), Token(token), Interest::READABLE);
            registered.expect("room for it");
        }
        let mut events = Events::with_capacity(2);
        let wait = |events: &mut Events| events.wait(poll.as_raw_fd(), Some(Duration::ZERO));
        assert_eq!(wait(&mut events).expect("no signal"), 0);
        assert_eq!(events.told(), 0);
        one.signal();
        other.signal();
        assert_eq!(wait(&mut events).expect("no signal"), 2);
        assert_eq!(events.told(), 2);
        let mut tokens: Vec<u64> = (0..2)
            .filter_map(|place| events.take(place))
            .inspect(|event| {
                assert!(event.is_readable() && !event.is_writable() && !event.is_ended());
            })
            .map(|event| event.token)
            .collect();
        tokens.sort_unstable();
        assert_eq!(tokens, [3, 4]);
        assert!(events.take(0).is_none() && events.take(2).is_none());
        assert_eq!(events.told(), 0);
        assert_eq!(wait(&mut events).expect("no signal"), 0);
    }

    #[test]
    fn an_end_counts_as_all() {
        let (one, other) = std::os::unix::net::UnixStream::pair().expect("a pair");
        let poll = Poll::new().expect("epoll");
        let fd = one.as_raw_fd();
        let registered = poll
            .registry()
            .register(&mut SourceFd(&fd), Token(0), Interest::READABLE);
        registered.expect("room for it");
        drop(OwnedFd::from(other));
        let mut events = Events::with_capacity(1);
        assert_eq!(events.wait(poll.as_raw_fd(), None).expect("no signal"), 1);
        let event = events.take(0).expect("one");
        assert!(event.is_readable() && event.is_writable() && event.is_ended());
    }

    #[test]
    fn times_are_rounded_up() {
        assert_eq!(milliseconds(None), -1);
        assert_eq!(milliseconds(Some(Duration::ZERO)), 0);
        assert_eq!(milliseconds(Some(Duration::from_micros(1001))), 2);
        assert_eq!(milliseconds(Some(Duration::MAX)), c_int::MAX);
    }
}
