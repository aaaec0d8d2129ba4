//! Messages that a socket sends or makes up by itself when a peer comes or goes.
//!
//! `ZMQ_PROBE_ROUTER`, and the drafts `ZMQ_HELLO_MSG`, `ZMQ_HICCUP_MSG` and `ZMQ_DISCONNECT_MSG`.

use super::{PipeId, Pipes};
use crate::msg::Msg;
use crate::option::SocketOptions;

/// What to say to new peers, and what to report of those that go.
#[derive(Debug, Default)]
pub(super) struct Greeting {
    probe: bool,
    hello: Vec<u8>,
    hiccup: Vec<u8>,
    disconnect: Vec<u8>,
}

impl Greeting {
    /// Takes over the options.
    pub(super) fn configure(&mut self, options: &SocketOptions) {
        self.probe = options.probe_router;
        self.hello.clone_from(&options.hello_msg);
        self.hiccup.clone_from(&options.hiccup_msg);
        self.disconnect.clone_from(&options.disconnect_msg);
    }

    /// Greets a new peer.
    pub(super) fn attach(&self, pipes: &mut Pipes, id: PipeId) {
        if self.probe {
            pipes.send(id, Msg::new());
        }
        self.hello(pipes, id);
    }

    /// Greets a peer whose connection was made anew.
    pub(super) fn hiccup(&self, pipes: &mut Pipes, id: PipeId) {
        if !pipes.in_message(id) {
            self.hello(pipes, id);
        }
    }

    /// What to report of a peer whose connection was lost and will be made anew.
    pub(super) fn lost(&self) -> Option<Msg> {
        message(&self.hiccup)
    }

    /// What to report of an accepted peer that is gone.
    pub(super) fn disconnect(&self) -> Option<Msg> {
        message(&self.disconnect)
    }

    fn hello(&self, pipes: &mut Pipes, id: PipeId) {
        if let Some(hello) = message(&self.hello) {
            pipes.send(id, hello);
        }
    }
}

fn message(body: &[u8]) -> Option<Msg> {
    if body.is_empty() {
        None
    } else {
        Msg::copy_of(body).ok()
    }
}
