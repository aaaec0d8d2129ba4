//! ZMTP 3.1 without a connection: frames encoded, frames decoded, a handshake.

use std::io::IoSlice;
use std::time::Instant;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use zmq::errno::Errno;
use zmq::msg::{Msg, RxBuf};
use zmq::proto::{Engine, EngineConfig, Input, OutBuf, Sink};
use zmq::socket_type::SocketType;

/// Frames in one go; a session reads and writes as much at a time.
const BATCH: usize = 64;

fn main() {
    divan::main();
}

/// Counts what comes, as frames or in runs.
#[derive(Default)]
struct Counter {
    messages: usize,
    runs: bool,
}

impl Sink for Counter {
    fn has_room(&self) -> bool {
        true
    }

    fn push(&mut self, frame: Msg) {
        black_box(frame);
        self.messages += 1;
    }

    fn room_for_run(&self) -> usize {
        if self.runs { usize::MAX } else { 0 }
    }

    fn push_run(&mut self, run: &[u8], messages: usize) {
        black_box(run);
        self.messages += messages;
    }
}

/// One end, with what a session has around it.
struct Side {
    engine: Engine,
    rx: RxBuf,
    out: OutBuf,
    now: Instant,
}

impl Side {
    fn new(socket_type: SocketType, is_server_side: bool) -> Self {
        let mut config = EngineConfig::new(socket_type);
        config.is_server_side = is_server_side;
        let now = Instant::now();
        let mut out = OutBuf::new();
        Self {
            engine: Engine::new(config, now, &mut out),
            rx: RxBuf::new(),
            out,
            now,
        }
    }

    fn take_output(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !self.out.is_empty() {
            let mut slices = [IoSlice::new(&[]); 64];
            let used = self.out.slices(&mut slices, usize::MAX);
            let before = bytes.len();
            for slice in &slices[..used] {
                bytes.extend_from_slice(slice);
            }
            self.out.advance(bytes.len() - before);
        }
        bytes
    }

    fn give(&mut self, mut bytes: &[u8], sink: &mut Counter) {
        while !bytes.is_empty() {
            let (taken, _) = self
                .rx
                .fill(|places| {
                    let mut taken = 0;
                    for place in places {
                        let n = place.len().min(bytes.len() - taken);
                        place[..n].copy_from_slice(&bytes[taken..taken + n]);
                        taken += n;
                    }
                    Ok::<usize, Errno>(taken)
                })
                .expect("memory");
            bytes = &bytes[taken..];
            loop {
                let input = self
                    .engine
                    .handle_input(&mut self.rx, sink, &mut self.out, self.now);
                if input.expect("a good peer") == Input::NeedMore {
                    break;
                }
            }
        }
    }
}

/// A PUSH and a PULL that are through with their handshake.
fn established() -> (Side, Side) {
    let mut push = Side::new(SocketType::Push, false);
    let mut pull = Side::new(SocketType::Pull, true);
    let mut nothing = Counter::default();
    loop {
        let there = push.take_output();
        pull.give(&there, &mut nothing);
        let back = pull.take_output();
        push.give(&back, &mut nothing);
        if there.is_empty() && back.is_empty() {
            assert!(push.engine.is_established() && pull.engine.is_established());
            return (push, pull);
        }
    }
}

fn frames(push: &mut Side, size: usize) -> Vec<u8> {
    for _ in 0..BATCH {
        let body = Msg::copy_of(&vec![7; size]).expect("memory");
        push.engine.encode(body, &mut push.out);
    }
    push.take_output()
}

#[divan::bench(args = [10, 100, 1024, 65_536])]
fn encode(bencher: Bencher<'_, '_>, size: usize) {
    let (mut push, _) = established();
    let mut body = Msg::copy_of(&vec![7; size]).expect("memory");
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        for _ in 0..BATCH {
            push.engine.encode(body.share(), &mut push.out);
        }
        let waiting = push.out.len();
        push.out.advance(black_box(waiting));
    });
}

/// One message after the other; what is read from the kernel is copied here.
#[divan::bench(args = [10, 100, 1024, 65_536])]
fn decode(bencher: Bencher<'_, '_>, size: usize) {
    decode_into(bencher, size, false);
}

/// Short messages handed on together, as they came.
#[divan::bench(args = [10, 100])]
fn decode_runs(bencher: Bencher<'_, '_>, size: usize) {
    decode_into(bencher, size, true);
}

fn decode_into(bencher: Bencher<'_, '_>, size: usize, runs: bool) {
    let (mut push, mut pull) = established();
    let bytes = frames(&mut push, size);
    bencher
        .counter(ItemsCount::new(BATCH))
        .counter(BytesCount::new(bytes.len()))
        .bench_local(|| {
            let mut sink = Counter { messages: 0, runs };
            pull.give(black_box(&bytes), &mut sink);
            assert_eq!(sink.messages, BATCH);
        });
}

#[divan::bench]
fn handshake() -> (Engine, Engine) {
    let (push, pull) = established();
    (push.engine, pull.engine)
}
