//! PUSH: sends to all peers in turn, as far as they have room (RFC 30).
//!
//! What peers send is read and dropped, which also tells when they go.

use super::load_balance::LoadBalance;
use super::{Identity, Origin, Pattern, PipeId, Pipes};
use crate::errno::{Errno, Result};
use crate::msg::Msg;

/// A PUSH.
#[derive(Debug, Default)]
pub(super) struct Push {
    outbound: LoadBalance,
}

impl Pattern for Push {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, _origin: Origin, _peer: Option<&Identity>) {
        self.outbound.add(id);
        pipes.discard(id);
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        pipes.discard(id);
    }

    fn writable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.outbound.writable(pipes, id);
    }

    fn ended(&mut self, _pipes: &mut Pipes, id: PipeId) {
        self.outbound.remove(id);
    }

    fn reads(&self) -> bool {
        false
    }

    #[inline]
    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        self.outbound.hand_on(pipes, msg)
    }

    #[inline]
    fn send_short(&mut self, pipes: &mut Pipes, body: &[u8], more: bool) -> Result<()> {
        self.outbound.hand_on_short(pipes, body, more)
    }

    fn recv(&mut self, _pipes: &mut Pipes) -> Result<Msg> {
        Err(Errno::ENOTSUP)
    }

    fn can_recv(&mut self, _pipes: &mut Pipes) -> bool {
        false
    }

    fn can_send(&mut self, pipes: &mut Pipes) -> bool {
        self.outbound.can_send(pipes)
    }
}
