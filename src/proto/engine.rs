//! The ZMTP state machine of one connection, from signature to traffic.
//!
//! This file has the engine's surface; greeting and handshake are in [`handshake`], the traffic after
//! it in [`receive`] and [`send`]. Who connects, reads, writes, waits or reconnects is not known here.

mod groups;
mod handshake;
mod receive;
mod send;

use std::time::Instant;

use super::decoder::Decoder;
use super::error::EngineError;
use super::frame::BODY_MAX;
use super::heartbeat::{Due, Heartbeat};
use super::mechanism::{Mechanism, Task, TaskDone};
use super::pieces::Pieces;
use super::websocket::Upgrade;
use super::writer::Wire;
use super::{EngineConfig, Input, OutBuf, PeerInfo, Sink};
use crate::errno::Errno;
use crate::msg::{Msg, RxBuf};
use crate::socket_type::SocketType;
use handshake::State;
use send::PongQueue;

/// The protocol engine of one ZMTP connection.
///
/// The methods come in kinds: `handle_*` take input (bytes, time, a ZAP reply), `encode` takes
/// messages, `poll_timeout` says when `handle_timeout` is wanted, the rest are getters. Everything
/// that is to be sent is appended to the [`OutBuf`] that each of them is given, also when they
/// fail: a session should try to write it before it closes. After an error no call does anything.
#[derive(Debug)]
pub struct Engine {
    /// Frames travel in V2 framing and in clear: those of messages need no closer look.
    fast: bool,
    /// The mechanism leaves frames as they are.
    clear: bool,
    /// The frame that was decoded last has others of its message to follow.
    in_message: bool,
    /// The frame that was encoded last has others of its message to follow.
    out_in_message: bool,
    /// The last call left input unread since the sink had no room.
    blocked: bool,
    /// Subscriptions are sent as commands: the peer speaks 3.1.
    sends_subscribe: bool,
    /// Subscriptions are taken as commands: we publish.
    takes_subscribe: bool,
    /// A 1.0 subscriber, which filters for itself, is to be subscribed to everything.
    subscribe_all: bool,
    /// The group of the message whose body comes next, at a DISH.
    group: Option<Vec<u8>>,
    /// Longest body of a message frame, in bytes.
    max_body: usize,
    decoder: Decoder,
    /// How our frames go out.
    wire: Wire,
    /// A frame that comes in pieces.
    pieces: Pieces,
    /// The beginning of a WebSocket.
    upgrade: Option<Box<Upgrade>>,
    heartbeat: Heartbeat,
    state: State,
    mechanism: Box<dyn Mechanism>,
    peer: Option<PeerInfo>,
    config: EngineConfig,
    handshake_by: Option<Instant>,
    /// Why `encode` failed.
    fault: Option<EngineError>,
    pongs: PongQueue,
}

impl Engine {
    /// Starts a connection at the time `now`: the signature goes to `out`, or a WebSocket client's request.
    #[must_use]
    pub fn new(config: EngineConfig, now: Instant, out: &mut OutBuf) -> Self {
        let mechanism = config.mechanism.start(&config);
        let (state, wire, upgrade) = handshake::begin(&config, mechanism.name(), out);
        let max_body = config
            .max_msg_size
            .map_or(BODY_MAX, |max| max.min(BODY_MAX));
        Self {
            fast: false,
            clear: mechanism.is_clear(),
            in_message: false,
            out_in_message: false,
            blocked: false,
            sends_subscribe: false,
            takes_subscribe: matches!(
                config.socket_type,
                SocketType::Pub | SocketType::Xpub | SocketType::Radio
            ),
            subscribe_all: false,
            group: None,
            max_body: usize::try_from(max_body).unwrap_or(usize::MAX),
            decoder: Decoder::new(wire.framing()),
            wire,
            pieces: Pieces::default(),
            upgrade,
            heartbeat: Heartbeat::new(&config),
            state,
            mechanism,
            peer: None,
            handshake_by: config.handshake_ivl.and_then(|ivl| now.checked_add(ivl)),
            config,
            fault: None,
            pongs: PongQueue::default(),
        }
    }

    /// Decodes what is unread in `rx`: greeting, handshake, then frames, which go to `sink`.
    ///
    /// To be called after each read that gave bytes, and when [`Input`] says so. `now` may lag a
    /// little; it is looked at when the handshake ends and when a PING carries a TTL.
    ///
    /// # Errors
    /// Why the connection must be closed.
    #[inline]
    pub fn handle_input<S: Sink>(
        &mut self,
        rx: &mut RxBuf,
        sink: &mut S,
        out: &mut OutBuf,
        now: Instant,
    ) -> Result<Input, EngineError> {
        self.heartbeat.note_traffic();
        self.blocked = false;
        let result = if self.state.is_traffic() {
            self.handle_traffic(rx, sink, out, now)
        } else {
            self.handle_handshake(rx, out, now)
        };
        match result {
            Ok(Input::Blocked) => self.blocked = true,
            Ok(_) => {}
            Err(_) => self.fail(),
        }
        result
    }

    /// The peer, once [`Input::Established`] was returned.
    #[must_use]
    pub fn peer(&self) -> Option<&PeerInfo> {
        self.peer.as_ref()
    }

    /// Whether the handshake was completed; stays true when the connection fails later.
    #[must_use]
    #[inline]
    pub fn is_established(&self) -> bool {
        self.peer.is_some()
    }

    /// Appends one frame to `out`. Only after [`Input::Established`]; before it, and after a
    /// failure, the frame is dropped. False: see [`Self::fault`].
    ///
    /// Subscriptions (`Msg::is_subscribe`, `Msg::is_cancel`: a byte 1 or 0 and the topic) go to a
    /// 3.1 peer as commands, to others as they are.
    #[inline]
    pub fn encode(&mut self, msg: Msg, out: &mut OutBuf) -> bool {
        let body = msg.data();
        if let Ok(len) = u8::try_from(body.len())
            && self.fast
            && !msg.is_subscription()
        {
            self.out_in_message = msg.is_more();
            out.append_short_frame([u8::from(msg.is_more()), len], body);
            true
        } else {
            self.encode_other(msg, out)
        }
    }

    /// Why a frame could not be encoded: the connection must be closed. No further one is, since the peer would
    /// take it for part of a message from which one is missing.
    #[must_use]
    pub fn fault(&self) -> Option<EngineError> {
        self.fault
    }

    /// Whether whole messages of frames as [`Sink::push_run`] has them may be appended to the output as
    /// they are, which does what [`Self::encode`] would.
    #[must_use]
    #[inline]
    pub fn passes_runs(&self) -> bool {
        self.fast && !self.out_in_message
    }

    /// When [`Self::handle_timeout`] is to be called, if ever: the end of the handshake interval,
    /// the next PING, or the end of a silence. Changes through `handle_input` and
    /// `handle_timeout`; being called early or late does no harm.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Failed => None,
            State::Traffic => self.heartbeat.poll_timeout(),
            _ => self.handshake_by,
        }
    }

    /// Whether the peer has sent a PING: then more will come, whatever becomes of this side.
    #[must_use]
    pub const fn peer_pings(&self) -> bool {
        self.heartbeat.peer_pings()
    }

    /// Does what is due at `now`: may append a PING.
    ///
    /// # Errors
    /// Why the connection must be closed.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut OutBuf) -> Result<(), EngineError> {
        let result = match self.state {
            State::Failed => Err(EngineError::Protocol(Errno::EPROTO)),
            State::Traffic => match self.heartbeat.handle_timeout(now, !self.blocked) {
                Due::Nothing => Ok(()),
                Due::Ping(ttl) => self.send_ping(ttl, out),
                Due::Dead => Err(EngineError::HeartbeatTimeout),
            },
            _ if self.handshake_by.is_some_and(|by| by <= now) => {
                Err(EngineError::HandshakeTimeout)
            }
            _ => Ok(()),
        };
        if result.is_err() {
            self.fail();
        }
        result
    }

    /// The frames of a ZAP request (RFC 27), after [`Input::ZapPending`] was returned.
    pub fn take_zap_request(&mut self) -> Option<Vec<Msg>> {
        self.mechanism.take_zap_request()
    }

    /// Takes the frames of the ZAP reply. Call [`Self::handle_input`] afterwards, with or without
    /// further bytes.
    ///
    /// # Errors
    /// Why the connection must be closed.
    pub fn handle_zap_reply(
        &mut self,
        frames: Vec<Msg>,
        out: &mut OutBuf,
    ) -> Result<(), EngineError> {
        if !self.state.is_handshake() {
            return Ok(());
        }
        let judged = self.mechanism.handle_zap_reply(frames);
        self.go_on_after(judged, out)
    }

    /// As [`Self::handle_zap_reply`], where nobody is there to answer the request.
    ///
    /// # Errors
    /// Why the connection must be closed.
    pub fn handle_zap_absent(&mut self, out: &mut OutBuf) -> Result<(), EngineError> {
        if !self.state.is_handshake() {
            return Ok(());
        }
        let judged = self.mechanism.handle_zap_absent();
        self.go_on_after(judged, out)
    }

    /// A step of the handshake that may wait, after [`Input::TaskPending`] was returned; to be run on
    /// a thread that may be kept waiting.
    pub fn take_task(&mut self) -> Option<Task> {
        self.mechanism.take_task()
    }

    /// Takes what became of the step. Call [`Self::handle_input`] afterwards, with or without further
    /// bytes.
    ///
    /// # Errors
    /// Why the connection must be closed.
    pub fn handle_task(&mut self, done: TaskDone, out: &mut OutBuf) -> Result<(), EngineError> {
        if !self.state.is_handshake() {
            return Ok(());
        }
        let went = self.mechanism.handle_task(done);
        self.go_on_after(went, out)
    }

    fn fail(&mut self) {
        self.state = State::Failed;
        self.fast = false;
    }
}

#[cfg(test)]
mod tests;
