//! Frame heads: the flags and length in front of every body, in the two framings of ZMTP and in that of
//! WebSocket, whose heads are in `websocket`.
//!
//! V1 is RFC 13 (1.0), V2 is RFC 15 (2.0) and RFC 37 (3.x). Bodies and their meaning are not
//! looked at here.

use super::websocket;
use crate::errno::{Errno, Result};

/// Flag of a frame that others of the same message follow.
pub(super) const MORE: u8 = 1;
/// Flag of a V2 head with an 8-byte length.
pub(super) const LONG: u8 = 2;
/// Flag of a command frame (3.x).
pub(super) const COMMAND: u8 = 4;

/// Longest head of any framing: opcode, length in 9 bytes, mask and flags of WebSocket.
pub(super) const HEAD_MAX: usize = 15;
/// Longest body that may be announced: 2^63-1 (RFC 37, "Framing").
pub(super) const BODY_MAX: u64 = i64::MAX as u64;

/// How frames are delimited on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Length (1 byte, or 0xFF and 8 bytes; it counts the flags), flags, body.
    V1,
    /// Flags, length (1 byte, or 8 with [`LONG`]), body.
    V2,
    /// RFC 6455, with the flags as first byte of the payload (RFC 45).
    WebSocket {
        /// Frames that come must be masked: the peer is the client.
        from_client: bool,
    },
}

/// What a frame is part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// A frame of its own.
    #[default]
    Whole,
    /// The beginning of one that comes in pieces, something from its middle, its end: WebSocket only, as the
    /// rest.
    First,
    Middle,
    Last,
    Ping,
    Pong,
    Close,
}

impl Kind {
    /// Whether the frame is about the connection and carries nothing for ZMTP.
    pub(super) const fn is_control(self) -> bool {
        matches!(self, Self::Ping | Self::Pong | Self::Close)
    }
}

/// A decoded head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// [`MORE`] and [`COMMAND`]; reserved bits, which nobody may rely on, are masked out.
    pub(super) flags: u8,
    /// Bytes of the head itself.
    pub(super) head_len: usize,
    /// Bytes of the body, at most [`BODY_MAX`].
    pub(super) body_len: usize,
    pub(super) kind: Kind,
    /// What the body's bytes were combined with; zeroes if nothing.
    pub(super) mask: [u8; 4],
}

impl Head {
    /// Reads the head at the start of `bytes`; `None` while it is incomplete.
    ///
    /// # Errors
    /// `EPROTO` for a V1 length of zero and for what WebSocket forbids, `EMSGSIZE` for a length beyond
    /// [`BODY_MAX`].
    pub(super) fn decode(framing: Framing, bytes: &[u8]) -> Result<Option<Self>> {
        match framing {
            Framing::V1 => Self::decode_v1(bytes),
            Framing::V2 => Self::decode_v2(bytes),
            Framing::WebSocket { from_client } => websocket::decode_head(from_client, bytes),
        }
    }

    /// A head of ZMTP's own.
    const fn plain(flags: u8, head_len: usize, body_len: usize) -> Self {
        Self {
            flags,
            head_len,
            body_len,
            kind: Kind::Whole,
            mask: [0; 4],
        }
    }

    fn decode_v1(bytes: &[u8]) -> Result<Option<Self>> {
        let (counted, flags_at) = match *bytes {
            [] => return Ok(None),
            [0xFF, ref rest @ ..] => {
                let Some(len) = rest.first_chunk::<8>() else {
                    return Ok(None);
                };
                (u64::from_be_bytes(*len), 9)
            }
            [len, ..] => (u64::from(len), 1),
        };
        let len = counted.checked_sub(1).ok_or(Errno::EPROTO)?;
        let body_len = checked_len(len)?;
        let Some(&flags) = bytes.get(flags_at) else {
            return Ok(None);
        };
        Ok(Some(Self::plain(flags & MORE, flags_at + 1, body_len)))
    }

    fn decode_v2(bytes: &[u8]) -> Result<Option<Self>> {
        let (flags, len, head_len) = match *bytes {
            [flags, ref rest @ ..] if flags & LONG != 0 => {
                let Some(len) = rest.first_chunk::<8>() else {
                    return Ok(None);
                };
                (flags, u64::from_be_bytes(*len), 9)
            }
            [flags, len, ..] => (flags, u64::from(len), 2),
            _ => return Ok(None),
        };
        let body_len = checked_len(len)?;
        let flags = flags & (MORE | COMMAND);
        Ok(Some(Self::plain(flags, head_len, body_len)))
    }
}

pub(super) fn checked_len(len: u64) -> Result<usize> {
    if len > BODY_MAX {
        return Err(Errno::EMSGSIZE);
    }
    usize::try_from(len).map_err(|_| Errno::EMSGSIZE)
}

/// An encoded head.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadBytes {
    bytes: [u8; HEAD_MAX],
    len: usize,
}

impl HeadBytes {
    /// The head in V1 framing of a body of `body_len` bytes; of `flags` it has [`MORE`].
    pub(super) fn v1(flags: u8, body_len: usize) -> Self {
        let flags = flags & MORE;
        // 0xFF announces the long form, so 254 is the longest that the short one can count.
        if body_len < 254 {
            return Self::of(&[&[body_len as u8 + 1, flags]]);
        }
        Self::of(&[&[0xFF], &(body_len as u64 + 1).to_be_bytes(), &[flags]])
    }

    /// The head in V2 framing of a body of `body_len` bytes; `flags` are [`MORE`] and [`COMMAND`].
    #[inline]
    pub(super) fn v2(flags: u8, body_len: usize) -> Self {
        let mut bytes = [0; HEAD_MAX];
        let len = if body_len <= 255 {
            bytes[0] = flags;
            bytes[1] = body_len as u8;
            2
        } else {
            bytes[0] = flags | LONG;
            bytes[1..9].copy_from_slice(&(body_len as u64).to_be_bytes());
            9
        };
        Self { bytes, len }
    }

    /// The head that consists of these parts, as much of them as can be one.
    pub(super) fn of(parts: &[&[u8]]) -> Self {
        let (mut bytes, mut len) = ([0; HEAD_MAX], 0);
        for (to, from) in bytes.iter_mut().zip(parts.iter().copied().flatten()) {
            *to = *from;
            len += 1;
        }
        Self { bytes, len }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_read_back_and_short_forms_are_used() {
        type Encode = fn(u8, usize) -> HeadBytes;
        let framings: [(Framing, Encode); 2] =
            [(Framing::V1, HeadBytes::v1), (Framing::V2, HeadBytes::v2)];
        for (framing, encode) in framings {
            for body_len in [0, 1, 252, 253, 254, 255, 256, 65_536, i64::MAX as usize - 1] {
                for flags in [0, MORE, COMMAND, MORE | COMMAND] {
                    let head = encode(flags, body_len);
                    let kept = if framing == Framing::V1 {
                        flags & MORE
                    } else {
                        flags
                    };
                    let expected = Head::plain(kept, head.as_slice().len(), body_len);
                    assert_eq!(Head::decode(framing, head.as_slice()), Ok(Some(expected)));
                    for n in 0..head.as_slice().len() {
                        assert_eq!(Head::decode(framing, &head.as_slice()[..n]), Ok(None));
                    }
                }
            }
        }
        assert_eq!(HeadBytes::v1(0, 253).as_slice(), [254, 0]);
        assert_eq!(
            HeadBytes::v1(0, 254).as_slice(),
            [255, 0, 0, 0, 0, 0, 0, 0, 255, 0]
        );
        assert_eq!(HeadBytes::v2(0, 255).as_slice(), [0, 255]);
        assert_eq!(
            HeadBytes::v2(MORE, 256).as_slice(),
            [3, 0, 0, 0, 0, 0, 0, 1, 0]
        );
    }

    #[test]
    fn impossible_lengths_are_refused() {
        assert_eq!(Head::decode(Framing::V1, &[0]), Err(Errno::EPROTO));
        assert_eq!(
            Head::decode(Framing::V1, &[255, 0, 0, 0, 0, 0, 0, 0, 0]),
            Err(Errno::EPROTO)
        );
        assert_eq!(Head::decode(Framing::V1, &[255; 9]), Err(Errno::EMSGSIZE));
        assert_eq!(
            Head::decode(Framing::V2, &[2, 128, 0, 0, 0, 0, 0, 0, 0]),
            Err(Errno::EMSGSIZE)
        );
        assert_eq!(Head::decode(Framing::V2, &[255; 9]), Err(Errno::EMSGSIZE));
    }

    #[test]
    fn reserved_bits_mean_nothing() {
        let head = Head::decode(Framing::V2, &[0xF8, 7]).unwrap().unwrap();
        assert_eq!((head.flags, head.body_len), (0, 7));
        let head = Head::decode(Framing::V1, &[8, 0xFE]).unwrap().unwrap();
        assert_eq!((head.flags, head.body_len), (0, 7));
    }
}
