//! I/O threads: they do what nobody is waiting for.
//!
//! An I/O thread sleeps on the hubs that no caller has leased, on deadlines, and on a tick that
//! callers arm when they leave something behind (gathered messages, a leased hub). With none of
//! these it does not wake at all.

use std::collections::VecDeque;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};

use super::Owner;
use super::contain::contain;
use super::hub::Hub;
use super::timers::{Timed, Timers};
use crate::errno::{Errno, Result};
use crate::sys::cancel::Shield;
use crate::sys::fd::TimerFd;
use crate::sys::lock::Mutex;
use crate::sys::thread;

/// Pause between two looks at a lease.
const WATCH_TICK: Duration = Duration::from_millis(2);

const WAKE: Token = Token(usize::MAX);
const TICK: Token = Token(usize::MAX - 1);

/// What the context's options say about its threads (`zmq_ctx_set(3)`).
#[derive(Clone, Debug, Default)]
pub struct ThreadConfig {
    /// Name shown by the system, at most 15 bytes are.
    pub name: String,
    /// `SCHED_*`
    pub policy: Option<i32>,
    /// Priority under that policy.
    pub priority: Option<i32>,
    /// Processors to run on; empty: all.
    pub cpus: Vec<usize>,
}

#[derive(Default)]
struct Seats {
    hubs: Vec<Option<Weak<Hub>>>,
    free: Vec<usize>,
}

/// An I/O thread, shared by the hubs it attends to.
pub struct IoThread {
    registry: Registry,
    waker: Waker,
    timers: Timers,
    tick: TimerFd,
    /// When the tick is due, in ns since `began`; 0: not armed.
    tick_at: AtomicU64,
    /// Held while the tick is armed, so that an earlier one is not put off.
    arming: Mutex<()>,
    began: Instant,
    seats: Mutex<Seats>,
    /// Hubs to be driven although nothing announces it.
    drive: Mutex<VecDeque<usize>>,
    /// Leased hubs to look at: (seat, uses seen).
    watch: Mutex<Vec<(usize, usize)>>,
    /// When leases are looked at next, in ns since `began`.
    look_at: AtomicU64,
    /// Hubs with gathered messages.
    gathering: Mutex<Vec<usize>>,
    /// Sockets with something posted that nobody may come for.
    chores: Mutex<Vec<Weak<dyn Owner>>>,
    stop: AtomicBool,
    handle: Mutex<Option<thread::Running>>,
}

impl std::fmt::Debug for IoThread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IoThread").finish_non_exhaustive()
    }
}

std::thread_local! {
    /// The I/O thread that the thread is, by address.
    static CURRENT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

impl IoThread {
    /// Starts a thread.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`, `ENOMEM`, `EAGAIN`: the system gives no descriptors or no thread.
    pub fn start(config: ThreadConfig) -> Result<Arc<Self>> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = Waker::new(&registry, WAKE)?;
        let tick = TimerFd::new()?;
        registry.register(&mut SourceFd(&tick.as_raw_fd()), TICK, Interest::READABLE)?;
        let io = Arc::new(Self {
            registry,
            waker,
            timers: Timers::default(),
            tick,
            tick_at: AtomicU64::new(0),
            arming: Mutex::default(),
            began: Instant::now(),
            seats: Mutex::default(),
            drive: Mutex::default(),
            watch: Mutex::default(),
            look_at: AtomicU64::new(0),
            gathering: Mutex::default(),
            chores: Mutex::default(),
            stop: AtomicBool::new(false),
            handle: Mutex::new(None),
        });
        let runner = Arc::clone(&io);
        let name = config.name.clone();
        let handle = thread::spawn(name, move || {
            configure(&config);
            CURRENT.set(Arc::as_ptr(&runner).addr());
            runner.run(poll);
        })?;
        *io.handle.lock() = Some(handle);
        Ok(io)
    }

    /// Stops the thread and waits for its end. What it attended to is left as it is.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.wake();
        if let Some(handle) = self.handle.lock().take() {
            handle.join();
        }
        let hubs: Vec<_> = self
            .seats
            .lock()
            .hubs
            .iter()
            .flatten()
            .filter_map(Weak::upgrade)
            .collect();
        hubs.iter().for_each(|hub| hub.abandon());
    }

    /// Whether this is the calling thread: then it looks at its lists before it sleeps anyway.
    fn is_current(&self) -> bool {
        CURRENT.get() == std::ptr::from_ref(self).addr()
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn add_hub(&self, hub: Weak<Hub>) -> usize {
        let mut seats = self.seats.lock();
        if let Some(seat) = seats.free.pop() {
            seats.hubs[seat] = Some(hub);
            return seat;
        }
        seats.hubs.push(Some(hub));
        seats.hubs.len() - 1
    }

    pub(crate) fn remove_hub(&self, seat: usize) {
        let mut seats = self.seats.lock();
        seats.hubs[seat] = None;
        seats.free.push(seat);
    }

    /// Number of hubs the thread attends to.
    #[must_use]
    pub fn load(&self) -> usize {
        let seats = self.seats.lock();
        seats.hubs.len() - seats.free.len()
    }

    fn hub(&self, seat: usize) -> Option<Arc<Hub>> {
        self.seats.lock().hubs.get(seat)?.as_ref()?.upgrade()
    }

    /// Calls `what` at a time.
    pub(crate) fn at(&self, time: Instant, what: Weak<dyn Timed>) {
        if self.timers.add(time, what) && !self.is_current() {
            self.wake();
        }
    }

    /// Has a hub driven soon.
    pub(crate) fn drive_soon(&self, seat: usize) {
        self.drive.lock().push_back(seat);
        if !self.is_current() {
            self.wake();
        }
    }

    /// Has [`Owner::housekeep`] called soon.
    pub(crate) fn housekeep_soon(&self, owner: Weak<dyn Owner>) {
        self.chores.lock().push(owner);
        if !self.is_current() {
            self.wake();
        }
    }

    /// Has a hub's gathered messages written by ticks, the first in the time given.
    pub(crate) fn tick_gathering(&self, seat: usize, after: Duration) {
        self.gather_again(seat);
        self.arm_tick(after);
    }

    fn gather_again(&self, seat: usize) {
        let mut gathering = self.gathering.lock();
        if !gathering.contains(&seat) {
            gathering.push(seat);
        }
    }

    /// Has a leased hub looked at by ticks.
    pub(crate) fn watch(&self, seat: usize) {
        self.watch.lock().push((seat, usize::MAX));
        self.arm_tick(WATCH_TICK);
    }

    fn wake(&self) {
        wake(&self.waker);
    }

    /// Arms the tick unless it comes as early already. No other thread is woken by this.
    fn arm_tick(&self, after: Duration) {
        let _one_at_a_time = self.arming.lock();
        let now = self.now();
        let due = now + u64::try_from(after.as_nanos()).unwrap_or(u64::MAX / 2);
        let armed = self.tick_at.load(Ordering::SeqCst);
        // One that should have fired by now may be about to be handled; it counts as not armed.
        if armed <= now || due < armed {
            self.tick_at.store(due, Ordering::SeqCst);
            self.tick.arm(after);
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX / 2)
    }

    fn run(&self, mut poll: Poll) {
        let mut events = Events::with_capacity(256);
        while !self.stop.load(Ordering::SeqCst) {
            let timeout = self.sleep_time();
            if let Err(error) = poll.poll(&mut events, timeout) {
                if Errno::from_io(&error) != Errno::EINTR {
                    // Nothing sensible is left to report to; do not spin on it.
                    std::thread::sleep(Duration::from_millis(10));
                }
                continue;
            }
            for event in &events {
                match event.token() {
                    WAKE => {}
                    TICK => self.on_tick(),
                    Token(seat) => self.attend(seat),
                }
            }
            let turns = self.drive.lock().len();
            for _ in 0..turns {
                let seat = self.drive.lock().pop_front();
                if let Some(seat) = seat {
                    self.attend(seat);
                }
            }
            let now = Instant::now();
            while let Some(timed) = self.timers.pop_due(now) {
                if let Some(timed) = timed.upgrade() {
                    contain("handler of a deadline", || timed.on_time());
                }
            }
            let chores = std::mem::take(&mut *self.chores.lock());
            for owner in chores {
                if let Some(owner) = owner.upgrade() {
                    contain("house-keeping of a socket", || owner.housekeep());
                }
            }
        }
    }

    fn sleep_time(&self) -> Option<Duration> {
        if !self.drive.lock().is_empty() || !self.chores.lock().is_empty() {
            return Some(Duration::ZERO);
        }
        let next = self.timers.next()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    fn attend(&self, seat: usize) {
        if let Some(hub) = self.hub(seat)
            && hub.attend()
        {
            self.drive.lock().push_back(seat);
        }
    }

    fn on_tick(&self) {
        self.tick.drain();
        self.tick_at.store(0, Ordering::SeqCst);
        let gathering = std::mem::take(&mut *self.gathering.lock());
        for seat in gathering {
            if let Some(hub) = self.hub(seat) {
                contain("tick", || {
                    if let Some(after) = hub.tick() {
                        self.tick_gathering(seat, after);
                    }
                });
            }
        }
        let now = self.now();
        let look = now >= self.look_at.load(Ordering::Relaxed);
        if look {
            let pause = u64::try_from(WATCH_TICK.as_nanos()).unwrap_or(u64::MAX);
            self.look_at.store(now + pause, Ordering::Relaxed);
            let mut watch = std::mem::take(&mut *self.watch.lock());
            watch.retain_mut(|(seat, seen)| {
                self.hub(*seat).is_some_and(|hub| hub.watch_lease(seen))
            });
            self.watch.lock().append(&mut watch);
        }
        if !self.watch.lock().is_empty() {
            self.arm_tick(WATCH_TICK);
        }
    }
}

/// Wakes who sleeps on the instance that the waker belongs to.
pub(super) fn wake(waker: &Waker) {
    let _shield = Shield::new();
    // An eventfd that cannot be written is full, and so wakes already.
    let _ = waker.wake();
}

fn configure(config: &ThreadConfig) {
    // As libzmq's manual has it these are requests; a process without the right to them runs on.
    if config.policy.is_some() || config.priority.is_some() {
        let _ = thread::set_scheduling(config.policy, config.priority);
    }
    if !config.cpus.is_empty() {
        let _ = thread::set_affinity(config.cpus.iter().copied());
    }
}
