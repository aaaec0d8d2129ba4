//! Socket handles: what a program's `void *` stands for.
//!
//! A handle is the address of a [`SocketCore`] in an arena that is never unmapped. A pointer is
//! checked against the arena before anything is read through it, so null, stale and foreign
//! pointers are told apart from live sockets safely. Cores of closed sockets are used again, but
//! late: a stale handle stays recognisable for thousands of closes.
//!
//! A panic, which is a bug of ours, while a socket is locked poisons it: its state may be half changed,
//! and every call but close answers `ENOTRECOVERABLE` from then on.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering, fence};

use super::link::Link;
use super::socket::Socket;
use crate::errno::{Errno, Result};
use crate::io::contain;
use crate::sys::arena::Arena;
use crate::sys::biased::{Biased, Guard};
use crate::sys::fork;

/// Sockets that a process may have open at a time.
const CAPACITY: usize = 1 << 18;
/// Closed handles that are kept from being used again.
const QUARANTINE: usize = 4096;

/// Something has happened to the socket since it was found idle, or it was not.
const DISTURBED: u8 = 0;
/// Whether something has is being looked at.
const DOUBTFUL: u8 = 1;
const CALM: u8 = 2;

/// The memory behind a handle.
#[repr(align(64))]
pub(crate) struct SocketCore {
    state: Biased<Socket>,
    /// Changes only while `state` is locked.
    is_poisoned: AtomicBool,
    /// `fork::generation()` of the process that opened the socket.
    generation: AtomicU32,
    /// [`DISTURBED`], [`DOUBTFUL`] or [`CALM`]; see [`SocketHandle::is_calm`].
    calm: AtomicU8,
}

static CORES: Arena<SocketCore> = Arena::new(CAPACITY);
static CLOSED: fork::Mutex<VecDeque<SocketHandle>> = fork::Mutex::new(VecDeque::new());

/// A socket, or what was one.
#[derive(Clone, Copy)]
pub struct SocketHandle(&'static SocketCore);

impl std::fmt::Debug for SocketHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SocketHandle({:p})", self.as_ptr())
    }
}

impl PartialEq for SocketHandle {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for SocketHandle {}

/// A socket's state, locked. One that is dropped by a panic leaves the socket poisoned.
pub(crate) struct Locked {
    socket: Guard<'static, Socket>,
    core: &'static SocketCore,
    /// Whether the thread was unwinding already when it came, so for a reason that is not ours.
    was_panicking: bool,
}

impl Deref for Locked {
    type Target = Socket;

    #[inline]
    fn deref(&self) -> &Socket {
        &self.socket
    }
}

impl DerefMut for Locked {
    #[inline]
    fn deref_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }
}

impl Drop for Locked {
    #[inline(always)]
    fn drop(&mut self) {
        if std::thread::panicking() && !self.was_panicking {
            self.core.poison(&self.socket);
        }
    }
}

/// Dropped by a panic only.
struct PanicWatch<'a> {
    socket: &'a mut Socket,
    core: &'static SocketCore,
}

impl Drop for PanicWatch<'_> {
    fn drop(&mut self) {
        self.core.poison(self.socket);
    }
}

impl SocketCore {
    #[cold]
    fn poison(&self, socket: &Socket) {
        self.is_poisoned.store(true, Ordering::Relaxed);
        // Who waits for the socket must learn of it.
        contain("waking the callers of a socket", || {
            socket.link.note_taken_in();
            socket.link.ring();
        });
    }
}

impl Locked {
    /// Begins the calm of a socket that has nothing to receive and whose peers know that it waits, unless
    /// something is happening.
    pub(super) fn calm(&self) {
        let calm = &self.core.calm;
        calm.store(DOUBTFUL, Ordering::Relaxed);
        // Pairs with the fence of `Link::ring`: it sees that there is a calm to be ended, or we see what it rings
        // for.
        fence(Ordering::SeqCst);
        if !self.is_being_disturbed() {
            let (success, failure) = (Ordering::Release, Ordering::Relaxed);
            let _ = calm.compare_exchange(DOUBTFUL, CALM, success, failure);
        }
    }
}

impl SocketHandle {
    /// An unused handle.
    ///
    /// # Errors
    /// `EMFILE` if the process has too many sockets.
    pub(crate) fn allocate() -> Result<Self> {
        {
            let mut closed = CLOSED.lock();
            if closed.len() > QUARANTINE
                && let Some(handle) = closed.pop_front()
            {
                return Ok(handle);
            }
        }
        let fresh = CORES.alloc(|| SocketCore {
            state: Biased::new(),
            is_poisoned: AtomicBool::new(false),
            generation: AtomicU32::new(0),
            calm: AtomicU8::new(DISTURBED),
        });
        if let Some(core) = fresh {
            return Ok(Self(core));
        }
        CLOSED.lock().pop_front().ok_or(Errno::EMFILE)
    }

    /// Brings a handle to life.
    pub(crate) fn open(self, socket: Box<Socket>) {
        self.0
            .generation
            .store(fork::generation(), Ordering::Relaxed);
        self.0.is_poisoned.store(false, Ordering::Relaxed);
        self.0.state.put(socket);
    }

    /// Gives back a handle that was never opened, or was closed.
    pub(crate) fn recycle(self) {
        CLOSED.lock().push_back(self);
    }

    /// The socket behind a pointer that a program gave us.
    ///
    /// # Errors
    /// `ENOTSOCK` if the pointer is no handle of ours.
    #[inline]
    pub fn from_ptr(pointer: *mut c_void) -> Result<Self> {
        CORES.get(pointer).map(Self).ok_or(Errno::ENOTSOCK)
    }

    /// The pointer for the program.
    #[must_use]
    pub fn as_ptr(self) -> *mut c_void {
        std::ptr::from_ref(self.0).cast_mut().cast()
    }

    /// Whether the process was forked since the socket was opened: nothing of it may be touched.
    #[inline]
    fn is_inherited(self) -> bool {
        self.0.generation.load(Ordering::Relaxed) != fork::generation()
    }

    /// The socket's state.
    ///
    /// # Errors
    /// `ENOTSOCK` if it was closed, `ETERM` in a forked child, which can only close it,
    /// `ENOTRECOVERABLE` if it is poisoned.
    #[inline]
    pub(crate) fn lock(self) -> Result<Locked> {
        if self.is_inherited() {
            return Err(self.inherited_error());
        }
        let mut socket = self.locked(self.0.state.lock().ok_or(Errno::ENOTSOCK)?)?;
        socket.pipes.end_express();
        Ok(socket)
    }

    /// The socket's state for one thing, if since the calling thread locked it last nobody else has. Its express
    /// goes on; whoever does more than that ends it.
    #[inline(always)]
    pub(crate) fn with_again<T>(self, f: impl FnOnce(&mut Socket) -> Option<T>) -> Option<T> {
        if self.is_inherited() {
            return None;
        }
        self.0.state.with_again(|socket| {
            self.disturb();
            if self.0.is_poisoned.load(Ordering::Relaxed) {
                return None;
            }
            let watch = PanicWatch {
                socket,
                core: self.0,
            };
            let result = f(watch.socket);
            std::mem::forget(watch);
            result
        })?
    }

    /// The socket's state, if nobody is at it and it was not closed.
    pub(crate) fn try_lock(self) -> Option<Locked> {
        if self.is_inherited() {
            return None;
        }
        let mut socket = self.locked(self.0.state.try_lock()?).ok()?;
        socket.pipes.end_express();
        Some(socket)
    }

    #[inline(always)]
    fn locked(self, socket: Guard<'static, Socket>) -> Result<Locked> {
        self.disturb();
        if self.0.is_poisoned.load(Ordering::Relaxed) {
            return Err(Errno::ENOTRECOVERABLE);
        }
        Ok(Locked {
            socket,
            core: self.0,
            was_panicking: std::thread::panicking(),
        })
    }

    /// Whether the last look found nothing to receive and nothing has happened since: no call, no post. What can be
    /// received comes with a post then, so there is nothing yet.
    #[inline]
    pub(crate) fn is_calm(self) -> bool {
        self.0.calm.load(Ordering::Acquire) == CALM && !self.is_inherited()
    }

    /// Ends the calm, if there is one.
    #[inline]
    pub(crate) fn disturb(self) {
        if self.0.calm.load(Ordering::Relaxed) != DISTURBED {
            self.0.calm.store(DISTURBED, Ordering::Relaxed);
        }
    }

    #[cold]
    fn inherited_error(self) -> Errno {
        // A core that was never opened has no generation; the lock of one that was may be held by a
        // thread that does not exist here.
        if self.0.state.is_empty_now() {
            Errno::ENOTSOCK
        } else {
            Errno::ETERM
        }
    }

    /// Takes the state out: from now on the handle is dead.
    ///
    /// # Errors
    /// `ENOTSOCK` if it is already; `None` in a forked child, where there is nothing to do.
    pub(crate) fn take(self) -> Result<Option<Box<Socket>>> {
        if self.is_inherited() {
            return match self.inherited_error() {
                Errno::ETERM => Ok(None),
                errno => Err(errno),
            };
        }
        let state = self.0.state.take().ok_or(Errno::ENOTSOCK)?;
        self.disturb();
        Ok(Some(state))
    }

    /// Processes what was posted, if `link` is still the socket's.
    pub(crate) fn housekeep(self, link: &Link) {
        // Mostly a caller was here first, whose lock it would only take away.
        if link.has_mail()
            && let Ok(mut socket) = self.lock()
            && std::ptr::eq(&raw const *socket.link, link)
        {
            socket.keep_house();
        }
    }
}
