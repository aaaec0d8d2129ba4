//! `ZMQ_TCP_ACCEPT_FILTER`: blocks of addresses that may connect.

use std::net::IpAddr;

use crate::errno::{Errno, Result};

/// A block of addresses in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptFilter {
    network: IpAddr,
    /// Leading bits that must agree.
    bits: u32,
}

impl AcceptFilter {
    /// Reads `address[/bits]`; without bits the address alone is meant.
    ///
    /// # Errors
    /// `EINVAL` if that is not an address, if it is an IPv6 one and the socket has no IPv6, or if
    /// there are more bits than the address has.
    pub fn parse(text: &[u8], ipv6: bool) -> Result<Self> {
        let text = text.strip_suffix(b"\0").unwrap_or(text);
        let text = std::str::from_utf8(text).map_err(|_| Errno::EINVAL)?;
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address = address
            .strip_prefix('[')
            .and_then(|inner| inner.strip_suffix(']'))
            .unwrap_or(address);
        let network: IpAddr = address.parse().map_err(|_| Errno::EINVAL)?;
        if network.is_ipv6() && !ipv6 {
            return Err(Errno::EINVAL);
        }
        let most = if network.is_ipv6() { 128 } else { 32 };
        let bits = match bits {
            None => most,
            Some(bits) => bits.parse().map_err(|_| Errno::EINVAL)?,
        };
        if bits > most {
            return Err(Errno::EINVAL);
        }
        Ok(Self { network, bits })
    }

    /// Whether `peer` lies in the block; an IPv4 peer of an IPv6 socket counts as IPv4.
    #[must_use]
    pub fn admits(&self, peer: IpAddr) -> bool {
        match (self.network, peer, peer.to_canonical()) {
            (IpAddr::V4(network), _, IpAddr::V4(peer)) => {
                let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
                (network.to_bits() ^ peer.to_bits()) & mask == 0
            }
            (IpAddr::V6(network), IpAddr::V6(peer), _) => {
                let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
                (network.to_bits() ^ peer.to_bits()) & mask == 0
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(filter: &str, peer: &str) -> bool {
        let filter = AcceptFilter::parse(filter.as_bytes(), true).expect("a good filter");
        filter.admits(peer.parse().expect("an address"))
    }

    #[test]
    fn matches_blocks() {
        assert!(admits("127.0.0.1/32", "127.0.0.1"));
        assert!(admits("127.0.0.1", "127.0.0.1"));
        assert!(!admits("127.0.0.255/32", "127.0.0.1"));
        assert!(admits("127.0.0.255/8", "127.9.9.9"));
        assert!(admits("0.0.0.0/0", "9.9.9.9"));
        assert!(admits("127.0.0.0/8", "::ffff:127.0.0.1"));
        assert!(!admits("127.0.0.0/8", "::1"));
        assert!(admits("::1", "::1"));
        assert!(admits("[fe80::]/10", "fe80::1"));
        assert!(!admits("fe80::/10", "::1"));
        assert!(!admits("::/0", "127.0.0.1"));
        assert!(admits("::/0", "::ffff:127.0.0.1"));
    }

    #[test]
    fn rejects_nonsense() {
        for text in [
            "",
            "foo",
            "0.0.0.0foo",
            "0.0.0.0/foo",
            "0.0.0.0/",
            "0.0.0.0/-1",
            "0.0.0.0/33",
            "/8",
            "::1/129",
            "127.0.0.1:80",
            "localhost",
            "127.0.0.1\0x",
        ] {
            let result = AcceptFilter::parse(text.as_bytes(), true);
            assert_eq!(result, Err(Errno::EINVAL), "{text}");
        }
        assert_eq!(AcceptFilter::parse(b"::1", false), Err(Errno::EINVAL));
        assert!(AcceptFilter::parse(b"127.0.0.1/32\0", false).is_ok());
    }
}
