//! Datagrams through a session: received and made messages of, made of messages and sent, in batches.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::sync::Arc;

use super::{Core, Datagrams, Event, Role, Unsent};
use crate::errno::Errno;
use crate::msg::Msg;
use crate::proto::datagram::{DATAGRAM_MAX, decode, encode};
use crate::sys::datagram::{BATCH, Destination, Inbox, Outgoing, PARTS};
use crate::transport::datagram::{name_of, peer_of};

/// Batches received in a turn; then others have theirs.
const TURN: usize = 8;
/// Batches sent in a turn. More at once than a receiver's kernel has room for would be lost, so receivers have their
/// turn after each.
const SENDS: usize = 1;

impl Datagrams {
    /// Hands on what has come, as far as there is room; true: there may be more.
    pub(super) fn receive(&self, core: &mut Core) -> bool {
        if self.role == Role::Radio || core.line.farewell.is_some() || !core.readable {
            return false;
        }
        let Some(mut inbox) = take_inbox() else {
            // They stay with the kernel, and are looked for again when more come.
            return false;
        };
        let mut pushed = false;
        let mut failed = false;
        let mut turns = 0;
        while core.readable && turns < TURN {
            turns += 1;
            let room = Self::room(core);
            if room == 0 {
                // Waiting may prove needless: credit has come meanwhile.
                if core.line.to_socket.is_orphaned() || core.line.to_socket.wait_for_room() {
                    break;
                }
                continue;
            }
            let Some(socket) = &core.socket else { break };
            match socket.receive(&mut inbox, room) {
                Ok(came) => {
                    // Fewer than were asked for: there are no more, and an edge tells of the next.
                    core.readable = came == room.min(BATCH);
                    for index in 0..came {
                        pushed |= self.hand_on(core, &inbox, index);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // An error that was pending is taken by being told, and concerns no datagram: there may be some behind
                // it, of which no edge tells again.
                Err(error) if error.kind() != io::ErrorKind::WouldBlock && !failed => failed = true,
                Err(_) => core.readable = false,
            }
        }
        put_back(inbox);
        if pushed && core.line.to_socket.reader_waits() {
            self.owner
                .post(Event::Readable(Arc::clone(&core.line.slot)));
        }
        core.readable && turns == TURN
    }

    /// How many messages the owner has room for; news of that are taken in where they matter.
    fn room(core: &mut Core) -> usize {
        if core.line.to_socket.room() < BATCH {
            let _ = core.line.to_socket.take_credit();
        }
        core.line.to_socket.room()
    }

    /// Makes a message of a datagram, if it is one; whether the owner got something.
    fn hand_on(&self, core: &mut Core, inbox: &Inbox, index: usize) -> bool {
        let Some(bytes) = inbox.get(index) else {
            return false;
        };
        if self.role == Role::Dish {
            let Some(message) =
                decode(bytes).and_then(|parts| grouped(&mut core.last_group, parts))
            else {
                return false;
            };
            return core.line.to_socket.send(message);
        }
        let Some(from) = inbox.from(index) else {
            return false;
        };
        let (Ok(mut name), Ok(body)) = (Msg::copy_of(&name_of(from)), Msg::copy_of(bytes)) else {
            // No memory: datagrams get lost.
            return false;
        };
        name.set_more(true);
        core.line.to_socket.send(name);
        core.line.to_socket.send(body)
    }

    /// Sends what was published, as far as the kernel has room; true: there may be more.
    pub(super) fn transmit(&self, core: &mut Core) -> bool {
        for _ in 0..SENDS {
            self.take_unsent(core);
            if core.unsent.is_empty() || core.is_blocked {
                return false;
            }
            match send_batch(core) {
                Ok(sent) => drop(core.unsent.drain(..sent)),
                Err(error) => match Errno::from_io(&error) {
                    Errno::EINTR => {}
                    Errno::EAGAIN => {
                        core.is_blocked = true;
                        self.watch(core);
                        return false;
                    }
                    // It cannot go there, now or ever; others may.
                    _ => drop(core.unsent.remove(0)),
                },
            }
        }
        self.take_unsent(core);
        !core.unsent.is_empty()
    }

    /// Takes messages out of the lane, up to a batch of what can be sent.
    fn take_unsent(&self, core: &mut Core) {
        let mut wake_writer = false;
        while core.unsent.len() < BATCH {
            let Some(first) = core.line.from_socket.recv() else {
                break;
            };
            wake_writer |= first.wake_writer;
            let frame = first.frame;
            if self.role != Role::Dgram {
                // What a DISH says is whose messages it wants: there is nobody to tell.
                if self.role == Role::Radio && encode(group_of(&frame), frame.data()).is_some() {
                    let (to, body) = (None, frame);
                    core.unsent.push(Unsent { to, body });
                }
                continue;
            }
            // The frames of a message are published together.
            let Some(second) = core.line.from_socket.recv() else {
                break;
            };
            wake_writer |= second.wake_writer;
            let body = second.frame;
            let to = peer_of(frame.data());
            let to = to.and_then(|to| core.socket.as_ref()?.reach(to));
            if let Some(to) = to
                && body.len() <= DATAGRAM_MAX
            {
                let to = Some(Destination::new(&to));
                core.unsent.push(Unsent { to, body });
            }
        }
        self.turn.note_progress(core.line.from_socket.messages());
        if wake_writer {
            self.owner
                .post(Event::Writable(Arc::clone(&core.line.slot)));
        }
    }
}

/// Sends what is unsent; how many datagrams went.
fn send_batch(core: &Core) -> io::Result<usize> {
    let Some(socket) = &core.socket else {
        return Ok(core.unsent.len());
    };
    let outgoing = |unsent| to_send(unsent, &core.target);
    if let [unsent] = &core.unsent[..] {
        return socket.send(&[outgoing(unsent)]);
    }
    let batch: Vec<Outgoing<'_>> = core.unsent.iter().map(outgoing).collect();
    socket.send(&batch)
}

fn to_send<'a>(unsent: &'a Unsent, target: &'a Destination) -> Outgoing<'a> {
    let data = unsent.body.data();
    let parts = match &unsent.to {
        Some(_) => Some([data, b"", b""]),
        None => encode(group_of(&unsent.body), data),
    };
    // What does not fit was sorted out when it was taken.
    let parts: [&[u8]; PARTS] = parts.unwrap_or([b"", b"", b""]);
    Outgoing {
        to: unsent.to.as_ref().unwrap_or(target),
        parts: parts.map(IoSlice::new),
    }
}

/// The group of a message, without its terminating zero.
fn group_of(msg: &Msg) -> &[u8] {
    let group = msg.group();
    group.strip_suffix(b"\0").unwrap_or(group)
}

/// A message of this group and body; `None` without memory for it. The group's name is shared with the
/// last message, which most often had the same.
fn grouped(last: &mut Msg, (group, body): (&[u8], &[u8])) -> Option<Msg> {
    let mut message = Msg::copy_of(body).ok()?;
    if group_of(last) != group {
        last.set_group(group).ok()?;
    }
    message.set_group_of(last);
    Some(message)
}

std::thread_local! {
    /// Room for datagrams is a thread's rather than a session's: it is in use only within a call.
    static INBOX: Cell<Option<Box<Inbox>>> = const { Cell::new(None) };
}

/// `None` if there is no memory for one.
fn take_inbox() -> Option<Box<Inbox>> {
    let kept = INBOX.try_with(Cell::take).ok().flatten();
    kept.or_else(|| Inbox::new(DATAGRAM_MAX).map(Box::new))
}

fn put_back(inbox: Box<Inbox>) {
    // A thread that ends takes it along.
    let _ = INBOX.try_with(|place| place.set(Some(inbox)));
}
