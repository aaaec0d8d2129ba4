//! A counter for several threads (`zmq_atomic_counter_new(3)`), as for references.

use std::sync::atomic::{AtomicI32, Ordering};

/// A number that threads count up and down without a lock; it wraps around at its ends.
#[derive(Debug, Default)]
pub struct Counter(AtomicI32);

// Counting down to zero usually licenses freeing what was counted, so that all the others' work
// must be visible then: acquire and release on every change.
impl Counter {
    /// A counter of value 0.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicI32::new(0))
    }

    /// Sets the value.
    pub fn set(&self, value: i32) {
        self.0.store(value, Ordering::SeqCst);
    }

    /// Adds one and returns the value before.
    pub fn increment(&self) -> i32 {
        self.0.fetch_add(1, Ordering::AcqRel)
    }

    /// Takes one off and tells whether that made it zero.
    pub fn decrement_is_zero(&self) -> bool {
        self.0.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> i32 {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let counter = Counter::new();
        assert_eq!((counter.increment(), counter.increment()), (0, 1));
        assert!(!counter.decrement_is_zero());
        assert!(counter.decrement_is_zero());
        assert!(!counter.decrement_is_zero());
        assert_eq!(counter.value(), -1);
        counter.set(i32::MAX);
        assert_eq!(counter.increment(), i32::MAX);
        assert_eq!(counter.value(), i32::MIN);
    }

    #[test]
    fn one_of_many_threads_sees_zero() {
        let counter = Counter::new();
        counter.set(400);
        let zeros = std::thread::scope(|scope| {
            let count = || (0..100).filter(|_| counter.decrement_is_zero()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or(0))
                .sum::<usize>()
        });
        assert_eq!((zeros, counter.value()), (1, 0));
    }
}
