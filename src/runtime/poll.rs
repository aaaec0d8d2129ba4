//! Waiting for several sockets and descriptors at once (`zmq_poll(3)`).
//!
//! Sockets are looked at first; the kernel is asked only when the caller must sleep, or for the
//! descriptors it named. A caller that waits for a few sockets takes their hubs over and drives
//! them itself; with many it leaves that to the I/O threads and is rung.

use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bell::{Bell, Sleeper};
use super::core::{Locked, SocketHandle};
use super::link::{Link, Wait};
use super::options::{POLLIN, POLLOUT};
use crate::errno::{Errno, Result};
use crate::io::{Hub, flush_own};
use crate::sys;
use crate::sys::cancel::Shield;
use crate::sys::sleep::Bed;

/// Hubs that a polling caller drives itself, at most.
const OWN_HUBS: usize = 8;
/// Items from which on it pays to know the calm ones among them.
const MANY: usize = 16;
/// Looks in a row that find nothing after which a socket may be calm: peers then have to post what they send.
const IDLE_LOOKS: u8 = 8;

const POLLERR: i16 = 4;
const POLLPRI: i16 = 8;

/// What to wait for, and what came.
#[derive(Clone, Copy, Debug)]
pub struct PollItem {
    /// A socket; then `fd` means nothing.
    pub socket: Option<SocketHandle>,
    /// A descriptor of the system.
    pub fd: RawFd,
    /// `ZMQ_POLLIN | ZMQ_POLLOUT | ZMQ_POLLERR | ZMQ_POLLPRI`
    pub events: i16,
    /// Which of them came.
    pub revents: i16,
}

/// Waits until an event of an item comes; how many items have one, 0 when the time is up. The signal
/// mask, if given, holds while the caller sleeps (`zmq_ppoll`); a signal that waits for it ends the call at
/// once.
///
/// # Errors
/// `ENOTSOCK`, `ETERM`, `EINTR`, `EMFILE`.
pub async fn poll(
    bed: &Bed,
    items: &mut [PollItem],
    timeout: Option<Duration>,
    mask: Option<&libc::sigset_t>,
) -> Result<usize> {
    let ready = poll_items(bed, items, timeout, mask).await?;
    if ready > 0 && mask.is_some() {
        // A signal that the mask lets through and that is here already goes before all items: the kernel
        // sees those first, and a caller that always finds some would be kept from it for ever.
        ask_now(&mut [], mask)?;
    }
    Ok(ready)
}

async fn poll_items(
    bed: &Bed,
    items: &mut [PollItem],
    timeout: Option<Duration>,
    mask: Option<&libc::sigset_t>,
) -> Result<usize> {
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    // With no time to wait the kernel is asked once, without sleeping.
    let at_once = timeout == Some(Duration::ZERO);
    let mut links = Vec::new();
    let fds = Fds::among(items)?;
    loop {
        let ready = look(items, &mut links, &fds, at_once, mask)?;
        if ready > 0 || at_once {
            return Ok(ready);
        }
        let left = match deadline {
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Ok(0);
                }
                Some(left)
            }
            None => None,
        };
        match wait(bed, items, &links, deadline, left, mask).await {
            Ok(0) => {}
            Ok(ready) => return Ok(ready),
            // The deadline is looked at above.
            Err(Errno::EAGAIN) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// As [`poll`], without sleeping: how many items have an event, if any has or there is no time to wait. `None`: that is
/// a longer matter, [`poll`] must follow.
///
/// # Errors
/// As there.
pub fn poll_at_once(items: &mut [PollItem], may_wait: bool) -> Result<Option<usize>> {
    let fds = Fds::among(items)?;
    if !may_wait {
        return look(items, &mut Vec::new(), &fds, true, None).map(Some);
    }
    if fds.any || items.len() >= MANY {
        return Ok(None);
    }
    let ready = look_at_sockets(items, None, false)?;
    Ok((ready > 0).then_some(ready))
}

/// What is to be known of the descriptors among the items.
struct Fds {
    any: bool,
    /// Whether one of them is the `ZMQ_FD` of a socket among them.
    own: bool,
}

impl Fds {
    fn among(items: &[PollItem]) -> Result<Self> {
        let any = items.iter().any(|item| item.socket.is_none());
        let own = any && Bell::is_any_known() && names_a_bell(items)?;
        Ok(Self { any, own })
    }
}

/// Looks at all items: how many have an event. If none has, `links` has those to wait for.
fn look(
    items: &mut [PollItem],
    links: &mut Vec<Waited>,
    fds: &Fds,
    at_once: bool,
    mask: Option<&libc::sigset_t>,
) -> Result<usize> {
    links.clear();
    items.iter_mut().for_each(|item| item.revents = 0);
    // Looking at a socket makes its `ZMQ_FD` silent; an item that waits for that one comes first.
    let mut ready = if fds.own {
        ask_descriptors(items, mask)?
    } else {
        0
    };
    let seen = ready > 0;
    let sleeps = !at_once && !seen;
    if !sleeps || items.len() >= MANY {
        ready += look_at_sockets(items, None, at_once)?;
    }
    if sleeps && ready == 0 {
        ready = look_at_sockets(items, Some(links), false)?;
    }
    if seen {
        return Ok(ready);
    }
    if fds.any && (ready > 0 || at_once) {
        ready += ask_descriptors(items, mask)?;
    } else if at_once && mask.is_some() {
        ask_now(&mut [], mask)?;
    }
    Ok(ready)
}

/// Whether a descriptor among the items is the `ZMQ_FD` of a socket among them.
///
/// # Errors
/// `ENOTSOCK`, `ETERM`.
fn names_a_bell(items: &[PollItem]) -> Result<bool> {
    for handle in items.iter().filter_map(|item| item.socket) {
        let Some(fd) = handle.lock()?.link.bell.known_descriptor() else {
            continue;
        };
        if items
            .iter()
            .any(|item| item.socket.is_none() && item.fd == fd)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A socket without the events asked for, and its age when that was seen.
type Waited = (Arc<Link>, u32);

/// Looks at the sockets among the items; those to wait for go to `waited`. `leaves`: who finds nothing will not wait
/// here, but may on descriptors that the program knows.
fn look_at_sockets(
    items: &mut [PollItem],
    mut waited: Option<&mut Vec<Waited>>,
    leaves: bool,
) -> Result<usize> {
    let mut ready = 0;
    let are_many = items.len() >= MANY;
    let skips_calm = are_many && waited.is_none();
    for item in items {
        let Some(handle) = item.socket else { continue };
        if skips_calm && item.events & POLLOUT == 0 && handle.is_calm() {
            continue;
        }
        let mut socket = handle.lock()?;
        let wanted = item.events & (POLLIN | POLLOUT);
        item.revents = socket.ready(wanted)?;
        // The program may go to sleep after this, here or on `ZMQ_FD`.
        while item.revents == 0
            && socket.pipes.has_unconfirmed()
            && (waited.is_some() || socket.bell_is_watched())
            && socket.confirm_waits()
        {
            item.revents = socket.ready(wanted)?;
        }
        if item.revents != 0 {
            ready += 1;
            socket.idle_looks = 0;
            // Nobody will wait.
            waited = None;
            continue;
        }
        if wanted != 0
            && let Some(waited) = &mut waited
        {
            waited.push((Arc::clone(&socket.link), socket.link.age()));
        }
        if leaves {
            socket.link.expect_sleep_on_descriptor();
        }
        if are_many && wanted & POLLIN != 0 {
            settle_down(&mut socket);
        }
    }
    Ok(ready)
}

/// A look at the socket found nothing to receive, once more.
fn settle_down(socket: &mut Locked) {
    if socket.idle_looks < IDLE_LOOKS {
        socket.idle_looks += 1;
    } else if !socket.confirm_waits() {
        socket.calm();
    }
}

/// Sleeps until there is reason to look again (0), or descriptors of the caller's are ready.
async fn wait(
    bed: &Bed,
    items: &mut [PollItem],
    links: &[Waited],
    deadline: Option<Instant>,
    left: Option<Duration>,
    mask: Option<&libc::sigset_t>,
) -> Result<usize> {
    if let [(link, age)] = links
        && items.len() == 1
        && mask.is_none()
    {
        return link
            .wait(bed, deadline, *age, Wait::LookAndSleep, || false)
            .await
            .map(|_| 0);
    }
    links.iter().for_each(|(link, _)| link.flush());
    flush_own();
    let watch = Watch::begin(links)?;
    if watch.has_news() {
        return Ok(0);
    }
    let only_sockets = items.iter().all(|item| item.socket.is_some()) && mask.is_none();
    if only_sockets && watch.hubs.is_empty() {
        return watch.sleeper.sleep(bed, left).await.map(|_| 0);
    }
    if only_sockets && watch.spin(left) {
        return Ok(0);
    }
    watch.sleep_on_descriptors(bed, items, left, mask).await
}

/// A caller registered with everything it waits for.
struct Watch<'a> {
    sleeper: Arc<Sleeper>,
    links: &'a [Waited],
    hubs: Vec<Arc<Hub>>,
}

impl<'a> Watch<'a> {
    fn begin(links: &'a [Waited]) -> Result<Self> {
        let mut watch = Self {
            sleeper: Sleeper::current(),
            links,
            hubs: Vec::new(),
        };
        for (link, _) in links {
            link.bell.register(&watch.sleeper);
        }
        let drives = links
            .iter()
            .filter(|(link, _)| link.hub().is_some())
            .count()
            <= OWN_HUBS;
        for hub in links.iter().filter_map(|(link, _)| link.hub()) {
            if drives {
                hub.enter()?;
                watch.hubs.push(Arc::clone(hub));
            } else {
                hub.release()?;
            }
        }
        Ok(watch)
    }

    /// Looks around for a while before the caller sleeps; true if something came.
    fn spin(&self, limit: Option<Duration>) -> bool {
        let Some((link, _)) = self.links.first() else {
            return false;
        };
        let _shield = Shield::new();
        link.spin().look(limit, || {
            self.hubs.iter().for_each(|hub| hub.drive());
            self.has_news()
        })
    }

    /// Sleeps on everything there is; how many of the caller's descriptors have events.
    async fn sleep_on_descriptors(
        &self,
        bed: &Bed,
        items: &mut [PollItem],
        timeout: Option<Duration>,
        mask: Option<&libc::sigset_t>,
    ) -> Result<usize> {
        let mut set = descriptors_of(items);
        let own = set.len();
        set.push(wanted(self.sleeper.event()?.as_raw_fd(), libc::POLLIN));
        let hubs = self.hubs.iter();
        set.extend(hubs.map(|hub| wanted(hub.poll_fd(), libc::POLLIN)));
        let ready = self
            .sleeper
            .sleep_on_descriptors(bed, &mut set, timeout, mask)
            .await?;
        for (hub, polled) in self.hubs.iter().zip(&set[own + 1..]) {
            if polled.revents != 0 {
                hub.drive();
            }
        }
        Ok(if ready == 0 {
            0
        } else {
            note_events(items, &set[..own])
        })
    }

    fn has_news(&self) -> bool {
        let more = self.hubs.iter().filter(|hub| hub.has_more());
        more.for_each(|hub| hub.drive());
        self.links.iter().any(|(link, age)| link.has_news(*age))
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let _shield = Shield::new();
        // Whoever is the last to have a hub closes it.
        for hub in self.hubs.drain(..) {
            hub.leave();
        }
        for (link, _) in self.links {
            link.bell.unregister(&self.sleeper);
        }
    }
}

/// Asks the kernel about the caller's descriptors, without sleeping: how many have events.
fn ask_descriptors(items: &mut [PollItem], mask: Option<&libc::sigset_t>) -> Result<usize> {
    let mut set = descriptors_of(items);
    let ready = ask_now(&mut set, mask)?;
    Ok(if ready == 0 {
        0
    } else {
        note_events(items, &set)
    })
}

fn ask_now(set: &mut [libc::pollfd], mask: Option<&libc::sigset_t>) -> Result<usize> {
    let _shield = Shield::new();
    Ok(sys::poll::poll(set, Some(Duration::ZERO), mask)?)
}

fn wanted(fd: RawFd, events: libc::c_short) -> libc::pollfd {
    libc::pollfd {
        fd,
        events,
        revents: 0,
    }
}

fn descriptors_of(items: &[PollItem]) -> Vec<libc::pollfd> {
    let own = items.iter().filter(|item| item.socket.is_none());
    own.map(|item| wanted(item.fd, to_system(item.events)))
        .collect()
}

/// Passes on what the kernel said of the caller's descriptors; how many have events.
fn note_events(items: &mut [PollItem], polled: &[libc::pollfd]) -> usize {
    let mut count = 0;
    let descriptors = items.iter_mut().filter(|item| item.socket.is_none());
    for (item, polled) in descriptors.zip(polled) {
        item.revents = from_system(polled.revents);
        count += usize::from(item.revents != 0);
    }
    count
}

fn to_system(events: i16) -> libc::c_short {
    let mut system = 0;
    for (ours, theirs) in [
        (POLLIN, libc::POLLIN),
        (POLLOUT, libc::POLLOUT),
        (POLLPRI, libc::POLLPRI),
    ] {
        if events & ours != 0 {
            system |= theirs;
        }
    }
    system
}

fn from_system(revents: libc::c_short) -> i16 {
    let mut events = 0;
    for (ours, theirs) in [
        (POLLIN, libc::POLLIN),
        (POLLOUT, libc::POLLOUT),
        (POLLPRI, libc::POLLPRI),
    ] {
        if revents & theirs != 0 {
            events |= ours;
        }
    }
    if revents & !(libc::POLLIN | libc::POLLOUT | libc::POLLPRI) != 0 {
        events |= POLLERR;
    }
    events
}
