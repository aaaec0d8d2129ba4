//! Messages within the streams of reliable multicast: what one sender says to all, in pieces that may be joined at
//! any time, and of which some may be lost (`zmq_pgm(7)`; for NORM, what the reference sends).
//!
//! On NORM a stream is of frames as ZMTP 2.0 has them (RFC 15), each with a byte before it: 0 if it begins a message,
//! 255 if it goes on with one. On PGM a stream is of frames as ZMTP 1.0 has them (RFC 13), in packets that begin with two bytes:
//! where in the packet the first message begins, or 65535 if none does. There is no handshake and nobody to complain to: what is malformed ends in an error here,
//! and whoever reads goes on where a message is known to begin.

use std::io::IoSliceMut;

use super::decoder::{Decoder, Next};
use super::frame::{COMMAND, Framing, HEAD_MAX, HeadBytes, MORE};
use crate::errno::{Errno, Result};
use crate::msg::{Msg, RxBuf};

const BEGINS: u8 = 0;
const GOES_ON: u8 = 0xFF;

/// What goes before the body of a frame.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    bytes: [u8; HEAD_MAX + 1],
    len: usize,
}

impl Head {
    /// The head of a frame on NORM. `begins`: it is the first one of its message.
    #[must_use]
    pub fn norm(frame: &Msg, begins: bool) -> Self {
        let flags = if frame.is_more() { MORE } else { 0 };
        let head = HeadBytes::v2(flags, frame.len());
        let mut bytes = [0; HEAD_MAX + 1];
        bytes[0] = if begins { BEGINS } else { GOES_ON };
        let len = 1 + head.as_slice().len();
        bytes[1..len].copy_from_slice(head.as_slice());
        Self { bytes, len }
    }

    /// The head of a frame on PGM.
    #[must_use]
    pub fn pgm(frame: &Msg) -> Self {
        let flags = if frame.is_more() { MORE } else { 0 };
        let head = HeadBytes::v1(flags, frame.len());
        let (mut bytes, len) = ([0; HEAD_MAX + 1], head.as_slice().len());
        bytes[..len].copy_from_slice(head.as_slice());
        Self { bytes, len }
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Where a stream of frames is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Just joined, before a frame
    Joined,
    /// Between messages
    Between,
    /// Within a message
    Within,
    /// Within a message of which the beginning was missed
    Missed,
}

/// The messages of one sender.
#[derive(Debug)]
pub struct Inbound {
    decoder: Decoder,
    rx: RxBuf,
    /// Longest body in bytes
    max_msg_size: Option<u64>,
    /// Whether there is a byte before each frame
    has_marks: bool,
    /// Whether the byte before the frame that comes next was taken
    is_marked: bool,
    place: Place,
    /// The frames of a message that is not complete
    parts: Vec<Msg>,
}

impl Inbound {
    /// A stream on NORM, joined where a frame begins. `max_msg_size`: `ZMQ_MAXMSGSIZE`.
    #[must_use]
    pub fn norm(max_msg_size: Option<u64>) -> Self {
        Self {
            decoder: Decoder::new(Framing::V2),
            rx: RxBuf::new(),
            max_msg_size,
            has_marks: true,
            is_marked: false,
            place: Place::Joined,
            parts: Vec::new(),
        }
    }

    /// A stream on PGM, not joined yet; [`Self::packet`] does that. `max_msg_size` as before.
    #[must_use]
    pub fn pgm(max_msg_size: Option<u64>) -> Self {
        Self {
            decoder: Decoder::new(Framing::V1),
            has_marks: false,
            ..Self::norm(max_msg_size)
        }
    }

    /// Forgets what is not complete: the stream was broken off, and is joined anew.
    pub fn join_anew(&mut self) {
        *self = if self.has_marks {
            Self::norm(self.max_msg_size)
        } else {
            Self::pgm(self.max_msg_size)
        };
    }

    /// Has `read` read once, into the room that it is given; how much that was.
    ///
    /// # Errors
    /// `ENOMEM`, or what `read` fails with.
    pub fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> Result<usize>) -> Result<usize> {
        let into_first = |room: &mut [IoSliceMut<'_>]| match room {
            [first, ..] => read(first),
            [] => Ok(0),
        };
        self.rx.fill(into_first).map(|(count, _)| count)
    }

    /// Takes in a packet of PGM, the next one of its stream. Before that is joined, nothing counts but where a message begins.
    ///
    /// # Errors
    /// `EPROTO`: it is none; `ENOMEM`. The stream must be joined anew.
    pub fn packet(&mut self, packet: &[u8]) -> Result<()> {
        let (offset, mut data) = packet.split_first_chunk::<2>().ok_or(Errno::EPROTO)?;
        if self.place == Place::Joined {
            let offset = usize::from(u16::from_be_bytes(*offset));
            match data.get(offset..) {
                // 65535 is more than any packet has.
                None => return Ok(()),
                Some(rest) => data = rest,
            }
            self.place = Place::Between;
        }
        while !data.is_empty() {
            let count = self.fill(|room| {
                let count = data.len().min(room.len());
                room[..count].copy_from_slice(&data[..count]);
                Ok(count)
            })?;
            data = &data[count..];
        }
        Ok(())
    }

    /// Takes out the next message: `true` says that it is in `message`, which was empty.
    ///
    /// # Errors
    /// `EPROTO`: these are no frames; `EMSGSIZE`: one is too long; `ENOMEM`. The stream must be joined anew.
    pub fn next(&mut self, message: &mut Vec<Msg>) -> Result<bool> {
        loop {
            let Some((flags, body)) = self.next_frame()? else {
                self.rx.release_if_idle();
                return Ok(false);
            };
            let more = flags & MORE != 0;
            if self.place == Place::Within {
                let mut frame = body;
                frame.set_more(more);
                self.parts.push(frame);
            }
            if more {
                continue;
            }
            let is_whole = self.place == Place::Within;
            self.place = Place::Between;
            if is_whole {
                message.append(&mut self.parts);
                return Ok(true);
            }
        }
    }

    fn next_frame(&mut self) -> Result<Option<(u8, Msg)>> {
        if !self.has_marks {
            if self.place == Place::Joined || self.rx.unread().is_empty() && !self.rx.has_body() {
                return Ok(None);
            }
            self.place = Place::Within;
        } else if !self.is_marked {
            let Some(&mark) = self.rx.unread().first() else {
                return Ok(None);
            };
            self.place = match (mark, self.place) {
                (BEGINS, Place::Joined | Place::Between) => Place::Within,
                (GOES_ON, Place::Joined | Place::Missed) => Place::Missed,
                (GOES_ON, Place::Within) => Place::Within,
                _ => return Err(Errno::EPROTO),
            };
            self.rx.consume(1);
            self.is_marked = true;
        }
        let frame = match self.decoder.next(&mut self.rx)? {
            Next::NeedMore => None,
            Next::Frame(head, body) => Some((head.flags, body)),
            Next::Head(head) => {
                if head.flags & COMMAND != 0 {
                    return Err(Errno::EPROTO);
                }
                if self
                    .max_msg_size
                    .is_some_and(|max| head.body_len as u64 > max)
                {
                    return Err(Errno::EMSGSIZE);
                }
                let body = self.decoder.take(&mut self.rx, &head)?;
                body.map(|body| (head.flags, body))
            }
        };
        self.is_marked = frame.is_none();
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: &[u8], more: bool) -> Msg {
        let mut frame = Msg::copy_of(body).expect("memory");
        frame.set_more(more);
        frame
    }

    /// A message as it is sent.
    fn sent(parts: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let frame = frame(part, index + 1 < parts.len());
            bytes.extend_from_slice(Head::norm(&frame, index == 0).as_slice());
            bytes.extend_from_slice(part);
        }
        bytes
    }

    fn feed(inbound: &mut Inbound, mut bytes: &[u8], step: usize) -> Result<Vec<Vec<Vec<u8>>>> {
        let mut messages = Vec::new();
        let mut message = Vec::new();
        loop {
            while inbound.next(&mut message)? {
                messages.push(message.drain(..).map(|part| part.data().to_vec()).collect());
            }
            if bytes.is_empty() {
                return Ok(messages);
            }
            let count = inbound.fill(|room| {
                let count = step.min(bytes.len()).min(room.len());
                room[..count].copy_from_slice(&bytes[..count]);
                Ok(count)
            })?;
            bytes = &bytes[count..];
        }
    }

    #[test]
    fn what_is_sent_comes() {
        let long = vec![7; 100_000];
        let all: [&[&[u8]]; 4] = [&[b"one"], &[b"", b"two", &long], &[&long], &[b""]];
        let bytes: Vec<u8> = all.iter().flat_map(|message| sent(message)).collect();
        assert_eq!(bytes[..6], [0, 0, 3, b'o', b'n', b'e']);
        assert_eq!(bytes[6..10], [0, 1, 0, 255]);
        for step in [1, 3, 1400, 1 << 20] {
            let messages = feed(&mut Inbound::norm(None), &bytes, step).expect("well-formed");
            assert_eq!(messages.len(), all.len());
            for (message, parts) in messages.iter().zip(all) {
                assert_eq!(message, parts);
            }
        }
    }

    #[test]
    fn the_rest_of_a_message_whose_beginning_was_missed_is_passed_over() {
        let bytes = [&sent(&[b"a", b"b", b"c"])[4..], &sent(&[b"d"])].concat();
        let mut inbound = Inbound::norm(None);
        let messages = feed(&mut inbound, &bytes, 2).expect("well-formed");
        assert_eq!(messages, [[b"d"]]);
        // Half a message goes with what it was part of.
        let half = sent(&[b"e", b"f"]);
        assert_eq!(feed(&mut inbound, &half[..5], 9), Ok(vec![]));
        inbound.join_anew();
        assert_eq!(
            feed(&mut inbound, &sent(&[b"g"]), 9),
            Ok(vec![vec![b"g".to_vec()]])
        );
    }

    #[test]
    fn packets_are_joined_where_a_message_begins() {
        let frames = |parts: &[&[u8]]| {
            let mut bytes = Vec::new();
            for (index, part) in parts.iter().enumerate() {
                let frame = frame(part, index + 1 < parts.len());
                bytes.extend_from_slice(Head::pgm(&frame).as_slice());
                bytes.extend_from_slice(part);
            }
            bytes
        };
        let packet = |offset: u16, data: &[u8]| [&offset.to_be_bytes()[..], data].concat();
        let long = vec![9; 3000];
        let first = frames(&[b"a", &long]);
        assert_eq!(first[..3], [2, 1, b'a']);
        let second = frames(&[b"b"]);
        let packets = [
            packet(0xFFFF, b"what nobody knows the beginning of"),
            packet(3, &[b"end", &first[..1000]].concat()),
            packet(0xFFFF, &first[1000..2500]),
            packet(0, b""),
            packet(
                (first.len() - 2500) as u16,
                &[&first[2500..], &second[..]].concat(),
            ),
        ];
        let mut inbound = Inbound::pgm(None);
        let (mut messages, mut message) = (Vec::new(), Vec::new());
        for packet in &packets {
            inbound.packet(packet).expect("well-formed");
            while inbound.next(&mut message).expect("well-formed") {
                let parts: Vec<_> = message.drain(..).map(|part| part.data().to_vec()).collect();
                messages.push(parts);
            }
        }
        assert_eq!(messages, [vec![b"a".to_vec(), long], vec![b"b".to_vec()]]);
        // Some are lost: what was begun is gone, and it goes on where a message begins.
        inbound
            .packet(&packet(0, &first[..100]))
            .expect("well-formed");
        assert_eq!(inbound.next(&mut message), Ok(false));
        inbound.join_anew();
        inbound.packet(&packet(0xFFFF, b"lost")).expect("ignored");
        inbound.packet(&packet(100, b"short")).expect("ignored");
        inbound
            .packet(&packet(2, &[b"xx", &second[..]].concat()))
            .expect("well-formed");
        assert_eq!(inbound.next(&mut message), Ok(true));
        assert_eq!(message[0].data(), b"b");
        assert_eq!(inbound.packet(b"0"), Err(Errno::EPROTO));
        inbound.packet(&packet(0, &[0])).expect("a packet");
        assert_eq!(inbound.next(&mut Vec::new()), Err(Errno::EPROTO));
    }

    #[test]
    fn what_is_malformed() {
        let cases: [(&[u8], Errno); 7] = [
            (&[1, 0, 0], Errno::EPROTO),
            // Within a message another begins; none is there to go on with.
            (&[0, 1, 0, 0, 0, 0], Errno::EPROTO),
            (&[0, 0, 0, 255, 0, 0], Errno::EPROTO),
            (&[255, 1, 0, 0, 0, 0], Errno::EPROTO),
            (&[0, 4, 0], Errno::EPROTO),
            (&[0, 0, 9], Errno::EMSGSIZE),
            (&[0, 2, 255, 0, 0, 0, 0, 0, 0, 0], Errno::EMSGSIZE),
        ];
        for (bytes, errno) in cases {
            let result = feed(&mut Inbound::norm(Some(8)), bytes, 100);
            assert_eq!(result, Err(errno), "{bytes:?}");
        }
    }
}
