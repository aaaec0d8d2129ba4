//! What a thread keeps of the messages that it is done with, for its next ones: small blocks, and references
//! to metadata.
//!
//! Most messages are short-lived: made and sent, or received and closed, by one thread, one after the other. The
//! allocator takes longer for the block of a small one than all the rest does, and to take a reference to a
//! connection's metadata and to give it back are two locked instructions. So each thread keeps a few
//! blocks of each size, and one reference to each of a few metadata, as values of its own. What comes from another
//! thread is kept like anything else: a block with one reference, which is the caller's, is known to nobody else, and a
//! reference is as good as any other.
//!
//! It all goes when the thread ends; what its other destructors still need is allocated, counted and freed.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use super::Metadata;
use super::block::Block;

/// Sizes of small blocks: with their headers 128 bytes, and so many more for each class.
const STEP: usize = 64;
const FIRST: usize = 80;
const CLASSES: usize = 4;
/// Capacity of the largest small block: enough for what passes lanes without a block, 255 bytes.
const LAST: usize = FIRST + STEP * (CLASSES - 1);
/// Blocks of a class that a thread keeps.
const KEPT: usize = 8;
/// Connections of which a thread keeps a reference to the metadata: a power of two.
const SLOTS: usize = 8;

const _: () = assert!(LAST >= 255);

struct Spare {
    shelves: [Shelf; CLASSES],
    /// `Arc::into_raw`, or null.
    metadata: [Cell<*const Metadata>; SLOTS],
}

/// Blocks, each of which has the next one noted.
struct Shelf {
    /// `Block::into_raw`, or null.
    top: Cell<*mut c_void>,
    count: Cell<usize>,
}

std::thread_local! {
    static SPARE: Spare = const {
        Spare {
            shelves: [const {
                Shelf {
                    top: Cell::new(ptr::null_mut()),
                    count: Cell::new(0),
                }
            }; CLASSES],
            metadata: [const { Cell::new(ptr::null()) }; SLOTS],
        }
    };
}

/// The class of the blocks for a capacity, if that is small.
#[inline]
pub(super) fn class_for(capacity: usize) -> Option<usize> {
    (capacity <= LAST).then(|| capacity.saturating_sub(FIRST).div_ceil(STEP))
}

/// Capacity of the blocks of a class, and of no others.
#[inline]
pub(super) const fn capacity_of(class: usize) -> usize {
    FIRST + class * STEP
}

/// A block of a class, with one reference, if one was kept.
#[inline]
pub(super) fn take_block(class: usize) -> Option<Block> {
    SPARE
        .try_with(|spare| spare.shelves.get(class)?.take())
        .ok()?
}

/// Keeps a small block that has one reference, the caller's. False: it is still the caller's.
#[inline]
pub(super) fn keep_block(block: &Block) -> bool {
    let Some(class) = class_for(block.capacity()) else {
        return false;
    };
    debug_assert!(capacity_of(class) == block.capacity());
    let kept = SPARE.try_with(|spare| {
        let shelf = spare.shelves.get(class);
        shelf.is_some_and(|shelf| shelf.keep(block))
    });
    kept.unwrap_or(false)
}

/// A further reference to metadata.
#[inline]
pub(super) fn take_metadata(metadata: &Arc<Metadata>) -> Arc<Metadata> {
    let wanted = Arc::as_ptr(metadata);
    let took = SPARE.try_with(|spare| {
        let slot = spare.slot(wanted);
        let is_there = slot.get() == wanted;
        if is_there {
            slot.set(ptr::null());
        }
        is_there
    });
    match took {
        // SAFETY: what is in a slot is a reference that was given to it, and has left it now.
        Ok(true) => unsafe { Arc::from_raw(wanted) },
        _ => Arc::clone(metadata),
    }
}

/// Gives up a reference to metadata: it is kept in place of another one.
#[inline]
pub(super) fn keep_metadata(metadata: Arc<Metadata>) {
    let ours = Arc::into_raw(metadata);
    let other = SPARE
        .try_with(|spare| spare.slot(ours).replace(ours))
        .unwrap_or(ours);
    if !other.is_null() {
        // SAFETY: what was in a slot was a reference that was given to it; so is the caller's.
        drop(unsafe { Arc::from_raw(other) });
    }
}

impl Spare {
    #[inline]
    fn slot(&self, metadata: *const Metadata) -> &Cell<*const Metadata> {
        let address = metadata as usize;
        &self.metadata[(address >> 6 ^ address >> 9) % SLOTS]
    }
}

impl Shelf {
    #[inline]
    fn take(&self) -> Option<Block> {
        let top = self.top.get();
        if top.is_null() {
            return None;
        }
        // SAFETY: what is on the shelf was given to it with its one reference, and leaves it here.
        let block = unsafe { Block::from_raw(top) };
        self.top.set(block.next());
        self.count.set(self.count.get() - 1);
        Some(block)
    }

    #[inline]
    fn keep(&self, block: &Block) -> bool {
        let count = self.count.get();
        if count == KEPT {
            return false;
        }
        block.set_next(self.top.get());
        self.top.set(block.as_raw());
        self.count.set(count + 1);
        true
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        // Nothing is kept any more while the thread's values are dropped.
        for shelf in &self.shelves {
            while let Some(block) = shelf.take() {
                drop(block);
            }
        }
        for slot in &self.metadata {
            let kept = slot.replace(ptr::null());
            if !kept.is_null() {
                // SAFETY: as in `keep_metadata`.
                drop(unsafe { Arc::from_raw(kept) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Msg;
    use super::*;

    #[test]
    fn classes_hold_what_they_are_for() {
        for capacity in 0..=LAST {
            let class = class_for(capacity).unwrap();
            assert!(class < CLASSES && capacity_of(class) >= capacity);
            assert_eq!(class_for(capacity_of(class)), Some(class));
        }
        assert_eq!(class_for(LAST + 1), None);
        assert_eq!(class_for(usize::MAX), None);
    }

    fn addresses(msgs: &[Msg]) -> Vec<*const u8> {
        let mut addresses: Vec<_> = msgs.iter().map(|msg| msg.data().as_ptr()).collect();
        addresses.sort();
        addresses.dedup();
        addresses
    }

    #[test]
    fn blocks_that_are_kept_are_one_messages_alone() {
        for len in [41, 100, 200, LAST] {
            for rounds in 1..4 {
                let msgs: Vec<_> = (0..rounds * KEPT)
                    .map(|n| Msg::copy_of(&vec![n as u8; len]).unwrap())
                    .collect();
                assert_eq!(addresses(&msgs).len(), msgs.len());
                for (n, msg) in msgs.iter().enumerate() {
                    assert_eq!(msg.data(), vec![n as u8; len]);
                }
            }
            // The one that was given up last is the next one.
            let place = Msg::copy_of(&vec![1; len]).unwrap().data().as_ptr();
            assert_eq!(Msg::with_size(len).unwrap().data().as_ptr(), place);
        }
    }

    #[test]
    fn copies_end_with_the_last() {
        let mut msg = Msg::copy_of(&[1; 100]).unwrap();
        let copy = msg.share();
        drop(msg);
        let other = Msg::copy_of(&[2; 100]).unwrap();
        assert_eq!((copy.data(), other.data()), (&[1; 100][..], &[2; 100][..]));
        let place = copy.data().as_ptr();
        drop(copy);
        let again = Msg::with_size(100).unwrap();
        assert_eq!(again.data().as_ptr(), place);
        assert!(!again.is_shared());
    }

    #[test]
    fn messages_may_end_on_other_threads() {
        let metadata = Arc::new(Metadata::new(Vec::new(), 5));
        let mut msgs: Vec<_> = (0..100).map(|n| Msg::copy_of(&[n; 100]).unwrap()).collect();
        for msg in &mut msgs {
            msg.set_metadata(Some(&metadata));
        }
        let read = std::thread::spawn(move || {
            let mut read = Vec::new();
            for msg in msgs {
                read.push(msg.data()[99]);
                let _ = msg.metadata().unwrap().src_fd;
                drop(msg);
                // Made of what was just given up.
                drop(Msg::copy_of(&[0xEE; 120]));
            }
            read
        });
        assert_eq!(read.join().unwrap(), (0..100).collect::<Vec<u8>>());
        // The thread has kept one reference for as long as it was there.
        assert_eq!(Arc::strong_count(&metadata), 1);
    }

    #[test]
    fn one_reference_is_kept_and_used_again() {
        std::thread::spawn(|| {
            let all: Vec<_> = (0..100)
                .map(|n| Arc::new(Metadata::new(Vec::new(), n)))
                .collect();
            for metadata in &all {
                let counts = || Arc::strong_count(metadata);
                for _ in 0..3 {
                    let (mut one, mut two) = (Msg::new(), Msg::new());
                    one.set_metadata(Some(metadata));
                    two.set_metadata(Some(metadata));
                    assert_eq!(one.metadata().map(Arc::as_ptr), Some(Arc::as_ptr(metadata)));
                    assert_eq!(counts(), 3);
                    two.set_metadata(None);
                    drop(one);
                    assert_eq!(counts(), 2);
                }
            }
            let kept = all
                .iter()
                .filter(|metadata| Arc::strong_count(metadata) == 2);
            assert!(kept.count() <= SLOTS);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn threads_that_end_may_still_use_messages() {
        struct Late(Msg, Arc<Metadata>);
        impl Drop for Late {
            fn drop(&mut self) {
                for n in 0..20 {
                    let mut msg = Msg::copy_of(&[n; 100]).unwrap();
                    msg.set_metadata(Some(&self.1));
                    assert_eq!(msg.data(), [n; 100]);
                    self.0 = msg;
                }
            }
        }
        std::thread_local! {
            static LATE: std::cell::RefCell<Option<Late>> = const { std::cell::RefCell::new(None) };
        }
        let metadata = Arc::new(Metadata::new(Vec::new(), 5));
        let told = Arc::clone(&metadata);
        std::thread::spawn(move || {
            // Whichever of the two is dropped first.
            drop(Msg::copy_of(&[1; 100]));
            LATE.with(|late| *late.borrow_mut() = Some(Late(Msg::new(), told)));
        })
        .join()
        .unwrap();
        let again = Arc::clone(&metadata);
        std::thread::spawn(move || {
            LATE.with(|late| *late.borrow_mut() = Some(Late(Msg::new(), again)));
            drop(Msg::copy_of(&[1; 100]));
        })
        .join()
        .unwrap();
        assert_eq!(Arc::strong_count(&metadata), 1);
    }
}
