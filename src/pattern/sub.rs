//! SUB: an XSUB that filters what it receives and whose subscriptions are options (RFC 29).

use super::xsub::Xsub;
use super::{BodyRead, Identity, Origin, Pattern, PipeId, Pipes, with_metadata};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::option::{SocketOptions, id as option};

/// A SUB.
#[derive(Debug)]
pub(super) struct Sub {
    xsub: Xsub,
    /// The first frame of a message that matches, taken out of its pipe but not yet received.
    ahead: Option<Msg>,
    invert_matching: bool,
}

impl Sub {
    pub(super) fn new(options: &SocketOptions) -> Self {
        Self {
            xsub: Xsub::new(options),
            ahead: None,
            invert_matching: options.invert_matching,
        }
    }

    /// The next frame of a message that matches, and its pipe.
    fn next(&mut self, pipes: &mut Pipes) -> Option<(PipeId, Msg)> {
        loop {
            let begins = !self.xsub.in_message();
            let (id, frame) = self.xsub.next(pipes)?;
            // Later frames are asked for only if the first one matched.
            if !begins || self.xsub.matches(frame.data()) != self.invert_matching {
                return Some((id, frame));
            }
            self.xsub.skip_rest(pipes);
        }
    }

    #[inline]
    fn offer_express(&self, pipes: &mut Pipes) {
        if self.xsub.matches(b"") && !self.invert_matching {
            self.xsub.offer_express(pipes);
        }
    }
}

impl Pattern for Sub {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, origin: Origin, peer: Option<&Identity>) {
        self.xsub.attach(pipes, id, origin, peer);
    }

    fn hiccup(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.xsub.hiccup(pipes, id);
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.xsub.readable(pipes, id);
    }

    fn writable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.xsub.writable(pipes, id);
    }

    fn ended(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.xsub.ended(pipes, id);
    }

    fn send(&mut self, _pipes: &mut Pipes, _msg: &mut Msg) -> Result<()> {
        Err(Errno::ENOTSUP)
    }

    #[inline]
    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        if let Some(frame) = self.ahead.take() {
            return Ok(frame);
        }
        let (_, frame) = self.next(pipes).ok_or(Errno::EAGAIN)?;
        self.offer_express(pipes);
        Ok(frame)
    }

    fn recv_body(&mut self, pipes: &mut Pipes, into: &mut [u8]) -> Result<BodyRead> {
        if let Some(frame) = self.ahead.take() {
            return Ok(BodyRead::of(&frame, into));
        }
        let invert_matching = self.invert_matching;
        loop {
            // Later frames are asked for only if the first one matched.
            let begins = !self.xsub.in_message();
            let next = self.xsub.next_body(pipes, into, |topics, body| {
                !begins || topics.matches(body) != invert_matching
            });
            let (read, is_wanted) = next.ok_or(Errno::EAGAIN)?;
            if is_wanted {
                self.offer_express(pipes);
                return Ok(read);
            }
            self.xsub.skip_rest(pipes);
        }
    }

    fn can_recv(&mut self, pipes: &mut Pipes) -> bool {
        if self.ahead.is_none() && !self.xsub.in_message() {
            self.ahead = self
                .next(pipes)
                .map(|(id, frame)| with_metadata(frame, pipes, id));
            return self.ahead.is_some();
        }
        true
    }

    fn can_send(&mut self, _pipes: &mut Pipes) -> bool {
        false
    }

    fn option_changed(
        &mut self,
        pipes: &mut Pipes,
        options: &SocketOptions,
        id: i32,
        raw: &[u8],
    ) -> Result<()> {
        self.invert_matching = options.invert_matching;
        match id {
            option::SUBSCRIBE => self.xsub.subscribe(pipes, raw),
            option::UNSUBSCRIBE => self.xsub.unsubscribe(pipes, raw),
            _ => self.xsub.option_changed(pipes, options, id, raw),
        }
    }

    fn option(&self, id: i32) -> Option<Vec<u8>> {
        self.xsub.option(id)
    }
}
