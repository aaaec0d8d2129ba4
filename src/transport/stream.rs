//! A connection: an ordered stream of bytes in both directions.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use crate::sys::sockaddr::Address;
use crate::sys::socket;

/// What fits into a segment, see [`Stream::write_limit`].
const TCP_WRITE: usize = 60 * 1024;

/// An established connection over TCP or a unix socket; non-blocking.
#[derive(Debug)]
pub struct Stream {
    fd: OwnedFd,
    peer: String,
    write_limit: usize,
}

impl Stream {
    /// Wraps a connected socket whose other end is at `peer`.
    pub(super) fn new(fd: OwnedFd, peer: Option<Address>) -> Self {
        let write_limit = match peer {
            Some(Address::Ip(_)) | None => TCP_WRITE,
            Some(_) => usize::MAX,
        };
        let peer = match peer {
            Some(Address::Ip(address)) => address.ip().to_string(),
            // As the reference has it: a name that says nothing, then user, group and process.
            Some(_) => socket::peer_credentials(fd.as_fd()).map_or_else(
                |_| String::new(),
                |who| format!("localhost:{}:{}:{}", who.uid, who.gid, who.pid),
            ),
            None => String::new(),
        };
        Self {
            fd,
            peer,
            write_limit,
        }
    }

    /// The property `Peer-Address` of messages from here: the peer's IP address without its port,
    /// or for ipc `localhost:uid:gid:pid`; empty if unknown.
    #[must_use]
    pub fn peer_address(&self) -> &str {
        &self.peer
    }

    /// Both ends as endpoints, (local, remote); an ipc end without a name is `ipc://`, one that the
    /// kernel does not tell (any more) is empty.
    #[must_use]
    pub fn endpoints(&self) -> (Vec<u8>, Vec<u8>) {
        let show = |address: io::Result<Address>| {
            address.map_or_else(|_| Vec::new(), |address| endpoint_of(&address))
        };
        (
            show(socket::local_address(self.fd.as_fd())),
            show(socket::peer_address(self.fd.as_fd())),
        )
    }

    /// Receives into the buffers, in order; 0 is the end of the stream.
    ///
    /// # Errors
    /// `EAGAIN` if there is nothing now, `ECONNRESET` and others of `recvmsg(2)`.
    #[inline]
    pub fn recv_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        socket::recv_vectored(self.fd.as_fd(), buffers)
    }

    /// Receives into one buffer; 0 is the end of the stream.
    ///
    /// # Errors
    /// As [`recv_vectored`](Self::recv_vectored).
    #[inline]
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        socket::recv(self.fd.as_fd(), buffer)
    }

    /// Sends what the kernel takes of the buffers, in order. Raises no signal.
    ///
    /// # Errors
    /// `EAGAIN` if it takes nothing now, `EPIPE`, `ECONNRESET` and others of `sendmsg(2)`.
    #[inline]
    pub fn send_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        socket::send_vectored(self.fd.as_fd(), buffers)
    }

    /// Most bytes that are worth one write.
    ///
    /// TCP has segments of up to 64 KiB, headers included, on their way at a time (segmentation offload). What is
    /// just longer than one ends in a small packet, which costs as much as a full one; and the sooner the first
    /// one goes, the sooner the peer copies out of the kernel what we copy into it.
    #[inline]
    #[must_use]
    pub fn write_limit(&self) -> usize {
        self.write_limit
    }

    /// Sends what the kernel takes of one buffer. Raises no signal.
    ///
    /// # Errors
    /// As [`send_vectored`](Self::send_vectored).
    #[inline]
    pub fn send(&self, buffer: &[u8]) -> io::Result<usize> {
        socket::send(self.fd.as_fd(), buffer)
    }

    /// Ends the stream towards the peer, who still receives what was sent before.
    ///
    /// # Errors
    /// `ENOTCONN` if the connection is gone.
    pub fn shutdown_write(&self) -> io::Result<()> {
        socket::shutdown_write(self.fd.as_fd())
    }
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// An address as an endpoint.
pub(super) fn endpoint_of(address: &Address) -> Vec<u8> {
    match address {
        Address::Ip(address) => format!("tcp://{address}").into_bytes(),
        Address::Path(path) => [b"ipc://", path.as_slice()].concat(),
        Address::Abstract(name) => [b"ipc://@", name.as_slice()].concat(),
        Address::Unnamed => b"ipc://".to_vec(),
    }
}
