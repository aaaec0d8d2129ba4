//! A session that waits for the judgement of a ZAP handler.

use std::sync::{Arc, Weak};

use super::{Conn, Session};
use crate::io::hub::Source;
use crate::pattern::PeerEnd;
use crate::pipe::Writer;
use crate::proto::{EngineError, Input};

/// How it goes on.
pub(super) enum Judged {
    /// The engine knows: let it go on.
    GoOn,
    /// The reply is still to come.
    Wait,
}

/// Calls the session when its handler has answered. The handler's thread does no more than that:
/// it holds its socket's lock.
struct Caller(Weak<Session>);

impl PeerEnd for Caller {
    fn published(&self, _lane: &Writer, _unsent: (usize, usize)) -> bool {
        if let Some(session) = self.0.upgrade() {
            let hub = Arc::clone(&session.hub);
            hub.call_again(session as Arc<dyn Source>);
        }
        true
    }

    fn credited(&self) {}

    /// A handler that goes without an answer leaves the connection to its handshake interval, as in
    /// the reference library.
    fn closed(&self) {}
}

impl Session {
    /// Looks after what the engine waits for, which nobody sends over the connection.
    pub(super) fn consult(&self, waiting: Input, conn: &mut Conn) -> Result<Judged, EngineError> {
        match waiting {
            Input::TaskPending => self.consult_worker(conn),
            _ => self.consult_zap(conn),
        }
    }

    /// Asks, or looks whether there is an answer.
    fn consult_zap(&self, conn: &mut Conn) -> Result<Judged, EngineError> {
        if let Some(request) = conn.engine.take_zap_request() {
            let caller = Arc::new(Caller(self.me.clone()));
            conn.zap = self.owner.ask_zap(request, caller);
            if conn.zap.is_none() {
                conn.engine.handle_zap_absent(&mut conn.out)?;
                return Ok(Judged::GoOn);
            }
        }
        let Some(reply) = conn.zap.as_mut().and_then(crate::io::ZapDialog::reply) else {
            return Ok(Judged::Wait);
        };
        conn.zap = None;
        conn.engine.handle_zap_reply(reply, &mut conn.out)?;
        Ok(Judged::GoOn)
    }
}
