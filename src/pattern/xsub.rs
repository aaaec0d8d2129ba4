//! XSUB: receives from all publishers in turn, sends them subscriptions (RFC 29).
//!
//! A subscription is a frame of a byte 1 and a topic, a byte 0 ends it. Subscriptions are state, not
//! traffic: they are never dropped for want of room, and told anew to whoever comes or comes back.

use super::distribute::Distribute;
use super::fair_queue::FairQueue;
use super::subscription::{self, Topics};
use super::{BodyRead, Identity, Origin, Pattern, PipeId, Pipes};
use crate::errno::Result;
use crate::msg::Msg;
use crate::option::{SocketOptions, id as option};

/// An XSUB.
#[derive(Debug, Default)]
pub(super) struct Xsub {
    topics: Topics,
    inbound: FairQueue,
    outbound: Distribute,
    only_first_subscribe: bool,
    verbose_unsubscribe: bool,
}

impl Xsub {
    pub(super) fn new(options: &SocketOptions) -> Self {
        let mut xsub = Self::default();
        xsub.configure(options);
        xsub
    }

    fn configure(&mut self, options: &SocketOptions) {
        self.only_first_subscribe = options.only_first_subscribe;
        self.verbose_unsubscribe = options.xsub_verbose_unsubscribe;
    }

    /// Adds a topic and tells all publishers.
    ///
    /// # Errors
    /// `ENOMEM`, then nothing was changed.
    pub(super) fn subscribe(&mut self, pipes: &mut Pipes, topic: &[u8]) -> Result<()> {
        let frame = subscription_frame(true, topic)?;
        self.topics.add(topic);
        self.tell_all(pipes, frame);
        Ok(())
    }

    /// Takes away a topic, and tells all publishers if that was its last count.
    ///
    /// # Errors
    /// `ENOMEM`, then nothing was changed.
    pub(super) fn unsubscribe(&mut self, pipes: &mut Pipes, topic: &[u8]) -> Result<()> {
        let frame = subscription_frame(false, topic)?;
        if self.topics.remove(topic) {
            self.tell_all(pipes, frame);
        }
        Ok(())
    }

    /// Whether data begins with one of the topics.
    #[inline]
    pub(super) fn matches(&self, data: &[u8]) -> bool {
        self.topics.matches(data)
    }

    /// The next frame and its pipe, whatever the topics.
    #[inline]
    pub(super) fn next(&mut self, pipes: &mut Pipes) -> Option<(PipeId, Msg)> {
        self.inbound.recv(pipes)
    }

    /// As [`Self::next`], of a frame of which only the body is wanted, and that only if `wanted` says so of
    /// it and the topics; else it is dropped, which is told.
    #[inline]
    pub(super) fn next_body(
        &mut self,
        pipes: &mut Pipes,
        into: &mut [u8],
        wanted: impl Fn(&Topics, &[u8]) -> bool,
    ) -> Option<(BodyRead, bool)> {
        let Self {
            topics, inbound, ..
        } = self;
        inbound.recv_body_if(pipes, into, |body| wanted(topics, body))
    }

    /// Every message that comes is wanted, as far as topics go.
    pub(super) fn offer_express(&self, pipes: &mut Pipes) {
        self.inbound.offer_express(pipes);
    }

    /// Drops what is left of the message that is being received.
    pub(super) fn skip_rest(&mut self, pipes: &mut Pipes) {
        self.inbound.skip_rest(pipes);
    }

    /// Whether the frame received last has more to follow.
    pub(super) fn in_message(&self) -> bool {
        self.inbound.in_message()
    }

    fn tell_all(&self, pipes: &mut Pipes, frame: Msg) {
        if let Some((&last, others)) = self.outbound.members().split_last() {
            for &id in others {
                pipes.send(id, frame.duplicate());
            }
            pipes.send(last, frame);
        }
    }

    /// Tells one publisher of all topics.
    fn tell_everything(&self, pipes: &mut Pipes, id: PipeId) {
        self.topics.for_each(|topic| {
            // Without memory for a topic there is none to say so with; the others still count.
            if let Ok(frame) = subscription_frame(true, topic) {
                pipes.send(id, frame);
            }
        });
    }
}

/// A marked frame that subscribes to a topic, or ends that.
fn subscription_frame(subscribe: bool, topic: &[u8]) -> Result<Msg> {
    let frame = Msg::copy_of(&[&[u8::from(subscribe)], topic].concat())?;
    Ok(marked(frame, subscribe))
}

fn marked(mut frame: Msg, subscribe: bool) -> Msg {
    if subscribe {
        frame.mark_subscribe();
    } else {
        frame.mark_cancel();
    }
    frame
}

impl Pattern for Xsub {
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, _origin: Origin, _peer: Option<&Identity>) {
        self.inbound.add(pipes, id);
        self.outbound.add(id);
        self.tell_everything(pipes, id);
    }

    fn hiccup(&mut self, pipes: &mut Pipes, id: PipeId) {
        // Within a message there is no place for them; the pipe will not see its end.
        pipes.roll_back(id);
        self.outbound.unmark(id);
        self.tell_everything(pipes, id);
    }

    fn readable(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inbound.readable(pipes, id);
    }

    fn writable(&mut self, _pipes: &mut Pipes, _id: PipeId) {}

    fn ended(&mut self, pipes: &mut Pipes, id: PipeId) {
        self.inbound.remove(pipes, id);
        self.outbound.remove(id);
    }

    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()> {
        let begins = !self.outbound.in_message();
        let alone = begins && !msg.is_more();
        if alone && msg.is_lent() && subscription::kind(msg).is_some() {
            // Those that a connector leaves are dropped under a lock of the context's, where no free function of the
            // program's may run.
            let copy = Msg::copy_of(msg.data())?;
            drop(std::mem::replace(msg, copy));
        }
        let mut frame = msg.take();
        // The frame may come from an XPUB, in a proxy.
        frame.clear_marks();
        let kind = if begins || !self.only_first_subscribe {
            subscription::kind(&frame)
        } else {
            None
        };
        let mut is_news = true;
        if let Some(subscribe) = kind {
            let topic = &frame.data()[1..];
            if subscribe {
                self.topics.add(topic);
            } else {
                is_news = self.topics.remove(topic) || self.verbose_unsubscribe;
            }
        }
        match kind {
            Some(subscribe) if alone => {
                if is_news {
                    self.tell_all(pipes, marked(frame, subscribe));
                }
            }
            // A frame within a message goes with it, news or not, so that the message stays whole.
            _ => {
                if begins {
                    self.outbound.mark_all();
                }
                self.outbound.send(pipes, frame);
            }
        }
        Ok(())
    }

    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg> {
        let mut frame = Msg::new();
        self.recv_into(pipes, &mut frame)?;
        Ok(frame)
    }

    fn recv_into(&mut self, pipes: &mut Pipes, place: &mut Msg) -> Result<()> {
        self.inbound.hand_over(pipes, place)
    }

    fn recv_body(&mut self, pipes: &mut Pipes, into: &mut [u8]) -> Result<BodyRead> {
        self.inbound.hand_over_body(pipes, into)
    }

    fn can_recv(&mut self, pipes: &mut Pipes) -> bool {
        self.inbound.has_next(pipes)
    }

    fn can_send(&mut self, _pipes: &mut Pipes) -> bool {
        true
    }

    fn option_changed(
        &mut self,
        _pipes: &mut Pipes,
        options: &SocketOptions,
        _id: i32,
        _raw: &[u8],
    ) -> Result<()> {
        self.configure(options);
        Ok(())
    }

    fn option(&self, id: i32) -> Option<Vec<u8>> {
        (id == option::TOPICS_COUNT).then(|| (self.topics.len() as i32).to_ne_bytes().to_vec())
    }
}
