//! Addresses of vsock (`zmq_vsock(7)`): a context, which is a virtual machine or its host, and a port.

use super::{Purpose, number};
use crate::errno::{Errno, Result};
use crate::sys::sockaddr::Vsock;

pub(super) fn parse(address: &[u8], purpose: Purpose) -> Result<Vsock> {
    let colon = address.iter().position(|&byte| byte == b':');
    let (cid, port) = address.split_at(colon.ok_or(Errno::EINVAL)?);
    let cid = match cid {
        b"*" => Vsock::ANY,
        b"@" => Vsock::LOCAL,
        _ => number(cid).ok_or(Errno::EINVAL)?,
    };
    let port = match &port[1..] {
        b"*" => Vsock::ANY,
        port => number(port).ok_or(Errno::EINVAL)?,
    };
    // The number of the wildcard is no other way to say whom to connect to.
    if purpose == Purpose::Connect && (cid == Vsock::ANY || port == Vsock::ANY) {
        return Err(Errno::EINVAL);
    }
    Ok(Vsock { cid, port })
}

pub(super) fn to_endpoint(address: Vsock) -> String {
    let show = |number: u32| match number {
        Vsock::ANY => "*".to_owned(),
        number => number.to_string(),
    };
    format!("vsock://{}:{}", show(address.cid), show(address.port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::address::{Address, parse};

    fn vsock(endpoint: &str, purpose: Purpose) -> Result<(u32, u32)> {
        match parse(endpoint, purpose)? {
            Address::Vsock(at) => Ok((at.cid, at.port)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn good_ones() {
        for (endpoint, cid, port) in [
            ("vsock://3:5555", 3, 5555),
            ("vsock://2:0", 2, 0),
            ("vsock://0:1", 0, 1),
            ("vsock://@:1024", 1, 1024),
            ("vsock://4294967294:4294967294", u32::MAX - 1, u32::MAX - 1),
            ("vsock://0003:007", 3, 7),
        ] {
            for purpose in [Purpose::Bind, Purpose::Connect] {
                assert_eq!(vsock(endpoint, purpose), Ok((cid, port)), "{endpoint}");
            }
        }
        for (endpoint, cid, port, shown) in [
            ("vsock://*:*", Vsock::ANY, Vsock::ANY, "vsock://*:*"),
            ("vsock://*:5555", Vsock::ANY, 5555, "vsock://*:5555"),
            ("vsock://@:*", 1, Vsock::ANY, "vsock://1:*"),
            ("vsock://4294967295:1", Vsock::ANY, 1, "vsock://*:1"),
            ("vsock://3:4294967295", 3, Vsock::ANY, "vsock://3:*"),
        ] {
            assert_eq!(vsock(endpoint, Purpose::Bind), Ok((cid, port)));
            assert_eq!(vsock(endpoint, Purpose::Connect), Err(Errno::EINVAL));
            assert_eq!(to_endpoint(Vsock { cid, port }), shown);
        }
    }

    #[test]
    fn bad_ones() {
        for bad in [
            "3",
            "3:",
            ":5555",
            ":",
            "3:x",
            "x:5555",
            "-1:5555",
            "3:-1",
            "+3:1",
            "3:+1",
            " 3:1",
            "3 :1",
            "3: 1",
            "3:1 ",
            "3:1:1",
            "4294967296:1",
            "3:4294967296",
            "0x3:1",
            "**:1",
            "@@:1",
            "@3:1",
            "3:**",
            "3:@",
            "[3]:1",
            "localhost:1",
            "3;2:1",
            "ü:1",
        ] {
            for purpose in [Purpose::Bind, Purpose::Connect] {
                let endpoint = format!("vsock://{bad}");
                assert_eq!(vsock(&endpoint, purpose), Err(Errno::EINVAL), "{bad}");
            }
        }
    }
}
