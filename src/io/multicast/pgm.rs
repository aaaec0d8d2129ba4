//! PGM: the library's socket, the senders that are heard, the packets that are sent.

use std::collections::HashMap;
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use super::carrier::{Carrier, Outlet, Turn};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::option::SocketOptions;
use crate::proto::multicast::{Head, Inbound};
use crate::sys::pgm::{Came, Outcome, Role, Setup, Socket, Tsi};
use crate::transport::PgmRoute;

/// Packets taken in in a turn; then others have theirs.
const TURN: usize = 128;
/// The most packets that are kept, for repairs or until they are whole: there is a place for each.
const WINDOW_MAX: u64 = 1 << 22;
/// The least that the heads of all layers leave room in, in bytes.
const PACKET_MIN: i32 = 128;
/// The most that the library takes.
const PACKET_MAX: i32 = 65_535;
/// Where in a packet no message begins.
const NOWHERE: u16 = 0xFFFF;
/// What a packet begins with.
const OFFSET_LEN: usize = 2;

/// How many senders are heard at a time.
const SENDERS_MAX: usize = 1024;
/// After so long without a packet a sender may give its place to another: the library has forgotten it then, too.
const SILENCE: Duration = Duration::from_secs(300);

/// A sender that is heard.
#[derive(Debug)]
struct Sender {
    inbound: Inbound,
    heard: Instant,
    /// The number of the packet that goes on with the last one
    next: Option<u32>,
}

impl Sender {
    fn new(max_msg_size: Option<u64>) -> Self {
        Self {
            inbound: Inbound::pgm(max_msg_size),
            heard: Instant::now(),
            next: None,
        }
    }

    /// Takes in a packet with these numbers. One that does not go on with the last is not what a message begun before goes on
    /// with: the library does not tell of what it missed of a sender that it had forgotten meanwhile.
    fn take(&mut self, (first, last): (u32, u32), packet: &[u8]) {
        if self.next.is_some_and(|next| next != first) {
            self.inbound.join_anew();
        }
        self.next = Some(last.wrapping_add(1));
        if self.inbound.packet(packet).is_err() {
            self.inbound.join_anew();
        }
    }
}

/// A frame that is being put into packets.
#[derive(Debug)]
struct Outbound {
    head: Head,
    body: Msg,
    written: usize,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Pgm {
    socket: Socket,
    max_msg_size: Option<u64>,
    senders: HashMap<Tsi, Sender>,
    /// Those of whom there may be messages that the socket had no room for
    waiting: Vec<Tsi>,
    outbound: Option<Outbound>,
    /// Whether the next frame begins a message
    begins: bool,
    /// The packet that is being made, its first two bytes included
    packet: Vec<u8>,
    /// Whether the packet was offered to the library, which wants it again as it is
    is_offered: bool,
    max_payload: usize,
    /// Whether a packet was sent, so that the library has more to do
    has_sent: bool,
    /// When the library may take the packet
    send_at: Option<Instant>,
    /// When there is something to do without an event
    work_at: Option<Instant>,
}

impl Pgm {
    /// A sender or a receiver.
    ///
    /// # Errors
    /// As [`Socket::open`]; `EINVAL`, too, for packets of a size that cannot be and a rate that is too small.
    pub(super) fn open(route: &PgmRoute, sends: bool, options: &SocketOptions) -> Result<Self> {
        let setup = Setup {
            udp: route.udp,
            interface: route.interface,
            groups: route.groups.clone(),
            target: route.target,
            port: route.port,
            max_packet: options.multicast_maxtpdu,
            hops: options.multicast_hops.clamp(1, 255),
            receive_buffer: Some(options.rcvbuf).filter(|&bytes| bytes >= 0),
            send_buffer: Some(options.sndbuf).filter(|&bytes| bytes >= 0),
        };
        if !(PACKET_MIN..=PACKET_MAX).contains(&setup.max_packet) {
            return Err(Errno::EINVAL);
        }
        let window = window(options);
        let role = if sends {
            let rate = i64::from(options.rate) * 1000 / 8;
            let rate = i32::try_from(rate).unwrap_or(i32::MAX);
            // The library ends the process where not even one packet a second may be sent.
            if rate < setup.max_packet {
                return Err(Errno::EINVAL);
            }
            Role::Sender { rate, window }
        } else {
            Role::Receiver { window }
        };
        let socket = Socket::open(&setup, role)?;
        let max_payload = socket.max_payload();
        if max_payload <= OFFSET_LEN {
            return Err(Errno::EINVAL);
        }
        Ok(Self {
            socket,
            max_msg_size: options.max_msg_size(),
            senders: HashMap::new(),
            waiting: Vec::new(),
            outbound: None,
            begins: true,
            packet: Vec::with_capacity(max_payload),
            is_offered: false,
            max_payload,
            has_sent: false,
            send_at: None,
            work_at: None,
        })
    }

    /// Hands on what is left of those that had no room; false: there is still none.
    fn hand_on(&mut self, outlet: &mut Outlet<'_>) -> bool {
        while let Some(tsi) = self.waiting.last() {
            if let Some(sender) = self.senders.get_mut(tsi)
                && !deliver(&mut sender.inbound, outlet)
            {
                return false;
            }
            self.waiting.pop();
        }
        true
    }

    /// As a sender: does what is due, and notes when there is more.
    fn note_work(&mut self) -> Outcome {
        let outcome = self.socket.receive(|_| {});
        self.work_at = match outcome {
            Outcome::After(time) => Instant::now().checked_add(time),
            Outcome::Done | Outcome::Idle => None,
        };
        outcome
    }

    /// Puts the frame into packets and sends those that are full; whether nothing is left of the frame.
    fn write_on(&mut self) -> bool {
        while let Some(frame) = &mut self.outbound {
            if self.packet.len() == self.max_payload || self.is_offered {
                if !self.send_packet() {
                    return false;
                }
                continue;
            }
            if self.packet.is_empty() {
                self.packet.extend_from_slice(&NOWHERE.to_be_bytes());
            }
            if frame.written == 0 && self.begins {
                let offset = (self.packet.len() - OFFSET_LEN) as u16;
                if self.packet.starts_with(&NOWHERE.to_be_bytes()) {
                    self.packet[..OFFSET_LEN].copy_from_slice(&offset.to_be_bytes());
                }
            }
            let head = frame.head.as_slice();
            let rest = match head.get(frame.written..) {
                Some(rest) if !rest.is_empty() => rest,
                _ => &frame.body.data()[frame.written - head.len()..],
            };
            let count = rest.len().min(self.max_payload - self.packet.len());
            self.packet.extend_from_slice(&rest[..count]);
            frame.written += count;
            if frame.written == head.len() + frame.body.len() {
                self.begins = !frame.body.is_more();
                self.outbound = None;
            }
        }
        true
    }

    /// Sends the packet; false: not now.
    fn send_packet(&mut self) -> bool {
        if self.packet.is_empty() {
            return true;
        }
        let now = Instant::now();
        if self.send_at.is_some_and(|at| now < at) {
            return false;
        }
        self.is_offered = true;
        match self.socket.send(&self.packet) {
            Outcome::After(time) => {
                self.send_at = now.checked_add(time);
                false
            }
            Outcome::Done | Outcome::Idle => {
                self.packet.clear();
                self.is_offered = false;
                self.send_at = None;
                self.has_sent = true;
                true
            }
        }
    }
}

/// The sender of a packet that came; `None` if there are too many.
fn heard(
    senders: &mut HashMap<Tsi, Sender>,
    tsi: Tsi,
    max_msg_size: Option<u64>,
) -> Option<&mut Sender> {
    let now = Instant::now();
    if senders.len() >= SENDERS_MAX && !senders.contains_key(&tsi) {
        senders.retain(|_, sender| now.duration_since(sender.heard) < SILENCE);
        if senders.len() >= SENDERS_MAX {
            return None;
        }
    }
    let sender = senders
        .entry(tsi)
        .or_insert_with(|| Sender::new(max_msg_size));
    sender.heard = now;
    Some(sender)
}

/// Hands on the messages of a sender; false: there may be more, and no room.
fn deliver(inbound: &mut Inbound, outlet: &mut Outlet<'_>) -> bool {
    let mut message = Vec::new();
    loop {
        if !outlet.has_room() {
            return false;
        }
        match inbound.next(&mut message) {
            Ok(true) => outlet.send(&mut message),
            Ok(false) => return true,
            Err(_) => inbound.join_anew(),
        }
    }
}

impl Carrier for Pgm {
    fn descriptors(&self) -> Vec<RawFd> {
        self.socket.fds()
    }

    fn receive(&mut self, outlet: &mut Outlet<'_>) -> Turn {
        // What is due waits, too, while there is no room.
        self.work_at = None;
        if !self.hand_on(outlet) {
            return Turn::NoRoom;
        }
        for _ in 0..TURN {
            let (senders, waiting) = (&mut self.senders, &mut self.waiting);
            let max_msg_size = self.max_msg_size;
            let outcome = self.socket.receive(|came| match came {
                Came::Data(tsi, numbers, packet) => {
                    if let Some(sender) = heard(senders, tsi, max_msg_size) {
                        sender.take(numbers, packet);
                        waiting.push(tsi);
                    }
                }
                // It is a new one if it is heard of again.
                Came::Lost(tsi) => drop(senders.remove(&tsi)),
            });
            match outcome {
                Outcome::Done => {}
                Outcome::Idle => return Turn::Over,
                Outcome::After(time) => {
                    self.work_at = Instant::now().checked_add(time);
                    return Turn::Over;
                }
            }
            if !self.hand_on(outlet) {
                return Turn::NoRoom;
            }
        }
        Turn::ComeAgain
    }

    fn is_ready(&mut self) -> bool {
        self.write_on()
    }

    fn offer(&mut self, frame: Msg) {
        self.outbound = Some(Outbound {
            head: Head::pgm(&frame),
            body: frame,
            written: 0,
        });
        self.write_on();
    }

    fn flush(&mut self) {
        if self.write_on() {
            self.send_packet();
        }
        if std::mem::take(&mut self.has_sent) {
            // It tells again of what it sent, so that receivers learn what they miss: when, has changed.
            while let Outcome::Done = self.note_work() {}
        }
    }

    fn end(&mut self) -> bool {
        self.write_on() && self.send_packet()
    }

    fn deadline(&self) -> Option<Instant> {
        match (self.send_at, self.work_at) {
            (Some(send), Some(work)) => Some(send.min(work)),
            (send, work) => send.or(work),
        }
    }
}

/// How many packets are sent in the time in which they may be repaired.
fn window(options: &SocketOptions) -> i32 {
    let number = |value: i32| u64::try_from(value).unwrap_or(0);
    // Kilobits per second are eighths of bytes per millisecond.
    let bytes = (number(options.rate) / 8).saturating_mul(number(options.recovery_ivl));
    let packets = bytes / number(options.multicast_maxtpdu).max(1);
    packets.clamp(1, WINDOW_MAX) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(sender: &mut Sender) -> Vec<Vec<u8>> {
        let (mut all, mut message) = (Vec::new(), Vec::new());
        while sender.inbound.next(&mut message) == Ok(true) {
            all.extend(message.drain(..).map(|part| part.data().to_vec()));
        }
        all
    }

    #[test]
    fn what_a_gap_tears_is_not_put_together() {
        let mut sender = Sender::new(None);
        let half = b"\0\0\x07\0abc";
        sender.take((u32::MAX, u32::MAX), half);
        assert!(messages(&mut sender).is_empty());
        // The numbers begin anew where they end, and several belong to a packet in pieces.
        sender.take((0, 1), b"\xff\xffdef");
        assert_eq!(messages(&mut sender), [b"abcdef"]);
        sender.take((2, 2), half);
        assert!(messages(&mut sender).is_empty());
        sender.take((4, 4), b"\0\0\x02\0x");
        assert_eq!(messages(&mut sender), [b"x"]);
        // Behind a gap it goes on where a message begins.
        sender.take((9, 9), b"\xff\xffdef");
        sender.take((10, 10), b"\0\x01f\x02\0y");
        assert_eq!(messages(&mut sender), [b"y"]);
    }
}
