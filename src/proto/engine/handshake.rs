//! From the first byte to [`Input::Established`]: which version the peer speaks, and what each of
//! them wants to hear before messages may flow.
//!
//! Never more than the signature is sent before the peer has told its version.

use std::time::Instant;

use zeroize::{Zeroize, Zeroizing};

use super::Engine;
use crate::errno::Errno;
use crate::msg::RxBuf;
use crate::proto::decoder::{Decoder, Next};
use crate::proto::error::{EngineError, HandshakeFailure, protocol_error};
use crate::proto::frame::{COMMAND, Framing, HEAD_MAX};
use crate::proto::greeting::{self, Detected, GREETING_LEN, Greeting, MAJOR_AT};
use crate::proto::mechanism::Status;
use crate::proto::websocket::{Masks, Upgrade, WebSocketRole};
use crate::proto::writer::Wire;
use crate::proto::{EngineConfig, Input, OutBuf, PeerInfo, metadata};
use crate::socket_type::SocketType;

/// Longest handshake command, in bytes: room for 64 KiB of properties, yet little for a stranger.
const MAX_HANDSHAKE_COMMAND: usize = 65 * 1024;
/// Bytes that a peer may spend on the commands of a handshake, in all.
const MAX_HANDSHAKE: usize = 4 * MAX_HANDSHAKE_COMMAND;
/// Longest routing id that an old peer may announce, in bytes (RFC 13, "The Connection Layer").
const MAX_ROUTING_ID: usize = 255;

/// The protocol that a WebSocket names where there is no mechanism (RFC 45, "No Mechanism").
const ZWS: &str = "ZWS2.0";
/// What is spoken inside of a WebSocket: no greeting tells a version, and RFC 45 goes by that of 3.0.
const ZWS_VERSION: (u8, u8) = (3, 0);

/// How far a connection has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// The peer's greeting is awaited.
    Greeting(Sent),
    /// A WebSocket is asked for, or the answer to that is awaited.
    Upgrade,
    /// The frame with the routing id of a peer without mechanisms is awaited.
    OldPeer {
        zmtp: (u8, u8),
        socket_type: Option<SocketType>,
    },
    /// Mechanism commands are exchanged with a peer of this version, which may send so many bytes
    /// more.
    Handshake { zmtp: (u8, u8), budget: usize },
    /// Established.
    Traffic,
    /// An error was returned.
    Failed,
}

/// What the peer has of our greeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Signature,
    Major,
    All,
}

impl State {
    #[inline]
    pub(super) const fn is_traffic(&self) -> bool {
        matches!(self, Self::Traffic)
    }

    pub(super) const fn is_handshake(&self) -> bool {
        matches!(self, Self::Handshake { .. })
    }
}

/// How a connection begins, and what is sent before anything was heard.
pub(super) fn begin(
    config: &EngineConfig,
    mechanism: &str,
    out: &mut OutBuf,
) -> (State, Wire, Option<Box<Upgrade>>) {
    let Some(role) = &config.websocket else {
        out.append(&greeting::signature(config.routing_id.len()));
        let state = State::Greeting(Sent::Signature);
        return (state, Wire::new(Framing::V2), None);
    };
    let mut protocols = vec![format!("{ZWS}/{mechanism}")];
    if allows_old_peers(config) {
        protocols.push(ZWS.to_owned());
    }
    let (upgrade, wire) = match role {
        WebSocketRole::Server => (Upgrade::server(protocols), Wire::websocket(None)),
        WebSocketRole::Client(request) => {
            let (upgrade, text) = Upgrade::client(request, protocols);
            out.append(text.as_bytes());
            let masks = Masks::new(&request.seed);
            (upgrade, Wire::websocket(Some(masks)))
        }
    };
    (State::Upgrade, wire, Some(Box::new(upgrade)))
}

/// A peer without mechanisms must not get around the one that is demanded (RFC 37, "Detecting ZMTP 1.0 and 2.0
/// Peers").
fn allows_old_peers(config: &EngineConfig) -> bool {
    config.mechanism.allows_old_peers() && config.zap.domain.is_empty()
}

impl Engine {
    /// Takes input until the handshake is complete or `rx` holds nothing whole.
    pub(super) fn handle_handshake(
        &mut self,
        rx: &mut RxBuf,
        out: &mut OutBuf,
        now: Instant,
    ) -> Result<Input, EngineError> {
        loop {
            let input = match self.state {
                State::Greeting(sent) => self.take_greeting(sent, rx, out)?,
                State::Upgrade => self.take_upgrade(rx, out)?,
                State::OldPeer { zmtp, socket_type } => {
                    self.take_routing_id(zmtp, socket_type, rx, out, now)?
                }
                State::Handshake { zmtp, budget } => {
                    self.take_handshake_command(zmtp, budget, rx, out, now)?
                }
                State::Traffic => return Ok(Input::NeedMore),
                State::Failed => return Err(EngineError::Protocol(Errno::EPROTO)),
            };
            if let Some(input) = input {
                return Ok(input);
            }
        }
    }

    /// Reads as much of the greeting as is there and answers with what its sender is ready for.
    fn take_greeting(
        &mut self,
        mut sent: Sent,
        rx: &mut RxBuf,
        out: &mut OutBuf,
    ) -> Result<Option<Input>, EngineError> {
        let detected = greeting::detect(rx.unread());
        let major = match detected {
            Detected::Unknown => return Ok(Some(Input::NeedMore)),
            Detected::Unversioned => {
                self.check_old_peer()?;
                // The signature was the head of a frame; this is its body.
                out.append(&self.config.routing_id);
                self.speak_in(Framing::V1);
                self.state = State::OldPeer {
                    zmtp: (1, 0),
                    socket_type: None,
                };
                return Ok(None);
            }
            Detected::Versioned(major) => major,
        };
        if major.is_some_and(|major| major < 3) {
            self.check_old_peer()?;
        }
        if sent == Sent::Signature {
            out.append(&[greeting::VERSION.0]);
            sent = Sent::Major;
            self.state = State::Greeting(sent);
        }
        match major {
            None => Ok(Some(Input::NeedMore)),
            Some(0..3) => self.take_old_greeting(sent, rx, out),
            Some(_) => self.take_new_greeting(sent, rx, out),
        }
    }

    /// ZMTP 2.0: revision and socket type follow the signature (RFC 15). Revision 0 is in no RFC;
    /// the reference library then speaks V1 frames, and so do we.
    fn take_old_greeting(
        &mut self,
        sent: Sent,
        rx: &mut RxBuf,
        out: &mut OutBuf,
    ) -> Result<Option<Input>, EngineError> {
        let revision = rx.unread().get(MAJOR_AT).copied();
        let framing = if revision == Some(0) {
            Framing::V1
        } else {
            Framing::V2
        };
        if sent != Sent::All {
            out.append(&[self.config.socket_type as u8]);
            let id = &self.config.routing_id;
            Wire::new(framing).to(out).append(0, &[id]);
            self.state = State::Greeting(Sent::All);
        }
        let Some(&type_id) = rx.unread().get(MAJOR_AT + 1) else {
            return Ok(Some(Input::NeedMore));
        };
        let socket_type = SocketType::from_id(i32::from(type_id));
        self.check_socket_type(socket_type)?;
        rx.consume(MAJOR_AT + 2);
        self.speak_in(framing);
        self.state = State::OldPeer {
            zmtp: (2, 0),
            socket_type,
        };
        Ok(None)
    }

    /// ZMTP 3.x: 64 bytes, then the mechanism has the word.
    fn take_new_greeting(
        &mut self,
        sent: Sent,
        rx: &mut RxBuf,
        out: &mut OutBuf,
    ) -> Result<Option<Input>, EngineError> {
        if sent != Sent::All {
            out.append(&greeting::rest(
                self.mechanism.name(),
                self.mechanism.is_server(),
            ));
            self.state = State::Greeting(Sent::All);
        }
        let Some(greeting) = Greeting::parse(rx.unread()) else {
            return Ok(Some(Input::NeedMore));
        };
        if !greeting.has_mechanism(self.mechanism.name()) {
            return Err(EngineError::protocol(
                protocol_error::ZMTP_MECHANISM_MISMATCH,
            ));
        }
        if greeting.as_server && self.mechanism.is_server() {
            // Each would wait for the other to begin. The reference library never says so, and two
            // clients find out by themselves.
            return Err(EngineError::protocol(
                protocol_error::ZMTP_MECHANISM_MISMATCH,
            ));
        }
        rx.consume(GREETING_LEN);
        self.state = State::Handshake {
            zmtp: greeting.version,
            budget: MAX_HANDSHAKE,
        };
        self.speak(out)?;
        Ok(None)
    }

    /// From HTTP to WebSocket; then the mechanism that was agreed on has the word.
    fn take_upgrade(
        &mut self,
        rx: &mut RxBuf,
        out: &mut OutBuf,
    ) -> Result<Option<Input>, EngineError> {
        let Some(upgrade) = &mut self.upgrade else {
            return Err(EngineError::protocol(protocol_error::WS_UNSPECIFIED));
        };
        let upgraded = match upgrade.take(rx.unread()) {
            Ok(Some(upgraded)) => upgraded,
            Ok(None) => return Ok(Some(Input::NeedMore)),
            Err(refusal) => {
                out.append(refusal.0.as_bytes());
                return Err(EngineError::protocol(protocol_error::WS_UNSPECIFIED));
            }
        };
        rx.consume(upgraded.len);
        out.append(upgraded.answer.as_bytes());
        self.upgrade = None;
        if upgraded.protocol > 0 {
            self.wire.to(out).append(0, &[&self.config.routing_id]);
            self.state = State::OldPeer {
                zmtp: ZWS_VERSION,
                socket_type: None,
            };
            return Ok(None);
        }
        self.state = State::Handshake {
            zmtp: ZWS_VERSION,
            budget: MAX_HANDSHAKE,
        };
        self.speak(out)?;
        Ok(None)
    }

    fn speak_in(&mut self, framing: Framing) {
        self.wire = Wire::new(framing);
        self.decoder = Decoder::new(framing);
    }

    /// The first frame of a peer without mechanisms is its routing id; flags mean nothing there.
    fn take_routing_id(
        &mut self,
        zmtp: (u8, u8),
        socket_type: Option<SocketType>,
        rx: &mut RxBuf,
        out: &mut OutBuf,
        now: Instant,
    ) -> Result<Option<Input>, EngineError> {
        let head = match self.decoder.next(rx)? {
            Next::Head(head) => head,
            Next::NeedMore | Next::Frame(..) => return Ok(Some(Input::NeedMore)),
        };
        if head.kind.is_control() {
            return self.take_control(&head, rx, out);
        }
        check_max(self.pieces.len_with(&head), MAX_ROUTING_ID)?;
        let Some(body) = self.decoder.take(rx, &head)? else {
            return Ok(Some(Input::NeedMore));
        };
        let Some((_, body)) = self.pieces.join(&head, body)? else {
            return Ok(None);
        };
        let routing_id = body.data().to_vec();
        self.subscribe_all = zmtp == (1, 0) && self.takes_subscribe;
        let peer = PeerInfo {
            socket_type,
            routing_id,
            zmtp,
            ..PeerInfo::default()
        };
        Ok(Some(self.establish(peer, now)))
    }

    /// Takes one frame as a command of the mechanism, whatever its flags say: the name decides.
    fn take_handshake_command(
        &mut self,
        zmtp: (u8, u8),
        budget: usize,
        rx: &mut RxBuf,
        out: &mut OutBuf,
        now: Instant,
    ) -> Result<Option<Input>, EngineError> {
        match self.mechanism.status() {
            Status::Ready => return self.finish_handshake(zmtp, now).map(Some),
            Status::AwaitingZap => return Ok(Some(Input::ZapPending)),
            Status::AwaitingTask => return Ok(Some(Input::TaskPending)),
            Status::Refused(status) => return Err(refused(status)),
            Status::Handshaking => {}
        }
        let (head, body) = match self.decoder.next(rx)? {
            Next::NeedMore => return Ok(Some(Input::NeedMore)),
            Next::Frame(head, body) => (head, body),
            Next::Head(head) if head.kind.is_control() => {
                return self.take_control(&head, rx, out);
            }
            Next::Head(head) => {
                let len = self.pieces.len_with(&head);
                check_max(len, MAX_HANDSHAKE_COMMAND.min(budget))?;
                match self.decoder.take(rx, &head)? {
                    Some(body) => (head, body),
                    None => return Ok(Some(Input::NeedMore)),
                }
            }
        };
        let Some((_, mut body)) = self.pieces.join(&head, body)? else {
            return Ok(None);
        };
        // An empty command costs something too.
        let budget = budget.saturating_sub(HEAD_MAX + body.len());
        self.state = State::Handshake { zmtp, budget };
        let result = self.mechanism.handle_command(body.data());
        // It may have had a password in it.
        body.wipe();
        drop(body);
        rx.wipe_consumed();
        result?;
        self.speak(out)?;
        Ok(None)
    }

    /// What came from elsewhere has its effect: a ZAP handler's reply, or its absence, or a task that
    /// was done.
    pub(super) fn go_on_after(
        &mut self,
        came: Result<(), EngineError>,
        out: &mut OutBuf,
    ) -> Result<(), EngineError> {
        let result =
            came.and_then(|()| self.speak(out))
                .and_then(|()| match self.mechanism.status() {
                    Status::Refused(status) => Err(refused(status)),
                    _ => Ok(()),
                });
        if result.is_err() {
            self.fail();
        }
        result
    }

    /// Appends the commands that the mechanism wants to send now.
    pub(super) fn speak(&mut self, out: &mut OutBuf) -> Result<(), EngineError> {
        let mut body = Zeroizing::new(Vec::new());
        while self.mechanism.next_command(&mut body)? {
            self.wire.to(out).append(COMMAND, &[&body]);
            out.wipe_when_written();
            body.zeroize();
        }
        Ok(())
    }

    /// The mechanism is satisfied: checks what the peer says of itself.
    fn finish_handshake(&mut self, zmtp: (u8, u8), now: Instant) -> Result<Input, EngineError> {
        let told = self.mechanism.take_peer_metadata();
        let mut peer = PeerInfo {
            zmtp,
            properties: told.properties,
            user_id: told.user_id,
            zap_properties: told.zap_properties,
            ..PeerInfo::default()
        };
        for (name, value) in &peer.properties {
            match name.as_str() {
                metadata::SOCKET_TYPE => {
                    peer.socket_type = SocketType::from_name(value);
                    self.check_socket_type(peer.socket_type)?;
                }
                metadata::IDENTITY => peer.routing_id.clone_from(value),
                _ => {}
            }
        }
        Ok(self.establish(peer, now))
    }

    fn establish(&mut self, peer: PeerInfo, now: Instant) -> Input {
        self.fast = self.wire.framing() == Framing::V2 && self.clear && !self.has_groups();
        self.sends_subscribe = peer.zmtp >= (3, 1);
        if peer.zmtp >= (3, 0) {
            self.heartbeat.start(now);
        }
        self.peer = Some(peer);
        self.state = State::Traffic;
        Input::Established
    }

    fn check_old_peer(&self) -> Result<(), EngineError> {
        if allows_old_peers(&self.config) {
            return Ok(());
        }
        Err(EngineError::Protocol(Errno::EPROTONOSUPPORT))
    }

    fn check_socket_type(&self, peer: Option<SocketType>) -> Result<(), EngineError> {
        if peer.is_some_and(|peer| self.config.socket_type.talks_to(peer)) {
            return Ok(());
        }
        Err(EngineError::Protocol(Errno::EINVAL))
    }
}

const fn refused(status: u16) -> EngineError {
    EngineError::Handshake(HandshakeFailure::Auth(status))
}

fn check_max(len: usize, max: usize) -> Result<(), EngineError> {
    if len > max {
        return Err(EngineError::Protocol(Errno::EMSGSIZE));
    }
    Ok(())
}
