//! Addresses of tipc (`zmq_tipc(7)`): services and their instances, and sockets by what the kernel calls them.
//!
//! A service is written `{type,instance}` or `{type,lower,upper}`, where `@z.c.n` may follow; a socket `<z.c.n:port>`,
//! and one that has no name yet `<*>`. Blanks may stand before numbers, as in what a monitor tells.

use std::fmt::Write;

use super::{Purpose, number};
use crate::errno::{Errno, Result};
use crate::sys::sockaddr::Tipc;

/// Lower ones are the system's own.
const FIRST_SERVICE: u32 = 64;

pub(super) fn parse(address: &[u8], purpose: Purpose) -> Result<Tipc> {
    let parsed = match (address, purpose) {
        (b"<*>", Purpose::Bind) => Some(Tipc::Unbound),
        // The kernel chooses these.
        ([b'<', ..], Purpose::Bind) => None,
        ([b'<', ..], Purpose::Connect) => parse_socket(address),
        _ => parse_service(address, purpose),
    };
    parsed.ok_or(Errno::EINVAL)
}

fn parse_socket(address: &[u8]) -> Option<Tipc> {
    let inside = address.strip_prefix(b"<")?.strip_suffix(b">")?;
    let colon = inside.iter().position(|&byte| byte == b':')?;
    let (node, port) = inside.split_at(colon);
    Some(Tipc::Socket {
        node: parse_node(node)?,
        port: spaced_number(&port[1..])?,
    })
}

fn parse_service(address: &[u8], purpose: Purpose) -> Option<Tipc> {
    let end = address.iter().position(|&byte| byte == b'}')?;
    let (inside, after) = (address[..end].strip_prefix(b"{")?, &address[end + 1..]);
    let domain = match after {
        // Wherever it is. The reference then looks at zone 1 only, where clusters of today have nothing.
        [] => 0,
        _ => parse_node(after.strip_prefix(b"@")?)?,
    };
    let mut numbers = inside.split(|&byte| byte == b',').map(spaced_number);
    let service = numbers.next()??;
    let lower = numbers.next()??;
    let upper = match numbers.next() {
        Some(upper) => Some(upper?),
        None => None,
    };
    if numbers.next().is_some() || service < FIRST_SERVICE {
        return None;
    }
    match (upper, purpose) {
        (None, Purpose::Connect) => Some(Tipc::Service {
            service,
            instance: lower,
            domain,
        }),
        // A range can be served; nobody can be connected to one.
        (Some(_), Purpose::Connect) => None,
        (upper, Purpose::Bind) => {
            let upper = upper.unwrap_or(lower);
            (lower <= upper).then_some(Tipc::Range {
                service,
                lower,
                upper,
            })
        }
    }
}

/// `z.c.n`, numbers of 8, 12 and 12 bits.
fn parse_node(text: &[u8]) -> Option<u32> {
    let mut numbers = text.split(|&byte| byte == b'.').map(spaced_number);
    let (zone, cluster, node) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let fits = numbers.next().is_none() && zone < 1 << 8 && cluster < 1 << 12 && node < 1 << 12;
    fits.then_some(zone << 24 | cluster << 12 | node)
}

fn spaced_number(text: &[u8]) -> Option<u32> {
    number(text.trim_ascii_start())
}

/// A node as it is written.
pub fn node_name(node: u32) -> String {
    format!("{}.{}.{}", node >> 24, node >> 12 & 0xFFF, node & 0xFFF)
}

pub(super) fn to_endpoint(address: Tipc) -> String {
    match address {
        Tipc::Unbound => "tipc://<*>".to_owned(),
        Tipc::Socket { node, port } => format!("tipc://<{}:{port}>", node_name(node)),
        Tipc::Service {
            service,
            instance,
            domain,
        } => {
            let mut text = format!("tipc://{{{service}, {instance}}}");
            if domain != 0 {
                let _ = write!(text, "@{}", node_name(domain));
            }
            text
        }
        Tipc::Range {
            service,
            lower,
            upper,
        } => format!("tipc://{{{service}, {lower}, {upper}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::address::{Address, parse};

    fn tipc(address: &str, purpose: Purpose) -> Result<Tipc> {
        match parse(&format!("tipc://{address}"), purpose)? {
            Address::Tipc(at) => Ok(at),
            other => panic!("{other:?}"),
        }
    }

    fn range(service: u32, lower: u32, upper: u32) -> Tipc {
        Tipc::Range {
            service,
            lower,
            upper,
        }
    }

    #[test]
    fn to_bind() {
        for (text, expected) in [
            ("<*>", Tipc::Unbound),
            ("{5560,0,0}", range(5560, 0, 0)),
            ("{5560, 0, 100}", range(5560, 0, 100)),
            ("{5560,7}", range(5560, 7, 7)),
            ("{5560,7}@0.0.0", range(5560, 7, 7)),
            ("{64,0,4294967295}", range(64, 0, u32::MAX)),
            ("{4294967295,1,1}@1.2.3", range(u32::MAX, 1, 1)),
        ] {
            assert_eq!(tipc(text, Purpose::Bind), Ok(expected), "{text}");
            if let Tipc::Range { .. } = expected {
                let shown = to_endpoint(expected);
                assert_eq!(parse(&shown, Purpose::Bind), Ok(Address::Tipc(expected)));
            }
        }
        for bad in ["<1.2.3:123123>", "<0.0.0:0>", "<*> ", "{5560,1,0}"] {
            assert_eq!(tipc(bad, Purpose::Bind), Err(Errno::EINVAL), "{bad}");
        }
    }

    #[test]
    fn to_connect() {
        let service = |service, instance, domain| Tipc::Service {
            service,
            instance,
            domain,
        };
        for (text, expected) in [
            ("{5560,0}", service(5560, 0, 0)),
            ("{5560, 50}", service(5560, 50, 0)),
            ("{5560,0}@0.0.0", service(5560, 0, 0)),
            ("{5560,0}@1.2.3", service(5560, 0, 0x0100_2003)),
            ("{64,1}@255.4095.4095", service(64, 1, u32::MAX)),
            (
                "<1.2.3:4294967295>",
                Tipc::Socket {
                    node: 0x0100_2003,
                    port: u32::MAX,
                },
            ),
            ("<0.0.0:5>", Tipc::Socket { node: 0, port: 5 }),
        ] {
            assert_eq!(tipc(text, Purpose::Connect), Ok(expected), "{text}");
            let shown = to_endpoint(expected);
            assert_eq!(parse(&shown, Purpose::Connect), Ok(Address::Tipc(expected)));
        }
        for bad in [
            "<*>",
            "{5560,0,0}",
            "<1.1.1:4294967296>",
            "<256.1.1:1>",
            "<1.4096.1:1>",
            "<1.1.4096:1>",
            "<1.1:5>",
            "<1.1.1.1:5>",
            "<1.1.1>",
            "<1.1.1:>",
            "<1.1.1:*>",
            "<1.1.1:5",
            "<1.1.1:5>x",
            "<-1.1.1:5>",
            "<:5>",
            "<>",
        ] {
            assert_eq!(tipc(bad, Purpose::Connect), Err(Errno::EINVAL), "{bad}");
        }
    }

    #[test]
    fn neither() {
        for bad in [
            "*",
            "x",
            "@",
            "{}",
            "{5560}",
            "{5560,}",
            "{,0}",
            "{5560,,0}",
            "{5560,0,}",
            "{5560,0,0,0}",
            "{5560;0}",
            "{5560 0}",
            "{5560.0}",
            "{5560,0",
            "{5560,0]",
            "[5560,0]",
            "5560,0",
            "{5560 ,0}",
            " {5560,0}",
            "{5560,0} ",
            "{5560,0}x",
            "{5560,0}}",
            "{5560,-1}",
            "{5560,+1}",
            "{0x5560,1}",
            "{a,b}",
            "{*,0}",
            "{0,0}",
            "{63,0}",
            "{4294967296,0}",
            "{5560,4294967296}",
            "{5560,0}@",
            "{5560,0}@1.2",
            "{5560,0}@1.2.3.4",
            "{5560,0}@a",
            "{5560,0}@256.0.0",
            "{5560,0}@0.4096.0",
            "{5560,0}@0.0.4096",
            "{5560,0}@<1.2.3>",
            "{5560,ü}",
            "<**>",
            "<*",
        ] {
            for purpose in [Purpose::Bind, Purpose::Connect] {
                assert_eq!(tipc(bad, purpose), Err(Errno::EINVAL), "{bad}");
            }
        }
    }
}
