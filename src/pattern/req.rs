//! REQ: a request to the next peer in turn, then its reply (RFC 28).
//!
//! On the wire a message is an empty delimiter and the application's frames, before it with
//! `ZMQ_REQ_CORRELATE` the request's number. What does not look like the reply to the last request
//! is skipped without a trace.

use super::address_book::next_number;
use super::fair_queue::FairQueue;
use super::greeting::Greeting;
use super::load_balance::LoadBalance;
use super::{Identity, Origin, Pattern, PipeId, Pipes, with_metadata};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::option::SocketOptions;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// A request may be begun.
    #[default]
    Idle,
    /// Frames of the request are still to come from the application.
    Sending,
    /// The request is out, its reply has not begun.
    Waiting,
    /// Frames of the reply are still to be received by the application.
    Receiving,
}

/// A REQ.
#[derive(Debug, Default)]
pub(super) struct Req {
    inbound: FairQueue,
    outbound: LoadBalance,
    greeting: Greeting,
    state: State,
    /// The pipe that the request went to, while it is there.
    asked: Option<PipeId>,
    /// The number that the reply must bear.
    number: Option<u32>,
    /// The first frame of the reply, taken out of the pipe but not yet received.
    reply: Option<Msg>,
    correlate: bool,
    relaxed: bool,
}

impl Req {
    pub(super) fn new(options: &SocketOptions) -> Self {
        let mut req = Self::default();
        req.configure(options);
        req
    }

    fn configure(&mut self, options: &SocketOptions) {
        self.greeting.configure(options);
        self.correlate = options.req_correlate;
        self.relaxed = options.req_relaxed;
    }

    /// Sends what comes before the application's frames.
    fn begin(&mut self, pipes: &mut Pipes) -> Result<()> {
        let mut delimiter = Msg::new();
        delimiter.set_more(true);
        let (asked, number) = if self.correlate {
            let number = next_number();
            let mut frame = Msg::copy_of(&number.to_ne_bytes())?;
            frame.set_more(true);
            let asked = self.outbound.send(pipes, &mut frame)?;
            self.outbound.send(pipes, &mut delimiter)?;
            (asked, Some(number))
        } else {
            (self.outbound.send(pipes, &mut delimiter)?, None)
        };
        if self.state != State::Idle {
            // Only a relaxed REQ comes here: the reply to the request before does not count any more.
            self.reply = None;
            self.inbound.skip_rest(pipes);
        }
        // What is there by now answers an older request.
        while self.inbound.recv(pipes).is_some() {
            self.inbound.skip_rest(pipes);
        }
        (self.asked, self.number) = (asked, number);
        self.state = State::Sending;
        Ok(())
    }

    /// Sees to it that the first frame of the reply is in `reply`, if it has come.
    fn fetch(&mut self, pipes: &mut Pipes) -> bool {
        while self.reply.is_none() {
            let Some((pipe, frame)) = self.inbound.recv(pipes) else {
                return false;
            };
            if self.asked == Some(pipe)
                && let Some(frame) = self.open(pipes, frame)
            {
                self.reply = Some(with_metadata(frame, pipes, pipe));
            } else {
                self.inbound.skip_rest(pipes);
            }
        }
        true
    }

    /// The first frame for the application of the message that begins with `frame`, if that is a
    /// well-formed reply to the request.
    fn open(&mut self, pipes: &mut Pipes, mut frame: Msg) -> Option<Msg> {
        if let Some(number) = self.number {
            if frame.data() != number.to_ne_bytes() || !frame.is_more() {
                return None;
            }
            (_, frame) = self.inbound.recv(pipes)?;
        }
        if !frame.is_empty() || !frame.is_more() {
            return None;
        }
        self.inbound.recv(pipes).map(|(_, frame)| frame)
    }

    fn may_begin(&self) -> bool {
        self.state == State::Idle || self.relaxed
    }
}

impl Pattern for Req {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, _origin: Origin, _peer: Option<&Identity>) {
        self.greeting.attach(pipes, id);
        self.inbound.add(pipes, id);
        self.outbound.add(id);
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inbound.readable(pipes, id);
    }

    fn writable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.outbound.writable(pipes, id);
    }

    fn ended(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inbound.remove(pipes, id);
        self.outbound.remove(id);
        if self.asked == Some(id) {
            self.asked = None;
        }
    }

    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        if self.state != State::Sending {
            if !self.may_begin() {
                return Err(Errno::EFSM);
            }
            self.begin(pipes)?;
        }
        let more = msg.is_more();
        self.outbound.send(pipes, msg)?;
        if !more {
            self.state = State::Waiting;
        }
        Ok(())
    }

    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        let frame = match self.state {
            State::Idle | State::Sending => return Err(Errno::EFSM),
            State::Waiting => {
                self.fetch(pipes);
                self.reply.take()
            }
            State::Receiving => self.inbound.recv(pipes).map(|(_, frame)| frame),
        };
        let frame = frame.ok_or(Errno::EAGAIN)?;
        self.state = if frame.is_more() {
            State::Receiving
        } else {
            State::Idle
        };
        Ok(frame)
    }

    fn can_recv(&mut self, pipes: &mut Pipes) -> bool {
        match self.state {
            State::Idle | State::Sending => false,
            State::Waiting => self.fetch(pipes),
            State::Receiving => true,
        }
    }

    fn can_send(&mut self, pipes: &mut Pipes) -> bool {
        self.state == State::Sending || (self.may_begin() && self.outbound.can_send(pipes))
    }

    fn option_changed(
        &mut self,
        _pipes: &mut Pipes,
        options: &SocketOptions,
        _id: i32,
        _raw: &[u8],
    ) -> Result<()> {
        self.configure(options);
        Ok(())
    }
}
