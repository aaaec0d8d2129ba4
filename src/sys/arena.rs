//! Objects of a stable address that are never freed.
//!
//! A handle that C code keeps is a plain pointer, and C code may pass one that was closed long ago
//! or that never was a handle. With every object of a kind inside one reserved range of addresses
//! a pointer is judged by arithmetic alone, before anything behind it is read; and since an object
//! once made stays mapped and initialised, reading it is sound for ever after. Which objects are in
//! use, and their recycling, is the caller's business.
//!
//! Address space is reserved without access rights and opened in steps, so that an arena for many
//! objects costs neither memory nor commit charge (also with `mlockall` and strict overcommit)
//! until they exist.

use std::ffi::c_void;
use std::io;
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use super::fork;

/// Memory is made accessible in steps of at least this many bytes.
const STEP: usize = 64 * 1024;

/// Up to a fixed number of `T`s that live until the process ends.
#[derive(Debug)]
pub struct Arena<T: 'static> {
    capacity: usize,
    /// Start of the range; null until the first object is made, never changed afterwards.
    base: AtomicPtr<T>,
    /// Number of initialised objects. Stored with `Release` after the object was written, so that
    /// whoever sees the number (`Acquire`) sees the objects below it.
    len: AtomicUsize,
    /// How many objects fit the reserved range. Used under `grow` alone, as `open` is.
    slots: AtomicUsize,
    /// Bytes from the start of the range that may be accessed.
    open: AtomicUsize,
    /// Serialises `alloc`. A child that is forked in the middle of one finds `len` not yet raised
    /// and does that step again.
    grow: fork::Lock,
    marker: PhantomData<T>,
}

// SAFETY: the arena hands out `&'static T` on any thread (hence `T: Sync`) and makes values on the
// thread that calls `alloc`, never to drop them; its own fields are atomics and a lock.
unsafe impl<T: Send + Sync> Sync for Arena<T> {}

impl<T> Arena<T> {
    /// An arena for at most `capacity` objects; nothing is reserved before the first one is made.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        assert!(
            size_of::<T>() > 0,
            "an arena tells objects apart by address"
        );
        Self {
            capacity,
            base: AtomicPtr::new(ptr::null_mut()),
            len: AtomicUsize::new(0),
            slots: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            grow: fork::Lock::new(),
            marker: PhantomData,
        }
    }

    /// The object at `address`, if an object of this arena starts exactly there.
    ///
    /// Reads nothing through the pointer: any value may be passed.
    #[must_use]
    #[inline]
    pub fn get(&self, address: *const c_void) -> Option<&'static T> {
        let base = self.base.load(Ordering::Acquire);
        let offset = address.addr().wrapping_sub(base.addr());
        let index = offset / size_of::<T>();
        if base.is_null()
            || index >= self.len.load(Ordering::Acquire)
            || !offset.is_multiple_of(size_of::<T>())
        {
            return None;
        }
        // SAFETY: index is below the number of initialised objects, so this stays in the range.
        let object = unsafe { base.add(index) };
        // SAFETY: an initialised object is never dropped, moved or unmapped, and never lent
        // mutably; Acquire on `len` makes its bytes visible.
        Some(unsafe { &*object })
    }

    /// Makes a new object; `None` if the arena is full or the system gives no memory.
    ///
    /// `init` runs under the arena's lock and must not call `alloc` of the same arena.
    pub fn alloc(&self, init: impl FnOnce() -> T) -> Option<&'static T> {
        let _guard = self.grow.lock();
        let mut base = self.base.load(Ordering::Relaxed);
        if base.is_null() {
            let (start, slots) = reserve::<T>(self.capacity)?;
            base = start;
            self.slots.store(slots, Ordering::Relaxed);
            self.base.store(base, Ordering::Release);
        }
        let slots = self.slots.load(Ordering::Relaxed);
        let index = self.len.load(Ordering::Relaxed);
        if index == slots {
            return None;
        }
        let end = (index + 1) * size_of::<T>();
        let opened = self.open.load(Ordering::Relaxed);
        if end > opened {
            let limit = (slots * size_of::<T>()).next_multiple_of(page_size());
            let open = end.next_multiple_of(STEP.max(page_size())).min(limit);
            open_range(base.cast(), opened, open).ok()?;
            self.open.store(open, Ordering::Relaxed);
        }
        // SAFETY: index < slots, so the slot lies in the reserved range.
        let slot = unsafe { base.add(index) };
        // SAFETY: the slot was opened for writing above, is aligned (the range starts on a page and
        // the alignment of T is checked in `reserve`), and nobody else has it: `len` is not raised
        // yet and the lock is held.
        unsafe { slot.write(init()) };
        self.len.store(index + 1, Ordering::Release);
        // SAFETY: just initialised; from here on only shared references exist.
        Some(unsafe { &*slot })
    }

    /// The number of objects made so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// Whether no object was made yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All objects made so far, in the order of their making.
    pub fn iter(&self) -> impl Iterator<Item = &'static T> + '_ {
        let base = self.base.load(Ordering::Acquire);
        (0..self.len()).filter_map(move |index| self.get(base.wrapping_add(index).cast()))
    }
}

/// Reserves address space for `capacity` objects, for fewer if the process may not have that much.
fn reserve<T>(capacity: usize) -> Option<(*mut T, usize)> {
    if align_of::<T>() > page_size() {
        return None;
    }
    let mut slots = capacity;
    while slots > 0 {
        let bytes = slots
            .checked_mul(size_of::<T>())?
            .checked_next_multiple_of(page_size())?;
        // SAFETY: a fresh private mapping at an address of the kernel's choice touches no memory
        // that anything else uses.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                bytes,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if start != libc::MAP_FAILED {
            return Some((start.cast(), slots));
        }
        slots /= 2;
    }
    None
}

/// Makes the bytes `from..to` of the range readable and writable; both are multiples of a page.
fn open_range(base: *mut u8, from: usize, to: usize) -> io::Result<()> {
    let start = base.wrapping_add(from).cast();
    // SAFETY: the pages belong to the arena's own mapping and hold no object yet.
    unsafe {
        syscall!(mprotect(
            start,
            to - from,
            libc::PROT_READ | libc::PROT_WRITE
        ))
    }?;
    Ok(())
}

/// Bytes per page.
fn page_size() -> usize {
    // SAFETY: sysconf takes no pointers.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Cell(
        #[allow(dead_code, reason = "gives the object an odd size")] [u8; 5],
        usize,
    );

    #[test]
    fn finds_only_what_it_made() {
        static ARENA: Arena<Cell> = Arena::new(20_000);
        assert!(ARENA.get(ptr::null()).is_none());
        let first = ARENA.alloc(|| Cell([0; 5], 7)).expect("memory");
        let start: *const c_void = ptr::from_ref(first).cast();
        assert_eq!(ARENA.get(start).map(|cell| cell.1), Some(7));
        assert!(ARENA.get(start.wrapping_byte_add(1)).is_none());
        assert!(
            ARENA
                .get(start.wrapping_byte_add(size_of::<Cell>()))
                .is_none()
        );
        assert!(
            ARENA
                .get(start.wrapping_byte_sub(size_of::<Cell>()))
                .is_none()
        );
        assert!(ARENA.get(ptr::from_ref(&ARENA).cast()).is_none());
        assert!(ARENA.get(ptr::null()).is_none());
    }

    #[test]
    fn fills_up_and_stops() {
        static ARENA: Arena<Cell> = Arena::new(10_001);
        let mut made = 0;
        while let Some(cell) = ARENA.alloc(|| Cell([1; 5], made)) {
            assert_eq!(cell.1, made);
            made += 1;
        }
        assert_eq!(made, 10_001);
        assert!(ARENA.iter().map(|cell| cell.1).eq(0..10_001));
    }

    #[test]
    fn threads_share_it() {
        static ARENA: Arena<Cell> = Arena::new(1 << 20);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    for _ in 0..500 {
                        let cell = ARENA.alloc(|| Cell([2; 5], thread)).expect("memory");
                        let again = ARENA.get(ptr::from_ref(cell).cast()).expect("its own");
                        assert_eq!(again.1, thread);
                    }
                });
            }
        });
        assert_eq!(ARENA.len(), 2000);
    }
}
