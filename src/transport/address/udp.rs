//! Addresses of udp (`zmq_udp(7)`): an interface for multicast, and the host or group and port.

use super::{HostPort, Purpose};
use crate::errno::{Errno, Result};

/// A UDP endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UdpAddress {
    /// The interface of a multicast group: a name, a numeric address or `*`
    pub interface: Option<String>,
    /// The host and port, or the group; the port is there
    pub target: HostPort,
}

pub(super) fn parse(address: &[u8], purpose: Purpose) -> Result<UdpAddress> {
    let address = str::from_utf8(address).map_err(|_| Errno::EINVAL)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::address::{Address, parse};

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
}
