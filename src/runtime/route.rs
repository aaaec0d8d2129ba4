//! Where an endpoint leads, of transports for which that is found out during the call: what cannot be is the call's error.

use super::core::SocketHandle;
use crate::errno::{Errno, Result};
use crate::transport::address::{self, Address, Purpose};
use crate::transport::{NormRoute, PgmRoute, UdpRoute};

/// Where an endpoint leads.
pub(super) enum Route {
    Udp(UdpRoute),
    Norm(NormRoute),
    Pgm(PgmRoute),
}

impl Route {
    /// That of an endpoint of udp.
    pub(super) fn udp(self) -> Result<UdpRoute> {
        match self {
            Self::Udp(route) => Ok(route),
            Self::Norm(_) | Self::Pgm(_) => Err(Errno::EINVAL),
        }
    }
}

impl SocketHandle {
    /// Where an endpoint of such a transport leads; `None` if it is none, or is not for this socket. Without the socket's
    /// lock: a host's name may have to be looked up.
    pub(super) fn find_route(
        &self,
        endpoint: &[u8],
        purpose: Purpose,
    ) -> Result<Option<Result<Route>>> {
        if ![&b"udp:"[..], b"norm:", b"epgm:", b"pgm:"]
            .iter()
            .any(|scheme| endpoint.starts_with(scheme))
        {
            return Ok(None);
        }
        let ipv6 = {
            let mut socket = self.lock()?;
            socket.enter()?;
            if socket.check_transport(endpoint, Some(purpose)).is_err() {
                return Ok(None);
            }
            socket.options.ipv6
        };
        Ok(match address::parse(endpoint, purpose) {
            Ok(Address::Udp(udp)) => Some(UdpRoute::resolve(&udp, purpose, ipv6).map(Route::Udp)),
            Ok(Address::Norm(norm)) => Some(NormRoute::resolve(&norm, ipv6).map(Route::Norm)),
            Ok(Address::Pgm(pgm)) => Some(PgmRoute::resolve(&pgm).map(Route::Pgm)),
            _ => None,
        })
    }
}
