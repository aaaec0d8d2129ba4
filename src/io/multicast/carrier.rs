//! What carries messages to all receivers of a group, or from its senders: the contract between a session of
//! multicast and the library that it uses.

use std::os::fd::RawFd;
use std::time::Instant;

use crate::msg::Msg;
use crate::pipe::Writer;

/// How a turn of receiving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// There is nothing more; a descriptor tells of what comes.
    Over,
    /// There may be more, that no descriptor tells of.
    ComeAgain,
    /// The socket has no room; it will tell.
    NoRoom,
}

/// A library's session. Called under the session's lock, on any thread; nothing waits for the network.
pub(super) trait Carrier: Send {
    /// What becomes readable, by an edge, when there is something to take in.
    fn descriptors(&self) -> Vec<RawFd>;

    /// Takes in what happened, and hands on the messages that came.
    fn receive(&mut self, outlet: &mut Outlet<'_>) -> Turn;

    /// Goes on with what was offered; whether the next frame may be.
    fn is_ready(&mut self) -> bool;

    /// Takes a frame to send; only after [`Carrier::is_ready`] said that it may be.
    fn offer(&mut self, frame: Msg);

    /// Nothing follows for now: what was offered is to go out.
    fn flush(&mut self);

    /// When to call [`Carrier::receive`] and to go on with what was offered, although no descriptor tells.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Nothing follows any more. Called until it is true: then everything was sent.
    fn end(&mut self) -> bool;
}

/// The way of messages to the socket.
pub(super) struct Outlet<'a> {
    lane: &'a mut Writer,
    /// Whether there was a message
    pub(super) pushed: bool,
}

impl<'a> Outlet<'a> {
    pub(super) fn new(lane: &'a mut Writer) -> Self {
        Self {
            lane,
            pushed: false,
        }
    }

    /// Whether the socket takes a message; if not, it tells when it does.
    pub(super) fn has_room(&mut self) -> bool {
        self.lane.look_for_room() || !(self.lane.is_orphaned() || self.lane.wait_for_room())
    }

    /// Hands on a whole message, and leaves none there.
    pub(super) fn send(&mut self, message: &mut Vec<Msg>) {
        for frame in message.drain(..) {
            self.pushed |= self.lane.send(frame);
        }
    }
}
