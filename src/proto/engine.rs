//! The ZMTP state machine of one connection, from signature to traffic.
//!
//! This file has the engine's surface and the traffic after the handshake; greeting and handshake
//! are in [`handshake`]. Who connects, reads, writes, waits or reconnects is not known here.

mod groups;
mod handshake;

use std::time::Instant;

use super::command::Command;
use super::decoder::{Decoder, Next};
use super::error::EngineError;
use super::frame::{BODY_MAX, COMMAND, Framing, Head, HeadBytes, LONG, MORE};
use super::heartbeat::{Due, Heartbeat};
use super::mechanism::{CANCEL, Mechanism, SUBSCRIBE, Task, TaskDone};
use super::{EngineConfig, Input, OutBuf, PeerInfo, Sink};
use crate::errno::Errno;
use crate::msg::{Msg, RxBuf};
use crate::pipe::RUN_MAX;
use crate::socket_type::SocketType;
use handshake::State;

/// Longest command that a peer may send once the handshake is done, in bytes; subscriptions, whose
/// topics have no limit of their own, are held to `max_msg_size` instead.
const MAX_COMMAND: usize = 64 * 1024;
/// PONGs that may wait for a peer that sends PINGs but does not read; others are not sent.
const MAX_WAITING_PONGS: u32 = 1000;

const LONG_MORE: u8 = LONG | MORE;

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
    /// Starts a connection at the time `now`: the signature goes to `out`.
    #[must_use]
    pub fn new(config: EngineConfig, now: Instant, out: &mut OutBuf) -> Self {
        out.append(&super::greeting::signature(config.routing_id.len()));
        let mechanism = config.mechanism.start(&config);
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
            decoder: Decoder::new(Framing::V2),
            heartbeat: Heartbeat::new(&config),
            state: State::start(),
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

    /// Does what is due at `now`: may append a PING.
    ///
    /// # Errors
    /// Why the connection must be closed.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut OutBuf) -> Result<(), EngineError> {
        let result = match self.state {
            State::Failed => Err(EngineError::Protocol(Errno::EPROTO)),
            State::Traffic => match self.heartbeat.handle_timeout(now, !self.blocked) {
                Due::Nothing => Ok(()),
                Due::Ping(ttl) => self.send_command(Command::Ping { ttl, context: &[] }, out),
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

    #[inline]
    fn handle_traffic<S: Sink>(
        &mut self,
        rx: &mut RxBuf,
        sink: &mut S,
        out: &mut OutBuf,
        now: Instant,
    ) -> Result<Input, EngineError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if self.subscribe_all {
            if !sink.has_room() {
                return Ok(Input::Blocked);
            }
            self.subscribe_all = false;
            push_subscription(sink, 1, &[])?;
        }
        loop {
            if self.fast && self.decoder.at_frame_start() && self.take_whole_frames(rx, sink)? {
                return Ok(Input::Blocked);
            }
            if let Some(input) = self.take_frame(rx, sink, out, now)? {
                return Ok(input);
            }
        }
    }

    /// Takes message frames that are there as a whole, until there is another kind or none.
    /// Returns true if there is one but no room for it.
    #[inline]
    fn take_whole_frames<S: Sink>(
        &mut self,
        rx: &mut RxBuf,
        sink: &mut S,
    ) -> Result<bool, EngineError> {
        let max_body = self.max_body;
        if !self.in_message && max_body >= usize::from(u8::MAX) {
            loop {
                let (len, messages) = whole_run(rx.unread(), sink.room_for_run());
                if messages == 0 {
                    break;
                }
                sink.push_run(&rx.unread()[..len], messages);
                rx.consume(len);
            }
        }
        let mut in_message = self.in_message;
        let blocked = loop {
            let (flags, head_len, body_len, rest) = match *rx.unread() {
                [flags @ 0..=MORE, len, ref rest @ ..] => (flags, 2, usize::from(len), rest),
                [flags @ LONG..=LONG_MORE, ref rest @ ..] => {
                    let Some((len, rest)) = rest.split_first_chunk::<8>() else {
                        break false;
                    };
                    // Lengths that do not fit are the other path's to refuse.
                    (flags, 9, u64::from_be_bytes(*len) as usize, rest)
                }
                _ => break false,
            };
            if rest.len() < body_len || body_len > max_body {
                break false;
            }
            if !in_message && !sink.has_room() {
                break true;
            }
            rx.consume(head_len);
            let mut frame = rx.take(body_len)?;
            in_message = flags & MORE != 0;
            frame.set_more(in_message);
            sink.push(frame);
        };
        self.in_message = in_message;
        Ok(blocked)
    }

    /// Takes one frame of any kind; `Some` if there is a reason to return.
    fn take_frame<S: Sink>(
        &mut self,
        rx: &mut RxBuf,
        sink: &mut S,
        out: &mut OutBuf,
        now: Instant,
    ) -> Result<Option<Input>, EngineError> {
        let (flags, mut body) = match self.decoder.next(rx)? {
            Next::NeedMore => return Ok(Some(Input::NeedMore)),
            Next::Frame(flags, body) if self.clear => (flags, body),
            Next::Frame(_, body) => self.open_body(body)?,
            Next::Head(head) => {
                self.check_length(&head)?;
                if self.may_push(&head) && !self.in_message && !sink.has_room() {
                    return Ok(Some(Input::Blocked));
                }
                if !self.clear && self.decoder.has_whole(rx, &head) {
                    self.open_received(rx, &head)?
                } else {
                    match self.decoder.take(rx, &head)? {
                        Some(body) => (head.flags, body),
                        None => return Ok(Some(Input::NeedMore)),
                    }
                }
            }
        };
        if flags & COMMAND != 0 {
            self.handle_command(&body, sink, out, now)?;
        } else if flags & (SUBSCRIBE | CANCEL) != 0 {
            if self.takes_subscribe {
                self.in_message = false;
                push_subscription(sink, u8::from(flags & SUBSCRIBE != 0), body.data())?;
            }
        } else {
            self.in_message = flags & MORE != 0;
            body.set_more(self.in_message);
            self.push_message_frame(body, sink)?;
        }
        Ok(None)
    }

    /// Opens a protected frame where it was received.
    fn open_received(&mut self, rx: &mut RxBuf, head: &Head) -> Result<(u8, Msg), EngineError> {
        let end = head.head_len + head.body_len;
        let body = rx
            .unread_mut()
            .get_mut(head.head_len..end)
            .unwrap_or_default();
        let (flags, at) = self.mechanism.decode(body)?;
        self.check_opened(flags, head.body_len - at)?;
        rx.consume(head.head_len + at);
        Ok((flags, rx.take(head.body_len - at)?))
    }

    /// Opens a protected frame whose body was read into a block of its own.
    fn open_body(&mut self, mut body: Msg) -> Result<(u8, Msg), EngineError> {
        if body.data_mut().is_none() {
            body = Msg::copy_of(body.data())?;
        }
        let (flags, at) = self.mechanism.decode(body.data_mut().unwrap_or_default())?;
        self.check_opened(flags, body.len() - at)?;
        body.skip(at);
        Ok((flags, body))
    }

    fn check_opened(&self, flags: u8, len: usize) -> Result<(), EngineError> {
        if flags & COMMAND == 0 && len > self.max_body {
            return Err(EngineError::Protocol(Errno::EMSGSIZE));
        }
        Ok(())
    }

    /// Whether the frame of this head may end up in the sink.
    fn may_push(&self, head: &Head) -> bool {
        !head.is_command() || self.takes_subscribe || !self.clear
    }

    fn check_length(&self, head: &Head) -> Result<(), EngineError> {
        // A command in a short frame is never too long: a limit below that of a PING would
        // end every connection.
        let max = match (head.is_command(), self.clear) {
            (false, true) => self.max_body,
            (true, true) if self.takes_subscribe => self.max_body.max(255),
            (true, true) => MAX_COMMAND,
            (_, false) => self
                .max_body
                .max(255)
                .saturating_add(self.mechanism.overhead()),
        };
        if head.body_len > max {
            return Err(EngineError::Protocol(Errno::EMSGSIZE));
        }
        Ok(())
    }

    fn handle_command<S: Sink>(
        &mut self,
        body: &Msg,
        sink: &mut S,
        out: &mut OutBuf,
        now: Instant,
    ) -> Result<(), EngineError> {
        if self.peer.as_ref().is_none_or(|peer| peer.zmtp < (3, 0)) {
            // In 2.0 the bit is a reserved one, and who sets it says nothing we could know.
            return Ok(());
        }
        match Command::parse(body.data())? {
            Command::Ping { ttl, context } => {
                self.heartbeat.note_peer_ttl(ttl, now);
                if self.pongs.may_send(out) {
                    self.send_command(Command::Pong { context }, out)?;
                }
            }
            // A subscription between the frames of a message ends that message, as it does in the
            // reference library, whose XSUB sends such sequences.
            Command::Join(group) if self.is_radio() => {
                groups::check(group)?;
                push_subscription(sink, 1, group)?;
            }
            Command::Leave(group) if self.is_radio() => {
                groups::check(group)?;
                push_subscription(sink, 0, group)?;
            }
            // Topics mean nothing to a RADIO.
            Command::Subscribe(_) | Command::Cancel(_) if self.is_radio() => {}
            Command::Subscribe(topic) if self.takes_subscribe => {
                self.in_message = false;
                push_subscription(sink, 1, topic)?;
            }
            Command::Cancel(topic) if self.takes_subscribe => {
                self.in_message = false;
                push_subscription(sink, 0, topic)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn encode_other(&mut self, msg: Msg, out: &mut OutBuf) -> bool {
        if !self.state.is_traffic() || self.fault.is_some() {
            return self.fault.is_none();
        }
        let more = msg.is_more();
        let alone = !more && !self.out_in_message;
        self.out_in_message = more;
        // As part of a longer message a subscription stays a frame: commands have no place there.
        let result = match msg.data().split_first() {
            _ if self.has_groups() => self.encode_grouped(msg, out),
            Some((_, topic)) if self.sends_subscribe && alone && msg.is_subscribe() => {
                self.send_command(Command::Subscribe(topic), out)
            }
            Some((_, topic)) if self.sends_subscribe && alone && msg.is_cancel() => {
                self.send_command(Command::Cancel(topic), out)
            }
            _ => self.encode_frame(msg, out),
        };
        self.fault = result.err();
        self.fault.is_none()
    }

    fn encode_frame(&mut self, msg: Msg, out: &mut OutBuf) -> Result<(), EngineError> {
        let flags = if msg.is_more() { MORE } else { 0 };
        if !self.clear {
            return self.mechanism.encode(flags, &msg, out);
        }
        let head = HeadBytes::encode(self.decoder.framing(), flags, msg.len());
        out.append(head.as_slice());
        out.append_msg(msg);
        Ok(())
    }

    fn send_command(&mut self, command: Command<'_>, out: &mut OutBuf) -> Result<(), EngineError> {
        if self.clear {
            command.append(out);
            return Ok(());
        }
        let body = Msg::copy_of(&command.to_body())?;
        self.mechanism.encode(COMMAND, &body, out)
    }

    fn fail(&mut self) {
        self.state = State::Failed;
        self.fast = false;
    }
}

/// How much of `input` is whole messages of short frames, at most `room` of them: (bytes, messages).
#[inline]
fn whole_run(input: &[u8], room: usize) -> (usize, usize) {
    let input = &input[..input.len().min(RUN_MAX)];
    let (mut at, mut whole, mut messages) = (0, 0, 0);
    while messages < room
        && let Some(&[flags @ 0..=MORE, len]) = input.get(at..at + 2)
    {
        at += 2 + usize::from(len);
        if at > input.len() {
            break;
        }
        if flags & MORE == 0 {
            whole = at;
            messages += 1;
        }
    }
    (whole, messages)
}

fn push_subscription<S: Sink>(sink: &mut S, first: u8, topic: &[u8]) -> Result<(), EngineError> {
    let mut msg = Msg::with_size(1 + topic.len())?;
    if let Some((kind, rest)) = msg.data_mut().and_then(<[u8]>::split_first_mut) {
        *kind = first;
        rest.copy_from_slice(topic);
    }
    if first == 1 {
        msg.mark_subscribe();
    } else {
        msg.mark_cancel();
    }
    sink.push(msg);
    Ok(())
}

/// Bounds the PONGs that wait in the output.
#[derive(Debug, Default)]
struct PongQueue {
    /// PONGs queued since `from` was taken.
    count: u32,
    /// A position in the output stream: once it is written, so is all that was queued before.
    from: u64,
}

impl PongQueue {
    fn may_send(&mut self, out: &OutBuf) -> bool {
        if out.written() >= self.from {
            self.count = 0;
            self.from = out.written() + out.len() as u64;
        }
        self.count += 1;
        self.count <= MAX_WAITING_PONGS
    }
}

#[cfg(test)]
mod tests;
