//! Frames out of a receive buffer, one at a time, in any framing; WebSocket's masks come off here.
//!
//! Limits and meaning are the engine's; message frames of an established connection that are there
//! as a whole do not even come by here.

use super::frame::{Framing, Head};
use super::websocket;
use crate::errno::Result;
use crate::msg::{Msg, RxBuf};

/// Where decoding stands between two reads.
#[derive(Debug)]
pub(super) struct Decoder {
    framing: Framing,
    /// Head of a frame whose body is being read into a block of its own.
    head_of_body: Option<Head>,
}

/// What comes next in the buffer.
#[derive(Debug)]
pub(super) enum Next {
    /// Nothing whole.
    NeedMore,
    /// A head, not yet consumed; its body follows with [`Decoder::take`].
    Head(Head),
    /// The frame whose large body was awaited.
    Frame(Head, Msg),
}

impl Decoder {
    pub(super) const fn new(framing: Framing) -> Self {
        Self {
            framing,
            head_of_body: None,
        }
    }

    /// Whether the next unread byte begins a frame.
    #[inline]
    pub(super) const fn at_frame_start(&self) -> bool {
        self.head_of_body.is_none()
    }

    /// Looks for the next frame.
    ///
    /// # Errors
    /// `EPROTO` and `EMSGSIZE` for a head that cannot be, `ENOMEM`.
    pub(super) fn next(&mut self, rx: &mut RxBuf) -> Result<Next> {
        if let Some(head) = self.head_of_body {
            return match rx.finish_body() {
                Some(body) => {
                    self.head_of_body = None;
                    Ok(Next::Frame(head, bare(body, &head)?))
                }
                None => Ok(Next::NeedMore),
            };
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
            if head.mask != [0; 4] {
                let body = rx.unread_mut().get_mut(..head.body_len);
                websocket::mask(body.unwrap_or_default(), head.mask);
            }
            return rx.take(head.body_len).map(Some);
        }
        if rx.wants_body(head.body_len) {
            rx.consume(head.head_len);
            rx.start_body(head.body_len)?;
            self.head_of_body = Some(*head);
        }
        Ok(None)
    }
}

/// Takes the mask off a body that was read into a block of its own.
fn bare(mut body: Msg, head: &Head) -> Result<Msg> {
    if head.mask != [0; 4] {
        if body.data_mut().is_none() {
            body = Msg::copy_of(body.data())?;
        }
        websocket::mask(body.data_mut().unwrap_or_default(), head.mask);
    }
    Ok(body)
}
