//! The shared library: loading it, and its functions as it declares them (RFC 2744, appendix A).

use std::ffi::{CStr, c_int, c_void};
use std::mem;
use std::ptr;
use std::sync::OnceLock;

use crate::sys::fork::apart_from_forks;

/// Version 2 of the interface, of MIT Kerberos.
const FILE: &CStr = c"libgssapi_krb5.so.2";

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

/// `name: "symbol" (arguments);` for each function; all give the major status.
macro_rules! functions {
    ($($name:ident: $symbol:literal ($($arg:ty),* $(,)?);)*) => {
        /// The functions, under their names without the prefix.
        pub(super) struct Library {
            $(pub(super) $name: unsafe extern "C" fn($($arg),*) -> u32,)*
        }

        impl Library {
            fn of(handle: *mut c_void) -> Option<Self> {
                Some(Self {
                    $($name: {
                        let address = symbol(handle, $symbol)?;
                        type Function = unsafe extern "C" fn($($arg),*) -> u32;
                        // SAFETY: the address of the function that RFC 2744 declares so; the
                        // interface has kept it since its version 2.
                        unsafe { mem::transmute::<*mut c_void, Function>(address) }
                    },)*
                })
            }
        }
    };
}

functions! {
    import_name: c"gss_import_name" (*mut u32, *const BufferDesc, *const OidDesc, *mut RawName);
    display_name: c"gss_display_name" (*mut u32, RawName, *mut BufferDesc, *mut *const OidDesc);
    release_name: c"gss_release_name" (*mut u32, *mut RawName);
    release_buffer: c"gss_release_buffer" (*mut u32, *mut BufferDesc);
    acquire_cred: c"gss_acquire_cred" (
        *mut u32, RawName, u32, *const c_void, c_int, *mut RawCredential, *mut c_void, *mut u32,
    );
    release_cred: c"gss_release_cred" (*mut u32, *mut RawCredential);
    init_sec_context: c"gss_init_sec_context" (
        *mut u32, RawCredential, *mut RawContext, RawName, *const OidDesc, u32, u32, *const c_void,
        *const BufferDesc, *mut *const OidDesc, *mut BufferDesc, *mut u32, *mut u32,
    );
    accept_sec_context: c"gss_accept_sec_context" (
        *mut u32, *mut RawContext, RawCredential, *const BufferDesc, *const c_void, *mut RawName,
        *mut *const OidDesc, *mut BufferDesc, *mut u32, *mut u32, *mut RawCredential,
    );
    delete_sec_context: c"gss_delete_sec_context" (*mut u32, *mut RawContext, *mut BufferDesc);
    wrap: c"gss_wrap" (
        *mut u32, RawContext, c_int, u32, *const BufferDesc, *mut c_int, *mut BufferDesc,
    );
    unwrap: c"gss_unwrap" (
        *mut u32, RawContext, *const BufferDesc, *mut BufferDesc, *mut c_int, *mut u32,
    );
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Library").finish_non_exhaustive()
    }
}

fn symbol(handle: *mut c_void, name: &CStr) -> Option<*mut c_void> {
    // SAFETY: a handle of dlopen that is never closed, and a terminated string.
    let address = unsafe { libc::dlsym(handle, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}

/// The library, once it could be loaded. One that is not there is looked for again: it may be
/// installed while the program runs.
pub(super) fn library() -> Option<&'static Library> {
    static LOADED: OnceLock<Library> = OnceLock::new();
    if let Some(library) = LOADED.get() {
        return Some(library);
    }
    let handle = apart_from_forks(|| {
        // SAFETY: a terminated string. What runs when the library is loaded is trusted as the rest of it.
        unsafe { libc::dlopen(FILE.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) }
    });
    if handle.is_null() {
        return None;
    }
    // Two threads that load at once get the same functions.
    let library = Library::of(handle)?;
    Some(LOADED.get_or_init(|| library))
}
