//! The system's GnuTLS, loaded when it is asked for: TLS over a stream socket.
//!
//! Safe types over it: credentials, and sessions that send and receive without waiting. The library is never unloaded.
//! Nothing of ZeroMQ is known here.

mod library;
mod session;
#[cfg(test)]
mod tests;

use std::ptr;

use crate::errno::{Errno, Result};
use crate::sys::fork::apart_from_forks;
use library::{Datum, Library, PEM, RawCredentials};
pub use session::Session;

/// Whether the library is there. The first call loads it.
#[must_use]
pub fn is_available() -> bool {
    Library::get().is_some()
}

/// What one side proves who it is with, or whom it believes.
#[derive(Debug)]
pub struct Credentials {
    library: &'static Library,
    raw: RawCredentials,
}

// SAFETY: the library lets threads share credentials that are not changed, and ours never are once they are made.
unsafe impl Send for Credentials {}
// SAFETY: as above.
unsafe impl Sync for Credentials {}

impl Credentials {
    /// Of a server: its certificate, with those that vouch for it, and the key that belongs to it, in PEM.
    ///
    /// # Errors
    /// `EINVAL` if they are none, or do not belong together; `EPROTONOSUPPORT` if there is no library; `ENOMEM`.
    pub fn server(certificate: &[u8], key: &[u8]) -> Result<Self> {
        let this = Self::new()?;
        let certificate = Datum::of(certificate).ok_or(Errno::EINVAL)?;
        let key = Datum::of(key).ok_or(Errno::EINVAL)?;
        // SAFETY: the credentials live, and the bytes are read during the call.
        let set = unsafe {
            (this.library.set_key)(this.raw, &raw const certificate, &raw const key, PEM)
        };
        if set < 0 {
            Err(Errno::EINVAL)
        } else {
            Ok(this)
        }
    }

    /// Of a client: whom it believes, in PEM, and whether also those that the system does.
    ///
    /// # Errors
    /// `EINVAL` if there are bytes, but no certificate; `EPROTONOSUPPORT`, `ENOMEM` as above.
    pub fn client(trusted: &[u8], system: bool) -> Result<Self> {
        let this = Self::new()?;
        if !trusted.is_empty() {
            let trusted = Datum::of(trusted).ok_or(Errno::EINVAL)?;
            // SAFETY: the credentials live, and the bytes are read during the call.
            let number = unsafe { (this.library.trust)(this.raw, &raw const trusted, PEM) };
            if number < 1 {
                return Err(Errno::EINVAL);
            }
        }
        if system {
            // Other libraries may look there for it, with locks of their own. A system without any trusts nobody, which shows
            // when somebody is to be trusted.
            apart_from_forks(|| {
                // SAFETY: the credentials live.
                unsafe { (this.library.trust_system)(this.raw) }
            });
        }
        Ok(this)
    }

    fn new() -> Result<Self> {
        let library = Library::get().ok_or(Errno::EPROTONOSUPPORT)?;
        let mut raw = ptr::null_mut();
        // SAFETY: the place for the result is ours.
        let made = unsafe { (library.credentials_new)(&raw mut raw) };
        if made < 0 || raw.is_null() {
            return Err(Errno::ENOMEM);
        }
        Ok(Self { library, raw })
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        // SAFETY: made by the library and given back once; sessions hold a reference to this.
        unsafe { (self.library.credentials_free)(self.raw) }
    }
}
