//! The sessions of a hub whose messages are gathered, to be written later in one go.
//!
//! A sender that gathers publishes a message and looks whether the session is marked as gathered; if
//! not, it marks it and puts it on the list. That is all it does for a message, without a barrier: who
//! takes a session off the list clears the mark, has every sender pass a barrier, and only then looks at
//! the lane. So either the sender sees the mark gone, or its message is seen. No barrier is needed where
//! the only sender ever clears the mark itself.
//!
//! A thread may send by one socket and wait for another, where the answer comes from. So it knows the hubs that gather for it alone,
//! and writes for all of them before it waits.
//!
//! When and why messages are gathered is the pace's business.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Weak};

use super::hub::Hub;
use crate::sys::cancel::Shield;
use crate::sys::lock::Mutex;
use crate::sys::{barrier, fork, thread};

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
pub(super) fn published(hub: &Arc<Hub>, gatherer: &impl Gatherer, unsent: (usize, usize)) -> bool {
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

std::thread_local! {
    /// What the thread has to write before it waits.
    static NOTES: RefCell<Vec<Note>> = const { RefCell::new(Vec::new()) };
}

/// That a hub gathers for a thread.
struct Note {
    hub: Weak<Hub>,
    /// In a forked child, what its parent gathered is not the child's to write.
    generation: u32,
}

impl Note {
    /// The calling thread writes for the hub before it waits.
    fn take(hub: &Arc<Hub>) {
        let note = Self {
            hub: Arc::downgrade(hub),
            generation: fork::generation(),
        };
        // At the thread's end there is nothing that it would wait for.
        let _ = NOTES.try_with(|notes| {
            let mut notes = notes.borrow_mut();
            if notes.len() == notes.capacity() {
                // A thread that never waits may have had any number of sockets.
                notes.retain(|note| note.hub.strong_count() > 0);
            }
            notes.push(note);
        });
    }

    fn hub(&self) -> Option<Arc<Hub>> {
        let is_ours = self.generation == fork::generation();
        is_ours.then(|| self.hub.upgrade()).flatten()
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        if let Some(hub) = self.hub() {
            hub.gathering().is_noted.store(false, Ordering::Relaxed);
        }
    }
}

/// Writes what is gathered for the calling thread alone, by whatever sockets; for callers about to wait, which hold no
/// socket's lock.
#[inline]
pub(crate) fn flush_own() {
    let next = || NOTES.try_with(|notes| notes.borrow_mut().pop()).ok()?;
    if let Some(note) = next() {
        flush_noted(note, next);
    }
}

#[cold]
fn flush_noted(first: Note, next: impl FnMut() -> Option<Note>) {
    // The last hold on a hub may be here, whose descriptors are closed then.
    let _shield = Shield::new();
    let mut kept = Vec::new();
    for note in std::iter::once(first).chain(std::iter::from_fn(next)) {
        let hub = note.hub();
        if hub.is_some_and(|hub| !hub.gathering().flush_all()) {
            kept.push(note);
        }
    }
    let _ = NOTES.try_with(|notes| notes.borrow_mut().append(&mut kept));
}

/// Takes the mark off: a message published from here on is gathered anew.
fn ungather(gatherer: &dyn Gatherer) {
    gatherer.mark().store(false, Ordering::Relaxed);
}

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Gathering {
    list: Mutex<List>,
    any: AtomicBool,
    /// The thread that sends, as [`thread::token`] has it.
    sender: AtomicUsize,
    /// That thread has a [`Note`].
    is_noted: AtomicBool,
}

#[derive(Default)]
struct List {
    sessions: Vec<Gathered>,
    /// A tick has others in hand, and may put them back.
    is_ticking: bool,
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

    /// Adds a session of `hub`, by the thread that sends; true: a tick must come.
    pub(super) fn add(&self, hub: &Arc<Hub>, session: Arc<dyn Gatherer>) -> bool {
        let is_alone = self.sender.load(Ordering::Relaxed) == thread::token();
        if is_alone && !self.is_noted.swap(true, Ordering::Relaxed) {
            Note::take(hub);
        }
        self.list.lock().sessions.push(Gathered {
            session,
            progress: usize::MAX,
        });
        !self.any.swap(true, Ordering::AcqRel)
    }

    /// Writes everything; for callers about to wait.
    pub(super) fn flush(&self) {
        if self.any.load(Ordering::Acquire) {
            self.flush_all();
        }
    }

    /// As [`Self::flush`]. False: a tick is at it as well, and may leave sessions on the list.
    fn flush_all(&self) -> bool {
        let (mut sessions, is_ticking) = self.take(false);
        if sessions.is_empty() {
            return !is_ticking;
        }
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
        self.put_back(sessions, false);
        !is_ticking
    }

    /// Writes everything; for ticks. Sessions that have got on since the last one stay on the list if
    /// gathering `goes_on`. True: another tick must come.
    pub(super) fn tick(&self, goes_on: bool) -> bool {
        let (mut sessions, _) = self.take(true);
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
        self.put_back(sessions, true);
        goes_on || self.any.load(Ordering::Acquire)
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        drop(self.take(false));
    }

    /// The sessions, and whether a tick has others in hand; by a tick or not.
    fn take(&self, by_tick: bool) -> (Vec<Gathered>, bool) {
        let mut list = self.list.lock();
        self.any.store(false, Ordering::Release);
        let was_ticking = list.is_ticking;
        list.is_ticking |= by_tick;
        (std::mem::take(&mut list.sessions), was_ticking)
    }

    /// Gives the list back with what stays on it, also for its memory.
    fn put_back(&self, mut stay: Vec<Gathered>, by_tick: bool) {
        let mut list = self.list.lock();
        if !stay.is_empty() {
            self.any.store(true, Ordering::Release);
        }
        if by_tick {
            list.is_ticking = false;
        }
        stay.append(&mut list.sessions);
        list.sessions = stay;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{IoThread, ThreadConfig};

    #[test]
    fn hubs_that_are_gone_leave_no_notes() {
        let io = IoThread::start(ThreadConfig::default()).expect("thread");
        for _ in 0..100 {
            let hub = Hub::new(Arc::clone(&io)).expect("hub");
            Note::take(&hub);
        }
        assert!(NOTES.with(|notes| notes.borrow().len()) <= 4);
        io.stop();
    }

    /// A session that counts how often it is to write.
    struct Counts {
        mark: AtomicBool,
        written: AtomicUsize,
        me: Weak<Self>,
    }

    impl Gatherer for Counts {
        fn mark(&self) -> &AtomicBool {
            &self.mark
        }

        fn write_on(&self) {
            self.written.fetch_add(1, Ordering::Relaxed);
        }

        fn progress(&self) -> usize {
            0
        }

        fn me(&self) -> Option<Arc<dyn Gatherer>> {
            self.me.upgrade().map(|me| me as Arc<dyn Gatherer>)
        }
    }

    #[test]
    fn who_waits_writes_what_is_gathered_for_it_alone() {
        let io = IoThread::start(ThreadConfig::default()).expect("thread");
        let hub = Hub::new(Arc::clone(&io)).expect("hub");
        // So there are no ticks but ours.
        io.stop();
        let session = Arc::new_cyclic(|me| Counts {
            mark: AtomicBool::new(false),
            written: AtomicUsize::new(0),
            me: Weak::clone(me),
        });
        let gather = || {
            hub.note_sender();
            session.mark.store(true, Ordering::Relaxed);
            hub.gather(session.me().expect("alive"));
        };
        let written_after = |flush: &dyn Fn()| {
            flush();
            session.written.load(Ordering::Relaxed)
        };
        gather();
        assert_eq!(written_after(&flush_own), 1);
        assert!(!session.mark.load(Ordering::Relaxed));
        assert_eq!(written_after(&flush_own), 1, "nothing was left");
        // What a tick has in hand, and puts back, is written the next time.
        gather();
        let (in_hand, _) = hub.gathering().take(true);
        assert_eq!(written_after(&flush_own), 1);
        hub.gathering().put_back(in_hand, true);
        assert_eq!(written_after(&flush_own), 2);
        // Where others send as well, it may be theirs.
        std::thread::scope(|scope| {
            scope.spawn(gather);
        });
        assert_eq!(written_after(&flush_own), 2);
        assert_eq!(written_after(&|| hub.flush()), 3);
    }
}
