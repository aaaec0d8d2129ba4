//! Addresses of ws and wss: a host and port as of tcp, and the path that is asked for.

use super::{Purpose, TcpAddress, tcp};
use crate::errno::{Errno, Result};

/// The endpoint of a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WsAddress {
    /// Over TLS (`wss`)
    pub secure: bool,
    /// The host and port to bind or to connect to
    pub place: TcpAddress,
    /// Host and port as they were given: what a client tells the server that it wants
    pub authority: String,
    /// The path, which begins with a slash
    pub path: String,
}

impl WsAddress {
    /// The name of the transport.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        if self.secure { "wss" } else { "ws" }
    }
}

/// How the ends of a WebSocket's connection are named: its transport is not what the kernel says.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::transport) struct WsName {
    scheme: &'static str,
    path: String,
}

impl WsName {
    /// As a server's.
    pub(in crate::transport) fn of_server(address: &WsAddress) -> Self {
        Self {
            scheme: address.scheme(),
            path: address.path.clone(),
        }
    }

    /// As a client's, which has no path at its own end.
    pub(in crate::transport) fn of_client(address: &WsAddress) -> Self {
        Self {
            scheme: address.scheme(),
            path: String::new(),
        }
    }

    /// The name of an end that the kernel knows by the endpoint of tcp.
    pub(in crate::transport) fn of(&self, tcp: &[u8]) -> Vec<u8> {
        let place = tcp.strip_prefix(b"tcp").unwrap_or(tcp);
        [self.scheme.as_bytes(), place, self.path.as_bytes()].concat()
    }
}

pub(super) fn parse(address: &[u8], purpose: Purpose, secure: bool) -> Result<WsAddress> {
    // It becomes part of a request, where other bytes would end the line, or a word of it.
    if !address.iter().all(u8::is_ascii_graphic) {
        return Err(Errno::EINVAL);
    }
    let address = str::from_utf8(address).map_err(|_| Errno::EINVAL)?;
    let slash = address.find('/').unwrap_or(address.len());
    let (authority, path) = address.split_at(slash);
    // There is no way to say where to connect from.
    if authority.contains(';') {
        return Err(Errno::EINVAL);
    }
    Ok(WsAddress {
        secure,
        place: tcp::parse(authority.as_bytes(), purpose)?,
        authority: authority.to_owned(),
        path: if path.is_empty() { "/" } else { path }.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::address::{Address, parse};

    fn ws(endpoint: &str, purpose: Purpose) -> Result<(bool, String, Option<u16>, String)> {
        match parse(endpoint, purpose)? {
            Address::Ws(at) => Ok((
                at.secure,
                at.place.target.host,
                at.place.target.port,
                at.path,
            )),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn host_port_and_path() {
        for (endpoint, secure, host, path) in [
            ("ws://127.0.0.1:80", false, "127.0.0.1", "/"),
            ("ws://a.example:80/", false, "a.example", "/"),
            ("ws://[::1]:80/a/b:c;d?e=f", false, "::1", "/a/b:c;d?e=f"),
        ] {
            let expected = (secure, host.to_owned(), Some(80), path.to_owned());
            for purpose in [Purpose::Bind, Purpose::Connect] {
                assert_eq!(ws(endpoint, purpose), Ok(expected.clone()), "{endpoint}");
            }
        }
        assert_eq!(
            ws("ws://*:*/x", Purpose::Bind),
            Ok((false, "*".to_owned(), Some(0), "/x".to_owned()))
        );
    }

    #[test]
    fn what_is_none() {
        for bad in [
            "ws://127.0.0.1",
            "ws://127.0.0.1/a:80",
            "ws://lo;127.0.0.1:80",
            "ws://a:80/ x",
            "ws://a:80/\r\nX: y",
            "ws://a:80/\u{e4}",
            "ws:///path",
            "ws://a:/",
        ] {
            for purpose in [Purpose::Bind, Purpose::Connect] {
                assert_eq!(ws(bad, purpose), Err(Errno::EINVAL), "{bad}");
            }
        }
        for bad in ["ws://*:80", "ws://a:*"] {
            assert_eq!(ws(bad, Purpose::Connect), Err(Errno::EINVAL), "{bad}");
        }
    }
}
