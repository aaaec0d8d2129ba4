//! The inproc transport: names within a context, and pipes between two of its sockets.
//!
//! A peer's lock is never taken: the end that belongs to it is posted to its mailbox. A socket that
//! connects before the name is bound has its pipe at once; the other end waits here.

use std::collections::HashMap;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::link::Link;
use crate::errno::{Errno, Result};
use crate::io::{Event, Owner};
use crate::option::SocketOptions;
use crate::pattern::{HwmBoost, Identity, Origin, PeerEnd, PipeEnd, PipeSlot, sum_of_hwms};
use crate::pipe::{HwmKnob, Writer, lane};
use crate::sys::barrier;
use crate::sys::lock::Mutex;

/// The names of a context.
#[derive(Default)]
pub(crate) struct Registry(Mutex<Names>);

#[derive(Default)]
struct Names {
    bound: HashMap<Vec<u8>, Arc<Link>>,
    pending: HashMap<Vec<u8>, Vec<Pending>>,
}

/// A connection to a name that is not bound yet.
struct Pending {
    connector: Arc<Link>,
    connector_slot: Arc<PipeSlot>,
    connector_hwms: (usize, usize),
    identity: Identity,
    /// The connector's way to reach the binder.
    way: Arc<Neighbour>,
    end: PipeEnd,
    /// Marks of the lanes: (to the binder, from the binder).
    knobs: (HwmKnob, HwmKnob),
    /// Set when the connector has let go.
    farewell: Option<Farewell>,
}

/// When to give up what a connector left for a name that is not bound; `None` for never.
struct Farewell {
    until: Option<Instant>,
}

impl Pending {
    /// Whether it is of use no more: the connector has let go, and has left nothing or no time for it.
    fn is_over(&mut self, now: Instant) -> bool {
        if !self.end.rx.is_orphaned() {
            return false;
        }
        let linger = self.connector.linger();
        let farewell = self.farewell.get_or_insert_with(|| Farewell {
            until: linger.and_then(|linger| now.checked_add(linger)),
        });
        if farewell.until.is_some_and(|until| until <= now) {
            return true;
        }
        // Subscriptions of a socket that is gone are nothing that anybody waits for.
        self.end.rx.skip_subscriptions();
        !self.end.rx.has_next()
    }
}

/// The other end of an inproc pipe.
struct Neighbour {
    /// Unset while nobody has bound the name.
    link: OnceLock<Reached>,
    slot: Arc<PipeSlot>,
    /// Between two sockets; what a session has with a ZAP handler is rare, and no socket's on its side.
    lightly: bool,
}

/// The socket there, and what a sender has to know of it for each message: looking it up in the link
/// would cost a cache line that the other socket's thread writes to all the time.
struct Reached {
    link: Arc<Link>,
    reads_on_demand: bool,
}

impl Reached {
    fn new(link: &Arc<Link>) -> Self {
        Self {
            link: Arc::clone(link),
            reads_on_demand: link.socket_type.reads_on_demand(),
        }
    }
}

impl Neighbour {
    fn post(&self, event: Event) {
        if let Some(reached) = self.link.get() {
            reached.link.post(event);
        }
    }
}

impl PeerEnd for Neighbour {
    #[inline]
    fn published(&self, lane: &Writer, _unsent: (usize, usize)) -> bool {
        let waits = if self.lightly
            && self
                .link
                .get()
                .is_some_and(|reached| reached.reads_on_demand)
        {
            lane.reader_waits_lightly()
        } else {
            lane.reader_waits()
        };
        if waits {
            self.post(Event::Readable(Arc::clone(&self.slot)));
        }
        true
    }

    #[inline]
    fn announces_lightly(&self) -> bool {
        self.lightly
    }

    fn gives_credit_itself(&self) -> bool {
        true
    }

    fn credited(&self) {
        self.post(Event::Writable(Arc::clone(&self.slot)));
    }

    fn closed(&self) {
        // Either a binder that comes now sees that our ends are gone, or we see it.
        fence(Ordering::SeqCst);
        self.post(Event::Closed(Arc::clone(&self.slot)));
    }

    fn withdrawn(&self) {
        if let Some(reached) = self.link.get() {
            reached.link.withdraw(&self.slot);
        }
    }
}

/// The way to the end of a pipe at `link` that will be attached under this slot.
pub(super) fn way_to(link: &Arc<Link>, slot: Arc<PipeSlot>) -> Arc<dyn PeerEnd> {
    Arc::new(Neighbour {
        link: OnceLock::from(Reached::new(link)),
        slot,
        lightly: false,
    })
}

/// What an inproc peer with these marks adds to ours: (outbound, inbound).
fn boost_from((sndhwm, rcvhwm): (usize, usize)) -> HwmBoost {
    let limit = |hwm: usize| (hwm > 0).then_some(hwm);
    (limit(rcvhwm), limit(sndhwm))
}

fn identity_of(options: &SocketOptions) -> Identity {
    Identity {
        routing_id: options.routing_id.clone(),
    }
}

/// Both ends of a pipe between a connector and whoever `way` will lead to.
struct NewPipe {
    end: PipeEnd,
    their_end: PipeEnd,
    way: Arc<Neighbour>,
}

impl NewPipe {
    fn of(connector: &Arc<Link>, boost: HwmBoost, conflate: bool) -> Self {
        let hwms = connector.hwms();
        let (tx, their_rx) = lane(sum_of_hwms(hwms.0, boost.0), conflate);
        let (their_tx, rx) = lane(sum_of_hwms(hwms.1, boost.1), conflate);
        let (slot, their_slot) = (PipeSlot::new(), PipeSlot::new());
        let way = Arc::new(Neighbour {
            link: OnceLock::new(),
            slot: Arc::clone(&their_slot),
            lightly: true,
        });
        let back = Neighbour {
            link: OnceLock::from(Reached::new(connector)),
            slot: Arc::clone(&slot),
            lightly: true,
        };
        let end = PipeEnd {
            tx,
            rx,
            peer: Arc::clone(&way) as Arc<dyn PeerEnd>,
            slot,
            hwm_boost: boost,
        };
        let their_end = PipeEnd {
            tx: their_tx,
            rx: their_rx,
            peer: Arc::new(back),
            slot: their_slot,
            hwm_boost: boost_from(hwms),
        };
        Self {
            end,
            their_end,
            way,
        }
    }
}

impl Registry {
    /// Binds a name and takes in who waits for it. Called with the binder's lock held.
    ///
    /// # Errors
    /// `EADDRINUSE` if the name is bound already.
    pub(crate) fn bind(
        &self,
        name: &[u8],
        link: &Arc<Link>,
        options: &SocketOptions,
    ) -> Result<()> {
        let waiting = {
            let mut names = self.0.lock();
            if names.bound.contains_key(name) {
                return Err(Errno::EADDRINUSE);
            }
            names.bound.insert(name.to_owned(), Arc::clone(link));
            names.pending.remove(name).unwrap_or_default()
        };
        let now = Instant::now();
        let hwms = link.hwms();
        for mut pending in waiting {
            if pending.is_over(now) {
                continue;
            }
            let boost = boost_from(pending.connector_hwms);
            pending.knobs.0.set(sum_of_hwms(hwms.1, boost.1));
            pending.knobs.1.set(sum_of_hwms(hwms.0, boost.0));
            pending.end.hwm_boost = boost;
            // From now on the connector reaches us; what it did before, attaching finds.
            let _ = pending.way.link.set(Reached::new(link));
            link.post(Event::Attach(
                Box::new(pending.end),
                Origin::Accepted,
                pending.identity,
            ));
            pending.connector.post(Event::Established {
                slot: pending.connector_slot,
                peer: identity_of(options),
                metadata: None,
                again: false,
                hwm_boost: Some(boost_from(hwms)),
            });
        }
        Ok(())
    }

    /// The socket that has bound a name.
    pub(crate) fn bound(&self, name: &[u8]) -> Option<Arc<Link>> {
        self.0.lock().bound.get(name).cloned()
    }

    /// Frees a name that `link` has bound.
    ///
    /// # Errors
    /// `ENOENT` if it has not.
    pub(crate) fn unbind(&self, name: &[u8], link: &Link) -> Result<()> {
        let mut names = self.0.lock();
        match names.bound.get(name) {
            Some(bound) if std::ptr::eq(&raw const **bound, link) => {
                names.bound.remove(name);
                Ok(())
            }
            _ => Err(Errno::ENOENT),
        }
    }

    /// Connects to a name, bound or not. Returns the connector's end and, if the name is bound, who is
    /// behind it. Called with the connector's lock held.
    pub(crate) fn connect(
        &self,
        name: &[u8],
        link: &Arc<Link>,
        options: &SocketOptions,
    ) -> (PipeEnd, Option<Identity>) {
        barrier::prepare();
        let mut names = self.0.lock();
        let binder = names.bound.get(name).cloned();
        let boost = binder
            .as_ref()
            .map_or((Some(0), Some(0)), |binder| boost_from(binder.hwms()));
        let identity = identity_of(options);
        let peer = binder.as_ref().map(|binder| Identity {
            routing_id: binder.routing_id(),
        });
        let pipe = NewPipe::of(link, boost, options.conflates());
        match binder {
            Some(binder) => {
                let _ = pipe.way.link.set(Reached::new(&binder));
                binder.post(Event::Attach(
                    Box::new(pipe.their_end),
                    Origin::Accepted,
                    identity,
                ));
            }
            None => names
                .pending
                .entry(name.to_owned())
                .or_default()
                .push(Pending {
                    connector: Arc::clone(link),
                    connector_slot: Arc::clone(&pipe.end.slot),
                    connector_hwms: link.hwms(),
                    identity,
                    way: pipe.way,
                    knobs: (pipe.end.tx.hwm_knob(), pipe.end.rx.hwm_knob()),
                    end: pipe.their_end,
                    farewell: None,
                }),
        }
        (pipe.end, peer)
    }

    /// Drops connections to unbound names that are of use no more; to be called when a connector has
    /// let go of some. What was sent on them stays for as long as the connector lingers.
    pub(crate) fn sweep(&self) {
        let mut names = self.0.lock();
        if names.pending.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut over = Vec::new();
        names.pending.retain(|_, waiting| {
            over.extend(waiting.extract_if(.., |pending| pending.is_over(now)));
            !waiting.is_empty()
        });
        drop(names);
        // Their links may be the last of their sockets.
        drop(over);
    }

    /// Connections that wait for a name to be bound.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.0.lock().pending.values().map(Vec::len).sum()
    }

    /// Drops everything: the context has ended.
    pub(crate) fn clear(&self) {
        let names = std::mem::take(&mut *self.0.lock());
        drop(names);
    }
}
