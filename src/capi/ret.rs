//! From `Result` to C: return values, `errno` and the panic guard.
//!
//! The only place that writes `errno`. The C type of a function decides how it reports failure;
//! conventions beyond that have a named type here ([`Length`]).

use std::any::Any;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::errno::{Errno, Result};
use crate::sys::cancel::{self, Shield};
use crate::sys::sleep::{self, Bed};

/// The value with which a C type says that `errno` has the reason.
pub(super) trait Failure {
    const FAILURE: Self;
}

macro_rules! failure {
    ($($type:ty: $value:expr),* $(,)?) => {
        $(impl Failure for $type { const FAILURE: Self = $value; })*
    };
}

failure!(i32: -1, i64: -1, u32: 0, u64: 0, usize: 0, (): ());

impl<T> Failure for *mut T {
    const FAILURE: Self = std::ptr::null_mut();
}

impl<T> Failure for *const T {
    const FAILURE: Self = std::ptr::null();
}

/// A successful result as the C function returns it.
pub(super) trait IntoC<C> {
    fn into_c(self) -> C;
}

impl<T: Failure> IntoC<T> for T {
    #[inline]
    fn into_c(self) -> T {
        self
    }
}

/// Functions that have nothing to tell return 0.
impl IntoC<c_int> for () {
    #[inline]
    fn into_c(self) -> c_int {
        0
    }
}

impl IntoC<c_int> for bool {
    #[inline]
    fn into_c(self) -> c_int {
        c_int::from(self)
    }
}

/// A number of bytes or items returned as `int`: at most `INT_MAX`, whatever the true size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Length(pub(super) usize);

impl IntoC<c_int> for Length {
    #[inline]
    fn into_c(self) -> c_int {
        c_int::try_from(self.0).unwrap_or(c_int::MAX)
    }
}

/// Runs the body of the exported function `name` and converts what it yields.
///
/// A panic is a bug in this library: it is reported in one line on standard error and becomes
/// `ENOTRECOVERABLE`, because it must not unwind into C.
#[inline(always)]
pub(super) fn run<C: Failure, T: IntoC<C>>(
    name: &'static str,
    body: impl FnOnce() -> Result<T>,
) -> C {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value.into_c(),
        Ok(Err(errno)) => fail(errno),
        Err(panic) => fail(report(name, panic)),
    }
}

/// As [`run`], for functions that may sleep: `quick`, `once` if that comes to nothing, and at last `waits`. The thread
/// may be cancelled after the first, and in the sleeps of the last. The callers own nothing.
#[inline(always)]
pub(super) fn run_or_wait<C: Failure, T: IntoC<C>>(
    name: &'static str,
    quick: impl FnOnce() -> Result<Option<T>>,
    once: impl FnOnce() -> Result<Option<T>>,
    waits: impl AsyncFnOnce(&Bed) -> Result<T>,
) -> C {
    run_or(name, quick, || {
        cancel::point();
        run_or(name, once, || wait(name, waits))
    })
}

/// What `body` yields, or what `otherwise` does if that is nothing.
#[inline(always)]
fn run_or<C: Failure, T: IntoC<C>>(
    name: &'static str,
    body: impl FnOnce() -> Result<Option<T>>,
    otherwise: impl FnOnce() -> C,
) -> C {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(Some(value))) => value.into_c(),
        Ok(Ok(None)) => otherwise(),
        Ok(Err(errno)) => fail(errno),
        Err(panic) => fail(report(name, panic)),
    }
}

/// The future of a call that has to wait is large, and made for those alone.
#[inline(never)]
fn wait<C: Failure, T: IntoC<C>>(
    name: &'static str,
    waits: impl AsyncFnOnce(&Bed) -> Result<T>,
) -> C {
    match sleep::block_on_cancellably(waits) {
        Ok(Ok(value)) => value.into_c(),
        Ok(Err(errno)) => fail(errno),
        Err(panic) => fail(report(name, panic)),
    }
}

/// Where the calling thread's `errno` is.
#[inline(always)]
fn errno_place() -> *mut c_int {
    // SAFETY: has no requirements.
    unsafe { libc::__errno_location() }
}

/// The calling thread's `errno`.
#[inline]
pub(super) fn errno() -> c_int {
    // SAFETY: always valid in the thread that asked for it.
    unsafe { *errno_place() }
}

#[inline]
pub(super) fn set_errno(value: c_int) {
    // SAFETY: as in `errno`.
    unsafe { *errno_place() = value };
}

/// Calls `f`; if it succeeds, `errno` reads as before, whatever the system calls beneath did to it.
#[inline(always)]
pub(super) fn keep_errno<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = errno();
    let result = f();
    if result.is_ok() {
        set_errno(before);
    }
    result
}

/// As [`keep_errno`], for what may sleep.
pub(super) async fn keep_errno_meanwhile<T>(f: impl Future<Output = Result<T>>) -> Result<T> {
    let before = errno();
    let result = f.await;
    if result.is_ok() {
        set_errno(before);
    }
    result
}

#[cold]
#[inline(never)]
fn fail<C: Failure>(errno: Errno) -> C {
    set_errno(errno.0);
    C::FAILURE
}

#[cold]
#[inline(never)]
fn report(name: &str, panic: Box<dyn Any + Send>) -> Errno {
    let _shield = Shield::new();
    crate::runtime::report_panic(name, panic);
    Errno::ENOTRECOVERABLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_decide_how_failure_looks() {
        assert_eq!(run::<c_int, ()>("f", || Err(Errno::EAGAIN)), -1);
        assert_eq!(errno(), Errno::EAGAIN.0);
        assert_eq!(run::<i64, i64>("f", || Err(Errno::EFAULT)), -1);
        assert_eq!(run::<usize, usize>("f", || Err(Errno::EFAULT)), 0);
        assert!(run::<*mut u8, *mut u8>("f", || Err(Errno::ETERM)).is_null());
        assert_eq!(errno(), Errno::ETERM.0);
    }

    #[test]
    fn success_leaves_errno_alone() {
        set_errno(77);
        assert_eq!(run::<c_int, ()>("f", || Ok(())), 0);
        let result = keep_errno(|| {
            set_errno(5);
            Ok(Length(3))
        });
        assert_eq!(run::<c_int, _>("f", || result), 3);
        assert_eq!(errno(), 77);
        set_errno(0);
    }

    #[test]
    fn lengths_end_at_int_max() {
        assert_eq!(IntoC::<c_int>::into_c(Length(usize::MAX)), c_int::MAX);
        assert_eq!(IntoC::<c_int>::into_c(Length(12)), 12);
    }

    #[test]
    fn a_panic_becomes_an_error() {
        let result = run::<c_int, ()>("a_test_that_panics_on_purpose", || {
            // Not `panic!`: its message in the log of a passing test would only confuse.
            std::panic::resume_unwind(Box::new(()))
        });
        assert_eq!((result, errno()), (-1, Errno::ENOTRECOVERABLE.0));
    }
}
