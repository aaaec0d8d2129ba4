//! Socket and context options as data: what there is, which values are good, what is stored.
//!
//! [`TABLE`] describes every option of `zmq_setsockopt(3)` and drives [`SocketOptions::set`] and
//! [`SocketOptions::get`]. Nothing here acts on a value: `set` tells by its [`Change`] who else has
//! to hear of it, everyone else reads the typed fields when a connection or an endpoint is made.
#![forbid(unsafe_code)]

pub mod context;
mod fields;
mod filter;
pub mod id;
mod security;
mod socket;
mod table;
mod writer;

#[cfg(test)]
mod tests;

pub use context::ContextOptions;
pub use fields::{ContextDefaults, NormOptions, SocketOptions, VmciOptions, WssOptions};
pub use filter::AcceptFilter;
pub use security::{Mechanism, SecurityOptions};
pub use socket::trimmed;
pub use table::{Access, Effect, Kind, OptionSpec, TABLE, Types, find};
pub use writer::OptionWriter;

/// Whether an option is cleared by a null pointer, for which an empty value does not stand
/// (`zmq_setsockopt(3)`).
#[must_use]
pub const fn is_cleared_by_null(option: i32) -> bool {
    matches!(
        option,
        id::TCP_ACCEPT_FILTER
            | id::IPC_FILTER_PID
            | id::IPC_FILTER_UID
            | id::IPC_FILTER_GID
            | id::PLAIN_USERNAME
            | id::PLAIN_PASSWORD
            | id::SOCKS_PROXY
            | id::BINDTODEVICE
    )
}

/// Who has to hear of an option that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// Nobody: the value is looked up when it is needed.
    Stored,
    /// A high water mark: pipes that exist take it over.
    Hwm,
    /// `ZMQ_LINGER`: looked up at close and disconnect, and by what still lingers.
    Linger,
    /// `ZMQ_SUBSCRIBE` with this topic (SUB, or XPUB in manual mode).
    Subscribe(&'a [u8]),
    /// `ZMQ_UNSUBSCRIBE` with this topic (SUB, or XPUB in manual mode).
    Unsubscribe(&'a [u8]),
    /// The socket's pattern keeps a copy of the option with this id.
    Pattern(i32),
}
