//! The way of one ZAP request to a handler in the application, and of its reply back (RFC 27).
//!
//! The session that asks waits like for anything else: whoever brings the reply has it called
//! again. Nobody is blocked, and a slow handler holds up one connection only.

use std::sync::Arc;

use crate::msg::Msg;
use crate::pattern::PeerEnd;
use crate::pipe::{Reader, Writer};

/// Most frames of a reply that are looked at; a longer one is wrong anyway.
const FRAMES_MAX: usize = 16;

/// A request that is on its way; dropping it takes the way back.
pub struct ZapDialog {
    /// Gone while dropping.
    lanes: Option<(Writer, Reader)>,
    handler: Arc<dyn PeerEnd>,
    is_answered: bool,
}

impl std::fmt::Debug for ZapDialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ZapDialog").finish_non_exhaustive()
    }
}

impl ZapDialog {
    /// The asking side of a pipe to `handler`.
    #[must_use]
    pub fn new(requests: Writer, replies: Reader, handler: Arc<dyn PeerEnd>) -> Self {
        Self {
            lanes: Some((requests, replies)),
            handler,
            is_answered: false,
        }
    }

    /// The frames of the reply, once it is there.
    pub fn reply(&mut self) -> Option<Vec<Msg>> {
        let (_, replies) = self.lanes.as_mut()?;
        let mut frames = vec![replies.recv()?.frame];
        self.is_answered = true;
        // Whole messages are published: what has begun is there to its end.
        while replies.in_message()
            && let Some(received) = replies.recv()
        {
            if frames.len() < FRAMES_MAX {
                frames.push(received.frame);
            }
        }
        Some(frames)
    }
}

impl Drop for ZapDialog {
    fn drop(&mut self) {
        drop(self.lanes.take());
        if self.is_answered {
            self.handler.closed();
        } else {
            // A handler that is behind must not spend its time on those who have given up: it would never
            // catch up, and whoever comes and goes could have it hold any number of requests.
            self.handler.withdrawn();
        }
    }
}
