//! Messaging patterns: what each socket type does with its pipes.
//!
//! One file per socket type, plus the policies they share. A pattern is called with its socket's
//! lock held and never blocks: what cannot be done now is `EAGAIN`, and the runtime waits. It
//! knows pipes and messages; not sessions, descriptors or the wire, and nothing of C.
#![forbid(unsafe_code)]

mod active;
mod address_book;
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
mod dealer;
mod dgram;
mod dish;
mod distribute;
mod fair_queue;
mod greeting;
mod load_balance;
mod pair;
mod pipe_end;
mod pipes;
mod publisher;
mod pull;
mod push;
mod radio;
mod rep;
mod req;
mod router;
mod server;
mod single_part;
mod stream;
mod sub;
mod subscription;
mod xpub;
mod xsub;

#[cfg(test)]
mod tests;

pub use active::ActiveSet;
use single_part::SinglePart;

pub use pipe_end::{HwmBoost, PeerEnd, PipeEnd, PipeId, PipeSlot, sum_of_hwms};
pub use pipes::Pipes;

use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::option::SocketOptions;
pub use crate::pipe::{BodyRead, SHORT_MAX};
use crate::socket_type::SocketType;

/// The behaviour of a new socket.
///
/// # Errors
/// `EINVAL` for a type that is not there (yet).
pub fn create(ty: SocketType, options: &SocketOptions) -> Result<Box<dyn Pattern>> {
    Ok(match ty {
        SocketType::Pair => Box::new(pair::Pair::default()),
        SocketType::Pub => Box::new(publisher::Pub::new(options)),
        SocketType::Sub => Box::new(sub::Sub::new(options)),
        SocketType::Req => Box::new(req::Req::new(options)),
        SocketType::Rep => Box::new(rep::Rep::default()),
        SocketType::Dealer => Box::new(dealer::Dealer::new(options)),
        SocketType::Router => Box::new(router::Router::new(options)),
        SocketType::Pull => Box::new(pull::Pull::default()),
        SocketType::Push => Box::new(push::Push::default()),
        SocketType::Xpub => Box::new(xpub::Xpub::new(options)),
        SocketType::Xsub => Box::new(xsub::Xsub::new(options)),
        SocketType::Stream => Box::new(stream::Stream::new(options)),
        SocketType::Server | SocketType::Peer => {
            Box::new(SinglePart::new(server::Server::new(options)))
        }
        SocketType::Client => Box::new(SinglePart::new(dealer::Dealer::new(options))),
        SocketType::Gather => Box::new(SinglePart::new(pull::Pull::default())),
        SocketType::Scatter => Box::new(SinglePart::new(push::Push::default())),
        SocketType::Channel => Box::new(SinglePart::new(pair::Pair::default())),
        SocketType::Radio => Box::new(SinglePart::new(radio::Radio::new(options))),
        SocketType::Dish => Box::new(SinglePart::new(dish::Dish::default())),
        SocketType::Dgram => Box::new(dgram::Dgram::default()),
    })
}

/// A frame that is not delivered at once takes the metadata of its pipe along.
fn with_metadata(mut frame: Msg, pipes: &Pipes, id: PipeId) -> Msg {
    if frame.metadata().is_none() {
        frame.set_metadata(pipes.metadata(id));
    }
    frame
}

/// What a pattern is told of the peer behind a pipe, once it is known.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// The peer's `ZMQ_ROUTING_ID`; empty if it has none.
    pub routing_id: Vec<u8>,
}

/// How a pipe came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This socket connected.
    Connected,
    /// A peer connected to this socket.
    Accepted,
    /// There is no connection: datagrams go to whoever receives there, or come from whoever sends here.
    Datagrams,
}

/// The behaviour of a socket type. All methods run under the socket's lock and must not block.
pub trait Pattern: Send {
    /// A pipe was added. `peer` is `None` while the peer is not known yet (a connection being made);
    /// then [`Pattern::identify`] follows, or the pipe ends without it. Frames may be there already.
    /// A pattern that refuses the pipe (a second one at a PAIR) calls `pipes.close(id)`.
    fn attach(&mut self, pipes: &mut Pipes, id: PipeId, origin: Origin, peer: Option<&Identity>);

    /// The peer behind a pipe attached without one is known (again, after each reconnect).
    fn identify(&mut self, pipes: &mut Pipes, id: PipeId, peer: &Identity) {
        let _ = (pipes, id, peer);
    }

    /// The connection behind the pipe was made anew: what the peer knew of us is lost.
    fn hiccup(&mut self, pipes: &mut Pipes, id: PipeId) {
        let _ = (pipes, id);
    }

    /// The connection behind the pipe was lost, and is being made anew; [`Pattern::hiccup`] follows if
    /// that succeeds.
    fn lost(&mut self, pipes: &mut Pipes, id: PipeId) {
        let _ = (pipes, id);
    }

    /// Frames came in on a pipe that had none (`Pipes::recv` had answered `None`), or it ended.
    fn readable(&mut self, pipes: &mut Pipes, id: PipeId);

    /// A pipe that had no room (`Pipes::full` was called) has some.
    fn writable(&mut self, pipes: &mut Pipes, id: PipeId);

    /// The pipe is gone; nothing can be sent, nothing is left to receive. The id may be used again.
    fn ended(&mut self, pipes: &mut Pipes, id: PipeId);

    /// Whether what a gone peer has left in a pipe is of use; if not, such a pipe ends at once.
    fn reads(&self) -> bool {
        true
    }

    /// Sends one frame, taking it out of `msg` if and only if the call succeeds. `more` is in the frame.
    ///
    /// # Errors
    /// `EAGAIN`: not now; `EFSM`, `EHOSTUNREACH`, `ENOTSUP`, `EINVAL` as `zmq_send(3)` says.
    fn send(&mut self, pipes: &mut Pipes, msg: &mut Msg) -> Result<()>;

    /// Receives one frame.
    ///
    /// # Errors
    /// `EAGAIN`: nothing there; `EFSM`, `ENOTSUP` as `zmq_recv(3)` says.
    fn recv(&mut self, pipes: &mut Pipes) -> Result<Msg>;

    /// As [`Pattern::recv`], into a place; worth an implementation of its own where every copy counts.
    ///
    /// # Errors
    /// As [`Pattern::recv`]; `place` is as it was, or empty.
    fn recv_into(&mut self, pipes: &mut Pipes, place: &mut Msg) -> Result<()> {
        *place = self.recv(pipes)?;
        Ok(())
    }

    /// As [`Pattern::send`], of a frame with a copy of a body of at most `SHORT_MAX` bytes; worth an
    /// implementation of its own where no message has to be made for that.
    ///
    /// # Errors
    /// As [`Pattern::send`]; `ENOMEM`.
    fn send_short(&mut self, pipes: &mut Pipes, body: &[u8], more: bool) -> Result<()> {
        let mut msg = Msg::copy_of(body)?;
        msg.set_more(more);
        self.send(pipes, &mut msg)
    }

    /// As [`Pattern::recv`], of a frame of which only the body is wanted, and as much of that as `into`
    /// has room for; worth an implementation of its own where no message has to be made for that.
    ///
    /// # Errors
    /// As [`Pattern::recv`].
    fn recv_body(&mut self, pipes: &mut Pipes, into: &mut [u8]) -> Result<BodyRead> {
        let mut frame = Msg::new();
        self.recv_into(pipes, &mut frame)?;
        Ok(BodyRead::of(&frame, into))
    }

    /// Whether [`Pattern::recv`] would bring a frame (`ZMQ_POLLIN`).
    fn can_recv(&mut self, pipes: &mut Pipes) -> bool;

    /// Whether [`Pattern::send`] would take a frame (`ZMQ_POLLOUT`).
    fn can_send(&mut self, pipes: &mut Pipes) -> bool;

    /// An option that patterns may hear of was stored in `options` (`raw` is its value as given).
    ///
    /// # Errors
    /// `EINVAL` if the option is not for this socket type.
    fn option_changed(
        &mut self,
        pipes: &mut Pipes,
        options: &SocketOptions,
        id: i32,
        raw: &[u8],
    ) -> Result<()> {
        let _ = (pipes, options, id, raw);
        Ok(())
    }

    /// The value of an option that only the pattern knows (`ZMQ_ROUTING_ID` of a STREAM,
    /// `ZMQ_TOPICS_COUNT`, ...); `None`: ask the stored options.
    fn option(&self, id: i32) -> Option<Vec<u8>> {
        let _ = id;
        None
    }

    /// The routing id chosen by `ZMQ_CONNECT_ROUTING_ID` for the pipe attached next.
    fn next_connect_routing_id(&mut self, routing_id: Vec<u8>) {
        let _ = routing_id;
    }

    /// The number of the peer behind a pipe (`zmq_msg_routing_id(3)`), for the types that have them.
    fn peer_number(&self, id: PipeId) -> Option<u32> {
        let _ = id;
        None
    }

    /// Ends the pipe to the peer with this number (`zmq_disconnect_peer(3)`).
    ///
    /// # Errors
    /// `ENOTSUP` unless the type is SERVER or PEER; `EHOSTUNREACH` for an unknown peer.
    fn disconnect_peer(&mut self, pipes: &mut Pipes, number: u32) -> Result<()> {
        let _ = (pipes, number);
        Err(Errno::ENOTSUP)
    }

    /// Joins a group or leaves it (RFC 48).
    ///
    /// # Errors
    /// `ENOTSUP` unless the type is DISH; `EINVAL` as `zmq_join` and `zmq_leave` have it.
    fn change_group(&mut self, pipes: &mut Pipes, group: &[u8], join: bool) -> Result<()> {
        let _ = (pipes, group, join);
        Err(Errno::ENOTSUP)
    }

    /// The state of the peer with this routing id (`zmq_socket_get_peer_state`): `ZMQ_POLLIN`/`ZMQ_POLLOUT` bits.
    ///
    /// # Errors
    /// `ENOTSUP` unless the type is ROUTER; `EHOSTUNREACH` for an unknown peer.
    fn peer_state(&mut self, pipes: &mut Pipes, routing_id: &[u8]) -> Result<i32> {
        let _ = (pipes, routing_id);
        Err(Errno::ENOTSUP)
    }
}
