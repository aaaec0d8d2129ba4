//! Heads and masks against the RFC's own examples, and at their limits. What connections make of them is tested in
//! `tests/engine_pair`.

use super::super::frame::{COMMAND, Head, Kind, MORE};
use super::*;
use crate::errno::Errno;

#[test]
fn heads_read_back_in_their_shortest_form() {
    for mask_key in [None, Some([1, 2, 3, 4])] {
        for (len, bytes) in [
            (0, 2),
            (124, 2),
            (125, 4),
            (65_534, 4),
            (65_535, 10),
            (1 << 40, 10),
        ] {
            for flags in [0, MORE, COMMAND, MORE | COMMAND] {
                let (head, body_mask) = encode_head(flags, Kind::Whole, len, mask_key);
                let head = head.as_slice();
                let from_client = mask_key.is_some();
                let expected = Head {
                    flags,
                    head_len: bytes + 1 + if from_client { 4 } else { 0 },
                    body_len: len,
                    kind: Kind::Whole,
                    mask: body_mask.unwrap_or_default(),
                };
                assert_eq!(decode_head(from_client, head), Ok(Some(expected)));
                assert_eq!(body_mask, mask_key.map(|_| [2, 3, 4, 1]));
                for n in 0..head.len() {
                    assert_eq!(decode_head(from_client, &head[..n]), Ok(None));
                }
                assert_eq!(decode_head(!from_client, head), Err(Errno::EPROTO));
            }
        }
    }
}

#[test]
fn control_frames_have_no_flags() {
    for kind in [Kind::Ping, Kind::Pong, Kind::Close] {
        let (head, body_mask) = encode_head(0, kind, CONTROL_MAX, Some([1, 2, 3, 4]));
        let read = decode_head(true, head.as_slice()).unwrap().unwrap();
        assert_eq!((read.kind, read.head_len, read.body_len), (kind, 6, 125));
        assert_eq!((read.mask, body_mask), ([1, 2, 3, 4], Some([1, 2, 3, 4])));
    }
}

#[test]
fn lengths_that_cannot_be_are_refused() {
    let mut bytes = [0xFF; 16];
    (bytes[0], bytes[1]) = (0x82, 0x7F);
    assert_eq!(decode_head(false, &bytes), Err(Errno::EMSGSIZE));
    assert_eq!(
        decode_head(false, b"\x82\x7f\0\0\0\0\0\0\0\0"),
        Err(Errno::EPROTO)
    );
}

/// The examples of RFC 6455, section 5.7.
#[test]
fn masks_of_the_rfc() {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut hello = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
    mask(&mut hello, key);
    assert_eq!(&hello, b"Hello");
    for len in 0..40 {
        let plain: Vec<u8> = (0..len).collect();
        let mut body = plain.clone();
        mask(&mut body, key);
        for (at, byte) in body.iter().enumerate() {
            assert_eq!(*byte, plain[at] ^ key[at % 4]);
        }
    }
}

#[test]
fn masks_do_not_come_again() {
    let mut masks = Masks::new(&[1; 32]);
    let mut seen: Vec<_> = (0..1000).map(|_| masks.next()).collect();
    seen.sort_unstable();
    seen.dedup();
    assert!(seen.len() > 990);
    assert_ne!(Masks::new(&[2; 32]).next(), Masks::new(&[1; 32]).next());
}
