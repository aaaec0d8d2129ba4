//! tcp, ipc, vsock, tipc, udp, norm and pgm: addresses and their resolution, listening, dialling, streams, datagrams.
//!
//! Nothing here blocks but `resolve` (and binding to a name, which resolves it): a listener and a
//! stream say `EAGAIN`, a dial in progress is waited for by whoever owns it. No threads, no
//! retries, no ZMTP: that is for `io` and `proto`. An error is always an errno for the caller,
//! never a panic, whatever the peer or the system did.
#![forbid(unsafe_code)]

pub mod address;
pub mod datagram;
pub mod dial;
pub mod listener;
pub mod norm;
pub mod pgm;
pub mod resolve;
pub mod socks;
pub mod stream;
pub mod tls;
mod tune;

#[cfg(test)]
mod tests;

pub use address::{
    Address, HostPort, IpcAddress, NormAddress, PgmAddress, Purpose, TcpAddress, UdpAddress,
    WsAddress,
};
pub use datagram::{UdpRoute, UdpSocket};
pub use dial::{Dial, Dialing};
pub use listener::{Accepted, Listener};
pub use norm::NormRoute;
pub use pgm::PgmRoute;
pub use resolve::{Resolved, ResolvedTcp, resolve, resolve_bind, resolve_connect};
pub use stream::Stream;
pub use tls::Tls;
