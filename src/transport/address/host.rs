//! A host and a port, as the transports over IP write them.

use std::net::IpAddr;

/// A host or interface, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// A name or a numeric address without brackets, or `*`
    pub host: String,
    /// The port, 0 if the system is to choose; `None`: not a number of 16 bits
    pub port: Option<u16>,
}

impl HostPort {
    /// The address, if the host is numeric: nobody needs to be asked for it.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Splits at the last colon and takes the brackets off.
    pub(super) fn parse(text: &str) -> Self {
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
