//! Endpoints of udp (`zmq_udp(7)`): how a socket gets its datagrams.

use std::net::SocketAddr;

use super::endpoints::Kind;
use super::route::Route;
use super::socket::Socket;
use crate::errno::{Errno, Result};
use crate::io::Datagrams;
use crate::option::Mechanism;
use crate::pattern::PipeId;
use crate::transport::UdpRoute;

impl Socket {
    /// Binds a DISH or DGRAM.
    ///
    /// # Errors
    /// Why there is no `route`, and those of [`Datagrams::bind`]; `EPROTONOSUPPORT` if peers are to be checked.
    pub(super) fn bind_udp(&mut self, endpoint: &[u8], route: Option<Result<Route>>) -> Result<()> {
        let route = route.unwrap_or(Err(Errno::EINVAL)).and_then(Route::udp);
        let bound = route.and_then(|route| {
            let name_by = |local: SocketAddr| name_of(&route, endpoint, local);
            if self.options.wants_zap() {
                // There is no connection of which a handler could be asked, and nothing protects datagrams: better
                // none than such that the application believes checked.
                return Err(Errno::EPROTONOSUPPORT);
            }
            self.with_parts(|of| Datagrams::bind(&route, of, name_by))
        });
        let (session, end) =
            bound.inspect_err(|&errno| self.report_bind_failed(endpoint, errno))?;
        let resolved = session.endpoint().to_owned();
        self.attach_standing(endpoint, end, |slot| Kind::Datagrams(session, slot));
        self.last_endpoint = resolved;
        Ok(())
    }

    /// Connects a RADIO.
    ///
    /// # Errors
    /// Why there is no `route`, and those of [`Datagrams::connect`]; `EPROTONOSUPPORT` if there is a mechanism.
    pub(super) fn connect_udp(
        &mut self,
        endpoint: &[u8],
        route: Option<Result<Route>>,
    ) -> Result<PipeId> {
        let route = route.unwrap_or(Err(Errno::EINVAL))?.udp()?;
        if self.options.security.mechanism != Mechanism::Null {
            return Err(Errno::EPROTONOSUPPORT);
        }
        let (session, end) = self.with_parts(|of| Datagrams::connect(&route, of, endpoint))?;
        self.trace("connect", endpoint, None);
        Ok(self.attach_standing(endpoint, end, |slot| Kind::Datagrams(session, slot)))
    }
}

/// The name of a bound endpoint: its address, or the group as it was given, with the port that was bound.
fn name_of(route: &UdpRoute, endpoint: &[u8], local: SocketAddr) -> Vec<u8> {
    match route {
        UdpRoute::Unicast(_) => format!("udp://{local}").into_bytes(),
        UdpRoute::Multicast { .. } => {
            let end = endpoint.iter().rposition(|&byte| byte == b':');
            let group = &endpoint[..end.unwrap_or(endpoint.len())];
            [group, format!(":{}", local.port()).as_bytes()].concat()
        }
    }
}
