//! NORM: the library's session, the streams that come, the frames that are sent.

use std::collections::HashMap;
use std::io;
use std::os::fd::RawFd;

use super::carrier::{Carrier, Outlet, Turn};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::option::SocketOptions;
use crate::proto::multicast::{Head, Inbound};
use crate::sys::norm::{Congestion, Event, SenderSetup, Session, Setup, StreamId};
use crate::sys::random;
use crate::transport::NormRoute;

/// What is read of a stream before others have their turn, in bytes.
const TURN: usize = 256 * 1024;
/// What finding a loss counts as, since nothing is read then.
const LOSS: usize = 4096;
/// Events taken in in a turn.
const EVENTS: usize = 256;
/// The longest segment, in bytes: with all heads it fits into a UDP datagram.
const SEGMENT_MAX: i32 = 65_000;

/// A stream that comes.
#[derive(Debug)]
struct Stream {
    inbound: Inbound,
    sync: Sync,
    /// There may be something to read.
    is_ready: bool,
}

/// Whether what is read of a stream makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sync {
    /// It is read on from where a message begins.
    Lost,
    /// The same, after all that is there now: the library may find the same place again within that.
    Malformed,
    /// It does.
    Kept,
}

/// A frame that is being written.
#[derive(Debug)]
struct Outbound {
    head: Head,
    body: Msg,
    written: usize,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Norm {
    session: Session,
    max_msg_size: Option<u64>,
    streams: HashMap<StreamId, Stream>,
    outbound: Option<Outbound>,
    /// Whether the next frame begins a message
    begins: bool,
    /// Whether something was written at all
    wrote: bool,
    is_flushed: bool,
    ending: Ending,
}

/// How far a sender's end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    No,
    /// It waits for the library to have sent everything.
    Waits,
    Done,
}

impl Norm {
    /// A sender or a receiver.
    ///
    /// # Errors
    /// `EPROTONOSUPPORT` without the library; `EINVAL`: sizes that cannot be; `EADDRINUSE`, `ENODEV`, `EMFILE` and others
    /// of the system.
    pub(super) fn open(route: &NormRoute, sends: bool, options: &SocketOptions) -> Result<Self> {
        let setup = setup(route, options)?;
        let buffer = options.norm.buffer_size.checked_mul(1024);
        let buffer = u32::try_from(buffer.ok_or(Errno::EINVAL)?).map_err(|_| Errno::EINVAL)?;
        let mut session = Session::open(&setup)?;
        if sends {
            session.start_sender(&setup, &sender_setup(options, buffer)?)?;
        } else {
            session.start_receiver(&setup, buffer)?;
        }
        Ok(Self {
            session,
            max_msg_size: options.max_msg_size(),
            streams: HashMap::new(),
            outbound: None,
            begins: true,
            wrote: false,
            is_flushed: true,
            ending: Ending::No,
        })
    }

    fn take_in(&mut self, event: Event) {
        match event {
            // Room is tried for after events anyway.
            Event::Vacancy | Event::Other => {}
            Event::Empty if self.ending == Ending::Waits => self.ending = Ending::Done,
            Event::Empty => {}
            Event::Readable(id) => {
                let stream = self.streams.entry(id).or_insert_with(|| Stream {
                    inbound: Inbound::norm(self.max_msg_size),
                    sync: Sync::Lost,
                    is_ready: true,
                });
                stream.is_ready = true;
            }
            Event::Ended(id) => drop(self.streams.remove(&id)),
            Event::Silent(sender) => {
                let ids = self.session.streams_of(sender);
                let is_ready = |id: &StreamId| self.streams.get(id).is_some_and(|s| s.is_ready);
                if ids.iter().any(is_ready) {
                    // There is still something of it that the socket has no room for.
                    return;
                }
                ids.iter().for_each(|id| drop(self.streams.remove(id)));
                self.session.forget_sender(sender);
            }
        }
    }

    /// Writes on; whether there is nothing left to write.
    fn write_on(&mut self) -> bool {
        while let Some(frame) = &mut self.outbound {
            let head = frame.head.as_slice();
            let rest = match head.get(frame.written..) {
                Some(rest) if !rest.is_empty() => rest,
                _ => &frame.body.data()[frame.written - head.len()..],
            };
            let (count, written) = (rest.len(), self.session.write(rest));
            frame.written += written;
            if written < count {
                return false;
            }
            if frame.written == head.len() + frame.body.len() {
                if !frame.body.is_more() {
                    self.session.end_message();
                }
                self.outbound = None;
            }
        }
        true
    }
}

impl Carrier for Norm {
    fn descriptors(&self) -> Vec<RawFd> {
        vec![self.session.fd()]
    }

    fn receive(&mut self, outlet: &mut Outlet<'_>) -> Turn {
        let mut turn = Turn::Over;
        for count in 0.. {
            if count == EVENTS {
                turn = Turn::ComeAgain;
                break;
            }
            let Some(event) = self.session.next_event() else {
                break;
            };
            self.take_in(event);
        }
        let session = &mut self.session;
        for (&id, stream) in self.streams.iter_mut().filter(|(_, s)| s.is_ready) {
            match stream.read(id, session, outlet) {
                Turn::ComeAgain => turn = Turn::ComeAgain,
                Turn::NoRoom => return Turn::NoRoom,
                Turn::Over => {}
            }
        }
        turn
    }

    fn is_ready(&mut self) -> bool {
        self.write_on()
    }

    fn offer(&mut self, frame: Msg) {
        let more = frame.is_more();
        self.outbound = Some(Outbound {
            head: Head::norm(&frame, self.begins),
            body: frame,
            written: 0,
        });
        self.begins = !more;
        self.wrote = true;
        self.is_flushed = false;
        self.write_on();
    }

    fn flush(&mut self) {
        if self.write_on() && !self.is_flushed {
            self.is_flushed = true;
            self.session.flush();
        }
    }

    fn end(&mut self) -> bool {
        if !self.wrote {
            return true;
        }
        if self.ending == Ending::No && self.write_on() {
            // What the library told before does not count, be it of what was sent when all was not flushed yet. So it is
            // asked anew.
            self.session.flush();
            while self.session.next_event().is_some() {}
            self.ending = Ending::Waits;
            self.session.flush();
        }
        self.ending == Ending::Done
    }
}

impl Stream {
    /// Reads and hands on messages.
    fn read(&mut self, id: StreamId, session: &mut Session, outlet: &mut Outlet<'_>) -> Turn {
        let mut message = Vec::new();
        let mut budget = TURN;
        loop {
            loop {
                if !outlet.has_room() {
                    return Turn::NoRoom;
                }
                match self.inbound.next(&mut message) {
                    Ok(true) => outlet.send(&mut message),
                    Ok(false) => break,
                    Err(_) => self.lose(Sync::Malformed),
                }
            }
            if budget == 0 {
                return Turn::ComeAgain;
            }
            if self.sync == Sync::Lost {
                if !session.seek(id) {
                    self.is_ready = false;
                    return Turn::Over;
                }
                self.sync = Sync::Kept;
            }
            let mut is_whole = true;
            let mut read = |room: &mut [u8]| {
                let count = session.read(id, room);
                is_whole = count.is_some();
                Ok(count.unwrap_or(0))
            };
            let is_malformed = self.sync == Sync::Malformed;
            let count = if is_malformed {
                read(&mut [0; 4096])
            } else {
                self.inbound.fill(read)
            };
            match count {
                // No memory: this stream's messages get lost.
                Err(_) => self.lose(Sync::Malformed),
                _ if !is_whole => {
                    self.lose(Sync::Lost);
                    budget = budget.saturating_sub(LOSS);
                }
                Ok(0) if is_malformed => self.sync = Sync::Lost,
                Ok(0) => {
                    self.is_ready = false;
                    return Turn::Over;
                }
                Ok(count) => budget = budget.saturating_sub(count),
            }
        }
    }

    fn lose(&mut self, sync: Sync) {
        self.inbound.join_anew();
        self.sync = sync;
    }
}

fn setup(route: &NormRoute, options: &SocketOptions) -> io::Result<Setup> {
    let ecn = matches!(options.norm.mode, 3 | 4);
    let tos = (options.tos & 0xFF) as u8;
    Ok(Setup {
        address: route.target.ip(),
        port: route.target.port(),
        node: match route.node {
            Some(node) => node,
            None => random_node()?,
        },
        interface: route.interface.clone(),
        ttl: options.multicast_hops.clamp(1, 255) as u8,
        loopback: options.multicast_loop,
        // Packets say that they may be marked; 3 would say that they were.
        tos: match (ecn, tos % 4) {
            (true, 0) => tos + 1,
            (true, 3) => tos - 1,
            _ => tos,
        },
        unicast_nack: options.norm.unicast_nack,
        receive_buffer: u32::try_from(options.rcvbuf).ok(),
        send_buffer: u32::try_from(options.sndbuf).ok(),
    })
}

/// A number that no other participant has. By itself the library takes the host's address, so that senders of one host
/// would be taken for one.
fn random_node() -> io::Result<u32> {
    loop {
        let mut bytes = [0; 4];
        random::fill(&mut bytes)?;
        match u32::from_ne_bytes(bytes) {
            0 | u32::MAX => {}
            node => return Ok(node),
        }
    }
}

fn sender_setup(options: &SocketOptions, buffer: u32) -> Result<SenderSetup> {
    let norm = &options.norm;
    if norm.segment_size > SEGMENT_MAX {
        return Err(Errno::EINVAL);
    }
    let byte = |value: i32| u8::try_from(value).unwrap_or(u8::MAX);
    // More cannot be sent unasked than there is, and a block is more than its parity.
    let parity = byte(norm.num_parity.max(norm.num_autoparity));
    Ok(SenderSetup {
        buffer,
        segment: u16::try_from(norm.segment_size).map_err(|_| Errno::EINVAL)?,
        block: byte(norm.block_size).max(parity.saturating_add(1)),
        parity,
        auto_parity: byte(norm.num_autoparity),
        push: norm.push,
        congestion: match norm.mode {
            0 => Congestion::Fixed(f64::from(options.rate) * 1000.0),
            mode => Congestion::Controlled {
                ecn: matches!(mode, 3 | 4),
                ignores_loss: mode == 4,
                tolerates_loss: mode == 2,
            },
        },
    })
}
