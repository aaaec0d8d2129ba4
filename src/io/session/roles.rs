//! What a session is to others: something to be driven, the far end of a pipe.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{CLOSED, Core, FILL, Session, WORK};
use crate::io::contain;
use crate::io::gather;
use crate::io::turn::{Driven, Turn};
use crate::pattern::PeerEnd;
use crate::pipe::Writer;

impl Driven for Session {
    type Core = Core;

    fn turn(&self) -> &Turn<Core> {
        &self.turn
    }

    fn itself(&self) -> Option<Arc<Self>> {
        self.me.upgrade()
    }

    /// Should that meet a bug of ours, the connection is given up and nothing else.
    fn work(&self, core: &mut Core, todo: u32) {
        let work = || self.process(core, todo);
        if contain("a connection, which is dropped", work).is_none() {
            self.give_up(core);
        }
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
