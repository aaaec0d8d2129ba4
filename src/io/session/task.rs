//! A session whose handshake has a step that may wait: it is done on a worker, and the session goes on
//! when it is there.
//!
//! A step that nobody waits for any more, because the connection is gone, is skipped if it has not
//! begun; otherwise what became of it is dropped. Nothing here keeps a session or its context alive.

use std::sync::{Arc, Weak};

use super::zap::Judged;
use super::{Conn, Session, WORK};
use crate::io::turn::Driven;
use crate::io::workers::Workers;
use crate::proto::EngineError;
use crate::proto::mechanism::{Task, TaskDone, TaskRole};
use crate::sys::lock::Mutex;

/// Initiators may wait for servers that do not answer, each for many seconds; a few that do so must
/// not hold up the others.
static INITIATORS: Workers = Workers::new("ZMQbg/GssInit", 16);
/// Acceptors wait for files at most, and then for the same ones.
static ACCEPTORS: Workers = Workers::new("ZMQbg/GssAccept", 4);

/// Where a worker puts what became of a step.
type Place = Mutex<Option<TaskDone>>;

/// A connection's step that is not there yet.
#[derive(Default)]
pub(super) struct Errand {
    /// Not begun: a worker is still at one of an earlier connection.
    waiting: Option<Task>,
    place: Option<Arc<Place>>,
}

impl Session {
    /// Has the step done, or looks whether it is.
    pub(super) fn consult_worker(&self, conn: &mut Conn) -> Result<Judged, EngineError> {
        if let Some(task) = conn
            .errand
            .waiting
            .take()
            .or_else(|| conn.engine.take_task())
        {
            // One worker for one session: who reconnects again and again, while a server does not
            // answer, must not take the workers of others.
            let mut at_work = self.at_work.lock();
            if at_work.strong_count() > 0 {
                conn.errand.waiting = Some(task);
                return Ok(Judged::Wait);
            }
            let mark = Arc::new(());
            *at_work = Arc::downgrade(&mark);
            drop(at_work);
            let place = Arc::new(Place::default());
            conn.errand.place = Some(Arc::clone(&place));
            self.hand_over(task, &place, mark);
        }
        let place = conn.errand.place.as_ref();
        let Some(done) = place.and_then(|place| place.lock().take()) else {
            return Ok(Judged::Wait);
        };
        conn.errand.place = None;
        conn.engine.handle_task(done, &mut conn.out)?;
        Ok(Judged::GoOn)
    }

    fn hand_over(&self, task: Task, place: &Arc<Place>, mark: Arc<()>) {
        let workers = match task.role() {
            TaskRole::Initiate => &INITIATORS,
            TaskRole::Accept => &ACCEPTORS,
        };
        let place = Arc::downgrade(place);
        let session = Weak::clone(&self.me);
        workers.run(Box::new(move |can| {
            if place.strong_count() > 0 {
                let done = match can {
                    Ok(()) => task.run(),
                    Err(errno) => task.give_up(errno),
                };
                if let Some(place) = place.upgrade() {
                    *place.lock() = Some(done);
                }
            }
            // Before the session looks: it may have another step waiting for this.
            drop(mark);
            if let Some(session) = session.upgrade() {
                session.run(WORK);
            }
        }));
    }
}
