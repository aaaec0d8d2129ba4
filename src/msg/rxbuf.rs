//! Receive buffer of one connection: bytes from the stream on their way to being messages.
//!
//! Small bodies are copied out, larger ones become windows of the block they were read into, and
//! bodies that will not fit are read straight into a block of their own. An idle connection holds
//! no block at all.

use std::io::IoSliceMut;

use zeroize::Zeroize;

use super::block::Block;
use super::{INLINE_MAX, Msg};
use crate::errno::{Errno, Result};

/// Size of the block that reads go into, in bytes.
const BLOCK_SIZE: usize = 64 * 1024;
/// A read is not started into less room than this.
const MIN_ROOM: usize = 8 * 1024;
/// An incomplete body longer than this gets a block of its own.
const OWN_BLOCK: usize = 8 * 1024;
/// How much a read may take beyond the end of a large body: it will be copied if it is the head
/// of the next one.
const READ_BEYOND: usize = 8 * 1024;
/// Room that a body gets ahead of its bytes; beyond it, its block grows with what arrives.
const TRUSTED_BODY: usize = 64 * 1024 * 1024;
/// A longer body than this can never be had: a process has no such address space.
const POSSIBLE_BODY: usize = 1 << 46;

/// Bytes received but not yet decoded.
#[derive(Default)]
pub struct RxBuf {
    block: Option<Block>,
    start: usize,
    end: usize,
    body: Option<LargeBody>,
    /// Bodies are copied out of the block, so that one message that is kept does not keep it.
    copies: bool,
}

struct LargeBody {
    block: Block,
    filled: usize,
    len: usize,
}

impl std::fmt::Debug for RxBuf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RxBuf")
            .field("unread", &(self.end - self.start))
            .field(
                "body",
                &self.body.as_ref().map(|body| (body.filled, body.len)),
            )
            .finish()
    }
}

impl RxBuf {
    /// An empty buffer, without memory.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            block: None,
            start: 0,
            end: 0,
            body: None,
            copies: false,
        }
    }

    /// As [`Self::new`], with every body copied out (`ZMQ_ZERO_COPY_RECV` of the context is 0).
    #[must_use]
    pub const fn copying() -> Self {
        let mut rx = Self::new();
        rx.copies = true;
        rx
    }

    /// The bytes not yet consumed.
    #[must_use]
    #[inline]
    pub fn unread(&self) -> &[u8] {
        let Some(block) = &self.block else { return &[] };
        debug_assert!(self.start <= self.end && self.end <= block.capacity());
        // SAFETY: `start <= end <= capacity`, those bytes were read from the stream, and windows
        // given to messages lie before `start`.
        unsafe { std::slice::from_raw_parts(block.at(self.start), self.end - self.start) }
    }

    /// The bytes not yet consumed, for changing them.
    #[must_use]
    pub fn unread_mut(&mut self) -> &mut [u8] {
        let Some(block) = &self.block else {
            return &mut [];
        };
        debug_assert!(self.start <= self.end && self.end <= block.capacity());
        // SAFETY: `start` is at most the block's capacity.
        let first = unsafe { block.bytes().add(self.start) };
        // SAFETY: the bytes up to `end` were read from the stream, no message has a window on them,
        // and `self` is borrowed for as long as the slice lives.
        unsafe { std::slice::from_raw_parts_mut(first, self.end - self.start) }
    }

    /// Skips `n` unread bytes; at most all of them.
    #[inline]
    pub fn consume(&mut self, n: usize) {
        self.start += n.min(self.end - self.start);
    }

    /// Wipes what was consumed of the buffer's own block, if no message has a window on it.
    pub fn wipe_consumed(&mut self) {
        let Some(block) = self.block.as_ref().filter(|block| block.is_unique()) else {
            return;
        };
        // SAFETY: `start` is at most the block's capacity, those bytes were read from the stream, and
        // `self` is borrowed for as long as the slice lives.
        let consumed = unsafe { std::slice::from_raw_parts_mut(block.bytes(), self.start) };
        consumed.zeroize();
    }

    /// Makes the next `n` unread bytes (or all, if there are fewer) a message body.
    ///
    /// # Errors
    /// `ENOMEM` if there is no memory for a body that must be copied.
    #[inline]
    pub fn take(&mut self, n: usize) -> Result<Msg> {
        let n = n.min(self.end - self.start);
        if n <= INLINE_MAX {
            let unread = self.unread();
            let msg = match unread.first_chunk::<INLINE_MAX>() {
                Some(stretch) => Msg::inline_head(stretch, n),
                None => Msg::inline_copy(&unread[..n]),
            };
            self.start += n;
            return Ok(msg);
        }
        if self.copies {
            let msg = Msg::copy_of(&self.unread()[..n])?;
            self.start += n;
            return Ok(msg);
        }
        let Some(block) = &self.block else {
            return Ok(Msg::new());
        };
        let data = block.at(self.start);
        self.start += n;
        Ok(Msg::in_block(block.clone(), data, n))
    }

    /// Whether an incomplete body of `n` bytes is to be read by [`Self::start_body`] rather than
    /// waited for in the buffer.
    #[must_use]
    pub fn wants_body(&self, n: usize) -> bool {
        n > OWN_BLOCK
    }

    /// Starts a body of `n` bytes in a block of its own, beginning with what is unread.
    ///
    /// # Errors
    /// `ENOMEM` if there is no memory for it, or can never be.
    pub fn start_body(&mut self, n: usize) -> Result<()> {
        if n > POSSIBLE_BODY {
            return Err(Errno::ENOMEM);
        }
        let block = Block::with_capacity(n.min(TRUSTED_BODY))?;
        let head = self.unread();
        let filled = head.len().min(n).min(block.capacity());
        // SAFETY: `filled` bytes are readable in `head` and fit the fresh block.
        unsafe { std::ptr::copy_nonoverlapping(head.as_ptr(), block.bytes(), filled) };
        self.consume(filled);
        self.body = Some(LargeBody {
            block,
            filled,
            len: n,
        });
        Ok(())
    }

    /// The body begun by [`Self::start_body`], once all of it is there.
    pub fn finish_body(&mut self) -> Option<Msg> {
        let body = self.body.take_if(|body| body.filled == body.len)?;
        let data = body.block.bytes();
        Some(Msg::in_block(body.block, data, body.len))
    }

    /// Whether a body begun by [`Self::start_body`] is still incomplete.
    #[must_use]
    pub fn in_body(&self) -> bool {
        self.body
            .as_ref()
            .is_some_and(|body| body.filled < body.len)
    }

    /// Whether a body was begun by [`Self::start_body`] and not taken yet.
    #[must_use]
    pub fn has_body(&self) -> bool {
        self.body.is_some()
    }

    /// Reads once: gives `read` the places that the next bytes belong to, in order, and books the
    /// number of bytes it returns. Also returns how much room `read` was given.
    ///
    /// # Errors
    /// `ENOMEM`, or what `read` fails with.
    pub fn fill<E>(
        &mut self,
        read: impl FnOnce(&mut [IoSliceMut<'_>]) -> std::result::Result<usize, E>,
    ) -> std::result::Result<(usize, usize), E>
    where
        E: From<Errno>,
    {
        self.make_room()?;
        let mut body_room: &mut [u8] = &mut [];
        if let Some(body) = &mut self.body {
            body.grow()?;
            let room = body.block.capacity().min(body.len) - body.filled;
            // SAFETY: `filled + room` is at most the block's capacity, the block has no other
            // holder yet, and pages of the allocator may hold any bytes.
            body_room = unsafe { std::slice::from_raw_parts_mut(body.block.at(body.filled), room) };
        }
        let body_len = body_room.len();
        let mut tail_room: &mut [u8] = &mut [];
        if let Some(block) = &self.block {
            let room = block.capacity() - self.end;
            let room = if body_len > 0 {
                room.min(READ_BEYOND)
            } else {
                room
            };
            // SAFETY: bytes from `end` on lie in no message's window and in no other slice.
            tail_room = unsafe { std::slice::from_raw_parts_mut(block.at(self.end), room) };
        }
        // Only a body that ends with this read is followed by something.
        let body_ends = self
            .body
            .as_ref()
            .is_none_or(|body| body.filled + body_len == body.len);
        let room = body_len + if body_ends { tail_room.len() } else { 0 };
        let n = match (body_len > 0, body_ends) {
            (true, true) => read(&mut [IoSliceMut::new(body_room), IoSliceMut::new(tail_room)]),
            (true, false) => read(&mut [IoSliceMut::new(body_room)]),
            (false, _) => read(&mut [IoSliceMut::new(tail_room)]),
        }?
        .min(room);
        if let Some(body) = &mut self.body {
            body.filled += n.min(body_len);
        }
        self.end += n.saturating_sub(body_len);
        Ok((n, room))
    }

    /// Gives the memory back if nothing is unread.
    pub fn release_if_idle(&mut self) {
        if self.start == self.end && self.block.as_ref().is_some_and(Block::is_unique) {
            self.block = None;
            self.start = 0;
            self.end = 0;
        }
    }

    fn make_room(&mut self) -> Result<()> {
        if let Some(block) = &self.block {
            if self.start == self.end && block.is_unique() {
                self.start = 0;
                self.end = 0;
            }
            if block.capacity() - self.end >= MIN_ROOM {
                return Ok(());
            }
        }
        let fresh = Block::with_capacity(BLOCK_SIZE)?;
        let left = self.unread();
        let len = left.len();
        if fresh.capacity().saturating_sub(len) < MIN_ROOM {
            // Only a caller that neither takes nor consumes gets here; let it have more room.
            let larger = Block::with_capacity(len.saturating_mul(2))?;
            self.move_to(&larger, len);
            self.block = Some(larger);
            return Ok(());
        }
        self.move_to(&fresh, len);
        self.block = Some(fresh);
        Ok(())
    }

    /// Moves what is left, `len` bytes, to the start of another block, which is to take this one's place.
    fn move_to(&mut self, block: &Block, len: usize) {
        let left = self.unread();
        // SAFETY: the new block is larger than what is left and is no message's yet.
        unsafe { std::ptr::copy_nonoverlapping(left.as_ptr(), block.bytes(), len) };
        self.start = 0;
        self.end = len;
    }
}

impl LargeBody {
    /// Makes room for more where the block was smaller than the announced length.
    fn grow(&mut self) -> Result<()> {
        let capacity = self.block.capacity();
        if self.filled < capacity.min(self.len) {
            return Ok(());
        }
        if self.filled == self.len {
            return Ok(());
        }
        let block = Block::with_capacity(capacity.saturating_mul(2).min(self.len))?;
        // SAFETY: `filled` bytes were read into the old block, and the new one is larger.
        unsafe {
            std::ptr::copy_nonoverlapping(self.block.bytes(), block.bytes(), self.filled);
        }
        self.block = block;
        Ok(())
    }
}
