//! Sending, receiving and closing: the calls that programs make most.
//!
//! Sending and receiving have three steps: the express (`.._at_once`), one try by the pattern (`try_..`), and the future that
//! waits (`.._or_wait`). What is made to wait is many times as large as a small message, so nothing is before it has to.

use std::time::{Duration, Instant};

use super::core::SocketHandle;
use super::link::Wait;
use super::socket::Socket;
use crate::errno::{Errno, Result};
use crate::io::has_cores;
use crate::msg::Msg;
use crate::pattern::SHORT_MAX;
use crate::sys::sleep::Bed;

/// `ZMQ_DONTWAIT` (`zmq_send(3)`).
pub(crate) const DONTWAIT: i32 = 1;
/// `ZMQ_SNDMORE` (`zmq_send(3)`).
pub(crate) const SNDMORE: i32 = 2;

impl SocketHandle {
    /// Sends a frame (`zmq_msg_send(3)`); on success `msg` is left empty, else as it was.
    ///
    /// # Errors
    /// `EAGAIN`, `EFSM`, `EHOSTUNREACH`, `EINTR`, `ENOTSOCK`, `ENOTSUP`, `ETERM` as the manual says.
    pub async fn send(&self, bed: &Bed, msg: &mut Msg, flags: i32) -> Result<()> {
        if self.send_at_once(msg, flags) {
            return Ok(());
        }
        match self.try_send(msg, flags) {
            Some(result) => result,
            None => self.send_or_wait(bed, msg, flags).await,
        }
    }

    /// Makes a message ready to be sent, and sends it if that takes nothing but a few instructions; else
    /// [`Self::try_send`] must follow.
    #[inline]
    pub fn send_at_once(&self, msg: &mut Msg, flags: i32) -> bool {
        msg.set_metadata(None);
        msg.clear_marks();
        let more = flags & SNDMORE != 0;
        msg.set_more(more);
        if let Some(body) = msg.short_body()
            && !more
            && self.send_express(body)
        {
            msg.clear_short();
            return true;
        }
        false
    }

    /// As [`Self::send`], after [`Self::send_at_once`]; `None`: [`Self::send_or_wait`] must follow.
    pub fn try_send(&self, msg: &mut Msg, flags: i32) -> Option<Result<()>> {
        self.try_once(flags, |socket| socket.pattern.send(&mut socket.pipes, msg))
    }

    /// As [`Self::send`], after [`Self::try_send`].
    ///
    /// # Errors
    /// As there.
    pub async fn send_or_wait(&self, bed: &Bed, msg: &mut Msg, flags: i32) -> Result<()> {
        self.repeat(
            bed,
            flags,
            |socket| socket.pattern.send(&mut socket.pipes, msg),
            |socket| socket.options.sndtimeo,
        )
        .await
    }

    /// Sends a frame with a copy of `data` (`zmq_send(3)`).
    ///
    /// # Errors
    /// As [`SocketHandle::send`]; `ENOMEM`.
    pub async fn send_bytes(&self, bed: &Bed, data: &[u8], flags: i32) -> Result<()> {
        if self.send_bytes_at_once(data, flags) {
            return Ok(());
        }
        match self.try_send_bytes(data, flags) {
            Some(result) => result,
            None => self.send_bytes_or_wait(bed, data, flags).await,
        }
    }

    /// Sends a copy of `data` if that takes nothing but a few instructions; else [`Self::try_send_bytes`] must follow.
    #[inline]
    pub fn send_bytes_at_once(&self, data: &[u8], flags: i32) -> bool {
        data.len() <= SHORT_MAX && flags & SNDMORE == 0 && self.send_express(data)
    }

    /// As [`Self::send_bytes`], after [`Self::send_bytes_at_once`]; `None`: [`Self::send_bytes_or_wait`] must follow. Longer
    /// data is for that one alone, since it would be copied for each of both.
    pub fn try_send_bytes(&self, data: &[u8], flags: i32) -> Option<Result<()>> {
        if data.len() > SHORT_MAX {
            return None;
        }
        self.try_once(flags, |socket| socket.send_short(data, flags))
    }

    /// As [`Self::send_bytes`], after [`Self::try_send_bytes`].
    ///
    /// # Errors
    /// As there.
    pub async fn send_bytes_or_wait(&self, bed: &Bed, data: &[u8], flags: i32) -> Result<()> {
        let more = flags & SNDMORE != 0;
        let timeout = |socket: &Socket| socket.options.sndtimeo;
        if data.len() <= SHORT_MAX {
            let send = |socket: &mut Socket| socket.send_short(data, flags);
            return self.repeat(bed, flags, send, timeout).await;
        }
        let mut msg = Msg::copy_of(data)?;
        msg.set_more(more);
        let send = |socket: &mut Socket| socket.pattern.send(&mut socket.pipes, &mut msg);
        self.repeat(bed, flags, send, timeout).await
    }

    /// Sends a message of one short frame the way that the one before took, if nothing else is to be done.
    #[inline(always)]
    fn send_express(&self, body: &[u8]) -> bool {
        self.with_again(|socket| socket.is_quiet().then(|| socket.pipes.send_express(body)))
            .is_some_and(|went| went)
    }

    /// Receives a frame, with what is known of its sender (`zmq_msg_recv(3)`).
    ///
    /// # Errors
    /// `EAGAIN`, `EFSM`, `EINTR`, `ENOTSOCK`, `ENOTSUP`, `ETERM` as the manual says.
    pub async fn recv(&self, bed: &Bed, flags: i32) -> Result<Msg> {
        let mut msg = Msg::new();
        if !self.recv_into_at_once(&mut msg) {
            match self.try_recv_into(&mut msg, flags) {
                Some(result) => result?,
                None => self.recv_into_or_wait(bed, &mut msg, flags).await?,
            }
        }
        Ok(msg)
    }

    /// Receives a frame into a message, whose memory is used again where it can be, if that takes nothing but a few
    /// instructions; else the message is as it was, and [`Self::try_recv_into`] must follow.
    #[inline]
    pub fn recv_into_at_once(&self, place: &mut Msg) -> bool {
        // A free function of the program's is called without the socket's lock.
        !place.is_lent() && self.recv_express_into(place)
    }

    /// As [`SocketHandle::recv`], into a message, after [`Self::recv_into_at_once`]; `None`: [`Self::recv_into_or_wait`] must
    /// follow. The message's content is given up by looking, not by finding: after `EAGAIN`, and whatever else ended a
    /// wait, it is empty. After other errors it is as it was.
    pub fn try_recv_into(&self, place: &mut Msg, flags: i32) -> Option<Result<()>> {
        if place.is_lent() {
            return None;
        }
        let mut is_given_up = false;
        let receive = |socket: &mut Socket| socket.receive_whole(place, &mut is_given_up);
        let result = self.try_once(flags, receive);
        if is_given_up && matches!(result, Some(Err(_))) {
            drop(place.take());
        }
        result
    }

    /// As [`Self::try_recv_into`], after that.
    ///
    /// # Errors
    /// As [`SocketHandle::recv`].
    pub async fn recv_into_or_wait(&self, bed: &Bed, place: &mut Msg, flags: i32) -> Result<()> {
        if !place.is_lent() {
            return self.recv_by_pattern(bed, place, flags).await.0;
        }
        let mut msg = Msg::new();
        let (result, is_given_up) = self.recv_by_pattern(bed, &mut msg, flags).await;
        if is_given_up {
            // The free function may look at the message, which is whole by then.
            let lent = std::mem::replace(place, msg);
            drop(lent);
        }
        result
    }

    /// The result, and whether the content of `place` was given up: a frame was found, or looked for.
    async fn recv_by_pattern(&self, bed: &Bed, place: &mut Msg, flags: i32) -> (Result<()>, bool) {
        let mut is_given_up = false;
        let receive = |socket: &mut Socket| socket.receive_whole(place, &mut is_given_up);
        let result = self
            .repeat(bed, flags, receive, |socket| socket.options.rcvtimeo)
            .await;
        if result.is_err() && is_given_up {
            // There may be a frame in it that was not wanted.
            drop(place.take());
        }
        (result, is_given_up)
    }

    /// Receives a frame of which only the body is wanted, and as much of that as `into` has room for: its full length in
    /// bytes (`zmq_recv(3)`). Only if that takes nothing but a few instructions; else
    /// [`Self::try_recv_body`] must follow.
    #[inline]
    pub fn recv_body_at_once(&self, into: &mut [u8]) -> Option<usize> {
        self.recv_express(into)
    }

    /// After [`Self::recv_body_at_once`]; `None`: [`Self::recv_body_or_wait`] must follow.
    pub fn try_recv_body(&self, into: &mut [u8], flags: i32) -> Option<Result<usize>> {
        self.try_once(flags, |socket| socket.receive_body(into))
    }

    /// After [`Self::try_recv_body`].
    ///
    /// # Errors
    /// As [`SocketHandle::recv`].
    pub async fn recv_body_or_wait(&self, bed: &Bed, into: &mut [u8], flags: i32) -> Result<usize> {
        let receive = |socket: &mut Socket| socket.receive_body(into);
        self.repeat(bed, flags, receive, |socket| socket.options.rcvtimeo)
            .await
    }

    /// Receives a message of one short frame the way that the one before came, if nothing else is to be done.
    #[inline(always)]
    fn recv_express(&self, into: &mut [u8]) -> Option<usize> {
        self.with_again(|socket| {
            if !socket.is_quiet() {
                return None;
            }
            socket.pipes.recv_express(into)
        })
    }

    #[inline(always)]
    fn recv_express_into(&self, place: &mut Msg) -> bool {
        let came = self.with_again(|socket| {
            if !socket.is_quiet() {
                return None;
            }
            socket.pipes.recv_express_into(place)
        });
        came.is_some()
    }

    /// Tries `call` until it does not answer `EAGAIN`, or may not wait any longer.
    async fn repeat<T>(
        &self,
        bed: &Bed,
        flags: i32,
        mut call: impl FnMut(&mut Socket) -> Result<T>,
        timeout: impl Fn(&Socket) -> Option<Duration>,
    ) -> Result<T> {
        let mut deadline = None;
        let mut looked = false;
        loop {
            let (link, age, how) = {
                let mut socket = self.lock()?;
                socket.enter()?;
                match call(&mut socket) {
                    Err(Errno::EAGAIN) => {}
                    result => {
                        socket.leave();
                        return result;
                    }
                }
                if flags & DONTWAIT != 0 {
                    socket.note_refusal();
                    return Err(Errno::EAGAIN);
                }
                if socket.pipes.has_news() || socket.tarry() {
                    continue;
                }
                if deadline.is_none() {
                    deadline = Some(match timeout(&socket) {
                        Some(Duration::ZERO) => {
                            socket.note_refusal();
                            return Err(Errno::EAGAIN);
                        }
                        Some(time) => Instant::now().checked_add(time),
                        None => None,
                    });
                }
                // Making sure that peers see us wait is worth some looking around first.
                let unconfirmed = socket.pipes.has_unconfirmed();
                let how = match (unconfirmed, looked || socket.link.hub().is_some()) {
                    (true, false) => Wait::Look,
                    (true, true) if socket.confirm_waits() => continue,
                    _ if looked => Wait::Sleep,
                    _ => Wait::LookAndSleep,
                };
                (std::sync::Arc::clone(&socket.link), socket.link.age(), how)
            };
            let look = || {
                // Whoever holds the lock brings news, or looks itself.
                self.lock()
                    .is_ok_and(|mut socket| socket.pipes.look_again())
            };
            let came = link.wait(bed, deadline.flatten(), age, how, look).await;
            match came {
                Ok(came) => looked = !came,
                Err(errno) => {
                    if let Ok(mut socket) = self.lock() {
                        socket.leave();
                    }
                    return Err(errno);
                }
            }
        }
    }

    /// What mostly makes [`Self::repeat`] needless: one try by the usual caller, if it does not have to wait.
    #[inline(always)]
    fn try_once<T>(
        &self,
        flags: i32,
        call: impl FnOnce(&mut Socket) -> Result<T>,
    ) -> Option<Result<T>> {
        self.with_again(|socket| {
            socket.pipes.end_express();
            let result = match socket.enter() {
                Ok(()) => call(socket),
                Err(errno) => Err(errno),
            };
            match result {
                Err(Errno::EAGAIN) if flags & DONTWAIT == 0 => return None,
                Err(Errno::EAGAIN) => socket.note_refusal(),
                _ => socket.leave(),
            }
            Some(result)
        })
    }

    /// Closes the socket (`zmq_close(3)`).
    ///
    /// # Errors
    /// `ENOTSOCK` if it is closed already.
    pub fn close(self) -> Result<()> {
        if let Some(socket) = self.take()? {
            socket.close();
            self.recycle();
        }
        Ok(())
    }
}

impl Socket {
    #[inline]
    fn send_short(&mut self, data: &[u8], flags: i32) -> Result<()> {
        let Self { pattern, pipes, .. } = self;
        pattern.send_short(pipes, data, flags & SNDMORE != 0)
    }

    /// Receives a frame with what is known of its sender, and notes whether the content of `place` was given up.
    #[inline]
    fn receive_whole(&mut self, place: &mut Msg, is_given_up: &mut bool) -> Result<()> {
        let received = self.receive(place);
        *is_given_up |= matches!(received, Ok(()) | Err(Errno::EAGAIN));
        received?;
        if place.metadata().is_none() {
            place.set_metadata(self.pipes.last_metadata());
        }
        Ok(())
    }

    #[inline]
    fn receive(&mut self, place: &mut Msg) -> Result<()> {
        self.receive_by(|socket| socket.pattern.recv_into(&mut socket.pipes, place))?;
        self.rcvmore = place.is_more();
        self.note_frame();
        Ok(())
    }

    #[inline]
    fn receive_body(&mut self, into: &mut [u8]) -> Result<usize> {
        let read = self.receive_by(|socket| socket.pattern.recv_body(&mut socket.pipes, into))?;
        self.rcvmore = read.more;
        self.note_frame();
        Ok(read.len)
    }

    #[inline]
    fn receive_by<T>(&mut self, mut take: impl FnMut(&mut Self) -> Result<T>) -> Result<T> {
        let mut result = take(self);
        while matches!(result, Err(Errno::EAGAIN))
            && (self.pipes.look_again() || self.pipes.has_news())
        {
            // Frames that came while we looked, or pipes at their end, of which some patterns have something
            // to say.
            self.settle_pipes();
            result = take(self);
        }
        result
    }

    /// A frame was received. Pipes whose peers do not know that we wait must have their turn also while
    /// there is always something from another one.
    #[inline]
    fn note_frame(&mut self) {
        if self.tarry.note_frame() && self.pipes.has_unconfirmed() && self.pipes.look_again() {
            self.settle_pipes();
        }
    }

    /// Whether nothing has happened that the next call must take in first (see [`Socket::enter`]).
    #[inline]
    fn is_quiet(&self) -> bool {
        !self.link.is_stopped() && !self.link.has_mail() && !self.link.bell.may_be_signalled()
    }

    /// Whether something has happened that ends a calm; see [`super::core::SocketHandle::is_calm`].
    pub(super) fn is_being_disturbed(&self) -> bool {
        !self.is_quiet() || self.pipes.has_unconfirmed() || self.pipes.has_news()
    }

    /// Looks for a moment whether frames come by the pipes found empty; true if so.
    fn tarry(&mut self) -> bool {
        if !self.pipes.has_unconfirmed() || !has_cores() {
            return false;
        }
        let Self { tarry, pipes, .. } = self;
        tarry.note_frames(pipes.take_express_count());
        tarry.look(|| pipes.look_again())
    }

    /// What every call ends with: others may be asleep, by what they knew of the pipes before.
    #[inline]
    fn leave(&mut self) {
        if self.pipes.has_unconfirmed() && self.bell_is_watched() && self.confirm_waits() {
            self.link.ring();
        }
    }

    /// Whether others sleep for this socket, or the program may on its `ZMQ_FD`.
    pub(super) fn bell_is_watched(&self) -> bool {
        self.link.bell.is_watched() || self.link.hub().is_some_and(|hub| hub.is_driven())
    }

    /// Takes in what was posted, while nobody calls: who sleeps for the socket cannot look again.
    pub(super) fn keep_house(&mut self) {
        self.process_mail();
        if self.confirm_waits() {
            self.link.ring();
        }
    }

    /// Makes sure that peers see that we wait for frames; true if some have come meanwhile.
    pub(super) fn confirm_waits(&mut self) -> bool {
        if !self.pipes.has_unconfirmed() || !self.pipes.confirm_waits() {
            return false;
        }
        self.settle_pipes();
        true
    }

    /// A call is refused although the pipes have news by now: whoever waits for `ZMQ_FD` must come
    /// back.
    fn note_refusal(&mut self) {
        self.leave();
        if self.pipes.has_news() {
            self.link.bell.ring();
        }
        self.link.flush();
    }
}
