//! The utilities of `zmq.h` that have nothing to do with sockets, as safe Rust.
//!
//! - `counter`: a number that threads count up and down
//! - `stopwatch`: the time since a moment
//! - `timers`: a set of repeating timers; takes the time as an argument
//! - `z85`: binary data as printable text (RFC 32)
//!
//! No I/O, no pointers, no `errno`: C's side of them is in `capi`.
#![forbid(unsafe_code)]

pub mod counter;
pub mod stopwatch;
pub mod timers;
pub mod z85;
