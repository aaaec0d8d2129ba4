//! Stream sockets, of TCP, unix and other families: making, tuning, connecting, sending and receiving.
//!
//! Every socket is close-on-exec and non-blocking from birth, none ever raises `SIGPIPE`.

use std::ffi::c_int;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

use super::sockaddr::{Address, Raw};

/// Who is at the other end of a unix socket (`SO_PEERCRED`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Process
    pub pid: i32,
    /// Effective user
    pub uid: u32,
    /// Effective group
    pub gid: u32,
}

/// A new stream socket of the address's family.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `EAFNOSUPPORT`, `ENOBUFS`, `ENOMEM`.
pub fn stream(address: &Address) -> io::Result<OwnedFd> {
    let family = address.family();
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: takes no pointers.
    let fd = unsafe { syscall!(socket(family, kind, 0)) }?;
    // SAFETY: the call just made this descriptor and nothing else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Takes over a listening socket that the application made (`ZMQ_USE_FD`): makes it non-blocking,
/// and from here on the library closes it.
///
/// The application vouches for the number by setting the option.
///
/// # Errors
/// `EBADF` if it is not open, `ENOTSOCK` if it is no socket, `EINVAL` if it does not listen; it
/// then stays the application's.
pub fn adopt_listener(fd: RawFd) -> io::Result<OwnedFd> {
    let mut listening: c_int = 0;
    let mut len = size_of::<c_int>() as libc::socklen_t;
    let (name, value) = (libc::SO_ACCEPTCONN, (&raw mut listening).cast());
    // SAFETY: writes at most `len` bytes of `listening`; any number may be asked about.
    unsafe { syscall!(getsockopt(fd, libc::SOL_SOCKET, name, value, &raw mut len)) }?;
    if listening == 0 {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    // SAFETY: it is open, and the application gave it to the library.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    match super::fd::set_nonblocking_cloexec(fd.as_fd()) {
        Ok(()) => Ok(fd),
        Err(error) => {
            give_back(fd);
            Err(error)
        }
    }
}

/// Leaves a descriptor open, to whom it was taken from.
pub fn give_back(fd: OwnedFd) {
    let _ = fd.into_raw_fd();
}

/// Gives the socket a local address.
///
/// # Errors
/// `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, `ENOENT`, `ENAMETOOLONG` and others of `bind(2)`.
pub fn bind(fd: BorrowedFd<'_>, address: &Address) -> io::Result<()> {
    let raw = Raw::new(address)?;
    // SAFETY: reads `len` bytes of an initialised address.
    unsafe { syscall!(bind(fd.as_raw_fd(), raw.as_ptr(), raw.len)) }?;
    Ok(())
}

/// Lets the socket accept connections.
///
/// # Errors
/// `EADDRINUSE` and others of `listen(2)`.
pub fn listen(fd: BorrowedFd<'_>, backlog: i32) -> io::Result<()> {
    // SAFETY: takes no pointers.
    unsafe { syscall!(listen(fd.as_raw_fd(), backlog)) }?;
    Ok(())
}

/// Accepts a connection and tells its address (`None`: of an unknown family).
///
/// # Errors
/// `EAGAIN` if none waits, `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`, `ECONNABORTED`, `EINTR`.
pub fn accept(fd: BorrowedFd<'_>) -> io::Result<(OwnedFd, Option<Address>)> {
    let mut raw = Raw::empty();
    let len = &raw mut raw.len;
    let flags = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: writes an address of at most the length given into storage of that length.
    let fd = unsafe { syscall!(accept4(fd.as_raw_fd(), raw.as_mut_ptr(), len, flags)) }?;
    // SAFETY: the call just made this descriptor and nothing else knows it.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    Ok((fd, raw.read()))
}

/// Starts to connect; `Ok(false)` if that goes on in the background (`EINPROGRESS`).
///
/// # Errors
/// `ECONNREFUSED`, `ENOENT`, `EAGAIN` (a unix listener's queue is full) and others of `connect(2)`.
pub fn connect(fd: BorrowedFd<'_>, address: &Address) -> io::Result<bool> {
    let raw = Raw::new(address)?;
    // SAFETY: reads `len` bytes of an initialised address.
    match unsafe { syscall!(connect(fd.as_raw_fd(), raw.as_ptr(), raw.len)) } {
        Ok(_) => Ok(true),
        // Interrupted it goes on in the background, too.
        Err(error) => match error.raw_os_error() {
            Some(libc::EINPROGRESS | libc::EINTR) => Ok(false),
            _ => Err(error),
        },
    }
}

/// The address that the socket is bound to.
///
/// # Errors
/// `ENOTSOCK`; `EAFNOSUPPORT` for an unknown family.
pub fn local_address(fd: BorrowedFd<'_>) -> io::Result<Address> {
    let mut raw = Raw::empty();
    let len = &raw mut raw.len;
    // SAFETY: writes an address of at most the length given into storage of that length.
    unsafe { syscall!(getsockname(fd.as_raw_fd(), raw.as_mut_ptr(), len)) }?;
    raw.read()
        .ok_or_else(|| io::Error::from_raw_os_error(libc::EAFNOSUPPORT))
}

/// The address of the other end.
///
/// # Errors
/// `ENOTCONN`, `ENOTSOCK`; `EAFNOSUPPORT` for an unknown family.
pub fn peer_address(fd: BorrowedFd<'_>) -> io::Result<Address> {
    let mut raw = Raw::empty();
    let len = &raw mut raw.len;
    // SAFETY: writes an address of at most the length given into storage of that length.
    unsafe { syscall!(getpeername(fd.as_raw_fd(), raw.as_mut_ptr(), len)) }?;
    raw.read()
        .ok_or_else(|| io::Error::from_raw_os_error(libc::EAFNOSUPPORT))
}

/// Sets an option whose value is an `int`.
///
/// # Errors
/// Those of `setsockopt(2)`.
pub fn set_int(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
    set_bytes(fd, level, name, &value.to_ne_bytes())
}

/// Sets an option whose value is a row of bytes.
///
/// # Errors
/// Those of `setsockopt(2)`.
pub fn set_bytes(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: &[u8]) -> io::Result<()> {
    let len = value.len() as libc::socklen_t;
    // SAFETY: reads `len` bytes of `value`.
    unsafe {
        syscall!(setsockopt(
            fd.as_raw_fd(),
            level,
            name,
            value.as_ptr().cast(),
            len
        ))
    }?;
    Ok(())
}

/// Sets an option whose value is a time, as a `timeval`.
///
/// # Errors
/// Those of `setsockopt(2)`.
pub fn set_time(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: Duration) -> io::Result<()> {
    let seconds = libc::time_t::try_from(value.as_secs()).unwrap_or(libc::time_t::MAX);
    let micros = value.subsec_micros() as libc::suseconds_t;
    let bytes = [seconds.to_ne_bytes(), micros.to_ne_bytes()].concat();
    set_bytes(fd, level, name, &bytes)
}

/// Reads an option whose value is an `int`.
///
/// # Errors
/// Those of `getsockopt(2)`.
pub fn int(fd: BorrowedFd<'_>, level: c_int, name: c_int) -> io::Result<c_int> {
    let mut value: c_int = 0;
    let mut len = size_of::<c_int>() as libc::socklen_t;
    let to = (&raw mut value).cast();
    // SAFETY: writes at most `len` bytes of `value`.
    unsafe { syscall!(getsockopt(fd.as_raw_fd(), level, name, to, &raw mut len)) }?;
    Ok(value)
}

/// Takes the error that is pending on the socket, the outcome of a connect in the background.
///
/// # Errors
/// That error.
pub fn take_error(fd: BorrowedFd<'_>) -> io::Result<()> {
    match int(fd, libc::SOL_SOCKET, libc::SO_ERROR)? {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Sends what the kernel takes of the buffers, in order; returns the number of bytes.
///
/// # Errors
/// `EAGAIN` if it takes nothing now, `EPIPE`, `ECONNRESET` and others of `sendmsg(2)`.
#[inline]
pub fn send_vectored(fd: BorrowedFd<'_>, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    // SAFETY: plain pointers and integers, for which zero is a valid value.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    // IoSlice has the layout of iovec (documented); the kernel only reads it.
    message.msg_iov = buffers.as_ptr().cast_mut().cast();
    message.msg_iovlen = buffers.len().min(IOV_MAX);
    let flags = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
    // SAFETY: the header names `msg_iovlen` buffers that are alive and readable; the rest is null.
    let sent = unsafe { syscall!(sendmsg(fd.as_raw_fd(), ptr::from_ref(&message), flags)) }?;
    Ok(sent.cast_unsigned())
}

/// Sends what the kernel takes of one buffer; returns the number of bytes.
///
/// # Errors
/// As [`send_vectored`].
#[inline]
pub fn send(fd: BorrowedFd<'_>, buffer: &[u8]) -> io::Result<usize> {
    let flags = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
    let (data, len) = (buffer.as_ptr().cast(), buffer.len());
    // SAFETY: reads at most `len` bytes of the buffer.
    let sent = unsafe { syscall!(send(fd.as_raw_fd(), data, len, flags)) }?;
    Ok(sent.cast_unsigned())
}

/// Receives into the buffers, in order; returns the number of bytes, 0 at the end of the stream.
///
/// # Errors
/// `EAGAIN` if there is nothing now, `ECONNRESET`, `ETIMEDOUT` and others of `recvmsg(2)`.
#[inline]
pub fn recv_vectored(fd: BorrowedFd<'_>, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    // SAFETY: plain pointers and integers, for which zero is a valid value.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = buffers.as_mut_ptr().cast();
    message.msg_iovlen = buffers.len().min(IOV_MAX);
    let message = &raw mut message;
    // SAFETY: the header names `msg_iovlen` buffers that are alive and lent mutably (IoSliceMut has
    // the layout of iovec); the rest is null.
    let got = unsafe { syscall!(recvmsg(fd.as_raw_fd(), message, libc::MSG_DONTWAIT)) }?;
    Ok(got.cast_unsigned())
}

/// Receives into one buffer; returns the number of bytes, 0 at the end of the stream.
///
/// # Errors
/// As [`recv_vectored`].
#[inline]
pub fn recv(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    let (data, len) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: writes at most `len` bytes of the buffer.
    let got = unsafe { syscall!(recv(fd.as_raw_fd(), data, len, libc::MSG_DONTWAIT)) }?;
    Ok(got.cast_unsigned())
}

/// Ends the stream towards the peer; what was sent before still arrives.
///
/// # Errors
/// `ENOTCONN`.
pub fn shutdown_write(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: takes no pointers.
    unsafe { syscall!(shutdown(fd.as_raw_fd(), libc::SHUT_WR)) }?;
    Ok(())
}

/// Bytes written to a TCP socket that the other end's system has not acknowledged.
///
/// # Errors
/// `EINVAL`, `ENOTTY` on what is no TCP socket.
pub fn unacknowledged(fd: BorrowedFd<'_>) -> io::Result<usize> {
    let mut bytes: c_int = 0;
    // SAFETY: the kernel writes one integer.
    unsafe { syscall!(ioctl(fd.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes)) }?;
    Ok(usize::try_from(bytes).unwrap_or(0))
}

/// Who is at the other end of a unix socket: those who called `connect` or `listen`.
///
/// # Errors
/// `ENOTSOCK`, `ENOPROTOOPT` on anything but a unix socket.
pub fn peer_credentials(fd: BorrowedFd<'_>) -> io::Result<Credentials> {
    let mut ucred = libc::ucred {
        pid: 0,
        uid: u32::MAX,
        gid: u32::MAX,
    };
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    let (fd, to) = (fd.as_raw_fd(), (&raw mut ucred).cast());
    // SAFETY: writes at most `len` bytes of `ucred`.
    unsafe {
        syscall!(getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            to,
            &raw mut len
        ))
    }?;
    Ok(Credentials {
        pid: ucred.pid,
        uid: ucred.uid,
        gid: ucred.gid,
    })
}

/// The supplementary groups of the process at the other end of a unix socket.
///
/// # Errors
/// `ENOPROTOOPT` where the kernel does not tell them (before Linux 4.13).
pub fn peer_groups(fd: BorrowedFd<'_>) -> io::Result<Vec<u32>> {
    // Most processes have a handful; more than 65,536 the kernel does not allow.
    let mut groups: Vec<libc::gid_t> = vec![0; 64];
    loop {
        let mut len = size_of_val(groups.as_slice()) as libc::socklen_t;
        let (raw, to) = (fd.as_raw_fd(), groups.as_mut_ptr().cast());
        let (level, name) = (libc::SOL_SOCKET, libc::SO_PEERGROUPS);
        // SAFETY: writes at most `len` bytes of `groups`.
        let result = unsafe { syscall!(getsockopt(raw, level, name, to, &raw mut len)) };
        let count = len as usize / size_of::<libc::gid_t>();
        match result {
            Err(error) if error.raw_os_error() == Some(libc::ERANGE) && count > groups.len() => {
                groups.resize(count, 0);
            }
            Err(error) => return Err(error),
            Ok(_) => {
                groups.truncate(count);
                return Ok(groups);
            }
        }
    }
}

/// Most buffers of one call (`UIO_MAXIOV`).
const IOV_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn unnamed_abstract() -> (OwnedFd, Address) {
        let name = format!(
            "ferrozmq-sys-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        );
        let address = Address::Abstract(name.into_bytes());
        let listener = stream(&address).expect("socket");
        bind(listener.as_fd(), &address).expect("bind");
        listen(listener.as_fd(), 1).expect("listen");
        (listener, address)
    }

    #[test]
    fn talk_over_a_unix_socket() {
        let (listener, address) = unnamed_abstract();
        assert_eq!(local_address(listener.as_fd()).expect("name"), address);
        let none = accept(listener.as_fd()).expect_err("nobody there");
        assert_eq!(none.raw_os_error(), Some(libc::EAGAIN));
        let client = stream(&address).expect("socket");
        assert!(connect(client.as_fd(), &address).expect("connect"));
        let (server, from) = accept(listener.as_fd()).expect("accept");
        assert_eq!(from, Some(Address::Unnamed));
        take_error(client.as_fd()).expect("no error");

        let who = peer_credentials(server.as_fd()).expect("credentials");
        assert_eq!(who.pid.cast_unsigned(), std::process::id());
        peer_groups(server.as_fd()).expect("groups");

        let parts = [IoSlice::new(b"he"), IoSlice::new(b"llo")];
        assert_eq!(send_vectored(client.as_fd(), &parts).expect("send"), 5);
        let (mut first, mut second) = ([0; 3], [0; 9]);
        let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(
            recv_vectored(server.as_fd(), &mut buffers).expect("receive"),
            5
        );
        assert_eq!((&first, &second[..2]), (b"hel", &b"lo"[..]));
        let empty = recv(server.as_fd(), &mut first).expect_err("nothing left");
        assert_eq!(empty.raw_os_error(), Some(libc::EAGAIN));
        shutdown_write(client.as_fd()).expect("connected");
        assert_eq!(recv(server.as_fd(), &mut first).expect("the end"), 0);
        drop(client);
        let broken = send(server.as_fd(), b"x").expect_err("and no signal");
        assert_eq!(broken.raw_os_error(), Some(libc::EPIPE));
    }

    #[test]
    fn adopts_only_listening_sockets() {
        assert!(adopt_listener(-1).is_err());
        let file = std::fs::File::open("/dev/null").expect("there");
        let error = adopt_listener(file.as_raw_fd()).expect_err("no socket");
        assert_eq!(error.raw_os_error(), Some(libc::ENOTSOCK));
        let deaf = stream(&Address::Unnamed).expect("socket");
        let error = adopt_listener(deaf.as_raw_fd()).expect_err("does not listen");
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    }
}
