//! Whether a message is written to the kernel at once or left for a batch.
//!
//! A write costs a microsecond or more, whatever its size. So the first messages go out at once, by
//! the caller's own hand; a thread that keeps sending faster than that pays off, to one peer or to
//! many, by one socket or by many, has its messages gathered, and written by itself when there are
//! many for a peer, or else by the next tick. What counts is the thread's time, so the account is
//! the thread's; that gathering goes on is noted at the socket, where it costs no clock.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::sys::fork::Once;

/// What writing a message alone is reckoned to take at least, in nanoseconds.
const COST: u64 = 2_000;
/// How far the time owed may run ahead before messages are gathered, in nanoseconds.
const BURST: u64 = 64_000;
/// A batch for a peer is written by the caller when it has this many messages ...
pub(crate) const BATCH_MESSAGES: usize = 256;
/// ... or this many bytes.
pub(crate) const BATCH_BYTES: usize = 32 * 1024;
/// Messages per tick below which they are better written one by one.
const PAYS: usize = 8;
/// How long a gathered message waits at most, unless its sender is busy writing others.
const TICK: Duration = Duration::from_micros(100);
/// How often that time may double while the sender writes full batches by itself: ticks then only
/// cut its batches short, and take the processor from it.
const DOUBLINGS: u32 = 2;
/// How long a thread that has run into debt does not write single messages, in nanoseconds.
const PAUSE: u64 = 1_000_000;

std::thread_local! {
    /// When what the thread was charged is paid off, in ns since `epoch`. Every write of a single message
    /// is charged twice the time it took; so a thread that spends less than half its time on them never
    /// runs into debt.
    static PAID_OFF: Cell<u64> = const { Cell::new(0) };
    /// Whether the pause for having run into debt was added already.
    static IN_DEBT: Cell<bool> = const { Cell::new(false) };
}

/// The pace of a socket's sends.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    gathering: AtomicBool,
    /// Messages gathered since the last tick.
    gathered: AtomicUsize,
    /// The sender has written a full batch since the last tick.
    has_written: AtomicBool,
    /// Ticks in a row that found this to be so, at most `DOUBLINGS`.
    busy_ticks: AtomicU32,
}

impl Pace {
    /// Whether a message just published is to be written now, and since when that is being done; if
    /// not, a tick must be sure to come. `unsent` counts (messages, bytes) for the same peer since the
    /// last write, with this one. Called by one thread at a time, with the socket's lock held.
    #[inline]
    pub(crate) fn admit(&self, unsent: (usize, usize)) -> Option<Write> {
        if self.gathering.load(Ordering::Relaxed) {
            self.gathered
                .store(self.gathered.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            let (messages, bytes) = unsent;
            if messages < BATCH_MESSAGES && bytes < BATCH_BYTES {
                return None;
            }
            self.has_written.store(true, Ordering::Relaxed);
            return Some(Write { since: None });
        }
        let now = nanos();
        if PAID_OFF.get() <= now + BURST {
            IN_DEBT.set(false);
            return Some(Write { since: Some(now) });
        }
        if !IN_DEBT.replace(true) {
            PAID_OFF.set(now + BURST + PAUSE);
        }
        self.gathering.store(true, Ordering::Relaxed);
        None
    }

    /// Charges a write that was admitted and is done.
    #[inline]
    pub(crate) fn charge(&self, write: &Write) {
        if let Some(since) = write.since {
            let took = nanos().saturating_sub(since).max(COST);
            PAID_OFF.set(PAID_OFF.get().max(since) + 2 * took);
        }
    }

    /// When the next tick is to come.
    pub(crate) fn until_tick(&self) -> Duration {
        TICK * (1 << self.busy_ticks.load(Ordering::Relaxed))
    }

    /// A tick: gathering goes on as long as it pays, which is told.
    pub(crate) fn tick(&self) -> bool {
        let busy_ticks = if self.has_written.swap(false, Ordering::Relaxed) {
            (self.busy_ticks.load(Ordering::Relaxed) + 1).min(DOUBLINGS)
        } else {
            0
        };
        self.busy_ticks.store(busy_ticks, Ordering::Relaxed);
        let pays = self.gathered.swap(0, Ordering::Relaxed) >= PAYS;
        if !pays {
            self.gathering.store(false, Ordering::Relaxed);
        }
        pays
    }
}

/// Leave to write.
#[derive(Debug)]
pub(crate) struct Write {
    since: Option<u64>,
}

fn nanos() -> u64 {
    static EPOCH: Once<Instant> = Once::new();
    let epoch = *EPOCH.get_or_make(Instant::now);
    u64::try_from(epoch.elapsed().as_nanos()).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_come_less_often_while_full_batches_are_written() {
        let pace = Pace::default();
        pace.gathering.store(true, Ordering::Relaxed);
        assert_eq!(pace.until_tick(), TICK);
        let mut after = TICK;
        for _ in 0..2 * DOUBLINGS {
            (1..BATCH_MESSAGES).for_each(|n| assert!(pace.admit((n, n)).is_none()));
            assert!(pace.admit((BATCH_MESSAGES, 1)).is_some());
            assert!(pace.tick());
            after = (after * 2).min(TICK * (1 << DOUBLINGS));
            assert_eq!(pace.until_tick(), after);
        }
        // A batch that was not filled is the tick's to write, soon.
        (1..=PAYS).for_each(|n| assert!(pace.admit((n, n)).is_none()));
        assert!(pace.tick());
        assert_eq!(pace.until_tick(), TICK);
        assert!(!pace.tick(), "nothing was gathered");
    }
}
