//! Callers that wait at a hub: one drives it and sleeps on it, the others queue for its place.
//!
//! What they hold meanwhile is given back by guards, since a caller may be cancelled where it sleeps.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::{Duration, Instant};

use super::{Driver, Hub, reactor};
use crate::errno::Result;
use crate::sys::cancel::Shield;
use crate::sys::lock::MutexGuard;
use crate::sys::sleep::Bed;

/// How a wait at a hub ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// Something happened: look again.
    Look,
    /// The time is up.
    TimedOut,
    /// Another thread drives the hub: wait to be told.
    Busy,
}

/// A caller that found the driver's place taken.
pub trait Waiter: Send + Sync {
    /// The place is free, as far as can be seen: come and look. Never blocks.
    fn nudge(&self);
}

/// A caller in the driver's place.
struct InPlace<'a> {
    hub: &'a Hub,
    driver: Option<MutexGuard<'a, Driver>>,
}

impl Drop for InPlace<'_> {
    fn drop(&mut self) {
        if let Some(mut driver) = self.driver.take() {
            // A thread that was cancelled in its sleep. What it was told of is told to nobody else.
            self.hub.sleeping.store(false, Ordering::Relaxed);
            let told = driver.events.told();
            self.hub.dispatch(&mut driver, told);
        }
        self.hub.hand_over();
        self.hub.leave();
    }
}

impl Hub {
    /// Waits until there was something to drive, `ready` says so, [`Hub::wake`] is called, or the
    /// time is up; drives what there is.
    ///
    /// # Errors
    /// `EINTR` if a signal handler ran.
    pub async fn wait(
        &self,
        bed: &Bed,
        timeout: Option<Duration>,
        ready: &dyn Fn() -> bool,
    ) -> Result<Waited> {
        let Some(driver) = self.driver.try_lock() else {
            return Ok(Waited::Busy);
        };
        self.inside.fetch_add(1, Ordering::SeqCst);
        let mut place = InPlace {
            hub: self,
            driver: Some(driver),
        };
        let result = match &mut place.driver {
            Some(driver) => self.wait_driving(bed, driver, timeout, ready).await,
            None => Ok(Waited::Look),
        };
        place.driver = None;
        result
    }

    /// To be called when the driver's lock was given back. Events that came to the I/O thread meanwhile
    /// were left to us, and may have come after our last look; and another caller may wait for the
    /// place, who would else sleep until the ticks notice that nobody drives.
    pub(super) fn hand_over(&self) {
        fence(Ordering::SeqCst);
        if self.missed.load(Ordering::Relaxed) && self.missed.swap(false, Ordering::SeqCst) {
            self.io.drive_soon(self.seat);
        }
        self.nudge_next();
    }

    pub(super) fn nudge_next(&self) {
        if self.queued.load(Ordering::Relaxed) == 0 || self.driver.is_locked() {
            return;
        }
        let next = {
            let mut queue = self.queue.lock();
            let next = queue.pop_front();
            self.queued.store(queue.len(), Ordering::Relaxed);
            next
        };
        if let Some(next) = next {
            next.nudge();
        }
    }

    /// Queues for the driver's place, after [`Waited::Busy`]; the waiter is nudged when it is free. False:
    /// it is free already. [`Hub::step_out`] follows in either case.
    pub fn queue_up(&self, waiter: &Arc<dyn Waiter>) -> bool {
        {
            let mut queue = self.queue.lock();
            queue.push_back(Arc::clone(waiter));
            self.queued.store(queue.len(), Ordering::Relaxed);
        }
        // Pairs with the fence of who leaves: it sees us, or we see that it has left.
        fence(Ordering::SeqCst);
        self.driver.is_locked()
    }

    /// Ends what [`Hub::queue_up`] began. The caller may not come back, so the next one is nudged.
    pub fn step_out(&self, waiter: &Arc<dyn Waiter>) {
        {
            let mut queue = self.queue.lock();
            queue.retain(|queued| !Arc::ptr_eq(queued, waiter));
            self.queued.store(queue.len(), Ordering::Relaxed);
        }
        fence(Ordering::SeqCst);
        self.nudge_next();
    }

    async fn wait_driving(
        &self,
        bed: &Bed,
        driver: &mut Driver,
        timeout: Option<Duration>,
        ready: &dyn Fn() -> bool,
    ) -> Result<Waited> {
        if self.lease_and_look(driver, timeout, ready)? {
            return Ok(Waited::Look);
        }
        self.sleeping.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if ready() {
            self.sleeping.store(false, Ordering::Relaxed);
            return Ok(Waited::Look);
        }
        let began = Instant::now();
        let timeout = if self.has_more() {
            Some(Duration::ZERO)
        } else {
            timeout
        };
        let told = bed
            .on_events(self.epoll_fd, &mut driver.events, timeout)
            .await;
        self.sleeping.store(false, Ordering::Relaxed);
        let any = told.map(|told| self.dispatch(driver, told));
        self.spin.slept(began.elapsed());
        Ok(if any? { Waited::Look } else { Waited::TimedOut })
    }

    /// What comes before a sleep.
    fn lease_and_look(
        &self,
        driver: &mut Driver,
        timeout: Option<Duration>,
        ready: &dyn Fn() -> bool,
    ) -> Result<bool> {
        let _shield = Shield::new();
        self.lease()?;
        let mut failed = None;
        let came = self.spin.look(timeout, || {
            ready()
                || self
                    .drive_once(driver, Some(Duration::ZERO))
                    .unwrap_or_else(|error| {
                        failed = Some(error);
                        true
                    })
        });
        failed.map_or(Ok(came), Err)
    }

    /// Wakes the caller that sleeps in [`Hub::wait`], if one does.
    pub fn wake(&self) {
        fence(Ordering::SeqCst);
        if self.sleeping.load(Ordering::Relaxed) && self.sleeping.swap(false, Ordering::Relaxed) {
            reactor::wake(&self.waker);
        }
    }
}
