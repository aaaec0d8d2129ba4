//! What the fuzz targets of `fuzz/` run: one function per target that takes any bytes, and panics
//! if the library breaks a promise. The committed corpus goes through the same functions in an
//! ordinary test.
//!
//! In no build but those of tests and fuzzers. Here are the list and the reader that makes choices
//! out of bytes; the promises are in the files beside it, and in `proto::fuzzing` where internals
//! are needed.

pub mod curve;
pub mod gssapi;
pub mod handshakes;
pub mod multicast;
pub mod operations;
pub mod side;
pub mod socks;
pub mod streams;
#[cfg(test)]
mod tests;
pub mod values;
pub mod websocket;

pub use crate::proto::fuzzing as internals;

/// A target: its name, which its corpus has as well, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("greeting", streams::greeting),
    ("frames_v1", streams::frames_v1),
    ("frames_v2", streams::frames_v2),
    ("frames_v3", streams::frames_v3),
    ("null", handshakes::null),
    ("plain_server", handshakes::plain_server),
    ("plain_client", handshakes::plain_client),
    ("curve_server", curve::server),
    ("curve_client", curve::client),
    ("gssapi_server", gssapi::server),
    ("gssapi_client", gssapi::client),
    ("websocket", websocket::websocket),
    ("metadata", internals::metadata),
    ("zap", internals::zap),
    ("socks", socks::socks),
    ("operations", operations::operations),
    ("datagram", values::datagram),
    ("multicast", multicast::stream),
    ("endpoint", values::endpoint),
    ("setsockopt", values::setsockopt),
    ("z85", values::z85),
];

/// Gives an input to the target of this name.
///
/// # Panics
/// If there is no such target, or the library breaks a promise.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, target) = target.expect("a target of the list");
    target(input);
}

/// Choices out of an input; where it ends, they are zeros.
#[derive(Debug)]
pub struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    /// Reads from the start of `input`.
    #[must_use]
    pub const fn new(input: &'a [u8]) -> Self {
        Self(input)
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// One byte.
    pub fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or(0)
    }

    /// A number of 16 bits.
    pub fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// A yes or no.
    pub fn flag(&mut self) -> bool {
        self.byte() & 1 != 0
    }

    /// One of these.
    ///
    /// # Panics
    /// If there are none.
    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[usize::from(self.byte()) % from.len()]
    }

    /// So many bytes, or what is left.
    pub fn bytes(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(n.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A string with its length in a byte before it.
    pub fn string(&mut self) -> &'a [u8] {
        let n = usize::from(self.byte());
        self.bytes(n)
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}
