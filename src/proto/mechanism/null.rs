//! The NULL mechanism: each side sends one READY, and that is all (RFC 37, "The NULL Security
//! Mechanism"). With a ZAP domain a handler is asked first, by its side alone.
//!
//! Whether the properties of the peer's READY suit us is not decided here.

use super::super::command::{self, ERROR, READY};
use super::super::error::{EngineError, protocol_error};
use super::super::{EngineConfig, metadata};
use super::zap::{NO_HANDLER, Verdict, Zap};
use super::{Mechanism, PeerMetadata, Status, append_properties, error_body, named};
use crate::msg::Msg;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// A ZAP handler is to be asked.
    Ask,
    AwaitZap,
    SendReady,
    /// Our READY is sent.
    Told,
    /// The refusal is to be told.
    SendError(u16),
    Refused(u16),
}

/// Both roles of NULL, which do the same.
#[derive(Debug)]
pub(super) struct Null {
    step: Step,
    zap: Zap,
    /// Our READY, until it is sent.
    ready: Vec<u8>,
    /// What the peer's READY said.
    properties: Option<Vec<(String, Vec<u8>)>>,
}

impl Null {
    pub(super) fn new(config: &EngineConfig) -> Self {
        let zap = Zap::new(config);
        let step = if zap.has_domain() {
            Step::Ask
        } else {
            Step::SendReady
        };
        let mut ready = named(READY);
        append_properties(&mut ready, config);
        Self {
            step,
            zap,
            ready,
            properties: None,
        }
    }
}

impl Mechanism for Null {
    fn name(&self) -> &'static str {
        "NULL"
    }

    fn next_command(&mut self, body: &mut Vec<u8>) -> Result<bool, EngineError> {
        match self.step {
            Step::Ask => {
                self.zap.ask(self.name(), &[])?;
                self.step = Step::AwaitZap;
                return Ok(false);
            }
            Step::SendReady => {
                *body = std::mem::take(&mut self.ready);
                self.step = Step::Told;
            }
            Step::SendError(status) => {
                *body = error_body(status);
                self.step = Step::Refused(status);
            }
            Step::AwaitZap | Step::Told | Step::Refused(_) => return Ok(false),
        }
        Ok(true)
    }

    fn handle_command(&mut self, body: &[u8]) -> Result<(), EngineError> {
        match command::split(body) {
            Some((READY, list)) => {
                self.properties = Some(metadata::parse(list)?);
                Ok(())
            }
            Some((ERROR, data)) => Err(command::parse_error(data)),
            _ => Err(EngineError::protocol(
                protocol_error::ZMTP_UNEXPECTED_COMMAND,
            )),
        }
    }

    fn status(&self) -> Status {
        match self.step {
            Step::Ask | Step::AwaitZap => Status::AwaitingZap,
            Step::Refused(status) => Status::Refused(status),
            Step::Told if self.properties.is_some() => Status::Ready,
            Step::Told | Step::SendReady | Step::SendError(_) => Status::Handshaking,
        }
    }

    fn take_peer_metadata(&mut self) -> PeerMetadata {
        let properties = self.properties.take().unwrap_or_default();
        self.zap.complete(properties)
    }

    fn take_zap_request(&mut self) -> Option<Vec<Msg>> {
        self.zap.take_request()
    }

    fn handle_zap_reply(&mut self, frames: Vec<Msg>) -> Result<(), EngineError> {
        self.step = match self.zap.judge(&frames)? {
            Verdict::Granted => Step::SendReady,
            // A failure that may pass is not told: the peer tries again.
            Verdict::Denied(300) => Step::Refused(300),
            Verdict::Denied(status) => Step::SendError(status),
        };
        Ok(())
    }

    fn handle_zap_absent(&mut self) -> Result<(), EngineError> {
        if self.zap.is_strict() {
            return Err(NO_HANDLER);
        }
        self.step = Step::SendReady;
        Ok(())
    }
}
