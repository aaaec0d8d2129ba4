//! Listeners and sessions with an owner that is no socket: what it hears, and when.

use std::os::fd::{AsRawFd, IntoRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mio::Interest;

use super::hub::Source;
use super::*;
use crate::errno::Errno;
use crate::option::{ContextDefaults, SocketOptions};
use crate::socket_type::SocketType;
use crate::sys::lock::Mutex;
use crate::sys::sleep::block_on;
use crate::transport::address::{self, Purpose};

/// An owner that notes what it is told.
#[derive(Default)]
struct Notes {
    events: Mutex<Vec<u64>>,
    /// Panics when it is offered a pipe.
    is_buggy: AtomicBool,
}

impl Owner for Notes {
    fn post(&self, event: Event) {
        if matches!(event, Event::Attach(..)) && self.is_buggy.load(Ordering::SeqCst) {
            // Not `panic!`: its message in the log of a passing test would only confuse.
            std::panic::resume_unwind(Box::new(()));
        }
    }

    fn report_all(&self, event: u64, _values: &[u64], _ends: &Ends) {
        self.events.lock().push(event);
    }

    fn name(&self) -> SocketName {
        SocketName::new(SocketType::Pair)
    }

    fn housekeep(&self) {}

    fn hwms(&self) -> (usize, usize) {
        (0, 0)
    }

    fn linger(&self) -> Option<Duration> {
        None
    }

    fn ask_zap(&self, _request: Vec<Msg>, _asker: Arc<dyn PeerEnd>) -> Option<ZapDialog> {
        None
    }
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Census for Count {
    fn enter(&self, _socket: SocketName, _endpoint: &[u8]) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst);
        0
    }

    fn leave(&self, _entry: u64) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Idle;

impl Source for Idle {
    fn on_event(self: Arc<Self>, _readable: bool, _writable: bool, _ended: bool) {}
}

fn options() -> SocketOptions {
    SocketOptions::new(SocketType::Pair, &ContextDefaults::default())
}

/// A bind that fails at the last step, since the hub has the descriptor already.
#[test]
fn a_bind_that_fails_does_not_listen() {
    let io = IoThread::start(ThreadConfig::default()).expect("thread");
    let hub = Hub::new(Arc::clone(&io)).expect("hub");
    let bound = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    hub.add(bound.as_raw_fd(), Arc::new(Idle), Interest::READABLE)
        .expect("registered");
    let notes = Arc::new(Notes::default());
    let owner: Arc<dyn Owner> = Arc::clone(&notes) as Arc<dyn Owner>;
    let census: Arc<dyn Census> = Arc::new(Count::default());
    let options = Arc::new(SocketOptions {
        use_fd: bound.into_raw_fd(),
        ..options()
    });
    let address = address::parse("tcp://127.0.0.1:*", Purpose::Bind).expect("address");
    let listener = Listener::bind(&address, &hub, &owner, &options, &census);
    assert_eq!(listener.err(), Some(Errno(libc::EEXIST)));
    assert!(notes.events.lock().is_empty());
    io.stop();
}

/// A panic while a session is driven ends that session, and others go on.
#[test]
fn a_panic_drops_the_session_alone() {
    let io = IoThread::start(ThreadConfig::default()).expect("thread");
    let hub = Hub::new(Arc::clone(&io)).expect("hub");
    let notes = Arc::new(Notes::default());
    let owner: Arc<dyn Owner> = Arc::clone(&notes) as Arc<dyn Owner>;
    let count = Arc::new(Count::default());
    let census: Arc<dyn Census> = Arc::clone(&count) as Arc<dyn Census>;
    let options = Arc::new(options());
    let address = address::parse("tcp://127.0.0.1:*", Purpose::Bind).expect("address");
    let listener = Listener::bind(&address, &hub, &owner, &options, &census).expect("bind");
    let target = || ConnectTarget {
        endpoint: listener.endpoint().to_vec(),
        address: address::parse(listener.endpoint(), Purpose::Connect).expect("address"),
        proxy: None,
        tls: None,
    };
    let shakes_hands = |is_buggy: bool| {
        notes.events.lock().clear();
        notes.is_buggy.store(is_buggy, Ordering::SeqCst);
        let (session, pipe) = Session::connect(target(), &hub, &owner, &options, &census);
        session.start();
        // Both sides have the same owner: the accepting one is offered a pipe.
        let mut events;
        while {
            events = notes.events.lock().clone();
            let count = |event| events.iter().filter(|&&seen| seen == event).count();
            count(monitor_event::HANDSHAKE_SUCCEEDED) < 2
                || is_buggy && count(monitor_event::DISCONNECTED) == 0
        } {
            std::thread::yield_now();
        }
        session.retire();
        drop(pipe);
    };
    shakes_hands(true);
    shakes_hands(false);
    listener.close();
    while count.0.load(Ordering::SeqCst) > 0 {
        std::thread::yield_now();
    }
    io.stop();
}

#[derive(Default)]
struct Nudged(AtomicUsize);

impl Waiter for Nudged {
    fn nudge(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A caller that finds the driver's place taken learns at once that it is free, and so does the next.
#[test]
fn the_drivers_place_is_handed_over() {
    let io = IoThread::start(ThreadConfig::default()).expect("thread");
    let hub = Hub::new(Arc::clone(&io)).expect("hub");
    let leave = AtomicBool::new(false);
    let nudged = [Arc::<Nudged>::default(), Arc::default()];
    let waiters = nudged
        .each_ref()
        .map(|nudged| Arc::clone(nudged) as Arc<dyn Waiter>);
    let count = || {
        nudged
            .each_ref()
            .map(|nudged| nudged.0.load(Ordering::SeqCst))
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let looks = || leave.load(Ordering::SeqCst);
            let wait = || block_on(async |bed| hub.wait(bed, None, &looks).await);
            while wait() != Ok(Waited::Look) || !looks() {
                std::thread::yield_now();
            }
        });
        while block_on(async |bed| hub.wait(bed, Some(Duration::ZERO), &|| false).await)
            != Ok(Waited::Busy)
        {
            std::thread::yield_now();
        }
        for waiter in &waiters {
            assert!(hub.queue_up(waiter));
        }
        assert_eq!(count(), [0, 0]);
        leave.store(true, Ordering::SeqCst);
        hub.wake();
    });
    // The I/O thread may take its turn, and passes the place on as well.
    assert_eq!(count()[0], 1);
    hub.step_out(&waiters[0]);
    while count() != [1, 1] {
        std::thread::yield_now();
    }
    hub.step_out(&waiters[1]);
    // A late one does not sleep.
    let late: Arc<dyn Waiter> = Arc::<Nudged>::default();
    while hub.queue_up(&late) {
        hub.step_out(&late);
    }
    hub.step_out(&late);
    io.stop();
}

/// A caller that sleeps elsewhere must not keep what it took over for a wait.
#[test]
fn a_lease_is_handed_back_before_the_ticks_unless_a_caller_is_inside() {
    let io = IoThread::start(ThreadConfig::default()).expect("thread");
    let hub = Hub::new(Arc::clone(&io)).expect("hub");
    assert!(!hub.is_leased());
    hub.enter().expect("enter");
    hub.hand_back();
    assert!(hub.is_leased());
    // Somebody else enters and leaves: ticks begin, which leave the hub alone while we are inside.
    hub.enter().expect("enter");
    hub.leave();
    hub.hand_back();
    assert!(hub.is_leased());
    hub.leave();
    hub.hand_back();
    assert!(!hub.is_leased());
    hub.hand_back();
    assert!(!hub.is_leased());
}
