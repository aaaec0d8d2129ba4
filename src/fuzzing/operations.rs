//! Two engines and a wire between them: messages, pieces of any size, time, a reader that stops, and
//! now and then a changed byte.

use std::time::{Duration, Instant};

use super::handshakes::plain_client_config;
use super::side::Side;
use super::{Script, curve};
use crate::proto::{EngineConfig, EngineError, MechanismConfig};
use crate::socket_type::SocketType;

/// Steps of one input.
const STEPS_MAX: usize = 300;

/// One direction.
#[derive(Default)]
struct Way {
    /// On the wire.
    wire: Vec<u8>,
    /// Frames that were sent.
    sent: Vec<(Vec<u8>, bool)>,
    in_message: bool,
    changed: bool,
}

/// See the module's documentation.
pub fn operations(input: &[u8]) {
    let mut script = Script::new(input);
    let now = Instant::now();
    let (a, b) = configs(&mut script);
    let mut sides = [Side::at(&a, now), Side::at(&b, now)];
    for side in &mut sides {
        side.reply = Some(granted());
    }
    let mut ways = [Way::default(), Way::default()];
    let mut now = now;
    for _ in 0..STEPS_MAX {
        if script.is_over() {
            break;
        }
        step(&mut script, &mut sides, &mut ways, &mut now);
        check(&sides, &ways);
    }
    settle(&mut sides, &mut ways);
    check(&sides, &ways);
}

fn granted() -> Vec<Vec<u8>> {
    let frames: [&[u8]; 7] = [b"", b"1.0", b"1", b"200", b"", b"joe", b""];
    frames.map(<[u8]>::to_vec).to_vec()
}

fn configs(script: &mut Script<'_>) -> (EngineConfig, EngineConfig) {
    let mut a = EngineConfig::new(SocketType::Dealer);
    let mut b = EngineConfig::new(SocketType::Dealer);
    b.is_server_side = true;
    match script.byte() % 3 {
        0 => {}
        1 => {
            a.mechanism = plain_client_config().mechanism;
            b.mechanism = MechanismConfig::PlainServer;
        }
        _ => {
            a.mechanism = curve::client_config().mechanism;
            b.mechanism = curve::server_config().mechanism;
        }
    }
    for config in [&mut a, &mut b] {
        let millis = |n: u8| (n > 0).then(|| Duration::from_millis(u64::from(n) * 10));
        config.heartbeat_ivl = millis(script.byte() % 8);
        config.heartbeat_ttl = millis(script.byte() % 32);
        config.heartbeat_timeout = millis(script.byte() % 16);
        config.handshake_ivl = millis(script.byte());
    }
    (a, b)
}

fn step(script: &mut Script<'_>, sides: &mut [Side; 2], ways: &mut [Way; 2], now: &mut Instant) {
    let choice = script.byte();
    let from = usize::from(choice & 1);
    let (to, way) = (1 - from, &mut ways[from]);
    match choice >> 1 & 7 {
        // Some bytes go on to the wire.
        0 => {
            let max = usize::from(script.byte());
            way.wire.extend(sides[from].take_at_most(max));
        }
        1 => way.wire.extend(sides[from].take_output()),
        // Some bytes come off the wire.
        2 => {
            let n = usize::from(script.short()).min(way.wire.len());
            let bytes: Vec<u8> = way.wire.drain(..n).collect();
            sides[to].give_in_pieces(&bytes, 1 + usize::from(choice >> 4) * 16);
        }
        3 => {
            let bytes = std::mem::take(&mut way.wire);
            sides[to].give(&bytes);
        }
        4 => {
            let len = if choice & 0x10 == 0 {
                usize::from(script.byte())
            } else {
                usize::from(script.short()) * 4
            };
            let more = choice & 0x20 != 0;
            let body = vec![choice; len];
            sides[from].send(&body, more);
            if sides[from].established && sides[from].error.is_none() {
                way.sent.push((body, more));
                way.in_message = more;
            }
        }
        5 => {
            *now += Duration::from_millis(u64::from(script.byte()));
            for side in sides {
                side.pass_time(*now);
            }
        }
        6 => {
            let room = script.byte();
            sides[to].inbox.room = (room < 0xF0).then_some(usize::from(room));
            sides[to].run();
        }
        _ => {
            let at = usize::from(script.short()) % way.wire.len().max(1);
            let by = script.byte();
            if let Some(byte) = way.wire.get_mut(at) {
                *byte ^= by;
                way.changed |= by != 0;
            }
        }
    }
}

/// Carries what is left, with room for everything.
fn settle(sides: &mut [Side; 2], ways: &mut [Way; 2]) {
    for side in sides.iter_mut() {
        side.inbox.room = None;
        side.run();
    }
    loop {
        let mut silent = true;
        for from in [0, 1] {
            let mut bytes = std::mem::take(&mut ways[from].wire);
            bytes.extend(sides[from].take_output());
            silent &= bytes.is_empty();
            sides[1 - from].give(&bytes);
        }
        if silent {
            return;
        }
    }
}

/// On an honest wire nothing fails but by time, and what arrives is what was sent, in order.
fn check(sides: &[Side; 2], ways: &[Way; 2]) {
    for from in [0, 1] {
        let received = &sides[1 - from].inbox.frames;
        if !ways[from].changed {
            assert!(
                ways[from].sent.starts_with(received),
                "something else arrived"
            );
        }
        if !ways[0].changed && !ways[1].changed {
            let by_time = |error| {
                matches!(
                    error,
                    EngineError::HandshakeTimeout | EngineError::HeartbeatTimeout
                )
            };
            assert!(
                sides[from].error.is_none_or(by_time),
                "{:?}",
                sides[from].error
            );
        }
    }
}
