//! What a session is to others: a source of a hub, a holder of deadlines, the far end of a pipe, what messages
//! are gathered for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{CLOSED, DEADLINE, ENDED, FILL, READABLE, Session, WORK, WRITABLE};
use crate::io::gather::{self, Gatherer};
use crate::io::hub::Source;
use crate::io::timers::Timed;
use crate::pattern::PeerEnd;
use crate::pipe::Writer;

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

impl Gatherer for Session {
    fn mark(&self) -> &AtomicBool {
        &self.is_gathered
    }

    fn write_on(&self) {
        self.run(WORK);
    }

    fn progress(&self) -> usize {
        self.progress.load(Ordering::Relaxed)
    }

    fn me(&self) -> Option<Arc<dyn Gatherer>> {
        Some(self.me.upgrade()?)
    }
}

impl PeerEnd for Session {
    fn published(&self, _lane: &Writer, unsent: (usize, usize)) -> bool {
        gather::published(&self.hub, self, unsent)
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
pub(in crate::io) struct Nobody;

impl PeerEnd for Nobody {
    fn published(&self, _lane: &Writer, _unsent: (usize, usize)) -> bool {
        true
    }

    fn credited(&self) {}

    fn closed(&self) {}
}
