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

use super::session::Session;
use crate::sys::lock::Mutex;
use crate::sys::{barrier, thread};

const NOBODY: usize = 0;
const SEVERAL: usize = 1;

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Gathering {
    sessions: Mutex<Vec<Gathered>>,
    any: AtomicBool,
    /// The thread that sends, as [`thread::token`] has it.
    sender: AtomicUsize,
}

struct Gathered {
    session: Arc<Session>,
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
    pub(super) fn add(&self, session: Arc<Session>) -> bool {
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
            gathered.session.ungather();
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
                gathered.session.ungather();
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
