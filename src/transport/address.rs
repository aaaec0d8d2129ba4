//! The syntax of endpoints; nothing is looked up. What follows `://` is parsed by a module for each transport.
//!
//! Endpoints are bytes: names of files and of inproc endpoints need not be UTF-8.
//!
//! What the manual leaves open is as the reference library has it, except that an endpoint that can
//! never be connected to (no host, a port of 99999, a broken IPv6 literal) is refused at once.

mod host;
mod ipc;
mod norm;
mod pgm;
mod tcp;
mod tipc;
mod udp;
mod vsock;
mod ws;

pub use host::HostPort;
pub use ipc::IpcAddress;
pub use norm::NormAddress;
pub use pgm::PgmAddress;
pub use tcp::TcpAddress;
pub use tipc::node_name;
pub use udp::UdpAddress;
pub use ws::WsAddress;
pub(super) use ws::WsName;

use crate::errno::{Errno, Result};
use crate::sys::sockaddr::{self, Tipc, Vsock};

/// What an endpoint is parsed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `zmq_bind`: wildcards are allowed
    Bind,
    /// `zmq_connect`: a source address is allowed
    Connect,
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A name within the context
    Inproc(Vec<u8>),
    /// A unix socket
    Ipc(IpcAddress),
    /// A TCP host and port
    Tcp(TcpAddress),
    /// A UDP host and port, or a multicast group
    Udp(UdpAddress),
    /// A context and a port
    Vsock(Vsock),
    /// A service in a cluster, or a socket
    Tipc(Tipc),
    /// A multicast group or host of NORM
    Norm(NormAddress),
    /// A TCP host and port, and a path
    Ws(WsAddress),
    /// A multicast group of PGM, within UDP or not
    Pgm(PgmAddress),
}

impl Address {
    /// The host and port of a transport over TCP.
    #[must_use]
    pub const fn tcp(&self) -> Option<&TcpAddress> {
        match self {
            Self::Tcp(tcp) => Some(tcp),
            Self::Ws(ws) => Some(&ws.place),
            _ => None,
        }
    }

    /// The address as the kernel has it, of a transport that asks nobody else.
    ///
    /// # Errors
    /// `EINVAL` if there is none.
    pub fn of_kernel(&self) -> Result<sockaddr::Address> {
        match self {
            Self::Ipc(IpcAddress::Path(path)) => Ok(sockaddr::Address::Path(path.clone())),
            Self::Ipc(IpcAddress::Abstract(name)) => Ok(sockaddr::Address::Abstract(name.clone())),
            Self::Vsock(at) => Ok(sockaddr::Address::Vsock(*at)),
            Self::Tipc(at) => Ok(sockaddr::Address::Tipc(*at)),
            Self::Ipc(IpcAddress::Wildcard)
            | Self::Inproc(_)
            | Self::Tcp(_)
            | Self::Udp(_)
            | Self::Ws(_)
            | Self::Norm(_)
            | Self::Pgm(_) => Err(Errno::EINVAL),
        }
    }
}

/// Parses an endpoint.
///
/// # Errors
/// `EINVAL` (malformed), `EPROTONOSUPPORT` (no such transport), `ENAMETOOLONG` (a path of more than 107
/// bytes).
pub fn parse(endpoint: &(impl AsRef<[u8]> + ?Sized), purpose: Purpose) -> Result<Address> {
    match split(endpoint.as_ref())? {
        ("inproc", address) => Ok(Address::Inproc(address.to_owned())),
        ("ipc", address) => ipc::parse(address, purpose).map(Address::Ipc),
        ("tcp", address) => tcp::parse(address, purpose).map(Address::Tcp),
        ("udp", address) => udp::parse(address, purpose).map(Address::Udp),
        ("vsock", address) => vsock::parse(address, purpose).map(Address::Vsock),
        ("tipc", address) => tipc::parse(address, purpose).map(Address::Tipc),
        ("norm", address) => norm::parse(address).map(Address::Norm),
        ("ws", address) => ws::parse(address, purpose, false).map(Address::Ws),
        ("epgm", address) => pgm::parse(address, true).map(Address::Pgm),
        ("pgm", address) => pgm::parse(address, false).map(Address::Pgm),
        ("wss", address) => ws::parse(address, purpose, true).map(Address::Ws),
        _ => Err(Errno::EPROTONOSUPPORT),
    }
}

/// Splits an endpoint into a transport that there is and an address: all that an endpoint is held
/// to when it is taken back.
///
/// # Errors
/// `EINVAL`, `EPROTONOSUPPORT` as [`parse`].
pub fn split(endpoint: &[u8]) -> Result<(&str, &[u8])> {
    let place = endpoint.windows(3).position(|three| three == b"://");
    let (scheme, address) = endpoint.split_at(place.ok_or(Errno::EINVAL)?);
    let address = &address[3..];
    // Names of transports are ASCII, so other bytes name none.
    let scheme = str::from_utf8(scheme).unwrap_or("?");
    match scheme {
        _ if scheme.is_empty() || address.is_empty() => Err(Errno::EINVAL),
        "inproc" | "ipc" | "tcp" | "udp" | "vsock" | "tipc" | "norm" | "ws" | "wss" | "epgm"
        | "pgm" => Ok((scheme, address)),
        _ => Err(Errno::EPROTONOSUPPORT),
    }
}

/// Parses where a proxy is (`ZMQ_SOCKS_PROXY`): as an endpoint to connect to, without the transport.
///
/// # Errors
/// `EINVAL` if it is malformed.
pub fn parse_proxy(address: &[u8]) -> Result<Address> {
    tcp::parse(address, Purpose::Connect).map(Address::Tcp)
}

/// An address of the kernel's as an endpoint.
#[must_use]
pub fn endpoint_of(address: &sockaddr::Address) -> Vec<u8> {
    match address {
        sockaddr::Address::Ip(address) => format!("tcp://{address}").into_bytes(),
        sockaddr::Address::Path(path) => [b"ipc://", path.as_slice()].concat(),
        sockaddr::Address::Abstract(name) => [b"ipc://@", name.as_slice()].concat(),
        sockaddr::Address::Unnamed => b"ipc://".to_vec(),
        sockaddr::Address::Vsock(at) => vsock::to_endpoint(*at).into_bytes(),
        sockaddr::Address::Tipc(at) => tipc::to_endpoint(*at).into_bytes(),
    }
}

/// A number of 32 bits: digits, and nothing else.
fn number(text: &[u8]) -> Option<u32> {
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes() {
        for purpose in [Purpose::Bind, Purpose::Connect] {
            for bad in [
                "",
                "nothing",
                "tcp:/x",
                "://x",
                "tcp:",
                "tcp://",
                "ipc://",
                "inproc://",
                "ipc://@",
            ] {
                assert_eq!(parse(bad, purpose), Err(Errno::EINVAL), "{bad}");
            }
            for unknown in ["foo://a", "TCP://127.0.0.1:1"] {
                assert_eq!(
                    parse(unknown, purpose),
                    Err(Errno::EPROTONOSUPPORT),
                    "{unknown}"
                );
            }
            assert_eq!(
                parse("inproc://a b", purpose),
                Ok(Address::Inproc(b"a b".to_vec()))
            );
        }
    }
}
