//! What comes by reliable multicast: streams of frames, broken off and joined anew at any place.

use super::Script;
use crate::msg::Msg;
use crate::proto::multicast::{Head, Inbound};

const MAX_MSG_SIZE: u64 = 3000;

type Messages = Vec<Vec<Vec<u8>>>;

/// Reads pieces of a stream, and joins anew where they make no sense or `joins` says so after one.
fn read<'a>(pieces: impl Iterator<Item = (&'a [u8], bool)>) -> (Messages, usize) {
    let mut inbound = Inbound::norm(Some(MAX_MSG_SIZE));
    let (mut messages, mut message, mut lost) = (Vec::new(), Vec::new(), 0);
    for (mut piece, joins) in pieces {
        while !piece.is_empty() {
            let count = inbound.fill(|room| {
                let count = piece.len().min(room.len());
                room[..count].copy_from_slice(&piece[..count]);
                Ok(count)
            });
            piece = &piece[count.expect("memory")..];
            loop {
                match inbound.next(&mut message) {
                    Ok(false) => break,
                    Ok(true) => {
                        let parts: Vec<Msg> = std::mem::take(&mut message);
                        check(&parts);
                        messages.push(parts.iter().map(|part| part.data().to_vec()).collect());
                    }
                    Err(_) => {
                        assert!(message.is_empty());
                        lost += 1;
                        inbound.join_anew();
                    }
                }
            }
        }
        if joins {
            inbound.join_anew();
        }
    }
    (messages, lost)
}

/// Packets of PGM, of which some are lost; what is handed on is whole messages.
fn packets<'a>(pieces: impl Iterator<Item = (&'a [u8], bool)>) {
    let mut inbound = Inbound::pgm(Some(MAX_MSG_SIZE));
    let mut message = Vec::new();
    for (packet, is_lost) in pieces {
        if is_lost || inbound.packet(packet).is_err() {
            inbound.join_anew();
        }
        loop {
            match inbound.next(&mut message) {
                Ok(false) => break,
                Ok(true) => check(&std::mem::take(&mut message)),
                Err(_) => inbound.join_anew(),
            }
        }
        assert!(message.is_empty());
    }
}

/// A message has frames, of which the last one says that it is that, and none is too long.
fn check(parts: &[Msg]) {
    let (last, others) = parts.split_last().expect("a message has a frame");
    assert!(!last.is_more() && others.iter().all(Msg::is_more));
    assert!(parts.iter().all(|part| part.len() as u64 <= MAX_MSG_SIZE));
}

/// A stream in pieces: it makes no difference how it is cut, as long as it makes sense; and what was read reads the same
/// when it is sent on.
pub fn stream(input: &[u8]) {
    let mut script = Script::new(input);
    let mut pieces = Vec::new();
    while !script.is_over() {
        let joins = script.byte().is_multiple_of(8);
        pieces.push((script.string(), joins));
    }
    read(pieces.iter().copied());
    packets(pieces.iter().copied());
    let whole = pieces
        .iter()
        .map(|(piece, _)| *piece)
        .collect::<Vec<_>>()
        .concat();
    let (messages, lost) = read([(&whole[..], false)].into_iter());
    if lost == 0 {
        let cut = read(pieces.iter().map(|&(piece, _)| (piece, false)));
        assert_eq!(cut, (messages.clone(), 0));
    }
    let mut again = Vec::new();
    for message in &messages {
        for (index, part) in message.iter().enumerate() {
            let mut frame = Msg::copy_of(part).expect("memory");
            frame.set_more(index + 1 < message.len());
            again.extend_from_slice(Head::norm(&frame, index == 0).as_slice());
            again.extend_from_slice(part);
        }
    }
    assert_eq!(read([(&again[..], false)].into_iter()), (messages, 0));
}
