//! Whether a message is written to the kernel at once or left for a batch.
//!
//! A write costs a microsecond, whatever its size. So the first messages of a connection go out
//! at once, by the caller's own hand; a caller that keeps sending faster than that pays off has its
//! messages gathered, and written by itself when there are many, or else by the next tick.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::time::Instant;

/// What a message is reckoned to take when it is written alone, in nanoseconds.
const COST: u64 = 4_000;
/// How far a caller may run ahead of that before messages are gathered, in nanoseconds.
const BURST: u64 = 64_000;
/// A batch is written by the caller when it has this many messages ...
const BATCH_MESSAGES: usize = 256;
/// ... or this many bytes.
const BATCH_BYTES: usize = 64 * 1024;

/// What to do with a message just published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    /// Write now.
    Write,
    /// Leave it: a tick to come will write it.
    Leave,
    /// Leave it, and see to it that a tick comes.
    Begin,
}

/// The pace of one session.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    gathering: AtomicBool,
    /// When the messages so far would be done if each took `COST`, in ns since `epoch`.
    done_at: AtomicU64,
}

impl Pace {
    /// Advice on a message; `unsent` counts (messages, bytes) since the last write, with this one.
    /// Called by one thread at a time, with the socket's lock held.
    #[inline]
    pub(crate) fn advise(&self, unsent: (usize, usize)) -> Advice {
        // "Publish, fence, load": either we see that gathering has ended, or the tick that ends it
        // sees our message (`end_gathering`).
        fence(Ordering::SeqCst);
        if self.gathering.load(Ordering::Relaxed) {
            return if unsent.0 >= BATCH_MESSAGES || unsent.1 >= BATCH_BYTES {
                Advice::Write
            } else {
                Advice::Leave
            };
        }
        if unsent.1 >= BATCH_BYTES {
            return Advice::Write;
        }
        let now = nanos();
        let done_at = self.done_at.load(Ordering::Relaxed).max(now) + COST;
        self.done_at.store(done_at, Ordering::Relaxed);
        if done_at - now <= BURST {
            return Advice::Write;
        }
        self.gathering.store(true, Ordering::Relaxed);
        Advice::Begin
    }

    /// Ends gathering; the caller must look for messages once more afterwards.
    pub(crate) fn end_gathering(&self) {
        self.gathering.store(false, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }
}

fn nanos() -> u64 {
    use std::sync::OnceLock;
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    let epoch = *EPOCH.get_or_init(Instant::now);
    u64::try_from(epoch.elapsed().as_nanos()).unwrap_or(u64::MAX / 2)
}
