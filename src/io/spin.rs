//! How long a caller looks around before it sleeps.
//!
//! Waking a sleeping thread costs some twenty microseconds, looking costs a hundredth of that. So
//! a caller looks for a while, as long as that pays: the while grows when a wait ended within it
//! and shrinks to nothing when waits turn out long. On one core it never looks at all.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::sys::cancel::Shield;
use crate::sys::fork::Once;

/// Longest while.
const MAX_US: u32 = 100;
/// The while that a fresh or long-idle socket starts again with.
const MIN_US: u32 = 4;
/// How many long waits go by before the next one is looked at again.
const RETRY_AFTER: u32 = 16;

/// Looks between two times that the core is offered to others, and the same where that is what it takes.
const YIELD_AFTER: u32 = 16;
const YIELD_SOON: u32 = 2;
/// So many waits in a row that ended when the core was offered: who brings what we wait for runs on this
/// core. The system leaves it there as long as neither sleeps, for many milliseconds; who is woken up gets
/// an idle core. So the caller is to sleep once; where that does not help, less and less often.
const SHARED_AFTER: u32 = 4;
const SHARED_AFTER_MOST: u32 = 4096;
/// Who gets the core back only after this long has offered it to a program that wants all of it, and pays with
/// its share of the time for every look: there, sleeping brings a message sooner.
const CROWDED: Duration = Duration::from_micros(400);
/// Waits without a look after that, at first; doubled when it is so again.
const CROWDED_WAITS: u32 = 64;
const CROWDED_WAITS_MOST: u32 = 16 * 1024;

/// The adaptive while of one socket.
#[derive(Debug, Default)]
pub struct Spin {
    /// Microseconds; 0: none at present.
    budget: AtomicU32,
    /// Long waits since looking was given up.
    skipped: AtomicU32,
    /// Waits in a row that ended when the core was offered to others, and how many mean something.
    shared: AtomicU32,
    shared_after: AtomicU32,
    /// Waits for which there is no looking, and how many there were the last time.
    crowded: AtomicU32,
    crowded_waits: AtomicU32,
}

/// Whether threads can run at the same time, so that looking around is of any use.
pub fn has_cores() -> bool {
    static CORES: Once<bool> = Once::new();
    *CORES.get_or_make(|| {
        // It may read files.
        let _shield = Shield::new();
        std::thread::available_parallelism().is_ok_and(|n| n.get() > 1)
    })
}

impl Spin {
    /// A spin that begins with a middling while.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            budget: AtomicU32::new(50),
            skipped: AtomicU32::new(0),
            shared: AtomicU32::new(0),
            shared_after: AtomicU32::new(SHARED_AFTER),
            crowded: AtomicU32::new(0),
            crowded_waits: AtomicU32::new(CROWDED_WAITS / 2),
        }
    }

    /// Calls `look` until it says that something came, or the while is over. True: it came.
    pub fn look(&self, limit: Option<Duration>, mut look: impl FnMut() -> bool) -> bool {
        let mut budget = self.budget.load(Ordering::Relaxed);
        if !has_cores() || self.is_crowded() || self.is_to_move() {
            return false;
        }
        if budget == 0 {
            if self.skipped.fetch_add(1, Ordering::Relaxed) < RETRY_AFTER {
                return false;
            }
            self.skipped.store(0, Ordering::Relaxed);
            budget = MIN_US;
        }
        let mut time = Duration::from_micros(u64::from(budget));
        if let Some(limit) = limit {
            time = time.min(limit);
        }
        let start = Instant::now();
        let mut rounds = 0_u32;
        let yield_after = match self.shared.load(Ordering::Relaxed) {
            0 | 1 => YIELD_AFTER,
            _ => YIELD_SOON,
        };
        loop {
            if look() {
                self.note_end(rounds > 0 && rounds.is_multiple_of(yield_after));
                // Paid off: be ready to look twice as long as this took, and some.
                let took = u32::try_from(start.elapsed().as_micros()).unwrap_or(MAX_US);
                let wish = (took * 2 + MIN_US * 2).min(MAX_US);
                if wish > budget || budget > wish * 4 {
                    self.budget.store(wish, Ordering::Relaxed);
                }
                return true;
            }
            let elapsed = start.elapsed();
            if elapsed >= time {
                break;
            }
            rounds += 1;
            if rounds.is_multiple_of(yield_after) {
                // Somebody else may need this core to bring what we wait for.
                std::thread::yield_now();
                if start.elapsed().saturating_sub(elapsed) > CROWDED {
                    self.note_crowd();
                    return look();
                }
            } else {
                std::hint::spin_loop();
            }
        }
        // In vain; after a few such waits give it up for a while.
        self.budget.store(
            if budget <= MIN_US { 0 } else { budget / 2 },
            Ordering::Relaxed,
        );
        false
    }

    fn is_crowded(&self) -> bool {
        let left = self.crowded.load(Ordering::Relaxed);
        if left == 0 {
            return false;
        }
        self.crowded.store(left - 1, Ordering::Relaxed);
        true
    }

    /// The core was offered to somebody who took it for long.
    fn note_crowd(&self) {
        let waits = (self.crowded_waits.load(Ordering::Relaxed) * 2).min(CROWDED_WAITS_MOST);
        self.crowded_waits.store(waits, Ordering::Relaxed);
        self.crowded.store(waits, Ordering::Relaxed);
    }

    /// A wait ended, just after the core was offered to others or not.
    fn note_end(&self, after_yield: bool) {
        let shared = if after_yield {
            self.shared.load(Ordering::Relaxed) + 1
        } else {
            0
        };
        self.shared.store(shared, Ordering::Relaxed);
        let waits = self.crowded_waits.load(Ordering::Relaxed);
        if waits >= CROWDED_WAITS {
            // It pays again, so a crowd is forgotten by and by.
            self.crowded_waits.store(waits - 1, Ordering::Relaxed);
        }
    }

    /// Whether the caller is to sleep, so that it is woken up on another core.
    fn is_to_move(&self) -> bool {
        let after = self.shared_after.load(Ordering::Relaxed);
        if self.shared.load(Ordering::Relaxed) < after {
            return false;
        }
        self.shared.store(0, Ordering::Relaxed);
        self.shared_after
            .store((after * 2).min(SHARED_AFTER_MOST), Ordering::Relaxed);
        true
    }

    /// Tells how long a wait took that was slept through: short ones call for looking longer.
    pub fn slept(&self, took: Duration) {
        if took < Duration::from_micros(u64::from(MAX_US)) {
            self.budget.store(MAX_US, Ordering::Relaxed);
        }
    }
}

/// Pauses of the processor before the first look, at most.
const MAX_PAUSES: u32 = 64;
/// Frames that make a look worth its while.
const WORTH: u32 = 64;
/// Frames after which other lanes are looked at.
const OTHERS: u32 = 32;
/// Looks; the pauses between them grow.
const LOOKS: u32 = 12;

/// The moment that a reader stays with an empty lane to another core before it does anything about that.
///
/// In a flood the writer is ahead again at once; but who takes its messages one by one, as they come,
/// has both cores wait for each other's cache lines all the time. So the reader pauses, the longer the
/// fewer messages it found after the last pause, and not at all if there was nothing then, or so little that
/// it is no flood: an answer, say, which is wanted as soon as it comes.
#[derive(Debug, Default)]
pub struct Tarry {
    pauses: u32,
    /// Frames since the last moment.
    frames: u32,
}

impl Tarry {
    /// Notes that a frame was read; true now and then: other lanes, found empty before, are due for a
    /// look although this one is not empty.
    #[inline]
    pub fn note_frame(&mut self) -> bool {
        self.frames = self.frames.wrapping_add(1);
        self.frames.is_multiple_of(OTHERS)
    }

    /// Notes that so many frames were read while no other lane waited for a look.
    pub fn note_frames(&mut self, frames: usize) {
        self.frames = self.frames.wrapping_add(frames as u32);
    }

    /// Calls `look` a few times; true as soon as it says that there is something.
    pub fn look(&mut self, mut look: impl FnMut() -> bool) -> bool {
        let found = std::mem::take(&mut self.frames);
        if found <= 1 || found.saturating_mul(4) <= self.pauses {
            self.pauses = 0;
        } else if found < WORTH {
            self.pauses = (self.pauses * 2).clamp(1, MAX_PAUSES);
        }
        pause(self.pauses);
        if look() {
            return true;
        }
        self.pauses = 0;
        for n in 0..LOOKS {
            pause(1 + n / 2);
            if look() {
                return true;
            }
        }
        false
    }
}

fn pause(times: u32) {
    for _ in 0..times {
        std::hint::spin_loop();
    }
}
