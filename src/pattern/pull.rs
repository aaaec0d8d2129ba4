//! PULL: receives from all peers in turn (RFC 30).

use super::fair_queue::FairQueue;
use super::{BodyRead, Identity, Origin, Pattern, PipeId, Pipes};
use crate::errno::{Errno, Result};
use crate::msg::Msg;

/// A PULL.
#[derive(Debug, Default)]
pub(super) struct Pull {
    inbound: FairQueue,
}

impl Pattern for Pull {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, _origin: Origin, _peer: Option<&Identity>) {
        self.inbound.add(pipes, id);
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inbound.readable(pipes, id);
    }

    fn writable(&mut self, _pipes: &mut Pipes, _id: PipeId) {}

    fn ended(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inbound.remove(pipes, id);
    }

    fn send(&mut self, _pipes: &mut Pipes, _msg: &mut Msg) -> Result<()> {
        Err(Errno::ENOTSUP)
    }

    #[inline]
    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        let mut frame = Msg::new();
        self.recv_into(pipes, &mut frame)?;
        Ok(frame)
    }

    #[inline]
    fn recv_into(&mut self, pipes: &mut Pipes, place: &mut Msg) -> Result<()> {
        self.inbound.hand_over(pipes, place)
    }

    #[inline]
    fn recv_body(&mut self, pipes: &mut Pipes, into: &mut [u8]) -> Result<BodyRead> {
        self.inbound.hand_over_body(pipes, into)
    }

    fn can_recv(&mut self, pipes: &mut Pipes) -> bool {
        self.inbound.has_next(pipes)
    }

    fn can_send(&mut self, _pipes: &mut Pipes) -> bool {
        false
    }
}
