//! Sockets: what one sends and receives, and when it wants to be called again.
//!
//! The library has no thread: it works while it is called, and says when it wants to be. Nothing waits. A forked child
//! leaves what it inherited alone, since its parent may have been in a call.

use std::ffi::{c_int, c_void};
use std::mem::size_of;
use std::os::fd::RawFd;
use std::ptr;
use std::time::Duration;

use super::library::{self, IPPROTO_PGM, Library, RawMessage, RawSocket, RawTsi};
use crate::sys::fork;

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tsi(RawTsi);

/// What came.
#[derive(Debug)]
pub enum Came<'a> {
    /// The payload of a packet, or of a few that belong together, and the numbers of the first and the last one. The next
    /// one of its sender has the next number, unless something was lost.
    Data(Tsi, (u32, u32), &'a [u8]),
    /// Some of a sender's packets are lost for good
    Lost(Tsi),
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done; there may be more to do.
    Done,
    /// There is nothing to do until a descriptor tells.
    Idle,
    /// There is nothing to do for so long, unless a descriptor tells before.
    After(Duration),
}

/// How long to wait where the system has no room for a packet, or refuses one.
const PAUSE: Duration = Duration::from_millis(1);
/// How long where it refuses to receive
const PAUSE_OF_FAILURE: Duration = Duration::from_millis(100);
/// The least that it makes sense to wait; the library's clock is not finer.
const TICK: Duration = Duration::from_micros(100);

/// A socket that sends or receives.
#[derive(Debug)]
pub struct Socket {
    pub(super) library: &'static Library,
    /// The process that it was made in
    pub(super) generation: u32,
    pub(super) socket: RawSocket,
    /// Whether the library may close it: what it has not made yet, it takes for descriptor 0, and closes that.
    pub(super) is_closable: bool,
    pub(super) sends: bool,
    /// A packet that came in pieces
    pub(super) joined: Vec<u8>,
}

// SAFETY: the library may be called on any thread; what must not happen at once is kept apart by `&mut`.
unsafe impl Send for Socket {}

impl Socket {
    fn get<T: Copy>(&self, option: c_int, otherwise: T) -> T {
        let mut value = otherwise;
        let mut length = size_of::<T>() as libc::socklen_t;
        let place = (&raw mut value).cast::<c_void>();
        // SAFETY: a socket, and a place of that many bytes. The options that are asked for are plain numbers.
        let known = unsafe {
            (self.library.getsockopt)(self.socket, IPPROTO_PGM, option, place, &raw mut length)
        };
        if known { value } else { otherwise }
    }

    /// The descriptors that are readable when there is something to do.
    #[must_use]
    pub fn fds(&self) -> Vec<RawFd> {
        let options: &[c_int] = if self.sends {
            &[
                library::RECV_SOCK,
                library::PENDING_SOCK,
                library::REPAIR_SOCK,
            ]
        } else {
            &[library::RECV_SOCK, library::PENDING_SOCK]
        };
        let fds = options.iter().map(|&option| self.get(option, -1));
        fds.filter(|&fd| fd >= 0).collect()
    }

    /// The longest payload of a packet, in bytes.
    #[must_use]
    pub fn max_payload(&self) -> usize {
        usize::try_from(self.get::<c_int>(library::MSS, 0)).unwrap_or(0)
    }

    /// Sends a packet. What was not sent is to be given again as it is.
    pub fn send(&mut self, payload: &[u8]) -> Outcome {
        let mut sent = 0;
        let bytes = payload.as_ptr().cast::<c_void>();
        // SAFETY: a socket, that many bytes, and a place for a number.
        match unsafe { (self.library.send)(self.socket, bytes, payload.len(), &raw mut sent) } {
            library::NORMAL => Outcome::Done,
            library::RATE_LIMITED => Outcome::After(self.remaining(library::RATE_REMAIN)),
            _ => Outcome::After(PAUSE),
        }
    }

    /// Does what is due, repairs above all, and takes the next thing that came.
    pub fn receive(&mut self, take: impl FnOnce(Came<'_>)) -> Outcome {
        let mut message = RawMessage {
            count: 0,
            buffers: [ptr::null_mut(); 16],
        };
        let (mut bytes, mut failure) = (0, ptr::null_mut());
        let flags = libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT;
        // SAFETY: a socket, room for one message, and places for a number and an error.
        let outcome = unsafe {
            (self.library.recvmsgv)(
                self.socket,
                &raw mut message,
                1,
                flags,
                &raw mut bytes,
                &raw mut failure,
            )
        };
        self.library.code_of(failure);
        match outcome {
            library::NORMAL => {
                self.hand_on(&message, take);
                Outcome::Done
            }
            library::RESET => {
                let buffer = message.buffers[0];
                if buffer.is_null() {
                    return Outcome::After(PAUSE_OF_FAILURE);
                }
                // SAFETY: a buffer that the library made to say whose packets are lost.
                let tsi = unsafe { (*buffer).tsi };
                // SAFETY: as before; it is nobody else's, and not used again.
                unsafe { (self.library.free)(buffer.cast()) };
                take(Came::Lost(Tsi(tsi)));
                Outcome::Done
            }
            library::WOULD_BLOCK => Outcome::Idle,
            library::TIMER_PENDING => Outcome::After(self.remaining(library::TIME_REMAIN)),
            library::RATE_LIMITED => Outcome::After(self.remaining(library::RATE_REMAIN)),
            // The system refuses something.
            _ => Outcome::After(PAUSE_OF_FAILURE),
        }
    }

    fn hand_on(&mut self, message: &RawMessage, take: impl FnOnce(Came<'_>)) {
        let count = usize::try_from(message.count).unwrap_or(0);
        let buffers = &message.buffers[..count.min(message.buffers.len())];
        // SAFETY: the library filled in that many, and keeps them until it is called again.
        let pieces = buffers
            .iter()
            .filter_map(|&buffer| unsafe { buffer.as_ref() });
        self.joined.clear();
        let mut whose = None;
        for piece in pieces {
            if piece.len > 0 && !piece.data.is_null() {
                // SAFETY: a piece has that many bytes.
                let data =
                    unsafe { std::slice::from_raw_parts(piece.data, usize::from(piece.len)) };
                if count == 1 {
                    take(Came::Data(
                        Tsi(piece.tsi),
                        (piece.sequence, piece.sequence),
                        data,
                    ));
                    return;
                }
                self.joined.extend_from_slice(data);
            }
            let first = whose.map_or(piece.sequence, |(_, (first, _))| first);
            whose = Some((piece.tsi, (first, piece.sequence)));
        }
        if let Some((tsi, numbers)) = whose {
            take(Came::Data(Tsi(tsi), numbers, &self.joined));
        }
    }

    fn remaining(&self, option: c_int) -> Duration {
        let none = libc::timeval {
            tv_sec: 0,
            tv_usec: 0,
        };
        let time = self.get(option, none);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let micros = u64::try_from(time.tv_usec).unwrap_or(0);
        let time = Duration::from_secs(seconds).saturating_add(Duration::from_micros(micros));
        time.clamp(TICK, Duration::from_secs(3600))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if !self.is_closable || fork::generation() != self.generation {
            // Rather than what is the program's it loses what little there is.
            return;
        }
        // SAFETY: an open socket, not used again. Receivers are told that it ends.
        unsafe { (self.library.close)(self.socket, true) };
    }
}
