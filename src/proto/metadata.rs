//! Property lists: how READY and its kin carry the metadata of a connection (RFC 37, "The NULL
//! Security Mechanism" and "Connection Metadata").
//!
//! Syntax only; which properties mean what is decided by the engine.

use crate::errno::{Errno, Result};

/// Name of the property with the sender's socket type.
pub(super) const SOCKET_TYPE: &str = "Socket-Type";
/// Name of the property with the sender's routing id.
pub(super) const IDENTITY: &str = "Identity";

/// Appends one property. Names are 1 to 255 bytes, values up to 2^31-1; others are left out, as
/// they cannot be written.
pub(super) fn append(list: &mut Vec<u8>, name: &str, value: &[u8]) {
    let (Ok(name_len @ 1..), Ok(value_len)) =
        (u8::try_from(name.len()), i32::try_from(value.len()))
    else {
        return;
    };
    list.push(name_len);
    list.extend_from_slice(name.as_bytes());
    list.extend_from_slice(&value_len.to_be_bytes());
    list.extend_from_slice(value);
}

/// Reads a list to its end. The two names that RFC 37 defines come out in its spelling, since
/// names are compared without regard to case.
///
/// # Errors
/// `EINVAL` if a name is empty or not printable ASCII, or a length runs beyond the end.
pub(super) fn parse(list: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let mut properties = Vec::new();
    visit(list, |name, value| {
        let known = [SOCKET_TYPE, IDENTITY]
            .into_iter()
            .find(|known| known.as_bytes().eq_ignore_ascii_case(name));
        let name = match known {
            Some(known) => known.to_owned(),
            None => String::from_utf8_lossy(name).into_owned(),
        };
        properties.push((name, value.to_vec()));
    })?;
    Ok(properties)
}

/// As [`parse`], where the list is not wanted yet: read, it may take twenty times the room.
///
/// # Errors
/// As there.
pub(super) fn check(list: &[u8]) -> Result<()> {
    visit(list, |_, _| {})
}

/// Gives names and values to `take`.
fn visit(mut list: &[u8], mut take: impl FnMut(&[u8], &[u8])) -> Result<()> {
    while let Some((&name_len, rest)) = list.split_first() {
        let (name, rest) = rest
            .split_at_checked(usize::from(name_len))
            .ok_or(Errno::EINVAL)?;
        let (value_len, rest) = rest.split_first_chunk::<4>().ok_or(Errno::EINVAL)?;
        let value_len =
            usize::try_from(i32::from_be_bytes(*value_len)).map_err(|_| Errno::EINVAL)?;
        let (value, rest) = rest.split_at_checked(value_len).ok_or(Errno::EINVAL)?;
        if name.is_empty() || !name.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Err(Errno::EINVAL);
        }
        take(name, value);
        list = rest;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_back() {
        let mut list = Vec::new();
        append(&mut list, SOCKET_TYPE, b"DEALER");
        append(&mut list, IDENTITY, b"");
        append(&mut list, "X-key", &[0, 255]);
        append(&mut list, "", b"lost");
        append(&mut list, &"x".repeat(256), b"lost");
        let parsed = parse(&list).unwrap();
        let expected: [(&str, &[u8]); 3] = [
            (SOCKET_TYPE, b"DEALER"),
            (IDENTITY, b""),
            ("X-key", &[0, 255]),
        ];
        assert_eq!(parsed.len(), expected.len());
        for ((name, value), (expected_name, expected_value)) in parsed.iter().zip(expected) {
            assert_eq!(
                (name.as_str(), value.as_slice()),
                (expected_name, expected_value)
            );
        }
        assert_eq!(parse(&[]), Ok(Vec::new()));
    }

    #[test]
    fn names_come_out_in_the_spelling_of_the_rfc() {
        let mut list = Vec::new();
        append(&mut list, "socket-TYPE", b"PULL");
        append(&mut list, "identity", b"me");
        append(&mut list, "x-Own", b"");
        let names: Vec<_> = parse(&list)
            .unwrap()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, [SOCKET_TYPE, IDENTITY, "x-Own"]);
    }

    #[test]
    fn every_truncation_that_cuts_a_property_is_refused() {
        let mut list = Vec::new();
        append(&mut list, SOCKET_TYPE, b"PULL");
        let whole = list.len();
        append(&mut list, "X-a", b"bc");
        for n in 1..list.len() {
            assert_eq!(parse(&list[..n]).is_ok(), n == whole, "{n} bytes");
            assert_eq!(check(&list[..n]).is_ok(), n == whole, "{n} bytes");
        }
        assert!(parse(b"\0\0\0\0\0").is_err(), "empty name");
        assert!(parse(b"\x01\n\0\0\0\0").is_err(), "control character");
        assert!(parse(b"\x01a\xff\xff\xff\xff").is_err(), "negative length");
        assert!(parse(b"\x01a\x80\0\0\0").is_err(), "length of 2^31");
    }
}
