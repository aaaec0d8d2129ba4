//! Protected messages that are changed, repeated or reordered on the way, and handshakes that are
//! played again.

use super::*;

#[test]
fn protected_messages_cannot_be_changed_repeated_or_reordered() {
    let made = || {
        let mut pair = Pair::new(&curve());
        pair.talk();
        assert!(pair.is_made());
        pair
    };
    let len = {
        let mut pair = made();
        pair.client.send(b"hello", true);
        pair.client.take_output().len()
    };
    // Beyond the two bytes of the head.
    for bit in 16..len * 8 {
        let mut pair = made();
        pair.client.send(b"hello", true);
        pair.talk_through(|_, _, bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        assert!(pair.server.inbox.frames.is_empty());
        let error = pair.server.error.unwrap();
        assert!(matches!(
            error,
            EngineError::Handshake(HandshakeFailure::Protocol(_))
        ));
    }
    let mut pair = made();
    pair.client.send(b"one", false);
    let one = pair.client.take_output();
    pair.client.send(b"two", false);
    let two = pair.client.take_output();
    pair.server.give(&two);
    pair.server.give(&one);
    assert_eq!(pair.server.inbox.frames, [(b"two".to_vec(), false)]);
    assert_eq!(
        pair.server.error,
        protocol(protocol_error::ZMTP_INVALID_SEQUENCE)
    );
    let mut pair = made();
    pair.client.send(b"one", false);
    let one = pair.client.take_output();
    pair.server.give(&one);
    pair.server.give(&one);
    assert_eq!(pair.server.inbox.frames.len(), 1);
    assert_eq!(
        pair.server.error,
        protocol(protocol_error::ZMTP_INVALID_SEQUENCE)
    );
    // A message sent back to its sender, and one in clear.
    let mut pair = made();
    pair.client.send(b"one", false);
    let one = pair.client.take_output();
    pair.client.give(&one);
    assert_eq!(
        pair.client.error,
        protocol(protocol_error::ZMTP_CRYPTOGRAPHIC)
    );
    let mut pair = made();
    pair.server.give(b"\0\x05\x03abcd");
    assert_eq!(
        pair.server.error,
        protocol(protocol_error::ZMTP_UNEXPECTED_COMMAND)
    );
    let mut pair = made();
    pair.server.give(b"\0\x08\x07MESSAGE");
    assert_eq!(
        pair.server.error,
        protocol(protocol_error::ZMTP_MALFORMED_COMMAND_MESSAGE)
    );
}

/// What one connection said is worth nothing on another.
#[test]
fn a_recorded_handshake_cannot_be_played_again() {
    let configs = curve();
    let mut recorded = Vec::new();
    let mut pair = Pair::new(&configs);
    pair.talk_through(|from_client, _, bytes| {
        if from_client {
            recorded.push(bytes.clone());
        }
    });
    assert!(pair.is_made());
    let mut again = Side::new(&configs.1);
    for flight in recorded {
        again.give(&flight);
    }
    assert!(!again.established && again.asked.is_none());
    assert_eq!(again.error, protocol(protocol_error::ZMTP_CRYPTOGRAPHIC));
}
