//! Frames that come in pieces: a WebSocket peer, or who forwards its connection, may cut a message where it likes
//! (RFC 6455, section 5.4). ZMTP's own framings never do.
//!
//! Limits are the engine's, which asks here how much there is already.

use zeroize::Zeroize;

use super::frame::{COMMAND, Head, Kind};
use crate::errno::{Errno, Result};
use crate::msg::Msg;

/// The pieces that are there; none between two frames.
#[derive(Debug, Default)]
pub(super) struct Pieces(Option<(u8, Vec<u8>)>);

impl Pieces {
    /// Whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether the frame that this head belongs to is a command.
    pub(super) fn is_command(&self, head: &Head) -> bool {
        let flags = self.0.as_ref().map_or(head.flags, |(flags, _)| *flags);
        flags & COMMAND != 0
    }

    /// How long the frame is, with the piece that this head announces.
    pub(super) fn len_with(&self, head: &Head) -> usize {
        let len = self.0.as_ref().map_or(0, |(_, bytes)| bytes.len());
        len.saturating_add(head.body_len)
    }

    /// Takes a piece, or a whole frame, and gives the frame's flags and body once it is complete.
    ///
    /// # Errors
    /// `EPROTO` for a piece that does not belong there, `ENOMEM`.
    #[inline]
    pub(super) fn join(&mut self, head: &Head, body: Msg) -> Result<Option<(u8, Msg)>> {
        match (head.kind, &self.0) {
            (Kind::Whole, None) => Ok(Some((head.flags, body))),
            _ => self.add(head, &body),
        }
    }

    fn add(&mut self, head: &Head, body: &Msg) -> Result<Option<(u8, Msg)>> {
        let (flags, mut bytes) = match (head.kind, self.0.take()) {
            (Kind::First, None) => (head.flags, Vec::new()),
            (Kind::Middle | Kind::Last, Some(pieces)) => pieces,
            _ => return Err(Errno::EPROTO),
        };
        bytes.try_reserve(body.len()).map_err(|_| Errno::ENOMEM)?;
        bytes.extend_from_slice(body.data());
        if head.kind == Kind::Last {
            let whole = Msg::copy_of(&bytes);
            // It may have been a password.
            bytes.zeroize();
            return Ok(Some((flags, whole?)));
        }
        self.0 = Some((flags, bytes));
        Ok(None)
    }
}
