//! ferrozmq: the engine behind a drop-in `libzmq.so.5`.
//!
//! Arrows point down only; `docs/architecture.md` tells the whole story.
//!
//! ```text
//! capi       extern "C" entry points: pointers and errno stop here
//! runtime    contexts, sockets (API half), polling, monitors, proxies: owns lifecycles
//! pattern    one file per socket type and the policies they share
//! io         reactor threads, sessions, listeners, connecters, reconnect back-off
//! transport  tcp, ipc: dial, listen, addresses and their resolution
//! proto      sans-IO ZMTP: greeting, frames, commands, mechanisms, heartbeats
//! option     socket and context options as data
//! pipe, msg  lock-free queues, messages: leaves that know nothing of the above
//! crypto     the primitives of CURVE
//! trace      lines about what happens, for who asks; used by runtime and io
//! sys        the only place with system calls
//! ```

pub mod capi;
pub mod crypto;
pub mod errno;
pub mod exports;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod io;
pub mod msg;
pub mod option;
pub mod pattern;
pub mod pipe;
pub mod proto;
pub mod runtime;
pub mod socket_type;
mod sync;
pub mod sys;
pub mod trace;
pub mod transport;
pub mod util;
