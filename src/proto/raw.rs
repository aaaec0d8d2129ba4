//! The engine of connections without a protocol (`ZMQ_STREAM`, `ZMQ_ROUTER_RAW`): every chunk that
//! is read becomes a message, every message is written as it is.
//!
//! What an empty message means (connected, disconnected, close) is the session's business.

use std::time::Instant;

use super::{EngineError, Input, OutBuf, PeerInfo, Sink};
use crate::msg::{Msg, RxBuf};

/// An engine with the shape of [`super::Engine`] that neither greets nor frames.
#[derive(Debug, Default)]
pub struct RawEngine {
    established: bool,
    peer: PeerInfo,
}

impl RawEngine {
    /// An engine whose first `handle_input` returns [`Input::Established`]: call it at once.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a message of all that is unread.
    ///
    /// # Errors
    /// `ENOMEM` as [`EngineError::Protocol`].
    #[inline]
    pub fn handle_input<S: Sink>(
        &mut self,
        rx: &mut RxBuf,
        sink: &mut S,
    ) -> Result<Input, EngineError> {
        if !self.established {
            self.established = true;
            return Ok(Input::Established);
        }
        let len = rx.unread().len();
        if len == 0 {
            return Ok(Input::NeedMore);
        }
        if !sink.has_room() {
            return Ok(Input::Blocked);
        }
        sink.push(rx.take(len)?);
        Ok(Input::NeedMore)
    }

    /// Nothing is known of the peer; all fields are empty.
    #[must_use]
    pub fn peer(&self) -> Option<&PeerInfo> {
        self.established.then_some(&self.peer)
    }

    /// Whether [`Input::Established`] was returned.
    #[must_use]
    pub fn is_established(&self) -> bool {
        self.established
    }

    /// Appends the body. Whether more follows makes no difference on a stream.
    #[inline]
    pub fn encode(&mut self, msg: Msg, out: &mut OutBuf) {
        out.append_msg(msg);
    }

    /// There is no deadline.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
