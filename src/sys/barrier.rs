//! A memory barrier whose cost lies on one side.
//!
//! "Store mine, barrier, load yours" needs a full barrier on both sides, and on the side that does it
//! for every message it is what the message costs. Here that side calls [`light`], which keeps the
//! compiler from reordering and costs nothing; the other one, about to sleep, calls [`heavy`], which has
//! every other thread of the process that is running at that time execute a full barrier
//! (`membarrier(2)`), and costs some microseconds then. Where the kernel has no such call, both are
//! plain full barriers.

use std::sync::atomic::{AtomicU8, Ordering, compiler_fence};
use std::time::Duration;

use crate::sync::fence;

const UNKNOWN: u8 = 0;
/// The light side needs no instruction.
const ASYMMETRIC: u8 = 1;
const SYMMETRIC: u8 = 2;

static MODE: AtomicU8 = AtomicU8::new(UNKNOWN);

/// Longer than any processor keeps a store to itself.
const SETTLED: Duration = Duration::from_micros(50);

/// To be called before the first [`light`]; may be called again.
pub fn prepare() {
    if MODE.load(Ordering::Relaxed) == UNKNOWN {
        let mode = if register() { ASYMMETRIC } else { SYMMETRIC };
        // Whoever was first decides: once lights are light, they stay so.
        let _ = MODE.compare_exchange(UNKNOWN, mode, Ordering::SeqCst, Ordering::SeqCst);
    }
}

/// The frequent side's barrier: what is stored before it is seen by who calls [`heavy`] later, or what is
/// loaded after it sees what they stored before that.
#[inline]
pub fn light() {
    if MODE.load(Ordering::Relaxed) == ASYMMETRIC {
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
}

/// The rare side's barrier.
#[cold]
pub fn heavy() {
    fence(Ordering::SeqCst);
    if MODE.load(Ordering::Relaxed) != ASYMMETRIC || expedite() {
        return;
    }
    // A forked child has to ask for itself. Otherwise the call was forbidden meanwhile (seccomp); new
    // lights are full barriers from now on, and of those under way nothing is left after a while.
    if register() && expedite() {
        return;
    }
    MODE.store(SYMMETRIC, Ordering::SeqCst);
    std::thread::sleep(SETTLED);
}

fn register() -> bool {
    membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)
}

fn expedite() -> bool {
    membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)
}

fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: the call takes no pointers and changes no memory.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn one_of_two_sides_sees_the_other() {
        prepare();
        for _ in 0..2000 {
            let (mine, yours) = (AtomicBool::new(false), AtomicBool::new(false));
            let (rare, frequent) = std::thread::scope(|scope| {
                let frequent = scope.spawn(|| {
                    yours.store(true, Ordering::Relaxed);
                    light();
                    mine.load(Ordering::Relaxed)
                });
                mine.store(true, Ordering::Relaxed);
                heavy();
                (yours.load(Ordering::Relaxed), frequent.join().unwrap())
            });
            assert!(rare || frequent);
        }
    }
}
