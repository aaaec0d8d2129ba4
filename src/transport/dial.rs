//! Connecting to a resolved address.

use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use super::resolve::{Resolved, ResolvedTcp};
use super::stream::Stream;
use super::tune;
use crate::errno::{Errno, Result};
use crate::option::SocketOptions;
use crate::sys::sockaddr::Address;
use crate::sys::socket;

/// How far a dial has come.
#[derive(Debug)]
pub enum Dial {
    /// All the way (the rule with ipc)
    Connected(Stream),
    /// The transport's handshake is under way
    InProgress(Dialing),
}

/// A connect under way: once writable it has ended, one way or the other. Dropping it gives up.
#[derive(Debug)]
pub struct Dialing {
    fd: OwnedFd,
    maxrt: Option<Duration>,
}

/// Starts to connect. Never blocks.
///
/// # Errors
/// Those of `socket(2)` (`EMFILE` ...), of `bind(2)` for a source address (`EADDRINUSE`,
/// `EADDRNOTAVAIL`) and of `connect(2)` (`ECONNREFUSED`, `ENOENT`; `EAGAIN`: a listener's queue is
/// full, try later).
pub fn start(resolved: &Resolved, options: &SocketOptions) -> Result<Dial> {
    match resolved {
        Resolved::Tcp(address) => dial_tcp(address, options),
        Resolved::Other(target) => dial_other(target, options),
    }
}

fn dial_other(target: &Address, options: &SocketOptions) -> Result<Dial> {
    let fd = socket::stream(target)?;
    tune::before(fd.as_fd(), target, options)?;
    tune::connect_limit(fd.as_fd(), target, options);
    if socket::connect(fd.as_fd(), target).map_err(failure)? {
        return Ok(Dial::Connected(Stream::new(fd, Some(target.clone()))));
    }
    Ok(Dial::InProgress(Dialing { fd, maxrt: None }))
}

fn dial_tcp(address: &ResolvedTcp, options: &SocketOptions) -> Result<Dial> {
    let (fd, target) = tcp_socket(address.target)?;
    tune::before(fd.as_fd(), &target, options)?;
    tune::connection(fd.as_fd(), options);
    if let Some(source) = address.source {
        // Several connections may leave from one port, to different peers.
        socket::set_int(fd.as_fd(), libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
        socket::bind(fd.as_fd(), &in_family_of(&target, source))?;
    }
    let dialing = Dialing {
        fd,
        maxrt: options.tcp_maxrt,
    };
    if socket::connect(dialing.fd.as_fd(), &target)? {
        return dialing.finish().map(Dial::Connected);
    }
    Ok(Dial::InProgress(dialing))
}

/// A socket for `address`, which comes back as the kernel can have it: where IPv6 is switched off
/// IPv4 peers of a socket with `ZMQ_IPV6` are reached all the same.
pub(super) fn tcp_socket(address: SocketAddr) -> Result<(OwnedFd, Address)> {
    let wanted = Address::Ip(address);
    match socket::stream(&wanted) {
        Ok(fd) => Ok((fd, wanted)),
        Err(error) if error.raw_os_error() == Some(libc::EAFNOSUPPORT) => {
            let v4 = in_v4(address).ok_or(Errno::EAFNOSUPPORT)?;
            Ok((socket::stream(&Address::Ip(v4))?, Address::Ip(v4)))
        }
        Err(error) => Err(error.into()),
    }
}

/// The IPv4 address that is meant by a mapped IPv6 one or by `::`.
pub(super) fn in_v4(address: SocketAddr) -> Option<SocketAddr> {
    let ip = match address.ip().to_canonical() {
        std::net::IpAddr::V6(v6) if v6.is_unspecified() => std::net::Ipv4Addr::UNSPECIFIED.into(),
        std::net::IpAddr::V6(_) => return None,
        v4 => v4,
    };
    Some(SocketAddr::new(ip, address.port()))
}

/// A source address in the family that the target's socket turned out to have.
fn in_family_of(target: &Address, source: SocketAddr) -> Address {
    let v4 = matches!(target, Address::Ip(target) if target.is_ipv4());
    Address::Ip(if v4 {
        in_v4(source).unwrap_or(source)
    } else {
        source
    })
}

/// Why a connect failed. That nobody listens is told by vsock as if somebody had.
fn failure(error: std::io::Error) -> Errno {
    match error.raw_os_error() {
        Some(libc::ECONNRESET) => Errno::ECONNREFUSED,
        _ => error.into(),
    }
}

impl Dialing {
    /// The outcome of the connect, to be asked for once the socket is writable.
    ///
    /// # Errors
    /// `ECONNREFUSED`, `ETIMEDOUT`, `ENETUNREACH`, `EHOSTUNREACH` and others of `connect(2)`;
    /// `ENOTCONN` if it was asked too early.
    pub fn finish(self) -> Result<Stream> {
        socket::take_error(self.fd.as_fd()).map_err(failure)?;
        let peer = socket::peer_address(self.fd.as_fd())?;
        // Dialling a free port of this host now and then hits upon itself: source and target are
        // one. That is nobody, and would keep the port from whoever is to listen there.
        if matches!(peer, Address::Ip(_)) && socket::local_address(self.fd.as_fd())? == peer {
            return Err(Errno::ECONNREFUSED);
        }
        tune::retransmission(self.fd.as_fd(), self.maxrt);
        Ok(Stream::new(self.fd, Some(peer)))
    }
}

impl AsRawFd for Dialing {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl AsFd for Dialing {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
