//! XSalsa20-Poly1305 on bytes where they lie.
//!
//! XSalsa20 takes the first 16 bytes of a nonce to derive a key of Salsa20, the other 8 as
//! Salsa20's nonce. CURVE's nonces begin with constants, so that first step can be done once per
//! connection and direction ([`BoxKey::stream`]).
//!
//! `dryoc` has vector code for long boxes and derives that key for each of them; for short ones the
//! derivation costs more than vectors gain, and `salsa20`, which takes the derived key, is ahead.

use dryoc::classic::crypto_box::{
    crypto_box_detached_afternm_inplace, crypto_box_open_detached_afternm_inplace,
};
use dryoc::classic::crypto_core::crypto_core_hsalsa20;
use dryoc::classic::crypto_onetimeauth::crypto_onetimeauth;
use salsa20::Salsa20;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use subtle::ConstantTimeEq;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::KEY_LEN;
use crate::errno::{Errno, Result};
use crate::sys::random;

/// Longest data that is sealed in the short way, in bytes: what two blocks of the key stream hold
/// beside the authenticator's key. Measured, as is the next.
pub(super) const SHORT_SEAL: usize = 96;
/// Longest data that is opened in the short way, in bytes: what three blocks hold.
pub(super) const SHORT_OPEN: usize = 160;

/// Length of the authenticator in front of a box, in bytes.
pub const TAG_LEN: usize = 16;

/// The key of boxes; wiped when dropped. It does not move in memory, as [`super::SecretKey`] does not.
#[derive(Clone)]
pub struct BoxKey(Box<Zeroizing<[u8; KEY_LEN]>>);

impl ZeroizeOnDrop for BoxKey {}

/// The key of boxes whose nonces begin with the same 16 bytes; wiped when dropped.
#[derive(Clone)]
pub struct StreamKey {
    key: BoxKey,
    prefix: [u8; 16],
    /// What XSalsa20 makes of `key` and `prefix`.
    derived: BoxKey,
}

impl ZeroizeOnDrop for StreamKey {}

impl BoxKey {
    /// A fresh random key.
    ///
    /// # Errors
    /// What `getrandom(2)` fails with.
    pub fn generate() -> Result<Self> {
        let mut key = Self(Box::default());
        random::fill(key.0.as_mut_slice())?;
        Ok(key)
    }

    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; KEY_LEN]) -> Self {
        let mut key = Self(Box::default());
        key.0.copy_from_slice(bytes);
        key
    }

    /// The key that two sides derive from the point they agree on.
    pub(super) fn from_shared_point(point: &[u8; KEY_LEN]) -> Self {
        Self::derive(point, &[0; 16])
    }

    /// What HSalsa20 makes of a key and a part of a nonce.
    fn derive(key: &[u8; KEY_LEN], input: &[u8; 16]) -> Self {
        let mut derived = Self(Box::default());
        crypto_core_hsalsa20(&mut derived.0, input, key, None);
        derived
    }

    /// The key for nonces that begin with `prefix`.
    #[must_use]
    pub fn stream(&self, prefix: &[u8; 16]) -> StreamKey {
        StreamKey {
            key: self.clone(),
            prefix: *prefix,
            derived: Self::derive(&self.0, prefix),
        }
    }

    /// Encrypts `data` in place and gives the tag that belongs in front of it.
    #[must_use]
    pub fn seal(&self, nonce: &[u8; 24], data: &mut [u8]) -> [u8; TAG_LEN] {
        let mut tag = [0; TAG_LEN];
        crypto_box_detached_afternm_inplace(data, &mut tag, nonce, &self.0);
        tag
    }

    /// Decrypts `data` in place if its tag is right, and leaves it alone if not.
    ///
    /// # Errors
    /// `EPROTO` if the tag is wrong.
    pub fn open(&self, nonce: &[u8; 24], tag: &[u8; TAG_LEN], data: &mut [u8]) -> Result<()> {
        crypto_box_open_detached_afternm_inplace(data, tag, nonce, &self.0)
            .map_err(|_| Errno::EPROTO)
    }
}

impl StreamKey {
    /// As [`BoxKey::seal`], for the nonce of the prefix and `rest`.
    #[must_use]
    pub fn seal(&self, rest: &[u8; 8], data: &mut [u8]) -> [u8; TAG_LEN] {
        if data.len() > SHORT_SEAL {
            return self.key.seal(&self.nonce(rest), data);
        }
        let (poly_key, mut stream) = self.start(rest);
        stream.apply_keystream(data);
        let mut tag = [0; TAG_LEN];
        crypto_onetimeauth(&mut tag, data, &poly_key);
        tag
    }

    /// As [`BoxKey::open`], for the nonce of the prefix and `rest`.
    ///
    /// # Errors
    /// `EPROTO` if the tag is wrong.
    pub fn open(&self, rest: &[u8; 8], tag: &[u8; TAG_LEN], data: &mut [u8]) -> Result<()> {
        if data.len() > SHORT_OPEN {
            return self.key.open(&self.nonce(rest), tag, data);
        }
        let (poly_key, mut stream) = self.start(rest);
        // The right tag of data that may be forged is nobody's to know.
        let mut expected = Zeroizing::new([0; TAG_LEN]);
        crypto_onetimeauth(&mut expected, data, &poly_key);
        if !bool::from(expected.ct_eq(tag)) {
            return Err(Errno::EPROTO);
        }
        stream.apply_keystream(data);
        Ok(())
    }

    fn nonce(&self, rest: &[u8; 8]) -> [u8; 24] {
        let mut nonce = [0; 24];
        nonce[..16].copy_from_slice(&self.prefix);
        nonce[16..].copy_from_slice(rest);
        nonce
    }

    /// The key of the authenticator, which is the first 32 bytes of the key stream, and the stream
    /// that follows, which is for the data.
    #[inline]
    fn start(&self, rest: &[u8; 8]) -> (Zeroizing<[u8; 32]>, Salsa20) {
        let derived: &[u8; KEY_LEN] = &self.derived.0;
        let mut stream = Salsa20::new(derived.into(), rest.into());
        let mut poly_key = Zeroizing::new([0; 32]);
        stream.apply_keystream(&mut *poly_key);
        (poly_key, stream)
    }
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
