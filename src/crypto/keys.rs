//! X25519 keys.

use dryoc::classic::crypto_core::{crypto_scalarmult, crypto_scalarmult_base};
use subtle::ConstantTimeEq;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::BoxKey;
use crate::errno::{Errno, Result};
use crate::sys::random;

/// Length of all keys, in bytes.
pub const KEY_LEN: usize = 32;

/// A public key: the x coordinate of a point on Curve25519.
pub type PublicKey = [u8; KEY_LEN];

/// A secret key; wiped when dropped. It does not move in memory: a move would leave a copy behind.
#[derive(Clone)]
pub struct SecretKey(Box<Zeroizing<[u8; KEY_LEN]>>);

impl ZeroizeOnDrop for SecretKey {}

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

    /// The bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; KEY_LEN] {
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
        self.0.ct_eq(&**other.0).into()
    }
}

impl Eq for SecretKey {}
