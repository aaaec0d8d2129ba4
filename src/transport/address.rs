//! The syntax of endpoints (`zmq_tcp(7)`, `zmq_ipc(7)`, `zmq_inproc(7)`, `zmq_udp(7)`); nothing is looked up.
//!
//! Endpoints are bytes: names of files and of inproc endpoints need not be UTF-8.
//!
//! What the manual leaves open is as the reference library has it, except that an endpoint that can
//! never be connected to (no host, a port of 99999, a broken IPv6 literal) is refused at once.

use std::net::IpAddr;

use crate::errno::{Errno, Result};
use crate::sys::sockaddr::UNIX_NAME_MAX;

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
}

/// Where a unix socket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IpcAddress {
    /// A file to be named by the library (bind only)
    Wildcard,
    /// A file
    Path(Vec<u8>),
    /// A name in Linux's abstract namespace, without the `@`
    Abstract(Vec<u8>),
}

/// A TCP endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpAddress {
    /// The local end to connect from
    pub source: Option<HostPort>,
    /// The host and port to bind or to connect to
    pub target: HostPort,
}

/// A UDP endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UdpAddress {
    /// The interface of a multicast group: a name, a numeric address or `*`
    pub interface: Option<String>,
    /// The host and port, or the group; the port is there
    pub target: HostPort,
}

/// A host or interface, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// A name or a numeric address without brackets, or `*`
    pub host: String,
    /// The port, 0 if the system is to choose; `None`: not a number of 16 bits
    pub port: Option<u16>,
}

/// Parses an endpoint.
///
/// # Errors
/// `EINVAL` (malformed), `EPROTONOSUPPORT` (no such transport), `ENAMETOOLONG` (a path of more than 107
/// bytes).
pub fn parse(endpoint: &(impl AsRef<[u8]> + ?Sized), purpose: Purpose) -> Result<Address> {
    match split(endpoint.as_ref())? {
        ("inproc", address) => Ok(Address::Inproc(address.to_owned())),
        ("ipc", address) => parse_ipc(address, purpose).map(Address::Ipc),
        ("tcp", address) => {
            let address = str::from_utf8(address).map_err(|_| Errno::EINVAL)?;
            parse_tcp(address, purpose).map(Address::Tcp)
        }
        ("udp", address) => {
            let address = str::from_utf8(address).map_err(|_| Errno::EINVAL)?;
            parse_udp(address, purpose).map(Address::Udp)
        }
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
        "inproc" | "ipc" | "tcp" | "udp" => Ok((scheme, address)),
        _ => Err(Errno::EPROTONOSUPPORT),
    }
}

/// Parses where a proxy is (`ZMQ_SOCKS_PROXY`): as an endpoint to connect to, without the transport.
///
/// # Errors
/// `EINVAL` if it is malformed.
pub fn parse_proxy(address: &[u8]) -> Result<Address> {
    let address = str::from_utf8(address).map_err(|_| Errno::EINVAL)?;
    parse_tcp(address, Purpose::Connect).map(Address::Tcp)
}

fn parse_ipc(address: &[u8], purpose: Purpose) -> Result<IpcAddress> {
    if purpose == Purpose::Bind && address.starts_with(b"*") {
        return Ok(IpcAddress::Wildcard);
    }
    if address == b"@" {
        return Err(Errno::EINVAL);
    }
    if address.len() > UNIX_NAME_MAX {
        return Err(Errno::ENAMETOOLONG);
    }
    Ok(match address.strip_prefix(b"@") {
        Some(name) => IpcAddress::Abstract(name.to_owned()),
        None => IpcAddress::Path(address.to_owned()),
    })
}

fn parse_tcp(address: &str, purpose: Purpose) -> Result<TcpAddress> {
    if purpose == Purpose::Connect {
        check_connect(address)?;
    }
    let (source, target) = match address.split_once(';') {
        Some((source, target)) => (Some(source), target),
        None => (None, address),
    };
    let target = HostPort::parse(target);
    if target.port.is_none() {
        return Err(Errno::EINVAL);
    }
    // A source of an interface alone may have any port.
    let source = source.map(|source| match HostPort::parse(source) {
        whole if source.contains(':') => whole,
        _ => HostPort {
            host: source.to_owned(),
            port: Some(0),
        },
    });
    let source = source.filter(|_| purpose == Purpose::Connect);
    Ok(TcpAddress { source, target })
}

fn parse_udp(address: &str, purpose: Purpose) -> Result<UdpAddress> {
    let (interface, target) = match address.rsplit_once(';') {
        Some((interface, target)) => (Some(interface.to_owned()), target),
        None => (None, address),
    };
    // The system chooses ports to bind, not ports to send to.
    if purpose == Purpose::Connect && target.ends_with(":*") {
        return Err(Errno::EINVAL);
    }
    let target = HostPort::parse(target);
    if target.port.is_none() {
        return Err(Errno::EINVAL);
    }
    Ok(UdpAddress { interface, target })
}

/// The syntax that `zmq_connect` insists on: it starts like a host, has nothing that neither hosts
/// nor numeric addresses have, and ends in what starts like a port.
fn check_connect(address: &str) -> Result<()> {
    let (host, port) = address.rsplit_once(':').ok_or(Errno::EINVAL)?;
    let start = |c: char| c.is_ascii_alphanumeric() || matches!(c, '[' | ':');
    let inside = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '.' | '-' | ':' | '%' | '_' | ';' | '[' | ']' | '*')
    };
    let target = HostPort::parse(
        address
            .rsplit_once(';')
            .map_or(address, |(_, target)| target),
    );
    let good = address.starts_with(start)
        && !target.host.is_empty()
        && !is_broken_literal(&target.host)
        && host.chars().all(inside)
        && port.starts_with(|c: char| c.is_ascii_digit())
        && port.chars().all(inside);
    if good { Ok(()) } else { Err(Errno::EINVAL) }
}

/// Whether a host is meant as a numeric IPv6 address, but is none.
fn is_broken_literal(host: &str) -> bool {
    let (address, _zone) = host.split_once('%').unwrap_or((host, ""));
    host.contains([':', '[', ']']) && address.parse::<std::net::Ipv6Addr>().is_err()
}

impl HostPort {
    /// The address, if the host is numeric: nobody needs to be asked for it.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Splits at the last colon and takes the brackets off.
    fn parse(text: &str) -> Self {
        let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = match port {
            "*" => Some(0),
            _ if digits => port.parse().ok(),
            _ => None,
        };
        Self {
            host: host.to_owned(),
            port,
        }
    }
}

impl IpcAddress {
    /// The address as an endpoint.
    #[must_use]
    pub fn to_endpoint(&self) -> Vec<u8> {
        match self {
            Self::Wildcard => b"ipc://*".to_vec(),
            Self::Path(path) => [b"ipc://", path.as_slice()].concat(),
            Self::Abstract(name) => [b"ipc://@", name.as_slice()].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(endpoint: &str, purpose: Purpose) -> Result<(Option<String>, String)> {
        let show = |at: &HostPort| match at.port {
            Some(port) => format!("{} {port}", at.host),
            None => format!("{} -", at.host),
        };
        match parse(endpoint, purpose)? {
            Address::Tcp(at) => Ok((at.source.as_ref().map(show), show(&at.target))),
            other => panic!("{other:?}"),
        }
    }

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
            for unknown in [
                "foo://a",
                "TCP://127.0.0.1:1",
                "pgm://eth0;1.2.3.4:5",
                "ws://a:1",
            ] {
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

    #[test]
    fn ipc() {
        let ipc = |text: &str, purpose| match parse(text, purpose) {
            Ok(Address::Ipc(address)) => Ok(address),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        };
        assert_eq!(ipc("ipc://*", Purpose::Bind), Ok(IpcAddress::Wildcard));
        assert_eq!(
            ipc("ipc://*", Purpose::Connect),
            Ok(IpcAddress::Path(b"*".to_vec()))
        );
        assert_eq!(
            ipc("ipc://@a", Purpose::Bind),
            Ok(IpcAddress::Abstract(b"a".to_vec()))
        );
        assert_eq!(
            ipc("ipc:///tmp/a", Purpose::Bind),
            Ok(IpcAddress::Path(b"/tmp/a".to_vec()))
        );
        for first in ["@", "/"] {
            let longest = format!("ipc://{first}{}", "a".repeat(106));
            assert_eq!(
                ipc(&longest, Purpose::Connect).expect("fits").to_endpoint(),
                longest.as_bytes()
            );
            let longer = format!("{longest}a");
            assert_eq!(ipc(&longer, Purpose::Connect), Err(Errno::ENAMETOOLONG));
            assert_eq!(ipc(&longer, Purpose::Bind), Err(Errno::ENAMETOOLONG));
        }
    }

    #[test]
    fn udp() {
        let udp = |text: &str, purpose| match parse(text, purpose)? {
            Address::Udp(at) => Ok((at.interface, at.target.host, at.target.port)),
            other => panic!("{other:?}"),
        };
        for (endpoint, interface, host, port) in [
            ("udp://127.0.0.1:5555", None, "127.0.0.1", 5555),
            ("udp://[::1]:0", None, "::1", 0),
            ("udp://eth0;239.0.0.1:80", Some("eth0"), "239.0.0.1", 80),
            ("udp://*;[ff02::1]:80", Some("*"), "ff02::1", 80),
            ("udp://a;b;c:80", Some("a;b"), "c", 80),
        ] {
            let expected = (interface.map(str::to_owned), host.to_owned(), Some(port));
            for purpose in [Purpose::Bind, Purpose::Connect] {
                assert_eq!(udp(endpoint, purpose), Ok(expected.clone()), "{endpoint}");
            }
        }
        assert!(udp("udp://*:*", Purpose::Bind).is_ok());
        assert_eq!(udp("udp://*:*", Purpose::Connect), Err(Errno::EINVAL));
        for bad in ["a", "a:", "a:65536", "a:-1", "a:1x", "a:1;", "a:1;b"] {
            for purpose in [Purpose::Bind, Purpose::Connect] {
                let endpoint = format!("udp://{bad}");
                assert_eq!(udp(&endpoint, purpose), Err(Errno::EINVAL), "{bad}");
            }
        }
    }

    #[test]
    fn tcp_to_bind() {
        for (endpoint, expected) in [
            ("tcp://*:*", "* 0"),
            ("tcp://*:0", "* 0"),
            ("tcp://[::1]:80", "::1 80"),
            ("tcp://::1:80", "::1 80"),
            ("tcp://[*]:80", "* 80"),
            ("tcp://:80", " 80"),
            ("tcp://a b:65535", "a b 65535"),
            ("tcp://[::1%lo]:1", "::1%lo 1"),
        ] {
            assert_eq!(
                tcp(endpoint, Purpose::Bind),
                Ok((None, expected.to_owned()))
            );
        }
        for bad in [
            "127.0.0.1",
            "127.0.0.1:",
            "*",
            "a:65536",
            "a:-1",
            "a:+1",
            "a: 1",
            "a:1;x",
        ] {
            let endpoint = format!("tcp://{bad}");
            assert_eq!(tcp(&endpoint, Purpose::Bind), Err(Errno::EINVAL), "{bad}");
        }
    }

    #[test]
    fn tcp_to_connect() {
        for (endpoint, source, target) in [
            ("tcp://localhost:1234", None, "localhost 1234"),
            ("tcp://[::1]:1234", None, "::1 1234"),
            ("tcp://::1:1234", None, "::1 1234"),
            ("tcp://a_b:0", None, "a_b 0"),
            ("tcp://127.0.0.1:*;b:80", Some("127.0.0.1 0"), "b 80"),
            ("tcp://lo:5555;b:80", Some("lo 5555"), "b 80"),
            ("tcp://lo;b:80", Some("lo 0"), "b 80"),
            ("tcp://[::1]:5564;[::1]:80", Some("::1 5564"), "::1 80"),
        ] {
            let expected = (source.map(str::to_owned), target.to_owned());
            assert_eq!(tcp(endpoint, Purpose::Connect), Ok(expected), "{endpoint}");
        }
        for bad in [
            "localhost:invalid",
            "in val id:1234",
            "127.0.0.1",
            "127.0.0.1:",
            "a:*",
            "a:-1",
            "a:65536",
            "a:80a",
            ":5555",
            "[::1:1",
            "[::g]:1",
            "*:1",
            "-a:1",
            ".a:1",
            "_a:1",
            "a!b:1",
            "a/b:1",
            "a:1 ",
            ";a:1",
            "a;b",
            "*:*;a:1",
            "ä:1",
            ":",
        ] {
            let endpoint = format!("tcp://{bad}");
            assert_eq!(
                tcp(&endpoint, Purpose::Connect),
                Err(Errno::EINVAL),
                "{bad}"
            );
        }
    }
}
