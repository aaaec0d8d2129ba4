//! Receiving into a message that the caller has, and emptying one that was sent, in place.
//!
//! A block costs two calls of the allocator, and a reference to metadata two locked instructions. A program that
//! receives into one message over and over pays neither: what the message has is used again where nobody else has
//! a part in it. And only single fields are written: where a message is made elsewhere and moved, whoever looks
//! at it next waits for the bytes to arrive.

use std::alloc::{Layout, handle_alloc_error};
use std::mem::{ManuallyDrop, offset_of};
use std::sync::Arc;

use super::{BLOCK, Block, Body, Group, INLINE, INLINE_MAX, Long, Metadata, Msg, TAG};
use crate::errno::{Errno, Result};

/// Largest block that is kept for a smaller body, in bytes: no more than a short frame needs, so that little
/// is lost with a message that the program keeps.
const KEPT_MAX: usize = 2048;

impl Msg {
    /// Makes this a message of one frame with a copy of a small body, and with what is known of its connection.
    #[inline]
    pub fn refill(&mut self, body: &[u8], metadata: Option<&Arc<Metadata>>) {
        if self.metadata.as_ref().map(Arc::as_ptr) != metadata.map(Arc::as_ptr) {
            self.set_metadata(metadata);
        }
        if self.group.is_some() {
            self.group = None;
        }
        self.routing_id = 0;
        self.flags = 0;
        if body.len() <= INLINE_MAX {
            self.drop_body();
            let filled = ManuallyDrop::new(Self::inline_copy(body));
            (self.body, self.inline_len) = (filled.body, filled.inline_len);
            return;
        }
        if !self.has_block_for(body.len()) {
            self.drop_body();
            self.become_block(Self::block_for_small(body.len()));
        }
        let mut long = self.long();
        // SAFETY: the message holds a reference, which is borrowed here and not given up.
        let block = ManuallyDrop::new(unsafe { Block::from_raw(long.block) });
        (long.data, long.len) = (block.bytes(), body.len());
        self.body = Body { long };
        // SAFETY: the block has room for the body, and `body` cannot be in it: nobody else knows it.
        unsafe { std::ptr::copy_nonoverlapping(body.as_ptr(), long.data, long.len) };
    }

    /// Leaves an empty message where one was that had a [`Self::short_body`].
    #[inline]
    pub fn clear_short(&mut self) {
        debug_assert!(self.metadata.is_none() && self.group.is_none() && self.routing_id == 0);
        self.flags = 0;
        self.drop_body();
    }

    /// Leaves a body without bytes.
    #[inline]
    fn drop_body(&mut self) {
        let block = (self.place == BLOCK).then(|| self.long().block);
        self.place = INLINE;
        self.inline_len = 0;
        if let Some(block) = block {
            // SAFETY: the message owned one reference, which is given up here, once: it is inline by now.
            drop(unsafe { Block::from_raw(block) });
        }
    }

    /// Takes a block in place of a body without bytes.
    #[inline]
    fn become_block(&mut self, block: Block) {
        debug_assert!(self.place == INLINE);
        let long = Long {
            data: block.bytes(),
            len: 0,
            block: block.into_raw(),
        };
        self.body = Body { long };
        self.place = BLOCK;
    }

    /// Whether there is a block that is this message's alone and has room for so many bytes.
    #[inline]
    fn has_block_for(&self, len: usize) -> bool {
        if self.place != BLOCK {
            return false;
        }
        // SAFETY: the message holds a reference, which is borrowed here and not given up.
        let block = ManuallyDrop::new(unsafe { Block::from_raw(self.long().block) });
        // One that stands for a lent buffer has no room.
        (len..=KEPT_MAX).contains(&block.capacity()) && block.is_unique()
    }

    #[inline(never)]
    fn block_for_small(len: usize) -> Block {
        match (Block::for_program(len), Layout::array::<u8>(len)) {
            (Some(block), _) => block,
            // As with any small thing that the library makes for itself.
            (None, Ok(layout)) => handle_alloc_error(layout),
            (None, Err(_)) => unreachable!("a short body of {len} bytes"),
        }
    }

    /// As [`Self::new`], in the place where the message is to be.
    ///
    /// # Safety
    /// `place` is valid for writes of a message, and what is there is none.
    #[inline]
    pub unsafe fn init(place: *mut Self) {
        // SAFETY: by contract.
        unsafe { Self::init_tail(place, INLINE) };
    }

    /// As [`Self::with_size`], in the place where the message is to be.
    ///
    /// # Errors
    /// As [`Self::with_size`].
    ///
    /// # Safety
    /// As [`Self::init`].
    #[inline]
    pub unsafe fn init_with_size(place: *mut Self, len: usize) -> Result<()> {
        if len <= INLINE_MAX {
            let msg = Self::with_size(len)?;
            // SAFETY: by contract.
            unsafe { place.write(msg) };
            return Ok(());
        }
        let block = Block::for_program(len).ok_or(Errno::ENOMEM)?;
        let long = Long {
            data: block.bytes(),
            len,
            block: block.into_raw(),
        };
        // SAFETY: by contract; the body is what a message begins with.
        unsafe { place.cast::<Long>().write(long) };
        // SAFETY: by contract.
        unsafe { Self::init_tail(place, BLOCK) };
        Ok(())
    }

    /// Writes all that comes after the body, in pieces that are not read across their ends.
    ///
    /// # Safety
    /// As [`Self::init`].
    #[inline]
    unsafe fn init_tail(place: *mut Self, body_place: u8) {
        const _: () = assert!(offset_of!(Msg, routing_id) == 56 && offset_of!(Msg, tag) == 63);
        let at = |offset| place.cast::<u8>().wrapping_add(offset);
        let tail = [0, 0, 0, 0, 0, 0, body_place, TAG];
        let (metadata, group) = (
            at(offset_of!(Self, metadata)).cast::<Option<Arc<Metadata>>>(),
            at(offset_of!(Self, group)).cast::<Option<Arc<Group>>>(),
        );
        // SAFETY: a field of the message, by contract.
        unsafe { metadata.write(None) };
        // SAFETY: as above.
        unsafe { group.write(None) };
        let rest = at(offset_of!(Self, routing_id)).cast::<u64>();
        // SAFETY: the fields from `routing_id` to `tag`, whose last two are `place` and `tag`.
        unsafe { rest.write(u64::from_ne_bytes(tail)) };
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::c_void;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn metadata(n: i32) -> Arc<Metadata> {
        Arc::new(Metadata::new(Vec::new(), n))
    }

    fn body(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i * 7 + len) as u8).collect()
    }

    #[test]
    fn every_size_replaces_every_other() {
        let sizes = [0, 1, 16, 40, 41, 80, 81, 255, 272, 273, 2000, 2048, 70_000];
        for before in sizes {
            for after in sizes.into_iter().filter(|&len| len <= KEPT_MAX) {
                let mut msg = Msg::copy_of(&body(before)).unwrap();
                msg.set_more(true);
                msg.set_routing_id(7);
                msg.set_group(b"group").unwrap();
                msg.refill(&body(after), None);
                assert_eq!(msg.data(), body(after), "{before} {after}");
                assert!(!msg.is_more() && !msg.is_shared() && msg.is_valid());
                assert_eq!((msg.routing_id(), msg.group()), (0, &b"\0"[..]));
            }
        }
    }

    #[test]
    fn a_block_is_used_again_by_its_only_holder() {
        let mut msg = Msg::copy_of(&body(200)).unwrap();
        let place = msg.data().as_ptr();
        msg.skip(10);
        msg.refill(&body(150), None);
        assert_eq!((msg.data().as_ptr(), msg.data()), (place, &body(150)[..]));
        let copy = msg.share();
        msg.refill(&body(100), None);
        assert_eq!((copy.data(), msg.data()), (&body(150)[..], &body(100)[..]));
        assert!(copy.is_shared() && !msg.is_shared());
        // What a long message had is not kept for a short one.
        let mut msg = Msg::copy_of(&body(70_000)).unwrap();
        let place = msg.data().as_ptr();
        msg.refill(&body(100), None);
        assert_ne!(msg.data().as_ptr(), place);
    }

    #[test]
    fn lent_buffers_are_given_back() {
        static FREED: AtomicUsize = AtomicUsize::new(0);
        unsafe extern "C-unwind" fn free(_data: *mut c_void, _hint: *mut c_void) {
            FREED.fetch_add(1, Ordering::Relaxed);
        }
        let mut buffer = body(300);
        let start = buffer.as_mut_ptr();
        for (free, freed) in [(None, 0), (Some(free as crate::msg::FreeFn), 1)] {
            // SAFETY: the buffer outlives the messages, and `free` only counts.
            let mut msg =
                unsafe { Msg::from_user(start, 300, free, std::ptr::null_mut()) }.unwrap();
            msg.refill(&[1; 100], None);
            assert_eq!(FREED.load(Ordering::Relaxed), freed);
            assert_eq!(msg.data(), [1; 100]);
        }
        assert_eq!(buffer, body(300));
    }

    #[test]
    fn each_message_tells_of_its_connection() {
        let (one, other) = (metadata(1), metadata(2));
        let mut msg = Msg::new();
        for len in [10, 100] {
            for told in [None, Some(&one), Some(&one), Some(&other), None] {
                msg.refill(&body(len), told);
                assert_eq!(
                    msg.metadata().map(Arc::as_ptr),
                    told.map(Arc::as_ptr),
                    "{len}"
                );
            }
        }
    }

    #[test]
    fn what_is_sent_is_empty() {
        for len in [0, 40, 41, 255] {
            let mut msg = Msg::copy_of(&body(len)).unwrap();
            msg.set_more(true);
            msg.clear_short();
            assert!(msg.is_empty() && msg.is_valid() && !msg.is_more());
        }
    }

    #[test]
    fn messages_are_made_in_their_place() {
        for len in [0, 40, 41, 100, 272, 273, 5000, 200_000] {
            let mut place = [0xFF_FF_u64; 8];
            let place: *mut Msg = place.as_mut_ptr().cast();
            // SAFETY: valid for writes, and no message yet.
            unsafe { Msg::init_with_size(place, len) }.unwrap();
            // SAFETY: made just now.
            let mut msg = unsafe { place.read() };
            assert!(msg.is_valid() && msg.metadata().is_none() && !msg.is_more());
            assert_eq!(
                (msg.len(), msg.routing_id(), msg.group()),
                (len, 0, &b"\0"[..])
            );
            msg.data_mut().unwrap().fill(3);
            assert_eq!(msg.short_body().is_some(), len <= 255);
        }
        let mut place = std::mem::MaybeUninit::<Msg>::uninit();
        // SAFETY: valid for writes, and no message yet.
        unsafe { Msg::init(place.as_mut_ptr()) };
        // SAFETY: made just now.
        let msg = unsafe { place.as_ptr().read() };
        assert!(msg.is_valid() && msg.is_empty() && msg.metadata().is_none());
        // SAFETY: valid for writes, and no message yet.
        let none = unsafe { Msg::init_with_size(place.as_mut_ptr(), usize::MAX) };
        assert_eq!(none, Err(Errno::ENOMEM));
    }
}
