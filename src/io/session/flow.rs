//! Bytes and messages through a session: read and decode, encode and write, in batches.

use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::time::Instant;

use super::zap::Judged;
use super::{Conn, Core, Event, Lanes, Loss, Session, WORK};
use crate::errno::{Errno, Result};
use crate::io::pace;
use crate::msg::Msg;
use crate::pipe::Writer;
use crate::proto::{EngineError, Input, Sink};

/// Bytes gathered before they are written.
const WRITE_BATCH: usize = pace::BATCH_BYTES;
/// Slices per write.
const SLICES: usize = 64;
/// Reads per turn; then other sessions have theirs.
const READS: usize = 32;
/// Writes per turn.
const WRITES: usize = 64;

/// The lane to the socket, as the engine sees it.
struct ToSocket<'a> {
    lane: Option<&'a mut Writer>,
    pushed: bool,
}

impl Sink for ToSocket<'_> {
    #[inline]
    fn has_room(&self) -> bool {
        self.lane.as_ref().is_none_or(|lane| lane.has_room())
    }

    #[inline]
    fn push(&mut self, frame: Msg) {
        if let Some(lane) = &mut self.lane {
            self.pushed |= lane.send_on(frame);
        }
    }

    #[inline]
    fn room_for_run(&self) -> usize {
        self.lane.as_ref().map_or(0, |lane| lane.room_for_run())
    }

    #[inline]
    fn push_run(&mut self, run: &[u8], messages: usize) {
        if let Some(lane) = &mut self.lane {
            lane.send_run(run, messages);
            self.pushed = true;
        }
    }
}

/// What stopped a direction.
enum Stopped {
    /// Nothing to do until an event, a message or credit comes.
    Idle,
    /// The turn is over, though there is more to do.
    Turn,
    Lost(Loss),
}

impl Session {
    /// Moves what can be moved, both ways.
    pub(super) fn flow(&self, core: &mut Core, now: Instant) {
        let mut more = false;
        for direction in [Self::receive, Self::transmit] {
            match direction(self, core, now) {
                Stopped::Idle => {}
                Stopped::Turn => more = true,
                Stopped::Lost(loss) => {
                    self.lose(core, loss);
                    return;
                }
            }
        }
        if more && let Some(me) = self.me.upgrade() {
            self.hub.call_again(me);
        }
    }

    fn receive(&self, core: &mut Core, now: Instant) -> Stopped {
        let mut reads = 0;
        loop {
            let Core {
                conn: Some(conn),
                lanes,
                ..
            } = core
            else {
                return Stopped::Idle;
            };
            if !conn.undecoded {
                match self.read_more(conn, &mut reads) {
                    Some(stopped) => return stopped,
                    None => continue,
                }
            }
            let mut sink = ToSocket {
                // What nobody will read is discarded, so that the stream's end can be seen.
                lane: lanes
                    .as_mut()
                    .map(|lanes| &mut lanes.to_socket)
                    .filter(|lane| !lane.is_orphaned()),
                pushed: false,
            };
            let input = conn
                .engine
                .handle_input(&mut conn.rx, &mut sink, &mut conn.out, now);
            let pushed = sink.pushed;
            if pushed {
                self.tell_reader(lanes.as_ref());
            }
            match input {
                Err(EngineError::Closed) => return Stopped::Lost(Loss::Stream(Errno::EPIPE)),
                Err(error) => return Stopped::Lost(Loss::Engine(error)),
                Ok(Input::Established) => {
                    self.established(core);
                    continue;
                }
                Ok(Input::Blocked) => {
                    let Some(lanes) = lanes else {
                        return Stopped::Idle;
                    };
                    // Waiting may prove needless: credit has come meanwhile, or nobody will read.
                    if !lanes.to_socket.wait_for_room() {
                        continue;
                    }
                    return Stopped::Idle;
                }
                Ok(waiting @ (Input::ZapPending | Input::TaskPending)) => {
                    match self.consult(waiting, conn) {
                        Err(error) => return Stopped::Lost(Loss::Engine(error)),
                        Ok(Judged::GoOn) => {}
                        // Nothing is read that is not asked for, so the peer's leaving shows here alone.
                        Ok(Judged::Wait) if conn.ended => {
                            return Stopped::Lost(Loss::Stream(Errno::EPIPE));
                        }
                        Ok(Judged::Wait) => {
                            // It may take a while, and strangers are to cost little.
                            conn.rx.release_if_idle();
                            return Stopped::Idle;
                        }
                    }
                }
                Ok(Input::NeedMore) => conn.undecoded = false,
            }
        }
    }

    /// Reads once, if there may be something and the turn is not over.
    fn read_more(&self, conn: &mut Conn, reads: &mut usize) -> Option<Stopped> {
        if !conn.readable {
            conn.rx.release_if_idle();
            return Some(Stopped::Idle);
        }
        if *reads == READS {
            return Some(Stopped::Turn);
        }
        *reads += 1;
        read(conn)
            .err()
            .map(|errno| Stopped::Lost(Loss::Stream(errno)))
    }

    fn tell_reader(&self, lanes: Option<&Lanes>) {
        if let Some(lanes) = lanes
            && lanes.to_socket.reader_waits()
        {
            self.owner.post(Event::Readable(Arc::clone(&lanes.slot)));
        }
    }

    fn transmit(&self, core: &mut Core, _now: Instant) -> Stopped {
        let Core {
            conn: Some(conn),
            lanes,
            dialer,
            ..
        } = core
        else {
            return Stopped::Idle;
        };
        if conn.write_failed.is_some() || conn.stream.is_opening() {
            return Stopped::Idle;
        }
        for _ in 0..WRITES {
            if let Some(lanes) = lanes
                && conn.engine.is_established()
                && conn.out.len() < WRITE_BATCH
            {
                self.encode(conn, lanes);
                if conn.engine.fault().is_some() {
                    return Stopped::Lost(Loss::Unsendable);
                }
            }
            if conn.out.is_empty() {
                conn.out.release_if_idle();
                return Stopped::Idle;
            }
            if !conn.writable {
                return Stopped::Idle;
            }
            if let Err(errno) = write(conn) {
                // What the peer sent is still to be read. Then it is over, also where the stream's end does
                // not show: the peer does not read any more, or the system lacks memory.
                conn.write_failed = Some(errno);
                conn.out.clear();
                conn.readable = true;
                conn.ended = true;
                // That may be long after, if the socket has no room: who waits to send to this very
                // peer is not to wait for who reads.
                if let Some(lanes) = lanes
                    && !self.keeps_pipe(dialer.is_some())
                {
                    lanes.from_socket.resign();
                    self.owner.post(Event::Writable(Arc::clone(&lanes.slot)));
                }
                self.turn.leave(WORK);
                return Stopped::Idle;
            }
        }
        Stopped::Turn
    }

    fn encode(&self, conn: &mut Conn, lanes: &mut Lanes) {
        let mut wake_writer = false;
        while conn.out.len() < WRITE_BATCH {
            if conn.engine.passes_runs() {
                let run = lanes.from_socket.recv_run(|run| conn.out.append(run));
                if let Some(wake) = run {
                    wake_writer |= wake;
                    continue;
                }
            }
            let Some(received) = lanes.from_socket.recv() else {
                break;
            };
            wake_writer |= received.wake_writer;
            if !conn.engine.encode(received.frame, &mut conn.out) {
                break;
            }
        }
        self.turn.note_progress(lanes.from_socket.messages());
        if wake_writer {
            self.owner.post(Event::Writable(Arc::clone(&lanes.slot)));
        }
    }
}

/// Reads once into the receive buffer.
fn read(conn: &mut Conn) -> Result<()> {
    let Conn { stream, rx, .. } = conn;
    let read = rx.fill(|slices: &mut [IoSliceMut<'_>]| {
        stream
            .recv_vectored(slices)
            .map_err(|error| Errno::from_io(&error))
    });
    match read {
        Ok((0, _)) => Err(Errno::EPIPE),
        Ok((n, room)) => {
            // A short read has emptied the kernel's buffer; an event announces what comes then. But
            // an end that was announced already is not announced again.
            conn.undecoded = true;
            if n < room && !conn.ended && conn.stream.is_plain() {
                conn.readable = false;
            }
            Ok(())
        }
        Err(Errno::EAGAIN) => {
            conn.readable = false;
            conn.write_failed.map_or(Ok(()), Err)
        }
        Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Writes once from the send buffer.
fn write(conn: &mut Conn) -> Result<()> {
    let mut slices = [IoSlice::new(&[]); SLICES];
    let count = conn.out.slices(&mut slices, conn.stream.write_limit());
    match conn.stream.send_vectored(&slices[..count]) {
        Ok(n) => {
            conn.out.advance(n);
            Ok(())
        }
        Err(error) => match Errno::from_io(&error) {
            Errno::EAGAIN => {
                conn.writable = false;
                Ok(())
            }
            Errno::EINTR => Ok(()),
            errno => Err(errno),
        },
    }
}

/// Writes what the engine has left to say, if it goes at once.
pub(super) fn last_words(conn: &mut Conn) {
    if conn.write_failed.is_none() && !conn.out.is_empty() {
        // The connection is over either way.
        let _ = write(conn);
    }
}

/// Reads what the peer has sent and nobody will want: a stream closed with unread bytes is reset, and
/// the peer could lose what we sent last.
pub(super) fn discard_input(conn: &mut Conn) {
    for _ in 0..READS {
        conn.rx.consume(usize::MAX);
        conn.readable = true;
        if read(conn).is_err() || !conn.readable {
            return;
        }
    }
}
