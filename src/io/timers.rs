//! Deadlines of sessions and listeners, one queue per I/O thread.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use crate::sys::lock::Mutex;

/// Something that wanted to be called at a time. A call may come although the wish has lapsed.
pub(crate) trait Timed: Send + Sync {
    /// The time has come.
    fn on_time(self: Arc<Self>);
}

struct Entry {
    at: Instant,
    order: u64,
    what: Weak<dyn Timed>,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

#[derive(Default)]
struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    order: u64,
}

/// A queue of deadlines.
#[derive(Default)]
pub(crate) struct Timers(Mutex<Queue>);

impl Timers {
    /// Adds a deadline, which keeps nothing alive; true if it is the next one now, so that a sleeper must look again.
    pub(crate) fn add(&self, at: Instant, what: Weak<dyn Timed>) -> bool {
        let mut queue = self.0.lock();
        let first = queue.heap.peek().is_none_or(|Reverse(entry)| at < entry.at);
        queue.order += 1;
        let order = queue.order;
        queue.heap.push(Reverse(Entry { at, order, what }));
        first
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.lock().heap.peek().map(|Reverse(entry)| entry.at)
    }

    /// Takes out one deadline that has passed.
    pub(crate) fn pop_due(&self, now: Instant) -> Option<Weak<dyn Timed>> {
        let mut queue = self.0.lock();
        if queue.heap.peek()?.0.at > now {
            return None;
        }
        queue.heap.pop().map(|Reverse(entry)| entry.what)
    }
}
