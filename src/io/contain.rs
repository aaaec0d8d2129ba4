//! Containing a bug: a panic ends what it happened in, not the thread or the process.

use std::any::Any;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `run`; a panic in there is reported as one in `what` and answers `None`.
///
/// What `run` worked on may be left half changed: the caller gives it up, or has nothing that could be.
pub(crate) fn contain<T>(what: &str, run: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => Some(result),
        Err(panic) => {
            report(what, panic);
            None
        }
    }
}

/// Says in one line on standard error that there was an internal error.
///
/// The hook has printed message and place already, unless the program replaced it. Neither this line
/// nor the payload may start a second panic: errors are ignored, and the payload, whose destructor
/// could be anybody's, is leaked.
#[cold]
pub(crate) fn report(what: &str, panic: Box<dyn Any + Send>) {
    let _ = writeln!(std::io::stderr(), "ferrozmq: internal error in {what}");
    std::mem::forget(panic);
}
