//! Frames, commands and pings on their way out, but for those messages that need no closer look.

use super::Engine;
use crate::msg::Msg;
use crate::proto::OutBuf;
use crate::proto::command::Command;
use crate::proto::error::EngineError;
use crate::proto::frame::{COMMAND, Kind, MORE};

/// PONGs that may wait for a peer that sends PINGs but does not read; others are not sent.
pub(super) const MAX_WAITING_PONGS: u32 = 1000;
/// Why a WebSocket is closed (RFC 6455, section 7.4.1): 1001.
const GOING_AWAY: [u8; 2] = [0x03, 0xE9];

impl Engine {
    pub(super) fn encode_other(&mut self, msg: Msg, out: &mut OutBuf) -> bool {
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

    pub(super) fn encode_frame(&mut self, msg: Msg, out: &mut OutBuf) -> Result<(), EngineError> {
        let flags = if msg.is_more() { MORE } else { 0 };
        let mut writer = self.wire.to(out);
        if !self.clear {
            return self.mechanism.encode(flags, &msg, &mut writer);
        }
        Ok(writer.append_msg(flags, msg)?)
    }

    pub(super) fn send_command(
        &mut self,
        command: Command<'_>,
        out: &mut OutBuf,
    ) -> Result<(), EngineError> {
        let mut writer = self.wire.to(out);
        if self.clear {
            command.append(&mut writer);
            return Ok(());
        }
        let body = Msg::copy_of(&command.to_body())?;
        self.mechanism.encode(COMMAND, &body, &mut writer)
    }

    /// Sends a PING; over WebSocket one of its own, which has no TTL.
    pub(super) fn send_ping(&mut self, ttl: u16, out: &mut OutBuf) -> Result<(), EngineError> {
        if self.wire.is_websocket() {
            self.wire.to(out).control(Kind::Ping, &[]);
            return Ok(());
        }
        self.send_command(Command::Ping { ttl, context: &[] }, out)
    }

    /// Appends what the peer is to hear before the connection is closed, if its protocol has words for that.
    pub fn say_goodbye(&mut self, out: &mut OutBuf) {
        if self.wire.is_websocket() && self.is_established() && self.fault.is_none() {
            self.wire.to(out).control(Kind::Close, &GOING_AWAY);
        }
    }
}

/// Bounds the PONGs that wait in the output.
#[derive(Debug, Default)]
pub(super) struct PongQueue {
    /// PONGs queued since `from` was taken.
    count: u32,
    /// A position in the output stream: once it is written, so is all that was queued before.
    from: u64,
}

impl PongQueue {
    pub(super) fn may_send(&mut self, out: &OutBuf) -> bool {
        if out.written() >= self.from {
            self.count = 0;
            self.from = out.written() + out.len() as u64;
        }
        self.count += 1;
        self.count <= MAX_WAITING_PONGS
    }
}
