//! The socket types: their numbers in `zmq.h`, their names on the wire, who may talk to whom.
//!
//! Facts only; behaviour is in `pattern`.

macro_rules! socket_types {
    ($($variant:ident = $id:literal, $name:literal, [$($peer:ident)*];)*) => {
        /// A socket type (`zmq_socket(3)`), numbered as in `zmq.h`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum SocketType {
            $(#[doc = concat!("`ZMQ_", $name, "`")] $variant = $id,)*
        }

        impl SocketType {
            /// The type with this number in `zmq.h`.
            #[must_use]
            pub const fn from_id(id: i32) -> Option<Self> {
                match id {
                    $($id => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The name that READY carries as `Socket-Type` (RFC 23).
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The type of this `Socket-Type` property; the comparison is exact.
            #[must_use]
            pub fn from_name(name: &[u8]) -> Option<Self> {
                $(if name == $name.as_bytes() { return Some(Self::$variant); })*
                None
            }

            /// Whether RFC 23 (and `zmq_socket(3)`) lets a socket of this type talk to `peer`.
            #[must_use]
            pub const fn talks_to(self, peer: Self) -> bool {
                match self {
                    $(Self::$variant => matches!(peer, $(Self::$peer)|*),)*
                }
            }
        }
    };
}

impl SocketType {
    /// Whether what comes in is of no interest before the program asks for it: not with types that act on
    /// it by themselves, or take it in only to see the peer's end.
    #[must_use]
    pub const fn reads_on_demand(self) -> bool {
        use SocketType::{Pub, Push, Radio, Scatter, Xpub};
        !matches!(self, Pub | Xpub | Push | Scatter | Radio)
    }

    /// Whether `ZMQ_THREAD_SAFE` says so: the newer types, which may be shared by contract. (All of ours
    /// may be, but programs go by this.)
    #[must_use]
    pub const fn is_thread_safe(self) -> bool {
        use SocketType::{Channel, Client, Dish, Gather, Peer, Radio, Scatter, Server};
        matches!(
            self,
            Server | Client | Radio | Dish | Gather | Scatter | Peer | Channel
        )
    }
}

socket_types! {
    Pair = 0, "PAIR", [Pair];
    Pub = 1, "PUB", [Sub Xsub];
    Sub = 2, "SUB", [Pub Xpub];
    Req = 3, "REQ", [Rep Router];
    Rep = 4, "REP", [Req Dealer];
    Dealer = 5, "DEALER", [Rep Dealer Router];
    Router = 6, "ROUTER", [Req Dealer Router];
    Pull = 7, "PULL", [Push];
    Push = 8, "PUSH", [Pull];
    Xpub = 9, "XPUB", [Sub Xsub];
    Xsub = 10, "XSUB", [Pub Xpub];
    Stream = 11, "STREAM", [Stream];
    Server = 12, "SERVER", [Client];
    Client = 13, "CLIENT", [Server];
    Radio = 14, "RADIO", [Dish];
    Dish = 15, "DISH", [Radio];
    Gather = 16, "GATHER", [Scatter];
    Scatter = 17, "SCATTER", [Gather];
    Dgram = 18, "DGRAM", [Dgram];
    Peer = 19, "PEER", [Peer];
    Channel = 20, "CHANNEL", [Channel];
}
