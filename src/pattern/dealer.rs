//! DEALER: sends to all peers in turn, receives from all in turn (RFC 28).

use std::collections::VecDeque;

use super::fair_queue::FairQueue;
use super::greeting::Greeting;
use super::load_balance::LoadBalance;
use super::{BodyRead, Identity, Origin, Pattern, PipeId, Pipes};
use crate::errno::Result;
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

    #[inline]
    fn next_report(&mut self, pipes: &mut Pipes) -> Option<Msg> {
        if self.reports.is_empty() || self.inbound.in_message() {
            return None;
        }
        pipes.forget_last();
        self.reports.pop_front()
    }
}

impl Pattern for Dealer {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, _origin: Origin, _peer: Option<&Identity>) {
        self.greeting.attach(pipes, id);
        self.inbound.add(pipes, id);
        self.outbound.add(id);
    }

    fn hiccup(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.greeting.hiccup(pipes, id);
    }

    fn lost(&mut self, _pipes: &mut Pipes, _id: PipeId) {
        self.reports.extend(self.greeting.lost());
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
        self.outbound.hand_on(pipes, msg)
    }

    #[inline]
    fn send_short(&mut self, pipes: &mut Pipes, body: &[u8], more: bool) -> Result<()> {
        self.outbound.hand_on_short(pipes, body, more)
    }

    #[inline]
    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        let mut frame = Msg::new();
        self.recv_into(pipes, &mut frame)?;
        Ok(frame)
    }

    #[inline]
    fn recv_into(&mut self, pipes: &mut Pipes, place: &mut Msg) -> Result<()> {
        if let Some(report) = self.next_report(pipes) {
            *place = report;
            return Ok(());
        }
        self.inbound.hand_over(pipes, place)
    }

    #[inline]
    fn recv_body(&mut self, pipes: &mut Pipes, into: &mut [u8]) -> Result<BodyRead> {
        if let Some(report) = self.next_report(pipes) {
            return Ok(BodyRead::of(&report, into));
        }
        self.inbound.hand_over_body(pipes, into)
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
