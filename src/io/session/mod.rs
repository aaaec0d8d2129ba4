//! Sessions: a connection, the engine that speaks on it, and the lanes to and from the socket.
//!
//! How they are driven is in `turn`.
//!
//! A session of a connecting socket lives through reconnects (`connect`); one that was accepted ends
//! with its connection. `open` begins to speak on it, `flow` moves bytes and messages, this file keeps the life cycle.

mod close;
mod connect;
mod flow;
mod loss;
mod open;
mod proxy;
mod roles;
mod security;
mod task;
mod trace;
mod zap;

use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use mio::Token;

use super::contain::contain;
use super::farewell::Farewell;
use super::hub::Hub;
use super::pending::PendingGuard;
use super::timers::Timed;
use super::turn::{CLOSED, DEADLINE, Driven, ENDED, OWN, READABLE, RETIRED, Turn, WORK, WRITABLE};
use super::{Census, Ends, Event, LiveGuard, Owner, ZapDialog, monitor_event};
use crate::errno::{Errno, Result};
use crate::msg::RxBuf;
use crate::option::SocketOptions;
use crate::pattern::PipeSlot;
use crate::pipe::{Reader, Writer};
use crate::proto::{AnyEngine, OutBuf};
use crate::sys::lock::Mutex;
use crate::transport::Stream;
use connect::Dialer;
pub use connect::{ConnectTarget, Proxy};
use loss::Loss;

// What there is to do, besides what there is with any session.
/// A name was resolved, or could not be.
const RESOLVED: u32 = OWN;
/// To be connected.
const START: u32 = OWN << 1;
/// The monitor is to hear of what is queued.
const FILL: u32 = OWN << 2;
/// Others are to have this place, unless the handshake is complete.
const EXPELLED: u32 = OWN << 3;

/// A session. See the module's documentation.
pub struct Session {
    me: Weak<Self>,
    hub: Arc<Hub>,
    owner: Arc<dyn Owner>,
    options: Arc<SocketOptions>,
    turn: Turn<Core>,
    is_done: AtomicBool,
    /// Sessions of the socket in the order of their making.
    serial: usize,
    /// Messages queued for the peer when the monitor was to hear of that.
    egress: AtomicUsize,
    /// Accepted, and the handshake is not complete.
    is_pending: AtomicBool,
    resolved: Mutex<Option<connect::Resolution>>,
    /// Alive while a worker is at a step of a handshake, of this connection or an earlier one.
    at_work: Mutex<Weak<()>>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("type", &self.options.socket_type)
            .finish_non_exhaustive()
    }
}

/// How often a session that has sent everything looks whether the peer's system has it; nothing tells.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The session's ends of the lanes.
struct Lanes {
    to_socket: Writer,
    from_socket: Reader,
    slot: Arc<PipeSlot>,
    /// Whether the pipe has had a connection.
    was_used: bool,
}

struct Conn {
    stream: Stream,
    token: Token,
    engine: AnyEngine,
    rx: RxBuf,
    out: OutBuf,
    readable: bool,
    writable: bool,
    /// An end or error of the stream was announced: short reads say nothing any more.
    ended: bool,
    /// The engine has input that it has not seen, or has not used up.
    undecoded: bool,
    /// Why writing failed; what the peer sent before is still to be read, no more.
    write_failed: Option<Errno>,
    /// A question to the ZAP handler that is not answered yet.
    zap: Option<ZapDialog>,
    /// A step of the handshake that a worker does.
    errand: task::Errand,
}

pub(super) struct Core {
    conn: Option<Conn>,
    /// What monitor events name.
    ends: Ends,
    lanes: Option<Lanes>,
    /// How to connect; accepted sessions have none.
    dialer: Option<Dialer>,
    /// Set when the socket has let go: when to give up what is unsent.
    farewell: Option<Farewell>,
    /// The earliest deadline that the timers know.
    scheduled: Option<Instant>,
    live: Option<LiveGuard>,
    pending: Option<PendingGuard>,
    /// The session itself, until it is done: between two connections nobody else may hold it.
    keep: Option<Arc<Session>>,
}

impl Core {
    /// The next connection of a session that connects will leave from another place.
    fn forget_local_end(&mut self) {
        if self.dialer.is_some() {
            self.ends.local.clear();
        }
    }
}

impl Session {
    /// A session for a connection that a listener accepted; it ends with the connection.
    pub(crate) fn accept(
        stream: Stream,
        ends: Ends,
        hub: &Arc<Hub>,
        owner: &Arc<dyn Owner>,
        options: &Arc<SocketOptions>,
        census: &Arc<dyn Census>,
        pending: PendingGuard,
    ) -> Result<Arc<Self>> {
        let session = Self::new(hub, owner, options, ends, census, None);
        {
            let mut core = session.turn.core();
            core.pending = Some(pending);
            session.is_pending.store(true, Ordering::Relaxed);
            session.trace_accepted(&core.ends, &stream);
            if let Err(error) = session.open(&mut core, stream) {
                session.finish(&mut core);
                return Err(error);
            }
        }
        session.run(WORK);
        Ok(session)
    }

    fn new(
        hub: &Arc<Hub>,
        owner: &Arc<dyn Owner>,
        options: &Arc<SocketOptions>,
        ends: Ends,
        census: &Arc<dyn Census>,
        dialer: Option<Dialer>,
    ) -> Arc<Self> {
        let live = LiveGuard::new(Arc::clone(census), owner.name(), ends.name());
        let session = Arc::new_cyclic(|me| Self {
            me: me.clone(),
            hub: Arc::clone(hub),
            owner: Arc::clone(owner),
            options: Arc::clone(options),
            turn: Turn::new(Core {
                conn: None,
                ends,
                lanes: None,
                dialer,
                farewell: None,
                scheduled: None,
                live: Some(live),
                pending: None,
                keep: None,
            }),
            is_done: AtomicBool::new(false),
            serial: hub.next_serial(),
            egress: AtomicUsize::new(0),
            is_pending: AtomicBool::new(false),
            resolved: Mutex::new(None),
            at_work: Mutex::default(),
        });
        session.turn.core().keep = Some(Arc::clone(&session));
        session
    }

    /// Whether the session has come to its end.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Acquire)
    }

    /// Whether the session was accepted and its handshake is not complete.
    #[must_use]
    pub(crate) fn is_pending(&self) -> bool {
        self.is_pending.load(Ordering::Acquire)
    }

    /// Ends the session unless its handshake is complete by now.
    pub(crate) fn expel(&self) {
        self.run(EXPELLED);
    }

    fn end_pending(&self, core: &mut Core) {
        self.is_pending.store(false, Ordering::Release);
        core.pending = None;
    }

    /// Takes the endpoint away: the socket loses the pipe at once, the peer still gets what was sent,
    /// within the socket's linger period.
    pub fn retire(&self) {
        self.run(RETIRED);
    }

    fn process(&self, core: &mut Core, todo: u32) {
        if self.is_done() {
            return;
        }
        let now = Instant::now();
        if todo & FILL != 0 {
            self.report_fill_now(core);
        }
        if todo & START != 0 {
            self.dial(core);
        }
        if todo & RETIRED != 0 {
            self.retire_now(core);
        }
        // A pipe that the session itself has given up is let go of by the socket too: no farewell.
        if todo & CLOSED != 0
            && core
                .lanes
                .as_ref()
                .is_some_and(|lanes| lanes.from_socket.is_orphaned())
        {
            self.bid_farewell(core, now);
        }
        if todo & RESOLVED != 0 {
            self.on_resolved(core);
        }
        if todo & (READABLE | WRITABLE | ENDED) != 0 && core.conn.is_none() {
            self.on_dialing_event(core);
        }
        if let Some(conn) = &mut core.conn {
            conn.readable |= todo & READABLE != 0;
            conn.writable |= todo & WRITABLE != 0;
            conn.readable |= todo & WRITABLE != 0 && conn.stream.must_write();
            conn.ended |= todo & ENDED != 0;
            self.flow(core, now);
        }
        // After the flow: what has arrived but was not read is no silence.
        if todo & DEADLINE != 0 {
            core.scheduled = None;
            self.on_deadline(core, now);
        }
        if todo & EXPELLED != 0 && self.is_pending() {
            self.lose(core, Loss::Stream(Errno::ECONNABORTED));
        }
        self.conclude(core, now);
    }

    /// Ends the session whatever state it is in. Each step stands for itself: what is broken may break
    /// more than one.
    #[cold]
    fn give_up(&self, core: &mut Core) {
        self.is_done.store(true, Ordering::Release);
        const STEP: &str = "the end of a connection";
        if let Some(conn) = core.conn.take() {
            let fd = conn.stream.as_raw_fd();
            contain(STEP, || self.hub.remove(fd, conn.token));
            let value = u64::try_from(fd).unwrap_or(0);
            contain(STEP, || {
                self.owner
                    .report(monitor_event::DISCONNECTED, value, &core.ends);
            });
            contain(STEP, || drop(conn));
        }
        contain(STEP, || self.stop_dialing(core));
        contain(STEP, || self.drop_lanes(core));
        let (live, keep) = (core.live.take(), core.keep.take());
        contain(STEP, || drop((live, keep)));
    }

    /// Ends the session if its work is done, and sees to the next deadline otherwise.
    fn conclude(&self, core: &mut Core, now: Instant) {
        let mut look_again = None;
        if let Some(farewell) = core.farewell {
            let unsent = core
                .lanes
                .as_mut()
                .is_some_and(|lanes| !lanes.from_socket.is_finished())
                || core.conn.as_ref().is_some_and(|conn| {
                    !conn.out.is_empty()
                        && conn.write_failed.is_none()
                        && conn.engine.is_established()
                });
            let hopeless = core.conn.is_none() && core.dialer.is_none();
            if hopeless || farewell.is_over(now) {
                self.finish(core);
            } else if !unsent {
                // A PING to a closed connection costs the peer what its system does not have yet.
                let stays = core.conn.as_ref().is_some_and(|conn| {
                    conn.write_failed.is_none()
                        && conn.engine.peer_pings()
                        && conn.stream.would_lose()
                });
                if stays {
                    look_again = now.checked_add(LOOK_AGAIN);
                } else {
                    self.finish(core);
                }
            }
        }
        if !self.is_done() {
            self.schedule(core, look_again);
        }
    }

    fn schedule(&self, core: &mut Core, look_again: Option<Instant>) {
        let deadlines = [
            core.conn
                .as_ref()
                .and_then(|conn| conn.engine.poll_timeout()),
            core.dialer.as_ref().and_then(Dialer::deadline),
            core.farewell.and_then(|farewell| farewell.until),
            look_again,
        ];
        let Some(next) = deadlines.into_iter().flatten().min() else {
            return;
        };
        if core.scheduled.is_none_or(|scheduled| next < scheduled) {
            core.scheduled = Some(next);
            let me: Weak<dyn Timed> = self.me.clone();
            self.hub.io().at(next, me);
        }
    }

    fn on_deadline(&self, core: &mut Core, now: Instant) {
        self.on_dial_deadline(core, now);
        let Some(conn) = &mut core.conn else { return };
        if conn
            .engine
            .poll_timeout()
            .is_some_and(|deadline| deadline <= now)
            && let Err(error) = conn.engine.handle_timeout(now, &mut conn.out)
        {
            self.lose(core, Loss::Engine(error));
            return;
        }
        self.flow(core, now);
    }

    fn report_fill_now(&self, core: &Core) {
        if let Some(lanes) = &core.lanes {
            let fill = [
                self.egress.load(Ordering::Relaxed),
                lanes.to_socket.pending(),
            ];
            let fill = fill.map(|messages| messages as u64);
            self.owner
                .report_all(monitor_event::PIPES_STATS, &fill, &core.ends);
        }
    }

    fn drop_lanes(&self, core: &mut Core) {
        if let Some(lanes) = core.lanes.take() {
            let slot = lanes.slot;
            drop((lanes.to_socket, lanes.from_socket));
            self.owner.post(Event::Closed(slot));
        }
    }

    fn retire_now(&self, core: &mut Core) {
        if let Some(lanes) = &core.lanes {
            self.owner.post(Event::Retired(Arc::clone(&lanes.slot)));
        }
        self.bid_farewell(core, Instant::now());
    }

    /// From now on only what is unsent keeps the session alive, as long as the socket lingers.
    fn bid_farewell(&self, core: &mut Core, now: Instant) {
        core.farewell = Some(Farewell::bid(core.farewell, self.owner.linger(), now));
    }

    /// Gives everything back. What the kernel holds still reaches the peer.
    fn finish(&self, core: &mut Core) {
        if self.is_done.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(mut conn) = core.conn.take() {
            self.hub.remove(conn.stream.as_raw_fd(), conn.token);
            if conn.out.is_empty() {
                conn.engine.say_goodbye(&mut conn.out);
                flow::last_words(&mut conn);
            }
            flow::discard_input(&mut conn);
            self.trace_closed(&core.ends, &conn.stream);
            conn.close();
        }
        self.stop_dialing(core);
        self.drop_lanes(core);
        self.end_pending(core);
        core.live = None;
        core.keep = None;
    }
}
