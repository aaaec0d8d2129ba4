//! Section "Helpers": stopwatch, sleep, threads.

use std::ffi::{c_int, c_ulong, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::time::Duration;

use super::ret::{self, errno, keep_errno, set_errno};
use crate::errno::{Errno, Result};
use crate::sys::{sleep, thread};
use crate::util::stopwatch::Stopwatch;

/// The body of a thread.
pub type zmq_thread_fn = unsafe extern "C-unwind" fn(arg: *mut c_void);

entry! {
    /// Starts a stopwatch.
    ///
    /// # Safety
    /// None.
    fn zmq_stopwatch_start() -> *mut c_void {
        plain {
            Ok(Box::into_raw(Box::new(Stopwatch::start())).cast::<c_void>())
        }
    }
}

entry! {
    /// The microseconds since a stopwatch was started.
    ///
    /// # Safety
    /// `watch` is NULL (EFAULT, 0) or a running stopwatch.
    fn zmq_stopwatch_intermediate(watch: *mut c_void) -> c_ulong {
        plain {
            // SAFETY: made by `zmq_stopwatch_start` unless NULL.
            let watch = unsafe { watch.cast::<Stopwatch>().as_ref() }.ok_or(Errno::EFAULT)?;
            Ok(elapsed(watch))
        }
    }
}

entry! {
    /// The microseconds since a stopwatch was started; the stopwatch is freed.
    ///
    /// # Safety
    /// `watch` is NULL (EFAULT, 0) or a running stopwatch that nobody uses any more.
    fn zmq_stopwatch_stop(watch: *mut c_void) -> c_ulong {
        plain {
            if watch.is_null() {
                return Err(Errno::EFAULT);
            }
            // SAFETY: made by `zmq_stopwatch_start`, and the caller gives it up.
            let watch = unsafe { Box::from_raw(watch.cast::<Stopwatch>()) };
            Ok(elapsed(&watch))
        }
    }
}

entry! {
    /// Sleeps for a number of seconds.
    ///
    /// # Safety
    /// None.
    fn zmq_sleep(seconds: c_int) {
        bare {
            let before = errno();
            // Nothing in it can panic, and nothing is owned: a thread may be cancelled here.
            sleep::pause(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
            set_errno(before);
        }
    }
}

entry! {
    /// Starts a thread that runs `func (arg)` with all signals blocked. NULL with EAGAIN if the
    /// system has none left. To be ended with zmq_threadclose.
    ///
    /// # Safety
    /// `func` is NULL (EFAULT) or may be called with `arg` on another thread.
    fn zmq_threadstart(func: Option<zmq_thread_fn>, arg: *mut c_void) -> *mut c_void {
        let body = Body { function: func.ok_or(Errno::EFAULT)?, arg };
        keep_errno(|| spawn(body))
    }
}

entry! {
    /// Waits until a thread has ended, and frees what belongs to it.
    ///
    /// # Safety
    /// `thread` is NULL (EFAULT) or comes from zmq_threadstart and has not been closed.
    fn zmq_threadclose(thread: *mut c_void) {
        bare {
            let result = if thread.is_null() {
                Errno::EFAULT.0
            } else {
                // Nothing is owned: who waits may be cancelled, and then the other thread is still to be closed.
                // SAFETY: made by `spawn`, and closed once only.
                let number = unsafe { *thread.cast::<libc::pthread_t>() };
                // SAFETY: a thread that nobody has joined yet.
                unsafe { pthread_join(number, ptr::null_mut()) }
            };
            ret::run("zmq_threadclose", || {
                if result != 0 {
                    return Err(Errno(result));
                }
                // SAFETY: made by `spawn`, and the caller gives it up.
                drop(unsafe { Box::from_raw(thread.cast::<libc::pthread_t>()) });
                Ok(())
            })
        }
    }
}

/// What a thread runs.
struct Body {
    function: zmq_thread_fn,
    arg: *mut c_void,
}

// libc's own declaration lets nothing unwind out of the thread. Here `pthread_exit` and
// cancellation may, since C programs end threads in these ways; std's threads would abort.
#[allow(
    clashing_extern_declarations,
    reason = "differs from libc's in the unwinding only"
)]
unsafe extern "C" {
    fn pthread_create(
        thread: *mut libc::pthread_t,
        attributes: *const libc::pthread_attr_t,
        start: unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void,
        arg: *mut c_void,
    ) -> c_int;
}

#[allow(
    clashing_extern_declarations,
    reason = "differs from libc's in the unwinding only"
)]
unsafe extern "C-unwind" {
    fn pthread_join(thread: libc::pthread_t, result: *mut *mut c_void) -> c_int;
}

fn spawn(body: Body) -> Result<*mut c_void> {
    let body = Box::into_raw(Box::new(body));
    let mut thread = MaybeUninit::<libc::pthread_t>::uninit();
    let result = thread::with_signals_blocked(|| {
        // SAFETY: default attributes; `start` frees the body, on the new thread.
        unsafe { pthread_create(thread.as_mut_ptr(), ptr::null(), start, body.cast()) }
    });
    if result != 0 {
        // SAFETY: no thread has come to be that could have taken it.
        drop(unsafe { Box::from_raw(body) });
        return Err(Errno(result));
    }
    // SAFETY: written on success.
    let thread = unsafe { thread.assume_init() };
    Ok(Box::into_raw(Box::new(thread)).cast())
}

unsafe extern "C-unwind" fn start(body: *mut c_void) -> *mut c_void {
    // SAFETY: what `spawn` passed on.
    let Body { function, arg } = *unsafe { Box::from_raw(body.cast::<Body>()) };
    thread::set_name("ZMQapp");
    // Nothing on this stack has a destructor now: the function may end the thread.
    // SAFETY: the program has promised so in `zmq_threadstart`.
    unsafe { function(arg) };
    ptr::null_mut()
}

fn elapsed(watch: &Stopwatch) -> c_ulong {
    c_ulong::try_from(watch.elapsed().as_micros()).unwrap_or(c_ulong::MAX)
}
