//! Tells a forked child from its parent.
//!
//! A child inherits the memory of the library but none of its threads. The generation changes in
//! the child, so whoever remembers the one it was made in can see that its helpers are gone. For
//! the few locks that belong to the process rather than to a context there are [`Lock`] and [`Mutex`].

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{futex, thread};

static GENERATION: AtomicU32 = AtomicU32::new(0);

/// How many forks lie between this process and the one that loaded the library.
#[must_use]
pub fn generation() -> u32 {
    // Done already, unless a static link has left out what the loader is to call.
    watch();
    GENERATION.load(Ordering::Relaxed)
}

/// Has the system report forks from now on.
#[inline]
fn watch() {
    static WATCHED: OnceLock<()> = OnceLock::new();
    WATCHED.get_or_init(|| {
        // SAFETY: the handlers are plain functions of this library, which stays loaded. A failure (no
        // memory) leaves forks unnoticed, which only matters to children that go on using the
        // parent's sockets.
        unsafe { libc::pthread_atfork(Some(before_fork), Some(in_parent), Some(in_child)) };
    });
}

/// What the loader calls. A program's own handlers of forks come later in the list, so those before a fork run before
/// ours take the locks, and those after it once they are free: they may use the library.
extern "C" fn on_load() {
    watch();
}

// SAFETY: the section is a list of functions of this kind, that need nothing but the C library.
#[used]
#[unsafe(link_section = ".init_array")]
static ON_LOAD: extern "C" fn() = on_load;

/// A lock for short sections that a forked child finds free, whoever held it in the parent.
///
/// What it guards must be sound at every step: the child may take it over in the middle; [`Mutex`] is for
/// what is not. There is no poisoning, either.
#[derive(Debug)]
pub struct Lock {
    /// The generation of the process whose thread holds it, plus 1, and [`CONTENDED`]; 0: nobody.
    owner: AtomicU32,
}

/// Somebody waits for the lock.
const CONTENDED: u32 = 1 << 31;

/// Frees a [`Lock`] when dropped.
#[derive(Debug)]
pub struct Guard<'a>(&'a Lock);

impl Lock {
    /// A free one.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            owner: AtomicU32::new(0),
        }
    }

    /// Waits until it is free and takes it. Not recursive.
    pub fn lock(&self) -> Guard<'_> {
        loop {
            // Without a deadline it always is taken.
            if let Some(guard) = self.lock_until(None) {
                return guard;
            }
        }
    }

    fn lock_until(&self, deadline: Option<Instant>) -> Option<Guard<'_>> {
        let me = generation() + 1;
        let mut mine = me;
        loop {
            let owner = self.owner.load(Ordering::Relaxed);
            // Held by another process means by a thread that this one does not have.
            if owner & !CONTENDED != me {
                let (success, failure) = (Ordering::Acquire, Ordering::Relaxed);
                if self
                    .owner
                    .compare_exchange(owner, mine, success, failure)
                    .is_ok()
                {
                    return Some(Guard(self));
                }
                continue;
            }
            let (any, contended) = (Ordering::Relaxed, me | CONTENDED);
            if owner != contended
                && self
                    .owner
                    .compare_exchange(owner, contended, any, any)
                    .is_err()
            {
                continue;
            }
            let left = match deadline.map(|at| at.saturating_duration_since(Instant::now())) {
                Some(Duration::ZERO) => return None,
                left => left,
            };
            // All outcomes mean: look again. Others may wait as well, so whoever gets the lock after a
            // wait says that it is contended.
            let _ = futex::wait(&self.owner, contended, left);
            mine = contended;
        }
    }

    /// Frees it, whoever of this process has it.
    fn unlock(&self) {
        if self.owner.swap(0, Ordering::Release) & CONTENDED != 0 {
            futex::wake(&self.owner, 1);
        }
    }
}

impl Default for Lock {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.unlock();
    }
}

/// A lock around data of the whole process, for a `static`: `fork` waits until no other thread is within,
/// so that a child finds it free and the data whole.
///
/// Hold it for short sections, take no other such lock inside, and never fork there.
pub struct Mutex<T: 'static> {
    inner: Inner,
    data: UnsafeCell<T>,
}

/// What the handlers see of a [`Mutex`].
struct Inner {
    lock: Lock,
    /// Whether it is on the list.
    is_known: AtomicBool,
    /// The next one on the list.
    next: AtomicPtr<Self>,
    /// Whether the handler before a fork has it.
    is_held: AtomicBool,
}

/// The mutexes that were used, a list that only grows.
static KNOWN: AtomicPtr<Inner> = AtomicPtr::new(ptr::null_mut());

/// How long a fork waits for a lock. None is held that long; but a signal handler that forks in the
/// middle of one must not wait for itself for ever.
const PATIENCE: Duration = Duration::from_secs(1);

// SAFETY: the lock lets one thread at a time to the data.
unsafe impl<T: Send> Sync for Mutex<T> {}

impl<T> std::fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mutex").finish_non_exhaustive()
    }
}

/// Access to the data of a [`Mutex`].
#[derive(Debug)]
pub struct MutexGuard<'a, T: 'static> {
    mutex: &'a Mutex<T>,
    _guard: Guard<'a>,
}

impl<T> Mutex<T> {
    /// A free one.
    #[must_use]
    pub const fn new(data: T) -> Self {
        Self {
            inner: Inner {
                lock: Lock::new(),
                is_known: AtomicBool::new(false),
                next: AtomicPtr::new(ptr::null_mut()),
                is_held: AtomicBool::new(false),
            },
            data: UnsafeCell::new(data),
        }
    }

    /// Waits until it is free and takes it. Not recursive.
    pub fn lock(&'static self) -> MutexGuard<'static, T> {
        if !self.inner.is_known.load(Ordering::Relaxed) {
            self.inner.make_known();
        }
        MutexGuard {
            mutex: self,
            _guard: self.inner.lock.lock(),
        }
    }

    /// As [`Self::lock`]; `None` if it does not come free in time.
    fn lock_within(&'static self, patience: Duration) -> Option<MutexGuard<'static, T>> {
        let deadline = Instant::now().checked_add(patience);
        let guard = self.inner.lock.lock_until(deadline)?;
        Some(MutexGuard {
            mutex: self,
            _guard: guard,
        })
    }
}

impl Inner {
    #[cold]
    fn make_known(&'static self) {
        // The handlers are there before the first lock is held.
        let _ = generation();
        if self.is_known.swap(true, Ordering::AcqRel) {
            return;
        }
        let me = ptr::from_ref(self).cast_mut();
        let mut first = KNOWN.load(Ordering::Relaxed);
        loop {
            self.next.store(first, Ordering::Relaxed);
            let (success, failure) = (Ordering::Release, Ordering::Relaxed);
            match KNOWN.compare_exchange(first, me, success, failure) {
                Ok(_) => return,
                Err(now) => first = now,
            }
        }
    }

    /// The mutexes that were used.
    fn known() -> impl Iterator<Item = &'static Self> {
        let mut next = &KNOWN;
        std::iter::from_fn(move || {
            // SAFETY: null, or one of the statics that `make_known` put there.
            let inner: &'static Self = unsafe { next.load(Ordering::Acquire).as_ref() }?;
            next = &inner.next;
            Some(inner)
        })
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.mutex.data.get() }
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, by this guard alone.
        unsafe { &mut *self.mutex.data.get() }
    }
}

/// Those who are [`Apart`], counted in the lower half. The upper half changes in a forked child: a
/// thread that entered in the parent (it forked in a signal handler) is not counted there when it leaves.
static APART: AtomicU64 = AtomicU64::new(0);
const APART_HALF: u32 = 32;
/// Forks under way.
static FORKING: AtomicU32 = AtomicU32::new(0);
/// How long a fork waits for those threads, which may be asking the network. Those of tests ask nobody, but the
/// machine may be slow.
const PATIENCE_APART: Duration = Duration::from_millis(if cfg!(test) { 2_000 } else { 200 });
const PAUSE: Duration = Duration::from_micros(200);

/// As long as it lives, forks wait for its thread.
#[derive(Debug)]
struct Apart(u64);

impl Apart {
    /// Waits until the process does not fork.
    fn enter() -> Self {
        // The handlers are there before it begins.
        let _ = generation();
        loop {
            let apart = Self(APART.fetch_add(1, Ordering::SeqCst) >> APART_HALF);
            if FORKING.load(Ordering::SeqCst) == 0 {
                return apart;
            }
            drop(apart);
            std::thread::sleep(PAUSE);
        }
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let (any, same) = (Ordering::SeqCst, |apart| apart >> APART_HALF == self.0);
        let _ = APART.fetch_update(any, any, |apart| same(apart).then(|| apart - 1));
    }
}

/// Calls `f` at a time when the process does not fork: what it uses of the C library has locks that a
/// child would find taken for ever. A fork waits for it, but not for long.
pub fn apart_from_forks<T>(f: impl FnOnce() -> T) -> T {
    let _apart = Apart::enter();
    f()
}

/// Threads on their last steps.
static ENDING: Mutex<Vec<Ending>> = Mutex::new(Vec::new());

#[derive(Debug)]
struct Ending {
    /// The thread's number.
    id: u32,
    since: Instant,
    _apart: Apart,
}

impl Ending {
    /// Whether it is to be waited for. Last steps take microseconds: after long the number is that of another thread.
    fn goes_on(&self) -> bool {
        self.since.elapsed() < PATIENCE_APART && thread::exists(self.id)
    }
}

/// The last thing that a thread of the library does: forks wait until it is gone. What the C library keeps for a
/// thread, the resolver's part for instance, it gives back at the thread's end, and takes locks for it.
pub(super) fn end_apart() {
    let apart = Apart::enter();
    let mut ending = ENDING.lock();
    ending.retain(Ending::goes_on);
    ending.push(Ending {
        id: thread::id(),
        since: Instant::now(),
        _apart: apart,
    });
}

/// A value of the process, made when it is first asked for, apart from forks: a child never finds it half made.
#[derive(Debug)]
pub struct Once<T>(OnceLock<T>);

impl<T> Once<T> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The value, made by `make` if nobody has before.
    #[inline]
    pub fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        match self.0.get() {
            Some(value) => value,
            None => apart_from_forks(|| self.0.get_or_init(make)),
        }
    }
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether a fork has to wait.
fn is_anybody_apart() -> bool {
    APART.load(Ordering::SeqCst) << APART_HALF != 0
}

/// Runs in the thread that forks, before: no other one is within a [`Mutex`] then.
unsafe extern "C" fn before_fork() {
    FORKING.fetch_add(1, Ordering::SeqCst);
    let until = Instant::now().checked_add(PATIENCE_APART);
    loop {
        if let Some(mut ending) = ENDING.lock_within(PATIENCE) {
            ending.retain(Ending::goes_on);
        }
        if !is_anybody_apart() || until.is_none_or(|until| Instant::now() >= until) {
            break;
        }
        std::thread::sleep(PAUSE);
    }
    for inner in Inner::known() {
        let guard = inner.lock.lock_until(Instant::now().checked_add(PATIENCE));
        if guard.is_some() {
            inner.is_held.store(true, Ordering::Relaxed);
        }
        std::mem::forget(guard);
    }
}

/// Runs in the parent, after.
unsafe extern "C" fn in_parent() {
    FORKING.fetch_sub(1, Ordering::SeqCst);
    for inner in Inner::known() {
        if inner.is_held.swap(false, Ordering::Relaxed) {
            inner.lock.unlock();
        }
    }
}

/// Runs in the child before `fork` returns. It frees the locks as well: none has an owner of the new
/// generation.
unsafe extern "C" fn in_child() {
    FORKING.store(0, Ordering::SeqCst);
    let generation = GENERATION.fetch_add(1, Ordering::Relaxed) + 1;
    APART.store(u64::from(generation) << APART_HALF, Ordering::SeqCst);
    for inner in Inner::known() {
        inner.is_held.store(false, Ordering::Relaxed);
    }
    // The parent's threads.
    ENDING.lock().clear();
}

#[cfg(test)]
mod tests;
