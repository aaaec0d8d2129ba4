//! Sleeps in which a thread can be cancelled.
//!
//! A call that waits holds things while it sleeps: a place at a hub, a list of sockets, a message. And it runs inside of
//! a guard against panics. Neither may be on the stack of a thread that is cancelled (see `cancel`). So calls that
//! wait are written as futures. One that must sleep says so to its [`Bed`] and stops; whoever runs it then sleeps in its place,
//! with nothing on the stack, and has it go on. If the thread is cancelled meanwhile, it drops the future
//! on its way out, and with it what the call held.
//!
//! There is no executor, no waker and no other thread in this: a future here is a call that can be left.

use std::cell::Cell;
use std::ffi::{c_int, c_long, c_void};
use std::future::{Future, poll_fn};
use std::mem::ManuallyDrop;
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr;
use std::sync::atomic::AtomicU32;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::cancel;
use super::epoll::{Events, milliseconds};
use super::futex::{FOREVER, timespec};
use crate::errno::{Errno, Result};

// libc's declarations of these let nothing unwind, as a cancelled thread does.
#[allow(
    clashing_extern_declarations,
    reason = "differ from libc's in the unwinding only"
)]
unsafe extern "C-unwind" {
    fn epoll_wait(
        epoll: c_int,
        events: *mut libc::epoll_event,
        room: c_int,
        timeout: c_int,
    ) -> c_int;
    fn ppoll(
        set: *mut libc::pollfd,
        count: libc::nfds_t,
        timeout: *const libc::timespec,
        mask: *const libc::sigset_t,
    ) -> c_int;
    fn syscall(number: c_long, ...) -> c_long;
    fn nanosleep(time: *const libc::timespec, left: *mut libc::timespec) -> c_int;
}

/// What to sleep on. The pointers are good as long as the future that asks for it is stopped where it asks.
#[derive(Clone, Copy)]
enum Wish {
    Word {
        word: *mut u32,
        expected: u32,
        timeout: libc::timespec,
    },
    Events {
        epoll: RawFd,
        events: *mut libc::epoll_event,
        room: c_int,
        timeout: c_int,
    },
    Descriptors {
        set: *mut libc::pollfd,
        count: libc::nfds_t,
        timeout: Option<libc::timespec>,
        mask: *const libc::sigset_t,
    },
}

/// Where a call that waits says what it would sleep on, and is told how that ended.
pub struct Bed {
    wish: Cell<Option<Wish>>,
    /// What the system call returned, and the error if that was -1.
    outcome: Cell<(c_long, Errno)>,
}

impl std::fmt::Debug for Bed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bed")
    }
}

impl Bed {
    const fn new() -> Self {
        Self {
            wish: Cell::new(None),
            outcome: Cell::new((0, Errno(0))),
        }
    }

    /// As [`super::futex::wait`].
    ///
    /// # Errors
    /// As there.
    pub async fn on_word(
        &self,
        word: &AtomicU32,
        expected: u32,
        timeout: Option<Duration>,
    ) -> Result<()> {
        let wish = Wish::Word {
            word: word.as_ptr(),
            expected,
            timeout: timespec(timeout.unwrap_or(FOREVER).min(FOREVER)),
        };
        self.sleep(wish).await.map(|_| ())
    }

    /// As [`Events::wait`]. After a cancellation, `events` has what came before it.
    ///
    /// # Errors
    /// As there.
    pub async fn on_events(
        &self,
        epoll: RawFd,
        events: &mut Events,
        timeout: Option<Duration>,
    ) -> Result<usize> {
        let (events, room) = events.room();
        let timeout = milliseconds(timeout);
        let wish = Wish::Events {
            epoll,
            events,
            room,
            timeout,
        };
        self.sleep(wish).await
    }

    /// As [`super::poll::poll`].
    ///
    /// # Errors
    /// As there.
    pub async fn on_descriptors(
        &self,
        set: &mut [libc::pollfd],
        timeout: Option<Duration>,
        mask: Option<&libc::sigset_t>,
    ) -> Result<usize> {
        let wish = Wish::Descriptors {
            set: set.as_mut_ptr(),
            count: set.len() as libc::nfds_t,
            timeout: timeout.map(|timeout| timespec(timeout.min(FOREVER))),
            mask: mask.map_or(ptr::null(), ptr::from_ref),
        };
        self.sleep(wish).await
    }

    /// Stops the future until somebody has slept for it.
    async fn sleep(&self, wish: Wish) -> Result<usize> {
        let mut wish = Some(wish);
        poll_fn(|_| match wish.take() {
            Some(wish) => {
                self.wish.set(Some(wish));
                Poll::Pending
            }
            None => Poll::Ready(()),
        })
        .await;
        let (value, errno) = self.outcome.get();
        usize::try_from(value).map_err(|_| errno)
    }

    /// Sleeps for the future that has stopped.
    ///
    /// # Safety
    /// The future is where it stopped, and nobody runs or drops it meanwhile; a cancelled thread may when it leaves here. The
    /// callers own nothing.
    #[inline(never)]
    unsafe fn lie_down(&self) {
        let Some(wish) = self.wish.take() else { return };
        let (value, errno) = match wish {
            Wish::Word {
                word,
                expected,
                timeout,
            } => {
                let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
                // SAFETY: the caller's promise, for the word.
                unsafe { sleep_on_word(word, operation, expected, &raw const timeout) }
            }
            Wish::Events {
                epoll,
                events,
                room,
                timeout,
            } => {
                // SAFETY: there is room for so many, by the caller's promise.
                outcome(unsafe { epoll_wait(epoll, events, room, timeout) }.into())
            }
            Wish::Descriptors {
                set,
                count,
                timeout,
                mask,
            } => {
                let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
                // SAFETY: there are so many, and what is not NULL is good, by the caller's promise.
                outcome(unsafe { ppoll(set, count, timeout, mask) }.into())
            }
        };
        self.outcome.set((value, errno));
    }
}

/// Not part of its caller, and without anything to be done when it is unwound: the thread may end at any of its
/// instructions.
///
/// # Safety
/// `word` and `timeout` are good for the length of the call.
#[inline(never)]
unsafe fn sleep_on_word(
    word: *mut u32,
    operation: c_int,
    expected: u32,
    timeout: *const libc::timespec,
) -> (c_long, Errno) {
    // SAFETY: the kernel compares the word and reads the timeout. Nothing else happens, and nothing is owned here.
    let call = || unsafe { syscall(libc::SYS_futex, word, operation, expected, timeout) };
    // SAFETY: as said.
    let outcome = outcome(unsafe { cancel::at_any_time(call) });
    cancel::settle();
    outcome
}

/// What a system call returned, with its error.
fn outcome(value: c_long) -> (c_long, Errno) {
    (value, if value == -1 { Errno::last() } else { Errno(0) })
}

/// Runs a call that waits to its end. For callers whose thread nobody cancels, or that do not let the call sleep.
pub fn block_on<T>(call: impl AsyncFnOnce(&Bed) -> T) -> T {
    let bed = Bed::new();
    let mut future = std::pin::pin!(call(&bed));
    loop {
        if let Poll::Ready(result) = go_on(future.as_mut()) {
            return result;
        }
        // SAFETY: the future is where it stopped, until the next turn. Nobody cancels the thread.
        unsafe { bed.lie_down() };
    }
}

/// As [`block_on`], and the thread may be cancelled while the call sleeps: then the call is dropped where it is, and
/// the thread unwound. The callers own nothing. Else the result, or the panic that ended the call.
#[inline(always)]
pub fn block_on_cancellably<T>(call: impl AsyncFnOnce(&Bed) -> T) -> std::thread::Result<T> {
    let bed = Bed::new();
    let mut future = ManuallyDrop::new(call(&bed));
    // SAFETY: the future stays where it is, and is dropped there, here or in `run`.
    unsafe { run(&bed, &raw mut *future) }
}

/// # Safety
/// The future is valid and is not used after this.
#[inline(always)]
unsafe fn run<F: Future>(bed: &Bed, future: *mut F) -> std::thread::Result<F::Output> {
    loop {
        let step = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: valid by contract; used by nobody else meanwhile.
            let future = unsafe { &mut *future };
            // SAFETY: it is never moved.
            go_on(unsafe { Pin::new_unchecked(future) })
        }));
        let result = match step {
            Ok(Poll::Pending) => {
                // SAFETY: the future is where it stopped, and used by nobody until the sleep is over or the thread
                // ends.
                unsafe { lie_down_for(bed, future) };
                continue;
            }
            Ok(Poll::Ready(result)) => Ok(result),
            Err(panic) => Err(panic),
        };
        // SAFETY: valid by contract, and not used again.
        let end = AssertUnwindSafe(|| unsafe { ptr::drop_in_place(future) });
        return catch_unwind(end).and(result);
    }
}

/// # Safety
/// As [`Bed::lie_down`], for `future`, which is dropped when the thread is cancelled.
#[inline(never)]
unsafe fn lie_down_for<F: Future>(bed: &Bed, future: *mut F) {
    // SAFETY: by contract.
    let sleep = || unsafe { bed.lie_down() };
    // SAFETY: the future is dropped once only, since its thread comes back or is cancelled.
    unsafe { cancel::with_routine(leave::<F>, future.cast(), sleep) };
}

/// What a thread does that was cancelled: drops the call that it was in.
///
/// # Safety
/// `future` is one, valid and not used after this.
unsafe extern "C" fn leave<F>(future: *mut c_void) {
    // SAFETY: by contract.
    let end = AssertUnwindSafe(|| unsafe { ptr::drop_in_place(future.cast::<F>()) });
    // A panic is a bug of ours, and has been told of by the hook. What it has left undone is left.
    std::mem::forget(catch_unwind(end));
}

#[inline(always)]
fn go_on<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Sleeps for a time, whatever signals come. A cancellation point, so the callers own nothing.
pub fn pause(time: Duration) {
    let mut left = timespec(time);
    let place = &raw mut left;
    // SAFETY: reads a time and writes what is left of it.
    while unsafe { nanosleep(place, place) } == -1 && Errno::last() == Errno::EINTR {}
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Option<Duration> = Some(Duration::from_millis(1));

    #[test]
    fn sleeps_end_as_the_calls_below_do() {
        let word = AtomicU32::new(1);
        let on_word = |expected| block_on(async |bed| bed.on_word(&word, expected, SHORT).await);
        assert_eq!(on_word(0), Err(Errno::EAGAIN));
        assert_eq!(on_word(1), Err(Errno::ETIMEDOUT));
        let none = block_on(async |bed| bed.on_descriptors(&mut [], SHORT, None).await);
        assert_eq!(none, Ok(0));
        let mut events = Events::with_capacity(1);
        let bad = block_on(async |bed| bed.on_events(-1, &mut events, SHORT).await);
        assert_eq!(
            bad,
            Err(Errno::from_io(&std::io::Error::from_raw_os_error(
                libc::EBADF
            )))
        );
    }

    /// Notes when it is dropped.
    struct Held<'a>(&'a Cell<u32>);

    impl Drop for Held<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    #[test]
    fn what_a_call_holds_is_dropped_once() {
        let (word, dropped) = (AtomicU32::new(0), Cell::new(0));
        let result = block_on_cancellably(async |bed| {
            let _held = Held(&dropped);
            let _ = bed.on_word(&word, 0, SHORT).await;
            assert_eq!(dropped.get(), 0);
            7
        });
        assert_eq!(result.ok(), Some(7));
        assert_eq!(dropped.get(), 1);
        let result = block_on_cancellably(async |bed| {
            let _held = Held(&dropped);
            let _ = bed.on_word(&word, 0, SHORT).await;
            if dropped.get() == 1 {
                std::panic::resume_unwind(Box::new(()));
            }
        });
        assert!(result.is_err());
        assert_eq!(dropped.get(), 2);
    }

    /// As a thread that is cancelled does, here without one.
    #[test]
    fn a_call_that_is_left_is_dropped_where_it_stopped() {
        let (word, dropped, went_on) = (AtomicU32::new(0), Cell::new(0), Cell::new(false));
        let bed = Bed::new();
        let call = async |bed: &Bed| {
            let _held = Held(&dropped);
            let _ = bed.on_word(&word, 0, None).await;
            went_on.set(true);
        };
        let mut future = ManuallyDrop::new(call(&bed));
        // SAFETY: never moved, and dropped below.
        assert!(go_on(unsafe { Pin::new_unchecked(&mut *future) }).is_pending());
        let place = &raw mut *future;
        fn leave_it<F: Future>(future: *mut F) {
            // SAFETY: the caller's, not used again.
            unsafe { leave::<F>(future.cast()) };
        }
        leave_it(place);
        assert!(!went_on.get());
        assert_eq!(dropped.get(), 1);
    }
}
