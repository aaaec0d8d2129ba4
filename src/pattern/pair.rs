//! PAIR: one peer at a time (RFC 31). CHANNEL is the same for messages of one frame (RFC 52).
//!
//! A second pipe is closed at once, unless the first is at its end.

use super::fair_queue::FairQueue;
use super::load_balance::LoadBalance;
use super::{BodyRead, Identity, Origin, Pattern, PipeId, Pipes};
use crate::errno::Result;
use crate::msg::Msg;

/// A PAIR.
#[derive(Debug, Default)]
pub(super) struct Pair {
    peer: Option<PipeId>,
    inbound: FairQueue,
    outbound: LoadBalance,
}

impl Pair {
    fn let_go(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inbound.remove(pipes, id);
        self.outbound.remove(id);
        self.peer = None;
    }
}

impl Pattern for Pair {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, _origin: Origin, _peer: Option<&Identity>) {
        if let Some(old) = self.peer {
            if !pipes.is_finished(old) {
                pipes.close(id);
                return;
            }
            self.let_go(pipes, old);
            pipes.close(old);
        }
        self.peer = Some(id);
        self.inbound.add(pipes, id);
        self.outbound.add(id);
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        if self.peer == Some(id) {
            self.inbound.readable(pipes, id);
        } else {
            pipes.discard(id);
        }
    }

    fn writable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.outbound.writable(pipes, id);
    }

    fn ended(&mut self, pipes: &mut Pipes, id: PipeId) {
        if self.peer == Some(id) {
            self.let_go(pipes, id);
        }
    }

    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        self.outbound.hand_on(pipes, msg)
    }

    #[inline]
    fn send_short(&mut self, pipes: &mut Pipes, body: &[u8], more: bool) -> Result<()> {
        self.outbound.hand_on_short(pipes, body, more)
    }

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

    fn can_send(&mut self, pipes: &mut Pipes) -> bool {
        self.outbound.can_send(pipes)
    }
}
