//! ROUTER: messages from and to peers named by their routing ids (RFC 28).
//!
//! A pipe is used once its routing id is known: chosen by `ZMQ_CONNECT_ROUTING_ID`, told by the
//! peer, or made up. One that asks for a routing id in use is ignored, or takes it over
//! (`ZMQ_ROUTER_HANDOVER`).

use std::collections::VecDeque;

use super::address_book::AddressBook;
use super::fair_queue::FairQueue;
use super::greeting::Greeting;
use super::{ActiveSet, BodyRead, Identity, Origin, Pattern, PipeId, Pipes, with_metadata};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::option::SocketOptions;

/// `ZMQ_NOTIFY_CONNECT`
const NOTIFY_CONNECT: i32 = 1;
/// `ZMQ_NOTIFY_DISCONNECT`
const NOTIFY_DISCONNECT: i32 = 2;
/// `ZMQ_POLLOUT`
const POLLOUT: i32 = 2;

/// Where the frames of the message that is being sent go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Target {
    /// The next frame is a routing id.
    #[default]
    None,
    Pipe(PipeId),
    Nowhere,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Absent,
    /// Nothing is known of the peer yet.
    Unknown(Origin),
    /// The routing id is another pipe's.
    Ignored(Origin),
    /// In use.
    Named(Origin),
}

/// A ROUTER.
#[derive(Debug, Default)]
pub(super) struct Router {
    book: AddressBook,
    /// By pipe.
    stages: Vec<Stage>,
    inbound: FairQueue,
    /// Active: may have room.
    outbound: ActiveSet,
    target: Target,
    /// Frames of messages that the socket itself made up.
    notices: VecDeque<Msg>,
    next_routing_id: Option<Vec<u8>>,
    greeting: Greeting,
    mandatory: bool,
    handover: bool,
    raw: bool,
    notify: i32,
}

impl Router {
    pub(super) fn new(options: &SocketOptions) -> Self {
        let mut router = Self::default();
        router.configure(options);
        router
    }

    fn configure(&mut self, options: &SocketOptions) {
        self.greeting.configure(options);
        self.mandatory = options.router_mandatory;
        self.handover = options.router_handover;
        self.raw = options.router_raw;
        // On raw connections the option of STREAM says whether to tell of them.
        let tells = NOTIFY_CONNECT | NOTIFY_DISCONNECT;
        self.notify = match (self.raw, options.stream_notify) {
            (false, _) => options.router_notify,
            (true, true) => tells,
            (true, false) => 0,
        };
    }

    /// Makes a pipe usable whose routing id is in the book.
    fn use_pipe(&mut self, pipes: &mut Pipes, id: PipeId, origin: Origin) {
        self.stages[id] = Stage::Named(origin);
        self.outbound.add(id);
        self.outbound.activate(id);
        if self.notify & NOTIFY_CONNECT != 0 {
            self.notice(pipes, id, Msg::new());
        }
        self.inbound.add(pipes, id);
    }

    /// Puts a message from a named pipe before all that was not received yet.
    fn notice(&mut self, pipes: &Pipes, id: PipeId, body: Msg) {
        if let Some(frame) = self.book.frame(id) {
            self.notices
                .push_back(with_metadata(frame.duplicate(), pipes, id));
            self.notices.push_back(with_metadata(body, pipes, id));
        }
    }

    /// Names a pipe as its peer wishes.
    fn name(&mut self, pipes: &mut Pipes, id: PipeId, routing_id: &[u8], origin: Origin) {
        if routing_id.is_empty() {
            self.book.enter_unnamed(id);
        } else {
            if let Some(old) = self.book.find(routing_id) {
                if !self.handover {
                    self.stages[id] = Stage::Ignored(origin);
                    pipes.discard(id);
                    return;
                }
                self.let_go(pipes, old);
                pipes.close(old);
            }
            if self.book.enter(id, routing_id).is_err() {
                pipes.close(id);
                return;
            }
        }
        self.use_pipe(pipes, id, origin);
    }

    fn let_go(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.book.strike(id);
        self.inbound.remove(pipes, id);
        self.outbound.remove(id);
        if self.target == Target::Pipe(id) {
            self.target = Target::Nowhere;
        }
        self.stages[id] = Stage::Absent;
    }

    /// Takes the routing id that begins a message.
    fn begin(&mut self, pipes: &mut Pipes, routing_id: &[u8]) -> Result<()> {
        let Some(id) = self.book.find(routing_id) else {
            return if self.mandatory {
                Err(Errno::EHOSTUNREACH)
            } else {
                self.begin_nowhere()
            };
        };
        if !self.mandatory {
            if !pipes.look_for_room(id) {
                return self.begin_nowhere();
            }
        } else if !pipes.has_room(id) {
            if pipes.is_orphaned(id) {
                return Err(Errno::EHOSTUNREACH);
            }
            self.outbound.deactivate(id);
            pipes.full(id);
            return Err(Errno::EAGAIN);
        }
        self.target = Target::Pipe(id);
        Ok(())
    }

    /// Where a frame after the routing id goes, if anywhere.
    #[inline]
    fn target_of(&mut self, pipes: &mut Pipes, is_empty: bool, more: bool) -> Option<PipeId> {
        let target = self.target;
        if !more {
            self.target = Target::None;
        }
        let Target::Pipe(id) = target else {
            return None;
        };
        if self.raw && is_empty {
            self.let_go(pipes, id);
            pipes.close(id);
            return None;
        }
        Some(id)
    }

    /// Between messages: the next frame of those that the socket itself made up.
    #[inline]
    fn next_notice(&mut self, pipes: &mut Pipes) -> Option<Msg> {
        if self.notices.is_empty() {
            return None;
        }
        pipes.forget_last();
        self.notices.pop_front()
    }

    /// Begins the next message, with the routing id of the pipe that it comes from.
    #[inline]
    fn next_routing_id(&mut self, pipes: &mut Pipes) -> Result<&Msg> {
        let id = self.inbound.begin(pipes).ok_or(Errno::EAGAIN)?;
        pipes.note_last(id);
        // Only pipes with a routing id are read.
        self.book.frame(id).ok_or(Errno::EAGAIN)
    }

    fn begin_nowhere(&mut self) -> Result<()> {
        self.target = Target::Nowhere;
        Ok(())
    }

    fn stage(&self, id: PipeId) -> Stage {
        self.stages.get(id).copied().unwrap_or_default()
    }
}

impl Pattern for Router {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, origin: Origin, peer: Option<&Identity>) {
        if self.stages.len() <= id {
            self.stages.resize(id + 1, Stage::Absent);
        }
        self.stages[id] = Stage::Unknown(origin);
        self.greeting.attach(pipes, id);
        if origin == Origin::Connected
            && let Some(chosen) = self.next_routing_id.take()
            && self.book.find(&chosen).is_none()
            && self.book.enter(id, &chosen).is_ok()
        {
            self.use_pipe(pipes, id, origin);
        } else if self.raw {
            self.name(pipes, id, &[], origin);
        } else if let Some(peer) = peer {
            self.name(pipes, id, &peer.routing_id, origin);
        } else {
            // Frames wait until the pipe has a name; that it ends must be noticed all the same.
            pipes.has_next(id);
        }
    }

    fn identify(&mut self, pipes: &mut Pipes, id: PipeId, peer: &Identity) {
        // A pipe that has a name keeps it, whoever is behind it after a reconnect.
        if let Stage::Unknown(origin) | Stage::Ignored(origin) = self.stage(id) {
            self.name(pipes, id, &peer.routing_id, origin);
        }
    }

    fn hiccup(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.greeting.hiccup(pipes, id);
    }

    fn lost(&mut self, pipes: &mut Pipes, id: PipeId) {
        if matches!(self.stage(id), Stage::Named(_))
            && let Some(body) = self.greeting.lost()
        {
            self.notice(pipes, id, body);
        }
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        match self.stage(id) {
            Stage::Named(_) => self.inbound.readable(pipes, id),
            Stage::Unknown(_) if !pipes.is_orphaned(id) => {
                pipes.has_next(id);
            }
            // Nobody will ever hear of what is in them.
            Stage::Unknown(_) | Stage::Ignored(_) | Stage::Absent => pipes.discard(id),
        }
    }

    fn writable(&mut self, pipes: &mut Pipes, id: PipeId) {
        if self.outbound.contains(id) && pipes.regained(id) {
            self.outbound.activate(id);
        }
    }

    fn ended(&mut self, pipes: &mut Pipes, id: PipeId) {
        if let Stage::Named(origin) = self.stage(id) {
            if self.notify & NOTIFY_DISCONNECT != 0 {
                self.notice(pipes, id, Msg::new());
            }
            if origin == Origin::Accepted
                && let Some(body) = self.greeting.disconnect()
            {
                self.notice(pipes, id, body);
            }
        }
        if self.stage(id) != Stage::Absent {
            self.let_go(pipes, id);
        }
    }

    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        if self.target == Target::None {
            // A routing id with nothing after it is a message of no frames.
            if msg.is_more() {
                self.begin(pipes, msg.data())?;
            }
            drop(msg.take());
            return Ok(());
        }
        let mut frame = msg.take();
        if self.raw {
            frame.set_more(false);
        }
        if let Some(id) = self.target_of(pipes, frame.is_empty(), frame.is_more()) {
            pipes.send(id, frame);
        }
        Ok(())
    }

    #[inline]
    fn send_short(&mut self, pipes: &mut Pipes, body: &[u8], more: bool) -> Result<()> {
        if self.target == Target::None {
            return if more {
                self.begin(pipes, body)
            } else {
                Ok(())
            };
        }
        let more = more && !self.raw;
        if let Some(id) = self.target_of(pipes, body.is_empty(), more) {
            pipes.send_short(id, body, more);
        }
        Ok(())
    }

    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        let mut frame = Msg::new();
        self.recv_into(pipes, &mut frame)?;
        Ok(frame)
    }

    #[inline]
    fn recv_into(&mut self, pipes: &mut Pipes, place: &mut Msg) -> Result<()> {
        if self.inbound.in_message() {
            let id = self.inbound.recv_into(pipes, place);
            return id.map(|_| ()).ok_or(Errno::EAGAIN);
        }
        *place = match self.next_notice(pipes) {
            Some(notice) => notice,
            None => self.next_routing_id(pipes)?.duplicate(),
        };
        Ok(())
    }

    #[inline]
    fn recv_body(&mut self, pipes: &mut Pipes, into: &mut [u8]) -> Result<BodyRead> {
        if self.inbound.in_message() {
            return self.inbound.recv_body(pipes, into).ok_or(Errno::EAGAIN);
        }
        Ok(match self.next_notice(pipes) {
            Some(notice) => BodyRead::of(&notice, into),
            None => BodyRead::of(self.next_routing_id(pipes)?, into),
        })
    }

    fn can_recv(&mut self, pipes: &mut Pipes) -> bool {
        !self.notices.is_empty() || self.inbound.has_next(pipes)
    }

    fn can_send(&mut self, pipes: &mut Pipes) -> bool {
        if !self.mandatory || self.target != Target::None {
            return true;
        }
        while let Some(id) = self.outbound.current() {
            if pipes.look_for_room(id) {
                return true;
            }
            self.outbound.deactivate(id);
            pipes.full(id);
        }
        false
    }

    fn option_changed(
        &mut self,
        _pipes: &mut Pipes,
        options: &SocketOptions,
        _id: i32,
        _raw: &[u8],
    ) -> Result<()> {
        self.configure(options);
        Ok(())
    }

    fn next_connect_routing_id(&mut self, routing_id: Vec<u8>) {
        self.next_routing_id = (!routing_id.is_empty()).then_some(routing_id);
    }

    fn peer_state(&mut self, pipes: &mut Pipes, routing_id: &[u8]) -> Result<i32> {
        let id = self.book.find(routing_id).ok_or(Errno::EHOSTUNREACH)?;
        Ok(if pipes.look_for_room(id) { POLLOUT } else { 0 })
    }
}
