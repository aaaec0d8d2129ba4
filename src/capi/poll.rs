//! Section "Polling".

use std::ffi::{c_int, c_long, c_short, c_void};

use super::args;
use super::ret::{self, Length, keep_errno, keep_errno_meanwhile};
use crate::errno::Result;
use crate::runtime::SocketHandle;
use crate::runtime::poll::{PollItem, poll, poll_at_once};
use crate::sys::cancel;
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
        bare {
            // Who polls all the time and finds something would be cancelled nowhere.
            cancel::point();
            ret::run_or_wait(
                "zmq_poll",
                // SAFETY: passed on to the caller.
                || poll_few(unsafe { args::array_mut(items, nitems) }?, timeout != 0),
                || Ok(None),
                // SAFETY: passed on to the caller.
                async |bed| wait(bed, unsafe { args::array_mut(items, nitems) }?, timeout, None).await,
            )
        }
    }
}

/// Items that need no allocation.
const FEW: usize = ZMQ_POLLITEMS_DFLT as usize;
const VACANT: PollItem = PollItem {
    socket: None,
    fd: -1,
    events: 0,
    revents: 0,
};

/// [`poll_at_once`] on a few items as C has them.
fn poll_few(items: &mut [zmq_pollitem_t], may_wait: bool) -> Result<Option<Length>> {
    if items.len() > FEW {
        return Ok(None);
    }
    let mut copy = [VACANT; FEW];
    let copy = &mut copy[..items.len()];
    take_in(items, copy)?;
    let ready = keep_errno(|| poll_at_once(copy, may_wait))?;
    if ready.is_some() {
        give_out(items, copy);
    }
    Ok(ready.map(Length))
}

/// [`poll`] on items as C has them.
pub(super) async fn wait(
    bed: &Bed,
    items: &mut [zmq_pollitem_t],
    timeout: c_long,
    mask: Option<&libc::sigset_t>,
) -> Result<Length> {
    if items.len() <= FEW {
        let mut copy: [PollItem; FEW] = [VACANT; FEW];
        wait_on(bed, items, &mut copy[..items.len()], timeout, mask).await
    } else {
        let mut copy: Vec<PollItem> = vec![VACANT; items.len()];
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
    take_in(items, copy)?;
    let ready = keep_errno_meanwhile(poll(bed, copy, args::timeout(timeout), mask)).await?;
    give_out(items, copy);
    Ok(Length(ready))
}

fn take_in(items: &mut [zmq_pollitem_t], copy: &mut [PollItem]) -> Result<()> {
    for (item, copy) in items.iter_mut().zip(copy) {
        item.revents = 0;
        if !item.socket.is_null() {
            copy.socket = Some(SocketHandle::from_ptr(item.socket)?);
        }
        copy.fd = item.fd;
        copy.events = item.events;
    }
    Ok(())
}

fn give_out(items: &mut [zmq_pollitem_t], copy: &[PollItem]) {
    for (item, copy) in items.iter_mut().zip(copy) {
        item.revents = copy.revents;
    }
}
