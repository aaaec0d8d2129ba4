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
    /// At this length the lapsed ones are looked for.
    sweep_at: usize,
}

/// So few are not worth a look.
const FEW: usize = 64;

impl Queue {
    /// Takes out what belongs to nobody any more. Most deadlines are those of handshakes, and most connections that
    /// come and go do so long before: what is left of each would stay until then.
    fn sweep(&mut self) {
        self.heap
            .retain(|Reverse(entry)| entry.what.strong_count() > 0);
        self.sweep_at = FEW.max(2 * self.heap.len());
    }
}

/// A queue of deadlines.
#[derive(Default)]
pub(crate) struct Timers(Mutex<Queue>);

impl Timers {
    /// Adds a deadline, which keeps nothing alive; true if it is the next one now, so that a sleeper must look again.
    pub(crate) fn add(&self, at: Instant, what: Weak<dyn Timed>) -> bool {
        let mut queue = self.0.lock();
        if queue.heap.len() >= queue.sweep_at {
            queue.sweep();
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    struct Nothing;

    impl Timed for Nothing {
        fn on_time(self: Arc<Self>) {}
    }

    #[test]
    fn what_has_lapsed_does_not_pile_up() {
        let (timers, now) = (Timers::default(), Instant::now());
        let later = now + Duration::from_secs(30);
        let weak = |timed: &Arc<Nothing>| -> Weak<dyn Timed> {
            let timed: Arc<dyn Timed> = Arc::clone(timed) as _;
            Arc::downgrade(&timed)
        };
        let lasting: Vec<_> = (0..100).map(|_| Arc::new(Nothing)).collect();
        for timed in &lasting {
            timers.add(now, weak(timed));
        }
        for _ in 0..100_000 {
            timers.add(later, weak(&Arc::new(Nothing)));
        }
        assert!(timers.0.lock().heap.len() <= 300);
        let due = std::iter::from_fn(|| timers.pop_due(now));
        assert_eq!(due.filter(|timed| timed.strong_count() > 0).count(), 100);
    }
}
