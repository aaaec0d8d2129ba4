//! In place of the library where it is left out of the build: there are no credentials, hence no sessions.

use std::os::fd::BorrowedFd;
use std::sync::Arc;

use crate::errno::{Errno, Result};

/// Never.
#[must_use]
pub const fn is_available() -> bool {
    false
}

/// None can be had.
#[derive(Debug)]
pub enum Credentials {}

impl Credentials {
    /// # Errors
    /// `EPROTONOSUPPORT`.
    pub fn server(_certificate: &[u8], _key: &[u8]) -> Result<Self> {
        Err(Errno::EPROTONOSUPPORT)
    }

    /// # Errors
    /// `EPROTONOSUPPORT`.
    pub fn client(_trusted: &[u8], _system: bool) -> Result<Self> {
        Err(Errno::EPROTONOSUPPORT)
    }
}

/// None can be had.
#[derive(Debug)]
pub enum Session {}

impl Session {
    /// # Errors
    /// Never called.
    pub fn server(credentials: &Arc<Credentials>, _socket: BorrowedFd<'_>) -> Result<Self> {
        match **credentials {}
    }

    /// # Errors
    /// Never called.
    pub fn client(
        credentials: &Arc<Credentials>,
        _name: &str,
        _socket: BorrowedFd<'_>,
    ) -> Result<Self> {
        match **credentials {}
    }

    /// Never called.
    #[must_use]
    pub const fn is_opening(&self) -> bool {
        match *self {}
    }

    /// Never called.
    #[must_use]
    pub const fn must_write(&self) -> bool {
        match *self {}
    }

    /// # Errors
    /// Never called.
    pub fn recv(&mut self, _buffer: &mut [u8]) -> Result<usize> {
        match *self {}
    }

    /// # Errors
    /// Never called.
    pub fn send(&mut self, _bytes: &[u8]) -> Result<usize> {
        match *self {}
    }
}
