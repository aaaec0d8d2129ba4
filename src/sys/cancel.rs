//! Cancellation of threads (`pthread_cancel(3)`): where it may end the calling one, and where not.
//!
//! A cancelled thread is unwound by the C library, from whatever cancellation point it is at. Through frames that
//! hold locks, own something or catch panics, that may not happen. So most of the library is at no cancellation
//! point: what makes system calls that are some does so behind a [`Shield`], or has the kernel called directly, which is none.
//! Where a thread may be ended are [`point`] and the sleeps of `super::sleep`, and above those are no frames of ours
//! but such as own nothing.

use std::ffi::{c_int, c_void};
use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::Deref;
use std::ptr;

const DISABLE: c_int = 1;
const ASYNCHRONOUS: c_int = 1;

// As in libc's headers, and unlike any declaration of Rust's: these may unwind.
#[allow(
    clashing_extern_declarations,
    reason = "differ from libc's in the unwinding only"
)]
unsafe extern "C-unwind" {
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
    fn pthread_setcanceltype(kind: c_int, before: *mut c_int) -> c_int;
    fn pthread_testcancel();
    fn read(fd: c_int, data: *mut c_void, size: usize) -> isize;
    fn _pthread_cleanup_push(buffer: *mut Buffer, routine: Routine, arg: *mut c_void);
    fn _pthread_cleanup_pop(buffer: *mut Buffer, execute: c_int);
}

/// What a cancelled thread calls on its way out.
pub(super) type Routine = unsafe extern "C" fn(arg: *mut c_void);
/// Room for what the C library notes of a [`Routine`]: at most five words.
type Buffer = MaybeUninit<[*mut c_void; 8]>;

/// Keeps the calling thread from being cancelled, until it is dropped. A cancellation that comes meanwhile waits
/// for the next cancellation point.
#[derive(Debug)]
pub struct Shield {
    before: c_int,
    /// It is the thread's.
    not_send: PhantomData<*const ()>,
}

impl Shield {
    /// From now on.
    #[inline]
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it does something")]
    pub fn new() -> Self {
        Self {
            before: disable(),
            not_send: PhantomData,
        }
    }
}

impl Drop for Shield {
    #[inline]
    fn drop(&mut self) {
        restore(self.before);
    }
}

/// Something at whose end there are cancellation points (a descriptor is closed), and which may end anywhere.
#[derive(Debug)]
pub struct Shielded<T>(ManuallyDrop<T>);

impl<T> Shielded<T> {
    /// Wraps it.
    pub const fn new(inner: T) -> Self {
        Self(ManuallyDrop::new(inner))
    }
}

impl<T> Deref for Shielded<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Drop for Shielded<T> {
    fn drop(&mut self) {
        let _shield = Shield::new();
        // SAFETY: not used again.
        unsafe { ManuallyDrop::drop(&mut self.0) };
    }
}

/// Keeps the calling thread from being cancelled; how it was before. For callers that may own nothing.
#[inline]
#[must_use]
pub fn disable() -> c_int {
    let mut before = DISABLE;
    // SAFETY: writes `before`. It fails for unknown states only.
    unsafe { pthread_setcancelstate(DISABLE, &raw mut before) };
    before
}

/// Ends what [`disable`] began. A thread that may be cancelled at any instruction may end here.
#[inline]
pub fn restore(before: c_int) {
    if before != DISABLE {
        // SAFETY: a state that the thread had. It is told nothing back.
        unsafe { pthread_setcancelstate(before, ptr::null_mut()) };
    }
}

/// A cancellation point: the thread ends here if it was cancelled, so nothing above may own anything.
#[inline]
pub fn point() {
    // SAFETY: has no requirements. What it unwinds owns nothing, as said above.
    unsafe { pthread_testcancel() };
}

/// Runs `sleep`, a cancellation point; a thread that is ended there calls `routine` with `arg` first.
///
/// # Safety
/// `routine` may be called with `arg`, once, on this thread while `sleep` runs. The callers own nothing.
#[inline(always)]
pub(super) unsafe fn with_routine<T>(
    routine: Routine,
    arg: *mut c_void,
    sleep: impl FnOnce() -> T,
) -> T {
    let mut buffer = Buffer::uninit();
    let buffer = &raw mut buffer;
    // SAFETY: the buffer is taken off again below, before it goes, and else on the thread's way out.
    unsafe { _pthread_cleanup_push(buffer, routine, arg) };
    let result = sleep();
    // SAFETY: what was put there last.
    unsafe { _pthread_cleanup_pop(buffer, 0) };
    result
}

/// Runs `call`, a system call that the C library knows as no cancellation point, as one. [`settle`] must follow.
///
/// The thread may be ended at any instruction in here. So nothing is, but the call.
///
/// # Safety
/// `call` is a system call and nothing else; it and the callers own nothing.
#[inline(always)]
pub(super) unsafe fn at_any_time<T>(call: impl FnOnce() -> T) -> T {
    let mut before = 0;
    // SAFETY: writes `before`.
    unsafe { pthread_setcanceltype(ASYNCHRONOUS, &raw mut before) };
    let result = call();
    // SAFETY: what the thread had; writes what nobody looks at.
    unsafe { pthread_setcanceltype(before, &raw mut before) };
    result
}

/// To be called after [`at_any_time`], when what it returned is saved. A cancellation point.
///
/// The signal of a cancellation that began meanwhile may still be on its way. Before its release 2.41 the GNU C library
/// ends the thread when it comes within a system call of its own, even behind a [`Shield`]. Such calls wait for the
/// signal at their end, if it is announced before they begin: this one does nothing else.
pub(super) fn settle() {
    // SAFETY: there is no such descriptor, so that nothing is read.
    unsafe { read(-1, ptr::null_mut(), 0) };
}
