//! DGRAM: datagrams from and to anywhere, each a message of two frames: whose address it is, and the body
//! (`zmq_udp(7)`).
//!
//! There is one place at a time that datagrams come to; a second one is given up at once. What has no
//! place to leave from waits, as what finds no room does.

use super::fair_queue::FairQueue;
use super::load_balance::LoadBalance;
use super::{Identity, Origin, Pattern, PipeId, Pipes};
use crate::errno::{Errno, Result};
use crate::msg::Msg;

/// A DGRAM.
#[derive(Debug, Default)]
pub(super) struct Dgram {
    place: Option<PipeId>,
    inbound: FairQueue,
    outbound: LoadBalance,
}

impl Pattern for Dgram {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, _origin: Origin, _peer: Option<&Identity>) {
        if self.place.is_some() {
            pipes.close(id);
            return;
        }
        self.place = Some(id);
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
        if self.place == Some(id) {
            self.place = None;
            self.inbound.remove(pipes, id);
            self.outbound.remove(id);
        }
    }

    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        // An address has a body behind it, a body has nothing.
        if msg.is_more() == self.outbound.in_message() {
            return Err(Errno::EINVAL);
        }
        self.outbound.send(pipes, msg)?;
        Ok(())
    }

    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        let (_, frame) = self.inbound.recv(pipes).ok_or(Errno::EAGAIN)?;
        Ok(frame)
    }

    fn can_recv(&mut self, pipes: &mut Pipes) -> bool {
        self.inbound.has_next(pipes)
    }

    fn can_send(&mut self, pipes: &mut Pipes) -> bool {
        self.outbound.can_send(pipes)
    }
}
