//! Addresses of ipc (`zmq_ipc(7)`): files, and names in Linux's abstract namespace.

use super::Purpose;
use crate::errno::{Errno, Result};
use crate::sys::sockaddr::UNIX_NAME_MAX;

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

pub(super) fn parse(address: &[u8], purpose: Purpose) -> Result<IpcAddress> {
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
    use crate::transport::address::{Address, parse};

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
}
