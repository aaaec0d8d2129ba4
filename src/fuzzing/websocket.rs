//! Connections inside of a WebSocket (RFC 45, RFC 6455), as server and as client. What the peer says is put together
//! from the input, mostly as it should be, so that it gets far. Where nothing is encrypted, frames are held against
//! a second reading of the RFCs; everything comes out the same however it is cut.

use super::Script;
use super::curve::{self, spoil};
use super::handshakes::{choose_reply, plain_client_config};
use super::side::Side;
use super::streams::{PEERS, Plain, frame_config, max_of, same_in_any_way, split};
use crate::proto::{ClientRequest, EngineConfig, MechanismConfig, WebSocketRole};
use crate::socket_type::SocketType;

/// A thousand PONGs with all the payload that there can be, and what goes before them.
const OUTPUT_MAX: usize = 1000 * (125 + 6) + 2000;
/// No stream is made much longer than this, in bytes.
const STREAM_MAX: usize = 100_000;

/// A peer's upgrade, handshake and frames.
pub fn websocket(input: &[u8]) {
    let mut script = Script::new(input);
    if script.byte() == 0xC5 {
        protected(&mut script);
    } else {
        in_clear(&mut script);
    }
}

/// Messages of an honest CURVE server, whose frames come in pieces, with pings between them and now and then a frame
/// where there should be none.
fn protected(script: &mut Script<'_>) {
    let piece = usize::from(script.byte());
    let rest = script.rest();
    let whole = protected_in_pieces(rest, usize::MAX);
    let other = protected_in_pieces(rest, piece);
    assert_eq!(whole.error, other.error);
    assert!(whole.inbox.frames == other.inbox.frames);
}

fn protected_in_pieces(input: &[u8], piece: usize) -> Side {
    let mut script = Script::new(input);
    let (mut client_config, mut server_config) = (curve::client_config(), curve::server_config());
    set_role(&mut client_config, false);
    set_role(&mut server_config, true);
    server_config.zap.enforce_domain = true;
    let (mut side, mut server) = (Side::new(&client_config), Side::new(&server_config));
    while side.has_output() || server.has_output() {
        server.give(&side.take_output());
        side.give(&server.take_output());
    }
    assert!(side.established && server.established);
    let (mut stream, mut sent) = (Vec::new(), Vec::new());
    // Whether each frame so far had its place.
    let mut in_order = true;
    while !script.is_over() && stream.len() < STREAM_MAX {
        let kind = script.byte();
        let times = if kind & 0x40 == 0 {
            1
        } else {
            usize::from(script.byte())
        };
        let body = script.string().repeat(times);
        server.send(&body, kind & 1 != 0);
        let frame = server.take_output();
        let payload = match frame[1] {
            127 => &frame[10..],
            126 => &frame[4..],
            _ => &frame[2..],
        };
        let mut left = payload;
        let mut first = 0x02;
        for _ in 0..kind >> 1 & 3 {
            let n = 1 + usize::from(script.short()) % left.len();
            let (part, rest) = left.split_at(n.min(left.len() - 1).max(1));
            append_frame(&mut stream, false, first, part, 0);
            (first, left) = (0x00, rest);
            match script.byte() % 16 {
                0..4 => append_frame(&mut stream, false, 0x89, b"ping", 0),
                4 => {
                    server.send(b"sneak", false);
                    stream.extend_from_slice(&server.take_output());
                    in_order = false;
                }
                _ => {}
            }
            if left.len() < 2 {
                break;
            }
        }
        append_frame(&mut stream, false, first | 0x80, left, 0);
        if in_order {
            sent.push((body, kind & 1 != 0));
        }
    }
    side.give_in_pieces(&stream, piece);
    assert_eq!(side.error.is_none(), in_order, "{:?}", side.error);
    assert!(side.inbox.frames == sent);
    side
}

fn in_clear(script: &mut Script<'_>) {
    let (mut config, place) = frame_config(script);
    choose_config(script, &mut config);
    let is_server = config.is_server_side;
    let reply = choose_reply(script);
    let piece = usize::from(script.byte());
    let protocols = ["ZWS2.0", "ZWS2.0/NULL", "ZWS2.0/PLAIN", "ZWS2.0/CURVE"];
    let protocol = *script.pick(&protocols);
    let mut stream = head(is_server, protocol);
    let is_agreed = !spoil(script, &mut stream);
    let has_mechanism = protocol != "ZWS2.0";
    if has_mechanism && script.flag() {
        append_frame(&mut stream, is_server, 0x82, &ready(PEERS[place]), 0);
    }
    let at = stream.len();
    append_frames(script, &mut stream, is_server);
    let side = same_in_any_way(&config, &stream, piece, reply.as_ref());
    assert!(side.out.len() <= OUTPUT_MAX, "{}", side.out.len());
    if !is_agreed {
        return;
    }
    let is_open = config.mechanism == MechanismConfig::Null && config.zap.domain.is_empty();
    if has_mechanism {
        // Whether it was is up to the frames, if the input did without a READY.
        if is_open && protocol == "ZWS2.0/NULL" && side.established && is_ready(&stream[..at]) {
            let mut plain = Plain::new();
            read(&stream[at..], is_server, &config, &mut plain);
            assert_eq!(side.error.is_some(), plain.is_wrong, "{:?}", side.error);
            assert!(side.inbox.frames == plain.frames);
        }
        return;
    }
    assert!(
        is_open || !side.established,
        "a mechanism was got around, or a handler"
    );
    if !is_open {
        return;
    }
    let mut plain = Plain::new();
    let mut ids_config = config.clone();
    ids_config.max_msg_size = Some(255);
    ids_config.socket_type = SocketType::Dealer;
    match read_one(&stream[at..], is_server, &ids_config, false, &mut plain) {
        Some((_, rest)) => {
            assert!(side.established);
            read(rest, is_server, &config, &mut plain);
        }
        None => assert!(!side.established),
    }
    assert_eq!(side.error.is_some(), plain.is_wrong, "{:?}", side.error);
    assert!(side.inbox.frames == plain.frames);
}

fn choose_config(script: &mut Script<'_>, config: &mut EngineConfig) {
    let is_server = script.flag();
    set_role(config, is_server);
    config.routing_id = b"us".to_vec();
    let choice = script.byte();
    config.mechanism = match (choice % 4, is_server) {
        (1, true) => MechanismConfig::PlainServer,
        (1, false) => plain_client_config().mechanism,
        _ => MechanismConfig::Null,
    };
    if choice & 0x30 == 0x10 {
        config.zap.domain = b"here".to_vec();
    }
}

fn set_role(config: &mut EngineConfig, is_server: bool) {
    config.is_server_side = is_server;
    config.websocket = Some(if is_server {
        WebSocketRole::Server
    } else {
        WebSocketRole::Client(Box::new(ClientRequest {
            host: "host:80".to_owned(),
            path: "/".to_owned(),
            nonce: [0; 16],
            seed: [7; 32],
        }))
    });
}

/// What the peer begins with: a request, or the answer to ours, whose key is of zeros.
fn head(to_server: bool, protocol: &str) -> Vec<u8> {
    if to_server {
        format!(
            "GET / HTTP/1.1\r\nHost: host\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: {protocol}\r\n\
             Sec-WebSocket-Version: 13\r\n\r\n"
        )
    } else {
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\
             Sec-WebSocket-Protocol: {protocol}\r\n\r\n"
        )
    }
    .into_bytes()
}

fn ready(peer: SocketType) -> Vec<u8> {
    let name = peer.name().as_bytes();
    let mut payload = b"\x02\x05READY\x0bSocket-Type\0\0\0".to_vec();
    payload.push(name.len() as u8);
    payload.extend_from_slice(name);
    payload
}

/// Whether there is a frame after the head.
fn is_ready(stream: &[u8]) -> bool {
    !stream.ends_with(b"\r\n\r\n")
}

/// Frames of all kinds; now and then one that is none, or a part of one.
fn append_frames(script: &mut Script<'_>, stream: &mut Vec<u8>, is_masked: bool) {
    const FIRST: [u8; 13] = [
        0x82, 0x82, 0x82, 0x02, 0x02, 0x00, 0x00, 0x80, 0x80, 0x89, 0x89, 0x8A, 0x88,
    ];
    const BEGINNINGS: [&[u8]; 8] = [
        b"",
        b"",
        b"",
        b"\x09SUBSCRIBE",
        b"\x06CANCEL",
        b"\x04PING\0\0",
        b"\x05HELLO",
        b"\x05READY",
    ];
    while !script.is_over() && stream.len() < STREAM_MAX {
        let kind = script.byte();
        let first = FIRST.get(usize::from(kind & 15)).copied();
        let first = first.unwrap_or_else(|| script.byte());
        let mut payload = Vec::new();
        if first & 15 == 2 {
            payload.push(kind >> 4 & 3);
        }
        if first & 15 < 8 {
            let beginning = script.pick::<&[u8]>(&BEGINNINGS);
            payload.extend_from_slice(beginning);
        }
        payload.extend_from_slice(script.string());
        if kind & 0x40 != 0 {
            let times = usize::from(script.byte());
            payload = payload.repeat(times);
            payload.truncate(20_000);
        }
        let start = stream.len();
        let how = if kind & 0x80 == 0 { 0 } else { script.byte() };
        append_frame(stream, is_masked ^ (how & 15 == 1), first, &payload, how);
        if how & 15 == 2 {
            let cut = usize::from(script.byte()) % (stream.len() - start);
            stream.truncate(stream.len() - cut);
        }
        if how & 15 == 3 {
            stream.extend_from_slice(script.string());
        }
    }
}

/// A frame; `how` says with which mask, and whether its length is told in more bytes than it needs.
fn append_frame(stream: &mut Vec<u8>, is_masked: bool, first: u8, payload: &[u8], how: u8) {
    let masked = if is_masked { 0x80 } else { 0 };
    stream.push(first);
    match payload.len() {
        len @ 0..=125 if how & 0x30 == 0 => stream.push(masked | len as u8),
        len @ 0..=0xFFFF if how & 0x20 == 0 => {
            stream.push(masked | 126);
            stream.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            stream.push(masked | 127);
            stream.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    let mut mask = [0; 4];
    if is_masked {
        mask = [how, how ^ 0x55, how >> 2, 1];
        stream.extend_from_slice(&mask);
    }
    let masks = mask.iter().cycle();
    stream.extend(payload.iter().zip(masks).map(|(byte, mask)| byte ^ mask));
}

/// Reads all frames of an established connection.
fn read(mut bytes: &[u8], is_masked: bool, config: &EngineConfig, plain: &mut Plain) {
    let takes_subscribe = config.socket_type == SocketType::Xpub;
    while let Some(((flags, body), rest)) = read_one(bytes, is_masked, config, true, plain) {
        bytes = rest;
        if flags & 2 == 0 {
            plain.frames.push((body, flags & 1 != 0));
            continue;
        }
        if body.starts_with(b"\x04PING") && body.len() < 7 {
            plain.is_wrong = true;
            return;
        }
        for (name, first) in [(&b"\x09SUBSCRIBE"[..], 1), (b"\x06CANCEL", 0)] {
            if let (true, Some(topic)) = (takes_subscribe, body.strip_prefix(name)) {
                plain.frames.push(([&[first], topic].concat(), false));
            }
        }
    }
}

/// Flags and body of a frame, and what follows.
type Frame<'a> = ((u8, Vec<u8>), &'a [u8]);

/// Reads one frame of ZMTP, with those of WebSocket that it comes in and those between them.
fn read_one<'a>(
    mut bytes: &'a [u8],
    is_masked: bool,
    config: &EngineConfig,
    has_commands: bool,
    plain: &mut Plain,
) -> Option<Frame<'a>> {
    let mut pieces: Option<(u8, Vec<u8>)> = None;
    loop {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let opcode = first & 15;
        let is_control = opcode >= 8;
        // Wrong until the end is reached, or what is there proves to be too little.
        plain.is_wrong = true;
        let is_known = matches!(first, 0x00 | 0x80 | 0x02 | 0x82 | 0x88..=0x8A);
        if !is_known || (second & 0x80 != 0) != is_masked {
            return None;
        }
        let (len, rest) = match second & 0x7F {
            126 => {
                let Some((len, rest)) = rest.split_first_chunk() else {
                    return incomplete(plain);
                };
                (u64::from(u16::from_be_bytes(*len)), rest)
            }
            127 => {
                let Some((len, rest)) = rest.split_first_chunk() else {
                    return incomplete(plain);
                };
                (u64::from_be_bytes(*len), rest)
            }
            len => (u64::from(len), rest),
        };
        if (is_control && len > 125) || len > i64::MAX as u64 {
            return None;
        }
        let (mask, rest) = match rest.split_first_chunk::<4>() {
            _ if !is_masked => ([0; 4], rest),
            Some((mask, rest)) => (*mask, rest),
            None => return incomplete(plain),
        };
        let has_flags = opcode == 2;
        if has_flags && (len == 0 || rest.is_empty()) {
            return if len == 0 { None } else { incomplete(plain) };
        }
        let flags = if has_flags { rest[0] ^ mask[0] } else { 0 };
        if !is_control {
            let begun = pieces.as_ref();
            let is_command = has_commands && begun.map_or(flags, |(flags, _)| *flags) & 2 != 0;
            let so_far = begun.map_or(0, |(_, body)| body.len() as u64);
            let takes_subscribe = config.socket_type == SocketType::Xpub;
            let max = match (is_command, takes_subscribe) {
                (false, _) => max_of(config),
                (true, true) => max_of(config).max(255),
                (true, false) => 64 * 1024,
            };
            if so_far + len - u64::from(has_flags) > max {
                return None;
            }
        }
        let Some((payload, rest)) = split(rest, len) else {
            // As in V2 framing: for this nobody has memory.
            plain.is_wrong = len - u64::from(has_flags) > 1 << 46;
            return None;
        };
        let masks = mask.iter().cycle();
        let payload = payload.iter().zip(masks).map(|(byte, mask)| byte ^ mask);
        let payload: Vec<u8> = payload.skip(usize::from(has_flags)).collect();
        bytes = rest;
        let (flags, mut body) = match (opcode, pieces.take()) {
            // Who closes is done.
            (8, _) => return None,
            (9 | 10, begun) => {
                pieces = begun;
                plain.is_wrong = false;
                continue;
            }
            (2, None) => (flags, Vec::new()),
            (0, Some(begun)) => begun,
            _ => return None,
        };
        body.extend(payload);
        plain.is_wrong = false;
        if first & 0x80 != 0 {
            return Some(((flags, body), bytes));
        }
        pieces = Some((flags, body));
    }
}

fn incomplete<T>(plain: &mut Plain) -> Option<T> {
    plain.is_wrong = false;
    None
}
