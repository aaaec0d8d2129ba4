//! Two protocol engines joined in memory, with a clock that only the test moves.
//!
//! Handshakes, traffic, back-pressure and heartbeats between our own engines, and with old peers
//! that the test plays byte by byte. No sockets, threads or sleeps. Here is what the files beside
//! this one share.

mod handshakes;
mod heartbeats;
mod old_peers;
mod traffic;
mod websocket;

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use zmq::errno::Errno;
use zmq::msg::{Msg, RxBuf};
use zmq::proto::raw::RawEngine;
use zmq::proto::{
    AnyEngine, Engine, EngineConfig, EngineError, HandshakeFailure, Input, OutBuf, Sink,
    protocol_error,
};
use zmq::socket_type::SocketType;

const MS: Duration = Duration::from_millis(1);

/// A sink that has room for so many messages.
struct Inbox {
    room: usize,
    frames: Vec<(Vec<u8>, bool)>,
    subscriptions: usize,
}

impl Inbox {
    fn messages(&self) -> usize {
        self.frames.iter().filter(|(_, more)| !more).count()
    }

    fn bodies(&self) -> Vec<&[u8]> {
        self.frames
            .iter()
            .map(|(body, _)| body.as_slice())
            .collect()
    }
}

impl Sink for Inbox {
    fn has_room(&self) -> bool {
        assert!(
            !self.frames.last().is_some_and(|(_, more)| *more),
            "asked within a message"
        );
        self.messages() < self.room
    }

    fn push(&mut self, frame: Msg) {
        self.subscriptions += usize::from(frame.is_subscribe() || frame.is_cancel());
        self.frames.push((frame.data().to_vec(), frame.is_more()));
    }
}

/// One engine with all that a session would have.
struct Side {
    engine: AnyEngine,
    rx: RxBuf,
    out: OutBuf,
    inbox: Inbox,
    established: usize,
    last: Input,
    error: Option<EngineError>,
}

impl Side {
    fn new(config: EngineConfig, now: Instant) -> Self {
        let mut out = OutBuf::new();
        let engine = AnyEngine::Zmtp(Box::new(Engine::new(config, now, &mut out)));
        Self::with_engine(engine, out)
    }

    fn with_engine(engine: AnyEngine, out: OutBuf) -> Self {
        Self {
            engine,
            rx: RxBuf::new(),
            out,
            inbox: Inbox {
                room: usize::MAX,
                frames: Vec::new(),
                subscriptions: 0,
            },
            established: 0,
            last: Input::NeedMore,
            error: None,
        }
    }

    /// Decodes what is there, as long as there is a point.
    fn process(&mut self, now: Instant) {
        while self.error.is_none() {
            match self
                .engine
                .handle_input(&mut self.rx, &mut self.inbox, &mut self.out, now)
            {
                Ok(Input::Established) => {
                    assert!(self.inbox.frames.is_empty());
                    self.established += 1;
                }
                Ok(input) => {
                    self.last = input;
                    return;
                }
                Err(error) => self.error = Some(error),
            }
        }
    }

    fn receive(&mut self, mut bytes: &[u8], now: Instant) {
        while !bytes.is_empty() && self.error.is_none() {
            let filled = self.rx.fill(|slices| -> Result<usize, Errno> {
                let mut n = 0;
                for slice in slices {
                    let len = slice.len().min(bytes.len() - n);
                    slice[..len].copy_from_slice(&bytes[n..n + len]);
                    n += len;
                }
                Ok(n)
            });
            bytes = &bytes[filled.unwrap().0..];
            self.process(now);
        }
    }

    /// What is to be sent, at most `max` bytes.
    fn transmit(&mut self, max: usize) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 16];
        let used = self.out.slices(&mut slices, usize::MAX);
        let mut bytes = Vec::new();
        for slice in &slices[..used] {
            bytes.extend(&slice[..slice.len().min(max - bytes.len())]);
        }
        self.out.advance(bytes.len());
        bytes
    }

    fn transmit_all(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !self.out.is_empty() {
            bytes.extend(self.transmit(usize::MAX));
        }
        bytes
    }

    fn send(&mut self, body: &[u8], more: bool) {
        let mut msg = Msg::copy_of(body).unwrap();
        msg.set_more(more);
        self.engine.encode(msg, &mut self.out);
    }

    fn subscribe(&mut self, topic: &[u8], on: bool) {
        let mut msg = Msg::copy_of(&[&[u8::from(on)], topic].concat()).unwrap();
        if on {
            msg.mark_subscribe()
        } else {
            msg.mark_cancel()
        }
        self.engine.encode(msg, &mut self.out);
    }

    fn timeout(&mut self, now: Instant) {
        if self.error.is_none() && self.engine.poll_timeout().is_some_and(|at| at <= now) {
            self.error = self.engine.handle_timeout(now, &mut self.out).err();
        }
    }
}

/// Two sides and the time.
struct Pair {
    a: Side,
    b: Side,
    now: Instant,
}

impl Pair {
    fn new(a: EngineConfig, b: EngineConfig) -> Self {
        let now = Instant::now();
        Self {
            a: Side::new(a, now),
            b: Side::new(b, now),
            now,
        }
    }

    fn types(a: SocketType, b: SocketType) -> Self {
        Self::new(EngineConfig::new(a), EngineConfig::new(b))
    }

    /// Carries bytes both ways in pieces until nobody says anything.
    fn drive(&mut self, piece: usize) {
        loop {
            let (from_a, from_b) = (self.a.transmit(piece), self.b.transmit(piece));
            if from_a.is_empty() && from_b.is_empty() {
                return;
            }
            self.b.receive(&from_a, self.now);
            self.a.receive(&from_b, self.now);
        }
    }

    fn established(mut self) -> Self {
        self.drive(usize::MAX);
        assert_eq!((self.a.error, self.b.error), (None, None));
        assert_eq!((self.a.established, self.b.established), (1, 1));
        self
    }

    /// Lets time pass, deadline by deadline; `deliver` says what arrives: from a, from b.
    fn pass(&mut self, time: Duration, deliver: (bool, bool)) {
        let end = self.now + time;
        loop {
            let next = [&self.a, &self.b]
                .into_iter()
                .filter(|side| side.error.is_none())
                .filter_map(|side| side.engine.poll_timeout())
                .min();
            match next {
                Some(at) if at <= end => self.now = self.now.max(at),
                _ => break,
            }
            self.a.timeout(self.now);
            self.b.timeout(self.now);
            while !(self.a.out.is_empty() && self.b.out.is_empty()) {
                let (from_a, from_b) = (self.a.transmit_all(), self.b.transmit_all());
                if deliver.0 {
                    self.b.receive(&from_a, self.now);
                }
                if deliver.1 {
                    self.a.receive(&from_b, self.now);
                }
            }
        }
        self.now = end;
    }
}

fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![flags, u8::try_from(body.len()).unwrap()];
    bytes.extend(body);
    bytes
}

fn command(name: &str, data: &[u8]) -> Vec<u8> {
    frame(4, &[&[name.len() as u8], name.as_bytes(), data].concat())
}

fn property(name: &str, value: &[u8]) -> Vec<u8> {
    let len = u32::try_from(value.len()).unwrap().to_be_bytes();
    [&[name.len() as u8], name.as_bytes(), &len, value].concat()
}

fn greeting(major: u8, minor: u8, mechanism: &str) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, major, minor];
    bytes.extend(mechanism.as_bytes());
    bytes.resize(64, 0);
    bytes
}

fn ready(socket_type: &str) -> Vec<u8> {
    command("READY", &property("Socket-Type", socket_type.as_bytes()))
}

/// One of our engines that has seen the given greeting and command of a 3.x peer.
fn with_peer(socket_type: SocketType, minor: u8, command: &[u8]) -> Side {
    let now = Instant::now();
    let mut side = Side::new(EngineConfig::new(socket_type), now);
    side.receive(&greeting(3, minor, "NULL"), now);
    side.receive(command, now);
    side
}
