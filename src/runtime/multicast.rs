//! Endpoints of reliable multicast (norm, pgm, epgm): how a socket gets what is sent and received there. To bind and to
//! connect are the same.

use super::endpoints::Kind;
use super::route::Route;
use super::socket::Socket;
use crate::errno::{Errno, Result};
use crate::io::{Multicast, MulticastOf};
use crate::pattern::PipeId;
use crate::transport::address::Purpose;

impl Socket {
    /// Binds or connects a PUB, XPUB, SUB or XSUB.
    ///
    /// # Errors
    /// Why there is no `route`, and those of [`Multicast::norm`] and [`Multicast::pgm`]; `EPROTONOSUPPORT` if peers are to be checked.
    pub(super) fn join_group(
        &mut self,
        endpoint: &[u8],
        purpose: Purpose,
        route: Option<Result<Route>>,
    ) -> Result<PipeId> {
        let is_bound = purpose == Purpose::Bind;
        let joined = route.unwrap_or(Err(Errno::EINVAL)).and_then(|route| {
            if self.options.wants_zap() {
                // Nothing protects what is sent, and there is nobody of whom a handler could be asked: better none
                // than such that the application believes checked.
                return Err(Errno::EPROTONOSUPPORT);
            }
            self.with_parts(|session| {
                let of = MulticastOf {
                    session,
                    endpoint,
                    is_bound,
                };
                match route {
                    Route::Norm(route) => Multicast::norm(&route, &of),
                    Route::Pgm(route) => Multicast::pgm(&route, &of),
                    Route::Udp(_) => Err(Errno::EINVAL),
                }
            })
        });
        let report = |&errno: &Errno| {
            if is_bound {
                self.report_bind_failed(endpoint, errno);
            }
        };
        let (session, end) = joined.inspect_err(report)?;
        if !is_bound {
            self.trace("connect", endpoint, None);
        }
        Ok(self.attach_standing(endpoint, end, |slot| Kind::Multicast(session, slot)))
    }
}
