//! The accepted connections of a listener whose handshake is not complete.
//!
//! Their number is bounded, so that strangers who connect and say nothing take neither the places
//! nor the descriptors of those who do: when the bound is reached, the oldest goes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::session::Session;
use crate::sys::fd;

/// Most handshakes that a listener waits for.
const MOST: usize = 4096;
/// Fewest that are allowed, however few descriptors there are.
const FEWEST: usize = 16;
/// Without descriptors for new connections, older ones than this have had their time.
const GRACE: Duration = Duration::from_secs(1);

/// The handshakes that a listener waits for, oldest first.
#[derive(Debug)]
pub(super) struct Pending {
    queue: VecDeque<(Instant, Weak<Session>)>,
    /// How many of the queue are still at it.
    count: Arc<AtomicUsize>,
    max: usize,
}

/// One handshake that is counted, until it is dropped.
#[derive(Debug)]
pub(crate) struct PendingGuard(Arc<AtomicUsize>);

impl Drop for PendingGuard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pending {
    /// None so far. At most half of the process's descriptors will go to them.
    pub(super) fn new() -> Self {
        let descriptors = usize::try_from(fd::limit()).unwrap_or(usize::MAX);
        Self::with_max((descriptors / 2).clamp(FEWEST, MOST))
    }

    fn with_max(max: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            count: Arc::default(),
            max,
        }
    }

    /// One handshake more, for its session to keep until it is complete.
    pub(super) fn enter(&self) -> PendingGuard {
        self.count.fetch_add(1, Ordering::Relaxed);
        PendingGuard(Arc::clone(&self.count))
    }

    /// Notes whose handshake began now.
    pub(super) fn push(&mut self, session: &Arc<Session>, now: Instant) {
        // Those behind one that hesitates are cleared away once they are the majority.
        if self.queue.len() > 2 * self.count.load(Ordering::Relaxed) + FEWEST {
            self.queue.retain(|(_, known)| is_at_it(known).is_some());
        }
        self.queue.push_back((now, Arc::downgrade(session)));
    }

    /// The session that has to go before another one may come.
    pub(super) fn excess(&mut self) -> Option<Arc<Session>> {
        if self.count.load(Ordering::Relaxed) < self.max {
            return None;
        }
        self.pop_oldest(|_| true)
    }

    /// The session that may go if there is no descriptor for another one.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<Arc<Session>> {
        self.pop_oldest(|since| now.saturating_duration_since(since) >= GRACE)
    }

    fn pop_oldest(&mut self, may_go: impl Fn(Instant) -> bool) -> Option<Arc<Session>> {
        while let Some((since, session)) = self.queue.front() {
            let found = is_at_it(session);
            if found.is_some() && !may_go(*since) {
                return None;
            }
            self.queue.pop_front();
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

/// The session, if its handshake is still to be completed.
fn is_at_it(session: &Weak<Session>) -> Option<Arc<Session>> {
    session.upgrade().filter(|session| session.is_pending())
}
