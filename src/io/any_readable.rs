//! One descriptor for several: readable while one of them is, or its holder wants it to be (`zmq_poller_fd`).
//!
//! An epoll instance that nobody asks for events: whoever has its descriptor waits for that, and then looks at
//! everything anyway. Which descriptors belong to it, and for how long, is the caller's business.

use std::os::fd::{AsRawFd, RawFd};

use mio::unix::SourceFd;
use mio::{Interest, Poll, Token};

use crate::errno::Result;
use crate::sys::fd::EventFd;
use crate::sys::fork;

/// The descriptor, and those behind it. One that is closed is forgotten by itself.
#[derive(Debug)]
pub struct AnyReadable {
    all: Poll,
    own: EventFd,
    is_held: bool,
    /// `fork::generation()` of the process that made it: a forked child has the same one in its hands.
    generation: u32,
}

impl AnyReadable {
    /// One for no descriptors yet: it is not readable.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`, `ENOMEM`, `ENOSPC` (the user has too many watches).
    pub fn new() -> Result<Self> {
        let any = Self {
            all: Poll::new()?,
            own: EventFd::new()?,
            is_held: false,
            generation: fork::generation(),
        };
        any.watch(any.own.as_raw_fd())?;
        Ok(any)
    }

    /// Makes it readable whatever is behind it, or no longer. A forked child leaves it as it is.
    pub fn hold(&mut self, is_held: bool) {
        if self.generation != fork::generation() {
            return;
        }
        match (self.is_held, is_held) {
            (false, true) => self.own.signal(),
            (true, false) => {
                self.own.drain();
            }
            _ => {}
        }
        self.is_held = is_held;
    }

    /// Counts `fd` in.
    ///
    /// # Errors
    /// `EEXIST` if it is in already, `ENOMEM`, `ENOSPC`.
    pub fn watch(&self, fd: RawFd) -> Result<()> {
        let registry = self.all.registry();
        Ok(registry.register(&mut SourceFd(&fd), Token(0), Interest::READABLE)?)
    }

    /// Leaves `fd` out; one that is not in may be named as well.
    pub fn forget(&self, fd: RawFd) {
        // The only answers: it is in no more, or it was not.
        let _ = self.all.registry().deregister(&mut SourceFd(&fd));
    }
}

impl AsRawFd for AnyReadable {
    fn as_raw_fd(&self) -> RawFd {
        self.all.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sys::poll::poll;

    fn is_readable(fd: RawFd) -> bool {
        let mut set = [libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        }];
        poll(&mut set, Some(Duration::ZERO), None).unwrap() == 1
    }

    #[test]
    fn it_is_readable_while_one_of_them_is() {
        let mut any = AnyReadable::new().unwrap();
        let fd = any.as_raw_fd();
        let (one, other) = (EventFd::new().unwrap(), EventFd::new().unwrap());
        one.signal();
        assert!(!is_readable(fd));
        any.watch(one.as_raw_fd()).unwrap();
        any.watch(other.as_raw_fd()).unwrap();
        assert!(is_readable(fd));
        // It says so as often as it is asked.
        assert!(is_readable(fd));
        one.drain();
        assert!(!is_readable(fd));
        other.signal();
        assert!(is_readable(fd));
        any.forget(other.as_raw_fd());
        any.forget(other.as_raw_fd());
        assert!(!is_readable(fd));
        one.signal();
        assert!(is_readable(fd));
        drop(one);
        assert!(!is_readable(fd));
        any.hold(true);
        any.hold(true);
        assert!(is_readable(fd));
        any.hold(false);
        assert!(!is_readable(fd));
    }
}
