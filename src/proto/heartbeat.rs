//! Heartbeats: when to send a PING, and how long silence may last (RFC 37, "Connection
//! Heartbeating"; `zmq_setsockopt(3)`, `ZMQ_HEARTBEAT_*`).
//!
//! Times come as arguments. Traffic is noted in a flag, which is looked at only when something
//! falls due, so that receiving costs no clock and no timer.

use std::time::{Duration, Instant};

use super::EngineConfig;

/// Who is due when.
#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Option<Duration>,
    timeout: Option<Duration>,
    ttl: u16,
    next_ping: Option<Instant>,
    /// Something must have come by then, since a PING is out.
    reply_by: Option<Instant>,
    /// Something must have come by then, since the peer's PING said so.
    peer_ttl_by: Option<Instant>,
    peer_pings: bool,
    /// Something has come since either of the two was set.
    traffic: bool,
}

/// What a time-out leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// A PING with this TTL, in tenths of a second, is to be sent.
    Ping(u16),
    /// The peer was silent for too long.
    Dead,
}

impl Heartbeat {
    /// At rest, until [`Self::start`].
    pub(super) fn new(config: &EngineConfig) -> Self {
        let interval = config.heartbeat_ivl.filter(|interval| !interval.is_zero());
        let timeout = config.heartbeat_timeout.or(interval);
        let ttl = config.heartbeat_ttl.map_or(0, |ttl| ttl.as_millis() / 100);
        Self {
            interval,
            timeout: timeout.filter(|timeout| !timeout.is_zero()),
            ttl: u16::try_from(ttl).unwrap_or(u16::MAX),
            next_ping: None,
            reply_by: None,
            peer_ttl_by: None,
            peer_pings: false,
            traffic: false,
        }
    }

    /// The handshake with a 3.x peer is complete: the first PING is one interval away.
    pub(super) fn start(&mut self, now: Instant) {
        self.next_ping = self.interval.and_then(|interval| now.checked_add(interval));
    }

    /// Something was received.
    #[inline]
    pub(super) fn note_traffic(&mut self) {
        self.traffic = true;
    }

    /// The peer's PING asks to be taken for dead after this many tenths of a second of silence.
    pub(super) fn note_peer_ttl(&mut self, ttl: u16, now: Instant) {
        self.settle();
        self.peer_pings = true;
        if ttl > 0 {
            self.peer_ttl_by = now.checked_add(Duration::from_millis(u64::from(ttl) * 100));
        }
    }

    /// Whether the peer sends PINGs of its own.
    pub(super) const fn peer_pings(&self) -> bool {
        self.peer_pings
    }

    /// When [`Self::handle_timeout`] is to be called next.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        [self.next_ping, self.reply_by, self.peer_ttl_by]
            .into_iter()
            .flatten()
            .min()
    }

    /// Says what is due by now. `reading` is false while input is left unread for want of room:
    /// then silence proves nothing.
    pub(super) fn handle_timeout(&mut self, now: Instant, reading: bool) -> Due {
        if self.traffic || !reading {
            self.settle();
        }
        if [self.reply_by, self.peer_ttl_by]
            .into_iter()
            .flatten()
            .any(|by| by <= now)
        {
            return Due::Dead;
        }
        let (Some(interval), Some(next_ping)) = (self.interval, self.next_ping) else {
            return Due::Nothing;
        };
        if next_ping > now {
            return Due::Nothing;
        }
        // From now, not from when it was due: a late caller must not send a burst.
        self.next_ping = now.checked_add(interval);
        if self.reply_by.is_none() && reading {
            self.reply_by = self.timeout.and_then(|timeout| now.checked_add(timeout));
        }
        Due::Ping(self.ttl)
    }

    fn settle(&mut self) {
        self.traffic = false;
        self.reply_by = None;
        self.peer_ttl_by = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket_type::SocketType;

    const MS: Duration = Duration::from_millis(1);

    fn heartbeat(ivl: u32, timeout: Option<u32>, ttl: Option<u32>) -> (Heartbeat, Instant) {
        let mut config = EngineConfig::new(SocketType::Dealer);
        config.heartbeat_ivl = (ivl > 0).then(|| MS * ivl);
        config.heartbeat_timeout = timeout.map(|timeout| MS * timeout);
        config.heartbeat_ttl = ttl.map(|ttl| MS * ttl);
        let mut heartbeat = Heartbeat::new(&config);
        let now = Instant::now();
        heartbeat.start(now);
        (heartbeat, now)
    }

    #[test]
    fn silence_after_a_ping_is_death() {
        let (mut beat, t0) = heartbeat(100, Some(250), Some(1599));
        assert_eq!(beat.poll_timeout(), Some(t0 + 100 * MS));
        assert_eq!(beat.handle_timeout(t0 + 99 * MS, true), Due::Nothing);
        assert_eq!(beat.handle_timeout(t0 + 100 * MS, true), Due::Ping(15));
        assert_eq!(beat.handle_timeout(t0 + 200 * MS, true), Due::Ping(15));
        assert_eq!(beat.handle_timeout(t0 + 300 * MS, true), Due::Ping(15));
        assert_eq!(beat.poll_timeout(), Some(t0 + 350 * MS));
        assert_eq!(beat.handle_timeout(t0 + 350 * MS, true), Due::Dead);
    }

    #[test]
    fn any_traffic_after_a_ping_is_life() {
        let (mut beat, t0) = heartbeat(100, None, None);
        for n in 1..10 {
            assert_eq!(beat.handle_timeout(t0 + n * 100 * MS, true), Due::Ping(0));
            beat.note_traffic();
        }
        assert_eq!(beat.handle_timeout(t0 + 1000 * MS, true), Due::Ping(0));
        assert_eq!(beat.handle_timeout(t0 + 1100 * MS, true), Due::Dead);
    }

    #[test]
    fn traffic_before_a_ping_does_not_count() {
        let (mut beat, t0) = heartbeat(100, None, None);
        beat.note_traffic();
        assert_eq!(beat.handle_timeout(t0 + 100 * MS, true), Due::Ping(0));
        assert_eq!(beat.handle_timeout(t0 + 200 * MS, true), Due::Dead);
    }

    #[test]
    fn the_peers_ttl_binds_without_heartbeats_of_our_own() {
        let (mut beat, t0) = heartbeat(0, None, None);
        assert_eq!(beat.poll_timeout(), None);
        beat.note_traffic();
        beat.note_peer_ttl(3, t0);
        assert_eq!(beat.poll_timeout(), Some(t0 + 300 * MS));
        assert_eq!(beat.handle_timeout(t0 + 299 * MS, true), Due::Nothing);
        assert_eq!(beat.handle_timeout(t0 + 300 * MS, true), Due::Dead);

        let (mut beat, t0) = heartbeat(0, None, None);
        beat.note_peer_ttl(3, t0);
        beat.note_traffic();
        assert_eq!(beat.handle_timeout(t0 + 300 * MS, true), Due::Nothing);
        assert_eq!(beat.poll_timeout(), None);
        beat.note_peer_ttl(0, t0);
        assert_eq!(beat.poll_timeout(), None);
    }

    #[test]
    fn silence_proves_nothing_while_nothing_is_read() {
        let (mut beat, t0) = heartbeat(100, None, None);
        beat.note_peer_ttl(1, t0);
        for n in 1..10 {
            assert_eq!(beat.handle_timeout(t0 + n * 100 * MS, false), Due::Ping(0));
        }
        assert_eq!(beat.handle_timeout(t0 + 1000 * MS, true), Due::Ping(0));
        assert_eq!(beat.handle_timeout(t0 + 1100 * MS, true), Due::Dead);
    }

    #[test]
    fn a_late_caller_sends_one_ping() {
        let (mut beat, t0) = heartbeat(100, Some(0), None);
        assert_eq!(beat.handle_timeout(t0 + 5000 * MS, true), Due::Ping(0));
        assert_eq!(beat.handle_timeout(t0 + 5000 * MS, true), Due::Nothing);
        assert_eq!(beat.poll_timeout(), Some(t0 + 5100 * MS));
    }

    #[test]
    fn absurd_times_do_not_panic() {
        let mut config = EngineConfig::new(SocketType::Dealer);
        config.heartbeat_ivl = Some(Duration::MAX);
        config.heartbeat_timeout = Some(Duration::MAX);
        config.heartbeat_ttl = Some(Duration::MAX);
        let mut beat = Heartbeat::new(&config);
        let now = Instant::now();
        beat.start(now);
        assert_eq!(beat.poll_timeout(), None);
        assert_eq!(beat.handle_timeout(now, true), Due::Nothing);
    }
}
