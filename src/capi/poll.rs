//! Section "Polling".

use std::ffi::{c_int, c_long, c_short, c_void};

use super::args;
use super::ret::{Length, keep_errno_meanwhile};
use crate::errno::Result;
use crate::runtime::SocketHandle;
use crate::runtime::poll::{PollItem, poll};
use crate::sys::sleep::Bed;

/// Events of sockets and descriptors, as bits.
pub const ZMQ_POLLIN: c_int = 1;
pub const ZMQ_POLLOUT: c_int = 2;
/// Descriptors only.
pub const ZMQ_POLLERR: c_int = 4;
pub const ZMQ_POLLPRI: c_int = 8;

/// A number of items that is customary.
pub const ZMQ_POLLITEMS_DFLT: c_int = 16;

/// A descriptor of the system.
pub type zmq_fd_t = c_int;

/// What zmq_poll watches: a socket, or a descriptor if `socket` is NULL.
#[repr(C)]
#[derive(Debug)]
pub struct zmq_pollitem_t {
    pub socket: *mut c_void,
    pub fd: zmq_fd_t,
    pub events: c_short,
    pub revents: c_short,
}

entry! {
    /// Waits up to `timeout` milliseconds (-1: without end) for an event of an item. Returns how
    /// many have some, in their `revents`.
    ///
    /// # Safety
    /// `items` is valid for reads and writes of `nitems` items, or NULL if that is 0 (else EFAULT).
    fn zmq_poll(items: *mut zmq_pollitem_t, nitems: c_int, timeout: c_long) -> c_int {
        waits |bed| {
            // SAFETY: passed on to the caller.
            let items = unsafe { args::array_mut(items, nitems) }?;
            wait(bed, items, timeout, None).await
        }
    }
}

/// [`poll`] on items as C has them.
pub(super) async fn wait(
    bed: &Bed,
    items: &mut [zmq_pollitem_t],
    timeout: c_long,
    mask: Option<&libc::sigset_t>,
) -> Result<Length> {
    const FEW: usize = ZMQ_POLLITEMS_DFLT as usize;
    let vacant = |_| PollItem {
        socket: None,
        fd: -1,
        events: 0,
        revents: 0,
    };
    if items.len() <= FEW {
        let mut copy: [PollItem; FEW] = std::array::from_fn(vacant);
        wait_on(bed, items, &mut copy[..items.len()], timeout, mask).await
    } else {
        let mut copy: Vec<PollItem> = (0..items.len()).map(vacant).collect();
        wait_on(bed, items, &mut copy, timeout, mask).await
    }
}

async fn wait_on(
    bed: &Bed,
    items: &mut [zmq_pollitem_t],
    copy: &mut [PollItem],
    timeout: c_long,
    mask: Option<&libc::sigset_t>,
) -> Result<Length> {
    for (item, copy) in items.iter_mut().zip(copy.iter_mut()) {
        item.revents = 0;
        if !item.socket.is_null() {
            copy.socket = Some(SocketHandle::from_ptr(item.socket)?);
        }
        copy.fd = item.fd;
        copy.events = item.events;
    }
    let ready = keep_errno_meanwhile(poll(bed, copy, args::timeout(timeout), mask)).await?;
    for (item, copy) in items.iter_mut().zip(copy.iter()) {
        item.revents = copy.revents;
    }
    Ok(Length(ready))
}
