//! RADIO: each message to all peers that have joined its group (RFC 48).
//!
//! Peers join and leave by the frames with which others subscribe: a byte 1 or 0, and the group. What
//! finds no room at a peer is dropped. Those who receive datagrams cannot join: they get all messages. After a reconnect a pipe keeps what was joined by whoever was behind
//! it: the new one's memberships may be there before we hear of it, and it filters what it gets.

use std::collections::HashMap;

use super::distribute::Distribute;
use super::{Identity, Origin, Pattern, PipeId, Pipes};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::option::SocketOptions;

/// A RADIO.
#[derive(Debug, Default)]
pub(super) struct Radio {
    /// Who has joined a group; none is empty.
    groups: HashMap<Vec<u8>, Vec<PipeId>>,
    /// Who gets the messages of all groups.
    everywhere: Vec<PipeId>,
    outbound: Distribute,
    /// Whether a message waits for peers without room (`ZMQ_XPUB_NODROP`).
    waits: bool,
}

impl Radio {
    pub(super) fn new(options: &SocketOptions) -> Self {
        Self {
            waits: options.xpub_nodrop,
            ..Self::default()
        }
    }

    fn join(&mut self, id: PipeId, group: &[u8]) {
        let members = self.groups.entry(group.to_vec()).or_default();
        if !members.contains(&id) {
            members.push(id);
        }
    }

    fn leave(&mut self, id: PipeId, group: &[u8]) {
        if let Some(members) = self.groups.get_mut(group) {
            members.retain(|&member| member != id);
            if members.is_empty() {
                self.groups.remove(group);
            }
        }
    }

    fn leave_all(&mut self, id: PipeId) {
        self.groups.retain(|_, members| {
            members.retain(|&member| member != id);
            !members.is_empty()
        });
    }
}

/// The group of a message, without its terminating zero.
pub(super) fn group_of(msg: &Msg) -> &[u8] {
    let group = msg.group();
    group.strip_suffix(b"\0").unwrap_or(group)
}

impl Pattern for Radio {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, origin: Origin, _peer: Option<&Identity>) {
        self.outbound.add(id);
        if origin == Origin::Datagrams {
            self.everywhere.push(id);
        }
        self.readable(pipes, id);
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        while let Some(frame) = pipes.recv(id) {
            // Messages are not for a RADIO.
            if let Some((_, group)) = frame.data().split_first() {
                if frame.is_subscribe() {
                    self.join(id, group);
                } else if frame.is_cancel() {
                    self.leave(id, group);
                }
            }
        }
        pipes.forget_last();
    }

    fn writable(&mut self, pipes: &mut Pipes, id: PipeId) {
        pipes.regained(id);
    }

    fn ended(&mut self, _pipes: &mut Pipes, id: PipeId) {
        self.leave_all(id);
        self.everywhere.retain(|&member| member != id);
        self.outbound.remove(id);
    }

    fn reads(&self) -> bool {
        false
    }

    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        self.outbound.clear();
        if let Some(members) = self.groups.get(group_of(msg)) {
            members.iter().for_each(|&id| self.outbound.mark(id));
        }
        self.everywhere
            .iter()
            .for_each(|&id| self.outbound.mark(id));
        if self.waits && !self.outbound.all_have_room(pipes) {
            return Err(Errno::EAGAIN);
        }
        self.outbound.send(pipes, msg.take());
        Ok(())
    }

    fn recv(&mut self, _pipes: &mut Pipes) -> Result<Msg> {
        Err(Errno::ENOTSUP)
    }

    fn can_recv(&mut self, _pipes: &mut Pipes) -> bool {
        false
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
        self.waits = options.xpub_nodrop;
        Ok(())
    }
}
