//! Sets of topics at a publisher: subscribed to, matched with messages, unsubscribed from.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use ferrozmq_parts_bench::Dice;
use zmq::pattern::bench::Audience;

const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];
/// Pipes that the topics are spread over.
const PIPES: usize = 8;

fn main() {
    divan::main();
}

/// Topics in no order, none twice: multiplying by an odd number mixes.
fn topics(count: usize) -> Vec<String> {
    (0..count)
        .map(|i| format!("market.{:08x}", (i as u32).wrapping_mul(2_654_435_761)))
        .collect()
}

fn audience(topics: &[String]) -> Audience {
    let mut audience = Audience::default();
    for (i, topic) in topics.iter().enumerate() {
        audience.add(topic.as_bytes(), i % PIPES);
    }
    audience
}

/// One message, with one of the topics and more behind it.
#[divan::bench(args = SIZES)]
fn matched(bencher: Bencher<'_, '_>, size: usize) {
    let topics = topics(size);
    let audience = audience(&topics);
    let messages: Vec<String> = topics.iter().map(|topic| format!("{topic}.open")).collect();
    let mut dice = Dice::default();
    bencher
        .counter(ItemsCount::new(1_usize))
        .with_inputs(|| dice.below(size))
        .bench_local_values(|choice| {
            let mut found = 0;
            audience.visit(messages[choice].as_bytes(), |pipe| {
                found += 1 + black_box(pipe)
            });
            assert!(found > 0);
        });
}

/// One message that nobody asked for.
#[divan::bench(args = SIZES)]
fn missed(bencher: Bencher<'_, '_>, size: usize) {
    let audience = audience(&topics(size));
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        audience.visit(black_box(b"market.none"), |_| {
            unreachable!("nobody subscribed")
        });
    });
}

/// All topics into an empty set.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn add(bencher: Bencher<'_, '_>, size: usize) {
    let topics = topics(size);
    bencher
        .counter(ItemsCount::new(size))
        .bench_local(|| audience(&topics));
}

/// All topics out of a full set, in another order.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn remove(bencher: Bencher<'_, '_>, size: usize) {
    let topics = topics(size);
    let mut order: Vec<usize> = (0..size).collect();
    let mut dice = Dice::default();
    for i in (1..size).rev() {
        order.swap(i, dice.below(i + 1));
    }
    bencher
        .counter(ItemsCount::new(size))
        .with_inputs(|| audience(&topics))
        .bench_local_values(|mut audience| {
            for &i in &order {
                assert!(audience.remove(topics[i].as_bytes(), i % PIPES));
            }
            audience
        });
}

/// A pipe that goes, with all of its topics.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn remove_pipe(bencher: Bencher<'_, '_>, size: usize) {
    let topics = topics(size);
    bencher
        .counter(ItemsCount::new(size / PIPES))
        .with_inputs(|| audience(&topics))
        .bench_local_values(|mut audience| {
            assert_eq!(audience.remove_pipe(0), size / PIPES);
            audience
        });
}
