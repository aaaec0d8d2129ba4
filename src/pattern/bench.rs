//! A door to the sets of topics for the benchmarks of `parts-bench`, in no build without the feature
//! `bench`. What may not live here: anything that does more than hand on.

use super::PipeId;
use super::subscription::{Removed, Subscribers};

/// Topics and the pipes that subscribed to them, as a publisher keeps them.
#[derive(Debug, Default)]
pub struct Audience(Subscribers);

impl Audience {
    /// Adds a pipe to a topic; true if it is the topic's first.
    pub fn add(&mut self, topic: &[u8], pipe: PipeId) -> bool {
        self.0.add(topic, pipe)
    }

    /// Takes a pipe from a topic; true if it had subscribed.
    pub fn remove(&mut self, topic: &[u8], pipe: PipeId) -> bool {
        self.0.remove(topic, pipe) != Removed::Nothing
    }

    /// Takes a pipe from all its topics; how many that were.
    pub fn remove_pipe(&mut self, pipe: PipeId) -> usize {
        let mut left = 0;
        self.0.remove_pipe(pipe, |_, _| left += 1);
        left
    }

    /// Calls `visit` with the pipes of every topic that data begins with.
    #[inline]
    pub fn visit(&self, data: &[u8], visit: impl FnMut(PipeId)) {
        self.0.visit(data, visit);
    }
}
