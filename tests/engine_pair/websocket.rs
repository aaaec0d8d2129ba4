//! ZMTP inside of a WebSocket (RFC 45): between our own engines, and with peers that the test plays.

use super::*;
use zmq::crypto::SecretKey;
use zmq::proto::mechanism::{CurveClientConfig, CurveServerConfig};
use zmq::proto::{ClientRequest, MechanismConfig, WebSocketRole};

const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAA==";
/// What proves that `KEY` was read.
const ACCEPT: &str = "ICX+Yqv66kxgM0FcWaLWlFLwTAI=";

fn client(socket_type: SocketType) -> EngineConfig {
    let mut config = EngineConfig::new(socket_type);
    config.websocket = Some(WebSocketRole::Client(Box::new(ClientRequest {
        host: "host:80".to_owned(),
        path: "/path".to_owned(),
        nonce: [0; 16],
        seed: [7; 32],
    })));
    config
}

fn server(socket_type: SocketType) -> EngineConfig {
    let mut config = EngineConfig::new(socket_type);
    config.is_server_side = true;
    config.websocket = Some(WebSocketRole::Server);
    config
}

fn request(protocols: &str) -> String {
    format!(
        "GET /path HTTP/1.1\r\nHost: host:80\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Protocol: {protocols}\r\n\
         Sec-WebSocket-Version: 13\r\n\r\n"
    )
}

fn response(protocol: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {ACCEPT}\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
    )
}

/// A server with a peer of no mechanism that has come this far.
fn plain_server(config: EngineConfig) -> (Side, Instant) {
    let now = Instant::now();
    let mut side = Side::new(config, now);
    side.receive(request("ZWS2.0").as_bytes(), now);
    assert_eq!(
        side.transmit_all(),
        [response("ZWS2.0").as_bytes(), b"\x82\x01\0"].concat()
    );
    side.receive(&masked(0x82, b"\0peer"), now);
    assert_eq!((side.error, side.established), (None, 1));
    (side, now)
}

/// A client's frame with less than 126 bytes of payload.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![first, 0x80 | payload.len() as u8];
    frame.extend(key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(a, b)| a ^ b));
    frame
}

const BROKEN: EngineError = EngineError::Protocol(Errno::EPROTO);
const REFUSED: EngineError =
    EngineError::Handshake(HandshakeFailure::Protocol(protocol_error::WS_UNSPECIFIED));

#[test]
fn the_request_and_the_answer_are_those_of_the_rfcs() {
    let mut pair = Pair::new(client(SocketType::Req), server(SocketType::Rep));
    let asked = pair.a.transmit_all();
    assert_eq!(asked, request("ZWS2.0/NULL,ZWS2.0").as_bytes());
    pair.b.receive(&asked, pair.now);
    let answered = pair.b.transmit_all();
    let ready = b"\x82\x1a\x02\x05READY\x0bSocket-Type\0\0\0\x03REP";
    assert_eq!(
        answered,
        [response("ZWS2.0/NULL").as_bytes(), ready].concat()
    );
    pair.a.receive(&answered, pair.now);
    assert_eq!((pair.a.error, pair.a.established), (None, 1));
}

#[test]
fn messages_of_all_sizes_pass_both_ways_in_pieces_of_any_size() {
    let sizes = [0, 1, 3, 124, 125, 126, 255, 4096, 65_534, 65_535, 200_000];
    for piece in [7, 1000, usize::MAX] {
        let mut pair = Pair::new(client(SocketType::Dealer), server(SocketType::Dealer));
        pair.drive(piece);
        assert_eq!((pair.a.established, pair.b.established), (1, 1));
        for (n, size) in sizes.into_iter().enumerate() {
            let body = vec![n as u8 + 1; size];
            pair.a.send(&body, true);
            pair.a.send(b"end", false);
            pair.b.send(&body, false);
        }
        pair.drive(piece);
        assert_eq!((pair.a.error, pair.b.error), (None, None));
        for (n, size) in sizes.into_iter().enumerate() {
            let body = vec![n as u8 + 1; size];
            assert!(pair.a.inbox.frames[n] == (body.clone(), false));
            assert!(pair.b.inbox.frames[2 * n] == (body, true));
            assert_eq!(pair.b.inbox.frames[2 * n + 1], (b"end".to_vec(), false));
        }
    }
}

#[test]
fn a_body_that_others_have_too_is_masked_in_a_copy() {
    let mut pair = Pair::new(client(SocketType::Dealer), server(SocketType::Dealer)).established();
    let mut msg = Msg::copy_of(&[9; 10_000]).unwrap();
    pair.a.engine.encode(msg.share(), &mut pair.a.out);
    pair.drive(usize::MAX);
    assert_eq!(msg.data(), [9; 10_000]);
    assert_eq!(pair.b.inbox.bodies(), [[9; 10_000]]);
}

#[test]
fn frames_of_a_client_are_masked_each_with_another_mask() {
    let mut pair = Pair::new(client(SocketType::Dealer), server(SocketType::Dealer)).established();
    let mut seen = Vec::new();
    for _ in 0..100 {
        pair.a.send(b"hello", false);
        let sent = pair.a.transmit_all();
        assert_eq!((sent.len(), &sent[..2]), (12, &b"\x82\x86"[..]));
        assert!(!seen.contains(&sent));
        seen.push(sent);
    }
    pair.b.send(b"hello", false);
    assert_eq!(pair.b.transmit_all(), b"\x82\x06\0hello");
}

#[test]
fn subscriptions_are_messages() {
    let mut pair = Pair::new(client(SocketType::Sub), server(SocketType::Xpub)).established();
    pair.a.subscribe(b"topic", true);
    pair.a.subscribe(b"topic", false);
    pair.drive(usize::MAX);
    assert_eq!(pair.b.inbox.bodies(), [b"\x01topic", b"\0topic"]);
}

#[test]
fn other_mechanisms_than_ours_are_not_agreed_on() {
    for protocols in ["", "ZWS2.0/PLAIN", "ZWS2.0/NULLX", "zws2.0/null", "chat"] {
        let now = Instant::now();
        let mut side = Side::new(server(SocketType::Rep), now);
        side.receive(request(protocols).as_bytes(), now);
        assert_eq!(side.error, Some(REFUSED), "{protocols}");
        assert!(side.transmit_all().starts_with(b"HTTP/1.1 400 "));
    }
    // The first of the client's that we know.
    for (protocols, chosen) in [
        ("chat, ZWS2.0 ,ZWS2.0/NULL", "ZWS2.0"),
        ("chat,ZWS2.0/NULL,ZWS2.0", "ZWS2.0/NULL"),
    ] {
        let now = Instant::now();
        let mut side = Side::new(server(SocketType::Rep), now);
        side.receive(request(protocols).as_bytes(), now);
        assert_eq!(side.error, None);
        assert!(side.transmit_all().starts_with(response(chosen).as_bytes()));
    }
    // With a mechanism there is no way around it.
    let mut config = server(SocketType::Rep);
    config.mechanism = MechanismConfig::PlainServer;
    let now = Instant::now();
    let mut side = Side::new(config, now);
    side.receive(request("ZWS2.0,ZWS2.0/NULL").as_bytes(), now);
    assert_eq!(side.error, Some(REFUSED));
}

#[test]
fn a_client_is_not_taken_in_by_an_answer_to_another() {
    let good = response("ZWS2.0/NULL");
    for (from, to) in [
        ("101", "200"),
        ("HTTP/1.1", "HTTP/1.0"),
        (ACCEPT, "ICX+Yqv66kxgM0FcWaLWlFLwTAJ="),
        ("ZWS2.0/NULL", "ZWS2.0/PLAIN"),
        ("ZWS2.0/NULL", "ZWS2.0/NULL,ZWS2.0"),
        ("Upgrade: websocket", "Upgrade: h2c"),
        ("Connection: Upgrade", "Connection: close"),
        ("Connection", "Sec-WebSocket-Extensions: x\r\nConnection"),
    ] {
        let now = Instant::now();
        let mut side = Side::new(client(SocketType::Req), now);
        side.transmit_all();
        side.receive(good.replacen(from, to, 1).as_bytes(), now);
        assert_eq!(side.error, Some(REFUSED), "{to}");
        assert_eq!(side.transmit_all(), b"");
    }
    // Nor does it listen for ever, and it is no server: it has nothing to say to that.
    let now = Instant::now();
    let mut side = Side::new(client(SocketType::Req), now);
    side.transmit_all();
    side.receive(&[b'x'; 16 * 1024 + 1], now);
    assert_eq!(side.error, Some(REFUSED));
    assert_eq!(side.transmit_all(), b"");
}

#[test]
fn a_request_has_limits() {
    let good = request("ZWS2.0");
    for (from, to) in [
        ("GET", "POST"),
        ("HTTP/1.1", "HTTP/1.0"),
        ("Upgrade: websocket", "Upgrade: h2c"),
        ("Connection: Upgrade", "Connection: keep-alive"),
        (KEY, ""),
        ("Sec-WebSocket-Key", "X"),
        ("Host", "Sec-WebSocket-Key: second\r\nHost"),
        ("Host", "Ho st"),
    ] {
        let now = Instant::now();
        let mut side = Side::new(server(SocketType::Rep), now);
        side.receive(good.replacen(from, to, 1).as_bytes(), now);
        assert_eq!(side.error, Some(REFUSED), "{to}");
        assert!(side.transmit_all().starts_with(b"HTTP/1.1 400 "), "{to}");
    }
    let now = Instant::now();
    let mut side = Side::new(server(SocketType::Rep), now);
    side.receive(good.replace(": 13", ": 8").as_bytes(), now);
    assert_eq!(side.error, Some(REFUSED));
    assert!(side.transmit_all().starts_with(b"HTTP/1.1 426 "));
    // Without an end, without a limit.
    let mut side = Side::new(server(SocketType::Rep), now);
    side.receive(b"GET / HTTP/1.1\r\n", now);
    for n in 0..1100 {
        side.receive(b"Cookie: 9876543\r\n", now);
        assert_eq!(side.error.is_none(), n < 962, "{n}");
    }
    let many = format!("X: y{}\r\nHost", "\r\nX: y".repeat(100));
    let mut side = Side::new(server(SocketType::Rep), now);
    side.receive(good.replacen("Host", &many, 1).as_bytes(), now);
    assert_eq!(side.error, Some(REFUSED));
}

/// A line feed alone ends a line for some, and two of them a head.
#[test]
fn a_head_does_not_end_before_its_end() {
    let two_ends = |head: String| head.replace("\r\n\r\n", "\n\n") + "\x02\0\r\n\r\n";
    let now = Instant::now();
    let mut side = Side::new(server(SocketType::Rep), now);
    side.receive(two_ends(request("ZWS2.0")).as_bytes(), now);
    assert_eq!(side.error, Some(REFUSED));
    let mut side = Side::new(client(SocketType::Req), now);
    side.receive(two_ends(response("ZWS2.0")).as_bytes(), now);
    assert_eq!(side.error, Some(REFUSED));
}

#[test]
fn a_peer_without_a_mechanism_tells_its_routing_id() {
    let (mut side, now) = plain_server(server(SocketType::Router));
    let peer = side.engine.peer().unwrap();
    assert_eq!(
        (peer.routing_id.as_slice(), peer.socket_type),
        (&b"peer"[..], None)
    );
    side.receive(&masked(0x82, b"\x01a"), now);
    side.receive(&masked(0x82, b"\0b"), now);
    assert_eq!(
        side.inbox.frames,
        [(b"a".to_vec(), true), (b"b".to_vec(), false)]
    );
}

#[test]
fn messages_come_in_pieces_with_pings_between_them() {
    let (mut side, now) = plain_server(server(SocketType::Dealer));
    side.receive(&masked(0x02, b"\x01ab"), now);
    side.receive(&masked(0x89, b"there?"), now);
    assert_eq!(side.transmit_all(), b"\x8a\x06there?");
    side.receive(&masked(0x00, b""), now);
    side.receive(&masked(0x00, b"cd"), now);
    side.receive(&masked(0x80, b"ef"), now);
    side.receive(&masked(0x8a, b"pong"), now);
    side.receive(&masked(0x82, b"\0g"), now);
    assert_eq!(side.error, None);
    let expected = [(b"abcdef".to_vec(), true), (b"g".to_vec(), false)];
    assert_eq!(side.inbox.frames, expected);
}

#[test]
fn what_is_forbidden_ends_the_connection() {
    let unmasked: &[u8] = b"\x82\x02\0a";
    let (text, no_flags, long_ping) = (masked(0x81, b"\0a"), masked(0x82, b""), b"\x89\xfe\0\x7e");
    let (reserved, ping_in_pieces) = (masked(0xC2, b"\0a"), masked(0x09, b""));
    let (unknown, no_beginning) = (masked(0x83, b"\0a"), masked(0x80, b"a"));
    let two_beginnings = [masked(0x02, b"\0a"), masked(0x02, b"\0b")].concat();
    let not_ended = [masked(0x02, b"\0a"), masked(0x82, b"\0b")].concat();
    for bad in [
        unmasked,
        &text,
        &no_flags,
        long_ping,
        &reserved,
        &ping_in_pieces,
        &unknown,
        &no_beginning,
        &two_beginnings,
        &not_ended,
    ] {
        let (mut side, now) = plain_server(server(SocketType::Dealer));
        side.receive(bad, now);
        assert_eq!(side.error, Some(BROKEN), "{bad:?}");
        assert!(side.inbox.frames.is_empty(), "{bad:?}");
    }
    // The other way round masks are forbidden.
    let now = Instant::now();
    let mut side = Side::new(client(SocketType::Dealer), now);
    side.receive(response("ZWS2.0").as_bytes(), now);
    side.receive(&masked(0x82, b"\0"), now);
    assert_eq!(side.error, Some(BROKEN));
}

#[test]
fn pieces_count_for_the_limit_together() {
    let mut config = server(SocketType::Dealer);
    config.max_msg_size = Some(10);
    let (mut side, now) = plain_server(config);
    side.receive(&masked(0x02, b"\0abcdef"), now);
    side.receive(&masked(0x80, b"7890"), now);
    assert_eq!((side.error, side.inbox.messages()), (None, 1));
    side.receive(&masked(0x02, b"\0abcdef"), now);
    side.receive(&masked(0x00, b"7890"), now);
    side.receive(&masked(0x80, b"1"), now);
    assert_eq!(side.error, Some(EngineError::Protocol(Errno::EMSGSIZE)));
}

/// Protected frames are opened where they lie, if they are there as a whole: pieces are no less in the way then.
#[test]
fn protected_frames_come_in_pieces_one_after_another() {
    let (secret, other) = ([7; 32], [8; 32]);
    let (mut a, mut b) = (client(SocketType::Dealer), server(SocketType::Dealer));
    a.mechanism = MechanismConfig::CurveClient(CurveClientConfig {
        public_key: SecretKey::from_bytes(&other).public(),
        secret_key: SecretKey::from_bytes(&other),
        server_key: SecretKey::from_bytes(&secret).public(),
    });
    b.mechanism = MechanismConfig::CurveServer(CurveServerConfig {
        public_key: SecretKey::from_bytes(&secret).public(),
        secret_key: SecretKey::from_bytes(&secret),
    });
    // Nobody is asked.
    b.zap.enforce_domain = true;
    let mut pair = Pair::new(a, b).established();
    let mut boxed = |body: &[u8]| {
        pair.b.send(body, false);
        pair.b.transmit_all()
    };
    let (one, two, three) = (boxed(b"one"), boxed(b"two"), boxed(b"three"));
    let piece = |first: u8, payload: &[u8]| [&[first, payload.len() as u8], payload].concat();
    let now = pair.now;
    pair.a.receive(&piece(0x02, &one[2..20]), now);
    pair.a.receive(&piece(0x80, &one[20..]), now);
    assert_eq!(pair.a.inbox.bodies(), [b"one"]);
    pair.a.receive(&piece(0x02, &two[2..20]), now);
    pair.a.receive(&three, now);
    assert_eq!(pair.a.error, Some(BROKEN));
    assert_eq!(pair.a.inbox.bodies(), [b"one"]);
}

#[test]
fn heartbeats_are_pings_of_the_websocket() {
    let mut config = client(SocketType::Dealer);
    config.heartbeat_ivl = Some(50 * MS);
    config.heartbeat_ttl = Some(1000 * MS);
    let mut pair = Pair::new(config.clone(), server(SocketType::Dealer)).established();
    pair.now += 50 * MS;
    pair.a.timeout(pair.now);
    let ping = pair.a.transmit_all();
    assert_eq!((ping.len(), &ping[..2]), (6, &b"\x89\x80"[..]));
    pair.b.receive(&ping, pair.now);
    assert_eq!(pair.b.transmit_all(), b"\x8a\x00");
    pair.a.receive(b"\x8a\x00", pair.now);
    pair.pass(3000 * MS, (true, true));
    assert_eq!((pair.a.error, pair.b.error), (None, None));
    pair.pass(3000 * MS, (true, false));
    assert_eq!(pair.a.error, Some(EngineError::HeartbeatTimeout));
    // Also with a peer of no mechanism.
    let mut config = server(SocketType::Dealer);
    config.heartbeat_ivl = Some(50 * MS);
    let (mut side, now) = plain_server(config);
    side.timeout(now + 50 * MS);
    assert_eq!(side.transmit_all(), b"\x89\x00");
}

#[test]
fn who_closes_is_answered_and_is_at_no_fault() {
    let (mut side, now) = plain_server(server(SocketType::Dealer));
    side.receive(&masked(0x88, b"\x03\xe8bye"), now);
    assert_eq!(side.error, Some(EngineError::Closed));
    assert_eq!(side.transmit_all(), b"\x88\x05\x03\xe8bye");
    let mut pair = Pair::new(client(SocketType::Dealer), server(SocketType::Dealer)).established();
    pair.a.engine.say_goodbye(&mut pair.a.out);
    pair.drive(usize::MAX);
    assert_eq!(pair.b.error, Some(EngineError::Closed));
    // In the middle of a handshake too.
    let mut side = Side::new(server(SocketType::Rep), now);
    side.receive(request("ZWS2.0/NULL").as_bytes(), now);
    side.transmit_all();
    side.receive(&masked(0x89, b"x"), now);
    assert_eq!(side.transmit_all(), b"\x8a\x01x");
    side.receive(&masked(0x88, b""), now);
    assert_eq!(side.error, Some(EngineError::Closed));
}
