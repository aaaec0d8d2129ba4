//! norm: where a session's packets go and come from.

use std::net::{IpAddr, SocketAddr};

use super::address::NormAddress;
use crate::errno::{Errno, Result};
use crate::sys::net;

/// Where an endpoint's packets go, or come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormRoute {
    /// The multicast group, or a host
    pub target: SocketAddr,
    /// The name of a group's interface
    pub interface: Option<String>,
    /// The participant's number, if it was given one
    pub node: Option<u32>,
}

impl NormRoute {
    /// Looks up what the endpoint names. A host's name may block on the network. With `ipv6` it may have an address
    /// of IPv6.
    ///
    /// # Errors
    /// `ENODEV`: no such interface; `EINVAL`: no such host, or an interface with something else than a multicast group;
    /// `EMFILE` and others of `socket(2)`.
    pub fn resolve(address: &NormAddress, ipv6: bool) -> Result<Self> {
        let host = net::lookup(&address.target.host, ipv6)?.ip().to_canonical();
        let port = address.target.port.ok_or(Errno::EINVAL)?;
        let interface = address.interface.as_deref().map(find_interface);
        if interface.is_some() && !host.is_multicast() {
            return Err(Errno::EINVAL);
        }
        Ok(Self {
            target: (host, port).into(),
            interface: interface.transpose()?,
            node: address.node,
        })
    }
}

/// The name of the interface that has this name or numeric address.
fn find_interface(name: &str) -> Result<String> {
    let by_address = name.parse::<IpAddr>().ok();
    match by_address {
        Some(address) => net::interface_with(address)?,
        None => net::interface_index(name)?.map(|_| name.to_owned()),
    }
    .ok_or(Errno::ENODEV)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::address::{Address, Purpose, parse};

    #[test]
    fn routes() {
        let route = |text: &str, ipv6| match parse(text, Purpose::Bind)? {
            Address::Norm(norm) => NormRoute::resolve(&norm, ipv6),
            other => panic!("{other:?}"),
        };
        let lo = route("norm://lo;239.1.2.3:7", false).expect("there is lo");
        assert_eq!(lo.target, "239.1.2.3:7".parse().expect("an address"));
        assert_eq!(lo.interface.as_deref(), Some("lo"));
        assert_eq!(route("norm://127.0.0.1;239.1.2.3:7", true), Ok(lo));
        let unicast = route("norm://5,localhost:7", false).expect("there is localhost");
        assert!(unicast.target.ip().is_loopback() && unicast.node == Some(5));
        assert_eq!(
            route("norm://nosuchif;239.1.2.3:7", false),
            Err(Errno::ENODEV)
        );
        assert_eq!(
            route("norm://192.0.2.1;239.1.2.3:7", false),
            Err(Errno::ENODEV)
        );
        assert_eq!(route("norm://lo;127.0.0.1:7", false), Err(Errno::EINVAL));
        assert_eq!(route("norm://[ff02::1]:7", false), Err(Errno::EINVAL));
        assert!(route("norm://[ff02::1]:7", true).is_ok());
    }
}
