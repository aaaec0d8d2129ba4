//! MESSAGE: frames in boxes, made in the output and opened where they were received.

use super::super::super::error::{EngineError, protocol_error};
use super::super::super::frame::{COMMAND, MORE};
use super::super::super::writer::FrameWriter;
use super::{Counter, MESSAGE, Watch, cryptographic, expect, failure};
use crate::crypto::{BoxKey, StreamKey, TAG_LEN};
use crate::msg::Msg;

/// Bits of the flags inside a box.
const INNER_MORE: u8 = 1;
const INNER_COMMAND: u8 = 2;

/// Name with its length, nonce, tag.
const TAG_AT: usize = 1 + MESSAGE.len() + 8;
const BOX_AT: usize = TAG_AT + TAG_LEN;
/// What a MESSAGE adds to a body: the above and the flags.
pub(super) const OVERHEAD: usize = BOX_AT + 1;

/// Bodies of at least this many bytes are not gathered with others in the output.
const LARGE: usize = 64 * 1024;

pub(super) const FROM_CLIENT: &[u8; 16] = b"CurveZMQMESSAGEC";
pub(super) const FROM_SERVER: &[u8; 16] = b"CurveZMQMESSAGES";

/// The keys and numbers of both directions.
#[derive(Debug)]
pub(in super::super) struct Traffic {
    seal: StreamKey,
    open: StreamKey,
    ours: Counter,
    theirs: Watch,
}

impl Traffic {
    /// Traffic with the connection's key; numbers go on from the handshake.
    pub(super) fn new(
        key: &BoxKey,
        outbound: &[u8; 16],
        inbound: &[u8; 16],
        ours: Counter,
        theirs: Watch,
    ) -> Self {
        Self {
            seal: key.stream(outbound),
            open: key.stream(inbound),
            ours,
            theirs,
        }
    }

    /// Appends a frame that carries `body`.
    pub(super) fn encode(
        &mut self,
        flags: u8,
        body: &Msg,
        frames: &mut FrameWriter<'_>,
    ) -> Result<(), EngineError> {
        let number = self.ours.next()?;
        let inner = if flags & MORE != 0 { INNER_MORE } else { 0 }
            | if flags & COMMAND != 0 {
                INNER_COMMAND
            } else {
                0
            };
        let len = OVERHEAD + body.len();
        if len < LARGE {
            frames.write(0, len, |room| self.fill(number, inner, body.data(), room));
            return Ok(());
        }
        let mut boxed = Msg::with_size(len)?;
        if let Some(room) = boxed.data_mut() {
            self.fill(number, inner, body.data(), room);
        }
        Ok(frames.append_msg(0, boxed)?)
    }

    /// Writes a MESSAGE into `to`, which has exactly the room for it.
    #[inline]
    fn fill(&self, number: [u8; 8], inner: u8, body: &[u8], to: &mut [u8]) {
        let Some((head, boxed)) = to.split_first_chunk_mut::<BOX_AT>() else {
            return;
        };
        let Some((flags, data)) = boxed.split_first_mut() else {
            return;
        };
        *flags = inner;
        data.copy_from_slice(body);
        let tag = self.seal.seal(&number, boxed);
        head[0] = MESSAGE.len() as u8;
        head[1..=MESSAGE.len()].copy_from_slice(MESSAGE);
        head[1 + MESSAGE.len()..TAG_AT].copy_from_slice(&number);
        head[TAG_AT..].copy_from_slice(&tag);
    }

    /// Opens a MESSAGE in place: the flags of the frame inside, and where its body begins.
    pub(super) fn decode(&mut self, body: &mut [u8]) -> Result<(u8, usize), EngineError> {
        let malformed = protocol_error::ZMTP_MALFORMED_COMMAND_MESSAGE;
        expect(body, MESSAGE, |len| len >= OVERHEAD, malformed)?;
        let Some((head, boxed)) = body.split_first_chunk_mut::<BOX_AT>() else {
            return Err(failure(malformed));
        };
        let (Some(number), Some(tag)) = (
            head[..TAG_AT].last_chunk::<8>(),
            head.last_chunk::<TAG_LEN>(),
        ) else {
            return Err(failure(malformed));
        };
        let theirs = self.theirs.check(*number)?;
        self.open
            .open(number, tag, boxed)
            .map_err(|_| cryptographic())?;
        self.theirs = theirs;
        let inner = boxed.first().copied().unwrap_or(0);
        let flags = if inner & INNER_MORE != 0 { MORE } else { 0 }
            | if inner & INNER_COMMAND != 0 {
                COMMAND
            } else {
                0
            };
        Ok((flags, OVERHEAD))
    }
}
