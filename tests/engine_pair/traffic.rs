//! After the handshake: subscriptions, commands, back-pressure, limits; and connections without a
//! protocol.

use super::*;

#[test]
fn subscriptions_are_commands_for_3_1_and_messages_for_others() {
    let mut pair = Pair::types(SocketType::Sub, SocketType::Xpub).established();
    pair.a.subscribe(b"A", true);
    pair.a.subscribe(&[b't'; 245], true);
    pair.a.subscribe(&[b't'; 246], true);
    pair.a.subscribe(b"A", false);
    pair.a.subscribe(b"", true);
    pair.drive(50);
    let topic = |first: u8, topic: &[u8]| [&[first], topic].concat();
    let expected = [
        topic(1, b"A"),
        topic(1, &[b't'; 245]),
        topic(1, &[b't'; 246]),
        topic(0, b"A"),
        topic(1, b""),
    ];
    assert_eq!(pair.b.inbox.bodies(), expected);
    assert_eq!(pair.b.inbox.subscriptions, 5);

    let mut old = with_peer(SocketType::Sub, 0, &ready("PUB"));
    old.transmit_all();
    old.subscribe(b"A", true);
    old.subscribe(b"A", false);
    assert_eq!(old.transmit_all(), b"\0\x02\x01A\0\x02\0A");

    // Lengths at which the command frame changes its form.
    let mut new = with_peer(SocketType::Sub, 1, &ready("PUB"));
    new.transmit_all();
    new.subscribe(&[b't'; 245], true);
    assert_eq!(new.transmit_all()[..3], [4, 255, 9]);
    new.subscribe(&[b't'; 246], true);
    assert_eq!(new.transmit_all()[..10], [6, 0, 0, 0, 0, 0, 0, 1, 0, 9]);
    new.subscribe(&[b't'; 249], false);
    assert_eq!(new.transmit_all()[..10], [6, 0, 0, 0, 0, 0, 0, 1, 0, 6]);
}

#[test]
fn a_publisher_takes_subscriptions_in_either_form_others_none() {
    let bytes = [ready("SUB"), command("SUBSCRIBE", b"A"), frame(0, b"\x01B")].concat();
    for minor in [0, 1] {
        let side = with_peer(SocketType::Xpub, minor, &bytes);
        assert_eq!(side.inbox.bodies(), [b"\x01A", b"\x01B"]);
        assert_eq!(side.inbox.subscriptions, 1);
    }
    let bytes = [ready("PUSH"), command("SUBSCRIBE", b"A"), frame(0, b"hi")].concat();
    assert_eq!(
        with_peer(SocketType::Pull, 1, &bytes).inbox.bodies(),
        [b"hi"]
    );
}

#[test]
fn a_subscription_within_a_message_stays_a_frame() {
    let mut pair = Pair::types(SocketType::Xsub, SocketType::Xpub).established();
    pair.a.send(b"\x02a", true);
    pair.a.subscribe(b"b", true);
    assert_eq!(pair.a.transmit_all(), b"\x01\x02\x02a\0\x02\x01b");
    pair.a.subscribe(b"b", true);
    assert_eq!(pair.a.transmit_all(), command("SUBSCRIBE", b"b"));
}

#[test]
fn commands_between_frames_and_unknown_ones_disturb_nothing() {
    let bytes = [
        ready("PUSH"),
        frame(1, b"a"),
        command("PING", b"\0\0ctx"),
        command("FOO", b"data"),
        frame(4, b""),
        frame(4, b"\x09A"),
        ready("PULL"),
        command("ERROR", b"\x03300"),
        frame(0, b"b"),
        frame(0xF8, b"reserved bits"),
    ];
    let mut side = with_peer(SocketType::Pull, 1, &bytes.concat());
    assert_eq!((side.error, side.inbox.messages()), (None, 2));
    assert_eq!(side.inbox.bodies(), [&b"a"[..], b"b", b"reserved bits"]);
    assert!(side.transmit_all().ends_with(&command("PONG", b"ctx")));
}

#[test]
fn pongs_give_back_sixteen_bytes_of_the_context() {
    for (minor, context) in [
        (0, &b"LOL"[..]),
        (1, b""),
        (1, &[b'x'; 16]),
        (1, &[b'x'; 58]),
    ] {
        let mut side = with_peer(SocketType::Router, minor, &ready("DEALER"));
        side.transmit_all();
        let ping = command("PING", &[b"\0\0", context].concat());
        side.receive(&[ping.as_slice(), &ping].concat(), Instant::now());
        let pong = command("PONG", &context[..context.len().min(16)]);
        assert_eq!(side.transmit_all(), [pong.as_slice(), &pong].concat());
    }
    let side = with_peer(
        SocketType::Pull,
        1,
        &[ready("PUSH"), command("PING", b"\0")].concat(),
    );
    assert_eq!(side.error, Some(EngineError::Protocol(Errno::EPROTO)));
}

#[test]
fn a_full_sink_stops_messages_but_not_commands_and_resumes() {
    let mut side = with_peer(SocketType::Pull, 1, &ready("PUSH"));
    side.inbox.room = 2;
    side.transmit_all();
    let now = Instant::now();
    let large = vec![5; 20_000];
    let mut bytes = [frame(1, b"a"), frame(0, b"b"), frame(0, b"c")].concat();
    bytes.extend(command("PING", b"\0\0"));
    bytes.extend(frame(1, b"d"));
    bytes.extend(frame(0, b"e"));
    bytes.extend([2, 0, 0, 0, 0, 0, 0, 0x4E, 0x20]);
    bytes.extend(&large);
    side.receive(&bytes, now);
    assert_eq!((side.last, side.inbox.messages()), (Input::Blocked, 2));
    assert_eq!(
        side.transmit_all(),
        command("PONG", b""),
        "the PING came before the stop"
    );
    side.process(now);
    assert_eq!((side.last, side.inbox.messages()), (Input::Blocked, 2));
    side.inbox.room = 3;
    side.process(now);
    assert_eq!((side.last, side.inbox.messages()), (Input::Blocked, 3));
    side.inbox.room = 4;
    side.process(now);
    assert_eq!((side.last, side.inbox.messages()), (Input::NeedMore, 4));
    assert_eq!(
        side.inbox.bodies(),
        [&b"a"[..], b"b", b"c", b"d", b"e", &large]
    );
}

#[test]
fn limits_hold_for_each_frame_and_not_for_the_handshake() {
    for (len, fits) in [
        (0, true),
        (10, true),
        (11, false),
        (255, false),
        (256, false),
    ] {
        let now = Instant::now();
        let mut config = EngineConfig::new(SocketType::Pull);
        config.max_msg_size = Some(10);
        let mut side = Side::new(config, now);
        side.receive(&[greeting(3, 1, "NULL"), ready("PUSH")].concat(), now);
        assert_eq!(side.established, 1);
        side.receive(&command("PING", b"\0\x000123456789"), now);
        let head = if len < 256 {
            vec![1, len as u8]
        } else {
            vec![3, 0, 0, 0, 0, 0, 0, 1, 0]
        };
        side.receive(&[frame(1, &[1; 10]), head, vec![1; len]].concat(), now);
        let error = (!fits).then_some(EngineError::Protocol(Errno::EMSGSIZE));
        assert_eq!(
            (side.error, side.inbox.frames.len()),
            (error, if fits { 2 } else { 1 })
        );
    }
}

#[test]
fn raw_connections_carry_bytes_as_they_are() {
    let now = Instant::now();
    let mut side = Side::with_engine(AnyEngine::Raw(RawEngine::new()), OutBuf::new());
    side.process(now);
    assert_eq!((side.established, side.last), (1, Input::NeedMore));
    let mut expected: VecDeque<u8> = (0..=255).cycle().take(20_000).collect();
    side.receive(expected.make_contiguous(), now);
    let received: VecDeque<u8> = side
        .inbox
        .frames
        .iter()
        .flat_map(|(body, _)| body.clone())
        .collect();
    assert!(received == expected && side.inbox.frames.iter().all(|(_, more)| !more));
    side.send(b"abc", true);
    side.send(b"", false);
    side.send(&[1; 5000], false);
    let bytes = side.transmit_all();
    assert_eq!((bytes.len(), &bytes[..4]), (5003, &b"abc\x01"[..]));

    side.inbox.room = 0;
    side.receive(b"waits", now);
    assert_eq!(side.last, Input::Blocked);
    side.inbox.room = usize::MAX;
    side.process(now);
    assert_eq!(side.inbox.bodies().last(), Some(&&b"waits"[..]));
    assert_eq!(side.engine.poll_timeout(), None);
}
