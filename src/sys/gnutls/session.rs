//! One connection's TLS: handshake, records, and the end.

use std::ffi::{CString, c_int};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::sync::Arc;

use super::Credentials;
use super::library::{
    AGAIN, CERTIFICATE, CLIENT, DNS, INTERRUPTED, Library, MEMORY_ERROR, NO_SIGNAL, NONBLOCK,
    PREMATURE_TERMINATION, PULL_ERROR, PUSH_ERROR, RawSession, SERVER, SHUT_WR,
};
use crate::errno::{Errno, Result};

/// Records without data that are passed over in one call.
const QUIET_RECORDS: usize = 16;

/// TLS on a socket that does not block. It reads and writes there until it is dropped, which must be before the socket
/// is closed.
#[derive(Debug)]
pub struct Session {
    raw: RawSession,
    /// The name that the server must prove: the library reads it during the handshake.
    _name: Option<CString>,
    credentials: Arc<Credentials>,
    state: State,
    /// A record is on its way, and the kernel has no room for it now.
    is_sending: bool,
    /// Reading waits for room to write.
    must_write: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Opening,
    Open,
    /// The peer will send nothing more.
    Ended,
    Failed(Errno),
}

// SAFETY: the library lets any thread use a session, one at a time, which `&mut self` makes sure of.
unsafe impl Send for Session {}

impl Session {
    /// Of the side that accepted the connection.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn server(credentials: &Arc<Credentials>, socket: BorrowedFd<'_>) -> Result<Self> {
        Self::new(credentials, socket, SERVER)
    }

    /// Of the side that connected: the peer must prove that it has this name.
    ///
    /// # Errors
    /// `ENOMEM`, `EINVAL` for a name that is none.
    pub fn client(
        credentials: &Arc<Credentials>,
        name: &str,
        socket: BorrowedFd<'_>,
    ) -> Result<Self> {
        let terminated = CString::new(name).map_err(|_| Errno::EINVAL)?;
        let mut this = Self::new(credentials, socket, CLIENT)?;
        let library = this.library();
        // An address is no name to ask for, but can be proved.
        if name.parse::<std::net::IpAddr>().is_err() {
            // SAFETY: the session lives, and the bytes are read during the call.
            let set = unsafe {
                (library.set_server_name)(this.raw, DNS, terminated.as_ptr().cast(), name.len())
            };
            check(set)?;
        }
        // SAFETY: the session lives, and so does the name, which is kept with it.
        unsafe { (library.set_verify)(this.raw, terminated.as_ptr(), 0) };
        this._name = Some(terminated);
        Ok(this)
    }

    fn new(credentials: &Arc<Credentials>, socket: BorrowedFd<'_>, side: u32) -> Result<Self> {
        let library = credentials.library;
        let mut raw = ptr::null_mut();
        // SAFETY: the place for the result is ours.
        let made = unsafe { (library.session_new)(&raw mut raw, side | NONBLOCK | NO_SIGNAL) };
        if made < 0 || raw.is_null() {
            return Err(Errno::ENOMEM);
        }
        let this = Self {
            raw,
            _name: None,
            credentials: Arc::clone(credentials),
            state: State::Opening,
            is_sending: false,
            must_write: false,
        };
        // SAFETY: the session lives.
        check(unsafe { (library.set_default_priority)(raw) })?;
        // SAFETY: the session lives, and the credentials live as long, since it holds them.
        check(unsafe { (library.set_credentials)(raw, CERTIFICATE, credentials.raw) })?;
        let fd = socket.as_raw_fd();
        // SAFETY: the session lives.
        unsafe { (library.set_descriptors)(raw, fd, fd) };
        Ok(this)
    }

    fn library(&self) -> &'static Library {
        self.credentials.library
    }

    /// Whether the handshake is not complete: nothing can be sent, and [`Self::recv`] works on it.
    #[must_use]
    pub const fn is_opening(&self) -> bool {
        matches!(self.state, State::Opening)
    }

    /// Whether [`Self::recv`] is to be called once the socket can be written to.
    #[must_use]
    pub const fn must_write(&self) -> bool {
        self.must_write
    }

    /// Receives what fits; 0 is the end.
    ///
    /// # Errors
    /// `EAGAIN` if there is nothing now; `EINTR`; `ECONNRESET`; `EPROTO` if the peer cannot be believed, or does not
    /// speak TLS as it must; `ENOMEM`.
    pub fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self.try_recv(buffer) {
            // An end of the stream within a record is told by the next call only, for which there will be no event.
            Err(Errno::EAGAIN) if !self.must_write => self.try_recv(buffer),
            result => result,
        }
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.must_write = false;
        if self.is_opening() {
            self.open()?;
        }
        for _ in 0..QUIET_RECORDS {
            match self.state {
                State::Ended => return Ok(0),
                State::Failed(errno) => return Err(errno),
                State::Opening | State::Open => {}
            }
            // SAFETY: the session lives, and the buffer is ours.
            let got = unsafe {
                (self.library().recv)(self.raw, buffer.as_mut_ptr().cast(), buffer.len())
            };
            if got > 0 {
                return Ok(got.unsigned_abs().min(buffer.len()));
            }
            match got as c_int {
                0 | PREMATURE_TERMINATION => self.state = State::Ended,
                code => self.judge(code)?,
            }
        }
        Err(Errno::EINTR)
    }

    /// Sends what fits into a record and the kernel takes. After `EAGAIN` the same bytes must come again, which are
    /// then sent to their end.
    ///
    /// # Errors
    /// As [`Self::recv`].
    pub fn send(&mut self, bytes: &[u8]) -> Result<usize> {
        match self.state {
            State::Opening => return Err(Errno::EAGAIN),
            State::Failed(errno) => return Err(errno),
            State::Open | State::Ended => {}
        }
        // What the library holds of them it is asked to go on with.
        let (data, len) = if self.is_sending {
            (ptr::null(), 0)
        } else {
            (bytes.as_ptr(), bytes.len())
        };
        // SAFETY: the session lives, and the bytes are read during the call.
        let sent = unsafe { (self.library().send)(self.raw, data.cast(), len) };
        if sent >= 0 {
            self.is_sending = false;
            return Ok(sent.unsigned_abs().min(bytes.len()));
        }
        let code = sent as c_int;
        if code == PUSH_ERROR {
            // What the peer sent before can still be received.
            self.is_sending = true;
            return Err(Errno::ECONNRESET);
        }
        self.is_sending |= matches!(code, AGAIN | INTERRUPTED);
        self.judge(code)?;
        Err(Errno::EINTR)
    }

    fn open(&mut self) -> Result<()> {
        // SAFETY: the session lives.
        let code = unsafe { (self.library().handshake)(self.raw) };
        if code >= 0 {
            self.state = State::Open;
            return Ok(());
        }
        self.judge(code)?;
        Err(Errno::EINTR)
    }

    /// What a result below zero means; nothing, if it is no more than a warning.
    fn judge(&mut self, code: c_int) -> Result<()> {
        let library = self.library();
        match code {
            AGAIN => {
                // SAFETY: the session lives.
                self.must_write = unsafe { (library.direction)(self.raw) } == 1;
                return Err(Errno::EAGAIN);
            }
            INTERRUPTED => return Err(Errno::EINTR),
            _ => {}
        }
        // SAFETY: it looks at nothing but the number.
        if unsafe { (library.is_fatal)(code) } == 0 {
            return Ok(());
        }
        let errno = match code {
            PUSH_ERROR | PULL_ERROR | PREMATURE_TERMINATION => Errno::ECONNRESET,
            MEMORY_ERROR => Errno::ENOMEM,
            _ => {
                // It may help whoever is at the other end; if not, not.
                // SAFETY: the session lives.
                unsafe { (library.send_alert)(self.raw, code) };
                Errno::EPROTO
            }
        };
        self.state = State::Failed(errno);
        Err(errno)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let library = self.library();
        if matches!(self.state, State::Open | State::Ended) && !self.is_sending {
            // The peer may know that nothing was cut off, if that goes at once.
            // SAFETY: the session lives.
            unsafe { (library.bye)(self.raw, SHUT_WR) };
        }
        // SAFETY: made by the library and given back once.
        unsafe { (library.session_free)(self.raw) }
    }
}

fn check(code: c_int) -> Result<()> {
    match code {
        0.. => Ok(()),
        MEMORY_ERROR => Err(Errno::ENOMEM),
        _ => Err(Errno::EINVAL),
    }
}
