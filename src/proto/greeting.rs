//! The first bytes of a connection: the signature, which version the peer speaks, and the 64
//! bytes of a ZMTP 3.x greeting (RFC 37, "Version Negotiation" and "Backwards Interoperability").
//!
//! Only bytes and their meaning; what is sent when is the engine's business.

/// Length of the signature, the one part that is sent before anything of the peer is known.
pub(super) const SIGNATURE_LEN: usize = 10;
/// Length of a whole 3.x greeting.
pub(super) const GREETING_LEN: usize = 64;
/// Where the major version number stands.
pub(super) const MAJOR_AT: usize = SIGNATURE_LEN;
/// The version that we speak.
pub(super) const VERSION: (u8, u8) = (3, 1);

const MECHANISM: std::ops::Range<usize> = 12..32;

/// The signature. To a 1.0 peer it is the head of a long frame that holds the routing id, hence
/// the length, which counts the flags octet (RFC 15, "Backwards Interoperability").
pub(super) fn signature(routing_id_len: usize) -> [u8; SIGNATURE_LEN] {
    let mut bytes = [0; SIGNATURE_LEN];
    bytes[0] = 0xFF;
    bytes[1..9].copy_from_slice(&(routing_id_len as u64 + 1).to_be_bytes());
    bytes[9] = 0x7F;
    bytes
}

/// What follows signature and major version in our greeting: minor version, mechanism,
/// as-server, filler.
pub(super) fn rest(mechanism: &str, as_server: bool) -> [u8; GREETING_LEN - MAJOR_AT - 1] {
    let mut bytes = [0; GREETING_LEN];
    bytes[MAJOR_AT + 1] = VERSION.1;
    for (to, from) in bytes[MECHANISM].iter_mut().zip(mechanism.bytes()) {
        *to = from;
    }
    bytes[MECHANISM.end] = u8::from(as_server);
    let mut rest = [0; GREETING_LEN - MAJOR_AT - 1];
    rest.copy_from_slice(&bytes[MAJOR_AT + 1..]);
    rest
}

/// What the peer's first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detected {
    /// Too little to tell.
    Unknown,
    /// No signature: a 1.0 peer, whose first frame has already begun.
    Unversioned,
    /// A signature; the major version number if it is there.
    Versioned(Option<u8>),
}

/// Looks at the bytes that a peer has sent so far.
pub(super) fn detect(bytes: &[u8]) -> Detected {
    match bytes.first() {
        None => Detected::Unknown,
        Some(0xFF) => match bytes.get(SIGNATURE_LEN - 1) {
            None => Detected::Unknown,
            // In a 1.0 frame this is the flags octet of a single frame, never odd.
            Some(last) if last & 1 == 0 => Detected::Unversioned,
            Some(_) => Detected::Versioned(bytes.get(MAJOR_AT).copied()),
        },
        Some(_) => Detected::Unversioned,
    }
}

/// What a 3.x greeting says; the padding and the filler mean nothing to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Greeting {
    /// The lower of the peer's version and ours.
    pub(super) version: (u8, u8),
    mechanism: [u8; MECHANISM.end - MECHANISM.start],
    /// The peer is its mechanism's server. If not it may still be one: the reference library's servers
    /// do not say so.
    pub(super) as_server: bool,
}

impl Greeting {
    /// Reads a greeting of which all 64 bytes are there.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.first_chunk::<GREETING_LEN>()?;
        let mut mechanism = [0; MECHANISM.end - MECHANISM.start];
        mechanism.copy_from_slice(&bytes[MECHANISM]);
        let version = (bytes[MAJOR_AT], bytes[MAJOR_AT + 1]).min(VERSION);
        Some(Self {
            version,
            mechanism,
            as_server: bytes[MECHANISM.end] == 1,
        })
    }

    /// Whether the peer names exactly this mechanism.
    pub(super) fn has_mechanism(&self, name: &str) -> bool {
        let (head, padding) = self
            .mechanism
            .split_at(name.len().min(self.mechanism.len()));
        head == name.as_bytes() && padding.iter().all(|&byte| byte == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeting() -> Vec<u8> {
        let mut bytes = signature(0).to_vec();
        bytes.push(VERSION.0);
        bytes.extend(rest("NULL", false));
        bytes
    }

    #[test]
    fn our_greeting_is_the_one_of_the_rfc() {
        let mut expected = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1];
        expected.extend(b"NULL");
        expected.resize(GREETING_LEN, 0);
        assert_eq!(greeting(), expected);
        assert_eq!(signature(3)[8], 4);
        assert_eq!(rest("CURVE", true)[21], 1);
    }

    #[test]
    fn versions_are_told_from_the_first_bytes() {
        let all = greeting();
        assert_eq!(detect(&[]), Detected::Unknown);
        for n in 1..SIGNATURE_LEN {
            assert_eq!(detect(&all[..n]), Detected::Unknown);
        }
        assert_eq!(detect(&all[..10]), Detected::Versioned(None));
        assert_eq!(detect(&all[..11]), Detected::Versioned(Some(3)));
        assert_eq!(
            detect(&[0xFF, 0, 0, 0, 0, 0, 0, 0, 4, 0]),
            Detected::Unversioned
        );
        for first in 0..0xFF {
            assert_eq!(detect(&[first]), Detected::Unversioned);
        }
    }

    #[test]
    fn the_lower_version_wins() {
        for (theirs, spoken) in [
            ((3, 0), (3, 0)),
            ((3, 1), (3, 1)),
            ((3, 7), (3, 1)),
            ((4, 0), (3, 1)),
        ] {
            let mut bytes = greeting();
            (bytes[10], bytes[11]) = theirs;
            assert_eq!(Greeting::parse(&bytes).unwrap().version, spoken);
        }
        assert_eq!(Greeting::parse(&greeting()[..63]), None);
    }

    #[test]
    fn mechanisms_are_compared_exactly() {
        let parsed = Greeting::parse(&greeting()).unwrap();
        assert!(parsed.has_mechanism("NULL"));
        for other in [
            "",
            "NUL",
            "NULLX",
            "null",
            "PLAIN",
            "AAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(!parsed.has_mechanism(other));
        }
        let mut dirty = greeting();
        dirty[17] = b'X';
        assert!(!Greeting::parse(&dirty).unwrap().has_mechanism("NULL"));
    }
}
