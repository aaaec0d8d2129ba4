//! UDP sockets: made, sent by and received from in batches, and put into multicast groups.
//!
//! What is in a datagram is for others to know, as are the socket's other options (`socket`).

use std::alloc::{Layout, alloc_zeroed};
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::{self, NonNull};

use super::sockaddr::{Address, Raw};
use super::socket::set_bytes;

/// Most datagrams of one call.
pub const BATCH: usize = 32;

/// Pieces that a datagram may be sent from.
pub const PARTS: usize = 3;

/// The interface that multicasts come and go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// The one with this address; the unspecified one leaves the choice to the system
    V4(Ipv4Addr),
    /// The one with this number; 0 leaves the choice to the system
    V6(u32),
}

/// A new socket of the address's family.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `EAFNOSUPPORT`, `ENOBUFS`, `ENOMEM`.
pub fn socket(address: &SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() {
        libc::AF_INET
    } else {
        libc::AF_INET6
    };
    let kind = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: takes no pointers.
    let fd = unsafe { syscall!(socket(family, kind, 0)) }?;
    // SAFETY: the call just made this descriptor and nothing else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Has the socket receive what is sent to a multicast group, by one interface.
///
/// # Errors
/// `ENODEV` (no such interface, or none leads there), `EADDRINUSE` (joined already), `ENOBUFS`.
pub fn join(fd: BorrowedFd<'_>, group: &SocketAddr, interface: Interface) -> io::Result<()> {
    match (group, interface) {
        (SocketAddr::V4(group), Interface::V4(interface)) => {
            // `struct ip_mreq`: the two addresses as they are on the wire.
            let request = [group.ip().octets(), interface.octets()].concat();
            set_bytes(fd, libc::IPPROTO_IP, libc::IP_ADD_MEMBERSHIP, &request)
        }
        (SocketAddr::V6(group), Interface::V6(index)) => {
            // `struct ipv6_mreq`: the address and the number.
            let request = [&group.ip().octets()[..], &index.to_ne_bytes()].concat();
            set_bytes(fd, libc::IPPROTO_IPV6, libc::IPV6_ADD_MEMBERSHIP, &request)
        }
        _ => Err(io::Error::from_raw_os_error(libc::EINVAL)),
    }
}

/// Has the socket's multicasts leave by one interface.
///
/// # Errors
/// `EADDRNOTAVAIL`, `ENODEV` (no such interface).
pub fn leave_by(fd: BorrowedFd<'_>, interface: Interface) -> io::Result<()> {
    match interface {
        Interface::V4(address) => set_bytes(
            fd,
            libc::IPPROTO_IP,
            libc::IP_MULTICAST_IF,
            &address.octets(),
        ),
        Interface::V6(index) => set_bytes(
            fd,
            libc::IPPROTO_IPV6,
            libc::IPV6_MULTICAST_IF,
            &index.to_ne_bytes(),
        ),
    }
}

/// Where a datagram goes, in the kernel's form.
pub struct Destination(Raw);

impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Destination").field(&self.0.read()).finish()
    }
}

impl Destination {
    /// This address.
    #[must_use]
    pub fn new(address: &SocketAddr) -> Self {
        Self(Raw::ip(address))
    }
}

/// A datagram to be sent.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// Where to
    pub to: &'a Destination,
    /// What is in it, in order
    pub parts: [IoSlice<'a>; PARTS],
}

/// Sends datagrams, in order and at most [`BATCH`]; how many the kernel took, at least one.
///
/// # Errors
/// What the first of them failed with: `EAGAIN` if the kernel takes nothing now, `ENETUNREACH`,
/// `EMSGSIZE`, `EPERM` and others of `sendmsg(2)`.
pub fn send(fd: BorrowedFd<'_>, datagrams: &[Outgoing<'_>]) -> io::Result<usize> {
    // SAFETY: plain pointers and integers, for which zero is a valid value.
    let blank: libc::mmsghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; BATCH];
    for (place, datagram) in headers.iter_mut().zip(datagrams) {
        let header = place.write(blank);
        // The kernel only reads addresses and parts; IoSlice has the layout of iovec (documented).
        header.msg_hdr.msg_name = datagram.to.0.as_ptr().cast_mut().cast();
        header.msg_hdr.msg_namelen = datagram.to.0.len;
        header.msg_hdr.msg_iov = datagram.parts.as_ptr().cast_mut().cast();
        header.msg_hdr.msg_iovlen = PARTS;
    }
    // At most `BATCH`.
    let count = datagrams.len().min(BATCH) as libc::c_uint;
    let headers = headers.as_mut_ptr().cast::<libc::mmsghdr>();
    let flags = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
    // SAFETY: the first `count` headers were written above, and name addresses and parts that are alive.
    let sent = unsafe { syscall!(sendmmsg(fd.as_raw_fd(), headers, count, flags)) }?;
    Ok(sent.cast_unsigned() as usize)
}

/// Room for a batch of datagrams, and what was received last.
pub struct Inbox {
    /// `BATCH` times `room`
    bytes: Vec<u8>,
    room: usize,
    from: Vec<Raw>,
    /// Length, and whether that is all of it
    sizes: [(usize, bool); BATCH],
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}

/// Zeros of the allocator's, not written one by one; `None` if there is no memory, or none are asked for.
fn zeroed(len: usize) -> Option<Vec<u8>> {
    let layout = Layout::array::<u8>(len)
        .ok()
        .filter(|layout| layout.size() > 0)?;
    // SAFETY: the layout is not of size 0.
    let start = NonNull::new(unsafe { alloc_zeroed(layout) })?;
    // SAFETY: the global allocator gave these `len` bytes for this layout, which is that of the vector, and all are set.
    Some(unsafe { Vec::from_raw_parts(start.as_ptr(), len, len) })
}

impl Inbox {
    /// An inbox for datagrams of at most `room` bytes, of which there is one at least; `None` if there is no memory.
    /// Pages of it are the system's until they are needed.
    #[must_use]
    pub fn new(room: usize) -> Option<Self> {
        let mut from = Vec::new();
        from.try_reserve_exact(BATCH).ok()?;
        from.extend((0..BATCH).map(|_| Raw::empty()));
        Some(Self {
            bytes: zeroed(BATCH.checked_mul(room)?)?,
            room,
            from,
            sizes: [(0, false); BATCH],
        })
    }

    /// Receives up to `most` datagrams, at most [`BATCH`]; how many came, at least one.
    ///
    /// # Errors
    /// `EAGAIN` if there is none, and others of `recvmsg(2)`.
    pub fn receive(&mut self, fd: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        // SAFETY: plain pointers and integers, for which zero is a valid value.
        let blank: libc::mmsghdr = unsafe { MaybeUninit::zeroed().assume_init() };
        let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; BATCH];
        let mut buffers = [const { MaybeUninit::<libc::iovec>::uninit() }; BATCH];
        let wanted = most.min(BATCH);
        let places = self.bytes.chunks_exact_mut(self.room);
        let places = places.zip(&mut self.from).zip(&mut buffers);
        for (header, ((bytes, from), buffer)) in headers.iter_mut().zip(places).take(wanted) {
            let header = header.write(blank);
            header.msg_hdr.msg_name = from.as_mut_ptr().cast();
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_hdr.msg_iov = buffer.write(libc::iovec {
                iov_base: bytes.as_mut_ptr().cast(),
                iov_len: bytes.len(),
            });
            header.msg_hdr.msg_iovlen = 1;
        }
        let first = headers.as_mut_ptr().cast::<libc::mmsghdr>();
        let (fd, flags) = (fd.as_raw_fd(), libc::MSG_DONTWAIT);
        // SAFETY: the first `wanted` headers were written above. Each names a buffer and an address's room
        // of its own, which nothing else touches meanwhile; there is no time-out.
        let came = unsafe {
            syscall!(recvmmsg(
                fd,
                first,
                wanted as libc::c_uint,
                flags,
                ptr::null_mut()
            ))
        }?;
        let came = (came.cast_unsigned() as usize).min(wanted);
        for (index, header) in headers.iter().enumerate().take(came) {
            // SAFETY: one of those that were written above.
            let header = unsafe { header.assume_init_ref() };
            let is_whole = header.msg_hdr.msg_flags & libc::MSG_TRUNC == 0;
            self.sizes[index] = (header.msg_len as usize, is_whole);
            self.from[index].len = header.msg_hdr.msg_namelen;
        }
        Ok(came)
    }

    /// One of those that came last, by its number; `None` if it was longer than the room for it.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        let &(size, is_whole) = self.sizes.get(index)?;
        let place = self.bytes.get(index * self.room..(index + 1) * self.room)?;
        place.get(..size).filter(|_| is_whole)
    }

    /// Who sent it.
    #[must_use]
    pub fn from(&self, index: usize) -> Option<SocketAddr> {
        match self.from.get(index)?.read() {
            Some(Address::Ip(from)) => Some(from),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;
    use crate::sys::socket::{bind, local_address};

    fn bound(at: &str) -> (OwnedFd, SocketAddr) {
        let address = at.parse().expect("an address");
        let fd = socket(&address).expect("a socket");
        bind(fd.as_fd(), &Address::Ip(address)).expect("a free port");
        match local_address(fd.as_fd()).expect("bound") {
            Address::Ip(address) => (fd, address),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn batches_come_as_they_went() {
        let (receiver, there) = bound("127.0.0.1:0");
        let (sender, here) = bound("127.0.0.1:0");
        let mut inbox = Inbox::new(8).expect("memory");
        let none = inbox.receive(receiver.as_fd(), BATCH).expect_err("empty");
        assert_eq!(none.raw_os_error(), Some(libc::EAGAIN));
        let to = Destination::new(&there);
        let outgoing: Vec<_> = [&b""[..], b"abc", b"too long"]
            .iter()
            .map(|body| Outgoing {
                to: &to,
                parts: [IoSlice::new(b""), IoSlice::new(b"x"), IoSlice::new(body)],
            })
            .collect();
        assert_eq!(send(sender.as_fd(), &outgoing).expect("room"), 3);
        assert_eq!(inbox.receive(receiver.as_fd(), 2).expect("there"), 2);
        assert_eq!(inbox.get(0), Some(&b"x"[..]));
        assert_eq!(inbox.get(1), Some(&b"xabc"[..]));
        assert_eq!((inbox.from(0), inbox.from(1)), (Some(here), Some(here)));
        assert_eq!(inbox.receive(receiver.as_fd(), BATCH).expect("there"), 1);
        assert_eq!(inbox.get(0), None, "cut off");
        assert_eq!(inbox.get(BATCH), None);
    }

    #[test]
    fn the_first_failure_is_told() {
        let (sender, _) = bound("127.0.0.1:0");
        let to = Destination::new(&"127.0.0.1:0".parse().expect("an address"));
        let parts = [IoSlice::new(b""); PARTS];
        let error = send(sender.as_fd(), &[Outgoing { to: &to, parts }]).expect_err("port 0");
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    }

    #[test]
    fn groups_are_joined_by_an_interface() {
        let (fd, _) = bound("127.0.0.1:0");
        let group = "239.1.2.3:0".parse().expect("an address");
        join(fd.as_fd(), &group, Interface::V4(Ipv4Addr::LOCALHOST)).expect("lo is there");
        leave_by(fd.as_fd(), Interface::V4(Ipv4Addr::LOCALHOST)).expect("lo is there");
        assert!(join(fd.as_fd(), &group, Interface::V6(1)).is_err());
        let nowhere = Interface::V4(Ipv4Addr::new(192, 0, 2, 1));
        assert!(join(fd.as_fd(), &group, nowhere).is_err());
        assert!(leave_by(fd.as_fd(), nowhere).is_err());
    }
}
