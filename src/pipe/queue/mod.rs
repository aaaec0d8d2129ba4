//! An unbounded queue of frames for one producer and one consumer, in linked chunks of bytes.
//!
//! Frames are records in a chunk. A *short* frame, which is most of them, is its flags, its length (one
//! byte or, beyond 255, eight) and its body, just as ZMTP has it on the wire: twelve bytes for a body of ten,
//! no allocation, and a run of them can be copied to a stream, or from one, as it stands. Any other frame
//! is a *whole* one: the message value is moved into the chunk behind a tag.
//!
//! The producer writes ahead of the consumer and makes what it wrote visible by storing how far it
//! has come (`tail`, Release); the consumer loads that (Acquire) only when it has used up what it saw
//! last. Neither side ever waits for the other. Records of a message that is not published can be
//! taken back. A chunk that the consumer has emptied goes to a one-place shelf, from where the
//! producer takes its next one, so a queue in steady use allocates nothing.
//!
//! Invariants:
//! - the consumer touches only bytes before the tail, the producer only bytes behind it;
//! - a chunk's `end`, `next` and `messages` are set before the tail moves into the next chunk, so a
//!   consumer that saw the tail can follow; `runs_to` is set before the tail covers what ends the runs;
//! - no record lies in two chunks, and messages are published whole;
//! - only the consumer frees or shelves chunks, each after it has left it for the next one; the
//!   producer frees those that it has not published. The last ones go with the shared part.
//!
//! How many messages there may be and who is told of them is not decided here.

mod bytes;
mod chunk;
mod consumer;
mod producer;

use std::cell::UnsafeCell;
use std::ptr;

use crate::msg::Msg;
use crate::sync::{Arc, AtomicPtr, AtomicU64, Ordering};
use chunk::{Chunk, Place, drop_records};
pub use consumer::BodyRead;
pub(super) use consumer::Consumer;
pub(super) use producer::Producer;

/// Longest body of a short frame, in bytes: far less than a chunk, and what is copied twice in less time than
/// it takes one thread to allocate, and another one to free.
pub const SHORT_MAX: usize = 2048;
/// Longest run of short frames, in bytes.
pub const RUN_MAX: usize = 4096;
/// Flags of a short frame that is the last of its message, as in ZMTP ...
const PLAIN: u8 = 0;
/// ... of one that others of its message follow ...
const MORE: u8 = 1;
/// ... and of one whose length has eight bytes.
const LONG: u8 = 2;
/// In place of the flags: a message value follows.
const WHOLE: u8 = 0xFF;
const SHORT_HEAD: usize = 2;
const LONG_HEAD: usize = 9;
const WHOLE_SIZE: usize = 1 + size_of::<Msg>();

/// The tail is the number of bytes written so far, shifted by this, and the number of messages.
const MESSAGE_BITS: u32 = 24;
const MESSAGE_MASK: u64 = (1 << MESSAGE_BITS) - 1;

/// Keeps what one side writes off the other side's cache line.
#[repr(align(64))]
struct Line<T>(T);

struct Shared {
    tail: Line<AtomicU64>,
    /// The first chunk, once the producer needs one: idle queues take no memory.
    first: AtomicPtr<Chunk>,
    /// An emptied chunk for the producer to use again.
    shelf: AtomicPtr<Chunk>,
    /// Where the consumer was when it went away.
    left_at: UnsafeCell<Place>,
}

// SAFETY: messages move from one side to the other, and may be sent; `left_at` is written by the
// consumer's drop and read by the last drop, which `Arc` orders.
unsafe impl Send for Shared {}
// SAFETY: as above; all other fields are atomics.
unsafe impl Sync for Shared {}

/// An empty queue.
pub(crate) fn queue() -> (Producer, Consumer) {
    let shared = Arc::new(Shared {
        tail: Line(AtomicU64::new(0)),
        first: AtomicPtr::new(ptr::null_mut()),
        shelf: AtomicPtr::new(ptr::null_mut()),
        left_at: UnsafeCell::new(Place::START),
    });
    (Producer::new(Arc::clone(&shared)), Consumer::new(shared))
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: both sides are gone.
        let mut place = unsafe { *self.left_at.get() };
        if place.chunk.is_null() {
            place.chunk = self.first.load(Ordering::Acquire);
        }
        drop_records(place, self.tail.0.load(Ordering::Acquire) >> MESSAGE_BITS);
        let mut chunk = place.chunk;
        while !chunk.is_null() {
            // SAFETY: the consumer has left all before this one; both sides are gone.
            let next = unsafe { (*chunk).next.load(Ordering::Acquire) };
            // SAFETY: as above, and its records were dropped.
            unsafe { Chunk::free(chunk) };
            chunk = next;
        }
        let shelved = self.shelf.load(Ordering::Acquire);
        if !shelved.is_null() {
            // SAFETY: the shelf owns what is on it.
            unsafe { Chunk::free(shelved) };
        }
    }
}
