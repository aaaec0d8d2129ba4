//! GSSAPI between two engines, with contexts that need no Kerberos. What is changed, cut or repeated on the way is in
//! `damage`.

mod damage;

use std::sync::Arc;
use std::time::Instant;

use super::*;
use crate::proto::Input;
use crate::proto::mechanism::gssapi::fake::FakeSource;
use crate::proto::mechanism::gssapi::{ContextError, ContextSource as _};

/// Frames in tokens, or as they are.
const MODES: [bool; 2] = [false, true];

fn config(source: FakeSource, plaintext: bool) -> GssapiConfig {
    GssapiConfig {
        contexts: Arc::new(source),
        plaintext,
    }
}

fn with_sources(
    client: FakeSource,
    server: FakeSource,
    plaintext: bool,
) -> (EngineConfig, EngineConfig) {
    configs(
        MechanismConfig::GssapiClient(config(client, plaintext)),
        MechanismConfig::GssapiServer(config(server, plaintext)),
    )
}

fn gssapi(plaintext: bool) -> (EngineConfig, EngineConfig) {
    with_sources(FakeSource::initiator(), FakeSource::acceptor(), plaintext)
}

fn made(configs: &(EngineConfig, EngineConfig)) -> Pair {
    let mut pair = Pair::new(configs).with_reply("200");
    pair.talk();
    assert!(
        pair.is_made(),
        "{:?} {:?}",
        pair.client.error,
        pair.server.error
    );
    pair
}

fn is_closed(pair: &Pair) -> bool {
    let is_silent = |side: &Side| !side.established && side.inbox.frames.is_empty();
    is_silent(&pair.client) && is_silent(&pair.server)
}

#[test]
fn handshakes_succeed_and_messages_pass() {
    for (plaintext, rounds) in [(false, 1), (true, 1), (false, 2), (false, 5)] {
        let mut client = FakeSource::initiator();
        let mut server = FakeSource::acceptor();
        (client.rounds, server.rounds) = (rounds, rounds);
        let mut pair = made(&with_sources(client, server, plaintext));
        assert_eq!(pair.server.peer().socket_type, Some(SocketType::Dealer));
        assert_eq!(pair.server.peer().routing_id, b"client");
        assert_eq!(pair.server.peer().user_id.as_deref(), Some(&b"joe"[..]));
        assert_eq!(pair.client.peer().routing_id, b"server");
        let mut expected = Vec::new();
        for len in [0, 1, 40, 222, 223, 8000, 65_000, 65_536, 300_000] {
            let body: Vec<u8> = (0..len).map(|i| (i * 3) as u8).collect();
            let more = len % 2 == 1;
            pair.client.send(&body, more);
            pair.server.send(&body, more);
            expected.push((body, more));
        }
        pair.talk();
        assert!(pair.client.inbox.frames == expected && pair.server.inbox.frames == expected);
    }
}

/// As RFC 38 and the reference library have it.
#[test]
fn commands_are_those_of_the_rfc() {
    let mut streams = [Vec::new(), Vec::new()];
    let mut pair = Pair::new(&gssapi(false)).with_reply("200");
    pair.talk_through(|from_client, _, bytes| {
        streams[usize::from(from_client)].extend_from_slice(bytes);
    });
    assert!(pair.is_made());
    let [server, client] = streams.map(|stream| {
        let mut frames = Vec::new();
        let mut rest = &stream[64..];
        while let [flags, len, ..] = *rest {
            let (body, after) = rest[2..].split_at(usize::from(len));
            assert_eq!(flags, 4);
            frames.push(body.to_vec());
            rest = after;
        }
        frames
    });
    assert_eq!((client.len(), server.len()), (3, 2));
    for initiate in [&client[0], &server[0]] {
        let len = initiate.len() as u8 - 13;
        assert!(initiate.starts_with(b"\x08INITIATE\0\0\0") && initiate[12] == len);
    }
    // The client's context is established: an empty command says so.
    assert!(client[1].is_empty());
    for ready in [&client[2], &server[1]] {
        let len = ready.len() as u8 - 12;
        assert!(ready.starts_with(b"\x07MESSAGE\0\0\0") && ready[11] == len);
    }
    pair.client.send(b"body", true);
    let message = pair.client.take_output();
    assert!(message.starts_with(&[0, message.len() as u8 - 2, 7]));
    assert!(message[3..].starts_with(b"MESSAGE\0\0\0"));
    // More to follow, then the body.
    let inside: Vec<u8> = message[message.len() - 5..]
        .iter()
        .map(|byte| byte ^ 0x55)
        .collect();
    assert_eq!(inside, b"\x01body");
}

#[test]
fn zap_handlers_learn_the_principal_and_decide() {
    for plaintext in MODES {
        let mut configs = gssapi(plaintext);
        configs.1.zap.domain = b"here".to_vec();
        let pair = made(&configs);
        let expected: [&[u8]; 8] = [
            b"",
            b"1.0",
            b"1",
            b"here",
            b"127.0.0.1",
            b"server",
            b"GSSAPI",
            b"client@TEST",
        ];
        assert_eq!(pair.server.asked.unwrap(), expected);
        for status in [300, 400, 500] {
            let mut pair = Pair::new(&configs).with_reply(&status.to_string());
            pair.talk();
            let refused = EngineError::Handshake(HandshakeFailure::Auth(status));
            assert_eq!(pair.server.error, Some(refused));
            // There is no command to tell the client.
            assert_eq!(pair.client.error, None);
            assert!(is_closed(&pair));
        }
        let mut pair = Pair::new(&configs).with_reply("201");
        pair.talk();
        let invalid = protocol(protocol_error::ZAP_INVALID_STATUS_CODE);
        assert_eq!(pair.server.error, invalid);
        assert!(is_closed(&pair));
    }
}

#[test]
fn without_a_handler_the_domain_decides() {
    let fault = EngineError::Handshake(HandshakeFailure::NoDetail(Errno::EFAULT));
    for domain in [&b""[..], b"here"] {
        for enforce in [false, true] {
            let mut configs = gssapi(false);
            configs.1.zap.domain = domain.to_vec();
            configs.1.zap.enforce_domain = enforce;
            let mut pair = Pair::new(&configs);
            pair.talk();
            let refused = enforce && !domain.is_empty();
            assert_eq!(pair.server.error, refused.then_some(fault));
            assert_eq!(pair.is_made(), !refused);
        }
    }
}

#[test]
fn nobody_gets_around_the_mechanism() {
    let old: [&[u8]; 3] = [
        b"\x01\0\x06\0sneak",
        b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x05\0\0\0\x05sneak",
        b"\xff\0\0\0\0\0\0\0\x01\x7f\x00\x05\x01\0\x06\0sneak",
    ];
    let mismatch = protocol(protocol_error::ZMTP_MECHANISM_MISMATCH);
    for plaintext in MODES {
        let (client, server) = gssapi(plaintext);
        for config in [&client, &server] {
            for greeting in old {
                let mut side = Side::new(config);
                side.give(greeting);
                let refused = EngineError::Protocol(Errno::EPROTONOSUPPORT);
                assert_eq!(side.error, Some(refused));
                assert!(!side.established && side.inbox.frames.is_empty());
            }
        }
        for (other_client, other_server) in all() {
            for configs in [
                (client.clone(), other_server),
                (other_client, server.clone()),
            ] {
                let mut pair = Pair::new(&configs).with_reply("200");
                pair.talk();
                assert_eq!((pair.client.error, pair.server.error), (mismatch, mismatch));
            }
        }
        // Two servers know by the greeting, two clients by the first token.
        let mut pair = Pair::new(&(server.clone(), server));
        pair.talk();
        assert_eq!((pair.client.error, pair.server.error), (mismatch, mismatch));
        let mut pair = Pair::new(&(client.clone(), client));
        pair.talk();
        let refused = protocol(protocol_error::ZMTP_CRYPTOGRAPHIC);
        assert_eq!((pair.client.error, pair.server.error), (refused, refused));
    }
}

#[test]
fn both_sides_must_want_protection_or_neither() {
    let unexpected = protocol(protocol_error::ZMTP_UNEXPECTED_COMMAND);
    for plaintext in MODES {
        let configs = (gssapi(plaintext).0, gssapi(!plaintext).1);
        let mut pair = Pair::new(&configs).with_reply("200");
        pair.talk();
        assert_eq!(pair.client.error, unexpected);
        assert!(is_closed(&pair));
    }
}

#[test]
fn what_a_context_fails_with_ends_the_connection() {
    let local = ContextError::Local(Errno::EACCES);
    let told = EngineError::Handshake(HandshakeFailure::NoDetail(Errno::EACCES));
    let cryptographic = EngineError::protocol(protocol_error::ZMTP_CRYPTOGRAPHIC);
    assert!(told.is_temporary() && !cryptographic.is_temporary());
    for (error, expected) in [(local, told), (ContextError::Refused, cryptographic)] {
        for fails_at_client in [true, false] {
            let (mut client, mut server) = (FakeSource::initiator(), FakeSource::acceptor());
            let source = if fails_at_client {
                &mut client
            } else {
                &mut server
            };
            source.error = Some(error);
            let mut pair = Pair::new(&with_sources(client, server, false));
            pair.talk();
            let side = if fails_at_client {
                &pair.client
            } else {
                &pair.server
            };
            assert_eq!(side.error, Some(expected));
            assert!(is_closed(&pair) && pair.server.asked.is_none());
        }
    }
    // Somebody who knows the protocol, but not the secret.
    let mut stranger = FakeSource::initiator();
    stranger.secret = 8;
    let mut pair = Pair::new(&with_sources(stranger, FakeSource::acceptor(), false));
    pair.talk();
    assert_eq!(pair.server.error, Some(cryptographic));
    assert!(is_closed(&pair) && pair.server.asked.is_none());
}

#[test]
fn nothing_is_taken_while_a_step_is_done_elsewhere() {
    let configs = gssapi(false);
    let mut sent = Vec::new();
    Pair::new(&configs).talk_through(|from_client, _, bytes| {
        if from_client {
            sent.extend_from_slice(bytes);
        }
    });
    // Greeting, first token, and more than that.
    let first = 64 + 2 + usize::from(sent[65]);
    sent.truncate(first);
    sent.extend_from_slice(b"\x04\x01x");
    let mut side = Side::new(&configs.1);
    side.rx
        .fill(|slices| -> Result<usize, Errno> {
            slices[0][..sent.len()].copy_from_slice(&sent);
            Ok(sent.len())
        })
        .unwrap();
    let now = Instant::now();
    let input = |side: &mut Side| {
        side.engine
            .handle_input(&mut side.rx, &mut side.inbox, &mut side.out, now)
    };
    assert_eq!(input(&mut side), Ok(Input::TaskPending));
    let task = side.engine.take_task().unwrap();
    for _ in 0..3 {
        assert_eq!(input(&mut side), Ok(Input::TaskPending));
        assert!(side.engine.take_task().is_none());
    }
    assert_eq!(side.rx.unread(), b"\x04\x01x");
    // What comes of it has its effect; then a command that is not the due one.
    assert_eq!(side.engine.handle_task(task.run(), &mut side.out), Ok(()));
    assert_eq!(
        input(&mut side).err(),
        protocol(protocol_error::ZMTP_UNEXPECTED_COMMAND)
    );
}

#[test]
fn a_step_that_cannot_be_done_ends_the_connection() {
    let mut side = Side::new(&gssapi(false).0);
    let mut server = Side::new(&gssapi(false).1);
    server.run();
    let mut input = Ok(Input::NeedMore);
    while input == Ok(Input::NeedMore) {
        let bytes = server.take_output();
        side.rx
            .fill(|slices| -> Result<usize, Errno> {
                slices[0][..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            })
            .unwrap();
        let now = Instant::now();
        input = side
            .engine
            .handle_input(&mut side.rx, &mut side.inbox, &mut side.out, now);
        let answer = side.take_output();
        server.give(&answer);
    }
    assert_eq!(input, Ok(Input::TaskPending));
    let task = side.engine.take_task().unwrap();
    let error = side
        .engine
        .handle_task(task.give_up(Errno::EAGAIN), &mut side.out)
        .unwrap_err();
    let expected = EngineError::Handshake(HandshakeFailure::NoDetail(Errno::EAGAIN));
    assert_eq!(error, expected);
    assert!(error.is_temporary());
}

/// As commands, and with the flags that later versions of the reference library use.
#[test]
fn subscriptions_pass_in_either_form() {
    let mut configs = gssapi(false);
    configs.0.socket_type = SocketType::Sub;
    configs.1.socket_type = SocketType::Pub;
    let mut pair = made(&configs);
    let mut msg = Msg::copy_of(b"\x01topic").unwrap();
    msg.mark_subscribe();
    pair.client.engine.encode(msg, &mut pair.client.out);
    let mut msg = Msg::copy_of(b"\0topic").unwrap();
    msg.mark_cancel();
    pair.client.engine.encode(msg, &mut pair.client.out);
    pair.talk();
    let both = [(b"\x01topic".to_vec(), false), (b"\0topic".to_vec(), false)];
    assert_eq!(pair.server.inbox.frames, both);

    // READY was the first frame of its direction.
    for (inner, expected) in [(4_u8, &both[0]), (8, &both[1])] {
        let mut pair = made(&configs);
        let mut forger = FakeSource::initiator().context();
        forger.seal(b"READY", &mut |_| {}).unwrap();
        let mut frame = Vec::new();
        let plain = [&[inner], &b"topic"[..]].concat();
        forger
            .seal(&plain, &mut |token| {
                frame = vec![0, 12 + token.len() as u8];
                frame.extend_from_slice(b"\x07MESSAGE\0\0\0");
                frame.push(token.len() as u8);
                frame.extend_from_slice(token);
            })
            .unwrap();
        pair.server.give(&frame);
        assert_eq!(pair.server.error, None);
        assert_eq!(pair.server.inbox.frames, std::slice::from_ref(expected));
        // Elsewhere it means nothing.
        let mut pair = made(&gssapi(false));
        pair.server.give(&frame);
        assert_eq!(
            (pair.server.error, pair.server.inbox.frames.len()),
            (None, 0)
        );
    }
}

/// The peer would take it for the rest of a message of which a frame is missing.
#[test]
fn nothing_follows_a_frame_that_cannot_be_protected() {
    let mut client = FakeSource::initiator();
    // READY is one.
    client.seals = 2;
    let mut pair = made(&with_sources(client, FakeSource::acceptor(), false));
    for (body, more, fails) in [
        ("head", true, false),
        ("tail", false, true),
        ("next", false, true),
    ] {
        pair.client.send(body.as_bytes(), more);
        assert_eq!(pair.client.engine.fault().is_some(), fails, "{body}");
    }
    pair.talk();
    assert_eq!(pair.server.inbox.frames, [(b"head".to_vec(), true)]);
}

#[test]
fn frames_inside_are_held_to_the_limit() {
    let mut configs = gssapi(false);
    configs.1.max_msg_size = Some(1000);
    let mut pair = made(&configs);
    pair.client.send(&[1; 1000], false);
    pair.talk();
    assert_eq!(pair.server.inbox.frames.len(), 1);
    pair.client.send(&[1; 1001], false);
    pair.talk();
    assert_eq!(
        pair.server.error,
        Some(EngineError::Protocol(Errno::EMSGSIZE))
    );
    assert_eq!(pair.server.inbox.frames.len(), 1);
}
