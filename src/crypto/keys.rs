//! X25519 keys.

use dryoc::classic::crypto_core::{crypto_scalarmult, crypto_scalarmult_base};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::BoxKey;
use crate::errno::{Errno, Result};
use crate::sys::random;

/// Length of all keys, in bytes.
pub const KEY_LEN: usize = 32;

/// A public key: the x coordinate of a point on Curve25519.
pub type PublicKey = [u8; KEY_LEN];

/// A secret key; wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretKey([u8; KEY_LEN]);

/// `N` bytes from the kernel's generator.
///
/// # Errors
/// What `getrandom(2)` fails with.
pub fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    random::fill(&mut bytes)?;
    Ok(bytes)
}

impl SecretKey {
    /// A fresh random key.
    ///
    /// # Errors
    /// What `getrandom(2)` fails with.
    pub fn generate() -> Result<Self> {
        let mut key = Self([0; KEY_LEN]);
        random::fill(&mut key.0)?;
        Ok(key)
    }

    /// The key with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes of the key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    /// The public key that belongs to this one.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut public = [0; KEY_LEN];
        crypto_scalarmult_base(&mut public, &self.0);
        public
    }

    /// The key of boxes between us and the holder of the secret behind `peer`.
    ///
    /// # Errors
    /// `EPROTO` if `peer` is a point of low order, with which everyone would agree on the same key.
    pub fn agree(&self, peer: &PublicKey) -> Result<BoxKey> {
        let mut shared = Zeroizing::new([0; KEY_LEN]);
        crypto_scalarmult(&mut shared, &self.0, peer).map_err(|_| Errno::EPROTO)?;
        Ok(BoxKey::from_shared_point(&shared))
    }
}

/// Says nothing of the key.
impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

impl PartialEq for SecretKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretKey {}
