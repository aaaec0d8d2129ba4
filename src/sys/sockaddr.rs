//! Socket addresses: between the kernel's `sockaddr` and Rust's types.

use std::io;
use std::mem::{MaybeUninit, offset_of};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::ptr;

mod tipc;

pub use tipc::Tipc;

/// Longest path or abstract name of a unix socket in bytes; a path needs a NUL behind it.
pub const UNIX_NAME_MAX: usize = UNIX_PATH_SIZE - 1;

const UNIX_PATH_SIZE: usize = size_of::<libc::sockaddr_un>() - UNIX_PATH_OFFSET;
const UNIX_PATH_OFFSET: usize = offset_of!(libc::sockaddr_un, sun_path);

/// Where a socket is bound, or whom it is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An IP address and port
    Ip(SocketAddr),
    /// The path of a unix socket
    Path(Vec<u8>),
    /// A name in Linux's abstract namespace, without the NUL before it
    Abstract(Vec<u8>),
    /// A unix socket that is not bound
    Unnamed,
    /// A context (a virtual machine or its host) and a port of it
    Vsock(Vsock),
    /// An address of TIPC
    Tipc(Tipc),
}

/// A context and a port (`vsock(7)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vsock {
    /// The context: a virtual machine, 2 for the host, 1 for what stays here, [`ANY`](Self::ANY) to bind to all
    pub cid: u32,
    /// The port, [`ANY`](Self::ANY) if the system is to choose
    pub port: u32,
}

impl Vsock {
    /// Any context, any port.
    pub const ANY: u32 = libc::VMADDR_CID_ANY;
    /// The context of connections that do not leave the machine.
    pub const LOCAL: u32 = libc::VMADDR_CID_LOCAL;
}

impl Address {
    /// The family of sockets that have such addresses.
    pub(super) fn family(&self) -> libc::c_int {
        match self {
            Self::Ip(ip) if ip.is_ipv4() => libc::AF_INET,
            Self::Ip(_) => libc::AF_INET6,
            Self::Path(_) | Self::Abstract(_) | Self::Unnamed => libc::AF_UNIX,
            Self::Vsock(_) => libc::AF_VSOCK,
            Self::Tipc(_) => libc::AF_TIPC,
        }
    }
}

/// An address in the kernel's form.
pub(super) struct Raw {
    pub(super) storage: libc::sockaddr_storage,
    pub(super) len: libc::socklen_t,
}

impl Raw {
    /// Room for an address that the kernel will write.
    pub(super) fn empty() -> Self {
        Self {
            // SAFETY: plain integers and bytes, for which zero is a valid value.
            storage: unsafe { MaybeUninit::zeroed().assume_init() },
            len: size_of::<libc::sockaddr_storage>() as libc::socklen_t,
        }
    }

    /// `address` as the kernel wants it; a unix name that is too long gives `ENAMETOOLONG`.
    pub(super) fn new(address: &Address) -> io::Result<Self> {
        match address {
            Address::Ip(ip) => Ok(Self::ip(ip)),
            Address::Path(path) => Self::unix(path, 0),
            Address::Abstract(name) => Self::unix(name, 1),
            Address::Unnamed => Self::unix(b"", 0),
            Address::Vsock(at) => Ok(Self::vsock(*at)),
            Address::Tipc(at) => Ok(Self::of(&tipc::SockaddrTipc::from(*at))),
        }
    }

    /// An IP address as the kernel wants it.
    pub(super) fn ip(address: &SocketAddr) -> Self {
        match address {
            SocketAddr::V4(v4) => Self::of(&libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: v4.port().to_be(),
                sin_addr: libc::in_addr {
                    s_addr: u32::from_ne_bytes(v4.ip().octets()),
                },
                sin_zero: [0; 8],
            }),
            SocketAddr::V6(v6) => Self::of(&libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: v6.port().to_be(),
                sin6_flowinfo: v6.flowinfo(),
                sin6_addr: libc::in6_addr {
                    s6_addr: v6.ip().octets(),
                },
                sin6_scope_id: v6.scope_id(),
            }),
        }
    }

    fn vsock(address: Vsock) -> Self {
        let mut raw = Self::empty();
        // SAFETY: the storage is larger and stricter aligned than this, all bits are good.
        let vm: &mut libc::sockaddr_vm = unsafe { &mut *raw.as_mut_ptr().cast() };
        vm.svm_family = libc::AF_VSOCK as libc::sa_family_t;
        vm.svm_cid = address.cid;
        vm.svm_port = address.port;
        raw.len = size_of::<libc::sockaddr_vm>() as libc::socklen_t;
        raw
    }

    pub(super) fn as_ptr(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut libc::sockaddr {
        (&raw mut self.storage).cast()
    }

    /// All that the kernel says that there is.
    fn bytes(&self) -> &[u8] {
        let len = (self.len as usize).min(size_of::<libc::sockaddr_storage>());
        // SAFETY: the storage is initialised all over, whatever the kernel wrote of it.
        unsafe { std::slice::from_raw_parts((&raw const self.storage).cast(), len) }
    }

    /// The address in Rust's form; `None` for a family that is not known here.
    pub(super) fn read(&self) -> Option<Address> {
        match i32::from(self.storage.ss_family) {
            libc::AF_INET => {
                // SAFETY: the storage is larger and stricter aligned than this, all bits are good.
                let v4: &libc::sockaddr_in = unsafe { &*(&raw const self.storage).cast() };
                let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
                let port = u16::from_be(v4.sin_port);
                Some(Address::Ip(SocketAddrV4::new(ip, port).into()))
            }
            libc::AF_INET6 => {
                // SAFETY: the storage is larger and stricter aligned than this, all bits are good.
                let v6: &libc::sockaddr_in6 = unsafe { &*(&raw const self.storage).cast() };
                let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
                let port = u16::from_be(v6.sin6_port);
                let full = SocketAddrV6::new(ip, port, v6.sin6_flowinfo, v6.sin6_scope_id);
                Some(Address::Ip(full.into()))
            }
            libc::AF_UNIX => Some(
                match self.bytes().get(UNIX_PATH_OFFSET..).unwrap_or_default() {
                    [] => Address::Unnamed,
                    [0, name @ ..] => Address::Abstract(name.to_vec()),
                    path => {
                        let end = path
                            .iter()
                            .position(|&byte| byte == 0)
                            .unwrap_or(path.len());
                        Address::Path(path[..end].to_vec())
                    }
                },
            ),
            libc::AF_VSOCK => {
                // SAFETY: the storage is larger and stricter aligned than this, all bits are good.
                let vm: &libc::sockaddr_vm = unsafe { &*(&raw const self.storage).cast() };
                Some(Address::Vsock(Vsock {
                    cid: vm.svm_cid,
                    port: vm.svm_port,
                }))
            }
            libc::AF_TIPC => {
                // SAFETY: the storage is larger and stricter aligned than this, all bits are good.
                let raw: &tipc::SockaddrTipc = unsafe { &*(&raw const self.storage).cast() };
                raw.read().map(Address::Tipc)
            }
            _ => None,
        }
    }

    /// A copy of a `sockaddr_*` of any family.
    fn of<T: Copy>(address: &T) -> Self {
        const { assert!(size_of::<T>() <= size_of::<libc::sockaddr_storage>()) };
        let mut raw = Self::empty();
        // SAFETY: the storage holds at least a `T` (asserted above) and is aligned for every
        // address family.
        unsafe { raw.as_mut_ptr().cast::<T>().write(*address) };
        raw.len = size_of::<T>() as libc::socklen_t;
        raw
    }

    /// A unix address whose name starts `offset` bytes into the path.
    fn unix(name: &[u8], offset: usize) -> io::Result<Self> {
        if name.len() + offset > UNIX_NAME_MAX || (offset == 0 && name.contains(&0)) {
            return Err(io::Error::from_raw_os_error(libc::ENAMETOOLONG));
        }
        let mut address = libc::sockaddr_un {
            sun_family: libc::AF_UNIX as libc::sa_family_t,
            sun_path: [0; UNIX_PATH_SIZE],
        };
        for (to, &from) in address.sun_path[offset..].iter_mut().zip(name) {
            *to = from.cast_signed() as libc::c_char;
        }
        let mut raw = Self::of(&address);
        // An abstract name is as long as the address says, a path is closed by its NUL.
        let len = match (name.is_empty(), offset) {
            (true, 0) => UNIX_PATH_OFFSET,
            (_, 0) => UNIX_PATH_OFFSET + name.len() + 1,
            _ => UNIX_PATH_OFFSET + offset + name.len(),
        };
        raw.len = len as libc::socklen_t;
        Ok(raw)
    }
}

/// Reads an address that the C library owns.
///
/// # Safety
/// `address` is null or points to a whole `sockaddr` of the family it names.
pub(super) unsafe fn read(address: *const libc::sockaddr) -> Option<Address> {
    if address.is_null() {
        return None;
    }
    // SAFETY: not null, so it points to an address, which begins with its family.
    let family = unsafe { (*address).sa_family };
    let len = match i32::from(family) {
        libc::AF_INET => size_of::<libc::sockaddr_in>(),
        libc::AF_INET6 => size_of::<libc::sockaddr_in6>(),
        _ => return None,
    };
    let mut raw = Raw::empty();
    // SAFETY: the source is a whole address of that family, the target is larger, and the two do
    // not overlap.
    unsafe { ptr::copy_nonoverlapping(address.cast::<u8>(), raw.as_mut_ptr().cast(), len) };
    raw.len = len as libc::socklen_t;
    raw.read()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survive_the_way_there_and_back() {
        for address in [
            Address::Ip("127.0.0.1:80".parse().expect("good")),
            Address::Ip("[fe80::1%3]:65535".parse().expect("good")),
            Address::Path(b"/tmp/x".to_vec()),
            Address::Path(vec![b'a'; UNIX_NAME_MAX]),
            Address::Abstract(b"name\0with nul".to_vec()),
            Address::Abstract(vec![b'a'; UNIX_NAME_MAX - 1]),
            Address::Unnamed,
            Address::Vsock(Vsock { cid: 3, port: 5555 }),
            Address::Vsock(Vsock {
                cid: Vsock::ANY,
                port: Vsock::ANY,
            }),
            Address::Tipc(Tipc::Unbound),
            Address::Tipc(Tipc::Socket {
                node: 0x0100_1001,
                port: 1,
            }),
            Address::Tipc(Tipc::Service {
                service: 64,
                instance: 5,
                domain: 6,
            }),
            Address::Tipc(Tipc::Range {
                service: 64,
                lower: 7,
                upper: 8,
            }),
        ] {
            let raw = Raw::new(&address).expect("fits");
            assert_eq!(raw.read(), Some(address));
        }
    }

    #[test]
    fn too_long_a_name() {
        for address in [
            Address::Path(vec![b'a'; UNIX_NAME_MAX + 1]),
            Address::Abstract(vec![b'a'; UNIX_NAME_MAX]),
        ] {
            let error = Raw::new(&address)
                .err()
                .and_then(|error| error.raw_os_error());
            assert_eq!(error, Some(libc::ENAMETOOLONG));
        }
    }
}
