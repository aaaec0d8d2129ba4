//! Sessions of udp: a socket of datagrams and the lanes to and from the owner, with nothing in between but
//! the shape of a datagram. There is no peer, so there is no engine, no handshake and no reconnecting.
//!
//! It is driven as any session (`turn`). What the kernel has room for is sent at once; it tells of room, by an edge, only while
//! something waits for it, since it would do so for every datagram that has left.
//!
//! A receiver whose socket has no room leaves datagrams to the kernel, which drops what comes when its
//! own buffer is full (`ZMQ_RCVBUF`). A datagram that is none is dropped; so is one that the kernel
//! refuses to send. `flow` moves them, this file keeps the life cycle.

mod flow;

use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use mio::{Interest, Token};

use super::gather;
use super::hub::Hub;
use super::pace;
use super::standing::{Line, SessionOf, Standing};
use super::turn::{CLOSED, Driven, READABLE, RETIRED, Turn, WORK, WRITABLE};
use super::{Ends, Event, Owner, monitor_event};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::pattern::{PeerEnd, PipeEnd};
use crate::pipe::Writer;
use crate::socket_type::SocketType;
use crate::sys::datagram::{BATCH, Destination};
use crate::transport::{UdpRoute, UdpSocket};

/// What a datagram counts where messages are gathered: a batch of them makes a full one (`pace`).
const EACH: usize = pace::BATCH_MESSAGES / BATCH;

/// What the session does, by the type of its socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Sends to one address
    Radio,
    /// Receives
    Dish,
    /// Receives, and sends to whatever address it is told
    Dgram,
}

/// A session of udp. See the module's documentation.
pub struct Datagrams {
    me: Weak<Self>,
    hub: Arc<Hub>,
    owner: Arc<dyn Owner>,
    role: Role,
    ends: Ends,
    turn: Turn<Core>,
    is_done: AtomicBool,
}

impl std::fmt::Debug for Datagrams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Datagrams")
            .field("role", &self.role)
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}

pub(super) struct Core {
    socket: Option<UdpSocket>,
    /// Where the hub knows the socket, if it does.
    token: Option<Token>,
    line: Line<Datagrams>,
    /// There may be datagrams to receive.
    readable: bool,
    /// The kernel has no room; it will tell.
    is_blocked: bool,
    target: Destination,
    /// Taken out of the lane and not sent, at most a batch.
    unsent: Vec<Unsent>,
    /// A message of the group received last, to share its name.
    last_group: Msg,
}

struct Unsent {
    /// `None`: the session's target
    to: Option<Destination>,
    body: Msg,
}

impl Datagrams {
    /// Binds, and receives from now on. `name_by` says the endpoint's name by the address that was bound. The
    /// pipe end is for the socket, which attaches it.
    ///
    /// # Errors
    /// As `zmq_bind(3)` says.
    pub fn bind(
        route: &UdpRoute,
        of: &SessionOf<'_>,
        name_by: impl FnOnce(SocketAddr) -> Vec<u8>,
    ) -> Result<(Arc<Self>, PipeEnd)> {
        let socket = UdpSocket::bind(route, of.options)?;
        let ends = Ends::bound(&name_by(socket.local()?), b"");
        let (session, end) = Self::new(route, of, socket, ends);
        {
            let mut core = session.turn.core();
            if let Err(errno) = session.register(&mut core) {
                session.finish(&mut core);
                return Err(errno);
            }
            // Nothing can fail any more; and nothing is received before the monitor hears of it.
            session.report(monitor_event::LISTENING, &core);
        }
        // A datagram that came meanwhile found the lock taken.
        session.run(WORK);
        Ok((session, end))
    }

    /// A session that sends to what is at `endpoint`. The pipe end is for the socket, which attaches it.
    ///
    /// # Errors
    /// As `zmq_connect(3)` says.
    pub fn connect(
        route: &UdpRoute,
        of: &SessionOf<'_>,
        endpoint: &[u8],
    ) -> Result<(Arc<Self>, PipeEnd)> {
        let socket = UdpSocket::sender(route, of.options)?;
        let ends = Ends::connected(b"", endpoint);
        Ok(Self::new(route, of, socket, ends))
    }

    fn new(
        route: &UdpRoute,
        of: &SessionOf<'_>,
        socket: UdpSocket,
        ends: Ends,
    ) -> (Arc<Self>, PipeEnd) {
        let role = match of.options.socket_type {
            SocketType::Radio => Role::Radio,
            SocketType::Dgram => Role::Dgram,
            _ => Role::Dish,
        };
        let target = route.target();
        let target = socket.reach(target).unwrap_or(target);
        let (line, loose) = Line::new(of, ends.name(), false);
        let session = Arc::new_cyclic(|me| Self {
            me: me.clone(),
            hub: Arc::clone(of.hub),
            owner: Arc::clone(of.owner),
            role,
            ends,
            turn: Turn::new(Core {
                socket: Some(socket),
                token: None,
                line,
                readable: false,
                is_blocked: false,
                target: Destination::new(&target),
                unsent: Vec::new(),
                last_group: Msg::new(),
            }),
            is_done: AtomicBool::new(false),
        });
        let end = session.turn.core().line.begin(&session, loose);
        (session, end)
    }

    /// The endpoint's name: with the port that was bound, or as the program gave it to send to.
    #[must_use]
    pub fn endpoint(&self) -> &[u8] {
        self.ends.name()
    }

    /// Whether the session has come to its end.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Acquire)
    }

    /// Takes the endpoint away: nothing is received any more, what was sent goes out within the linger
    /// period.
    pub fn retire(&self) {
        self.run(RETIRED);
    }

    fn come_again(&self) {
        if let Some(me) = self.me.upgrade() {
            self.hub.call_again(me);
        }
    }

    /// Has the hub tell of what the session waits for: datagrams that come, and room if it is blocked.
    fn register(&self, core: &mut Core) -> Result<()> {
        let interest = match (self.role, core.is_blocked) {
            (Role::Radio, false) => {
                self.deregister(core);
                return Ok(());
            }
            (Role::Radio, true) => Interest::WRITABLE,
            (_, false) => Interest::READABLE,
            (_, true) => Interest::READABLE | Interest::WRITABLE,
        };
        let (Some(socket), Some(me)) = (&core.socket, self.me.upgrade()) else {
            return Err(Errno::ENOTSOCK);
        };
        match core.token {
            Some(token) => self.hub.change(socket.as_raw_fd(), token, interest),
            None => {
                core.token = Some(self.hub.add(socket.as_raw_fd(), me, interest)?);
                Ok(())
            }
        }
    }

    /// The session waits for room, or does not any more.
    fn watch(&self, core: &mut Core) {
        if self.register(core).is_err() {
            // No memory to be told of room, so the next message tries whether there is some.
            core.is_blocked = false;
        }
    }

    fn deregister(&self, core: &mut Core) {
        if let (Some(socket), Some(token)) = (&core.socket, core.token.take()) {
            self.hub.remove(socket.as_raw_fd(), token);
        }
    }

    /// Ends the session if its work is done, and sees to the end of the linger period otherwise.
    fn conclude(&self, core: &mut Core) {
        let Some(farewell) = core.line.farewell else {
            return;
        };
        let is_sent = core.unsent.is_empty() && core.line.from_socket.is_finished();
        if is_sent || farewell.is_over(Instant::now()) {
            self.finish(core);
        } else if let Some(until) = farewell.until {
            core.line.call_at(until, &self.hub, &self.me);
        }
    }

    fn report(&self, event: u64, core: &Core) {
        if let Some(socket) = &core.socket {
            let value = u64::try_from(socket.as_raw_fd()).unwrap_or(0);
            self.owner.report(event, value, &self.ends);
        }
    }
}

impl Driven for Datagrams {
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

impl Standing for Datagrams {
    const NAMES: (&'static str, &'static str) = (
        "a udp session, which is dropped",
        "the end of a udp session",
    );

    fn is_over(&self) -> bool {
        self.is_done()
    }

    fn line<'a>(&self, core: &'a mut Core) -> &'a mut Line<Self> {
        &mut core.line
    }

    fn process(&self, core: &mut Core, todo: u32) {
        core.readable |= todo & READABLE != 0;
        if todo & WRITABLE != 0 && core.is_blocked {
            core.is_blocked = false;
            self.watch(core);
        }
        core.line.heed(todo, &self.owner);
        let more_to_read = self.receive(core);
        let more_to_send = self.transmit(core);
        if more_to_read || more_to_send {
            self.come_again();
        }
        self.conclude(core);
    }

    fn finish(&self, core: &mut Core) {
        if self.is_done.swap(true, Ordering::AcqRel) {
            return;
        }
        self.deregister(core);
        if self.role != Role::Radio {
            self.report(monitor_event::CLOSED, core);
        }
        core.socket = None;
        core.unsent = Vec::new();
        core.line.end(&self.owner);
    }
}

impl PeerEnd for Datagrams {
    fn published(&self, _lane: &Writer, (messages, bytes): (usize, usize)) -> bool {
        // What fills a system call is a batch, rather than what fills a buffer.
        gather::published(&self.hub, self, (messages * EACH, bytes))
    }

    fn credited(&self) {
        self.run(WORK);
    }

    fn closed(&self) {
        self.run(CLOSED);
    }
}
