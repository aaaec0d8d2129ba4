//! The I/O side: sessions of streams, of datagrams and of multicast, listeners and connecters, and the threads that attend to them.
//!
//! A socket with connections has a [`Hub`], an epoll instance that holds all its descriptors.
//! Whoever holds the hub's driver lock drives the sessions behind it: an I/O thread as a rule, the
//! calling thread itself while it waits for a message. Nothing here takes a socket's lock except
//! through [`Owner::housekeep`], and that only on an I/O thread that holds nothing.

mod any_readable;
mod backoff;
mod contain;
mod datagrams;
mod ends;
mod farewell;
pub mod gssapi;

mod gather;
mod hub;
mod listener;
mod multicast;
mod pace;
mod pending;
mod reactor;
mod resolver;
mod session;
mod spin;
mod standing;
mod timers;
mod turn;
mod workers;
mod zap;

use std::sync::Arc;
use std::time::Duration;

pub use any_readable::AnyReadable;
pub(crate) use contain::{contain, report};
pub use datagrams::Datagrams;
pub use ends::Ends;
pub(crate) use gather::flush_own;
pub use hub::{Hub, Waited, Waiter};
pub use listener::Listener;
pub use multicast::{Multicast, MulticastOf, has_norm, has_pgm};
pub use reactor::{IoThread, ThreadConfig};
pub use session::{ConnectTarget, Proxy, Session};
pub use spin::{Spin, Tarry, has_cores};
pub use standing::SessionOf;
pub use zap::ZapDialog;

use crate::msg::{Metadata, Msg};
use crate::pattern::{HwmBoost, Identity, Origin, PeerEnd, PipeEnd, PipeSlot};
use crate::trace::SocketName;

/// What a session tells its socket. Processed under the socket's lock by whoever holds it next.
#[derive(Debug)]
pub enum Event {
    /// A connection was made that brings a pipe of its own.
    Attach(Box<PipeEnd>, Origin, Identity),
    /// The connection behind a pipe that exists already was made; `again`: not for the first time.
    Established {
        /// The pipe.
        slot: Arc<PipeSlot>,
        /// Who is there.
        peer: Identity,
        /// What messages from there carry, if it is the first connection; the lane tells of others.
        metadata: Option<Arc<Metadata>>,
        /// Whether the pipe had a connection before.
        again: bool,
        /// What an inproc peer adds to the high-water marks: (outbound, inbound).
        hwm_boost: Option<HwmBoost>,
    },
    /// The connection behind a pipe was lost, and is being made anew.
    Lost(Arc<PipeSlot>),
    /// Messages came in on a pipe whose reader waited.
    Readable(Arc<PipeSlot>),
    /// Credit came in on a pipe whose writer waited.
    Writable(Arc<PipeSlot>),
    /// The other side has let go of the pipe; what it sent is still to be read.
    Closed(Arc<PipeSlot>),
    /// The pipe's endpoint was taken away, or what it holds is of use to nobody any more: the socket lets go of the pipe at once.
    Retired(Arc<PipeSlot>),
}

/// Events that a monitor may ask for, numbered as in `zmq.h` (`zmq_socket_monitor(3)`).
pub mod monitor_event {
    #![allow(missing_docs, reason = "named and numbered as in zmq.h")]
    pub const CONNECTED: u64 = 0x0001;
    pub const CONNECT_DELAYED: u64 = 0x0002;
    pub const CONNECT_RETRIED: u64 = 0x0004;
    pub const LISTENING: u64 = 0x0008;
    pub const BIND_FAILED: u64 = 0x0010;
    pub const ACCEPTED: u64 = 0x0020;
    pub const ACCEPT_FAILED: u64 = 0x0040;
    pub const CLOSED: u64 = 0x0080;
    pub const CLOSE_FAILED: u64 = 0x0100;
    pub const DISCONNECTED: u64 = 0x0200;
    pub const MONITOR_STOPPED: u64 = 0x0400;
    pub const HANDSHAKE_FAILED_NO_DETAIL: u64 = 0x0800;
    pub const HANDSHAKE_SUCCEEDED: u64 = 0x1000;
    pub const HANDSHAKE_FAILED_PROTOCOL: u64 = 0x2000;
    pub const HANDSHAKE_FAILED_AUTH: u64 = 0x4000;
    pub const PIPES_STATS: u64 = 0x10000;
}

/// The socket that a session or listener works for, as seen from the I/O side.
pub trait Owner: Send + Sync {
    /// Hands an event over and wakes the socket's caller if it waits. Never blocks.
    fn post(&self, event: Event);

    /// Tells the socket's monitor, if there is one. Never blocks on the application.
    fn report(&self, event: u64, value: u64, ends: &Ends) {
        self.report_all(event, &[value], ends);
    }

    /// As [`Owner::report`], for events with any number of values.
    fn report_all(&self, event: u64, values: &[u64], ends: &Ends);

    /// The socket's name in traces. Takes no lock.
    fn name(&self) -> SocketName;

    /// Processes what was posted, without the application's help. Takes the socket's lock.
    fn housekeep(&self);

    /// The socket's high-water marks now: (sending, receiving) in messages, 0 for no limit.
    fn hwms(&self) -> (usize, usize);

    /// The socket's linger period now: `None` for ever.
    fn linger(&self) -> Option<Duration>;

    /// Sends a request to the ZAP handler of the socket's context (RFC 27); `None` if there is none.
    /// `asker` hears when the reply is published. Never blocks.
    fn ask_zap(&self, request: Vec<Msg>, asker: Arc<dyn PeerEnd>) -> Option<ZapDialog>;
}

/// Counts the sessions of a context that are not done yet. Its methods are called on any thread, under a
/// session's lock; they block for no longer than a list takes to change.
pub trait Census: Send + Sync {
    /// A session began, for this socket and endpoint, which traces name. Returns what [`Census::leave`]
    /// wants to hear.
    fn enter(&self, socket: SocketName, endpoint: &[u8]) -> u64;
    /// A session is done.
    fn leave(&self, entry: u64);
}

/// A session's entry in the census.
pub(crate) struct LiveGuard {
    census: Arc<dyn Census>,
    entry: u64,
}

impl LiveGuard {
    pub(crate) fn new(census: Arc<dyn Census>, socket: SocketName, endpoint: &[u8]) -> Self {
        let entry = census.enter(socket, endpoint);
        Self { census, entry }
    }
}

impl Drop for LiveGuard {
    fn drop(&mut self) {
        self.census.leave(self.entry);
    }
}

#[cfg(test)]
mod tests;
