//! Addresses of tcp (`zmq_tcp(7)`): what to connect from, and the host and port.

use super::{HostPort, Purpose};
use crate::errno::{Errno, Result};

/// A TCP endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpAddress {
    /// The local end to connect from; means nothing to `zmq_bind`, but has to exist there as well
    pub source: Option<HostPort>,
    /// The host and port to bind or to connect to
    pub target: HostPort,
}

pub(super) fn parse(address: &[u8], purpose: Purpose) -> Result<TcpAddress> {
    let address = str::from_utf8(address).map_err(|_| Errno::EINVAL)?;
    if purpose == Purpose::Connect {
        check_connect(address)?;
    }
    let (source, target) = match address.split_once(';') {
        Some((source, target)) => (Some(source), target),
        None => (None, address),
    };
    let target = host_port(target, purpose);
    // A source of an interface alone may have any port; only `zmq_connect` knows it.
    let source = source.map(|source| match purpose {
        Purpose::Connect if !source.contains(':') => HostPort {
            host: source.to_owned(),
            port: Some(0),
        },
        _ => host_port(source, purpose),
    });
    let bound = source.iter().filter(|_| purpose == Purpose::Bind);
    if bound.chain([&target]).any(|at| at.port.is_none()) {
        return Err(Errno::EINVAL);
    }
    Ok(TcpAddress { source, target })
}

/// A host and a port as the reference reads it: a number may have blanks and a sign before it and anything behind it.
/// Programs get such endpoints from files, with a slash or the line's end on them.
fn host_port(text: &str, purpose: Purpose) -> HostPort {
    let mut parsed = HostPort::parse(text);
    let port = text.rsplit_once(':').map_or("", |(_, port)| port);
    if matches!(port, "*" | "0") {
        return parsed;
    }
    let number = port.trim_start_matches(|c: char| matches!(c, ' ' | '\t'..='\r'));
    let number = number.strip_prefix('+').unwrap_or(number);
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    parsed.port = number[..digits].parse().ok();
    // "Any port" is written in the two ways above.
    if purpose == Purpose::Bind && parsed.port == Some(0) {
        parsed.port = None;
    }
    parsed
}

/// The syntax that `zmq_connect` insists on: it starts like a host, has nothing that neither hosts
/// nor numeric addresses have, and ends in what starts like a port.
fn check_connect(address: &str) -> Result<()> {
    let (host, port) = address.rsplit_once(':').ok_or(Errno::EINVAL)?;
    let start = |c: char| c.is_ascii_alphanumeric() || matches!(c, '[' | ':');
    let inside = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '.' | '-' | ':' | '%' | '_' | ';' | '[' | ']' | '*')
    };
    let target = HostPort::parse(
        address
            .rsplit_once(';')
            .map_or(address, |(_, target)| target),
    );
    let good = address.starts_with(start)
        && !target.host.is_empty()
        && !is_broken_literal(&target.host)
        && host.chars().all(inside)
        && port.starts_with(|c: char| c.is_ascii_digit())
        && port.chars().all(inside);
    if good { Ok(()) } else { Err(Errno::EINVAL) }
}

/// Whether a host is meant as a numeric IPv6 address, but is none.
fn is_broken_literal(host: &str) -> bool {
    let (address, _zone) = host.split_once('%').unwrap_or((host, ""));
    host.contains([':', '[', ']']) && address.parse::<std::net::Ipv6Addr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::address::{Address, parse};

    fn tcp(endpoint: &str, purpose: Purpose) -> Result<(Option<String>, String)> {
        let show = |at: &HostPort| match at.port {
            Some(port) => format!("{} {port}", at.host),
            None => format!("{} -", at.host),
        };
        match parse(endpoint, purpose)? {
            Address::Tcp(at) => Ok((at.source.as_ref().map(show), show(&at.target))),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tcp_to_bind() {
        for (endpoint, expected) in [
            ("tcp://*:*", "* 0"),
            ("tcp://*:0", "* 0"),
            ("tcp://[::1]:80", "::1 80"),
            ("tcp://::1:80", "::1 80"),
            ("tcp://[*]:80", "* 80"),
            ("tcp://:80", " 80"),
            ("tcp://a b:65535", "a b 65535"),
            ("tcp://[::1%lo]:1", "::1%lo 1"),
            ("tcp://*:5555/", "* 5555"),
            ("tcp://*:5555\n", "* 5555"),
            ("tcp://*:80x", "* 80"),
            ("tcp://*: \t80 ", "* 80"),
            ("tcp://*:+080", "* 80"),
        ] {
            assert_eq!(
                tcp(endpoint, Purpose::Bind),
                Ok((None, expected.to_owned()))
            );
        }
        assert_eq!(
            tcp("tcp://lo:5;*:80", Purpose::Bind),
            Ok((Some("lo 5".to_owned()), "* 80".to_owned()))
        );
        for bad in [
            "127.0.0.1",
            "127.0.0.1:",
            "*",
            "a:65536",
            "a:4294967297",
            "a:99999999999999999999",
            "a:-1",
            "a:+ 1",
            "a:+-1",
            "a:00",
            "a:0x50",
            "a:1;x",
            "lo;a:1",
            "lo:;a:1",
            ";a:1",
        ] {
            let endpoint = format!("tcp://{bad}");
            assert_eq!(tcp(&endpoint, Purpose::Bind), Err(Errno::EINVAL), "{bad}");
        }
    }

    #[test]
    fn tcp_to_connect() {
        for (endpoint, source, target) in [
            ("tcp://localhost:1234", None, "localhost 1234"),
            ("tcp://[::1]:1234", None, "::1 1234"),
            ("tcp://::1:1234", None, "::1 1234"),
            ("tcp://a_b:0", None, "a_b 0"),
            ("tcp://a:80a", None, "a 80"),
            ("tcp://127.0.0.1:*;b:80", Some("127.0.0.1 0"), "b 80"),
            ("tcp://lo:5555;b:80", Some("lo 5555"), "b 80"),
            ("tcp://lo;b:80", Some("lo 0"), "b 80"),
            ("tcp://[::1]:5564;[::1]:80", Some("::1 5564"), "::1 80"),
        ] {
            let expected = (source.map(str::to_owned), target.to_owned());
            assert_eq!(tcp(endpoint, Purpose::Connect), Ok(expected), "{endpoint}");
        }
        for bad in [
            "localhost:invalid",
            "in val id:1234",
            "127.0.0.1",
            "127.0.0.1:",
            "a:*",
            "a:-1",
            "a:65536",
            "a:+80",
            "a:80/",
            ":5555",
            "[::1:1",
            "[::g]:1",
            "*:1",
            "-a:1",
            ".a:1",
            "_a:1",
            "a!b:1",
            "a/b:1",
            "a:1 ",
            ";a:1",
            "a;b",
            "*:*;a:1",
            "ä:1",
            ":",
        ] {
            let endpoint = format!("tcp://{bad}");
            assert_eq!(
                tcp(&endpoint, Purpose::Connect),
                Err(Errno::EINVAL),
                "{bad}"
            );
        }
    }
}
