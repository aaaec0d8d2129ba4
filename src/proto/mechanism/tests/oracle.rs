//! What a handshake message in clear, changed in any way, has to lead to: a second, plain reading of
//! the RFCs and of `zmq_socket_monitor(3)` for the tests to hold the engines against.

use super::*;

/// What becomes of the receiver of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The message means what it meant, or something else that is as good.
    GoesOn,
    /// The connection ends with this.
    Ends(EngineError),
    /// The receiver waits for more, until its time is over.
    Waits,
}

pub(super) const fn protocol_fate(value: u32) -> Fate {
    Fate::Ends(EngineError::protocol(value))
}

const UNEXPECTED: Fate = protocol_fate(protocol_error::ZMTP_UNEXPECTED_COMMAND);

/// A greeting of a peer that speaks 3.x (RFC 37): `secure` tells whether anything else is refused,
/// `to_server` whether its receiver is the mechanism's server.
pub(super) fn greeting(original: &[u8], changed: &[u8], secure: bool, to_server: bool) -> Fate {
    if changed.len() < original.len() {
        return Fate::Waits;
    }
    let old_peer = if secure {
        Fate::Ends(EngineError::Protocol(Errno::EPROTONOSUPPORT))
    } else {
        // Somebody else's protocol, which is spoken as far as it goes.
        Fate::Waits
    };
    if changed[0] != 0xFF || changed[9] & 1 == 0 || changed[10] < 3 {
        return old_peer;
    }
    let two_servers = to_server && changed[32] == 1;
    if changed[12..32] != original[12..32] || two_servers {
        return protocol_fate(protocol_error::ZMTP_MECHANISM_MISMATCH);
    }
    Fate::GoesOn
}

/// A property list, of a peer whose socket type must be `wanted`: none if it cannot be read.
fn properties(mut list: &[u8], wanted: &[u8], unreadable: Fate) -> Fate {
    let mut fate = Fate::GoesOn;
    while let [name_len, rest @ ..] = list {
        let Some((name, rest)) = rest.split_at_checked(usize::from(*name_len)) else {
            return unreadable;
        };
        let [a, b, c, d, rest @ ..] = rest else {
            return unreadable;
        };
        let len = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let Some((value, rest)) = rest.split_at_checked(len) else {
            return unreadable;
        };
        if name.is_empty() || name.iter().any(|byte| !(0x20..0x7F).contains(byte)) {
            return unreadable;
        }
        if name.eq_ignore_ascii_case(b"Socket-Type") && value != wanted {
            fate = Fate::Ends(EngineError::Protocol(Errno::EINVAL));
        }
        list = rest;
    }
    fate
}

/// Whether a body is a command of this name: its data.
fn data_of<'a>(body: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    body.strip_prefix(&[name.len() as u8])?.strip_prefix(name)
}

/// Whether a body begins with a name, of any command.
fn has_name(body: &[u8]) -> bool {
    matches!(body, [len, rest @ ..] if *len > 0 && rest.len() >= usize::from(*len))
}

/// The command that tells of a refusal.
fn error(data: &[u8]) -> Fate {
    let Some(reason) = data
        .split_first()
        .and_then(|(&len, rest)| rest.get(..usize::from(len)))
    else {
        return protocol_fate(protocol_error::ZMTP_MALFORMED_COMMAND_ERROR);
    };
    Fate::Ends(match reason {
        b"300" => EngineError::Handshake(HandshakeFailure::Auth(300)),
        b"400" => EngineError::Handshake(HandshakeFailure::Auth(400)),
        b"500" => EngineError::Handshake(HandshakeFailure::Auth(500)),
        _ => EngineError::Protocol(Errno::EPROTO),
    })
}

/// A command of NULL, from a peer that must be a `wanted`.
pub(super) fn null(body: &[u8], wanted: &[u8]) -> Fate {
    if let Some(list) = data_of(body, b"READY") {
        return properties(
            list,
            wanted,
            Fate::Ends(EngineError::Protocol(Errno::EINVAL)),
        );
    }
    data_of(body, b"ERROR").map_or(UNEXPECTED, error)
}

/// A command of PLAIN, in the place of the command `due`.
pub(super) fn plain(body: &[u8], due: &[u8], wanted: &[u8]) -> Fate {
    let from_server = matches!(due, b"WELCOME" | b"READY" | b"ERROR");
    if let (true, Some(data)) = (from_server, data_of(body, b"ERROR")) {
        return error(data);
    }
    // Where the server refuses, WELCOME was due.
    let due = if due == b"ERROR" { b"WELCOME" } else { due };
    if due == b"HELLO" && !has_name(body) {
        return protocol_fate(protocol_error::ZMTP_MALFORMED_COMMAND_UNSPECIFIED);
    }
    let Some(data) = data_of(body, due) else {
        return UNEXPECTED;
    };
    match due {
        b"HELLO" => {
            let mut rest = data;
            for _ in 0..2 {
                let Some(after) = rest
                    .split_first()
                    .and_then(|(&len, rest)| rest.get(usize::from(len)..))
                else {
                    return protocol_fate(protocol_error::ZMTP_MALFORMED_COMMAND_HELLO);
                };
                rest = after;
            }
            if rest.is_empty() {
                Fate::GoesOn
            } else {
                protocol_fate(protocol_error::ZMTP_MALFORMED_COMMAND_HELLO)
            }
        }
        b"WELCOME" if data.is_empty() => Fate::GoesOn,
        b"WELCOME" => protocol_fate(protocol_error::ZMTP_MALFORMED_COMMAND_WELCOME),
        _ => properties(
            data,
            wanted,
            protocol_fate(protocol_error::ZMTP_INVALID_METADATA),
        ),
    }
}

/// A command of CURVE, in the place of `original`, of which nothing may change.
pub(super) fn curve(original: &[u8], body: &[u8], due: &[u8]) -> Fate {
    if body == original {
        return Fate::GoesOn;
    }
    let from_server = matches!(due, b"WELCOME" | b"READY" | b"ERROR");
    if !has_name(body) {
        return if from_server {
            UNEXPECTED
        } else {
            protocol_fate(protocol_error::ZMTP_MALFORMED_COMMAND_UNSPECIFIED)
        };
    }
    if let (true, Some(data)) = (from_server, data_of(body, b"ERROR")) {
        return error(data);
    }
    // The refusal comes where READY was due.
    let due = if due == b"ERROR" { b"READY" } else { due };
    if data_of(body, due).is_none() {
        return UNEXPECTED;
    }
    let (malformed, is_length) = match due {
        b"HELLO" => (
            protocol_error::ZMTP_MALFORMED_COMMAND_HELLO,
            body.len() == 200,
        ),
        b"WELCOME" => (protocol_error::ZMTP_CRYPTOGRAPHIC, body.len() == 168),
        b"INITIATE" => (
            protocol_error::ZMTP_MALFORMED_COMMAND_INITIATE,
            body.len() >= 257,
        ),
        _ => (
            protocol_error::ZMTP_MALFORMED_COMMAND_READY,
            body.len() >= 30,
        ),
    };
    if !is_length {
        return protocol_fate(malformed);
    }
    // Version and padding of HELLO are in clear.
    if due == b"HELLO" && body[6..80] != original[6..80] {
        return protocol_fate(malformed);
    }
    // X25519 takes no notice of the highest bit of a key: HELLO's box opens all the same, and the
    // client's own word for its key, in INITIATE, is another one.
    if due == b"HELLO" && body[..111] == original[..111] && body[112..] == original[112..] {
        return match body[111] ^ original[111] {
            0x80 => protocol_fate(protocol_error::ZMTP_KEY_EXCHANGE),
            _ => protocol_fate(protocol_error::ZMTP_CRYPTOGRAPHIC),
        };
    }
    // The number in INITIATE must be greater than the one in HELLO, 1.
    if due == b"INITIATE" && body[105..113] <= [0, 0, 0, 0, 0, 0, 0, 1][..] {
        return match body[9..105] == original[9..105] {
            true => protocol_fate(protocol_error::ZMTP_INVALID_SEQUENCE),
            false => protocol_fate(protocol_error::ZMTP_CRYPTOGRAPHIC),
        };
    }
    protocol_fate(protocol_error::ZMTP_CRYPTOGRAPHIC)
}
