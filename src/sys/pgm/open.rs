//! Opening a socket: what it is for, its options, and what the library must not run out of meanwhile.

use std::ffi::{CString, c_int, c_void};
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::net::Ipv4Addr;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

use super::library::{
    self, IPPROTO_PGM, Library, RawAddress, RawGroup, RawInfo, RawInterface, RawTsi,
};
use super::socket::Socket;
use crate::sys::{fd, fork, random};

/// Where a socket's packets go and come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Within UDP datagrams, rather than packets of its own
    pub udp: bool,
    /// The address of an interface; `None`: the system's choice
    pub interface: Option<Ipv4Addr>,
    /// Groups to hear
    pub groups: Vec<Ipv4Addr>,
    /// The group to send to
    pub target: Ipv4Addr,
    /// The port of data, and of UDP
    pub port: u16,
    /// Bytes of a packet
    pub max_packet: c_int,
    /// Routers that a packet passes, plus one
    pub hops: c_int,
    /// `SO_RCVBUF`, where it is not to be the system's
    pub receive_buffer: Option<c_int>,
    /// `SO_SNDBUF`, the same
    pub send_buffer: Option<c_int>,
}

/// What a socket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sends, and repairs
    Sender {
        /// Bytes per second
        rate: c_int,
        /// Packets kept for repairs
        window: c_int,
    },
    /// Receives
    Receiver {
        /// Packets kept while some before them are missing
        window: c_int,
    },
}

const MILLISECOND: c_int = 1000;
const SECOND: c_int = 1000 * MILLISECOND;

/// Addresses that the library found.
struct Info(&'static Library, *mut RawInfo);

impl Drop for Info {
    fn drop(&mut self) {
        // SAFETY: what the library made, given back once.
        unsafe { (self.0.freeaddrinfo)(self.1) };
    }
}

impl Socket {
    /// A socket that works from now on.
    ///
    /// # Errors
    /// `EPROTONOSUPPORT` without the library; `EPERM`: packets that are not in UDP need a privilege (`CAP_NET_RAW`); `EMFILE`, `ENFILE`,
    /// `ENOBUFS`, `ENOMEM`; else `EINVAL`: no interface for multicasts, values that cannot be.
    pub fn open(setup: &Setup, role: Role) -> io::Result<Self> {
        let library = Library::ready().ok_or_else(|| error(libc::EPROTONOSUPPORT))?;
        let info = find(library, setup)?;
        let mut this = Self {
            library,
            generation: fork::generation(),
            socket: ptr::null_mut(),
            is_closable: false,
            sends: matches!(role, Role::Sender { .. }),
            joined: Vec::new(),
        };
        let (kind, protocol) = if setup.udp {
            (libc::SOCK_DGRAM, libc::IPPROTO_UDP)
        } else {
            (libc::SOCK_RAW, IPPROTO_PGM)
        };
        let room = fd::hold_room(2)?;
        try_sockets(kind, protocol)?;
        let socket = &raw mut this.socket;
        checked(library, |error| {
            let family = libc::AF_INET as libc::sa_family_t;
            // SAFETY: places for the socket and an error.
            unsafe { (library.socket)(socket, family, libc::SOCK_SEQPACKET, protocol, error) }
        })?;
        this.configure(setup, role)?;
        drop(room);
        this.bind(setup, &info)?;
        this.set(library::MULTICAST_LOOP, 0)?;
        this.set(library::MULTICAST_HOPS, setup.hops)?;
        // Expedited forwarding (RFC 3246), as the reference; where that is not allowed it goes without.
        let _ = this.set(library::TOS, 0x2E << 2);
        this.set(library::NOBLOCK, 1)?;
        checked(library, |error| {
            // SAFETY: a bound socket, and a place for an error.
            unsafe { (library.connect)(this.socket, error) }
        })?;
        for fd in this.fds() {
            // SAFETY: the socket's descriptor, which lives as long as that.
            fd::set_nonblocking_cloexec(unsafe { BorrowedFd::borrow_raw(fd) })?;
        }
        Ok(this)
    }

    fn configure(&self, setup: &Setup, role: Role) -> io::Result<()> {
        if setup.udp {
            let port = c_int::from(setup.port);
            self.set(library::UDP_ENCAP_UCAST_PORT, port)?;
            self.set(library::UDP_ENCAP_MCAST_PORT, port)?;
        }
        if let Some(bytes) = setup.receive_buffer {
            self.set_at(libc::SOL_SOCKET, libc::SO_RCVBUF, &[bytes])?;
        }
        if let Some(bytes) = setup.send_buffer {
            self.set_at(libc::SOL_SOCKET, libc::SO_SNDBUF, &[bytes])?;
        }
        self.set(library::MTU, setup.max_packet)?;
        // Times are those of the reference: participants of a group should not differ in them.
        match role {
            Role::Receiver { window } => {
                self.set(library::RECV_ONLY, 1)?;
                self.set(library::RXW_SQNS, window)?;
                self.set(library::PEER_EXPIRY, 300 * SECOND)?;
                self.set(library::SPMR_EXPIRY, 25 * MILLISECOND)?;
                self.set(library::NAK_BO_IVL, 50 * MILLISECOND)?;
                self.set(library::NAK_RPT_IVL, 200 * MILLISECOND)?;
                self.set(library::NAK_RDATA_IVL, 200 * MILLISECOND)?;
                self.set(library::NAK_DATA_RETRIES, 50)?;
                self.set(library::NAK_NCF_RETRIES, 50)
            }
            Role::Sender { rate, window } => {
                const HEARTBEATS: [c_int; 9] = [
                    100 * MILLISECOND,
                    100 * MILLISECOND,
                    100 * MILLISECOND,
                    100 * MILLISECOND,
                    1300 * MILLISECOND,
                    7 * SECOND,
                    16 * SECOND,
                    25 * SECOND,
                    30 * SECOND,
                ];
                self.set(library::SEND_ONLY, 1)?;
                self.set(library::ODATA_MAX_RTE, rate)?;
                self.set(library::TXW_SQNS, window)?;
                self.set(library::AMBIENT_SPM, 30 * SECOND)?;
                self.set_at(IPPROTO_PGM, library::HEARTBEAT_SPM, &HEARTBEATS)
            }
        }
    }

    fn bind(&mut self, setup: &Setup, info: &Info) -> io::Result<()> {
        // SAFETY: what the library found, and with it arrays of that many groups.
        let found = unsafe { &*info.1 };
        if found.recv_count == 0 || found.send_count == 0 {
            return Err(error(libc::EINVAL));
        }
        // SAFETY: as before.
        let groups = unsafe { std::slice::from_raw_parts(found.recv, found.recv_count as usize) };
        let interface = RawInterface {
            index: groups[0].interface,
            scope: 0,
            address: groups[0].address,
        };
        let mut address = RawAddress {
            port: setup.port,
            tsi: RawTsi::default(),
        };
        random::fill(&mut address.tsi.gsi)?;
        let size = |bytes: usize| bytes as libc::socklen_t;
        let bound = checked(self.library, |error| {
            let (place, length) = (&raw const interface, size(size_of::<RawInterface>()));
            let own_length = size(size_of::<RawAddress>());
            let (bind, own) = (self.library.bind3, &raw const address);
            // SAFETY: a socket, addresses of those sizes, and a place for an error.
            unsafe {
                bind(
                    self.socket,
                    own,
                    own_length,
                    place,
                    length,
                    place,
                    length,
                    error,
                )
            }
        });
        // Which of its two event descriptors it could not make is not told.
        let has_both = |error: &io::Error| {
            !matches!(
                error.raw_os_error(),
                Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM)
            )
        };
        self.is_closable = bound.as_ref().err().is_none_or(has_both);
        bound?;
        for group in groups {
            self.set_at(
                IPPROTO_PGM,
                library::JOIN_GROUP,
                std::slice::from_ref(group),
            )?;
        }
        // SAFETY: there is one.
        let target: &RawGroup = unsafe { &*found.send };
        self.set_at(
            IPPROTO_PGM,
            library::SEND_GROUP,
            std::slice::from_ref(target),
        )
    }

    fn set(&self, option: c_int, value: c_int) -> io::Result<()> {
        self.set_at(IPPROTO_PGM, option, &[value])
    }

    fn set_at<T>(&self, level: c_int, option: c_int, value: &[T]) -> io::Result<()> {
        let length = size_of_val(value) as libc::socklen_t;
        let value = value.as_ptr().cast::<c_void>();
        // SAFETY: a socket, and a value of that many bytes.
        if unsafe { (self.library.setsockopt)(self.socket, level, option, value, length) } {
            Ok(())
        } else {
            Err(error(libc::EINVAL))
        }
    }
}

/// Makes the library's three sockets and gives them back. The library must not fail at that, nor for want of
/// descriptors when it binds: it then closes descriptor 0, which is the program's. What other threads
/// take in between remains a risk.
fn try_sockets(kind: c_int, protocol: c_int) -> io::Result<()> {
    let new = || -> io::Result<OwnedFd> {
        // SAFETY: takes no pointers.
        let fd = unsafe { syscall!(socket(libc::AF_INET, kind | libc::SOCK_CLOEXEC, protocol)) }?;
        // SAFETY: the call just made this descriptor and nothing else knows it.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    };
    let _sockets = [new()?, new()?, new()?];
    Ok(())
}

/// Does one of the steps of opening.
fn checked(
    library: &Library,
    step: impl FnOnce(*mut *mut library::RawError) -> bool,
) -> io::Result<()> {
    let mut failure = ptr::null_mut();
    let is_done = step(&raw mut failure);
    let code = library.code_of(failure);
    if is_done {
        return Ok(());
    }
    Err(error(match code {
        Some(library::ERROR_PERM) => libc::EPERM,
        Some(library::ERROR_MFILE) => libc::EMFILE,
        Some(library::ERROR_NFILE) => libc::ENFILE,
        Some(library::ERROR_NOBUFS) => libc::ENOBUFS,
        Some(library::ERROR_NOMEM) => libc::ENOMEM,
        _ => libc::EINVAL,
    }))
}

/// Has the library find the interface. All is numbers, so nobody is asked.
fn find(library: &'static Library, setup: &Setup) -> io::Result<Info> {
    let groups: Vec<String> = setup.groups.iter().map(Ipv4Addr::to_string).collect();
    let interface = setup.interface.map(|address| address.to_string());
    let network = format!(
        "{};{};{}",
        interface.unwrap_or_default(),
        groups.join(","),
        setup.target
    );
    let network = CString::new(network)?;
    // SAFETY: numbers and null pointers.
    let mut hints: RawInfo = unsafe { MaybeUninit::zeroed().assume_init() };
    hints.family = libc::AF_INET as libc::sa_family_t;
    let (mut found, mut failure) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: a terminated string, hints, and places for the addresses and an error.
    let is_found = unsafe {
        (library.getaddrinfo)(
            network.as_ptr(),
            &raw const hints,
            &raw mut found,
            &raw mut failure,
        )
    };
    library.code_of(failure);
    if !is_found || found.is_null() {
        return Err(error(libc::EINVAL));
    }
    Ok(Info(library, found))
}

fn error(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}
