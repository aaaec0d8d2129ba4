//! One end of a connection in memory: an engine with all that a session would have around it.
//!
//! What an engine promises to its session whatever the peer says is checked here, at every step.

use std::io::IoSlice;
use std::time::Instant;

use crate::errno::Result as ErrnoResult;
use crate::msg::{Msg, RxBuf};
use crate::proto::{Engine, EngineConfig, EngineError, Input, OutBuf, PeerInfo, Sink};

/// Where decoded frames go: body, and whether more follow.
#[derive(Debug, Default)]
pub struct Inbox {
    /// What came so far.
    pub frames: Vec<(Vec<u8>, bool)>,
    /// How many whole messages may still come; any number without it.
    pub room: Option<usize>,
}

impl Sink for Inbox {
    fn has_room(&self) -> bool {
        let in_message = self.frames.last().is_some_and(|(_, more)| *more);
        assert!(!in_message, "asked for room within a message");
        self.room != Some(0)
    }

    fn push(&mut self, frame: Msg) {
        if let (Some(room), false) = (&mut self.room, frame.is_more()) {
            *room = room.saturating_sub(1);
        }
        self.frames.push((frame.data().to_vec(), frame.is_more()));
    }
}

/// An end of a connection.
#[derive(Debug)]
pub struct Side {
    /// The engine.
    pub engine: Engine,
    /// What it received.
    pub inbox: Inbox,
    /// Whether the handshake is complete.
    pub established: bool,
    /// Why the engine gave up.
    pub error: Option<EngineError>,
    /// What a ZAP handler was asked.
    pub asked: Option<Vec<Vec<u8>>>,
    /// What a ZAP handler says; without it there is none.
    pub reply: Option<Vec<Vec<u8>>>,
    /// The time.
    pub now: Instant,
    /// Bytes that came in.
    pub rx: RxBuf,
    /// Bytes that are to go out.
    pub out: OutBuf,
}

impl Side {
    /// An engine that has just got its connection.
    #[must_use]
    pub fn new(config: &EngineConfig) -> Self {
        Self::at(config, Instant::now())
    }

    /// The same at a time of the caller's.
    #[must_use]
    pub fn at(config: &EngineConfig, now: Instant) -> Self {
        let mut out = OutBuf::new();
        Self {
            engine: Engine::new(config.clone(), now, &mut out),
            inbox: Inbox::default(),
            established: false,
            error: None,
            asked: None,
            reply: None,
            now,
            rx: RxBuf::new(),
            out,
        }
    }

    /// Takes what waits to be sent.
    pub fn take_output(&mut self) -> Vec<u8> {
        self.take_at_most(usize::MAX)
    }

    /// Takes so many bytes of what waits to be sent.
    pub fn take_at_most(&mut self, max: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !self.out.is_empty() && bytes.len() < max {
            let mut slices = [IoSlice::new(&[]); 8];
            let used = self.out.slices(&mut slices, max - bytes.len());
            let before = bytes.len();
            for slice in &slices[..used] {
                let n = slice.len().min(max - bytes.len());
                bytes.extend_from_slice(&slice[..n]);
            }
            self.out.advance(bytes.len() - before);
        }
        bytes
    }

    /// Whether something waits to be sent.
    #[must_use]
    pub fn has_output(&self) -> bool {
        !self.out.is_empty()
    }

    /// Receives bytes, in pieces of at most `piece`, and does what they ask for.
    ///
    /// # Panics
    /// If the engine breaks a promise.
    pub fn give_in_pieces(&mut self, mut bytes: &[u8], piece: usize) {
        while !bytes.is_empty() && self.error.is_none() {
            let max = piece.max(1);
            let filled = self.rx.fill(|slices| -> ErrnoResult<usize> {
                let mut n = 0;
                for slice in slices {
                    let len = slice.len().min(bytes.len() - n).min(max - n);
                    slice[..len].copy_from_slice(&bytes[n..n + len]);
                    n += len;
                }
                Ok(n)
            });
            bytes = &bytes[filled.expect("memory").0..];
            self.run();
        }
    }

    /// Receives bytes in as few pieces as the buffer has it.
    pub fn give(&mut self, bytes: &[u8]) {
        self.give_in_pieces(bytes, usize::MAX);
        self.run();
    }

    /// Does what can be done with what was received.
    ///
    /// # Panics
    /// If the engine breaks a promise.
    pub fn run(&mut self) {
        while self.error.is_none() {
            let input =
                self.engine
                    .handle_input(&mut self.rx, &mut self.inbox, &mut self.out, self.now);
            let result = match input {
                Ok(Input::NeedMore | Input::Blocked) => return,
                Ok(Input::Established) => {
                    assert!(!self.established, "established twice");
                    assert!(self.inbox.frames.is_empty(), "a message in the handshake");
                    assert!(self.engine.is_established() && self.engine.peer().is_some());
                    self.established = true;
                    Ok(())
                }
                Ok(Input::ZapPending) => self.consult(),
                Ok(Input::TaskPending) => {
                    let done = self.engine.take_task().expect("a task").run();
                    self.engine.handle_task(done, &mut self.out)
                }
                Err(error) => Err(error),
            };
            self.error = result.err();
            self.check_silence();
        }
    }

    /// Lets the engine do what is due.
    ///
    /// # Panics
    /// If the engine breaks a promise.
    pub fn pass_time(&mut self, now: Instant) {
        self.now = now;
        if self.error.is_none() {
            self.error = self.engine.handle_timeout(now, &mut self.out).err();
            self.check_silence();
        }
    }

    fn consult(&mut self) -> Result<(), EngineError> {
        assert!(!self.established, "asked about a peer that is let in");
        let request = self.engine.take_zap_request().expect("a request");
        self.asked = Some(request.iter().map(|frame| frame.data().to_vec()).collect());
        match &self.reply {
            None => self.engine.handle_zap_absent(&mut self.out),
            Some(reply) => {
                let frames = reply
                    .iter()
                    .map(|frame| Msg::copy_of(frame).expect("memory"))
                    .collect();
                self.engine.handle_zap_reply(frames, &mut self.out)
            }
        }
    }

    /// After an error no call does anything.
    fn check_silence(&mut self) {
        if self.error.is_none() {
            return;
        }
        let before = (self.out.len(), self.inbox.frames.len());
        let (rx, inbox, out) = (&mut self.rx, &mut self.inbox, &mut self.out);
        let again = self.engine.handle_input(rx, inbox, out, self.now);
        assert!(again.is_err(), "input after an error");
        assert!(self.engine.handle_timeout(self.now, out).is_err());
        self.engine.encode(Msg::new(), out);
        assert_eq!(self.engine.poll_timeout(), None);
        let after = (self.out.len(), self.inbox.frames.len());
        assert_eq!(before, after, "not silent after an error");
    }

    /// Sends a frame.
    ///
    /// # Panics
    /// If there is no memory for it.
    pub fn send(&mut self, body: &[u8], more: bool) {
        let mut msg = Msg::copy_of(body).expect("memory");
        msg.set_more(more);
        self.engine.encode(msg, &mut self.out);
    }

    /// Who the peer is.
    ///
    /// # Panics
    /// If the handshake is not complete.
    #[must_use]
    pub fn peer(&self) -> &PeerInfo {
        self.engine.peer().expect("an established connection")
    }
}
