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
//! A former owner may be on its way through its back door for as long as the system does not let it run, and will only then
//! see that its right is gone. So a back door belongs to that thread until it has come to the front door, and the
//! next owner gets another one; where there is none left, nobody becomes the owner.
//!
//! Who is inside already and comes once more (by a signal's handler, or a function of the program that is called
//! inside) is refused.
//!
//! What is locked is a place: it holds a boxed value or nothing.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::lock::RawLock;
use super::{barrier, thread};
use crate::sync::{AtomicU32, AtomicUsize, Ordering};

const NOBODY: usize = 0;
const OUTSIDE: u32 = 0;
const INSIDE: u32 = 1;

/// Times in a row through the front door that make an owner, at first and at most. The number doubles when
/// an owner's right is taken away, which costs as much as some hundred times.
const FIRST_STREAK: u32 = 16;
const LAST_STREAK: u32 = 1024;

/// Back doors: a power of two, no greater than the alignment of what a thread's token points to. As many threads
/// may own a lock in turns, over all the sockets that it stands for, and never come back to it.
const DOORS: usize = if cfg!(zmq_loom) { 4 } else { 16 };
/// What is not a back door.
const FRONT: usize = DOORS;

/// Who owns the lock, and who is inside through a back door.
struct Bias {
    /// The owner's token, with the number of its back door in the lowest bits. Written behind the front
    /// door only.
    owner: AtomicUsize,
    /// By back door; written by the thread that it belongs to only.
    inside: [AtomicU32; DOORS],
    /// Whom the back doors belong to: who owns the lock, or did and has not come to the front door since. Used
    /// behind that door only.
    holders: [AtomicUsize; DOORS],
    /// The back door of a former owner that may still be inside, else [`FRONT`]. Used behind the front
    /// door only.
    awaited: AtomicUsize,
}

impl Bias {
    fn new() -> Self {
        Self {
            owner: AtomicUsize::new(NOBODY),
            inside: std::array::from_fn(|_| AtomicU32::new(OUTSIDE)),
            holders: std::array::from_fn(|_| AtomicUsize::new(NOBODY)),
            awaited: AtomicUsize::new(FRONT),
        }
    }

    /// Through the back door, which is told; `None`: the caller has none, or is inside already.
    #[inline(always)]
    fn enter(&self, me: usize) -> Option<usize> {
        let owner = self.owner.load(Ordering::Relaxed);
        let door = owner ^ me;
        let inside = self.inside.get(door)?;
        if inside.load(Ordering::Relaxed) == INSIDE {
            return None;
        }
        inside.store(INSIDE, Ordering::Relaxed);
        // "Say that I am inside, barrier, look whether the door is still mine", against `revoke`. What others
        // did behind the lock the owner has seen: none came since it made itself the owner. (A thread that has
        // the number of one that ended began after that.)
        barrier::light();
        if self.owner.load(Ordering::Relaxed) != owner {
            self.leave(door);
            return None;
        }
        Some(door)
    }

    #[inline(always)]
    fn leave(&self, door: usize) {
        let Some(inside) = self.inside.get(door) else {
            return;
        };
        inside.store(OUTSIDE, Ordering::Release);
        // Against `revoke` and the look that follows it, as above. Where there is another owner by now, the
        // one who waited has seen enough.
        barrier::light();
        if self.owner.load(Ordering::Relaxed) == NOBODY {
            wake(inside);
        }
    }

    fn has_owner(&self) -> bool {
        self.owner.load(Ordering::Relaxed) != NOBODY
    }

    /// Whether somebody seems to be inside through a back door.
    fn seems_inside(&self) -> bool {
        let is_inside = |inside: &AtomicU32| inside.load(Ordering::Relaxed) == INSIDE;
        self.inside.iter().any(is_inside)
    }

    /// Whether the caller is inside through a back door. Which ones are its own, and whether it is inside there,
    /// nobody but the caller writes: it needs no lock to know.
    fn is_inside(&self, me: usize) -> bool {
        self.door_of(me)
            .is_some_and(|door| self.inside[door].load(Ordering::Relaxed) == INSIDE)
    }

    fn door_of(&self, holder: usize) -> Option<usize> {
        let is_holders = |known: &AtomicUsize| known.load(Ordering::Relaxed) == holder;
        self.holders.iter().position(is_holders)
    }

    /// Makes sure that the lock has no owner, by the caller, who is not inside; a former one may still be. True: the
    /// right was another's. Behind the front door only.
    #[inline]
    fn end(&self, me: usize) -> bool {
        let owner = self.owner.load(Ordering::Relaxed);
        let was_others = owner != NOBODY && owner ^ me >= DOORS;
        if was_others {
            self.revoke(owner);
        } else if owner != NOBODY {
            self.owner.store(NOBODY, Ordering::Relaxed);
        }
        if let Some(door) = self.door_of(me) {
            // Here the caller is, so it is not on its way through that one.
            self.holders[door].store(NOBODY, Ordering::Relaxed);
        }
        was_others
    }

    #[cold]
    fn revoke(&self, owner: usize) {
        self.owner.store(NOBODY, Ordering::Relaxed);
        self.awaited.store(owner % DOORS, Ordering::Relaxed);
        barrier::heavy();
    }

    /// Whether no former owner is inside any more; what the others say is of no matter then, they are only
    /// about to see that their right is gone. Behind the front door, after `end`.
    #[inline]
    fn is_clear(&self) -> bool {
        if let Some(inside) = self.inside.get(self.awaited.load(Ordering::Relaxed)) {
            // What the owner did is seen by whoever finds it gone.
            if inside.load(Ordering::Acquire) == INSIDE {
                return false;
            }
            self.awaited.store(FRONT, Ordering::Relaxed);
        }
        true
    }

    /// Waits until that is so.
    #[inline]
    fn wait_until_clear(&self) {
        while !self.is_clear() {
            self.sleep();
        }
    }

    /// Sleeps as long as the former owner is inside; may end early.
    #[cold]
    fn sleep(&self) {
        #[cfg(not(zmq_loom))]
        if let Some(inside) = self.inside.get(self.awaited.load(Ordering::Relaxed)) {
            let _ = super::futex::wait(inside, INSIDE, None);
        }
        #[cfg(zmq_loom)]
        loom::thread::yield_now();
    }

    /// Makes the caller the owner, if there is a back door for it. Behind the front door only.
    fn grant(&self, me: usize) {
        if let Some(door) = self.door_of(NOBODY)
            && me.is_multiple_of(DOORS)
        {
            self.holders[door].store(me, Ordering::Relaxed);
            self.owner.store(me | door, Ordering::Relaxed);
        }
    }
}

#[cold]
fn wake(inside: &AtomicU32) {
    #[cfg(not(zmq_loom))]
    super::futex::wake(inside, 1);
    #[cfg(zmq_loom)]
    let _ = inside;
}

/// See the module's documentation.
pub struct Biased<T> {
    bias: Bias,
    front: RawLock,
    /// Who is inside through the front door; each thread is certain of itself only.
    holder: AtomicUsize,
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
    /// The back door through which it was taken, or [`FRONT`].
    door: usize,
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
            front: RawLock::new(),
            holder: AtomicUsize::new(NOBODY),
            last: AtomicUsize::new(NOBODY),
            streak: AtomicU32::new(0),
            streak_needed: AtomicU32::new(FIRST_STREAK),
            value: UnsafeCell::new(None),
        }
    }

    /// Locks the value; `None` if there is none, or the caller has it locked already.
    #[inline]
    pub fn lock(&self) -> Option<Guard<'_, T>> {
        let me = thread::token();
        if let Some(door) = self.bias.enter(me) {
            return self.guard(door);
        }
        if !self.enter_front(me) {
            return None;
        }
        self.guard(FRONT)
    }

    /// Calls `f` with the value locked, if the calling thread owns the lock: since it had it last, nobody else
    /// has. `None` otherwise, or if there is no value.
    #[inline(always)]
    pub fn with_again<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        let door = self.bias.enter(thread::token())?;
        self.guard(door).map(|mut value| f(&mut value))
    }

    /// As [`Self::lock`]; `None` also if somebody else has it.
    pub fn try_lock(&self) -> Option<Guard<'_, T>> {
        let me = thread::token();
        if let Some(door) = self.bias.enter(me) {
            return self.guard(door);
        }
        if self.bias.seems_inside() || !self.front.try_lock() {
            return None;
        }
        self.end_bias(me);
        if !self.bias.is_clear() {
            self.front.unlock();
            return None;
        }
        self.note_entry(me);
        self.guard(FRONT)
    }

    /// Puts a value into the place, which was empty.
    pub fn put(&self, value: Box<T>) {
        barrier::prepare();
        let me = thread::token();
        if !self.enter_front(me) {
            // The caller has locked it, so there is a value.
            debug_assert!(false, "a place is filled once");
            return;
        }
        // SAFETY: behind the front door, and no owner is inside.
        let before = unsafe { (*self.value.get()).replace(value) };
        self.streak.store(0, Ordering::Relaxed);
        self.streak_needed.store(FIRST_STREAK, Ordering::Relaxed);
        self.leave_front(me);
        debug_assert!(before.is_none(), "a place is filled once");
        drop(before);
    }

    /// Takes the value out of the place; `None` as with [`Self::lock`].
    pub fn take(&self) -> Option<Box<T>> {
        let me = thread::token();
        if !self.enter_front(me) {
            return None;
        }
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
        let is_empty = self.bias.is_clear() && unsafe { (*self.value.get()).is_none() };
        self.front.unlock();
        is_empty
    }

    /// Comes in through the front door. Also the owner does, where the back door would not do. False: the caller
    /// is inside already.
    #[inline(never)]
    fn enter_front(&self, me: usize) -> bool {
        // Before the door is waited for: who is behind it may be waiting for the caller to leave.
        if self.holder.load(Ordering::Relaxed) == me || self.bias.is_inside(me) {
            return false;
        }
        self.front.lock();
        self.end_bias(me);
        // Not only where this ended it: who tried before may have gone without waiting.
        self.bias.wait_until_clear();
        self.note_entry(me);
        true
    }

    /// Makes sure that the lock has no owner. Behind the front door.
    #[inline]
    fn end_bias(&self, me: usize) {
        if self.bias.end(me) {
            let needed = self.streak_needed.load(Ordering::Relaxed);
            self.streak_needed
                .store((needed * 2).min(LAST_STREAK), Ordering::Relaxed);
        }
    }

    fn note_entry(&self, me: usize) {
        self.holder.store(me, Ordering::Relaxed);
        let streak = if self.last.load(Ordering::Relaxed) == me {
            self.streak.load(Ordering::Relaxed).saturating_add(1)
        } else {
            self.last.store(me, Ordering::Relaxed);
            0
        };
        self.streak.store(streak, Ordering::Relaxed);
    }

    #[inline(always)]
    fn guard(&self, door: usize) -> Option<Guard<'_, T>> {
        // SAFETY: locked.
        match unsafe { (*self.value.get()).as_deref_mut() } {
            Some(value) => Some(Guard {
                place: self,
                door,
                value: NonNull::from(value),
                not_send: PhantomData,
            }),
            None => {
                self.leave(door);
                None
            }
        }
    }

    #[inline(always)]
    fn leave(&self, door: usize) {
        if door == FRONT {
            self.leave_front(thread::token());
        } else {
            self.bias.leave(door);
        }
    }

    #[inline(never)]
    fn leave_front(&self, me: usize) {
        let needed = self.streak_needed.load(Ordering::Relaxed);
        if self.streak.load(Ordering::Relaxed) >= needed {
            self.bias.grant(me);
        }
        self.holder.store(NOBODY, Ordering::Relaxed);
        self.front.unlock();
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
            .field("has_owner", &self.bias.has_owner())
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
        self.place.leave(self.door);
    }
}

impl<T> std::fmt::Debug for Guard<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(zmq_loom)))]
mod tests;

#[cfg(all(test, zmq_loom))]
mod loom_tests;
