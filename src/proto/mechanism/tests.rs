//! Handshakes between two engines in memory, with somebody in between who cuts, changes, repeats
//! or withholds what they say.

mod gssapi;

use std::time::Instant;

use super::*;
use crate::crypto::SecretKey;
use crate::errno::{Errno, Result as ErrnoResult};
use crate::msg::RxBuf;
use crate::proto::error::{HandshakeFailure, protocol_error};
use crate::proto::{Engine, Input, PeerInfo, Sink};

#[derive(Default)]
struct Frames(Vec<(Vec<u8>, bool)>);

impl Sink for Frames {
    fn has_room(&self) -> bool {
        true
    }

    fn push(&mut self, frame: Msg) {
        self.0.push((frame.data().to_vec(), frame.is_more()));
    }
}

/// One end of a connection.
struct Side {
    engine: Engine,
    rx: RxBuf,
    out: OutBuf,
    frames: Frames,
    established: bool,
    error: Option<EngineError>,
    asked: Option<Vec<Vec<u8>>>,
    /// What a ZAP handler says; without it there is none.
    reply: Option<Vec<Vec<u8>>>,
}

impl Side {
    fn new(config: &EngineConfig) -> Self {
        let mut out = OutBuf::new();
        Self {
            engine: Engine::new(config.clone(), Instant::now(), &mut out),
            rx: RxBuf::new(),
            out,
            frames: Frames::default(),
            established: false,
            error: None,
            asked: None,
            reply: None,
        }
    }

    /// What waits to be sent.
    fn take_output(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !self.out.is_empty() {
            let mut slices = [std::io::IoSlice::new(&[]); 8];
            let used = self.out.slices(&mut slices);
            let n = slices[..used].iter().map(|slice| slice.len()).sum();
            for slice in &slices[..used] {
                bytes.extend_from_slice(slice);
            }
            self.out.advance(n);
        }
        bytes
    }

    fn give(&mut self, mut bytes: &[u8]) {
        loop {
            let filled = self.rx.fill(|slices| -> ErrnoResult<usize> {
                let mut n = 0;
                for slice in slices {
                    let len = slice.len().min(bytes.len() - n);
                    slice[..len].copy_from_slice(&bytes[n..n + len]);
                    n += len;
                }
                Ok(n)
            });
            bytes = &bytes[filled.unwrap().0..];
            self.run();
            if bytes.is_empty() || self.error.is_some() {
                return;
            }
        }
    }

    fn run(&mut self) {
        while self.error.is_none() {
            let now = Instant::now();
            let input =
                self.engine
                    .handle_input(&mut self.rx, &mut self.frames, &mut self.out, now);
            let result = match input {
                Ok(Input::NeedMore) => return,
                Ok(Input::Blocked) => panic!("there is always room"),
                Ok(Input::Established) => {
                    self.established = true;
                    Ok(())
                }
                Ok(Input::ZapPending) => self.consult(),
                Ok(Input::TaskPending) => {
                    let done = self.engine.take_task().unwrap().run();
                    self.engine.handle_task(done, &mut self.out)
                }
                Err(error) => Err(error),
            };
            self.error = result.err();
        }
    }

    fn consult(&mut self) -> Result<(), EngineError> {
        let request = self.engine.take_zap_request().unwrap();
        self.asked = Some(request.iter().map(|frame| frame.data().to_vec()).collect());
        match &self.reply {
            None => self.engine.handle_zap_absent(&mut self.out),
            Some(reply) => {
                let frames = reply
                    .iter()
                    .map(|frame| Msg::copy_of(frame).unwrap())
                    .collect();
                self.engine.handle_zap_reply(frames, &mut self.out)
            }
        }
    }

    fn send(&mut self, body: &[u8], more: bool) {
        let mut msg = Msg::copy_of(body).unwrap();
        msg.set_more(more);
        self.engine.encode(msg, &mut self.out);
    }

    fn peer(&self) -> &PeerInfo {
        self.engine.peer().unwrap()
    }
}

/// A client and a server.
struct Pair {
    client: Side,
    server: Side,
}

impl Pair {
    fn new((client, server): &(EngineConfig, EngineConfig)) -> Self {
        Self {
            client: Side::new(client),
            server: Side::new(server),
        }
    }

    fn with_reply(mut self, status: &str) -> Self {
        self.server.reply = Some(reply(status));
        self
    }

    /// Lets them talk until nobody has anything to say. `between` sees each flight, with whether it
    /// comes from the client and its number in that direction.
    fn talk_through(&mut self, mut between: impl FnMut(bool, usize, &mut Vec<u8>)) {
        let mut numbers = [0; 2];
        loop {
            let mut silent = true;
            for from_client in [true, false] {
                let (from, to) = if from_client {
                    (&mut self.client, &mut self.server)
                } else {
                    (&mut self.server, &mut self.client)
                };
                let mut bytes = from.take_output();
                if bytes.is_empty() {
                    continue;
                }
                silent = false;
                let number = &mut numbers[usize::from(from_client)];
                between(from_client, *number, &mut bytes);
                *number += 1;
                to.give(&bytes);
            }
            if silent {
                return;
            }
        }
    }

    fn talk(&mut self) {
        self.talk_through(|_, _, _| {});
    }

    fn is_made(&self) -> bool {
        self.client.established && self.server.established
    }
}

fn reply(status: &str) -> Vec<Vec<u8>> {
    let frames: [&[u8]; 7] = [
        b"",
        b"1.0",
        b"1",
        status.as_bytes(),
        b"text",
        b"joe",
        b"\x05Hello\0\0\0\x05World",
    ];
    frames.map(<[u8]>::to_vec).to_vec()
}

fn configs(client: MechanismConfig, server: MechanismConfig) -> (EngineConfig, EngineConfig) {
    let mut ours = EngineConfig::new(SocketType::Dealer);
    ours.mechanism = client;
    ours.routing_id = b"client".to_vec();
    let mut theirs = EngineConfig::new(SocketType::Router);
    theirs.mechanism = server;
    theirs.is_server_side = true;
    theirs.routing_id = b"server".to_vec();
    theirs.zap.peer_address = "127.0.0.1".to_owned();
    (ours, theirs)
}

fn null() -> (EngineConfig, EngineConfig) {
    let mut configs = configs(MechanismConfig::Null, MechanismConfig::Null);
    configs.1.zap.domain = b"here".to_vec();
    configs
}

fn plain() -> (EngineConfig, EngineConfig) {
    let credentials = PlainCredentials {
        username: b"admin".to_vec().into(),
        password: b"secret".to_vec().into(),
    };
    configs(
        MechanismConfig::PlainClient(credentials),
        MechanismConfig::PlainServer,
    )
}

fn curve() -> (EngineConfig, EngineConfig) {
    let server = SecretKey::from_bytes([7; 32]);
    let client = SecretKey::from_bytes([8; 32]);
    configs(
        MechanismConfig::CurveClient(CurveClientConfig {
            public_key: client.public(),
            secret_key: client,
            server_key: server.public(),
        }),
        MechanismConfig::CurveServer(CurveServerConfig {
            public_key: server.public(),
            secret_key: server,
        }),
    )
}

fn all() -> [(EngineConfig, EngineConfig); 3] {
    [null(), plain(), curve()]
}

fn protocol(value: u32) -> Option<EngineError> {
    Some(EngineError::protocol(value))
}

#[test]
fn handshakes_succeed_and_messages_pass() {
    for configs in all() {
        let mut pair = Pair::new(&configs).with_reply("200");
        pair.talk();
        assert!(
            pair.is_made(),
            "{:?} {:?}",
            pair.client.error,
            pair.server.error
        );
        assert_eq!(pair.server.peer().socket_type, Some(SocketType::Dealer));
        assert_eq!(pair.server.peer().routing_id, b"client");
        assert_eq!(pair.server.peer().user_id.as_deref(), Some(&b"joe"[..]));
        let hello = ("Hello".to_owned(), b"World".to_vec());
        assert_eq!(pair.server.peer().zap_properties, [hello]);
        assert_eq!(pair.client.peer().routing_id, b"server");
        assert_eq!(pair.client.peer().user_id, None);
        let mut expected = Vec::new();
        for len in [
            0, 1, 7, 40, 41, 222, 223, 8000, 9000, 65_000, 65_536, 300_000,
        ] {
            let body: Vec<u8> = (0..len).map(|i| (i * 3) as u8).collect();
            let more = len % 2 == 1;
            pair.client.send(&body, more);
            pair.server.send(&body, more);
            expected.push((body, more));
        }
        pair.talk();
        assert!(pair.client.frames.0 == expected && pair.server.frames.0 == expected);
    }
}

#[test]
fn zap_handlers_are_asked_as_the_rfc_wants_it() {
    let client_key = SecretKey::from_bytes([8; 32]).public();
    let credentials: [(&[u8], Vec<&[u8]>); 3] = [
        (b"NULL", vec![]),
        (b"PLAIN", vec![b"admin", b"secret"]),
        (b"CURVE", vec![&client_key]),
    ];
    for (mut configs, (mechanism, credentials)) in all().into_iter().zip(credentials) {
        configs.1.zap.domain = b"here".to_vec();
        let mut pair = Pair::new(&configs).with_reply("200");
        pair.talk();
        let mut expected: Vec<&[u8]> = vec![
            b"",
            b"1.0",
            b"1",
            b"here",
            b"127.0.0.1",
            b"server",
            mechanism,
        ];
        expected.extend(credentials);
        assert_eq!(pair.server.asked.unwrap(), expected);
        assert_eq!(pair.client.asked, None);
    }
}

#[test]
fn refusals_end_the_connection_and_the_client_learns_of_them() {
    for configs in all() {
        for status in [300, 400, 500] {
            let mut pair = Pair::new(&configs).with_reply(&status.to_string());
            pair.talk();
            let refused = Some(EngineError::Handshake(HandshakeFailure::Auth(status)));
            assert_eq!(pair.server.error, refused);
            // 300 is not told: the client may try again.
            assert_eq!(
                pair.client.error,
                if status == 300 { None } else { refused }
            );
            assert!(!pair.client.established && !pair.server.established);
        }
        let mut pair = Pair::new(&configs).with_reply("201");
        pair.talk();
        assert_eq!(
            pair.server.error,
            protocol(protocol_error::ZAP_INVALID_STATUS_CODE)
        );
        assert!(!pair.client.established && !pair.server.established);
    }
}

#[test]
fn without_a_handler_the_domain_decides() {
    let fault = Some(EngineError::Handshake(HandshakeFailure::NoDetail(
        Errno::EFAULT,
    )));
    for (i, configs) in all().into_iter().enumerate() {
        for domain in [&b""[..], b"here"] {
            for enforce in [false, true] {
                let mut configs = configs.clone();
                configs.1.zap.domain = domain.to_vec();
                configs.1.zap.enforce_domain = enforce;
                let mut pair = Pair::new(&configs);
                pair.talk();
                let is_plain = i == 1;
                let refused = is_plain || (enforce && !domain.is_empty());
                assert_eq!(pair.server.error, if refused { fault } else { None });
                assert_eq!(pair.is_made(), !refused, "{i} {domain:?} {enforce}");
            }
        }
    }
}

#[test]
fn nobody_gets_around_the_mechanism() {
    let greetings: [&[u8]; 3] = [
        // ZMTP 1.0: an empty routing id, then a message.
        b"\x01\0\x06\0sneak",
        // ZMTP 2.0: signature, revision, DEALER, an empty routing id, a message.
        b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x05\0\0\0\x05sneak",
        // Revision 0.
        b"\xff\0\0\0\0\0\0\0\x01\x7f\x00\x05\x01\0\x06\0sneak",
    ];
    for (client, server) in all() {
        for config in [&client, &server] {
            if config.mechanism == MechanismConfig::Null && config.zap.domain.is_empty() {
                continue;
            }
            for greeting in greetings {
                let mut side = Side::new(config);
                side.give(greeting);
                assert_eq!(
                    side.error,
                    Some(EngineError::Protocol(Errno::EPROTONOSUPPORT))
                );
                assert!(!side.established && side.frames.0.is_empty());
            }
        }
    }
    for (i, (client, _)) in all().into_iter().enumerate() {
        for (j, (_, server)) in all().into_iter().enumerate() {
            if i != j {
                let mut pair = Pair::new(&(client.clone(), server)).with_reply("200");
                pair.talk();
                let mismatch = protocol(protocol_error::ZMTP_MECHANISM_MISMATCH);
                assert_eq!((pair.client.error, pair.server.error), (mismatch, mismatch));
            }
        }
    }
    // Two servers wait for each other, two clients contradict each other.
    for (client, server) in [plain(), curve()] {
        let mut pair = Pair::new(&(server.clone(), server));
        pair.talk();
        assert!(!pair.client.established && !pair.server.established);
        let mut pair = Pair::new(&(client.clone(), client));
        pair.talk();
        assert!(pair.client.error.is_some() && pair.server.error.is_some());
    }
}

/// Flights of a handshake: the direction, the number in it, the bytes.
fn flights(configs: &(EngineConfig, EngineConfig)) -> Vec<(bool, usize, usize)> {
    let mut flights = Vec::new();
    let mut pair = Pair::new(configs).with_reply("200");
    pair.talk_through(|from_client, number, bytes| {
        flights.push((from_client, number, bytes.len()))
    });
    assert!(pair.is_made());
    flights
}

#[test]
fn a_handshake_cut_anywhere_is_not_complete() {
    for configs in all() {
        for (from_client, number, len) in flights(&configs) {
            for cut in (0..len)
                .step_by(if len > 100 { 7 } else { 1 })
                .chain([len - 1])
            {
                let mut pair = Pair::new(&configs).with_reply("200");
                let mut is_over = false;
                pair.talk_through(|from, n, bytes| {
                    is_over |= from == from_client && n == number;
                    if is_over && from == from_client {
                        bytes.truncate(if n == number { cut } else { 0 });
                    }
                });
                let receiver = if from_client {
                    &pair.server
                } else {
                    &pair.client
                };
                assert!(!receiver.established, "{from_client} {number} {cut}");
            }
        }
    }
}

/// In CURVE every bit of every command counts. The head of a frame is not the mechanism's.
#[test]
fn no_bit_of_a_curve_handshake_may_change() {
    let configs = curve();
    let commands: [(bool, &[u8], usize); 4] = [
        (true, b"\x05HELLO", 200),
        (false, b"\x07WELCOME", 168),
        (true, b"\x08INITIATE", 257),
        (false, b"\x05READY", 30),
    ];
    for (from_client, name, least) in commands {
        let mut bit = 0;
        loop {
            let mut was_there = false;
            let mut pair = Pair::new(&configs).with_reply("200");
            pair.talk_through(|from, _, bytes| {
                let at = bytes.windows(name.len()).position(|window| window == name);
                if let (true, Some(at)) = (from == from_client, at) {
                    assert!(bytes.len() - at >= least);
                    if let Some(byte) = bytes.get_mut(at + bit / 8) {
                        *byte ^= 1 << (bit % 8);
                        was_there = true;
                    }
                }
            });
            if !was_there {
                assert!(pair.is_made());
                break;
            }
            let receiver = if from_client {
                &pair.server
            } else {
                &pair.client
            };
            assert!(!receiver.established, "bit {bit}");
            assert!(
                matches!(
                    receiver.error,
                    Some(EngineError::Handshake(HandshakeFailure::Protocol(_)))
                ),
                "bit {bit}: {:?}",
                receiver.error
            );
            bit += 1;
        }
        assert!(bit >= least * 8);
    }
}

/// Elsewhere a changed bit may make another name or another property, but never a message, and
/// nobody is let in whom the handler did not see.
#[test]
fn changed_bits_elsewhere_do_no_harm() {
    for configs in [null(), plain()] {
        for (from_client, number, len) in flights(&configs) {
            for bit in 0..len * 8 {
                let mut pair = Pair::new(&configs).with_reply("200");
                pair.talk_through(|from, n, bytes| {
                    if from == from_client && n == number {
                        bytes[bit / 8] ^= 1 << (bit % 8);
                    }
                });
                assert!(pair.client.frames.0.is_empty() && pair.server.frames.0.is_empty());
                assert!(!pair.server.established || pair.server.asked.is_some());
            }
        }
    }
}

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
        assert!(pair.server.frames.0.is_empty());
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
    assert_eq!(pair.server.frames.0, [(b"two".to_vec(), false)]);
    assert_eq!(
        pair.server.error,
        protocol(protocol_error::ZMTP_INVALID_SEQUENCE)
    );
    let mut pair = made();
    pair.client.send(b"one", false);
    let one = pair.client.take_output();
    pair.server.give(&one);
    pair.server.give(&one);
    assert_eq!(pair.server.frames.0.len(), 1);
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

#[test]
fn metadata_is_limited() {
    let mut configs = curve();
    configs.0.app_metadata = vec![("X-large".to_owned(), vec![1; 60_000])];
    let mut pair = Pair::new(&configs);
    pair.talk();
    assert!(pair.is_made());
    configs.0.app_metadata = vec![("X-large".to_owned(), vec![1; 70_000])];
    let mut pair = Pair::new(&configs);
    pair.talk();
    assert_eq!(
        pair.server.error,
        protocol(protocol_error::ZMTP_INVALID_METADATA)
    );
    configs.0.app_metadata = vec![("X-large".to_owned(), vec![1; 300_000])];
    let mut pair = Pair::new(&configs);
    pair.talk();
    assert_eq!(
        pair.server.error,
        Some(EngineError::Protocol(Errno::EMSGSIZE))
    );
}

#[test]
fn wrong_keys_are_noticed_by_the_side_that_can() {
    let other = SecretKey::from_bytes([99; 32]);
    let (client, server) = curve();
    let MechanismConfig::CurveClient(keys) = &client.mechanism else {
        panic!()
    };
    let try_keys = |keys: CurveClientConfig| {
        let mut client = client.clone();
        client.mechanism = MechanismConfig::CurveClient(keys);
        let mut pair = Pair::new(&(client, server.clone()));
        pair.talk();
        assert!(!pair.server.established && !pair.client.established);
        (pair.client.error, pair.server.error)
    };
    let cryptographic = protocol(protocol_error::ZMTP_CRYPTOGRAPHIC);
    let mut wrong = keys.clone();
    wrong.server_key = other.public();
    assert_eq!(try_keys(wrong), (None, cryptographic));
    let mut wrong = keys.clone();
    wrong.server_key = [0; 32];
    assert_eq!(try_keys(wrong), (cryptographic, None));
    let mut wrong = keys.clone();
    wrong.public_key = other.public();
    assert_eq!(try_keys(wrong), (None, cryptographic));
    let mut wrong = keys.clone();
    wrong.public_key = [0; 32];
    assert_eq!(try_keys(wrong), (None, cryptographic));
}

#[test]
fn plain_commands_are_taken_to_the_letter() {
    let greeting = {
        let mut client = Side::new(&plain().0);
        client.run();
        let mut server = Side::new(&plain().1);
        let mut bytes = client.take_output();
        let answer = server.take_output();
        client.give(&answer);
        server.give(&bytes);
        let answer = server.take_output();
        client.give(&answer);
        bytes.extend(client.take_output());
        bytes.truncate(64);
        bytes
    };
    let hello = protocol_error::ZMTP_MALFORMED_COMMAND_HELLO;
    let unexpected = protocol_error::ZMTP_UNEXPECTED_COMMAND;
    let cases: [(&[u8], u32); 9] = [
        (b"\x05HELLO", hello),
        (b"\x05HELLO\0", hello),
        (b"\x05HELLO\x01a", hello),
        (b"\x05HELLO\x02a\0", hello),
        (b"\x05HELLO\0\0\0", hello),
        (b"\x05HELLO\x01a\x02b", hello),
        (b"\x05hello\0\0", unexpected),
        (b"\x08INITIATE", unexpected),
        (b"", unexpected),
    ];
    for (body, value) in cases {
        let mut server = Side::new(&plain().1);
        server.reply = Some(reply("200"));
        server.give(&greeting);
        assert_eq!(server.error, None);
        server.give(&[4, body.len() as u8]);
        server.give(body);
        assert_eq!(server.error, protocol(value), "{body:?}");
        assert_eq!(server.asked, None);
    }
}
