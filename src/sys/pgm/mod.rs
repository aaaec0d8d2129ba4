//! The system's PGM library (RFC 3208; `libpgm`, that is OpenPGM), loaded when it is asked for.
//!
//! A socket that sends or receives behind one safe type. Nothing of ZeroMQ is known here.
//!
//! - `library`: finding it, its functions and their types
//! - `socket`: sockets

mod library;
mod socket;

pub use socket::{Came, Outcome, Role, Setup, Socket, Tsi};

/// Whether the library is there. The first call loads it.
#[must_use]
pub fn is_available() -> bool {
    library::Library::ready().is_some()
}
