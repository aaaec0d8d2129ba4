//! Handles: `void *` to the object behind it.
//!
//! Contexts, pollers and timer sets live in registries, lists of the live objects by handle. A pointer that
//! is not in its registry (NULL, stale, of another kind, of another library) is `EFAULT` and never
//! dereferenced. Sockets are on the hot path and have a scheme of their own
//! ([`SocketHandle::from_ptr`], `ENOTSOCK`).

use std::ffi::c_void;
use std::sync::Arc;

use super::ret::{keep_errno, keep_errno_meanwhile};
use crate::errno::{Errno, Result};
use crate::runtime::{Context, SocketHandle};
use crate::sys::fork;

/// The live contexts.
pub(super) static CONTEXTS: Registry<Context> = Registry::new();

/// Calls `f` with the socket behind a handle; `ENOTSOCK` if there is none.
#[inline(always)]
pub(super) fn with_socket<T>(
    socket: *mut c_void,
    f: impl FnOnce(SocketHandle) -> Result<T>,
) -> Result<T> {
    let socket = SocketHandle::from_ptr(socket)?;
    keep_errno(|| f(socket))
}

/// As [`with_socket`], for what may sleep.
pub(super) async fn wait_with_socket<T>(
    socket: *mut c_void,
    f: impl AsyncFnOnce(SocketHandle) -> Result<T>,
) -> Result<T> {
    let socket = SocketHandle::from_ptr(socket)?;
    keep_errno_meanwhile(f(socket)).await
}

/// Calls `f` with the context behind a handle; `EFAULT` if there is none.
pub(super) fn with_context<T>(
    context: *mut c_void,
    f: impl FnOnce(Arc<Context>) -> Result<T>,
) -> Result<T> {
    let context = CONTEXTS.find(context)?;
    keep_errno(|| f(context))
}

/// Objects of one kind that C holds handles of.
///
/// A handle is the object's address, so that no two live objects share one; it is compared, never
/// followed. The lock is held for single operations only. The list owns no memory when it is empty,
/// so that a program which has freed all its objects leaves nothing behind.
pub(super) struct Registry<T: 'static> {
    /// Sorted by address.
    objects: fork::Mutex<Vec<Arc<T>>>,
}

impl<T> Registry<T> {
    pub(super) const fn new() -> Self {
        Self {
            objects: fork::Mutex::new(Vec::new()),
        }
    }

    /// Makes `object` known and returns its handle.
    pub(super) fn add(&'static self, object: Arc<T>) -> *mut c_void {
        let handle = address(&object);
        let mut objects = self.objects.lock();
        let place = objects.partition_point(|known| address(known) < handle);
        objects.insert(place, object);
        handle
    }

    /// The object of a handle.
    ///
    /// # Errors
    /// `EFAULT` if `handle` is not, or no longer, one of this registry.
    pub(super) fn find(&'static self, handle: *mut c_void) -> Result<Arc<T>> {
        let objects = self.objects.lock();
        let place = position(&objects, handle)?;
        Ok(Arc::clone(&objects[place]))
    }

    /// Forgets a handle and returns its object, which lives on while others use it.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub(super) fn remove(&'static self, handle: *mut c_void) -> Result<Arc<T>> {
        let mut objects = self.objects.lock();
        let place = position(&objects, handle)?;
        let object = objects.remove(place);
        if objects.is_empty() {
            *objects = Vec::new();
        }
        Ok(object)
    }
}

fn address<T>(object: &Arc<T>) -> *mut c_void {
    Arc::as_ptr(object).cast_mut().cast()
}

fn position<T>(objects: &[Arc<T>], handle: *mut c_void) -> Result<usize> {
    let found = objects.binary_search_by(|known| address(known).cmp(&handle));
    found.map_err(|_| Errno::EFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    static NUMBERS: Registry<u64> = Registry::new();

    #[test]
    fn only_live_handles_are_found() {
        let handles: Vec<_> = (0..5).map(|n| NUMBERS.add(Arc::new(n))).collect();
        for (n, &handle) in (0..).zip(&handles) {
            assert_eq!(NUMBERS.find(handle).as_deref(), Ok(&n));
        }
        let mut foreign = 2u64;
        assert_eq!(NUMBERS.find((&raw mut foreign).cast()), Err(Errno::EFAULT));
        assert_eq!(NUMBERS.find(std::ptr::null_mut()), Err(Errno::EFAULT));
        assert_eq!(NUMBERS.remove(handles[2]).as_deref(), Ok(&2));
        assert_eq!(NUMBERS.find(handles[2]), Err(Errno::EFAULT));
        assert_eq!(NUMBERS.remove(handles[2]), Err(Errno::EFAULT));
        assert_eq!(NUMBERS.find(handles[4]).as_deref(), Ok(&4));
    }
}
