//! Addresses of NORM: a number of the participant, an interface for multicast, the group or host and port, as in
//! `norm://7,eth0;239.0.0.1:5556`. Both may be left out.

use super::HostPort;
use crate::errno::{Errno, Result};

/// A NORM endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormAddress {
    /// The participant's number (NormNodeId); not 0 and not `u32::MAX`, which stand for none and any
    pub node: Option<u32>,
    /// The interface of a multicast group: a name or a numeric address
    pub interface: Option<String>,
    /// The host or group and the port, which is there and not 0
    pub target: HostPort,
}

pub(super) fn parse(address: &[u8]) -> Result<NormAddress> {
    let address = str::from_utf8(address).map_err(|_| Errno::EINVAL)?;
    let (node, place) = match address.split_once(',') {
        Some((node, place)) => (Some(parse_node(node)?), place),
        None => (None, address),
    };
    let (interface, target) = match place.split_once(';') {
        Some((interface, target)) => (Some(interface.to_owned()), target),
        None => (None, place),
    };
    let target = HostPort::parse(target);
    // All participants must know the port, so the system cannot choose it.
    if matches!(target.port, None | Some(0)) || target.host.is_empty() {
        return Err(Errno::EINVAL);
    }
    Ok(NormAddress {
        node,
        interface: interface.filter(|interface| !interface.is_empty()),
        target,
    })
}

fn parse_node(text: &str) -> Result<u32> {
    match text.parse() {
        Ok(0 | u32::MAX) | Err(_) => Err(Errno::EINVAL),
        Ok(node) => Ok(node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norm() {
        for (text, node, interface, host) in [
            ("239.0.0.1:80", None, None, "239.0.0.1"),
            ("lo;239.0.0.1:80", None, Some("lo"), "239.0.0.1"),
            (";239.0.0.1:80", None, None, "239.0.0.1"),
            ("7,127.0.0.1:80", Some(7), None, "127.0.0.1"),
            ("7,eth0;[ff02::1]:80", Some(7), Some("eth0"), "ff02::1"),
            ("4294967294,a b:80", Some(4_294_967_294), None, "a b"),
        ] {
            let expected = NormAddress {
                node,
                interface: interface.map(str::to_owned),
                target: HostPort {
                    host: host.to_owned(),
                    port: Some(80),
                },
            };
            assert_eq!(parse(text.as_bytes()), Ok(expected), "{text}");
        }
        for bad in [
            "239.0.0.1",
            "239.0.0.1:",
            "239.0.0.1:0",
            "239.0.0.1:*",
            "239.0.0.1:65536",
            ":80",
            "lo;:80",
            ",239.0.0.1:80",
            "x,239.0.0.1:80",
            "0,239.0.0.1:80",
            "4294967295,239.0.0.1:80",
            "-1,239.0.0.1:80",
            "\u{e4}",
        ] {
            assert_eq!(parse(bad.as_bytes()), Err(Errno::EINVAL), "{bad}");
        }
        assert_eq!(parse(b"\xff:80"), Err(Errno::EINVAL));
    }
}
