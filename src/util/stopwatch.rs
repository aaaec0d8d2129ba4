//! A stopwatch (`zmq_stopwatch_start`), on the monotonic clock.

use std::time::{Duration, Instant};

/// Tells the time since it was started.
#[derive(Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
