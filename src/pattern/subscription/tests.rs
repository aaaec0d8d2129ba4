//! The tree against a plain map, and its cost under hostile topics.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::pattern::PipeId;

/// A small generator of numbers; the same ones each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % end
    }

    /// A topic over two letters, so that many share their beginnings.
    fn topic(&mut self) -> Vec<u8> {
        let long = self.below(8) == 0;
        let len = self.below(if long { 40 } else { 6 });
        (0..len)
            .map(|_| if self.below(2) == 0 { b'a' } else { b'b' })
            .collect()
    }
}

#[test]
fn topics_behave_like_a_map_of_counts() {
    let mut numbers = Numbers(1);
    let mut topics = Topics::default();
    let mut model = BTreeMap::<Vec<u8>, usize>::new();
    for _ in 0..20_000 {
        let topic = numbers.topic();
        if numbers.below(2) == 0 {
            topics.add(&topic);
            *model.entry(topic).or_default() += 1;
        } else {
            let last = model.get(&topic) == Some(&1);
            if let Some(count) = model.get_mut(&topic) {
                *count -= 1;
            }
            model.retain(|_, count| *count > 0);
            assert_eq!(topics.remove(&topic), last);
        }
        assert_eq!(topics.len(), model.len());
        let data = numbers.topic();
        let matches = (0..=data.len()).any(|end| model.contains_key(&data[..end]));
        assert_eq!(topics.matches(&data), matches);
    }
    let mut all = Vec::new();
    topics.for_each(|topic| all.push(topic.to_vec()));
    all.sort();
    assert!(all.iter().eq(model.keys()));
}

#[test]
fn subscribers_behave_like_a_map_of_sets() {
    let mut numbers = Numbers(2);
    let mut subscribers = Subscribers::default();
    let mut model = BTreeMap::<Vec<u8>, BTreeSet<PipeId>>::new();
    for _ in 0..20_000 {
        let (topic, pipe) = (numbers.topic(), numbers.below(6));
        match numbers.below(40) {
            0 => {
                let mut gone = Vec::new();
                subscribers.remove_pipe(pipe, |topic, last| gone.push((topic.to_vec(), last)));
                gone.sort();
                let mut expected = Vec::new();
                for (topic, set) in &mut model {
                    if set.remove(&pipe) {
                        expected.push((topic.clone(), set.is_empty()));
                    }
                }
                assert_eq!(gone, expected);
            }
            1..25 => {
                let set = model.entry(topic.clone()).or_default();
                assert_eq!(subscribers.add(&topic, pipe), set.is_empty());
                set.insert(pipe);
            }
            _ => {
                let set = model.entry(topic.clone()).or_default();
                let expected = match (set.remove(&pipe), set.is_empty()) {
                    (false, _) => Removed::Nothing,
                    (true, true) => Removed::Last,
                    (true, false) => Removed::OthersLeft,
                };
                assert_eq!(subscribers.remove(&topic, pipe), expected);
            }
        }
        model.retain(|_, set| !set.is_empty());
        assert_eq!(subscribers.len(), model.len());
        // A node per topic, the root, and fewer forks than topics.
        assert!(subscribers.nodes() <= 2 * model.len() + 1);
        let data = numbers.topic();
        let mut found = BTreeSet::new();
        subscribers.visit(&data, |pipe| {
            found.insert(pipe);
        });
        let expected: BTreeSet<_> = (0..=data.len())
            .filter_map(|end| model.get(&data[..end]))
            .flatten()
            .copied()
            .collect();
        assert_eq!(found, expected);
    }
    for pipe in 0..6 {
        subscribers.remove_pipe(pipe, |_, _| ());
    }
    assert_eq!((subscribers.len(), subscribers.nodes()), (0, 1));
}

#[test]
fn a_very_long_topic_is_one_node() {
    // CVE-2021-20236: here nothing recurses, however long the topic is.
    let mut subscribers = Subscribers::default();
    let mut topic = vec![b'x'; 50_000_000];
    assert!(subscribers.add(&topic, 0));
    assert_eq!(subscribers.nodes(), 2);
    topic[25_000_000] = b'y';
    assert!(subscribers.add(&topic, 0));
    assert_eq!(subscribers.nodes(), 4);
    assert_eq!(subscribers.remove(&topic, 0), Removed::Last);
    assert_eq!(subscribers.nodes(), 2);
    subscribers.remove_pipe(0, |topic, last| assert!(last && topic.len() == 50_000_000));
    assert_eq!(subscribers.nodes(), 1);
}

#[test]
fn a_ladder_of_topics_comes_down() {
    let mut subscribers = Subscribers::default();
    let topic = vec![b'x'; 3_000];
    for len in 0..=topic.len() {
        assert!(subscribers.add(&topic[..len], 1));
    }
    let mut count = 0;
    subscribers.visit(&topic, |_| count += 1);
    assert_eq!(count, 3_001);
    let mut gone = 0;
    subscribers.remove_pipe(1, |_, _| gone += 1);
    assert_eq!((gone, subscribers.nodes()), (3_001, 1));
}

#[test]
fn many_topics_and_a_pipe_that_leaves() {
    let mut subscribers = Subscribers::default();
    for i in 0..100_000_u32 {
        let topic = format!("market/{:02}/instrument/{i}", i % 97);
        assert!(subscribers.add(topic.as_bytes(), (i % 1000) as usize));
    }
    for pipe in 0..1000 {
        let mut gone = 0;
        subscribers.remove_pipe(pipe, |_, _| gone += 1);
        assert_eq!(gone, 100);
    }
    assert_eq!(subscribers.nodes(), 1);
}
