//! PING, PONG and TTL, with a clock that only the test moves.

use super::*;

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
