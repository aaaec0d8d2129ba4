//! What no input may do: panic, hang, go on after an error, or push half of what it should.
//!
//! Recorded exchanges are cut at every byte, have every bit flipped, and are mutated at random
//! (from a fixed seed). Behaviour between two engines is tested in `tests/engine_pair`.

use std::time::{Duration, Instant};

use super::send::MAX_WAITING_PONGS;
use super::*;
use crate::errno::Result as ErrnoResult;
use crate::proto::frame::{COMMAND, Framing, HeadBytes, MORE};

#[derive(Default)]
struct Frames {
    frames: Vec<(Vec<u8>, bool)>,
}

impl Sink for Frames {
    fn has_room(&self) -> bool {
        true
    }

    fn push(&mut self, frame: Msg) {
        self.frames.push((frame.data().to_vec(), frame.is_more()));
    }
}

struct Outcome {
    frames: Vec<(Vec<u8>, bool)>,
    result: Result<(), EngineError>,
    established: u32,
    sent: usize,
}

fn feed(rx: &mut RxBuf, bytes: &mut &[u8], max: usize) {
    let given = rx.fill(|slices| -> ErrnoResult<usize> {
        let mut n = 0;
        for slice in slices {
            let len = slice.len().min(bytes.len() - n).min(max - n);
            slice[..len].copy_from_slice(&bytes[n..n + len]);
            n += len;
        }
        Ok(n)
    });
    let (n, _) = given.unwrap();
    *bytes = &bytes[n..];
}

/// Gives an engine a stream, in pieces of at most `piece` bytes.
fn run(config: &EngineConfig, mut stream: &[u8], piece: usize) -> Outcome {
    let now = Instant::now();
    let mut out = OutBuf::new();
    let mut engine = Engine::new(config.clone(), now, &mut out);
    let mut rx = RxBuf::new();
    let mut sink = Frames::default();
    let mut established = 0;
    let mut result = Ok(());
    while result.is_ok() && !stream.is_empty() {
        feed(&mut rx, &mut stream, piece.max(1));
        loop {
            match engine.handle_input(&mut rx, &mut sink, &mut out, now) {
                Ok(Input::Established) => {
                    assert!(
                        sink.frames.is_empty(),
                        "no message before the handshake is done"
                    );
                    assert!(engine.is_established() && engine.peer().is_some());
                    established += 1;
                }
                Ok(Input::NeedMore) => break,
                Ok(other) => panic!("nothing asks for {other:?}"),
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
    }
    if result.is_err() {
        let (before, frames) = (out.len(), sink.frames.len());
        assert!(
            engine
                .handle_input(&mut rx, &mut sink, &mut out, now)
                .is_err()
        );
        assert!(engine.handle_timeout(now, &mut out).is_err());
        engine.encode(Msg::new(), &mut out);
        assert_eq!(
            (out.len(), sink.frames.len()),
            (before, frames),
            "silent after an error"
        );
        assert_eq!(engine.poll_timeout(), None);
    } else {
        let _ = engine.handle_timeout(now + Duration::from_secs(3600), &mut out);
    }
    Outcome {
        frames: sink.frames,
        result,
        established,
        sent: out.len(),
    }
}

fn command(name: &str, data: &[u8]) -> Vec<u8> {
    let mut body = vec![name.len() as u8];
    body.extend(name.as_bytes());
    body.extend(data);
    let mut bytes = HeadBytes::v2(COMMAND, body.len()).as_slice().to_vec();
    bytes.extend(body);
    bytes
}

fn frame(framing: Framing, flags: u8, body: &[u8]) -> Vec<u8> {
    let encode = match framing {
        Framing::V1 => HeadBytes::v1,
        _ => HeadBytes::v2,
    };
    let mut bytes = encode(flags, body.len()).as_slice().to_vec();
    bytes.extend(body);
    bytes
}

fn greeting(minor: u8) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, minor];
    bytes.extend(b"NULL");
    bytes.resize(64, 0);
    bytes
}

fn ready(socket_type: &str) -> Vec<u8> {
    let mut list = Vec::new();
    crate::proto::metadata::append(&mut list, "Socket-Type", socket_type.as_bytes());
    crate::proto::metadata::append(&mut list, "Identity", b"peer");
    crate::proto::metadata::append(&mut list, "X-note", b"hello");
    command("READY", &list)
}

/// Whole exchanges as the peer's side of the stream, with the side of ours that reads them and the
/// number of frames that come out.
fn exchanges() -> Vec<(EngineConfig, Vec<u8>, usize)> {
    let dealer = EngineConfig::new(SocketType::Dealer);
    let xpub = EngineConfig::new(SocketType::Xpub);
    let mut limited = EngineConfig::new(SocketType::Pull);
    limited.max_msg_size = Some(300);
    limited.heartbeat_ivl = Some(Duration::from_millis(10));
    limited.handshake_ivl = Some(Duration::from_secs(1));

    let mut v31 = [greeting(1), ready("ROUTER")].concat();
    v31.extend(frame(Framing::V2, MORE, b""));
    v31.extend(frame(Framing::V2, MORE, b"0123456789"));
    v31.extend(command("PING", b"\0\x0actx"));
    v31.extend(frame(Framing::V2, 0, &[7; 300]));
    v31.extend(command("PONG", b""));
    v31.extend(command("LATER", b"data"));
    v31.extend(frame(Framing::V2, 0, b"end"));

    let mut subscriber = [greeting(1), ready("SUB")].concat();
    subscriber.extend(command("SUBSCRIBE", b"topic"));
    subscriber.extend(command("SUBSCRIBE", &[b't'; 300]));
    subscriber.extend(command("CANCEL", b"topic"));
    subscriber.extend(frame(Framing::V2, 0, b"\x01old"));

    let mut v30 = [greeting(0), ready("PUSH")].concat();
    v30.extend(frame(Framing::V2, 0, &[1; 300]));
    v30.extend(frame(Framing::V2, 0, b"ab"));

    let mut v2 = greeting(0)[..10].to_vec();
    v2.extend([1, SocketType::Router as u8]);
    v2.extend(frame(Framing::V2, 0, b"peer"));
    v2.extend(frame(Framing::V2, MORE, b"ab"));
    v2.extend(frame(Framing::V2, 0, &[2; 260]));

    let mut v1 = frame(Framing::V1, 0, b"peer");
    v1.extend(frame(Framing::V1, MORE, b"ab"));
    v1.extend(frame(Framing::V1, 0, &[3; 260]));

    let mut v1_subscriber = frame(Framing::V1, 0, b"");
    v1_subscriber.extend(frame(Framing::V1, 0, b"\x01x"));

    vec![
        (dealer.clone(), v31, 4),
        (xpub.clone(), subscriber, 4),
        (limited, v30, 2),
        (dealer.clone(), v2, 2),
        (dealer, v1, 2),
        (xpub, v1_subscriber, 2),
    ]
}

#[test]
fn exchanges_come_out_the_same_in_pieces_of_any_size() {
    for (config, stream, count) in exchanges() {
        let whole = run(&config, &stream, usize::MAX);
        assert_eq!(whole.result, Ok(()));
        assert_eq!((whole.established, whole.frames.len()), (1, count));
        for piece in [1, 2, 3, 5, 9, 10, 11, 63, 64, 65, 100] {
            let pieces = run(&config, &stream, piece);
            assert_eq!(pieces.result, Ok(()));
            assert_eq!((pieces.established, pieces.sent), (1, whole.sent));
            assert_eq!(pieces.frames, whole.frames, "pieces of {piece}");
        }
    }
}

#[test]
fn a_cut_exchange_is_a_beginning_of_the_whole() {
    for (config, stream, _) in exchanges() {
        let whole = run(&config, &stream, usize::MAX);
        for len in 0..stream.len() {
            let cut = run(&config, &stream[..len], 7);
            assert_eq!(cut.result, Ok(()), "cut after {len}");
            assert!(whole.frames.starts_with(&cut.frames));
        }
    }
}

#[test]
fn no_flipped_bit_does_harm() {
    for (config, stream, _) in exchanges() {
        for index in 0..stream.len() {
            for bit in 0..8 {
                let mut bytes = stream.clone();
                bytes[index] ^= 1 << bit;
                let outcome = run(&config, &bytes, usize::MAX);
                assert!(outcome.established <= 1);
                assert_eq!(outcome.frames, run(&config, &bytes, 13).frames);
            }
        }
    }
}

/// A generator of the xorshift kind: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

#[test]
fn random_mutations_do_no_harm() {
    let exchanges = exchanges();
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let rounds = if cfg!(miri) { 50 } else { 30_000 };
    for _ in 0..rounds {
        let (config, stream, _) = &exchanges[numbers.below(exchanges.len())];
        let mut bytes = stream.clone();
        for _ in 0..=numbers.below(4) {
            let at = numbers.below(bytes.len());
            match numbers.below(6) {
                0 => bytes[at] = numbers.below(256) as u8,
                1 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF][numbers.below(6)],
                2 => drop(bytes.drain(at..(at + numbers.below(20)).min(bytes.len()))),
                3 => drop(bytes.splice(at..at, (0..numbers.below(20)).map(|n| n as u8))),
                4 => {
                    let end = (at + numbers.below(80)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, copy));
                }
                _ => bytes.extend((0..numbers.below(40)).map(|n| (n * 37) as u8)),
            }
            if bytes.is_empty() {
                break;
            }
        }
        let piece = 1 + numbers.below(bytes.len() + 1);
        let outcome = run(config, &bytes, piece);
        assert!(outcome.established <= 1);
    }
}

#[test]
fn random_bytes_do_no_harm() {
    let mut numbers = Numbers(42);
    let rounds = if cfg!(miri) { 50 } else { 20_000 };
    let prefix = [greeting(1), ready("DEALER")].concat();
    let config = EngineConfig::new(SocketType::Dealer);
    for round in 0..rounds {
        let mut bytes = if round % 2 == 0 {
            prefix.clone()
        } else {
            Vec::new()
        };
        // Small values make plausible flags and lengths.
        let end = if round % 4 < 2 { 256 } else { 8 };
        bytes.extend(
            (0..numbers.below(200))
                .map(|_| numbers.below(end) as u8)
                .collect::<Vec<_>>(),
        );
        run(&config, &bytes, 1 + numbers.below(50));
    }
}

#[test]
fn pongs_for_a_peer_that_does_not_read_are_bounded() {
    let config = EngineConfig::new(SocketType::Dealer);
    let mut stream = [greeting(1), ready("DEALER")].concat();
    let quiet = run(&config, &stream, usize::MAX).sent;
    for _ in 0..100_000 {
        stream.extend(command("PING", b"\0\0"));
    }
    let outcome = run(&config, &stream, usize::MAX);
    assert_eq!(outcome.result, Ok(()));
    assert_eq!(outcome.sent - quiet, 7 * MAX_WAITING_PONGS as usize);
}

#[test]
fn announced_lengths_cost_no_memory_before_their_bytes_come() {
    // 2^45 bytes are announced and 10 come: the engine waits, it does not allocate that much.
    let config = EngineConfig::new(SocketType::Dealer);
    let mut stream = [greeting(1), ready("DEALER")].concat();
    stream.extend([2, 0, 0, 0x20, 0, 0, 0, 0, 0]);
    stream.extend([0; 10]);
    let outcome = run(&config, &stream, usize::MAX);
    assert_eq!(outcome.result, Ok(()));
    assert!(outcome.frames.is_empty());
    // In the handshake there is a limit at once.
    let mut stream = greeting(1);
    stream.extend([6, 0, 0, 0, 0, 0, 0x10, 0, 0]);
    assert_eq!(
        run(&config, &stream, 5).result,
        Err(EngineError::Protocol(Errno::EMSGSIZE))
    );
}
