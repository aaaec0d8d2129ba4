//! Which pipes subscribed to which topics, at a publisher.
//!
//! Most topics have one subscriber, so a topic takes one tree node and, per pipe, one number in the
//! pipe's list, from which all its topics are found when it goes. Lists are cleaned lazily: they
//! may name nodes that the pipe has left, never miss one that it is in.

use super::radix::{NodeId, Radix};
use crate::pattern::PipeId;

/// The subscribers of a topic.
#[derive(Debug)]
enum PipeSet {
    One(u32),
    /// Sorted.
    #[expect(
        clippy::box_collection,
        reason = "keeps the node of a topic in 64 bytes"
    )]
    Many(Box<Vec<u32>>),
}

impl PipeSet {
    fn as_slice(&self) -> &[u32] {
        match self {
            Self::One(pipe) => std::slice::from_ref(pipe),
            Self::Many(pipes) => pipes,
        }
    }

    fn contains(&self, pipe: u32) -> bool {
        match self {
            Self::One(one) => *one == pipe,
            Self::Many(pipes) => pipes.binary_search(&pipe).is_ok(),
        }
    }

    /// False if it was in already.
    fn insert(&mut self, pipe: u32) -> bool {
        match self {
            Self::One(one) if *one == pipe => false,
            Self::One(one) => {
                let (one, other) = (pipe.min(*one), pipe.max(*one));
                *self = Self::Many(Box::new(vec![one, other]));
                true
            }
            Self::Many(pipes) => match pipes.binary_search(&pipe) {
                Ok(_) => false,
                Err(place) => {
                    pipes.insert(place, pipe);
                    true
                }
            },
        }
    }
}

/// A pipe's topics.
#[derive(Debug, Default)]
struct Record {
    /// Every node the pipe is in, and perhaps others.
    nodes: Vec<NodeId>,
    /// How many of them the pipe has left.
    stale: usize,
}

/// What taking a pipe from a topic has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pattern) enum Removed {
    /// The pipe had not subscribed to the topic.
    Nothing,
    /// Nobody subscribes to the topic any more.
    Last,
    /// Others still do.
    OthersLeft,
}

/// Topics and the pipes that subscribed to them.
#[derive(Debug, Default)]
pub(in crate::pattern) struct Subscribers {
    topics: Radix<PipeSet>,
    records: Vec<Record>,
    len: usize,
}

impl Subscribers {
    /// Adds a pipe to a topic; true if it is the topic's first.
    pub(in crate::pattern) fn add(&mut self, topic: &[u8], pipe: PipeId) -> bool {
        let node = self.topics.enter(topic);
        let value = self.topics.value_mut(node);
        let first = value.is_none();
        if match value {
            None => {
                *value = Some(PipeSet::One(pipe as u32));
                self.len += 1;
                true
            }
            Some(set) => set.insert(pipe as u32),
        } {
            if self.records.len() <= pipe {
                self.records.resize_with(pipe + 1, Record::default);
            }
            self.records[pipe].nodes.push(node);
        }
        first
    }

    /// Takes a pipe from a topic.
    pub(in crate::pattern) fn remove(&mut self, topic: &[u8], pipe: PipeId) -> Removed {
        let Some(node) = self.topics.find(topic) else {
            return Removed::Nothing;
        };
        let removed = self.remove_from(node, pipe as u32);
        if removed != Removed::Nothing {
            self.topics.prune(node);
            self.count_stale(pipe);
        }
        removed
    }

    /// Takes a pipe from all its topics, calling `visit` with each and whether it was its last.
    pub(in crate::pattern) fn remove_pipe(
        &mut self,
        pipe: PipeId,
        mut visit: impl FnMut(&[u8], bool),
    ) {
        let Some(record) = self.records.get_mut(pipe) else {
            return;
        };
        let mut topic = Vec::new();
        for node in std::mem::take(record).nodes {
            if !self.has(node, pipe as u32) {
                continue;
            }
            topic.clear();
            self.topics.key(node, &mut topic);
            let removed = self.remove_from(node, pipe as u32);
            self.topics.prune(node);
            visit(&topic, removed == Removed::Last);
        }
    }

    /// Calls `visit` with the pipes of every topic that data begins with; a pipe may come again.
    #[inline]
    pub(in crate::pattern) fn visit(&self, data: &[u8], mut visit: impl FnMut(PipeId)) {
        self.topics.visit_prefixes(data, |set| {
            for &pipe in set.as_slice() {
                visit(pipe as PipeId);
            }
            true
        });
    }

    /// Number of topics.
    pub(in crate::pattern) fn len(&self) -> usize {
        self.len
    }

    fn has(&self, node: NodeId, pipe: u32) -> bool {
        self.topics
            .value(node)
            .is_some_and(|set| set.contains(pipe))
    }

    /// Takes a pipe out of a node's set; the node is not pruned.
    fn remove_from(&mut self, node: NodeId, pipe: u32) -> Removed {
        let value = self.topics.value_mut(node);
        match value {
            Some(PipeSet::One(one)) if *one == pipe => {
                *value = None;
                self.len -= 1;
                Removed::Last
            }
            Some(PipeSet::Many(pipes)) => {
                let Ok(place) = pipes.binary_search(&pipe) else {
                    return Removed::Nothing;
                };
                pipes.remove(place);
                if let [one] = ***pipes {
                    *value = Some(PipeSet::One(one));
                }
                Removed::OthersLeft
            }
            _ => Removed::Nothing,
        }
    }

    /// Notes that a pipe's list names a node too many; cleans the list when half of it is so.
    fn count_stale(&mut self, pipe: PipeId) {
        let Some(record) = self.records.get_mut(pipe) else {
            return;
        };
        record.stale += 1;
        if record.stale <= record.nodes.len() / 2 {
            return;
        }
        let mut nodes = std::mem::take(record).nodes;
        nodes.sort_unstable();
        nodes.dedup();
        nodes.retain(|&node| self.has(node, pipe as u32));
        nodes.shrink_to_fit();
        self.records[pipe].nodes = nodes;
    }

    /// Number of nodes of the tree.
    #[cfg(test)]
    pub(super) fn nodes(&self) -> usize {
        self.topics.size()
    }
}
