//! DISH: receives what is sent to the groups that it has joined (RFC 48).
//!
//! Memberships are state, not traffic: they are never dropped for want of room, and told anew to
//! whoever comes or comes back.

use std::collections::HashSet;

use super::fair_queue::FairQueue;
use super::radio::group_of;
use super::{ActiveSet, Identity, Origin, Pattern, PipeId, Pipes};
use crate::errno::{Errno, Result};
use crate::msg::Msg;

/// Longest name of a group in bytes (`ZMQ_GROUP_MAX_LENGTH`).
const GROUP_MAX: usize = 255;

/// A DISH.
#[derive(Debug, Default)]
pub(super) struct Dish {
    groups: HashSet<Vec<u8>>,
    inbound: FairQueue,
    peers: ActiveSet,
}

/// The frame by which a peer hears that we join a group, or leave it.
fn membership(group: &[u8], join: bool) -> Result<Msg> {
    let mut frame = Msg::copy_of(&[&[u8::from(join)], group].concat())?;
    if join {
        frame.mark_subscribe();
    } else {
        frame.mark_cancel();
    }
    Ok(frame)
}

impl Dish {
    fn tell_everything(&self, pipes: &mut Pipes, id: PipeId) {
        for group in &self.groups {
            // Without memory for a group there is none to say so with; the others still count.
            if let Ok(frame) = membership(group, true) {
                pipes.send(id, frame);
            }
        }
    }
}

impl Pattern for Dish {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, _origin: Origin, _peer: Option<&Identity>) {
        self.peers.add(id);
        self.tell_everything(pipes, id);
        self.inbound.add(pipes, id);
    }

    fn hiccup(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.tell_everything(pipes, id);
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inbound.readable(pipes, id);
    }

    fn writable(&mut self, _pipes: &mut Pipes, _id: PipeId) {}

    fn ended(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inbound.remove(pipes, id);
        self.peers.remove(id);
    }

    fn send(&mut self, _pipes: &mut Pipes, _msg: &mut Msg) -> Result<()> {
        Err(Errno::ENOTSUP)
    }

    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        loop {
            let (_, frame) = self.inbound.recv(pipes).ok_or(Errno::EAGAIN)?;
            // A peer may not know yet that we left.
            if frame.is_more() || self.groups.contains(group_of(&frame)) {
                return Ok(frame);
            }
        }
    }

    fn can_recv(&mut self, pipes: &mut Pipes) -> bool {
        self.inbound.has_next(pipes)
    }

    fn can_send(&mut self, _pipes: &mut Pipes) -> bool {
        false
    }

    fn change_group(&mut self, pipes: &mut Pipes, group: &[u8], join: bool) -> Result<()> {
        if group.len() > GROUP_MAX || self.groups.contains(group) == join {
            return Err(Errno::EINVAL);
        }
        let frame = membership(group, join)?;
        if join {
            self.groups.insert(group.to_vec());
        } else {
            self.groups.remove(group);
        }
        for &id in self.peers.members() {
            pipes.send(id, frame.duplicate());
        }
        Ok(())
    }
}
