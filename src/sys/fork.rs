//! Tells a forked child from its parent.
//!
//! A child inherits the memory of the library but none of its threads. The generation changes in
//! the child, so whoever remembers the one it was made in can see that its helpers are gone. For
//! the few locks that belong to the process rather than to a context there is [`Lock`].

use std::process;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::futex;

static GENERATION: AtomicU32 = AtomicU32::new(0);

/// How many forks lie between this process and the one that first asked.
///
/// The first call has the system report forks from then on: ask once before anything depends on it.
#[must_use]
pub fn generation() -> u32 {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| {
        // SAFETY: the handler is a plain function of this library that stays loaded (the C library
        // forgets the handlers of one that is unloaded). A failure (no memory) leaves forks
        // unnoticed, which only matters to children that go on using the parent's sockets.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
    GENERATION.load(Ordering::Relaxed)
}

/// A lock for short sections that a forked child finds free, whoever held it in the parent.
///
/// What it guards must be sound at every step: the child may take it over in the middle. There is
/// no poisoning, either.
#[derive(Debug)]
pub struct Lock {
    /// The process whose thread holds it; 0: nobody.
    owner: AtomicU32,
}

/// Frees a [`Lock`] when dropped.
#[derive(Debug)]
pub struct Guard<'a>(&'a Lock);

impl Lock {
    /// A free one.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            owner: AtomicU32::new(0),
        }
    }

    /// Waits until it is free and takes it. Not recursive.
    pub fn lock(&self) -> Guard<'_> {
        let me = process::id();
        loop {
            let owner = self.owner.load(Ordering::Relaxed);
            // Held by another process means by a thread that this one does not have.
            if owner != me {
                let (success, failure) = (Ordering::Acquire, Ordering::Relaxed);
                if self
                    .owner
                    .compare_exchange(owner, me, success, failure)
                    .is_ok()
                {
                    return Guard(self);
                }
                continue;
            }
            // All outcomes mean: look again.
            let _ = futex::wait(&self.owner, me, Some(Duration::from_millis(100)));
        }
    }
}

impl Default for Lock {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.owner.store(0, Ordering::Release);
        futex::wake(&self.0.owner, 1);
    }
}

/// Runs in the child before `fork` returns; only an atomic, since locks may be held by nobody.
unsafe extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_in_the_child_only() {
        let before = generation();
        // SAFETY: the child calls only async-signal-safe functions before it exits.
        let child = unsafe { libc::fork() };
        assert!(child >= 0);
        if child == 0 {
            let status = i32::from(GENERATION.load(Ordering::Relaxed) != before + 1);
            // SAFETY: ends the child at once, without running anything of the parent's.
            unsafe { libc::_exit(status) };
        }
        let mut status = -1;
        // SAFETY: writes `status`.
        let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!((waited, status), (child, 0));
        assert_eq!(generation(), before);
    }

    #[test]
    fn lock_excludes_threads_but_not_processes() {
        static LOCK: Lock = Lock::new();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        let _guard = LOCK.lock();
                        let seen = COUNT.load(Ordering::Relaxed);
                        COUNT.store(seen + 1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(COUNT.load(Ordering::Relaxed), 4000);
        // A parent's thread left it locked.
        let inherited = Lock {
            owner: AtomicU32::new(1),
        };
        drop(inherited.lock());
        assert_eq!(inherited.owner.load(Ordering::Relaxed), 0);
    }
}
