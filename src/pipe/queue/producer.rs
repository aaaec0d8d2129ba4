//! The writing side of a queue.

use super::bytes::{copy_body, write_long_head, write_msg};
use super::chunk::{Chunk, FIRST_SIZE, HEADER, LAST_SIZE, OPEN, Place, drop_records};
use super::{
    LONG_HEAD, MESSAGE_BITS, MESSAGE_MASK, RUN_MAX, SHORT_HEAD, SHORT_MAX, Shared, WHOLE,
    WHOLE_SIZE,
};
use crate::msg::Msg;
use crate::sync::{Arc, Ordering};

/// The writing side.
pub(crate) struct Producer {
    shared: Arc<Shared>,
    place: Place,
    /// Bytes left in the chunk.
    left: usize,
    /// Messages written, with the one that is not published yet if it is complete.
    messages: usize,
    /// Where the message begins of which some frames are written.
    begun: Option<Place>,
}

// SAFETY: each side alone touches its raw chunk pointer, so it may move between threads with it.
unsafe impl Send for Producer {}
impl Producer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            place: Place::START,
            left: 0,
            messages: 0,
            begun: None,
        }
    }

    /// Writes a frame, seen by the consumer after [`Self::publish`] follows the last of its message;
    /// the place is left empty.
    #[inline]
    pub(crate) fn write(&mut self, msg: &mut Msg) {
        let more = msg.is_more();
        if let Some(body) = msg.short_body() {
            self.write_short(body, more);
            *msg = Msg::new();
        } else {
            self.write_whole(msg, more);
        }
    }

    /// Writes a frame of at most [`SHORT_MAX`] bytes; what is longer is cut off.
    #[inline]
    pub(crate) fn write_short(&mut self, body: &[u8], more: bool) {
        if body.len() > usize::from(u8::MAX) {
            self.write_long(body, more);
            return;
        }
        let len = body.len();
        let record = self.room(SHORT_HEAD + len);
        // SAFETY: there is room for the record, which is the producer's until the tail is stored.
        unsafe { record.write(u8::from(more)) };
        // SAFETY: as above.
        unsafe { record.wrapping_add(1).write(len as u8) };
        // SAFETY: as above; a caller's body does not lie in the chunk.
        unsafe { copy_body(body.as_ptr(), record.wrapping_add(SHORT_HEAD), len) };
        self.wrote(SHORT_HEAD + len, more);
    }

    #[inline(never)]
    fn write_long(&mut self, body: &[u8], more: bool) {
        let len = body.len().min(SHORT_MAX);
        let record = self.room(LONG_HEAD + len);
        // SAFETY: there is room for the record, which is the producer's until the tail is stored.
        unsafe { write_long_head(record, len, u8::from(more)) };
        // SAFETY: as above; a caller's body does not lie in the chunk.
        unsafe { copy_body(body.as_ptr(), record.wrapping_add(LONG_HEAD), len) };
        self.wrote(LONG_HEAD + len, more);
    }

    #[inline]
    fn write_whole(&mut self, msg: &mut Msg, more: bool) {
        let record = self.room(WHOLE_SIZE);
        self.end_runs();
        // SAFETY: there is room for the record, which is the producer's until the tail is stored.
        unsafe { record.write(WHOLE) };
        // SAFETY: as above.
        unsafe { write_msg(record.wrapping_add(1), std::mem::take(msg)) };
        self.wrote(WHOLE_SIZE, more);
    }

    /// Writes whole messages of short frames as they are on the wire: at most [`RUN_MAX`] bytes. Not
    /// within a message.
    #[inline]
    pub(crate) fn write_run(&mut self, run: &[u8], messages: usize) {
        debug_assert!(run.len() <= RUN_MAX && !self.in_message());
        let record = self.room(run.len());
        // SAFETY: there is room for the run, which is the producer's until the tail is stored; the
        // caller's bytes do not lie in the chunk.
        unsafe { std::ptr::copy_nonoverlapping(run.as_ptr(), record, run.len()) };
        self.place.at += run.len();
        self.left -= run.len();
        self.messages = self.messages.wrapping_add(messages);
    }

    #[inline]
    fn wrote(&mut self, size: usize, more: bool) {
        self.place.at += size;
        self.left -= size;
        if !more {
            self.messages = self.messages.wrapping_add(1);
        }
    }

    /// Makes all that was written visible. Not within a message.
    #[inline]
    pub(crate) fn publish(&mut self) {
        self.begun = None;
        let tail = self.place.position() << MESSAGE_BITS | (self.messages as u64 & MESSAGE_MASK);
        self.shared.tail.0.store(tail, Ordering::Release);
    }

    /// To be called before the first frame of a message that has several.
    pub(crate) fn begin(&mut self) {
        self.begun = Some(self.place);
    }

    /// Whether a message is begun and not published.
    #[inline]
    pub(crate) fn in_message(&self) -> bool {
        self.begun.is_some()
    }

    /// Messages written so far.
    #[inline]
    pub(crate) fn messages(&self) -> usize {
        self.messages
    }

    /// Takes back the frames of a message that is not published; false if there are none.
    pub(crate) fn roll_back(&mut self) -> bool {
        let Some(begun) = self.begun.take() else {
            return false;
        };
        let mut place = begun;
        if place.chunk.is_null() {
            // It begins with the first chunk, which the consumer may know of, but not enter.
            place.chunk = self.shared.first.load(Ordering::Relaxed);
        }
        drop_records(place, self.place.position());
        // Chunks that were added for it go; the one where it begins is open again.
        let first = place.chunk;
        if !first.is_null() {
            // SAFETY: the consumer leaves a chunk, and then frees it, only for bytes that are published
            // in the next one; so this one is alive, and the next ones nobody else has entered.
            let head = unsafe { &*first };
            let mut next = head.next.swap(std::ptr::null_mut(), Ordering::Relaxed);
            head.end.store(OPEN, Ordering::Relaxed);
            if head.runs_to.load(Ordering::Relaxed) >= place.at {
                // By this message, then.
                head.runs_to.store(OPEN, Ordering::Relaxed);
            }
            while !next.is_null() {
                // SAFETY: as above.
                let following = unsafe { (*next).next.load(Ordering::Relaxed) };
                // SAFETY: as above; its records were dropped.
                unsafe { Chunk::free(next) };
                next = following;
            }
            self.left = head.capacity - place.at;
        }
        self.place = place;
        true
    }

    fn chunk(&self) -> Option<&Chunk> {
        // SAFETY: null, or alive: the consumer leaves a chunk only for bytes published in the next.
        unsafe { self.place.chunk.as_ref() }
    }

    /// Notes that what comes next in the chunk, and the message that it belongs to, is no part of a run.
    fn end_runs(&self) {
        let Some(chunk) = self.chunk() else { return };
        if chunk.runs_to.load(Ordering::Relaxed) != OPEN {
            return;
        }
        let to = match self.begun {
            None => self.place.at,
            Some(begun) if std::ptr::eq(begun.chunk, chunk) => begun.at,
            // It began before the chunk.
            Some(_) => 0,
        };
        chunk.run_messages.store(self.messages, Ordering::Relaxed);
        chunk.runs_to.store(to, Ordering::Relaxed);
    }

    /// Room for a record of `size` bytes.
    #[inline]
    fn room(&mut self, size: usize) -> *mut u8 {
        if self.left < size {
            self.next_chunk(size);
        }
        Chunk::byte(self.place.chunk, self.place.at)
    }

    #[cold]
    fn next_chunk(&mut self, size: usize) {
        let fresh = self.fresh_chunk(size);
        match self.chunk() {
            None => self.shared.first.store(fresh, Ordering::Release),
            Some(chunk) => {
                if self.in_message() {
                    self.end_runs();
                }
                chunk.messages.store(self.messages, Ordering::Relaxed);
                chunk.end.store(self.place.at, Ordering::Relaxed);
                chunk.next.store(fresh, Ordering::Release);
            }
        }
        self.place = Place {
            chunk: fresh,
            at: 0,
            base: self.place.position(),
        };
        // SAFETY: just made or taken off the shelf; the capacity never changes.
        self.left = unsafe { (*fresh).capacity };
    }

    fn fresh_chunk(&self, size: usize) -> *mut Chunk {
        // Acquire pairs with the consumer's Release when it shelved the chunk: its reads are over.
        let shelved = self
            .shared
            .shelf
            .swap(std::ptr::null_mut(), Ordering::Acquire);
        // SAFETY: null, or a chunk that is the producer's alone now.
        if let Some(chunk) = unsafe { shelved.as_ref() } {
            if chunk.capacity >= size {
                chunk.next.store(std::ptr::null_mut(), Ordering::Relaxed);
                chunk.end.store(OPEN, Ordering::Relaxed);
                chunk.runs_to.store(OPEN, Ordering::Relaxed);
                return shelved;
            }
            // SAFETY: as above, and emptied.
            unsafe { Chunk::free(shelved) };
        }
        // Nothing was given back since the last one: the consumer lags behind.
        let wish = self
            .chunk()
            .map_or(FIRST_SIZE, |chunk| chunk.capacity * 2 + HEADER);
        Chunk::allocate(wish.min(LAST_SIZE).max(size))
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.roll_back();
    }
}
