//! The primitives of CURVE: X25519 key agreement, XSalsa20-Poly1305 boxes, random keys (RFC 26,
//! "Cryptography"; the `crypto_box` of NaCl).
//!
//! The arithmetic is that of the crates `dryoc`, `salsa20` and `subtle`; here they are put together, and
//! no primitive is written by hand. The tests hold `dryoc`, whose vector code depends on the
//! processor, against `salsa20` and `poly1305`, which have none or other.
//!
//! Bytes in, bytes out: no protocol, no nonce policy. Secrets are wiped when they are dropped,
//! never printed, and compared in constant time.
#![forbid(unsafe_code)]

mod keys;
mod secretbox;

pub use keys::{KEY_LEN, PublicKey, SecretKey, random_bytes};
pub use secretbox::{BoxKey, StreamKey, TAG_LEN};

pub use subtle::ConstantTimeEq;

#[cfg(test)]
mod tests;
