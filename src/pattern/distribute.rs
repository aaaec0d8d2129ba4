//! Distribution: each message to all pipes that were marked for it.
//!
//! Who is marked is the caller's business, by subscriptions or otherwise. Nothing is allocated
//! per message: the list of marked pipes is kept and used again.

use super::{ActiveSet, PipeId, Pipes};
use crate::msg::Msg;

/// Pipes of which some get a message.
#[derive(Debug, Default)]
pub(super) struct Distribute {
    pipes: ActiveSet,
    /// The pipes that get the message, each once.
    marked: Vec<PipeId>,
    /// By pipe: the round in which it was marked last.
    marks: Vec<u64>,
    round: u64,
    in_message: bool,
}

impl Distribute {
    /// Takes in a pipe; it gets no part of a message that is begun already.
    pub(super) fn add(&mut self, id: PipeId) {
        self.pipes.add(id);
        if self.marks.len() <= id {
            self.marks.resize(id + 1, 0);
        }
        self.marks[id] = 0;
    }

    /// Lets go of a pipe.
    pub(super) fn remove(&mut self, id: PipeId) {
        self.pipes.remove(id);
        self.unmark(id);
    }

    /// Leaves a pipe out for the rest of the message.
    pub(super) fn unmark(&mut self, id: PipeId) {
        self.marked.retain(|&marked| marked != id);
    }

    /// All pipes.
    pub(super) fn members(&self) -> &[PipeId] {
        self.pipes.members()
    }

    /// Whether a message is begun and not finished: then what is marked must stay so.
    #[inline]
    pub(super) fn in_message(&self) -> bool {
        self.in_message
    }

    /// Marks no pipe: to be called before the first frame of a message.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.marked.clear();
        self.round += 1;
    }

    /// Marks a pipe.
    #[inline]
    pub(super) fn mark(&mut self, id: PipeId) {
        if let Some(mark) = self.marks.get_mut(id)
            && *mark != self.round
        {
            *mark = self.round;
            self.marked.push(id);
        }
    }

    /// How many pipes are marked.
    #[inline]
    pub(super) fn marked(&self) -> usize {
        self.marked.len()
    }

    /// Marks all pipes.
    pub(super) fn mark_all(&mut self) {
        self.clear();
        self.marked.extend_from_slice(self.pipes.members());
    }

    /// Marks all pipes that were not marked, and no other.
    pub(super) fn invert(&mut self) {
        let (marks, round) = (&self.marks, self.round);
        self.marked.clear();
        self.marked.extend(
            self.pipes
                .members()
                .iter()
                .filter(|&&id| marks[id] != round),
        );
    }

    /// Whether all marked pipes have room. One that has not is waited for, one that will never have
    /// room again does not count.
    pub(super) fn all_have_room(&self, pipes: &mut Pipes) -> bool {
        let mut all = true;
        for &id in &self.marked {
            if !pipes.has_room(id) && !pipes.is_orphaned(id) {
                pipes.full(id);
                all = false;
            }
        }
        all
    }

    /// Sends a frame to the marked pipes; at the first frame of a message those without room are
    /// left out.
    #[inline]
    pub(super) fn send(&mut self, pipes: &mut Pipes, frame: Msg) {
        self.begin(pipes, frame.is_more());
        if let Some((&last, others)) = self.marked.split_last() {
            for &id in others {
                pipes.send(id, frame.duplicate());
            }
            pipes.send(last, frame);
        }
    }

    /// As [`Self::send`], of a frame with a copy of a short body.
    #[inline]
    pub(super) fn send_short(&mut self, pipes: &mut Pipes, body: &[u8], more: bool) {
        self.begin(pipes, more);
        for &id in &self.marked {
            pipes.send_short(id, body, more);
        }
    }

    #[inline]
    fn begin(&mut self, pipes: &mut Pipes, more: bool) {
        if !self.in_message {
            self.marked.retain(|&id| pipes.look_for_room(id));
        }
        self.in_message = more;
    }
}
