//! The rule of the thread-safe types, for whichever pattern they stand on: messages of one frame.
//!
//! CLIENT is a DEALER, SCATTER a PUSH, GATHER a PULL and CHANNEL a PAIR under this rule; a SERVER
//! has a pattern of its own (RFC 41, 49, 51, 52).

use super::{Identity, Origin, Pattern, PipeId, Pipes};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::option::SocketOptions;

/// A pattern whose messages have one frame.
#[derive(Debug)]
pub(super) struct SinglePart<P> {
    inner: P,
    /// A message taken out of its pipe but not yet received.
    ahead: Option<Msg>,
}

impl<P: Pattern> SinglePart<P> {
    pub(super) const fn new(inner: P) -> Self {
        Self { inner, ahead: None }
    }

    /// The next message of one frame; those of more are dropped.
    fn next(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        loop {
            let mut frame = self.inner.recv(pipes)?;
            if !frame.is_more() {
                return Ok(frame);
            }
            while frame.is_more() {
                frame = self.inner.recv(pipes)?;
            }
        }
    }
}

impl<P: Pattern> Pattern for SinglePart<P> {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, origin: Origin, peer: Option<&Identity>) {
        self.inner.attach(pipes, id, origin, peer);
    }

    fn identify(&mut self, pipes: &mut Pipes, id: PipeId, peer: &Identity) {
        self.inner.identify(pipes, id, peer);
    }

    fn hiccup(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inner.hiccup(pipes, id);
    }

    fn lost(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inner.lost(pipes, id);
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inner.readable(pipes, id);
    }

    fn writable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inner.writable(pipes, id);
    }

    fn ended(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inner.ended(pipes, id);
    }

    fn reads(&self) -> bool {
        self.inner.reads()
    }

    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        if msg.is_more() {
            return Err(Errno::EINVAL);
        }
        self.inner.send(pipes, msg)
    }

    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        match self.ahead.take() {
            Some(frame) => Ok(frame),
            None => self.next(pipes),
        }
    }

    fn can_recv(&mut self, pipes: &mut Pipes) -> bool {
        if self.ahead.is_none()
            && let Ok(mut frame) = self.next(pipes)
        {
            if frame.metadata().is_none() {
                frame.set_metadata(pipes.last_metadata());
            }
            // Nothing may pass the one that is ahead.
            pipes.end_express();
            self.ahead = Some(frame);
        }
        self.ahead.is_some()
    }

    fn can_send(&mut self, pipes: &mut Pipes) -> bool {
        self.inner.can_send(pipes)
    }

    fn option_changed(
        &mut self,
        pipes: &mut Pipes,
        options: &SocketOptions,
        id: i32,
        raw: &[u8],
    ) -> Result<()> {
        self.inner.option_changed(pipes, options, id, raw)
    }

    fn option(&self, id: i32) -> Option<Vec<u8>> {
        self.inner.option(id)
    }

    fn peer_number(&self, id: PipeId) -> Option<u32> {
        self.inner.peer_number(id)
    }

    fn disconnect_peer(&mut self, pipes: &mut Pipes, number: u32) -> Result<()> {
        self.inner.disconnect_peer(pipes, number)
    }

    fn change_group(&mut self, pipes: &mut Pipes, group: &[u8], join: bool) -> Result<()> {
        self.inner.change_group(pipes, group, join)
    }
}
