//! Frames out of a receive buffer, one at a time, in either framing.
//!
//! Limits and meaning are the engine's; message frames of an established connection that are there
//! as a whole do not even come by here.

use super::frame::{Framing, Head};
use crate::errno::Result;
use crate::msg::{Msg, RxBuf};

/// Where decoding stands between two reads.
#[derive(Debug)]
pub(super) struct Decoder {
    framing: Framing,
    /// Flags of a frame whose body is being read into a block of its own.
    flags_of_body: Option<u8>,
}

/// What comes next in the buffer.
#[derive(Debug)]
pub(super) enum Next {
    /// Nothing whole.
    NeedMore,
    /// A head, not yet consumed; its body follows with [`Decoder::take`].
    Head(Head),
    /// The frame whose large body was awaited: flags and body.
    Frame(u8, Msg),
}

impl Decoder {
    pub(super) const fn new(framing: Framing) -> Self {
        Self {
            framing,
            flags_of_body: None,
        }
    }

    pub(super) const fn framing(&self) -> Framing {
        self.framing
    }

    /// Whether the next unread byte begins a frame.
    #[inline]
    pub(super) const fn at_frame_start(&self) -> bool {
        self.flags_of_body.is_none()
    }

    /// Looks for the next frame.
    ///
    /// # Errors
    /// `EPROTO` and `EMSGSIZE` for a length that cannot be.
    pub(super) fn next(&mut self, rx: &mut RxBuf) -> Result<Next> {
        if let Some(flags) = self.flags_of_body {
            return Ok(match rx.finish_body() {
                Some(body) => {
                    self.flags_of_body = None;
                    Next::Frame(flags, body)
                }
                None => Next::NeedMore,
            });
        }
        Ok(match Head::decode(self.framing, rx.unread())? {
            Some(head) => Next::Head(head),
            None => Next::NeedMore,
        })
    }

    /// Whether the frame of a head that [`Self::next`] gave is there to its end.
    pub(super) fn has_whole(&self, rx: &RxBuf, head: &Head) -> bool {
        rx.unread().len().saturating_sub(head.head_len) >= head.body_len
    }

    /// Consumes the frame of a head that [`Self::next`] gave; `None` while its body is incomplete.
    ///
    /// # Errors
    /// `ENOMEM` if there is no memory for the body.
    pub(super) fn take(&mut self, rx: &mut RxBuf, head: &Head) -> Result<Option<Msg>> {
        // The head was decoded from unread bytes, so this cannot go below zero.
        if rx.unread().len().saturating_sub(head.head_len) >= head.body_len {
            rx.consume(head.head_len);
            return rx.take(head.body_len).map(Some);
        }
        if rx.wants_body(head.body_len) {
            rx.consume(head.head_len);
            rx.start_body(head.body_len)?;
            self.flags_of_body = Some(head.flags);
        }
        Ok(None)
    }
}
