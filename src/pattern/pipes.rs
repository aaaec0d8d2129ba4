//! The socket's ends of its pipes, by id.
//!
//! Sending and receiving through here keeps the books that both sides rely on: who waits, who must
//! be told, which pipes are at their end. Which pipe is used when is the pattern's business.

mod empty;
mod express;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pipe_end::{HwmBoost, PipeEnd, PipeId, sum_of_hwms};
use crate::msg::{Metadata, Msg};
use crate::pipe::{BodyRead, HwmKnob, Reader, Taken};
use crate::socket_type::SocketType;
use express::Express;

struct Entry {
    end: PipeEnd,
    unsent: (usize, usize),
    hwm_out: HwmKnob,
    hwm_in: HwmKnob,
    /// Whether it is among [`Pipes::unconfirmed`].
    is_unconfirmed: bool,
    /// When the credit for a pipe without room was looked at last.
    looked: Option<Instant>,
}

/// How often the credit for a pipe without room to a session is looked at unasked. A sender in a tight
/// loop sees its high-water mark, one that was away sees the room that came meanwhile; the reference
/// library has the same period.
const LOOK: Duration = Duration::from_millis(1);

impl Entry {
    /// A frame was written; `done`: the last one of its message.
    #[inline]
    fn sent(&mut self, len: usize, done: bool) {
        self.unsent.1 += len;
        if done {
            self.unsent.0 += 1;
            if self.end.peer.published(&self.end.tx, self.unsent) {
                self.unsent = (0, 0);
            }
        }
    }

    #[cold]
    fn look_now_and_then(&mut self) -> bool {
        if self.end.peer.gives_credit_itself() {
            return self.end.tx.look_for_room();
        }
        let now = Instant::now();
        let recently = self
            .looked
            .is_some_and(|looked| now.duration_since(looked) < LOOK);
        if recently {
            return false;
        }
        self.looked = Some(now);
        self.end.tx.look_for_room()
    }
}

/// All pipes of a socket.
#[derive(Default)]
pub struct Pipes {
    /// The caller that finds nothing is told so, and looks again before it sleeps.
    reads_on_demand: bool,
    entries: Vec<Option<Entry>>,
    free: Vec<PipeId>,
    /// Pipes that were found full, but have room by now.
    roomy: Vec<PipeId>,
    /// Pipes found at their end, not yet reported to the pattern.
    ended: Vec<PipeId>,
    /// Pipes found without frames whose peers do not know yet that we wait.
    unconfirmed: Vec<PipeId>,
    /// Pipes of those that have frames after all.
    came: Vec<PipeId>,
    /// The pipe that the last frame came from.
    last: Option<PipeId>,
    express: Express,
}

impl std::fmt::Debug for Pipes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipes")
            .field("count", &self.len())
            .finish_non_exhaustive()
    }
}

impl Pipes {
    /// No pipes yet, of a socket of this type.
    #[must_use]
    pub fn new(ty: SocketType) -> Self {
        Self {
            reads_on_demand: ty.reads_on_demand(),
            ..Self::default()
        }
    }

    /// Takes in an end; its slot tells the id from now on.
    pub fn insert(&mut self, end: PipeEnd) -> PipeId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        end.slot.lead_to(id);
        let (hwm_out, hwm_in) = (end.tx.hwm_knob(), end.rx.hwm_knob());
        self.entries[id] = Some(Entry {
            end,
            unsent: (0, 0),
            hwm_out,
            hwm_in,
            is_unconfirmed: false,
            looked: None,
        });
        id
    }

    /// Number of pipes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Whether there is no pipe.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ids of all pipes.
    pub fn ids(&self) -> impl Iterator<Item = PipeId> + '_ {
        self.entries
            .iter()
            .enumerate()
            .filter_map(|(id, entry)| entry.as_ref().map(|_| id))
    }

    fn entry(&mut self, id: PipeId) -> Option<&mut Entry> {
        self.entries.get_mut(id)?.as_mut()
    }

    /// Whether a message may be begun on the pipe, by what is known of credit so far. Always true
    /// within a message, false for a pipe that is not there or that nobody reads any more.
    #[inline]
    pub fn has_room(&mut self, id: PipeId) -> bool {
        self.entry(id)
            .is_some_and(|entry| entry.end.tx.has_room() || entry.look_now_and_then())
    }

    /// Takes in the credit that has come for a pipe; whether a message may be begun on it now.
    pub fn take_credit(&mut self, id: PipeId) -> bool {
        self.entry(id)
            .is_some_and(|entry| entry.end.tx.take_credit())
    }

    /// As [`Pipes::has_room`], after a look at the credit that has come in: for patterns that drop
    /// what finds no room.
    pub fn look_for_room(&mut self, id: PipeId) -> bool {
        self.entry(id)
            .is_some_and(|entry| entry.end.tx.look_for_room() && !entry.end.tx.is_orphaned())
    }

    /// Whether nobody reads what is sent on the pipe: it never has room again, although there may
    /// be frames left to receive. True for a pipe that is not there.
    pub fn is_orphaned(&mut self, id: PipeId) -> bool {
        self.entry(id)
            .is_none_or(|entry| entry.end.tx.is_orphaned())
    }

    /// To be called when a pipe without room is given up for now: `Pattern::writable` follows when it
    /// has room, at the earliest with the next call to the socket.
    pub fn full(&mut self, id: PipeId) {
        if let Some(entry) = self.entry(id)
            && !entry.end.tx.is_orphaned()
            && !entry.end.tx.wait_for_room()
            && !self.roomy.contains(&id)
        {
            self.roomy.push(id);
        }
    }

    /// For `Pattern::writable`: whether the pipe has room indeed; if not, it is waited for again.
    pub fn regained(&mut self, id: PipeId) -> bool {
        let regained = self.look_for_room(id);
        if !regained {
            self.full(id);
        }
        regained
    }

    /// Writes a frame (whether there is room is asked before, at the start of a message). With the
    /// last frame of a message the peer is told.
    #[inline]
    pub fn send(&mut self, id: PipeId, mut frame: Msg) {
        self.send_from(id, &mut frame);
    }

    /// As [`Pipes::send`], out of a place that is left empty.
    #[inline]
    pub fn send_from(&mut self, id: PipeId, frame: &mut Msg) {
        let Some(entry) = self.entry(id) else {
            drop(frame.take());
            return;
        };
        let len = frame.len();
        let done = entry.end.tx.send_from(frame);
        entry.sent(len, done);
    }

    /// As [`Pipes::send`], of a frame with a copy of a body of at most `SHORT_MAX` bytes.
    #[inline]
    pub fn send_short(&mut self, id: PipeId, body: &[u8], more: bool) {
        let Some(entry) = self.entry(id) else { return };
        let done = entry.end.tx.send_short(body, more);
        entry.sent(body.len(), done);
    }

    /// Takes back the frames of a message that was not finished; true if there were any.
    pub fn roll_back(&mut self, id: PipeId) -> bool {
        self.entry(id).is_some_and(|entry| entry.end.tx.roll_back())
    }

    /// Whether a message is begun and not finished on the pipe.
    pub fn in_message(&mut self, id: PipeId) -> bool {
        self.entry(id)
            .is_some_and(|entry| entry.end.tx.in_message())
    }

    /// The next frame from the pipe. After `None` the pipe needs not be asked until
    /// `Pattern::readable` names it; the pipe may have been found at its end.
    #[inline]
    pub fn recv(&mut self, id: PipeId) -> Option<Msg> {
        let mut frame = Msg::new();
        self.recv_into(id, &mut frame).then_some(frame)
    }

    /// As [`Pipes::recv`], into a place; false instead of `None`.
    #[inline]
    pub fn recv_into(&mut self, id: PipeId, place: &mut Msg) -> bool {
        self.recv_by(id, |rx| match rx.recv_into(place) {
            Taken::Nothing => None,
            taken => Some(((), taken)),
        })
        .is_some()
    }

    /// As [`Pipes::recv`], of a frame of which only the body is wanted, and as much of that as `into`
    /// has room for.
    #[inline]
    pub fn recv_body(&mut self, id: PipeId, into: &mut [u8]) -> Option<BodyRead> {
        self.recv_by(id, |rx| rx.recv_body(into))
    }

    /// As [`Pipes::recv_body`], if the body is wanted, which is told; else the frame is dropped.
    #[inline]
    pub fn recv_body_if(
        &mut self,
        id: PipeId,
        into: &mut [u8],
        mut wanted: impl FnMut(&[u8]) -> bool,
    ) -> Option<(BodyRead, bool)> {
        self.recv_by(id, |rx| rx.recv_body_if(into, &mut wanted))
    }

    #[inline]
    fn recv_by<T>(
        &mut self,
        id: PipeId,
        mut take: impl FnMut(&mut Reader) -> Option<(T, Taken)>,
    ) -> Option<T> {
        loop {
            let entry = self.entry(id)?;
            if let Some((frame, taken)) = take(&mut entry.end.rx) {
                if taken == Taken::FrameAndCredit {
                    entry.end.peer.credited();
                }
                self.last = Some(id);
                return Some(frame);
            }
            if self.nothing_to_read(id) {
                return None;
            }
        }
    }

    /// Whether a frame is there; as with [`Pipes::recv`], after `false` wait for `Pattern::readable`.
    pub fn has_next(&mut self, id: PipeId) -> bool {
        loop {
            let Some(entry) = self.entry(id) else {
                return false;
            };
            if entry.end.rx.has_next() {
                return true;
            }
            if self.nothing_to_read(id) {
                return false;
            }
        }
    }

    /// Whether the peer has let go of the pipe and has left nothing to read.
    pub fn is_finished(&mut self, id: PipeId) -> bool {
        self.entry(id)
            .is_none_or(|entry| entry.end.rx.is_finished())
    }

    /// Ends a pipe from this side; `Pattern::ended` follows. The peer still gets what was published.
    pub fn close(&mut self, id: PipeId) {
        if self.entry(id).is_some() && !self.ended.contains(&id) {
            self.ended.push(id);
        }
    }

    /// Sets the metadata of a pipe whose first connection is known now. Later ones tell of themselves by the
    /// lane: there may be messages in it that came before.
    pub fn set_metadata(&mut self, id: PipeId, metadata: Option<Arc<Metadata>>) {
        if let Some(entry) = self.entry(id)
            && entry.end.rx.origin().is_none()
        {
            entry.end.rx.set_origin(metadata);
        }
    }

    /// What messages from the pipe carry as metadata, if the peer does not send any along.
    #[must_use]
    pub fn metadata(&self, id: PipeId) -> Option<&Arc<Metadata>> {
        self.entries.get(id)?.as_ref()?.end.rx.origin()
    }

    /// Takes in the frames that are there and drops them; as after a `None` of [`Pipes::recv`],
    /// the pipe waits for more, or has been found at its end.
    pub fn discard(&mut self, id: PipeId) {
        while self.recv(id).is_some() {}
        self.forget_last();
    }

    /// Notes the pipe of a frame that tells of the next one in it ([`Pipes::last_metadata`]).
    #[inline]
    pub fn note_last(&mut self, id: PipeId) {
        if let Some(entry) = self.entry(id) {
            entry.end.rx.look_at_origin();
        }
        self.last = Some(id);
    }

    /// To be called when a frame is delivered that has its own metadata, or none: it does not come
    /// from the pipe that was read last.
    pub fn forget_last(&mut self) {
        self.last = None;
    }

    /// Has the monitor told of what is queued for each connection, in the order of their making.
    pub fn report_fill(&self) {
        let mut entries: Vec<_> = self.entries.iter().flatten().collect();
        entries.sort_by_key(|entry| entry.end.peer.serial());
        for entry in entries {
            entry.end.peer.report_fill(entry.end.tx.pending());
        }
    }

    /// Changes what an inproc peer adds to the high-water marks; applied by [`Pipes::set_hwms`].
    pub fn set_hwm_boost(&mut self, id: PipeId, boost: HwmBoost) {
        if let Some(entry) = self.entry(id) {
            entry.end.hwm_boost = boost;
        }
    }

    /// The metadata of the pipe that the last frame came from.
    #[must_use]
    pub fn last_metadata(&self) -> Option<&Arc<Metadata>> {
        self.metadata(self.last?)
    }

    /// The pipe that the last frame came from.
    #[must_use]
    pub fn last_received(&self) -> Option<PipeId> {
        self.last
    }

    /// Applies high-water marks to all pipes (0: no limit); those of inproc peers are added.
    pub fn set_hwms(&mut self, outbound: usize, inbound: usize) {
        for entry in self.entries.iter().flatten() {
            let (out_boost, in_boost) = entry.end.hwm_boost;
            entry.hwm_out.set(sum_of_hwms(outbound, out_boost));
            entry.hwm_in.set(sum_of_hwms(inbound, in_boost));
            // The peer may have waited for room that the new mark gives it.
            entry.end.peer.credited();
        }
    }

    /// Takes a pipe out for good: its slot leads nowhere from now on.
    pub fn remove(&mut self, id: PipeId) -> Option<PipeEnd> {
        let entry = self.entries.get_mut(id)?.take()?;
        entry.end.slot.lead_nowhere();
        self.free.push(id);
        if self.last == Some(id) {
            self.last = None;
        }
        self.roomy.retain(|&roomy| roomy != id);
        self.ended.retain(|&ended| ended != id);
        if entry.is_unconfirmed {
            self.unconfirmed.retain(|&unconfirmed| unconfirmed != id);
        }
        self.came.retain(|&came| came != id);
        Some(entry.end)
    }

    /// A pipe found to have room again since [`Pipes::full`] was called for it.
    pub fn next_roomy(&mut self) -> Option<PipeId> {
        self.roomy.pop()
    }

    /// Whether [`Pipes::next_roomy`], [`Pipes::next_ended`] or [`Pipes::next_came`] has something.
    #[inline]
    #[must_use]
    pub fn has_news(&self) -> bool {
        !self.roomy.is_empty() || !self.ended.is_empty() || !self.came.is_empty()
    }

    /// A pipe found at its end, or closed.
    pub fn next_ended(&mut self) -> Option<PipeId> {
        self.ended.pop()
    }
}
