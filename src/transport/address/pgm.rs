//! Addresses of pgm and epgm (`zmq_pgm(7)`): an interface, the multicast group and the port, as in
//! `epgm://eth0;239.192.1.1:5555`. As OpenPGM has them, there may be several groups to hear, with commas between
//! them, and behind a further semicolon one to send to.

use std::net::Ipv4Addr;

use crate::errno::{Errno, Result};

/// A PGM endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PgmAddress {
    /// Within UDP (`epgm`)
    pub udp: bool,
    /// The interface: a name or a numeric address
    pub interface: Option<String>,
    /// The groups to hear; there is one at least
    pub groups: Vec<Ipv4Addr>,
    /// The group to send to
    pub target: Ipv4Addr,
    /// The port, not 0
    pub port: u16,
}

pub(super) fn parse(address: &[u8], udp: bool) -> Result<PgmAddress> {
    let address = str::from_utf8(address).map_err(|_| Errno::EINVAL)?;
    let (place, port) = address.rsplit_once(':').ok_or(Errno::EINVAL)?;
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|&port| is_number && port != 0);
    let parts: Vec<&str> = place.split(';').collect();
    let (interface, groups, target) = match parts[..] {
        [groups] => ("", groups, None),
        [interface, groups] => (interface, groups, None),
        [interface, groups, target] => (interface, groups, Some(target)),
        _ => return Err(Errno::EINVAL),
    };
    let groups = groups.split(',').map(group).collect::<Result<Vec<_>>>()?;
    // The reference sends to the first one that it hears.
    let target = target.map_or(Ok(groups[0]), group)?;
    Ok(PgmAddress {
        udp,
        interface: Some(interface.to_owned()).filter(|interface| !interface.is_empty()),
        groups,
        target,
        port: port.ok_or(Errno::EINVAL)?,
    })
}

fn group(text: &str) -> Result<Ipv4Addr> {
    let address = text.parse().ok().filter(Ipv4Addr::is_multicast);
    address.ok_or(Errno::EINVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pgm() {
        let (one, two) = (Ipv4Addr::new(239, 0, 0, 1), Ipv4Addr::new(239, 0, 0, 2));
        for (text, interface, groups, target) in [
            ("239.0.0.1:80", None, vec![one], one),
            (";239.0.0.1:80", None, vec![one], one),
            ("eth0;239.0.0.1:80", Some("eth0"), vec![one], one),
            (
                "10.0.0.1;239.0.0.2,239.0.0.1:80",
                Some("10.0.0.1"),
                vec![two, one],
                two,
            ),
            ("eth0;239.0.0.1;239.0.0.2:80", Some("eth0"), vec![one], two),
        ] {
            for udp in [false, true] {
                let expected = PgmAddress {
                    udp,
                    interface: interface.map(str::to_owned),
                    groups: groups.clone(),
                    target,
                    port: 80,
                };
                assert_eq!(parse(text.as_bytes(), udp), Ok(expected), "{text}");
            }
        }
        for bad in [
            "239.0.0.1",
            "239.0.0.1:",
            "239.0.0.1:0",
            "239.0.0.1:*",
            "239.0.0.1:+1",
            "239.0.0.1:65536",
            ":80",
            "eth0;:80",
            "eth0;10.0.0.1:80",
            "eth0;[ff02::1]:80",
            "eth0;239.0.0.1,:80",
            "eth0;239.0.0.1;:80",
            "a;239.0.0.1;239.0.0.1;239.0.0.1:80",
            "eth0:80",
        ] {
            assert_eq!(parse(bad.as_bytes(), true), Err(Errno::EINVAL), "{bad}");
        }
        assert_eq!(parse(b"\xff:80", false), Err(Errno::EINVAL));
    }
}
