//! The NULL mechanism: each side sends one READY, and that is all (RFC 37, "The NULL Security
//! Mechanism").
//!
//! Whether the properties of the peer's READY suit us is not decided here.

use super::super::command::{self, ERROR, READY};
use super::super::error::{EngineError, protocol_error};
use super::super::{EngineConfig, metadata};
use super::{Mechanism, PeerMetadata, Status};
use crate::socket_type::SocketType;

/// Both roles of NULL, which do the same.
#[derive(Debug)]
pub(super) struct Null {
    /// Our READY, until it is sent.
    ready: Option<Vec<u8>>,
    peer: Option<PeerMetadata>,
    received: bool,
}

impl Null {
    pub(super) fn new(config: &EngineConfig) -> Self {
        Self {
            ready: Some(ready_body(config)),
            peer: None,
            received: false,
        }
    }
}

impl Mechanism for Null {
    fn name(&self) -> &'static str {
        "NULL"
    }

    fn next_command(&mut self, body: &mut Vec<u8>) -> Result<bool, EngineError> {
        Ok(match self.ready.take() {
            Some(ready) => {
                *body = ready;
                true
            }
            None => false,
        })
    }

    fn handle_command(&mut self, body: &[u8]) -> Result<(), EngineError> {
        match command::split(body) {
            Some((READY, list)) => {
                let properties = metadata::parse(list)?;
                self.peer = Some(PeerMetadata {
                    properties,
                    user_id: None,
                });
                self.received = true;
                Ok(())
            }
            Some((ERROR, data)) => Err(command::parse_error(data)),
            _ => Err(EngineError::protocol(
                protocol_error::ZMTP_UNEXPECTED_COMMAND,
            )),
        }
    }

    fn status(&self) -> Status {
        if self.received && self.ready.is_none() {
            Status::Ready
        } else {
            Status::Handshaking
        }
    }

    fn take_peer_metadata(&mut self) -> PeerMetadata {
        self.peer.take().unwrap_or_default()
    }
}

/// Name and properties of our READY: `Socket-Type`, for the types that are addressed by it
/// `Identity` (also when it is empty), then what the application added.
fn ready_body(config: &EngineConfig) -> Vec<u8> {
    let mut body = vec![READY.len() as u8];
    body.extend_from_slice(READY);
    metadata::append(
        &mut body,
        metadata::SOCKET_TYPE,
        config.socket_type.name().as_bytes(),
    );
    if matches!(
        config.socket_type,
        SocketType::Req | SocketType::Dealer | SocketType::Router
    ) {
        metadata::append(&mut body, metadata::IDENTITY, &config.routing_id);
    }
    for (name, value) in &config.app_metadata {
        metadata::append(&mut body, name, value);
    }
    body
}
