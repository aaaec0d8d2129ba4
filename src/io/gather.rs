//! The sessions of a hub whose messages are gathered, to be written later in one go.
//!
//! A sender that gathers publishes a message and looks whether the session is marked as gathered; if
//! not, it marks it and puts it on the list. That is all it does for a message, without a barrier: who
//! takes a session off the list clears the mark, has every sender pass a barrier, and only then looks at
//! the lane. So either the sender sees the mark gone, or its message is seen. No barrier is needed where
//! the only sender ever clears the mark itself.
//!
//! When and why messages are gathered is the pace's business.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};

use super::hub::Hub;
use crate::sys::lock::Mutex;
use crate::sys::{barrier, thread};

const NOBODY: usize = 0;
const SEVERAL: usize = 1;

/// What messages of a socket are gathered for: a session.
pub(super) trait Gatherer: Send + Sync {
    /// The mark: a tick, or a caller about to wait, is to write what was published.
    fn mark(&self) -> &AtomicBool;
    /// Writes what was published.
    fn write_on(&self);
    /// A number that changes when messages of the socket are taken to be written.
    fn progress(&self) -> usize;
    /// Itself, to be put on the list; `None` at its end.
    fn me(&self) -> Option<Arc<dyn Gatherer>>;
}

/// Has a message that was published for `gatherer` written, now or later; true: now. `unsent` as
/// `PeerEnd::published` has it.
#[inline]
pub(super) fn published(hub: &Hub, gatherer: &impl Gatherer, unsent: (usize, usize)) -> bool {
    let pace = hub.pace();
    if let Some(write) = pace.admit(unsent) {
        gatherer.write_on();
        pace.charge(&write);
        return true;
    }
    // "Publish, barrier, look": either we find the session gathered, and who writes it will see the
    // message, or we have it gathered.
    hub.note_sender();
    barrier::light();
    if !gatherer.mark().load(Ordering::Relaxed)
        && let Some(me) = gatherer.me()
    {
        gatherer.mark().store(true, Ordering::Relaxed);
        hub.gather(me);
    }
    false
}

/// Takes the mark off: a message published from here on is gathered anew.
fn ungather(gatherer: &dyn Gatherer) {
    gatherer.mark().store(false, Ordering::Relaxed);
}

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Gathering {
    sessions: Mutex<Vec<Gathered>>,
    any: AtomicBool,
    /// The thread that sends, as [`thread::token`] has it.
    sender: AtomicUsize,
}

struct Gathered {
    session: Arc<dyn Gatherer>,
    /// How far it was at the last tick.
    progress: usize,
}

impl Gathering {
    /// A message is being gathered by the calling thread, which has the socket's lock.
    #[inline]
    pub(super) fn note_sender(&self) {
        let (own, known) = (thread::token(), self.sender.load(Ordering::Relaxed));
        if own != known && known != SEVERAL {
            let sender = if known == NOBODY { own } else { SEVERAL };
            self.sender.store(sender, Ordering::Relaxed);
            // Seen by a flush that clears a mark which is looked at after this.
            fence(Ordering::SeqCst);
        }
    }

    /// Adds a session; true: a tick must come.
    pub(super) fn add(&self, session: Arc<dyn Gatherer>) -> bool {
        self.sessions.lock().push(Gathered {
            session,
            progress: usize::MAX,
        });
        !self.any.swap(true, Ordering::AcqRel)
    }

    /// Writes everything; for callers about to wait.
    pub(super) fn flush(&self) {
        if !self.any.load(Ordering::Acquire) {
            return;
        }
        let mut sessions = self.take();
        for gathered in &sessions {
            ungather(&*gathered.session);
        }
        fence(Ordering::SeqCst);
        if self.sender.load(Ordering::Relaxed) != thread::token() {
            barrier::heavy();
        }
        for gathered in sessions.drain(..) {
            gathered.session.write_on();
        }
        self.put_back(sessions);
    }

    /// Writes everything; for ticks. Sessions that have got on since the last one stay on the list if
    /// gathering `goes_on`. True: another tick must come.
    pub(super) fn tick(&self, goes_on: bool) -> bool {
        let mut sessions = self.take();
        let mut quiet = Vec::new();
        sessions.retain_mut(|gathered| {
            gathered.session.write_on();
            let before = std::mem::replace(&mut gathered.progress, gathered.session.progress());
            let stays = goes_on && before != gathered.progress;
            if !stays {
                ungather(&*gathered.session);
                quiet.push(Arc::clone(&gathered.session));
            }
            stays
        });
        if !quiet.is_empty() {
            barrier::heavy();
            quiet.iter().for_each(|session| session.write_on());
        }
        self.put_back(sessions);
        goes_on || self.any.load(Ordering::Acquire)
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        drop(self.take());
    }

    fn take(&self) -> Vec<Gathered> {
        let mut sessions = self.sessions.lock();
        self.any.store(false, Ordering::Release);
        std::mem::take(&mut *sessions)
    }

    /// Gives the list back with what stays on it, also for its memory.
    fn put_back(&self, mut stay: Vec<Gathered>) {
        let mut sessions = self.sessions.lock();
        if !stay.is_empty() {
            self.any.store(true, Ordering::Release);
        }
        stay.append(&mut sessions);
        *sessions = stay;
    }
}
