//! Load balancing: whole messages to many pipes, in turn to those that have room.
//!
//! Never drops a message that it can keep from being begun, and sends by the credit it knows: a pipe
//! found full comes back by `Pattern::writable`, at the earliest with the next call.

use super::{ActiveSet, PipeId, Pipes};
use crate::errno::{Errno, Result};
use crate::msg::Msg;

/// Where the frames of the message that is being sent go.
#[derive(Clone, Copy, Debug, Default)]
enum Target {
    /// No message is begun.
    #[default]
    None,
    Pipe(PipeId),
    /// The pipe went in the middle of the message; the rest of it goes nowhere.
    Gone,
}

/// Pipes that are written to in turn.
#[derive(Debug, Default)]
pub(super) struct LoadBalance {
    pipes: ActiveSet,
    target: Target,
}

impl LoadBalance {
    /// Takes in a pipe; it is tried for the next message in turn.
    pub(super) fn add(&mut self, id: PipeId) {
        self.pipes.add(id);
        self.pipes.activate(id);
    }

    /// A pipe that was full has room.
    pub(super) fn writable(&mut self, pipes: &mut Pipes, id: PipeId) {
        if self.pipes.contains(id) && pipes.regained(id) {
            self.pipes.activate(id);
        }
    }

    /// Lets go of a pipe.
    pub(super) fn remove(&mut self, id: PipeId) {
        self.pipes.remove(id);
        if matches!(self.target, Target::Pipe(target) if target == id) {
            self.target = Target::Gone;
        }
    }

    /// Sends a frame; the pipe it went to, `None` if that is gone.
    ///
    /// # Errors
    /// `EAGAIN` at the first frame of a message if no pipe has room; the frame stays where it is.
    #[inline]
    pub(super) fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<Option<PipeId>> {
        let id = self.target_of(pipes, msg.is_more())?;
        match id {
            Some(id) => pipes.send_from(id, msg),
            None => drop(msg.take()),
        }
        Ok(id)
    }

    /// Sends a frame, for patterns whose messages all go where the turn is.
    ///
    /// # Errors
    /// As [`Self::send`].
    #[inline]
    pub(super) fn hand_on(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        self.send(pipes, msg)?;
        self.offer_express(pipes);
        Ok(())
    }

    /// As [`Self::hand_on`], of a frame with a copy of a short body.
    ///
    /// # Errors
    /// As [`Self::send`].
    #[inline]
    pub(super) fn hand_on_short(
        &mut self,
        pipes: &mut Pipes,
        body: &[u8],
        more: bool,
    ) -> Result<()> {
        if let Some(id) = self.target_of(pipes, more)? {
            pipes.send_short(id, body, more);
        }
        self.offer_express(pipes);
        Ok(())
    }

    /// The way of the last message, if there is no other, is that of the next ones.
    #[inline]
    fn offer_express(&self, pipes: &mut Pipes) {
        if let &[id] = self.pipes.active()
            && !self.in_message()
        {
            pipes.offer_express_out(id);
        }
    }

    /// Where the next frame goes; `None` if the rest of the message goes nowhere.
    #[inline]
    fn target_of(&mut self, pipes: &mut Pipes, more: bool) -> Result<Option<PipeId>> {
        let id = match self.target {
            Target::Pipe(id) => id,
            Target::None => self.choose(pipes, Pipes::has_room).ok_or(Errno::EAGAIN)?,
            Target::Gone => {
                if !more {
                    self.target = Target::None;
                }
                return Ok(None);
            }
        };
        if more {
            self.target = Target::Pipe(id);
        } else {
            self.target = Target::None;
            self.pipes.advance();
        }
        Ok(Some(id))
    }

    /// Whether [`Self::send`] would take a frame.
    pub(super) fn can_send(&mut self, pipes: &mut Pipes) -> bool {
        self.in_message() || self.choose(pipes, Pipes::look_for_room).is_some()
    }

    /// Whether a message is begun and not finished.
    pub(super) fn in_message(&self) -> bool {
        !matches!(self.target, Target::None)
    }

    /// The pipe whose turn it is, among those with room.
    #[inline]
    fn choose(
        &mut self,
        pipes: &mut Pipes,
        has_room: impl Fn(&mut Pipes, PipeId) -> bool,
    ) -> Option<PipeId> {
        loop {
            let id = self.pipes.current()?;
            if has_room(pipes, id) {
                return Some(id);
            }
            self.pipes.deactivate(id);
            pipes.full(id);
        }
    }
}
