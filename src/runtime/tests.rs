//! What cannot be seen through `zmq.h`: what a context keeps.

use super::{Context, SocketHandle};
use crate::option::id;
use crate::socket_type::SocketType;

fn socket(context: &std::sync::Arc<Context>, ty: SocketType) -> SocketHandle {
    context.socket(ty as i32).expect("socket")
}

fn set(socket: SocketHandle, option: i32, value: i32) {
    socket
        .set_option(option, &value.to_ne_bytes())
        .expect("option");
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
                    .set_option(id::SUBSCRIBE, b"topic")
                    .expect("topic");
            }
            connector.connect(b"inproc://nobody").expect("connect");
            assert_eq!(context.inproc.waiting(), before + 1);
            if sends {
                connector.send_bytes(b"left", 0).expect("send");
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
        assert_eq!(puller.recv(0).expect("waits").data(), b"left");
    }
    puller.close().expect("open");
    context.terminate().expect("nothing is left");
}
