//! The primitives of CURVE: X25519 key agreement, XSalsa20-Poly1305 boxes, random keys (RFC 26,
//! "Cryptography"; the `crypto_box` of NaCl).
//!
//! Bytes in, bytes out: no protocol, no nonce policy. Secrets are wiped when they are dropped,
//! never printed, and compared in constant time.
#![forbid(unsafe_code)]

mod keys;
mod poly1305;
mod salsa20;
mod secretbox;

pub use keys::{KEY_LEN, PublicKey, SecretKey, random_bytes};
pub use secretbox::{BoxKey, StreamKey, TAG_LEN};

pub use subtle::ConstantTimeEq;

#[cfg(test)]
mod tests;
