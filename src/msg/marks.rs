//! What a frame says beside its body: whether more follow, that it is a subscription, where it came from and whom it is
//! for. Nothing here looks at the body.

use std::sync::Arc;

use super::{Metadata, Msg, spare};
use crate::errno::{Errno, Result};

// Bits of a message's flags.
/// More frames of the message follow.
pub(super) const MORE: u8 = 1;
const SUBSCRIBE: u8 = 2;
const CANCEL: u8 = 4;
/// The body may have other holders.
pub(super) const SHARED: u8 = 8;
const ORIGIN: u8 = 16;

/// Thin handle of a group name.
pub(super) struct Group(Box<[u8]>);

impl Msg {
    /// Whether more frames of the same message follow.
    #[must_use]
    #[inline]
    pub fn is_more(&self) -> bool {
        self.flags & MORE != 0
    }

    /// Says whether more frames of the same message follow.
    #[inline]
    pub fn set_more(&mut self, more: bool) {
        self.flags = if more {
            self.flags | MORE
        } else {
            self.flags & !MORE
        };
    }

    /// Whether this is a subscription: its body is a byte 1 and the topic.
    #[must_use]
    #[inline]
    pub fn is_subscribe(&self) -> bool {
        self.flags & SUBSCRIBE != 0
    }

    /// Whether this ends a subscription: its body is a byte 0 and the topic.
    #[must_use]
    #[inline]
    pub fn is_cancel(&self) -> bool {
        self.flags & CANCEL != 0
    }

    /// Whether this is a subscription or the end of one.
    #[must_use]
    #[inline]
    pub fn is_subscription(&self) -> bool {
        self.flags & (SUBSCRIBE | CANCEL) != 0
    }

    /// Marks a body of a byte 1 and a topic as a subscription.
    pub fn mark_subscribe(&mut self) {
        self.flags |= SUBSCRIBE;
    }

    /// Marks a body of a byte 0 and a topic as the end of a subscription.
    pub fn mark_cancel(&mut self) {
        self.flags |= CANCEL;
    }

    /// Takes away what only the sender's library needs to know: the frame becomes plain data.
    #[inline]
    pub fn clear_marks(&mut self) {
        self.flags &= !(SUBSCRIBE | CANCEL);
    }

    /// No frame, but a note among frames that travel together: what follows came by this connection.
    #[must_use]
    pub(crate) fn origin(metadata: Arc<Metadata>) -> Self {
        let mut note = Self::new();
        note.metadata = Some(metadata);
        note.flags = ORIGIN | MORE;
        note
    }

    /// Whether this is a note of [`Self::origin`].
    #[inline]
    pub(crate) fn is_origin(&self) -> bool {
        self.flags & ORIGIN != 0
    }

    /// What a note of [`Self::origin`] says.
    pub(crate) fn into_origin(mut self) -> Option<Arc<Metadata>> {
        self.metadata.take()
    }

    /// What is known of the connection the message came by.
    #[must_use]
    pub fn metadata(&self) -> Option<&Arc<Metadata>> {
        self.metadata.as_ref()
    }

    /// Sets or clears what is known of the connection the message came by.
    #[inline]
    pub fn set_metadata(&mut self, metadata: Option<&Arc<Metadata>>) {
        let told = metadata.map(spare::take_metadata);
        if let Some(old) = std::mem::replace(&mut self.metadata, told) {
            spare::keep_metadata(old);
        }
    }

    /// Routing id of a SERVER's peer, 0 if there is none (`zmq_msg_routing_id(3)`).
    #[must_use]
    pub fn routing_id(&self) -> u32 {
        self.routing_id
    }

    /// Sets the routing id of a SERVER's peer.
    pub fn set_routing_id(&mut self, routing_id: u32) {
        self.routing_id = routing_id;
    }

    /// Group of a RADIO's message, with its terminating zero (`zmq_msg_group(3)`).
    #[must_use]
    pub fn group(&self) -> &[u8] {
        self.group.as_ref().map_or(b"\0", |group| &group.0)
    }

    /// Sets the group of a RADIO's message.
    ///
    /// # Errors
    /// `EINVAL` if the name is longer than 255 bytes.
    pub fn set_group(&mut self, group: &[u8]) -> Result<()> {
        if group.len() > 255 {
            return Err(Errno::EINVAL);
        }
        let mut name = group.to_vec();
        name.push(0);
        self.group = (!group.is_empty()).then(|| Arc::new(Group(name.into_boxed_slice())));
        Ok(())
    }

    /// Sets the group to that of another message, whose name is shared.
    pub fn set_group_of(&mut self, other: &Self) {
        self.group.clone_from(&other.group);
    }
}
