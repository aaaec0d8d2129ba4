//! The table of all socket options: number, values, who may set them, when they take effect.
//!
//! Held against `zmq_setsockopt(3)`, `zmq_getsockopt(3)` and what the reference library answers;
//! where the manual is silent (what a negative number does to a switch) the reference decides.

use std::time::Duration;

use super::fields::SocketOptions;
use super::id::*;
use super::security::Mechanism;
use crate::socket_type::SocketType;

/// All that is to know about an option.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Its number in `zmq.h`
    pub id: i32,
    /// Its name in `zmq.h`, without `ZMQ_`
    pub name: &'static str,
    /// Its type, range and place
    pub kind: Kind,
    /// The sockets that have it
    pub types: Types,
    /// Whether it can be set, read or both
    pub access: Access,
    /// When a new value takes effect
    pub effect: Effect,
    /// Whether it stands in the draft part of `zmq.h`
    pub draft: bool,
    /// Whether the pattern keeps a copy (`Change::Pattern`)
    pub pattern: bool,
    /// What else changes when it is set
    pub(super) then: Option<fn(&mut SocketOptions)>,
}

/// The field of an option.
#[derive(Debug)]
pub struct Place<T> {
    pub(super) of: fn(&SocketOptions) -> &T,
    pub(super) of_mut: fn(&mut SocketOptions) -> &mut T,
}

impl<T> Clone for Place<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Place<T> {}

/// Type and range of an option's value, and where it is kept.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// An `int` within a range
    Int {
        /// Its field
        place: Place<i32>,
        /// Least value
        min: i32,
        /// Greatest value
        max: i32,
    },
    /// An `int`, 0 or 1
    Bool(Place<bool>),
    /// An `int` that is not negative; all but 0 mean on
    Switch(Place<bool>),
    /// Any `int`; all but 0 mean on
    Truth(Place<bool>),
    /// An `int` of milliseconds, where one number means none
    Millis {
        /// Its field
        place: Place<Option<Duration>>,
        /// The number for `None`
        none: i32,
        /// Least value
        min: i32,
    },
    /// An `int64_t`
    I64(Place<i64>),
    /// A `uint64_t`
    U64(Place<u64>),
    /// A character string, read back with a NUL added
    Text {
        /// Its field
        place: Place<Vec<u8>>,
        /// Least length in bytes
        min: usize,
        /// Greatest length in bytes
        max: usize,
    },
    /// Binary data
    Binary {
        /// Its field
        place: Place<Vec<u8>>,
        /// Least length in bytes
        min: usize,
        /// Greatest length in bytes
        max: usize,
    },
    /// A CURVE key, binary or in Z85
    Key(Place<[u8; 32]>),
    /// An `int`, 0 or 1: whether the socket is a server of the mechanism
    Server(Mechanism),
    /// A rule of its own
    Special(Special),
    /// Known to the socket alone, never set
    State,
}

/// Options with a rule of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// Kept by the pattern
    Subscribe,
    /// Kept by the pattern
    Unsubscribe,
    /// The type of the socket
    Type,
    /// The number of the mechanism
    Mechanism,
    /// The opposite of `IPV6`
    Ipv4Only,
    /// Milliseconds, rounded down to tenths of a second
    HeartbeatTtl,
    /// One property more
    Metadata,
    /// One block of addresses more, or none at all
    TcpAcceptFilter,
    /// One process more, or none at all
    IpcFilterPid,
    /// One user more, or none at all
    IpcFilterUid,
    /// One group more, or none at all
    IpcFilterGid,
}

/// The types of sockets that have an option.
#[derive(Clone, Copy, Debug)]
pub enum Types {
    /// All
    All,
    /// These
    Only(&'static [SocketType]),
}

impl Types {
    /// Whether sockets of type `ty` are among them.
    #[must_use]
    pub fn include(self, ty: SocketType) -> bool {
        match self {
            Self::All => true,
            Self::Only(types) => types.contains(&ty),
        }
    }
}

/// Whether an option can be set, read or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Set and read
    ReadWrite,
    /// Read only
    Read,
    /// Set only
    Write,
}

/// When a new value takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// At once, existing connections included
    Now,
    /// With the next `zmq_bind` or `zmq_connect`
    NextEndpoint,
}

/// The option with this number.
#[must_use]
pub fn find(id: i32) -> Option<&'static OptionSpec> {
    TABLE
        .binary_search_by_key(&id, |spec| spec.id)
        .ok()
        .map(|index| &TABLE[index])
}

impl OptionSpec {
    const fn new(id: i32, name: &'static str, kind: Kind) -> Self {
        Self {
            id,
            name,
            kind,
            types: Types::All,
            access: Access::ReadWrite,
            effect: Effect::NextEndpoint,
            draft: id >= ZAP_ENFORCE_DOMAIN,
            pattern: false,
            then: None,
        }
    }

    /// Belongs to sockets of these types.
    const fn only(self, types: &'static [SocketType]) -> Self {
        Self {
            types: Types::Only(types),
            ..self
        }
    }

    /// Of one pattern: it takes effect at once, the pattern has a copy, and it cannot be read.
    const fn of_pattern(self, types: &'static [SocketType]) -> Self {
        self.only(types).for_pattern().now().write_only()
    }

    const fn for_pattern(self) -> Self {
        Self {
            pattern: true,
            ..self
        }
    }

    const fn now(self) -> Self {
        Self {
            effect: Effect::Now,
            ..self
        }
    }

    /// Although the pattern hears of it at once.
    const fn next(self) -> Self {
        Self {
            effect: Effect::NextEndpoint,
            ..self
        }
    }

    const fn read_only(self) -> Self {
        Self {
            access: Access::Read,
            effect: Effect::Now,
            ..self
        }
    }

    const fn write_only(self) -> Self {
        Self {
            access: Access::Write,
            ..self
        }
    }

    const fn then(self, then: fn(&mut SocketOptions)) -> Self {
        Self {
            then: Some(then),
            ..self
        }
    }
}

macro_rules! place {
    ($($field:ident).+) => {
        Place { of: |options| &options.$($field).+, of_mut: |options| &mut options.$($field).+ }
    };
}

/// `NAME: kind(field ..) method(..) ..;` for every option, in the order of their numbers.
macro_rules! table {
    ($($name:ident: $kind:ident($($args:tt)*) $($method:ident($($arg:tt)*))*;)*) => {
        /// Every option of `zmq.h`, stable and draft, in the order of their numbers.
        pub const TABLE: &[OptionSpec] = &[
            $(OptionSpec::new($name, stringify!($name), kind!($kind $($args)*))
                $(.$method($($arg)*))*,)*
        ];
    };
}

macro_rules! kind {
    (int $($field:ident).+, $min:expr, $max:expr) => {
        Kind::Int { place: place!($($field).+), min: $min, max: $max }
    };
    (int $($field:ident).+, $min:expr) => { kind!(int $($field).+, $min, i32::MAX) };
    (bool $($field:ident).+) => { Kind::Bool(place!($($field).+)) };
    (switch $($field:ident).+) => { Kind::Switch(place!($($field).+)) };
    (truth $($field:ident).+) => { Kind::Truth(place!($($field).+)) };
    (millis $($field:ident).+, $none:expr, $min:expr) => {
        Kind::Millis { place: place!($($field).+), none: $none, min: $min }
    };
    (i64 $($field:ident).+) => { Kind::I64(place!($($field).+)) };
    (u64 $($field:ident).+) => { Kind::U64(place!($($field).+)) };
    (text $($field:ident).+, $min:expr, $max:expr) => {
        Kind::Text { place: place!($($field).+), min: $min, max: $max }
    };
    (binary $($field:ident).+, $min:expr, $max:expr) => {
        Kind::Binary { place: place!($($field).+), min: $min, max: $max }
    };
    (key $($field:ident).+) => { Kind::Key(place!($($field).+)) };
    (server $mechanism:ident) => { Kind::Server(Mechanism::$mechanism) };
    (special $special:ident) => { Kind::Special(Special::$special) };
    (state) => { Kind::State };
}

use SocketType::{Dealer, Pub, Radio, Rep, Req, Router, Stream, Sub, Xpub, Xsub};

/// What is a ROUTER's is a REP's, too, and so on: the reference builds one upon the other.
const ROUTERS: &[SocketType] = &[Router, Rep];
const PROBERS: &[SocketType] = &[Router, Rep, Dealer, Req];
const PUBS: &[SocketType] = &[Pub, Xpub];

/// Longest routing id and string of most options (RFC 23, `zmq_setsockopt(3)`).
const SHORT: usize = 255;
/// Longest name of a network device: `IFNAMSIZ`.
const DEVICE: usize = 16;

table! {
    AFFINITY: u64(affinity);
    ROUTING_ID: binary(routing_id, 1, SHORT);
    SUBSCRIBE: special(Subscribe) only(&[Sub]) now() write_only();
    UNSUBSCRIBE: special(Unsubscribe) only(&[Sub]) now() write_only();
    RATE: int(rate, 1);
    RECOVERY_IVL: int(recovery_ivl, 0);
    SNDBUF: int(sndbuf, -1);
    RCVBUF: int(rcvbuf, -1);
    RCVMORE: state() read_only();
    FD: state() read_only();
    EVENTS: state() read_only();
    TYPE: special(Type) read_only();
    LINGER: millis(linger, -1, -1) now();
    RECONNECT_IVL: millis(reconnect_ivl, -1, -1);
    BACKLOG: int(backlog, 0);
    RECONNECT_IVL_MAX: millis(reconnect_ivl_max, 0, 0);
    MAXMSGSIZE: i64(maxmsgsize);
    SNDHWM: int(sndhwm, 0) now();
    RCVHWM: int(rcvhwm, 0) now();
    MULTICAST_HOPS: int(multicast_hops, 1);
    RCVTIMEO: millis(rcvtimeo, -1, -1) now();
    SNDTIMEO: millis(sndtimeo, -1, -1) now();
    IPV4ONLY: special(Ipv4Only);
    LAST_ENDPOINT: state() read_only();
    ROUTER_MANDATORY: switch(router_mandatory) of_pattern(ROUTERS);
    TCP_KEEPALIVE: int(tcp_keepalive, -1, 1);
    TCP_KEEPALIVE_CNT: int(tcp_keepalive_cnt, -1);
    TCP_KEEPALIVE_IDLE: int(tcp_keepalive_idle, -1);
    TCP_KEEPALIVE_INTVL: int(tcp_keepalive_intvl, -1);
    TCP_ACCEPT_FILTER: special(TcpAcceptFilter) write_only();
    IMMEDIATE: bool(immediate);
    XPUB_VERBOSE: switch(xpub_verbose) of_pattern(PUBS)
        then(|options| options.xpub_verboser = false);
    ROUTER_RAW: switch(router_raw) of_pattern(ROUTERS);
    IPV6: bool(ipv6);
    MECHANISM: special(Mechanism) read_only();
    PLAIN_SERVER: server(Plain);
    PLAIN_USERNAME: text(security.plain_username, 0, SHORT) then(|options| {
        let set = !options.security.plain_username.is_empty();
        options.security.become_client(if set { Mechanism::Plain } else { Mechanism::Null });
    });
    PLAIN_PASSWORD: text(security.plain_password, 0, SHORT) then(|options| {
        let set = !options.security.plain_password.is_empty();
        options.security.become_client(if set { Mechanism::Plain } else { Mechanism::Null });
    });
    CURVE_SERVER: server(Curve);
    CURVE_PUBLICKEY: key(security.curve_public_key)
        then(|options| options.security.mechanism = Mechanism::Curve);
    CURVE_SECRETKEY: key(security.curve_secret_key)
        then(|options| options.security.mechanism = Mechanism::Curve);
    CURVE_SERVERKEY: key(security.curve_server_key)
        then(|options| options.security.become_client(Mechanism::Curve));
    PROBE_ROUTER: switch(probe_router) of_pattern(PROBERS);
    REQ_CORRELATE: switch(req_correlate) of_pattern(&[Req]);
    REQ_RELAXED: switch(req_relaxed) of_pattern(&[Req]);
    CONFLATE: bool(conflate);
    ZAP_DOMAIN: text(security.zap_domain, 1, SHORT);
    ROUTER_HANDOVER: switch(router_handover) of_pattern(ROUTERS);
    TOS: int(tos, 0);
    IPC_FILTER_PID: special(IpcFilterPid) write_only();
    IPC_FILTER_UID: special(IpcFilterUid) write_only();
    IPC_FILTER_GID: special(IpcFilterGid) write_only();
    CONNECT_ROUTING_ID: binary(connect_routing_id, 1, usize::MAX)
        of_pattern(&[Router, Rep, Stream]) next();
    GSSAPI_SERVER: server(Gssapi);
    GSSAPI_PRINCIPAL: text(security.gssapi_principal, 1, SHORT)
        then(|options| options.security.mechanism = Mechanism::Gssapi);
    GSSAPI_SERVICE_PRINCIPAL: text(security.gssapi_service_principal, 1, SHORT)
        then(|options| options.security.become_client(Mechanism::Gssapi));
    GSSAPI_PLAINTEXT: bool(security.gssapi_plaintext);
    HANDSHAKE_IVL: millis(handshake_ivl, 0, 0);
    SOCKS_PROXY: text(socks_proxy, 0, usize::MAX);
    XPUB_NODROP: switch(xpub_nodrop) of_pattern(&[Pub, Xpub, Radio]);
    XPUB_MANUAL: switch(xpub_manual) of_pattern(PUBS);
    XPUB_WELCOME_MSG: binary(xpub_welcome_msg, 0, usize::MAX) of_pattern(PUBS);
    STREAM_NOTIFY: bool(stream_notify) of_pattern(&[Stream]);
    INVERT_MATCHING: truth(invert_matching) for_pattern() now();
    HEARTBEAT_IVL: millis(heartbeat_ivl, 0, 0);
    HEARTBEAT_TTL: special(HeartbeatTtl);
    HEARTBEAT_TIMEOUT: millis(heartbeat_timeout, -1, 0);
    XPUB_VERBOSER: switch(xpub_verboser) of_pattern(PUBS)
        then(|options| options.xpub_verbose = options.xpub_verboser);
    CONNECT_TIMEOUT: millis(connect_timeout, 0, 0);
    TCP_MAXRT: millis(tcp_maxrt, 0, 0);
    THREAD_SAFE: state() read_only();
    MULTICAST_MAXTPDU: int(multicast_maxtpdu, 1);
    VMCI_BUFFER_SIZE: u64(vmci.buffer_size);
    VMCI_BUFFER_MIN_SIZE: u64(vmci.buffer_min_size);
    VMCI_BUFFER_MAX_SIZE: u64(vmci.buffer_max_size);
    VMCI_CONNECT_TIMEOUT: millis(vmci.connect_timeout, -1, -1);
    USE_FD: int(use_fd, -1);
    GSSAPI_PRINCIPAL_NAMETYPE: int(security.gssapi_principal_nametype, 0, 2);
    GSSAPI_SERVICE_PRINCIPAL_NAMETYPE: int(security.gssapi_service_principal_nametype, 0, 2);
    BINDTODEVICE: text(bindtodevice, 0, DEVICE);

    ZAP_ENFORCE_DOMAIN: truth(security.zap_enforce_domain);
    LOOPBACK_FASTPATH: truth(loopback_fastpath);
    METADATA: special(Metadata) write_only();
    MULTICAST_LOOP: truth(multicast_loop);
    ROUTER_NOTIFY: int(router_notify, 0, 3) only(ROUTERS) for_pattern() now();
    XPUB_MANUAL_LAST_VALUE: switch(xpub_manual_last_value) of_pattern(PUBS)
        then(|options| options.xpub_manual = options.xpub_manual_last_value);
    SOCKS_USERNAME: text(socks_username, 0, SHORT);
    SOCKS_PASSWORD: text(socks_password, 0, SHORT);
    IN_BATCH_SIZE: int(in_batch_size, 1);
    OUT_BATCH_SIZE: int(out_batch_size, 1);
    WSS_KEY_PEM: text(wss.key_pem, 0, usize::MAX) write_only();
    WSS_CERT_PEM: text(wss.cert_pem, 0, usize::MAX) write_only();
    WSS_TRUST_PEM: text(wss.trust_pem, 0, usize::MAX) write_only();
    WSS_HOSTNAME: text(wss.hostname, 0, usize::MAX) write_only();
    WSS_TRUST_SYSTEM: bool(wss.trust_system) write_only();
    ONLY_FIRST_SUBSCRIBE: switch(only_first_subscribe) of_pattern(&[Pub, Xpub, Xsub]);
    RECONNECT_STOP: int(reconnect_stop, i32::MIN);
    HELLO_MSG: binary(hello_msg, 0, usize::MAX) write_only() for_pattern() now();
    DISCONNECT_MSG: binary(disconnect_msg, 0, usize::MAX) write_only() for_pattern() now();
    PRIORITY: int(priority, 0);
    BUSY_POLL: int(busy_poll, i32::MIN) write_only();
    HICCUP_MSG: binary(hiccup_msg, 0, usize::MAX) write_only() for_pattern() now();
    XSUB_VERBOSE_UNSUBSCRIBE: switch(xsub_verbose_unsubscribe) of_pattern(&[Xsub]);
    TOPICS_COUNT: state() read_only();
    NORM_MODE: int(norm.mode, 0, 4);
    NORM_UNICAST_NACK: bool(norm.unicast_nack);
    NORM_BUFFER_SIZE: int(norm.buffer_size, 1);
    NORM_SEGMENT_SIZE: int(norm.segment_size, 1);
    NORM_BLOCK_SIZE: int(norm.block_size, 1, 255);
    NORM_NUM_PARITY: int(norm.num_parity, 0, 254);
    NORM_NUM_AUTOPARITY: int(norm.num_autoparity, 0, 254);
    NORM_PUSH: bool(norm.push);
}
