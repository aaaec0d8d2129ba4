//! PUB: an XPUB whose application sees nothing of the subscriptions (RFC 29).

use super::xpub::Xpub;
use super::{Identity, Origin, Pattern, PipeId, Pipes};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::option::SocketOptions;

/// A PUB.
#[derive(Debug)]
pub(super) struct Pub {
    xpub: Xpub,
}

impl Pub {
    pub(super) fn new(options: &SocketOptions) -> Self {
        Self {
            xpub: Xpub::deaf(options),
        }
    }
}

impl Pattern for Pub {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, origin: Origin, peer: Option<&Identity>) {
        self.xpub.attach(pipes, id, origin, peer);
    }

    fn hiccup(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.xpub.hiccup(pipes, id);
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.xpub.readable(pipes, id);
    }

    fn writable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.xpub.writable(pipes, id);
    }

    fn ended(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.xpub.ended(pipes, id);
    }

    fn reads(&self) -> bool {
        self.xpub.reads()
    }

    #[inline]
    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        self.xpub.send(pipes, msg)
    }

    #[inline]
    fn send_short(&mut self, pipes: &mut Pipes, body: &[u8], more: bool) -> Result<()> {
        self.xpub.send_short(pipes, body, more)
    }

    fn recv(&mut self, _pipes: &mut Pipes) -> Result<Msg> {
        Err(Errno::ENOTSUP)
    }

    fn can_recv(&mut self, _pipes: &mut Pipes) -> bool {
        false
    }

    fn can_send(&mut self, pipes: &mut Pipes) -> bool {
        self.xpub.can_send(pipes)
    }

    fn option_changed(
        &mut self,
        pipes: &mut Pipes,
        options: &SocketOptions,
        id: i32,
        raw: &[u8],
    ) -> Result<()> {
        self.xpub.option_changed(pipes, options, id, raw)
    }

    fn option(&self, id: i32) -> Option<Vec<u8>> {
        self.xpub.option(id)
    }
}
