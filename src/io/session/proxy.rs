//! Connections through a SOCKS proxy: what is said to the proxy before the stream is the session's.

use std::os::fd::AsRawFd;
use std::time::Instant;

use mio::{Interest, Token};

use super::connect::Phase;
use super::{Core, Session};
use crate::errno::{Errno, Result};
use crate::transport::Stream;
use crate::transport::socks::{Negotiation, Request};

/// Most that a proxy says at a time: a name of 255 bytes and a port.
const LONGEST: usize = 257;

/// A negotiation under way.
pub(super) struct Negotiating {
    stream: Stream,
    token: Token,
    talk: Negotiation,
    /// The proxy has as long as a peer for its handshake (`ZMQ_HANDSHAKE_IVL`).
    pub(super) until: Option<Instant>,
}

impl Negotiating {
    /// Goes on as far as it can now; true once the connection is the peer's.
    fn go_on(&mut self) -> Result<bool> {
        let mut buffer = [0; LONGEST];
        while !self.talk.is_done() {
            let moved = if self.talk.output().is_empty() {
                let wanted = self.talk.wanted().min(buffer.len());
                self.stream.recv(&mut buffer[..wanted])
            } else {
                self.stream.send(self.talk.output())
            };
            let moved = match moved.map_err(Errno::from) {
                Ok(moved) => moved,
                Err(Errno::EAGAIN) => return Ok(false),
                Err(Errno::EINTR) => continue,
                Err(errno) => return Err(errno),
            };
            if !self.talk.output().is_empty() {
                self.talk.note_sent(moved);
            } else if moved == 0 {
                return Err(Errno::ECONNRESET);
            } else {
                self.talk.take(&buffer[..moved])?;
            }
        }
        Ok(true)
    }
}

impl Session {
    /// Begins to tell the proxy, which `stream` leads to, where to connect.
    pub(super) fn negotiate(&self, core: &mut Core, stream: Stream, request: Request) {
        let Some(me) = self.me.upgrade() else { return };
        let fd = stream.as_raw_fd();
        let interest = Interest::READABLE | Interest::WRITABLE;
        let token = match self.hub.add(fd, me, interest) {
            Ok(token) => token,
            Err(errno) => return self.dial_failed(core, Some(fd), errno),
        };
        let negotiating = Negotiating {
            stream,
            token,
            talk: Negotiation::new(request),
            until: self
                .options
                .handshake_ivl
                .map(|interval| Instant::now() + interval),
        };
        self.go_on_negotiating(core, Box::new(negotiating));
    }

    pub(super) fn go_on_negotiating(&self, core: &mut Core, mut negotiating: Box<Negotiating>) {
        match negotiating.go_on() {
            Ok(false) => {
                if let Some(dialer) = &mut core.dialer {
                    dialer.phase = Phase::Negotiating(negotiating);
                } else {
                    self.stop_negotiating(*negotiating);
                }
            }
            Ok(true) => {
                let stream = self.stop_negotiating(*negotiating);
                self.on_stream(core, stream);
            }
            Err(errno) => {
                let fd = self.stop_negotiating(*negotiating).as_raw_fd();
                self.dial_failed(core, Some(fd), errno);
            }
        }
    }

    /// Takes the stream out.
    pub(super) fn stop_negotiating(&self, negotiating: Negotiating) -> Stream {
        let Negotiating { stream, token, .. } = negotiating;
        self.hub.remove(stream.as_raw_fd(), token);
        stream
    }
}
