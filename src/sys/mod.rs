//! The only place with system calls.
//!
//! Thin wrappers: each turns one or a few calls of libc into safe Rust, gives `io::Result` (or an
//! [`Errno`](crate::errno::Errno) where the number is the interface) and hands out descriptors as
//! `OwnedFd`, close-on-exec from birth. No policy, no state beyond what a wrapper owns, no
//! knowledge of ZeroMQ.
//!
//! - `arena`: objects of a stable address that are never unmapped
//! - `barrier`: a memory barrier whose cost lies on one side
//! - `biased`: a lock that its usual taker takes without a locked instruction
//! - `cancel`: where a cancelled thread may end, and where not
//! - `datagram`: UDP sockets, many datagrams by a call, multicast groups
//! - `env`: variables of the environment
//! - `epoll`: taking events
//! - `fd`: eventfd, timerfd, flags of a descriptor
//! - `fork`: tells a forked child from its parent
//! - `futex`: sleeping on a word of memory
//! - `gnutls`: the system's TLS library, loaded when it is needed (feature `wss`)
//! - `gssapi`: the system's GSS-API library, loaded when it is needed (feature `gssapi`)
//! - `lock`: mutexes that a forked child can rely on
//! - `net`: names of hosts, interfaces and temporary directories (the resolver may block)
//! - `norm`: the system's NORM library, loaded when it is needed (feature `norm`)
//! - `pgm`: the system's PGM library, loaded when it is needed (feature `pgm`)
//! - `random`: keys and nonces
//! - `poll`: waiting for descriptors
//! - `shared_library`: libraries that are loaded, not linked
//! - `sleep`: sleeps in which a thread can be cancelled
//! - `sockaddr`, `socket`: addresses and stream sockets
//! - `thread`: signals, scheduling and names of the calling thread

/// Calls a function of libc and turns its -1 into the thread's last error.
///
/// The caller writes the `unsafe` block and with it the reason why the arguments are good.
macro_rules! syscall {
    ($name:ident($($arg:expr),* $(,)?)) => {{
        let result = libc::$name($($arg),*);
        if result == -1 {
            Err(std::io::Error::last_os_error())
        } else {
            Ok(result)
        }
    }};
}

pub mod arena;
pub mod barrier;
pub mod biased;
pub mod cancel;
pub mod datagram;
pub mod env;
pub mod epoll;
pub mod fd;
pub mod fork;
pub mod futex;
#[cfg_attr(not(feature = "wss"), path = "gnutls/absent.rs")]
pub mod gnutls;
#[cfg(feature = "gssapi")]
pub mod gssapi;
pub mod lock;
pub mod net;
#[cfg(feature = "norm")]
pub mod norm;
#[cfg(feature = "pgm")]
pub mod pgm;
pub mod poll;
pub mod random;
#[cfg(any(feature = "gssapi", feature = "norm", feature = "pgm", feature = "wss"))]
mod shared_library;
pub mod sleep;
pub mod sockaddr;
pub mod socket;
pub mod thread;
