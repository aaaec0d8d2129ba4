//! The topics that a subscriber itself asked for, each with the number of times.

use super::radix::Radix;

/// A counted set of topics.
#[derive(Debug, Default)]
pub(in crate::pattern) struct Topics {
    counts: Radix<usize>,
    len: usize,
}

impl Topics {
    /// Adds a topic, or one more count of it.
    pub(in crate::pattern) fn add(&mut self, topic: &[u8]) {
        let node = self.counts.enter(topic);
        let count = self.counts.value_mut(node).get_or_insert_default();
        *count += 1;
        if *count == 1 {
            self.len += 1;
        }
    }

    /// Takes away one count of a topic; true if that was the last.
    pub(in crate::pattern) fn remove(&mut self, topic: &[u8]) -> bool {
        let Some(node) = self.counts.find(topic) else {
            return false;
        };
        let value = self.counts.value_mut(node);
        match value {
            None => false,
            Some(count) if *count > 1 => {
                *count -= 1;
                false
            }
            Some(_) => {
                *value = None;
                self.counts.prune(node);
                self.len -= 1;
                true
            }
        }
    }

    /// Whether data begins with a topic.
    #[inline]
    pub(in crate::pattern) fn matches(&self, data: &[u8]) -> bool {
        let mut any = false;
        self.counts.visit_prefixes(data, |_| {
            any = true;
            false
        });
        any
    }

    /// Number of different topics.
    pub(in crate::pattern) fn len(&self) -> usize {
        self.len
    }

    /// Calls `visit` with each topic, once.
    pub(in crate::pattern) fn for_each(&self, mut visit: impl FnMut(&[u8])) {
        let mut topic = Vec::new();
        for node in self.counts.valued() {
            topic.clear();
            self.counts.key(node, &mut topic);
            visit(&topic);
        }
    }
}
