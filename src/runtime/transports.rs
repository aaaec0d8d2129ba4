//! Which transports there are, and which socket types they are for.

use super::socket::Socket;
use crate::errno::{Errno, Result};
use crate::io::{has_norm, has_pgm};
use crate::socket_type::SocketType;
use crate::transport::address::{self, Purpose};
use crate::transport::tls;

impl Socket {
    /// Whether the endpoint is one, of a transport that is for this type: udp is for RADIO (to connect), DISH
    /// and DGRAM (to bind), and DGRAM has no other; norm, pgm and epgm are for those that publish and subscribe;
    /// WebSockets carry messages, not a stream. No purpose: it is to be taken back.
    ///
    /// # Errors
    /// `ENOCOMPATPROTO` if it is not; `EPROTONOSUPPORT` if the transport's library is not there; `EINVAL`,
    /// `EPROTONOSUPPORT` as [`address::split`].
    pub(super) fn check_transport(&self, endpoint: &[u8], purpose: Option<Purpose>) -> Result<()> {
        use SocketType::{Dgram, Dish, Pub, Radio, Stream, Sub, Xpub, Xsub};
        let (scheme, _) = address::split(endpoint)?;
        let is_there = match scheme {
            "norm" => has_norm(),
            "pgm" | "epgm" => has_pgm(),
            "wss" => tls::is_available(),
            _ => true,
        };
        if !is_there {
            return Err(Errno::EPROTONOSUPPORT);
        }
        let is_for_us = match (scheme, purpose) {
            ("udp", Some(Purpose::Bind)) => matches!(self.ty, Dish | Dgram),
            ("udp", Some(Purpose::Connect)) => self.ty == Radio,
            ("udp", None) => matches!(self.ty, Radio | Dish | Dgram),
            ("norm" | "pgm" | "epgm", Some(_)) => matches!(self.ty, Pub | Sub | Xpub | Xsub),
            (_, None) => true,
            ("ws" | "wss", Some(_)) if self.ty == Stream || self.options.router_raw => false,
            (_, Some(_)) => self.ty != Dgram,
        };
        if is_for_us {
            Ok(())
        } else {
            Err(Errno::ENOCOMPATPROTO)
        }
    }
}
