//! How a session begins to speak on a stream, and what the socket gets once the handshake is complete.

use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Instant;

use mio::Interest;

use super::connect::Dialer;
use super::roles::Nobody;
use super::{Conn, Core, Lanes, Session, security, task};
use crate::errno::{Errno, Result};
use crate::io::{Event, monitor_event};
use crate::msg::{Metadata, RxBuf};
use crate::pattern::{Identity, Origin, PeerEnd, PipeEnd, PipeSlot};
use crate::pipe::lane;
use crate::proto::raw::RawEngine;
use crate::proto::{AnyEngine, ClientRequest, Engine, EngineConfig, OutBuf, WebSocketRole};
use crate::socket_type::SocketType;
use crate::sys::random;
use crate::transport::{Address, Stream, WsAddress};

impl Session {
    /// Starts to speak on a stream.
    pub(super) fn open(&self, core: &mut Core, stream: Stream) -> Result<()> {
        let me: Arc<Self> = self.me.upgrade().ok_or(Errno::ENOTCONN)?;
        let mut out = OutBuf::default();
        let engine = self.engine(core, &stream, &mut out)?;
        // Last: what the hub has must be removed from there.
        let interest = Interest::READABLE | Interest::WRITABLE;
        let token = self.hub.add(stream.as_raw_fd(), me, interest)?;
        core.conn = Some(Conn {
            stream,
            token,
            engine,
            rx: if self.options.zero_copy {
                RxBuf::new()
            } else {
                RxBuf::copying()
            },
            out,
            // The first event tells; until then trying is cheap and may save one.
            readable: true,
            writable: true,
            ended: false,
            // A raw engine needs no bytes to be ready.
            undecoded: true,
            write_failed: None,
            zap: None,
            errand: task::Errand::default(),
        });
        Ok(())
    }

    fn engine(&self, core: &Core, stream: &Stream, out: &mut OutBuf) -> Result<AnyEngine> {
        let options = &self.options;
        if self.is_raw() {
            return Ok(AnyEngine::Raw(RawEngine::new()));
        }
        let address = core.dialer.as_ref().map(Dialer::address);
        let websocket = match address {
            Some(Address::Ws(address)) => Some(WebSocketRole::Client(request(address)?)),
            None if stream.is_websocket() => Some(WebSocketRole::Server),
            _ => None,
        };
        let config = EngineConfig {
            socket_type: options.socket_type,
            is_server_side: core.dialer.is_none(),
            routing_id: options.routing_id.clone(),
            app_metadata: options.metadata.clone(),
            max_msg_size: options.max_msg_size(),
            handshake_ivl: options.handshake_ivl,
            heartbeat_ivl: options.heartbeat_ivl,
            heartbeat_ttl: options.heartbeat_ttl,
            heartbeat_timeout: options.heartbeat_timeout,
            mechanism: security::mechanism(&options.security),
            zap: security::zap(&options.security, stream),
            websocket,
        };
        let engine = Engine::new(config, Instant::now(), out);
        Ok(AnyEngine::Zmtp(Box::new(engine)))
    }

    pub(super) fn is_raw(&self) -> bool {
        self.options.socket_type == SocketType::Stream || self.options.router_raw
    }

    /// The handshake is complete: the socket gets a pipe, or learns who is behind the one it has.
    pub(super) fn established(&self, core: &mut Core) {
        self.end_pending(core);
        let Some(conn) = &core.conn else { return };
        let peer = conn.engine.peer().cloned().unwrap_or_default();
        self.trace_established(&core.ends, conn, &peer);
        let properties = security::properties(&peer, &conn.stream);
        let metadata = Arc::new(Metadata::new(properties, conn.stream.as_raw_fd()));
        let identity = Identity {
            routing_id: peer.routing_id,
        };
        if let Some(dialer) = &mut core.dialer {
            dialer.connected();
        }
        // Peers older than that have no handshake to speak of.
        if peer.zmtp.0 >= 3 {
            self.owner
                .report(monitor_event::HANDSHAKE_SUCCEEDED, 0, &core.ends);
        }
        if let Some(lanes) = &mut core.lanes {
            let again = std::mem::replace(&mut lanes.was_used, true);
            let slot = Arc::clone(&lanes.slot);
            lanes.to_socket.come_from(Arc::clone(&metadata));
            let metadata = Some(metadata);
            let hwm_boost = None;
            self.owner.post(Event::Established {
                slot,
                peer: identity,
                metadata,
                again,
                hwm_boost,
            });
        } else if core.farewell.is_none() {
            let (sndhwm, rcvhwm) = self.owner.hwms();
            let (mut end, lanes) = self.make_pipe(sndhwm, rcvhwm);
            end.rx.set_origin(Some(metadata));
            core.lanes = Some(lanes);
            let origin = match core.dialer {
                Some(_) => Origin::Connected,
                None => Origin::Accepted,
            };
            self.owner
                .post(Event::Attach(Box::new(end), origin, identity));
        }
    }

    pub(super) fn make_pipe(&self, sndhwm: usize, rcvhwm: usize) -> (PipeEnd, Lanes) {
        let conflate = self.options.conflates();
        let (tx, from_socket) = lane(sndhwm, conflate);
        let (to_socket, rx) = lane(rcvhwm, conflate);
        let slot = PipeSlot::new();
        let peer: Arc<dyn PeerEnd> = match self.me.upgrade() {
            Some(me) => me,
            None => Arc::new(Nobody),
        };
        let end = PipeEnd {
            tx,
            rx,
            peer,
            slot: Arc::clone(&slot),
            hwm_boost: (Some(0), Some(0)),
        };
        (
            end,
            Lanes {
                to_socket,
                from_socket,
                slot,
                was_used: true,
            },
        )
    }
}

/// What a client of this WebSocket asks for.
fn request(address: &WsAddress) -> Result<Box<ClientRequest>> {
    let mut request = Box::new(ClientRequest {
        host: address.authority.clone(),
        path: address.path.clone(),
        nonce: [0; 16],
        seed: [0; 32],
    });
    random::fill(&mut request.nonce)?;
    random::fill(&mut request.seed)?;
    Ok(request)
}
