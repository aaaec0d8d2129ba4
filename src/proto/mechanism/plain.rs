//! The PLAIN mechanism: a user name and a password in the clear (RFC 24).
//!
//! The server lets a ZAP handler judge them; without a handler nobody gets in.

use zeroize::Zeroizing;

use super::super::EngineConfig;
use super::super::command::{self, ERROR, READY};
use super::super::error::{EngineError, protocol_error};
use super::super::metadata;
use super::zap::{NO_HANDLER, Verdict, Zap};
use super::{Mechanism, PeerMetadata, Status, append_properties, error_body, named};
use crate::msg::Msg;

const HELLO: &[u8] = b"HELLO";
const WELCOME: &[u8] = b"WELCOME";
const INITIATE: &[u8] = b"INITIATE";

/// What a client says of itself; wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PlainCredentials {
    /// `ZMQ_PLAIN_USERNAME`, at most 255 bytes.
    pub username: Zeroizing<Vec<u8>>,
    /// `ZMQ_PLAIN_PASSWORD`, at most 255 bytes.
    pub password: Zeroizing<Vec<u8>>,
}

/// Says nothing of the password.
impl std::fmt::Debug for PlainCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PlainCredentials(..)")
    }
}

const fn unexpected() -> EngineError {
    EngineError::protocol(protocol_error::ZMTP_UNEXPECTED_COMMAND)
}

fn parse_properties(list: &[u8]) -> Result<Vec<(String, Vec<u8>)>, EngineError> {
    metadata::parse(list).map_err(|_| EngineError::protocol(protocol_error::ZMTP_INVALID_METADATA))
}

/// A string with its length in front of it, and what follows.
fn take_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&len, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(len))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClientStep {
    SendHello,
    AwaitWelcome,
    SendInitiate,
    AwaitReady,
    Ready,
}

/// The client's side.
#[derive(Debug)]
pub(super) struct PlainClient {
    step: ClientStep,
    credentials: PlainCredentials,
    /// Our INITIATE.
    initiate: Vec<u8>,
    properties: Vec<(String, Vec<u8>)>,
}

impl PlainClient {
    pub(super) fn new(config: &EngineConfig, credentials: &PlainCredentials) -> Self {
        let mut initiate = named(INITIATE);
        append_properties(&mut initiate, config);
        Self {
            step: ClientStep::SendHello,
            credentials: credentials.clone(),
            initiate,
            properties: Vec::new(),
        }
    }
}

impl Mechanism for PlainClient {
    fn name(&self) -> &'static str {
        "PLAIN"
    }

    fn next_command(&mut self, body: &mut Vec<u8>) -> Result<bool, EngineError> {
        match self.step {
            ClientStep::SendHello => {
                *body = named(HELLO);
                for text in [&self.credentials.username, &self.credentials.password] {
                    // The options hold no more.
                    let text = &text[..text.len().min(255)];
                    body.push(text.len() as u8);
                    body.extend_from_slice(text);
                }
                self.step = ClientStep::AwaitWelcome;
            }
            ClientStep::SendInitiate => {
                *body = std::mem::take(&mut self.initiate);
                self.step = ClientStep::AwaitReady;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn handle_command(&mut self, body: &[u8]) -> Result<(), EngineError> {
        match (self.step, command::split(body)) {
            (ClientStep::AwaitWelcome, Some((WELCOME, rest))) => {
                if !rest.is_empty() {
                    let value = protocol_error::ZMTP_MALFORMED_COMMAND_WELCOME;
                    return Err(EngineError::protocol(value));
                }
                self.step = ClientStep::SendInitiate;
                Ok(())
            }
            (ClientStep::AwaitReady, Some((READY, list))) => {
                self.properties = parse_properties(list)?;
                self.step = ClientStep::Ready;
                Ok(())
            }
            (_, Some((ERROR, data))) => Err(command::parse_error(data)),
            _ => Err(unexpected()),
        }
    }

    fn status(&self) -> Status {
        match self.step {
            ClientStep::Ready => Status::Ready,
            _ => Status::Handshaking,
        }
    }

    fn take_peer_metadata(&mut self) -> PeerMetadata {
        PeerMetadata {
            properties: std::mem::take(&mut self.properties),
            ..PeerMetadata::default()
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ServerStep {
    AwaitHello,
    AwaitZap,
    SendWelcome,
    AwaitInitiate,
    SendReady,
    Ready,
    /// The refusal is to be told.
    SendError(u16),
    Refused(u16),
}

/// The server's side.
#[derive(Debug)]
pub(super) struct PlainServer {
    step: ServerStep,
    zap: Zap,
    /// Our READY.
    ready: Vec<u8>,
    properties: Vec<(String, Vec<u8>)>,
}

impl PlainServer {
    pub(super) fn new(config: &EngineConfig) -> Self {
        let mut ready = named(READY);
        append_properties(&mut ready, config);
        Self {
            step: ServerStep::AwaitHello,
            zap: Zap::new(config),
            ready,
            properties: Vec::new(),
        }
    }

    fn handle_hello(&mut self, data: &[u8]) -> Result<(), EngineError> {
        let malformed = || EngineError::protocol(protocol_error::ZMTP_MALFORMED_COMMAND_HELLO);
        let (username, rest) = take_string(data).ok_or_else(malformed)?;
        let (password, rest) = take_string(rest).ok_or_else(malformed)?;
        if !rest.is_empty() {
            return Err(malformed());
        }
        if self.zap.is_strict() && !self.zap.has_domain() {
            // A name and a password that nobody may judge.
            return Err(NO_HANDLER);
        }
        self.zap.ask(self.name(), &[username, password])?;
        self.step = ServerStep::AwaitZap;
        Ok(())
    }
}

impl Mechanism for PlainServer {
    fn name(&self) -> &'static str {
        "PLAIN"
    }

    fn is_server(&self) -> bool {
        true
    }

    fn next_command(&mut self, body: &mut Vec<u8>) -> Result<bool, EngineError> {
        match self.step {
            ServerStep::SendWelcome => {
                *body = named(WELCOME);
                self.step = ServerStep::AwaitInitiate;
            }
            ServerStep::SendReady => {
                *body = std::mem::take(&mut self.ready);
                self.step = ServerStep::Ready;
            }
            ServerStep::SendError(status) => {
                *body = error_body(status);
                self.step = ServerStep::Refused(status);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn handle_command(&mut self, body: &[u8]) -> Result<(), EngineError> {
        match (self.step, command::split(body)) {
            (ServerStep::AwaitHello, Some((HELLO, data))) => self.handle_hello(data),
            (ServerStep::AwaitHello, None) => Err(EngineError::protocol(
                protocol_error::ZMTP_MALFORMED_COMMAND_UNSPECIFIED,
            )),
            (ServerStep::AwaitInitiate, Some((INITIATE, list))) => {
                self.properties = parse_properties(list)?;
                self.step = ServerStep::SendReady;
                Ok(())
            }
            _ => Err(unexpected()),
        }
    }

    fn status(&self) -> Status {
        match self.step {
            ServerStep::Ready => Status::Ready,
            ServerStep::AwaitZap => Status::AwaitingZap,
            ServerStep::Refused(status) => Status::Refused(status),
            _ => Status::Handshaking,
        }
    }

    fn take_peer_metadata(&mut self) -> PeerMetadata {
        let properties = std::mem::take(&mut self.properties);
        self.zap.complete(properties)
    }

    fn take_zap_request(&mut self) -> Option<Vec<Msg>> {
        self.zap.take_request()
    }

    fn handle_zap_reply(&mut self, frames: Vec<Msg>) -> Result<(), EngineError> {
        self.step = match self.zap.judge(&frames)? {
            Verdict::Granted => ServerStep::SendWelcome,
            // A failure that may pass is not told: the client tries again.
            Verdict::Denied(300) => ServerStep::Refused(300),
            Verdict::Denied(status) => ServerStep::SendError(status),
        };
        Ok(())
    }

    fn handle_zap_absent(&mut self) -> Result<(), EngineError> {
        Err(NO_HANDLER)
    }
}
