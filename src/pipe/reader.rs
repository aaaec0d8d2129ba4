//! The reading end of a lane: frames out of it, credit back, and waiting for more.
//!
//! What both ends agree on is said in the module above; how frames lie in the queue is not known here.

use std::sync::Arc;

use super::queue::Consumer;
use super::{BodyRead, HwmKnob, Lane, Origin};
use crate::msg::Msg;
use crate::sync::{Ordering, fence};

/// The reading end of a lane.
pub struct Reader {
    frames: Consumer,
    lane: Arc<Lane>,
    credited: usize,
    /// Whether the frame read last has more to follow.
    in_message: bool,
}

/// What reading a frame brought besides the frame.
#[derive(Debug)]
pub struct Received {
    /// The frame.
    pub frame: Msg,
    /// The writer waited for the credit that this frame gave back: it must be told.
    pub wake_writer: bool,
}

/// What reading a frame into a place came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Nothing is there.
    Nothing,
    /// A frame.
    Frame,
    /// A frame, and the writer waited for the credit that it gave back: it must be told.
    FrameAndCredit,
}

impl Reader {
    pub(super) fn new(frames: Consumer, lane: Arc<Lane>) -> Self {
        Self {
            frames,
            lane,
            credited: 0,
            in_message: false,
        }
    }

    /// The next frame.
    #[inline]
    pub fn recv(&mut self) -> Option<Received> {
        let mut frame = Msg::new();
        match self.recv_into(&mut frame) {
            Taken::Nothing => None,
            taken => Some(Received {
                frame,
                wake_writer: taken == Taken::FrameAndCredit,
            }),
        }
    }

    /// As [`Self::recv`], into a place.
    #[inline]
    pub fn recv_into(&mut self, place: &mut Msg) -> Taken {
        if !self.frames.pop_into(place) {
            return self.recv_latest(place);
        }
        self.took(place.is_more())
    }

    /// The next frame, of which only the body is wanted, and as much of that as `into` has room for.
    /// What [`Self::recv_into`] would have said besides.
    #[inline]
    pub fn recv_body(&mut self, into: &mut [u8]) -> Option<(BodyRead, Taken)> {
        let ((read, _), taken) = self.recv_body_if(into, |_| true)?;
        Some((read, taken))
    }

    /// As [`Self::recv_body`], if the body is wanted, which is told; else the frame is dropped.
    #[inline]
    pub fn recv_body_if(
        &mut self,
        into: &mut [u8],
        mut wanted: impl FnMut(&[u8]) -> bool,
    ) -> Option<((BodyRead, bool), Taken)> {
        match self.frames.pop_body_if(into, &mut wanted) {
            Some(read) => Some((read, self.took(read.0.more))),
            None => self.recv_latest_body(into, wanted),
        }
    }

    #[cold]
    fn recv_latest_body(
        &mut self,
        into: &mut [u8],
        mut wanted: impl FnMut(&[u8]) -> bool,
    ) -> Option<((BodyRead, bool), Taken)> {
        let mut frame = Msg::new();
        let taken = self.recv_latest(&mut frame);
        if taken == Taken::Nothing {
            return None;
        }
        let is_wanted = wanted(frame.data());
        let into = if is_wanted { into } else { &mut [] };
        Some(((BodyRead::of(&frame, into), is_wanted), taken))
    }

    /// How many messages [`Self::recv_plain`] may take before credit is due.
    #[must_use]
    pub fn plain_ahead(&self) -> usize {
        if self.in_message {
            return 0;
        }
        let taken = self.frames.messages().wrapping_sub(self.credited);
        (self.credit_batch() - 1).saturating_sub(taken)
    }

    /// The body of the next message, as much of it as `into` has room for, and its length; if it is
    /// there, and a message of one short frame. As many as [`Self::plain_ahead`] has told, and nothing
    /// else in between.
    #[inline]
    pub fn recv_plain(&mut self, into: &mut [u8]) -> Option<usize> {
        self.frames.pop_plain(into)
    }

    /// As [`Self::recv_plain`], with the body given to `put`, and what [`Self::origin`] says.
    #[inline]
    pub fn recv_plain_by<R>(&mut self, put: impl FnOnce(&[u8], Option<&Origin>) -> R) -> Option<R> {
        self.frames.pop_plain_by(put)
    }

    /// What is known of the connection that the frame read last came by, if it does not say so itself.
    #[inline]
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.frames.origin()
    }

    /// Says what is known of it, until the writer does.
    pub fn set_origin(&mut self, origin: Option<Origin>) {
        self.frames.set_origin(origin);
    }

    /// Has [`Self::origin`] tell of the next frame already, if there is one.
    #[inline]
    pub fn look_at_origin(&mut self) {
        self.frames.look_at_origin();
    }

    /// Takes a run of whole messages of short frames, as they are on the wire. `None`: what is next is
    /// no such thing; true: the writer waited for the credit that this gave back.
    #[inline]
    pub fn recv_run(&mut self, put: impl FnOnce(&[u8])) -> Option<bool> {
        if self.in_message || !self.frames.pop_run(put) {
            return None;
        }
        Some(self.took(false) == Taken::FrameAndCredit)
    }

    /// Keeps the books of what was read: gives credit back in batches.
    #[inline]
    fn took(&mut self, more: bool) -> Taken {
        self.in_message = more;
        if !more {
            let taken = self.frames.messages().wrapping_sub(self.credited);
            if taken >= self.credit_batch() && self.give_credit() {
                return Taken::FrameAndCredit;
            }
        }
        Taken::Frame
    }

    /// Messages for which credit is given together.
    #[inline]
    fn credit_batch(&self) -> usize {
        match self.lane.hwm.load(Ordering::Relaxed) {
            // No limit: credit is only kept near enough for the counts of monitors.
            0 => 1024,
            hwm => hwm.div_ceil(2),
        }
    }

    #[cold]
    fn recv_latest(&mut self, place: &mut Msg) -> Taken {
        let latest = self
            .lane
            .latest
            .as_ref()
            .and_then(|latest| latest.lock().take());
        match latest {
            Some(frame) => {
                *place = frame;
                Taken::Frame
            }
            None => Taken::Nothing,
        }
    }

    #[cold]
    fn give_credit(&mut self) -> bool {
        self.credited = self.frames.messages();
        self.lane.credit.store(self.credited, Ordering::Release);
        fence(Ordering::SeqCst);
        self.lane.writer_waits.load(Ordering::Relaxed)
            && self.lane.writer_waits.swap(false, Ordering::Acquire)
    }

    /// Whether a frame is there.
    #[inline]
    #[must_use]
    pub fn has_next(&mut self) -> bool {
        self.frames.has_next()
            || self
                .lane
                .latest
                .as_ref()
                .is_some_and(|latest| latest.lock().is_some())
    }

    /// Drops the subscriptions that come before anything else.
    pub fn skip_subscriptions(&mut self) {
        while self.frames.next_whole_is(Msg::is_subscription) {
            self.recv();
        }
    }

    /// Says that the reader will wait, before it calls `barrier::heavy` and looks again.
    pub fn say_it_waits(&self) {
        self.lane.reader_waits.store(true, Ordering::Release);
    }

    /// Says that the reader will wait. False: a frame is there already, or the writer is gone.
    #[must_use]
    pub fn wait(&mut self) -> bool {
        self.lane.reader_waits.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
        if self.has_next() || self.lane.writer_gone.load(Ordering::Relaxed) {
            self.lane.reader_waits.store(false, Ordering::Relaxed);
            return false;
        }
        true
    }

    /// Drops what is left of a message that was begun; true if the writer waited for the credit that
    /// this gave back: it must be told.
    #[must_use]
    pub fn skip_message(&mut self) -> bool {
        let mut wake_writer = false;
        while self.in_message
            && let Some(received) = self.recv()
        {
            wake_writer |= received.wake_writer;
        }
        wake_writer
    }

    /// Messages read so far.
    #[must_use]
    pub fn messages(&self) -> usize {
        self.frames.messages()
    }

    /// Whether the frame read last has more to follow.
    #[must_use]
    pub fn in_message(&self) -> bool {
        self.in_message
    }

    /// Says that nothing more will be read, before the reader goes: the writer finds no room from now on,
    /// and is to be told.
    pub fn resign(&self) {
        self.lane.reader_gone.store(true, Ordering::Release);
    }

    /// Whether nothing will be written any more; there may be frames to read.
    #[must_use]
    pub fn is_orphaned(&self) -> bool {
        self.lane.writer_gone.load(Ordering::Acquire)
    }

    /// Whether the writer is gone and everything it published was read.
    #[must_use]
    pub fn is_finished(&mut self) -> bool {
        self.is_orphaned() && !self.has_next()
    }

    /// The knob for this lane's high-water mark.
    #[must_use]
    pub fn hwm_knob(&self) -> HwmKnob {
        HwmKnob(Arc::clone(&self.lane))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.resign();
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("read", &self.frames.messages())
            .finish_non_exhaustive()
    }
}
