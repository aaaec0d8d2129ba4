//! The shared library: preparing it, its functions, and the shapes of what they take, as the headers of OpenPGM 5.3 have them.

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::mem;
use std::sync::atomic::{AtomicI32, Ordering};

use libc::{size_t, sockaddr_storage, socklen_t};

use crate::sys::fork::{Once, apart_from_forks};
use crate::sys::shared_library::shared_library;

/// The protocol's number, and the level of its options.
pub(super) const IPPROTO_PGM: c_int = 113;

// Options.
pub(super) const RECV_SOCK: c_int = 0x2001;
pub(super) const REPAIR_SOCK: c_int = 0x2002;
pub(super) const PENDING_SOCK: c_int = 0x2003;
pub(super) const TIME_REMAIN: c_int = 0x2005;
pub(super) const RATE_REMAIN: c_int = 0x2006;
pub(super) const MTU: c_int = 0x2008;
pub(super) const MSS: c_int = 0x200A;
pub(super) const MULTICAST_LOOP: c_int = 0x200C;
pub(super) const MULTICAST_HOPS: c_int = 0x200D;
pub(super) const TOS: c_int = 0x200E;
pub(super) const AMBIENT_SPM: c_int = 0x200F;
pub(super) const HEARTBEAT_SPM: c_int = 0x2010;
pub(super) const TXW_SQNS: c_int = 0x2012;
pub(super) const PEER_EXPIRY: c_int = 0x2015;
pub(super) const SPMR_EXPIRY: c_int = 0x2016;
pub(super) const RXW_SQNS: c_int = 0x2018;
pub(super) const NAK_BO_IVL: c_int = 0x201B;
pub(super) const NAK_RPT_IVL: c_int = 0x201C;
pub(super) const NAK_RDATA_IVL: c_int = 0x201D;
pub(super) const NAK_DATA_RETRIES: c_int = 0x201E;
pub(super) const NAK_NCF_RETRIES: c_int = 0x201F;
pub(super) const SEND_ONLY: c_int = 0x2023;
pub(super) const RECV_ONLY: c_int = 0x2024;
pub(super) const NOBLOCK: c_int = 0x2027;
pub(super) const SEND_GROUP: c_int = 0x2028;
pub(super) const JOIN_GROUP: c_int = 0x2029;
pub(super) const UDP_ENCAP_UCAST_PORT: c_int = 0x2030;
pub(super) const UDP_ENCAP_MCAST_PORT: c_int = 0x2031;
pub(super) const ODATA_MAX_RTE: c_int = 0x2034;

// How a call ended.
pub(super) const NORMAL: c_int = 1;
pub(super) const RESET: c_int = 2;
pub(super) const WOULD_BLOCK: c_int = 5;
pub(super) const RATE_LIMITED: c_int = 6;
pub(super) const TIMER_PENDING: c_int = 7;

// Codes of errors.
pub(super) const ERROR_MFILE: c_int = 13;
pub(super) const ERROR_NFILE: c_int = 14;
pub(super) const ERROR_NOBUFS: c_int = 15;
pub(super) const ERROR_NOMEM: c_int = 19;
pub(super) const ERROR_PERM: c_int = 26;

/// A socket, known by its address.
pub(super) type RawSocket = *mut c_void;

/// Who sends: `pgm_tsi_t`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct RawTsi {
    pub(super) gsi: [u8; 6],
    pub(super) sport: u16,
}

/// `pgm_sockaddr_t`
#[repr(C)]
#[derive(Debug, Default)]
pub(super) struct RawAddress {
    pub(super) port: u16,
    pub(super) tsi: RawTsi,
}

/// `pgm_group_source_req`
#[repr(C)]
pub(super) struct RawGroup {
    pub(super) interface: u32,
    group: sockaddr_storage,
    source: sockaddr_storage,
    /// Of the interface
    pub(super) address: sockaddr_storage,
}

/// `pgm_addrinfo_t`
#[repr(C)]
pub(super) struct RawInfo {
    pub(super) family: libc::sa_family_t,
    pub(super) recv_count: u32,
    pub(super) recv: *mut RawGroup,
    pub(super) send_count: u32,
    pub(super) send: *mut RawGroup,
}

/// `pgm_interface_req_t`
#[repr(C)]
pub(super) struct RawInterface {
    pub(super) index: u32,
    pub(super) scope: u32,
    pub(super) address: sockaddr_storage,
}

/// `pgm_error_t`
#[repr(C)]
pub(super) struct RawError {
    domain: c_int,
    pub(super) code: c_int,
    message: *mut c_char,
}

/// The beginning of `pgm_sk_buff_t`, up to what is needed of it.
#[repr(C)]
pub(super) struct RawBuffer {
    link: [*mut c_void; 3],
    socket: RawSocket,
    time: u64,
    pub(super) tsi: RawTsi,
    pub(super) sequence: u32,
    padding: u32,
    control: [c_char; 48],
    /// Bytes of data
    pub(super) len: u16,
    bits: [c_uint; 1],
    headers: [*mut c_void; 4],
    head: *mut c_void,
    pub(super) data: *const u8,
}

/// The most pieces that a message comes in.
const FRAGMENTS: usize = 16;

/// `pgm_msgv_t`: a message that came
#[repr(C)]
pub(super) struct RawMessage {
    pub(super) count: u32,
    pub(super) buffers: [*mut RawBuffer; FRAGMENTS],
}

#[cfg(all(target_pointer_width = "64", target_os = "linux"))]
const _: () = {
    assert!(mem::offset_of!(RawBuffer, tsi) == 40 && mem::offset_of!(RawBuffer, sequence) == 48);
    assert!(mem::offset_of!(RawBuffer, len) == 104);
    assert!(mem::offset_of!(RawBuffer, data) == 152 && size_of::<RawMessage>() == 136);
    assert!(size_of::<RawGroup>() == 392 && mem::offset_of!(RawGroup, address) == 264);
    assert!(size_of::<RawInterface>() == 136 && size_of::<RawInfo>() == 32);
    assert!(size_of::<RawAddress>() == 10);
};

shared_library! {
    c"libpgm-5.3.so.0" [min_log_level: c"pgm_min_log_level" AtomicI32;]:
    init: c"pgm_init" (*mut *mut RawError) -> bool;
    error_free: c"pgm_error_free" (*mut RawError) -> ();
    free: c"pgm_free" (*mut c_void) -> ();
    getaddrinfo: c"pgm_getaddrinfo" (
        *const c_char, *const RawInfo, *mut *mut RawInfo, *mut *mut RawError,
    ) -> bool;
    freeaddrinfo: c"pgm_freeaddrinfo" (*mut RawInfo) -> ();
    socket: c"pgm_socket" (
        *mut RawSocket, libc::sa_family_t, c_int, c_int, *mut *mut RawError,
    ) -> bool;
    setsockopt: c"pgm_setsockopt" (RawSocket, c_int, c_int, *const c_void, socklen_t) -> bool;
    getsockopt: c"pgm_getsockopt" (RawSocket, c_int, c_int, *mut c_void, *mut socklen_t) -> bool;
    bind3: c"pgm_bind3" (
        RawSocket, *const RawAddress, socklen_t, *const RawInterface, socklen_t, *const RawInterface,
        socklen_t, *mut *mut RawError,
    ) -> bool;
    connect: c"pgm_connect" (RawSocket, *mut *mut RawError) -> bool;
    close: c"pgm_close" (RawSocket, bool) -> bool;
    send: c"pgm_send" (RawSocket, *const c_void, size_t, *mut size_t) -> c_int;
    recvmsgv: c"pgm_recvmsgv" (
        RawSocket, *mut RawMessage, size_t, c_int, *mut size_t, *mut *mut RawError,
    ) -> c_int;
}

/// More than any message's.
const LEVEL_OF_NONE: c_int = 7;

impl Library {
    /// The library, once it could be loaded and set up.
    pub(super) fn ready() -> Option<&'static Self> {
        static READY: Once<bool> = Once::new();
        let library = Self::get()?;
        READY.get_or_make(|| library.prepare()).then_some(library)
    }

    /// Sets it up, which it counts: the program may use it too.
    fn prepare(&self) -> bool {
        // By itself it writes its log to the standard output, which is the program's. Setting it up it looks whether
        // `PGM_MIN_LOG_LEVEL` in the environment asks for that.
        self.min_log_level.store(LEVEL_OF_NONE, Ordering::Relaxed);
        let mut error = std::ptr::null_mut();
        // SAFETY: a place for an error. It asks for the protocol's number, so no child may be made meanwhile.
        let ready = apart_from_forks(|| unsafe { (self.init)(&raw mut error) });
        self.code_of(error);
        ready
    }

    /// The code of an error, which is given back.
    pub(super) fn code_of(&self, error: *mut RawError) -> Option<c_int> {
        if error.is_null() {
            return None;
        }
        // SAFETY: not null, so an error that the library made.
        let code = unsafe { (*error).code };
        // SAFETY: as before; it is not used again.
        unsafe { (self.error_free)(error) };
        Some(code)
    }
}
