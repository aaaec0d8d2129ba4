//! From names to addresses. The only place of the transports that may block.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::address::{Address, HostPort, TcpAddress};
use crate::errno::{Errno, Result};
use crate::sys::{net, sockaddr};

/// What can be dialled without asking anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// A TCP address
    Tcp(ResolvedTcp),
    /// An address of another family
    Other(sockaddr::Address),
}

/// A TCP peer's address, and the local one to reach it from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolvedTcp {
    /// The local end, if one was asked for
    pub source: Option<SocketAddr>,
    /// The peer
    pub target: SocketAddr,
}

/// What an address to connect to stands for. Blocks for tcp and WebSockets as [`resolve_connect`], else never.
///
/// # Errors
/// Those of [`resolve_connect`]; `EINVAL` if it is not for streams (inproc, udp).
pub fn resolve(address: &Address, ipv6: bool) -> Result<Resolved> {
    match address.tcp() {
        Some(tcp) => resolve_connect(tcp, ipv6).map(Resolved::Tcp),
        None => address.of_kernel().map(Resolved::Other),
    }
}

/// Resolves an address to connect to. Blocks while the resolver asks the network: not for I/O
/// threads.
///
/// With `ipv6` an IPv4 peer comes as a mapped IPv6 address.
///
/// # Errors
/// `EINVAL` if the host is unknown, has no address of that family, or the port is none; `EMFILE`, `ENOMEM` and what
/// else the system lacks to find out.
pub fn resolve_connect(address: &TcpAddress, ipv6: bool) -> Result<ResolvedTcp> {
    let source = match &address.source {
        None => None,
        Some(source) => {
            let port = source.port.ok_or(Errno::EINVAL)?;
            let mut found = local(source, ipv6).map_err(|errno| match errno {
                Errno::ENODEV => Errno::EINVAL,
                errno => errno,
            })?;
            found.set_port(port);
            Some(found)
        }
    };
    let port = address.target.port.ok_or(Errno::EINVAL)?;
    if address.target.host.is_empty() {
        return Err(Errno::EINVAL);
    }
    let mut target = net::lookup(&address.target.host, ipv6)?;
    target.set_port(port);
    Ok(ResolvedTcp { source, target })
}

/// Resolves an address to bind to: `*`, the name of an interface, a numeric address or the name of
/// a host. Blocks only for the last.
///
/// # Errors
/// `ENODEV` if it is none of these, `EINVAL` if the port is none, or what is behind a `%` no interface; `EMFILE`, `ENOMEM`
/// and what else the system lacks to find out.
pub fn resolve_bind(address: &HostPort, ipv6: bool) -> Result<SocketAddr> {
    let port = address.port.ok_or(Errno::EINVAL)?;
    let mut found = local(address, ipv6)?;
    found.set_port(port);
    Ok(found)
}

fn local(address: &HostPort, ipv6: bool) -> Result<SocketAddr> {
    let host = address.host.as_str();
    match host {
        "" => return Err(Errno::ENODEV),
        "*" if ipv6 => return Ok((Ipv6Addr::UNSPECIFIED, 0).into()),
        "*" => return Ok((Ipv4Addr::UNSPECIFIED, 0).into()),
        _ => {}
    }
    match interface(host, ipv6) {
        Ok(Some(found)) => Ok(found),
        Ok(None) => {
            if let Some((_, zone)) = host.rsplit_once('%') {
                net::zone_index(zone)?;
            }
            net::lookup(host, ipv6).map_err(|error| match Errno::from(error) {
                Errno::EINVAL => Errno::ENODEV,
                errno => errno,
            })
        }
        // It may be an interface's name, so that nobody else knows it says nothing.
        Err(errno) => net::lookup(host, ipv6).map_err(|_| errno),
    }
}

fn interface(name: &str, ipv6: bool) -> Result<Option<SocketAddr>> {
    let found = net::interface(name, ipv6)?;
    if found.is_some() || !ipv6 {
        return Ok(found);
    }
    // An interface that has only an IPv4 address serves a socket with IPv6 as well.
    let found = net::interface(name, false)?;
    Ok(found.map(|found| match found {
        SocketAddr::V4(v4) => (v4.ip().to_ipv6_mapped(), 0).into(),
        v6 => v6,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(host: &str, ipv6: bool) -> Result<String> {
        let address = HostPort {
            host: host.to_owned(),
            port: Some(80),
        };
        resolve_bind(&address, ipv6).map(|found| found.to_string())
    }

    #[test]
    fn what_can_be_bound() {
        for (host, v4, v6) in [
            ("*", "0.0.0.0:80", "[::]:80"),
            ("127.0.0.1", "127.0.0.1:80", "[::ffff:127.0.0.1]:80"),
            ("0.0.0.0", "0.0.0.0:80", "[::ffff:0.0.0.0]:80"),
        ] {
            assert_eq!(bind(host, false).as_deref(), Ok(v4));
            assert_eq!(bind(host, true).as_deref(), Ok(v6));
        }
        assert_eq!(bind("lo", false).as_deref(), Ok("127.0.0.1:80"));
        assert!(bind("lo", true).is_ok());
        assert_eq!(bind("::1", true).as_deref(), Ok("[::1]:80"));
        // No names here: looking them up would ask the network.
        for bad in ["::1", "::1%lo", ""] {
            assert_eq!(bind(bad, false), Err(Errno::ENODEV), "{bad}");
        }
        for bad in ["::1%", "::1%no-such-device"] {
            assert_eq!(bind(bad, false), Err(Errno::EINVAL), "{bad}");
        }
    }

    #[test]
    fn what_can_be_dialled() {
        let at = |host: &str, port| HostPort {
            host: host.to_owned(),
            port,
        };
        let good = TcpAddress {
            source: Some(at("lo", Some(0))),
            target: at("127.0.0.1", Some(80)),
        };
        let resolved = resolve_connect(&good, false).expect("numeric");
        assert_eq!(resolved.target.to_string(), "127.0.0.1:80");
        assert_eq!(
            resolved.source.map(|at| at.to_string()).as_deref(),
            Some("127.0.0.1:0")
        );
        for target in [at("127.0.0.1", None), at("", Some(80)), at("::1", Some(80))] {
            let bad = TcpAddress {
                source: None,
                target,
            };
            assert_eq!(resolve_connect(&bad, false), Err(Errno::EINVAL));
        }
    }
}
