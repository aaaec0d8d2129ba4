//! A lane of a pipe: messages in at one end and out at the other, on one thread and between two.

use std::thread;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use zmq::msg::Msg;
use zmq::pipe::{RUN_MAX, Reader, SHORT_MAX, Taken, Writer, lane};

/// The default high-water mark.
const HWM: usize = 1000;
/// Messages that are in the lane at once, where one thread writes and reads.
const BATCH: usize = 100;
/// Messages for each pair of threads, so many that starting them does not count.
const STREAM: usize = 100_000;

fn main() {
    divan::main();
}

/// As `zmq_send` and `zmq_recv` do it: bodies are copied in and out.
#[divan::bench(args = [10, 100, 255])]
fn short(bencher: Bencher<'_, '_>, size: usize) {
    let (mut writer, mut reader) = lane(HWM, false);
    let body = vec![7; size];
    let mut place = vec![0; size];
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        for _ in 0..BATCH {
            assert!(writer.look_for_room());
            writer.send_short(black_box(&body), false);
        }
        while let Some((read, _)) = reader.recv_body(&mut place) {
            assert_eq!(black_box(read).len, size);
        }
    });
}

/// Messages that share one body, as `zmq_msg_t` are sent.
#[divan::bench(args = [10, 100, 65_536])]
fn message(bencher: Bencher<'_, '_>, size: usize) {
    let (mut writer, mut reader) = lane(HWM, false);
    let mut body = Msg::copy_of(&vec![7; size]).expect("memory");
    let mut place = Msg::new();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        for _ in 0..BATCH {
            assert!(writer.look_for_room());
            writer.send(body.share());
        }
        while reader.recv_into(&mut place) != Taken::Nothing {
            assert_eq!(black_box(&place).len(), size);
        }
    });
}

/// A large body of its own for each message: allocated, filled, dropped by the reader.
#[divan::bench(args = [1024, 65_536])]
fn copied(bencher: Bencher<'_, '_>, size: usize) {
    let (mut writer, mut reader) = lane(HWM, false);
    let body = vec![7; size];
    let mut place = Msg::new();
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        assert!(writer.look_for_room());
        writer.send(Msg::copy_of(black_box(&body)).expect("memory"));
        assert_ne!(reader.recv_into(&mut place), Taken::Nothing);
        assert_eq!(black_box(&place).len(), size);
    });
}

/// Whole messages of short frames, as sessions hand them over: many at once.
#[divan::bench(args = [10, 100])]
fn run(bencher: Bencher<'_, '_>, size: usize) {
    let (mut writer, mut reader) = lane(0, false);
    let frame: Vec<u8> = [0, u8::try_from(size).expect("a short body")]
        .into_iter()
        .chain(vec![7; size])
        .collect();
    let messages = RUN_MAX / frame.len();
    let run = frame.repeat(messages);
    let mut place = Vec::with_capacity(RUN_MAX);
    bencher.counter(ItemsCount::new(messages)).bench_local(|| {
        writer.send_run(black_box(&run), messages);
        place.clear();
        while reader
            .recv_run(|bytes| place.extend_from_slice(bytes))
            .is_some()
        {}
        assert_eq!(place.len(), run.len());
    });
}

/// From one thread to another, each of which spins where it would wait.
#[divan::bench(args = [10, 100, 65_536], sample_count = 20, sample_size = 1)]
fn threads(bencher: Bencher<'_, '_>, size: usize) {
    let count = if size > SHORT_MAX {
        STREAM / 10
    } else {
        STREAM
    };
    bencher
        .counter(ItemsCount::new(count))
        .with_inputs(|| lane(HWM, false))
        .bench_local_values(|(writer, reader)| {
            thread::scope(|scope| {
                scope.spawn(|| write(writer, size, count));
                read(reader, size, count);
            });
        });
}

fn write(mut writer: Writer, size: usize, count: usize) {
    let body = vec![7; size];
    for _ in 0..count {
        while !writer.look_for_room() {
            thread::yield_now();
        }
        if size <= SHORT_MAX {
            writer.send_short(&body, false);
        } else {
            writer.send(Msg::copy_of(&body).expect("memory"));
        }
    }
}

fn read(mut reader: Reader, size: usize, count: usize) {
    let mut place = vec![0; size];
    for _ in 0..count {
        let (read, _) = loop {
            match reader.recv_body(&mut place) {
                Some(read) => break read,
                None => thread::yield_now(),
            }
        };
        assert_eq!(black_box(read).len, size);
    }
}
