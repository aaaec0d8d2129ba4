//! pgm and epgm: where packets go and come from.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::address::PgmAddress;
use crate::errno::{Errno, Result};
use crate::sys::net;

/// Where an endpoint's packets go, and come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PgmRoute {
    /// Within UDP
    pub udp: bool,
    /// The interface's address; `None`: the system's choice
    pub interface: Option<Ipv4Addr>,
    /// Groups to hear
    pub groups: Vec<Ipv4Addr>,
    /// The group to send to
    pub target: Ipv4Addr,
    /// The port
    pub port: u16,
}

impl PgmRoute {
    /// Finds the interface.
    ///
    /// # Errors
    /// `EINVAL`, as the reference: there is no such interface, or it is the loopback interface, or it has no IPv4 address.
    pub fn resolve(address: &PgmAddress) -> Result<Self> {
        let interface = address.interface.as_deref().map(find_interface);
        Ok(Self {
            udp: address.udp,
            interface: interface.transpose()?,
            groups: address.groups.clone(),
            target: address.target,
            port: address.port,
        })
    }
}

/// The address of the interface with this name or address.
fn find_interface(name: &str) -> Result<Ipv4Addr> {
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        let known = net::interface_with(IpAddr::V4(address))?;
        return known.map(|_| address).ok_or(Errno::EINVAL);
    }
    match net::interface(name, false)? {
        // OpenPGM has no use for the loopback interface.
        Some(SocketAddr::V4(address)) if !address.ip().is_loopback() => Ok(*address.ip()),
        _ => Err(Errno::EINVAL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::address::{Address, Purpose, parse};

    #[test]
    fn routes() {
        let route = |text: &str| match parse(text, Purpose::Bind)? {
            Address::Pgm(pgm) => PgmRoute::resolve(&pgm),
            other => panic!("{other:?}"),
        };
        let numeric = route("epgm://127.0.0.1;239.1.2.3:7").expect("there is lo");
        assert_eq!(numeric.interface, Some(Ipv4Addr::LOCALHOST));
        assert_eq!(route("epgm://lo;239.1.2.3:7"), Err(Errno::EINVAL));
        assert_eq!(route("pgm://239.1.2.3:7").map(|it| it.interface), Ok(None));
        for bad in ["pgm://nosuchif;239.1.2.3:7", "pgm://192.0.2.1;239.1.2.3:7"] {
            assert_eq!(route(bad), Err(Errno::EINVAL));
        }
    }
}
