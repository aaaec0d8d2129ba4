//! The memory of a queue: chunks, and places in them.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr;

use super::bytes::{read_msg, short_body};
use super::{MESSAGE_BITS, WHOLE, WHOLE_SIZE};
use crate::sync::{AtomicPtr, AtomicUsize, Ordering};

/// Sizes of chunks: a queue starts with the first one, and doubles while the consumer lags behind.
pub(super) const FIRST_SIZE: usize = if cfg!(zmq_loom) { 6 } else { 1024 - HEADER };
pub(super) const LAST_SIZE: usize = if cfg!(zmq_loom) {
    6
} else {
    16 * 1024 - HEADER
};
/// `Chunk::end` while the producer is not through with it, and `Chunk::runs_to` while it may be all of it.
pub(super) const OPEN: usize = usize::MAX;

/// A chunk's head; `capacity` bytes follow it.
pub(super) struct Chunk {
    pub(super) next: AtomicPtr<Self>,
    /// Bytes in use, once the producer has left it.
    pub(super) end: AtomicUsize,
    /// Messages written to the queue before the producer left the chunk.
    pub(super) messages: AtomicUsize,
    /// Bytes up to which there is nothing but whole messages of short frames, after the rest of one that the
    /// chunk may begin with; [`OPEN`] as long as that goes for all of it.
    pub(super) runs_to: AtomicUsize,
    /// Messages written to the queue up to there.
    pub(super) run_messages: AtomicUsize,
    pub(super) capacity: usize,
}

pub(super) const HEADER: usize = size_of::<Chunk>();

impl Chunk {
    fn layout(capacity: usize) -> Option<Layout> {
        Layout::from_size_align(HEADER.checked_add(capacity)?, align_of::<Self>()).ok()
    }

    pub(super) fn allocate(capacity: usize) -> *mut Self {
        let Some(layout) = Self::layout(capacity) else {
            // Capacities are those above, or the size of a record.
            unreachable!("a chunk of {capacity} bytes");
        };
        // SAFETY: the layout is not empty.
        let chunk: *mut Self = unsafe { alloc(layout) }.cast();
        if chunk.is_null() {
            handle_alloc_error(layout);
        }
        let head = Self {
            next: AtomicPtr::new(ptr::null_mut()),
            end: AtomicUsize::new(OPEN),
            messages: AtomicUsize::new(0),
            runs_to: AtomicUsize::new(OPEN),
            run_messages: AtomicUsize::new(0),
            capacity,
        };
        // SAFETY: freshly allocated with the size and alignment of a chunk.
        unsafe { chunk.write(head) };
        chunk
    }

    /// # Safety
    /// `chunk` comes from `allocate`, nobody uses it any more, and its records were read.
    pub(super) unsafe fn free(chunk: *mut Self) {
        // SAFETY: alive until here.
        let capacity = unsafe { (*chunk).capacity };
        // SAFETY: the head has no other destructor than that of its (loom's) atomics.
        unsafe { ptr::drop_in_place(chunk) };
        if let Some(layout) = Self::layout(capacity) {
            // SAFETY: allocated with this layout.
            unsafe { dealloc(chunk.cast(), layout) };
        }
    }

    /// The byte at an offset, which is at most the capacity.
    #[inline]
    pub(super) fn byte(chunk: *mut Self, at: usize) -> *mut u8 {
        chunk.cast::<u8>().wrapping_add(HEADER + at)
    }
}

/// A place in the queue: `at` bytes into a chunk (null: before the first one) with `base` bytes before it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) chunk: *mut Chunk,
    pub(super) at: usize,
    pub(super) base: u64,
}

impl Place {
    pub(super) const START: Self = Self {
        chunk: ptr::null_mut(),
        at: 0,
        base: 0,
    };

    pub(super) fn position(&self) -> u64 {
        self.base.wrapping_add(self.at as u64)
    }
}

/// Drops what was written from a place on, up to a position, which nobody has read or will read.
pub(super) fn drop_records(mut place: Place, to: u64) {
    let mask = u64::MAX >> MESSAGE_BITS;
    while (to.wrapping_sub(place.position()) & mask) != 0 && !place.chunk.is_null() {
        // SAFETY: a chunk of the queue that only the caller uses; so the records in it.
        let chunk = unsafe { &*place.chunk };
        if place.at == chunk.end.load(Ordering::Relaxed) {
            place = Place {
                chunk: chunk.next.load(Ordering::Acquire),
                at: 0,
                base: place.position(),
            };
            continue;
        }
        let record = Chunk::byte(place.chunk, place.at);
        // SAFETY: records follow each other up to the position.
        if unsafe { record.read() } == WHOLE {
            // SAFETY: a whole frame that nobody else reads.
            drop(unsafe { read_msg(record.wrapping_add(1)) });
            place.at += WHOLE_SIZE;
        } else {
            // SAFETY: a short frame.
            let (body, head) = unsafe { short_body(record) };
            place.at += head + body.len();
        }
    }
}
