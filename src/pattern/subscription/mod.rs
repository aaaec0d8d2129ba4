//! Sets of topics, for prefix matching: who subscribed to what.
//!
//! [`Topics`] counts a subscriber's own subscriptions, [`Subscribers`] knows the pipes behind each
//! topic at a publisher; both stand on one [`radix`] tree. Topics come from peers: nothing here
//! recurses or costs more than their length.

mod mtrie;
mod radix;
mod trie;

pub(super) use mtrie::{Removed, Subscribers};
pub(super) use trie::Topics;

use crate::msg::Msg;

/// Whether a frame subscribes (`Some(true)`), ends a subscription (`Some(false)`) or does neither.
/// The topic is what follows the first byte.
#[inline]
pub(super) fn kind(frame: &Msg) -> Option<bool> {
    match frame.data().first() {
        Some(1) => Some(true),
        Some(0) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
