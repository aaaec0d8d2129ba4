//! RADIO and DISH on the wire: messages of a group and a body, JOIN and LEAVE (RFC 37, "The Radio-Dish
//! Pattern").
//!
//! On our side of the engine a group is part of the message, and joining and leaving are the frames
//! with which others subscribe.

use super::super::command::Command;
use super::super::error::EngineError;
use super::super::{OutBuf, Sink};
use super::Engine;
use crate::errno::Errno;
use crate::msg::Msg;
use crate::socket_type::SocketType;

/// Longest name of a group in bytes.
const GROUP_MAX: usize = 255;

/// Whether a peer may name a group so.
///
/// # Errors
/// `EPROTO`: it is too long, or has a byte 0.
pub(super) fn check(group: &[u8]) -> Result<(), EngineError> {
    if group.len() > GROUP_MAX || group.contains(&0) {
        return Err(EngineError::Protocol(Errno::EPROTO));
    }
    Ok(())
}

impl Engine {
    pub(super) fn is_radio(&self) -> bool {
        self.config.socket_type == SocketType::Radio
    }

    /// Whether messages travel as a group and a body.
    pub(super) fn has_groups(&self) -> bool {
        matches!(
            self.config.socket_type,
            SocketType::Radio | SocketType::Dish
        )
    }

    /// Hands a frame of a message on; at a DISH the first of two is the group of the second.
    pub(super) fn push_message_frame<S: Sink>(
        &mut self,
        mut frame: Msg,
        sink: &mut S,
    ) -> Result<(), EngineError> {
        if self.config.socket_type != SocketType::Dish {
            sink.push(frame);
            return Ok(());
        }
        match self.group.take() {
            None if frame.is_more() => {
                check(frame.data())?;
                self.group = Some(frame.data().to_vec());
            }
            Some(group) if !frame.is_more() => {
                frame.set_group(&group)?;
                sink.push(frame);
            }
            // Neither one frame nor three make a message.
            _ => return Err(EngineError::Protocol(Errno::EPROTO)),
        }
        Ok(())
    }

    /// Sends a message of a RADIO, or what a DISH joins or leaves.
    pub(super) fn encode_grouped(&mut self, msg: Msg, out: &mut OutBuf) -> Result<(), EngineError> {
        match msg.data().split_first() {
            Some((_, group)) if msg.is_subscribe() => {
                return self.send_command(Command::Join(group), out);
            }
            Some((_, group)) if msg.is_cancel() => {
                return self.send_command(Command::Leave(group), out);
            }
            _ => {}
        }
        let name = msg.group();
        let mut group = Msg::copy_of(name.strip_suffix(b"\0").unwrap_or(name))?;
        group.set_more(true);
        self.encode_frame(group, out)?;
        self.encode_frame(msg, out)
    }
}
