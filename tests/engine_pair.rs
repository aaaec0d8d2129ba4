//! Two protocol engines joined in memory, with a clock that only the test moves.
//!
//! Handshakes, traffic, back-pressure and heartbeats between our own engines, and with old peers
//! that the test plays byte by byte. No sockets, threads or sleeps.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use zmq::errno::Errno;
use zmq::msg::{Msg, RxBuf};
use zmq::proto::raw::RawEngine;
use zmq::proto::{
    AnyEngine, Engine, EngineConfig, EngineError, HandshakeFailure, Input, OutBuf, Sink,
    protocol_error,
};
use zmq::socket_type::SocketType;

const MS: Duration = Duration::from_millis(1);

/// A sink that has room for so many messages.
struct Inbox {
    room: usize,
    frames: Vec<(Vec<u8>, bool)>,
    subscriptions: usize,
}

impl Inbox {
    fn messages(&self) -> usize {
        self.frames.iter().filter(|(_, more)| !more).count()
    }

    fn bodies(&self) -> Vec<&[u8]> {
        self.frames
            .iter()
            .map(|(body, _)| body.as_slice())
            .collect()
    }
}

impl Sink for Inbox {
    fn has_room(&self) -> bool {
        assert!(
            !self.frames.last().is_some_and(|(_, more)| *more),
            "asked within a message"
        );
        self.messages() < self.room
    }

    fn push(&mut self, frame: Msg) {
        self.subscriptions += usize::from(frame.is_subscribe() || frame.is_cancel());
        self.frames.push((frame.data().to_vec(), frame.is_more()));
    }
}

/// One engine with all that a session would have.
struct Side {
    engine: AnyEngine,
    rx: RxBuf,
    out: OutBuf,
    inbox: Inbox,
    established: usize,
    last: Input,
    error: Option<EngineError>,
}

impl Side {
    fn new(config: EngineConfig, now: Instant) -> Self {
        let mut out = OutBuf::new();
        let engine = AnyEngine::Zmtp(Box::new(Engine::new(config, now, &mut out)));
        Self::with_engine(engine, out)
    }

    fn with_engine(engine: AnyEngine, out: OutBuf) -> Self {
        Self {
            engine,
            rx: RxBuf::new(),
            out,
            inbox: Inbox {
                room: usize::MAX,
                frames: Vec::new(),
                subscriptions: 0,
            },
            established: 0,
            last: Input::NeedMore,
            error: None,
        }
    }

    /// Decodes what is there, as long as there is a point.
    fn process(&mut self, now: Instant) {
        while self.error.is_none() {
            match self
                .engine
                .handle_input(&mut self.rx, &mut self.inbox, &mut self.out, now)
            {
                Ok(Input::Established) => {
                    assert!(self.inbox.frames.is_empty());
                    self.established += 1;
                }
                Ok(input) => {
                    self.last = input;
                    return;
                }
                Err(error) => self.error = Some(error),
            }
        }
    }

    fn receive(&mut self, mut bytes: &[u8], now: Instant) {
        while !bytes.is_empty() && self.error.is_none() {
            let filled = self.rx.fill(|slices| -> Result<usize, Errno> {
                let mut n = 0;
                for slice in slices {
                    let len = slice.len().min(bytes.len() - n);
                    slice[..len].copy_from_slice(&bytes[n..n + len]);
                    n += len;
                }
                Ok(n)
            });
            bytes = &bytes[filled.unwrap().0..];
            self.process(now);
        }
    }

    /// What is to be sent, at most `max` bytes.
    fn transmit(&mut self, max: usize) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 16];
        let used = self.out.slices(&mut slices);
        let mut bytes = Vec::new();
        for slice in &slices[..used] {
            bytes.extend(&slice[..slice.len().min(max - bytes.len())]);
        }
        self.out.advance(bytes.len());
        bytes
    }

    fn transmit_all(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !self.out.is_empty() {
            bytes.extend(self.transmit(usize::MAX));
        }
        bytes
    }

    fn send(&mut self, body: &[u8], more: bool) {
        let mut msg = Msg::copy_of(body).unwrap();
        msg.set_more(more);
        self.engine.encode(msg, &mut self.out);
    }

    fn subscribe(&mut self, topic: &[u8], on: bool) {
        let mut msg = Msg::copy_of(&[&[u8::from(on)], topic].concat()).unwrap();
        if on {
            msg.mark_subscribe()
        } else {
            msg.mark_cancel()
        }
        self.engine.encode(msg, &mut self.out);
    }

    fn timeout(&mut self, now: Instant) {
        if self.error.is_none() && self.engine.poll_timeout().is_some_and(|at| at <= now) {
            self.error = self.engine.handle_timeout(now, &mut self.out).err();
        }
    }
}

/// Two sides and the time.
struct Pair {
    a: Side,
    b: Side,
    now: Instant,
}

impl Pair {
    fn new(a: EngineConfig, b: EngineConfig) -> Self {
        let now = Instant::now();
        Self {
            a: Side::new(a, now),
            b: Side::new(b, now),
            now,
        }
    }

    fn types(a: SocketType, b: SocketType) -> Self {
        Self::new(EngineConfig::new(a), EngineConfig::new(b))
    }

    /// Carries bytes both ways in pieces until nobody says anything.
    fn drive(&mut self, piece: usize) {
        loop {
            let (from_a, from_b) = (self.a.transmit(piece), self.b.transmit(piece));
            if from_a.is_empty() && from_b.is_empty() {
                return;
            }
            self.b.receive(&from_a, self.now);
            self.a.receive(&from_b, self.now);
        }
    }

    fn established(mut self) -> Self {
        self.drive(usize::MAX);
        assert_eq!((self.a.error, self.b.error), (None, None));
        assert_eq!((self.a.established, self.b.established), (1, 1));
        self
    }

    /// Lets time pass, deadline by deadline; `deliver` says what arrives: from a, from b.
    fn pass(&mut self, time: Duration, deliver: (bool, bool)) {
        let end = self.now + time;
        loop {
            let next = [&self.a, &self.b]
                .into_iter()
                .filter(|side| side.error.is_none())
                .filter_map(|side| side.engine.poll_timeout())
                .min();
            match next {
                Some(at) if at <= end => self.now = self.now.max(at),
                _ => break,
            }
            self.a.timeout(self.now);
            self.b.timeout(self.now);
            while !(self.a.out.is_empty() && self.b.out.is_empty()) {
                let (from_a, from_b) = (self.a.transmit_all(), self.b.transmit_all());
                if deliver.0 {
                    self.b.receive(&from_a, self.now);
                }
                if deliver.1 {
                    self.a.receive(&from_b, self.now);
                }
            }
        }
        self.now = end;
    }
}

fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![flags, u8::try_from(body.len()).unwrap()];
    bytes.extend(body);
    bytes
}

fn command(name: &str, data: &[u8]) -> Vec<u8> {
    frame(4, &[&[name.len() as u8], name.as_bytes(), data].concat())
}

fn property(name: &str, value: &[u8]) -> Vec<u8> {
    let len = u32::try_from(value.len()).unwrap().to_be_bytes();
    [&[name.len() as u8], name.as_bytes(), &len, value].concat()
}

fn greeting(major: u8, minor: u8, mechanism: &str) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, major, minor];
    bytes.extend(mechanism.as_bytes());
    bytes.resize(64, 0);
    bytes
}

fn ready(socket_type: &str) -> Vec<u8> {
    command("READY", &property("Socket-Type", socket_type.as_bytes()))
}

/// One of our engines that has seen the given greeting and command of a 3.x peer.
fn with_peer(socket_type: SocketType, minor: u8, command: &[u8]) -> Side {
    let now = Instant::now();
    let mut side = Side::new(EngineConfig::new(socket_type), now);
    side.receive(&greeting(3, minor, "NULL"), now);
    side.receive(command, now);
    side
}

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

fn heartbeats(ivl: u32, ttl: u32, timeout: Option<u32>) -> EngineConfig {
    let mut config = EngineConfig::new(SocketType::Dealer);
    config.heartbeat_ivl = (ivl > 0).then(|| MS * ivl);
    config.heartbeat_ttl = (ttl > 0).then(|| MS * ttl);
    config.heartbeat_timeout = timeout.map(|timeout| MS * timeout);
    config
}

#[test]
fn heartbeats_keep_an_idle_connection() {
    let mut pair = Pair::new(heartbeats(50, 0, None), heartbeats(0, 0, None)).established();
    pair.pass(3000 * MS, (true, true));
    assert_eq!((pair.a.error, pair.b.error), (None, None));
    assert!(pair.a.inbox.frames.is_empty() && pair.b.inbox.frames.is_empty());
}

#[test]
fn pings_are_regular_and_carry_the_ttl() {
    let mut pair = Pair::new(heartbeats(100, 1599, Some(0)), heartbeats(0, 0, None)).established();
    for _ in 0..5 {
        pair.now += 100 * MS;
        pair.a.timeout(pair.now);
        assert_eq!(pair.a.transmit_all(), b"\x04\x07\x04PING\0\x0f");
        pair.a.timeout(pair.now + 99 * MS);
        assert_eq!(pair.a.transmit_all(), b"");
    }
}

#[test]
fn a_mute_peer_is_given_up() {
    // What b sends is lost: a must notice, one time-out after its first PING.
    let mut pair = Pair::new(heartbeats(50, 0, None), heartbeats(0, 0, None)).established();
    let start = pair.now;
    pair.pass(99 * MS, (true, false));
    assert_eq!(pair.a.error, None);
    pair.pass(1 * MS, (true, false));
    assert_eq!(
        (pair.a.error, pair.now),
        (Some(EngineError::HeartbeatTimeout), start + 100 * MS)
    );

    let mut pair = Pair::new(heartbeats(50, 0, Some(200)), heartbeats(0, 0, None)).established();
    pair.pass(249 * MS, (true, false));
    assert_eq!(pair.a.error, None);
    pair.pass(1 * MS, (true, false));
    assert_eq!(pair.a.error, Some(EngineError::HeartbeatTimeout));
}

#[test]
fn a_ttl_binds_the_other_side() {
    // a's PINGs say 100 ms and come every 250 ms: b gives up though its own heartbeat is off.
    let mut pair = Pair::new(heartbeats(250, 100, None), heartbeats(0, 0, None)).established();
    pair.pass(349 * MS, (true, true));
    assert_eq!(pair.b.error, None);
    pair.pass(1 * MS, (true, true));
    assert_eq!(
        (pair.a.error, pair.b.error),
        (None, Some(EngineError::HeartbeatTimeout))
    );
}

#[test]
fn a_sender_is_not_taken_for_dead_while_its_messages_wait_for_room() {
    let mut pair = Pair::new(heartbeats(0, 0, None), heartbeats(50, 0, None)).established();
    pair.b.inbox.room = 0;
    pair.a.send(b"waits", false);
    pair.drive(usize::MAX);
    assert_eq!(pair.b.last, Input::Blocked);
    for _ in 0..20 {
        pair.now += 50 * MS;
        pair.b.timeout(pair.now);
        pair.b.transmit_all();
    }
    assert_eq!(pair.b.error, None);
    pair.b.inbox.room = 1;
    pair.b.process(pair.now);
    assert_eq!(pair.b.inbox.bodies(), [b"waits"]);
    pair.pass(200 * MS, (true, true));
    assert_eq!(pair.b.error, None, "a answers");
    pair.pass(200 * MS, (false, true));
    assert_eq!(pair.b.error, Some(EngineError::HeartbeatTimeout));
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
