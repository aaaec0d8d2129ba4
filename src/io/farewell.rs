//! How long a session stays for what is unsent, once its socket has let go (`ZMQ_LINGER`).

use std::time::{Duration, Instant};

/// The end of a session is near.
#[derive(Clone, Copy, Debug)]
pub(super) struct Farewell {
    /// When to give up; `None`: never
    pub(super) until: Option<Instant>,
}

impl Farewell {
    /// One by the socket's linger period as it is now. A socket that is closed after its endpoint was taken back
    /// (`before`) may shorten the time, not add to it.
    pub(super) fn bid(before: Option<Self>, linger: Option<Duration>, now: Instant) -> Self {
        let until = linger.and_then(|linger| now.checked_add(linger));
        let until = match before.and_then(|before| before.until) {
            Some(before) => Some(until.map_or(before, |until| until.min(before))),
            None => until,
        };
        Self { until }
    }

    pub(super) fn is_over(self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}
