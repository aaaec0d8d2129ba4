//! Listeners: they accept connections and give each to a session.

use std::os::fd::AsRawFd;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use mio::{Interest, Token};

use super::hub::{Hub, Source};
use super::pending::Pending;
use super::session::Session;
use super::timers::Timed;
use super::{Census, Ends, Owner, monitor_event};
use crate::errno::{Errno, Result};
use crate::option::SocketOptions;
use crate::sys::lock::Mutex;
use crate::trace::{self, Bytes, Reason, Topic};
use crate::transport::{self, Accepted, Address};

/// Pause after an accept that failed for want of descriptors or memory.
const PAUSE: Duration = Duration::from_millis(100);
/// Connections accepted in one turn.
const TURN: usize = 64;

/// A bound endpoint.
pub struct Listener {
    me: Weak<Self>,
    hub: Arc<Hub>,
    owner: Arc<dyn Owner>,
    options: Arc<SocketOptions>,
    census: Arc<dyn Census>,
    endpoint: Vec<u8>,
    /// What it calls itself to monitors and traces, where that is not the same.
    ends: Ends,
    core: Mutex<Core>,
}

struct Core {
    /// The descriptor; none once closed.
    bound: Option<(transport::Listener, Token)>,
    sessions: Vec<Weak<Session>>,
    pending: Pending,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener")
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}

impl Listener {
    /// Binds, and accepts from now on.
    ///
    /// # Errors
    /// As `zmq_bind(3)` says.
    pub fn bind(
        address: &Address,
        hub: &Arc<Hub>,
        owner: &Arc<dyn Owner>,
        options: &Arc<SocketOptions>,
        census: &Arc<dyn Census>,
    ) -> Result<Arc<Self>> {
        let bound = transport::Listener::bind(address, options)?;
        let fd = bound.as_raw_fd();
        let listener = Arc::new_cyclic(|me| Self {
            me: me.clone(),
            hub: Arc::clone(hub),
            owner: Arc::clone(owner),
            options: Arc::clone(options),
            census: Arc::clone(census),
            endpoint: bound.endpoint().to_owned(),
            ends: Ends::bound(bound.name(), b""),
            core: Mutex::new(Core {
                bound: None,
                sessions: Vec::new(),
                pending: Pending::new(),
            }),
        });
        let mut core = listener.core.lock();
        let source = Arc::clone(&listener) as Arc<dyn Source>;
        let token = match hub.add(fd, source, Interest::READABLE) {
            Ok(token) => token,
            Err(errno) => {
                bound.abandon();
                return Err(errno);
            }
        };
        core.bound = Some((bound, token));
        // Nothing can fail any more; and while the lock is held nobody accepts, so that the monitor
        // hears of the endpoint before it hears of a peer there.
        let value = u64::try_from(fd).unwrap_or(0);
        owner.report(monitor_event::LISTENING, value, &listener.ends);
        drop(core);
        // A peer may have come before we were registered; edges do not tell of it.
        hub.call_again(Arc::clone(&listener) as Arc<dyn Source>);
        Ok(listener)
    }

    /// The resolved endpoint (`ZMQ_LAST_ENDPOINT`).
    #[must_use]
    pub fn endpoint(&self) -> &[u8] {
        &self.endpoint
    }

    /// Whether a program may name it so: by its endpoint, or by what it was bound to serve.
    #[must_use]
    pub fn is_named(&self, name: &[u8]) -> bool {
        self.endpoint == name || self.ends.local == name
    }

    /// Whether it is closed, and so are the connections that came by it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let core = self.core.lock();
        core.bound.is_none()
            && core
                .sessions
                .iter()
                .all(|session| session.strong_count() == 0)
    }

    /// Stops accepting, at once; the connections that came by it end too (`zmq_unbind(3)`).
    pub fn close(&self) {
        let (bound, sessions) = {
            let mut core = self.core.lock();
            (core.bound.take(), core.sessions.clone())
        };
        if let Some((bound, token)) = bound {
            let fd = bound.as_raw_fd();
            self.hub.remove(fd, token);
            drop(bound);
            let value = u64::try_from(fd).unwrap_or(0);
            self.owner.report(monitor_event::CLOSED, value, &self.ends);
        }
        for session in sessions {
            if let Some(session) = session.upgrade() {
                session.retire();
            }
        }
    }

    fn accept(&self) {
        // Whoever holds the lock accepts until nothing is left; but a thread that comes while it is
        // on its way out must not be turned away, so this one waits. It is held briefly.
        let mut core = self.core.lock();
        for _ in 0..TURN {
            let Some((bound, _)) = &core.bound else {
                return;
            };
            let accepted = bound.accept(&self.options);
            match accepted {
                Ok(Accepted::Stream(stream)) => self.on_stream(&mut core, stream),
                Ok(Accepted::Rejected) => self.report_failure(Errno::EAGAIN),
                Ok(Accepted::WouldBlock) => return,
                Err(errno) => {
                    self.report_failure(errno);
                    if !is_passing(errno) && !self.give_up_overdue(&mut core, errno) {
                        let me: Weak<dyn Timed> = self.me.clone();
                        self.hub.io().at(Instant::now() + PAUSE, me);
                        return;
                    }
                }
            }
        }
        if let Some(me) = self.me.upgrade() {
            self.hub.call_again(me);
        }
    }

    /// Ends the oldest handshake if there is no descriptor for another connection and it has had
    /// its time; false if there is none to end.
    fn give_up_overdue(&self, core: &mut Core, errno: Errno) -> bool {
        if !matches!(errno, Errno::EMFILE | Errno::ENFILE) {
            return false;
        }
        let overdue = core.pending.overdue(Instant::now());
        overdue.inspect(|session| session.expel()).is_some()
    }

    fn on_stream(&self, core: &mut Core, stream: transport::Stream) {
        let value = u64::try_from(stream.as_raw_fd()).unwrap_or(0);
        let (local, remote) = stream.endpoints();
        let ends = Ends::bound(&local, &remote);
        self.owner.report(monitor_event::ACCEPTED, value, &ends);
        let Self {
            hub,
            owner,
            options,
            census,
            ..
        } = self;
        if let Some(oldest) = core.pending.excess() {
            oldest.expel();
        }
        let pending = core.pending.enter();
        match Session::accept(stream, ends, hub, owner, options, census, pending) {
            Ok(session) => {
                if session.is_pending() {
                    core.pending.push(&session, Instant::now());
                }
                if core.sessions.len() == core.sessions.capacity() {
                    core.sessions.retain(|known| known.strong_count() > 0);
                }
                core.sessions.push(Arc::downgrade(&session));
            }
            Err(errno) => self.report_failure(errno),
        }
    }

    fn report_failure(&self, errno: Errno) {
        let fields: trace::Fields<'_> = &[
            ("socket", &self.owner.name()),
            ("endpoint", &Bytes(self.ends.name())),
            ("reason", &Reason(errno)),
        ];
        trace::event(Topic::Connection, "accept-failed", fields);
        let value = u64::from(errno.0.unsigned_abs());
        self.owner
            .report(monitor_event::ACCEPT_FAILED, value, &self.ends);
    }
}

/// Whether the next accept may succeed at once.
fn is_passing(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::ECONNABORTED | Errno::EINTR | Errno::EPROTO | Errno::EPERM
    )
}

impl Source for Listener {
    fn on_event(self: Arc<Self>, _readable: bool, _writable: bool, _ended: bool) {
        self.accept();
    }
}

impl Timed for Listener {
    fn on_time(self: Arc<Self>) {
        self.accept();
    }
}
