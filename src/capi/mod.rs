//! The C ABI: every function, type and constant of `zmq.h`. Pointers and `errno` stop here.
//!
//! An entry point turns raw pointers into checked values, calls the layer below and hands its
//! `Result` to `ret`; logic belongs to `runtime`, `msg` or `util`. There is one file per section
//! of the header, in the header's order, and the header is generated from these files (constants,
//! types, prototypes and comments; `tests/header`), so the comments here are written for readers
//! of C. What one more exported function needs: an `entry!`, its name in `exports.rs`, and
//! `UPDATE_HEADER=1 cargo test --test header`.
//!
//! - plumbing: `ret` (results, `errno`, the panic guard), `args` (pointers), `handle` (registries)
//! - stable: `errors`, `context`, `message`, `socket`, `option`, `transfer`, `monitor`, `poll`,
//!   `proxy`, `capability`, `legacy`, `curve`, `atomic`, `timers`, `helpers`
//! - draft: `draft`, `draft_option`, `poller`
#![allow(non_camel_case_types, reason = "the types keep their names from zmq.h")]

/// Writes one exported function.
///
/// The body yields `Result<T, Errno>`; `ret` turns it into what the C function returns, once for
/// each C type, and sets `errno` if it failed. A panic inside ends as `ENOTRECOVERABLE`. The thread is not cancelled
/// inside. There are other forms of the body than a block:
///
/// - `plain { .. }`: for functions without system calls, whose callers count nanoseconds. A free function that may be
///   called is looked after where it is called.
/// - `quick { .. } once { .. } waits |bed| { .. }`, or only the last: for functions that may sleep, in which the thread may be cancelled. The
///   last body is that of a future, and `bed` takes what it sleeps on. The others do what can be done without (`Some`), or leave it to the
///   next one (`None`): the first what takes a few instructions, the second whatever does not have to wait.
/// - `bare { .. }`: for functions in which the program's own run, or the system's that may be left. The body yields what
///   C gets, owns nothing where it calls such a function, and guards the rest by itself.
///
/// The generator of the header reads the text of these blocks: one function each, signature first.
macro_rules! entry {
    (
        $(#[$attribute:meta])*
        fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)? {
            plain $body:block
        }
    ) => {
        $(#[$attribute])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $name($($arg: $type),*) $(-> $ret)? {
            $crate::capi::ret::run(stringify!($name), || -> $crate::errno::Result<_> { $body })
        }
    };
    (
        $(#[$attribute:meta])*
        fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)? {
            quick $quick:block
            once $once:block
            waits |$bed:ident| $body:block
        }
    ) => {
        $(#[$attribute])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $name($($arg: $type),*) $(-> $ret)? {
            $crate::capi::ret::run_or_wait(
                stringify!($name),
                || -> $crate::errno::Result<Option<_>> { $quick },
                || -> $crate::errno::Result<Option<_>> { $once },
                async |$bed: &$crate::sys::sleep::Bed| -> $crate::errno::Result<_> { $body },
            )
        }
    };
    (
        $(#[$attribute:meta])*
        fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)? {
            waits |$bed:ident| $body:block
        }
    ) => {
        entry! {
            $(#[$attribute])*
            fn $name($($arg: $type),*) $(-> $ret)? {
                quick { Ok(None) }
                once { Ok(None) }
                waits |$bed| $body
            }
        }
    };
    (
        $(#[$attribute:meta])*
        fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)? {
            bare $body:block
        }
    ) => {
        $(#[$attribute])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $name($($arg: $type),*) $(-> $ret)? { $body }
    };
    (
        $(#[$attribute:meta])*
        fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)? $body:block
    ) => {
        $(#[$attribute])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $name($($arg: $type),*) $(-> $ret)? {
            let state = $crate::sys::cancel::disable();
            let result = $crate::capi::ret::run(
                stringify!($name),
                || -> $crate::errno::Result<_> { $body },
            );
            $crate::sys::cancel::restore(state);
            result
        }
    };
}

mod args;
mod handle;
mod ret;

pub mod atomic;
pub mod capability;
pub mod context;
pub mod curve;
pub mod draft;
pub mod draft_option;
pub mod errors;
pub mod helpers;
pub mod legacy;
pub mod message;
pub mod monitor;
pub mod option;
pub mod poll;
pub mod poller;
pub mod proxy;
pub mod socket;
pub mod timers;
pub mod transfer;

#[cfg(test)]
mod tests;

pub use message::{zmq_free_fn, zmq_msg_t};
pub use poll::{zmq_fd_t, zmq_pollitem_t};
pub use poller::zmq_poller_event_t;
