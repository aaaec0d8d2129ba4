//! Sessions: opening one as sender or receiver, what happens in it, the bytes of its streams.
//!
//! The library does all its work on a thread of its own, one for each session here, which it suspends while it
//! is called: no call waits for the network. A forked child has no such thread, so there nothing is called any more.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::{CString, c_char};
use std::io;
use std::net::IpAddr;
use std::os::fd::{BorrowedFd, RawFd};
use std::ptr;

use super::library::{self, Library, RawEvent, RawInstance, RawNode, RawObject, RawSession};
use crate::sys::{fd, fork, thread};

/// How many descriptors the library may have for a session at a time: five for itself, the rest are sockets.
const DESCRIPTORS: usize = 10;

/// Where a session's packets go and come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// A multicast group or a host
    pub address: IpAddr,
    /// UDP port
    pub port: u16,
    /// What tells this participant from others; not 0 and not `u32::MAX`
    pub node: u32,
    /// The name of a multicast group's interface
    pub interface: Option<String>,
    /// Routers that a multicast passes, plus one
    pub ttl: u8,
    /// Whether this host's own receivers get multicasts
    pub loopback: bool,
    /// The byte in the headers of packets (`IP_TOS`)
    pub tos: u8,
    /// Whether receivers ask the sender alone for repairs
    pub unicast_nack: bool,
    /// The socket's buffer in bytes, where it is not to be the system's (`SO_RCVBUF`)
    pub receive_buffer: Option<u32>,
    /// The same of `SO_SNDBUF`
    pub send_buffer: Option<u32>,
}

/// How a sender finds its rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Congestion {
    /// Bits per second
    Fixed(f64),
    /// By what receivers report
    Controlled {
        /// Congestion shows by marks of routers (ECN) as well
        ecn: bool,
        /// It shows by such marks alone
        ignores_loss: bool,
        /// Loss is not always one of congestion
        tolerates_loss: bool,
    },
}

/// What a sender is started with.
#[derive(Clone, Debug, PartialEq)]
pub struct SenderSetup {
    /// Bytes that are kept for repairs
    pub buffer: u32,
    /// Bytes of a packet's payload
    pub segment: u16,
    /// Segments of a block
    pub block: u8,
    /// Segments of parity that can be made for a block
    pub parity: u8,
    /// How many of those are sent without being asked for
    pub auto_parity: u8,
    /// Old data give way to new
    pub push: bool,
    /// The rate
    pub congestion: Congestion,
}

/// What happened in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// There is room to write
    Vacancy,
    /// All that was written and flushed was sent
    Empty,
    /// A stream has something to read
    Readable(StreamId),
    /// A stream is no more
    Ended(StreamId),
    /// A sender has not been heard of for long: that of these streams, which [`Session::forget`] and
    /// [`Session::forget_sender`] take away
    Silent(SenderId),
    /// Nothing that concerns anybody
    Other,
}

/// A stream of some sender, until its end was told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamId(usize);

/// A sender, while the event that names it is the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SenderId(usize);

/// A stream that is held: the library keeps it until it is released.
#[derive(Debug)]
struct Held {
    object: RawObject,
    sender: RawNode,
}

/// A session and all that belongs to it.
#[derive(Debug)]
pub struct Session {
    library: &'static Library,
    /// The process that it was made in
    generation: u32,
    instance: RawInstance,
    session: RawSession,
    receives: bool,
    sends: bool,
    /// The stream that is sent; null if none is
    outbound: RawObject,
    streams: HashMap<StreamId, Held>,
    /// The sender that the last event was about
    silent: RawNode,
}

// SAFETY: the library may be called on any thread, and locks for itself; what must not happen at once is kept apart
// by `&mut`.
unsafe impl Send for Session {}

impl Session {
    /// A session that neither sends nor receives yet.
    ///
    /// # Errors
    /// `EPROTONOSUPPORT` without the library; `EMFILE`, `EINVAL` and others, as far as they can be told.
    pub fn open(setup: &Setup) -> io::Result<Self> {
        let library = Library::get().ok_or_else(|| error(libc::EPROTONOSUPPORT))?;
        let address = CString::new(setup.address.to_string())?;
        let interface = setup.interface.as_deref().map(CString::new).transpose()?;
        // The thread that it starts ends unseen if it has no descriptor left, and leaves others open.
        drop(fd::hold_room(DESCRIPTORS)?);
        // It must leave signals to the threads of the program.
        let instance = thread::with_signals_blocked(|| {
            clear_errno();
            // SAFETY: no requirements.
            unsafe { (library.create_instance)(false) }
        });
        if instance.is_null() {
            return Err(last_error(libc::EMFILE));
        }
        let mut this = Self {
            library,
            generation: fork::generation(),
            instance,
            session: ptr::null(),
            receives: false,
            sends: false,
            outbound: ptr::null(),
            streams: HashMap::new(),
            silent: ptr::null(),
        };
        // SAFETY: an open instance, and functions that last.
        unsafe { (library.set_allocation)(instance, no_memory, nothing_to_free) };
        // SAFETY: an open instance.
        let event_fd = unsafe { (library.descriptor)(instance) };
        // SAFETY: the instance's descriptor, which lives as long as that.
        fd::set_nonblocking_cloexec(unsafe { BorrowedFd::borrow_raw(event_fd) })?;
        clear_errno();
        // SAFETY: an open instance and a terminated string, which is copied.
        this.session =
            unsafe { (library.create_session)(instance, address.as_ptr(), setup.port, setup.node) };
        if this.session.is_null() {
            return Err(last_error(libc::EINVAL));
        }
        this.configure(setup, interface.as_ref());
        Ok(this)
    }

    fn configure(&self, setup: &Setup, interface: Option<&CString>) {
        let (library, session) = (self.library, self.session);
        if setup.address.is_multicast() {
            // SAFETY: an open session.
            unsafe { (library.set_ttl)(session, setup.ttl) };
            // SAFETY: an open session; null addresses are none.
            unsafe { (library.set_rx_port_reuse)(session, true, ptr::null(), ptr::null(), 0) };
            // SAFETY: an open session.
            unsafe { (library.set_loopback)(session, setup.loopback) };
            // SAFETY: as before.
            unsafe { (library.set_multicast_loopback)(session, setup.loopback) };
            if let Some(name) = interface {
                // SAFETY: an open session and a terminated string, which is copied. One that is none shows when
                // the session is started.
                unsafe { (library.set_interface)(session, name.as_ptr()) };
            }
        }
        if setup.unicast_nack || !setup.address.is_multicast() {
            // SAFETY: an open session.
            unsafe { (library.set_unicast_nack)(session, true) };
        }
        // SAFETY: an open session.
        unsafe { (library.set_tos)(session, setup.tos) };
    }

    /// Begins to receive. `buffer`: bytes for each sender, kept while parts of a stream are missing.
    ///
    /// # Errors
    /// `EADDRINUSE`, `ENODEV` and others of the system, as far as they can be told; else `EINVAL`.
    pub fn start_receiver(&mut self, setup: &Setup, buffer: u32) -> io::Result<()> {
        let (library, session) = (self.library, self.session);
        // SAFETY: an open session.
        unsafe { (library.set_sync_policy)(session, library::SYNC_STREAM) };
        clear_errno();
        // SAFETY: an open session.
        if !unsafe { (library.start_receiver)(session, buffer) } {
            return Err(last_error(libc::EINVAL));
        }
        self.receives = true;
        if let Some(bytes) = setup.receive_buffer {
            // SAFETY: an open session that receives. The system may give less, as ever.
            unsafe { (library.set_rx_socket_buffer)(session, bytes) };
        }
        Ok(())
    }

    /// Begins to send a stream.
    ///
    /// # Errors
    /// As [`Self::start_receiver`].
    pub fn start_sender(&mut self, setup: &Setup, sender: &SenderSetup) -> io::Result<()> {
        let (library, session) = (self.library, self.session);
        // SAFETY: no requirements.
        let id = unsafe { (library.random_session_id)() };
        let (block, parity) = (u16::from(sender.block), u16::from(sender.parity));
        clear_errno();
        // SAFETY: an open session.
        let started = unsafe {
            (library.start_sender)(session, id, sender.buffer, sender.segment, block, parity, 0)
        };
        if !started {
            return Err(last_error(libc::EINVAL));
        }
        self.sends = true;
        if let Some(bytes) = setup.send_buffer {
            // SAFETY: an open session that sends.
            unsafe { (library.set_tx_socket_buffer)(session, bytes) };
        }
        match sender.congestion {
            // SAFETY: an open session.
            Congestion::Fixed(rate) => unsafe { (library.set_tx_rate)(session, rate) },
            Congestion::Controlled {
                ecn,
                ignores_loss,
                tolerates_loss,
            } => {
                // SAFETY: an open session.
                unsafe { (library.set_congestion_control)(session, true, true) };
                if ecn || ignores_loss || tolerates_loss {
                    // SAFETY: an open session.
                    unsafe { (library.set_ecn_support)(session, ecn, ignores_loss, tolerates_loss) }
                }
            }
        }
        if sender.auto_parity > 0 {
            // SAFETY: an open session.
            unsafe { (library.set_auto_parity)(session, sender.auto_parity) };
        }
        clear_errno();
        // SAFETY: an open session that sends; there is nothing to be told of the stream.
        self.outbound = unsafe { (library.stream_open)(session, sender.buffer, ptr::null(), 0) };
        if self.outbound.is_null() {
            return Err(last_error(libc::ENOMEM));
        }
        // SAFETY: an open stream.
        unsafe { (library.stream_set_push)(self.outbound, sender.push) };
        Ok(())
    }

    /// The descriptor that is readable while there are events.
    #[must_use]
    pub fn fd(&self) -> RawFd {
        // SAFETY: an open instance.
        unsafe { (self.library.descriptor)(self.instance) }
    }

    /// The next thing that happened; `None`: nothing has.
    pub fn next_event(&mut self) -> Option<Event> {
        let library = self.library;
        self.silent = ptr::null();
        let mut event = RawEvent {
            kind: 0,
            session: ptr::null(),
            sender: ptr::null(),
            object: ptr::null(),
        };
        // SAFETY: an open instance, and an event to be filled in. It does not wait.
        if !unsafe { (library.next_event)(self.instance, &raw mut event, false) } {
            return None;
        }
        Some(match event.kind {
            library::TX_QUEUE_VACANCY => Event::Vacancy,
            library::TX_QUEUE_EMPTY | library::TX_FLUSH_COMPLETED => Event::Empty,
            library::RX_OBJECT_NEW | library::RX_OBJECT_UPDATED => self.take_up(event.object),
            library::RX_OBJECT_COMPLETED | library::RX_OBJECT_ABORTED => {
                let stream = StreamId(event.object.addr());
                self.forget(stream);
                Event::Ended(stream)
            }
            library::REMOTE_SENDER_INACTIVE if !event.sender.is_null() => {
                self.silent = event.sender;
                Event::Silent(SenderId(event.sender.addr()))
            }
            _ => Event::Other,
        })
    }

    /// Holds the stream that the last event was about; anything else that is sent is not for us.
    fn take_up(&mut self, object: RawObject) -> Event {
        let library = self.library;
        if object.is_null() {
            return Event::Other;
        }
        // SAFETY: the object of the last event, which lives at least until the next one is asked for.
        if unsafe { (library.object_type)(object) } != library::OBJECT_STREAM {
            // SAFETY: as before; nobody else knows of it.
            unsafe { (library.object_cancel)(object) };
            return Event::Other;
        }
        let stream = StreamId(object.addr());
        if let Entry::Vacant(place) = self.streams.entry(stream) {
            // SAFETY: as before.
            let sender = unsafe { (library.object_sender)(object) };
            // SAFETY: as before. From now on it lives until it is released.
            unsafe { (library.object_retain)(object) };
            place.insert(Held { object, sender });
        }
        Event::Readable(stream)
    }

    /// Goes on to where the next message begins, as the sender marked it; false: that has not come yet.
    pub fn seek(&mut self, stream: StreamId) -> bool {
        let Some(held) = self.streams.get(&stream) else {
            return false;
        };
        // SAFETY: a stream that is held.
        unsafe { (self.library.stream_seek)(held.object) }
    }

    /// Reads what is there; `None`: something before it was lost.
    pub fn read(&mut self, stream: StreamId, into: &mut [u8]) -> Option<usize> {
        let Some(held) = self.streams.get(&stream) else {
            return Some(0);
        };
        let room = u32::try_from(into.len()).unwrap_or(u32::MAX);
        let (mut count, place) = (room, into.as_mut_ptr().cast::<c_char>());
        // SAFETY: a stream that is held, and room for that many bytes.
        let is_whole = unsafe { (self.library.stream_read)(held.object, place, &raw mut count) };
        is_whole.then_some(count.min(room) as usize)
    }

    /// Lets go of a stream.
    pub fn forget(&mut self, stream: StreamId) {
        if let Some(held) = self.streams.remove(&stream) {
            // SAFETY: a stream that is held, and is not from here on.
            unsafe { (self.library.object_release)(held.object) };
        }
    }

    /// The streams of the sender that the last event named.
    pub fn streams_of(&self, sender: SenderId) -> Vec<StreamId> {
        let is_its = |held: &Held| held.sender.addr() == sender.0;
        let of_it = self.streams.iter().filter(|(_, held)| is_its(held));
        of_it.map(|(&stream, _)| stream).collect()
    }

    /// Gives back what is kept of the sender that the last event named, and its streams. It is a new one if it is heard of again.
    pub fn forget_sender(&mut self, sender: SenderId) {
        let node = std::mem::replace(&mut self.silent, ptr::null());
        if node.is_null() || node.addr() != sender.0 {
            return;
        }
        for stream in self.streams_of(sender) {
            self.forget(stream);
        }
        // SAFETY: the sender of the last event, which lives until the next one is asked for.
        unsafe { (self.library.node_delete)(node) };
    }

    /// Writes to the stream that is sent, as much as there is room for; how much.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        if self.outbound.is_null() || bytes.is_empty() {
            return 0;
        }
        let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        // SAFETY: an open stream, and that many bytes.
        let written =
            unsafe { (self.library.stream_write)(self.outbound, bytes.as_ptr().cast(), count) };
        written.min(count) as usize
    }

    /// What is written next begins a message: a receiver may begin there.
    pub fn end_message(&mut self) {
        if !self.outbound.is_null() {
            // SAFETY: an open stream.
            unsafe { (self.library.stream_mark_eom)(self.outbound) };
        }
    }

    /// Has everything sent that was written, whether or not it fills a packet. [`Event::Empty`] follows.
    pub fn flush(&mut self) {
        if !self.outbound.is_null() {
            // SAFETY: an open stream.
            unsafe { (self.library.stream_flush)(self.outbound, false, library::FLUSH_ACTIVE) };
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if fork::generation() != self.generation {
            // The library's thread is not there, and may have held any lock.
            return;
        }
        let (library, session) = (self.library, self.session);
        let streams: Vec<StreamId> = self.streams.keys().copied().collect();
        for stream in streams {
            self.forget(stream);
        }
        if self.receives {
            // SAFETY: an open session that receives.
            unsafe { (library.stop_receiver)(session) };
        }
        if self.sends {
            // SAFETY: an open session that sends. Its stream ends with that.
            unsafe { (library.stop_sender)(session) };
        }
        if !session.is_null() {
            // SAFETY: an open session, of which nothing is held any more.
            unsafe { (library.destroy_session)(session) };
        }
        // SAFETY: an open instance.
        unsafe { (library.stop_instance)(self.instance) };
        // SAFETY: an open instance without a session, not used again.
        unsafe { (library.destroy_instance)(self.instance) };
    }
}

/// No memory for objects that are no streams: who sends one says how large it is, and the library would end the
/// process where there is no such memory.
unsafe extern "C" fn no_memory(_size: usize) -> *mut c_char {
    ptr::null_mut()
}

unsafe extern "C" fn nothing_to_free(_data: *mut c_char) {}

fn error(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}

/// Leaves an error there that none of the library's calls ends in: it does not always leave one itself.
fn clear_errno() {
    // SAFETY: a descriptor that is none.
    unsafe { libc::close(-1) };
}

/// Why a call failed, or `otherwise` if that cannot be told.
fn last_error(otherwise: i32) -> io::Error {
    match io::Error::last_os_error() {
        known if known.raw_os_error() != Some(libc::EBADF) => known,
        _ => error(otherwise),
    }
}
