//! Pollers (`zmq_poller(3)`): a set of sockets and descriptors with the events to wait for.
//!
//! The wait is that of [`super::poll`]; here is only who is in the set. A poller may be changed
//! from another thread during a wait, which goes on with the set that it began with.
//!
//! A poller with a descriptor has the bells of its sockets behind it, those that it waits for. They fall silent when
//! somebody looks at the sockets, though there may be more: a wait had no room for it, the program took one message.
//! So after a wait that found something, and after a change of the set, the descriptor is held readable until a wait
//! finds nothing.

use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::SocketHandle;
use super::link::Link;
use super::poll::{PollItem, poll};
use crate::errno::{Errno, Result};
use crate::io::AnyReadable;
use crate::sys::lock::Mutex;
use crate::sys::sleep::Bed;

/// What a poller watches.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// A socket of the library.
    Socket(SocketHandle),
    /// A descriptor of the system.
    Fd(RawFd),
}

impl Target {
    fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::Socket(one), Self::Socket(other)) => one.as_ptr() == other.as_ptr(),
            (Self::Fd(one), Self::Fd(other)) => one == other,
            _ => false,
        }
    }
}

/// Something that a wait found.
#[derive(Debug)]
pub struct Ready<U> {
    /// What it happened to.
    pub target: Target,
    /// What [`Poller::add`] was given with it.
    pub user_data: U,
    /// Which events, bits as in `zmq_poll(3)`.
    pub events: i16,
}

/// A set of sockets and descriptors to wait for; `U` is what the user gets back with an event.
#[derive(Debug)]
pub struct Poller<U> {
    state: Mutex<State<U>>,
}

#[derive(Debug)]
struct State<U> {
    entries: Vec<Entry<U>>,
    /// What the program waits for instead of waiting here, once it has asked.
    descriptor: Option<AnyReadable>,
    /// Waits that found something.
    finds: u64,
    /// Kept from wait to wait for their memory; empty while somebody uses them.
    scratch: Scratch<U>,
}

#[derive(Debug)]
struct Entry<U> {
    target: Target,
    user_data: U,
    events: i16,
    socket: Option<SocketPart>,
}

/// What is known of an entry's socket. It may be closed before it is removed.
#[derive(Clone, Debug)]
struct SocketPart {
    link: Weak<Link>,
    is_thread_safe: bool,
}

type Scratch<U> = (Vec<PollItem>, Vec<U>);

/// `ZMQ_POLLIN | ZMQ_POLLOUT | ZMQ_POLLERR | ZMQ_POLLPRI`
const KNOWN_EVENTS: i16 = 1 | 2 | 4 | 8;

impl<U: Copy> Poller<U> {
    /// An empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: Mutex::new(State {
                entries: Vec::new(),
                descriptor: None,
                finds: 0,
                scratch: (Vec::new(), Vec::new()),
            }),
        }
    }

    /// The number of sockets and descriptors in the set, also those with no events to wait for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state.lock().entries.len()
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a target.
    ///
    /// # Errors
    /// `EINVAL` if it is in the set already, or for unknown events; `ENOTSOCK` for a closed socket. With a descriptor
    /// `EMFILE`, `ENFILE`, `ENOMEM`, `ENOSPC`.
    pub fn add(&self, target: Target, user_data: U, events: i16) -> Result<()> {
        let socket = match target {
            Target::Socket(handle) => {
                let socket = handle.lock()?;
                Some(SocketPart {
                    link: Arc::downgrade(&socket.link),
                    is_thread_safe: socket.ty.is_thread_safe(),
                })
            }
            Target::Fd(_) => None,
        };
        check(events)?;
        let mut state = self.state.lock();
        if state.position(target).is_ok() {
            return Err(Errno::EINVAL);
        }
        let entry = Entry {
            target,
            user_data,
            events,
            socket,
        };
        if let Some(descriptor) = &state.descriptor {
            entry.show_on(descriptor)?;
            state.found();
        }
        state.entries.push(entry);
        Ok(())
    }

    /// Changes the events to wait for; 0 leaves the target in the set but out of waits.
    ///
    /// # Errors
    /// `EINVAL` if it is not in the set, or for unknown events; with a descriptor as [`Self::add`].
    pub fn modify(&self, target: Target, events: i16) -> Result<()> {
        check(events)?;
        let mut state = self.state.lock();
        let position = state.position(target)?;
        let State {
            entries,
            descriptor,
            ..
        } = &mut *state;
        let entry = &mut entries[position];
        let before = std::mem::replace(&mut entry.events, events);
        let Some(descriptor) = descriptor else {
            return Ok(());
        };
        if before == 0 {
            entry
                .show_on(descriptor)
                .inspect_err(|_| entry.events = before)?;
        } else if events == 0 {
            entry.hide_from(descriptor);
        }
        state.found();
        Ok(())
    }

    /// Removes a target.
    ///
    /// # Errors
    /// `EINVAL` if it is not in the set.
    pub fn remove(&self, target: Target) -> Result<()> {
        let mut state = self.state.lock();
        let position = state.position(target)?;
        let entry = state.entries.remove(position);
        if let Some(descriptor) = &state.descriptor {
            entry.hide_from(descriptor);
        }
        Ok(())
    }

    /// A descriptor that is readable when a wait for the sockets of the set may find something, from the first call
    /// to the poller's end. It says nothing of the set's descriptors.
    ///
    /// # Errors
    /// `EINVAL` if no thread-safe socket is or was in the set, `EMFILE`, `ENFILE`, `ENOMEM`, `ENOSPC`.
    pub fn descriptor(&self) -> Result<RawFd> {
        let mut state = self.state.lock();
        if let Some(descriptor) = &state.descriptor {
            return Ok(descriptor.as_raw_fd());
        }
        let mut sockets = state
            .entries
            .iter()
            .filter_map(|entry| entry.socket.as_ref());
        if !sockets.any(|socket| socket.is_thread_safe) {
            return Err(Errno::EINVAL);
        }
        let descriptor = AnyReadable::new()?;
        for entry in &state.entries {
            entry.show_on(&descriptor)?;
        }
        let fd = state.descriptor.insert(descriptor).as_raw_fd();
        state.found();
        Ok(fd)
    }

    /// Waits until something happens, gives up to `room` events to `found` in the order in which
    /// their targets were added, and returns how many, at least one.
    ///
    /// # Errors
    /// - `EAGAIN` if nothing happened within `timeout` (None: without end)
    /// - `EFAULT` if `timeout` is None and there is nothing to wait for
    /// - `ETERM`, `ENOTSOCK`, `EINTR` as for [`poll`]
    pub async fn wait(
        &self,
        bed: &Bed,
        room: usize,
        timeout: Option<Duration>,
        mut found: impl FnMut(Ready<U>),
    ) -> Result<usize> {
        let (mut items, user_data, finds) = {
            let mut state = self.state.lock();
            let (mut items, mut user_data) = std::mem::take(&mut state.scratch);
            items.clear();
            user_data.clear();
            for entry in state.entries.iter().filter(|entry| entry.events != 0) {
                items.push(entry.poll_item());
                user_data.push(entry.user_data);
            }
            (items, user_data, state.finds)
        };
        if items.is_empty() && timeout.is_none() {
            return Err(Errno::EFAULT);
        }
        // Without room there is nothing to find; the time passes all the same.
        let watched = if room == 0 {
            &mut [][..]
        } else {
            &mut items[..]
        };
        let unfinished = Unfinished(self);
        let result = poll(bed, watched, timeout, None).await;
        std::mem::forget(unfinished);
        let mut count = 0;
        if matches!(result, Ok(1..)) {
            let ready = items
                .iter()
                .zip(&user_data)
                .filter(|(item, _)| item.revents != 0);
            for (item, &user_data) in ready.take(room) {
                let target = item.socket.map_or(Target::Fd(item.fd), Target::Socket);
                found(Ready {
                    target,
                    user_data,
                    events: item.revents,
                });
                count += 1;
            }
        }
        let is_socket_ready = items
            .iter()
            .any(|item| item.socket.is_some() && item.revents != 0);
        let mut state = self.state.lock();
        state.scratch = (items, user_data);
        if room > 0 {
            if is_socket_ready || result.is_err() {
                state.found();
            } else {
                state.found_nothing(finds);
            }
        }
        drop(state);
        match result {
            Ok(_) if count > 0 => Ok(count),
            Ok(_) => Err(Errno::EAGAIN),
            Err(errno) => Err(errno),
        }
    }
}

/// A wait that a cancelled thread leaves: it may have looked at sockets, whose bells are silent since.
struct Unfinished<'a, U>(&'a Poller<U>);

impl<U> Drop for Unfinished<'_, U> {
    fn drop(&mut self) {
        self.0.state.lock().found();
    }
}

impl<U: Copy> Default for Poller<U> {
    fn default() -> Self {
        Self::new()
    }
}

impl<U> State<U> {
    /// A socket is ready, or may be: a wait has to look.
    fn found(&mut self) {
        self.finds += 1;
        if let Some(descriptor) = &mut self.descriptor {
            descriptor.hold(true);
        }
    }

    /// A wait that began after `finds` had found something has found nothing.
    fn found_nothing(&mut self, finds: u64) {
        if let Some(descriptor) = &mut self.descriptor
            // Another thread's wait may have found what came after this one's last look.
            && self.finds == finds
        {
            descriptor.hold(false);
        }
    }

    fn position(&self, target: Target) -> Result<usize> {
        let position = self
            .entries
            .iter()
            .position(|entry| entry.target.is(target));
        position.ok_or(Errno::EINVAL)
    }
}

impl<U> Entry<U> {
    fn link(&self) -> Option<Arc<Link>> {
        self.socket.as_ref()?.link.upgrade()
    }

    /// Puts the socket's bell behind the poller's descriptor, if the poller waits for the socket.
    fn show_on(&self, descriptor: &AnyReadable) -> Result<()> {
        match self.link() {
            Some(link) if self.events != 0 => descriptor.watch(link.bell.descriptor()?.as_raw_fd()),
            _ => Ok(()),
        }
    }

    fn hide_from(&self, descriptor: &AnyReadable) {
        if let Some(fd) = self.link().and_then(|link| link.bell.known_descriptor()) {
            descriptor.forget(fd);
        }
    }

    fn poll_item(&self) -> PollItem {
        let (socket, fd) = match self.target {
            Target::Socket(socket) => (Some(socket), -1),
            Target::Fd(fd) => (None, fd),
        };
        PollItem {
            socket,
            fd,
            events: self.events,
            revents: 0,
        }
    }
}

fn check(events: i16) -> Result<()> {
    if events & !KNOWN_EVENTS == 0 {
        Ok(())
    } else {
        Err(Errno::EINVAL)
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::sys::sleep::block_on;

    const IN: i16 = 1;
    const OUT: i16 = 2;
    const ZERO: Option<Duration> = Some(Duration::ZERO);

    fn wait(poller: &Poller<char>, room: usize) -> Result<Vec<(char, i16)>> {
        let mut all = Vec::new();
        let found = |ready: Ready<char>| all.push((ready.user_data, ready.events));
        let count = block_on(async |bed| poller.wait(bed, room, ZERO, found).await)?;
        assert_eq!(count, all.len());
        Ok(all)
    }

    fn waits_for_ever(poller: &Poller<char>) -> Result<usize> {
        block_on(async |bed| poller.wait(bed, 1, None, |_| ()).await)
    }

    #[test]
    fn an_empty_set_is_never_waited_for_without_end() {
        let poller = Poller::<char>::new();
        assert_eq!(wait(&poller, 1), Err(Errno::EAGAIN));
        assert_eq!(waits_for_ever(&poller), Err(Errno::EFAULT));
        poller.add(Target::Fd(0), 'a', 0).unwrap();
        assert_eq!(waits_for_ever(&poller), Err(Errno::EFAULT));
    }

    #[test]
    fn registrations() {
        let poller = Poller::new();
        let fd = Target::Fd(3);
        assert_eq!(poller.add(fd, 'a', 16), Err(Errno::EINVAL));
        assert_eq!(poller.modify(fd, IN), Err(Errno::EINVAL));
        assert_eq!(poller.remove(fd), Err(Errno::EINVAL));
        assert_eq!(poller.add(fd, 'a', IN), Ok(()));
        assert_eq!(poller.add(fd, 'b', IN), Err(Errno::EINVAL));
        assert_eq!(poller.modify(fd, 16), Err(Errno::EINVAL));
        assert_eq!(poller.len(), 1);
        assert_eq!(poller.remove(fd), Ok(()));
        assert!(poller.is_empty());
    }

    #[test]
    fn events_come_in_order_and_no_more_than_fit() {
        let (a, b) = UnixStream::pair().unwrap();
        let poller = Poller::new();
        poller.add(Target::Fd(b.as_raw_fd()), 'b', OUT).unwrap();
        poller
            .add(Target::Fd(a.as_raw_fd()), 'a', IN | OUT)
            .unwrap();
        assert_eq!(wait(&poller, 4), Ok(vec![('b', OUT), ('a', OUT)]));
        assert_eq!(wait(&poller, 1), Ok(vec![('b', OUT)]));
        assert_eq!(wait(&poller, 0), Err(Errno::EAGAIN));
        poller.modify(Target::Fd(b.as_raw_fd()), 0).unwrap();
        assert_eq!(wait(&poller, 4), Ok(vec![('a', OUT)]));
    }
}
