//! The express: plain messages on the way that the last one took.
//!
//! A *plain* message is one short frame. Where the pattern has but one pipe that the next message can go to,
//! or come from, it says so, and as many plain messages as are certain to need nothing else (room, credit,
//! a look at other pipes) may then pass without the pattern being asked. Whatever else is called for the
//! socket ends that, so there is nothing here that could be out of date.

use super::{PipeId, Pipes};
use crate::msg::Msg;

/// Most messages that go before the pattern is asked again.
const LONGEST: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Express {
    out: Way,
    inward: Way,
    /// Messages received this way.
    received: usize,
}

/// A pipe, and how many messages may still pass.
#[derive(Clone, Copy, Debug, Default)]
struct Way {
    pipe: PipeId,
    left: usize,
}

impl Pipes {
    /// The next messages, as far as plain, go to this pipe like the one before. By the pattern, after a
    /// message was sent to its end.
    #[inline]
    pub fn offer_express_out(&mut self, pipe: PipeId) {
        if self.is_settled()
            && let Some(entry) = self.entry(pipe)
        {
            let left = entry.end.tx.room_for_plain().min(LONGEST);
            self.express.out = Way { pipe, left };
        }
    }

    /// The next messages, as far as plain, come from this pipe like the one before. By the pattern, after a
    /// message was received to its end.
    #[inline]
    pub fn offer_express_in(&mut self, pipe: PipeId) {
        // The last message may have been the rest of one whose pipe is gone; whoever asks then for the sender of
        // the next ones must hear of this pipe.
        if self.is_settled()
            && self.last == Some(pipe)
            && let Some(entry) = self.entry(pipe)
        {
            let left = entry.end.rx.plain_ahead().min(LONGEST);
            self.express.inward = Way { pipe, left };
        }
    }

    /// Sends a message of one frame, at most `SHORT_MAX` bytes, by express; false: it does not go.
    #[inline]
    pub fn send_express(&mut self, body: &[u8]) -> bool {
        let way = &mut self.express.out;
        let Some(left) = way.left.checked_sub(1) else {
            return false;
        };
        let Some(Some(entry)) = self.entries.get_mut(way.pipe) else {
            return false;
        };
        way.left = left;
        entry.end.tx.send_plain(body);
        entry.sent(body.len(), true);
        true
    }

    /// Receives a message by express, as much of its body as `into` has room for: its length.
    #[inline]
    pub fn recv_express(&mut self, into: &mut [u8]) -> Option<usize> {
        let way = &mut self.express.inward;
        let left = way.left.checked_sub(1)?;
        let entry = self.entries.get_mut(way.pipe)?.as_mut()?;
        let len = entry.end.rx.recv_plain(into)?;
        way.left = left;
        self.express.received = self.express.received.wrapping_add(1);
        Some(len)
    }

    /// As [`Self::recv_express`], into a message, with what is known of its sender; `None`: the message is as it
    /// was.
    #[inline]
    pub fn recv_express_into(&mut self, place: &mut Msg) -> Option<()> {
        let way = &mut self.express.inward;
        let left = way.left.checked_sub(1)?;
        let rx = &mut self.entries.get_mut(way.pipe)?.as_mut()?.end.rx;
        rx.recv_plain_by(|body, origin| place.refill(body, origin))?;
        way.left = left;
        self.express.received = self.express.received.wrapping_add(1);
        Some(())
    }

    /// Ends the express: something else is called for.
    #[inline]
    pub fn end_express(&mut self) {
        self.express.out.left = 0;
        self.express.inward.left = 0;
    }

    /// Messages received by express since this was called last.
    #[inline]
    pub fn take_express_count(&mut self) -> usize {
        std::mem::take(&mut self.express.received)
    }

    /// Whether there is nothing to be done with any pipe before the next message.
    #[inline]
    fn is_settled(&self) -> bool {
        !self.has_news() && !self.has_unconfirmed()
    }
}
