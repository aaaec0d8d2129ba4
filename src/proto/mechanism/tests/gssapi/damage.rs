//! What is changed, cut, repeated or from elsewhere, between two engines with GSSAPI, has no effect but the end of the
//! connection.

use super::*;

/// Flights of a handshake with the commands alone: the direction, the number in it, where the frame
/// begins, its length.
fn commands(configs: &(EngineConfig, EngineConfig)) -> Vec<(bool, usize, usize, usize)> {
    let mut found = Vec::new();
    let mut seen = [0; 2];
    let mut pair = Pair::new(configs).with_reply("200");
    pair.talk_through(|from_client, number, bytes| {
        // A greeting has 64 bytes.
        let seen = &mut seen[usize::from(from_client)];
        let skip = 64_usize.saturating_sub(*seen).min(bytes.len());
        *seen += bytes.len();
        let mut at = skip;
        while at < bytes.len() {
            let len = 2 + usize::from(bytes[at + 1]);
            found.push((from_client, number, at, len));
            at += len;
        }
    });
    assert!(pair.is_made());
    found
}

#[test]
fn a_handshake_cut_anywhere_is_not_complete() {
    for plaintext in MODES {
        let configs = gssapi(plaintext);
        for (from_client, number, at, len) in commands(&configs) {
            for cut in at..at + len {
                let mut pair = Pair::new(&configs).with_reply("200");
                let mut is_over = false;
                pair.talk_through(|from, n, bytes| {
                    is_over |= from == from_client && n == number;
                    if is_over && from == from_client {
                        bytes.truncate(if n == number { cut } else { 0 });
                    }
                });
                let (client, server) = (&pair.client, &pair.server);
                let receiver = if from_client { server } else { client };
                assert!(!receiver.established, "{from_client} {number} {cut}");
                assert!(client.inbox.frames.is_empty() && server.inbox.frames.is_empty());
            }
        }
    }
}

/// A command that is shorter than its sender made it, in a frame that says so.
#[test]
fn a_command_without_its_end_ends_the_connection() {
    for plaintext in MODES {
        let configs = gssapi(plaintext);
        for (from_client, number, at, len) in commands(&configs) {
            for keep in 2..len {
                let mut pair = Pair::new(&configs).with_reply("200");
                pair.talk_through(|from, n, bytes| {
                    if from == from_client && n == number {
                        bytes.drain(at + keep..at + len);
                        bytes[at + 1] = keep as u8 - 2;
                    }
                });
                let (client, server) = (&pair.client, &pair.server);
                assert!(client.inbox.frames.is_empty() && server.inbox.frames.is_empty());
                let receiver = if from_client { server } else { client };
                // A READY in clear may lose a property and be one still.
                if !plaintext || !receiver.established {
                    assert!(!receiver.established && receiver.error.is_some(), "{keep}");
                }
            }
        }
    }
}

#[test]
fn no_bit_of_a_protected_handshake_may_change() {
    let configs = gssapi(false);
    let mut count = 0;
    for (from_client, number, at, len) in commands(&configs) {
        // Beyond the head of the frame, which is not the mechanism's.
        for bit in (at + 2) * 8..(at + len) * 8 {
            let mut pair = Pair::new(&configs).with_reply("200");
            pair.talk_through(|from, n, bytes| {
                if from == from_client && n == number {
                    bytes[bit / 8] ^= 1 << (bit % 8);
                }
            });
            let (client, server) = (&pair.client, &pair.server);
            let receiver = if from_client { server } else { client };
            assert!(!receiver.established, "bit {bit}");
            assert!(
                matches!(
                    receiver.error,
                    Some(EngineError::Handshake(HandshakeFailure::Protocol(_)))
                ),
                "bit {bit}: {:?}",
                receiver.error
            );
            assert!(client.inbox.frames.is_empty() && server.inbox.frames.is_empty());
            count += 1;
        }
    }
    // Two INITIATEs, two READYs.
    assert!(count > 8 * 200, "{count}");
}

/// In clear a changed bit may make another property, but never a message, and nobody is let in whom
/// the handler did not see.
#[test]
fn changed_bits_elsewhere_do_no_harm() {
    for plaintext in MODES {
        let configs = gssapi(plaintext);
        for (from_client, number, len) in flights(&configs) {
            for bit in 0..len * 8 {
                let mut pair = Pair::new(&configs).with_reply("200");
                pair.talk_through(|from, n, bytes| {
                    if from == from_client && n == number {
                        bytes[bit / 8] ^= 1 << (bit % 8);
                    }
                });
                assert!(pair.client.inbox.frames.is_empty() && pair.server.inbox.frames.is_empty());
                let asked = pair.server.asked.as_ref();
                assert!(!pair.server.established || asked.is_some());
                if let Some(asked) = asked {
                    assert_eq!(asked.last().unwrap(), b"client@TEST");
                }
            }
        }
    }
}

#[test]
fn protected_messages_cannot_be_changed_repeated_or_reordered() {
    let made = || made(&gssapi(false));
    let sealed = |pair: &mut Pair, text: &[u8]| {
        pair.client.send(text, false);
        pair.client.take_output()
    };
    let len = sealed(&mut made(), b"hello").len();
    for bit in 16..len * 8 {
        let mut pair = made();
        let mut bytes = sealed(&mut pair, b"hello");
        bytes[bit / 8] ^= 1 << (bit % 8);
        pair.server.give(&bytes);
        assert!(pair.server.inbox.frames.is_empty() && pair.server.error.is_some());
    }
    let invalid = protocol(protocol_error::ZMTP_INVALID_SEQUENCE);
    // Out of order, repeated, one left out: a context need not look at that.
    for order in [&[1, 0][..], &[0, 0], &[0, 2]] {
        let mut pair = made();
        let texts = [b"one", b"two", b"six"];
        let sent = texts.map(|text| sealed(&mut pair, text));
        for &i in order {
            pair.server.give(&sent[i]);
        }
        let got: Vec<&[u8]> = pair.server.inbox.frames.iter().map(|f| &f.0[..]).collect();
        let expected: &[&[u8]] = if order[0] == 0 { &[b"one"] } else { &[] };
        assert_eq!(got, expected);
        assert_eq!(pair.server.error, invalid);
    }
    // A message sent back to its sender, one in clear, one that is none.
    for (bytes, error) in [
        (None, protocol_error::ZMTP_CRYPTOGRAPHIC),
        (
            Some(&b"\0\x05\x03abcd"[..]),
            protocol_error::ZMTP_UNEXPECTED_COMMAND,
        ),
        (
            Some(b"\0\x08\x07MESSAGE"),
            protocol_error::ZMTP_MALFORMED_COMMAND_MESSAGE,
        ),
        (
            Some(b"\0\x0c\x07MESSAGE\0\0\0\0"),
            protocol_error::ZMTP_CRYPTOGRAPHIC,
        ),
        (
            Some(b"\0\x0c\x07MESSAGE\xff\xff\xff\xff"),
            protocol_error::ZMTP_MALFORMED_COMMAND_MESSAGE,
        ),
        (Some(b"\0\0"), protocol_error::ZMTP_UNEXPECTED_COMMAND),
    ] {
        let mut pair = made();
        let own = sealed(&mut pair, b"one");
        pair.client.give(bytes.unwrap_or(&own));
        assert_eq!(pair.client.error, protocol(error));
        assert!(pair.client.inbox.frames.is_empty());
    }
}

/// What one connection said is worth nothing on another.
#[test]
fn messages_of_another_connection_are_refused() {
    let mut pair = made(&gssapi(false));
    for _ in 0..3 {
        pair.client.send(b"recorded", false);
    }
    let recorded = pair.client.take_output();
    let mut other = FakeSource::initiator();
    let mut acceptor = FakeSource::acceptor();
    (other.secret, acceptor.secret) = (9, 9);
    let mut again = made(&with_sources(other, acceptor, false));
    again.server.give(&recorded);
    assert!(again.server.inbox.frames.is_empty());
    assert_eq!(
        again.server.error,
        protocol(protocol_error::ZMTP_CRYPTOGRAPHIC)
    );
}
