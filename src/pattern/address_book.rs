//! The peers of ROUTER and STREAM by routing id, and the routing ids that the library makes up.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};

use super::PipeId;
use crate::errno::Result;
use crate::msg::Msg;
use crate::sys::fork::Once;

/// A number that this process has not used before (until 2^32 were).
pub(super) fn next_number() -> u32 {
    static NEXT: Once<AtomicU32> = Once::new();
    // A start that differs between processes: RandomState's keys are random.
    let start = || AtomicU32::new(RandomState::new().build_hasher().finish() as u32);
    NEXT.get_or_make(start).fetch_add(1, Ordering::Relaxed)
}

/// Routing ids of pipes, both ways.
#[derive(Debug, Default)]
pub(super) struct AddressBook {
    pipes: HashMap<Box<[u8]>, PipeId>,
    /// By pipe: its routing id as the first frame of a message.
    frames: Vec<Option<Msg>>,
}

impl AddressBook {
    /// The pipe with this routing id.
    #[inline]
    pub(super) fn find(&self, routing_id: &[u8]) -> Option<PipeId> {
        self.pipes.get(routing_id).copied()
    }

    /// The frame with the pipe's routing id; it has more to follow.
    #[inline]
    pub(super) fn frame(&self, id: PipeId) -> Option<&Msg> {
        self.frames.get(id)?.as_ref()
    }

    /// Gives a pipe a routing id that no other has.
    ///
    /// # Errors
    /// `ENOMEM` if there is no memory for the frame.
    pub(super) fn enter(&mut self, id: PipeId, routing_id: &[u8]) -> Result<()> {
        let mut frame = Msg::copy_of(routing_id)?;
        frame.set_more(true);
        if self.frames.len() <= id {
            self.frames.resize_with(id + 1, || None);
        }
        self.frames[id] = Some(frame);
        self.pipes.insert(routing_id.into(), id);
        Ok(())
    }

    /// Gives a pipe a routing id made up: a zero byte, which no peer may begin its own with, and
    /// four more.
    pub(super) fn enter_unnamed(&mut self, id: PipeId) {
        loop {
            let [a, b, c, d] = next_number().to_be_bytes();
            let routing_id = [0, a, b, c, d];
            if self.find(&routing_id).is_none() {
                // Five bytes need no memory of their own.
                let _ = self.enter(id, &routing_id);
                return;
            }
        }
    }

    /// Strikes a pipe out; the frame with its routing id, if it had one.
    pub(super) fn strike(&mut self, id: PipeId) -> Option<Msg> {
        let frame = self.frames.get_mut(id)?.take()?;
        self.pipes.remove(frame.data());
        Some(frame)
    }
}
