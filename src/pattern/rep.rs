//! REP: a request from the next peer in turn, then the reply to it (RFC 28).
//!
//! The frames up to the empty delimiter are the way back: kept while the application works, put in
//! front of its reply. A request without a delimiter, or with nothing after it, is skipped; a reply
//! to a peer that is gone or has no room goes nowhere.

use super::fair_queue::FairQueue;
use super::{Identity, Origin, Pattern, PipeId, Pipes, with_metadata};
use crate::errno::{Errno, Result};
use crate::msg::Msg;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// A request is to be received, or begun to be.
    #[default]
    Receiving,
    /// The reply has not begun.
    Replying,
    /// Frames of the reply are still to come from the application.
    Sending,
}

/// A REP.
#[derive(Debug, Default)]
pub(super) struct Rep {
    inbound: FairQueue,
    state: State,
    /// The frames in front of the request, the delimiter included.
    envelope: Vec<Msg>,
    /// The pipe of the request, while it is there.
    asker: Option<PipeId>,
    /// The first frame of a request, taken out of the pipe but not yet received.
    request: Option<Msg>,
}

impl Rep {
    /// Sees to it that the first frame of a request is in `request`, if one has come.
    fn fetch(&mut self, pipes: &mut Pipes) -> bool {
        while self.request.is_none() {
            let Some((pipe, frame)) = self.inbound.recv(pipes) else {
                return false;
            };
            self.request = self
                .open(pipes, frame)
                .map(|frame| with_metadata(frame, pipes, pipe));
            self.asker = Some(pipe);
        }
        true
    }

    /// Keeps the envelope of the message that begins with `frame` and gives what follows it.
    fn open(&mut self, pipes: &mut Pipes, mut frame: Msg) -> Option<Msg> {
        self.envelope.clear();
        while frame.is_more() {
            let delimits = frame.is_empty();
            self.envelope.push(frame);
            (_, frame) = self.inbound.recv(pipes)?;
            if delimits {
                return Some(frame);
            }
        }
        None
    }

    /// Sends the envelope, or forgets the asker if it cannot be reached.
    fn begin_reply(&mut self, pipes: &mut Pipes) {
        if let Some(asker) = self.asker
            && pipes.look_for_room(asker)
        {
            for mut frame in self.envelope.drain(..) {
                frame.set_metadata(None);
                pipes.send(asker, frame);
            }
        } else {
            self.asker = None;
            self.envelope.clear();
        }
    }
}

impl Pattern for Rep {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, _origin: Origin, _peer: Option<&Identity>) {
        self.inbound.add(pipes, id);
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inbound.readable(pipes, id);
    }

    fn writable(&mut self, _pipes: &mut Pipes, _id: PipeId) {}

    fn ended(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inbound.remove(pipes, id);
        if self.asker == Some(id) {
            self.asker = None;
        }
    }

    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        match self.state {
            State::Receiving => return Err(Errno::EFSM),
            State::Replying => self.begin_reply(pipes),
            State::Sending => {}
        }
        let frame = msg.take();
        self.state = if frame.is_more() {
            State::Sending
        } else {
            State::Receiving
        };
        if let Some(asker) = self.asker {
            pipes.send(asker, frame);
        }
        Ok(())
    }

    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        if self.state != State::Receiving {
            return Err(Errno::EFSM);
        }
        // Between two frames of a request no other one is fetched.
        let frame = if self.request.is_none() && self.inbound.in_message() {
            self.inbound.recv(pipes).map(|(_, frame)| frame)
        } else {
            self.fetch(pipes);
            self.request.take()
        };
        let frame = frame.ok_or(Errno::EAGAIN)?;
        if !frame.is_more() {
            self.state = State::Replying;
        }
        Ok(frame)
    }

    fn can_recv(&mut self, pipes: &mut Pipes) -> bool {
        self.state == State::Receiving && (self.inbound.in_message() || self.fetch(pipes))
    }

    fn can_send(&mut self, _pipes: &mut Pipes) -> bool {
        self.state != State::Receiving
    }
}
