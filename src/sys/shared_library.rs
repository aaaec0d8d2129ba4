//! Libraries of the system that are loaded when they are asked for, never linked, and never unloaded.
//!
//! What their functions do is for those who call them.

use std::ffi::{CStr, c_void};

use super::fork::apart_from_forks;

/// A loaded library.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handle(*mut c_void);

impl Handle {
    /// Loads the file of this name.
    pub(super) fn open(file: &CStr) -> Option<Self> {
        let handle = apart_from_forks(|| {
            // SAFETY: a terminated string. What runs when the library is loaded is trusted as the rest of it.
            unsafe { libc::dlopen(file.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) }
        });
        (!handle.is_null()).then_some(Self(handle))
    }

    /// The address of a symbol.
    pub(super) fn symbol(self, name: &CStr) -> Option<*mut c_void> {
        // SAFETY: a handle of dlopen that is never closed, and a terminated string.
        let address = unsafe { libc::dlsym(self.0, name.as_ptr()) };
        (!address.is_null()).then_some(address)
    }
}

/// A type `Library` with the functions of a file, `name: "symbol" (arguments) -> result;` for each, and
/// `Library::get`. Variables come before them in brackets, `name: "symbol" type;`, of types that threads may share.
/// Who names something here promises that the library declares it so. Where one is missing the library is not there.
macro_rules! shared_library {
    (
        $file:literal $([$($variable:ident: $place:literal $type:ty;)*])?:
        $($name:ident: $symbol:literal ($($arg:ty),* $(,)?) -> $result:ty;)*
    ) => {
        /// The functions, under their names without the prefix.
        pub(super) struct Library {
            $($(pub(super) $variable: &'static $type,)*)?
            $(pub(super) $name: unsafe extern "C" fn($($arg),*) -> $result,)*
        }

        impl Library {
            /// The library, once it could be loaded. One that is not there is looked for again: it may be
            /// installed while the program runs.
            pub(super) fn get() -> Option<&'static Self> {
                static LOADED: std::sync::OnceLock<Library> = std::sync::OnceLock::new();
                if let Some(library) = LOADED.get() {
                    return Some(library);
                }
                // Two threads that load at once get the same functions.
                let handle = $crate::sys::shared_library::Handle::open($file)?;
                let library = Self {
                    $($($variable: {
                        let address = handle.symbol($place)?.cast::<$type>();
                        // SAFETY: the address of the variable that the library declares so; it lasts as the library does.
                        unsafe { &*address }
                    },)*)?
                    $($name: {
                        let address = handle.symbol($symbol)?;
                        type Function = unsafe extern "C" fn($($arg),*) -> $result;
                        // SAFETY: the address of the function that the library declares so.
                        unsafe { std::mem::transmute::<*mut std::ffi::c_void, Function>(address) }
                    },)*
                };
                Some(LOADED.get_or_init(|| library))
            }
        }

        impl std::fmt::Debug for Library {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct("Library").finish_non_exhaustive()
            }
        }
    };
}

pub(super) use shared_library;
