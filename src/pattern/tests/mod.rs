//! Patterns joined in memory: two sockets, lanes between them, mail as the runtime would carry it.

mod datagrams;
mod express;
mod pipeline;
mod pubsub;
mod reqrep;
mod router;
mod single_part;
mod stream;

use std::sync::{Arc, Mutex};

use super::*;
use crate::msg::Metadata;
use crate::option::{ContextDefaults, id as option};
use crate::pipe::{Reader, Writer, lane};

#[derive(Debug)]
enum Mail {
    Readable(Arc<PipeSlot>),
    Writable(Arc<PipeSlot>),
}

type Mailbox = Arc<Mutex<Vec<Mail>>>;

/// How one socket sees the other: posts to its mailbox only when the pipe says that it must.
struct Far {
    mailbox: Mailbox,
    slot: Arc<PipeSlot>,
}

impl PeerEnd for Far {
    fn published(&self, lane: &Writer, _unsent: (usize, usize)) -> bool {
        if lane.reader_waits() {
            self.mailbox
                .lock()
                .unwrap()
                .push(Mail::Readable(Arc::clone(&self.slot)));
        }
        true
    }

    fn credited(&self) {
        self.mailbox
            .lock()
            .unwrap()
            .push(Mail::Writable(Arc::clone(&self.slot)));
    }

    fn closed(&self) {
        self.mailbox
            .lock()
            .unwrap()
            .push(Mail::Readable(Arc::clone(&self.slot)));
    }
}

/// A socket, as far as patterns need one.
struct Socket {
    pattern: Box<dyn Pattern>,
    pipes: Pipes,
    options: SocketOptions,
    mailbox: Mailbox,
}

impl Socket {
    fn new(ty: SocketType) -> Self {
        Self::with(ty, &[])
    }

    /// A socket with options that are numbers.
    fn with(ty: SocketType, numbers: &[(i32, i32)]) -> Self {
        let mut options = SocketOptions::new(ty, &ContextDefaults::default());
        for &(id, value) in numbers {
            options.set(id, &value.to_ne_bytes()).unwrap();
        }
        let pattern = create(ty, &options).unwrap();
        Self {
            pattern,
            pipes: Pipes::default(),
            options,
            mailbox: Mailbox::default(),
        }
    }

    fn set(&mut self, id: i32, value: &[u8]) -> Result<()> {
        self.options.set(id, value)?;
        self.pump();
        self.pattern
            .option_changed(&mut self.pipes, &self.options, id, value)
    }

    fn set_number(&mut self, id: i32, value: i32) {
        self.set(id, &value.to_ne_bytes()).unwrap();
    }

    fn identity(&self) -> Identity {
        Identity {
            routing_id: self.options.routing_id.clone(),
        }
    }

    /// What the runtime does at the start of each call.
    fn pump(&mut self) {
        self.pipes.end_express();
        let mail = std::mem::take(&mut *self.mailbox.lock().unwrap());
        for item in mail {
            match item {
                Mail::Readable(slot) => {
                    if let Some(id) = slot.id() {
                        self.pattern.readable(&mut self.pipes, id);
                    }
                }
                Mail::Writable(slot) => {
                    if let Some(id) = slot.id() {
                        self.pattern.writable(&mut self.pipes, id);
                    }
                }
            }
        }
        while let Some(id) = self.pipes.next_roomy() {
            self.pattern.writable(&mut self.pipes, id);
        }
        while let Some(id) = self.pipes.next_ended() {
            self.end(id);
        }
    }

    /// Takes a pipe away at once, as `zmq_disconnect` does.
    fn end(&mut self, id: PipeId) {
        self.pattern.ended(&mut self.pipes, id);
        if let Some(end) = self.pipes.remove(id) {
            let PipeEnd { tx, rx, peer, .. } = end;
            drop((tx, rx));
            peer.closed();
        }
    }

    fn close(mut self) {
        let ids: Vec<_> = self.pipes.ids().collect();
        for id in ids {
            self.end(id);
        }
    }

    fn send_msg(&mut self, msg: &mut Msg) -> Result<()> {
        self.pump();
        self.pattern.send(&mut self.pipes, msg)
    }

    fn send_frame(&mut self, data: &[u8], more: bool) -> Result<()> {
        let mut msg = Msg::copy_of(data).unwrap();
        msg.set_more(more);
        let result = self.send_msg(&mut msg);
        // Taken if and only if the call succeeded.
        match result {
            Ok(()) => assert!(msg.is_empty() && !msg.is_more()),
            Err(_) => assert!(msg.data() == data && msg.is_more() == more),
        }
        result
    }

    fn send(&mut self, frames: &[&[u8]]) -> Result<()> {
        for (i, frame) in frames.iter().enumerate() {
            self.send_frame(frame, i + 1 < frames.len())?;
        }
        Ok(())
    }

    /// Looks again if the failure itself has brought to light that a pipe is at its end.
    fn recv_msg(&mut self) -> Result<Msg> {
        loop {
            self.pump();
            let mut result = self.pattern.recv(&mut self.pipes);
            if let Ok(frame) = &mut result
                && frame.metadata().is_none()
            {
                frame.set_metadata(self.pipes.last_metadata());
            }
            if result.as_ref().err() != Some(&Errno::EAGAIN) || !self.pipes.has_news() {
                return result;
            }
        }
    }

    fn recv_express_msg(&mut self) -> Option<Msg> {
        let mut msg = Msg::copy_of(b"what was there").unwrap();
        let came = self.pipes.recv_express_into(&mut msg);
        assert!(came.is_some() || msg.data() == b"what was there");
        came.map(|()| msg)
    }

    fn recv(&mut self) -> Result<Vec<Vec<u8>>> {
        let mut frames = Vec::new();
        loop {
            let frame = self.recv_msg()?;
            frames.push(frame.data().to_vec());
            if !frame.is_more() {
                return Ok(frames);
            }
        }
    }

    /// Receives a message and compares.
    #[track_caller]
    fn expect(&mut self, frames: &[&[u8]]) {
        assert_eq!(self.recv().unwrap(), frames);
    }

    #[track_caller]
    fn expect_nothing(&mut self) {
        assert!(!self.can_recv());
        assert_eq!(self.recv_msg().unwrap_err(), Errno::EAGAIN);
    }

    fn can_recv(&mut self) -> bool {
        loop {
            self.pump();
            if self.pattern.can_recv(&mut self.pipes) {
                return true;
            }
            if !self.pipes.has_news() {
                return false;
            }
        }
    }

    fn can_send(&mut self) -> bool {
        self.pump();
        self.pattern.can_send(&mut self.pipes)
    }
}

/// Two ends of a pipe with this high-water mark each way.
fn ends(a: &Socket, b: &Socket, hwm: usize) -> (PipeEnd, PipeEnd) {
    let (a_tx, b_rx) = lane(hwm, false);
    let (b_tx, a_rx) = lane(hwm, false);
    let (a_slot, b_slot) = (PipeSlot::new(), PipeSlot::new());
    let end = |tx,
               mut rx: Reader,
               slot: &Arc<PipeSlot>,
               far: &Socket,
               far_slot: &Arc<PipeSlot>,
               name: &str| {
        let properties = vec![("Name".to_owned(), name.as_bytes().to_vec())];
        rx.set_origin(Some(Arc::new(Metadata::new(properties, -1))));
        PipeEnd {
            tx,
            rx,
            peer: Arc::new(Far {
                mailbox: Arc::clone(&far.mailbox),
                slot: Arc::clone(far_slot),
            }),
            slot: Arc::clone(slot),
            hwm_boost: (None, None),
        }
    };
    let a_end = end(a_tx, a_rx, &a_slot, b, &b_slot, "b");
    let b_end = end(b_tx, b_rx, &b_slot, a, &a_slot, "a");
    (a_end, b_end)
}

/// `a` connects to `b`; both know each other at once.
fn join_hwm(a: &mut Socket, b: &mut Socket, hwm: usize) -> (PipeId, PipeId) {
    let (a_end, b_end) = ends(a, b, hwm);
    let (a_identity, b_identity) = (a.identity(), b.identity());
    let a_id = a.pipes.insert(a_end);
    a.pattern
        .attach(&mut a.pipes, a_id, Origin::Connected, Some(&b_identity));
    let b_id = b.pipes.insert(b_end);
    b.pattern
        .attach(&mut b.pipes, b_id, Origin::Accepted, Some(&a_identity));
    (a_id, b_id)
}

fn join(a: &mut Socket, b: &mut Socket) -> (PipeId, PipeId) {
    join_hwm(a, b, 1000)
}

fn name_of(msg: &Msg) -> &str {
    msg.metadata()
        .and_then(|metadata| metadata.find("Name"))
        .unwrap()
        .to_str()
        .unwrap()
}
