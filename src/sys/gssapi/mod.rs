//! The system's GSS-API library (RFC 2743, C bindings of RFC 2744), loaded when it is asked for.
//!
//! Safe types over it: names, credentials, buffers and contexts, each given back to the library
//! exactly once, on whatever thread that is. The library is that of MIT Kerberos, by the name that its
//! interface of version 2 has; it is never unloaded. Nothing of ZeroMQ is known here.
//!
//! - `library`: finding it, its functions and their types
//! - `objects`: buffers, names, credentials
//! - `context`: initiators and acceptors

mod context;
mod library;
mod objects;

pub use context::{Acceptor, Initiator, Step};
pub use objects::{Failure, NameKind, Principal};

/// Whether the library is there. The first call loads it.
#[must_use]
pub fn is_available() -> bool {
    library::Library::get().is_some()
}

#[cfg(test)]
mod tests;
