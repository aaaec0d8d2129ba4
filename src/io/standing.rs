//! What sessions that have no connection (udp, multicast) have in common: they stand from bind or connect until their
//! socket lets go, and until what it sent has left.
//!
//! How they are driven is in `turn`; what moves through them is their own.

use std::sync::{Arc, Weak};
use std::time::Instant;

use super::contain::contain;
use super::farewell::Farewell;
use super::hub::Hub;
use super::timers::Timed;
use super::turn::{CLOSED, DEADLINE, Driven, RETIRED};
use super::{Census, Event, LiveGuard, Owner};
use crate::option::SocketOptions;
use crate::pattern::{PeerEnd, PipeEnd, PipeSlot};
use crate::pipe::{Reader, Writer, lane};

/// What such a session is made for.
pub struct SessionOf<'a> {
    /// The socket's hub
    pub hub: &'a Arc<Hub>,
    /// The socket
    pub owner: &'a Arc<dyn Owner>,
    /// Its options
    pub options: &'a SocketOptions,
    /// Its context's count of sessions
    pub census: &'a Arc<dyn Census>,
}

impl std::fmt::Debug for SessionOf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionOf").finish_non_exhaustive()
    }
}

/// The lanes to and from the socket, and how long they are to last.
pub(super) struct Line<S> {
    pub(super) to_socket: Writer,
    pub(super) from_socket: Reader,
    pub(super) slot: Arc<PipeSlot>,
    /// Set when the socket has let go: when to give up what is unsent.
    pub(super) farewell: Option<Farewell>,
    scheduled: Option<Instant>,
    live: Option<LiveGuard>,
    keep: Option<Arc<S>>,
}

/// The socket's ends of the lanes, before there is a session for them.
pub(super) struct Loose(Writer, Reader);

impl<S: Driven + PeerEnd> Line<S> {
    /// A line of a session that has this name.
    pub(super) fn new(of: &SessionOf<'_>, name: &[u8], conflate: bool) -> (Self, Loose) {
        of.hub.note_datagrams();
        let (sndhwm, rcvhwm) = of.owner.hwms();
        let (tx, from_socket) = lane(sndhwm, conflate);
        let (to_socket, rx) = lane(rcvhwm, conflate);
        let live = LiveGuard::new(Arc::clone(of.census), of.owner.name(), name);
        let line = Self {
            to_socket,
            from_socket,
            slot: PipeSlot::new(),
            farewell: None,
            scheduled: None,
            live: Some(live),
            keep: None,
        };
        (line, Loose(tx, rx))
    }

    /// Keeps the session until its end; the pipe end is for the socket.
    pub(super) fn begin(&mut self, session: &Arc<S>, Loose(tx, rx): Loose) -> PipeEnd {
        self.keep = Some(Arc::clone(session));
        PipeEnd {
            tx,
            rx,
            peer: Arc::clone(session) as Arc<dyn PeerEnd>,
            slot: Arc::clone(&self.slot),
            hwm_boost: (Some(0), Some(0)),
        }
    }

    /// Does what the bits say of the line: the time that the session was to be called at has come; the socket has let go,
    /// and from now on only what is unsent keeps the session, as long as the socket lingers.
    pub(super) fn heed(&mut self, todo: u32, owner: &Arc<dyn Owner>) {
        if todo & DEADLINE != 0 {
            self.scheduled = None;
        }
        let is_left = todo & CLOSED != 0 && self.from_socket.is_orphaned();
        if todo & RETIRED != 0 || is_left {
            let now = Instant::now();
            self.farewell = Some(Farewell::bid(self.farewell, owner.linger(), now));
        }
    }

    /// Has the session called at this time, if not before.
    pub(super) fn call_at(&mut self, at: Instant, hub: &Hub, me: &Weak<S>) {
        if self.scheduled.is_none_or(|scheduled| at < scheduled) {
            self.scheduled = Some(at);
            let me: Weak<dyn Timed> = me.clone();
            hub.io().at(at, me);
        }
    }

    /// Ends it. The owner may be at its end of the lanes: they end for it too.
    pub(super) fn end(&mut self, owner: &Arc<dyn Owner>) {
        let (nobody, _) = lane(0, false);
        drop(std::mem::replace(&mut self.to_socket, nobody));
        let (_, nothing) = lane(0, false);
        drop(std::mem::replace(&mut self.from_socket, nothing));
        owner.post(Event::Closed(Arc::clone(&self.slot)));
        self.live = None;
        self.keep = None;
    }
}

/// A session without a connection.
pub(super) trait Standing: Driven + PeerEnd + Sized {
    /// For whoever reads that one was dropped, and that its end was not in order.
    const NAMES: (&'static str, &'static str);

    fn is_over(&self) -> bool;

    fn line<'a>(&self, core: &'a mut Self::Core) -> &'a mut Line<Self>;

    /// Does what the bits say.
    fn process(&self, core: &mut Self::Core, todo: u32);

    /// Gives everything back.
    fn finish(&self, core: &mut Self::Core);

    /// Does what the bits say; should that meet a bug of ours, the session ends.
    fn work_contained(&self, core: &mut Self::Core, todo: u32) {
        if self.is_over() {
            return;
        }
        let (what, step) = Self::NAMES;
        if contain(what, || self.process(core, todo)).is_none() {
            contain(step, || self.finish(core));
            // Whatever else is broken, the context is to end.
            let line = self.line(core);
            let (live, keep) = (line.live.take(), line.keep.take());
            contain(step, || drop((live, keep)));
        }
    }
}
