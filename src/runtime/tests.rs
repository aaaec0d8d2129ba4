//! What cannot be seen through `zmq.h`: what a context keeps, and what a bug of ours leads to.

use std::sync::Arc;

use super::{Context, SocketHandle};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::option::id;
use crate::pattern::{Identity, Origin, Pattern, PipeId, Pipes};
use crate::socket_type::SocketType;
use crate::sys::sleep::block_on;

fn socket(context: &Arc<Context>, ty: SocketType) -> SocketHandle {
    context.socket(ty as i32).expect("socket")
}

fn set(socket: SocketHandle, option: i32, value: i32) {
    socket
        .set_option(option, Some(&value.to_ne_bytes()))
        .expect("option");
}

fn send(socket: SocketHandle, body: &[u8]) -> Result<()> {
    block_on(async |bed| socket.send_bytes(bed, body, 0).await)
}

fn recv(socket: SocketHandle, flags: i32) -> Result<Msg> {
    block_on(async |bed| socket.recv(bed, flags).await)
}

fn terminate(context: &Context) -> Result<()> {
    block_on(async |bed| context.terminate(bed).await)
}

#[test]
fn closed_connectors_do_not_wait_for_a_name() {
    let context = Context::new();
    for (ty, linger, sends, waits) in [
        (SocketType::Push, -1, false, false),
        // The topic goes out with the connection, but nobody needs it any more.
        (SocketType::Sub, -1, false, false),
        (SocketType::Push, 0, true, false),
        (SocketType::Push, -1, true, true),
        (SocketType::Push, 60_000, true, true),
    ] {
        for disconnects in [false, true] {
            let before = context.inproc.waiting();
            let connector = socket(&context, ty);
            set(connector, id::LINGER, linger);
            if ty == SocketType::Sub {
                connector
                    .set_option(id::SUBSCRIBE, Some(b"topic"))
                    .expect("topic");
            }
            connector.connect(b"inproc://nobody").expect("connect");
            assert_eq!(context.inproc.waiting(), before + 1);
            if sends {
                send(connector, b"left").expect("send");
            }
            if disconnects {
                connector.disconnect(b"inproc://nobody").expect("known");
            }
            connector.close().expect("open");
            assert_eq!(
                context.inproc.waiting() - before,
                usize::from(waits),
                "{ty:?} {linger} {sends} {disconnects}"
            );
        }
    }
    // What waits is delivered to whoever comes.
    let puller = socket(&context, SocketType::Pull);
    puller.bind(b"inproc://nobody").expect("bind");
    for _ in 0..4 {
        assert_eq!(recv(puller, 0).expect("waits").data(), b"left");
    }
    puller.close().expect("open");
    terminate(&context).expect("nothing is left");
}

/// A pattern with a bug: it panics where it is told to.
struct Buggy {
    in_ended: bool,
}

impl Pattern for Buggy {
    fn attach(&mut self, _: &mut Pipes, _: PipeId, _: Origin, _: Option<&Identity>) {}

    fn readable(&mut self, _: &mut Pipes, _: PipeId) {}

    fn writable(&mut self, _: &mut Pipes, _: PipeId) {}

    fn ended(&mut self, _: &mut Pipes, _: PipeId) {
        if self.in_ended {
            on_purpose();
        }
    }

    fn send(&mut self, _: &mut Pipes, _: &mut Msg) -> Result<()> {
        on_purpose()
    }

    fn recv(&mut self, _: &mut Pipes) -> Result<Msg> {
        Err(Errno::EAGAIN)
    }

    fn can_recv(&mut self, _: &mut Pipes) -> bool {
        false
    }

    fn can_send(&mut self, _: &mut Pipes) -> bool {
        true
    }
}

impl Drop for Buggy {
    fn drop(&mut self) {
        // A second failure, while the socket is closed.
        on_purpose();
    }
}

/// Not `panic!`: its message in the log of a passing test would only confuse.
fn on_purpose() -> ! {
    std::panic::resume_unwind(Box::new(()))
}

fn panics<T>(run: impl FnOnce() -> T) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err()
}

/// A socket whose pattern has a bug, bound by tcp and connected to `peer`; it has the pipe.
fn buggy(context: &Arc<Context>, peer: SocketHandle, in_ended: bool) -> SocketHandle {
    let sick = socket(context, SocketType::Pair);
    sick.bind(b"tcp://127.0.0.1:*").expect("bind");
    let endpoint = sick.lock().expect("open").last_endpoint.clone();
    peer.connect(&endpoint).expect("connect");
    send(peer, b"hello").expect("send");
    assert_eq!(recv(sick, 0).expect("comes").data(), b"hello");
    std::mem::forget(std::mem::replace(
        &mut sick.lock().expect("open").pattern,
        Box::new(Buggy { in_ended }),
    ));
    sick
}

#[test]
fn a_panic_poisons_one_socket_which_can_be_closed() {
    let context = Context::new();
    let peer = socket(&context, SocketType::Pair);
    set(peer, id::LINGER, 0);
    let sick = buggy(&context, peer, false);
    // Somebody else waits for it.
    let waiter = std::thread::spawn(move || recv(sick, 0).map(drop));
    assert!(panics(|| send(sick, b"x")));
    assert_eq!(
        waiter.join().expect("no panic"),
        Err(Errno::ENOTRECOVERABLE)
    );
    assert_eq!(send(sick, b"x"), Err(Errno::ENOTRECOVERABLE));
    assert_eq!(recv(sick, 1).map(drop), Err(Errno::ENOTRECOVERABLE));
    assert_eq!(sick.bind(b"inproc://a"), Err(Errno::ENOTRECOVERABLE));
    // The others of the context go on.
    let (one, two) = (
        socket(&context, SocketType::Pair),
        socket(&context, SocketType::Pair),
    );
    one.bind(b"inproc://a").expect("bind");
    two.connect(b"inproc://a").expect("connect");
    send(two, b"well").expect("send");
    assert_eq!(recv(one, 0).expect("comes").data(), b"well");
    for open in [one, two, peer, sick] {
        open.close().expect("open");
    }
    assert_eq!(sick.close(), Err(Errno::ENOTSOCK));
    terminate(&context).expect("everything is closed");
}

/// The socket is poisoned while an I/O thread keeps house for it.
#[test]
fn a_panic_on_an_io_thread_poisons_as_well() {
    let context = Context::new();
    let peer = socket(&context, SocketType::Pair);
    let sick = buggy(&context, peer, true);
    peer.close().expect("open");
    let mut answer = Ok(());
    while answer.is_ok() || answer == Err(Errno::EAGAIN) {
        std::thread::yield_now();
        answer = sick.lock().map(drop);
    }
    assert_eq!(answer, Err(Errno::ENOTRECOVERABLE));
    sick.close().expect("open");
    terminate(&context).expect("everything is closed");
}

/// A thread that unwinds for a reason of its own may use sockets on the way.
#[test]
fn a_panic_of_the_program_poisons_nothing() {
    struct SendsAtTheEnd(SocketHandle);
    impl Drop for SendsAtTheEnd {
        fn drop(&mut self) {
            send(self.0, b"bye").expect("send");
        }
    }
    let context = Context::new();
    let (one, two) = (
        socket(&context, SocketType::Pair),
        socket(&context, SocketType::Pair),
    );
    one.bind(b"inproc://a").expect("bind");
    two.connect(b"inproc://a").expect("connect");
    assert!(panics(|| {
        let _guard = SendsAtTheEnd(two);
        on_purpose()
    }));
    assert_eq!(recv(one, 0).expect("comes").data(), b"bye");
    one.close().expect("open");
    two.close().expect("open");
    terminate(&context).expect("everything is closed");
}
