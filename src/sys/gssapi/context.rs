//! Security contexts, from either side.

use std::ptr;

use super::library::{BufferDesc, Library, RawContext};
use super::objects::{Buffer, Credential, Failure, Name, Principal, Usage, call};

const MUTUAL: u32 = 2;
const REPLAY: u32 = 4;
const SEQUENCE: u32 = 8;
const CONFIDENTIAL: u32 = 16;
const INTEGRITY: u32 = 32;

/// A major status that is no error: the peer has to say more.
const CONTINUE_NEEDED: u32 = 1;

/// What a step led to.
#[derive(Debug)]
pub struct Step {
    /// For the peer; may be empty.
    pub token: Vec<u8>,
    /// Whether the context is established.
    pub complete: bool,
}

/// A context, once it has begun.
#[derive(Debug)]
pub(super) struct Context {
    raw: RawContext,
    /// Whether what is protected must be hidden.
    confidential: bool,
    /// Set once it is established and does all that was asked.
    complete: bool,
    library: &'static Library,
}

// SAFETY: the library's objects belong to no thread, and this one is used by one at a time.
unsafe impl Send for Context {}

impl Context {
    pub(super) const fn new(library: &'static Library, confidential: bool) -> Self {
        Self {
            raw: ptr::null_mut(),
            confidential,
            complete: false,
            library,
        }
    }

    /// The end of a step. `flags`: what the context will do, known once it is complete.
    pub(super) fn advance(
        &mut self,
        major: u32,
        flags: u32,
        token: &Buffer,
    ) -> Result<Step, Failure> {
        // A token that is old, or was seen before: no error by its status, but the end of a context that is not
        // established (RFC 2743, 2.2.1 and 2.2.2).
        if major & !CONTINUE_NEEDED != 0 {
            return Err(Failure::UNFIT);
        }
        if major & CONTINUE_NEEDED == 0 {
            let needed = if self.confidential {
                MUTUAL | INTEGRITY | CONFIDENTIAL
            } else {
                MUTUAL
            };
            if flags & needed != needed {
                return Err(Failure::UNFIT);
            }
            self.complete = true;
        }
        Ok(Step {
            token: token.as_slice().to_vec(),
            complete: self.complete,
        })
    }

    fn seal(&mut self, plain: &[u8], take: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        if !self.complete {
            return Err(Failure::UNFIT);
        }
        let plain = BufferDesc::of(plain);
        let mut token = Buffer::new(self.library);
        let mut hidden = 0;
        call(|minor| {
            // SAFETY: reads the bytes, fills an empty buffer; the context is established.
            unsafe {
                (self.library.wrap)(
                    minor,
                    self.raw,
                    i32::from(self.confidential),
                    0,
                    &raw const plain,
                    &raw mut hidden,
                    token.as_mut_ptr(),
                )
            }
        })?;
        if self.confidential && hidden == 0 {
            return Err(Failure::UNFIT);
        }
        take(token.as_slice());
        Ok(())
    }

    fn open(&mut self, token: &mut [u8]) -> Result<usize, Failure> {
        if !self.complete {
            return Err(Failure::UNFIT);
        }
        let sealed = BufferDesc::of(token);
        let mut plain = Buffer::new(self.library);
        let mut hidden = 0;
        let major = call(|minor| {
            // SAFETY: reads the token, fills an empty buffer; the context is established. The quality
            // of protection is not asked for.
            unsafe {
                (self.library.unwrap)(
                    minor,
                    self.raw,
                    &raw const sealed,
                    plain.as_mut_ptr(),
                    &raw mut hidden,
                    ptr::null_mut(),
                )
            }
        })?;
        // What is left of the status tells of tokens that are repeated, old or out of order.
        if major != 0 || (self.confidential && hidden == 0) {
            return Err(Failure::UNFIT);
        }
        let plain = plain.as_slice();
        let at = token.len().checked_sub(plain.len()).ok_or(Failure::UNFIT)?;
        token[at..].copy_from_slice(plain);
        Ok(at)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if self.raw.is_null() {
            return;
        }
        let mut minor = 0;
        // SAFETY: a context of the library's, given back this once; no token for the peer is asked for.
        unsafe {
            (self.library.delete_sec_context)(&raw mut minor, &raw mut self.raw, ptr::null_mut())
        };
    }
}

/// The side that begins.
#[derive(Debug)]
pub struct Initiator {
    principal: Option<Principal>,
    service: Principal,
    credential: Option<Credential>,
    target: Option<Name>,
    context: Context,
}

impl Initiator {
    /// Begins nothing yet. `principal`: whose credentials to use, if not the default ones; `service`:
    /// who must be at the other side; `confidential`: whether what is sealed must be hidden.
    ///
    /// `None` if there is no library.
    #[must_use]
    pub fn new(
        principal: Option<Principal>,
        service: Principal,
        confidential: bool,
    ) -> Option<Self> {
        Some(Self {
            principal,
            service,
            credential: None,
            target: None,
            context: Context::new(Library::get()?, confidential),
        })
    }

    /// One step of the handshake, the first one without a token. May wait for the network: names are
    /// looked up, tickets fetched.
    ///
    /// # Errors
    /// What the library fails with; the context is of no use afterwards.
    pub fn step(&mut self, token: &[u8]) -> Result<Step, Failure> {
        let library = self.context.library;
        if self.context.complete {
            return Err(Failure::UNFIT);
        }
        if self.target.is_none() {
            if let Some(principal) = &self.principal {
                let name = Name::import(library, principal)?;
                self.credential = Some(Credential::acquire(library, &name, Usage::Initiate)?);
            }
            self.target = Some(Name::import(library, &self.service)?);
        }
        let credential = self
            .credential
            .as_ref()
            .map_or(ptr::null_mut(), Credential::as_raw);
        let target = self.target.as_ref().map_or(ptr::null_mut(), Name::as_raw);
        let received = BufferDesc::of(token);
        let mut answer = Buffer::new(library);
        let mut flags = 0;
        let wanted = MUTUAL | REPLAY | SEQUENCE | CONFIDENTIAL | INTEGRITY;
        let major = call(|minor| {
            // SAFETY: reads our objects and the token, which stay for the call; writes the context, an empty
            // buffer and the flags. Null stands for what is not asked for: the mechanism (the
            // default one), channel bindings, the lifetime; and for the first step's token.
            unsafe {
                (library.init_sec_context)(
                    minor,
                    credential,
                    &raw mut self.context.raw,
                    target,
                    ptr::null(),
                    wanted,
                    0,
                    ptr::null(),
                    if token.is_empty() {
                        ptr::null()
                    } else {
                        &raw const received
                    },
                    ptr::null_mut(),
                    answer.as_mut_ptr(),
                    &raw mut flags,
                    ptr::null_mut(),
                )
            }
        })?;
        self.context.advance(major, flags, &answer)
    }

    /// Who is at the other side, once the context is established: who was asked for.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn peer(&self) -> Result<Vec<u8>, Failure> {
        self.target.as_ref().ok_or(Failure::UNFIT)?.display()
    }

    /// Protects bytes, and gives the token to `take`, once.
    ///
    /// # Errors
    /// What the library fails with; the context is of no use afterwards.
    pub fn seal(&mut self, plain: &[u8], take: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        self.context.seal(plain, take)
    }

    /// Opens a token; what was inside is put at its end. Gives where that begins.
    ///
    /// # Errors
    /// What the library fails with, also if the token is repeated or out of order; the context is of
    /// no use afterwards.
    pub fn open(&mut self, token: &mut [u8]) -> Result<usize, Failure> {
        self.context.open(token)
    }
}

/// The side that is asked.
#[derive(Debug)]
pub struct Acceptor {
    principal: Option<Principal>,
    credential: Option<Credential>,
    peer: Option<Name>,
    context: Context,
}

impl Acceptor {
    /// Begins nothing yet. `principal`: whose keys to use, if not any that there are; `confidential`:
    /// whether what is sealed must be hidden.
    ///
    /// `None` if there is no library.
    #[must_use]
    pub fn new(principal: Option<Principal>, confidential: bool) -> Option<Self> {
        Some(Self {
            principal,
            credential: None,
            peer: None,
            context: Context::new(Library::get()?, confidential),
        })
    }

    /// One step of the handshake, with what the initiator sent. Reads keys, and may wait for files.
    ///
    /// # Errors
    /// What the library fails with; the context is of no use afterwards.
    pub fn step(&mut self, token: &[u8]) -> Result<Step, Failure> {
        let library = self.context.library;
        if self.context.complete {
            return Err(Failure::UNFIT);
        }
        if let (None, Some(principal)) = (&self.credential, &self.principal) {
            let name = Name::import(library, principal)?;
            self.credential = Some(Credential::acquire(library, &name, Usage::Accept)?);
        }
        let credential = self
            .credential
            .as_ref()
            .map_or(ptr::null_mut(), Credential::as_raw);
        let received = BufferDesc::of(token);
        let mut answer = Buffer::new(library);
        let mut peer = Name::none(library);
        let mut flags = 0;
        let major = call(|minor| {
            // SAFETY: reads our credential and the token, which stay for the call; writes the context, an
            // empty name, an empty buffer and the flags. Null stands for what is not asked for: channel
            // bindings, the mechanism, the lifetime, credentials that the peer delegates.
            unsafe {
                (library.accept_sec_context)(
                    minor,
                    &raw mut self.context.raw,
                    credential,
                    &raw const received,
                    ptr::null(),
                    peer.as_mut_ptr(),
                    ptr::null_mut(),
                    answer.as_mut_ptr(),
                    &raw mut flags,
                    ptr::null_mut(),
                    ptr::null_mut(),
                )
            }
        })?;
        self.peer = Some(peer);
        self.context.advance(major, flags, &answer)
    }

    /// Who is at the other side, once the context is established.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn peer(&self) -> Result<Vec<u8>, Failure> {
        if !self.context.complete {
            return Err(Failure::UNFIT);
        }
        self.peer.as_ref().ok_or(Failure::UNFIT)?.display()
    }

    /// As [`Initiator::seal`].
    ///
    /// # Errors
    /// As there.
    pub fn seal(&mut self, plain: &[u8], take: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        self.context.seal(plain, take)
    }

    /// As [`Initiator::open`].
    ///
    /// # Errors
    /// As there.
    pub fn open(&mut self, token: &mut [u8]) -> Result<usize, Failure> {
        self.context.open(token)
    }
}
