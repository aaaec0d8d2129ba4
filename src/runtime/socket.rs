//! The state of a socket, as it stands behind its lock.

use std::sync::Arc;

use super::context::Context;
use super::core::SocketHandle;
use super::endpoints::Endpoint;
use super::link::Link;
use crate::errno::{Errno, Result};
use crate::io::{Event, Tarry, contain};
use crate::option::{ContextDefaults, SocketOptions};
use crate::pattern::{self, Pattern, PipeId, Pipes};
use crate::socket_type::SocketType;
use crate::sys::cancel::Shield;
use crate::trace::{self, Topic};

/// See the module's documentation.
pub(crate) struct Socket {
    pub(super) ty: SocketType,
    pub(super) link: Arc<Link>,
    pub(super) options: SocketOptions,
    pub(super) pattern: Box<dyn Pattern>,
    pub(super) pipes: Pipes,
    pub(super) endpoints: Vec<Endpoint>,
    /// Endpoints that were taken back, while something of them lingers.
    pub(super) retired: Vec<Endpoint>,
    pub(super) last_endpoint: Vec<u8>,
    /// Whether the frame received last has more to follow (`ZMQ_RCVMORE`).
    pub(super) rcvmore: bool,
    pub(super) tarry: Tarry,
    /// Looks in a row that found nothing to receive.
    pub(super) idle_looks: u8,
    /// Reused by `process_mail`.
    mail: Vec<Event>,
}

impl Socket {
    pub(super) fn new(
        ty: SocketType,
        defaults: &ContextDefaults,
        context: &Arc<Context>,
        handle: SocketHandle,
    ) -> Result<Box<Self>> {
        let options = SocketOptions::new(ty, defaults);
        let pattern = pattern::create(ty, &options)?;
        let link = Link::new(context, handle, &options);
        Ok(Box::new(Self {
            ty,
            link,
            options,
            pattern,
            pipes: Pipes::new(ty),
            endpoints: Vec::new(),
            retired: Vec::new(),
            last_endpoint: Vec::new(),
            rcvmore: false,
            tarry: Tarry::default(),
            idle_looks: 0,
            mail: Vec::new(),
        }))
    }

    /// What every call begins with: takes in what has come since the last one.
    ///
    /// # Errors
    /// `ETERM` if the context is ending.
    #[inline]
    pub(super) fn enter(&mut self) -> Result<()> {
        self.check_not_stopped()?;
        self.take_in_news();
        Ok(())
    }

    /// As [`Self::enter`], for calls after which the program may sleep on `ZMQ_FD` without having looked at
    /// `ZMQ_EVENTS`: what made it readable, if anything, leaves it so.
    pub(super) fn enter_aside(&mut self) -> Result<()> {
        self.check_not_stopped()?;
        self.take_in_mail();
        Ok(())
    }

    #[inline]
    pub(super) fn check_not_stopped(&self) -> Result<()> {
        if self.link.is_stopped() {
            return Err(Errno::ETERM);
        }
        Ok(())
    }

    /// Takes in what sessions and peers posted, and what the pipes noted.
    #[inline]
    pub(super) fn take_in_news(&mut self) {
        self.link.bell.hush();
        self.take_in_mail();
    }

    #[inline]
    pub(super) fn take_in_mail(&mut self) {
        if self.link.has_mail() {
            self.process_mail();
        }
        if self.pipes.has_news() {
            self.settle_pipes();
        }
    }

    /// Processes the mailbox.
    pub(super) fn process_mail(&mut self) {
        let mut mail = std::mem::take(&mut self.mail);
        self.link.take_mail(&mut mail);
        self.link.note_taken_in();
        for event in mail.drain(..) {
            self.process(event);
        }
        self.mail = mail;
        self.settle_pipes();
    }

    fn process(&mut self, event: Event) {
        // What comes and goes with connections may need the system.
        let is_common = matches!(event, Event::Readable(_) | Event::Writable(_));
        let _shield = (!is_common).then(Shield::new);
        let Self { pipes, pattern, .. } = self;
        match event {
            Event::Attach(end, origin, peer) => {
                let id = pipes.insert(*end);
                pattern.attach(pipes, id, origin, Some(&peer));
                if pipes.is_orphaned(id) && (!pattern.reads() || pipes.is_finished(id)) {
                    // The peer has come and gone: nobody will tell us of its end.
                    pipes.close(id);
                }
            }
            Event::Established {
                slot,
                peer,
                metadata,
                again,
                hwm_boost,
            } => {
                let Some(id) = slot.id() else { return };
                if metadata.is_some() {
                    pipes.set_metadata(id, metadata);
                }
                if let Some(boost) = hwm_boost {
                    pipes.set_hwm_boost(id, boost);
                    self.apply_hwms();
                }
                let Self { pipes, pattern, .. } = self;
                pattern.identify(pipes, id, &peer);
                if again {
                    pattern.hiccup(pipes, id);
                }
            }
            Event::Lost(slot) => {
                if let Some(id) = slot.id() {
                    pattern.lost(pipes, id);
                }
            }
            Event::Readable(slot) => {
                if let Some(id) = slot.id() {
                    pattern.readable(pipes, id);
                }
            }
            Event::Writable(slot) => {
                if let Some(id) = slot.id() {
                    // The pattern looks whether there is room, and waits again if there is none.
                    pipes.take_credit(id);
                    pattern.writable(pipes, id);
                }
            }
            Event::Closed(slot) => {
                let Some(id) = slot.id() else { return };
                if pattern.reads() && !pipes.is_finished(id) {
                    // What the peer left is read first; the pipe's end is found behind it.
                    pattern.readable(pipes, id);
                } else {
                    pipes.close(id);
                }
            }
            Event::Retired(slot) => {
                if let Some(id) = slot.id() {
                    pipes.close(id);
                }
            }
        }
    }

    /// Tells the pattern of pipes that have room again or have ended.
    pub(super) fn settle_pipes(&mut self) {
        if self.pipes.has_news() {
            self.link.note_taken_in();
        }
        while let Some(id) = self.pipes.next_roomy() {
            self.pattern.writable(&mut self.pipes, id);
        }
        while let Some(id) = self.pipes.next_came() {
            self.pattern.readable(&mut self.pipes, id);
        }
        while let Some(id) = self.pipes.next_ended() {
            self.end_pipe(id);
        }
    }

    fn end_pipe(&mut self, id: PipeId) {
        let _shield = Shield::new();
        // Before the pipe is gone: the pattern looks at what became of it.
        self.pattern.ended(&mut self.pipes, id);
        let Some(end) = self.pipes.remove(id) else {
            return;
        };
        let peer = Arc::clone(&end.peer);
        drop(end);
        peer.closed();
    }

    pub(super) fn apply_hwms(&mut self) {
        let clean = |hwm: i32| usize::try_from(hwm).unwrap_or(0);
        self.pipes
            .set_hwms(clean(self.options.sndhwm), clean(self.options.rcvhwm));
        // Pipes that were full may have room by the new marks.
        let ids: Vec<PipeId> = self.pipes.ids().collect();
        for id in ids {
            if self.pipes.look_for_room(id) {
                self.pattern.writable(&mut self.pipes, id);
            }
        }
    }

    /// Lets go of everything. Peers still get what was sent, as linger allows.
    ///
    /// The socket may be a poisoned one. Each step stands for itself, so that the context can end
    /// whatever one of them meets.
    pub(super) fn close(mut self: Box<Self>) {
        const STEP: &str = "the end of a socket";
        let endpoints = std::mem::take(&mut self.endpoints);
        let retired = std::mem::take(&mut self.retired);
        let link = Arc::clone(&self.link);
        for endpoint in endpoints.into_iter().chain(retired) {
            contain(STEP, || endpoint.close(&link));
        }
        let ids: Vec<PipeId> = self.pipes.ids().collect();
        for id in ids {
            contain(STEP, || self.let_go(id));
        }
        contain(STEP, || link.context.inproc.sweep());
        contain(STEP, || link.close());
        contain(STEP, || link.flush());
        trace::event(Topic::Socket, "closed", &[("socket", &link.name)]);
        contain(STEP, || drop(self));
        link.context.forget(&link);
    }

    fn let_go(&mut self, id: PipeId) {
        if let Some(mut end) = self.pipes.remove(id) {
            end.tx.roll_back();
            let peer = Arc::clone(&end.peer);
            drop(end);
            peer.closed();
        }
    }
}
