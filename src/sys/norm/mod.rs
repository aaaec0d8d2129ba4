//! The system's NORM library (RFC 5740; `libnorm`), loaded when it is asked for.
//!
//! A session with what belongs to it behind one safe type: the library's thread, the stream that is sent, the
//! streams that come. All of it ends with that. Nothing of ZeroMQ is known here.
//!
//! - `library`: finding it, its functions and their types
//! - `session`: sessions

mod library;
mod session;

pub use session::{Congestion, Event, SenderId, SenderSetup, Session, Setup, StreamId};

/// Whether the library is there. The first call loads it.
#[must_use]
pub fn is_available() -> bool {
    library::Library::get().is_some()
}

#[cfg(test)]
mod tests;
