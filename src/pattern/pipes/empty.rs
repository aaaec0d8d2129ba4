//! Pipes that were found empty: how their peers learn that we wait for frames.
//!
//! Telling costs a full barrier, on one side or the other. Where a peer announces its frames lightly it is told only if
//! the caller comes to sleep: until then such a pipe is *unconfirmed*, and looked at again by ourselves.

use super::super::pipe_end::PipeId;
use super::Pipes;
use crate::sys::barrier;

/// How many pipes without frames are looked at again with every call that finds nothing. With more of them
/// it pays to have the peers say when something comes.
const LOOKED_AT: usize = 64;

impl Pipes {
    /// Says that we wait for frames, or notes the pipe's end; false if frames came meanwhile.
    pub(super) fn nothing_to_read(&mut self, id: PipeId) -> bool {
        let lightly = self.reads_on_demand
            && self
                .entry(id)
                .is_some_and(|entry| entry.end.peer.announces_lightly());
        let Some(entry) = self.entry(id) else {
            return true;
        };
        let waits = if lightly {
            // The peer is told by `confirm_waits`, if it comes to that.
            !entry.end.rx.has_next() && !entry.end.rx.is_orphaned()
        } else {
            entry.end.rx.wait()
        };
        if waits {
            if lightly && !std::mem::replace(&mut entry.is_unconfirmed, true) {
                self.unconfirmed.push(id);
            }
            return true;
        }
        if entry.end.rx.is_finished() {
            if !self.ended.contains(&id) {
                self.ended.push(id);
            }
            return true;
        }
        false
    }

    /// Whether there are pipes without frames that [`Pipes::confirm_waits`] is to be called for before
    /// the caller sleeps.
    #[inline]
    #[must_use]
    pub fn has_unconfirmed(&self) -> bool {
        !self.unconfirmed.is_empty()
    }

    /// Looks once more at the pipes found without frames; true if some have come ([`Pipes::next_came`]).
    #[inline]
    pub fn look_again(&mut self) -> bool {
        if self.unconfirmed.is_empty() {
            return false;
        }
        self.look_at_unconfirmed();
        if self.unconfirmed.len() > LOOKED_AT {
            return self.confirm_waits();
        }
        !self.came.is_empty()
    }

    fn look_at_unconfirmed(&mut self) {
        let Self {
            entries,
            unconfirmed,
            came,
            ..
        } = self;
        unconfirmed.retain(|&id| {
            let entry = entries.get_mut(id).and_then(Option::as_mut);
            let Some(entry) = entry else { return false };
            let has_come = entry.end.rx.has_next();
            if has_come {
                came.push(id);
                entry.is_unconfirmed = false;
            }
            !has_come
        });
    }

    /// Makes sure that peers see that we wait; true if frames have come before they did.
    #[cold]
    pub fn confirm_waits(&mut self) -> bool {
        for &id in &self.unconfirmed {
            if let Some(entry) = self.entries.get_mut(id).and_then(Option::as_mut) {
                entry.end.rx.say_it_waits();
            }
        }
        barrier::heavy();
        self.look_at_unconfirmed();
        while let Some(id) = self.unconfirmed.pop() {
            if let Some(entry) = self.entry(id) {
                entry.is_unconfirmed = false;
            }
        }
        !self.came.is_empty()
    }

    /// A pipe found to have frames by [`Pipes::look_again`].
    pub fn next_came(&mut self) -> Option<PipeId> {
        self.came.pop()
    }
}
