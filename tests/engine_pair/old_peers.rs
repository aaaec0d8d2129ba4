//! Peers that speak ZMTP 2.0 and 1.0, played byte by byte.

use super::*;

#[test]
fn a_2_0_peer_is_spoken_to_in_its_way() {
    let now = Instant::now();
    let mut config = EngineConfig::new(SocketType::Dealer);
    config.routing_id = b"abc".to_vec();
    config.heartbeat_ivl = Some(MS);
    let mut side = Side::new(config, now);
    assert_eq!(side.transmit_all(), [0xFF, 0, 0, 0, 0, 0, 0, 0, 4, 0x7F]);
    side.receive(&[0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F], now);
    assert_eq!(side.transmit_all(), [3]);
    side.receive(&[1], now);
    assert_eq!(side.transmit_all(), b"\x05\0\x03abc");
    side.receive(&[6], now);
    assert_eq!(side.established, 0);
    side.receive(b"\0\x03xyz", now);
    assert_eq!(side.established, 1);
    let peer = side.engine.peer().unwrap();
    assert_eq!(
        (peer.zmtp, peer.socket_type),
        ((2, 0), Some(SocketType::Router))
    );
    assert_eq!(
        (peer.routing_id.as_slice(), peer.properties.len()),
        (&b"xyz"[..], 0)
    );
    assert_eq!(side.engine.poll_timeout(), None, "no heartbeats before 3.x");
    side.receive(
        &[&b"\x01\x02hi"[..], &command("PING", b"\0\0"), b"\0\0"].concat(),
        now,
    );
    assert_eq!(side.inbox.bodies(), [&b"hi"[..], b""]);
    side.send(b"yo", true);
    side.send(&[1; 256], false);
    let bytes = side.transmit_all();
    assert_eq!(bytes[..13], *b"\x01\x02yo\x02\0\0\0\0\0\0\x01\0");

    // Revision 2 is 2.0 as well; a type that does not fit is turned away.
    for (bytes, established) in [(&[2, 8, 0, 0], 1), (&[1, 7, 0, 0], 0), (&[1, 99, 0, 0], 0)] {
        let mut side = Side::new(EngineConfig::new(SocketType::Pull), now);
        side.receive(&greeting(3, 1, "")[..10], now);
        side.receive(bytes, now);
        assert_eq!(
            (side.established, side.error.is_some()),
            (established, established == 0)
        );
    }
}

#[test]
fn a_2_0_subscriber_and_publisher_exchange_messages() {
    let now = Instant::now();
    let start = greeting(3, 1, "")[..10].to_vec();
    let mut publisher = Side::new(EngineConfig::new(SocketType::Xpub), now);
    publisher.receive(
        &[start.as_slice(), b"\x01\x02\0\0", b"\0\x02\x01A"].concat(),
        now,
    );
    assert_eq!(publisher.inbox.bodies(), [b"\x01A"]);
    let mut subscriber = Side::new(EngineConfig::new(SocketType::Sub), now);
    subscriber.receive(&[start.as_slice(), b"\x01\x01\0\0"].concat(), now);
    subscriber.transmit_all();
    subscriber.subscribe(b"A", true);
    assert_eq!(subscriber.transmit_all(), b"\0\x02\x01A");
}

#[test]
fn a_1_0_peer_is_told_from_its_first_bytes() {
    for identity in [&b"\x04\0xyz"[..], b"\xFF\0\0\0\0\0\0\0\x04\0xyz"] {
        let now = Instant::now();
        let mut config = EngineConfig::new(SocketType::Dealer);
        config.routing_id = b"abc".to_vec();
        let mut side = Side::new(config, now);
        side.transmit_all();
        side.receive(identity, now);
        // Signature and this are one long frame of V1: 0xFF, length 4, flags 0x7F, "abc".
        assert_eq!(
            (side.transmit_all(), side.established),
            (b"abc".to_vec(), 1)
        );
        let peer = side.engine.peer().unwrap();
        assert_eq!((peer.zmtp, peer.socket_type), ((1, 0), None));
        assert_eq!(peer.routing_id, b"xyz");
        side.receive(b"\x03\x01hi\x01\0", now);
        assert_eq!(
            side.inbox.frames,
            [(b"hi".to_vec(), true), (Vec::new(), false)]
        );
        for (len, head) in [
            (0, vec![1, 1]),
            (253, vec![254, 1]),
            (254, vec![255, 0, 0, 0, 0, 0, 0, 0, 255, 1]),
        ] {
            side.send(&vec![7; len], true);
            let bytes = side.transmit_all();
            assert_eq!(
                (bytes.len(), &bytes[..head.len()]),
                (head.len() + len, &head[..])
            );
        }
    }
}

#[test]
fn a_1_0_subscriber_gets_everything() {
    for socket_type in [SocketType::Pub, SocketType::Xpub] {
        let now = Instant::now();
        let mut side = Side::new(EngineConfig::new(socket_type), now);
        side.inbox.room = 0;
        side.receive(b"\x01\0", now);
        assert_eq!((side.established, side.last), (1, Input::Blocked));
        side.inbox.room = 9;
        side.process(now);
        side.receive(b"\x03\0\x01A", now);
        assert_eq!(side.inbox.bodies(), [&b"\x01"[..], b"\x01A"]);
        assert_eq!(side.inbox.subscriptions, 1);
    }
}

#[test]
fn a_1_0_peer_with_impossible_lengths_is_dropped() {
    for (bytes, errno) in [
        (&b"\0"[..], Errno::EPROTO),
        (b"\xFF\0\0\0\0\0\0\0\0\x7E", Errno::EPROTO),
        (b"\xFF\0\0\0\0\0\0\x02\0\0", Errno::EMSGSIZE),
        (b"\x01\0\0", Errno::EPROTO),
        (
            b"\x01\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
            Errno::EMSGSIZE,
        ),
    ] {
        let now = Instant::now();
        let mut side = Side::new(EngineConfig::new(SocketType::Pull), now);
        side.receive(bytes, now);
        assert_eq!(side.error, Some(EngineError::Protocol(errno)), "{bytes:?}");
    }
}
