//! How an HTTP/1.1 connection becomes a WebSocket (RFC 6455, section 4): the request, the answer, and whether they
//! say what they must.
//!
//! `Sec-WebSocket-Protocol` names the mechanism (RFC 45, "Handshake"). Of the path nothing depends here: who
//! forwards connections may go by it.

use base64ct::{Base64, Encoding};
use sha1::{Digest, Sha1};

use super::ClientRequest;

/// Longest request or answer, in bytes.
const LONGEST: usize = 16 * 1024;
/// Most headers in it.
const HEADERS: usize = 100;
/// Longest key, in bytes; it should have 24.
const KEY_MAX: usize = 64;
/// What turns a key into the proof that it was read (RFC 6455, section 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Answer to what is no request for a WebSocket of ours.
const BAD_REQUEST: &str =
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
/// Answer to one of another version (RFC 6455, section 4.4).
const OTHER_VERSION: &str = "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\n\
    Connection: close\r\nContent-Length: 0\r\n\r\n";

/// One side of an upgrade under way.
#[derive(Debug)]
pub(in super::super) struct Upgrade {
    /// What we can speak, the best first.
    protocols: Vec<String>,
    /// What the server must prove to have read; a server has none.
    accept: Option<String>,
    /// So many bytes were looked at and are not the end.
    searched: usize,
}

/// A finished upgrade.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Upgraded {
    /// Length of what the peer said.
    pub(in super::super) len: usize,
    /// Which of our protocols will be spoken.
    pub(in super::super) protocol: usize,
    /// What the peer is to be told.
    pub(in super::super) answer: String,
}

/// The peer said what it must not, and is to be told this.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Refusal(pub(in super::super) &'static str);

/// A server that answers like this is told nothing more.
const BAD_RESPONSE: Refusal = Refusal("");

impl Upgrade {
    /// A client's side, and its request.
    pub(in super::super) fn client(
        request: &ClientRequest,
        protocols: Vec<String>,
    ) -> (Self, String) {
        let ClientRequest { host, path, .. } = request;
        let key = Base64::encode_string(&request.nonce);
        let offer = protocols.join(",");
        let text = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {offer}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        let accept = Some(accept_of(key.as_bytes()));
        (Self::new(protocols, accept), text)
    }

    /// A server's side.
    pub(in super::super) const fn server(protocols: Vec<String>) -> Self {
        Self::new(protocols, None)
    }

    const fn new(protocols: Vec<String>, accept: Option<String>) -> Self {
        Self {
            protocols,
            accept,
            searched: 0,
        }
    }

    /// Looks at what the peer has sent so far; `None` while it has more to say.
    ///
    /// # Errors
    /// It said what it must not.
    pub(in super::super) fn take(&mut self, unread: &[u8]) -> Result<Option<Upgraded>, Refusal> {
        const END: &[u8] = b"\r\n\r\n";
        let searched = self.searched.min(unread.len());
        let found = unread[searched..]
            .windows(END.len())
            .position(|window| window == END);
        let Some(at) = found else {
            self.searched = unread.len().saturating_sub(END.len() - 1);
            return match &self.accept {
                _ if unread.len() <= LONGEST => Ok(None),
                Some(_) => Err(BAD_RESPONSE),
                None => Err(Refusal(BAD_REQUEST)),
            };
        };
        let len = searched + at + END.len();
        let text = &unread[..len.min(LONGEST)];
        match &self.accept {
            Some(accept) => self.take_response(text, accept),
            None => self.take_request(text),
        }
        .map(Some)
    }

    fn take_request(&self, text: &[u8]) -> Result<Upgraded, Refusal> {
        const BAD: Refusal = Refusal(BAD_REQUEST);
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let parsed = request.parse(text).map_err(|_| BAD)?;
        if !is_all_of(text, parsed) || request.method != Some("GET") || request.version != Some(1) {
            return Err(BAD);
        }
        let headers = Headers(request.headers);
        let key = headers.only("Sec-WebSocket-Key").ok_or(BAD)?;
        if !headers.asks_for_websocket() || key.is_empty() || key.len() > KEY_MAX {
            return Err(BAD);
        }
        // The reference library does not look, so clients may leave it out.
        if headers
            .all("Sec-WebSocket-Version")
            .any(|list| list != b"13")
        {
            return Err(Refusal(OTHER_VERSION));
        }
        let mut offered = headers.tokens("Sec-WebSocket-Protocol");
        let index = |name: &[u8]| {
            self.protocols
                .iter()
                .position(|ours| ours.as_bytes() == name)
        };
        let protocol = offered.find_map(index).ok_or(BAD)?;
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: {}\r\n\r\n",
            accept_of(key),
            self.protocols[protocol],
        );
        Ok(Upgraded {
            len: text.len(),
            protocol,
            answer,
        })
    }

    fn take_response(&self, text: &[u8], accept: &str) -> Result<Upgraded, Refusal> {
        const BAD: Refusal = BAD_RESPONSE;
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(text).map_err(|_| BAD)?;
        if !is_all_of(text, parsed) || response.code != Some(101) || response.version != Some(1) {
            return Err(BAD);
        }
        let headers = Headers(response.headers);
        let chosen = headers.only("Sec-WebSocket-Protocol").ok_or(BAD)?;
        let proof = headers.only("Sec-WebSocket-Accept");
        let has_extensions = headers.all("Sec-WebSocket-Extensions").next().is_some();
        if !headers.asks_for_websocket() || proof != Some(accept.as_bytes()) || has_extensions {
            return Err(BAD);
        }
        let index = self
            .protocols
            .iter()
            .position(|ours| ours.as_bytes() == chosen);
        Ok(Upgraded {
            len: text.len(),
            protocol: index.ok_or(BAD)?,
            answer: String::new(),
        })
    }
}

/// Whether a head ends where the text does. Who takes a bare line feed for the end of a line finds its end earlier,
/// and something else behind it.
fn is_all_of(text: &[u8], head: httparse::Status<usize>) -> bool {
    head == httparse::Status::Complete(text.len())
}

/// The headers of a message.
struct Headers<'a>(&'a [httparse::Header<'a>]);

impl<'a> Headers<'a> {
    /// The values of all headers of this name.
    fn all(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let named = move |header: &&httparse::Header<'_>| header.name.eq_ignore_ascii_case(name);
        self.0
            .iter()
            .filter(named)
            .map(|header| header.value.trim_ascii())
    }

    /// The value of the one header of this name; none if there are two.
    fn only(&self, name: &'static str) -> Option<&'a [u8]> {
        let mut all = self.all(name);
        all.next().filter(|_| all.next().is_none())
    }

    /// The members of the lists that the headers of this name have.
    fn tokens(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.all(name)
            .flat_map(|list| list.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
    }

    fn asks_for_websocket(&self) -> bool {
        let has = |name, token: &[u8]| {
            self.tokens(name)
                .any(|member| member.eq_ignore_ascii_case(token))
        };
        has("Upgrade", b"websocket") && has("Connection", b"upgrade")
    }
}

/// The proof that a key was read.
fn accept_of(key: &[u8]) -> String {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    Base64::encode_string(&digest)
}
