//! Reference-counted storage of message bodies, and the pool that recycles large ones.
//!
//! A block is one allocation: a header, then (for blocks of our own) the bytes. Messages hold
//! counted references to a block and a window into it; windows of different messages never
//! overlap unless they are copies of one message. What a window means is the business of the
//! parent module.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

use super::spare;
use crate::errno::{Errno, Result};
use crate::sys::cancel::Shield;
use crate::sys::lock::Mutex;

/// `zmq_free_fn`: releases a buffer that a program lent to a message (`zmq_msg_init_data(3)`).
///
/// Where a message is closed by a call for just that, it may end the thread or throw an exception of C++. Elsewhere
/// it must return: there may be anything on the stack, and the process ends.
pub type FreeFn = unsafe extern "C-unwind" fn(data: *mut c_void, hint: *mut c_void);

/// A lent buffer that nobody needs any more: its free function is to be called.
#[derive(Clone, Copy, Debug)]
pub struct Unlent {
    free: FreeFn,
    data: *mut c_void,
    hint: *mut c_void,
}

impl Unlent {
    /// Calls it.
    pub fn give_back(self) {
        // SAFETY: the program promised in `Msg::from_user` that it may be called once, from any thread, with this
        // buffer; the last reference is gone exactly once.
        unsafe { (self.free)(self.data, self.hint) };
    }
}

/// Blocks of at least this size are rounded up to a power of two and recycled: the pages of a
/// fresh allocation are faulted in one by one, which costs as much as filling them.
const POOLED_MIN: usize = 64 * 1024;
/// Where the system's allocator begins to map pages for each allocation.
const MAPPED_MIN: usize = 128 * 1024;
/// What pooled blocks have beyond the round size, so that they are known by their capacity.
const MARK: usize = 40;
/// How many blocks of 64 KiB, 128 KiB, ... 8 MiB the pool keeps.
const POOL_LIMITS: [usize; 8] = [64, 16, 8, 8, 8, 4, 2, 1];

struct Header {
    refs: AtomicUsize,
    /// Bytes behind the header; unused for lent buffers.
    capacity: usize,
    free: Option<FreeFn>,
    /// With `free`: the buffer's address and the caller's hint. Else of a small block that is kept: the next one.
    lent: Cell<*mut c_void>,
    hint: *mut c_void,
}

const HEADER: usize = size_of::<Header>().next_multiple_of(16);

/// A counted reference to a block.
pub(super) struct Block(NonNull<Header>);

// SAFETY: the count is atomic, the other fields of the header are never written after creation but by
// who has the only reference, and who may touch the bytes is decided by the messages that hold disjoint windows.
unsafe impl Send for Block {}
// SAFETY: as above; a shared `Block` gives away nothing but its address and its count.
unsafe impl Sync for Block {}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Block")
            .field("capacity", &self.capacity())
            .finish()
    }
}

impl Block {
    /// A block of at least `capacity` bytes of unspecified content; `ENOMEM` if there is no memory.
    /// Large ones are recycled ones if there are any.
    pub(super) fn with_capacity(capacity: usize) -> Result<Self> {
        let block = match size_class(capacity) {
            None => Self::plain(capacity),
            Some(class) => take_pooled(class).or_else(|| Self::plain(pooled_size(class))),
        };
        block.ok_or(Errno::ENOMEM)
    }

    /// As [`Self::with_capacity`], for bodies that a program makes: up to the size where the system's
    /// allocator maps pages anew for each, it is faster than a pool that threads share. `None`: there is no memory.
    ///
    /// The smallest ones are what the calling thread has kept ([`spare`]).
    #[inline]
    pub(super) fn for_program(capacity: usize) -> Option<Self> {
        match spare::class_for(capacity) {
            Some(class) => spare::take_block(class).or_else(|| Self::plain(capacity)),
            None if capacity < MAPPED_MIN => Self::plain(capacity),
            None => Self::with_capacity(capacity).ok(),
        }
    }

    #[inline(never)]
    fn plain(capacity: usize) -> Option<Self> {
        Self::allocate(Header {
            refs: AtomicUsize::new(1),
            // Small blocks are known by their capacity.
            capacity: spare::class_for(capacity).map_or(capacity, spare::capacity_of),
            free: None,
            lent: Cell::new(std::ptr::null_mut()),
            hint: std::ptr::null_mut(),
        })
    }

    /// A block that stands for the buffer at `data`, lent until `free` is called with it.
    pub(super) fn lent(data: *mut c_void, free: FreeFn, hint: *mut c_void) -> Result<Self> {
        let block = Self::allocate(Header {
            refs: AtomicUsize::new(1),
            capacity: 0,
            free: Some(free),
            lent: Cell::new(data),
            hint,
        });
        block.ok_or(Errno::ENOMEM)
    }

    fn allocate(header: Header) -> Option<Self> {
        let layout = layout(header.capacity)?;
        // SAFETY: the layout has a non-zero size, the header's.
        let raw = unsafe { alloc(layout) };
        let head = NonNull::new(raw.cast::<Header>())?;
        // SAFETY: freshly allocated with the size and alignment of a `Header` at its start.
        unsafe { head.write(header) };
        Some(Self(head))
    }

    fn header(&self) -> &Header {
        // SAFETY: `self` holds a reference, so the header is alive; only its atomic changes.
        unsafe { self.0.as_ref() }
    }

    /// Bytes that [`Self::bytes`] points to.
    pub(super) fn capacity(&self) -> usize {
        self.header().capacity
    }

    /// First byte behind the header.
    pub(super) fn bytes(&self) -> *mut u8 {
        self.at(0)
    }

    /// The byte at an offset; `offset` is at most the capacity.
    pub(super) fn at(&self, offset: usize) -> *mut u8 {
        debug_assert!(offset <= self.capacity());
        // Stays inside the allocation, which has `HEADER` bytes in front of the capacity.
        self.0.as_ptr().cast::<u8>().wrapping_add(HEADER + offset)
    }

    /// Whether this is the only reference; then nobody else sees the bytes.
    pub(super) fn is_unique(&self) -> bool {
        // Acquire pairs with the Release of `drop`: what former holders did with the bytes
        // happened before they are used again.
        self.header().refs.load(Ordering::Acquire) == 1
    }

    /// Whether the block stands for a program's buffer.
    pub(super) fn is_lent(&self) -> bool {
        self.header().free.is_some()
    }

    /// What [`Self::set_next`] was told.
    pub(super) fn next(&self) -> *mut c_void {
        self.header().lent.get()
    }

    /// Notes something in a block that is not lent, by who has the only reference.
    pub(super) fn set_next(&self, next: *mut c_void) {
        debug_assert!(self.is_unique() && !self.is_lent());
        self.header().lent.set(next);
    }

    /// What [`Self::into_raw`] would give.
    pub(super) fn as_raw(&self) -> *mut c_void {
        self.0.as_ptr().cast()
    }

    /// Gives up the reference as a raw pointer; [`Self::from_raw`] takes it back.
    pub(super) fn into_raw(self) -> *mut c_void {
        std::mem::ManuallyDrop::new(self).as_raw()
    }

    /// Takes back what [`Self::into_raw`] gave.
    ///
    /// # Safety
    /// `raw` comes from `into_raw` and is taken back once.
    pub(super) unsafe fn from_raw(raw: *mut c_void) -> Self {
        // SAFETY: `into_raw` gave a non-null pointer, by this function's contract.
        Self(unsafe { NonNull::new_unchecked(raw.cast()) })
    }
}

impl Clone for Block {
    fn clone(&self) -> Self {
        // Relaxed is enough: a new reference is made from one that keeps the block alive.
        self.header().refs.fetch_add(1, Ordering::Relaxed);
        Self(self.0)
    }
}

impl Drop for Block {
    #[inline]
    fn drop(&mut self) {
        if !self.give_up() {
            return;
        }
        if self.is_lent() || !spare::keep_block(self) {
            self.release();
        }
    }
}

impl Block {
    /// Gives the reference up; true: it was the last one, and what it stands for is to be freed.
    #[inline(always)]
    fn give_up(&self) -> bool {
        let refs = &self.header().refs;
        if refs.load(Ordering::Acquire) != 1 {
            if refs.fetch_sub(1, Ordering::Release) != 1 {
                return false;
            }
            fence(Ordering::Acquire);
            // Whoever is the last has the only reference, as usual.
            refs.store(1, Ordering::Relaxed);
        }
        true
    }

    /// Drops the reference. If that was the last one to a lent buffer, the caller is to give that back.
    #[inline]
    pub(super) fn drop_unlent(self) -> Option<Unlent> {
        if !self.is_lent() {
            return None;
        }
        let block = std::mem::ManuallyDrop::new(self);
        if !block.give_up() {
            return None;
        }
        let unlent = block.unlent();
        block.free_header();
        unlent
    }

    fn unlent(&self) -> Option<Unlent> {
        let header = self.header();
        Some(Unlent {
            free: header.free?,
            data: header.lent.get(),
            hint: header.hint,
        })
    }

    /// Frees the block, or what it stands for: the caller's is the last reference, which ends with this.
    #[inline(never)]
    fn release(&self) {
        if let Some(unlent) = self.unlent() {
            // There may be anything on the stack.
            let _shield = Shield::new();
            self.free_header();
            unlent.give_back();
        } else if !pooled_class(self.capacity()).is_some_and(|class| keep_pooled(class, self.0)) {
            self.free_header();
        }
    }

    /// Frees the header and the bytes behind it: the caller's is the last reference, which ends with this.
    fn free_header(&self) {
        if let Some(layout) = layout(self.capacity()) {
            // SAFETY: allocated in `allocate` with the layout of the same capacity.
            unsafe { dealloc(self.0.as_ptr().cast(), layout) };
        }
    }
}

fn layout(capacity: usize) -> Option<Layout> {
    let size = HEADER.checked_add(capacity)?;
    Layout::from_size_align(size, 16).ok()
}

/// Capacity of the blocks of a size class; no other block has it by chance.
const fn pooled_size(class: usize) -> usize {
    (POOLED_MIN << class) + MARK
}

/// The size class of a block that came from the pool or is for it.
fn pooled_class(capacity: usize) -> Option<usize> {
    size_class(capacity.checked_sub(MARK)?).filter(|&class| pooled_size(class) == capacity)
}

/// Index into the pool, for sizes that are pooled.
fn size_class(capacity: usize) -> Option<usize> {
    if capacity < POOLED_MIN {
        return None;
    }
    let class = (capacity.checked_next_power_of_two()? / POOLED_MIN).trailing_zeros() as usize;
    (class < POOL_LIMITS.len()).then_some(class)
}

/// Idle blocks of a size class. Their count is 0; nobody else knows them.
struct Shelf(Vec<NonNull<Header>>);

// SAFETY: the blocks on a shelf are owned by the shelf alone.
unsafe impl Send for Shelf {}

static POOL: [Mutex<Shelf>; POOL_LIMITS.len()] =
    [const { Mutex::new(Shelf(Vec::new())) }; POOL_LIMITS.len()];

fn take_pooled(class: usize) -> Option<Block> {
    // Never waits: a child forked while another thread held the lock must not hang here.
    let head = POOL[class].try_lock()?.0.pop()?;
    let block = Block(head);
    block.header().refs.store(1, Ordering::Relaxed);
    Some(block)
}

fn keep_pooled(class: usize, head: NonNull<Header>) -> bool {
    let Some(mut shelf) = POOL[class].try_lock() else {
        return false;
    };
    if shelf.0.len() >= POOL_LIMITS[class] {
        return false;
    }
    shelf.0.push(head);
    true
}
