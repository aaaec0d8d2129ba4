//! A socket as its sessions and inproc peers see it: a mailbox, a bell, a monitor.
//!
//! Everything here may be used from any thread without the socket's lock. What is posted is
//! processed under the socket's lock by the caller that uses the socket next, or by an I/O thread
//! that keeps house for a socket nobody uses.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU32, Ordering, fence};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use super::bell::{Bell, Sleeper};
use super::context::Context;
use super::core::SocketHandle;
use super::monitor::Monitor;
use crate::errno::{Errno, Result};
use crate::io::{Ends, Event, Hub, Owner, Spin, Waited, Waiter, ZapDialog, flush_own};
use crate::msg::Msg;
use crate::option::SocketOptions;
use crate::pattern::{PeerEnd, PipeSlot};
use crate::socket_type::SocketType;
use crate::sys::cancel::Shielded;
use crate::sys::lock::Mutex;
use crate::sys::sleep::Bed;
use crate::trace::SocketName;

/// See the module's documentation.
pub(crate) struct Link {
    me: Weak<Self>,
    // A caller that comes late may be the last who has the link, and so those two.
    pub(crate) context: Shielded<Arc<Context>>,
    pub(crate) handle: SocketHandle,
    pub(crate) socket_type: SocketType,
    pub(crate) name: SocketName,
    mailbox: Mutex<Vec<Event>>,
    pending: AtomicBool,
    /// Grows whenever what was posted is taken in: a caller that was refused before must look again.
    taken_in: AtomicU32,
    pub(crate) bell: Bell,
    pub(crate) monitor: Monitor,
    hub: OnceLock<Shielded<Arc<Hub>>>,
    /// Set when the context ends or the socket was closed: who waits must leave.
    stopped: AtomicBool,
    closed: AtomicBool,
    spin: Spin,
    sndhwm: AtomicI32,
    rcvhwm: AtomicI32,
    /// Milliseconds, -1 for ever.
    linger: AtomicI64,
    /// For inproc peers.
    routing_id: Mutex<Vec<u8>>,
}

/// What a caller does that finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Looks around for a while. Not for sockets with a hub, where looking means driving.
    Look,
    /// Sleeps.
    Sleep,
    /// One after the other.
    LookAndSleep,
}

/// An event for a socket that is closed: who offered a pipe must learn that nobody took it.
fn decline(event: Event) {
    if let Event::Attach(end, ..) = event {
        let peer = Arc::clone(&end.peer);
        drop(end);
        peer.closed();
    }
}

/// A caller that is going to sleep at the bell: by it, and in the queue for the driver's place where there is one.
struct Rest<'a> {
    link: &'a Link,
    sleeper: &'a Arc<Sleeper>,
    queued: Option<(&'a Hub, Arc<dyn Waiter>)>,
    /// Whether somebody has the driver's place, or there is none.
    is_busy: bool,
}

impl<'a> Rest<'a> {
    fn begin(link: &'a Link, hub: Option<&'a Arc<Hub>>, sleeper: &'a Arc<Sleeper>) -> Self {
        link.bell.register(sleeper);
        let queued = hub.map(|hub| (&**hub, Arc::clone(sleeper) as Arc<dyn Waiter>));
        let is_busy = queued
            .as_ref()
            .is_none_or(|(hub, waiter)| hub.queue_up(waiter));
        Self {
            link,
            sleeper,
            queued,
            is_busy,
        }
    }
}

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        self.link.bell.unregister(self.sleeper);
        if let Some((hub, waiter)) = &self.queued {
            hub.step_out(waiter);
        }
    }
}

impl Link {
    pub(crate) fn new(
        context: &Arc<Context>,
        handle: SocketHandle,
        options: &SocketOptions,
    ) -> Arc<Self> {
        let link = Arc::new_cyclic(|me| Self {
            me: me.clone(),
            context: Shielded::new(Arc::clone(context)),
            handle,
            socket_type: options.socket_type,
            name: SocketName::new(options.socket_type),
            mailbox: Mutex::default(),
            pending: AtomicBool::new(false),
            taken_in: AtomicU32::new(0),
            bell: Bell::default(),
            monitor: Monitor::default(),
            hub: OnceLock::new(),
            stopped: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            spin: Spin::new(),
            sndhwm: AtomicI32::new(0),
            rcvhwm: AtomicI32::new(0),
            linger: AtomicI64::new(-1),
            routing_id: Mutex::default(),
        });
        link.adopt(options);
        link
    }

    /// Takes over the options that the I/O side looks up when it needs them.
    pub(crate) fn adopt(&self, options: &SocketOptions) {
        self.sndhwm.store(options.sndhwm, Ordering::Relaxed);
        self.rcvhwm.store(options.rcvhwm, Ordering::Relaxed);
        let linger = options.linger.map_or(-1, |linger| {
            i64::try_from(linger.as_millis()).unwrap_or(i64::MAX)
        });
        self.linger.store(linger, Ordering::Relaxed);
        self.routing_id.lock().clone_from(&options.routing_id);
    }

    /// The socket's `ZMQ_ROUTING_ID`.
    pub(crate) fn routing_id(&self) -> Vec<u8> {
        self.routing_id.lock().clone()
    }

    /// Whether something was posted.
    #[inline]
    pub(crate) fn has_mail(&self) -> bool {
        self.pending.load(Ordering::Acquire)
    }

    /// Takes out what was posted. Called with the socket's lock held.
    pub(crate) fn take_mail(&self, into: &mut Vec<Event>) {
        let mut mailbox = self.mailbox.lock();
        self.pending.store(false, Ordering::Relaxed);
        into.append(&mut mailbox);
    }

    /// The hub, if the socket has one.
    pub(crate) fn hub(&self) -> Option<&Arc<Hub>> {
        self.hub.get().map(|hub| &**hub)
    }

    /// The hub, made when the first endpoint with a descriptor needs it.
    pub(crate) fn need_hub(&self, affinity: u64) -> Result<Arc<Hub>> {
        if let Some(hub) = self.hub.get() {
            return Ok(Arc::clone(hub));
        }
        let io = self.context.choose_io_thread(affinity)?;
        let fresh = Hub::new(io)?;
        let hub = Arc::clone(self.hub.get_or_init(|| Shielded::new(fresh)));
        // Callers that sleep without descriptors must come to the hub instead.
        self.ring();
        Ok(hub)
    }

    /// Wakes everyone who waits for the socket.
    pub(crate) fn ring(&self) {
        fence(Ordering::SeqCst);
        self.handle.disturb();
        self.bell.ring();
        if let Some(hub) = self.hub.get() {
            hub.wake();
        }
    }

    /// Makes all calls end: the context is being terminated.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.ring();
    }

    /// Whether calls must end with `ETERM`.
    #[inline]
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The socket was closed: who waits finds its handle dead.
    pub(crate) fn close(&self) {
        let left = {
            let mut mailbox = self.mailbox.lock();
            self.closed.store(true, Ordering::SeqCst);
            std::mem::take(&mut *mailbox)
        };
        self.monitor.close();
        self.ring();
        if let Some(hub) = self.hub.get() {
            // No caller will come any more; where this fails, the ticks take it back.
            let _ = hub.release();
        }
        left.into_iter().for_each(decline);
    }

    /// Notes that something was taken in. Called with the socket's lock held.
    pub(crate) fn note_taken_in(&self) {
        self.taken_in.fetch_add(1, Ordering::SeqCst);
    }

    /// What [`Link::has_news`] compares with; read with the socket's lock held.
    pub(crate) fn age(&self) -> u32 {
        self.taken_in.load(Ordering::Relaxed)
    }

    /// Whether a caller that was refused at that age has reason to look at the socket again: something
    /// has come, or another caller has taken in what came and perhaps left some of it.
    #[inline]
    pub(crate) fn has_news(&self, age: u32) -> bool {
        self.has_mail()
            || self.taken_in.load(Ordering::Relaxed) != age
            || self.stopped.load(Ordering::Relaxed)
            || self.closed.load(Ordering::Relaxed)
    }

    /// Writes what was gathered for peers, before the caller waits or goes.
    #[inline]
    pub(crate) fn flush(&self) {
        if let Some(hub) = self.hub.get() {
            hub.flush();
        }
    }

    /// The program has looked at `ZMQ_EVENTS`. If it has `ZMQ_FD` too, it goes to sleep on that one, where
    /// it drives nothing: a hub that an earlier blocking call took over goes back to the I/O thread now,
    /// and not with the ticks, milliseconds later.
    pub(crate) fn expect_sleep_on_descriptor(&self) {
        if self.bell.known_descriptor().is_some()
            && let Some(hub) = self.hub.get()
        {
            hub.hand_back();
        }
    }

    /// Waits until there is reason to look at the socket again; without the socket's lock. False: only
    /// looked around, and nothing came, as far as news and `look` tell.
    ///
    /// # Errors
    /// `EAGAIN` when the deadline has passed, `EINTR` if a signal handler ran.
    pub(crate) async fn wait(
        &self,
        bed: &Bed,
        deadline: Option<Instant>,
        age: u32,
        how: Wait,
        look: impl Fn() -> bool,
    ) -> Result<bool> {
        self.flush();
        flush_own();
        if self.has_news(age) {
            return Ok(true);
        }
        let left = match deadline {
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(Errno::EAGAIN);
                }
                Some(left)
            }
            None => None,
        };
        let hub = self.hub();
        if let Some(hub) = hub {
            if how == Wait::Look {
                // It is new; a look was all that was asked for.
                return Ok(true);
            }
            match hub.wait(bed, left, &|| self.has_news(age)).await? {
                // Time-outs are judged by the deadline, at the next turn.
                Waited::Look | Waited::TimedOut => return Ok(true),
                Waited::Busy => {}
            }
        } else if how != Wait::Sleep
            && self.spin.look(left, || {
                self.has_news(age) || self.hub.get().is_some() || (how == Wait::Look && look())
            })
        {
            return Ok(true);
        } else if how == Wait::Look {
            return Ok(false);
        }
        let sleeper = Sleeper::current();
        let began = Instant::now();
        let result = {
            let rest = Rest::begin(self, hub, &sleeper);
            if !rest.is_busy || self.has_news(age) {
                Ok(true)
            } else {
                sleeper.sleep(bed, left).await
            }
        };
        self.spin.slept(began.elapsed());
        result.map(|_| true)
    }

    /// The adaptive look-around of callers that wait for the socket.
    pub(crate) fn spin(&self) -> &Spin {
        &self.spin
    }

    /// Posts without needing an owner's `Arc`.
    fn deliver(&self, event: Event) {
        // Some events matter although nobody may call the socket for a long time.
        let needs_chores = matches!(
            event,
            Event::Closed(_) | Event::Retired(_) | Event::Attach(..)
        ) || matches!(event, Event::Established { again: true, .. });
        let mut mailbox = self.mailbox.lock();
        if self.closed.load(Ordering::Relaxed) {
            drop(mailbox);
            decline(event);
            return;
        }
        mailbox.push(event);
        drop(mailbox);
        self.pending.store(true, Ordering::Release);
        self.ring();
        if needs_chores && let Some(hub) = self.hub.get() {
            let me: Weak<dyn Owner> = self.me.clone();
            hub.io().housekeep_soon(me);
        }
    }

    /// Takes back a pipe that was offered and is of use to nobody any more. If it was not looked at yet, it is as if
    /// it had never been: a socket that nobody calls must not gather such pipes. Else the socket lets go of it.
    pub(super) fn withdraw(&self, slot: &Arc<PipeSlot>) {
        let mut mailbox = self.mailbox.lock();
        // No more are there than connections that are waited for.
        let offer = mailbox
            .iter()
            .rposition(
                |event| matches!(event, Event::Attach(end, ..) if Arc::ptr_eq(&end.slot, slot)),
            )
            .map(|at| mailbox.remove(at));
        drop(mailbox);
        match offer {
            Some(offer) => decline(offer),
            None => self.deliver(Event::Retired(Arc::clone(slot))),
        }
    }

    pub(crate) fn arc(&self) -> Option<Arc<Self>> {
        self.me.upgrade()
    }
}

impl Owner for Link {
    fn post(&self, event: Event) {
        self.deliver(event);
    }

    fn report_all(&self, event: u64, values: &[u64], ends: &Ends) {
        self.monitor.report(event, values, ends);
    }

    fn ask_zap(&self, request: Vec<Msg>, asker: Arc<dyn PeerEnd>) -> Option<ZapDialog> {
        self.context.ask_zap(request, asker)
    }

    fn name(&self) -> SocketName {
        self.name
    }

    fn housekeep(&self) {
        self.handle.housekeep(self);
    }

    fn hwms(&self) -> (usize, usize) {
        let clean = |hwm: i32| usize::try_from(hwm).unwrap_or(0);
        (
            clean(self.sndhwm.load(Ordering::Relaxed)),
            clean(self.rcvhwm.load(Ordering::Relaxed)),
        )
    }

    fn linger(&self) -> Option<Duration> {
        let millis = self.linger.load(Ordering::Relaxed);
        u64::try_from(millis).ok().map(Duration::from_millis)
    }
}
