//! The pause before a reconnect: an interval, doubled up to a maximum, plus jitter.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// State of the pauses of one connecter.
#[derive(Debug)]
pub(crate) struct Backoff {
    /// `ZMQ_RECONNECT_IVL`
    base: Duration,
    /// `ZMQ_RECONNECT_IVL_MAX`; no doubling without it.
    max: Option<Duration>,
    current: Duration,
}

impl Backoff {
    pub(crate) fn new(base: Duration, max: Option<Duration>) -> Self {
        Self {
            base,
            max: max.filter(|&max| max > base),
            current: base,
        }
    }

    /// A connection was made: begin anew.
    pub(crate) fn reset(&mut self) {
        self.current = self.base;
    }

    /// The pause to make now. Never shorter than the interval; jitter, of up to the interval, keeps
    /// peers that lost the same server apart.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.current;
        if let Some(max) = self.max {
            self.current = (self.current * 2).min(max);
            if pause > self.base {
                // Doubled pauses are spread by the doubling itself, up to the maximum exactly.
                return pause;
            }
        }
        let pause = pause + jitter(self.base);
        self.max.map_or(pause, |max| pause.min(max))
    }
}

/// A random duration shorter than `below`, in whole milliseconds.
fn jitter(below: Duration) -> Duration {
    let millis = u64::try_from(below.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return Duration::ZERO;
    }
    // A fresh `RandomState` hashes with other keys each time.
    Duration::from_millis(RandomState::new().build_hasher().finish() % millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_within_their_bounds() {
        let base = Duration::from_millis(100);
        let mut constant = Backoff::new(base, None);
        for _ in 0..50 {
            let pause = constant.next();
            assert!(pause >= base && pause < base * 2);
        }
        let max = Duration::from_millis(700);
        let mut growing = Backoff::new(base, Some(max));
        let pauses: Vec<_> = (0..6).map(|_| growing.next()).collect();
        assert!(pauses[0] >= base && pauses[0] < base * 2);
        assert_eq!(pauses[1..], [2, 4, 7, 7, 7].map(|n| base * n));
        growing.reset();
        assert!(growing.next() < base * 2);
    }
}
