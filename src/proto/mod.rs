//! Sans-IO ZMTP: bytes and a time go in, bytes, messages and deadlines come out.
//!
//! No sockets, no clock, no threads and no unsafe code live here. A session feeds an engine
//! ([`AnyEngine`]) with what it read ([`Engine::handle_input`]) and with the time
//! ([`Engine::handle_timeout`]), writes what gathers in the [`OutBuf`], and takes the frames that
//! the engine pushes into its [`Sink`]. RFC 37 (ZMTP 3.1) is spoken; peers of RFC 23 (3.0),
//! 15 (2.0) and 13 (1.0) are understood, and the same inside of a WebSocket (RFC 45).
//!
//! ```text
//! engine      the state machine: greeting, handshake, traffic
//! websocket   upgrade from HTTP, frame heads, masks       pieces    frames that come in pieces
//! greeting    signature, version detection, 3.x greeting        frame     v1 and v2 frame heads
//! command     command bodies: names, PING, SUBSCRIBE, ERROR     metadata  property lists
//! decoder     frames out of an `RxBuf`                          outbuf    bytes on their way out
//! writer      frames into the output, in any framing      raw       no protocol (STREAM)
//! heartbeat   PING, PONG, TTL: who is due when
//! mechanism   security mechanisms behind one trait              error     why an engine gave up
//! datagram    udp's datagrams                                   multicast frames of reliable multicast
//! ```
#![forbid(unsafe_code)]

mod any;
mod command;
pub mod datagram;
mod decoder;
mod engine;
mod error;
mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod greeting;
mod heartbeat;
pub mod mechanism;
mod metadata;
pub mod multicast;
mod outbuf;
mod pieces;
pub mod raw;
mod websocket;
mod writer;

use std::time::Duration;

pub use any::AnyEngine;
pub use engine::Engine;
pub use error::{EngineError, HandshakeFailure, protocol_error};
pub use mechanism::{MechanismConfig, ZapConfig};
pub use outbuf::OutBuf;
pub use websocket::{ClientRequest, WebSocketRole};
pub use writer::FrameWriter;

use crate::msg::Msg;
use crate::socket_type::SocketType;

/// What an engine must know of its socket and connection; fixed for the connection's life.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Our side's socket type.
    pub socket_type: SocketType,
    /// Whether the connection was accepted (true) or made by connecting.
    pub is_server_side: bool,
    /// `ZMQ_ROUTING_ID`, 0 to 255 bytes; announced by REQ, DEALER and ROUTER, and to old peers.
    pub routing_id: Vec<u8>,
    /// `ZMQ_METADATA`: further properties for our READY, in order.
    pub app_metadata: Vec<(String, Vec<u8>)>,
    /// `ZMQ_MAXMSGSIZE` in bytes: longer frames from the peer end the connection.
    pub max_msg_size: Option<u64>,
    /// `ZMQ_HANDSHAKE_IVL`: the handshake may last this long.
    pub handshake_ivl: Option<Duration>,
    /// `ZMQ_HEARTBEAT_IVL`: time between PINGs; none are sent without it.
    pub heartbeat_ivl: Option<Duration>,
    /// `ZMQ_HEARTBEAT_TTL`: what our PINGs carry, cut to tenths of a second.
    pub heartbeat_ttl: Option<Duration>,
    /// `ZMQ_HEARTBEAT_TIMEOUT`: silence allowed after a PING; `None` means `heartbeat_ivl`.
    pub heartbeat_timeout: Option<Duration>,
    /// The security mechanism that both sides must name.
    pub mechanism: MechanismConfig,
    /// Whether and how a ZAP handler is asked about the peer (RFC 27).
    pub zap: ZapConfig,
    /// The connection is a WebSocket (RFC 45), and begins in this way.
    pub websocket: Option<WebSocketRole>,
}

impl EngineConfig {
    /// A NULL-mechanism configuration without limits, time-outs and heartbeats.
    #[must_use]
    pub fn new(socket_type: SocketType) -> Self {
        Self {
            socket_type,
            is_server_side: false,
            routing_id: Vec::new(),
            app_metadata: Vec::new(),
            max_msg_size: None,
            handshake_ivl: None,
            heartbeat_ivl: None,
            heartbeat_ttl: None,
            heartbeat_timeout: None,
            mechanism: MechanismConfig::Null,
            zap: ZapConfig::default(),
            websocket: None,
        }
    }
}

/// Who is at the other end; known once the handshake is complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerInfo {
    /// The peer's socket type; ZMTP 1.0 has none, and 3.x peers may leave it out.
    pub socket_type: Option<SocketType>,
    /// The routing id (`Identity`) that the peer announced; empty if none.
    pub routing_id: Vec<u8>,
    /// Major and minor number of the protocol that is spoken with the peer: (1, 0), (2, 0),
    /// (3, 0) or (3, 1); (0, 0) on a raw connection.
    pub zmtp: (u8, u8),
    /// The properties of its READY in the order they came: `Socket-Type`, `Identity`, `X-...`.
    pub properties: Vec<(String, Vec<u8>)>,
    /// The user id that a ZAP handler gave (RFC 27).
    pub user_id: Option<Vec<u8>>,
    /// The properties that a ZAP handler gave.
    pub zap_properties: Vec<(String, Vec<u8>)>,
}

/// Where decoded frames go.
pub trait Sink {
    /// Whether a whole message may be pushed. Asked at the start of each message, never between
    /// its frames.
    fn has_room(&self) -> bool;

    /// Takes one frame; the message is complete with the first frame that is not
    /// [`Msg::is_more`].
    fn push(&mut self, frame: Msg);

    /// How many whole messages [`Sink::push_run`] would take; 0 where it takes none at present, or
    /// ever. Asked between messages only.
    fn room_for_run(&self) -> usize {
        0
    }

    /// Takes whole messages of frames with bodies of at most 255 bytes, as they are on the wire in V2
    /// framing: flags, length, body. At most `RUN_MAX` bytes of `pipe`, and as many messages as there
    /// is room for.
    fn push_run(&mut self, run: &[u8], messages: usize) {
        let _ = (run, messages);
    }
}

/// Why `handle_input` returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// All input is used up: call again after the next read.
    NeedMore,
    /// The sink has no room: call again once it has, with or without a further read.
    Blocked,
    /// The handshake is complete and `peer()` is known. Returned exactly once, before any
    /// message goes to the sink; call again at once for what may follow.
    Established,
    /// A ZAP request waits in `take_zap_request()`; nothing more is decoded before its reply came.
    ZapPending,
    /// A step of the handshake that may wait is in `take_task()`; nothing more is decoded before it
    /// is done.
    TaskPending,
}
