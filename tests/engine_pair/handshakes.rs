//! From the first byte to the complete handshake: who meets, who is turned away, and when.

use super::*;

#[test]
fn engines_meet_in_pieces_of_any_size() {
    for piece in [1, 2, 9, 10, 11, 12, 63, 64, 65, 1000] {
        let mut dealer = EngineConfig::new(SocketType::Dealer);
        dealer.routing_id = b"me".to_vec();
        dealer.app_metadata = vec![("X-note".into(), b"hello".to_vec())];
        let mut pair = Pair::new(dealer, EngineConfig::new(SocketType::Router));
        pair.drive(piece);
        assert_eq!((pair.a.established, pair.b.established), (1, 1));
        let peer = pair.b.engine.peer().unwrap();
        assert_eq!(peer.socket_type, Some(SocketType::Dealer));
        assert_eq!(
            (peer.routing_id.as_slice(), peer.zmtp),
            (&b"me"[..], (3, 1))
        );
        let names: Vec<_> = peer
            .properties
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["Socket-Type", "Identity", "X-note"]);

        let large = vec![9; 300_000];
        let bodies: [&[u8]; 6] = [b"", b"0123456789", &[1; 255], &[2; 256], &large, b"end"];
        for (index, body) in bodies.iter().enumerate() {
            pair.a.send(body, index % 2 == 0);
            pair.b.send(body, index % 2 == 0);
        }
        pair.drive(piece.max(100));
        for side in [&pair.a, &pair.b] {
            assert_eq!(side.inbox.bodies(), bodies);
            assert!(
                side.inbox
                    .frames
                    .iter()
                    .enumerate()
                    .all(|(i, (_, more))| *more == (i % 2 == 0))
            );
        }
    }
}

#[test]
fn what_is_sent_when_is_exact() {
    let now = Instant::now();
    let mut side = Side::new(EngineConfig::new(SocketType::Dealer), now);
    let theirs = greeting(3, 1, "NULL");
    assert_eq!(side.transmit_all(), [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F]);
    for byte in &theirs[..9] {
        side.receive(&[*byte], now);
        assert_eq!(side.transmit_all(), b"");
    }
    side.receive(&theirs[9..10], now);
    assert_eq!(side.transmit_all(), [3]);
    side.receive(&theirs[10..11], now);
    let mut rest = vec![1];
    rest.extend(b"NULL");
    rest.resize(53, 0);
    assert_eq!(side.transmit_all(), rest);
    side.receive(&theirs[11..63], now);
    assert_eq!(side.transmit_all(), b"");
    side.receive(&theirs[63..], now);
    let ready = b"\x04\x29\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0";
    assert_eq!(side.transmit_all(), ready);
    assert_eq!(side.established, 0);
    side.receive(ready, now);
    assert_eq!((side.established, side.transmit_all()), (1, Vec::new()));
    side.send(b"Hello", false);
    assert_eq!(side.transmit_all(), b"\0\x05Hello");
    side.send(&[7; 64_000], true);
    let bytes = side.transmit_all();
    assert_eq!(
        (bytes.len(), &bytes[..9]),
        (64_009, &[3, 0, 0, 0, 0, 0, 0, 0xFA, 0][..])
    );
}

#[test]
fn only_addressed_types_announce_an_identity() {
    for (id, size) in [
        (1, 27),
        (2, 27),
        (4, 27),
        (5, 43),
        (6, 43),
        (7, 28),
        (9, 28),
        (0, 28),
    ] {
        let mut side = with_peer(SocketType::from_id(id).unwrap(), 1, b"");
        assert_eq!(side.transmit_all().len(), 64 + size);
    }
}

#[test]
fn types_that_do_not_fit_are_turned_away() {
    for (ours, theirs) in [
        (SocketType::Pull, "PULL"),
        (SocketType::Req, "DEALER"),
        (SocketType::Pub, "FOO"),
    ] {
        let side = with_peer(ours, 1, &ready(theirs));
        assert_eq!(side.error, Some(EngineError::Protocol(Errno::EINVAL)));
        assert_eq!(side.established, 0);
    }
    // Names are compared without regard to case, values exactly; without a type anything goes.
    let lower = |value: &[u8]| command("READY", &property("socket-type", value));
    assert_eq!(
        with_peer(SocketType::Pull, 1, &lower(b"PUSH")).established,
        1
    );
    assert_eq!(
        with_peer(SocketType::Pull, 1, &lower(b"PULL")).established,
        0
    );
    assert_eq!(
        with_peer(SocketType::Pull, 1, &lower(b"push")).established,
        0
    );
    assert_eq!(
        with_peer(SocketType::Pull, 1, &command("READY", b"")).established,
        1
    );
}

#[test]
fn handshake_failures_have_the_values_of_the_manual() {
    let protocol = |value| EngineError::Handshake(HandshakeFailure::Protocol(value));
    let unexpected = protocol(protocol_error::ZMTP_UNEXPECTED_COMMAND);
    let cases: [(Vec<u8>, EngineError); 11] = [
        (command("HELLO", b""), unexpected),
        (command("ready", b""), unexpected),
        (command("PING", b"\0\0"), unexpected),
        (frame(4, b""), unexpected),
        (frame(4, b"\x05RE"), unexpected),
        (frame(0, b"hi"), unexpected),
        (
            command("ERROR", b"\x03400"),
            EngineError::Handshake(HandshakeFailure::Auth(400)),
        ),
        (
            command("ERROR", b"\x04nope"),
            EngineError::Protocol(Errno::EPROTO),
        ),
        (
            command("ERROR", b"\x09x"),
            protocol(protocol_error::ZMTP_MALFORMED_COMMAND_ERROR),
        ),
        (
            command("READY", b"\x05ab"),
            EngineError::Protocol(Errno::EINVAL),
        ),
        (
            b"\x06\0\0\0\x10\0\0\0\0".to_vec(),
            EngineError::Protocol(Errno::EMSGSIZE),
        ),
    ];
    for (bytes, error) in cases {
        let side = with_peer(SocketType::Pull, 1, &bytes);
        assert_eq!(side.error, Some(error), "{bytes:?}");
        assert!(!error.is_temporary());
    }
    for mechanism in ["PLAIN", "null", "", "NULLNULLNULLNULLNULL"] {
        let now = Instant::now();
        let mut side = Side::new(EngineConfig::new(SocketType::Pull), now);
        side.receive(&greeting(3, 1, mechanism), now);
        assert_eq!(
            side.error,
            Some(protocol(protocol_error::ZMTP_MECHANISM_MISMATCH))
        );
        assert_eq!(
            side.transmit_all().len(),
            64,
            "our greeting is told all the same"
        );
    }
}

#[test]
fn later_versions_are_spoken_to_in_ours() {
    for (major, minor) in [(3, 2), (3, 255), (4, 0), (255, 0)] {
        let now = Instant::now();
        let mut side = Side::new(EngineConfig::new(SocketType::Sub), now);
        side.receive(&greeting(major, minor, "NULL"), now);
        side.receive(&ready("PUB"), now);
        assert_eq!(side.engine.peer().unwrap().zmtp, (3, 1));
        side.transmit_all();
        side.subscribe(b"A", true);
        assert_eq!(side.transmit_all(), command("SUBSCRIBE", b"A"));
    }
}

#[test]
fn the_handshake_interval_is_kept() {
    let mut config = EngineConfig::new(SocketType::Dealer);
    config.handshake_ivl = Some(100 * MS);
    let now = Instant::now();
    let mut side = Side::new(config.clone(), now);
    assert_eq!(side.engine.poll_timeout(), Some(now + 100 * MS));
    side.receive(&greeting(3, 1, "NULL"), now + 50 * MS);
    side.timeout(now + 99 * MS);
    assert_eq!(side.error, None);
    side.timeout(now + 100 * MS);
    assert_eq!(side.error, Some(EngineError::HandshakeTimeout));
    assert!(EngineError::HandshakeTimeout.is_temporary());

    let mut pair = Pair::new(config.clone(), config).established();
    assert_eq!(pair.a.engine.poll_timeout(), None);
    pair.pass(1000 * MS, (true, true));
    assert_eq!((pair.a.error, pair.b.error), (None, None));
}

#[test]
fn nothing_is_encoded_before_the_handshake_is_done() {
    let now = Instant::now();
    let mut side = Side::new(EngineConfig::new(SocketType::Dealer), now);
    side.send(b"early", false);
    side.subscribe(b"early", true);
    assert_eq!(side.transmit_all().len(), 10);
    assert!(side.engine.peer().is_none() && !side.engine.is_established());
}
