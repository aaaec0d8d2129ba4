//! Waking the callers that wait for a socket.
//!
//! A caller that waits registers a [`Sleeper`], looks once more whether anything has come, and
//! sleeps. Who brings something publishes it and rings. The order "register, fence, look" against
//! "publish, fence, ring" makes sure that one of the two sees the other.

use std::cell::RefCell;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::errno::{Errno, Result};
use crate::io::Waiter;
use crate::sys::fd::EventFd;
use crate::sys::futex;
use crate::sys::lock::Mutex;
use crate::sys::sleep::Bed;

const AWAKE: u32 = 0;
const ASLEEP: u32 = 1;
const RUNG: u32 = 2;

/// A thread that waits, for one socket or several.
#[derive(Debug)]
pub(crate) struct Sleeper {
    state: AtomicU32,
    /// For sleeps on descriptors; made when first needed.
    event: OnceLock<EventFd>,
    on_descriptors: AtomicBool,
}

impl Sleeper {
    /// The calling thread's sleeper, ready to be registered.
    pub(crate) fn current() -> Arc<Self> {
        std::thread_local! {
            static OWN: RefCell<Option<Arc<Sleeper>>> = const { RefCell::new(None) };
        }
        let own = OWN.try_with(|own| {
            let mut own = own.try_borrow_mut().ok()?;
            let sleeper = own.get_or_insert_with(|| Arc::new(Self::new()));
            sleeper.state.store(AWAKE, Ordering::Relaxed);
            // A sleep may have been left by `longjmp`.
            sleeper.on_descriptors.store(false, Ordering::Relaxed);
            Some(Arc::clone(sleeper))
        });
        // A thread whose values are gone (its end, or the process's, runs the program's own handlers) or that
        // re-enters from a signal gets one for this wait.
        own.ok().flatten().unwrap_or_else(|| Arc::new(Self::new()))
    }

    const fn new() -> Self {
        Self {
            state: AtomicU32::new(AWAKE),
            event: OnceLock::new(),
            on_descriptors: AtomicBool::new(false),
        }
    }

    /// Sleeps until rung or the time is up (false).
    ///
    /// # Errors
    /// `EINTR` if a signal handler ran.
    pub(crate) async fn sleep(&self, bed: &Bed, timeout: Option<Duration>) -> Result<bool> {
        if self
            .state
            .compare_exchange(AWAKE, ASLEEP, Ordering::SeqCst, Ordering::SeqCst)
            .is_err()
        {
            return Ok(true);
        }
        let result = bed.on_word(&self.state, ASLEEP, timeout).await;
        let rung = self.state.swap(AWAKE, Ordering::SeqCst) == RUNG;
        match result {
            Err(Errno::EINTR) if !rung => Err(Errno::EINTR),
            Err(Errno::ETIMEDOUT) => Ok(rung),
            // Spurious wake-ups count as rung: the caller looks and comes back.
            _ => Ok(true),
        }
    }

    /// The descriptor that becomes readable when the sleeper is rung during a sleep on descriptors.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`, `ENOMEM`.
    pub(crate) fn event(&self) -> Result<&EventFd> {
        if let Some(event) = self.event.get() {
            return Ok(event);
        }
        let fresh = EventFd::new()?;
        Ok(self.event.get_or_init(|| fresh))
    }

    /// Sleeps on descriptors, [`Self::event`]'s among them; skips it if rung already.
    ///
    /// # Errors
    /// As [`Bed::on_descriptors`].
    pub(crate) async fn sleep_on_descriptors(
        &self,
        bed: &Bed,
        set: &mut [libc::pollfd],
        timeout: Option<Duration>,
        mask: Option<&libc::sigset_t>,
    ) -> Result<usize> {
        self.on_descriptors.store(true, Ordering::Relaxed);
        let began = self
            .state
            .compare_exchange(AWAKE, ASLEEP, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok();
        let result = if began {
            bed.on_descriptors(set, timeout, mask).await
        } else {
            Ok(0)
        };
        self.state.store(AWAKE, Ordering::SeqCst);
        self.on_descriptors.store(false, Ordering::Relaxed);
        // Also when not rung as far as can be seen: a ring may be half done, and its signal would keep
        // every later sleep awake.
        if let Some(event) = self.event.get() {
            event.drain();
        }
        result
    }

    fn ring(&self) {
        if self.state.swap(RUNG, Ordering::SeqCst) != ASLEEP {
            return;
        }
        if self.on_descriptors.load(Ordering::Relaxed) {
            if let Some(event) = self.event.get() {
                event.signal();
            }
        } else {
            futex::wake(&self.state, 1);
        }
    }
}

impl Waiter for Sleeper {
    fn nudge(&self) {
        self.ring();
    }
}

/// Whether any socket of the process was ever asked for its `ZMQ_FD`.
static ANY_DESCRIPTOR: AtomicBool = AtomicBool::new(false);

/// A socket's bell.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    count: AtomicUsize,
    sleepers: Mutex<Vec<Arc<Sleeper>>>,
    /// The descriptor behind `ZMQ_FD`, once asked for.
    event: OnceLock<EventFd>,
    /// Whether it is readable; held while it is made so or not, so that the two never differ.
    signalled: Mutex<bool>,
    /// The same, to be looked at without the lock.
    may_be_signalled: AtomicBool,
}

impl Bell {
    /// Registers a sleeper; the caller then looks whether anything has come, before it sleeps.
    pub(crate) fn register(&self, sleeper: &Arc<Sleeper>) {
        self.sleepers.lock().push(Arc::clone(sleeper));
        self.count.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// Takes a sleeper off the list.
    pub(crate) fn unregister(&self, sleeper: &Arc<Sleeper>) {
        let mut sleepers = self.sleepers.lock();
        if let Some(place) = sleepers
            .iter()
            .position(|known| Arc::ptr_eq(known, sleeper))
        {
            sleepers.swap_remove(place);
            self.count.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Wakes all who wait, and makes `ZMQ_FD` readable.
    pub(crate) fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.count.load(Ordering::Relaxed) > 0 {
            for sleeper in self.sleepers.lock().iter() {
                sleeper.ring();
            }
        }
        if let Some(event) = self.event.get() {
            let mut signalled = self.signalled.lock();
            if !std::mem::replace(&mut *signalled, true) {
                self.may_be_signalled.store(true, Ordering::Relaxed);
                event.signal();
            }
        }
    }

    /// The descriptor for `ZMQ_FD`. It starts out readable: something may have come already.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`, `ENOMEM`.
    pub(crate) fn descriptor(&self) -> Result<&EventFd> {
        if self.event.get().is_none() {
            let fresh = EventFd::new()?;
            ANY_DESCRIPTOR.store(true, Ordering::Relaxed);
            self.event.get_or_init(|| fresh);
            self.ring();
        }
        self.event.get().ok_or(Errno::EMFILE)
    }

    /// Whether some socket may have a descriptor that the program knows. Who got it knows so.
    pub(crate) fn is_any_known() -> bool {
        ANY_DESCRIPTOR.load(Ordering::Relaxed)
    }

    /// The descriptor, if somebody has asked for it.
    pub(crate) fn known_descriptor(&self) -> Option<RawFd> {
        Some(self.event.get()?.as_raw_fd())
    }

    /// Whether somebody sleeps for the socket, or may on its `ZMQ_FD`.
    pub(crate) fn is_watched(&self) -> bool {
        self.count.load(Ordering::SeqCst) > 0 || self.event.get().is_some()
    }

    /// Whether [`Self::hush`] has something to do.
    #[inline]
    pub(crate) fn may_be_signalled(&self) -> bool {
        self.may_be_signalled.load(Ordering::Relaxed)
    }

    /// Makes `ZMQ_FD` unreadable. To be called by callers of the socket, before they look at what has
    /// come; never by an I/O thread that takes something in for them: they are still to look.
    #[inline]
    pub(crate) fn hush(&self) {
        if !self.may_be_signalled() {
            return;
        }
        if let Some(event) = self.event.get() {
            let mut signalled = self.signalled.lock();
            if std::mem::replace(&mut *signalled, false) {
                self.may_be_signalled.store(false, Ordering::Relaxed);
                event.drain();
            }
        }
    }
}
