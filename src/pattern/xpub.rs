//! XPUB: each message to all pipes with a matching subscription; subscriptions are received (RFC 29).
//!
//! Pipes are read as soon as they have something, whether or not the application receives: a
//! subscription holds from then on, and what the application is to see of it waits in a queue.

use std::collections::VecDeque;

use super::distribute::Distribute;
use super::subscription::{self, Removed, Subscribers};
use super::{Identity, Origin, Pattern, PipeId, Pipes, with_metadata};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::option::{SocketOptions, id as option};

/// A frame for the application and the pipe it came from, while that is there.
#[derive(Debug)]
struct Notice {
    frame: Msg,
    from: Option<PipeId>,
}

/// Bodies of more bytes are shared by the pipes that get them.
const COPIED_TO_ALL: usize = 255;

/// The options.
#[derive(Debug, Default)]
struct Rules {
    verbose: bool,
    verboser: bool,
    nodrop: bool,
    manual: bool,
    manual_last_value: bool,
    only_first_subscribe: bool,
    invert_matching: bool,
    welcome: Vec<u8>,
}

/// An XPUB.
#[derive(Debug, Default)]
pub(super) struct Xpub {
    /// What counts.
    subscribers: Subscribers,
    /// What the peers asked for, in manual mode.
    asked: Subscribers,
    outbound: Distribute,
    notices: VecDeque<Notice>,
    /// Whether nobody will receive: no notices are made.
    deaf: bool,
    rules: Rules,
    /// The pipe that the frame received last came from.
    last: Option<PipeId>,
    /// Whether the next message goes to that pipe alone.
    to_last: bool,
}

impl Xpub {
    pub(super) fn new(options: &SocketOptions) -> Self {
        let mut xpub = Self::default();
        xpub.configure(options);
        xpub
    }

    /// An XPUB whose application never receives.
    pub(super) fn deaf(options: &SocketOptions) -> Self {
        Self {
            deaf: true,
            ..Self::new(options)
        }
    }

    fn configure(&mut self, options: &SocketOptions) {
        self.rules = Rules {
            verbose: options.xpub_verbose,
            verboser: options.xpub_verboser,
            nodrop: options.xpub_nodrop,
            manual: options.xpub_manual,
            manual_last_value: options.xpub_manual_last_value,
            only_first_subscribe: options.only_first_subscribe,
            invert_matching: options.invert_matching,
            welcome: options.xpub_welcome_msg.clone(),
        };
    }

    /// Takes in all that a pipe has.
    fn read(&mut self, pipes: &mut Pipes, id: PipeId) {
        let mut begins = true;
        while let Some(frame) = pipes.recv(id) {
            let more = frame.is_more();
            let kind = if begins || !self.rules.only_first_subscribe {
                subscription::kind(&frame)
            } else {
                None
            };
            let is_news = match kind {
                Some(subscribe) => self.apply(id, subscribe, &frame.data()[1..]),
                None => true,
            };
            if is_news && !self.deaf {
                let mut frame = with_metadata(frame, pipes, id);
                frame.clear_marks();
                // A subscription stands alone, whatever message it was part of.
                frame.set_more(more && kind.is_none());
                self.notices.push_back(Notice {
                    frame,
                    from: Some(id),
                });
            }
            begins = !more;
        }
        pipes.forget_last();
    }

    /// Notes a subscription or the end of one; whether the application is to see it.
    fn apply(&mut self, id: PipeId, subscribe: bool, topic: &[u8]) -> bool {
        match (self.rules.manual, subscribe) {
            (true, true) => {
                self.asked.add(topic, id);
                true
            }
            (true, false) => {
                self.asked.remove(topic, id);
                true
            }
            (false, true) => self.subscribers.add(topic, id) || self.rules.verbose,
            (false, false) => {
                let removed = self.subscribers.remove(topic, id);
                removed != Removed::OthersLeft || self.rules.verboser
            }
        }
    }

    fn welcome(&self, pipes: &mut Pipes, id: PipeId) {
        if !self.rules.welcome.is_empty()
            && !pipes.in_message(id)
            && let Ok(welcome) = Msg::copy_of(&self.rules.welcome)
        {
            pipes.send(id, welcome);
        }
    }

    /// Before a frame: at the beginning of a message, decides who gets it.
    ///
    /// # Errors
    /// `EAGAIN` if one of them has no room and nothing is to be dropped.
    #[inline]
    fn address(&mut self, pipes: &mut Pipes, data: &[u8]) -> Result<()> {
        if self.outbound.in_message() {
            return Ok(());
        }
        self.mark(data);
        if self.rules.nodrop && !self.outbound.all_have_room(pipes) {
            return Err(Errno::EAGAIN);
        }
        if self.to_last {
            self.to_last = false;
            self.last = None;
        }
        Ok(())
    }

    /// Marks the pipes that get a message which begins with `data`.
    #[inline]
    fn mark(&mut self, data: &[u8]) {
        self.outbound.clear();
        let outbound = &mut self.outbound;
        if self.to_last && self.rules.manual {
            let last = self.last;
            self.subscribers.visit(data, |id| {
                if last == Some(id) {
                    outbound.mark(id);
                }
            });
        } else {
            self.subscribers.visit(data, |id| outbound.mark(id));
        }
        if self.rules.invert_matching {
            self.outbound.invert();
        }
    }
}

impl Pattern for Xpub {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, origin: Origin, _peer: Option<&Identity>) {
        self.outbound.add(id);
        if origin == Origin::Datagrams {
            // Nobody there can subscribe: what is not wanted is dropped where it comes.
            self.subscribers.add(b"", id);
        }
        self.welcome(pipes, id);
        self.read(pipes, id);
    }

    fn hiccup(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.welcome(pipes, id);
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.read(pipes, id);
    }

    fn writable(&mut self, pipes: &mut Pipes, id: PipeId) {
        pipes.regained(id);
    }

    fn ended(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.outbound.remove(id);
        for notice in &mut self.notices {
            if notice.from == Some(id) {
                notice.from = None;
            }
        }
        if self.last == Some(id) {
            self.last = None;
            self.to_last = false;
        }
        let (notices, deaf) = (&mut self.notices, self.deaf);
        let mut tell = |topic: &[u8]| {
            if !deaf && let Ok(frame) = Msg::copy_of(&[&[0], topic].concat()) {
                let frame = with_metadata(frame, pipes, id);
                notices.push_back(Notice { frame, from: None });
            }
        };
        self.asked.remove_pipe(id, |topic, _| tell(topic));
        let (manual, verboser) = (self.rules.manual, self.rules.verboser);
        self.subscribers.remove_pipe(id, |topic, was_last| {
            if !manual && (was_last || verboser) {
                tell(topic);
            }
        });
    }

    fn reads(&self) -> bool {
        !self.deaf
    }

    #[inline]
    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        if let Some(body) = msg.short_body() {
            self.send_short(pipes, body, msg.is_more())?;
            *msg = Msg::new();
            return Ok(());
        }
        self.address(pipes, msg.data())?;
        let mut frame = msg.take();
        frame.clear_marks();
        self.outbound.send(pipes, frame);
        Ok(())
    }

    #[inline]
    fn send_short(&mut self, pipes: &mut Pipes, body: &[u8], more: bool) -> Result<()> {
        self.address(pipes, body)?;
        if body.len() <= COPIED_TO_ALL || self.outbound.marked() <= 1 {
            self.outbound.send_short(pipes, body, more);
        } else {
            let mut frame = Msg::copy_of(body)?;
            frame.set_more(more);
            self.outbound.send(pipes, frame);
        }
        Ok(())
    }

    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        let notice = self.notices.pop_front().ok_or(Errno::EAGAIN)?;
        self.last = notice.from;
        pipes.forget_last();
        Ok(notice.frame)
    }

    fn can_recv(&mut self, _pipes: &mut Pipes) -> bool {
        !self.notices.is_empty()
    }

    fn can_send(&mut self, _pipes: &mut Pipes) -> bool {
        true
    }

    fn option_changed(
        &mut self,
        _pipes: &mut Pipes,
        options: &SocketOptions,
        id: i32,
        raw: &[u8],
    ) -> Result<()> {
        self.configure(options);
        match id {
            option::SUBSCRIBE | option::UNSUBSCRIBE if !self.rules.manual => {
                return Err(Errno::EINVAL);
            }
            option::SUBSCRIBE => {
                if let Some(last) = self.last {
                    self.subscribers.add(raw, last);
                    self.to_last = self.rules.manual_last_value;
                }
            }
            option::UNSUBSCRIBE => {
                if let Some(last) = self.last {
                    self.subscribers.remove(raw, last);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn option(&self, id: i32) -> Option<Vec<u8>> {
        (id == option::TOPICS_COUNT).then(|| (self.subscribers.len() as i32).to_ne_bytes().to_vec())
    }
}
