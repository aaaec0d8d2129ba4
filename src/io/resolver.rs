//! Names are resolved here, away from I/O threads and callers: the system's resolver may block for
//! many seconds. A context that connects to addresses only never has a thread for it.

use std::sync::Arc;

use super::session::ConnectTarget;
use super::workers::Workers;
use crate::errno::Result;
use crate::transport::{Address, HostPort, Resolved, resolve};

static RESOLVERS: Workers = Workers::new("ZMQbg/Resolver", 4);

/// Resolves the target's name on another thread and calls `then` there.
pub(crate) fn resolve_then(
    target: Arc<ConnectTarget>,
    ipv6: bool,
    then: impl FnOnce(Result<Resolved>) + Send + 'static,
) {
    RESOLVERS.run(Box::new(move |can| {
        then(can.and_then(|()| resolve(target.hop(), ipv6)));
    }));
}

/// The address, if nobody needs to be asked for it.
pub(crate) fn at_once(address: &Address, ipv6: bool) -> Option<Result<Resolved>> {
    let is_numeric = |place: &HostPort| place.ip().is_some();
    // Others need nobody. Or are never dialled: such pipes are made without a session, or with one that only sends.
    let is_at_hand = address
        .tcp()
        .is_none_or(|tcp| is_numeric(&tcp.target) && tcp.source.as_ref().is_none_or(is_numeric));
    is_at_hand.then(|| resolve(address, ipv6))
}
