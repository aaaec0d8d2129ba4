//! What the library hands out and wants back: buffers, names, credentials.

use std::ffi::c_int;
use std::ptr;
use std::slice;

use super::library::{BufferDesc, Library, OidDesc, RawCredential, RawName};

/// Why a call of the library failed: its status (RFC 2744, 3.9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What every mechanism may say.
    pub major: u32,
    /// What this one says; 0 if nothing.
    pub minor: u32,
}

impl Failure {
    const BAD_NAME: u32 = 2;
    const NO_CREDENTIALS: u32 = 7;
    const CREDENTIALS_EXPIRED: u32 = 11;

    /// A failure of our own: something that a call ought to have given, or agreed to, is missing.
    pub(super) const UNFIT: Self = Self { major: 0, minor: 0 };

    const fn routine(self) -> u32 {
        self.major >> 16 & 0xFF
    }

    /// Whether there are no (valid) credentials for what was asked.
    #[must_use]
    pub const fn is_lack_of_credentials(self) -> bool {
        matches!(
            self.routine(),
            Self::NO_CREDENTIALS | Self::CREDENTIALS_EXPIRED
        )
    }

    /// Whether a name could not be read.
    #[must_use]
    pub const fn is_bad_name(self) -> bool {
        // The next one is a name of a kind that is not known.
        matches!(self.routine(), Self::BAD_NAME | 3)
    }
}

/// Calls a function; the rest of a major status beyond its error fields says how it went.
pub(super) fn call(f: impl FnOnce(&mut u32) -> u32) -> Result<u32, Failure> {
    let mut minor = 0;
    let major = f(&mut minor);
    if major >> 16 == 0 {
        Ok(major)
    } else {
        Err(Failure { major, minor })
    }
}

/// Bytes that the library made.
#[derive(Debug)]
pub(super) struct Buffer {
    raw: BufferDesc,
    library: &'static Library,
}

impl Buffer {
    pub(super) const fn new(library: &'static Library) -> Self {
        Self {
            raw: BufferDesc::empty(),
            library,
        }
    }

    /// For the library to fill, once.
    pub(super) fn as_mut_ptr(&mut self) -> *mut BufferDesc {
        &raw mut self.raw
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        if self.raw.value.is_null() {
            return &[];
        }
        // SAFETY: the library filled both together, and the bytes stay until they are given back.
        unsafe { slice::from_raw_parts(self.raw.value.cast(), self.raw.length) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: empty, or filled by the library and given back this once.
        unsafe { (self.library.release_buffer)(&raw mut minor, &raw mut self.raw) };
    }
}

/// How a name is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// A service, at a host if one is named: `service@host`.
    HostBased,
    /// A local user.
    User,
    /// A principal of Kerberos: `name/instance@REALM`.
    Krb5Principal,
}

impl NameKind {
    /// RFC 2743, 4.1 and 4.2; RFC 1964, 2.1.1.
    const fn oid(self) -> &'static [u8] {
        match self {
            Self::HostBased => b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x04",
            Self::User => b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x01",
            Self::Krb5Principal => b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01",
        }
    }
}

/// A name as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The text, without a terminating NUL.
    pub text: Vec<u8>,
    /// How it is to be read.
    pub kind: NameKind,
}

/// A name that the library has read.
#[derive(Debug)]
pub(super) struct Name {
    raw: RawName,
    library: &'static Library,
}

// SAFETY: the library's objects belong to no thread, and this one is used by one at a time.
unsafe impl Send for Name {}

impl Name {
    /// Reads a name; may ask for a host's full one.
    pub(super) fn import(library: &'static Library, from: &Principal) -> Result<Self, Failure> {
        let oid = from.kind.oid();
        let oid = OidDesc {
            length: oid.len() as u32,
            elements: oid.as_ptr().cast(),
        };
        let text = BufferDesc::of(&from.text);
        let mut name = Self::none(library);
        call(|minor| {
            // SAFETY: reads the text and the identifier, writes the name.
            unsafe {
                (library.import_name)(minor, &raw const text, &raw const oid, name.as_mut_ptr())
            }
        })?;
        Ok(name)
    }

    /// No name, for the library to fill.
    pub(super) const fn none(library: &'static Library) -> Self {
        Self {
            raw: ptr::null_mut(),
            library,
        }
    }

    pub(super) const fn as_raw(&self) -> RawName {
        self.raw
    }

    /// For the library to fill; it must hold no name.
    pub(super) fn as_mut_ptr(&mut self) -> *mut RawName {
        &raw mut self.raw
    }

    /// The name as text.
    pub(super) fn display(&self) -> Result<Vec<u8>, Failure> {
        if self.raw.is_null() {
            return Err(Failure::UNFIT);
        }
        let mut text = Buffer::new(self.library);
        call(|minor| {
            // SAFETY: reads a name of the library's, fills an empty buffer; the kind is not asked for.
            unsafe {
                (self.library.display_name)(minor, self.raw, text.as_mut_ptr(), ptr::null_mut())
            }
        })?;
        Ok(text.as_slice().to_vec())
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        if self.raw.is_null() {
            return;
        }
        let mut minor = 0;
        // SAFETY: a name of the library's, given back this once.
        unsafe { (self.library.release_name)(&raw mut minor, &raw mut self.raw) };
    }
}

/// What credentials are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    Initiate = 1,
    Accept = 2,
}

/// The keys or tickets of a principal.
#[derive(Debug)]
pub(super) struct Credential {
    raw: RawCredential,
    library: &'static Library,
}

// SAFETY: as for names.
unsafe impl Send for Credential {}

impl Credential {
    /// Finds those of `name`, wherever the system keeps them; may ask a server for tickets.
    pub(super) fn acquire(
        library: &'static Library,
        name: &Name,
        usage: Usage,
    ) -> Result<Self, Failure> {
        let mut credential = Self {
            raw: ptr::null_mut(),
            library,
        };
        call(|minor| {
            // SAFETY: reads a name of the library's, writes the credential. No lifetime and no mechanisms
            // are asked for; null says so.
            unsafe {
                (library.acquire_cred)(
                    minor,
                    name.as_raw(),
                    0,
                    ptr::null(),
                    usage as c_int,
                    &raw mut credential.raw,
                    ptr::null_mut(),
                    ptr::null_mut(),
                )
            }
        })?;
        Ok(credential)
    }

    pub(super) const fn as_raw(&self) -> RawCredential {
        self.raw
    }
}

impl Drop for Credential {
    fn drop(&mut self) {
        if self.raw.is_null() {
            return;
        }
        let mut minor = 0;
        // SAFETY: a credential of the library's, given back this once.
        unsafe { (self.library.release_cred)(&raw mut minor, &raw mut self.raw) };
    }
}
