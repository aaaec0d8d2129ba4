//! Messages: the value behind `zmq_msg_t`, and the buffer that received bytes become messages in.
//!
//! A message is 64 bytes. A small body lives inside it, a larger one in a counted [`block`];
//! moving a message never copies its body. Nothing here knows of sockets, pipes or the wire.

mod block;
mod edit;
mod marks;
mod metadata;
mod refill;
mod rxbuf;
mod secret;
mod spare;

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::Arc;

use block::Block;
pub use block::{FreeFn, Unlent};
use marks::{Group, MORE, SHARED};
pub use metadata::Metadata;
pub use rxbuf::RxBuf;

use crate::errno::{Errno, Result};

/// Longest body that lives inside the message itself, in bytes.
pub const INLINE_MAX: usize = 40;

/// The last byte of every valid message; a zeroed or closed `zmq_msg_t` lacks it.
const TAG: u8 = 0xA5;

/// Where the body is.
const INLINE: u8 = 1;
/// In a block that this message holds a reference to.
const BLOCK: u8 = 2;
/// In memory that outlives every message (lent without a free function).
const STATIC: u8 = 3;

#[derive(Clone, Copy)]
#[repr(C)]
struct Long {
    data: *mut u8,
    len: usize,
    /// `Block::into_raw`, null for `STATIC`.
    block: *mut c_void,
}

#[derive(Clone, Copy)]
#[repr(C)]
union Body {
    inline: [MaybeUninit<u8>; INLINE_MAX],
    long: Long,
}

/// One frame of a message, with the layout of `zmq_msg_t`.
#[repr(C, align(8))]
pub struct Msg {
    body: Body,
    metadata: Option<Arc<Metadata>>,
    /// Group name, zero-terminated (RADIO and DISH).
    group: Option<Arc<Group>>,
    routing_id: u32,
    inline_len: u8,
    flags: u8,
    place: u8,
    tag: u8,
}

const _: () = assert!(size_of::<Msg>() == 64);
const _: () = assert!(align_of::<Msg>() == align_of::<*const ()>());

// SAFETY: a message owns its window of the block exclusively, or shares it read-only with copies
// of itself; lent buffers may by contract be used and freed on any thread.
unsafe impl Send for Msg {}
// SAFETY: `&Msg` allows only reads.
unsafe impl Sync for Msg {}

impl Default for Msg {
    fn default() -> Self {
        Self::new()
    }
}

impl Msg {
    /// An empty message (`zmq_msg_init(3)`).
    #[must_use]
    #[inline]
    pub const fn new() -> Self {
        Self::with_body(
            Body {
                inline: [MaybeUninit::uninit(); INLINE_MAX],
            },
            INLINE,
        )
    }

    #[inline]
    const fn with_body(body: Body, place: u8) -> Self {
        Self {
            body,
            metadata: None,
            group: None,
            routing_id: 0,
            inline_len: 0,
            flags: 0,
            place,
            tag: TAG,
        }
    }

    /// A message of `len` bytes of unspecified content (`zmq_msg_init_size(3)`).
    ///
    /// # Errors
    /// `ENOMEM` if there is no memory for the body.
    pub fn with_size(len: usize) -> Result<Self> {
        if let Ok(small) = u8::try_from(len)
            && len <= INLINE_MAX
        {
            // Zeroed so that the bytes are readable before the caller has written them.
            let mut msg = Self::with_body(
                Body {
                    inline: [MaybeUninit::new(0); INLINE_MAX],
                },
                INLINE,
            );
            msg.inline_len = small;
            return Ok(msg);
        }
        let block = Block::for_program(len).ok_or(Errno::ENOMEM)?;
        let data = block.bytes();
        Ok(Self::in_block(block, data, len))
    }

    /// A message with a copy of `data`.
    ///
    /// # Errors
    /// `ENOMEM` if there is no memory for the body.
    #[inline]
    pub fn copy_of(data: &[u8]) -> Result<Self> {
        if data.len() <= INLINE_MAX {
            return Ok(Self::inline_copy(data));
        }
        let mut msg = Self::with_size(data.len())?;
        // SAFETY: the body was just made with this length and cannot overlap `data`.
        unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), msg.data_mut_ptr(), data.len()) };
        Ok(msg)
    }

    /// The first `INLINE_MAX` bytes of `data`, by moves of fixed sizes: short bodies are worth no call.
    #[inline]
    fn inline_copy(data: &[u8]) -> Self {
        let len = data.len().min(INLINE_MAX);
        let mut stretch = [0; INLINE_MAX];
        if let (Some(head), Some(tail)) = (data.first_chunk::<16>(), data.last_chunk::<16>()) {
            stretch[..16].copy_from_slice(head);
            if len > 32 {
                stretch[16..32].copy_from_slice(&data[16..32]);
            }
            stretch[len - 16..len].copy_from_slice(tail);
        } else if let (Some(head), Some(tail)) = (data.first_chunk::<8>(), data.last_chunk::<8>()) {
            stretch[..8].copy_from_slice(head);
            stretch[len - 8..len].copy_from_slice(tail);
        } else if let (Some(head), Some(tail)) = (data.first_chunk::<4>(), data.last_chunk::<4>()) {
            stretch[..4].copy_from_slice(head);
            stretch[len - 4..len].copy_from_slice(tail);
        } else {
            for (to, from) in stretch.iter_mut().zip(data) {
                *to = *from;
            }
        }
        Self::inline_head(&stretch, len)
    }

    /// A message of the first `len` bytes of a longer stretch: one copy of known length.
    #[inline]
    fn inline_head(stretch: &[u8; INLINE_MAX], len: usize) -> Self {
        debug_assert!(len <= INLINE_MAX);
        let inline = stretch.map(MaybeUninit::new);
        let mut msg = Self::with_body(Body { inline }, INLINE);
        msg.inline_len = len.min(INLINE_MAX) as u8;
        msg
    }

    /// A message that lends the caller's buffer (`zmq_msg_init_data(3)`). `free` is called once,
    /// by whatever thread drops the last reference; without it the buffer lives for ever.
    ///
    /// # Errors
    /// `ENOMEM` if there is no memory for the bookkeeping.
    ///
    /// # Safety
    /// `data` is valid for reads and writes of `len` bytes until `free` is called, and `free` may be
    /// called from any thread.
    pub unsafe fn from_user(
        data: *mut u8,
        len: usize,
        free: Option<FreeFn>,
        hint: *mut c_void,
    ) -> Result<Self> {
        let (block, place, flags) = match free {
            Some(free) => (Block::lent(data.cast(), free, hint)?.into_raw(), BLOCK, 0),
            None => (std::ptr::null_mut(), STATIC, SHARED),
        };
        let mut msg = Self::with_body(
            Body {
                long: Long { data, len, block },
            },
            place,
        );
        msg.flags = flags;
        Ok(msg)
    }

    #[inline]
    fn in_block(block: Block, data: *mut u8, len: usize) -> Self {
        let long = Long {
            data,
            len,
            block: block.into_raw(),
        };
        Self::with_body(Body { long }, BLOCK)
    }

    #[inline]
    fn long(&self) -> Long {
        debug_assert!(self.place != INLINE);
        // SAFETY: every place but `INLINE` (which callers exclude) has `long` in the union.
        unsafe { self.body.long }
    }

    /// The body.
    #[must_use]
    #[inline]
    pub fn data(&self) -> &[u8] {
        if self.place == INLINE {
            let start = (&raw const self.body).cast::<u8>();
            // SAFETY: `inline_len` bytes of the array were written when the message was made.
            return unsafe { std::slice::from_raw_parts(start, usize::from(self.inline_len)) };
        }
        let long = self.long();
        if long.len == 0 {
            // A lent buffer of length zero may have any address, null too.
            return &[];
        }
        // SAFETY: the window is alive as long as the message holds its block, or for ever.
        unsafe { std::slice::from_raw_parts(long.data, long.len) }
    }

    /// The body, if it can travel as nothing but its bytes: it has at most 255, nothing else belongs to
    /// it, and no program lent it.
    #[must_use]
    #[inline]
    pub fn short_body(&self) -> Option<&[u8]> {
        let bare = self.metadata.is_none()
            && self.group.is_none()
            && self.routing_id == 0
            && !self.is_subscription();
        if !bare || self.len() > 255 {
            return None;
        }
        (self.place != STATIC && !self.is_lent()).then(|| self.data())
    }

    /// Whether the body is a buffer that a program lent and is to get back.
    #[must_use]
    #[inline]
    pub fn is_lent(&self) -> bool {
        if self.place != BLOCK {
            return false;
        }
        // SAFETY: the message holds a reference, which is borrowed here and not given up.
        let block = std::mem::ManuallyDrop::new(unsafe { Block::from_raw(self.long().block) });
        block.is_lent()
    }

    /// A frame with a copy of a small body.
    #[must_use]
    #[inline]
    pub fn of_short_frame(body: &[u8], more: bool) -> Self {
        let mut msg = if body.len() <= INLINE_MAX {
            Self::inline_copy(body)
        } else {
            Self::copy_of_small(body)
        };
        msg.flags = if more { MORE } else { 0 };
        msg
    }

    fn copy_of_small(body: &[u8]) -> Self {
        match Self::copy_of(body) {
            Ok(msg) => msg,
            // As with any small thing that the library makes for itself.
            Err(_) => std::alloc::handle_alloc_error(std::alloc::Layout::for_value(body)),
        }
    }

    /// First byte of the body, for callers that fill it; stable until the message is moved or dropped.
    #[inline]
    pub fn data_mut_ptr(&mut self) -> *mut u8 {
        if self.place == INLINE {
            (&raw mut self.body).cast()
        } else {
            self.long().data
        }
    }

    /// Length of the body in bytes.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        if self.place == INLINE {
            usize::from(self.inline_len)
        } else {
            self.long().len
        }
    }

    /// Whether the body has no bytes.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A second message with the same body (`zmq_msg_copy(3)`): a large body is shared.
    #[must_use]
    pub fn share(&mut self) -> Self {
        if self.place == BLOCK {
            self.flags |= SHARED;
        }
        self.duplicate()
    }

    /// As [`Self::share`], for messages in transit, which no program asks whether they are shared.
    #[must_use]
    #[inline]
    pub fn duplicate(&self) -> Self {
        let body = self.body;
        if self.place == BLOCK {
            // SAFETY: the message holds a reference, which `from_raw` borrows and `forget` gives back.
            let block = std::mem::ManuallyDrop::new(unsafe { Block::from_raw(self.long().block) });
            std::mem::forget(Block::clone(&block));
        }
        Self {
            body,
            metadata: self.metadata.clone(),
            group: self.group.clone(),
            routing_id: self.routing_id,
            inline_len: self.inline_len,
            flags: self.flags,
            place: self.place,
            tag: TAG,
        }
    }

    /// Whether the body may have other holders (`ZMQ_SHARED`).
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.flags & SHARED != 0
    }

    /// Takes the message, leaving an empty one.
    #[must_use]
    #[inline]
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// Whether this is a message at all: a zeroed or closed `zmq_msg_t` is not.
    #[must_use]
    #[inline]
    pub fn is_valid(&self) -> bool {
        self.tag == TAG && matches!(self.place, INLINE | BLOCK | STATIC)
    }

    /// Drops the message in place and leaves bytes for which [`Self::is_valid`] is false
    /// (`zmq_msg_close(3)`). A lent buffer that nobody needs any more is the caller's to give back.
    ///
    /// # Safety
    /// `this` points to a valid message that nobody uses as one afterwards, unless it is made anew.
    pub unsafe fn close_in_place(this: *mut Self) -> Option<Unlent> {
        // SAFETY: `this` is a valid message by contract, and this borrow ends before its parts are dropped.
        let msg = unsafe { &mut *this };
        let (metadata, group) = (msg.metadata.take(), msg.group.take());
        let block = (msg.place == BLOCK).then(|| msg.long().block);
        msg.tag = 0;
        // Nothing of the place is used any more: a free function may free its memory, or close it once more.
        drop(group);
        if let Some(metadata) = metadata {
            spare::keep_metadata(metadata);
        }
        // SAFETY: the message owned one reference, given up here once: what is left is only bytes.
        let block = block.map(|block| unsafe { Block::from_raw(block) });
        block.and_then(Block::drop_unlent)
    }
}

impl Drop for Msg {
    #[inline]
    fn drop(&mut self) {
        if self.place == BLOCK {
            // SAFETY: the message owns one reference, given up here once.
            drop(unsafe { Block::from_raw(self.long().block) });
        }
        if let Some(metadata) = self.metadata.take() {
            spare::keep_metadata(metadata);
        }
    }
}

impl std::fmt::Debug for Msg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let data = self.data();
        f.debug_struct("Msg")
            .field("len", &data.len())
            .field(
                "head",
                &String::from_utf8_lossy(&data[..data.len().min(16)]),
            )
            .field("more", &self.is_more())
            .finish()
    }
}

#[cfg(test)]
mod tests;
