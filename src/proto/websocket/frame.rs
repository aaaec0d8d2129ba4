//! Heads of WebSocket frames (RFC 6455, section 5.2), the flags of RFC 45 included, and masking.

use super::super::frame::{COMMAND, Head, HeadBytes, Kind, MORE, checked_len};
use crate::errno::{Errno, Result};

/// Most bytes of payload in a control frame (RFC 6455, section 5.5).
pub(in super::super) const CONTROL_MAX: usize = 125;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const CONTINUATION: u8 = 0;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const MASKED: u8 = 0x80;
/// In place of a length: it follows in two bytes, or in eight.
const IN_TWO: u8 = 126;
const IN_EIGHT: u8 = 127;

/// Bits of the flags byte (RFC 45, "Framing").
const ZWS_MORE: u8 = 1;
const ZWS_COMMAND: u8 = 2;

/// Reads the head at the start of `bytes`; `None` while it is incomplete. Frames must be masked if they come from
/// a client, and must not be if they do not.
///
/// # Errors
/// `EPROTO` for what RFC 6455 forbids, for text, and for a message without a flags byte; `EMSGSIZE` for a length
/// that cannot be.
pub(in super::super) fn decode_head(from_client: bool, bytes: &[u8]) -> Result<Option<Head>> {
    let &[first, second, ref rest @ ..] = bytes else {
        return Ok(None);
    };
    let kind = kind(first)?;
    if (second & MASKED != 0) != from_client {
        return Err(Errno::EPROTO);
    }
    let (len, mut rest) = match second & !MASKED {
        IN_TWO => match rest.split_first_chunk::<2>() {
            Some((len, rest)) => (u64::from(u16::from_be_bytes(*len)), rest),
            None => return Ok(None),
        },
        IN_EIGHT => match rest.split_first_chunk::<8>() {
            Some((len, rest)) => (u64::from_be_bytes(*len), rest),
            None => return Ok(None),
        },
        len => (u64::from(len), rest),
    };
    if kind.is_control() && len > CONTROL_MAX as u64 {
        return Err(Errno::EPROTO);
    }
    let mut body_len = checked_len(len)?;
    let mut mask = [0; 4];
    if from_client {
        let Some((key, after)) = rest.split_first_chunk() else {
            return Ok(None);
        };
        (mask, rest) = (*key, after);
    }
    let mut flags = 0;
    if matches!(kind, Kind::Whole | Kind::First) {
        body_len = body_len.checked_sub(1).ok_or(Errno::EPROTO)?;
        let Some((&byte, after)) = rest.split_first() else {
            return Ok(None);
        };
        let byte = byte ^ mask[0];
        flags = if byte & ZWS_MORE != 0 { MORE } else { 0 }
            | if byte & ZWS_COMMAND != 0 { COMMAND } else { 0 };
        mask.rotate_left(1);
        rest = after;
    }
    Ok(Some(Head {
        flags,
        head_len: bytes.len() - rest.len(),
        body_len,
        kind,
        mask,
    }))
}

fn kind(first: u8) -> Result<Kind> {
    let is_last = first & FIN != 0;
    match first & !FIN & !RESERVED {
        // No extension was agreed on, so the bits that belong to them mean nothing good.
        _ if first & RESERVED != 0 => Err(Errno::EPROTO),
        BINARY if is_last => Ok(Kind::Whole),
        BINARY => Ok(Kind::First),
        CONTINUATION if is_last => Ok(Kind::Last),
        CONTINUATION => Ok(Kind::Middle),
        CLOSE if is_last => Ok(Kind::Close),
        PING if is_last => Ok(Kind::Ping),
        PONG if is_last => Ok(Kind::Pong),
        _ => Err(Errno::EPROTO),
    }
}

/// The head of a body of `len` bytes, and what the body is to be masked with, if anything. `flags` are [`MORE`] and
/// [`COMMAND`]; control frames have none. We never send in pieces.
pub(in super::super) fn encode_head(
    flags: u8,
    kind: Kind,
    len: usize,
    mask: Option<[u8; 4]>,
) -> (HeadBytes, Option<[u8; 4]>) {
    let opcode = match kind {
        Kind::Ping => PING,
        Kind::Pong => PONG,
        Kind::Close => CLOSE,
        Kind::Whole | Kind::First | Kind::Middle | Kind::Last => BINARY,
    };
    let flags = if flags & MORE != 0 { ZWS_MORE } else { 0 }
        | if flags & COMMAND != 0 { ZWS_COMMAND } else { 0 };
    let is_control = kind.is_control();
    let len = len as u64 + u64::from(!is_control);
    let masked = if mask.is_some() { MASKED } else { 0 };
    let in_two = (len as u16).to_be_bytes();
    let in_eight = len.to_be_bytes();
    let (short, long): (u8, &[u8]) = match len {
        0..=125 => (len as u8, &[]),
        126..=0xFFFF => (IN_TWO, &in_two),
        _ => (IN_EIGHT, &in_eight),
    };
    let key = mask.unwrap_or_default();
    let flags = [flags ^ key[0]];
    let head = HeadBytes::of(&[
        &[FIN | opcode, masked | short],
        long,
        if mask.is_some() { &key } else { &[] },
        if is_control { &[] } else { &flags },
    ]);
    let body_mask = mask.map(|mut mask| {
        if !is_control {
            mask.rotate_left(1);
        }
        mask
    });
    (head, body_mask)
}

/// Combines a body with its mask: masks what is bare, and bares what is masked.
pub(in super::super) fn mask(body: &mut [u8], mask: [u8; 4]) {
    if mask == [0; 4] {
        return;
    }
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = body.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= key;
    }
}
