//! Pipes: the two one-way lanes between a socket and a session, or between two inproc sockets.
//!
//! A lane is a lock-free [`queue`] of frames plus flow control. Frames of a message are published
//! together, after the last one; what was not published is rolled back without a trace. A lane
//! holds at most its high-water mark of whole messages: the reader gives credit back in batches
//! of half of it, and the writer looks for credit only when it has used up what it saw.
//!
//! Either side may say that it is about to wait; the other then learns, once, that it has to tell
//! it (`Writer::publish`, `Reader::recv` return it). Who is told and how is not known here.
//!
//! Memory order: "store mine, fence, load yours" on both sides, so that at least one of two sides
//! that act at the same time sees the other (`waits` flags against `tail` and `credit`). Who finds such a
//! flag set also sees what the other side did before it set it, its own way to be told above all.

mod queue;
mod reader;

use std::sync::Arc;

use crate::msg::{Metadata, Msg};
use crate::sync::{AtomicBool, AtomicUsize, Ordering, fence};
use crate::sys::barrier;
use crate::sys::lock::Mutex;
use queue::Producer;

pub use queue::{BodyRead, RUN_MAX, SHORT_MAX};
pub use reader::{Reader, Received, Taken};

/// What is known of the connection that frames came by.
pub type Origin = Arc<Metadata>;

/// What both sides of a lane share besides the frames.
#[derive(Debug)]
struct Lane {
    /// Most messages in the lane, 0 for no limit.
    hwm: AtomicUsize,
    /// Messages that the reader has taken, as far as it told.
    credit: AtomicUsize,
    reader_waits: AtomicBool,
    writer_waits: AtomicBool,
    writer_gone: AtomicBool,
    reader_gone: AtomicBool,
    /// The last message alone, for lanes that conflate.
    latest: Option<Mutex<Option<Msg>>>,
}

/// The writing end of a lane.
pub struct Writer {
    frames: Producer,
    lane: Arc<Lane>,
    /// With conflation: a message is begun of which only the last frame will count.
    in_dropped: bool,
    credit_seen: usize,
    /// The connection that the next message comes by, if the reader is still to hear of it; with conflation,
    /// the one that all come by.
    origin: Option<Origin>,
}

/// Handle on a lane's high-water mark.
#[derive(Clone, Debug)]
pub struct HwmKnob(Arc<Lane>);

impl HwmKnob {
    /// Changes the limit: whole messages, 0 for none. Holds from the next message on.
    pub fn set(&self, hwm: usize) {
        self.0.hwm.store(hwm, Ordering::Relaxed);
    }
}

/// A lane that holds at most `hwm` messages (0: no limit), or only the latest one if `conflate`.
#[must_use]
pub fn lane(hwm: usize, conflate: bool) -> (Writer, Reader) {
    let (producer, consumer) = queue::queue();
    let lane = Arc::new(Lane {
        hwm: AtomicUsize::new(if conflate { 0 } else { hwm }),
        credit: AtomicUsize::new(0),
        reader_waits: AtomicBool::new(false),
        writer_waits: AtomicBool::new(false),
        writer_gone: AtomicBool::new(false),
        reader_gone: AtomicBool::new(false),
        latest: conflate.then(|| Mutex::new(None)),
    });
    let writer = Writer {
        frames: producer,
        lane: Arc::clone(&lane),
        in_dropped: false,
        credit_seen: 0,
        origin: None,
    };
    (writer, Reader::new(consumer, lane))
}

impl Writer {
    /// Whether a message may be begun, by what the writer knows of credit; a message begun may
    /// always be finished. Never where nobody will read.
    #[inline]
    #[must_use]
    pub fn has_room(&self) -> bool {
        (self.room() > 0 || self.in_message()) && !self.is_orphaned()
    }

    /// How many messages may be begun, by what the writer knows of credit.
    #[inline]
    #[must_use]
    pub fn room(&self) -> usize {
        let hwm = self.lane.hwm.load(Ordering::Relaxed);
        if hwm == 0 {
            return usize::MAX;
        }
        hwm.saturating_sub(self.frames.messages().wrapping_sub(self.credit_seen))
    }

    /// As [`Self::has_room`], after a look at the credit that has come in.
    #[must_use]
    pub fn look_for_room(&mut self) -> bool {
        self.has_room() || self.take_credit()
    }

    /// Takes in the credit that has come; whether a message may be begun now.
    pub fn take_credit(&mut self) -> bool {
        self.credit_seen = self.lane.credit.load(Ordering::Acquire);
        self.has_room()
    }

    /// Says that the writer will wait for credit. False: there is some already, do not wait. The wish stays
    /// then: another thread may have uttered it before, and being told once too often does no harm.
    #[must_use]
    pub fn wait_for_room(&mut self) -> bool {
        self.lane.writer_waits.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
        !self.look_for_room()
    }

    /// Adds a frame. It becomes visible with the last frame of its message; true says so.
    #[inline]
    pub fn send(&mut self, mut frame: Msg) -> bool {
        self.send_from(&mut frame)
    }

    /// What is written from now on by [`Self::send_on`] came by another connection; the reader is told with the
    /// first message. Not within a message.
    pub fn come_from(&mut self, origin: Origin) {
        self.origin = Some(origin);
    }

    /// As [`Self::send`], for a writer that calls [`Self::come_from`].
    #[inline]
    pub fn send_on(&mut self, frame: Msg) -> bool {
        if self.origin.is_some() {
            self.tell_origin();
        }
        self.send(frame)
    }

    #[cold]
    fn tell_origin(&mut self) {
        if self.lane.latest.is_none()
            && let Some(origin) = self.origin.take()
        {
            // As the head of the message: it goes with it, or is rolled back with it.
            self.frames.begin();
            self.frames.write(&mut Msg::origin(origin));
        }
    }

    /// As [`Self::send`], out of a place that is left empty.
    #[inline]
    pub fn send_from(&mut self, frame: &mut Msg) -> bool {
        let more = frame.is_more();
        if self.lane.latest.is_some() {
            return self.replace_latest(frame.take());
        }
        self.begin(more);
        self.frames.write(frame);
        self.end(more)
    }

    /// Adds a frame with a copy of a body of at most [`SHORT_MAX`] bytes; what is longer is cut off.
    #[inline]
    pub fn send_short(&mut self, body: &[u8], more: bool) -> bool {
        if self.lane.latest.is_some() {
            return self.replace_latest(Msg::of_short_frame(body, more));
        }
        self.begin(more);
        self.frames.write_short(body, more);
        self.end(more)
    }

    /// How many messages [`Self::send_plain`] takes without anything being asked.
    #[must_use]
    pub fn room_for_plain(&self) -> usize {
        if self.is_orphaned() {
            return 0;
        }
        self.room_for_run()
    }

    /// Adds a message of one frame, with a copy of a body of at most [`SHORT_MAX`] bytes; as many as
    /// [`Self::room_for_plain`] has told, and nothing else in between.
    #[inline]
    pub fn send_plain(&mut self, body: &[u8]) {
        self.frames.write_short(body, false);
        self.frames.publish();
    }

    /// How many messages of a run [`Self::send_run`] takes.
    #[inline]
    #[must_use]
    pub fn room_for_run(&self) -> usize {
        if self.in_message() || self.lane.latest.is_some() || self.origin.is_some() {
            return 0;
        }
        self.room()
    }

    /// Adds whole messages of short frames as they are on the wire, at most [`RUN_MAX`] bytes.
    #[inline]
    pub fn send_run(&mut self, run: &[u8], messages: usize) {
        self.frames.write_run(run, messages);
        self.frames.publish();
    }

    #[inline]
    fn begin(&mut self, more: bool) {
        if more && !self.frames.in_message() {
            self.frames.begin();
        }
    }

    #[inline]
    fn end(&mut self, more: bool) -> bool {
        if !more {
            self.frames.publish();
        }
        !more
    }

    #[cold]
    fn replace_latest(&mut self, mut frame: Msg) -> bool {
        self.in_dropped = frame.is_more();
        if self.origin.is_some() {
            frame.set_metadata(self.origin.as_ref());
        }
        if let Some(latest) = &self.lane.latest
            && !self.in_dropped
        {
            // Dropped without the lock: a free function of the program's may ask the reader.
            let before = latest.lock().replace(frame);
            drop(before);
        }
        !self.in_dropped
    }

    /// Whether the reader said that it waits: it must be told now (asked once, answered once).
    #[inline]
    #[must_use]
    pub fn reader_waits(&self) -> bool {
        fence(Ordering::SeqCst);
        self.reader_waits_by_now()
    }

    /// As [`Self::reader_waits`], where the reader calls `barrier::heavy` and looks once more before it sleeps:
    /// costs nothing.
    #[inline]
    #[must_use]
    pub fn reader_waits_lightly(&self) -> bool {
        barrier::light();
        self.reader_waits_by_now()
    }

    #[inline]
    fn reader_waits_by_now(&self) -> bool {
        self.lane.reader_waits.load(Ordering::Relaxed)
            && self.lane.reader_waits.swap(false, Ordering::Acquire)
    }

    /// Drops the frames of a message that was not finished; true if there were any.
    pub fn roll_back(&mut self) -> bool {
        let any = std::mem::take(&mut self.in_dropped);
        self.frames.roll_back() || any
    }

    /// Whether a message is begun and not finished.
    #[inline]
    #[must_use]
    pub fn in_message(&self) -> bool {
        self.frames.in_message() || self.in_dropped
    }

    /// Whether nobody will read any more.
    #[must_use]
    pub fn is_orphaned(&self) -> bool {
        self.lane.reader_gone.load(Ordering::Acquire)
    }

    /// Messages written and not yet credited, by what the writer knows.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.frames
            .messages()
            .wrapping_sub(self.lane.credit.load(Ordering::Relaxed))
    }

    /// The knob for this lane's high-water mark.
    #[must_use]
    pub fn hwm_knob(&self) -> HwmKnob {
        HwmKnob(Arc::clone(&self.lane))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Release: a reader that sees it has seen every message before it.
        self.lane.writer_gone.store(true, Ordering::Release);
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("written", &self.frames.messages())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(zmq_loom)))]
mod tests;

#[cfg(all(test, zmq_loom))]
mod loom_tests;
