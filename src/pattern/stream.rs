//! STREAM: bytes from and to peers that do not speak ZMTP, named by routing ids (`zmq_socket(3)`).
//!
//! A message is a routing id and a chunk of bytes. An empty chunk is a notice: the connection came
//! up or went down; sending one closes the connection. A pipe that outlives its connection may say
//! that it is down by an empty frame.

use std::collections::VecDeque;

use super::address_book::AddressBook;
use super::fair_queue::FairQueue;
use super::{Identity, Origin, Pattern, PipeId, Pipes, with_metadata};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::option::{SocketOptions, id as option};

/// Where the chunk goes whose routing id was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Target {
    /// The next frame is a routing id.
    #[default]
    None,
    Pipe(PipeId),
    Nowhere,
}

/// What the application was told, or is about to be, of a pipe's connection.
#[derive(Clone, Copy, Debug, Default)]
struct Link {
    up: bool,
    /// It came up again before the frame was read that says that it was down.
    up_again: bool,
}

/// A STREAM.
#[derive(Debug, Default)]
pub(super) struct Stream {
    book: AddressBook,
    /// By pipe.
    links: Vec<Link>,
    inbound: FairQueue,
    target: Target,
    /// Frames of notices and of the message fetched last.
    ready: VecDeque<Msg>,
    notify: bool,
    next_routing_id: Option<Vec<u8>>,
    /// The routing id of the last connection that this socket began.
    last_connected: Option<Vec<u8>>,
}

impl Stream {
    pub(super) fn new(options: &SocketOptions) -> Self {
        Self {
            notify: options.stream_notify,
            ..Self::default()
        }
    }

    fn routing_id(&self, pipes: &Pipes, id: PipeId) -> Option<Msg> {
        let frame = self.book.frame(id)?.duplicate();
        Some(with_metadata(frame, pipes, id))
    }

    fn notice(&mut self, pipes: &Pipes, id: PipeId) {
        if self.notify
            && let Some(frame) = self.routing_id(pipes, id)
        {
            self.ready.push_back(frame);
            self.ready.push_back(with_metadata(Msg::new(), pipes, id));
        }
    }

    /// Lets go of a pipe; nothing more of it is told.
    fn let_go(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.book.strike(id);
        self.inbound.remove(pipes, id);
        if self.target == Target::Pipe(id) {
            self.target = Target::Nowhere;
        }
    }

    fn begin(&mut self, pipes: &mut Pipes, routing_id: &Msg) -> Result<()> {
        if !routing_id.is_more() {
            self.target = Target::Nowhere;
            return Ok(());
        }
        let id = self
            .book
            .find(routing_id.data())
            .ok_or(Errno::EHOSTUNREACH)?;
        if !pipes.has_room(id) {
            if pipes.is_orphaned(id) {
                return Err(Errno::EHOSTUNREACH);
            }
            pipes.full(id);
            return Err(Errno::EAGAIN);
        }
        self.target = Target::Pipe(id);
        Ok(())
    }

    /// Puts the next message from a pipe where [`Pattern::recv`] takes it; false if there is none.
    fn fetch(&mut self, pipes: &mut Pipes) -> bool {
        while self.ready.is_empty() {
            let Some((id, mut chunk)) = self.inbound.recv(pipes) else {
                return false;
            };
            if chunk.is_empty() {
                let link = &mut self.links[id];
                let again = std::mem::take(&mut link.up_again);
                let told = std::mem::replace(&mut link.up, again);
                for _ in 0..u8::from(told) + u8::from(again) {
                    self.notice(pipes, id);
                }
            } else if let Some(frame) = self.routing_id(pipes, id) {
                chunk.set_more(false);
                self.ready.push_back(frame);
                self.ready.push_back(with_metadata(chunk, pipes, id));
            }
        }
        true
    }
}

impl Pattern for Stream {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, origin: Origin, peer: Option<&Identity>) {
        if self.links.len() <= id {
            self.links.resize(id + 1, Link::default());
        }
        self.links[id] = Link::default();
        let chosen = (origin == Origin::Connected)
            .then(|| self.next_routing_id.take())
            .flatten()
            .filter(|chosen| self.book.find(chosen).is_none());
        if chosen.is_none_or(|chosen| self.book.enter(id, &chosen).is_err()) {
            self.book.enter_unnamed(id);
        }
        if origin == Origin::Connected {
            self.last_connected = self.book.frame(id).map(|frame| frame.data().to_vec());
        }
        if let Some(peer) = peer {
            self.identify(pipes, id, peer);
        }
        self.inbound.add(pipes, id);
    }

    fn identify(&mut self, pipes: &mut Pipes, id: PipeId, _peer: &Identity) {
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        if !link.up {
            link.up = true;
            self.notice(pipes, id);
        } else if pipes.has_next(id) {
            link.up_again = true;
        } else {
            // All was read, and nothing said that the connection was down.
            self.notice(pipes, id);
            self.notice(pipes, id);
        }
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        if self.book.frame(id).is_some() {
            self.inbound.readable(pipes, id);
        } else {
            pipes.discard(id);
        }
    }

    fn writable(&mut self, pipes: &mut Pipes, id: PipeId) {
        pipes.regained(id);
    }

    fn ended(&mut self, pipes: &mut Pipes, id: PipeId) {
        // A connection that this side has ended is no news.
        if self.links.get(id).is_some_and(|link| link.up) && pipes.is_finished(id) {
            self.notice(pipes, id);
        }
        self.let_go(pipes, id);
    }

    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        if self.target == Target::None {
            self.begin(pipes, msg)?;
            drop(msg.take());
            return Ok(());
        }
        let mut chunk = msg.take();
        chunk.set_more(false);
        if let Target::Pipe(id) = std::mem::take(&mut self.target) {
            if chunk.is_empty() {
                self.let_go(pipes, id);
                pipes.close(id);
            } else {
                pipes.send(id, chunk);
            }
        }
        Ok(())
    }

    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        self.fetch(pipes);
        pipes.forget_last();
        self.ready.pop_front().ok_or(Errno::EAGAIN)
    }

    fn can_recv(&mut self, pipes: &mut Pipes) -> bool {
        self.fetch(pipes)
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
        self.notify = options.stream_notify;
        Ok(())
    }

    fn option(&self, id: i32) -> Option<Vec<u8>> {
        if id == option::ROUTING_ID {
            self.last_connected.clone()
        } else {
            None
        }
    }

    fn next_connect_routing_id(&mut self, routing_id: Vec<u8>) {
        self.next_routing_id = (!routing_id.is_empty()).then_some(routing_id);
    }
}
