//! The reading side of a queue.

use super::bytes::{copy_body, read_msg, short_body};
use super::chunk::{Chunk, Place};
use super::{LONG, MESSAGE_BITS, MESSAGE_MASK, MORE, PLAIN, Shared, WHOLE, WHOLE_SIZE};
use crate::msg::Msg;
use crate::pipe::Origin;
use crate::sync::{Arc, Ordering};

/// The reading side.
pub(crate) struct Consumer {
    shared: Arc<Shared>,
    place: Place,
    /// Up to where the chunk's bytes are known to be visible.
    limit: usize,
    messages: usize,
    tail_seen: u64,
    /// The connection that the frame read last came by.
    origin: Option<Origin>,
}

// SAFETY: each side alone touches its raw chunk pointer, so it may move between threads with it.
unsafe impl Send for Consumer {}

/// A frame that was read without its body becoming a message.
#[derive(Clone, Copy, Debug)]
pub struct BodyRead {
    /// Its full length in bytes.
    pub len: usize,
    /// Whether more frames of its message follow.
    pub more: bool,
}

impl BodyRead {
    /// Copies as much of a frame's body as `into` has room for.
    pub fn of(frame: &Msg, into: &mut [u8]) -> Self {
        let body = frame.data();
        let kept = body.len().min(into.len());
        into[..kept].copy_from_slice(&body[..kept]);
        Self {
            len: body.len(),
            more: frame.is_more(),
        }
    }
}

impl Consumer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            place: Place::START,
            limit: 0,
            messages: 0,
            tail_seen: 0,
            origin: None,
        }
    }

    /// What is known of the connection that the frame read last came by.
    #[inline]
    pub(crate) fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Says what is known of it, until the producer does.
    pub(crate) fn set_origin(&mut self, origin: Option<Origin>) {
        self.origin = origin;
    }

    /// Takes the next visible frame into a place whose value is dropped; false: nothing there.
    #[inline]
    pub(crate) fn pop_into(&mut self, place: &mut Msg) -> bool {
        if !self.has_next() {
            return false;
        }
        let record = Chunk::byte(self.place.chunk, self.place.at);
        // SAFETY: a record begins here, which was written before the tail was stored.
        let flags = unsafe { record.read() };
        if flags == WHOLE {
            // SAFETY: as above; the value is read once.
            *place = unsafe { read_msg(record.wrapping_add(1)) };
            self.took(WHOLE_SIZE, place.is_more());
            if place.is_origin() {
                return self.pass_origin(place);
            }
        } else {
            // SAFETY: a short frame, whose body is in the same chunk.
            let (body, head) = unsafe { short_body(record) };
            place.refill(body, None);
            place.set_more(flags & MORE != 0);
            self.took(head + body.len(), flags & MORE != 0);
        }
        true
    }

    /// Takes in the note that was read into `place`, and reads the frame that follows.
    #[cold]
    fn pass_origin(&mut self, place: &mut Msg) -> bool {
        self.origin = place.take().into_origin();
        self.pop_into(place)
    }

    /// If the next frame came by another connection than the one before, takes that in.
    #[inline]
    pub(crate) fn look_at_origin(&mut self) {
        if self.next_whole_is(Msg::is_origin) {
            let record = Chunk::byte(self.place.chunk, self.place.at);
            // SAFETY: a whole record, as was seen; the value is read once.
            let note = unsafe { read_msg(record.wrapping_add(1)) };
            self.took(WHOLE_SIZE, note.is_more());
            self.origin = note.into_origin();
        }
    }

    /// Takes the next visible frame and copies as much of its body as `into` has room for, if `wanted` says so
    /// of the body, which is told; else the frame is dropped.
    #[inline]
    pub(crate) fn pop_body_if(
        &mut self,
        into: &mut [u8],
        wanted: impl FnOnce(&[u8]) -> bool,
    ) -> Option<(BodyRead, bool)> {
        if !self.has_next() {
            return None;
        }
        let record = Chunk::byte(self.place.chunk, self.place.at);
        // SAFETY: a record begins here, which was written before the tail was stored.
        let flags = unsafe { record.read() };
        if flags == WHOLE {
            return self.pop_whole_body(into, wanted);
        }
        // SAFETY: a short frame, whose body is in the same chunk.
        let (body, head) = unsafe { short_body(record) };
        let is_wanted = wanted(body);
        let kept = if is_wanted {
            body.len().min(into.len())
        } else {
            0
        };
        // SAFETY: both are valid for that many bytes, and the caller's buffer is not ours.
        unsafe { copy_body(body.as_ptr(), into.as_mut_ptr(), kept) };
        let (len, more) = (body.len(), flags & MORE != 0);
        self.took(head + len, more);
        Some((BodyRead { len, more }, is_wanted))
    }

    /// As [`Self::pop_body_if`], of a short frame that is a message by itself; `None`: what is next, if
    /// anything, is no such thing.
    #[inline]
    pub(crate) fn pop_plain(&mut self, into: &mut [u8]) -> Option<usize> {
        self.pop_plain_by(|body, _| {
            let kept = body.len().min(into.len());
            // SAFETY: both are valid for that many bytes, and the caller's buffer is not ours.
            unsafe { copy_body(body.as_ptr(), into.as_mut_ptr(), kept) };
            body.len()
        })
    }

    /// As [`Self::pop_plain`], with the body given to `put`, and what [`Self::origin`] says.
    #[inline]
    pub(crate) fn pop_plain_by<R>(
        &mut self,
        put: impl FnOnce(&[u8], Option<&Origin>) -> R,
    ) -> Option<R> {
        let (body, head) = self.next_plain()?;
        let result = put(body, self.origin.as_ref());
        self.took(head + body.len(), false);
        Some(result)
    }

    #[inline]
    fn next_plain(&mut self) -> Option<(&'static [u8], usize)> {
        if !self.has_next() {
            return None;
        }
        let record = Chunk::byte(self.place.chunk, self.place.at);
        // SAFETY: a record begins here, which was written before the tail was stored.
        if unsafe { record.read() } & !LONG != PLAIN {
            return None;
        }
        // SAFETY: a short frame, whose body is in the same chunk, and stays until it was taken.
        Some(unsafe { short_body(record) })
    }

    fn pop_whole_body(
        &mut self,
        into: &mut [u8],
        wanted: impl FnOnce(&[u8]) -> bool,
    ) -> Option<(BodyRead, bool)> {
        let mut msg = Msg::new();
        if !self.pop_into(&mut msg) {
            return None;
        }
        let is_wanted = wanted(msg.data());
        let into = if is_wanted { into } else { &mut [] };
        Some((BodyRead::of(&msg, into), is_wanted))
    }

    #[inline]
    fn took(&mut self, size: usize, more: bool) {
        self.place.at += size;
        if !more {
            self.messages = self.messages.wrapping_add(1);
        }
    }

    /// Takes a run of short frames, given to `put` as they are on the wire. False: what is next is no
    /// such thing. Only at the beginning of a message; whole messages are taken.
    #[inline]
    pub(crate) fn pop_run(&mut self, put: impl FnOnce(&[u8])) -> bool {
        if !self.has_next() {
            return false;
        }
        // SAFETY: something is visible, so the consumer stands in a live chunk.
        let chunk = unsafe { &*self.place.chunk };
        let runs_to = chunk.runs_to.load(Ordering::Relaxed);
        let to = self.limit.min(runs_to);
        if self.place.at >= to {
            return false;
        }
        let limit = self.place.base.wrapping_add(self.limit as u64) & (u64::MAX >> MESSAGE_BITS);
        let messages = if runs_to < self.limit {
            chunk.run_messages.load(Ordering::Relaxed)
        } else if self.tail_seen >> MESSAGE_BITS == limit {
            // Far fewer than the mask can count fit into a chunk.
            let seen = self.tail_seen & MESSAGE_MASK;
            let news = seen.wrapping_sub(self.messages as u64) & MESSAGE_MASK;
            self.messages.wrapping_add(news as usize)
        } else {
            // The tail lies beyond the chunk, which the producer has left for good.
            chunk.messages.load(Ordering::Relaxed)
        };
        let start = Chunk::byte(self.place.chunk, self.place.at);
        // SAFETY: the bytes up to the limit, and so those of the run, were written before the tail was stored, and
        // are the consumer's until it goes on.
        put(unsafe { std::slice::from_raw_parts(start, to - self.place.at) });
        self.place.at = to;
        self.messages = messages;
        true
    }

    /// Whether the next visible frame is no short one, and the test holds for it.
    pub(in crate::pipe) fn next_whole_is(&mut self, test: impl FnOnce(&Msg) -> bool) -> bool {
        if !self.has_next() {
            return false;
        }
        let record = Chunk::byte(self.place.chunk, self.place.at);
        // SAFETY: a record begins here, which was written before the tail was stored.
        if unsafe { record.read() } != WHOLE {
            return false;
        }
        // SAFETY: the value is only looked at, and stays where it is.
        let frame = std::mem::ManuallyDrop::new(unsafe { read_msg(record.wrapping_add(1)) });
        test(&frame)
    }

    /// Messages read so far.
    #[inline]
    pub(crate) fn messages(&self) -> usize {
        self.messages
    }

    /// Whether a frame is visible.
    #[inline]
    pub(crate) fn has_next(&mut self) -> bool {
        self.place.at != self.limit || self.look()
    }

    /// Looks how far the producer has come, and into the next chunk where this one is used up.
    fn look(&mut self) -> bool {
        let tail = self.shared.tail.0.load(Ordering::Acquire);
        self.tail_seen = tail;
        let ahead =
            (tail >> MESSAGE_BITS).wrapping_sub(self.place.position()) & (u64::MAX >> MESSAGE_BITS);
        if ahead == 0 {
            return false;
        }
        if self.place.chunk.is_null() {
            self.place.chunk = self.shared.first.load(Ordering::Acquire);
        }
        let mut end = self.end();
        if self.place.at == end {
            self.next_chunk();
            end = self.end();
        }
        let visible = usize::try_from(ahead).unwrap_or(usize::MAX);
        self.limit = end.min(self.place.at.saturating_add(visible));
        true
    }

    fn end(&self) -> usize {
        // SAFETY: the consumer's chunk is alive until it leaves it.
        unsafe { (*self.place.chunk).end.load(Ordering::Relaxed) }
    }

    fn next_chunk(&mut self) {
        let left = self.place.chunk;
        // SAFETY: the consumer's chunk is alive; that its end is known means that there is a next one.
        let next = unsafe { (*left).next.load(Ordering::Acquire) };
        self.place = Place {
            chunk: next,
            at: 0,
            base: self.place.position(),
        };
        let displaced = self.shared.shelf.swap(left, Ordering::AcqRel);
        if !displaced.is_null() {
            // SAFETY: made by `Chunk::allocate`, left by both sides, and off the shelf now.
            unsafe { Chunk::free(displaced) };
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let mut left = Msg::new();
        while self.pop_into(&mut left) {}
        // SAFETY: only this drop writes the cell, and only the drop of `Shared` reads it.
        unsafe { self.shared.left_at.get().write(self.place) };
    }
}
