//! Where ZAP requests go: to the REP or ROUTER that the application has bound to the endpoint of
//! RFC 27. Every request has a pipe of its own, so replies cannot be mixed up.

use std::sync::Arc;

use super::context::Context;
use super::inproc::way_to;
use crate::io::{Event, Owner, ZapDialog};
use crate::msg::Msg;
use crate::pattern::{Identity, Origin, PeerEnd, PipeEnd, PipeSlot};
use crate::pipe::lane;
use crate::socket_type::SocketType;

/// The handler's name within its context (RFC 27, "Architecture").
const HANDLER: &[u8] = b"zeromq.zap.01";

impl Context {
    /// Hands a request to the handler; `None` if there is none. `asker` hears of the reply.
    pub(super) fn ask_zap(&self, request: Vec<Msg>, asker: Arc<dyn PeerEnd>) -> Option<ZapDialog> {
        let handler = self.inproc.bound(HANDLER)?;
        if !matches!(handler.socket_type, SocketType::Rep | SocketType::Router) {
            return None;
        }
        // No limits: a single request is all there ever is.
        let (mut requests, their_rx) = lane(0, false);
        let (their_tx, replies) = lane(0, false);
        for frame in request {
            requests.send(frame);
        }
        let slot = PipeSlot::new();
        let end = PipeEnd {
            tx: their_tx,
            rx: their_rx,
            peer: asker,
            slot: Arc::clone(&slot),
            hwm_boost: (None, None),
        };
        let way = way_to(&handler, slot);
        handler.post(Event::Attach(
            Box::new(end),
            Origin::Accepted,
            Identity::default(),
        ));
        Some(ZapDialog::new(requests, replies, way))
    }
}
