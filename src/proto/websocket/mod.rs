//! ZMTP over WebSocket (RFC 45, ZWS 2.0): how a connection begins, and frame heads (RFC 6455).
//!
//! Each ZMTP frame is a binary message whose first byte has the flags. Heartbeats are WebSocket's own pings. After
//! the upgrade the mechanism that both sides named in `Sec-WebSocket-Protocol` has the word, without a greeting.
//! What is inside of the frames, and when which may come, is the engine's to judge.

mod frame;
mod masks;
#[cfg(test)]
mod tests;
mod upgrade;

pub(super) use frame::{CONTROL_MAX, decode_head, encode_head, mask};
pub(super) use masks::Masks;
pub(super) use upgrade::Upgrade;

/// How a WebSocket connection is begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebSocketRole {
    /// By asking for it.
    Client(Box<ClientRequest>),
    /// By being asked.
    Server,
}

/// What a client asks with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRequest {
    /// `Host`: the host and port that were connected to.
    pub host: String,
    /// The path that is asked for, with its slash.
    pub path: String,
    /// Random bytes that tell the answer from another's.
    pub nonce: [u8; 16],
    /// Random bytes that nobody else knows: masks come from them.
    pub seed: [u8; 32],
}
