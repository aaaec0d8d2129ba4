//! SOCKS 5 (RFC 1928, with the passwords of RFC 1929): what is said to a proxy before its connection is the peer's.
//!
//! Bytes in, bytes out; who moves them is `io`. A negotiation never asks for more than is its own: the byte after is
//! the peer's.

use std::fmt;
use std::net::IpAddr;

use zeroize::Zeroizing;

use super::address::HostPort;
use crate::errno::{Errno, Result};

const VERSION: u8 = 5;
const CONNECT: u8 = 1;
const NO_AUTHENTICATION: u8 = 0;
const PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const PASSWORD_VERSION: u8 = 1;
const IP_V4: u8 = 1;
const NAME: u8 = 3;
const IP_V6: u8 = 4;

/// What a proxy is asked for.
#[derive(Clone)]
pub struct Request {
    /// The place to connect to as the protocol writes it
    place: Vec<u8>,
    /// The whole message with user and password
    login: Option<Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the password.
        f.debug_struct("Request")
            .field("place", &self.place)
            .field("has_login", &self.login.is_some())
            .finish()
    }
}

impl Request {
    /// A connection to `target`, whose name the proxy resolves. A user that is not empty has to log in.
    ///
    /// # Errors
    /// `EINVAL` if the target has no host or port, or a name, user or password is longer than 255 bytes.
    pub fn new(target: &HostPort, user: &[u8], password: &[u8]) -> Result<Self> {
        let port = target.port.ok_or(Errno::EINVAL)?;
        let mut place = Vec::new();
        match target.ip() {
            Some(IpAddr::V4(ip)) => {
                place.push(IP_V4);
                place.extend_from_slice(&ip.octets());
            }
            Some(IpAddr::V6(ip)) => {
                place.push(IP_V6);
                place.extend_from_slice(&ip.octets());
            }
            None if target.host.is_empty() => return Err(Errno::EINVAL),
            None => {
                place.push(NAME);
                append_short(&mut place, target.host.as_bytes())?;
            }
        }
        place.extend_from_slice(&port.to_be_bytes());
        let login = if user.is_empty() {
            None
        } else {
            // As long as it gets, so that no part of it is left behind by growing.
            let mut message = Zeroizing::new(Vec::with_capacity(3 + user.len() + password.len()));
            message.push(PASSWORD_VERSION);
            append_short(&mut message, user)?;
            append_short(&mut message, password)?;
            Some(message)
        };
        Ok(Self { place, login })
    }

    /// The one way to log in that is offered.
    const fn method(&self) -> u8 {
        match self.login {
            Some(_) => PASSWORD,
            None => NO_AUTHENTICATION,
        }
    }
}

fn append_short(to: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    to.push(u8::try_from(bytes.len()).map_err(|_| Errno::EINVAL)?);
    to.extend_from_slice(bytes);
    Ok(())
}

/// What is to be read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Method,
    Verdict,
    /// Version, reply, a reserved byte, the kind of the address
    Reply,
    /// The length of a name
    NameLength,
    /// The address that the proxy connects from, and a port: nobody asks for them
    Place(usize),
    Done,
}

/// A negotiation with a proxy.
pub struct Negotiation {
    request: Request,
    step: Step,
    output: Zeroizing<Vec<u8>>,
    sent: usize,
    input: Vec<u8>,
}

impl fmt::Debug for Negotiation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Negotiation")
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

impl Negotiation {
    /// Begins: there is output.
    #[must_use]
    pub fn new(request: Request) -> Self {
        let output = Zeroizing::new(vec![VERSION, 1, request.method()]);
        Self {
            request,
            step: Step::Method,
            output,
            sent: 0,
            input: Vec::new(),
        }
    }

    /// What is to be sent next.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        self.output.get(self.sent..).unwrap_or_default()
    }

    /// So many bytes of [`Self::output`] were sent.
    pub fn note_sent(&mut self, count: usize) {
        self.sent += count;
    }

    /// How many bytes may be read now; none once the connection is the peer's.
    #[must_use]
    pub fn wanted(&self) -> usize {
        let whole = match self.step {
            Step::Method | Step::Verdict => 2,
            Step::Reply => 4,
            Step::NameLength => 1,
            Step::Place(len) => len,
            Step::Done => 0,
        };
        whole.saturating_sub(self.input.len())
    }

    /// Takes bytes from the proxy, [`Self::wanted`] at most.
    ///
    /// # Errors
    /// `EPROTO` if that is no SOCKS 5, `EACCES` if the proxy wants another login, and for what it may reply:
    /// `ECONNABORTED`, `EACCES`, `ENETUNREACH`, `EHOSTUNREACH`, `ECONNREFUSED`, `ETIMEDOUT`, `ENOTSUP`,
    /// `EAFNOSUPPORT`.
    pub fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.input.extend_from_slice(bytes);
        if self.wanted() > 0 {
            return Ok(());
        }
        let input = std::mem::take(&mut self.input);
        self.step = match (self.step, input.as_slice()) {
            (Step::Method, &[VERSION, method]) if method == self.request.method() => {
                match self.request.login.take() {
                    Some(login) => self.say(login, Step::Verdict),
                    None => self.ask(),
                }
            }
            (Step::Method, &[VERSION, NO_METHOD]) => return Err(Errno::EACCES),
            (Step::Verdict, &[PASSWORD_VERSION, 0]) => self.ask(),
            (Step::Verdict, &[PASSWORD_VERSION, _]) => return Err(Errno::EACCES),
            (Step::Reply, &[VERSION, 0, _, kind]) => match kind {
                IP_V4 => Step::Place(4 + 2),
                IP_V6 => Step::Place(16 + 2),
                NAME => Step::NameLength,
                _ => return Err(Errno::EPROTO),
            },
            (Step::Reply, &[VERSION, refusal, _, _]) => return Err(reason(refusal)),
            (Step::NameLength, &[len]) => Step::Place(usize::from(len) + 2),
            (Step::Place(_) | Step::Done, _) => Step::Done,
            _ => return Err(Errno::EPROTO),
        };
        Ok(())
    }

    /// Whether the next byte is the peer's.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.step == Step::Done
    }

    fn ask(&mut self) -> Step {
        let mut message = vec![VERSION, CONNECT, 0];
        message.extend_from_slice(&self.request.place);
        self.say(Zeroizing::new(message), Step::Reply)
    }

    fn say(&mut self, message: Zeroizing<Vec<u8>>, step: Step) -> Step {
        self.output = message;
        self.sent = 0;
        step
    }
}

/// Why a proxy does not connect (RFC 1928 section 6).
const fn reason(reply: u8) -> Errno {
    match reply {
        2 => Errno::EACCES,
        3 => Errno::ENETUNREACH,
        4 => Errno::EHOSTUNREACH,
        5 => Errno::ECONNREFUSED,
        6 => Errno::ETIMEDOUT,
        7 => Errno::ENOTSUP,
        8 => Errno::EAFNOSUPPORT,
        _ => Errno::ECONNABORTED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str) -> HostPort {
        HostPort {
            host: host.to_owned(),
            port: Some(0x1234),
        }
    }

    /// Sends what there is to send; gives it byte by byte what the proxy says.
    fn converse(request: Request, proxy: &[&[u8]]) -> (Vec<Vec<u8>>, Result<bool>) {
        let mut negotiation = Negotiation::new(request);
        let mut said = Vec::new();
        for answer in proxy {
            said.push(negotiation.output().to_vec());
            negotiation.note_sent(negotiation.output().len());
            for byte in *answer {
                assert!(negotiation.wanted() > 0, "it reads what is the peer's");
                if let Err(errno) = negotiation.take(&[*byte]) {
                    return (said, Err(errno));
                }
            }
        }
        assert_eq!(negotiation.is_done(), negotiation.wanted() == 0);
        (said, Ok(negotiation.is_done()))
    }

    #[test]
    fn places() {
        let places: [(&str, &[u8]); 3] = [
            ("127.0.0.1", &[1, 127, 0, 0, 1, 0x12, 0x34]),
            (
                "::1",
                &[
                    4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x12, 0x34,
                ],
            ),
            ("ab.c", &[3, 4, b'a', b'b', b'.', b'c', 0x12, 0x34]),
        ];
        let replies: [&[u8]; 3] = [
            &[5, 0, 0, 1, 9, 9, 9, 9, 8, 8],
            &[5, 0, 0, 3, 2, b'x', b'y', 8, 8],
            &[
                5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 8, 8,
            ],
        ];
        for (host, place) in places {
            for reply in replies {
                let request = Request::new(&at(host), b"", b"unused").unwrap();
                let (said, end) = converse(request, &[&[5, 0], reply]);
                assert_eq!(said, [vec![5, 1, 0], [&[5, 1, 0], place].concat()]);
                assert_eq!(end, Ok(true));
            }
        }
        assert!(Request::new(&at(&"n".repeat(255)), b"", b"").is_ok());
        for (host, user, password) in [("", 1, 1), ("a", 256, 1), ("a", 1, 256)] {
            let (user, password) = (vec![b'u'; user], vec![b'p'; password]);
            let request = Request::new(&at(host), &user, &password);
            assert_eq!(request.err(), Some(Errno::EINVAL));
        }
        let long = Request::new(&at(&"n".repeat(256)), b"", b"");
        assert_eq!(long.err(), Some(Errno::EINVAL));
    }

    #[test]
    fn logins() {
        let request = || Request::new(&at("127.0.0.1"), b"joe", b"pw").unwrap();
        let (said, end) = converse(
            request(),
            &[&[5, 2], &[1, 0], &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]],
        );
        assert_eq!(said[0], [5, 1, 2]);
        assert_eq!(said[1], *b"\x01\x03joe\x02pw");
        assert_eq!(said[2], [5, 1, 0, 1, 127, 0, 0, 1, 0x12, 0x34]);
        assert_eq!(end, Ok(true));
        for refusal in [&[&[5, 2][..], &[1, 1]][..], &[&[5, 0xff]]] {
            assert_eq!(converse(request(), refusal).1, Err(Errno::EACCES));
        }
        let empty = Request::new(&at("127.0.0.1"), b"joe", b"").unwrap();
        let (said, _) = converse(empty, &[&[5, 2], &[]]);
        assert_eq!(said[1], *b"\x01\x03joe\0");
        assert!(!format!("{:?}", request()).contains("pw"));
    }

    #[test]
    fn refusals_and_nonsense() {
        for (reply, errno) in [
            (1, Errno::ECONNABORTED),
            (2, Errno::EACCES),
            (3, Errno::ENETUNREACH),
            (4, Errno::EHOSTUNREACH),
            (5, Errno::ECONNREFUSED),
            (6, Errno::ETIMEDOUT),
            (7, Errno::ENOTSUP),
            (8, Errno::EAFNOSUPPORT),
            (9, Errno::ECONNABORTED),
        ] {
            let request = Request::new(&at("a"), b"", b"").unwrap();
            let end = converse(request, &[&[5, 0], &[5, reply, 0, 1]]).1;
            assert_eq!(end, Err(errno), "{reply}");
        }
        let nonsense: [&[&[u8]]; 5] = [
            &[&[4, 0]],
            &[&[5, 2]],
            &[&[5, 0], &[4, 0, 0, 1]],
            &[&[5, 0], &[5, 0, 0, 2]],
            &[b"HT"],
        ];
        for answers in nonsense {
            let request = Request::new(&at("a"), b"", b"").unwrap();
            assert_eq!(converse(request, answers).1, Err(Errno::EPROTO));
        }
        let request = Request::new(&at("a"), b"joe", b"").unwrap();
        let end = converse(request, &[&[5, 2], &[5, 0]]).1;
        assert_eq!(end, Err(Errno::EPROTO));
    }
}
