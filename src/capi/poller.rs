//! Section "Draft: pollers". The registrations and the wait are [`crate::runtime::poller`].

use std::ffi::{c_int, c_long, c_short, c_void};
use std::sync::Arc;

use super::args;
use super::handle::Registry;
use super::poll::zmq_fd_t;
use super::ret::{Length, keep_errno_meanwhile};
use crate::errno::{Errno, Result};
use crate::runtime::SocketHandle;
use crate::runtime::poller::{Poller, Ready, Target};
use crate::sys::sleep::Bed;

/// What happened to a socket, or to a descriptor if `socket` is NULL.
#[repr(C)]
#[derive(Debug)]
pub struct zmq_poller_event_t {
    pub socket: *mut c_void,
    pub fd: zmq_fd_t,
    pub user_data: *mut c_void,
    pub events: c_short,
}

/// What the program wants back with an event.
#[derive(Clone, Copy)]
struct UserData(*mut c_void);

// SAFETY: the pointer is only passed through; whose thread may use it is the program's business.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

static POLLERS: Registry<Poller<UserData>> = Registry::new();

entry! {
    /// Makes a poller, a set of sockets and descriptors to wait for.
    ///
    /// # Safety
    /// None.
    fn zmq_poller_new() -> *mut c_void {
        Ok(POLLERS.add(Arc::new(Poller::new())))
    }
}

entry! {
    /// Frees a poller and sets the pointer to it to NULL.
    ///
    /// # Safety
    /// `poller_p` is NULL or valid for reads and writes; EFAULT if it does not point to a live
    /// poller.
    fn zmq_poller_destroy(poller_p: *mut *mut c_void) -> c_int {
        // SAFETY: passed on to the caller.
        let handle = unsafe { args::out(poller_p) }?;
        POLLERS.remove(*handle)?;
        *handle = std::ptr::null_mut();
        Ok(())
    }
}

entry! {
    /// The number of sockets and descriptors in a poller.
    ///
    /// # Safety
    /// Any pointer will do: EFAULT if `poller` is no live poller.
    fn zmq_poller_size(poller: *mut c_void) -> c_int {
        Ok(Length(POLLERS.find(poller)?.len()))
    }
}

entry! {
    /// Adds a socket, with the events to wait for (there may be none) and a pointer to get back
    /// with them. EINVAL if it is there already, or for unknown events.
    ///
    /// # Safety
    /// Any pointers will do: EFAULT for a `poller` that is none, ENOTSOCK for a `socket`.
    fn zmq_poller_add(
        poller: *mut c_void,
        socket: *mut c_void,
        user_data: *mut c_void,
        events: c_short,
    ) -> c_int {
        POLLERS.find(poller)?.add(socket_target(socket)?, UserData(user_data), events)
    }
}

entry! {
    /// Changes the events to wait for on a socket. EINVAL if it is not there.
    ///
    /// # Safety
    /// Any pointers will do: EFAULT for a `poller` that is none, ENOTSOCK for a `socket`.
    fn zmq_poller_modify(poller: *mut c_void, socket: *mut c_void, events: c_short) -> c_int {
        POLLERS.find(poller)?.modify(socket_target(socket)?, events)
    }
}

entry! {
    /// Removes a socket. EINVAL if it is not there.
    ///
    /// # Safety
    /// Any pointers will do: EFAULT for a `poller` that is none, ENOTSOCK for a `socket`.
    fn zmq_poller_remove(poller: *mut c_void, socket: *mut c_void) -> c_int {
        POLLERS.find(poller)?.remove(socket_target(socket)?)
    }
}

entry! {
    /// Waits up to `timeout` milliseconds (-1: without end) for an event and stores it. EAGAIN if
    /// there is none, EFAULT if there can never be one.
    ///
    /// # Safety
    /// `event` is NULL (EFAULT) or valid for writes. EFAULT if `poller` is no live poller.
    fn zmq_poller_wait(
        poller: *mut c_void,
        event: *mut zmq_poller_event_t,
        timeout: c_long,
    ) -> c_int {
        waits |bed| {
            let poller = POLLERS.find(poller)?;
            // SAFETY: passed on to the caller.
            let event = unsafe { args::out(event) }?;
            // What a program sees that reads the event without asking whether there was one.
            *event = c_event(None);
            wait(bed, &poller, std::slice::from_mut(event), timeout).await.map(|_| ())
        }
    }
}

entry! {
    /// Waits up to `timeout` milliseconds (-1: without end) for events and stores up to `n_events`
    /// of them. Returns how many; EAGAIN if there are none, EFAULT if there can never be one.
    ///
    /// # Safety
    /// `events` is NULL (EFAULT) or valid for writes of `n_events` events. EFAULT if `poller` is no
    /// live poller.
    fn zmq_poller_wait_all(
        poller: *mut c_void,
        events: *mut zmq_poller_event_t,
        n_events: c_int,
        timeout: c_long,
    ) -> c_int {
        waits |bed| {
            let poller = POLLERS.find(poller)?;
            if events.is_null() {
                return Err(Errno::EFAULT);
            }
            // SAFETY: passed on to the caller.
            let events = unsafe { args::array_mut(events, n_events) }?;
            wait(bed, &poller, events, timeout).await.map(Length)
        }
    }
}

entry! {
    /// Stores a descriptor that is readable when zmq_poller_wait for the poller's sockets may find something, and
    /// until a wait has found nothing. It is the poller's and ends with it. EINVAL if there is no thread-safe socket
    /// in the poller.
    ///
    /// # Safety
    /// `fd` is NULL (EFAULT) or valid for writes. EFAULT if `poller` is no live poller.
    fn zmq_poller_fd(poller: *mut c_void, fd: *mut zmq_fd_t) -> c_int {
        let poller = POLLERS.find(poller)?;
        // SAFETY: passed on to the caller.
        let fd = unsafe { args::out(fd) }?;
        *fd = poller.descriptor()?;
        Ok(())
    }
}

entry! {
    /// As zmq_poller_add, for a descriptor.
    ///
    /// # Safety
    /// Any values will do: EFAULT for a `poller` that is none, EBADF for a negative `fd`.
    fn zmq_poller_add_fd(
        poller: *mut c_void,
        fd: zmq_fd_t,
        user_data: *mut c_void,
        events: c_short,
    ) -> c_int {
        POLLERS.find(poller)?.add(fd_target(fd)?, UserData(user_data), events)
    }
}

entry! {
    /// As zmq_poller_modify, for a descriptor.
    ///
    /// # Safety
    /// Any values will do: EFAULT for a `poller` that is none, EBADF for a negative `fd`.
    fn zmq_poller_modify_fd(poller: *mut c_void, fd: zmq_fd_t, events: c_short) -> c_int {
        POLLERS.find(poller)?.modify(fd_target(fd)?, events)
    }
}

entry! {
    /// As zmq_poller_remove, for a descriptor.
    ///
    /// # Safety
    /// Any values will do: EFAULT for a `poller` that is none, EBADF for a negative `fd`.
    fn zmq_poller_remove_fd(poller: *mut c_void, fd: zmq_fd_t) -> c_int {
        POLLERS.find(poller)?.remove(fd_target(fd)?)
    }
}

fn socket_target(socket: *mut c_void) -> Result<Target> {
    let socket = SocketHandle::from_ptr(socket)?;
    // Refused if it is closed, which a handle does not show.
    socket.lock().map(drop)?;
    Ok(Target::Socket(socket))
}

fn fd_target(fd: zmq_fd_t) -> Result<Target> {
    // A number that is no open descriptor is found out by the wait, as an event of error.
    if fd < 0 {
        Err(Errno::EBADF)
    } else {
        Ok(Target::Fd(fd))
    }
}

async fn wait(
    bed: &Bed,
    poller: &Poller<UserData>,
    events: &mut [zmq_poller_event_t],
    timeout: c_long,
) -> Result<usize> {
    let room = events.len();
    let mut places = events.iter_mut();
    let store = |ready| {
        if let Some(place) = places.next() {
            *place = c_event(Some(ready));
        }
    };
    keep_errno_meanwhile(poller.wait(bed, room, args::timeout(timeout), store)).await
}

fn c_event(ready: Option<Ready<UserData>>) -> zmq_poller_event_t {
    let none = std::ptr::null_mut();
    let (socket, fd) = match ready.as_ref().map(|ready| ready.target) {
        Some(Target::Socket(socket)) => (socket.as_ptr(), -1),
        Some(Target::Fd(fd)) => (none, fd),
        None => (none, -1),
    };
    zmq_poller_event_t {
        socket,
        fd,
        user_data: ready.as_ref().map_or(none, |ready| ready.user_data.0),
        events: ready.map_or(0, |ready| ready.events),
    }
}
