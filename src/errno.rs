//! Error numbers: the `Errno` newtype that every fallible internal function returns.
//!
//! Native numbers come from libc, the ones ZeroMQ adds start at `ZMQ_HAUSNUMERO`.
//! No I/O here, and no thread-local `errno`: that one is written in `capi` alone.

use std::io;

/// Start of the numbers that ZeroMQ adds to the system's (`zmq.h`).
pub const ZMQ_HAUSNUMERO: i32 = 156_384_712;

/// An error number as `zmq_errno(3)` reports it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(pub i32);

/// Result of an internal call that fails with an [`Errno`].
pub type Result<T> = std::result::Result<T, Errno>;

macro_rules! native {
    ($($name:ident),* $(,)?) => {
        impl Errno {
            $(#[doc = concat!("The system's `", stringify!($name), "`.")]
            pub const $name: Self = Self(libc::$name);)*

            const fn native_name(self) -> Option<&'static str> {
                match self.0 {
                    $(libc::$name => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

native!(
    EACCES,
    EADDRINUSE,
    EADDRNOTAVAIL,
    EAFNOSUPPORT,
    EAGAIN,
    EBADF,
    EBUSY,
    ECONNABORTED,
    ECONNREFUSED,
    ECONNRESET,
    EFAULT,
    EHOSTUNREACH,
    EINPROGRESS,
    EINTR,
    EINVAL,
    EMFILE,
    EMSGSIZE,
    ENAMETOOLONG,
    ENETDOWN,
    ENETRESET,
    ENETUNREACH,
    ENFILE,
    ENOBUFS,
    ENODEV,
    ENOENT,
    ENOMEM,
    ENOTCONN,
    ENOTRECOVERABLE,
    ENOTSOCK,
    ENOTSUP,
    EPERM,
    EPIPE,
    EPROTO,
    EPROTONOSUPPORT,
    ETIMEDOUT,
);

impl Errno {
    /// The operation does not fit the socket's state (`zmq_errno(3)`).
    pub const EFSM: Self = Self(ZMQ_HAUSNUMERO + 51);
    /// The protocol does not fit the socket type (`zmq_bind(3)`).
    pub const ENOCOMPATPROTO: Self = Self(ZMQ_HAUSNUMERO + 52);
    /// The context was terminated (`zmq_ctx_term(3)`).
    pub const ETERM: Self = Self(ZMQ_HAUSNUMERO + 53);
    /// No I/O thread is available to do the work (`zmq_bind(3)`).
    pub const EMTHREAD: Self = Self(ZMQ_HAUSNUMERO + 54);

    /// The symbol that stands for the number in C; none for numbers that this library does not use itself.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::EFSM => Some("EFSM"),
            Self::ENOCOMPATPROTO => Some("ENOCOMPATPROTO"),
            Self::ETERM => Some("ETERM"),
            Self::EMTHREAD => Some("EMTHREAD"),
            _ => self.native_name(),
        }
    }

    /// The number of an I/O error; `EIO` where the error has none.
    #[must_use]
    pub fn from_io(error: &io::Error) -> Self {
        Self(error.raw_os_error().unwrap_or(libc::EIO))
    }

    /// The number that the last failed system call of this thread left.
    #[must_use]
    pub fn last() -> Self {
        Self::from_io(&io::Error::last_os_error())
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Self {
        Self::from_io(&error)
    }
}

impl std::fmt::Debug for Errno {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::EFSM => f.write_str("EFSM"),
            Self::ENOCOMPATPROTO => f.write_str("ENOCOMPATPROTO"),
            Self::ETERM => f.write_str("ETERM"),
            Self::EMTHREAD => f.write_str("EMTHREAD"),
            Self(n) => write!(f, "Errno({n}: {})", io::Error::from_raw_os_error(n)),
        }
    }
}

impl std::fmt::Display for Errno {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Errno {}
