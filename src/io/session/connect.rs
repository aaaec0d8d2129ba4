//! Sessions that connect: resolve, dial, and try again after a pause. What is said to a proxy is in `proxy`.

use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Instant;

use mio::{Interest, Token};

use super::proxy::Negotiating;
use super::{Core, Loss, Session};
use crate::errno::{Errno, Result};
use crate::io::backoff::Backoff;
use crate::io::hub::Hub;
use crate::io::turn::Driven;
use crate::io::{Census, Ends, Owner, monitor_event, resolver};
use crate::option::SocketOptions;
use crate::pattern::PipeEnd;
use crate::proto::{EngineError, HandshakeFailure};
use crate::transport::socks::Request;
use crate::transport::{Address, Dial, Dialing, Resolved, Stream, Tls, dial};

/// Bits of `ZMQ_RECONNECT_STOP` (`zmq_setsockopt(3)`).
const STOP_CONN_REFUSED: i32 = 1;
const STOP_HANDSHAKE_FAILED: i32 = 2;
const STOP_AFTER_DISCONNECT: i32 = 4;

/// Where a session connects to.
#[derive(Clone, Debug)]
pub struct ConnectTarget {
    /// The endpoint as the application gave it.
    pub endpoint: Vec<u8>,
    /// What it says.
    pub address: Address,
    /// The proxy to connect through.
    pub proxy: Option<Proxy>,
    /// What is beneath a WebSocket.
    pub tls: Option<Tls>,
}

/// A SOCKS proxy.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Where it is.
    pub address: Address,
    /// What it is asked for.
    pub request: Request,
}

impl ConnectTarget {
    /// What is to be dialled.
    pub(crate) fn hop(&self) -> &Address {
        self.proxy
            .as_ref()
            .map_or(&self.address, |proxy| &proxy.address)
    }
}

/// A name's addresses, or why there are none.
pub(super) type Resolution = Result<Resolved>;

pub(super) enum Phase {
    /// Connected, or about to dial.
    Idle,
    Resolving,
    Dialing {
        dialing: Dialing,
        token: Token,
        until: Option<Instant>,
    },
    /// The proxy answers, and is told where to connect.
    Negotiating(Box<Negotiating>),
    Pausing {
        until: Instant,
    },
}

/// The connecting part of a session.
pub(super) struct Dialer {
    target: Arc<ConnectTarget>,
    backoff: Option<Backoff>,
    pub(super) phase: Phase,
}

impl Dialer {
    /// When something is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Dialing { until, .. } => *until,
            Phase::Negotiating(negotiating) => negotiating.until,
            Phase::Pausing { until } => Some(*until),
            Phase::Idle | Phase::Resolving => None,
        }
    }

    pub(super) fn address(&self) -> &Address {
        &self.target.address
    }

    /// A handshake succeeded: the next pause is a first one.
    pub(super) fn connected(&mut self) {
        if let Some(backoff) = &mut self.backoff {
            backoff.reset();
        }
    }
}

impl Session {
    /// A session that connects to `target` and keeps doing so. The pipe end is for the socket, to be
    /// attached before [`Session::start`]; with `ZMQ_IMMEDIATE` there is none before a connection is.
    pub fn connect(
        target: ConnectTarget,
        hub: &Arc<Hub>,
        owner: &Arc<dyn Owner>,
        options: &Arc<SocketOptions>,
        census: &Arc<dyn Census>,
    ) -> (Arc<Self>, Option<PipeEnd>) {
        let dialer = Dialer {
            backoff: options
                .reconnect_ivl
                .map(|base| Backoff::new(base, options.reconnect_ivl_max)),
            target: Arc::new(target),
            phase: Phase::Idle,
        };
        let ends = Ends::connected(b"", &dialer.target.endpoint);
        let session = Self::new(hub, owner, options, ends, census, Some(dialer));
        let mut end = None;
        if !options.immediate {
            let (sndhwm, rcvhwm) = owner.hwms();
            let (socket_end, mut lanes) = session.make_pipe(sndhwm, rcvhwm);
            lanes.was_used = false;
            session.turn.core().lanes = Some(lanes);
            end = Some(socket_end);
        }
        (session, end)
    }

    /// Has the I/O thread begin to connect, or whoever has work for the session first. The program may
    /// still have a monitor to attach: what it can see of the connection comes after `zmq_connect`.
    pub fn start(&self) {
        self.turn.leave(super::START);
        if let Some(me) = self.me.upgrade() {
            self.hub.call_again(me);
        }
    }

    pub(super) fn dial(&self, core: &mut Core) {
        let Some(dialer) = &mut core.dialer else {
            return;
        };
        match resolver::at_once(dialer.target.hop(), self.options.ipv6) {
            Some(Ok(resolved)) => self.dial_resolved(core, resolved),
            Some(Err(errno)) => {
                self.trace_dial_failed(&core.ends, "resolve-failed", errno);
                self.retry_or_finish(core);
            }
            None => {
                let Some(me) = self.me.upgrade() else { return };
                dialer.phase = Phase::Resolving;
                let target = Arc::clone(&dialer.target);
                let ipv6 = self.options.ipv6;
                resolver::resolve_then(target, ipv6, move |resolution| {
                    *me.resolved.lock() = Some(resolution);
                    me.run(super::RESOLVED);
                });
            }
        }
    }

    pub(super) fn on_resolved(&self, core: &mut Core) {
        let Some(resolution) = self.resolved.lock().take() else {
            return;
        };
        let Some(dialer) = &mut core.dialer else {
            return;
        };
        if !matches!(dialer.phase, Phase::Resolving) {
            return;
        }
        dialer.phase = Phase::Idle;
        match resolution {
            Ok(resolved) => self.dial_resolved(core, resolved),
            Err(errno) => {
                self.trace_dial_failed(&core.ends, "resolve-failed", errno);
                self.retry_or_finish(core);
            }
        }
    }

    fn dial_resolved(&self, core: &mut Core, resolved: Resolved) {
        let is_tcp = matches!(resolved, Resolved::Tcp(_));
        match dial::start(&resolved, &self.options) {
            Ok(Dial::Connected(stream)) => {
                if is_tcp {
                    self.report_delayed(core);
                }
                self.on_dialed(core, stream);
            }
            Ok(Dial::InProgress(dialing)) => {
                self.report_delayed(core);
                let Some(me) = self.me.upgrade() else { return };
                match self.hub.add(dialing.as_raw_fd(), me, Interest::WRITABLE) {
                    Ok(token) => {
                        let until = self
                            .options
                            .connect_timeout
                            .map(|time| Instant::now() + time);
                        if let Some(dialer) = &mut core.dialer {
                            dialer.phase = Phase::Dialing {
                                dialing,
                                token,
                                until,
                            };
                        }
                    }
                    Err(errno) => {
                        drop(dialing);
                        self.dial_failed(core, None, errno);
                    }
                }
            }
            Err(errno) => self.dial_failed(core, Some(-1), errno),
        }
    }

    fn report_delayed(&self, core: &Core) {
        let value = u64::from(Errno::EINPROGRESS.0.unsigned_abs());
        self.owner
            .report(monitor_event::CONNECT_DELAYED, value, &core.ends);
    }

    /// A descriptor of ours had an event while there was no connection.
    pub(super) fn on_dialing_event(&self, core: &mut Core) {
        let Some(dialer) = &mut core.dialer else {
            return;
        };
        match std::mem::replace(&mut dialer.phase, Phase::Idle) {
            Phase::Dialing { dialing, token, .. } => {
                let fd = dialing.as_raw_fd();
                self.hub.remove(fd, token);
                match dialing.finish() {
                    Ok(stream) => self.on_dialed(core, stream),
                    Err(errno) => self.dial_failed(core, Some(fd), errno),
                }
            }
            Phase::Negotiating(negotiating) => self.go_on_negotiating(core, negotiating),
            other => dialer.phase = other,
        }
    }

    /// Connected, to the peer or to the proxy.
    fn on_dialed(&self, core: &mut Core, stream: Stream) {
        let proxy = core
            .dialer
            .as_ref()
            .and_then(|dialer| dialer.target.proxy.as_ref());
        match proxy {
            Some(proxy) => {
                let request = proxy.request.clone();
                self.negotiate(core, stream, request);
            }
            None => self.on_stream(core, stream),
        }
    }

    pub(super) fn on_dial_deadline(&self, core: &mut Core, now: Instant) {
        let Some(dialer) = &mut core.dialer else {
            return;
        };
        if dialer.deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        match std::mem::replace(&mut dialer.phase, Phase::Idle) {
            Phase::Dialing { dialing, token, .. } => {
                let fd = dialing.as_raw_fd();
                self.hub.remove(fd, token);
                drop(dialing);
                self.dial_failed(core, Some(fd), Errno::ETIMEDOUT);
            }
            Phase::Negotiating(negotiating) => {
                let fd = self.stop_negotiating(*negotiating).as_raw_fd();
                self.dial_failed(core, Some(fd), Errno::ETIMEDOUT);
            }
            _ => self.dial(core),
        }
    }

    pub(super) fn on_stream(&self, core: &mut Core, stream: Stream) {
        let target = core
            .dialer
            .as_ref()
            .map(|dialer| Arc::clone(&dialer.target));
        let fd = stream.as_raw_fd();
        let mut stream = match target.as_ref().map(|target| &target.address) {
            Some(Address::Ws(address)) => stream.of_websocket(address),
            _ => stream,
        };
        if let Some(tls) = target.as_ref().and_then(|target| target.tls.as_ref())
            && let Err(errno) = stream.secure(tls)
        {
            return self.dial_failed(core, Some(fd), errno);
        }
        let value = u64::try_from(fd).unwrap_or(0);
        core.ends.local = stream.endpoints().0;
        self.owner
            .report(monitor_event::CONNECTED, value, &core.ends);
        self.trace_connected(&core.ends, &stream);
        if let Err(errno) = self.open(core, stream) {
            self.dial_failed(core, Some(fd), errno);
        }
    }

    pub(super) fn dial_failed(&self, core: &mut Core, fd: Option<i32>, errno: Errno) {
        self.trace_dial_failed(&core.ends, "connect-failed", errno);
        if let Some(fd) = fd {
            let value = u64::try_from(fd).unwrap_or(0);
            self.owner.report(monitor_event::CLOSED, value, &core.ends);
        }
        if errno == Errno::ECONNREFUSED && self.options.reconnect_stop & STOP_CONN_REFUSED != 0 {
            self.finish(core);
            return;
        }
        self.retry_or_finish(core);
    }

    fn retry_or_finish(&self, core: &mut Core) {
        let can_retry = core
            .dialer
            .as_ref()
            .is_some_and(|dialer| dialer.backoff.is_some());
        if can_retry {
            self.retry_later(core);
        } else {
            self.finish(core);
        }
    }

    /// Whether a lost connection is to be made again.
    pub(super) fn may_retry(&self, core: &Core, loss: &Loss, in_handshake: bool) -> bool {
        let Some(dialer) = &core.dialer else {
            return false;
        };
        let stop = self.options.reconnect_stop;
        let handshake_failed = in_handshake
            || matches!(
                loss,
                Loss::Engine(EngineError::Handshake(HandshakeFailure::NoDetail(_)))
                    | Loss::Engine(EngineError::HandshakeTimeout)
            );
        if handshake_failed && stop & STOP_HANDSHAKE_FAILED != 0 {
            return false;
        }
        dialer.backoff.is_some()
    }

    /// Dials again after a pause.
    pub(super) fn retry_later(&self, core: &mut Core) {
        let Some(dialer) = &mut core.dialer else {
            return;
        };
        let Some(backoff) = &mut dialer.backoff else {
            return;
        };
        let pause = backoff.next();
        dialer.phase = Phase::Pausing {
            until: Instant::now() + pause,
        };
        self.trace_retry(&core.ends, pause);
        let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        self.owner
            .report(monitor_event::CONNECT_RETRIED, millis, &core.ends);
    }

    /// Gives up dialing, if the session was at it. With `ZMQ_RECONNECT_STOP_AFTER_DISCONNECT` a
    /// monitor hears of it.
    pub(super) fn stop_dialing(&self, core: &mut Core) {
        let Some(dialer) = core.dialer.take() else {
            return;
        };
        match dialer.phase {
            Phase::Dialing { dialing, token, .. } => {
                self.hub.remove(dialing.as_raw_fd(), token);
                drop(dialing);
            }
            Phase::Negotiating(negotiating) => drop(self.stop_negotiating(*negotiating)),
            Phase::Pausing { .. } if self.options.reconnect_stop & STOP_AFTER_DISCONNECT != 0 => {
                self.owner.report(monitor_event::CLOSED, 0, &core.ends);
            }
            _ => {}
        }
    }
}
