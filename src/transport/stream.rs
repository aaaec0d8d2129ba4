//! A connection: an ordered stream of bytes in both directions.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use super::address::{WsAddress, WsName, endpoint_of, node_name};
use super::tls::Tls;
use crate::errno::Result;
use crate::sys::gnutls::Session;
use crate::sys::sockaddr::{Address, Tipc, Vsock};
use crate::sys::{poll, socket};

/// What fits into a segment, see [`Stream::write_limit`].
const TCP_WRITE: usize = 60 * 1024;

/// An established connection; non-blocking.
#[derive(Debug)]
pub struct Stream {
    // Before `fd`: it uses that until it is dropped.
    tls: Option<Box<Session>>,
    fd: OwnedFd,
    peer: String,
    write_limit: usize,
    /// Closing it waits until the peer has room for what was sent.
    waits_to_close: bool,
    is_tcp: bool,
    /// How the ends are named, if not as the kernel has it
    name: Option<Arc<WsName>>,
}

impl Stream {
    /// Wraps a connected socket whose other end is at `peer`.
    pub(super) fn new(fd: OwnedFd, peer: Option<Address>) -> Self {
        let write_limit = match peer {
            Some(Address::Ip(_)) | None => TCP_WRITE,
            Some(_) => usize::MAX,
        };
        let is_tcp = matches!(peer, Some(Address::Ip(_)));
        let waits_to_close = matches!(peer, Some(Address::Tipc(_)));
        let peer = match peer {
            Some(Address::Ip(address)) => address.ip().to_string(),
            Some(Address::Vsock(Vsock { cid, .. })) => cid.to_string(),
            Some(Address::Tipc(Tipc::Socket { node, .. })) => node_name(node),
            Some(Address::Tipc(_)) | None => String::new(),
            // As the reference has it: a name that says nothing, then user, group and process.
            Some(Address::Path(_) | Address::Abstract(_) | Address::Unnamed) => {
                socket::peer_credentials(fd.as_fd()).map_or_else(
                    |_| String::new(),
                    |who| format!("localhost:{}:{}:{}", who.uid, who.gid, who.pid),
                )
            }
        };
        Self {
            tls: None,
            fd,
            peer,
            write_limit,
            waits_to_close,
            is_tcp,
            name: None,
        }
    }

    /// The same with its ends named so.
    #[must_use]
    pub(super) fn named(mut self, name: Option<Arc<WsName>>) -> Self {
        self.name = name;
        self
    }

    /// The same of a client of this WebSocket.
    #[must_use]
    pub fn of_websocket(self, address: &WsAddress) -> Self {
        self.named(Some(Arc::new(WsName::of_client(address))))
    }

    /// Has it begin with TLS.
    ///
    /// # Errors
    /// `ENOMEM`; `EINVAL` for a name that nobody can have.
    pub fn secure(&mut self, tls: &Tls) -> Result<()> {
        self.tls = Some(Box::new(tls.start(self.fd.as_fd())?));
        Ok(())
    }

    /// Whether nothing can be sent yet, since what is beneath has a handshake of its own, which receiving works on.
    #[inline]
    #[must_use]
    pub fn is_opening(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_opening())
    }

    /// Whether receiving may go on once the kernel takes something.
    #[inline]
    #[must_use]
    pub fn must_write(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.must_write())
    }

    /// Whether a receive that leaves room has received all that there is.
    #[inline]
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        self.tls.is_none()
    }

    /// Whether a WebSocket is to be spoken on it.
    #[must_use]
    pub const fn is_websocket(&self) -> bool {
        self.name.is_some()
    }

    /// The property `Peer-Address` of messages from here: the peer's IP address without its port, for ipc
    /// `localhost:uid:gid:pid`, for vsock the number of the context, for tipc the node; empty if unknown.
    #[must_use]
    pub fn peer_address(&self) -> &str {
        &self.peer
    }

    /// Both ends as endpoints, (local, remote); an ipc end without a name is `ipc://`, one that the
    /// kernel does not tell (any more) is empty.
    #[must_use]
    pub fn endpoints(&self) -> (Vec<u8>, Vec<u8>) {
        let show = |address: io::Result<Address>| {
            let endpoint = address.map(|address| endpoint_of(&address));
            match (&self.name, endpoint) {
                (_, Err(_)) => Vec::new(),
                (Some(name), Ok(endpoint)) => name.of(&endpoint),
                (None, Ok(endpoint)) => endpoint,
            }
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
    pub fn recv_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if let Some(tls) = &mut self.tls {
            let room = buffers.iter_mut().find(|buffer| !buffer.is_empty());
            let received = tls.recv(room.map_or(&mut [], |room| room));
            return received.map_err(|errno| io::Error::from_raw_os_error(errno.0));
        }
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
    pub fn send_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        if let Some(tls) = &mut self.tls {
            let bytes = buffers.iter().find(|buffer| !buffer.is_empty());
            let sent = tls.send(bytes.map_or(&[], |bytes| bytes));
            return sent.map_err(|errno| io::Error::from_raw_os_error(errno.0));
        }
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

    /// Whether closing it (dropping this) may take seconds. TIPC waits for a peer that does not read what it was sent,
    /// eight seconds at most, also where the descriptor does not block.
    #[must_use]
    pub fn may_be_slow_to_close(&self) -> bool {
        if !self.waits_to_close {
            return false;
        }
        let mut set = [libc::pollfd {
            fd: self.fd.as_raw_fd(),
            events: libc::POLLOUT,
            revents: 0,
        }];
        poll::poll(&mut set, Some(Duration::ZERO), None).is_ok_and(|ready| ready == 0)
    }

    /// Whether the peer would lose what was sent if it said something to a closed connection: TCP answers that with
    /// a reset, and forgets what the other end's system has not acknowledged.
    #[must_use]
    pub fn would_lose(&self) -> bool {
        self.is_tcp && socket::unacknowledged(self.fd.as_fd()).is_ok_and(|bytes| bytes > 0)
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
