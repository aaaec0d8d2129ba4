//! What a datagram of RADIO and DISH is: a byte that says how long the group is, the group, the body
//! (`zmq_udp(7)`, RFC 48). There is no connection, so there is no engine: one datagram is one message.

/// Longest datagram in bytes, of whatever socket type: what the reference sends and has room for. It cuts
/// off what is longer, so none may be sent, and here one that comes is dropped.
pub const DATAGRAM_MAX: usize = 8192;

/// Every byte, to be pointed to as the first one of a datagram.
const BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut n = 0;
    while n < 256 {
        bytes[n] = n as u8;
        n += 1;
    }
    bytes
};

/// The pieces of a datagram in order; `None` if it would be too long, or the group is.
#[must_use]
pub fn encode<'a>(group: &'a [u8], body: &'a [u8]) -> Option<[&'a [u8]; 3]> {
    static LENGTHS: [u8; 256] = BYTES;
    let length = LENGTHS.get(group.len()..=group.len())?;
    let fits = body.len() <= DATAGRAM_MAX - 1 - group.len();
    fits.then_some([length, group, body])
}

/// Group and body of a datagram; `None` if it is none: empty, shorter than it says, longer than
/// [`DATAGRAM_MAX`], or of a group with a byte 0, which no group has.
#[must_use]
pub fn decode(datagram: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = datagram.split_first()?;
    let (group, body) = rest.split_at_checked(usize::from(length))?;
    let is_good = datagram.len() <= DATAGRAM_MAX && !group.contains(&0);
    is_good.then_some((group, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for group in [&b""[..], b"TV", &[b'g'; 127], &[0xFF; 128], &[1; 255]] {
            for body in [0, 1, DATAGRAM_MAX - 1 - group.len()] {
                let body = vec![0; body];
                let datagram = encode(group, &body).expect("fits").concat();
                assert_eq!(decode(&datagram), Some((group, &body[..])));
            }
        }
    }

    #[test]
    fn what_does_not_fit() {
        let body = [0; DATAGRAM_MAX];
        assert_eq!(encode(b"", &body), None);
        assert_eq!(encode(&[1; 255], &body[255..]), None);
        assert_eq!(encode(&[1; 256], b""), None);
    }

    #[test]
    fn what_is_none() {
        for bad in [
            &b""[..],
            b"\x01",
            b"\x03TV",
            b"\xFFTV",
            b"\x80TV",
            b"\x02T\0body",
        ] {
            assert_eq!(decode(bad), None, "{bad:?}");
        }
        assert_eq!(decode(&[0; DATAGRAM_MAX + 1]), None);
        assert_eq!(decode(b"\0"), Some((&b""[..], &b""[..])));
    }
}
