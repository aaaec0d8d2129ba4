//! The options of the security mechanisms: NULL, PLAIN, CURVE, GSSAPI and ZAP.

use crate::crypto::SecretKey;
use crate::errno::{Errno, Result};
use crate::util::z85;
use zeroize::Zeroizing;

/// A security mechanism, numbered as `ZMQ_MECHANISM` reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(i32)]
pub enum Mechanism {
    /// No security (`zmq_null(7)`)
    #[default]
    Null = 0,
    /// User names and passwords in the clear (`zmq_plain(7)`)
    Plain = 1,
    /// Elliptic curve cryptography (`zmq_curve(7)`)
    Curve = 2,
    /// Kerberos and the like (`zmq_gssapi(7)`)
    Gssapi = 3,
}

/// The values of the security options; strings are kept byte for byte as they were given.
#[derive(Clone, Default)]
pub struct SecurityOptions {
    /// Which mechanism: the last option set that belongs to one decides.
    pub mechanism: Mechanism,
    /// Whether the socket is the mechanism's server (`ZMQ_PLAIN_SERVER` and its like)
    pub as_server: bool,
    /// `ZMQ_ZAP_DOMAIN`; empty: ZAP is off
    pub zap_domain: Vec<u8>,
    /// `ZMQ_ZAP_ENFORCE_DOMAIN`
    pub zap_enforce_domain: bool,
    /// `ZMQ_PLAIN_USERNAME`
    pub plain_username: Vec<u8>,
    /// `ZMQ_PLAIN_PASSWORD`
    pub plain_password: Zeroizing<Vec<u8>>,
    /// `ZMQ_CURVE_PUBLICKEY`, all zero if not set
    pub curve_public_key: [u8; 32],
    /// `ZMQ_CURVE_SECRETKEY`, all zero if not set; stays where it is when the options move
    pub curve_secret_key: Box<Zeroizing<[u8; 32]>>,
    /// `ZMQ_CURVE_SERVERKEY`, all zero if not set
    pub curve_server_key: [u8; 32],
    /// The public key of `curve_secret_key`; see [`Self::derive_keys`].
    pub curve_own_key: [u8; 32],
    /// `ZMQ_GSSAPI_PRINCIPAL`
    pub gssapi_principal: Vec<u8>,
    /// `ZMQ_GSSAPI_SERVICE_PRINCIPAL`
    pub gssapi_service_principal: Vec<u8>,
    /// `ZMQ_GSSAPI_PLAINTEXT`
    pub gssapi_plaintext: bool,
    /// `ZMQ_GSSAPI_PRINCIPAL_NAMETYPE`
    pub gssapi_principal_nametype: i32,
    /// `ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE`
    pub gssapi_service_principal_nametype: i32,
}

impl SecurityOptions {
    /// Becomes a client of `mechanism`.
    pub(super) fn become_client(&mut self, mechanism: Mechanism) {
        self.mechanism = mechanism;
        self.as_server = false;
    }

    /// Stores the switch that makes the socket a server of `mechanism`.
    ///
    /// Off falls back to NULL, except for GSSAPI, where it means a client (`zmq_setsockopt(3)`).
    pub(super) fn set_server(&mut self, mechanism: Mechanism, on: bool) {
        self.as_server = on;
        self.mechanism = if on || mechanism == Mechanism::Gssapi {
            mechanism
        } else {
            Mechanism::Null
        };
    }

    /// Works out what a CURVE server needs for every connection, once for all of them.
    pub fn derive_keys(&mut self) {
        if self.is_server(Mechanism::Curve) {
            self.curve_own_key = SecretKey::from_bytes(&self.curve_secret_key).public();
        }
    }

    /// Whether the socket is a server of `mechanism`.
    #[must_use]
    pub fn is_server(&self, mechanism: Mechanism) -> bool {
        self.as_server && self.mechanism == mechanism
    }
}

/// Says nothing of passwords and keys: options end up in logs.
impl std::fmt::Debug for SecurityOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecurityOptions")
            .field("mechanism", &self.mechanism)
            .field("as_server", &self.as_server)
            .finish_non_exhaustive()
    }
}

/// Reads a CURVE key: 32 bytes, or 40 characters of Z85 with or without a terminating NUL. It is written to
/// its place alone, where nothing changes if it is none.
pub(super) fn parse_key(value: &[u8], place: &mut [u8; 32]) -> Result<()> {
    if value.len() == place.len() {
        place.copy_from_slice(value);
        return Ok(());
    }
    let text = match value.len() {
        40 => value,
        41 => value.strip_suffix(b"\0").ok_or(Errno::EINVAL)?,
        _ => return Err(Errno::EINVAL),
    };
    let mut key = Zeroizing::new([0; 32]);
    z85::decode_into(text, key.as_mut_slice()).ok_or(Errno::EINVAL)?;
    place.copy_from_slice(key.as_slice());
    Ok(())
}
