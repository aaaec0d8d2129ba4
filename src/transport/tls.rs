//! TLS beneath WebSockets (wss): what the options of a socket make of it, for the endpoints that it binds or connects.
//!
//! The protocol is that of the system's GnuTLS (`sys::gnutls`).

use std::sync::Arc;

use super::address::WsAddress;
use crate::errno::{Errno, Result};
use crate::option::SocketOptions;
pub use crate::sys::gnutls::is_available;
use crate::sys::gnutls::{Credentials, Session};
use std::os::fd::BorrowedFd;

/// What one side of all connections of an endpoint has.
#[derive(Clone, Debug)]
pub enum Tls {
    /// A server's certificate and key
    Server(Arc<Credentials>),
    /// Whom a client believes, and the name that the server must prove
    Client(Arc<Credentials>, String),
}

impl Tls {
    /// For an endpoint to bind: `ZMQ_WSS_CERT_PEM` and `ZMQ_WSS_KEY_PEM`. None if the endpoint is without TLS.
    ///
    /// # Errors
    /// `EINVAL` if they are missing, malformed, or do not belong together; `EPROTONOSUPPORT` if there is no library.
    pub fn to_bind(address: &WsAddress, options: &SocketOptions) -> Result<Option<Self>> {
        if !address.secure {
            return Ok(None);
        }
        let wss = &options.wss;
        let credentials = Credentials::server(&wss.cert_pem, &wss.key_pem)?;
        Ok(Some(Self::Server(Arc::new(credentials))))
    }

    /// For an endpoint to connect: `ZMQ_WSS_TRUST_PEM`, `ZMQ_WSS_TRUST_SYSTEM` and `ZMQ_WSS_HOSTNAME`; without the last, the
    /// server must prove to be the host of the endpoint. None if the endpoint is without TLS.
    ///
    /// # Errors
    /// `EINVAL` if what is to be trusted, or the name, is malformed; `EPROTONOSUPPORT` if there is no library.
    pub fn to_connect(address: &WsAddress, options: &SocketOptions) -> Result<Option<Self>> {
        if !address.secure {
            return Ok(None);
        }
        let wss = &options.wss;
        let credentials = Credentials::client(&wss.trust_pem, wss.trust_system)?;
        let name = match str::from_utf8(&wss.hostname) {
            Ok("") => address.place.target.host.clone(),
            Ok(name) if !name.contains('\0') => name.to_owned(),
            _ => return Err(Errno::EINVAL),
        };
        Ok(Some(Self::Client(Arc::new(credentials), name)))
    }

    /// For a connection on this socket.
    pub(super) fn start(&self, socket: BorrowedFd<'_>) -> Result<Session> {
        match self {
            Self::Server(credentials) => Session::server(credentials, socket),
            Self::Client(credentials, name) => Session::client(credentials, name, socket),
        }
    }
}
