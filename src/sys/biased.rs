//! A lock that the thread which keeps taking it takes without a locked instruction.
//!
//! A socket belongs to one thread as a rule, and two locked instructions for each call are a good part of
//! what a small message costs. So the lock has two doors. Everybody may use the *front door*, a mutex; who
//! has come through it some times in a row without anybody else coming in between becomes the *owner*,
//! and has a *back door* of its own: two plain stores. Whoever else comes through the front door first takes
//! the owner's right away, has every thread pass a barrier, and waits until the owner is not inside.
//! So what is cheap for the owner is paid for by others: a lock that changes hands all the time has no
//! owner for longer and longer.
//!
//! What is locked is a place: it holds a boxed value or nothing.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use parking_lot::RawMutex;
use parking_lot::lock_api::RawMutex as _;

use super::{barrier, thread};
use crate::sync::{AtomicU32, AtomicUsize, Ordering};

const NOBODY: usize = 0;
const OUTSIDE: u32 = 0;
const INSIDE: u32 = 1;

/// Times in a row through the front door that make an owner, at first and at most. The number doubles when
/// an owner's right is taken away, which costs as much as some hundred times.
const FIRST_STREAK: u32 = 16;
const LAST_STREAK: u32 = 1024;

/// Who owns the lock, and whether it is inside through the back door.
struct Bias {
    /// Written behind the front door only.
    owner: AtomicUsize,
    /// Written by the owner only.
    inside: AtomicU32,
}

impl Bias {
    fn new() -> Self {
        Self {
            owner: AtomicUsize::new(NOBODY),
            inside: AtomicU32::new(OUTSIDE),
        }
    }

    /// Through the back door; false: it is not the caller's.
    #[inline(always)]
    fn enter(&self, me: usize) -> bool {
        if self.owner.load(Ordering::Relaxed) != me {
            return false;
        }
        self.inside.store(INSIDE, Ordering::Relaxed);
        // "Say that I am inside, barrier, look whether the door is still mine", against `revoke`. What others
        // did behind the lock the owner has seen: none came since it made itself the owner. (A thread that has
        // the number of one that ended began after that.)
        barrier::light();
        if self.owner.load(Ordering::Relaxed) != me {
            self.leave();
            return false;
        }
        true
    }

    #[inline(always)]
    fn leave(&self) {
        self.inside.store(OUTSIDE, Ordering::Release);
        // Against `revoke` and the look that follows it, as above. Where there is another owner by now, the
        // one who waited has seen enough.
        barrier::light();
        if self.owner.load(Ordering::Relaxed) == NOBODY {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        #[cfg(not(zmq_loom))]
        super::futex::wake(&self.inside, 1);
    }

    /// Sleeps as long as the owner is inside; may end early.
    #[cold]
    fn sleep(&self) {
        #[cfg(not(zmq_loom))]
        let _ = super::futex::wait(&self.inside, INSIDE, None);
        #[cfg(zmq_loom)]
        loom::thread::yield_now();
    }

    fn owner(&self) -> usize {
        self.owner.load(Ordering::Relaxed)
    }

    fn is_inside(&self) -> bool {
        // What the owner did is seen by whoever finds it gone.
        self.inside.load(Ordering::Acquire) == INSIDE
    }

    /// Takes the owner's right away; it may still be inside. Behind the front door only.
    #[cold]
    fn revoke(&self) {
        self.disown();
        barrier::heavy();
    }

    /// The same by the owner itself, which is not inside.
    fn disown(&self) {
        self.owner.store(NOBODY, Ordering::Relaxed);
    }

    /// Waits, after `revoke`, until the former owner is outside.
    #[inline]
    fn wait_until_outside(&self) {
        while self.is_inside() {
            self.sleep();
        }
    }

    /// Makes the caller the owner. Behind the front door only.
    fn grant(&self, me: usize) {
        self.owner.store(me, Ordering::Relaxed);
    }
}

/// See the module's documentation.
pub struct Biased<T> {
    bias: Bias,
    front: RawMutex,
    /// Who came through the front door last, how often in a row, and how often makes an owner: used
    /// behind that door only.
    last: AtomicUsize,
    streak: AtomicU32,
    streak_needed: AtomicU32,
    value: UnsafeCell<Option<Box<T>>>,
}

// SAFETY: the value is used by one thread at a time, by the rules of the doors; it moves between threads
// only in the sense of `Send`.
unsafe impl<T: Send> Sync for Biased<T> {}

/// The value, locked.
pub struct Guard<'a, T> {
    place: &'a Biased<T>,
    value: NonNull<T>,
    /// A lock is given back by the thread that took it.
    not_send: PhantomData<*const ()>,
}

impl<T> Biased<T> {
    /// A place with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bias: Bias::new(),
            front: RawMutex::INIT,
            last: AtomicUsize::new(NOBODY),
            streak: AtomicU32::new(0),
            streak_needed: AtomicU32::new(FIRST_STREAK),
            value: UnsafeCell::new(None),
        }
    }

    /// Locks the value; `None` if there is none.
    #[inline]
    pub fn lock(&self) -> Option<Guard<'_, T>> {
        let me = thread::token();
        if self.bias.enter(me) {
            return self.guard();
        }
        self.enter_front(me);
        self.guard()
    }

    /// Calls `f` with the value locked, if the calling thread owns the lock: since it had it last, nobody else
    /// has. `None` otherwise, or if there is no value.
    #[inline(always)]
    pub fn with_again<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        if !self.bias.enter(thread::token()) {
            return None;
        }
        self.guard().map(|mut value| f(&mut value))
    }

    /// As [`Self::lock`]; `None` also if somebody else has it.
    pub fn try_lock(&self) -> Option<Guard<'_, T>> {
        let me = thread::token();
        if self.bias.enter(me) {
            return self.guard();
        }
        if self.bias.is_inside() || !self.front.try_lock() {
            return None;
        }
        self.end_bias(me);
        if self.bias.is_inside() {
            // SAFETY: taken above.
            unsafe { self.front.unlock() };
            return None;
        }
        self.note_entry(me);
        self.guard()
    }

    /// Puts a value into the place, which was empty.
    pub fn put(&self, value: Box<T>) {
        barrier::prepare();
        let me = thread::token();
        self.enter_front(me);
        // SAFETY: behind the front door, and no owner is inside.
        let before = unsafe { (*self.value.get()).replace(value) };
        self.streak.store(0, Ordering::Relaxed);
        self.streak_needed.store(FIRST_STREAK, Ordering::Relaxed);
        self.leave_front(me);
        debug_assert!(before.is_none(), "a place is filled once");
        drop(before);
    }

    /// Takes the value out of the place.
    pub fn take(&self) -> Option<Box<T>> {
        let me = thread::token();
        self.enter_front(me);
        // SAFETY: behind the front door, and no owner is inside.
        let value = unsafe { (*self.value.get()).take() };
        self.streak.store(0, Ordering::Relaxed);
        self.leave_front(me);
        value
    }

    /// Whether there is no value, as far as can be told without waiting.
    pub fn is_empty_now(&self) -> bool {
        if !self.front.try_lock() {
            return false;
        }
        self.end_bias(thread::token());
        // SAFETY: behind the front door, and no owner is inside.
        let is_empty = !self.bias.is_inside() && unsafe { (*self.value.get()).is_none() };
        // SAFETY: taken above.
        unsafe { self.front.unlock() };
        is_empty
    }

    /// Comes in through the front door. Also the owner does, where the back door would not do.
    #[inline(never)]
    fn enter_front(&self, me: usize) {
        self.front.lock();
        self.end_bias(me);
        // Not only then: who tried before may have gone without waiting.
        self.bias.wait_until_outside();
        self.note_entry(me);
    }

    /// Makes sure that the lock has no owner. Behind the front door.
    #[inline]
    fn end_bias(&self, me: usize) {
        let owner = self.bias.owner();
        if owner == me {
            self.bias.disown();
        } else if owner != NOBODY {
            self.take_right_away();
        }
    }

    #[cold]
    fn take_right_away(&self) {
        self.bias.revoke();
        let needed = self.streak_needed.load(Ordering::Relaxed);
        self.streak_needed
            .store((needed * 2).min(LAST_STREAK), Ordering::Relaxed);
    }

    fn note_entry(&self, me: usize) {
        let streak = if self.last.load(Ordering::Relaxed) == me {
            self.streak.load(Ordering::Relaxed).saturating_add(1)
        } else {
            self.last.store(me, Ordering::Relaxed);
            0
        };
        self.streak.store(streak, Ordering::Relaxed);
    }

    #[inline(always)]
    fn guard(&self) -> Option<Guard<'_, T>> {
        // SAFETY: locked.
        match unsafe { (*self.value.get()).as_deref_mut() } {
            Some(value) => Some(Guard {
                place: self,
                value: NonNull::from(value),
                not_send: PhantomData,
            }),
            None => {
                self.leave();
                None
            }
        }
    }

    #[inline(always)]
    fn leave(&self) {
        // Whoever came in through the front door has seen that nobody is inside through the other.
        if self.bias.inside.load(Ordering::Relaxed) == INSIDE {
            self.bias.leave();
        } else {
            self.leave_front(thread::token());
        }
    }

    #[inline(never)]
    fn leave_front(&self, me: usize) {
        let needed = self.streak_needed.load(Ordering::Relaxed);
        if self.streak.load(Ordering::Relaxed) >= needed {
            self.bias.grant(me);
        }
        // SAFETY: who leaves through it has come in through it.
        unsafe { self.front.unlock() };
    }
}

impl<T> Default for Biased<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> std::fmt::Debug for Biased<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Biased")
            .field("has_owner", &(self.bias.owner() != NOBODY))
            .finish_non_exhaustive()
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the value stays where it is, and is the guard's, until that is dropped.
        unsafe { self.value.as_ref() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { self.value.as_mut() }
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        self.place.leave();
    }
}

impl<T> std::fmt::Debug for Guard<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(zmq_loom)))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU64};

    fn is_owned(place: &Biased<u64>) -> bool {
        place.bias.owner() == thread::token()
    }

    fn keep_taking(place: &Biased<u64>, times: u32) {
        (0..times).for_each(|_| *place.lock().unwrap() += 1);
    }

    #[test]
    fn who_keeps_taking_it_owns_it_until_another_comes() {
        let place = Biased::new();
        assert!(place.lock().is_none());
        // What puts something in counts as well.
        place.put(Box::new(0_u64));
        keep_taking(&place, FIRST_STREAK - 1);
        assert!(place.with_again(|_| ()).is_none());
        keep_taking(&place, 1);
        assert!(is_owned(&place));
        place.with_again(|value| *value += 1).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| keep_taking(&place, 1));
        });
        assert!(place.with_again(|_| ()).is_none());
        // That was dear, so the next time comes later.
        keep_taking(&place, FIRST_STREAK + 1);
        assert!(place.with_again(|_| ()).is_none());
        keep_taking(&place, FIRST_STREAK);
        assert!(is_owned(&place));
        assert_eq!(
            place.take(),
            Some(Box::new(u64::from(FIRST_STREAK) * 3 + 3))
        );
        assert!(place.lock().is_none() && place.take().is_none());
    }

    #[test]
    fn an_owner_inside_is_waited_for() {
        let place = Biased::new();
        place.put(Box::new(0_u64));
        keep_taking(&place, FIRST_STREAK + 2);
        assert!(is_owned(&place));
        let mut inside = place.lock().unwrap();
        let has_come = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert!(place.try_lock().is_none());
                has_come.store(true, Ordering::SeqCst);
                assert_eq!(*place.lock().unwrap(), u64::MAX);
            });
            while !has_come.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            *inside = u64::MAX;
            drop(inside);
        });
        assert!(place.try_lock().is_some());
    }

    #[test]
    fn threads_that_take_it_in_turns_of_all_lengths_lose_nothing() {
        let place = Biased::new();
        place.put(Box::new(0_u64));
        let done = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for seed in 0..3_u32 {
                let (place, done) = (&place, &done);
                scope.spawn(move || {
                    for turn in 0..200_u32 {
                        let times = 1 + (turn * 37 + seed * 101) % 97;
                        keep_taking(place, times);
                        done.fetch_add(u64::from(times), Ordering::Relaxed);
                        if turn.is_multiple_of(5)
                            && let Some(mut value) = place.try_lock()
                        {
                            *value += 1;
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(*place.lock().unwrap(), done.load(Ordering::Relaxed));
    }
}

#[cfg(all(test, zmq_loom))]
mod loom_tests {
    use super::*;
    use crate::sync::Arc;
    use loom::cell::UnsafeCell;

    /// The owner comes and goes by the back door while another, who is alone behind the front door,
    /// takes its right away.
    #[test]
    fn the_owner_and_another_are_never_inside_together() {
        loom::model(|| {
            const OWNER: usize = 1;
            let shared = Arc::new((Bias::new(), UnsafeCell::new(0)));
            shared.0.grant(OWNER);
            let owner = {
                let shared = Arc::clone(&shared);
                loom::thread::spawn(move || {
                    let mut times = 0;
                    while times < 2 && shared.0.enter(OWNER) {
                        // SAFETY: loom checks just this.
                        shared.1.with_mut(|value| unsafe { *value += 1 });
                        shared.0.leave();
                        times += 1;
                    }
                    times
                })
            };
            shared.0.revoke();
            shared.0.wait_until_outside();
            // SAFETY: as above.
            shared.1.with_mut(|value| unsafe { *value += 1 });
            let times = owner.join().unwrap();
            assert!(!shared.0.enter(OWNER));
            // SAFETY: as above.
            shared
                .1
                .with(|value| assert_eq!(unsafe { *value }, times + 1));
        });
    }
}
