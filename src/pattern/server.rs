//! SERVER and PEER: messages from and to peers named by numbers (RFC 41, `zmq_socket(3)`).
//!
//! The number travels beside the message (`zmq_msg_routing_id(3)`), not in a frame, and holds for
//! as long as the pipe is there.

use std::collections::{HashMap, VecDeque};

use super::address_book::next_number;
use super::fair_queue::FairQueue;
use super::greeting::Greeting;
use super::{Identity, Origin, Pattern, PipeId, Pipes};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::option::SocketOptions;

/// A pipe's name.
#[derive(Clone, Copy, Debug, Default)]
struct Name {
    /// 0 for a pipe that is not there.
    number: u32,
    accepted: bool,
}

/// A SERVER or a PEER.
#[derive(Debug, Default)]
pub(super) struct Server {
    pipes: HashMap<u32, PipeId>,
    /// By pipe.
    names: Vec<Name>,
    inbound: FairQueue,
    greeting: Greeting,
    /// Messages that the socket itself made up.
    reports: VecDeque<Msg>,
}

impl Server {
    pub(super) fn new(options: &SocketOptions) -> Self {
        let mut server = Self::default();
        server.greeting.configure(options);
        server
    }

    fn report(&mut self, report: Option<Msg>, number: u32) {
        self.reports.extend(report.map(|mut report| {
            report.set_routing_id(number);
            report
        }));
    }

    fn name(&self, id: PipeId) -> Name {
        self.names.get(id).copied().unwrap_or_default()
    }
}

impl Pattern for Server {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, origin: Origin, _peer: Option<&Identity>) {
        let mut number = next_number();
        while number == 0 || self.pipes.contains_key(&number) {
            number = next_number();
        }
        if self.names.len() <= id {
            self.names.resize(id + 1, Name::default());
        }
        self.names[id] = Name {
            number,
            accepted: origin == Origin::Accepted,
        };
        self.pipes.insert(number, id);
        self.greeting.attach(pipes, id);
        self.inbound.add(pipes, id);
    }

    fn hiccup(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.greeting.hiccup(pipes, id);
    }

    fn lost(&mut self, _pipes: &mut Pipes, id: PipeId) {
        self.report(self.greeting.lost(), self.name(id).number);
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inbound.readable(pipes, id);
    }

    fn writable(&mut self, pipes: &mut Pipes, id: PipeId) {
        pipes.regained(id);
    }

    fn ended(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inbound.remove(pipes, id);
        let name = self.name(id);
        if self.pipes.remove(&name.number).is_some() {
            self.names[id] = Name::default();
            if name.accepted {
                self.report(self.greeting.disconnect(), name.number);
            }
        }
    }

    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        let id = *self
            .pipes
            .get(&msg.routing_id())
            .ok_or(Errno::EHOSTUNREACH)?;
        if !pipes.has_room(id) {
            if pipes.is_orphaned(id) {
                return Err(Errno::EHOSTUNREACH);
            }
            pipes.full(id);
            return Err(Errno::EAGAIN);
        }
        let mut frame = msg.take();
        frame.set_routing_id(0);
        pipes.send(id, frame);
        Ok(())
    }

    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        if !self.inbound.in_message()
            && let Some(report) = self.reports.pop_front()
        {
            pipes.forget_last();
            return Ok(report);
        }
        let (id, mut frame) = self.inbound.recv(pipes).ok_or(Errno::EAGAIN)?;
        frame.set_routing_id(self.name(id).number);
        Ok(frame)
    }

    fn can_recv(&mut self, pipes: &mut Pipes) -> bool {
        !self.reports.is_empty() || self.inbound.has_next(pipes)
    }

    fn can_send(&mut self, _pipes: &mut Pipes) -> bool {
        true
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

    fn peer_number(&self, id: PipeId) -> Option<u32> {
        match self.name(id).number {
            0 => None,
            number => Some(number),
        }
    }

    fn disconnect_peer(&mut self, pipes: &mut Pipes, number: u32) -> Result<()> {
        let id = self.pipes.remove(&number).ok_or(Errno::EHOSTUNREACH)?;
        // Without its name the pipe ends unreported: the application knows.
        self.names[id] = Name::default();
        pipes.close(id);
        Ok(())
    }
}
