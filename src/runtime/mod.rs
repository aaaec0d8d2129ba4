//! Contexts, sockets, polling, monitors and proxies: the API's objects and their life cycles.
//!
//! A socket's state lies behind one lock ([`core::SocketCore`]), held only for work that does not
//! block. Who waits does so without the lock, at the socket's [`link::Link`], through which sessions
//! and inproc peers reach it. Pointers and errno variables of C are not known here.

mod bell;
mod context;
mod core;
mod endpoints;
mod inproc;
mod link;
mod monitor;
mod multicast;
mod options;
mod peers;
pub mod poll;
pub mod poller;
pub mod proxy;
mod route;
mod socket;
mod transfer;
mod transports;
mod udp;
mod wait_watch;
mod zap;

pub use self::core::SocketHandle;
pub use crate::io::gssapi::is_available as has_gssapi;
pub(crate) use crate::io::report as report_panic;
pub use crate::io::{has_norm, has_pgm};
pub use crate::transport::tls::is_available as has_wss;
pub use context::Context;

#[cfg(test)]
mod tests;
