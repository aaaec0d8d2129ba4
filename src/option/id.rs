//! The numbers of the socket options (`zmq.h`), without their `ZMQ_` prefix.

/// `ZMQ_AFFINITY`
pub const AFFINITY: i32 = 4;
/// `ZMQ_ROUTING_ID`
pub const ROUTING_ID: i32 = 5;
/// `ZMQ_SUBSCRIBE`
pub const SUBSCRIBE: i32 = 6;
/// `ZMQ_UNSUBSCRIBE`
pub const UNSUBSCRIBE: i32 = 7;
/// `ZMQ_RATE`
pub const RATE: i32 = 8;
/// `ZMQ_RECOVERY_IVL`
pub const RECOVERY_IVL: i32 = 9;
/// `ZMQ_SNDBUF`
pub const SNDBUF: i32 = 11;
/// `ZMQ_RCVBUF`
pub const RCVBUF: i32 = 12;
/// `ZMQ_RCVMORE`
pub const RCVMORE: i32 = 13;
/// `ZMQ_FD`
pub const FD: i32 = 14;
/// `ZMQ_EVENTS`
pub const EVENTS: i32 = 15;
/// `ZMQ_TYPE`
pub const TYPE: i32 = 16;
/// `ZMQ_LINGER`
pub const LINGER: i32 = 17;
/// `ZMQ_RECONNECT_IVL`
pub const RECONNECT_IVL: i32 = 18;
/// `ZMQ_BACKLOG`
pub const BACKLOG: i32 = 19;
/// `ZMQ_RECONNECT_IVL_MAX`
pub const RECONNECT_IVL_MAX: i32 = 21;
/// `ZMQ_MAXMSGSIZE`
pub const MAXMSGSIZE: i32 = 22;
/// `ZMQ_SNDHWM`
pub const SNDHWM: i32 = 23;
/// `ZMQ_RCVHWM`
pub const RCVHWM: i32 = 24;
/// `ZMQ_MULTICAST_HOPS`
pub const MULTICAST_HOPS: i32 = 25;
/// `ZMQ_RCVTIMEO`
pub const RCVTIMEO: i32 = 27;
/// `ZMQ_SNDTIMEO`
pub const SNDTIMEO: i32 = 28;
/// `ZMQ_IPV4ONLY`
pub const IPV4ONLY: i32 = 31;
/// `ZMQ_LAST_ENDPOINT`
pub const LAST_ENDPOINT: i32 = 32;
/// `ZMQ_ROUTER_MANDATORY`
pub const ROUTER_MANDATORY: i32 = 33;
/// `ZMQ_TCP_KEEPALIVE`
pub const TCP_KEEPALIVE: i32 = 34;
/// `ZMQ_TCP_KEEPALIVE_CNT`
pub const TCP_KEEPALIVE_CNT: i32 = 35;
/// `ZMQ_TCP_KEEPALIVE_IDLE`
pub const TCP_KEEPALIVE_IDLE: i32 = 36;
/// `ZMQ_TCP_KEEPALIVE_INTVL`
pub const TCP_KEEPALIVE_INTVL: i32 = 37;
/// `ZMQ_TCP_ACCEPT_FILTER`
pub const TCP_ACCEPT_FILTER: i32 = 38;
/// `ZMQ_IMMEDIATE`
pub const IMMEDIATE: i32 = 39;
/// `ZMQ_XPUB_VERBOSE`
pub const XPUB_VERBOSE: i32 = 40;
/// `ZMQ_ROUTER_RAW`
pub const ROUTER_RAW: i32 = 41;
/// `ZMQ_IPV6`
pub const IPV6: i32 = 42;
/// `ZMQ_MECHANISM`
pub const MECHANISM: i32 = 43;
/// `ZMQ_PLAIN_SERVER`
pub const PLAIN_SERVER: i32 = 44;
/// `ZMQ_PLAIN_USERNAME`
pub const PLAIN_USERNAME: i32 = 45;
/// `ZMQ_PLAIN_PASSWORD`
pub const PLAIN_PASSWORD: i32 = 46;
/// `ZMQ_CURVE_SERVER`
pub const CURVE_SERVER: i32 = 47;
/// `ZMQ_CURVE_PUBLICKEY`
pub const CURVE_PUBLICKEY: i32 = 48;
/// `ZMQ_CURVE_SECRETKEY`
pub const CURVE_SECRETKEY: i32 = 49;
/// `ZMQ_CURVE_SERVERKEY`
pub const CURVE_SERVERKEY: i32 = 50;
/// `ZMQ_PROBE_ROUTER`
pub const PROBE_ROUTER: i32 = 51;
/// `ZMQ_REQ_CORRELATE`
pub const REQ_CORRELATE: i32 = 52;
/// `ZMQ_REQ_RELAXED`
pub const REQ_RELAXED: i32 = 53;
/// `ZMQ_CONFLATE`
pub const CONFLATE: i32 = 54;
/// `ZMQ_ZAP_DOMAIN`
pub const ZAP_DOMAIN: i32 = 55;
/// `ZMQ_ROUTER_HANDOVER`
pub const ROUTER_HANDOVER: i32 = 56;
/// `ZMQ_TOS`
pub const TOS: i32 = 57;
/// `ZMQ_IPC_FILTER_PID`
pub const IPC_FILTER_PID: i32 = 58;
/// `ZMQ_IPC_FILTER_UID`
pub const IPC_FILTER_UID: i32 = 59;
/// `ZMQ_IPC_FILTER_GID`
pub const IPC_FILTER_GID: i32 = 60;
/// `ZMQ_CONNECT_ROUTING_ID`
pub const CONNECT_ROUTING_ID: i32 = 61;
/// `ZMQ_GSSAPI_SERVER`
pub const GSSAPI_SERVER: i32 = 62;
/// `ZMQ_GSSAPI_PRINCIPAL`
pub const GSSAPI_PRINCIPAL: i32 = 63;
/// `ZMQ_GSSAPI_SERVICE_PRINCIPAL`
pub const GSSAPI_SERVICE_PRINCIPAL: i32 = 64;
/// `ZMQ_GSSAPI_PLAINTEXT`
pub const GSSAPI_PLAINTEXT: i32 = 65;
/// `ZMQ_HANDSHAKE_IVL`
pub const HANDSHAKE_IVL: i32 = 66;
/// `ZMQ_SOCKS_PROXY`
pub const SOCKS_PROXY: i32 = 68;
/// `ZMQ_XPUB_NODROP`
pub const XPUB_NODROP: i32 = 69;
/// `ZMQ_BLOCKY`
pub const BLOCKY: i32 = 70;
/// `ZMQ_XPUB_MANUAL`
pub const XPUB_MANUAL: i32 = 71;
/// `ZMQ_XPUB_WELCOME_MSG`
pub const XPUB_WELCOME_MSG: i32 = 72;
/// `ZMQ_STREAM_NOTIFY`
pub const STREAM_NOTIFY: i32 = 73;
/// `ZMQ_INVERT_MATCHING`
pub const INVERT_MATCHING: i32 = 74;
/// `ZMQ_HEARTBEAT_IVL`
pub const HEARTBEAT_IVL: i32 = 75;
/// `ZMQ_HEARTBEAT_TTL`
pub const HEARTBEAT_TTL: i32 = 76;
/// `ZMQ_HEARTBEAT_TIMEOUT`
pub const HEARTBEAT_TIMEOUT: i32 = 77;
/// `ZMQ_XPUB_VERBOSER`
pub const XPUB_VERBOSER: i32 = 78;
/// `ZMQ_CONNECT_TIMEOUT`
pub const CONNECT_TIMEOUT: i32 = 79;
/// `ZMQ_TCP_MAXRT`
pub const TCP_MAXRT: i32 = 80;
/// `ZMQ_THREAD_SAFE`
pub const THREAD_SAFE: i32 = 81;
/// `ZMQ_MULTICAST_MAXTPDU`
pub const MULTICAST_MAXTPDU: i32 = 84;
/// `ZMQ_VMCI_BUFFER_SIZE`
pub const VMCI_BUFFER_SIZE: i32 = 85;
/// `ZMQ_VMCI_BUFFER_MIN_SIZE`
pub const VMCI_BUFFER_MIN_SIZE: i32 = 86;
/// `ZMQ_VMCI_BUFFER_MAX_SIZE`
pub const VMCI_BUFFER_MAX_SIZE: i32 = 87;
/// `ZMQ_VMCI_CONNECT_TIMEOUT`
pub const VMCI_CONNECT_TIMEOUT: i32 = 88;
/// `ZMQ_USE_FD`
pub const USE_FD: i32 = 89;
/// `ZMQ_GSSAPI_PRINCIPAL_NAMETYPE`
pub const GSSAPI_PRINCIPAL_NAMETYPE: i32 = 90;
/// `ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE`
pub const GSSAPI_SERVICE_PRINCIPAL_NAMETYPE: i32 = 91;
/// `ZMQ_BINDTODEVICE`
pub const BINDTODEVICE: i32 = 92;
/// `ZMQ_ZAP_ENFORCE_DOMAIN`, a draft option
pub const ZAP_ENFORCE_DOMAIN: i32 = 93;
/// `ZMQ_LOOPBACK_FASTPATH`, a draft option
pub const LOOPBACK_FASTPATH: i32 = 94;
/// `ZMQ_METADATA`, a draft option
pub const METADATA: i32 = 95;
/// `ZMQ_MULTICAST_LOOP`, a draft option
pub const MULTICAST_LOOP: i32 = 96;
/// `ZMQ_ROUTER_NOTIFY`, a draft option
pub const ROUTER_NOTIFY: i32 = 97;
/// `ZMQ_XPUB_MANUAL_LAST_VALUE`, a draft option
pub const XPUB_MANUAL_LAST_VALUE: i32 = 98;
/// `ZMQ_SOCKS_USERNAME`, a draft option
pub const SOCKS_USERNAME: i32 = 99;
/// `ZMQ_SOCKS_PASSWORD`, a draft option
pub const SOCKS_PASSWORD: i32 = 100;
/// `ZMQ_IN_BATCH_SIZE`, a draft option
pub const IN_BATCH_SIZE: i32 = 101;
/// `ZMQ_OUT_BATCH_SIZE`, a draft option
pub const OUT_BATCH_SIZE: i32 = 102;
/// `ZMQ_WSS_KEY_PEM`, a draft option
pub const WSS_KEY_PEM: i32 = 103;
/// `ZMQ_WSS_CERT_PEM`, a draft option
pub const WSS_CERT_PEM: i32 = 104;
/// `ZMQ_WSS_TRUST_PEM`, a draft option
pub const WSS_TRUST_PEM: i32 = 105;
/// `ZMQ_WSS_HOSTNAME`, a draft option
pub const WSS_HOSTNAME: i32 = 106;
/// `ZMQ_WSS_TRUST_SYSTEM`, a draft option
pub const WSS_TRUST_SYSTEM: i32 = 107;
/// `ZMQ_ONLY_FIRST_SUBSCRIBE`, a draft option
pub const ONLY_FIRST_SUBSCRIBE: i32 = 108;
/// `ZMQ_RECONNECT_STOP`, a draft option
pub const RECONNECT_STOP: i32 = 109;
/// `ZMQ_HELLO_MSG`, a draft option
pub const HELLO_MSG: i32 = 110;
/// `ZMQ_DISCONNECT_MSG`, a draft option
pub const DISCONNECT_MSG: i32 = 111;
/// `ZMQ_PRIORITY`, a draft option
pub const PRIORITY: i32 = 112;
/// `ZMQ_BUSY_POLL`, a draft option
pub const BUSY_POLL: i32 = 113;
/// `ZMQ_HICCUP_MSG`, a draft option
pub const HICCUP_MSG: i32 = 114;
/// `ZMQ_XSUB_VERBOSE_UNSUBSCRIBE`, a draft option
pub const XSUB_VERBOSE_UNSUBSCRIBE: i32 = 115;
/// `ZMQ_TOPICS_COUNT`, a draft option
pub const TOPICS_COUNT: i32 = 116;
/// `ZMQ_NORM_MODE`, a draft option
pub const NORM_MODE: i32 = 117;
/// `ZMQ_NORM_UNICAST_NACK`, a draft option
pub const NORM_UNICAST_NACK: i32 = 118;
/// `ZMQ_NORM_BUFFER_SIZE`, a draft option
pub const NORM_BUFFER_SIZE: i32 = 119;
/// `ZMQ_NORM_SEGMENT_SIZE`, a draft option
pub const NORM_SEGMENT_SIZE: i32 = 120;
/// `ZMQ_NORM_BLOCK_SIZE`, a draft option
pub const NORM_BLOCK_SIZE: i32 = 121;
/// `ZMQ_NORM_NUM_PARITY`, a draft option
pub const NORM_NUM_PARITY: i32 = 122;
/// `ZMQ_NORM_NUM_AUTOPARITY`, a draft option
pub const NORM_NUM_AUTOPARITY: i32 = 123;
/// `ZMQ_NORM_PUSH`, a draft option
pub const NORM_PUSH: i32 = 124;
