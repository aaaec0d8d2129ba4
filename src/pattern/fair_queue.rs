//! Fair queueing: whole messages from many pipes, one of each in turn.
//!
//! Knows nothing of what is in the messages.

use std::collections::VecDeque;

use super::{ActiveSet, BodyRead, PipeId, Pipes, with_metadata};
use crate::errno::{Errno, Result};
use crate::msg::Msg;

/// Pipes that are read in turn.
#[derive(Debug, Default)]
pub(super) struct FairQueue {
    pipes: ActiveSet,
    /// The pipe of the message that is being read, until its last frame was.
    current: Option<PipeId>,
    /// Frames of a message whose pipe went while it was being read.
    rest: VecDeque<Msg>,
}

impl FairQueue {
    /// Takes in a pipe, which may have frames already.
    pub(super) fn add(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.pipes.add(id);
        self.readable(pipes, id);
    }

    /// Looks at a pipe that may have frames, or may be at its end.
    pub(super) fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        if self.pipes.contains(id) && pipes.has_next(id) {
            self.pipes.activate(id);
        }
    }

    /// Lets go of a pipe. Of the message that is being read the rest is kept, so that what the
    /// application sees stays whole.
    pub(super) fn remove(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.pipes.remove(id);
        if self.current != Some(id) {
            return;
        }
        self.current = None;
        while let Some(frame) = pipes.recv(id) {
            let last = !frame.is_more();
            self.rest.push_back(with_metadata(frame, pipes, id));
            if last {
                return;
            }
        }
        // Frames of a message are published together, so only a pipe taken away leads here.
        self.rest.push_back(Msg::new());
    }

    /// Begins the next message without taking anything of it: the pipe that its frames will be received from.
    #[inline]
    pub(super) fn begin(&mut self, pipes: &mut Pipes) -> Option<PipeId> {
        debug_assert!(!self.in_message(), "one message after the other");
        while let Some(id) = self.pipes.current() {
            if pipes.has_next(id) {
                self.current = Some(id);
                return Some(id);
            }
            self.pipes.deactivate(id);
        }
        None
    }

    /// The next frame and the pipe it comes from, which is of use for the first frame of a message
    /// only: later the pipe may be gone.
    #[inline]
    pub(super) fn recv(&mut self, pipes: &mut Pipes) -> Option<(PipeId, Msg)> {
        let mut frame = Msg::new();
        let id = self.recv_into(pipes, &mut frame)?;
        Some((id, frame))
    }

    /// As [`Self::recv`], into a place.
    #[inline]
    pub(super) fn recv_into(&mut self, pipes: &mut Pipes, place: &mut Msg) -> Option<PipeId> {
        if !self.rest.is_empty() {
            *place = self.rest.pop_front()?;
            return Some(PipeId::MAX);
        }
        self.recv_by(pipes, |pipes, id| {
            pipes.recv_into(id, place).then(|| (id, place.is_more()))
        })
    }

    /// As [`Self::recv`], of a frame of which only the body is wanted, and as much of that as `into`
    /// has room for.
    #[inline]
    pub(super) fn recv_body(&mut self, pipes: &mut Pipes, into: &mut [u8]) -> Option<BodyRead> {
        self.recv_body_if(pipes, into, |_| true)
            .map(|(read, _)| read)
    }

    /// The next frame, for patterns that hand over what comes as it is.
    ///
    /// # Errors
    /// `EAGAIN` if there is none.
    #[inline]
    pub(super) fn hand_over(&mut self, pipes: &mut Pipes, place: &mut Msg) -> Result<()> {
        self.recv_into(pipes, place).ok_or(Errno::EAGAIN)?;
        self.offer_express(pipes);
        Ok(())
    }

    /// As [`Self::hand_over`], of a frame of which only the body is wanted.
    ///
    /// # Errors
    /// As [`Self::hand_over`].
    #[inline]
    pub(super) fn hand_over_body(
        &mut self,
        pipes: &mut Pipes,
        into: &mut [u8],
    ) -> Result<BodyRead> {
        let read = self.recv_body(pipes, into).ok_or(Errno::EAGAIN)?;
        self.offer_express(pipes);
        Ok(read)
    }

    /// As [`Self::recv`], of a frame of which only the body is wanted, and that only if `wanted` says so;
    /// else it is dropped, which is told.
    #[inline]
    pub(super) fn recv_body_if(
        &mut self,
        pipes: &mut Pipes,
        into: &mut [u8],
        mut wanted: impl FnMut(&[u8]) -> bool,
    ) -> Option<(BodyRead, bool)> {
        if !self.rest.is_empty() {
            let frame = self.rest.pop_front()?;
            let is_wanted = wanted(frame.data());
            let into = if is_wanted { into } else { &mut [] };
            return Some((BodyRead::of(&frame, into), is_wanted));
        }
        self.recv_by(pipes, |pipes, id| {
            let read = pipes.recv_body_if(id, into, &mut wanted)?;
            Some((read, read.0.more))
        })
    }

    /// The way of the last message, if there is no other, is that of the next ones.
    #[inline]
    pub(super) fn offer_express(&self, pipes: &mut Pipes) {
        if let &[id] = self.pipes.active()
            && !self.in_message()
        {
            pipes.offer_express_in(id);
        }
    }

    /// Takes a frame from the pipe whose turn it is; `take` gives it, and whether more follow.
    #[inline]
    fn recv_by<T>(
        &mut self,
        pipes: &mut Pipes,
        mut take: impl FnMut(&mut Pipes, PipeId) -> Option<(T, bool)>,
    ) -> Option<T> {
        loop {
            let id = match self.current {
                Some(id) => id,
                None => self.pipes.current()?,
            };
            if let Some((frame, more)) = take(pipes, id) {
                if more {
                    self.current = Some(id);
                } else {
                    self.current = None;
                    self.pipes.advance();
                }
                return Some(frame);
            }
            self.current = None;
            self.pipes.deactivate(id);
        }
    }

    /// Whether [`Self::recv`] would bring a frame.
    pub(super) fn has_next(&mut self, pipes: &mut Pipes) -> bool {
        if self.in_message() {
            return true;
        }
        while let Some(id) = self.pipes.current() {
            if pipes.has_next(id) {
                return true;
            }
            self.pipes.deactivate(id);
        }
        false
    }

    /// Whether the frame received last has more to follow.
    #[inline]
    pub(super) fn in_message(&self) -> bool {
        self.current.is_some() || !self.rest.is_empty()
    }

    /// Drops what is left of the message that is being read.
    pub(super) fn skip_rest(&mut self, pipes: &mut Pipes) {
        while self.in_message() && self.recv(pipes).is_some() {}
    }
}
