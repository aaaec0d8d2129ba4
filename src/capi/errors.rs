//! Section "Errors and version".

use std::ffi::{CStr, c_char, c_int};

use super::args;
use super::ret::{errno, keep_errno};
use crate::errno::Errno;

/// Version of the API that this header describes.
pub const ZMQ_VERSION_MAJOR: c_int = 4;
pub const ZMQ_VERSION_MINOR: c_int = 3;
pub const ZMQ_VERSION_PATCH: c_int = 6;

/// Errors of ZeroMQ itself are numbered from here, clear of the system's.
pub const ZMQ_HAUSNUMERO: c_int = 156384712;

/// The operation does not fit the state that the socket is in.
pub const EFSM: c_int = ZMQ_HAUSNUMERO + 51;
/// This type of socket cannot use the transport.
pub const ENOCOMPATPROTO: c_int = ZMQ_HAUSNUMERO + 52;
/// The context has been shut down or terminated.
pub const ETERM: c_int = ZMQ_HAUSNUMERO + 53;
/// There is no I/O thread to do the work.
pub const EMTHREAD: c_int = ZMQ_HAUSNUMERO + 54;

entry! {
    /// The calling thread's errno.
    ///
    /// # Safety
    /// None.
    fn zmq_errno() -> c_int {
        plain {
            Ok(errno())
        }
    }
}

entry! {
    /// A text for an error number, of ZeroMQ or of the system. It must not be changed or freed.
    ///
    /// # Safety
    /// None.
    fn zmq_strerror(errnum: c_int) -> *const c_char {
        match own_text(Errno(errnum)) {
            Some(text) => Ok(text.as_ptr()),
            // SAFETY: takes any number; texts of known errors are constant, others belong to the
            // thread.
            None => keep_errno(|| Ok(unsafe { libc::strerror(errnum) }.cast_const())),
        }
    }
}

entry! {
    /// Stores the version of the library that the program runs with. Arguments may be NULL.
    ///
    /// # Safety
    /// Each argument is NULL or valid for a write of one int.
    fn zmq_version(major: *mut c_int, minor: *mut c_int, patch: *mut c_int) {
        let parts = [
            (major, ZMQ_VERSION_MAJOR),
            (minor, ZMQ_VERSION_MINOR),
            (patch, ZMQ_VERSION_PATCH),
        ];
        for (place, value) in parts {
            // SAFETY: NULL or writable by the caller's promise.
            if let Ok(place) = unsafe { args::out(place) } {
                *place = value;
            }
        }
        Ok(())
    }
}

/// The texts that programs know from `zmq_strerror` and match on; the system has the others.
fn own_text(errno: Errno) -> Option<&'static CStr> {
    match errno {
        Errno::EFSM => Some(c"Operation cannot be accomplished in current state"),
        Errno::ENOCOMPATPROTO => Some(c"The protocol is not compatible with the socket type"),
        Errno::ETERM => Some(c"Context was terminated"),
        Errno::EMTHREAD => Some(c"No thread available"),
        Errno::EHOSTUNREACH => Some(c"Host unreachable"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_core() {
        assert_eq!(ZMQ_HAUSNUMERO, crate::errno::ZMQ_HAUSNUMERO);
        let ours = [EFSM, ENOCOMPATPROTO, ETERM, EMTHREAD];
        let core = [
            Errno::EFSM,
            Errno::ENOCOMPATPROTO,
            Errno::ETERM,
            Errno::EMTHREAD,
        ];
        assert_eq!(ours.map(Errno), core);
    }
}
