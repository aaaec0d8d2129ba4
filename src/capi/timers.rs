//! Section "Timers". The set and its rules are [`crate::util::timers`].
//!
//! Handlers run on the caller's thread without any lock held: they may use the same set, and end it.

use std::ffi::{c_int, c_long, c_void};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::args;
use super::handle::Registry;
use super::ret;
use crate::errno::{Errno, Result};
use crate::sys::lock::Mutex;
use crate::util::timers::{Round, TimerSet};

/// Called when a timer is due.
pub type zmq_timer_fn = unsafe extern "C-unwind" fn(timer_id: c_int, arg: *mut c_void);

/// What a timer calls, and with what.
#[derive(Clone, Copy)]
struct Handler {
    function: zmq_timer_fn,
    arg: *mut c_void,
}

// SAFETY: the pointer is only passed through; whose thread may use it is the program's business.
unsafe impl Send for Handler {}

static TIMERS: Registry<Mutex<TimerSet<Handler>>> = Registry::new();

entry! {
    /// Makes an empty set of timers.
    ///
    /// # Safety
    /// None.
    fn zmq_timers_new() -> *mut c_void {
        Ok(TIMERS.add(Arc::new(Mutex::new(TimerSet::new(Instant::now())))))
    }
}

entry! {
    /// Frees a set of timers and sets the pointer to it to NULL.
    ///
    /// # Safety
    /// `timers_p` is NULL or valid for reads and writes; EFAULT if it does not point to a live set.
    fn zmq_timers_destroy(timers_p: *mut *mut c_void) -> c_int {
        // SAFETY: passed on to the caller.
        let handle = unsafe { args::out(timers_p) }?;
        let timers = TIMERS.remove(*handle)?;
        // A handler may be doing this: nothing of the set is called after it.
        timers.lock().clear();
        *handle = std::ptr::null_mut();
        Ok(())
    }
}

entry! {
    /// Adds a timer that calls `handler` every `interval` milliseconds. Returns its id.
    ///
    /// # Safety
    /// `handler` is NULL (EFAULT) or may be called with `arg` by zmq_timers_execute until the timer
    /// is cancelled. EFAULT if `timers` is no live set.
    fn zmq_timers_add(
        timers: *mut c_void,
        interval: usize,
        handler: Option<zmq_timer_fn>,
        arg: *mut c_void,
    ) -> c_int {
        let timers = TIMERS.find(timers)?;
        let handler = Handler { function: handler.ok_or(Errno::EFAULT)?, arg };
        let id = timers.lock().add(milliseconds(interval), handler, Instant::now());
        id.ok_or(Errno::ENOMEM)
    }
}

entry! {
    /// Removes a timer. EINVAL if there is no such timer.
    ///
    /// # Safety
    /// Any pointer will do: EFAULT if `timers` is no live set.
    fn zmq_timers_cancel(timers: *mut c_void, timer_id: c_int) -> c_int {
        found(TIMERS.find(timers)?.lock().cancel(timer_id))
    }
}

entry! {
    /// Gives a timer another interval, which starts now. EINVAL if there is no such timer.
    ///
    /// # Safety
    /// Any pointer will do: EFAULT if `timers` is no live set.
    fn zmq_timers_set_interval(timers: *mut c_void, timer_id: c_int, interval: usize) -> c_int {
        let timers = TIMERS.find(timers)?;
        let interval = milliseconds(interval);
        found(timers.lock().set_interval(timer_id, interval, Instant::now()))
    }
}

entry! {
    /// Starts a timer's interval anew. EINVAL if there is no such timer.
    ///
    /// # Safety
    /// Any pointer will do: EFAULT if `timers` is no live set.
    fn zmq_timers_reset(timers: *mut c_void, timer_id: c_int) -> c_int {
        found(TIMERS.find(timers)?.lock().reset(timer_id, Instant::now()))
    }
}

entry! {
    /// The milliseconds until the next timer is due, 0 if one is, -1 without timers (errno is left
    /// alone then).
    ///
    /// # Safety
    /// Any pointer will do: EFAULT if `timers` is no live set.
    fn zmq_timers_timeout(timers: *mut c_void) -> c_long {
        let left = TIMERS.find(timers)?.lock().timeout(Instant::now());
        let Some(left) = left else {
            return Ok(-1);
        };
        // Rounded up: who sleeps as long as it is told then finds the timer due.
        let left = left.as_nanos().div_ceil(1_000_000);
        Ok(c_long::try_from(left).unwrap_or(c_long::MAX))
    }
}

entry! {
    /// Calls the handler of each timer that is due, the longest overdue first, once each.
    ///
    /// # Safety
    /// The handlers may be called. EFAULT if `timers` is no live set.
    fn zmq_timers_execute(timers: *mut c_void) -> c_int {
        bare {
            let mut round = None;
            loop {
                let mut next = None;
                let result = ret::run("zmq_timers_execute", || {
                    next = next_due(timers, &mut round)?;
                    Ok(())
                });
                let Some((id, Handler { function, arg })) = next else {
                    return result;
                };
                // Nothing is owned, locked or guarded here: the handler may end the thread, throw an exception of
                // C++, or jump away.
                // SAFETY: the program has promised so in `zmq_timers_add`.
                unsafe { function(id, arg) };
            }
        }
    }
}

/// The next timer to call the handler of, in a round that begins with the first one.
fn next_due(timers: *mut c_void, round: &mut Option<Round>) -> Result<Option<(c_int, Handler)>> {
    let timers = match TIMERS.find(timers) {
        Ok(timers) => timers,
        // A handler has ended the set, and so the round.
        Err(_) if round.is_some() => return Ok(None),
        Err(errno) => return Err(errno),
    };
    let mut timers = timers.lock();
    let round = *round.get_or_insert_with(|| timers.round(Instant::now()));
    Ok(timers.fire_next(round).map(|(id, handler)| (id, *handler)))
}

fn milliseconds(interval: usize) -> Duration {
    Duration::from_millis(u64::try_from(interval).unwrap_or(u64::MAX))
}

fn found(found: bool) -> Result<()> {
    if found { Ok(()) } else { Err(Errno::EINVAL) }
}
