//! An unbounded queue for one producer and one consumer, in linked chunks.
//!
//! The producer writes slots ahead of the consumer and makes them visible by storing the number
//! of slots written so far (`tail`, Release); the consumer loads it (Acquire) only when it has
//! used up what it saw last. Neither side ever waits for the other. A chunk that the consumer has
//! emptied goes to a one-place shelf, from where the producer takes its next one, so a queue in
//! steady use allocates nothing.
//!
//! Invariants:
//! - slots `[read, tail)` hold values that belong to the consumer, all other slots hold none;
//! - a chunk's `next` is set before `tail` moves past its last slot, so a consumer that saw the
//!   tail can follow it;
//! - only the consumer frees or shelves chunks, each after it has left it for the next one; the
//!   last chunks go with the shared part, when both sides are gone.
//!
//! What a value is, how many there may be and who is told of them is not decided here.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr;

use crate::sync::{Arc, AtomicPtr, AtomicUsize, Ordering};

/// Values per chunk: 32 messages are 2 KiB.
const SLOTS: usize = if cfg!(zmq_loom) { 2 } else { 32 };

struct Chunk<T> {
    slots: [UnsafeCell<MaybeUninit<T>>; SLOTS],
    next: AtomicPtr<Self>,
}

impl<T> Chunk<T> {
    fn boxed() -> *mut Self {
        Box::into_raw(Box::new(Self {
            slots: std::array::from_fn(|_| UnsafeCell::new(MaybeUninit::uninit())),
            next: AtomicPtr::new(ptr::null_mut()),
        }))
    }
}

/// Keeps what one side writes off the other side's cache line.
#[repr(align(64))]
struct Line<T>(T);

struct Shared<T> {
    /// Number of values made visible so far.
    tail: Line<AtomicUsize>,
    /// The first chunk, once the producer needs one: idle queues take no memory.
    first: AtomicPtr<Chunk<T>>,
    /// An emptied chunk for the producer to use again.
    shelf: AtomicPtr<Chunk<T>>,
    /// Where the consumer was when it went away: (chunk, values read).
    left_at: UnsafeCell<(*mut Chunk<T>, usize)>,
}

// SAFETY: values move from one side to the other, which needs `T: Send`; `left_at` is written by
// the consumer's drop and read by the last drop, which `Arc` orders.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: as above; all other fields are atomics.
unsafe impl<T: Send> Sync for Shared<T> {}

/// The writing side.
pub(crate) struct Producer<T> {
    shared: Arc<Shared<T>>,
    chunk: *mut Chunk<T>,
    written: usize,
}

/// The reading side.
pub(crate) struct Consumer<T> {
    shared: Arc<Shared<T>>,
    chunk: *mut Chunk<T>,
    read: usize,
    seen: usize,
}

// SAFETY: each side alone touches its raw chunk pointer, so it may move between threads with it.
unsafe impl<T: Send> Send for Producer<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Consumer<T> {}

/// An empty queue.
pub(crate) fn queue<T: Send>() -> (Producer<T>, Consumer<T>) {
    let shared = Arc::new(Shared {
        tail: Line(AtomicUsize::new(0)),
        first: AtomicPtr::new(ptr::null_mut()),
        shelf: AtomicPtr::new(ptr::null_mut()),
        left_at: UnsafeCell::new((ptr::null_mut(), 0)),
    });
    let producer = Producer {
        shared: Arc::clone(&shared),
        chunk: ptr::null_mut(),
        written: 0,
    };
    (
        producer,
        Consumer {
            shared,
            chunk: ptr::null_mut(),
            read: 0,
            seen: 0,
        },
    )
}

impl<T> Producer<T> {
    /// Writes a value that the consumer sees after the next [`Self::publish`].
    #[inline]
    pub(crate) fn write(&mut self, value: T) {
        let slot = self.next_slot();
        // SAFETY: the slot is empty and the producer's until the tail is stored.
        unsafe { slot.write(value) };
        self.written += 1;
    }

    /// The place of the next value.
    #[inline]
    fn next_slot(&mut self) -> *mut T {
        let index = self.written % SLOTS;
        if index == 0 {
            self.next_chunk();
        }
        // SAFETY: `next_chunk` made `chunk` point to a live chunk, which the consumer cannot
        // leave before the tail has passed it.
        unsafe { (*self.chunk).slots[index].get() }.cast()
    }

    /// As [`Self::write`], out of a place that is left with a default value: one copy, no detours.
    #[inline]
    pub(crate) fn write_from(&mut self, place: &mut T)
    where
        T: Default,
    {
        let slot = self.next_slot();
        // SAFETY: the value moves into the slot; `place` is written anew below, without a drop.
        unsafe { ptr::copy_nonoverlapping(ptr::from_ref(place), slot, 1) };
        // SAFETY: `place` is valid for writes, and what was there has moved on.
        unsafe { ptr::write(place, T::default()) };
        self.written += 1;
    }

    /// Makes all that was written visible.
    #[inline]
    pub(crate) fn publish(&self) {
        self.shared.tail.0.store(self.written, Ordering::Release);
    }

    #[cold]
    fn next_chunk(&mut self) {
        // Acquire pairs with the consumer's Release when it shelved the chunk: its reads are over.
        let shelved = self.shared.shelf.swap(ptr::null_mut(), Ordering::Acquire);
        let fresh = if shelved.is_null() {
            Chunk::boxed()
        } else {
            shelved
        };
        // SAFETY: a fresh or shelved chunk is the producer's alone.
        unsafe { (*fresh).next.store(ptr::null_mut(), Ordering::Relaxed) };
        if self.chunk.is_null() {
            self.shared.first.store(fresh, Ordering::Release);
        } else {
            // SAFETY: the consumer frees a chunk only after following `next`, which is null yet.
            unsafe { (*self.chunk).next.store(fresh, Ordering::Release) };
        }
        self.chunk = fresh;
    }
}

impl<T> Consumer<T> {
    /// The next visible value.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<T> {
        if !self.has_next() {
            return None;
        }
        let slot = self.next_slot();
        // SAFETY: the slot was written before the tail was stored, and is read once.
        let value = unsafe { slot.read() };
        self.read += 1;
        Some(value)
    }

    /// The place of the next visible value, of which there is one.
    #[inline]
    fn next_slot(&mut self) -> *mut T {
        let index = self.read % SLOTS;
        if index == 0 {
            self.next_chunk();
        }
        // SAFETY: the tail lies beyond `read`, so the chunk with that slot exists and is ours.
        unsafe { (*self.chunk).slots[index].get() }.cast()
    }

    /// As [`Self::pop`], into a place whose value is dropped: one copy, no detours. False: nothing there.
    #[inline]
    pub(crate) fn pop_into(&mut self, place: &mut T) -> bool {
        if !self.has_next() {
            return false;
        }
        let slot = self.next_slot();
        // SAFETY: `place` holds a value, which is overwritten below without another drop.
        unsafe { ptr::drop_in_place(place) };
        // SAFETY: the slot was written before the tail was stored, and is read once.
        unsafe { ptr::copy_nonoverlapping(slot, place, 1) };
        self.read += 1;
        true
    }

    /// Looks at the next visible value.
    pub(crate) fn peek(&mut self) -> Option<&T> {
        if !self.has_next() {
            return None;
        }
        let index = self.read % SLOTS;
        let mut chunk = self.chunk;
        if index == 0 {
            chunk = self.following();
        }
        // SAFETY: as in `pop`.
        let slot = unsafe { (*chunk).slots[index].get() };
        // SAFETY: the value stays in its slot, and the borrow of `self` keeps it there.
        Some(unsafe { &*slot.cast::<T>() })
    }

    /// Whether a value is visible.
    #[inline]
    pub(crate) fn has_next(&mut self) -> bool {
        if self.read != self.seen {
            return true;
        }
        self.seen = self.shared.tail.0.load(Ordering::Acquire);
        self.read != self.seen
    }

    fn following(&self) -> *mut Chunk<T> {
        if self.chunk.is_null() {
            self.shared.first.load(Ordering::Acquire)
        } else {
            // SAFETY: the consumer's chunk is alive until it leaves it.
            unsafe { (*self.chunk).next.load(Ordering::Acquire) }
        }
    }

    #[cold]
    fn next_chunk(&mut self) {
        let following = self.following();
        let left = std::mem::replace(&mut self.chunk, following);
        if left.is_null() {
            return;
        }
        let displaced = self.shared.shelf.swap(left, Ordering::AcqRel);
        if !displaced.is_null() {
            // SAFETY: made by `Chunk::boxed`, left by both sides, and off the shelf now.
            drop(unsafe { Box::from_raw(displaced) });
        }
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        while self.pop().is_some() {}
        let left_at = self.shared.left_at.get();
        // SAFETY: only this drop writes the cell, and only the drop of `Shared` reads it.
        unsafe { left_at.write((self.chunk, self.read)) };
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: both sides are gone.
        let (mut chunk, mut read) = unsafe { *self.left_at.get() };
        let tail = self.tail.0.load(Ordering::Acquire);
        if chunk.is_null() {
            chunk = self.first.load(Ordering::Acquire);
        }
        while !chunk.is_null() {
            // The chunk the consumer stood in may be used up; then what is left begins in the next.
            loop {
                let in_this = read < tail && self.holds(chunk, read);
                if !in_this {
                    break;
                }
                // SAFETY: slots in `[read, tail)` hold values nobody else will read.
                let slot = unsafe { (*chunk).slots[read % SLOTS].get() };
                // SAFETY: as above.
                unsafe { ptr::drop_in_place(slot.cast::<T>()) };
                read += 1;
                if read.is_multiple_of(SLOTS) {
                    break;
                }
            }
            // SAFETY: made by `Chunk::boxed`; both sides are gone.
            let chunk_box = unsafe { Box::from_raw(chunk) };
            chunk = chunk_box.next.load(Ordering::Acquire);
        }
        let shelved = self.shelf.load(Ordering::Acquire);
        if !shelved.is_null() {
            // SAFETY: the shelf owns what is on it.
            drop(unsafe { Box::from_raw(shelved) });
        }
    }
}

impl<T> Shared<T> {
    /// Whether value number `read` lies in `chunk`, where the consumer was last.
    fn holds(&self, chunk: *mut Chunk<T>, read: usize) -> bool {
        // SAFETY: called from `drop` alone, where the cell has no other user.
        let (left, left_read) = unsafe { *self.left_at.get() };
        // A consumer that stopped at the end of a chunk has not moved to the next one yet.
        !(chunk == left && read == left_read && read.is_multiple_of(SLOTS))
    }
}
