//! The shared library: its functions as `gnutls/gnutls.h` declares them (GnuTLS 3.5 and later).

use std::ffi::{c_char, c_int, c_uint, c_void};

use crate::sys::shared_library::shared_library;

/// Bytes of ours that the library reads during a call.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Datum {
    data: *const u8,
    size: c_uint,
}

impl Datum {
    /// None if there are more bytes than the library can count.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            data: bytes.as_ptr(),
            size: c_uint::try_from(bytes.len()).ok()?,
        })
    }
}

/// Objects of the library, known by their address.
pub(super) type RawCredentials = *mut c_void;
pub(super) type RawSession = *mut c_void;

// Flags of a session.
pub(super) const SERVER: c_uint = 1;
pub(super) const CLIENT: c_uint = 1 << 1;
pub(super) const NONBLOCK: c_uint = 1 << 3;
pub(super) const NO_SIGNAL: c_uint = 1 << 6;

/// A kind of credentials: certificates
pub(super) const CERTIFICATE: c_int = 1;
/// A form of certificates
pub(super) const PEM: c_int = 1;
/// A kind of names
pub(super) const DNS: c_int = 1;
/// A way to end: nothing more will be sent
pub(super) const SHUT_WR: c_int = 1;

// Results.
pub(super) const MEMORY_ERROR: c_int = -25;
pub(super) const AGAIN: c_int = -28;
pub(super) const INTERRUPTED: c_int = -52;
pub(super) const PUSH_ERROR: c_int = -53;
pub(super) const PULL_ERROR: c_int = -54;
pub(super) const PREMATURE_TERMINATION: c_int = -110;

shared_library! {
    c"libgnutls.so.30":
    credentials_new: c"gnutls_certificate_allocate_credentials" (*mut RawCredentials) -> c_int;
    credentials_free: c"gnutls_certificate_free_credentials" (RawCredentials) -> ();
    set_key: c"gnutls_certificate_set_x509_key_mem" (
        RawCredentials, *const Datum, *const Datum, c_int,
    ) -> c_int;
    trust: c"gnutls_certificate_set_x509_trust_mem" (RawCredentials, *const Datum, c_int) -> c_int;
    trust_system: c"gnutls_certificate_set_x509_system_trust" (RawCredentials) -> c_int;
    session_new: c"gnutls_init" (*mut RawSession, c_uint) -> c_int;
    session_free: c"gnutls_deinit" (RawSession) -> ();
    set_credentials: c"gnutls_credentials_set" (RawSession, c_int, RawCredentials) -> c_int;
    set_default_priority: c"gnutls_set_default_priority" (RawSession) -> c_int;
    set_server_name: c"gnutls_server_name_set" (RawSession, c_int, *const c_void, usize) -> c_int;
    set_verify: c"gnutls_session_set_verify_cert" (RawSession, *const c_char, c_uint) -> ();
    set_descriptors: c"gnutls_transport_set_int2" (RawSession, c_int, c_int) -> ();
    handshake: c"gnutls_handshake" (RawSession) -> c_int;
    direction: c"gnutls_record_get_direction" (RawSession) -> c_int;
    recv: c"gnutls_record_recv" (RawSession, *mut c_void, usize) -> isize;
    send: c"gnutls_record_send" (RawSession, *const c_void, usize) -> isize;
    send_alert: c"gnutls_alert_send_appropriate" (RawSession, c_int) -> c_int;
    bye: c"gnutls_bye" (RawSession, c_int) -> c_int;
    is_fatal: c"gnutls_error_is_fatal" (c_int) -> c_int;
}
