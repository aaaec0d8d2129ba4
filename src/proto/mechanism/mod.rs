//! Security mechanisms behind one trait: what they say in the handshake, and what they do to
//! frames afterwards.
//!
//! A mechanism sees command bodies and frame bodies, never frame heads, time or the stream.
//! One file per mechanism.

mod curve;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
pub mod gssapi;
mod null;
mod plain;
mod zap;

use super::EngineConfig;
use super::command::ERROR;
use super::error::EngineError;
use super::metadata;
use super::writer::FrameWriter;
use crate::msg::Msg;
use crate::socket_type::SocketType;

pub use curve::{CurveClientConfig, CurveServerConfig};
pub use gssapi::{GssapiConfig, Task, TaskDone, TaskRole};
pub use plain::PlainCredentials;
pub use zap::ZapConfig;

/// Which mechanism a connection demands, and with what credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MechanismConfig {
    /// No security (RFC 37, "The NULL Security Mechanism").
    Null,
    /// A client with a user name and a password (RFC 24).
    PlainClient(PlainCredentials),
    /// A server that has these judged (RFC 24).
    PlainServer,
    /// A client with a key (RFC 25).
    CurveClient(CurveClientConfig),
    /// A server with a key (RFC 25).
    CurveServer(CurveServerConfig),
    /// A client whose contexts initiate (RFC 38).
    GssapiClient(GssapiConfig),
    /// A server whose contexts accept (RFC 38).
    GssapiServer(GssapiConfig),
}

impl MechanismConfig {
    /// Whether ZMTP 1.0 and 2.0 peers, which know no mechanisms, may be talked to.
    pub(super) const fn allows_old_peers(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The mechanism in its first state.
    pub(super) fn start(&self, config: &EngineConfig) -> Box<dyn Mechanism> {
        match self {
            Self::Null => Box::new(null::Null::new(config)),
            Self::PlainClient(credentials) => {
                Box::new(plain::PlainClient::new(config, credentials))
            }
            Self::PlainServer => Box::new(plain::PlainServer::new(config)),
            Self::CurveClient(keys) => Box::new(curve::Curve::Handshake(
                curve::ClientHandshake::new(config, keys),
            )),
            Self::CurveServer(keys) => Box::new(curve::Curve::Handshake(
                curve::ServerHandshake::new(config, keys),
            )),
            Self::GssapiClient(gssapi) => Box::new(gssapi::Gssapi::client(config, gssapi)),
            Self::GssapiServer(gssapi) => Box::new(gssapi::Gssapi::server(config, gssapi)),
        }
    }
}

/// How far a handshake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Commands are still to be exchanged.
    Handshaking,
    /// The reply to a ZAP request decides; no command is accepted before it.
    AwaitingZap,
    /// A [`Task`] is to be done elsewhere; no command is accepted before it is.
    AwaitingTask,
    /// Both sides are satisfied.
    Ready,
    /// A ZAP handler has refused the peer with this status (RFC 27), and the peer was told if it
    /// is to know.
    Refused(u16),
}

/// Flags of a frame inside a protected one, beside those of RFC 37: its body is the topic of a
/// subscription, or of one taken back.
pub(super) const SUBSCRIBE: u8 = 0x40;
pub(super) const CANCEL: u8 = 0x80;

/// What a finished handshake has told of the peer.
#[derive(Clone, Debug, Default)]
pub struct PeerMetadata {
    /// Its properties, in the order they came.
    pub properties: Vec<(String, Vec<u8>)>,
    /// The user id from the ZAP reply (RFC 27).
    pub user_id: Option<Vec<u8>>,
    /// The metadata from the ZAP reply.
    pub zap_properties: Vec<(String, Vec<u8>)>,
}

/// One side of a mechanism, from greeting to end of connection.
///
/// All methods run on the thread that drives the connection, never block, and do no I/O. An error
/// ends the connection; no method is called afterwards. The engine first calls
/// [`Self::next_command`], then [`Self::handle_command`] for each frame that comes, and
/// `next_command` again after each, until the status is [`Status::Ready`].
pub trait Mechanism: Send + std::fmt::Debug {
    /// The name in the greeting, at most 20 bytes.
    fn name(&self) -> &'static str;

    /// The as-server octet of the greeting.
    fn is_server(&self) -> bool {
        false
    }

    /// Writes the body of the next handshake command into `body` (empty when called) and returns
    /// true, or returns false if it is the peer's turn. Called until it returns false.
    ///
    /// # Errors
    /// The failure that ends the connection.
    fn next_command(&mut self, body: &mut Vec<u8>) -> Result<bool, EngineError>;

    /// Takes the body of a handshake command: any bytes that a peer can think of.
    ///
    /// # Errors
    /// The failure that ends the connection.
    fn handle_command(&mut self, body: &[u8]) -> Result<(), EngineError>;

    /// Where the handshake stands.
    fn status(&self) -> Status;

    /// The peer's metadata; asked once, when the status is [`Status::Ready`].
    fn take_peer_metadata(&mut self) -> PeerMetadata;

    /// The frames of the ZAP request, asked once each time that the status becomes
    /// [`Status::AwaitingZap`].
    fn take_zap_request(&mut self) -> Option<Vec<Msg>> {
        None
    }

    /// Takes the frames of the ZAP reply; the status is another one afterwards.
    ///
    /// # Errors
    /// The failure that ends the connection: a malformed reply, or a denial (where the mechanism
    /// has nothing to tell the peer first).
    fn handle_zap_reply(&mut self, frames: Vec<Msg>) -> Result<(), EngineError> {
        drop(frames);
        Ok(())
    }

    /// There is no ZAP handler to answer the request; the status is another one afterwards.
    ///
    /// # Errors
    /// The failure that ends the connection, where a handler is demanded.
    fn handle_zap_absent(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    /// What is to be done elsewhere, asked once each time that the status becomes
    /// [`Status::AwaitingTask`].
    fn take_task(&mut self) -> Option<Task> {
        None
    }

    /// Takes what became of it; the status is another one afterwards.
    ///
    /// # Errors
    /// The failure that ends the connection.
    fn handle_task(&mut self, done: TaskDone) -> Result<(), EngineError> {
        drop(done);
        Ok(())
    }

    /// Whether frames travel as they are; then the methods below are never called.
    fn is_clear(&self) -> bool {
        true
    }

    /// By how many bytes an encoded body may be longer than the plain one.
    fn overhead(&self) -> usize {
        0
    }

    /// Appends the frame that carries `body` in protected form. `flags` are the MORE and COMMAND
    /// bits of RFC 37.
    ///
    /// # Errors
    /// The failure that ends the connection, such as used-up nonces.
    fn encode(
        &mut self,
        flags: u8,
        body: &Msg,
        frames: &mut FrameWriter<'_>,
    ) -> Result<(), EngineError> {
        let _ = (flags, body, frames);
        Ok(())
    }

    /// Opens the body of a protected frame in place: gives the flags of the frame inside (as for
    /// [`Self::encode`], or [`SUBSCRIBE`], [`CANCEL`]) and where its body begins; it ends with `body`.
    ///
    /// # Errors
    /// The failure that ends the connection.
    fn decode(&mut self, body: &mut [u8]) -> Result<(u8, usize), EngineError> {
        let _ = body;
        Ok((0, 0))
    }
}

/// A command body that has its name and nothing else so far.
fn named(name: &[u8]) -> Vec<u8> {
    let mut body = vec![name.len() as u8];
    body.extend_from_slice(name);
    body
}

/// Appends what we say of ourselves: `Socket-Type`, for the types that are addressed by it
/// `Identity` (also when it is empty), then what the application added.
fn append_properties(list: &mut Vec<u8>, config: &EngineConfig) {
    let name = config.socket_type.name().as_bytes();
    metadata::append(list, metadata::SOCKET_TYPE, name);
    if matches!(
        config.socket_type,
        SocketType::Req | SocketType::Dealer | SocketType::Router
    ) {
        metadata::append(list, metadata::IDENTITY, &config.routing_id);
    }
    for (name, value) in &config.app_metadata {
        metadata::append(list, name, value);
    }
}

/// The ERROR that tells a peer of its refusal.
fn error_body(status: u16) -> Vec<u8> {
    let reason = status.to_string();
    let mut body = named(ERROR);
    body.push(reason.len() as u8);
    body.extend_from_slice(reason.as_bytes());
    body
}

#[cfg(test)]
mod tests;
