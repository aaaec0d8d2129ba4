//! Binding, connecting, and taking either back.

use std::sync::Arc;

use super::core::SocketHandle;
use super::link::Link;
use super::route::Route;
use super::socket::Socket;
use crate::errno::{Errno, Result};
use crate::io::{
    ConnectTarget, Datagrams, Ends, Listener, Multicast, Owner, Proxy, Session, SessionOf, gssapi,
    monitor_event,
};
use crate::option::{Mechanism, SocketOptions, trimmed};
use crate::pattern::{Origin, PipeEnd, PipeId, PipeSlot};
use crate::socket_type::SocketType;
use crate::trace::{self, Bytes, Reason, Topic};
use crate::transport::address::{self, Address, Purpose};
use crate::transport::socks::Request;
use crate::transport::{Tls, resolve_connect};

/// An endpoint that a socket has.
pub(super) struct Endpoint {
    /// What `zmq_unbind` or `zmq_disconnect` names it by.
    name: Vec<u8>,
    kind: Kind,
}

pub(super) enum Kind {
    Bound(Arc<Listener>),
    BoundInproc,
    Connected(Arc<Session>, Option<Arc<PipeSlot>>),
    ConnectedInproc(Arc<PipeSlot>),
    /// udp, bound or connected
    Datagrams(Arc<Datagrams>, Arc<PipeSlot>),
    /// norm, pgm or epgm, bound or connected
    Multicast(Arc<Multicast>, Arc<PipeSlot>),
}

impl Endpoint {
    /// Ends the endpoint with its socket, even if it was taken back before: then what still lingers
    /// does so by the socket's option as it is now.
    pub(super) fn close(self, link: &Link) {
        match &self.kind {
            Kind::Bound(listener) => listener.close(),
            Kind::BoundInproc => self.free_name(link),
            Kind::Connected(session, _) => session.retire(),
            Kind::Datagrams(session, _) => session.retire(),
            Kind::Multicast(session, _) => session.retire(),
            // It ends with its pipe.
            Kind::ConnectedInproc(_) => {}
        }
    }

    /// Frees the name that was bound by the socket of `link`.
    fn free_name(&self, link: &Link) {
        if let Some(name) = self.name.strip_prefix(b"inproc://") {
            // Bound by this socket, so it can only be there.
            let _ = link.context.inproc.unbind(name, link);
        }
    }

    fn is_over(&self) -> bool {
        match &self.kind {
            Kind::Connected(session, _) => session.is_done(),
            Kind::Datagrams(session, _) => session.is_done(),
            Kind::Multicast(session, _) => session.is_done(),
            Kind::ConnectedInproc(slot) => slot.id().is_none(),
            Kind::Bound(listener) => listener.is_over(),
            Kind::BoundInproc => false,
        }
    }

    /// Whether a program may name it so. What was bound by udp or tipc has the name that it was given, as in the
    /// reference, and the one that it got.
    fn is_named(&self, name: &[u8]) -> bool {
        self.name == name
            || match &self.kind {
                Kind::Datagrams(session, _) => session.endpoint() == name,
                Kind::Bound(listener) => listener.is_named(name),
                _ => false,
            }
    }
}

impl SocketHandle {
    /// Binds an endpoint (`zmq_bind(3)`).
    ///
    /// # Errors
    /// `EINVAL`, `EPROTONOSUPPORT`, `ENOCOMPATPROTO`, `EADDRINUSE`, `EADDRNOTAVAIL`, `ENODEV`,
    /// `ENAMETOOLONG`, `ETERM`, `ENOTSOCK`, `EMTHREAD` as the manual says.
    pub fn bind(&self, endpoint: &[u8]) -> Result<()> {
        let route = self.find_route(endpoint, Purpose::Bind)?;
        let mut socket = self.lock()?;
        socket.enter()?;
        let result = socket.bind(endpoint, route);
        socket.take_in_news();
        result
    }

    /// Connects to an endpoint (`zmq_connect(3)`).
    ///
    /// # Errors
    /// `EINVAL`, `EPROTONOSUPPORT`, `ENOCOMPATPROTO`, `ETERM`, `ENOTSOCK`, `EMTHREAD` as the manual says.
    pub fn connect(&self, endpoint: &[u8]) -> Result<()> {
        let route = self.find_route(endpoint, Purpose::Connect)?;
        let mut socket = self.lock()?;
        socket.enter()?;
        let result = socket.connect(endpoint, route);
        socket.take_in_news();
        // Another thread may be blocked for want of a pipe.
        socket.link.note_taken_in();
        socket.link.ring();
        let link = Arc::clone(&socket.link);
        drop(socket);
        // A binder that nobody calls has to take in its new peer all the same: it may have something
        // to say to it. One with a hub has an I/O thread for that.
        if let Ok(Address::Inproc(name)) = address::parse(endpoint, Purpose::Connect)
            && let Some(binder) = link.context.inproc.bound(&name)
            && binder.hub().is_none()
        {
            binder.housekeep();
        }
        result.map(|_| ())
    }

    /// Takes a bound endpoint back (`zmq_unbind(3)`).
    ///
    /// # Errors
    /// `EINVAL`, `ENOENT`, `ETERM`, `ENOTSOCK` as the manual says.
    pub fn unbind(&self, endpoint: &[u8]) -> Result<()> {
        self.take_back(endpoint)
    }

    /// Takes a connection back (`zmq_disconnect(3)`).
    ///
    /// # Errors
    /// `EINVAL`, `ENOENT`, `ETERM`, `ENOTSOCK` as the manual says.
    pub fn disconnect(&self, endpoint: &[u8]) -> Result<()> {
        self.take_back(endpoint)
    }
}

impl SocketHandle {
    /// Takes back what has this name; else, as in the reference, what has the name that the endpoint
    /// stands for, since a bound one is known by its address.
    fn take_back(&self, endpoint: &[u8]) -> Result<()> {
        let ipv6 = {
            let mut socket = self.lock()?;
            match socket.take_back(endpoint) {
                Err(Errno::ENOENT) if !socket.endpoints.is_empty() => socket.options.ipv6,
                result => return result,
            }
        };
        // Without the lock: a name may have to be looked up.
        let address = address::parse(endpoint, Purpose::Connect).map_err(|_| Errno::ENOENT)?;
        let tcp = address.tcp().ok_or(Errno::ENOENT)?;
        let target = resolve_connect(tcp, ipv6)
            .map_err(|_| Errno::ENOENT)?
            .target;
        let known_as = match &address {
            Address::Ws(ws) => format!("{}://{target}{}", ws.scheme(), ws.path),
            _ => format!("tcp://{target}"),
        };
        self.lock()?.take_back(known_as.as_bytes())
    }
}

impl Socket {
    fn bind(&mut self, endpoint: &[u8], route: Option<Result<Route>>) -> Result<()> {
        let result = self.try_bind(endpoint, route);
        match result {
            Ok(()) => self.trace("bound", &self.last_endpoint, None),
            Err(errno) => self.trace("bind-failed", endpoint, Some(errno)),
        }
        result
    }

    fn try_bind(&mut self, endpoint: &[u8], route: Option<Result<Route>>) -> Result<()> {
        self.check_transport(endpoint, Some(Purpose::Bind))?;
        let address = address::parse(endpoint, Purpose::Bind)?;
        if let Address::Inproc(name) = &address {
            let link = Arc::clone(&self.link);
            link.context.inproc.bind(name, &link, &self.options)?;
            self.add_endpoint(endpoint, Kind::BoundInproc);
            return Ok(());
        }
        if let Address::Udp(_) = address {
            return self.bind_udp(endpoint, route);
        }
        if let Address::Norm(_) | Address::Pgm(_) = address {
            if !self.is_connected_enough(endpoint) {
                self.join_group(endpoint, Purpose::Bind, route)?;
            }
            return Ok(());
        }
        let (link, options) = self.prepare()?;
        let hub = link.need_hub(options.affinity)?;
        let owner: Arc<dyn Owner> = Arc::clone(&link) as Arc<dyn Owner>;
        let census = link.context.census().ok_or(Errno::ETERM)?;
        // `ZMQ_USE_FD` is for one bind: a second one must not take the same descriptor, which has an owner by
        // then, or is closed.
        self.options.use_fd = -1;
        match Listener::bind(&address, &hub, &owner, &options, &census) {
            Ok(listener) => {
                let resolved = listener.endpoint().to_owned();
                let name = match address {
                    Address::Tipc(_) => endpoint,
                    _ => &resolved,
                };
                self.add_endpoint(name, Kind::Bound(listener));
                self.last_endpoint = resolved;
                Ok(())
            }
            Err(errno) => {
                self.report_bind_failed(endpoint, errno);
                Err(errno)
            }
        }
    }

    pub(super) fn report_bind_failed(&self, endpoint: &[u8], errno: Errno) {
        let place = address::split(endpoint).map_or(endpoint, |(_, place)| place);
        let value = u64::from(errno.0.unsigned_abs());
        let ends = Ends::bound(place, b"");
        self.link.report(monitor_event::BIND_FAILED, value, &ends);
    }

    /// The pipe, if there is one before the connection is. `route`: where it leads, for transports that say so at once.
    pub(super) fn connect(
        &mut self,
        endpoint: &[u8],
        route: Option<Result<Route>>,
    ) -> Result<Option<PipeId>> {
        let result = self.try_connect(endpoint, route);
        if let Err(errno) = result {
            self.trace("connect-failed", endpoint, Some(errno));
        }
        result
    }

    fn try_connect(
        &mut self,
        endpoint: &[u8],
        route: Option<Result<Route>>,
    ) -> Result<Option<PipeId>> {
        self.check_transport(endpoint, Some(Purpose::Connect))?;
        let address = address::parse(endpoint, Purpose::Connect)?;
        if !self.options.connect_routing_id.is_empty() {
            let routing_id = std::mem::take(&mut self.options.connect_routing_id);
            self.pattern.next_connect_routing_id(routing_id);
        }
        if let Address::Inproc(name) = &address {
            let link = Arc::clone(&self.link);
            let (end, peer) = link.context.inproc.connect(name, &link, &self.options);
            let slot = Arc::clone(&end.slot);
            let id = self.pipes.insert(end);
            self.pattern
                .attach(&mut self.pipes, id, Origin::Connected, peer.as_ref());
            self.add_endpoint(endpoint, Kind::ConnectedInproc(slot));
            self.trace("connect", endpoint, None);
            return Ok(Some(id));
        }
        if let Address::Udp(_) = address {
            return self.connect_udp(endpoint, route).map(Some);
        }
        let proxy = self.proxy_for(&address)?;
        let tls = match &address {
            Address::Ws(ws) => Tls::to_connect(ws, &self.options)?,
            _ => None,
        };
        if self.is_connected_enough(endpoint) {
            return Ok(None);
        }
        if let Address::Norm(_) | Address::Pgm(_) = address {
            return self.join_group(endpoint, Purpose::Connect, route).map(Some);
        }
        let (link, options) = self.prepare()?;
        let hub = link.need_hub(options.affinity)?;
        let owner: Arc<dyn Owner> = Arc::clone(&link) as Arc<dyn Owner>;
        let census = link.context.census().ok_or(Errno::ETERM)?;
        let target = ConnectTarget {
            endpoint: endpoint.to_owned(),
            address,
            proxy,
            tls,
        };
        let (session, end) = Session::connect(target, &hub, &owner, &options, &census);
        let (mut slot, mut pipe) = (None, None);
        if let Some(end) = end {
            slot = Some(Arc::clone(&end.slot));
            let id = self.pipes.insert(end);
            self.pattern
                .attach(&mut self.pipes, id, Origin::Connected, None);
            pipe = Some(id);
        }
        // Before the attempts that it begins.
        self.trace("connect", endpoint, None);
        session.start();
        self.add_endpoint(endpoint, Kind::Connected(session, slot));
        Ok(pipe)
    }

    /// The proxy that connections to `address` go through.
    fn proxy_for(&self, address: &Address) -> Result<Option<Proxy>> {
        let options = &self.options;
        let Address::Tcp(tcp) = address else {
            return Ok(None);
        };
        if options.socks_proxy.is_empty() {
            return Ok(None);
        }
        let (user, password) = (&options.socks_username, &options.socks_password);
        Ok(Some(Proxy {
            address: address::parse_proxy(trimmed(&options.socks_proxy))?,
            request: Request::new(&tcp.target, trimmed(user), trimmed(password))?,
        }))
    }

    /// What binding and connecting by a descriptor have in common.
    fn prepare(&self) -> Result<(Arc<Link>, Arc<SocketOptions>)> {
        if self.options.security.mechanism == Mechanism::Gssapi && !gssapi::is_available() {
            // Better no connection than one that the application believes protected.
            return Err(Errno::EPROTONOSUPPORT);
        }
        let mut options = self.options.clone();
        options.security.derive_keys();
        Ok((Arc::clone(&self.link), Arc::new(options)))
    }

    /// What a session without a connection is made of.
    pub(super) fn with_parts<T>(
        &self,
        make: impl FnOnce(&SessionOf<'_>) -> Result<T>,
    ) -> Result<T> {
        let link = &self.link;
        let owner: Arc<dyn Owner> = Arc::clone(link) as Arc<dyn Owner>;
        make(&SessionOf {
            hub: &link.need_hub(self.options.affinity)?,
            owner: &owner,
            options: &self.options,
            census: &link.context.census().ok_or(Errno::ETERM)?,
        })
    }

    /// Takes in such a session, with its pipe.
    pub(super) fn attach_standing(
        &mut self,
        endpoint: &[u8],
        end: PipeEnd,
        kind: impl FnOnce(Arc<PipeSlot>) -> Kind,
    ) -> PipeId {
        let slot = Arc::clone(&end.slot);
        let id = self.pipes.insert(end);
        self.pattern
            .attach(&mut self.pipes, id, Origin::Datagrams, None);
        self.add_endpoint(endpoint, kind(slot));
        id
    }

    /// For these types a second connection to the same endpoint brings nothing, nor does one to an endpoint of
    /// their own, so the call succeeds without one, as in the reference library.
    fn is_connected_enough(&self, endpoint: &[u8]) -> bool {
        use SocketType::{Dealer, Pub, Req, Sub};
        matches!(self.ty, Dealer | Pub | Req | Sub)
            && self.endpoints.iter().any(|known| {
                known.name == endpoint
                    && matches!(
                        known.kind,
                        Kind::Bound(_) | Kind::Connected(..) | Kind::Multicast(..)
                    )
                    && !known.is_over()
            })
    }

    pub(super) fn add_endpoint(&mut self, name: &[u8], kind: Kind) {
        if self.endpoints.len() == self.endpoints.capacity() {
            self.endpoints.retain(|known| !known.is_over());
        }
        name.clone_into(&mut self.last_endpoint);
        self.endpoints.push(Endpoint {
            name: name.to_owned(),
            kind,
        });
    }

    /// The names of the socket's endpoints, for traces.
    pub(super) fn endpoint_names(&self) -> String {
        let names: Vec<_> = self
            .endpoints
            .iter()
            .map(|known| String::from_utf8_lossy(&known.name))
            .collect();
        names.join(" ")
    }

    pub(super) fn trace(&self, what: &str, endpoint: &[u8], failure: Option<Errno>) {
        if !trace::is_on(Topic::Endpoint) {
            return;
        }
        let (name, endpoint) = (self.link.name, Bytes(endpoint));
        match failure {
            None => {
                let fields: trace::Fields<'_> = &[("socket", &name), ("endpoint", &endpoint)];
                trace::event(Topic::Endpoint, what, fields);
            }
            Some(errno) => {
                let fields: trace::Fields<'_> = &[
                    ("socket", &name),
                    ("endpoint", &endpoint),
                    ("reason", &Reason(errno)),
                ];
                trace::event(Topic::Endpoint, what, fields);
            }
        }
    }

    fn take_back(&mut self, endpoint: &[u8]) -> Result<()> {
        self.enter()?;
        self.check_transport(endpoint, None)?;
        let (taken, kept) = std::mem::take(&mut self.endpoints)
            .into_iter()
            .partition::<Vec<_>, _>(|known| known.is_named(endpoint));
        self.endpoints = kept;
        // One of inproc is none any more when its pipe has ended; others are until they are taken back.
        let is_left =
            |known: &Endpoint| !matches!(known.kind, Kind::ConnectedInproc(_)) || !known.is_over();
        if !taken.iter().any(is_left) {
            return Err(Errno::ENOENT);
        }
        for endpoint in taken {
            let what = match &endpoint.kind {
                Kind::Bound(_) | Kind::BoundInproc => "unbind",
                Kind::Datagrams(..) if self.ty != SocketType::Radio => "unbind",
                Kind::Multicast(session, _) if session.is_bound() => "unbind",
                Kind::Connected(..)
                | Kind::ConnectedInproc(_)
                | Kind::Datagrams(..)
                | Kind::Multicast(..) => "disconnect",
            };
            self.trace(what, &endpoint.name, None);
            self.end_endpoint(&endpoint);
            self.retired.push(endpoint);
        }
        self.retired.retain(|endpoint| !endpoint.is_over());
        self.take_in_news();
        self.link.context.inproc.sweep();
        self.link.flush();
        Ok(())
    }

    fn end_endpoint(&mut self, endpoint: &Endpoint) {
        let slot = match &endpoint.kind {
            Kind::Bound(listener) => {
                listener.close();
                return;
            }
            Kind::BoundInproc => {
                endpoint.free_name(&self.link);
                return;
            }
            Kind::Connected(session, slot) => {
                session.retire();
                slot.as_ref()
            }
            Kind::ConnectedInproc(slot) => Some(slot),
            Kind::Datagrams(session, slot) => {
                session.retire();
                Some(slot)
            }
            Kind::Multicast(session, slot) => {
                session.retire();
                Some(slot)
            }
        };
        if let Some(id) = slot.and_then(|slot| slot.id()) {
            self.pipes.close(id);
        }
    }
}
