//! A session whose handshake has a step that may wait: it is done on a worker, and the session goes on
//! when it is there.
//!
//! A step that nobody waits for any more, because the connection is gone, is skipped if it has not
//! begun; otherwise what became of it is dropped. Nothing here keeps a session or its context alive.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::zap::Judged;
use super::{Conn, Session, WORK};
use crate::io::workers::Workers;
use crate::proto::EngineError;
use crate::proto::mechanism::{TaskDone, TaskRole};

/// Initiators may wait for servers that do not answer, each for many seconds; a few that do so must
/// not hold up the others.
static INITIATORS: Workers = Workers::new("ZMQbg/GssInit", 16);
/// Acceptors wait for files at most, and then for the same ones.
static ACCEPTORS: Workers = Workers::new("ZMQbg/GssAccept", 4);

/// Where a worker puts what became of a step.
pub(super) type Place = Mutex<Option<TaskDone>>;

impl Session {
    /// Has the step done, or looks whether it is.
    pub(super) fn consult_worker(&self, conn: &mut Conn) -> Result<Judged, EngineError> {
        if let Some(task) = conn.engine.take_task() {
            let place = Arc::new(Place::default());
            conn.task = Some(Arc::clone(&place));
            let workers = match task.role() {
                TaskRole::Initiate => &INITIATORS,
                TaskRole::Accept => &ACCEPTORS,
            };
            let place = Arc::downgrade(&place);
            let session = Weak::clone(&self.me);
            workers.run(Box::new(move |can| {
                if place.strong_count() == 0 {
                    return;
                }
                let done = match can {
                    Ok(()) => task.run(),
                    Err(errno) => task.give_up(errno),
                };
                let Some(place) = place.upgrade() else { return };
                *place.lock() = Some(done);
                drop(place);
                if let Some(session) = session.upgrade() {
                    session.run(WORK);
                }
            }));
        }
        let done = conn.task.as_ref().and_then(|place| place.lock().take());
        let Some(done) = done else {
            return Ok(Judged::Wait);
        };
        conn.task = None;
        conn.engine.handle_task(done, &mut conn.out)?;
        Ok(Judged::GoOn)
    }
}
