//! Sessions of reliable multicast (norm, pgm, epgm): one for each endpoint of a PUB or XPUB, which sends, or of a SUB or
//! XSUB, which receives. There is no connection and nobody upstream: what a SUB subscribes to stays with it.
//!
//! It is driven as any session (`turn`). The protocol is a library's (`carrier`), whose descriptors are in the hub. Each
//! sender's messages are put together before they go to the socket, so that one of which the end does not come
//! leaves nothing there.

#[cfg_attr(
    not(any(feature = "norm", feature = "pgm")),
    expect(dead_code, reason = "nothing carries then")
)]
mod carrier;
#[cfg(feature = "norm")]
mod norm;
#[cfg(feature = "pgm")]
mod pgm;
#[cfg(all(test, feature = "norm"))]
mod tests;

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use mio::{Interest, Token};

use self::carrier::{Carrier, Outlet, Turn as Received};
use super::gather;
use super::hub::Hub;
use super::standing::{Line, SessionOf, Standing};
use super::turn::{CLOSED, Driven, RETIRED, Turn, WORK};
use super::{Ends, Event, Owner, monitor_event};
use crate::errno::{Errno, Result};
use crate::pattern::{PeerEnd, PipeEnd};
use crate::pipe::Writer;
use crate::socket_type::SocketType;
use crate::transport::{NormRoute, PgmRoute};

/// Frames sent in a turn; then others have theirs.
const SENDS: usize = 1024;

/// Whether the norm transport can be used. The first call loads the system's library.
#[must_use]
pub fn has_norm() -> bool {
    #[cfg(feature = "norm")]
    return crate::sys::norm::is_available();
    #[cfg(not(feature = "norm"))]
    return false;
}

/// Whether the transports pgm and epgm can be used. The first call loads the system's library.
#[must_use]
pub fn has_pgm() -> bool {
    #[cfg(feature = "pgm")]
    return crate::sys::pgm::is_available();
    #[cfg(not(feature = "pgm"))]
    return false;
}

/// A session of multicast. See the module's documentation.
pub struct Multicast {
    me: Weak<Self>,
    hub: Arc<Hub>,
    owner: Arc<dyn Owner>,
    sends: bool,
    ends: Ends,
    /// How long what was sent is kept for repairs (`ZMQ_RECOVERY_IVL`), and so is worth waiting for
    recovery: Duration,
    turn: Turn<Core>,
    is_done: AtomicBool,
}

impl std::fmt::Debug for Multicast {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Multicast")
            .field("sends", &self.sends)
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}

pub(super) struct Core {
    carrier: Option<Box<dyn Carrier>>,
    /// Where the hub knows the carrier's descriptors
    tokens: Vec<(RawFd, Token)>,
    line: Line<Multicast>,
    /// Whether the end of what is sent was seen
    is_last: bool,
}

/// What a session of multicast is made for.
pub struct MulticastOf<'a> {
    /// What every session is
    pub session: &'a SessionOf<'a>,
    /// The endpoint's name
    pub endpoint: &'a [u8],
    /// Whether it is bound; that makes no difference but to monitors
    pub is_bound: bool,
}

impl std::fmt::Debug for MulticastOf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MulticastOf").finish_non_exhaustive()
    }
}

impl Multicast {
    /// Begins to send or to receive by NORM. The pipe end is for the socket, which attaches it.
    ///
    /// # Errors
    /// `EPROTONOSUPPORT` without the library; `EINVAL`: options with sizes that cannot be; `EADDRINUSE`, `ENODEV`, `EMFILE`
    /// and others of the system.
    pub fn norm(route: &NormRoute, of: &MulticastOf<'_>) -> Result<(Arc<Self>, PipeEnd)> {
        #[cfg(feature = "norm")]
        return Self::begin(norm::Norm::open(route, sends(of), of.session.options)?, of);
        #[cfg(not(feature = "norm"))]
        {
            let _ = (route, of);
            Err(Errno::EPROTONOSUPPORT)
        }
    }

    /// Begins to send or to receive by PGM. The pipe end is for the socket, which attaches it.
    ///
    /// # Errors
    /// `EPROTONOSUPPORT` without the library; `EPERM`: pgm needs a privilege; `EINVAL`: no interface for multicasts, options with values
    /// that cannot be; `EMFILE` and others of the system.
    pub fn pgm(route: &PgmRoute, of: &MulticastOf<'_>) -> Result<(Arc<Self>, PipeEnd)> {
        #[cfg(feature = "pgm")]
        return Self::begin(pgm::Pgm::open(route, sends(of), of.session.options)?, of);
        #[cfg(not(feature = "pgm"))]
        {
            let _ = (route, of);
            Err(Errno::EPROTONOSUPPORT)
        }
    }

    #[cfg_attr(
        not(any(feature = "norm", feature = "pgm")),
        expect(dead_code, reason = "nothing carries then")
    )]
    fn begin(
        carrier: impl Carrier + 'static,
        of: &MulticastOf<'_>,
    ) -> Result<(Arc<Self>, PipeEnd)> {
        let (session, end) = Self::new(Box::new(carrier), of);
        {
            let mut core = session.turn.core();
            if let Err(errno) = session.register(&mut core) {
                session.finish(&mut core);
                return Err(errno);
            }
            if of.is_bound {
                // Nothing can fail any more; and nothing is received before the monitor hears of it.
                session.report(monitor_event::LISTENING, &core);
            }
        }
        // What came meanwhile found the lock taken.
        session.run(WORK);
        Ok((session, end))
    }

    fn new(carrier: Box<dyn Carrier>, of: &MulticastOf<'_>) -> (Arc<Self>, PipeEnd) {
        let options = of.session.options;
        let ends = if of.is_bound {
            Ends::bound(of.endpoint, b"")
        } else {
            Ends::connected(b"", of.endpoint)
        };
        let (line, loose) = Line::new(of.session, ends.name(), options.conflates());
        let recovery = u64::try_from(options.recovery_ivl).unwrap_or(0);
        let session = Arc::new_cyclic(|me| Self {
            me: me.clone(),
            hub: Arc::clone(of.session.hub),
            owner: Arc::clone(of.session.owner),
            sends: sends(of),
            ends,
            recovery: Duration::from_millis(recovery),
            turn: Turn::new(Core {
                carrier: Some(carrier),
                tokens: Vec::new(),
                line,
                is_last: false,
            }),
            is_done: AtomicBool::new(false),
        });
        let end = session.turn.core().line.begin(&session, loose);
        (session, end)
    }

    /// Whether the session has come to its end.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Acquire)
    }

    /// Whether the endpoint was bound rather than connected.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        !self.ends.local.is_empty()
    }

    /// Takes the endpoint away: nothing is received any more, what was sent goes out within the linger
    /// period.
    pub fn retire(&self) {
        self.run(RETIRED);
    }

    /// Takes in what happened, and hands on what has come, as far as there is room; true: there may be more.
    fn receive(&self, core: &mut Core) -> bool {
        let Some(carrier) = &mut core.carrier else {
            return false;
        };
        let mut outlet = Outlet::new(&mut core.line.to_socket);
        let received = carrier.receive(&mut outlet);
        if outlet.pushed && core.line.to_socket.reader_waits() {
            self.owner
                .post(Event::Readable(Arc::clone(&core.line.slot)));
        }
        received == Received::ComeAgain
    }

    /// Sends what was published, as far as there is room; true: there may be more.
    fn transmit(&self, core: &mut Core) -> bool {
        let Some(carrier) = &mut core.carrier else {
            return false;
        };
        let (mut wake_writer, mut count) = (false, 0);
        while count < SENDS && (!self.sends || carrier.is_ready()) {
            let Some(next) = core.line.from_socket.recv() else {
                break;
            };
            count += 1;
            wake_writer |= next.wake_writer;
            // What a SUB says is what it subscribes to: there is nobody to tell.
            if self.sends {
                carrier.offer(next.frame);
            }
        }
        if self.sends && count < SENDS {
            carrier.flush();
        }
        self.turn.note_progress(core.line.from_socket.messages());
        if wake_writer {
            self.owner
                .post(Event::Writable(Arc::clone(&core.line.slot)));
        }
        count == SENDS
    }

    /// Has the hub tell of what the carrier's descriptors tell.
    fn register(&self, core: &mut Core) -> Result<()> {
        let Some(carrier) = &core.carrier else {
            return Err(Errno::ENOTSOCK);
        };
        for fd in carrier.descriptors() {
            let me = self.me.upgrade().ok_or(Errno::ENOTSOCK)?;
            let token = self.hub.add(fd, me, Interest::READABLE)?;
            core.tokens.push((fd, token));
        }
        Ok(())
    }

    /// Ends the session if its work is done, and sees to the end of the linger period otherwise.
    fn conclude(&self, core: &mut Core) {
        let Some(farewell) = &mut core.line.farewell else {
            return;
        };
        let now = Instant::now();
        let is_taken = !self.sends || core.line.from_socket.is_finished();
        if is_taken && !core.is_last {
            core.is_last = true;
            // Nobody may be there to hear it, and the rate may be slow: it is not worth more than that.
            let worth = now.checked_add(self.recovery);
            farewell.until = match (farewell.until, worth) {
                (Some(until), Some(worth)) => Some(until.min(worth)),
                (until, worth) => until.or(worth),
            };
        }
        let until = farewell.until;
        let is_over = farewell.is_over(now);
        let is_sent = is_taken && core.carrier.as_mut().is_none_or(|carrier| carrier.end());
        if is_over || is_sent {
            self.finish(core);
        } else if let Some(until) = until {
            core.line.call_at(until, &self.hub, &self.me);
        }
    }

    fn report(&self, event: u64, core: &Core) {
        if let Some(&(fd, _)) = core.tokens.first() {
            let value = u64::try_from(fd).unwrap_or(0);
            self.owner.report(event, value, &self.ends);
        }
    }
}

/// Whether a session is a sender's.
fn sends(of: &MulticastOf<'_>) -> bool {
    matches!(
        of.session.options.socket_type,
        SocketType::Pub | SocketType::Xpub
    )
}

impl Driven for Multicast {
    type Core = Core;

    fn turn(&self) -> &Turn<Core> {
        &self.turn
    }

    fn itself(&self) -> Option<Arc<Self>> {
        self.me.upgrade()
    }

    fn work(&self, core: &mut Core, todo: u32) {
        self.work_contained(core, todo);
    }
}

impl Standing for Multicast {
    const NAMES: (&'static str, &'static str) = (
        "a multicast session, which is dropped",
        "the end of a multicast session",
    );

    fn is_over(&self) -> bool {
        self.is_done()
    }

    fn line<'a>(&self, core: &'a mut Core) -> &'a mut Line<Self> {
        &mut core.line
    }

    fn process(&self, core: &mut Core, todo: u32) {
        core.line.heed(todo, &self.owner);
        let more_to_read = self.receive(core);
        let more_to_send = self.transmit(core);
        if (more_to_read || more_to_send)
            && let Some(me) = self.me.upgrade()
        {
            self.hub.call_again(me);
        }
        self.conclude(core);
        if let Some(at) = core.carrier.as_ref().and_then(|carrier| carrier.deadline()) {
            core.line.call_at(at, &self.hub, &self.me);
        }
    }

    fn finish(&self, core: &mut Core) {
        if self.is_done.swap(true, Ordering::AcqRel) {
            return;
        }
        if self.is_bound() {
            self.report(monitor_event::CLOSED, core);
        }
        for (fd, token) in core.tokens.drain(..) {
            self.hub.remove(fd, token);
        }
        core.carrier = None;
        core.line.end(&self.owner);
    }
}

impl PeerEnd for Multicast {
    fn published(&self, _lane: &Writer, unsent: (usize, usize)) -> bool {
        gather::published(&self.hub, self, unsent)
    }

    fn credited(&self) {
        self.run(WORK);
    }

    fn closed(&self) {
        self.run(CLOSED);
    }
}
