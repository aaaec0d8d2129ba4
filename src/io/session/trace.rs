//! What traces say of a session. No decisions: each function is called where something has happened.

use std::fmt::{self, Display};
use std::os::fd::AsRawFd;
use std::time::Duration;

use super::loss::Loss;
use super::{Conn, Session};
use crate::errno::Errno;
use crate::io::Ends;
use crate::option::Mechanism;
use crate::proto::{EngineError, HandshakeFailure, PeerInfo, protocol_error};
use crate::trace::{self, Bytes, Fields, Reason, Topic};
use crate::transport::Stream;

impl Session {
    fn trace(&self, topic: Topic, what: &str, ends: &Ends, more: Fields<'_>) {
        if !trace::is_on(topic) {
            return;
        }
        let (name, endpoint) = (self.owner.name(), Bytes(ends.name()));
        let mut fields: Vec<(&str, &dyn Display)> =
            vec![("socket", &name), ("endpoint", &endpoint)];
        fields.extend_from_slice(more);
        trace::event(topic, what, &fields);
    }

    /// A listener let the peer in.
    pub(super) fn trace_accepted(&self, ends: &Ends, stream: &Stream) {
        let fields: Fields<'_> = &[("peer", &Peer(ends, stream)), ("fd", &stream.as_raw_fd())];
        self.trace(Topic::Connection, "accepted", ends, fields);
    }

    /// A connection was made, by us.
    pub(super) fn trace_connected(&self, ends: &Ends, stream: &Stream) {
        let fields: Fields<'_> = &[("peer", &Peer(ends, stream)), ("fd", &stream.as_raw_fd())];
        self.trace(Topic::Connection, "connected", ends, fields);
    }

    /// An attempt to connect failed, or the name could not be resolved.
    pub(super) fn trace_dial_failed(&self, ends: &Ends, what: &str, errno: Errno) {
        self.trace(Topic::Connection, what, ends, &[("reason", &Reason(errno))]);
    }

    /// There will be another attempt, after a pause.
    pub(super) fn trace_retry(&self, ends: &Ends, pause: Duration) {
        let millis = pause.as_millis();
        self.trace(Topic::Connection, "retry", ends, &[("in-ms", &millis)]);
    }

    /// The handshake is complete.
    pub(super) fn trace_established(&self, ends: &Ends, conn: &Conn, peer: &PeerInfo) {
        if self.is_raw() || !trace::is_on(Topic::Handshake) {
            return;
        }
        let mechanism = match self.options.security.mechanism {
            Mechanism::Null => "NULL",
            Mechanism::Plain => "PLAIN",
            Mechanism::Curve => "CURVE",
            Mechanism::Gssapi => "GSSAPI",
        };
        let version = format!("{}.{}", peer.zmtp.0, peer.zmtp.1);
        let peer_type = peer.socket_type.map_or("unknown", |ty| ty.name());
        let fields: Fields<'_> = &[
            ("peer", &Peer(ends, &conn.stream)),
            ("fd", &conn.stream.as_raw_fd()),
            ("zmtp", &version),
            ("mechanism", &mechanism),
            ("peer-type", &peer_type),
        ];
        self.trace(Topic::Handshake, "succeeded", ends, fields);
    }

    /// The connection was lost, possibly in its handshake.
    pub(super) fn trace_loss(&self, ends: &Ends, conn: &Conn, loss: &Loss) {
        let fields: Fields<'_> = &[
            ("peer", &Peer(ends, &conn.stream)),
            ("fd", &conn.stream.as_raw_fd()),
            ("reason", &Why(loss)),
        ];
        if !conn.engine.is_established() && !self.is_raw() {
            self.trace(Topic::Handshake, "failed", ends, fields);
        }
        self.trace(Topic::Connection, "lost", ends, fields);
    }

    /// The connection is closed by this side.
    pub(super) fn trace_closed(&self, ends: &Ends, stream: &Stream) {
        let fields: Fields<'_> = &[("peer", &Peer(ends, stream)), ("fd", &stream.as_raw_fd())];
        self.trace(Topic::Connection, "closed", ends, fields);
    }
}

/// Who is there, as closely as is known: of a peer that came to us the port too, but over ipc the process.
struct Peer<'a>(&'a Ends, &'a Stream);

impl Display for Peer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(ends, stream) = self;
        let has_port = !ends.remote.is_empty() && !ends.remote.starts_with(b"ipc://");
        if has_port && ends.name() != ends.remote {
            Bytes(&ends.remote).fmt(f)
        } else {
            f.write_str(stream.peer_address())
        }
    }
}

/// A loss in one word: an errno's symbol, or what the protocol has to say.
struct Why<'a>(&'a Loss);

impl Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            // The peer closed its end in order.
            Loss::Stream(Errno::EPIPE) | Loss::Engine(EngineError::Closed) => {
                f.write_str("end-of-stream")
            }
            Loss::Stream(errno)
            | Loss::Engine(EngineError::Handshake(HandshakeFailure::NoDetail(errno))) => {
                Reason(*errno).fmt(f)
            }
            Loss::Engine(EngineError::Handshake(HandshakeFailure::Auth(status))) => {
                write!(f, "refused-{status}")
            }
            Loss::Engine(EngineError::Handshake(HandshakeFailure::Protocol(value))) => {
                match protocol_name(*value) {
                    Some(name) => f.write_str(name),
                    None => write!(f, "protocol-error-{value:#x}"),
                }
            }
            Loss::Engine(EngineError::Protocol(errno)) => {
                write!(f, "protocol-error-{}", Reason(*errno))
            }
            Loss::Unsendable => f.write_str("unsendable"),
            Loss::Engine(EngineError::HandshakeTimeout) => f.write_str("handshake-timeout"),
            Loss::Engine(EngineError::HeartbeatTimeout) => f.write_str("heartbeat-timeout"),
        }
    }
}

/// The constant of `zmq.h` for a value of `ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL`, without the `ZMQ_PROTOCOL_ERROR_`.
fn protocol_name(value: u32) -> Option<&'static str> {
    macro_rules! names {
        ($($name:ident)*) => {
            match value {
                $(protocol_error::$name => Some(stringify!($name)),)*
                _ => None,
            }
        };
    }
    names! {
        ZMTP_UNSPECIFIED ZMTP_UNEXPECTED_COMMAND ZMTP_INVALID_SEQUENCE ZMTP_KEY_EXCHANGE
        ZMTP_MALFORMED_COMMAND_UNSPECIFIED ZMTP_MALFORMED_COMMAND_MESSAGE ZMTP_MALFORMED_COMMAND_HELLO
        ZMTP_MALFORMED_COMMAND_INITIATE ZMTP_MALFORMED_COMMAND_ERROR ZMTP_MALFORMED_COMMAND_READY
        ZMTP_MALFORMED_COMMAND_WELCOME ZMTP_INVALID_METADATA ZMTP_CRYPTOGRAPHIC
        ZMTP_MECHANISM_MISMATCH ZAP_UNSPECIFIED ZAP_MALFORMED_REPLY ZAP_BAD_REQUEST_ID
        ZAP_BAD_VERSION ZAP_INVALID_STATUS_CODE ZAP_INVALID_METADATA WS_UNSPECIFIED
    }
}
