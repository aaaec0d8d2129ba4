//! Handshakes of NULL and PLAIN with a peer that says what the input wants, as framed commands.

use super::Script;
use super::side::Side;
use super::streams::greeting_bytes;
use crate::proto::mechanism::PlainCredentials;
use crate::proto::{EngineConfig, EngineError, HandshakeFailure, MechanismConfig};
use crate::socket_type::SocketType;

/// Name and password of our PLAIN clients.
pub const PLAIN_CLIENT: (&[u8], &[u8]) = (b"admin", b"secret");

/// A DEALER with these credentials.
#[must_use]
pub fn plain_client_config() -> EngineConfig {
    let mut config = EngineConfig::new(SocketType::Dealer);
    config.mechanism = MechanismConfig::PlainClient(PlainCredentials {
        username: PLAIN_CLIENT.0.to_vec().into(),
        password: PLAIN_CLIENT.1.to_vec().into(),
    });
    config
}

/// What a handler answers: nothing, one of the four status codes, or something out of the input.
pub(super) fn choose_reply(script: &mut Script<'_>) -> Option<Vec<Vec<u8>>> {
    let status: &[u8] = match script.byte() % 6 {
        0 => return None,
        1 => b"200",
        2 => b"300",
        3 => b"400",
        4 => b"500",
        _ => script.string(),
    };
    let frames: [&[u8]; 7] = [
        b"",
        b"1.0",
        b"1",
        status,
        b"text",
        b"joe",
        b"\x01a\0\0\0\x01b",
    ];
    Some(frames.map(<[u8]>::to_vec).to_vec())
}

/// Whether a handler's answer lets the peer in.
pub(super) fn is_granted(reply: Option<&Vec<Vec<u8>>>) -> bool {
    reply.is_some_and(|reply| reply[3] == b"200")
}

/// The commands that the input makes, each in its frame, and whether all are whole.
fn commands(script: &mut Script<'_>) -> (Vec<Vec<u8>>, bool) {
    let mut commands = Vec::new();
    let mut whole = true;
    while !script.is_over() && commands.len() < 8 {
        let kind = script.byte();
        let mut body = Vec::new();
        match kind % 8 {
            0 => {
                body.extend_from_slice(b"\x05READY");
                append_properties(script, &mut body);
            }
            1 => {
                body.extend_from_slice(b"\x08INITIATE");
                append_properties(script, &mut body);
            }
            2 => {
                body.extend_from_slice(b"\x05HELLO");
                for _ in 0..2 {
                    let text = script.string();
                    body.push(text.len() as u8);
                    body.extend_from_slice(text);
                }
            }
            3 => body.extend_from_slice(b"\x07WELCOME"),
            4 => {
                body.extend_from_slice(b"\x05ERROR");
                body.extend_from_slice(script.string());
            }
            5 => {
                body.extend_from_slice(b"\x05READY");
                body.extend_from_slice(script.string());
            }
            6 => {
                body.extend_from_slice(b"\x05HELLO");
                body.extend_from_slice(script.string());
            }
            _ => body.extend_from_slice(script.string()),
        }
        // Now and then a long frame for a short body, flags that mean nothing, a body that is cut.
        let mut frame = Vec::new();
        if kind & 0x80 == 0 && body.len() < 256 {
            frame.extend_from_slice(&[4, body.len() as u8]);
        } else {
            frame.push(2 | kind >> 3 & 5);
            frame.extend_from_slice(&(body.len() as u64).to_be_bytes());
        }
        frame.extend_from_slice(&body);
        if kind & 0x40 != 0 {
            let cut = usize::from(script.byte()) % frame.len();
            frame.truncate(frame.len() - cut);
            whole &= cut == 0;
        }
        commands.push(frame);
    }
    (commands, whole)
}

fn append_properties(script: &mut Script<'_>, list: &mut Vec<u8>) {
    let types: [&[u8]; 5] = [b"ROUTER", b"DEALER", b"REP", b"SUB", b"junk"];
    for _ in 0..script.byte() % 4 {
        let (name, value): (&[u8], &[u8]) = match script.byte() % 4 {
            0 => (b"Socket-Type", *script.pick(&types)),
            1 => (b"Identity", script.string()),
            2 => (b"X-more", script.string()),
            _ => (script.string(), script.string()),
        };
        list.push(name.len() as u8);
        list.extend_from_slice(name);
        list.extend_from_slice(&(value.len() as u32).to_be_bytes());
        list.extend_from_slice(value);
    }
}

/// A connection after the input's commands, then a message in clear.
fn converse(config: &EngineConfig, mechanism: &[u8], script: &mut Script<'_>) -> Side {
    let mut side = Side::new(config);
    side.reply = choose_reply(script);
    let piece = usize::from(script.byte());
    side.give(&greeting_bytes(mechanism, script.byte() % 2));
    // NULL asks its handler at once.
    assert!(side.error.is_none() || side.asked.is_some());
    let (commands, whole) = commands(script);
    for command in commands {
        side.give_in_pieces(&command, piece);
    }
    // Where a command was cut, its rest would be taken from this.
    if whole && !side.established {
        side.give(b"\0\x05sneak");
        assert!(!side.established && side.inbox.frames.is_empty());
    }
    side
}

/// NULL, with and without a handler.
pub fn null(input: &[u8]) {
    let mut script = Script::new(input);
    let mut config = EngineConfig::new(SocketType::Dealer);
    if script.flag() {
        config.zap.domain = b"here".to_vec();
        config.zap.enforce_domain = script.flag();
    }
    let side = converse(&config, b"NULL", &mut script);
    if config.zap.domain.is_empty() {
        assert_eq!(side.asked, None);
    } else if side.established {
        let may_do_without = side.reply.is_none() && !config.zap.enforce_domain;
        assert!(is_granted(side.reply.as_ref()) || may_do_without);
    }
}

/// A PLAIN server: nobody gets in whom the handler did not see.
pub fn plain_server(input: &[u8]) {
    let mut script = Script::new(input);
    let mut config = EngineConfig::new(SocketType::Router);
    config.is_server_side = true;
    config.mechanism = MechanismConfig::PlainServer;
    if script.flag() {
        config.zap.domain = b"here".to_vec();
    }
    config.zap.enforce_domain = script.flag();
    let side = converse(&config, b"PLAIN", &mut script);
    if side.established {
        assert!(is_granted(side.reply.as_ref()));
        let asked = side.asked.as_ref().expect("a question to the handler");
        assert_eq!(asked.len(), 9);
    }
    if side.reply.is_none() && side.asked.is_some() {
        let refused = matches!(
            side.error,
            Some(EngineError::Handshake(HandshakeFailure::NoDetail(_)))
        );
        assert!(refused);
    }
}

/// A PLAIN client: it is content with WELCOME and READY in this order alone.
pub fn plain_client(input: &[u8]) {
    let mut script = Script::new(input);
    let mut side = converse(&plain_client_config(), b"PLAIN", &mut script);
    assert_eq!(side.asked, None);
    let sent = side.take_output();
    let welcomed = contains(&sent, b"\x08INITIATE");
    assert!(welcomed || !side.established);
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
