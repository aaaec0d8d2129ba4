//! Section "Capabilities".

use std::ffi::{c_char, c_int};

use super::args;
use crate::runtime;

/// zmq_has exists.
pub const ZMQ_HAS_CAPABILITIES: c_int = 1;

/// What zmq_has knows of and the library can do, beside gssapi, norm, pgm and WSS, which need other libraries. Not
/// among it: vmci.
const CAPABILITIES: &[&str] = &["WS", "curve", "draft", "ipc", "tipc", "vsock"];

entry! {
    /// 1 if the library was built with a transport, mechanism or API: "ipc", "pgm", "norm", "tipc",
    /// "vmci", "vsock", "WS", "WSS", "curve", "gssapi", "draft"; else 0. For "gssapi", "norm" and
    /// "pgm" the system's libraries must be there as well.
    ///
    /// # Safety
    /// `capability` is NULL or a NUL-terminated string.
    fn zmq_has(capability: *const c_char) -> c_int {
        // SAFETY: passed on to the caller.
        Ok(unsafe { args::string(capability) }.is_ok_and(|name| {
            CAPABILITIES.contains(&name)
                || (name == "gssapi" && runtime::has_gssapi())
                || (name == "norm" && runtime::has_norm())
                || (name == "pgm" && runtime::has_pgm())
                || (name == "WSS" && runtime::has_wss())
        }))
    }
}
