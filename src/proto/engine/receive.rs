//! What comes once the handshake is complete: frames to the sink, commands and pings to their effect.

use std::time::Instant;

use super::{Engine, groups};
use crate::errno::Errno;
use crate::msg::{Msg, RxBuf};
use crate::pipe::RUN_MAX;
use crate::proto::command::Command;
use crate::proto::decoder::Next;
use crate::proto::error::EngineError;
use crate::proto::frame::{COMMAND, Head, Kind, LONG, MORE};
use crate::proto::mechanism::{CANCEL, SUBSCRIBE};
use crate::proto::{Input, OutBuf, Sink, websocket};

/// Longest command that a peer may send once the handshake is done, in bytes; subscriptions, whose
/// topics have no limit of their own, are held to `max_msg_size` instead.
const MAX_COMMAND: usize = 64 * 1024;

const LONG_MORE: u8 = LONG | MORE;

impl Engine {
    #[inline]
    pub(super) fn handle_traffic<S: Sink>(
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
        let (head, body) = match self.decoder.next(rx)? {
            Next::NeedMore => return Ok(Some(Input::NeedMore)),
            Next::Frame(head, body) => (head, body),
            Next::Head(head) if head.kind.is_control() => {
                return self.take_control(&head, rx, out);
            }
            Next::Head(head) => {
                self.check_length(&head)?;
                if self.may_push(&head) && !self.in_message && !sink.has_room() {
                    return Ok(Some(Input::Blocked));
                }
                // Between pieces it does not belong, which is for them to say.
                let is_alone = head.kind == Kind::Whole && self.pieces.is_empty();
                if !self.clear && is_alone && self.decoder.has_whole(rx, &head) {
                    let (flags, body) = self.open_received(rx, &head)?;
                    self.handle_frame(flags, body, sink, out, now)?;
                    return Ok(None);
                }
                match self.decoder.take(rx, &head)? {
                    Some(body) => (head, body),
                    None => return Ok(Some(Input::NeedMore)),
                }
            }
        };
        let Some((flags, body)) = self.pieces.join(&head, body)? else {
            return Ok(None);
        };
        let (flags, body) = if self.clear {
            (flags, body)
        } else {
            self.open_body(body)?
        };
        self.handle_frame(flags, body, sink, out, now)?;
        Ok(None)
    }

    fn handle_frame<S: Sink>(
        &mut self,
        flags: u8,
        mut body: Msg,
        sink: &mut S,
        out: &mut OutBuf,
        now: Instant,
    ) -> Result<(), EngineError> {
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
        Ok(())
    }

    /// Takes a WebSocket's control frame; `Some` while it is incomplete.
    pub(super) fn take_control(
        &mut self,
        head: &Head,
        rx: &mut RxBuf,
        out: &mut OutBuf,
    ) -> Result<Option<Input>, EngineError> {
        let Some(payload) = self.decoder.take(rx, head)? else {
            return Ok(Some(Input::NeedMore));
        };
        match head.kind {
            Kind::Ping if self.pongs.may_send(out) => {
                self.wire.to(out).control(Kind::Pong, payload.data());
            }
            Kind::Close => {
                self.wire.to(out).control(Kind::Close, payload.data());
                return Err(EngineError::Closed);
            }
            _ => {}
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
        websocket::mask(body, head.mask);
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
        !self.pieces.is_command(head) || self.takes_subscribe || !self.clear
    }

    fn check_length(&self, head: &Head) -> Result<(), EngineError> {
        // A command in a short frame is never too long: a limit below that of a PING would
        // end every connection.
        let is_command = self.pieces.is_command(head);
        let max = match (is_command, self.clear) {
            (false, true) => self.max_body,
            (true, true) if self.takes_subscribe => self.max_body.max(255),
            (true, true) => MAX_COMMAND,
            (_, false) => self
                .max_body
                .max(255)
                .saturating_add(self.mechanism.overhead()),
        };
        if self.pieces.len_with(head) > max {
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
