//! Setting and getting options: the stored ones, and those that only the running socket knows.

use std::os::fd::AsRawFd;

use super::core::SocketHandle;
use super::socket::Socket;
use crate::errno::{Errno, Result};
use crate::option::{Change, OptionWriter, id, is_cleared_by_null};

/// `ZMQ_POLLIN`, `ZMQ_POLLOUT` (`zmq_poll(3)`).
pub(super) const POLLIN: i16 = 1;
pub(super) const POLLOUT: i16 = 2;

impl SocketHandle {
    /// Sets an option (`zmq_setsockopt(3)`).
    ///
    /// # Errors
    /// `EINVAL`, `ETERM`, `ENOTSOCK` as the manual says.
    pub fn set_option(&self, id: i32, value: Option<&[u8]>) -> Result<()> {
        let mut socket = self.lock()?;
        socket.enter_aside()?;
        if value.is_some_and(<[u8]>::is_empty) && is_cleared_by_null(id) {
            return Err(Errno::EINVAL);
        }
        let value = value.unwrap_or_default();
        let result = socket.set_option(id, value);
        socket.take_in_mail();
        result
    }

    /// The value of an option (`zmq_getsockopt(3)`).
    ///
    /// # Errors
    /// `EINVAL`, `ETERM`, `ENOTSOCK` as the manual says; `EMFILE` for `ZMQ_FD`.
    pub fn option(&self, id: i32, out: &mut OptionWriter<'_>) -> Result<()> {
        let mut socket = self.lock()?;
        socket.enter_aside()?;
        socket.option(id, out)
    }
}

impl Socket {
    fn set_option(&mut self, id: i32, value: &[u8]) -> Result<()> {
        let change = self.options.set(id, value)?;
        match change {
            Change::Stored => {}
            Change::Hwm => {
                self.apply_hwms();
            }
            Change::Linger => {}
            Change::Subscribe(_) | Change::Unsubscribe(_) | Change::Pattern(_) => {
                self.pattern
                    .option_changed(&mut self.pipes, &self.options, id, value)?;
            }
        }
        self.link.adopt(&self.options);
        Ok(())
    }

    fn option(&mut self, id: i32, out: &mut OptionWriter<'_>) -> Result<()> {
        match id {
            id::RCVMORE => out.state(i32::from(self.rcvmore)),
            id::FD => out.state(self.link.bell.descriptor()?.as_raw_fd()),
            id::EVENTS => {
                let mut events = self.events();
                while self.bell_is_watched() && self.confirm_waits() {
                    events = self.events();
                }
                self.link.expect_sleep_on_descriptor();
                out.state(i32::from(events))
            }
            id::THREAD_SAFE => out.state(i32::from(self.ty.is_thread_safe())),
            id::LAST_ENDPOINT => out.text(&self.last_endpoint),
            id => match self.pattern.option(id) {
                Some(value) => out.bytes(&value),
                None => self.options.get(id, out),
            },
        }
    }

    /// What could be done now without waiting (`ZMQ_EVENTS`).
    pub(super) fn events(&mut self) -> i16 {
        self.take_in_news();
        loop {
            let mut events = 0;
            if self.pattern.can_recv(&mut self.pipes) {
                events |= POLLIN;
            }
            if self.pattern.can_send(&mut self.pipes) {
                events |= POLLOUT;
            }
            let more = events & POLLIN == 0 && self.pipes.look_again();
            if !more && !self.pipes.has_news() {
                return events;
            }
            // Looking has found pipes that have room by now, or are at their end.
            self.settle_pipes();
        }
    }

    /// What of `wanted` could be done now; the context's end counts as everything.
    pub(super) fn ready(&mut self, wanted: i16) -> Result<i16> {
        self.check_not_stopped()?;
        Ok(self.events() & wanted)
    }
}
