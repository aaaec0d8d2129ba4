//! Security mechanisms behind one trait: what they say in the handshake, and what they do to
//! frames afterwards.
//!
//! A mechanism sees command bodies and frame bodies, never frame heads, time or the stream.
//! One file per mechanism.

mod null;

use super::EngineConfig;
use super::error::EngineError;
use super::outbuf::OutBuf;
use crate::msg::Msg;

/// Which mechanism a connection demands, and with what credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MechanismConfig {
    /// No security (RFC 37, "The NULL Security Mechanism").
    Null,
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
    /// Both sides are satisfied.
    Ready,
}

/// What a finished handshake has told of the peer.
#[derive(Clone, Debug, Default)]
pub struct PeerMetadata {
    /// Its properties, in the order they came.
    pub properties: Vec<(String, Vec<u8>)>,
    /// The user id from the ZAP reply (RFC 27).
    pub user_id: Option<Vec<u8>>,
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

    /// Whether frames travel as they are; then the methods below are never called.
    fn is_clear(&self) -> bool {
        true
    }

    /// By how many bytes an encoded body may be longer than the plain one.
    fn overhead(&self) -> usize {
        0
    }

    /// Appends the frame that carries `body` in protected form, head included. `flags` are the
    /// MORE and COMMAND bits of RFC 37.
    ///
    /// # Errors
    /// The failure that ends the connection, such as used-up nonces.
    fn encode(&mut self, flags: u8, body: Msg, out: &mut OutBuf) -> Result<(), EngineError> {
        let _ = (flags, body, out);
        Ok(())
    }

    /// Opens the body of a protected frame: gives flags and body of the frame inside.
    ///
    /// # Errors
    /// The failure that ends the connection.
    fn decode(&mut self, flags: u8, body: Msg) -> Result<(u8, Msg), EngineError> {
        Ok((flags, body))
    }
}
