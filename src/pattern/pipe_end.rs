//! A pipe's end, as a socket and the other side know it: where it is, who is there, who is told of what.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::pipe::{Reader, Writer};

/// Index of a pipe at its socket; used again after the pipe is gone.
pub type PipeId = usize;

const NOWHERE: usize = usize::MAX;

/// Where a pipe is at its socket: shared with the other side, which names it in what it posts.
#[derive(Debug)]
pub struct PipeSlot(AtomicUsize);

impl PipeSlot {
    /// A slot of a pipe that is not attached yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(NOWHERE)))
    }

    /// The pipe's id; `None` before it is attached and after it has ended.
    #[must_use]
    pub fn id(&self) -> Option<PipeId> {
        let id = self.0.load(Ordering::Acquire);
        (id != NOWHERE).then_some(id)
    }

    /// The pipe was attached under this id.
    pub(super) fn lead_to(&self, id: PipeId) {
        self.0.store(id, Ordering::Release);
    }

    /// The pipe has ended.
    pub(super) fn lead_nowhere(&self) {
        self.0.store(NOWHERE, Ordering::Release);
    }
}

/// The other side of a pipe, as the socket sees it. Called with the socket's lock held: never
/// blocks, never takes another socket's lock.
pub trait PeerEnd: Send + Sync {
    /// A whole message was published; `unsent` counts (messages, bytes) since the last time this
    /// returned true, which means that they are on their way.
    fn published(&self, lane: &Writer, unsent: (usize, usize)) -> bool;
    /// Whether the peer itself gives the credit for what it reads, so that a look at it is always worth
    /// while; a session gives it for what it has taken over, which is not with the peer yet.
    fn gives_credit_itself(&self) -> bool {
        false
    }
    /// Whether the other side, if this one reads on demand, looks lightly whether that waits: it is certain
    /// to see it only after [`super::Pipes::confirm_waits`].
    fn announces_lightly(&self) -> bool {
        false
    }
    /// The peer waited for credit, and some was given.
    fn credited(&self);
    /// The socket has let go of its end.
    fn closed(&self);
    /// As [`Self::closed`], and what was not received of what was sent is of use to nobody any more.
    fn withdrawn(&self) {
        self.closed();
    }
    /// Connections of a socket in the order of their making; `None` for what is no connection.
    fn serial(&self) -> Option<usize> {
        None
    }
    /// The socket's monitor is to hear how many messages are queued for the peer (`egress`) and from it.
    fn report_fill(&self, egress: usize) {
        // Monitors hear of connections only (`zmq_socket_monitor_versioned(3)`).
        let _ = egress;
    }
}

/// What an inproc peer adds to our high-water marks: (outbound, inbound) messages; `None` where it
/// has no limit.
pub type HwmBoost = (Option<usize>, Option<usize>);

/// The socket's end of a pipe.
pub struct PipeEnd {
    /// Lane to the peer.
    pub tx: Writer,
    /// Lane from the peer; its [`Reader::origin`] is what messages carry as metadata.
    pub rx: Reader,
    /// Who to tell.
    pub peer: Arc<dyn PeerEnd>,
    /// Where the peer finds this end.
    pub slot: Arc<PipeSlot>,
    /// What the other side adds to our high-water marks (inproc).
    pub hwm_boost: HwmBoost,
}

impl std::fmt::Debug for PipeEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PipeEnd")
            .field("slot", &self.slot)
            .finish_non_exhaustive()
    }
}

/// The limit of an inproc lane: both sides' marks together, none if either has none.
/// `boost` is `None` where the other side has no limit.
#[must_use]
pub fn sum_of_hwms(own: usize, boost: Option<usize>) -> usize {
    match boost {
        Some(boost) if own > 0 => own + boost,
        _ => 0,
    }
}
