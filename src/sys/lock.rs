//! The mutex of everything that has no lock of its own kind, and the bare lock below it.
//!
//! A waiter sleeps on the lock's own word. Locks that keep their sleepers in a table of the whole process fail in a
//! forked child: some thread may be at the table as another one forks, and then the locks that the child makes for
//! itself hang for ever. There is no poisoning either: what a panic leaves behind is dealt with where
//! panics are contained. Locks that outlive a fork are in `fork`, the lock of sockets in `biased`.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering};

use super::futex;

const FREE: u32 = 0;
const HELD: u32 = 1;
/// Held, and somebody may sleep.
const CONTENDED: u32 = 2;

/// How often a free lock is looked for before sleeping: sections are shorter than a sleep.
const LOOKS: u32 = 100;

/// A lock without data. Whoever has it frees it; nothing says who that is.
#[derive(Debug)]
pub struct RawLock(AtomicU32);

impl RawLock {
    /// A free one.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU32::new(FREE))
    }

    /// Takes it if it is free.
    #[inline]
    pub fn try_lock(&self) -> bool {
        let (success, failure) = (Ordering::Acquire, Ordering::Relaxed);
        self.0
            .compare_exchange(FREE, HELD, success, failure)
            .is_ok()
    }

    /// Waits until it is free and takes it. Not recursive.
    #[inline]
    pub fn lock(&self) {
        if !self.try_lock() {
            self.lock_contended();
        }
    }

    #[cold]
    fn lock_contended(&self) {
        for _ in 0..LOOKS {
            match self.0.load(Ordering::Relaxed) {
                FREE if self.try_lock() => return,
                CONTENDED => break,
                _ => std::hint::spin_loop(),
            }
        }
        // Others may sleep as well, so whoever gets it after a wait says that it is contended.
        while self.0.swap(CONTENDED, Ordering::Acquire) != FREE {
            // All outcomes mean: look again.
            let _ = futex::wait(&self.0, CONTENDED, None);
        }
    }

    /// Frees it.
    #[inline]
    pub fn unlock(&self) {
        if self.0.swap(FREE, Ordering::Release) == CONTENDED {
            self.wake_one();
        }
    }

    #[cold]
    fn wake_one(&self) {
        futex::wake(&self.0, 1);
    }

    /// Whether somebody has it, as far as can be told without taking it.
    #[inline]
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.0.load(Ordering::Relaxed) != FREE
    }
}

impl Default for RawLock {
    fn default() -> Self {
        Self::new()
    }
}

/// A lock around data.
#[derive(Default)]
pub struct Mutex<T> {
    lock: RawLock,
    data: UnsafeCell<T>,
}

// SAFETY: the lock lets one thread at a time to the data, which so moves between threads in the sense of `Send` only.
unsafe impl<T: Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// A free one.
    pub const fn new(data: T) -> Self {
        Self {
            lock: RawLock::new(),
            data: UnsafeCell::new(data),
        }
    }

    /// Waits until it is free and takes it. Not recursive.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.lock.lock();
        self.guard()
    }

    /// Takes it if it is free.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.lock.try_lock().then(|| self.guard())
    }

    /// Whether somebody has it, as far as can be told without taking it.
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.lock.is_locked()
    }

    /// The data; who has it all to itself needs no lock.
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    fn guard(&self) -> MutexGuard<'_, T> {
        MutexGuard {
            mutex: self,
            not_send: PhantomData,
        }
    }
}

impl<T> std::fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mutex")
            .field("is_locked", &self.is_locked())
            .finish_non_exhaustive()
    }
}

/// Access to the data of a [`Mutex`], which is free again when this is dropped.
pub struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    /// A lock is given back by the thread that took it.
    not_send: PhantomData<*const ()>,
}

impl<T: std::fmt::Debug> std::fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.mutex.data.get() }
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, by this guard alone.
        unsafe { &mut *self.mutex.data.get() }
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.lock.unlock();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::sys::thread;

    #[test]
    fn one_thread_at_a_time() {
        let count = Mutex::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2000 {
                        let mut count = count.lock();
                        let seen = *count;
                        // Now and then long enough for the others to fall asleep.
                        if seen % 64 == 0 {
                            std::thread::yield_now();
                        }
                        *count = seen + 1;
                    }
                });
            }
        });
        assert_eq!(*count.lock(), 8000);
        assert!(!count.is_locked());
    }

    #[test]
    fn a_taken_one_is_refused() {
        let mut mutex = Mutex::new(1);
        let guard = mutex.lock();
        assert!(mutex.is_locked() && mutex.try_lock().is_none());
        drop(guard);
        assert_eq!(mutex.try_lock().as_deref(), Some(&1));
        assert_eq!(*mutex.get_mut(), 1);
    }

    #[test]
    fn a_sleeper_is_woken() {
        let (mutex, has_had_it) = (Mutex::new(()), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let guard = mutex.lock();
            scope.spawn(|| {
                drop(mutex.lock());
                has_had_it.store(true, Ordering::Relaxed);
            });
            while mutex.lock.0.load(Ordering::Relaxed) != CONTENDED {
                std::thread::yield_now();
            }
            assert!(!has_had_it.load(Ordering::Relaxed));
            drop(guard);
        });
        assert!(!mutex.is_locked());
    }

    /// Other threads are at contended locks as the process forks; a child's locks work nevertheless.
    #[test]
    fn a_forked_child_has_working_locks() {
        fn contend(times: u32) -> bool {
            let mutex = Arc::new(Mutex::new(0_u32));
            let threads = [(); 3].map(|()| {
                let mutex = Arc::clone(&mutex);
                // Not the standard library's, whose own lock the child may find taken.
                let run = move || {
                    for _ in 0..times {
                        let mut count = mutex.lock();
                        *count += 1;
                        if count.is_multiple_of(16) {
                            std::thread::yield_now();
                        }
                    }
                };
                thread::spawn("contends".to_owned(), run).expect("room for a thread")
            });
            threads.into_iter().for_each(thread::Running::join);
            *mutex.lock() == 3 * times
        }
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    assert!(contend(2000));
                }
            });
            for _ in 0..50 {
                // SAFETY: the child uses what the C library lets a child use: its allocator and threads.
                let child = unsafe { libc::fork() };
                assert!(child >= 0);
                if child == 0 {
                    // SAFETY: has no requirements; ends a child that hangs.
                    unsafe { libc::alarm(20) };
                    // Not for long: where others want the processor, each yield costs a slice of their time.
                    let status = i32::from(!contend(300));
                    // SAFETY: ends the child at once, without running anything of the parent's.
                    unsafe { libc::_exit(status) };
                }
                let mut status = -1;
                // SAFETY: writes `status`.
                let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
                assert_eq!((waited, status), (child, 0));
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}
