//! Command bodies: a name with its length, and data (RFC 37, "Commands").
//!
//! Framing is done elsewhere, and so is deciding what is allowed when.

use super::error::{EngineError, HandshakeFailure, protocol_error};
use super::frame::COMMAND;
use super::writer::FrameWriter;
use crate::errno::Errno;

/// Longest context of a PING that is given back in the PONG, in bytes.
const CONTEXT_MAX: usize = 16;

pub(super) const READY: &[u8] = b"READY";
pub(super) const ERROR: &[u8] = b"ERROR";
const PING: &[u8] = b"PING";
const PONG: &[u8] = b"PONG";
const SUBSCRIBE: &[u8] = b"SUBSCRIBE";
const CANCEL: &[u8] = b"CANCEL";
const JOIN: &[u8] = b"JOIN";
const LEAVE: &[u8] = b"LEAVE";

/// Splits a body into name and data; `None` if it has no name or the name does not fit.
pub(super) fn split(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&name_len, rest) = body.split_first()?;
    rest.split_at_checked(usize::from(name_len))
        .filter(|(name, _)| !name.is_empty())
}

/// A command that may come once the handshake is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    /// Wants a PONG; `ttl` is in tenths of a second, 0 for none.
    Ping {
        ttl: u16,
        context: &'a [u8],
    },
    /// The answer to a PING.
    Pong {
        context: &'a [u8],
    },
    Subscribe(&'a [u8]),
    Cancel(&'a [u8]),
    /// A DISH joins a group.
    Join(&'a [u8]),
    Leave(&'a [u8]),
    /// Nothing that we know, to be passed over: the reference library does so, and later versions
    /// may add commands.
    Unknown,
}

impl<'a> Command<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// `EPROTO` for a PING without its TTL.
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, Errno> {
        Ok(match split(body) {
            Some((PING, data)) => {
                let (ttl, context) = data.split_first_chunk::<2>().ok_or(Errno::EPROTO)?;
                let context = &context[..context.len().min(CONTEXT_MAX)];
                Self::Ping {
                    ttl: u16::from_be_bytes(*ttl),
                    context,
                }
            }
            Some((PONG, context)) => Self::Pong { context },
            Some((SUBSCRIBE, topic)) => Self::Subscribe(topic),
            Some((CANCEL, topic)) => Self::Cancel(topic),
            Some((JOIN, group)) => Self::Join(group),
            Some((LEAVE, group)) => Self::Leave(group),
            _ => Self::Unknown,
        })
    }

    /// Name and the two parts of the data, in the order of the wire.
    fn parts(self) -> (&'static [u8], [u8; 2], usize, &'a [u8]) {
        match self {
            Self::Ping { ttl, context } => (PING, ttl.to_be_bytes(), 2, context),
            Self::Pong { context } => (PONG, [0; 2], 0, context),
            Self::Subscribe(topic) => (SUBSCRIBE, [0; 2], 0, topic),
            Self::Cancel(topic) => (CANCEL, [0; 2], 0, topic),
            Self::Join(group) => (JOIN, [0; 2], 0, group),
            Self::Leave(group) => (LEAVE, [0; 2], 0, group),
            Self::Unknown => (&[], [0; 2], 0, &[]),
        }
    }

    /// Appends the command in clear.
    pub(super) fn append(self, frames: &mut FrameWriter<'_>) {
        let (name, ttl, ttl_len, data) = self.parts();
        let name_len = [name.len() as u8];
        frames.append(COMMAND, &[&name_len, name, &ttl[..ttl_len], data]);
    }

    /// The body alone, for mechanisms that wrap it.
    pub(super) fn to_body(self) -> Vec<u8> {
        let (name, ttl, ttl_len, data) = self.parts();
        let mut body = Vec::with_capacity(1 + name.len() + ttl_len + data.len());
        body.push(name.len() as u8);
        body.extend_from_slice(name);
        body.extend_from_slice(&ttl[..ttl_len]);
        body.extend_from_slice(data);
        body
    }
}

/// The failure that an ERROR with this data means: a ZAP status, or any other reason, which
/// has no event of its own.
pub(super) fn parse_error(data: &[u8]) -> EngineError {
    let reason = data
        .split_first()
        .and_then(|(&len, rest)| rest.split_at_checked(usize::from(len)))
        .map(|(reason, _)| reason);
    match reason {
        None => EngineError::protocol(protocol_error::ZMTP_MALFORMED_COMMAND_ERROR),
        Some(b"300") => EngineError::Handshake(HandshakeFailure::Auth(300)),
        Some(b"400") => EngineError::Handshake(HandshakeFailure::Auth(400)),
        Some(b"500") => EngineError::Handshake(HandshakeFailure::Auth(500)),
        Some(_) => EngineError::Protocol(Errno::EPROTO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_split_at_the_end_of_the_name() {
        assert_eq!(split(b"\x04PINGxy"), Some((&b"PING"[..], &b"xy"[..])));
        assert_eq!(split(b"\x01A"), Some((&b"A"[..], &b""[..])));
        for bad in [&b""[..], b"\0", b"\0abc", b"\x05PING", b"\xff"] {
            assert_eq!(split(bad), None);
            assert_eq!(Command::parse(bad), Ok(Command::Unknown));
        }
    }

    #[test]
    fn pings_carry_a_ttl_and_a_context_that_is_cut() {
        assert_eq!(
            Command::parse(b"\x04PING\x01\x02"),
            Ok(Command::Ping {
                ttl: 258,
                context: b""
            })
        );
        let long = b"\x04PING\x00\x000123456789abcdefXYZ";
        assert_eq!(
            Command::parse(long),
            Ok(Command::Ping {
                ttl: 0,
                context: b"0123456789abcdef"
            })
        );
        assert_eq!(Command::parse(b"\x04PING"), Err(Errno::EPROTO));
        assert_eq!(Command::parse(b"\x04PING\0"), Err(Errno::EPROTO));
        assert_eq!(Command::parse(b"\x04ping"), Ok(Command::Unknown));
        assert_eq!(Command::parse(b"\x05PINGX"), Ok(Command::Unknown));
    }

    #[test]
    fn errors_are_told_apart() {
        let auth = |status| EngineError::Handshake(HandshakeFailure::Auth(status));
        assert_eq!(parse_error(b"\x03300"), auth(300));
        assert_eq!(parse_error(b"\x03400"), auth(400));
        assert_eq!(parse_error(b"\x03500"), auth(500));
        assert_eq!(
            parse_error(b"\x03200"),
            EngineError::Protocol(Errno::EPROTO)
        );
        assert_eq!(parse_error(b"\0"), EngineError::Protocol(Errno::EPROTO));
        let malformed = EngineError::protocol(protocol_error::ZMTP_MALFORMED_COMMAND_ERROR);
        assert_eq!(parse_error(b""), malformed);
        assert_eq!(parse_error(b"\x04abc"), malformed);
    }
}
