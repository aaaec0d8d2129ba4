//! The system's PGM library (RFC 3208; `libpgm`, that is OpenPGM), loaded when it is asked for.
//!
//! A socket that sends or receives behind one safe type. Nothing of ZeroMQ is known here.
//!
//! - `library`: finding it, its functions and their types
//! - `open`: opening a socket
//! - `socket`: what it sends and receives

mod library;
mod open;
mod socket;

pub use open::{Role, Setup};
pub use socket::{Came, Outcome, Socket, Tsi};

/// Whether the library is there. The first call loads it.
#[must_use]
pub fn is_available() -> bool {
    library::Library::ready().is_some()
}
