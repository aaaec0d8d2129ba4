//! The shared library: loading it, and its functions as it declares them (RFC 2744, appendix A).

use std::ffi::{c_int, c_void};
use std::ptr;

use crate::sys::shared_library::shared_library;

/// A sequence of bytes; who made it gives it back.
#[repr(C)]
#[derive(Debug)]
pub(super) struct BufferDesc {
    pub(super) length: usize,
    pub(super) value: *mut c_void,
}

impl BufferDesc {
    pub(super) const fn empty() -> Self {
        Self {
            length: 0,
            value: ptr::null_mut(),
        }
    }

    /// Bytes that the library reads during a call.
    pub(super) const fn of(bytes: &[u8]) -> Self {
        Self {
            length: bytes.len(),
            value: bytes.as_ptr().cast_mut().cast(),
        }
    }
}

/// An object identifier.
#[repr(C)]
#[derive(Debug)]
pub(super) struct OidDesc {
    pub(super) length: u32,
    pub(super) elements: *const c_void,
}

/// Objects of the library, known by their address.
pub(super) type RawName = *mut c_void;
pub(super) type RawCredential = *mut c_void;
pub(super) type RawContext = *mut c_void;

shared_library! {
    // Version 2 of the interface, of MIT Kerberos. All functions give the major status.
    c"libgssapi_krb5.so.2":
    import_name: c"gss_import_name" (*mut u32, *const BufferDesc, *const OidDesc, *mut RawName) -> u32;
    display_name: c"gss_display_name" (*mut u32, RawName, *mut BufferDesc, *mut *const OidDesc) -> u32;
    release_name: c"gss_release_name" (*mut u32, *mut RawName) -> u32;
    release_buffer: c"gss_release_buffer" (*mut u32, *mut BufferDesc) -> u32;
    acquire_cred: c"gss_acquire_cred" (
        *mut u32, RawName, u32, *const c_void, c_int, *mut RawCredential, *mut c_void, *mut u32,
    ) -> u32;
    release_cred: c"gss_release_cred" (*mut u32, *mut RawCredential) -> u32;
    init_sec_context: c"gss_init_sec_context" (
        *mut u32, RawCredential, *mut RawContext, RawName, *const OidDesc, u32, u32, *const c_void,
        *const BufferDesc, *mut *const OidDesc, *mut BufferDesc, *mut u32, *mut u32,
    ) -> u32;
    accept_sec_context: c"gss_accept_sec_context" (
        *mut u32, *mut RawContext, RawCredential, *const BufferDesc, *const c_void, *mut RawName,
        *mut *const OidDesc, *mut BufferDesc, *mut u32, *mut u32, *mut RawCredential,
    ) -> u32;
    delete_sec_context: c"gss_delete_sec_context" (*mut u32, *mut RawContext, *mut BufferDesc) -> u32;
    wrap: c"gss_wrap" (
        *mut u32, RawContext, c_int, u32, *const BufferDesc, *mut c_int, *mut BufferDesc,
    ) -> u32;
    unwrap: c"gss_unwrap" (
        *mut u32, RawContext, *const BufferDesc, *mut BufferDesc, *mut c_int, *mut u32,
    ) -> u32;
}
