//! The server's side of ZAP (RFC 27): the request that a mechanism makes, and what the handler's
//! reply means. How the two travel is not known here.

use crate::errno::Errno;
use crate::msg::Msg;
use crate::proto::error::{EngineError, HandshakeFailure, protocol_error};
use crate::proto::{EngineConfig, metadata};

use super::PeerMetadata;

const VERSION: &[u8] = b"1.0";
/// One request at a time per connection, on a way of its own: all may have the same id.
const REQUEST_ID: &[u8] = b"1";
/// Delimiter, version, request id, status code, status text, user id, metadata.
const REPLY_FRAMES: usize = 7;

/// What a connection tells a ZAP handler of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ZapConfig {
    /// `ZMQ_ZAP_DOMAIN`; empty: no domain was set.
    pub domain: Vec<u8>,
    /// `ZMQ_ZAP_ENFORCE_DOMAIN`: the domain decides alone whether ZAP is used, and then it must be.
    pub enforce_domain: bool,
    /// The peer's address without a port; empty where the transport has none.
    pub peer_address: String,
}

/// What a handler decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Granted,
    /// 300, 400 or 500.
    Denied(u16),
}

/// The dialog of one connection.
#[derive(Debug)]
pub(super) struct Zap {
    config: ZapConfig,
    routing_id: Vec<u8>,
    request: Option<Vec<Msg>>,
    user_id: Option<Vec<u8>>,
    properties: Vec<(String, Vec<u8>)>,
}

impl Zap {
    pub(super) fn new(config: &EngineConfig) -> Self {
        Self {
            config: config.zap.clone(),
            routing_id: config.routing_id.clone(),
            request: None,
            user_id: None,
            properties: Vec::new(),
        }
    }

    /// Whether a domain was set.
    pub(super) fn has_domain(&self) -> bool {
        !self.config.domain.is_empty()
    }

    /// Whether ZAP follows RFC 27 strictly.
    pub(super) fn is_strict(&self) -> bool {
        self.config.enforce_domain
    }

    /// Makes the request.
    pub(super) fn ask(
        &mut self,
        mechanism: &str,
        credentials: &[&[u8]],
    ) -> Result<(), EngineError> {
        let fixed: [&[u8]; 7] = [
            b"",
            VERSION,
            REQUEST_ID,
            &self.config.domain,
            self.config.peer_address.as_bytes(),
            &self.routing_id,
            mechanism.as_bytes(),
        ];
        let mut frames = Vec::with_capacity(fixed.len() + credentials.len());
        for bytes in fixed {
            frames.push(Msg::copy_of(bytes)?);
        }
        for bytes in credentials {
            frames.push(Msg::secret(bytes)?);
        }
        for frame in &mut frames {
            frame.set_more(true);
        }
        if let Some(last) = frames.last_mut() {
            last.set_more(false);
        }
        self.request = Some(frames);
        Ok(())
    }

    pub(super) fn take_request(&mut self) -> Option<Vec<Msg>> {
        self.request.take()
    }

    /// Reads the reply.
    ///
    /// # Errors
    /// The failure that a reply other than RFC 27 wants it ends the handshake with.
    pub(super) fn judge(&mut self, frames: &[Msg]) -> Result<Verdict, EngineError> {
        let frames: &[Msg; REPLY_FRAMES] = frames
            .try_into()
            .map_err(|_| EngineError::protocol(protocol_error::ZAP_MALFORMED_REPLY))?;
        let [delimiter, version, request_id, status, _text, user_id, list] = frames;
        if !delimiter.is_empty() {
            return Err(EngineError::protocol(protocol_error::ZAP_UNSPECIFIED));
        }
        if version.data() != VERSION {
            return Err(EngineError::protocol(protocol_error::ZAP_BAD_VERSION));
        }
        if request_id.data() != REQUEST_ID {
            return Err(EngineError::protocol(protocol_error::ZAP_BAD_REQUEST_ID));
        }
        let verdict = match status.data() {
            b"200" => Verdict::Granted,
            b"300" => Verdict::Denied(300),
            b"400" => Verdict::Denied(400),
            b"500" => Verdict::Denied(500),
            _ => {
                return Err(EngineError::protocol(
                    protocol_error::ZAP_INVALID_STATUS_CODE,
                ));
            }
        };
        self.properties = metadata::parse(list.data())
            .map_err(|_| EngineError::protocol(protocol_error::ZAP_INVALID_METADATA))?;
        self.user_id = Some(user_id.data().to_vec());
        Ok(verdict)
    }

    /// What is known of the peer by now, with what it says of itself.
    pub(super) fn complete(&mut self, properties: Vec<(String, Vec<u8>)>) -> PeerMetadata {
        PeerMetadata {
            properties,
            user_id: self.user_id.take(),
            zap_properties: std::mem::take(&mut self.properties),
        }
    }
}

/// The failure where a handler is demanded and there is none.
pub(super) const NO_HANDLER: EngineError =
    EngineError::Handshake(HandshakeFailure::NoDetail(Errno::EFAULT));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket_type::SocketType;

    fn zap() -> Zap {
        let mut config = EngineConfig::new(SocketType::Dealer);
        config.routing_id = b"me".to_vec();
        config.zap = ZapConfig {
            domain: b"here".to_vec(),
            enforce_domain: false,
            peer_address: "127.0.0.1".to_owned(),
        };
        Zap::new(&config)
    }

    fn frames(texts: &[&[u8]]) -> Vec<Msg> {
        texts
            .iter()
            .map(|text| Msg::copy_of(text).unwrap())
            .collect()
    }

    #[test]
    fn requests_are_those_of_the_rfc() {
        let mut zap = zap();
        zap.ask("PLAIN", &[b"joe", b"pw"]).unwrap();
        let request = zap.take_request().unwrap();
        let texts: Vec<&[u8]> = request.iter().map(Msg::data).collect();
        let expected: [&[u8]; 9] = [
            b"",
            b"1.0",
            b"1",
            b"here",
            b"127.0.0.1",
            b"me",
            b"PLAIN",
            b"joe",
            b"pw",
        ];
        assert_eq!(texts, expected);
        let more: Vec<bool> = request.iter().map(Msg::is_more).collect();
        assert_eq!(
            more,
            [true, true, true, true, true, true, true, true, false]
        );
        assert!(zap.take_request().is_none());
    }

    #[test]
    fn replies_are_taken_to_the_letter() {
        let good: [&[u8]; 7] = [
            b"",
            b"1.0",
            b"1",
            b"200",
            b"OK",
            b"joe",
            b"\x01a\0\0\0\x01b",
        ];
        let judge = |at: usize, with: &[u8]| {
            let mut texts = good;
            texts[at] = with;
            zap().judge(&frames(&texts))
        };
        let protocol = |value| Err(EngineError::protocol(value));
        assert_eq!(judge(0, b""), Ok(Verdict::Granted));
        assert_eq!(judge(0, b"x"), protocol(protocol_error::ZAP_UNSPECIFIED));
        for bad in [&b""[..], b"1", b"1.1", b"1.0\0"] {
            assert_eq!(judge(1, bad), protocol(protocol_error::ZAP_BAD_VERSION));
        }
        for bad in [&b""[..], b"2", b"11"] {
            assert_eq!(judge(2, bad), protocol(protocol_error::ZAP_BAD_REQUEST_ID));
        }
        for bad in [
            &b""[..],
            b"20",
            b"2000",
            b"100",
            b"600",
            b"201",
            b"404",
            b"abc",
        ] {
            assert_eq!(
                judge(3, bad),
                protocol(protocol_error::ZAP_INVALID_STATUS_CODE)
            );
        }
        for status in [300, 400, 500] {
            assert_eq!(
                judge(3, status.to_string().as_bytes()),
                Ok(Verdict::Denied(status))
            );
        }
        for bad in [
            &b"\0"[..],
            b"\x01a\0\0\0\x02b",
            b"\x01a\0\0\0",
            b"\x01a\xff\xff\xff\xffb",
        ] {
            assert_eq!(
                judge(6, bad),
                protocol(protocol_error::ZAP_INVALID_METADATA)
            );
        }
        for n in 0..7 {
            let reply = zap().judge(&frames(&good[..n]));
            assert_eq!(reply, protocol(protocol_error::ZAP_MALFORMED_REPLY));
        }
        let mut longer = good.to_vec();
        longer.push(b"");
        let reply = zap().judge(&frames(&longer));
        assert_eq!(reply, protocol(protocol_error::ZAP_MALFORMED_REPLY));
    }

    #[test]
    fn user_and_metadata_are_handed_on() {
        let mut zap = zap();
        let good: [&[u8]; 7] = [b"", b"1.0", b"1", b"200", b"", b"joe", b"\x01a\0\0\0\x01b"];
        zap.judge(&frames(&good)).unwrap();
        let told = zap.complete(vec![("Identity".to_owned(), b"x".to_vec())]);
        assert_eq!(told.user_id.as_deref(), Some(&b"joe"[..]));
        assert_eq!(told.zap_properties, [("a".to_owned(), b"b".to_vec())]);
        assert_eq!(told.properties, [("Identity".to_owned(), b"x".to_vec())]);
    }
}
