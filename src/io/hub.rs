//! A socket's descriptors, and driving them: who is called when one of them has something.
//!
//! The hub's epoll instance is itself registered with an I/O thread, which attends to it whenever
//! nobody else does. A caller that waits for its socket takes the hub over ("leases" it): the I/O
//! thread's registration goes, and the caller polls the hub itself. The lease outlives the call,
//! since the next one comes soon as a rule; a tick of the I/O thread takes the hub back when the
//! caller has stayed away. So a busy or blocked caller needs no other thread to get its messages.
//! Going from one to the other is [`lease`]'s, waiting for something or for the driver's place [`wait`]'s.
//!
//! Locks: `driver` may be held while sessions run; sessions take their own locks only.

mod lease;
mod wait;

use std::collections::VecDeque;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Interest, Poll, Registry, Token, Waker};

use super::contain::contain;
use super::gather::{Gatherer, Gathering};
use super::pace::Pace;
use super::reactor::{self, IoThread};
use super::spin::Spin;
use crate::errno::{Errno, Result};
use crate::sys::barrier;
use crate::sys::cancel::Shield;
use crate::sys::epoll::Events;
use crate::sys::lock::Mutex;

pub use wait::{Waited, Waiter};

/// Something with a descriptor in a hub.
pub(crate) trait Source: Send + Sync {
    /// The descriptor may be readable or writable. `ended`: an end of the stream or an error shows
    /// only by reading on.
    fn on_event(self: Arc<Self>, readable: bool, writable: bool, ended: bool);
}

const WAKE: Token = Token(usize::MAX);
/// Rounds of events that one turn of driving may take before others get theirs.
const ROUNDS: usize = 8;
/// What is reported to have failed when a source does. (Sessions contain their own failures.)
const HANDLER: &str = "handler of a descriptor";

struct Driver {
    /// Whose descriptor is [`Hub::poll_fd`].
    _poll: Poll,
    events: Events,
}

#[derive(Default)]
struct Sources {
    entries: Vec<Option<Arc<dyn Source>>>,
    free: Vec<usize>,
}

/// The descriptors of one socket.
pub struct Hub {
    io: Arc<IoThread>,
    registry: Registry,
    epoll_fd: RawFd,
    driver: Mutex<Driver>,
    sources: Mutex<Sources>,
    waker: Waker,
    /// Token at the I/O thread.
    seat: usize,
    /// Whether a caller has the hub rather than the I/O thread.
    leased: Mutex<bool>,
    /// Whether the driver sleeps and wants to be woken by `wake`.
    sleeping: AtomicBool,
    /// Callers inside a wait.
    inside: AtomicUsize,
    /// Whether the I/O thread's ticks watch the lease.
    watched: AtomicBool,
    /// Whether the I/O thread left events to the caller that had the driver.
    missed: AtomicBool,
    has_datagrams: AtomicBool,
    /// Grows with every use by a caller.
    uses: AtomicUsize,
    serials: AtomicUsize,
    /// Callers that wait for the driver's place, the oldest first.
    queue: Mutex<VecDeque<Arc<dyn Waiter>>>,
    queued: AtomicUsize,
    /// Sessions with work that no event will announce.
    again: Mutex<Vec<Arc<dyn Source>>>,
    has_again: AtomicBool,
    /// Sessions whose messages are gathered until the next tick.
    gathering: Gathering,
    pace: Pace,
    spin: Spin,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub")
            .field("seat", &self.seat)
            .finish_non_exhaustive()
    }
}

impl Hub {
    /// A hub attended to by `io`.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`, `ENOMEM`.
    pub fn new(io: Arc<IoThread>) -> Result<Arc<Self>> {
        barrier::prepare();
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = Waker::new(poll.registry(), WAKE)?;
        let epoll_fd = poll.as_raw_fd();
        let hub = Arc::new_cyclic(|me| {
            let seat = io.add_hub(me.clone());
            Self {
                io,
                registry,
                epoll_fd,
                driver: Mutex::new(Driver {
                    _poll: poll,
                    events: Events::with_capacity(256),
                }),
                sources: Mutex::default(),
                waker,
                seat,
                leased: Mutex::new(true),
                sleeping: AtomicBool::new(false),
                inside: AtomicUsize::new(0),
                watched: AtomicBool::new(false),
                missed: AtomicBool::new(false),
                has_datagrams: AtomicBool::new(false),
                uses: AtomicUsize::new(0),
                serials: AtomicUsize::new(0),
                queue: Mutex::default(),
                queued: AtomicUsize::new(0),
                again: Mutex::default(),
                has_again: AtomicBool::new(false),
                gathering: Gathering::default(),
                pace: Pace::default(),
                spin: Spin::new(),
            }
        });
        hub.release()?;
        Ok(hub)
    }

    /// A number above all that were given before.
    pub(crate) fn next_serial(&self) -> usize {
        self.serials.fetch_add(1, Ordering::Relaxed)
    }

    /// The I/O thread that attends to the hub.
    #[must_use]
    pub fn io(&self) -> &Arc<IoThread> {
        &self.io
    }

    /// The descriptor that is readable when there is something to drive, to sleep on among others.
    #[must_use]
    pub fn poll_fd(&self) -> RawFd {
        self.epoll_fd
    }

    /// Adds a descriptor. Events are edges: the source remembers what it has not used up.
    pub(crate) fn add(
        &self,
        fd: RawFd,
        source: Arc<dyn Source>,
        interest: Interest,
    ) -> Result<Token> {
        let token = {
            let mut sources = self.sources.lock();
            let index = sources.free.pop().unwrap_or_else(|| {
                sources.entries.push(None);
                sources.entries.len() - 1
            });
            sources.entries[index] = Some(source);
            Token(index)
        };
        if let Err(error) = self.registry.register(&mut SourceFd(&fd), token, interest) {
            self.forget(token);
            return Err(Errno::from_io(&error));
        }
        Ok(token)
    }

    /// Changes what is told of a descriptor, beginning with what is the case.
    pub(crate) fn change(&self, fd: RawFd, token: Token, interest: Interest) -> Result<()> {
        Ok(self
            .registry
            .reregister(&mut SourceFd(&fd), token, interest)?)
    }

    /// Removes a descriptor, before it is closed.
    pub(crate) fn remove(&self, fd: RawFd, token: Token) {
        // It fails only for descriptors that are not registered, which is what is wanted.
        let _ = self.registry.deregister(&mut SourceFd(&fd));
        self.forget(token);
    }

    fn forget(&self, token: Token) {
        let mut sources = self.sources.lock();
        let source = sources.entries.get_mut(token.0).and_then(Option::take);
        if source.is_some() {
            sources.free.push(token.0);
        }
        drop(sources);
        drop(source);
    }

    /// Has the source called again although no event will come for it.
    pub(crate) fn call_again(&self, source: Arc<dyn Source>) {
        self.again.lock().push(source);
        self.has_again.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
        let is_leased = *self.leased.lock();
        let is_driven = self.inside.load(Ordering::SeqCst) > 0;
        if is_driven {
            // A caller inside looks before it sleeps; one that sleeps is woken, whether it sleeps in
            // `wait` or on the descriptor; one that leaves sees it then.
            reactor::wake(&self.waker);
        }
        if !is_driven || !is_leased {
            self.io.drive_soon(self.seat);
        }
    }

    /// The pace of the socket's sends.
    pub(crate) fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Notes that the calling thread, which has the socket's lock, sends what is gathered.
    #[inline]
    pub(crate) fn note_sender(&self) {
        self.gathering.note_sender();
    }

    /// Has the session's messages written by the next tick.
    pub(super) fn gather(self: &Arc<Self>, session: Arc<dyn Gatherer>) {
        if self.gathering.add(self, session) {
            self.io.tick_gathering(self.seat, self.pace.until_tick());
        }
    }

    pub(super) fn gathering(&self) -> &Gathering {
        &self.gathering
    }

    /// Writes what was gathered; callers do it before they wait.
    pub fn flush(&self) {
        self.gathering.flush();
    }

    /// An I/O thread's tick: writes what was gathered. When another one must come: nobody else ends gathering.
    pub(crate) fn tick(&self) -> Option<Duration> {
        let another = self.gathering.tick(self.pace.tick());
        another.then(|| self.pace.until_tick())
    }

    /// Drives what is there, without waiting; for callers that slept on [`Hub::poll_fd`].
    pub fn drive(&self) {
        if let Some(mut driver) = self.driver.try_lock() {
            let _shield = Shield::new();
            // Nothing is interrupted that does not wait.
            let _ = self.drive_rounds(&mut driver);
            drop(driver);
            self.hand_over();
        }
    }

    /// Whether there is something to drive that the descriptor does not tell of.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.has_again.load(Ordering::SeqCst)
    }

    /// Whether a caller is inside, perhaps asleep.
    pub fn is_driven(&self) -> bool {
        self.inside.load(Ordering::SeqCst) > 0
    }

    /// Lets go of everything: its I/O thread has ended, so nothing more will happen here.
    pub(crate) fn abandon(&self) {
        let again = std::mem::take(&mut *self.again.lock());
        self.gathering.clear();
        let sources = std::mem::take(&mut *self.sources.lock());
        drop((again, sources));
    }

    /// The I/O thread drives the hub; true if it must come again.
    pub(crate) fn attend(&self) -> bool {
        let mut driver = self.driver.try_lock();
        if driver.is_none() {
            // Whoever has it looks at this when it is done; unless it was done just now.
            self.missed.store(true, Ordering::SeqCst);
            fence(Ordering::SeqCst);
            driver = self.driver.try_lock();
        }
        let Some(mut driver) = driver else {
            return false;
        };
        let more = self.drive_rounds(&mut driver).unwrap_or(true);
        drop(driver);
        fence(Ordering::SeqCst);
        self.nudge_next();
        more
    }

    /// Drives until nothing is left (false) or the turn is over (true).
    fn drive_rounds(&self, driver: &mut Driver) -> Result<bool> {
        let short = self.has_datagrams.load(Ordering::Relaxed);
        for _ in 0..if short { 1 } else { ROUNDS } {
            if !self.drive_once(driver, Some(Duration::ZERO))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Polls once and runs what is due; true if there was anything.
    fn drive_once(&self, driver: &mut Driver, timeout: Option<Duration>) -> Result<bool> {
        let timeout = if self.has_more() {
            Some(Duration::ZERO)
        } else {
            timeout
        };
        let told = driver.events.wait(self.epoll_fd, timeout)?;
        Ok(self.dispatch(driver, told))
    }

    /// Runs what is due: whoever wants to be called again, and whoever the first events are for, which were told just
    /// now. True if there was anything.
    fn dispatch(&self, driver: &mut Driver, told: usize) -> bool {
        let again = if self.has_again.load(Ordering::Acquire) {
            self.has_again.store(false, Ordering::Release);
            std::mem::take(&mut *self.again.lock())
        } else {
            Vec::new()
        };
        if again.is_empty() && told == 0 {
            return false;
        }
        let _shield = Shield::new();
        for source in again {
            contain(HANDLER, || source.on_event(false, false, false));
        }
        for place in 0..told {
            let Some(event) = driver.events.take(place) else {
                continue;
            };
            // The waker's is above all that there can be.
            let token = usize::try_from(event.token).unwrap_or(usize::MAX);
            let source = self.sources.lock().entries.get(token).cloned().flatten();
            if let Some(source) = source {
                let (readable, writable) = (event.is_readable(), event.is_writable());
                contain(HANDLER, || {
                    source.on_event(readable, writable, event.is_ended());
                });
            }
        }
        true
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if !*self.leased.get_mut() {
            // The descriptor is about to close, which deregisters it anyway.
            let _ = self.io.registry().deregister(&mut SourceFd(&self.epoll_fd));
        }
        self.io.remove_hub(self.seat);
    }
}
