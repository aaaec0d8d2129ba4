//! The GSSAPI mechanism (RFC 38): INITIATE carries the tokens of a security context (RFC 2743),
//! READY the metadata, MESSAGE whatever the context protects.
//!
//! Here are the format of the commands and what both sides share; [`context`] is what a context
//! must be able to do, [`handshake`] has the handshake, [`traffic`] the rest. The
//! contexts themselves are the system's and come from outside.

mod context;
#[cfg(any(test, fuzzing))]
pub mod fake;
mod handshake;
mod traffic;

use std::sync::Arc;

use super::super::EngineConfig;
use super::super::command::{self, READY};
use super::super::error::{EngineError, HandshakeFailure, protocol_error};
use super::super::metadata;
use super::{append_properties, named};
pub use context::{
    ContextError, ContextSource, Progress, SecurityContext, Task, TaskDone, TaskRole,
};
pub(super) use handshake::Gssapi;
use traffic::Traffic;

const NAME: &str = "GSSAPI";
const INITIATE: &[u8] = b"INITIATE";
const MESSAGE: &[u8] = b"MESSAGE";

/// How a side of the mechanism gets its contexts.
#[derive(Clone, Debug)]
pub struct GssapiConfig {
    /// Makes one context for each connection.
    pub contexts: Arc<dyn ContextSource>,
    /// `ZMQ_GSSAPI_PLAINTEXT`: contexts vouch for the peer, and frames travel as they are.
    pub plaintext: bool,
}

/// The same source, not one that would give equal contexts.
impl PartialEq for GssapiConfig {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.contexts, &other.contexts) && self.plaintext == other.plaintext
    }
}

impl Eq for GssapiConfig {}

const fn failure(value: u32) -> EngineError {
    EngineError::protocol(value)
}

impl From<ContextError> for EngineError {
    fn from(error: ContextError) -> Self {
        match error {
            ContextError::Refused => failure(protocol_error::ZMTP_CRYPTOGRAPHIC),
            // May be mended any time, without a word from the peer: worth another try.
            ContextError::Local(errno) => Self::Handshake(HandshakeFailure::NoDetail(errno)),
        }
    }
}

/// Writes a command that holds a token.
fn put_token(body: &mut Vec<u8>, name: &[u8], token: &[u8]) -> Result<(), EngineError> {
    let len = u32::try_from(token.len())
        .map_err(|_| failure(protocol_error::ZMTP_MALFORMED_COMMAND_UNSPECIFIED))?;
    *body = named(name);
    body.extend_from_slice(&len.to_be_bytes());
    body.extend_from_slice(token);
    Ok(())
}

/// Where the token of a command begins that has this name and holds nothing else.
fn token_at(body: &[u8], name: &[u8], malformed: u32) -> Result<usize, EngineError> {
    let (found, data) =
        command::split(body).ok_or_else(|| failure(protocol_error::ZMTP_UNEXPECTED_COMMAND))?;
    if found != name {
        return Err(failure(protocol_error::ZMTP_UNEXPECTED_COMMAND));
    }
    let (len, token) = data
        .split_first_chunk::<4>()
        .ok_or_else(|| failure(malformed))?;
    if u32::try_from(token.len()) != Ok(u32::from_be_bytes(*len)) {
        return Err(failure(malformed));
    }
    Ok(body.len() - token.len())
}

/// The token of an INITIATE; there is none without one.
fn initiate_token(body: &[u8]) -> Result<&[u8], EngineError> {
    let malformed = protocol_error::ZMTP_MALFORMED_COMMAND_INITIATE;
    let at = token_at(body, INITIATE, malformed)?;
    body.get(at..)
        .filter(|token| !token.is_empty())
        .ok_or_else(|| failure(malformed))
}

/// Our READY.
fn ready_body(config: &EngineConfig) -> Vec<u8> {
    let mut ready = named(READY);
    append_properties(&mut ready, config);
    ready
}

/// The properties in the peer's READY.
fn parse_ready(body: &[u8]) -> Result<Vec<(String, Vec<u8>)>, EngineError> {
    match command::split(body) {
        Some((READY, list)) => {
            metadata::parse(list).map_err(|_| failure(protocol_error::ZMTP_INVALID_METADATA))
        }
        _ => Err(failure(protocol_error::ZMTP_UNEXPECTED_COMMAND)),
    }
}

/// Puts READY on its way: protected, unless frames travel as they are.
fn send_ready(
    body: &mut Vec<u8>,
    ready: Vec<u8>,
    traffic: &mut Traffic,
    plaintext: bool,
) -> Result<(), EngineError> {
    if plaintext {
        *body = ready;
        return Ok(());
    }
    traffic.seal_command(&ready, body)
}

/// Takes the peer's READY.
fn take_ready(
    body: &[u8],
    traffic: &mut Traffic,
    plaintext: bool,
) -> Result<Vec<(String, Vec<u8>)>, EngineError> {
    if plaintext {
        return parse_ready(body);
    }
    let mut body = body.to_vec();
    // What the flags inside say of this one frame is no use; the reference library leaves them 0.
    let (_, at) = traffic.decode(&mut body)?;
    parse_ready(body.get(at..).unwrap_or_default())
}
