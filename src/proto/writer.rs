//! Frames into the output, in whichever framing a connection has.
//!
//! What the frames carry is others' business, and so are messages in V2 framing and in clear, of which the engine
//! makes short work.

use super::frame::{Framing, HeadBytes, Kind};
use super::outbuf::OutBuf;
use super::websocket::{self, Masks};
use crate::errno::Result;
use crate::msg::Msg;

/// How our frames are delimited.
#[derive(Debug)]
pub(super) struct Wire {
    framing: Framing,
    /// What frames of a WebSocket client are masked with.
    masks: Option<Masks>,
}

impl Wire {
    pub(super) const fn new(framing: Framing) -> Self {
        Self {
            framing,
            masks: None,
        }
    }

    /// A WebSocket's; clients have masks.
    pub(super) const fn websocket(masks: Option<Masks>) -> Self {
        Self {
            framing: Framing::WebSocket {
                from_client: masks.is_none(),
            },
            masks,
        }
    }

    /// How the peer's frames are delimited.
    pub(super) const fn framing(&self) -> Framing {
        self.framing
    }

    pub(super) const fn is_websocket(&self) -> bool {
        matches!(self.framing, Framing::WebSocket { .. })
    }

    pub(super) const fn to<'a>(&'a mut self, out: &'a mut OutBuf) -> FrameWriter<'a> {
        FrameWriter { wire: self, out }
    }

    /// The head of a frame, and what its body is to be masked with.
    fn head(&mut self, flags: u8, kind: Kind, len: usize) -> (HeadBytes, Option<[u8; 4]>) {
        match self.framing {
            Framing::V1 => (HeadBytes::v1(flags, len), None),
            Framing::V2 => (HeadBytes::v2(flags, len), None),
            Framing::WebSocket { .. } => {
                let mask = self.masks.as_mut().map(Masks::next);
                websocket::encode_head(flags, kind, len, mask)
            }
        }
    }
}

/// Appends frames to an output.
#[derive(Debug)]
pub struct FrameWriter<'a> {
    wire: &'a mut Wire,
    out: &'a mut OutBuf,
}

impl FrameWriter<'_> {
    /// Appends a frame whose body `fill` writes into the room of `len` bytes that it is given. `flags` are MORE
    /// and COMMAND (RFC 37).
    #[inline]
    pub(super) fn write(&mut self, flags: u8, len: usize, fill: impl FnOnce(&mut [u8])) {
        self.write_kind(flags, Kind::Whole, len, fill);
    }

    /// Appends a WebSocket's control frame, with at most 125 bytes of payload.
    pub(super) fn control(&mut self, kind: Kind, payload: &[u8]) {
        let payload = &payload[..payload.len().min(websocket::CONTROL_MAX)];
        let copy = |room: &mut [u8]| room.copy_from_slice(payload);
        self.write_kind(0, kind, payload.len(), copy);
    }

    #[inline]
    fn write_kind(&mut self, flags: u8, kind: Kind, len: usize, fill: impl FnOnce(&mut [u8])) {
        let (head, mask) = self.wire.head(flags, kind, len);
        let head = head.as_slice();
        let room = self.out.room(head.len() + len);
        if let Some((front, body)) = room.split_at_mut_checked(head.len()) {
            front.copy_from_slice(head);
            fill(body);
            if let Some(mask) = mask {
                websocket::mask(body, mask);
            }
        }
    }

    /// Appends a frame with a copy of these pieces as its body.
    pub(super) fn append(&mut self, flags: u8, pieces: &[&[u8]]) {
        let len = pieces.iter().map(|piece| piece.len()).sum();
        self.write(flags, len, |mut room| {
            for piece in pieces {
                let (here, rest) = room.split_at_mut(piece.len());
                here.copy_from_slice(piece);
                room = rest;
            }
        });
    }

    /// Appends a frame with this body, copied if it is small.
    ///
    /// # Errors
    /// `ENOMEM` if a body is to be masked that others have a part in.
    pub(super) fn append_msg(&mut self, flags: u8, mut body: Msg) -> Result<()> {
        let (head, mask) = self.wire.head(flags, Kind::Whole, body.len());
        if let Some(mask) = mask {
            if body.data_mut().is_none() {
                body = Msg::copy_of(body.data())?;
            }
            websocket::mask(body.data_mut().unwrap_or_default(), mask);
        }
        self.out.append(head.as_slice());
        self.out.append_msg(body);
        Ok(())
    }
}
