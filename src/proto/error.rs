//! Why an engine gave up, in the terms that monitor events and reconnecting need.
//!
//! No behaviour: a session turns these into events and decides whether to try again.

use crate::errno::Errno;

/// `ZMQ_PROTOCOL_ERROR_*`: values of `ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL` (`zmq_socket_monitor(3)`).
pub mod protocol_error {
    /// A fault that no other value names.
    pub const ZMTP_UNSPECIFIED: u32 = 0x1000_0000;
    /// A command that the mechanism does not expect, or a body that is no command.
    pub const ZMTP_UNEXPECTED_COMMAND: u32 = 0x1000_0001;
    /// A nonce that is not greater than the one before it.
    pub const ZMTP_INVALID_SEQUENCE: u32 = 0x1000_0002;
    /// The keys could not be agreed on.
    pub const ZMTP_KEY_EXCHANGE: u32 = 0x1000_0003;
    /// A malformed command that no other value names.
    pub const ZMTP_MALFORMED_COMMAND_UNSPECIFIED: u32 = 0x1000_0011;
    /// A malformed MESSAGE.
    pub const ZMTP_MALFORMED_COMMAND_MESSAGE: u32 = 0x1000_0012;
    /// A malformed HELLO.
    pub const ZMTP_MALFORMED_COMMAND_HELLO: u32 = 0x1000_0013;
    /// A malformed INITIATE.
    pub const ZMTP_MALFORMED_COMMAND_INITIATE: u32 = 0x1000_0014;
    /// A malformed ERROR.
    pub const ZMTP_MALFORMED_COMMAND_ERROR: u32 = 0x1000_0015;
    /// A malformed READY.
    pub const ZMTP_MALFORMED_COMMAND_READY: u32 = 0x1000_0016;
    /// A malformed WELCOME.
    pub const ZMTP_MALFORMED_COMMAND_WELCOME: u32 = 0x1000_0017;
    /// Metadata that cannot be read.
    pub const ZMTP_INVALID_METADATA: u32 = 0x1000_0018;
    /// A box that cannot be opened.
    pub const ZMTP_CRYPTOGRAPHIC: u32 = 0x1100_0001;
    /// The two sides name different mechanisms.
    pub const ZMTP_MECHANISM_MISMATCH: u32 = 0x1100_0002;
    /// A fault of the ZAP handler that no other value names.
    pub const ZAP_UNSPECIFIED: u32 = 0x2000_0000;
    /// A ZAP reply with the wrong number of frames.
    pub const ZAP_MALFORMED_REPLY: u32 = 0x2000_0001;
    /// A ZAP reply to another request.
    pub const ZAP_BAD_REQUEST_ID: u32 = 0x2000_0002;
    /// A ZAP reply of another version.
    pub const ZAP_BAD_VERSION: u32 = 0x2000_0003;
    /// A ZAP reply with a status that RFC 27 does not know.
    pub const ZAP_INVALID_STATUS_CODE: u32 = 0x2000_0004;
    /// A ZAP reply with unreadable metadata.
    pub const ZAP_INVALID_METADATA: u32 = 0x2000_0005;
    /// A WebSocket that could not be agreed on.
    pub const WS_UNSPECIFIED: u32 = 0x3000_0000;
}

/// A failed handshake that is reported by an event of its own (`zmq_socket_monitor(3)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeFailure {
    /// `ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL` with this errno.
    NoDetail(Errno),
    /// `ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL` with this value of [`protocol_error`].
    Protocol(u32),
    /// `ZMQ_EVENT_HANDSHAKE_FAILED_AUTH` with this status: 300, 400 or 500 (RFC 27).
    Auth(u16),
}

/// Why the connection must be closed. No call on the engine does anything useful afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineError {
    /// The handshake failed and has an event of its own.
    Handshake(HandshakeFailure),
    /// `handshake_ivl` is over (`ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL`).
    HandshakeTimeout,
    /// The peer broke the protocol, at any stage, in a way that the reference library reports by
    /// `ZMQ_EVENT_DISCONNECTED` alone: malformed frames, `EMSGSIZE` for one that is too long,
    /// `EINVAL` for unreadable metadata or a socket type that does not fit ours,
    /// `EPROTONOSUPPORT` for an old peer where a mechanism is demanded.
    Protocol(Errno),
    /// The peer was silent for longer than heartbeats allow.
    HeartbeatTimeout,
    /// The peer said that it closes the connection, which is no fault (RFC 6455, section 7).
    Closed,
}

impl EngineError {
    /// Whether a connecting side may expect better of another try. The reference library
    /// reconnects after time-outs and lost connections, not after the peer broke or refused the
    /// protocol.
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        match self {
            Self::HandshakeTimeout
            | Self::HeartbeatTimeout
            | Self::Closed
            | Self::Handshake(HandshakeFailure::NoDetail(_)) => true,
            Self::Protocol(errno) => errno.0 == Errno::ENOMEM.0,
            Self::Handshake(_) => false,
        }
    }

    pub(super) const fn protocol(value: u32) -> Self {
        Self::Handshake(HandshakeFailure::Protocol(value))
    }
}

impl From<Errno> for EngineError {
    fn from(errno: Errno) -> Self {
        Self::Protocol(errno)
    }
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Handshake(HandshakeFailure::NoDetail(errno)) => {
                write!(f, "handshake failed: {errno}")
            }
            Self::Handshake(HandshakeFailure::Protocol(value)) => {
                write!(f, "handshake failed: protocol error {value:#x}")
            }
            Self::Handshake(HandshakeFailure::Auth(status)) => {
                write!(f, "handshake failed: refused with status {status}")
            }
            Self::HandshakeTimeout => f.write_str("handshake timed out"),
            Self::Protocol(errno) => write!(f, "protocol error: {errno}"),
            Self::HeartbeatTimeout => f.write_str("heartbeat timed out"),
            Self::Closed => f.write_str("closed by the peer"),
        }
    }
}

impl std::error::Error for EngineError {}
