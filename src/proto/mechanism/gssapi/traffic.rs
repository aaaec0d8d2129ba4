//! MESSAGE: frames inside tokens of the context (RFC 38; flags and format as the reference library
//! sends them).

use super::super::super::error::{EngineError, protocol_error};
use super::super::super::frame::{COMMAND, MORE};
use super::super::super::writer::FrameWriter;
use super::super::{CANCEL, SUBSCRIBE};
use super::{MESSAGE, SecurityContext, failure, put_token, token_at};
use crate::errno::Errno;
use crate::msg::Msg;

/// Bits of the flags inside a token. Later versions of the reference library flag subscriptions
/// instead of sending them as commands.
const INNER_MORE: u8 = 1;
const INNER_COMMAND: u8 = 2;
const INNER_SUBSCRIBE: u8 = 4;
const INNER_CANCEL: u8 = 8;

/// Name and length of the token, each with its length.
const TOKEN_AT: usize = 1 + MESSAGE.len() + 4;
/// What a MESSAGE may add to a body. A token of Kerberos adds 60 bytes at most (RFC 4121), older kinds
/// some padding more.
pub(super) const OVERHEAD: usize = TOKEN_AT + 1 + 256;

/// Tokens of at least this many bytes are not gathered with others in the output.
const LARGE: usize = 64 * 1024;
/// Longest body that is put into a token: libraries underneath count in 32 bits.
const BODY_MAX: usize = i32::MAX as usize - 64 * 1024;
/// More than this is not kept between two frames.
const SCRATCH_MAX: usize = 64 * 1024;

/// An established context, in use.
#[derive(Debug)]
pub(super) struct Traffic {
    context: Box<dyn SecurityContext>,
    theirs: Sequence,
    /// Flags and body of the frame that is encoded.
    plain: Vec<u8>,
}

impl Traffic {
    pub(super) fn new(context: Box<dyn SecurityContext>) -> Self {
        Self {
            context,
            theirs: Sequence::default(),
            plain: Vec::new(),
        }
    }

    pub(super) fn peer(&mut self) -> Result<Vec<u8>, EngineError> {
        Ok(self.context.peer()?)
    }

    /// Writes a MESSAGE that holds a command of the handshake.
    pub(super) fn seal_command(
        &mut self,
        command: &[u8],
        body: &mut Vec<u8>,
    ) -> Result<(), EngineError> {
        self.plain.clear();
        self.plain.push(0);
        self.plain.extend_from_slice(command);
        let mut result = Ok(());
        self.context.seal(&self.plain, &mut |token| {
            result = put_token(body, MESSAGE, token);
        })?;
        result
    }

    /// Appends a frame that carries `body`.
    pub(super) fn encode(
        &mut self,
        flags: u8,
        body: &Msg,
        frames: &mut FrameWriter<'_>,
    ) -> Result<(), EngineError> {
        if body.len() > BODY_MAX {
            return Err(EngineError::Protocol(Errno::EMSGSIZE));
        }
        let more = if flags & MORE != 0 { INNER_MORE } else { 0 };
        let command = if flags & COMMAND != 0 {
            INNER_COMMAND
        } else {
            0
        };
        self.plain.clear();
        let room = self.plain.try_reserve(1 + body.len());
        room.map_err(|_| EngineError::Protocol(Errno::ENOMEM))?;
        self.plain.push(more | command);
        self.plain.extend_from_slice(body.data());
        let mut result = Ok(());
        self.context.seal(&self.plain, &mut |token| {
            result = append_message(token, frames);
        })?;
        if self.plain.capacity() > SCRATCH_MAX {
            self.plain = Vec::new();
        }
        result
    }

    /// Opens a MESSAGE in place: the flags of the frame inside, and where its body begins.
    pub(super) fn decode(&mut self, body: &mut [u8]) -> Result<(u8, usize), EngineError> {
        let malformed = protocol_error::ZMTP_MALFORMED_COMMAND_MESSAGE;
        let at = token_at(body, MESSAGE, malformed)?;
        let token = body.get_mut(at..).unwrap_or_default();
        let number = sequence_number(token);
        let plain_at = self.context.open(token)?;
        // Only now the number is known to be the peer's.
        self.theirs.check(number)?;
        let plain = token.get(plain_at..).unwrap_or_default();
        let &inner = plain.first().ok_or_else(|| failure(malformed))?;
        let mut flags = 0;
        for (bit, flag) in [
            (INNER_MORE, MORE),
            (INNER_COMMAND, COMMAND),
            (INNER_SUBSCRIBE, SUBSCRIBE),
            (INNER_CANCEL, CANCEL),
        ] {
            if inner & bit != 0 {
                flags |= flag;
            }
        }
        Ok((flags, at + plain_at + 1))
    }
}

/// Appends the frame of a MESSAGE with this token.
fn append_message(token: &[u8], frames: &mut FrameWriter<'_>) -> Result<(), EngineError> {
    let len = u32::try_from(token.len()).map_err(|_| EngineError::Protocol(Errno::EMSGSIZE))?;
    let (name_len, len) = ([MESSAGE.len() as u8], len.to_be_bytes());
    if token.len() < LARGE {
        frames.append(0, &[&name_len, MESSAGE, &len, token]);
        return Ok(());
    }
    let mut body = Msg::with_size(TOKEN_AT + token.len())?;
    if let Some((head, rest)) = body
        .data_mut()
        .and_then(|room| room.split_at_mut_checked(TOKEN_AT))
    {
        head.copy_from_slice(&[&name_len, MESSAGE, &len].concat());
        rest.copy_from_slice(token);
    }
    Ok(frames.append_msg(0, body)?)
}

/// The number of a token of Kerberos (RFC 4121, 4.2.6.2); other kinds keep theirs to themselves.
fn sequence_number(token: &[u8]) -> Option<u64> {
    match token {
        [5, 4, _, 0xFF, _, _, _, _, number @ ..] => {
            number.first_chunk().copied().map(u64::from_be_bytes)
        }
        _ => None,
    }
}

/// Sees to it that nothing is repeated, left out or out of order. Contexts do so themselves as far as the
/// initiator asks for it; the reference library's does for what is repeated only.
#[derive(Debug, Default)]
struct Sequence {
    next: Option<u64>,
}

impl Sequence {
    fn check(&mut self, number: Option<u64>) -> Result<(), EngineError> {
        let Some(number) = number else { return Ok(()) };
        if self.next.is_some_and(|next| next != number) {
            return Err(failure(protocol_error::ZMTP_INVALID_SEQUENCE));
        }
        self.next = Some(number.wrapping_add(1));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_one_another() {
        let token = |number: u64| {
            let mut token = vec![5, 4, 6, 0xFF, 0, 0, 0, 28];
            token.extend_from_slice(&number.to_be_bytes());
            token.extend_from_slice(b"rest");
            sequence_number(&token)
        };
        let invalid = Err(failure(protocol_error::ZMTP_INVALID_SEQUENCE));
        let mut sequence = Sequence::default();
        for number in [u64::MAX - 1, u64::MAX, 0, 1] {
            assert_eq!(sequence.check(token(number)), Ok(()));
        }
        for number in [1, 0, 3, u64::MAX] {
            assert_eq!(sequence.check(token(number)), invalid);
        }
        assert_eq!(sequence.check(token(2)), Ok(()));
        for other in [
            &b""[..],
            b"\x05\x04",
            b"\x02\x01\0\0\0\0\xff\xffnumbernumber",
        ] {
            assert_eq!(sequence_number(other), None);
        }
    }
}
