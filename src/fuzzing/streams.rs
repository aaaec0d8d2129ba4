//! Streams that a peer sends: greetings, and frames of the three versions. Frames are held against
//! a second reading of the RFCs, and everything comes out the same however it is cut.

use std::time::Duration;

use super::Script;
use super::curve;
use super::handshakes::{PLAIN_CLIENT, plain_client_config};
use super::side::Side;
use crate::proto::{EngineConfig, MechanismConfig};
use crate::socket_type::SocketType;

const TYPES: [SocketType; 6] = [
    SocketType::Dealer,
    SocketType::Router,
    SocketType::Pull,
    SocketType::Xpub,
    SocketType::Sub,
    SocketType::Rep,
];

/// A type that the type of the same place in [`TYPES`] talks to.
pub(super) const PEERS: [SocketType; 6] = [
    SocketType::Router,
    SocketType::Dealer,
    SocketType::Push,
    SocketType::Sub,
    SocketType::Pub,
    SocketType::Req,
];

/// Gives a stream to an engine three times: whole, in pieces, and with little room for messages.
/// What comes out is the same; gives the first one.
pub(super) fn same_in_any_way(
    config: &EngineConfig,
    stream: &[u8],
    piece: usize,
    reply: Option<&Vec<Vec<u8>>>,
) -> Side {
    let mut whole = Side::new(config);
    whole.reply = reply.cloned();
    whole.give(stream);
    let mut pieces = Side::at(config, whole.now);
    pieces.reply = reply.cloned();
    pieces.give_in_pieces(stream, piece);
    let mut slow = Side::at(config, whole.now);
    slow.reply = reply.cloned();
    slow.inbox.room = Some(1);
    slow.give_in_pieces(stream, piece.saturating_mul(2));
    for _ in 0..=stream.len() {
        slow.inbox.room = Some(1);
        slow.run();
    }
    for other in [&pieces, &slow] {
        assert_eq!(other.established, whole.established);
        assert_eq!(other.error, whole.error);
        assert!(other.inbox.frames == whole.inbox.frames);
        assert!(config.websocket.is_none() || other.out.len() == whole.out.len());
    }
    whole
}

/// A greeting and what follows, to all mechanisms in both roles.
pub fn greeting(input: &[u8]) {
    let mut script = Script::new(input);
    let mut config = EngineConfig::new(*script.pick(&TYPES));
    config.is_server_side = script.flag();
    config.routing_id = script.string().to_vec();
    config.mechanism = match script.byte() % 5 {
        0 => MechanismConfig::Null,
        1 => plain_client_config().mechanism,
        2 => MechanismConfig::PlainServer,
        3 => curve::client_config().mechanism,
        _ => curve::server_config().mechanism,
    };
    let piece = usize::from(script.byte());
    let side = same_in_any_way(&config, script.rest(), piece, None);
    if side.established && config.mechanism != MechanismConfig::Null {
        assert!(side.peer().zmtp.0 >= 3, "a downgrade");
        assert_eq!(config.mechanism, plain_client_config().mechanism);
        assert_eq!(PLAIN_CLIENT.0, b"admin");
    }
}

/// Options of a socket that matter to frames, with the type's place in the lists above.
pub(super) fn frame_config(script: &mut Script<'_>) -> (EngineConfig, usize) {
    let place = usize::from(script.byte()) % TYPES.len();
    let mut config = EngineConfig::new(TYPES[place]);
    let limits = [
        None,
        Some(0),
        Some(1),
        Some(300),
        Some(20_000),
        Some(u64::MAX),
    ];
    config.max_msg_size = *script.pick(&limits);
    config.heartbeat_ivl = script.flag().then_some(Duration::from_millis(10));
    (config, place)
}

/// What a plain reading of frames gives, up to the first that is wrong or incomplete.
pub(super) struct Plain {
    pub(super) frames: Vec<(Vec<u8>, bool)>,
    pub(super) is_wrong: bool,
}

impl Plain {
    /// V1: a length that counts the flags, or 0xFF and 8 bytes of length; flags; body (RFC 13).
    fn v1(mut bytes: &[u8], max: u64) -> Self {
        let mut plain = Self::new();
        while let Some((&first, rest)) = bytes.split_first() {
            let (len, rest) = if first == 0xFF {
                let Some((len, rest)) = rest.split_first_chunk::<8>() else {
                    break;
                };
                (u64::from_be_bytes(*len), rest)
            } else {
                (u64::from(first), rest)
            };
            if len == 0 || len - 1 > i64::MAX as u64 {
                return plain.wrong();
            }
            let Some((&flags, rest)) = rest.split_first() else {
                break;
            };
            if len - 1 > max {
                return plain.wrong();
            }
            let Some((body, rest)) = split(rest, len - 1) else {
                return plain.unless_impossible(len - 1);
            };
            plain.frames.push((body.to_vec(), flags & 1 != 0));
            bytes = rest;
        }
        plain
    }

    /// V2: flags; a length of 1 or 8 bytes; body (RFC 15, RFC 37). With `takes_subscribe` the
    /// commands for it become messages; with `has_commands` commands are not messages.
    fn v2(mut bytes: &[u8], max: u64, takes_subscribe: bool, has_commands: bool) -> Self {
        let mut plain = Self::new();
        while let Some((&flags, rest)) = bytes.split_first() {
            let (len, rest) = if flags & 2 != 0 {
                let Some((len, rest)) = rest.split_first_chunk::<8>() else {
                    break;
                };
                (u64::from_be_bytes(*len), rest)
            } else {
                let Some((&len, rest)) = rest.split_first() else {
                    break;
                };
                (u64::from(len), rest)
            };
            let is_command = flags & 4 != 0;
            let max = match (is_command, takes_subscribe) {
                (false, _) => max,
                (true, true) => max.max(255),
                (true, false) => 64 * 1024,
            };
            if len > i64::MAX as u64 || len > max {
                return plain.wrong();
            }
            let Some((body, rest)) = split(rest, len) else {
                return plain.unless_impossible(len);
            };
            bytes = rest;
            if !is_command {
                plain.frames.push((body.to_vec(), flags & 1 != 0));
            } else if has_commands {
                if body.starts_with(b"\x04PING") && body.len() < 7 {
                    return plain.wrong();
                }
                for (name, first) in [(&b"\x09SUBSCRIBE"[..], 1), (b"\x06CANCEL", 0)] {
                    if let (true, Some(topic)) = (takes_subscribe, body.strip_prefix(name)) {
                        plain.frames.push(([&[first], topic].concat(), false));
                    }
                }
            }
        }
        plain
    }

    pub(super) const fn new() -> Self {
        Self {
            frames: Vec::new(),
            is_wrong: false,
        }
    }

    fn wrong(mut self) -> Self {
        self.is_wrong = true;
        self
    }

    /// A body of more than 2^46 bytes is refused for want of memory at once.
    fn unless_impossible(mut self, len: u64) -> Self {
        self.is_wrong = len > 1 << 46;
        self
    }
}

pub(super) fn split(bytes: &[u8], n: u64) -> Option<(&[u8], &[u8])> {
    bytes.split_at_checked(usize::try_from(n).ok()?)
}

fn compare(side: &Side, plain: &Plain) {
    assert!(side.established);
    assert_eq!(side.error.is_some(), plain.is_wrong, "{:?}", side.error);
    assert!(side.inbox.frames == plain.frames);
}

pub(super) fn max_of(config: &EngineConfig) -> u64 {
    config.max_msg_size.unwrap_or(u64::MAX)
}

/// Frames of a 1.0 peer.
pub fn frames_v1(input: &[u8]) {
    let mut script = Script::new(input);
    let (config, _) = frame_config(&mut script);
    let piece = usize::from(script.byte());
    let frames = script.rest();
    let stream = [b"\x05\0peer", frames].concat();
    let side = same_in_any_way(&config, &stream, piece, None);
    let mut plain = Plain::v1(frames, max_of(&config));
    if config.socket_type == SocketType::Xpub {
        // A 1.0 subscriber filters for itself.
        plain.frames.insert(0, (b"\x01".to_vec(), false));
    }
    compare(&side, &plain);
}

/// Frames of a 2.0 peer, in the framing of its revision.
pub fn frames_v2(input: &[u8]) {
    let mut script = Script::new(input);
    let (config, place) = frame_config(&mut script);
    let piece = usize::from(script.byte());
    let revision = script.byte() % 3;
    let frames = script.rest();
    let mut stream = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, revision];
    stream.push(PEERS[place] as u8);
    stream.extend_from_slice(if revision == 0 { b"\x01\0" } else { b"\0\0" });
    stream.extend_from_slice(frames);
    let side = same_in_any_way(&config, &stream, piece, None);
    let plain = if revision == 0 {
        Plain::v1(frames, max_of(&config))
    } else {
        let takes_subscribe = config.socket_type == SocketType::Xpub;
        Plain::v2(frames, max_of(&config), takes_subscribe, false)
    };
    compare(&side, &plain);
}

/// Frames of a 3.0 or 3.1 peer.
pub fn frames_v3(input: &[u8]) {
    let mut script = Script::new(input);
    let (config, place) = frame_config(&mut script);
    let piece = usize::from(script.byte());
    let minor = script.byte() % 2;
    let frames = script.rest();
    let mut stream = greeting_bytes(b"NULL", minor);
    let name = PEERS[place].name().as_bytes();
    let mut ready = b"\x05READY\x0bSocket-Type\0\0\0".to_vec();
    ready.push(name.len() as u8);
    ready.extend_from_slice(name);
    stream.extend_from_slice(&[4, ready.len() as u8]);
    stream.extend_from_slice(&ready);
    stream.extend_from_slice(frames);
    let side = same_in_any_way(&config, &stream, piece, None);
    let takes_subscribe = config.socket_type == SocketType::Xpub;
    let plain = Plain::v2(frames, max_of(&config), takes_subscribe, true);
    compare(&side, &plain);
}

/// The greeting of a peer that speaks 3.x.
#[must_use]
pub fn greeting_bytes(mechanism: &[u8], minor: u8) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, minor];
    bytes.extend_from_slice(mechanism);
    bytes.resize(64, 0);
    bytes
}
