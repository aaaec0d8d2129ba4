//! What a session is to others: a source of a hub, a holder of deadlines, the far end of a pipe.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{CLOSED, DEADLINE, ENDED, FILL, READABLE, Session, WORK, WRITABLE};
use crate::io::hub::Source;
use crate::io::timers::Timed;
use crate::pattern::PeerEnd;
use crate::pipe::Writer;
use crate::sys::barrier;

impl Source for Session {
    fn on_event(self: Arc<Self>, readable: bool, writable: bool, ended: bool) {
        let mut bits = WORK;
        bits |= if readable { READABLE } else { 0 };
        bits |= if writable { WRITABLE } else { 0 };
        bits |= if ended { ENDED } else { 0 };
        self.run(bits);
    }
}

impl Timed for Session {
    fn on_time(self: Arc<Self>) {
        self.run(DEADLINE);
    }
}

/// What is gathered, see `gather`.
impl Session {
    /// Takes the mark of being gathered off: a message published from here on is gathered anew.
    pub(in crate::io) fn ungather(&self) {
        self.is_gathered.store(false, Ordering::Relaxed);
    }

    /// Writes what was published.
    pub(in crate::io) fn write_on(&self) {
        self.run(WORK);
    }

    /// A number that changes when messages of the socket are taken to be written.
    pub(in crate::io) fn progress(&self) -> usize {
        self.progress.load(Ordering::Relaxed)
    }
}

impl PeerEnd for Session {
    fn published(&self, _lane: &Writer, unsent: (usize, usize)) -> bool {
        let pace = self.hub.pace();
        if let Some(write) = pace.admit(unsent) {
            self.run(WORK);
            pace.charge(&write);
            return true;
        }
        // "Publish, barrier, look": either we find the session gathered, and who writes it will see
        // the message, or we have it gathered.
        self.hub.note_sender();
        barrier::light();
        if !self.is_gathered.load(Ordering::Relaxed)
            && let Some(me) = self.me.upgrade()
        {
            self.is_gathered.store(true, Ordering::Relaxed);
            self.hub.gather(me);
        }
        false
    }

    fn credited(&self) {
        self.run(WORK);
    }

    fn closed(&self) {
        self.run(CLOSED);
    }

    fn serial(&self) -> Option<usize> {
        Some(self.serial)
    }

    fn report_fill(&self, egress: usize) {
        self.egress.store(egress, Ordering::Relaxed);
        self.run(FILL);
    }
}

/// The peer of a pipe whose session is gone before it was told.
pub(super) struct Nobody;

impl PeerEnd for Nobody {
    fn published(&self, _lane: &Writer, _unsent: (usize, usize)) -> bool {
        true
    }

    fn credited(&self) {}

    fn closed(&self) {}
}
