//! DEALER: sends to all peers in turn, receives from all in turn (RFC 28).

use std::collections::VecDeque;

use super::fair_queue::FairQueue;
use super::greeting::Greeting;
use super::load_balance::LoadBalance;
use super::{Identity, Origin, Pattern, PipeId, Pipes};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::option::SocketOptions;

/// A DEALER.
#[derive(Debug, Default)]
pub(super) struct Dealer {
    inbound: FairQueue,
    outbound: LoadBalance,
    greeting: Greeting,
    /// Messages of one frame that the socket itself made up.
    reports: VecDeque<Msg>,
}

impl Dealer {
    pub(super) fn new(options: &SocketOptions) -> Self {
        let mut dealer = Self::default();
        dealer.greeting.configure(options);
        dealer
    }
}

impl Pattern for Dealer {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, _origin: Origin, _peer: Option<&Identity>) {
        self.greeting.attach(pipes, id);
        self.inbound.add(pipes, id);
        self.outbound.add(id);
    }

    fn hiccup(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.reports.extend(self.greeting.hiccup(pipes, id));
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
    }

    #[inline]
    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        self.outbound.send(pipes, msg).map(|_| ())
    }

    #[inline]
    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        if !self.reports.is_empty()
            && !self.inbound.in_message()
            && let Some(report) = self.reports.pop_front()
        {
            pipes.forget_last();
            return Ok(report);
        }
        self.inbound
            .recv(pipes)
            .map(|(_, frame)| frame)
            .ok_or(Errno::EAGAIN)
    }

    fn can_recv(&mut self, pipes: &mut Pipes) -> bool {
        !self.reports.is_empty() || self.inbound.has_next(pipes)
    }

    fn can_send(&mut self, pipes: &mut Pipes) -> bool {
        self.outbound.can_send(pipes)
    }

    fn option_changed(
        &mut self,
        _pipes: &mut Pipes,
        options: &SocketOptions,
        _id: i32,
        _raw: &[u8],
    ) -> Result<()> {
        self.greeting.configure(options);
        Ok(())
    }
}
