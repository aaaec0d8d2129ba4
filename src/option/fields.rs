//! The fields of [`SocketOptions`] and their defaults.

use std::time::Duration;

use zeroize::Zeroizing;

use super::{AcceptFilter, SecurityOptions};
use crate::socket_type::SocketType;

/// What a new socket takes over from its context (`zmq_ctx_set(3)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextDefaults {
    /// `ZMQ_IPV6` of the context
    pub ipv6: bool,
    /// `ZMQ_BLOCKY`: when off, sockets do not linger
    pub blocky: bool,
    /// `ZMQ_ZERO_COPY_RECV`
    pub zero_copy: bool,
}

impl Default for ContextDefaults {
    fn default() -> Self {
        Self {
            ipv6: false,
            blocky: true,
            zero_copy: true,
        }
    }
}

macro_rules! options {
    ($(#[$meta:meta])* pub struct $type:ident { $($(#[$doc:meta])* $name:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $type { $($(#[$doc])* pub $name: $kind,)* }
    };
}

options! {
    /// The values of all options, named as in `zmq_setsockopt(3)`.
    ///
    /// Where a number of the C interface stands for "none" or "no limit" the field is an `Option`.
    /// Strings are kept byte for byte as given, a terminating NUL included: use [`trimmed`](super::trimmed).
    pub struct SocketOptions {
        /// The socket's type (`ZMQ_TYPE`)
        socket_type: SocketType,
        /// The context's `ZMQ_ZERO_COPY_RECV` when the socket was made
        zero_copy: bool,

        /// I/O threads that may serve new connections, a bit each; 0: any
        affinity: u64,
        /// Routing id told to peers, 0 to 255 bytes
        routing_id: Vec<u8>,
        /// Most messages to queue for sending per peer; 0: no limit
        sndhwm: i32,
        /// Most messages to queue for receiving per peer; 0: no limit
        rcvhwm: i32,
        /// How long unsent messages outlive the socket; `None`: until sent
        linger: Option<Duration>,
        /// How long a receive may block; `None`: for ever
        rcvtimeo: Option<Duration>,
        /// How long a send may block; `None`: for ever
        sndtimeo: Option<Duration>,
        /// Size of the largest message to accept; negative: no limit. See `max_msg_size`
        maxmsgsize: i64,
        /// Queue for established connections only
        immediate: bool,
        /// Keep only the newest message
        conflate: bool,
        /// Application properties for the handshake, in the order of their setting
        metadata: Vec<(String, Vec<u8>)>,

        /// Pause before a reconnect; `None`: do not reconnect
        reconnect_ivl: Option<Duration>,
        /// Longest pause that doubling leads to; `None`: do not double
        reconnect_ivl_max: Option<Duration>,
        /// Bits that say when to stop reconnecting (`ZMQ_RECONNECT_STOP_*`)
        reconnect_stop: i32,
        /// Time for the handshake; `None`: no limit
        handshake_ivl: Option<Duration>,
        /// Pause between PINGs; `None`: no heartbeats
        heartbeat_ivl: Option<Duration>,
        /// Time to live sent in PINGs, whole tenths of a second; `None`: none
        heartbeat_ttl: Option<Duration>,
        /// Silence after a PING that ends the connection; `None`: as `heartbeat_ivl`
        heartbeat_timeout: Option<Duration>,
        /// Time for `connect(2)`; `None`: the system's
        connect_timeout: Option<Duration>,

        /// Kernel buffer for sending in bytes; -1: the system's
        sndbuf: i32,
        /// Kernel buffer for receiving in bytes; -1: the system's
        rcvbuf: i32,
        /// Connections waiting to be accepted
        backlog: i32,
        /// Talk IPv6 too
        ipv6: bool,
        /// Type of service of IP packets; 0: the system's
        tos: i32,
        /// `SO_PRIORITY`; 0: the system's
        priority: i32,
        /// `SO_BUSY_POLL` in microseconds; 0: off
        busy_poll: i32,
        /// `TCP_USER_TIMEOUT`; `None`: the system's
        tcp_maxrt: Option<Duration>,
        /// `SO_KEEPALIVE`: -1 the system's, 0 off, 1 on
        tcp_keepalive: i32,
        /// `TCP_KEEPCNT`; -1: the system's
        tcp_keepalive_cnt: i32,
        /// `TCP_KEEPIDLE` in seconds; -1: the system's
        tcp_keepalive_idle: i32,
        /// `TCP_KEEPINTVL` in seconds; -1: the system's
        tcp_keepalive_intvl: i32,
        /// Listening descriptor of the application's; -1: none
        use_fd: i32,
        /// Network device to use, empty: any
        bindtodevice: Vec<u8>,
        /// Peers that may connect over TCP; empty: all
        tcp_accept_filters: Vec<AcceptFilter>,
        /// Processes that may connect over ipc
        ipc_filter_pid: Vec<i32>,
        /// Users that may connect over ipc
        ipc_filter_uid: Vec<u32>,
        /// Groups that may connect over ipc
        ipc_filter_gid: Vec<u32>,
        /// Address of a SOCKS proxy to connect through, empty: none
        socks_proxy: Vec<u8>,
        /// User at the SOCKS proxy, empty: no authentication
        socks_username: Vec<u8>,
        /// Password at the SOCKS proxy
        socks_password: Zeroizing<Vec<u8>>,
        /// Bytes to read from a connection at a time
        in_batch_size: i32,
        /// Bytes to write to a connection at a time
        out_batch_size: i32,
        /// Has a meaning on Windows only
        loopback_fastpath: bool,

        /// Report messages that cannot be routed
        router_mandatory: bool,
        /// Raw TCP instead of ZMTP
        router_raw: bool,
        /// Let a new peer take over a routing id in use
        router_handover: bool,
        /// Which changes of connections to tell (`ZMQ_NOTIFY_*`)
        router_notify: i32,
        /// Send an empty message to every new peer
        probe_router: bool,
        /// Routing id for the next connect, which takes it away
        connect_routing_id: Vec<u8>,
        /// Number requests and skip replies to others
        req_correlate: bool,
        /// Allow a new request before the reply
        req_relaxed: bool,
        /// Tell the connects and disconnects of peers
        stream_notify: bool,
        /// Hand out duplicate subscriptions too
        xpub_verbose: bool,
        /// Hand out duplicate unsubscriptions too
        xpub_verboser: bool,
        /// Block rather than drop at the high water mark
        xpub_nodrop: bool,
        /// The application decides which subscriptions hold
        xpub_manual: bool,
        /// As `xpub_manual`, and the next message goes to the last subscriber alone
        xpub_manual_last_value: bool,
        /// First message for every new subscriber, empty: none
        xpub_welcome_msg: Vec<u8>,
        /// Hand on duplicate unsubscriptions too
        xsub_verbose_unsubscribe: bool,
        /// Only the first frame of a message may be a subscription
        only_first_subscribe: bool,
        /// Deliver what does not match
        invert_matching: bool,
        /// First message to every new peer, empty: none
        hello_msg: Vec<u8>,
        /// Message delivered when an accepted peer goes, empty: none
        disconnect_msg: Vec<u8>,
        /// Message delivered when a connected peer goes for a while, empty: none
        hiccup_msg: Vec<u8>,

        /// Mechanisms, their keys and names, ZAP
        security: SecurityOptions,

        /// Kilobits per second
        rate: i32,
        /// Milliseconds
        recovery_ivl: i32,
        /// Hops
        multicast_hops: i32,
        /// Bytes
        multicast_maxtpdu: i32,
        /// Hear one's own multicasts
        multicast_loop: bool,
        /// Values for the VMCI transport
        vmci: VmciOptions,
        /// Values for the NORM transport
        norm: NormOptions,
        /// Values for the WSS transport
        wss: WssOptions,
    }
}

options! {
    /// Options of the VMCI transport: stored and validated only.
    pub struct VmciOptions {
        /// Bytes
        buffer_size: u64,
        /// Bytes
        buffer_min_size: u64,
        /// Bytes
        buffer_max_size: u64,
        /// `None`: no limit
        connect_timeout: Option<Duration>,
    }
}

options! {
    /// Options of the NORM transport.
    pub struct NormOptions {
        /// `ZMQ_NORM_FIXED` and its like
        mode: i32,
        /// Negative acknowledgements by unicast
        unicast_nack: bool,
        /// Kilobytes
        buffer_size: i32,
        /// Bytes
        segment_size: i32,
        /// Segments per block
        block_size: i32,
        /// Segments per block
        num_parity: i32,
        /// Segments per block
        num_autoparity: i32,
        /// Drop the oldest data for new
        push: bool,
    }
}

options! {
    /// Options of the WSS transport.
    pub struct WssOptions {
        /// Private key
        key_pem: Zeroizing<Vec<u8>>,
        /// Certificate
        cert_pem: Vec<u8>,
        /// Certificates to trust
        trust_pem: Vec<u8>,
        /// Name that the server must prove
        hostname: Vec<u8>,
        /// Trust what the system trusts
        trust_system: bool,
    }
}

impl SocketOptions {
    /// The defaults of `zmq_getsockopt(3)` for a socket of type `ty`.
    #[must_use]
    pub fn new(ty: SocketType, context: &ContextDefaults) -> Self {
        // Sockets that send nothing but subscriptions have nothing to linger for.
        let fleeting = matches!(ty, SocketType::Sub | SocketType::Xsub | SocketType::Dish);
        Self {
            socket_type: ty,
            zero_copy: context.zero_copy,
            affinity: 0,
            routing_id: Vec::new(),
            sndhwm: 1000,
            rcvhwm: 1000,
            linger: (fleeting || !context.blocky).then_some(Duration::ZERO),
            rcvtimeo: None,
            sndtimeo: None,
            maxmsgsize: -1,
            immediate: false,
            conflate: false,
            metadata: Vec::new(),
            reconnect_ivl: Some(Duration::from_millis(100)),
            reconnect_ivl_max: None,
            reconnect_stop: 0,
            handshake_ivl: Some(Duration::from_secs(30)),
            heartbeat_ivl: None,
            heartbeat_ttl: None,
            heartbeat_timeout: None,
            connect_timeout: None,
            sndbuf: -1,
            rcvbuf: -1,
            backlog: 100,
            ipv6: context.ipv6,
            tos: 0,
            priority: 0,
            busy_poll: 0,
            tcp_maxrt: None,
            tcp_keepalive: -1,
            tcp_keepalive_cnt: -1,
            tcp_keepalive_idle: -1,
            tcp_keepalive_intvl: -1,
            use_fd: -1,
            bindtodevice: Vec::new(),
            tcp_accept_filters: Vec::new(),
            ipc_filter_pid: Vec::new(),
            ipc_filter_uid: Vec::new(),
            ipc_filter_gid: Vec::new(),
            socks_proxy: Vec::new(),
            socks_username: Vec::new(),
            socks_password: Zeroizing::default(),
            in_batch_size: 8192,
            out_batch_size: 8192,
            loopback_fastpath: false,
            router_mandatory: false,
            router_raw: false,
            router_handover: false,
            router_notify: 0,
            probe_router: false,
            connect_routing_id: Vec::new(),
            req_correlate: false,
            req_relaxed: false,
            stream_notify: true,
            xpub_verbose: false,
            xpub_verboser: false,
            xpub_nodrop: false,
            xpub_manual: false,
            xpub_manual_last_value: false,
            xpub_welcome_msg: Vec::new(),
            xsub_verbose_unsubscribe: false,
            only_first_subscribe: false,
            invert_matching: false,
            hello_msg: Vec::new(),
            disconnect_msg: Vec::new(),
            hiccup_msg: Vec::new(),
            security: SecurityOptions::default(),
            rate: 100,
            recovery_ivl: 10_000,
            multicast_hops: 1,
            multicast_maxtpdu: 1500,
            multicast_loop: true,
            vmci: VmciOptions {
                buffer_size: 65_546,
                buffer_min_size: 128,
                buffer_max_size: 262_144,
                connect_timeout: None,
            },
            norm: NormOptions {
                mode: 1,
                unicast_nack: false,
                buffer_size: 2048,
                segment_size: 1400,
                block_size: 16,
                num_parity: 4,
                num_autoparity: 0,
                push: false,
            },
            wss: WssOptions {
                key_pem: Zeroizing::default(),
                cert_pem: Vec::new(),
                trust_pem: Vec::new(),
                hostname: Vec::new(),
                trust_system: false,
            },
        }
    }
}
