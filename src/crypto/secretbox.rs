//! XSalsa20-Poly1305 on bytes where they lie.
//!
//! XSalsa20 takes the first 16 bytes of a nonce to derive a key of Salsa20, the other 8 as
//! Salsa20's nonce. CURVE's nonces begin with constants, so that first step is done once per
//! connection and direction ([`BoxKey::stream`]).

use poly1305::Poly1305;
use salsa20::Salsa20;
use salsa20::cipher::consts::U10;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::KEY_LEN;
use crate::errno::{Errno, Result};

/// Length of the authenticator in front of a box, in bytes.
pub const TAG_LEN: usize = 16;

/// The key of boxes; wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct BoxKey([u8; KEY_LEN]);

/// The key of boxes whose nonces begin with the same 16 bytes; wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct StreamKey([u8; KEY_LEN]);

impl BoxKey {
    /// The key with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
        Self(bytes)
    }

    /// The key that two sides derive from the point they agree on.
    pub(super) fn from_shared_point(point: &[u8; KEY_LEN]) -> Self {
        Self(hsalsa20(point, &[0; 16]))
    }

    /// The key for nonces that begin with `prefix`.
    #[must_use]
    pub fn stream(&self, prefix: &[u8; 16]) -> StreamKey {
        StreamKey(hsalsa20(&self.0, prefix))
    }

    /// Encrypts `data` in place and gives the tag that belongs in front of it.
    #[must_use]
    pub fn seal(&self, nonce: &[u8; 24], data: &mut [u8]) -> [u8; TAG_LEN] {
        let (prefix, rest) = split(nonce);
        self.stream(prefix).seal(rest, data)
    }

    /// Decrypts `data` in place if its tag is right, and leaves it alone if not.
    ///
    /// # Errors
    /// `EPROTO` if the tag is wrong.
    pub fn open(&self, nonce: &[u8; 24], tag: &[u8; TAG_LEN], data: &mut [u8]) -> Result<()> {
        let (prefix, rest) = split(nonce);
        self.stream(prefix).open(rest, tag, data)
    }
}

impl StreamKey {
    /// As [`BoxKey::seal`], for the nonce of the prefix and `rest`.
    #[must_use]
    pub fn seal(&self, rest: &[u8; 8], data: &mut [u8]) -> [u8; TAG_LEN] {
        let (poly_key, mut stream) = self.start(rest);
        stream.apply_keystream(data);
        authenticator(&poly_key, data)
    }

    /// As [`BoxKey::open`], for the nonce of the prefix and `rest`.
    ///
    /// # Errors
    /// `EPROTO` if the tag is wrong.
    pub fn open(&self, rest: &[u8; 8], tag: &[u8; TAG_LEN], data: &mut [u8]) -> Result<()> {
        let (poly_key, mut stream) = self.start(rest);
        if !bool::from(authenticator(&poly_key, data).ct_eq(tag)) {
            return Err(Errno::EPROTO);
        }
        stream.apply_keystream(data);
        Ok(())
    }

    /// The key of the authenticator, which is the first 32 bytes of the key stream, and the stream
    /// that follows, which is for the data.
    fn start(&self, rest: &[u8; 8]) -> (Zeroizing<[u8; 32]>, Salsa20) {
        let mut stream = Salsa20::new((&self.0).into(), rest.into());
        let mut poly_key = Zeroizing::new([0; 32]);
        stream.apply_keystream(&mut *poly_key);
        (poly_key, stream)
    }
}

/// The Poly1305 of `data` under a key that is used once.
pub(super) fn authenticator(key: &[u8; 32], data: &[u8]) -> [u8; TAG_LEN] {
    use poly1305::universal_hash::KeyInit;
    Poly1305::new(key.into()).compute_unpadded(data).into()
}

fn hsalsa20(key: &[u8; KEY_LEN], input: &[u8; 16]) -> [u8; KEY_LEN] {
    salsa20::hsalsa::<U10>(key.into(), input.into()).into()
}

fn split(nonce: &[u8; 24]) -> (&[u8; 16], &[u8; 8]) {
    let mut parts = (&[0; 16], &[0; 8]);
    if let (Some(prefix), Some(rest)) = (nonce.first_chunk(), nonce.last_chunk()) {
        parts = (prefix, rest);
    }
    parts
}

macro_rules! silent_debug {
    ($($name:ident)*) => {$(
        /// Says nothing of the key.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

silent_debug!(BoxKey StreamKey);
