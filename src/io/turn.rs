//! How sessions are driven, those of streams and those of datagrams: by whoever holds the lock. Whoever finds work for a
//! session sets a bit and tries the lock; if another thread has it, that thread sees the bit when it lets go. So nobody
//! ever waits for a session, and no work is left undone.
//!
//! What the work is, is not known here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering, fence};

use super::gather::Gatherer;
use super::hub::Source;
use super::timers::Timed;
use crate::sys::cancel::Shield;
use crate::sys::lock::{Mutex, MutexGuard};

// What there is to do.
pub(super) const READABLE: u32 = 1;
pub(super) const WRITABLE: u32 = 2;
/// The stream has ended or failed: read until that shows.
pub(super) const ENDED: u32 = 4;
/// The socket published something, gave credit, or we have more to do ourselves.
pub(super) const WORK: u32 = 8;
/// The socket has let go of the pipe.
pub(super) const CLOSED: u32 = 16;
pub(super) const DEADLINE: u32 = 32;
/// The endpoint is taken away (`zmq_unbind(3)`, `zmq_disconnect(3)`).
pub(super) const RETIRED: u32 = 64;
/// The first of the bits that mean something to one kind of session only.
pub(super) const OWN: u32 = 128;

/// What a session is driven with; `C` is what its lock guards.
pub(super) struct Turn<C> {
    todo: AtomicU32,
    core: Mutex<C>,
    /// Whether a tick, or a caller about to wait, is to write what was published.
    is_gathered: AtomicBool,
    progress: AtomicUsize,
}

impl<C> Turn<C> {
    pub(super) const fn new(core: C) -> Self {
        Self {
            todo: AtomicU32::new(0),
            core: Mutex::new(core),
            is_gathered: AtomicBool::new(false),
            progress: AtomicUsize::new(0),
        }
    }

    /// What the lock guards, for whoever makes the session. Where others may have left work meanwhile,
    /// [`Driven::run`] must follow.
    pub(super) fn core(&self) -> MutexGuard<'_, C> {
        self.core.lock()
    }

    /// Adds to what there is to do, which whoever drives the session next sees to.
    pub(super) fn leave(&self, bits: u32) {
        self.todo.fetch_or(bits, Ordering::SeqCst);
    }

    /// How many of the socket's messages were taken.
    pub(super) fn note_progress(&self, messages: usize) {
        self.progress.store(messages, Ordering::Relaxed);
    }
}

/// A session.
pub(super) trait Driven: Send + Sync + 'static {
    /// What its lock guards
    type Core: Send;

    fn turn(&self) -> &Turn<Self::Core>;

    /// Itself; `None` at its end.
    fn itself(&self) -> Option<Arc<Self>>;

    /// Does what the bits say, and contains what goes wrong with it.
    fn work(&self, core: &mut Self::Core, todo: u32);

    /// Adds to what there is to do, and does it unless another thread is at it.
    fn run(&self, bits: u32) {
        let turn = self.turn();
        turn.leave(bits);
        loop {
            // Pairs with the fence below: either we get the lock, or its holder sees our bits.
            fence(Ordering::SeqCst);
            let Some(mut core) = turn.core.try_lock() else {
                return;
            };
            let todo = turn.todo.swap(0, Ordering::SeqCst);
            if todo != 0 {
                let _shield = Shield::new();
                self.work(&mut core, todo);
            }
            drop(core);
            fence(Ordering::SeqCst);
            if turn.todo.load(Ordering::SeqCst) == 0 {
                return;
            }
        }
    }
}

impl<T: Driven> Source for T {
    fn on_event(self: Arc<Self>, readable: bool, writable: bool, ended: bool) {
        let mut bits = WORK;
        bits |= if readable { READABLE } else { 0 };
        bits |= if writable { WRITABLE } else { 0 };
        bits |= if ended { ENDED } else { 0 };
        self.run(bits);
    }
}

impl<T: Driven> Timed for T {
    fn on_time(self: Arc<Self>) {
        self.run(DEADLINE);
    }
}

impl<T: Driven> Gatherer for T {
    fn mark(&self) -> &AtomicBool {
        &self.turn().is_gathered
    }

    fn write_on(&self) {
        self.run(WORK);
    }

    fn progress(&self) -> usize {
        self.turn().progress.load(Ordering::Relaxed)
    }

    fn me(&self) -> Option<Arc<dyn Gatherer>> {
        Some(self.itself()?)
    }
}
