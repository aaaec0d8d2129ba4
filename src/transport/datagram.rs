//! udp: where datagrams go and come from, and the sockets for that (`zmq_udp(7)`).
//!
//! A socket is never connected: each datagram says where it goes, so that what a router or host reports
//! of one does not end up as an error of the next.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use libc::{IPPROTO_IP, IPPROTO_IPV6, SOL_SOCKET};

use super::address::{Purpose, UdpAddress};
use super::{dial, resolve, tune};
use crate::errno::{Errno, Result};
use crate::option::SocketOptions;
use crate::sys::datagram::{self, Inbox, Interface, Outgoing};
use crate::sys::sockaddr::Address;
use crate::sys::{net, socket};

/// The most that the time to live of a packet can be.
const HOPS_MAX: i32 = 255;

/// Where an endpoint's datagrams go, or come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UdpRoute {
    /// One address: the peer's, or ours to be bound to
    Unicast(SocketAddr),
    /// A multicast group, by an interface
    Multicast {
        /// Its address and port
        group: SocketAddr,
        /// The way there
        interface: Interface,
    },
}

impl UdpRoute {
    /// Looks up what the endpoint names. A host's name may block on the network.
    ///
    /// With `ipv6` the addresses are IPv6 ones, but for a multicast group that is written as an IPv4 one.
    ///
    /// # Errors
    /// `ENODEV`: no such interface, nor such a host to bind to; `EINVAL`: no such host to send to, an
    /// interface with something else than a multicast group, a group for an interface.
    pub fn resolve(address: &UdpAddress, purpose: Purpose, ipv6: bool) -> Result<Self> {
        let mut target = match purpose {
            Purpose::Bind => resolve::resolve_bind(&address.target, ipv6)?,
            Purpose::Connect if address.target.host.is_empty() => return Err(Errno::EINVAL),
            Purpose::Connect => net::lookup(&address.target.host, ipv6)?,
        };
        target.set_port(address.target.port.ok_or(Errno::EINVAL)?);
        if let IpAddr::V4(group) = target.ip().to_canonical()
            && group.is_multicast()
        {
            target.set_ip(group.into());
        }
        let interface = match &address.interface {
            Some(name) => Some(find_interface(name, &target)?),
            None => None,
        };
        if !target.ip().is_multicast() {
            return match interface {
                Some(_) => Err(Errno::EINVAL),
                None => Ok(Self::Unicast(target)),
            };
        }
        let interface = interface.unwrap_or_else(|| match target {
            SocketAddr::V4(_) => Interface::V4(Ipv4Addr::UNSPECIFIED),
            // A group of one link may name it as a zone (RFC 4007).
            SocketAddr::V6(group) => Interface::V6(group.scope_id()),
        });
        Ok(Self::Multicast {
            group: target,
            interface,
        })
    }

    /// Where datagrams are sent to.
    #[must_use]
    pub fn target(&self) -> SocketAddr {
        match *self {
            Self::Unicast(target) | Self::Multicast { group: target, .. } => target,
        }
    }

    /// What a receiver is bound to. A group is not an address of this host, so it is all of them.
    fn local(&self) -> SocketAddr {
        match *self {
            Self::Unicast(local) => local,
            Self::Multicast { group, .. } => {
                let any = match group {
                    SocketAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
                    SocketAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
                };
                SocketAddr::new(any, group.port())
            }
        }
    }
}

/// The interface of this name or numeric address, in the family of the group. IPv6 goes by numbers of
/// interfaces, and an address does not tell its.
fn find_interface(name: &str, group: &SocketAddr) -> Result<Interface> {
    let by_address = name.parse::<IpAddr>().ok();
    if by_address.is_some_and(|address| address.to_canonical().is_multicast()) {
        return Err(Errno::EINVAL);
    }
    match (group, by_address) {
        (SocketAddr::V4(_), _) if name == "*" => Ok(Interface::V4(Ipv4Addr::UNSPECIFIED)),
        (SocketAddr::V6(_), _) if name == "*" => Ok(Interface::V6(0)),
        (SocketAddr::V4(_), Some(IpAddr::V4(address))) => Ok(Interface::V4(address)),
        (SocketAddr::V4(_), None) => match net::interface(name, false)? {
            Some(SocketAddr::V4(address)) => Ok(Interface::V4(*address.ip())),
            _ => Err(Errno::ENODEV),
        },
        (SocketAddr::V6(_), None) => {
            let index = net::interface_index(name)?.ok_or(Errno::ENODEV)?;
            Ok(Interface::V6(index))
        }
        _ => Err(Errno::ENODEV),
    }
}

/// A UDP socket; non-blocking.
#[derive(Debug)]
pub struct UdpSocket {
    fd: OwnedFd,
    is_v6: bool,
}

impl UdpSocket {
    /// A socket that receives what comes by `route`, and can send. Others may be bound to the same port.
    ///
    /// # Errors
    /// `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, `ENODEV` (`ZMQ_BINDTODEVICE`, or no way to the group),
    /// `EPERM`, `EMFILE` and others of `bind(2)`.
    pub fn bind(route: &UdpRoute, options: &SocketOptions) -> Result<Self> {
        let (socket, local) = Self::open(route.local(), options)?;
        let fd = socket.fd.as_fd();
        // A port to be chosen must be nobody's; a known one may be shared, as in the reference.
        let is_chosen = route.local().port() == 0;
        if !is_chosen {
            share(&socket, route);
        }
        socket::bind(fd, &Address::Ip(local))?;
        if is_chosen {
            share(&socket, route);
        }
        if let UdpRoute::Multicast { group, interface } = route {
            // Not what another program of this host joined. Older kernels do not know it for IPv6.
            let _ = if socket.is_v6 {
                socket::set_int(fd, IPPROTO_IPV6, libc::IPV6_MULTICAST_ALL, 0)
            } else {
                socket::set_int(fd, IPPROTO_IP, libc::IP_MULTICAST_ALL, 0)
            };
            if let Interface::V6(index @ 1..) = *interface {
                // The kernel compares groups alone, so what comes by interfaces that others joined it by
                // would be taken for this one's. Before Linux 5.0 it is.
                let index = i32::try_from(index).unwrap_or(0);
                let _ = socket::set_int(fd, SOL_SOCKET, libc::SO_BINDTOIFINDEX, index);
            }
            datagram::join(fd, group, *interface)?;
        }
        Ok(socket)
    }

    /// A socket that sends by `route`.
    ///
    /// # Errors
    /// `ENODEV`, `EADDRNOTAVAIL` (no such interface), `EPERM`, `EMFILE` and others of `socket(2)`.
    pub fn sender(route: &UdpRoute, options: &SocketOptions) -> Result<Self> {
        let (socket, _) = Self::open(route.target(), options)?;
        let fd = socket.fd.as_fd();
        match *route {
            UdpRoute::Unicast(_) => {}
            UdpRoute::Multicast { interface, .. } => {
                let by_system = [Interface::V4(Ipv4Addr::UNSPECIFIED), Interface::V6(0)];
                if !by_system.contains(&interface) {
                    datagram::leave_by(fd, interface)?;
                }
            }
        }
        Ok(socket)
    }

    /// A socket for `address`, which comes back as the kernel can have it (as with tcp, see `dial`).
    fn open(address: SocketAddr, options: &SocketOptions) -> Result<(Self, SocketAddr)> {
        let (fd, address) = match datagram::socket(&address) {
            Ok(fd) => (fd, address),
            Err(error) if error.raw_os_error() == Some(libc::EAFNOSUPPORT) => {
                let v4 = dial::in_v4(address).ok_or(Errno::EAFNOSUPPORT)?;
                (datagram::socket(&v4)?, v4)
            }
            Err(error) => return Err(error.into()),
        };
        tune::before(fd.as_fd(), &Address::Ip(address), options)?;
        let is_v6 = address.is_ipv6();
        // How far multicasts go, and whether receivers of this host get them, is said where they are sent.
        let (level, far, to_itself) = if is_v6 {
            let names = (libc::IPV6_MULTICAST_HOPS, libc::IPV6_MULTICAST_LOOP);
            (IPPROTO_IPV6, names.0, names.1)
        } else {
            (IPPROTO_IP, libc::IP_MULTICAST_TTL, libc::IP_MULTICAST_LOOP)
        };
        let hops = options.multicast_hops.clamp(1, HOPS_MAX);
        socket::set_int(fd.as_fd(), level, far, hops)?;
        let hears_itself = i32::from(options.multicast_loop);
        socket::set_int(fd.as_fd(), level, to_itself, hears_itself)?;
        Ok((Self { fd, is_v6 }, address))
    }

    /// The address that the socket is bound to.
    ///
    /// # Errors
    /// Those of `getsockname(2)`.
    pub fn local(&self) -> Result<SocketAddr> {
        match socket::local_address(self.fd.as_fd())? {
            Address::Ip(address) => Ok(address),
            _ => Err(Errno::EAFNOSUPPORT),
        }
    }

    /// The address in the form that this socket sends to; `None` for one of a family that it has not.
    #[must_use]
    pub fn reach(&self, address: SocketAddr) -> Option<SocketAddr> {
        match (address, self.is_v6) {
            (SocketAddr::V4(v4), true) => Some((v4.ip().to_ipv6_mapped(), v4.port()).into()),
            (SocketAddr::V6(_), false) => {
                dial::in_v4(address).filter(|v4| !v4.ip().is_unspecified())
            }
            _ => Some(address),
        }
    }

    /// Sends datagrams, see [`datagram::send`].
    ///
    /// # Errors
    /// As there.
    pub fn send(&self, datagrams: &[Outgoing<'_>]) -> io::Result<usize> {
        datagram::send(self.fd.as_fd(), datagrams)
    }

    /// Receives datagrams, see [`Inbox::receive`].
    ///
    /// # Errors
    /// As there.
    pub fn receive(&self, inbox: &mut Inbox, most: usize) -> io::Result<usize> {
        inbox.receive(self.fd.as_fd(), most)
    }
}

impl AsRawFd for UdpSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

/// Lets others bind the same port; receivers of a group also those that ask for it in the other way.
fn share(socket: &UdpSocket, route: &UdpRoute) {
    let fd = socket.fd.as_fd();
    // Without it there is one receiver alone.
    let _ = socket::set_int(fd, SOL_SOCKET, libc::SO_REUSEADDR, 1);
    if matches!(route, UdpRoute::Multicast { .. }) {
        let _ = socket::set_int(fd, SOL_SOCKET, libc::SO_REUSEPORT, 1);
    }
}

/// A peer's address as a DGRAM tells it: host, colon, port, and a byte 0 at the end, as in the reference.
#[must_use]
pub fn name_of(peer: SocketAddr) -> Vec<u8> {
    let peer = match peer.ip().to_canonical() {
        IpAddr::V4(v4) => SocketAddr::from((v4, peer.port())),
        IpAddr::V6(_) => peer,
    };
    format!("{peer}\0").into_bytes()
}

/// The address that a DGRAM is told to send to: numeric, with or without the byte 0; `None` if it is
/// none, or the port is 0.
#[must_use]
pub fn peer_of(name: &[u8]) -> Option<SocketAddr> {
    let name = name.strip_suffix(b"\0").unwrap_or(name);
    let peer: SocketAddr = str::from_utf8(name).ok()?.parse().ok()?;
    (peer.port() != 0).then_some(peer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::address::{self, Address};

    fn route(endpoint: &str, purpose: Purpose, ipv6: bool) -> Result<UdpRoute> {
        match address::parse(endpoint, purpose)? {
            Address::Udp(address) => UdpRoute::resolve(&address, purpose, ipv6),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn hosts_and_groups() {
        let both = [Purpose::Bind, Purpose::Connect];
        let at = |text: &str| -> SocketAddr { text.parse().expect("an address") };
        for purpose in both {
            for (endpoint, ipv6, expected) in [
                ("udp://127.0.0.1:5", false, "127.0.0.1:5"),
                ("udp://127.0.0.1:5", true, "[::ffff:127.0.0.1]:5"),
                ("udp://[::1]:5", true, "[::1]:5"),
            ] {
                let expected = Ok(UdpRoute::Unicast(at(expected)));
                assert_eq!(route(endpoint, purpose, ipv6), expected, "{endpoint}");
            }
            let lo = net::interface_index("lo")
                .expect("the system answers")
                .expect("lo is there");
            for (endpoint, ipv6, group, interface) in [
                (
                    "239.0.0.1",
                    false,
                    "239.0.0.1:5",
                    Interface::V4(Ipv4Addr::UNSPECIFIED),
                ),
                (
                    "*;239.0.0.1",
                    true,
                    "239.0.0.1:5",
                    Interface::V4(Ipv4Addr::UNSPECIFIED),
                ),
                (
                    "lo;239.0.0.1",
                    false,
                    "239.0.0.1:5",
                    Interface::V4(Ipv4Addr::LOCALHOST),
                ),
                (
                    "127.0.0.1;239.0.0.1",
                    true,
                    "239.0.0.1:5",
                    Interface::V4(Ipv4Addr::LOCALHOST),
                ),
                ("[ff02::1]", true, "[ff02::1]:5", Interface::V6(0)),
                ("*;[ff02::1]", true, "[ff02::1]:5", Interface::V6(0)),
                ("lo;[ff02::1]", true, "[ff02::1]:5", Interface::V6(lo)),
            ] {
                let endpoint = format!("udp://{endpoint}:5");
                let group = at(group);
                let expected = Ok(UdpRoute::Multicast { group, interface });
                assert_eq!(route(&endpoint, purpose, ipv6), expected, "{endpoint}");
            }
        }
        let any = route("udp://*:5", Purpose::Bind, true);
        assert_eq!(any, Ok(UdpRoute::Unicast(at("[::]:5"))));
        let lo = route("udp://lo:5", Purpose::Bind, false);
        assert_eq!(lo, Ok(UdpRoute::Unicast(at("127.0.0.1:5"))));
    }

    #[test]
    fn what_leads_nowhere() {
        for (endpoint, ipv6, to_bind, to_connect) in [
            ("udp://:5", false, Errno::ENODEV, Errno::EINVAL),
            ("udp://[::1]:5", false, Errno::ENODEV, Errno::EINVAL),
            ("udp://lo;127.0.0.1:5", false, Errno::EINVAL, Errno::EINVAL),
            (
                "udp://239.0.0.2;239.0.0.1:5",
                false,
                Errno::EINVAL,
                Errno::EINVAL,
            ),
            (
                "udp://no-such;239.0.0.1:5",
                false,
                Errno::ENODEV,
                Errno::ENODEV,
            ),
            ("udp://::1;239.0.0.1:5", false, Errno::ENODEV, Errno::ENODEV),
            (
                "udp://127.0.0.1;[ff02::1]:5",
                true,
                Errno::ENODEV,
                Errno::ENODEV,
            ),
            ("udp://;239.0.0.1:5", false, Errno::ENODEV, Errno::ENODEV),
        ] {
            assert_eq!(
                route(endpoint, Purpose::Bind, ipv6),
                Err(to_bind),
                "{endpoint}"
            );
            assert_eq!(
                route(endpoint, Purpose::Connect, ipv6),
                Err(to_connect),
                "{endpoint}"
            );
        }
    }

    #[test]
    fn names_of_peers() {
        for (address, name) in [
            ("127.0.0.1:5", "127.0.0.1:5\0"),
            ("[::ffff:10.0.0.1]:5", "10.0.0.1:5\0"),
            ("[fe80::1%3]:65535", "[fe80::1%3]:65535\0"),
        ] {
            let address: SocketAddr = address.parse().expect("an address");
            assert_eq!(name_of(address), name.as_bytes());
            let there = peer_of(name.as_bytes()).expect("a peer");
            assert_eq!(there.ip().to_canonical(), address.ip().to_canonical());
            assert_eq!(peer_of(name.trim_end_matches('\0').as_bytes()), Some(there));
        }
        for bad in [
            &b""[..],
            b"\0",
            b"127.0.0.1",
            b"127.0.0.1:0",
            b"a:1",
            b"1.2.3.4:1\0\0",
            b"\xFF:1",
        ] {
            assert_eq!(peer_of(bad), None, "{bad:?}");
        }
    }
}
